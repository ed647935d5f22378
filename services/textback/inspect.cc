// textback inspect: what the files of a switch say, record by record and call by call.
#include "ops/inspect.h"

#include <sys/stat.h>

#include <map>
#include <tuple>

#include "cdr/cause_table.h"
#include "cdr/source_kind.h"
#include "commands.h"
#include "config/reader.h"
#include "ops/json.h"
#include "ops/record_file.h"
#include "policy/explain.h"
#include "policy/names.h"
#include "shell.h"

namespace textback::cli {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{2} << 30;
constexpr std::size_t kMappingBytesMax = std::size_t{1} << 20;
// Fewer calls than this say nothing about a share.
constexpr std::uint64_t kCallsToJudge = 50;

struct Options {
  std::vector<std::string> files;
  std::string source;
  std::string country;
  std::string zone = "UTC";
  std::string mapping;
  std::string profile;
  std::vector<std::string> columns;
  std::vector<std::string> lines;
  std::vector<std::string> voicemail_pilots;
  std::vector<std::string> roaming_prefixes;
  bool bare_international = false;
  std::vector<std::string> strip;
  bool explain = false;
  bool coverage = false;
  bool json = false;
};

std::string SourceNames() {
  std::string names;
  for (const auto& kind : cdr::SourceKinds())
    names.append(names.empty() ? "" : ", ").append(kind.name);
  return names;
}

Result<ops::InspectOptions> InspectOptionsOf(const Options& options) {
  const auto* kind = cdr::FindSourceKind(options.source);
  if (kind == nullptr) {
    return FatalError("usage", "--source " + options.source + " is none of " + SourceNames());
  }
  ops::InspectOptions inspect;
  inspect.framing = kind->framing;
  inspect.lines = options.lines;
  auto& source = inspect.source;
  source.name = options.source;
  source.format.adapter = std::string(kind->name);
  source.format.zone = options.zone;
  source.format.profile = options.profile;
  source.format.voicemail_pilots = options.voicemail_pilots;
  source.format.roaming_prefixes = options.roaming_prefixes;
  if (!options.columns.empty()) source.format.asterisk.columns = options.columns;
  if (!options.mapping.empty()) {
    TB_ASSIGN_OR_RETURN(source.format.mapping, config::ReadFile(options.mapping, kMappingBytesMax));
    source.format.mapping_file = options.mapping;
    inspect.framing = cdr::FramingOf(*kind, source.format);
  }
  source.numbering.country = options.country;
  source.numbering.bare_international = options.bare_international;
  for (const auto& prefix : options.strip) source.numbering.rules.push_back({prefix, ""});
  source.settle = cdr::SettleOf(*kind);
  return inspect;
}

// One member of an object: "name":"text".
void Member(std::string& out, std::string_view name, std::string_view text) {
  out.append(out.back() == '{' ? "\"" : ",\"").append(name).append("\":");
  ops::AppendJsonString(out, text);
}
void Member(std::string& out, std::string_view name, std::int64_t number) {
  out.append(out.back() == '{' ? "\"" : ",\"").append(name).append("\":");
  out.append(std::to_string(number));
}

std::string_view AnsweredByWord(v1::AnsweredBy by) {
  switch (by) {
    case v1::ANSWERED_BY_PERSON:
      return "person";
    case v1::ANSWERED_BY_VOICEMAIL:
      return "voicemail";
    case v1::ANSWERED_BY_IVR:
      return "ivr";
    case v1::ANSWERED_BY_QUEUE:
      return "queue";
    case v1::ANSWERED_BY_UNKNOWN:
      return "unknown";
    default:
      return "";
  }
}

std::string_view ActionWord(const v1::Decision& decision) {
  return decision.action() == v1::ACTION_TEXT ? "text" : "suppress";
}

std::string_view ReasonWord(const v1::Decision& decision) {
  return decision.reason() == v1::REASON_UNSPECIFIED ? std::string_view()
                                                     : policy::ReasonName(decision.reason());
}

void PrintJson(const ops::InspectedCall& call, const ops::Inspection& inspection,
               const std::string& source) {
  const auto& decision = call.decision;
  std::string out = "{";
  Member(out, "call_id", decision.call_id());
  Member(out, "source", source);
  Member(out, "verdict", cdr::WordOf(decision.verdict()));
  Member(out, "answered_by", AnsweredByWord(decision.answered_by()));
  Member(out, "customer", call.customer);
  Member(out, "line", call.line);
  Member(out, "rule", call.rule);
  Member(out, "action", ActionWord(decision));
  Member(out, "reason", ReasonWord(decision));
  Member(out, "started_at_ms", decision.started_at_ms());
  Member(out, "ended_at_ms", decision.ended_at_ms());
  Member(out, "ring_ms", decision.ring_ms());
  out.append(",\"records\":[");
  for (const std::size_t i : call.records) {
    const auto& record = inspection.records[i];
    out.append(out.back() == '[' ? "{" : ",{");
    Member(out, "file", record.file);
    Member(out, "number", static_cast<std::int64_t>(record.number));
    Member(out, "record_id", record.record.record_id());
    Member(out, "verdict", cdr::WordOf(record.read.verdict));
    Member(out, "rule", record.read.rule);
    out.push_back('}');
  }
  PrintLine(out + "]}");
}

std::string Or(std::string_view text, std::string_view instead) {
  return std::string(text.empty() ? instead : text);
}

void PrintTable(const ops::Inspection& inspection) {
  Table table({"STARTED", "CUSTOMER", "LINE", "VERDICT", "BY", "TEXT", "RULE", "RECORDS"});
  for (const auto& call : inspection.calls) {
    const auto& d = call.decision;
    const std::int64_t at = d.started_at_ms() != 0 ? d.started_at_ms() : d.ended_at_ms();
    table.Add({policy::TimeInWords(at), Or(call.customer, "withheld or none"), Or(call.line, "-"),
               std::string(cdr::WordOf(d.verdict())), Or(AnsweredByWord(d.answered_by()), "-"),
               d.action() == v1::ACTION_TEXT ? "yes" : "no: " + std::string(ReasonWord(d)),
               call.rule, std::to_string(call.records.size())});
  }
  table.Print();
}

// "q850.19: no answer from user (user alerted) [ITU-T Q.850 (10/2018), 2.2.7]".
std::string RuleInWords(std::string_view rule) {
  const cdr::RuleTitle title = cdr::TitleOfRule(rule);
  std::string text(rule);
  if (!title.title.empty()) text.append(": ").append(title.title);
  if (!title.source.empty()) text.append(" [").append(title.source).append("]");
  return text;
}

void PrintExplained(const ops::InspectedCall& call, const ops::Inspection& inspection) {
  const auto& decision = call.decision;
  PrintLine("call " + decision.call_id() + ": " + Or(call.customer, "withheld or none") + " -> " +
            Or(call.line, "-") + ": " + std::string(cdr::WordOf(decision.verdict())) + " (" +
            policy::VerdictInWords(decision.verdict(), decision.answered_by()) + "), by rule " +
            RuleInWords(call.rule));
  PrintLine("  " + policy::ExplainInBrief(decision));
  for (const std::size_t i : call.records) {
    const auto& record = inspection.records[i];
    std::string line = "  " + record.file + ":" + std::to_string(record.number) + ": " +
                       std::string(cdr::WordOf(record.read.verdict)) + " by " +
                       RuleInWords(record.read.rule) + "\n    ";
    auto shown = record.record;
    // What inspect added, and what the evidence has already.
    shown.clear_served();
    shown.clear_settle();
    shown.clear_coordinates();
    ops::AppendJson(line, shown);
    PrintLine(line);
  }
}

struct Coverage {
  std::uint64_t calls = 0;
  std::uint64_t unanswered = 0;
  std::uint64_t unresolved = 0;
};

bool IsUnanswered(v1::Verdict verdict) {
  switch (verdict) {
    case v1::VERDICT_ANSWERED:
    case v1::VERDICT_ANSWERED_ELSEWHERE:
    case v1::VERDICT_OUTBOUND:
    case v1::VERDICT_NOT_A_CALL:
    case v1::VERDICT_CONTINUES:
    case v1::VERDICT_UNRESOLVED:
      return false;
    default:
      return true;
  }
}

std::string Share(std::uint64_t part, std::uint64_t all) {
  return std::to_string(part) + " (" + std::to_string(part * 100 / all) + " %)";
}

// Everywhere people miss calls: a source with hardly any doesn't write them (Asterisk's cdr.conf:
// unanswered=no; mediation that drops zero durations).
std::string_view Doubt(const Coverage& c) {
  if (c.calls < kCallsToJudge) return "too few calls to judge";
  if (c.unanswered == 0) return "no unanswered call at all: this source doesn't write them";
  if (c.unanswered * 20 < c.calls) return "under 5 % unanswered: some are not written";
  if (c.unresolved * 10 > c.calls) return "over 10 % unresolved: causes or joins are missing";
  return "";
}

std::size_t PrintCoverage(const ops::Inspection& inspection, bool json) {
  using Place = std::tuple<std::string, std::string, std::string>;  // node, record type, direction
  std::map<Place, Coverage> rows;
  for (const auto& call : inspection.calls) {
    const auto& first = inspection.records[call.records.front()];
    const bool out = call.decision.side() == v1::Served::SIDE_ORIGINATING;
    const auto& record = first.record;
    auto& row = rows[{record.node().empty() ? first.file : record.node(), record.record_type(),
                      out ? "out" : "in"}];
    ++row.calls;
    if (IsUnanswered(call.decision.verdict())) ++row.unanswered;
    if (call.decision.verdict() == v1::VERDICT_UNRESOLVED) ++row.unresolved;
  }
  std::size_t doubts = 0;
  Table table({"NODE OR FILE", "TYPE", "CALLS", "NUMBER", "UNANSWERED", "UNRESOLVED", ""});
  for (const auto& [where, row] : rows) {
    const auto& [node, type, direction] = where;
    const auto doubt = direction == "out" ? std::string_view() : Doubt(row);
    if (!doubt.empty() && row.calls >= kCallsToJudge) ++doubts;
    if (json) {
      std::string out = "{";
      Member(out, "node", node);
      Member(out, "record_type", type);
      Member(out, "direction", direction);
      Member(out, "calls", static_cast<std::int64_t>(row.calls));
      Member(out, "unanswered", static_cast<std::int64_t>(row.unanswered));
      Member(out, "unresolved", static_cast<std::int64_t>(row.unresolved));
      Member(out, "doubt", doubt);
      PrintLine(out + "}");
      continue;
    }
    table.Add({node, Or(type, "-"), direction, std::to_string(row.calls),
               Share(row.unanswered, row.calls), Share(row.unresolved, row.calls),
               std::string(doubt)});
  }
  if (!json) table.Print();
  return doubts;
}

// 0: not known.
std::int64_t WrittenMs(const std::string& file) {
  struct stat status{};
  if (stat(file.c_str(), &status) != 0) return 0;
  return static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1000 +
         status.st_mtim.tv_nsec / 1'000'000;
}

Result<int> Run(const Options& options) {
  TB_ASSIGN_OR_RETURN(auto inspect, InspectOptionsOf(options));
  TB_ASSIGN_OR_RETURN(auto inspector, ops::Inspector::Make(std::move(inspect)));
  std::vector<std::string> contents;
  contents.reserve(options.files.size());  // records' bytes point into them
  for (const auto& file : options.files) {
    TB_ASSIGN_OR_RETURN(auto bytes, config::ReadFile(file, kFileBytesMax));
    contents.push_back(std::move(bytes));
    const auto slash = file.rfind('/');
    inspector.AddFile(slash == std::string::npos ? file : file.substr(slash + 1), contents.back(),
                      WrittenMs(file));
  }
  TB_ASSIGN_OR_RETURN(const auto inspection, inspector.Finish());
  for (const auto& rejected : inspection.rejected) {
    std::fprintf(stderr, "%s:%llu: %s: %s\n", rejected.file.c_str(),
                 static_cast<unsigned long long>(rejected.number), rejected.error.code.c_str(),
                 rejected.error.message.c_str());
  }
  const int unread = inspection.rejected.empty() ? kOk : kFinding;
  if (options.coverage) return PrintCoverage(inspection, options.json) == 0 ? unread : kFinding;
  if (options.json || options.explain) {
    for (const auto& call : inspection.calls) {
      if (options.json) {
        PrintJson(call, inspection, options.source);
      } else {
        PrintExplained(call, inspection);
      }
    }
    return unread;
  }
  if (!inspection.calls.empty()) PrintTable(inspection);
  std::fprintf(stderr, "%zu records, %zu calls, %zu unreadable\n", inspection.records.size(),
               inspection.calls.size(), inspection.rejected.size());
  return unread;
}

}  // namespace

