// How far a partition's timers may fire.
//
// After an outage every settle timer is due before the queued records have been read that would
// have called it off (exactly-once.md, "What a customer's document must remember", 4). So a timer
// fires only up to the least of
//   - the partition's now;
//   - the low watermarks of its sources, but for those not heard for source_timeout (counted from
//     the partition's start at the earliest: a source that was down with us gets its chance);
//   - for each input that holds timers, the time up to which it has been read: the timestamp of the
//     last record consumed, or, if all that the log held at some moment is consumed, that moment.
//
// The end of an input is a call to the broker; it is asked for only while a due timer waits for it.
//
// Threads: the shard's. Errors: the consumer's.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "log/log.h"
#include "shard/config.h"
#include "shard/partition.h"

namespace textback::shard {

struct TimerBound {
  std::int64_t up_to_ms = 0;
  std::string_view held_by;  // what the bound comes from: a topic, "watermark", or "" for now
};

// With what is known.
TimerBound BoundOf(const ShardConfig& config, const Partition& partition, const State& state);

// As BoundOf, asking for the ends of inputs that hold back a timer due at `due_ms`.
Result<TimerBound> RefreshBound(const ShardConfig& config, const Clock& clock,
                                log::Consumer& consumer, Partition& partition, const State& state,
                                std::int64_t due_ms);

}  // namespace textback::shard
