// The transaction coordinator of the simulated broker (KIP-98, KIP-360; transaction version 1,
// which is what librdkafka 2.0.2 speaks).
//
// Per transactional id:
//
//          first partition or group          EndTxn                    markers written
//   Idle ────────────────────────▶ Open ─────────────────▶ Deciding ───────────────────▶ Idle
//                                    └── time-out found, or Init of a successor: epoch + 1, abort
//
// - Init bumps the epoch: whoever holds an older one is fenced in all that it does, and its open
//   transaction is aborted (stream point 4).
// - Time-outs are looked for every abort check interval only
//   (transaction.abort.timed.out.transaction.cleanup.interval.ms), so a dead owner holds readers up
//   for its time-out plus up to that; the owner is fenced by the same bump.
// - Deciding: readers and offset fetches still wait, EndTxn has already been answered. A call of
// the
//   same owner that needs the markers written waits for them, which here means: they are written.
// - An EndTxn carries id and epoch and nothing that names the transaction, so one that comes late
//   ends whichever transaction is open under that epoch (stream point 10).
// - A produce under an id is checked for the epoch alone: without offsets nobody asks whether the
//   producer still owns anything (stream point 3).
//
// Threads: none; owned by Broker.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "log/log.h"

namespace textback::log::sim {

enum class TransactionAnswer : std::uint8_t {
  kOk,
  kFenced,        // PRODUCER_FENCED, INVALID_PRODUCER_EPOCH
  kInvalidState,  // INVALID_TXN_STATE: EndTxn of the other kind, or without a transaction
};

struct ProducerIdentity {
  std::string transactional_id;
  std::int64_t producer = -1;
  std::int32_t epoch = -1;
};

class TransactionCoordinator {
 public:
  // Where markers go.
  class Markers {
   public:
    virtual ~Markers() = default;
    virtual void WriteMarker(const TopicPartition& partition, std::int64_t producer,
                             bool commit) = 0;
    virtual void EndOffsets(const std::string& group, std::int64_t producer, bool commit) = 0;
  };

  TransactionCoordinator(Markers& markers, std::chrono::milliseconds abort_check_interval,
                         MonoTime start)
      : markers_(markers),
        abort_check_interval_(abort_check_interval),
        next_check_(start + abort_check_interval) {}

  ProducerIdentity Init(const std::string& transactional_id, std::chrono::milliseconds timeout);
  TransactionAnswer AddPartition(const ProducerIdentity& who, const TopicPartition& partition,
                                 MonoTime now);
  TransactionAnswer AddGroup(const ProducerIdentity& who, const std::string& group, MonoTime now);
  // `markers_at`: when they are written; nullopt: at once.
  TransactionAnswer End(const ProducerIdentity& who, bool commit,
                        std::optional<MonoTime> markers_at);
  bool Current(const ProducerIdentity& who) const;
  // As Init by somebody else.
  void Usurp(const std::string& transactional_id);

  std::optional<MonoTime> NextEvent() const;
  void RunAt(MonoTime now);

  // Transactions that are open or wait for their markers.
  std::size_t open() const;

 private:
  enum class State : std::uint8_t { kIdle, kOpen, kDeciding };
  struct Transaction {
    std::int64_t producer = -1;
    std::int32_t epoch = -1;
    std::chrono::milliseconds timeout{0};
    State state = State::kIdle;
    MonoTime started{};
    bool commit = false;        // the last decision
    bool decided_ever = false;  // it exists
    MonoTime markers_at{};
    std::set<TopicPartition> partitions;
    std::set<std::string> groups;
  };

  Transaction* Find(const ProducerIdentity& who);
  Transaction* Open(const ProducerIdentity& who, MonoTime now);
  void Finish(Transaction& transaction);
  void AbortAndBump(Transaction& transaction);

  Markers& markers_;
  const std::chrono::milliseconds abort_check_interval_;
  MonoTime next_check_;
  std::map<std::string, Transaction> transactions_;
  std::int64_t producers_made_ = 0;
};

}  // namespace textback::log::sim
