#include "service.h"

#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>
#include <utility>

#include "base/planted.h"
#include "log_kafka/kafka_log.h"
#include "telemetry/http_server.h"
#include "telemetry/phase_board.h"

namespace textback::services {
namespace {

sigset_t StopSignals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGINT);
  return set;
}

int Complain(const std::string& name, const Error& error, int code) {
  std::fprintf(stderr, "%s: %s\n", name.c_str(), error.message.c_str());
  return code;
}

std::uint64_t Seed() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

// A dead owner's transaction holds readers back until the brokers look for it (stream point 4). Not
// worth refusing to start over: the operator is told.
void WarnOfSlowAborts(log::Log& log, telemetry::Log& notices) {
  auto admin = log.NewAdmin();
  if (!admin) return notices.Warn("the brokers' settings can't be read", admin.error());
  const auto told = log_kafka::CheckAbortInterval(**admin);
  if (!told) return notices.Warn("the brokers' settings can't be read", told.error());
  if (*told) notices.Warn("take-over will be slow", {{"why", **told}});
}

// From here on the process is a service: what goes wrong is logged, and ends with 3.
int Run(const Service& service, pipeline::CommonConfig common, Signals& signals) {
  SystemClock clock;
  telemetry::FdSink sink;
  telemetry::Log notices(
      clock, sink,
      {.part = service.name.substr(service.name.find('-') + 1), .json = common.log_json});
  telemetry::Registry registry;
  telemetry::Health health(clock);
  auto& start = health.Add("start");
  start.NotReady("the log or its topics are not there yet");
  common.kafka.log_sink = [&notices](log_kafka::Severity severity, std::string_view line) {
    if (severity == log_kafka::Severity::kDebug) return;
    if (severity == log_kafka::Severity::kInfo) return;
    notices.Warn("librdkafka says", {{"line", line}});
  };
  auto log = log_kafka::NewKafkaLog(common.kafka);
  if (!log) return Complain(service.name, log.error(), kEnvironment);
  auto http =
      telemetry::HttpServer::Start({.address = common.http_address, .port = common.http_port},
                                   telemetry::StandardPages(registry, health), clock);
  if (!http) return Complain(service.name, http.error(), kEnvironment);
  notices.Info("started", {{"version", TEXTBACK_VERSION},
                           {"instance", common.instance},
                           {"http_port", (*http)->port()}});

  // Fault tests strike at a step of their choice (ADR 17).
  std::unique_ptr<telemetry::PhaseBoard> phases;
  if (const char* const file = std::getenv("TEXTBACK_PHASE_FILE"); file != nullptr) {
    auto made = telemetry::PhaseBoard::Create(file);
    if (!made) return Complain(service.name, made.error(), kEnvironment);
    phases = std::move(made).value();
  }
  // Only a build that bugs can be planted in, to show that fault tests find them.
  if constexpr (kBugsCanBePlanted) {
    if (const char* const name = std::getenv("TEXTBACK_PLANT"); name != nullptr) {
      const PlantedBug* const planted = FindPlantedBug(name);
      if (planted == nullptr)
        return Complain(service.name, FatalError("plant", "no such bug: TEXTBACK_PLANT"), kUsage);
      Plant(planted->bug);
    }
  }
  std::atomic<bool> failed{false};
  std::atomic<bool> stopping{false};
  const pipeline::Surroundings around{**log,
                                      clock,
                                      registry,
                                      health,
                                      notices,
                                      [&](const Error& error) {
                                        if (!failed.exchange(true))
                                          notices.Error("a part of the process ended, so it stops",
                                                        error);
                                        Signals::Raise();
                                      },
                                      Seed(),
                                      phases.get()};
  // Waiting for the broker must end with a signal too.
  std::unique_ptr<App> app;
  std::thread starts([&] {
    auto status = pipeline::AwaitTopics(around, service.topics(), [&] { return stopping.load(); });
    if (status && !stopping) {
      WarnOfSlowAborts(**log, notices);
      status = pipeline::AwaitSafeCluster(around, common, service.topics(),
                                          [&] { return stopping.load(); });
    }
    if (status && !stopping) {
      auto made = service.make(around);
      if (made) {
        app = std::move(made).value();
        app->Start();
        start.Ready();
        notices.Info("running");
        return;
      }
      status = made.error();
    }
    if (!stopping && !status) around.on_end(status.error());
  });
  signals.Wait();
  stopping = true;
  starts.join();
  notices.Info("stopping");
  if (app) app->Stop();
  app.reset();
  notices.Info("stopped");
  return failed ? kEnvironment : kOk;
}

}  // namespace

Signals::Signals() {
  const sigset_t set = StopSignals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

void Signals::Wait() {
  const sigset_t set = StopSignals();
  int signal = 0;
  ::sigwait(&set, &signal);
}

bool Signals::WaitFor(std::chrono::milliseconds wait) {
  const sigset_t set = StopSignals();
  const timespec timeout{wait.count() / 1'000, wait.count() % 1'000 * 1'000'000};
  return ::sigtimedwait(&set, nullptr, &timeout) > 0;
}

void Signals::Raise() { ::kill(::getpid(), SIGTERM); }

int Main(int argc, char** argv, const Service& service) {
  Signals signals;  // first of all: who stops a service that is just starting gets a good end, too
  CLI::App app{service.description};
  app.set_version_flag("--version", service.name + " " + TEXTBACK_VERSION);
  std::string file;
  bool check = false;
  bool help_config = false;
  auto* config = app.add_option("--config", file, "the configuration (YAML)");
  app.add_flag("--check", check,
               "read and check the configuration, say what is wrong with it, and end");
  auto* help =
      app.add_flag("--help-config", help_config, "print what the configuration may hold, and end");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kUsage;
  }
  if (help->count() > 0) {
    std::fputs(config::ReferenceAsText(config::Describe(service.schema)).c_str(), stdout);
    return kOk;
  }
  if (config->count() == 0) {
    std::fprintf(stderr, "%s: --config FILE is needed (--help-config prints what it may hold)\n",
                 service.name.c_str());
    return kUsage;
  }
  auto common = service.load(file);
  if (!common) return Complain(service.name, common.error(), kUsage);
  if (check) {
    if (service.check) {
      if (auto status = service.check(); !status)
        return Complain(service.name, status.error(), kUsage);
    }
    std::puts("ok");
    return kOk;
  }
  return Run(service, *common, signals);
}

}  // namespace textback::services
