// textback blocklist add|remove|import|list: numbers that nobody is to text.
#include <algorithm>
#include <map>
#include <set>

#include "commands.h"
#include "config/reader.h"
#include "intake/block_feed.h"
#include "ops/block_file.h"
#include "ops/json.h"
#include "shell.h"

namespace textback::cli {
namespace {

using std::chrono::seconds;

struct Options {
  LogOptions log;
  std::vector<std::string> numbers;
  std::string file;
  std::string list = "operator";
  std::string note;
  bool always = false;
  bool prune = false;
  bool json = false;
};

using Current = std::map<std::string, v1::BlockEntry>;

// What the topic says now. A record that doesn't parse is reported and left out.
Result<Current> ReadCurrent(log::Log& log, const Clock& clock, const std::string& topic) {
  Current current;
  TB_RETURN_IF_ERROR(ReadAll(log, clock, {topic}, [&](const log::Record& record) {
    const std::string number(record.key);
    current.erase(number);
    if (!record.value) return true;
    v1::BlockEntry entry;
    if (entry.ParseFromArray(record.value->data(), static_cast<int>(record.value->size()))) {
      current.emplace(number, std::move(entry));
    } else {
      std::fprintf(stderr, "textback: %s, offset %lld: no entry of a block list; add it again\n",
                   topic.c_str(), static_cast<long long>(record.offset));
    }
    return true;
  }));
  return current;
}

struct Done {
  std::size_t written = 0;
  std::size_t unchanged = 0;
  std::size_t removed = 0;
};

class Editor {
 public:
  static Result<Editor> Open(const Options& options, const Clock& clock) {
    TB_ASSIGN_OR_RETURN(auto log, options.log.Open(clock));
    const auto topic = options.log.topics().blocklist;
    TB_ASSIGN_OR_RETURN(auto current, ReadCurrent(*log, clock, topic));
    TB_ASSIGN_OR_RETURN(auto writer, log->NewWriter("textback-blocklist"));
    return Editor(clock, std::move(log), std::move(writer), topic, std::move(current));
  }

  const Current& current() const { return current_; }

  // Unchanged entries aren't written again.
  Status Put(v1::BlockEntry entry) {
    const auto old = current_.find(entry.number());
    if (old != current_.end() && old->second.list() == entry.list() &&
        old->second.always() == entry.always() && old->second.note() == entry.note()) {
      ++done_.unchanged;
      return Ok();
    }
    entry.set_at_ms(clock_->NowMs());
    TB_ASSIGN_OR_RETURN(const auto checked, intake::CheckBlockEntry(entry.number(), entry));
    static_cast<void>(checked);
    ++done_.written;
    return Write(entry.number(), entry.SerializeAsString());
  }

  Status Remove(const std::string& number) {
    ++done_.removed;
    return Write(number, std::nullopt);
  }

  Result<Done> Finish() {
    TB_RETURN_IF_ERROR(writer_->Flush(seconds(30)));
    return done_;
  }

 private:
  Editor(const Clock& clock, std::unique_ptr<log::Log> log, std::unique_ptr<log::Writer> writer,
         std::string topic, Current current)
      : clock_(&clock),
        log_(std::move(log)),
        writer_(std::move(writer)),
        topic_(std::move(topic)),
        current_(std::move(current)) {}

  Status Write(const std::string& number, const std::optional<std::string>& value) {
    while (true) {
      auto sent = writer_->Send(topic_, 0, number, value, clock_->NowMs());
      if (sent) return Ok();
      if (sent.error().disposition != Disposition::kRetry) return sent.error();
      auto polled = writer_->Poll(std::chrono::milliseconds(100));
      if (!polled) return polled.error();
    }
  }

