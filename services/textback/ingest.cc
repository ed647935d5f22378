// textback ingest: the files that a switch writes, into the log, each record once.
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>

#include "cdr/source_kind.h"
#include "commands.h"
#include "config/reader.h"
#include "ingest/ingester.h"
#include "pipeline/ingest_metrics.h"
#include "service.h"
#include "shell.h"
#include "telemetry/http_server.h"

namespace textback::cli {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMappingBytesMax = std::size_t{1} << 20;
constexpr milliseconds kBackoffMin{100};
constexpr milliseconds kBackoffMax{5'000};
// How long a run that ends with its files waits for the broker.
constexpr std::chrono::seconds kGiveUpAfter{60};
constexpr int kNoHttp = -1;

struct Options {
  LogOptions log;
  std::vector<std::string> files;
  std::string source;
  std::string mapping;
  std::string name;
  std::string topic;
  bool follow = false;
  int poll_ms = 250;
  int settle_s = 5;
  int rotate_wait_s = 5;
  int http_port = kNoHttp;
  std::string http_address = "0.0.0.0";
  bool log_json = false;
};

std::string SourceNames() {
  std::string names;
  for (const auto& kind : cdr::SourceKinds())
    names.append(names.empty() ? "" : ", ").append(kind.name);
  return names;
}

Result<cdr::Framing> FramingOf(const Options& options) {
  const auto* kind = cdr::FindSourceKind(options.source);
  if (kind == nullptr)
    return FatalError("usage", "--source " + options.source + " is none of " + SourceNames());
  cdr::FormatConfig format;
  format.adapter = std::string(kind->name);
  if (!options.mapping.empty()) {
    TB_ASSIGN_OR_RETURN(format.mapping, config::ReadFile(options.mapping, kMappingBytesMax));
    format.mapping_file = options.mapping;
  }
  // Whether the file has a header line stands in the mapping; what else is wrong with it, too.
  TB_RETURN_IF_ERROR(cdr::NewAdapter(format));
  return cdr::FramingOf(*kind, format);
}

Result<ingest::IngestConfig> ConfigOf(const Options& options) {
  ingest::IngestConfig config;
  TB_ASSIGN_OR_RETURN(config.framing, FramingOf(options));
  const auto topics = options.log.topics();
  config.name = options.name;
  config.patterns = options.files;
  config.topic = options.topic.empty() ? topics.cdrs : options.topic;
  config.deadletter_topic = topics.deadletter;
  config.positions_topic = topics.ingest_positions;
  config.follow = options.follow;
  config.settle = std::chrono::seconds(options.settle_s);
  config.rotate_wait = std::chrono::seconds(options.rotate_wait_s);
  return config;
}

// What was typed wrong; a file that is followed may come later.
Status CheckFilesExist(const Options& options) {
  for (const auto& file : options.files) {
    struct stat status{};
    if (file.find_first_of("*?[") == std::string::npos && ::stat(file.c_str(), &status) != 0)
      return FatalError("usage", file + " is not there (--follow waits for it)");
  }
  return Ok();
}

// Steps until a signal comes or, where nothing is followed, all files are read.
class Loop {
 public:
  Loop(const Options& options, services::Signals& signals, const Clock& clock,
       ingest::Ingester& ingester, telemetry::HealthCheck& health)
      : options_(options), signals_(signals), clock_(clock), ingester_(ingester), health_(health) {}

  Status Run() {
    while (true) {
      auto report = ingester_.Step();
      if (!report && report.error().disposition != Disposition::kRetry) return report.error();
      TB_RETURN_IF_ERROR(report ? Succeeded() : Failed(report.error()));
      if (report && !report->more && !options_.follow) return Ok();
      milliseconds wait = report && report->more ? milliseconds(0) : milliseconds(options_.poll_ms);
      if (!report) wait = backoff_;
      if (signals_.WaitFor(wait)) return Ok();
    }
  }

 private:
  Status Succeeded() {
    backoff_ = milliseconds(0);
    health_.Ready();
    return Ok();
  }

  Status Failed(const Error& why) {
    if (backoff_.count() == 0) failing_since_ = clock_.Mono();
    if (!options_.follow && clock_.Mono() - failing_since_ > kGiveUpAfter) return why;
    backoff_ = std::clamp(backoff_ * 2, kBackoffMin, kBackoffMax);
    health_.NotReady(why.message);
    return Ok();
  }

  const Options& options_;
  services::Signals& signals_;
  const Clock& clock_;
  ingest::Ingester& ingester_;
  telemetry::HealthCheck& health_;
  milliseconds backoff_{0};
  MonoTime failing_since_{};
};

int ExitCodeOf(const ingest::Ingester& ingester, const pipeline::IngestMetrics& notices) {
  const auto unfinished = ingester.Unfinished();
  for (const auto& [path, offset] : unfinished) {
    std::fprintf(stderr,
                 "textback: %s: the last record, at byte %llu, has no end; it was not sent\n",
                 path.c_str(), static_cast<unsigned long long>(offset));
  }
  return unfinished.empty() && notices.findings() == 0 ? kOk : kFinding;
}

Result<int> Run(const Options& options) {
  TB_ASSIGN_OR_RETURN(auto config, ConfigOf(options));
  if (!options.follow) TB_RETURN_IF_ERROR(CheckFilesExist(options));
  services::Signals signals;
  const SystemClock clock;
  telemetry::FdSink sink;
  telemetry::Log log_lines(
      clock, sink,
      {.part = "ingest",
       .json = options.log_json,
       .least = options.follow ? telemetry::Level::kInfo : telemetry::Level::kWarn});
  telemetry::Registry registry;
  telemetry::Health health(clock);
  auto& healthy = health.Add("ingest");
  pipeline::IngestMetrics notices(registry, log_lines, clock);
  TB_ASSIGN_OR_RETURN(const auto log, options.log.Open(clock));
  TB_ASSIGN_OR_RETURN(const auto ingester,
                      ingest::Ingester::Make(*log, clock, std::move(config), notices));
  std::unique_ptr<telemetry::HttpServer> http;
  if (options.http_port != kNoHttp) {
    TB_ASSIGN_OR_RETURN(http, telemetry::HttpServer::Start(
                                  {.address = options.http_address, .port = options.http_port},
                                  telemetry::StandardPages(registry, health), clock));
    log_lines.Info("listening", {{"http_port", http->port()}});
  }
  TB_RETURN_IF_ERROR(Loop(options, signals, clock, *ingester, healthy).Run());
  if (options.follow) {
    log_lines.Info("stopped", {{"records", notices.records()}});
    return kOk;
  }
  std::fprintf(stderr, "%llu records sent\n", static_cast<unsigned long long>(notices.records()));
  return ExitCodeOf(*ingester, notices);
}

}  // namespace

void AddIngest(CLI::App& app, int& exit_code) {
  auto& command = *app.add_subcommand(
      "ingest",
      "Send the files that a switch writes to a topic, each record exactly once, also through "
      "rotation and kills");
  auto options = std::make_shared<Options>();
  command
      .add_option("FILE", options->files,
                  "files, folders, or patterns in quotes such as 'cdr*.csv'")
      ->required();
  command.add_option("--source", options->source, "what wrote them: " + SourceNames())->required();
  command
      .add_option("--name", options->name,
                  "of this ingester: its positions on the log are kept under it, and one process "
                  "at a time runs under it. Never change it")
      ->required();
  options->log.AddTo(command);
  command.add_option("--topic", options->topic, "default: PREFIX + cdrs");
  command.add_flag("--follow", options->follow,
                   "go on with what is written from now on, until a signal comes");
  command.add_option("--mapping", options->mapping, "csv, json: the input's mapping file");
  command.add_option("--poll", options->poll_ms, "with --follow: how often to look, milliseconds")
      ->capture_default_str()
      ->check(CLI::Range(10, 60'000));
  command
      .add_option("--settle", options->settle_s,
                  "3gpp, with --follow: a file is taken when it hasn't changed for so many seconds")
      ->capture_default_str()
      ->check(CLI::Range(0, 86'400));
  command
      .add_option("--rotate-wait", options->rotate_wait_s,
                  "with --follow: a renamed file is let go after so many seconds without a word")
      ->capture_default_str()
      ->check(CLI::Range(0, 86'400));
  command
      .add_option("--http-port", options->http_port,
                  "/metrics, /healthz, /readyz; 0: any, printed. Default: none")
      ->check(CLI::Range(0, 65'535));
  command.add_option("--http-address", options->http_address, "of that port, numeric")
      ->capture_default_str();
  command.add_flag("--log-json", options->log_json, "one JSON object a line on stderr");
  command.footer(
      "Exit codes: 0 done, or stopped by a signal; 1 a file could not be read or its last record "
      "has no end\n(without --follow), or a record was parked; 2 usage; 3 the broker, or another "
      "process of that name.\n\n"
      "Examples:\n"
      "  textback ingest --brokers kafka:9092 --name pbx1 --source asterisk-cdr --follow \\\n"
      "    /var/log/asterisk/cdr-csv/Master.csv\n"
      "  textback ingest --brokers kafka:9092 --name msc1 --source 3gpp --topic cdr.msc1 --follow "
      "/srv/cdr/msc1\n"
      "  textback ingest --brokers kafka:9092 --name once --source csv --mapping sbc.yaml "
      "'cdr-2026-11-*.csv'");
  command.callback([options, &exit_code] {
    const auto done = Run(*options);
    exit_code = done ? *done : Complain(done.error());
  });
}

}  // namespace textback::cli
