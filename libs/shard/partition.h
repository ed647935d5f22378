// One partition of a role, as its shard holds it. Plain data; the rules are in shard.h, restore.h,
// timer_gate.h and transactor.h.
//
// Threads: the shard's.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "log/log.h"
#include "shard/config.h"
#include "shard/processor.h"
#include "shard/state.h"
#include "shard/work.h"
#include "store/store.h"

namespace textback::shard {

// How long to wait after failures in a row: doubling from min to max, of which a random half is
// taken off so that many shards don't come back in step.
class Backoff {
 public:
  void Fail(const ShardConfig& config, const Clock& clock, Random& random) {
    std::chrono::nanoseconds wait = config.backoff_min;
    for (int i = 0; i < failures_ && wait < config.backoff_max; ++i) wait *= 2;
    wait = std::min<std::chrono::nanoseconds>(wait, config.backoff_max);
    wait -=
        std::chrono::nanoseconds(random.Below(static_cast<std::uint64_t>(wait.count()) / 2 + 1));
    ++failures_;
    not_before_ = clock.Mono() + wait;
  }
  void Reset() { *this = Backoff(); }
  bool Ready(const Clock& clock) const { return failures_ == 0 || clock.Mono() >= not_before_; }
  // Until Ready.
  std::chrono::nanoseconds Left(const Clock& clock) const {
    return Ready(clock) ? std::chrono::nanoseconds(0) : not_before_ - clock.Mono();
  }
  int failures() const { return failures_; }

 private:
  int failures_ = 0;
  MonoTime not_before_{};
};

enum class Phase : std::uint8_t {
  kOpening,    // assigned; store, group offsets and changelog's end are being looked at
  kRestoring,  // the changelog is being replayed into the store
  kRunning,
  kHalted,  // failed closed: stands still until it is assigned anew
};

// How far one input has been read, as far as timers are concerned (timer_gate.h).
struct InputProgress {
  std::int64_t last_timestamp_ms = kNothingForgotten;  // of the last record consumed
  std::int64_t read_through_ms =
      kNothingForgotten;            // all that was in the log at this time is consumed
  std::optional<std::int64_t> end;  // seen at end_seen_ms, not reached yet
  std::int64_t end_seen_ms = 0;
  std::optional<MonoTime> asked_at;
};

struct Partition {
  Partition(const ShardConfig& config, Names& names, std::int32_t i, MonoTime now)
      : index(i), work(config, names, i), assigned_at(now) {
    for (const auto& input : config.inputs) inputs.push_back({input.topic, i});
    progress.resize(inputs.size());
    changelog = {config.changelog_topic, i};
  }

  const std::int32_t index;
  std::vector<log::TopicPartition> inputs;
  log::TopicPartition changelog;
  Phase phase = Phase::kOpening;
  Backoff backoff;
  int rebuilds = 0;  // in a row at the same input positions
  std::vector<std::int64_t> rebuilt_at;
  std::string halted_by;
  // Of failures without a commit in between, as far as they follow close on one another.
  std::optional<MonoTime> failing_since;
  MonoTime failed_at{};

  std::unique_ptr<store::Store> store;
  State state;  // committed
  Work work;

  // Where a restore has to start: every committed change before it is in the store. Known to lag
  // behind the last commit, never to run ahead (Transactor doesn't learn offsets).
  std::int64_t restart_offset = 0;
  // Becomes restart_offset when the next transaction commits, which proves that the partition was
  // ours all the time.
  std::optional<std::int64_t> restart_candidate;
  MonoTime restart_asked_at{};
  bool restart_behind = false;  // something was committed since

  // Opening and restoring.
  std::vector<std::optional<log::CommittedOffset>> group;  // per input
  std::int64_t replay_begin = 0;
  std::int64_t replay_position = 0;
  std::int64_t replay_end = 0;
  MonoTime assigned_at;

  // Running.
  bool started = false;  // the processor was told
  bool resumed = false;  // the consumer fetches it
  std::int64_t started_ms = 0;
  std::vector<InputProgress> progress;
  std::vector<InputRecord> records;  // of the batch at hand
  bool timers_left = false;          // more were due than one transaction takes
  // For the watchdog: the next timer, if it is due, and since when it has been the next one.
  bool timers_wait = false;  // for an input or for capacity, as of this turn
  std::int64_t timer_due_ms = 0;
  std::optional<MonoTime> timer_since;
  std::deque<std::unique_ptr<LocalEvent>> local;
  std::size_t local_in_batch = 0;  // the first so many are in the transaction at hand
  // The transaction whose outcome nobody knew: it counts if State::transactions has reached it.
  std::optional<std::uint64_t> uncertain;
};

}  // namespace textback::shard
