// textback deadletter list|retry: records that could not be used.
#include <unistd.h>

#include <iostream>

#include "commands.h"
#include "ops/dead_letter.h"
#include "ops/json.h"
#include "policy/explain.h"
#include "shell.h"
#include "textback/v1/dead_letter.pb.h"

namespace textback::cli {
namespace {

struct Options {
  LogOptions log;
  std::string reason;
  std::string source;
  std::uint64_t limit = 1'000;
  bool json = false;
  bool yes = false;
};

Result<std::vector<v1::DeadLetter>> Find(log::Log& log, const Clock& clock,
                                         const Options& options) {
  std::vector<v1::DeadLetter> letters;
  TB_RETURN_IF_ERROR(
      ReadAll(log, clock, {options.log.topics().deadletter}, [&](const log::Record& record) {
        v1::DeadLetter letter;
        if (!record.value ||
            !letter.ParseFromArray(record.value->data(), static_cast<int>(record.value->size()))) {
          return true;
        }
        if (!options.reason.empty() && letter.reason() != options.reason) return true;
        if (!options.source.empty() && letter.source() != options.source) return true;
        letters.push_back(std::move(letter));
        return letters.size() < options.limit;
      }));
  return letters;
}

std::string PlaceOf(const v1::SourceCoordinates& at) {
  return at.topic() + "/" + std::to_string(at.partition()) + "/" + std::to_string(at.offset());
}

Result<int> RunList(const Options& options) {
  const SystemClock clock;
  TB_ASSIGN_OR_RETURN(const auto log, options.log.Open(clock));
  TB_ASSIGN_OR_RETURN(const auto letters, Find(*log, clock, options));
  if (options.json) {
    for (const auto& letter : letters) PrintLine(ops::ToJson(letter));
    return kOk;
  }
  Table table({"WHEN", "ROLE", "SOURCE", "FROM", "BYTES", "REASON", "MESSAGE"});
  for (const auto& letter : letters) {
    table.Add({policy::TimeInWords(letter.at_ms()), letter.role(), letter.source(),
               PlaceOf(letter.coordinates()), std::to_string(letter.value_size()), letter.reason(),
               letter.message()});
  }
  table.Print();
  return kOk;
}

// Asks on the terminal; without one --yes must have been given.
Result<bool> Confirmed(const Options& options, std::size_t count) {
  if (options.yes) return true;
  if (isatty(0) == 0) {
    return FatalError("usage",
                      std::to_string(count) + " records would be sent again: add --yes to do it");
  }
  std::fprintf(stderr, "Send %zu records again? [y/N] ", count);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

Result<int> RunRetry(const Options& options) {
  const SystemClock clock;
  TB_ASSIGN_OR_RETURN(const auto log, options.log.Open(clock));
  TB_ASSIGN_OR_RETURN(const auto found, Find(*log, clock, options));
  std::vector<const v1::DeadLetter*> whole;
  for (const auto& letter : found) {
    if (letter.value_size() == letter.value().size()) {
      whole.push_back(&letter);
    } else {
      std::fprintf(stderr,
                   "textback: %s has %llu bytes, of which 64 KiB were kept: send it again from its "
                   "source\n",
                   PlaceOf(letter.coordinates()).c_str(),
                   static_cast<unsigned long long>(letter.value_size()));
    }
  }
  std::size_t sent = 0;
  if (!whole.empty()) {
    TB_ASSIGN_OR_RETURN(const bool confirmed, Confirmed(options, whole.size()));
    if (!confirmed) return kFinding;
    TB_ASSIGN_OR_RETURN(const auto writer, log->NewWriter("textback-deadletter"));
    Progress progress(clock, "sending", whole.size());
    for (const auto* letter : whole) {
      TB_RETURN_IF_ERROR(ops::SendAgain(*writer, *letter, clock.NowMs()));
      progress.Show(++sent);
    }
    TB_RETURN_IF_ERROR(writer->Flush(std::chrono::seconds(60)));
  }
  const std::size_t cut = found.size() - whole.size();
  if (options.json) {
    PrintLine("{\"sent\":" + std::to_string(sent) + ",\"cut\":" + std::to_string(cut) + "}");
  } else {
    PrintLine(std::to_string(sent) + " sent again, " + std::to_string(cut) + " not kept whole");
  }
  return cut == 0 ? kOk : kFinding;
}

}  // namespace

void AddDeadLetter(CLI::App& app, int& exit_code) {
  auto& letters = *app.add_subcommand("deadletter", "Records that could not be used");
  letters.require_subcommand(1);
  const auto add = [&](const char* name, const char* doc, auto action) -> CLI::App& {
    auto& command = *letters.add_subcommand(name, doc);
    auto options = std::make_shared<Options>();
    options->log.AddTo(command);
    command.add_option("--reason", options->reason, "only those: protobuf_malformed, …");
    command.add_option("--source", options->source, "only those of this input");
    command
        .add_option("--limit", options->limit,
                    "at most so many, the oldest of each partition first")
        ->capture_default_str();
    command.add_flag("--json", options->json, "one JSON object a line");
    if (std::string_view(name) == "retry")
      command.add_flag("--yes", options->yes, "without asking");
    command.callback([options, action, &exit_code] {
      const auto done = action(*options);
      exit_code = done ? *done : Complain(done.error());
    });
    return command;
  };
  add("list", "What could not be used, and why", RunList)
      .footer("Example:\n  textback deadletter list --brokers kafka:9092 --source pbx-leeds");
  add("retry", "Send records back to the topics that they came from, as they were", RunRetry)
      .footer(
          "A retried record stays in the list, since the topic is a log; sending it twice is\n"
          "harmless, since decide knows a record by its id. If sending breaks off half way, run "
          "it\n"
          "again.\n\n"
          "Example:\n  textback deadletter retry --brokers kafka:9092 --reason invalid_utf8 --yes");
}

}  // namespace textback::cli
