#include "run.h"

#include <atomic>
#include <cstdio>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "demo.h"
#include "ops/tenant_file.h"
#include "pipeline/all_in_one.h"
#include "service.h"
#include "smsc/server.h"
#include "telemetry/http_server.h"

namespace textback::cli {
namespace {

using services::kEnvironment;
using services::kOk;
using services::kUsage;

struct RunOptions {
  std::string config_file;
  std::string data_folder;
  bool simulator = false;
  bool demo = false;
  bool check = false;
  bool help_config = false;
  DemoOptions demo_options;
};

int Complain(const Error& error, int code) {
  std::fprintf(stderr, "textback run: %s\n", error.message.c_str());
  return code;
}

std::string BesideConfig(const std::string& config_file, const std::string& path) {
  if (path.empty() || path[0] == '/') return path;
  const auto slash = config_file.rfind('/');
  return slash == std::string::npos ? path : config_file.substr(0, slash + 1) + path;
}

// The SMSC beside the pipeline, on a thread of its own.
class Simulator {
 public:
  explicit Simulator(const Clock& clock) : server_(Options(), clock, 1, nullptr) {}
  ~Simulator() {
    server_.Stop();
    if (thread_.joinable()) thread_.join();
  }
  Result<std::uint16_t> Start() {
    TB_ASSIGN_OR_RETURN(const std::uint16_t port, server_.Listen("127.0.0.1", 0));
    thread_ = std::thread([this] { server_.Run(); });
    return port;
  }
  smsc::SmscServer& server() { return server_; }

