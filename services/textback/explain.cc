// textback explain: what was decided about a call, and why, in words.
#include "policy/explain.h"

#include <optional>

#include "commands.h"
#include "config/reader.h"
#include "ops/json.h"
#include "ops/json_reader.h"
#include "ops/record_file.h"
#include "shell.h"

namespace textback::cli {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{4} << 30;

struct Options {
  LogOptions log;
  std::string call_id;
  std::string file;
  bool show_numbers = false;
  bool json = false;
};

struct Story {
  std::optional<v1::Decision> decision;
  std::vector<v1::Amendment> amendments;
  std::vector<v1::Status> statuses;
};

// Of the topics, or nullopt if it isn't there at all (a fresh installation has no amendments).
Status FromLog(const Options& options, Story& story) {
  const SystemClock clock;
  TB_ASSIGN_OR_RETURN(const auto log, options.log.Open(clock));
  const auto topics = options.log.topics();
  const auto parse = [](const log::Record& record, auto& message) {
    return record.value &&
           message.ParseFromArray(record.value->data(), static_cast<int>(record.value->size()));
  };
  TB_RETURN_IF_ERROR(ReadAll(*log, clock, {topics.decisions}, [&](const log::Record& record) {
    v1::Decision decision;
    if (!parse(record, decision) || decision.call_id() != options.call_id) return true;
    story.decision = std::move(decision);
    return false;  // there is one
  }));
  if (!story.decision) return Ok();
  return ReadAll(*log, clock, {topics.amendments, topics.status}, [&](const log::Record& record) {
    v1::Amendment amendment;
    v1::Status status;
    if (record.topic == topics.amendments) {
      if (parse(record, amendment) && amendment.call_id() == options.call_id)
        story.amendments.push_back(std::move(amendment));
    } else if (!story.decision->job_id().empty() && parse(record, status) &&
               status.job_id() == story.decision->job_id()) {
      story.statuses.push_back(std::move(status));
    }
    return true;
  });
}

// Lines as `textback replay` prints them, with and without --all.
Status FromFile(const Options& options, Story& story) {
  TB_ASSIGN_OR_RETURN(const auto bytes, config::ReadFile(options.file, kFileBytesMax));
  ops::RecordFileReader reader(ops::RecordFormat::kJson, bytes);
  while (true) {
    TB_ASSIGN_OR_RETURN(const auto next, reader.Next());
    if (!next) return Ok();
    std::string_view line = *next;
    // Reading all lines as JSON would take long: the id stands in each one that matters.
    if (line.find(options.call_id) == std::string_view::npos) continue;
    bool amendment = false;
    for (const std::string_view kind : {"decision", "amendment", "job", "callback"}) {
      const std::string head = "{\"" + std::string(kind) + "\":{";
      if (!line.starts_with(head)) continue;
      amendment = kind == "amendment";
      const bool explains = amendment || kind == "decision";
      line = explains ? line.substr(head.size() - 1, line.size() - head.size()) : "";
      break;
    }
    if (line.empty()) continue;
    const auto read = [&](google::protobuf::Message& message) {
      auto status = ops::FromJson(line, message);
      if (status) return status;
      return Status(FatalError(
          status.error().code,
          options.file + ":" + std::to_string(reader.number()) + ": " + status.error().message));
    };
    if (amendment) {
      v1::Amendment message;
      TB_RETURN_IF_ERROR(read(message));
      if (message.call_id() == options.call_id) story.amendments.push_back(std::move(message));
    } else {
      v1::Decision message;
      TB_RETURN_IF_ERROR(read(message));
      if (message.call_id() == options.call_id) story.decision = std::move(message);
    }
  }
}

void PrintJson(const Story& story) {
  std::string line = "{\"brief\":";
  ops::AppendJsonString(line, policy::ExplainInBrief(*story.decision));
  line += ",\"decision\":";
  ops::AppendJson(line, *story.decision);
  const auto list = [&](std::string_view name, const auto& messages) {
    line.append(",\"").append(name).append("\":[");
    for (std::size_t i = 0; i < messages.size(); ++i) {
      if (i > 0) line.push_back(',');
      ops::AppendJson(line, messages[i]);
    }
    line.push_back(']');
  };
  list("amendments", story.amendments);
  list("statuses", story.statuses);
  PrintLine(line + "}");
}

Result<int> Run(const Options& options) {
  if (options.file.empty() != options.log.given()) {
    return FatalError("usage", "say where the decisions are: --brokers, --embedded or --file FILE");
  }
  Story story;
  TB_RETURN_IF_ERROR(options.file.empty() ? FromLog(options, story) : FromFile(options, story));
  if (!story.decision) {
    std::fprintf(stderr,
                 "textback: no decision about %s. It may be older than what is kept, still "
                 "settling, or the id of another prefix\n",
                 options.call_id.c_str());
    return kFinding;
  }
  if (options.json) {
    PrintJson(story);
    return kOk;
  }
  std::string text = policy::Explain(*story.decision, story.amendments, story.statuses,
                                     {.show_numbers = options.show_numbers});
  while (!text.empty() && text.back() == '\n') text.pop_back();
  PrintLine(text);
  return kOk;
}

}  // namespace

void AddExplain(CLI::App& app, int& exit_code) {
  auto& command =
      *app.add_subcommand("explain", "Say what was decided about a call, and why, in words");
  auto options = std::make_shared<Options>();
  command.add_option("CALL_ID", options->call_id, "call_id of a decision")->required();
  options->log.AddTo(command);
  command.add_option("--file", options->file,
                     "decisions as `textback replay` prints them, instead of topics");
  command.add_flag("--show-numbers", options->show_numbers, "customers' numbers in full");
  command.add_flag("--json", options->json,
                   "one JSON object, with numbers in full (docs/schema/explanation.schema.json)");
  command.footer(
      "Examples:\n"
      "  textback explain 6b1f0c2d9a7e4f53 --brokers kafka:9092\n"
      "  textback replay calls.csv --tenants t.yaml > d.jsonl && textback explain ID --file "
      "d.jsonl");
  command.callback([options, &exit_code] {
    const auto done = Run(*options);
    exit_code = done ? *done : Complain(done.error());
  });
}

}  // namespace textback::cli
