#include "shard/config.h"

#include <set>
#include <string_view>

namespace textback::shard {
namespace {

using std::chrono::milliseconds;

class Check {
 public:
  void Require(bool holds, std::string_view what) {
    if (holds) return;
    if (!problems_.empty()) problems_ += "; ";
    problems_ += what;
  }
  void Name(std::string_view field, std::string_view name) {
    bool good = !name.empty() && name.size() <= 100;
    for (const char c : name) {
      good = good && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-');
    }
    Require(good, std::string(field) + " must be 1 to 100 of [A-Za-z0-9._-], is \"" +
                      std::string(name) + "\"");
  }
  template <class T>
  void Range(std::string_view field, T value, T low, T high) {
    Require(value >= low && value <= high, std::string(field) + " must be " + std::to_string(low) +
                                               " to " + std::to_string(high) + ", is " +
                                               std::to_string(value));
  }
  void Range(std::string_view field, milliseconds value, milliseconds low, milliseconds high) {
    Range(std::string(field) + "_ms", value.count(), low.count(), high.count());
  }
  const std::string& problems() const { return problems_; }

 private:
  std::string problems_;
};

void CheckTopics(const ShardConfig& c, Check& check) {
  check.Require(!c.inputs.empty() && c.inputs.size() <= 16, "there must be 1 to 16 inputs");
  check.Require(c.outputs.size() <= 32, "there may be 32 outputs at most");
  std::set<std::string_view> inputs;
  for (const auto& input : c.inputs) {
    check.Name("an input's topic", input.topic);
    check.Require(inputs.insert(input.topic).second, "input " + input.topic + " is named twice");
  }
  for (const auto& output : c.outputs) check.Name("an output's topic", output.topic);
  check.Name("changelog_topic", c.changelog_topic);
  check.Name("deadletter_topic", c.deadletter_topic);
  check.Require(!inputs.contains(c.changelog_topic), "the changelog may not be an input");
}

void CheckLimits(const ShardConfig& c, Check& check) {
  check.Range<std::size_t>("records_max", c.records_max, 1, 1'000'000);
  check.Range<std::size_t>("bytes_max", c.bytes_max, 1'024, 1UL << 30);
  check.Range<std::size_t>("timers_max", c.timers_max, 1, 1'000'000);
  check.Range<std::size_t>("local_events_max", c.local_events_max, 1, 1'000'000);
  check.Range<std::size_t>("value_bytes_max", c.value_bytes_max, 1'024, 64UL << 20);
  check.Range<std::size_t>("gather_polls_max", c.gather_polls_max, 1, 10'000);
  check.Range<std::size_t>("restore_records_max", c.restore_records_max, 1, 10'000'000);
  check.Range<std::size_t>("restore_bytes_max", c.restore_bytes_max, 1'024, 1UL << 30);
  check.Range<std::size_t>("starts_per_step", c.starts_per_step, 1, 1'000);
  check.Range<std::size_t>("sources_max", c.sources_max, 1, 100'000);
  check.Range("call_retries", c.call_retries, 0, 100);
  check.Range("rebuilds_max", c.rebuilds_max, 1, 1'000);
  check.Range("client_failures_max", c.client_failures_max, 1, 1'000'000);
  check.Range("thread", c.thread, 0, 9'999);
}

void CheckTimes(const ShardConfig& c, Check& check) {
  check.Range("gather_interval", c.gather_interval, milliseconds(0), milliseconds(10'000));
  // Stream point 4: a dead owner's transaction blocks readers for about twice its time-out.
  check.Range("transaction_timeout", c.transaction_timeout, milliseconds(1'000),
              milliseconds(60'000));
  check.Range("session_timeout", c.session_timeout, milliseconds(1'000), milliseconds(60'000));
  check.Range("max_poll_interval", c.max_poll_interval, c.session_timeout, milliseconds(3'600'000));
  check.Range("call_timeout", c.call_timeout, milliseconds(1), c.max_poll_interval / 4);
  check.Range("changelog_delete_retention", c.changelog_delete_retention, milliseconds(60'000),
              milliseconds(366L * 86'400'000));
  check.Range("marker_interval", c.marker_interval, milliseconds(0),
              c.changelog_delete_retention / 4);
  check.Range("source_timeout", c.source_timeout, milliseconds(1), milliseconds(86'400'000));
  check.Range("progress_interval", c.progress_interval, milliseconds(1), milliseconds(60'000));
  check.Range("lag_interval", c.lag_interval, milliseconds(100), milliseconds(3'600'000));
  check.Range("backoff_min", c.backoff_min, milliseconds(1), milliseconds(60'000));
  check.Range("backoff_max", c.backoff_max, c.backoff_min, milliseconds(600'000));
}

}  // namespace

Status Validate(const ShardConfig& config) {
  Check check;
  check.Name("app", config.app);
  check.Name("role", config.role);
  check.Name("instance", config.instance);
  CheckTopics(config, check);
  CheckLimits(config, check);
  CheckTimes(config, check);
  if (check.problems().empty()) return Ok();
  return FatalError(errors::kConfig, "shard " + config.role + ": " + check.problems());
}

}  // namespace textback::shard
