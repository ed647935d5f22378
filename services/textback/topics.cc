// textback topics create|verify: the topics as the plan has them.
#include "pipeline/topics.h"

#include "commands.h"
#include "ops/json.h"
#include "pipeline/production.h"
#include "shell.h"

namespace textback::cli {
namespace {

struct Options {
  LogOptions log;
  pipeline::TopicPlan plan;
  bool json = false;
  bool production = false;
};

void AddOptions(CLI::App& app, Options& options) {
  options.log.AddTo(app);
  app.add_option("--partitions", options.plan.partitions,
                 "of all topics that are sharded by customer; can't be changed later under the "
                 "same prefix")
      ->capture_default_str();
  app.add_option("--decision-partitions", options.plan.decision_partitions,
                 "of decisions, amendments and dead letters; at most as many")
      ->capture_default_str();
  app.add_flag("--json", options.json, "one JSON object a line (docs/schema/topic.schema.json)");
}

void Print(const std::vector<log::TopicSpec>& specs,
           const std::vector<pipeline::TopicFinding>& findings, bool json) {
  Table table({"TOPIC", "PARTITIONS", "CLEANUP", "STATE"});
  for (const auto& spec : specs) {
    std::string state = "ok";
    for (const auto& finding : findings) {
      if (finding.topic == spec.name) state = finding.problem;
    }
    const std::string cleanup = spec.compact ? "compact" : "delete";
    if (!json) {
      table.Add({spec.name, std::to_string(spec.partitions), cleanup, state});
      continue;
    }
    std::string line = "{\"topic\":";
    ops::AppendJsonString(line, spec.name);
    line += ",\"partitions\":" + std::to_string(spec.partitions) + ",\"cleanup\":\"" + cleanup +
            "\",\"state\":";
    ops::AppendJsonString(line, state);
    PrintLine(line + "}");
  }
  if (!json) table.Print();
}

// What of the settings voids the guarantee. Returns how many.
Result<std::size_t> CheckSettings(const Options& options, log::Admin& admin,
                                  const std::vector<log::TopicSpec>& specs) {
  std::vector<std::string> names;
  names.reserve(specs.size());
  for (const auto& spec : specs) names.push_back(spec.name);
  TB_ASSIGN_OR_RETURN(const auto findings,
                      pipeline::CheckProduction(admin, options.log.topics(), names));
  Table table({"WHERE", "SETTING", "IS", "NEEDED"});
  for (const auto& finding : findings) {
    if (!options.json) {
      table.Add({finding.where, finding.setting, finding.found, finding.needed});
      continue;
    }
    std::string line;
    for (const auto& [name, value] :
         {std::pair("where", &finding.where), std::pair("setting", &finding.setting),
          std::pair("found", &finding.found), std::pair("needed", &finding.needed)}) {
      line += line.empty() ? "{\"" : ",\"";
      line += std::string(name) + "\":";
      ops::AppendJsonString(line, *value);
    }
    PrintLine(line + "}");
  }
  if (!options.json && !findings.empty()) {
    PrintLine("\nWhat voids the guarantee (docs/guarantees.md):");
    table.Print();
  }
  return findings.size();
}

Result<int> Run(const Options& options, bool create) {
  TB_RETURN_IF_ERROR(pipeline::Validate(options.plan));
  const SystemClock clock;
  TB_ASSIGN_OR_RETURN(const auto log, options.log.Open(clock));
  TB_ASSIGN_OR_RETURN(const auto admin, log->NewAdmin());
  const auto specs = pipeline::Specs(options.log.topics(), options.plan);
  if (create) {
    // What is there already is left as it is, and told below where it differs.
    TB_ASSIGN_OR_RETURN(const auto before, pipeline::Verify(*admin, specs));
    std::vector<log::TopicSpec> missing;
    for (const auto& spec : specs) {
      for (const auto& finding : before) {
        if (finding.topic == spec.name && finding.problem.starts_with("missing"))
          missing.push_back(spec);
      }
    }
    if (!missing.empty()) TB_RETURN_IF_ERROR(admin->Create(missing));
  }
  TB_ASSIGN_OR_RETURN(const auto findings, pipeline::Verify(*admin, specs));
  Print(specs, findings, options.json);
  std::size_t unsafe = 0;
  if (options.production) {
    TB_ASSIGN_OR_RETURN(unsafe, CheckSettings(options, *admin, specs));
  }
  return findings.empty() && unsafe == 0 ? kOk : kFinding;
}

}  // namespace

void AddTopics(CLI::App& app, int& exit_code) {
  auto& topics = *app.add_subcommand("topics", "Make the topics, or see whether they are right");
  topics.require_subcommand(1);
  for (const bool create : {true, false}) {
    auto& command = *topics.add_subcommand(
        create ? "create" : "verify",
        create ? "Make the topics that are missing; those that are there stay as they are"
               : "Compare the topics with the plan; exit code 1 if one differs");
    auto options = std::make_shared<Options>();
    AddOptions(command, *options);
    if (!create) {
      command.add_flag("--production", options->production,
                       "Also what of the topics' and brokers' settings voids the guarantee "
                       "(docs/guarantees.md)");
    }
    command.footer(
        create ? "Example:\n  textback topics create --brokers kafka:9092 --partitions 16"
               : "Example:\n  textback topics verify --brokers kafka:9092 --partitions 16 --json");
    command.callback([options, create, &exit_code] {
      const auto done = Run(*options, create);
      exit_code = done ? *done : Complain(done.error());
    });
  }
}

}  // namespace textback::cli
