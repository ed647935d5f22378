#include <algorithm>

#include "log/errors.h"
#include "log_embedded/clients.h"

namespace textback::log_embedded {

namespace errors = log::errors;
using log::CommitOutcome;

Status Producer::Refuse(Error error) {
  last_error_ = error.message;
  return error;
}

Status Producer::Need(State state, const char* call) {
  if (state_ == state) return Ok();
  if (state_ == State::kFenced) {
    return Refuse(YieldError(
        errors::kFenced, "a newer owner of " + config_.transactional_id + " has fenced this one"));
  }
  const char* is = state_ == State::kNew    ? "Init has not been called"
                   : state_ == State::kIdle ? "no transaction is open"
                   : state_ == State::kOpen ? "a transaction is open"
                                            : "a commit has failed";
  return Refuse(FatalError(errors::kInvalidState,
                           std::string(call) + " on " + config_.transactional_id + ", but " + is));
}

bool Producer::OwnsId() const {
  const auto found = core_->epochs.find(config_.transactional_id);
  return found != core_->epochs.end() && found->second == epoch_;
}

bool Producer::Holds(const Fence& fence) const {
  const auto group = core_->groups.find(fence.group);
  return group != core_->groups.end() && group->second.Holds(fence.member, fence.generation);
}

void Producer::Drop() {
  outbox_.Clear();
  offsets_.clear();
  fences_.clear();
}

Status Producer::Init(std::chrono::milliseconds /*timeout*/) {
  TB_RETURN_IF_ERROR(Need(State::kNew, "Init"));
  const std::lock_guard commit(core_->commit_mutex);  // after any commit of an older owner
  const std::lock_guard lock(core_->mutex);
  epoch_ = ++core_->epochs[config_.transactional_id];
  state_ = State::kIdle;
  last_error_.clear();
  return Ok();
}

Status Producer::Begin() {
  TB_RETURN_IF_ERROR(Need(State::kIdle, "Begin"));
  {
    const std::lock_guard lock(core_->mutex);
    if (!OwnsId()) state_ = State::kFenced;
  }
  TB_RETURN_IF_ERROR(Need(State::kIdle, "Begin"));
  state_ = State::kOpen;
  last_error_.clear();
  return Ok();
}

Status Producer::Send(std::string_view topic, std::int32_t partition, std::string_view key,
                      std::optional<std::string_view> value, std::int64_t timestamp_ms) {
  TB_RETURN_IF_ERROR(Need(State::kOpen, "Send"));
  if (outbox_.bytes() >= core_->options.transaction_bytes_max) {
    return Refuse(
        FatalError(errors::kInvalidState, "a transaction of " + config_.transactional_id +
                                              " is over transaction_bytes_max (" +
                                              std::to_string(core_->options.transaction_bytes_max) +
                                              "): lower the batch or raise it"));
  }
  auto added = outbox_.Add(topic, partition, key, value, timestamp_ms);
  return added ? Ok() : Refuse(added.error());
}

Status Producer::SendOffsets(const std::vector<log::OffsetCommit>& offsets,
                             const log::GroupMetadata& metadata) {
  TB_RETURN_IF_ERROR(Need(State::kOpen, "SendOffsets"));
  fences_.push_back({metadata.group, metadata.member, metadata.generation});
  for (const auto& offset : offsets) {
    offsets_[{metadata.group, offset.source}] = {offset.next_offset, offset.metadata};
  }
  const std::lock_guard lock(core_->mutex);
  if (metadata.valid() && Holds(fences_.back())) return Ok();
  return Refuse(YieldError(errors::kFenced, "group " + metadata.group +
                                                " has moved on since generation " +
                                                std::to_string(metadata.generation)));
}

CommitOutcome Producer::Commit(std::chrono::milliseconds /*timeout*/) {
  if (!Need(State::kOpen, "Commit")) {
    return state_ == State::kFenced ? CommitOutcome::kFenced
           : state_ == State::kDead ? CommitOutcome::kUnknown
                                    : CommitOutcome::kAborted;
  }
  const std::lock_guard commit(core_->commit_mutex);
  {
    const std::lock_guard lock(core_->mutex);
    if (!OwnsId()) {
      state_ = State::kFenced;
    } else if (!std::all_of(fences_.begin(), fences_.end(),
                            [this](const Fence& f) { return Holds(f); })) {
      // The transaction is refused; the id is still this producer's.
      last_error_ = "group " + fences_.front().group +
                    " has moved on: another member owns its partitions now";
      state_ = State::kIdle;
      Drop();
      return CommitOutcome::kFenced;
    }
  }
  if (state_ == State::kFenced) {
    (void)Need(State::kOpen, "Commit");
    Drop();
    return CommitOutcome::kFenced;
  }
  auto appended = core_->Append(outbox_.Take(), offsets_);
  Drop();
  state_ = State::kIdle;
  last_error_.clear();
  if (appended) return CommitOutcome::kCommitted;
  last_error_ = appended.error().message;
  if (appended.error().disposition == Disposition::kRetry) return CommitOutcome::kAborted;
  state_ = State::kDead;
  return CommitOutcome::kUnknown;
}

Status Producer::Abort(std::chrono::milliseconds /*timeout*/) {
  TB_RETURN_IF_ERROR(Need(State::kOpen, "Abort"));
  Drop();
  state_ = State::kIdle;
  last_error_.clear();
  return Ok();
}

}  // namespace textback::log_embedded
