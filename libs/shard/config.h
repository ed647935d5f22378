// What a shard is told: names, limits, times. Everything has a limit, and every limit is checked.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace textback::shard {

// The words that Error::code may be where this library makes the error.
namespace errors {
inline constexpr char kConfig[] = "shard_config";              // kFatal
inline constexpr char kStateAhead[] = "group_ahead_of_state";  // halts: see Shard, cross-check
inline constexpr char kRecordsLost[] =
    "records_lost";  // halts: retention was shorter than the outage
inline constexpr char kStateFormat[] =
    "partition_state_unreadable";  // halts: written by a newer build
inline constexpr char kChangelogFormat[] = "changelog_unreadable";  // halts
inline constexpr char kNotParkable[] =
    "not_parkable";  // halts: a timer or local event refused as a record
inline constexpr char kRebuildLoop[] = "rebuilt_too_often";    // halts
inline constexpr char kValueTooLarge[] = "value_too_large";    // kDeadLetter
inline constexpr char kMetadataChanged[] = "group_moved_on";   // aborts
inline constexpr char kFencedTooOften[] = "fenced_too_often";  // kYield
inline constexpr char kWatchdog[] = "watchdog";  // restarts a shard; kFatal: ends the process
}  // namespace errors

struct InputConfig {
  std::string topic;
  // Timers fire only up to what has been read of this input: true for all whose records can change
  // what a timer decides (calls, STOPs). False: outcomes that only ever come later (receipts).
  bool holds_timers = true;
};

enum class PartitionRule : std::uint8_t {
  kByKey,      // murmur2 of the key, as any Java producer would
  kSameIndex,  // the same index as the partition that emits: co-partitioned, checked at start
  kModulo,     // the emitting partition modulo the topic's count: few partitions touched per
               // transaction
};

struct OutputConfig {
  std::string topic;
  PartitionRule rule = PartitionRule::kByKey;
};

struct ShardConfig {
  std::string role;  // "decide", "dispatch", "track": the group is "<app>.<role>"
  std::string app = "textback";
  std::string instance;  // stable name of this process: a pod's name
  int thread = 0;

  std::vector<InputConfig> inputs;  // the anchor first
  std::vector<OutputConfig> outputs;
  std::string changelog_topic;
  std::string deadletter_topic;

  // A transaction takes at most so much.
  std::size_t records_max = 50'000;
  std::size_t bytes_max = 64UL * 1024 * 1024;
  std::size_t timers_max = 10'000;        // per partition
  std::size_t local_events_max = 10'000;  // per drain, and kept per partition
  std::size_t value_bytes_max = 900'000;  // of one output or document; the broker's limit is 1 MB
  // How long a batch that isn't full may gather. Latency against CPU: a commit costs 15 to 150 ms
  // whatever it carries.
  std::chrono::milliseconds gather_interval{5};
  std::size_t gather_polls_max = 64;

  std::chrono::milliseconds session_timeout{6'000};
  std::chrono::milliseconds max_poll_interval{60'000};
  std::chrono::milliseconds transaction_timeout{4'000};
  // One call to the broker may take so long; below max_poll_interval, or the group takes us for
  // dead.
  std::chrono::milliseconds call_timeout{5'000};

  // Restoring: so much per Step, so that running partitions hardly notice.
  std::size_t restore_records_max = 20'000;
  std::size_t restore_bytes_max = 8UL * 1024 * 1024;
  std::size_t starts_per_step = 4;  // partitions opened (a few calls to the broker each) per Step
  // delete.retention.ms of the changelog: a store older than half of it is wiped, since dropped
  // tombstones would resurrect documents.
  std::chrono::milliseconds changelog_delete_retention{24 * 3'600'000};
  // How often the place from which a restore must start is moved on (a call per partition).
  std::chrono::milliseconds marker_interval{2'000};

  // A source of watermarks not heard for so long no longer holds timers back.
  std::chrono::milliseconds source_timeout{60'000};
  std::size_t sources_max = 1'024;
  // How often the end of an idle input is asked for while a due timer waits for it.
  std::chrono::milliseconds progress_interval{500};
  std::chrono::milliseconds lag_interval{10'000};

  // Back-off after a retriable failure: doubling, with jitter, between these.
  std::chrono::milliseconds backoff_min{10};
  std::chrono::milliseconds backoff_max{5'000};
  int call_retries = 2;         // at once, within a transaction, before it is aborted
  int rebuilds_max = 3;         // of one partition without a commit in between; then it halts
  int client_failures_max = 8;  // clients made anew without a commit in between; then Step gives up

  // Start although unread input was deleted by retention (its records are lost for good). False:
  // the partition halts and says so.
  bool accept_lost_records = false;

  std::string group() const { return app + "." + role; }
  std::string member() const {
    return app + "." + role + "." + instance + "." + std::to_string(thread);
  }
};

// kFatal with all that is wrong, one sentence each.
Status Validate(const ShardConfig& config);

}  // namespace textback::shard