  const Clock* clock_;
  std::unique_ptr<log::Log> log_;
  std::unique_ptr<log::Writer> writer_;
  std::string topic_;
  Current current_;
  Done done_;
};

int Report(const Options& options, const Done& done) {
  const auto written = std::to_string(done.written);
  const auto unchanged = std::to_string(done.unchanged);
  const auto removed = std::to_string(done.removed);
  if (options.json) {
    PrintLine("{\"written\":" + written + ",\"unchanged\":" + unchanged +
              ",\"removed\":" + removed + "}");
  } else {
    PrintLine(written + " written, " + unchanged + " unchanged, " + removed + " removed");
  }
  return kOk;
}

Result<std::vector<std::string>> KeysOf(const std::vector<std::string>& numbers) {
  std::vector<std::string> keys;
  for (const auto& number : numbers) {
    keys.push_back(ops::BlockKeyOf(number));
    if (keys.back().empty()) {
      return FatalError("usage", "\"" + number.substr(0, 40) +
                                     "\" is no number: write +15550100123, or '+15550100*' for all "
                                     "that begin so");
    }
  }
  return keys;
}

Result<int> RunAdd(const Options& options) {
  TB_ASSIGN_OR_RETURN(const auto keys, KeysOf(options.numbers));
  const SystemClock clock;
  TB_ASSIGN_OR_RETURN(auto editor, Editor::Open(options, clock));
  for (const auto& key : keys) {
    v1::BlockEntry entry;
    entry.set_number(key);
    entry.set_list(options.list);
    entry.set_always(options.always);
    entry.set_note(options.note);
    TB_RETURN_IF_ERROR(editor.Put(std::move(entry)));
  }
  TB_ASSIGN_OR_RETURN(const auto done, editor.Finish());
  return Report(options, done);
}

Result<int> RunRemove(const Options& options) {
  TB_ASSIGN_OR_RETURN(const auto keys, KeysOf(options.numbers));
  const SystemClock clock;
  TB_ASSIGN_OR_RETURN(auto editor, Editor::Open(options, clock));
  int exit_code = kOk;
  for (const auto& key : keys) {
    if (editor.current().contains(key)) {
      TB_RETURN_IF_ERROR(editor.Remove(key));
      continue;
    }
    std::fprintf(stderr, "textback: %s is on no block list\n", key.c_str());
    exit_code = kFinding;
  }
  TB_ASSIGN_OR_RETURN(const auto done, editor.Finish());
  Report(options, done);
  return exit_code;
}

Result<int> RunImport(const Options& options) {
  TB_ASSIGN_OR_RETURN(const auto text, config::ReadFile(options.file, ops::kBlockFileBytesMax));
  TB_ASSIGN_OR_RETURN(auto entries, ops::ReadBlockList(text, options.file));
  const SystemClock clock;
  TB_ASSIGN_OR_RETURN(auto editor, Editor::Open(options, clock));
  std::set<std::string> kept;
  Progress progress(clock, "importing", entries.size());
  for (auto& entry : entries) {
    entry.set_list(options.list);
    entry.set_always(options.always);
    kept.insert(entry.number());
    TB_RETURN_IF_ERROR(editor.Put(std::move(entry)));
    progress.Show(kept.size());
  }
  if (options.prune) {
    for (const auto& [number, entry] : editor.current()) {
      if (entry.list() == options.list && !kept.contains(number))
        TB_RETURN_IF_ERROR(editor.Remove(number));
    }
  }
  TB_ASSIGN_OR_RETURN(const auto done, editor.Finish());
  return Report(options, done);
}

Result<int> RunList(const Options& options) {
  const SystemClock clock;
  TB_ASSIGN_OR_RETURN(const auto log, options.log.Open(clock));
  TB_ASSIGN_OR_RETURN(const auto current, ReadCurrent(*log, clock, options.log.topics().blocklist));
  Table table({"NUMBER", "LIST", "FOR ALL", "NOTE"});
  for (const auto& [number, entry] : current) {
    if (!options.list.empty() && entry.list() != options.list) continue;
    if (options.json) {
      PrintLine(ops::ToJson(entry));
    } else {
      table.Add({number, entry.list(), entry.always() ? "yes" : "no", entry.note()});
    }
  }
  if (!options.json) table.Print();
  return kOk;
}

using Action = Result<int> (*)(const Options&);

CLI::App& AddCommand(CLI::App& parent, std::string name, std::string doc,
                     const std::shared_ptr<Options>& options, Action action, int& exit_code) {
  auto& command = *parent.add_subcommand(std::move(name), std::move(doc));
  options->log.AddTo(command);
  command.add_flag("--json", options->json, "one JSON object a line");
  command.callback([options, action, &exit_code] {
    const auto done = action(*options);
    exit_code = done ? *done : Complain(done.error());
  });
  return command;
}

void AddEntryOptions(CLI::App& command, Options& options) {
  command.add_option("--list", options.list, "the list's name, for explanations")
      ->capture_default_str();
  command.add_flag("--always", options.always, "known contacts of a business aren't texted either");
}

}  // namespace

void AddBlocklist(CLI::App& app, int& exit_code) {
  auto& blocklist = *app.add_subcommand(
      "blocklist", "Numbers that nobody is to text: the operator's block lists");
  blocklist.require_subcommand(1);
  const auto numbers_doc = "+15550100123, or '+15550100*' for all that begin so";

  auto options = std::make_shared<Options>();
  auto& add = AddCommand(blocklist, "add", "Block numbers", options, RunAdd, exit_code);
  add.add_option("NUMBER", options->numbers, numbers_doc)->required();
  AddEntryOptions(add, *options);
  add.add_option("--note", options->note, "why, for people");
  add.footer(
      "Example:\n  textback blocklist add '+15550100*' --note robocalls --brokers kafka:9092");

  options = std::make_shared<Options>();
  auto& remove =
      AddCommand(blocklist, "remove", "Take numbers off the lists", options, RunRemove, exit_code);
  remove.add_option("NUMBER", options->numbers, "as they were added")->required();
  remove.footer(
      "Exit code 1: a number was on no list.\n\n"
      "Example:\n  textback blocklist remove +15550100123 --brokers kafka:9092");

  options = std::make_shared<Options>();
  auto& import = AddCommand(blocklist, "import",
                            "Block the numbers of a file; unchanged ones aren't written again",
                            options, RunImport, exit_code);
  import
      .add_option("FILE", options->file, "a number a line, and a comma and a note if there is one")
      ->required();
  AddEntryOptions(import, *options);
  import.add_flag("--prune", options->prune, "remove what the list has and the file doesn't");
  import.footer(
      "Example:\n  textback blocklist import march.csv --list regulator --prune --brokers "
      "kafka:9092");

  options = std::make_shared<Options>();
  options->list.clear();
  auto& list = AddCommand(blocklist, "list", "The numbers blocked", options, RunList, exit_code);
  list.add_option("--list", options->list, "only this list's");
  list.footer("Example:\n  textback blocklist list --list regulator --brokers kafka:9092");
}

}  // namespace textback::cli
