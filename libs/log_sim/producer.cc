#include "log_sim/producer.h"

#include "base/hash.h"
#include "log/errors.h"

namespace textback::log::sim {
namespace {

constexpr std::size_t kOffsetMetadataMax = 4096;  // offset.metadata.max.bytes

std::optional<std::string> Own(std::optional<std::string_view> value) {
  if (!value) return std::nullopt;
  return std::string(*value);
}

std::size_t Size(std::string_view key, std::optional<std::string_view> value) {
  return key.size() + (value ? value->size() : 0);
}

std::string_view ToString(CommitOutcome outcome) {
  switch (outcome) {
    case CommitOutcome::kCommitted:
      return "committed";
    case CommitOutcome::kAborted:
      return "aborted";
    case CommitOutcome::kFenced:
      return "fenced";
    case CommitOutcome::kUnknown:
      return "unknown";
  }
  return "?";
}

}  // namespace

Error SimProducer::FencedError() const {
  return YieldError(errors::kFenced,
                    "another producer has taken over the id " + config_.transactional_id);
}

// Remembers why a call failed.
Status SimProducer::Keep(Status status) {
  last_error_ = status ? "" : status.error().message;
  return status;
}

CommitOutcome SimProducer::Outcome(CommitOutcome outcome, std::string error) {
  last_error_ = std::move(error);
  broker_.Trace(*process_, "commit", ToString(outcome));
  return outcome;
}

void SimProducer::Usurp(const Call& call) {
  if (call.struck(Fault::kFence)) broker_.transactions().Usurp(config_.transactional_id);
}

Status SimProducer::Init(std::chrono::milliseconds) {
  const Call call(broker_, *process_, Step::kInit);
  if (call.stop()) return Keep(*call.stop());
  if (call.cut_off()) return Keep(UnreachableError(*process_));
  if (state_ != State::kNew) return Keep(FatalError(errors::kInvalidState, "Init twice"));
  identity_ = broker_.transactions().Init(config_.transactional_id, config_.transaction_timeout);
  state_ = State::kReady;
  return Keep(Ok());
}

Status SimProducer::Begin() {
  const Call call(broker_, *process_, Step::kBegin);
  if (call.stop()) return Keep(*call.stop());
  Usurp(call);
  if (state_ == State::kFenced) return Keep(FencedError());
  if (state_ != State::kReady) {
    return Keep(FatalError(errors::kInvalidState, state_ == State::kNew
                                                      ? "Begin before Init"
                                                      : "Begin within a transaction"));
  }
  state_ = State::kOpen;
  touched_ = false;
  pending_.clear();
  return Keep(Ok());
}

Status SimProducer::CheckOpen() const {
  if (state_ == State::kFenced) return FencedError();
  if (state_ == State::kOpen || state_ == State::kRefused) return Ok();
  return FatalError(errors::kInvalidState, "no transaction is open: call Begin first");
}

Status SimProducer::Send(std::string_view topic, std::int32_t partition, std::string_view key,
                         std::optional<std::string_view> value, std::int64_t timestamp_ms) {
  const Call call(broker_, *process_, Step::kSend);
  if (call.stop()) return Keep(*call.stop());
  Usurp(call);
  if (const auto open = CheckOpen(); !open) return Keep(open);
  if (auto refused = broker_.Refuse(topic, partition, key, Size(key, value))) {
    return Keep(*std::move(refused));
  }
  pending_.push_back(
      {{std::string(topic), partition}, std::string(key), Own(value), timestamp_ms, std::nullopt});
  if (!call.cut_off()) Push();
  return Keep(Ok());  // a refusal by the broker shows later
}

// All that lies in the process goes to the broker, which looks at the epoch and nothing else.
void SimProducer::Push() {
  for (auto& r : pending_) {
    const auto added = broker_.transactions().AddPartition(identity_, r.partition, broker_.now());
    if (added == TransactionAnswer::kFenced) {
      state_ = State::kFenced;
      break;
    }
    touched_ = true;
    PartitionLog* log = broker_.FindPartition(r.partition);
    log->Append(identity_.producer, std::move(r.key), std::move(r.value), r.timestamp_ms);
  }
  pending_.clear();
}

Status SimProducer::SendOffsets(const std::vector<OffsetCommit>& offsets,
                                const GroupMetadata& metadata) {
  const Call call(broker_, *process_, Step::kSendOffsets);
  if (call.stop()) return Keep(*call.stop());
  Usurp(call);
  return Keep(DoSendOffsets(call, offsets, metadata));
}

Status SimProducer::DoSendOffsets(const Call& call, const std::vector<OffsetCommit>& offsets,
                                  const GroupMetadata& metadata) {
  TB_RETURN_IF_ERROR(CheckOpen());
  for (const auto& o : offsets) {
    if (o.metadata.size() <= kOffsetMetadataMax) continue;
    return FatalError(errors::kInvalidState, "an offset's metadata is longer than 4096 bytes");
  }
  if (!metadata.valid()) {
    // The broker would take it, as from a client without a group.
    state_ = State::kRefused;
    return YieldError(errors::kFenced, "offsets need the metadata of a member");
  }
  if (call.cut_off()) return UnreachableError(*process_);
  Push();
  if (state_ == State::kFenced) return FencedError();
  const auto added = broker_.transactions().AddGroup(identity_, metadata.group, broker_.now());
  if (added == TransactionAnswer::kFenced) {
    state_ = State::kFenced;
    return FencedError();
  }
  touched_ = true;
  const auto answer = broker_.groups().Check(metadata, true);
  if (answer != GroupAnswer::kOk) {
    state_ = State::kRefused;
    return YieldError(errors::kFenced, "offsets of group " + metadata.group +
                                           " refused: " + std::string(ToString(answer)));
  }
  broker_.groups().CommitPending(identity_.producer, metadata.group, offsets);
  return Ok();
}

CommitOutcome SimProducer::Commit(std::chrono::milliseconds) {
  const Call call(broker_, *process_, Step::kCommit);
  if (call.stop()) return Outcome(CommitOutcome::kUnknown, call.stop()->message);
  Usurp(call);
  return DoCommit(call);
}

CommitOutcome SimProducer::DoCommit(const Call& call) {
  if (const auto open = CheckOpen(); !open) {
    const bool fenced = state_ == State::kFenced;
    return Outcome(fenced ? CommitOutcome::kFenced : CommitOutcome::kUnknown, open.error().message);
  }
  if (state_ == State::kRefused) {
    return Outcome(CommitOutcome::kFenced, "the group has refused this transaction's offsets");
  }
  if (call.cut_off() || call.struck(Fault::kUnknownLost)) {
    state_ = State::kReady;
    return Outcome(CommitOutcome::kUnknown, "no answer to the commit");
  }
  Push();
  if (state_ == State::kFenced) return Outcome(CommitOutcome::kFenced, FencedError().message);
  if (call.struck(Fault::kAborted)) {
    if (const auto aborted = DoAbort(call); !aborted) {
      return Outcome(state_ == State::kFenced ? CommitOutcome::kFenced : CommitOutcome::kUnknown,
                     aborted.error().message);
    }
    return Outcome(CommitOutcome::kAborted, "a record wasn't taken by the broker");
  }
  return EndCommit(call);
}

CommitOutcome SimProducer::EndCommit(const Call& call) {
  state_ = State::kReady;
  if (call.struck(Fault::kUnknownDelayed)) {
    if (touched_) broker_.EndLater(identity_, true);
    return Outcome(CommitOutcome::kUnknown, "no answer to the commit");
  }
  if (touched_) {
    std::optional<MonoTime> markers_at;
    if (call.struck(Fault::kMarkersLate)) markers_at = broker_.now() + broker_.options().delay;
    const auto answer = broker_.transactions().End(identity_, true, markers_at);
    if (answer == TransactionAnswer::kFenced) {
      state_ = State::kFenced;
      return Outcome(CommitOutcome::kFenced, FencedError().message);
    }
    if (answer == TransactionAnswer::kInvalidState) {
      return Outcome(CommitOutcome::kUnknown, "the coordinator knows no such transaction");
    }
    if (call.struck(Fault::kUnknownTwice)) broker_.EndLater(identity_, true);
  }
  if (call.struck(Fault::kUnknownApplied) || call.struck(Fault::kUnknownTwice)) {
    return Outcome(CommitOutcome::kUnknown, "no answer to the commit");
  }
  return Outcome(CommitOutcome::kCommitted, "");
}

Status SimProducer::Abort(std::chrono::milliseconds) {
  const Call call(broker_, *process_, Step::kAbort);
  if (call.stop()) return Keep(*call.stop());
  Usurp(call);
  const auto status = Keep(DoAbort(call));
  broker_.Trace(*process_, "abort", status ? "ok" : status.error().code);
  return status;
}

Status SimProducer::DoAbort(const Call& call) {
  const auto open = CheckOpen();
  if (!open) return FatalError(errors::kClient, "abort: " + open.error().message);
  if (call.cut_off()) return FatalError(errors::kClient, "no answer to the abort");
  pending_.clear();
  if (touched_) {
    const auto answer = broker_.transactions().End(identity_, false, std::nullopt);
    if (answer == TransactionAnswer::kFenced) state_ = State::kFenced;
    if (answer != TransactionAnswer::kOk) {
      return FatalError(errors::kClient,
                        "the coordinator refused the abort: recreate the producer");
    }
  }
  state_ = State::kReady;
  return Ok();
}

Result<std::uint64_t> SimWriter::Send(std::string_view topic, std::optional<std::int32_t> partition,
                                      std::string_view key, std::optional<std::string_view> value,
                                      std::int64_t timestamp_ms) {
  const Call call(broker_, *process_, Step::kWriterSend);
  if (call.stop()) return *call.stop();
  if (useless_) return FatalError(errors::kClient, "this writer has lost a send: recreate it");
  if (pending_.size() >= broker_.options().writer_queue_max) {
    return RetryError(errors::kQueueFull, "the writer's queue is full: poll it");
  }
  if (!partition) {
    const Topic* found = broker_.FindTopic(topic);
    partition = found ? PartitionOf(key, static_cast<std::int32_t>(found->partitions.size())) : 0;
  }
  if (auto refused = broker_.Refuse(topic, *partition, key, Size(key, value))) {
    return *std::move(refused);
  }
  pending_.push_back(
      {{std::string(topic), *partition}, std::string(key), Own(value), timestamp_ms, std::nullopt});
  return ++sent_;
}

Result<std::uint64_t> SimWriter::SendWith(const Header& header, std::string_view topic,
                                          std::optional<std::int32_t> partition,
                                          std::string_view key,
                                          std::optional<std::string_view> value,
                                          std::int64_t timestamp_ms) {
  auto sent = Send(topic, partition, key, value, timestamp_ms);
  if (sent) pending_.back().header.emplace(header.name, header.value);
  return sent;
}

Status SimWriter::Deliver(const Call& call) {
  if (useless_) return FatalError(errors::kClient, "this writer has lost a send: recreate it");
  if (call.cut_off()) return Ok();
  const bool lost = call.struck(Fault::kUnknownLost);
  const bool unknown = lost || call.struck(Fault::kUnknownApplied);
  if (unknown && !pending_.empty()) useless_ = true;
  if (!lost) {
    for (auto& r : pending_) {
      broker_.FindPartition(r.partition)
          ->Append(-1, std::move(r.key), std::move(r.value), r.timestamp_ms, std::move(r.header));
    }
  }
  pending_.clear();
  if (useless_) return RetryError(errors::kTimedOut, "no answer to some sends: send them again");
  durable_ = sent_;
  return Ok();
}

Result<std::uint64_t> SimWriter::Poll(std::chrono::milliseconds) {
  const Call call(broker_, *process_, Step::kWriterPoll);
  if (call.stop()) return *call.stop();
  TB_RETURN_IF_ERROR(Deliver(call));
  return durable_;
}

Status SimWriter::Flush(std::chrono::milliseconds) {
  const Call call(broker_, *process_, Step::kWriterPoll);
  if (call.stop()) return *call.stop();
  TB_RETURN_IF_ERROR(Deliver(call));
  if (durable_ == sent_) return Ok();
  return RetryError(errors::kTimedOut, "not everything is durable yet");
}

}  // namespace textback::log::sim
