#include "shard/transactor.h"

#include <utility>

#include "base/assert.h"
#include "base/hash.h"
#include "base/planted.h"
#include "log/errors.h"
#include "store/store.h"

namespace textback::shard {

using log::CommitOutcome;

Transactor::Transactor(log::Log& log, const ShardConfig& config, const Names& names,
                       Heartbeat& heartbeat)
    : log_(log), config_(config), names_(names), heartbeat_(heartbeat) {
  for (const auto& input : config.inputs) topics_.push_back(input.topic);
}

Status Transactor::CheckTopics(std::int32_t partitions) {
  counts_.clear();
  for (const auto& output : config_.outputs) {
    TB_ASSIGN_OR_RETURN(const std::int32_t count, log_.Partitions(output.topic));
    if (output.rule == PartitionRule::kSameIndex && count != partitions) {
      return FatalError(log::errors::kPartitionMismatch,
                        "topic " + output.topic + " has " + std::to_string(count) +
                            " partitions, but " + config_.inputs[0].topic +
                            ", with which it is co-partitioned, has " + std::to_string(partitions) +
                            ": create it anew with as many");
    }
    counts_.push_back(count);
  }
  TB_ASSIGN_OR_RETURN(deadletter_count_, log_.Partitions(config_.deadletter_topic));
  return Ok();
}

Status Transactor::Ensure() {
  if (producer_) return Ok();
  TB_ASSIGN_OR_RETURN(auto producer, log_.NewTransactionalProducer(
                                         {config_.member(), config_.transaction_timeout}));
  TB_RETURN_IF_ERROR(producer->Init(config_.call_timeout));
  producer_ = std::move(producer);
  return Ok();
}

template <class F>
Status Transactor::Retrying(F&& call) {
  for (int i = 0;; ++i) {
    Status status = call();
    if (status || status.error().disposition != Disposition::kRetry || i >= config_.call_retries)
      return status;
  }
}

Transactor::End Transactor::Run(const std::vector<Partition*>& partitions,
                                const log::GroupMetadata& captured) {
  heartbeat_.SetTransaction(/*open=*/true);
  End end = RunOpen(partitions, captured);
  heartbeat_.SetTransaction(/*open=*/false);
  return end;
}

Transactor::End Transactor::RunOpen(const std::vector<Partition*>& partitions,
                                    const log::GroupMetadata& captured) {
  TB_ASSERT(producer_ && !partitions.empty() && captured.valid());
  heartbeat_.Enter(Doing::kProducing);
  if (auto begun = Retrying([&] { return producer_->Begin(); }); !begun)
    return Abort(begun.error(), std::nullopt);
  for (Partition* partition : partitions) {
    if (auto sent = SendWork(*partition); !sent) return Abort(sent.error(), partition->index);
  }
  if (auto sent = SendOffsets(partitions, captured); !sent)
    return Abort(sent.error(), std::nullopt);
  End end;
  heartbeat_.Enter(Doing::kCommitting);
  end.outcome = producer_->Commit(config_.call_timeout);
  switch (end.outcome) {
    case CommitOutcome::kCommitted:
      return end;
    case CommitOutcome::kAborted:
      end.why = RetryError(log::errors::kClient,
                           "the transaction was aborted: " + producer_->LastError());
      return end;
    case CommitOutcome::kFenced:
      end.why =
          YieldError(log::errors::kFenced, "the commit was refused: " + producer_->LastError());
      break;
    case CommitOutcome::kUnknown:
      end.why = RetryError(log::errors::kTimedOut,
                           "the commit's outcome is unknown: " + producer_->LastError());
      break;
  }
  Destroy();
  return end;
}

Transactor::End Transactor::Abort(Error why, std::optional<std::int32_t> culprit) {
  const Status aborted = producer_->Abort(config_.call_timeout);
  // Never committed, so its fate is clear even unconfirmed: the successor's Init ends it.
  const bool fenced = why.disposition == Disposition::kYield;
  if (!aborted || fenced || why.disposition == Disposition::kFatal) Destroy();
  End end;
  end.outcome = fenced ? CommitOutcome::kFenced : CommitOutcome::kAborted;
  if (why.disposition == Disposition::kDeadLetter) end.culprit = culprit;
  end.why = std::move(why);
  return end;
}

Status Transactor::Send(std::string_view topic, std::int32_t partition, std::string_view key,
                        std::optional<std::string_view> value, std::int64_t timestamp_ms) {
  return Retrying([&] { return producer_->Send(topic, partition, key, value, timestamp_ms); });
}

std::int32_t Transactor::TargetOf(std::size_t output, std::int32_t partition,
                                  std::string_view key) const {
  switch (config_.outputs[output].rule) {
    case PartitionRule::kByKey:
      return PartitionOf(key, counts_[output]);
    case PartitionRule::kSameIndex:
      return partition;
    case PartitionRule::kModulo:
      return partition % counts_[output];
  }
  TB_UNREACHABLE();
}

Status Transactor::SendWork(Partition& partition) {
  Work& work = partition.work;
  const std::int64_t now_ms = work.now_ms();
  for (const auto& output : work.outputs()) {
    TB_RETURN_IF_ERROR(Send(config_.outputs[output.output].topic,
                            TargetOf(output.output, partition.index, output.key), output.key,
                            output.value, now_ms));
  }
  for (const auto& parked : work.parked()) {
    TB_RETURN_IF_ERROR(Send(config_.deadletter_topic, partition.index % deadletter_count_,
                            parked.key, parked.value, now_ms));
  }
  Status status = Ok();
  work.ForEachChanged([&](const Work::Entry& entry) {
    if (!status) return;
    const bool erased = entry.change == Work::Entry::Change::kErased;
    if (erased && Planted(Bug::kTombstoneForgotten)) return;
    std::optional<std::string_view> value;
    if (!erased) {
      scratch_.clear();
      store::AppendDocument(entry.bytes, entry.due_ms, scratch_);
      value = scratch_;
    }
    status = Send(config_.changelog_topic, partition.index, entry.key, value, now_ms);
  });
  TB_RETURN_IF_ERROR(std::move(status));
  state_.clear();
  AppendState(work.next(), topics_, names_, state_);
  scratch_.clear();
  store::AppendDocument(state_, store::kNeverDue, scratch_);
  return Send(config_.changelog_topic, partition.index, kStateKey, scratch_, now_ms);
}

Status Transactor::SendOffsets(const std::vector<Partition*>& partitions,
                               const log::GroupMetadata& captured) {
  std::vector<log::OffsetCommit> offsets;
  for (const Partition* partition : partitions) {
    const State& next = partition->work.next();
    if (Planted(Bug::kNoOffsetsWithTimers) && next.positions == partition->state.positions)
      continue;
    for (std::size_t i = 0; i < partition->inputs.size(); ++i) {
      const bool anchor = i == 0;
      if (!anchor && next.positions[i] == partition->state.positions[i]) continue;
      log::OffsetCommit& offset = offsets.emplace_back();
      offset.source = partition->inputs[i];
      offset.next_offset = next.positions[i];
      if (anchor) offset.metadata = EncodeTallies(next, names_);
    }
  }
  if (offsets.empty() && Planted(Bug::kNoOffsetsWithTimers)) return Ok();
  return Retrying([&] { return producer_->SendOffsets(offsets, captured); });
}

}  // namespace textback::shard
