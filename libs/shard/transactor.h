// Runs transactions: everything that the partitions of one batch produced, atomic with their
// offsets.
//
//                  Begin        Send…  SendOffsets        Commit
//     (no producer) ──Ensure──▶ idle ──────▶ open ──────────▶ committed ─▶ idle
//          ▲                                  │ error            │
//          │                                  ▼                  ├─ aborted ─▶ idle
//          │                                Abort ─▶ idle        │
//          └──── destroyed ◀── abort not confirmed, fenced, ─────┴─ unknown
//                              fatal
//
// Stream points kept here:
//   3  every transaction sends offsets with the group metadata captured at assignment, at least the
//      anchor's of each partition, changed or not: the broker fences only those;
//   6  every transaction writes the State of each of its partitions into their changelog;
//   10 a retriable error repeats the call a few times, then aborts; after an unknown outcome the
//   producer
//      is destroyed, since a delayed end of that transaction could tear the next one;
//   15 the anchor's offset carries the tallies.
//
// Nothing is decided while a transaction is open: it is open only for as long as sending takes.
//
// Threads: the shard's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "log/log.h"
#include "shard/config.h"
#include "shard/heartbeat.h"
#include "shard/partition.h"
#include "shard/state.h"

namespace textback::shard {

class Transactor {
 public:
  // All outlive the transactor.
  Transactor(log::Log& log, const ShardConfig& config, const Names& names, Heartbeat& heartbeat);

  // Looks the topics' partition counts up and checks them against `partitions`. Once, before Run.
  Status CheckTopics(std::int32_t partitions);

  // Makes and initialises the producer, if there is none; that ends the transaction of any earlier
  // one.
  Status Ensure();
  bool ready() const { return producer_ != nullptr; }
  void Destroy() { producer_.reset(); }

  struct End {
    log::CommitOutcome outcome = log::CommitOutcome::kCommitted;
    std::optional<Error> why;  // unless committed
    // The partition whose output is to blame, where a single one is.
    std::optional<std::int32_t> culprit;
  };
  // After kFenced and kUnknown, and where an abort couldn't be confirmed, ready() is false.
  End Run(const std::vector<Partition*>& partitions, const log::GroupMetadata& captured);

 private:
  End RunOpen(const std::vector<Partition*>& partitions, const log::GroupMetadata& captured);
  Status SendWork(Partition& partition);
  Status SendOffsets(const std::vector<Partition*>& partitions, const log::GroupMetadata& captured);
  Status Send(std::string_view topic, std::int32_t partition, std::string_view key,
              std::optional<std::string_view> value, std::int64_t timestamp_ms);
  std::int32_t TargetOf(std::size_t output, std::int32_t partition, std::string_view key) const;
  End Abort(Error why, std::optional<std::int32_t> culprit);
  template <class F>
  Status Retrying(F&& call);

  log::Log& log_;
  const ShardConfig& config_;
  const Names& names_;
  Heartbeat& heartbeat_;
  std::vector<std::string> topics_;   // of the inputs
  std::vector<std::int32_t> counts_;  // per output
  std::int32_t deadletter_count_ = 0;
  std::unique_ptr<log::TransactionalProducer> producer_;
  std::string scratch_;
  std::string state_;
};

}  // namespace textback::shard
