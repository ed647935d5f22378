// textback-smsc: an SMSC that takes texts and, on request, fails as real ones do.
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <string>
#include <thread>

#include "base/clock.h"
#include "config/reader.h"
#include "control.h"
#include "smsc/record_file.h"
#include "smsc/server.h"
#include "smsc/smsc_config.h"

namespace textback::smsc {
namespace {

constexpr int kUsage = 2;
constexpr int kEnvironment = 3;

int Complain(const Error& error, int code) {
  std::fprintf(stderr, "textback-smsc: %s\n", error.message.c_str());
  return code;
}

Status ReadConfig(const std::string& path, SmscConfig& config) {
  TB_ASSIGN_OR_RETURN(const std::string text, config::ReadFile(path));
  const auto slash = path.rfind('/');
  config::Reader reader(
      text, path, config::SystemSecrets(slash == std::string::npos ? "." : path.substr(0, slash)));
  ReadSmscConfig(reader.root(), config);
  return reader.Finish();
}

// Ends with SIGTERM, SIGINT or, with --control, the end of stdin.
int Serve(const SmscConfig& config, bool at_once, bool control) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);

  SystemClock clock;
  RecordFile record;
  if (!config.record_file.empty()) {
    if (auto opened = record.Open(config.record_file, at_once); !opened)
      return Complain(opened.error(), kEnvironment);
  }
  SmscServer server(config.options, clock, config.seed,
                    config.record_file.empty() ? nullptr : &record);
  auto port = server.Listen(config.address, config.port);
  if (!port) return Complain(port.error(), kEnvironment);
  std::printf("{\"listening\":\"%s:%u\"}\n", config.address.c_str(), static_cast<unsigned>(*port));
  std::fflush(stdout);

  std::thread waits([&] {
    // Between signals the record is brought up to date, for whoever follows the file.
    const timespec pause{0, 50'000'000};
    while (sigtimedwait(&signals, nullptr, &pause) < 0) {
      server.Post([&record](SmscCore&) { record.Flush(); });
    }
    server.Stop();
  });
  std::thread reads;
  if (control) {
    reads = std::thread([&] {
      std::string line;
      while (std::getline(std::cin, line)) {
        server.Post([&record, line](SmscCore& core) {
          record.Flush();
          std::printf("%s\n", RunCommand(core, line).c_str());
          std::fflush(stdout);
        });
      }
      ::kill(::getpid(), SIGTERM);
    });
  }
  server.Run();
  waits.join();
  if (reads.joinable()) reads.detach();  // blocked in a read that nothing ends
  record.Flush();
  return 0;
}

}  // namespace
}  // namespace textback::smsc

int main(int argc, char** argv) {
  using namespace textback;
  CLI::App app{
      "An SMPP 3.4 SMSC for tests, demos and load: takes submit_sm, answers, sends receipts and "
      "texts,\n"
      "and does on request what real ones do wrong."};
  app.set_version_flag("--version", "textback-smsc " TEXTBACK_VERSION);
  smsc::SmscConfig config;
  std::string file;
  std::string record;
  int port = -1;
  bool check = false;
  bool control = false;
  bool at_once = false;
  bool help_config = false;
  app.add_option("--config", file, "smsc.yaml; without it the defaults");
  app.add_option("--port", port, "instead of the configured port; 0: any, printed")
      ->check(CLI::Range(0, 65535));
  app.add_option("--record", record,
                 "write each submit_sm taken to this file, one JSON object a line");
  app.add_flag("--record-at-once", at_once,
               "write it before the answer, so that the record survives a kill");
  app.add_flag("--control", control,
               "take commands on stdin (text, set, drop, stats), and end with it");
  app.add_flag("--check", check, "read the configuration, say what is wrong with it, and end");
  app.add_flag("--help-config", help_config, "print what smsc.yaml may hold");
  CLI11_PARSE(app, argc, argv);
  if (help_config) {
    const auto rows =
        config::Describe([&](config::Map& map) { smsc::ReadSmscConfig(map, config); });
    std::fputs(config::ReferenceAsText(rows).c_str(), stdout);
    return 0;
  }
  if (!file.empty()) {
    if (auto read = smsc::ReadConfig(file, config); !read)
      return smsc::Complain(read.error(), smsc::kUsage);
  }
  if (check) {
    std::puts("ok");
    return 0;
  }
  if (port >= 0) config.port = static_cast<std::uint16_t>(port);
  if (!record.empty()) config.record_file = record;
  return smsc::Serve(config, at_once, control);
}
