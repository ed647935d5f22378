#include "log_sim/transactions.h"

#include <algorithm>

#include "base/assert.h"

namespace textback::log::sim {

bool TransactionCoordinator::Current(const ProducerIdentity& who) const {
  const auto it = transactions_.find(who.transactional_id);
  return it != transactions_.end() && it->second.producer == who.producer &&
         it->second.epoch == who.epoch;
}

TransactionCoordinator::Transaction* TransactionCoordinator::Find(const ProducerIdentity& who) {
  return Current(who) ? &transactions_.at(who.transactional_id) : nullptr;
}

ProducerIdentity TransactionCoordinator::Init(const std::string& transactional_id,
                                              std::chrono::milliseconds timeout) {
  auto [it, fresh] = transactions_.try_emplace(transactional_id);
  Transaction& transaction = it->second;
  if (fresh) {
    transaction.producer = producers_made_++;
    transaction.epoch = 0;
  } else {
    AbortAndBump(transaction);
  }
  transaction.timeout = timeout;
  transaction.decided_ever = false;
  return {transactional_id, transaction.producer, transaction.epoch};
}

void TransactionCoordinator::Usurp(const std::string& transactional_id) {
  const auto it = transactions_.find(transactional_id);
  if (it != transactions_.end()) AbortAndBump(it->second);
}

void TransactionCoordinator::AbortAndBump(Transaction& transaction) {
  if (transaction.state == State::kOpen) transaction.commit = false;
  Finish(transaction);
  ++transaction.epoch;
}

TransactionCoordinator::Transaction* TransactionCoordinator::Open(const ProducerIdentity& who,
                                                                  MonoTime now) {
  Transaction* transaction = Find(who);
  if (!transaction) return nullptr;
  if (transaction->state == State::kDeciding) Finish(*transaction);
  if (transaction->state == State::kIdle) {
    transaction->state = State::kOpen;
    transaction->started = now;
  }
  return transaction;
}

TransactionAnswer TransactionCoordinator::AddPartition(const ProducerIdentity& who,
                                                       const TopicPartition& partition,
                                                       MonoTime now) {
  Transaction* transaction = Open(who, now);
  if (!transaction) return TransactionAnswer::kFenced;
  transaction->partitions.insert(partition);
  return TransactionAnswer::kOk;
}

TransactionAnswer TransactionCoordinator::AddGroup(const ProducerIdentity& who,
                                                   const std::string& group, MonoTime now) {
  Transaction* transaction = Open(who, now);
  if (!transaction) return TransactionAnswer::kFenced;
  transaction->groups.insert(group);
  return TransactionAnswer::kOk;
}

TransactionAnswer TransactionCoordinator::End(const ProducerIdentity& who, bool commit,
                                              std::optional<MonoTime> markers_at) {
  Transaction* transaction = Find(who);
  if (!transaction) return TransactionAnswer::kFenced;
  if (transaction->state != State::kOpen) {
    // A repeated EndTxn of the same kind is answered as the first was.
    const bool repeated = transaction->decided_ever && transaction->commit == commit;
    return repeated ? TransactionAnswer::kOk : TransactionAnswer::kInvalidState;
  }
  transaction->state = State::kDeciding;
  transaction->commit = commit;
  transaction->decided_ever = true;
  if (markers_at) {
    transaction->markers_at = *markers_at;
  } else {
    Finish(*transaction);
  }
  return TransactionAnswer::kOk;
}

void TransactionCoordinator::Finish(Transaction& transaction) {
  if (transaction.state == State::kIdle) return;
  for (const auto& partition : transaction.partitions) {
    markers_.WriteMarker(partition, transaction.producer, transaction.commit);
  }
  for (const auto& group : transaction.groups) {
    markers_.EndOffsets(group, transaction.producer, transaction.commit);
  }
  transaction.partitions.clear();
  transaction.groups.clear();
  transaction.state = State::kIdle;
}

std::optional<MonoTime> TransactionCoordinator::NextEvent() const {
  std::optional<MonoTime> next = next_check_;
  for (const auto& [id, transaction] : transactions_) {
    if (transaction.state == State::kDeciding) next = std::min(*next, transaction.markers_at);
  }
  return next;
}

void TransactionCoordinator::RunAt(MonoTime now) {
  for (auto& [id, transaction] : transactions_) {
    if (transaction.state == State::kDeciding && transaction.markers_at <= now) Finish(transaction);
  }
  if (now < next_check_) return;
  next_check_ += abort_check_interval_;
  for (auto& [id, transaction] : transactions_) {
    if (transaction.state == State::kOpen && transaction.started + transaction.timeout <= now) {
      AbortAndBump(transaction);
    }
  }
}

std::size_t TransactionCoordinator::open() const {
  return static_cast<std::size_t>(
      std::count_if(transactions_.begin(), transactions_.end(),
                    [](const auto& entry) { return entry.second.state != State::kIdle; }));
}

}  // namespace textback::log::sim