 private:
  static smsc::SmscOptions Options() {
    smsc::SmscOptions options;
    options.response_delay_ms = {1, 5};
    options.receipt_delay_ms = {200, 900};
    return options;
  }
  smsc::SmscServer server_;
  std::thread thread_;
};

Status ApplyTenants(log::Log& log, const pipeline::Topics& topics,
                    const std::vector<v1::Tenant>& tenants, std::int64_t now_ms) {
  TB_ASSIGN_OR_RETURN(auto writer, log.NewWriter("tenants"));
  for (const auto& tenant : tenants) {
    const std::string value = tenant.SerializeAsString();
    if (auto sent = writer->Send(topics.tenants, 0, tenant.tenant(), value, now_ms); !sent)
      return sent.error();
    if (auto sent = writer->Send(topics.tenants_history, 0, tenant.tenant(), value, now_ms); !sent)
      return sent.error();
  }
  return writer->Flush(std::chrono::seconds(30));
}

int Run(const RunOptions& options, pipeline::RunConfig config) {
  services::Signals signals;
  SystemClock clock;
  telemetry::FdSink sink;
  telemetry::Log notices(
      clock, sink,
      {.part = "run",
       .json = config.worker.common.log_json,
       .least = options.demo ? telemetry::Level::kWarn : telemetry::Level::kInfo});
  telemetry::Registry registry;
  telemetry::Health health(clock);
  std::atomic<bool> failed{false};
  std::atomic<bool> stopping{false};

  std::unique_ptr<Simulator> simulator;
  if (options.simulator) {
    simulator = std::make_unique<Simulator>(clock);
    auto port = simulator->Start();
    if (!port) return Complain(port.error(), kEnvironment);
    config.dispatcher.smsc.pool.host = "127.0.0.1";
    config.dispatcher.smsc.pool.port = *port;
  }
  auto http = telemetry::HttpServer::Start(
      {.address = config.worker.common.http_address, .port = config.worker.common.http_port},
      telemetry::StandardPages(registry, health), clock);
  if (!http) return Complain(http.error(), kEnvironment);

  std::random_device device;
  const pipeline::AllInOne::Outside outside{
      clock,
      registry,
      health,
      notices,
      [&](const Error& error) {
        if (!failed.exchange(true))
          notices.Error("a part of the process ended, so it stops", error);
        stopping = true;
        services::Signals::Raise();
      },
      static_cast<std::uint64_t>(device()) << 32 | device()};
  auto opened = pipeline::AllInOne::Open(config, outside);
  if (!opened) return Complain(opened.error(), kEnvironment);
  pipeline::AllInOne& all = **opened;
  const pipeline::Topics topics(config.worker.common.prefix);

  std::vector<v1::Tenant> tenants;
  if (!config.tenants_file.empty()) {
    auto read = ops::ReadTenantsFile(BesideConfig(options.config_file, config.tenants_file));
    if (!read) return Complain(read.error(), kUsage);
    tenants = std::move(read).value();
  }
  if (options.demo) {
    auto generator = ops::Generator::Make(LoadOptions(options.demo_options, clock.NowMs()));
    if (!generator) return Complain(generator.error(), kUsage);
    for (std::uint32_t i = 0; i < generator->options().tenants; ++i)
      tenants.push_back(generator->TenantAt(i));
  }
  if (auto applied = ApplyTenants(all.log(), topics, tenants, clock.NowMs()); !applied)
    return Complain(applied.error(), kEnvironment);
  if (auto started = all.Start(); !started) return Complain(started.error(), kEnvironment);
  notices.Info("running", {{"http_port", (*http)->port()}, {"tenants", tenants.size()}});

  if (options.demo) {
    const auto stop = [&] {
      if (!stopping && signals.WaitFor(std::chrono::milliseconds(0))) stopping = true;
      return stopping.load();
    };
    auto told = RunDemo(options.demo_options,
                        {all.log(), topics, registry, clock, simulator->server(), tenants, stop});
    if (!told) {
      all.Stop();
      return Complain(told.error(), kEnvironment);
    }
  } else {
    signals.Wait();
  }
  notices.Info("stopping");
  all.Stop();
  notices.Info("stopped");
  return failed ? kEnvironment : kOk;
}

int Main(const RunOptions& options) {
  if (options.help_config) {
    std::fputs(config::ReferenceAsText(config::Describe([](config::Map& map) {
                 pipeline::RunConfig unused;
                 pipeline::ReadRunConfig(map, unused);
               })).c_str(),
               stdout);
    return kOk;
  }
  if (options.config_file.empty()) {
    std::fprintf(stderr,
                 "textback run: --config FILE is needed (--help-config prints what it may hold)\n");
    return kUsage;
  }
  auto config = pipeline::LoadRunConfig(options.config_file);
  if (!config) return Complain(config.error(), kUsage);
  if (!options.data_folder.empty()) {
    config->worker.common.data_folder = options.data_folder;
    config->dispatcher.common.data_folder = options.data_folder;
  }
  if (options.check) {
    if (auto numbers = pipeline::ReadNumberFiles(config->worker.numbers); !numbers)
      return Complain(numbers.error(), kUsage);
    std::puts("ok");
    return kOk;
  }
  return Run(options, std::move(config).value());
}

}  // namespace

void AddRun(CLI::App& app, int& code) {
  auto options = std::make_shared<RunOptions>();
  auto* run = app.add_subcommand("run", "the whole pipeline in one process, on the embedded log");
  run->footer(
      "Needs no broker: records, decisions and state are in the data folder. Small sites can stay "
      "on it.\n"
      "  textback run --config run.yaml\n"
      "  textback run --config demo.yaml --simulator --demo --calls calls.csv");
  run->add_option("--config", options->config_file, "run.yaml");
  run->add_option("--data", options->data_folder, "instead of the configured data_folder");
  run->add_flag("--simulator", options->simulator, "text to a simulated SMSC in this process");
  run->add_flag("--check", options->check, "read and check the configuration, and end");
  run->add_flag("--help-config", options->help_config, "print what run.yaml may hold, and end");
  auto* demo =
      run->add_flag("--demo", options->demo,
                    "play the calls of --calls, then a generated load, and tell what happens");
  run->add_option("--calls", options->demo_options.calls_file,
                  "calls for --demo, in the format of Asterisk's Master.csv")
      ->needs(demo);
  run->add_option("--load", options->demo_options.load, "generated records for --demo; 0: none")
      ->needs(demo)
      ->capture_default_str();
  demo->needs("--simulator")->needs("--calls");
  run->callback([options, &code] { code = Main(*options); });
}

}  // namespace textback::cli
