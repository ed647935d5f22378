// textback replay: what would have been decided about the records of files.
#include "decide/replay.h"

#include <algorithm>
#include <map>

#include "cdr/decoder.h"
#include "commands.h"
#include "config/units.h"
#include "intake/reach.h"
#include "intake/served.h"
#include "ops/block_file.h"
#include "ops/json.h"
#include "ops/record_file.h"
#include "ops/tenant_file.h"
#include "pipeline/config.h"
#include "pipeline/number_files.h"
#include "policy/names.h"
#include "shell.h"

namespace textback::cli {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{8} << 30;
// No record is from the future here: the clock is the records' own.
constexpr std::int64_t kEndOfTimeMs = 253'402'300'799'000;  // 9999-12-31

struct Options {
  std::vector<std::string> files;
  std::string tenants;
  std::string worker;
  std::string blocklist;
  std::string source = "replay";
  std::string format;
  std::string country;
  std::string zone = "UTC";
  std::string emits = "call_end";
  std::string settle = "0ms";
  std::string emission_delay = "1s";
  bool accept_leg_risk = false;
  bool all = false;
  bool quiet = false;
  bool json = false;  // always
};

struct Tallies {
  std::uint64_t records = 0;
  std::uint64_t rejected = 0;
  std::uint64_t not_tenant = 0;
  std::uint64_t texts = 0;
  std::map<std::string, std::uint64_t> classes;
  std::map<std::string, std::uint64_t> reasons;
};

Result<std::int64_t> Duration(std::string_view option, const std::string& text) {
  const auto ms = config::ParseDurationMs(text);
  if (ms) return *ms;
  return FatalError("usage", std::string(option) + " takes a duration such as 5s or 1h30m, not \"" +
                                 text.substr(0, 40) + "\"");
}

// The files' source: an input of a worker.yaml, or options.
Result<cdr::SourceConfig> SourceOf(const Options& options, const pipeline::WorkerConfig& worker) {
  if (!options.worker.empty()) {
    for (const auto& input : worker.inputs) {
      if (input.source.name == options.source) return input.source;
    }
    return FatalError("usage", options.worker + " has no input whose source is \"" +
                                   options.source + "\": name one with --source");
  }
  cdr::SourceConfig source;
  source.name = options.source;
  source.numbering.country = options.country;
  source.format.asterisk.zone = options.zone;
  source.settle.set_accept_leg_risk(options.accept_leg_risk);
  TB_ASSIGN_OR_RETURN(const auto settle_ms, Duration("--settle", options.settle));
  source.settle.set_settle_ms(settle_ms);
  const std::map<std::string, v1::SettleProfile::Emits> emits = {
      {"call_end", v1::SettleProfile::EMITS_CALL_END},
      {"leg_end", v1::SettleProfile::EMITS_LEG_END},
      {"events", v1::SettleProfile::EMITS_EVENTS}};
  source.settle.set_emits(emits.at(options.emits));
  return source;
}

// What intake would look callers up in: the numbers of the worker.yaml, and a file of blocked ones.
Result<intake::ReachTables> TablesOf(const Options& options, const pipeline::WorkerConfig& worker) {
  intake::ReachTables tables;
  if (!worker.numbers.plan.empty() || !worker.numbers.ported.empty()) {
    TB_ASSIGN_OR_RETURN(tables.numbers, pipeline::ReadNumberFiles(worker.numbers));
  }
  if (options.blocklist.empty()) return tables;
  TB_ASSIGN_OR_RETURN(const auto text,
                      config::ReadFile(options.blocklist, ops::kBlockFileBytesMax));
  TB_ASSIGN_OR_RETURN(const auto entries, ops::ReadBlockList(text, options.blocklist));
  cdr::NumberTableBuilder builder;
  for (const auto& entry : entries) builder.Add(*cdr::ParseNumberPattern(entry.number()), 1);
  cdr::NumberTable numbers;
  static_cast<void>(builder.Build(numbers));  // all of one list, so none contradicts another
  tables.blocked = std::make_shared<const intake::BlockTable>(
      std::move(numbers), std::vector<intake::BlockTable::List>{{"operator", false}}, 0);
  return tables;
}

Result<ops::RecordFormat> FormatOf(const Options& options, const std::string& file) {
  const auto format =
      options.format.empty() ? ops::FormatOfFile(file) : ops::FormatOfName(options.format);
  if (format) return *format;
  return FatalError("usage",
                    file +
                        ": its ending doesn't say what it holds: add --format protobuf, json or "
                        "asterisk_csv");
}

std::string_view BaseName(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// Files to records with `served`, as intake hands them on.
class Loader {
 public:
  Loader(cdr::SourceConfig source, const intake::LineTable& lines, intake::ReachTables tables,
         Tallies& tallies)
      : source_(std::move(source)), lines_(lines), tables_(std::move(tables)), tallies_(tallies) {}

  Status Load(const std::string& path, ops::RecordFormat format) {
    TB_ASSIGN_OR_RETURN(const auto bytes, config::ReadFile(path, kFileBytesMax));
    auto source = source_;
    source.format.adapter = std::string(ops::NameOf(format));
    TB_ASSIGN_OR_RETURN(auto decoder, cdr::Decoder::Make(std::move(source)));
    const SystemClock clock;
    Progress progress(clock, "reading " + std::string(BaseName(path)), bytes.size());
    ops::RecordFileReader reader(format, bytes);
    while (true) {
      TB_ASSIGN_OR_RETURN(const auto value, reader.Next());
      if (!value) return Ok();
      decoder.Decode(value, {.now_ms = kEndOfTimeMs}, decoded_);
      for (const auto& item : decoded_.items) Take(*item.record, path, reader.number());
      for (const auto& rejected : decoded_.rejected) Reject(rejected, path, reader.number());
      progress.Show(bytes.size() - reader.bytes_left());
    }
  }

  std::vector<v1::CallRecord> records;

 private:
  void Take(v1::CallRecord& record, const std::string& path, std::uint64_t number) {
    ++tallies_.records;
    auto& coordinates = *record.mutable_coordinates();
    coordinates.set_topic(std::string(BaseName(path)));
    coordinates.set_offset(static_cast<std::int64_t>(number));
    const auto ends = intake::FindEnds(record, lines_);
    if (!ends.terminating.empty()) {
      const std::string line = ends.called->e164();
      intake::SetServed(record, v1::Served::SIDE_TERMINATING, ends.terminating, line,
                        lines_.version());
      intake::SetReach(record, ends.originating, tables_);
      records.push_back(record);
    }
    if (!ends.originating.empty()) {
      intake::SetServed(record, v1::Served::SIDE_ORIGINATING, ends.originating,
                        record.calling().e164(), lines_.version());
      record.clear_reach();
      records.push_back(record);
    }
    if (ends.terminating.empty() && ends.originating.empty()) ++tallies_.not_tenant;
  }

  void Reject(const cdr::Decoded::Rejected& rejected, const std::string& path,
              std::uint64_t number) {
    ++tallies_.records;
    ++tallies_.rejected;
    std::fprintf(stderr, "%s:%llu: %s: %s\n", path.c_str(), static_cast<unsigned long long>(number),
                 rejected.error.code.c_str(), rejected.error.message.c_str());
  }

  const cdr::SourceConfig source_;
  const intake::LineTable& lines_;
  const intake::ReachTables tables_;
  Tallies& tallies_;
  cdr::Decoded decoded_;
};

std::string_view ClassName(policy::RecordClass what) {
  switch (what) {
    case policy::RecordClass::kMerged:
      return "merged";
    case policy::RecordClass::kDuplicate:
      return "duplicate";
    case policy::RecordClass::kLate:
      return "late";
    case policy::RecordClass::kDeadLetter:
      return "deadletter";
    case policy::RecordClass::kNone:
    case policy::RecordClass::kOpened:
    case policy::RecordClass::kRedelivered:
      return "";
  }
  TB_UNREACHABLE();
}

class Printer final : public decide::ReplaySink {
 public:
  Printer(bool all, Tallies& tallies) : all_(all), tallies_(tallies) {}

  void OnDecision(const v1::Decision& decision) override {
    Print("decision", decision);
    if (decision.reason() == v1::REASON_UNSPECIFIED) {
      ++tallies_.texts;
    } else {
      ++tallies_.reasons[std::string(policy::ReasonName(decision.reason()))];
    }
  }
  void OnAmendment(const v1::Amendment& amendment) override {
    if (all_) Print("amendment", amendment);
  }
  void OnJob(const v1::Job& job) override {
    if (all_) Print("job", job);
  }
  void OnCallback(const v1::Callback& callback) override {
    if (all_) Print("callback", callback);
  }
  void OnRecordClass(const v1::CallRecord&, policy::RecordClass what) override {
    if (const auto name = ClassName(what); !name.empty()) ++tallies_.classes[std::string(name)];
  }

 private:
  void Print(std::string_view kind, const google::protobuf::Message& message) {
    line_.clear();
    if (all_) line_.append("{\"").append(kind).append("\":");
    ops::AppendJson(line_, message);
    if (all_) line_.push_back('}');
    PrintLine(line_);
  }

  const bool all_;
  Tallies& tallies_;
  std::string line_;
};

void PrintSummary(const Tallies& t) {
  const auto row = [](const std::string& name, std::uint64_t count) {
    std::fprintf(stderr, "  %-18s %llu\n", name.c_str(), static_cast<unsigned long long>(count));
  };
  std::fprintf(stderr, "%llu records\n", static_cast<unsigned long long>(t.records));
  row("unreadable", t.rejected);
  row("no tenant's", t.not_tenant);
  for (const auto& [name, count] : t.classes) row(name, count);
  std::fprintf(stderr, "decisions\n");
  row("text", t.texts);
  for (const auto& [name, count] : t.reasons) row(name, count);
}

Result<int> Run(const Options& options) {
  TB_ASSIGN_OR_RETURN(const auto tenants, ops::ReadTenantsFile(options.tenants));
  pipeline::WorkerConfig worker;
  if (!options.worker.empty()) {
    TB_ASSIGN_OR_RETURN(worker, pipeline::LoadWorkerConfig(options.worker));
  }
  TB_ASSIGN_OR_RETURN(auto source, SourceOf(options, worker));
  TB_ASSIGN_OR_RETURN(auto tables, TablesOf(options, worker));
  decide::ReplayOptions replay;
  TB_ASSIGN_OR_RETURN(replay.emission_delay_ms,
                      Duration("--emission-delay", options.emission_delay));
  policy::SnapshotBuilder builder(replay.limits.horizon_ms);
  std::vector<std::string> ids;
  std::vector<std::pair<Msisdn, std::uint32_t>> lines;
  for (const auto& tenant : tenants) {
    builder.Apply(tenant.tenant(), tenant, static_cast<std::int64_t>(ids.size()));
    for (const auto& line : tenant.lines()) {
      if (const auto number = Msisdn::FromE164(line.msisdn()))
        lines.emplace_back(*number, static_cast<std::uint32_t>(ids.size()));
    }
    ids.push_back(tenant.tenant());
  }
  const intake::LineTable table(ids, lines, static_cast<std::int64_t>(ids.size()));
  Tallies tallies;
  Loader loader(std::move(source), table, std::move(tables), tallies);
  for (const auto& file : options.files) {
    TB_ASSIGN_OR_RETURN(const auto format, FormatOf(options, file));
    TB_RETURN_IF_ERROR(loader.Load(file, format));
  }
  Printer printer(options.all, tallies);
  TB_RETURN_IF_ERROR(
      decide::RunReplay(std::move(loader.records), builder.Build(), replay, printer));
  if (!options.quiet) PrintSummary(tallies);
  return tallies.rejected == 0 ? kOk : kFinding;
}

void AddSourceOptions(CLI::App& app, Options& o) {
  const auto group = "The source of the records";
  app.add_option("--format", o.format,
                 "protobuf, json or asterisk_csv; default: by each file's ending")
      ->group(group);
  app.add_option("--country", o.country, "ISO 3166-1, for national numbers: GB")->group(group);
  app.add_option("--zone", o.zone, "of asterisk_csv's times: an IANA name")
      ->capture_default_str()
      ->group(group);
  app.add_option("--emits", o.emits, "call_end, leg_end or events: what a record stands for")
      ->check(CLI::IsMember({"call_end", "leg_end", "events"}))
      ->capture_default_str()
      ->group(group);
  app.add_option("--settle", o.settle, "wait so long for further records of a call")
      ->capture_default_str()
      ->group(group);
  app.add_flag("--accept-leg-risk", o.accept_leg_risk,
               "text on a missed leg although nothing says that the call is over")
      ->group(group);
  app.add_option("--emission-delay", o.emission_delay,
                 "a record is written so long after its call's end")
      ->capture_default_str()
      ->group(group);
  app.add_option("--source", o.source, "its name; with --config: which input")
      ->capture_default_str()
      ->group(group);
  app.add_option("--config", o.worker, "take all this from a worker.yaml instead, and its numbers")
      ->group(group);
}

}  // namespace

void AddReplay(CLI::App& app, int& exit_code) {
  auto& command = *app.add_subcommand(
      "replay",
      "Decide about call records of files under a policy, on their own clock: one Decision a line, "
      "the same every time, and nothing is sent");
  auto options = std::make_shared<Options>();
  command.add_option("FILE", options->files, "call records")->required();
  command.add_option("--tenants", options->tenants, "the policy: a file of tenants")->required();
  command.add_option("--blocklist", options->blocklist,
                     "blocked numbers: a file as `textback blocklist import` takes");
  AddSourceOptions(command, *options);
  command.add_flag("--all", options->all,
                   "amendments, jobs and callbacks too: each line is {\"decision\": …}, "
                   "{\"amendment\": …}, {\"job\": …} or {\"callback\": …}");
  command.add_flag("--quiet", options->quiet, "no summary on stderr");
  command.add_flag("--json", options->json,
                   "the output is JSON anyway (docs/schema/decision.schema.json)");
  command.footer(
      "Exit code 1: some records could not be read; they are named on stderr.\n\n"
      "Examples:\n"
      "  textback replay Master.csv --tenants tenants.yaml --country US --zone America/New_York "
      "\\\n"
      "      --emits leg_end --settle 3s\n"
      "  textback replay calls.pb --tenants new.yaml --quiet | jq -r .reason | sort | uniq -c");
  command.callback([options, &exit_code] {
    const auto done = Run(*options);
    exit_code = done ? *done : Complain(done.error());
  });
}

}  // namespace textback::cli