void AddInspect(CLI::App& app, int& exit_code) {
  auto& command = *app.add_subcommand(
      "inspect",
      "Read the files of a switch: what each record says, and the verdict on each call. No tenants "
      "needed, nothing is sent");
  auto options = std::make_shared<Options>();
  command.add_option("FILE", options->files, "what the switch wrote")->required();
  command.add_option("--source", options->source, "what wrote them: " + SourceNames())->required();
  command.add_option("--country", options->country, "ISO 3166-1, for national numbers: GB");
  command.add_option("--zone", options->zone, "of times that carry none: an IANA name")
      ->capture_default_str();
  command.add_option("--mapping", options->mapping,
                     "csv, json, form: which column, path or field is what");
  command.add_option("--profile", options->profile, "a vendor's or release's variant");
  command
      .add_option("--columns", options->columns,
                  "asterisk-cdr, asterisk-cel: the columns, if not the default")
      ->delimiter(',');
  // Each takes one argument: the files that follow aren't its.
  const auto add_repeatable = [&command](const char* name, std::vector<std::string>& values,
                                         const char* help) {
    command.add_option(name, values, help)->allow_extra_args(false);
  };
  add_repeatable("--line", options->lines,
                 "the business's own number, E.164, repeatable: tells calls out from calls in");
  add_repeatable("--strip", options->strip, "a routing prefix to take off numbers, repeatable");
  add_repeatable("--voicemail-pilot", options->voicemail_pilots,
                 "3gpp, 3gpp-rf: a number that only a mailbox takes, repeatable");
  add_repeatable("--roaming-prefix", options->roaming_prefixes,
                 "3gpp, 3gpp-rf: what roaming numbers begin with, repeatable");
  command.add_flag("--bare-international", options->bare_international,
                   "numbers are country code + number, without +");
  command.add_flag("--explain", options->explain, "each call with its records, as they were read");
  command.add_flag("--coverage", options->coverage,
                   "the share of unanswered calls per node (or file) and record type; exit code 1 "
                   "where it can't be right");
  command.add_flag("--json", options->json,
                   "an object a call (docs/schema/inspected_call.schema.json)");
  command.footer(
      "Exit code 1: some records could not be read; they are named on stderr.\n\n"
      "Examples:\n"
      "  textback inspect --source asterisk-cdr --country US --zone America/New_York Master.csv\n"
      "  textback inspect --source 3gpp --json msc1-20261126.dat | jq -r .verdict | sort | uniq "
      "-c");
  command.callback([options, &exit_code] {
    const auto done = Run(*options);
    exit_code = done ? *done : Complain(done.error());
  });
}

}  // namespace textback::cli
