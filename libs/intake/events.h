// What intake tells its owner, for metrics and the log. Nothing here is called per record.
//
// Threads: called on the thread that steps the feed or the intake; implementations don't block.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "intake/tallies.h"
#include "log/log.h"

namespace textback::intake {

class IntakeEvents {
 public:
  virtual ~IntakeEvents() = default;

  // --- tenant feed ---
  virtual void OnLines(std::size_t /*tenants*/, std::size_t /*lines*/, std::int64_t /*version*/) {}
  // A tenant that can't be used, and is kept out as a whole.
  virtual void OnTenantRefused(std::string_view /*tenant*/, const Error& /*why*/) {}
  // A line that another tenant has: `tenant` goes without it. `line` is masked.
  virtual void OnLineRefused(std::string_view /*line*/, std::string_view /*tenant*/,
                             std::string_view /*owner*/) {}

  // --- block lists ---
  virtual void OnBlocked(std::size_t /*entries*/, std::int64_t /*version*/) {}
  // An entry that can't be used: it blocks nobody. `number` is masked.
  virtual void OnBlockRefused(std::string_view /*number*/, const Error& /*why*/) {}

  // --- intake ---
  // One batch: what was counted since the last call, and the age of its oldest record (now -
  // produced).
  virtual void OnBatch(const Tallies& /*delta*/, std::int64_t /*oldest_age_ms*/) {}
  virtual void OnIdsMade(std::uint64_t /*count*/) {}  // records without an id of their own
  virtual void OnDeadLetter(std::string_view /*source*/, const Error& /*why*/) {}
  virtual void OnPartitionStarted(const log::TopicPartition& /*partition*/,
                                  std::int64_t /*offset*/) {}
  virtual void OnPartitionStopped(const log::TopicPartition& /*partition*/) {}
  // The log has dropped records before they were read: [from, to).
  virtual void OnRecordsExpired(const log::TopicPartition& /*partition*/, std::int64_t /*from*/,
                                std::int64_t /*to*/) {}
  // The committed offset carries no tallies of ours: counting starts at zero.
  virtual void OnTalliesLost(const log::TopicPartition& /*partition*/) {}
  virtual void OnCommitted(std::size_t /*partitions*/) {}
  // Something failed and is tried again after `wait`.
  virtual void OnRetry(const Error& /*why*/, std::chrono::milliseconds /*wait*/) {}
  // Sends failed for good: all partitions go back to their committed offsets.
  virtual void OnRewind(const Error& /*why*/) {}
};

}  // namespace textback::intake
