// The topics of textback: names, partition counts, clean-up (the table of docs/topics.md).
//
// The prefix stands for a generation: under one prefix partition counts never change.
//
// Thread safety: values and pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/log.h"

namespace textback::pipeline {

struct Topics {
  explicit Topics(std::string prefix = "textback.");

  std::string prefix;
  std::string cdrs, calls, inbound, status, tenants, tenants_history, jobs, submissions, receipts;
  std::string decisions, amendments, callbacks, deadletter, blocklist;
  std::string decide_changelog, dispatch_changelog, track_changelog;
  std::string ingest_positions;
};

struct TopicPlan {
  std::int32_t partitions = 8;  // N: all that is co-partitioned
  std::int32_t decision_partitions =
      4;  // k: decisions, amendments, callbacks, dead letters; at most N
  std::int64_t retention_ms = 7LL * 24 * 60 * 60 * 1000;
  std::int64_t changelog_delete_retention_ms = 24LL * 60 * 60 * 1000;
};

// kFatal "config_invalid": k larger than N, counts out of range.
Status Validate(const TopicPlan& plan);
std::vector<log::TopicSpec> Specs(const Topics& topics, const TopicPlan& plan);

struct TopicFinding {
  std::string topic;
  std::string problem;  // "missing", "8 partitions, expected 16", "cleanup.policy is delete,
                        // expected compact"
};
// What differs between the log and the plan. Empty: all is well.
Result<std::vector<TopicFinding>> Verify(log::Admin& admin,
                                         const std::vector<log::TopicSpec>& specs);

}  // namespace textback::pipeline
