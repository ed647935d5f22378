#include "pipeline/topics.h"

#include <utility>

namespace textback::pipeline {
namespace {

constexpr std::int32_t kPartitionsMax = 10'000;

}  // namespace

Topics::Topics(std::string p)
    : prefix(std::move(p)),
      cdrs(prefix + "cdrs"),
      calls(prefix + "calls"),
      inbound(prefix + "inbound"),
      status(prefix + "status"),
      tenants(prefix + "tenants"),
      tenants_history(prefix + "tenants.history"),
      jobs(prefix + "jobs"),
      submissions(prefix + "submissions"),
      receipts(prefix + "receipts"),
      decisions(prefix + "decisions"),
      amendments(prefix + "amendments"),
      callbacks(prefix + "callbacks"),
      deadletter(prefix + "deadletter"),
      blocklist(prefix + "blocklist"),
      decide_changelog(prefix + "decide.changelog"),
      dispatch_changelog(prefix + "dispatch.changelog"),
      track_changelog(prefix + "track.changelog"),
      ingest_positions(prefix + "ingest.positions") {}

Status Validate(const TopicPlan& plan) {
  if (plan.partitions < 1 || plan.partitions > kPartitionsMax) {
    return FatalError("config_invalid", "partitions must be from 1 to 10000");
  }
  if (plan.decision_partitions < 1 || plan.decision_partitions > plan.partitions) {
    return FatalError("config_invalid",
                      "decision partitions must be from 1 to the number of partitions");
  }
  return Ok();
}

std::vector<log::TopicSpec> Specs(const Topics& topics, const TopicPlan& plan) {
  std::vector<log::TopicSpec> specs;
  const auto stream = [&](const std::string& name, std::int32_t partitions) {
    specs.push_back({.name = name, .partitions = partitions, .retention_ms = plan.retention_ms});
  };
  const auto table = [&](const std::string& name, std::int32_t partitions) {
    specs.push_back({.name = name,
                     .partitions = partitions,
                     .compact = true,
                     .settings = {{"delete.retention.ms",
                                   std::to_string(plan.changelog_delete_retention_ms)}}});
  };
  for (const auto* name : {&topics.cdrs, &topics.calls, &topics.inbound, &topics.status,
                           &topics.jobs, &topics.submissions, &topics.receipts}) {
    stream(*name, plan.partitions);
  }
  for (const auto* name :
       {&topics.decisions, &topics.amendments, &topics.callbacks, &topics.deadletter})
    stream(*name, plan.decision_partitions);
  stream(topics.tenants_history, 1);
  table(topics.tenants, 1);
  table(topics.ingest_positions, 1);
  table(topics.blocklist, 1);
  for (const auto* name :
       {&topics.decide_changelog, &topics.dispatch_changelog, &topics.track_changelog}) {
    table(*name, plan.partitions);
  }
  return specs;
}

Result<std::vector<TopicFinding>> Verify(log::Admin& admin,
                                         const std::vector<log::TopicSpec>& specs) {
  std::vector<std::string> names;
  names.reserve(specs.size());
  for (const auto& spec : specs) names.push_back(spec.name);
  TB_ASSIGN_OR_RETURN(const auto found, admin.Describe(names));
  std::vector<TopicFinding> findings;
  for (const auto& spec : specs) {
    const auto it = found.find(spec.name);
    if (it == found.end() || !it->second) {
      findings.push_back({spec.name, "missing: `textback topics create` makes it"});
      continue;
    }
    if (it->second->partitions != spec.partitions) {
      findings.push_back({spec.name, std::to_string(it->second->partitions) +
                                         " partitions, expected " +
                                         std::to_string(spec.partitions) +
                                         ": counts never change under one prefix"});
    }
    const auto policy = it->second->settings.find("cleanup.policy");
    const std::string want = spec.compact ? "compact" : "delete";
    if (policy != it->second->settings.end() && policy->second != want) {
      findings.push_back({spec.name, "cleanup.policy is " + policy->second + ", expected " + want});
    }
  }
  return findings;
}

}  // namespace textback::pipeline
