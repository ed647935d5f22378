#include <algorithm>

#include "log/errors.h"
#include "log_embedded/clients.h"

namespace textback::log_embedded {

namespace errors = log::errors;
using log::TopicPartition;

Result<std::unique_ptr<log::Consumer>> Consumer::Make(std::shared_ptr<Core> core,
                                                      const log::ConsumerConfig& config,
                                                      log::RebalanceListener& listener) {
  if (config.group.empty() || config.topics.empty()) {
    return FatalError(errors::kInvalidState, "a consumer needs a group and at least one topic");
  }
  std::optional<std::size_t> partitions;
  for (const auto& name : config.topics) {
    TB_ASSIGN_OR_RETURN(const Topic* const topic, core->NeedTopic(name));
    const std::size_t count = topic->partitions.size();
    if (config.co_partitioned && partitions.value_or(count) != count) {
      return FatalError(errors::kPartitionMismatch,
                        config.topics.front() + " has " + std::to_string(*partitions) +
                            " partitions, but " + name + " has " + std::to_string(count) +
                            ": co-partitioned inputs need the same number");
    }
    partitions = count;
  }
  return std::unique_ptr<log::Consumer>(
      std::make_unique<Consumer>(std::move(core), config, listener));
}

Consumer::Consumer(std::shared_ptr<Core> core, log::ConsumerConfig config,
                   log::RebalanceListener& listener)
    : core_(core), config_(std::move(config)), listener_(listener), fetcher_(std::move(core)) {}

Consumer::~Consumer() {
  if (!joined_ || closed_) return;
  const std::lock_guard lock(core_->mutex);  // as a crash: its session runs from now
  core_->groups[config_.group].GoAway(seat_, member_, core_->clock.Mono());
}

Error Consumer::Fenced() const {
  return YieldError(errors::kFenced, "another member of group " + config_.group +
                                         " has taken the place of " + config_.instance);
}

std::int32_t Consumer::CountOf(const std::string& topic) const {
  const auto found = core_->topics.find(topic);
  return found == core_->topics.end() ? 0
                                      : static_cast<std::int32_t>(found->second->partitions.size());
}

void Consumer::JoinGroup() {
  const std::lock_guard commit(core_->commit_mutex);
  const std::lock_guard lock(core_->mutex);
  member_ = config_.group + "-" + config_.instance + "-" + std::to_string(++core_->members_made);
  seat_ = config_.instance.empty() ? member_ : config_.instance;
  Group::Terms terms;
  terms.subscribed = config_.topics;
  if (config_.co_partitioned) terms.subscribed.resize(1);
  terms.session = config_.session_timeout;
  terms.poll_interval = config_.max_poll_interval;
  core_->groups[config_.group].Join(seat_, member_, terms, core_->clock.Mono());
  joined_ = true;
  core_->NotifyChange();
}

// Says that this member lives, and moves the group on as far as it goes by itself.
Group::Standing Consumer::Look() {
  const MonoTime now = core_->clock.Mono();
  std::unique_lock lock(core_->mutex);
  Group& group = core_->groups[config_.group];
  group.Seen(seat_, member_, now);
  if (group.AnySilent(now) || group.ReadyToComplete()) {
    lock.unlock();
    const std::lock_guard commit(core_->commit_mutex);
    lock.lock();
    if (group.AnySilent(now)) group.ExpireSilent(now);
    group.TryComplete([this](const std::string& topic) { return CountOf(topic); });
    core_->NotifyChange();
  }
  return group.StandingOf(seat_, member_);
}

void Consumer::GiveUp() {
  const std::vector<TopicPartition> partitions(held_.begin(), held_.end());
  fetcher_.Clear();
  if (!partitions.empty()) listener_.OnRevoked(partitions);
  held_.clear();
  const std::lock_guard lock(core_->mutex);
  core_->groups[config_.group].Rejoin(seat_);
  core_->NotifyChange();
}

void Consumer::Lose() {
  const std::vector<TopicPartition> partitions(held_.begin(), held_.end());
  fetcher_.Clear();
  held_.clear();
  generation_ = -1;
  if (!partitions.empty()) listener_.OnLost(partitions);
}

void Consumer::Take() {
  std::vector<TopicPartition> partitions;
  {
    const std::lock_guard lock(core_->mutex);
    Group& group = core_->groups[config_.group];
    // Between Look and here the group may have moved on, or the seat: look again at the next poll.
    if (group.StandingOf(seat_, member_) != Group::Standing::kAssigned) return;
    partitions = group.Adopt(seat_);
    generation_ = group.generation();
  }
  if (config_.co_partitioned) {
    const std::size_t anchors = partitions.size();
    for (std::size_t topic = 1; topic < config_.topics.size(); ++topic) {
      for (std::size_t i = 0; i < anchors; ++i) {
        partitions.push_back({config_.topics[topic], partitions[i].partition});
      }
    }
  }
  held_.insert(partitions.begin(), partitions.end());
  listener_.OnAssigned(partitions, Metadata());
}

Status Consumer::ServeGroup() {
  if (fenced_) return Fenced();
  if (!joined_) JoinGroup();
  // Each turn moves on by a step; a group can't keep a member busy for longer than this.
  for (int turn = 0; turn < 8; ++turn) {
    switch (Look()) {
      case Group::Standing::kFenced:
        fenced_ = true;
        Lose();
        return Fenced();
      case Group::Standing::kUnknown:
        Lose();
        JoinGroup();
        break;
      case Group::Standing::kGiveUp:
        GiveUp();
        break;
      case Group::Standing::kAssigned:
        Take();
        break;
      case Group::Standing::kWait:
      case Group::Standing::kSettled:
        return Ok();
    }
  }
  return Ok();
}

Status Consumer::Poll(log::Batch& batch, const log::PollLimits& limits,
                      std::chrono::milliseconds wait) {
  batch.Clear();
  if (closed_) return FatalError(errors::kInvalidState, "a closed consumer was polled");
  TB_RETURN_IF_ERROR(ServeGroup());
  TB_RETURN_IF_ERROR(fetcher_.Poll(batch, limits));
  if (!batch.records.empty() || wait.count() <= 0) return Ok();
  {
    std::unique_lock lock(core_->mutex);
    const Group& group = core_->groups[config_.group];
    core_->changed.wait_for(lock, wait, [&] {
      const auto standing = group.StandingOf(seat_, member_);
      return fetcher_.Ready() || group.ReadyToComplete() ||
             (standing != Group::Standing::kSettled && standing != Group::Standing::kWait);
    });
  }
  TB_RETURN_IF_ERROR(ServeGroup());
  return fetcher_.Poll(batch, limits);
}

Status Consumer::Resume(const TopicPartition& partition, std::int64_t offset) {
  return held_.contains(partition) ? fetcher_.Start(partition, offset) : Ok();
}

Status Consumer::Pause(const TopicPartition& partition) {
  fetcher_.Stop(partition);
  return Ok();
}

Result<std::map<TopicPartition, std::optional<log::CommittedOffset>>> Consumer::Committed(
    const std::vector<TopicPartition>& partitions) {
  std::map<TopicPartition, std::optional<log::CommittedOffset>> result;
  const std::lock_guard lock(core_->mutex);
  for (const auto& partition : partitions) {
    const auto found = core_->offsets.find({config_.group, partition});
    result[partition] = found == core_->offsets.end() ? std::nullopt : std::optional(found->second);
  }
  return result;
}

Status Consumer::Commit(const std::vector<log::OffsetCommit>& offsets) {
  std::map<GroupOffset, log::CommittedOffset> committed;
  for (const auto& offset : offsets) {
    committed[{config_.group, offset.source}] = {offset.next_offset, offset.metadata};
  }
  const std::lock_guard commit(core_->commit_mutex);
  {
    const std::lock_guard lock(core_->mutex);
    if (!core_->groups[config_.group].Holds(member_, generation_)) return Fenced();
  }
  return core_->Append({}, committed);
}

Result<log::Consumer::Range> Consumer::Offsets(const TopicPartition& partition,
                                               bool /*read_committed*/) {
  TB_ASSIGN_OR_RETURN(const Topic* const topic, core_->NeedPartition(partition));
  return core_->Offsets(*topic, partition.partition);
}

Result<std::int64_t> Consumer::Position(const TopicPartition& partition) {
  const auto position = fetcher_.Position(partition);
  if (position) return *position;
  return RetryError(errors::kInvalidState, partition.topic + "-" +
                                               std::to_string(partition.partition) +
                                               " has no position before it is resumed");
}

log::GroupMetadata Consumer::Metadata() const {
  return {config_.group, member_, generation_, nullptr};
}

void Consumer::Close() {
  if (closed_) return;
  closed_ = true;
  if (!joined_ || fenced_) return;
  if (Look() == Group::Standing::kUnknown) {
    Lose();
    return;
  }
  GiveUp();
  const std::lock_guard commit(core_->commit_mutex);
  const std::lock_guard lock(core_->mutex);
  Group& group = core_->groups[config_.group];
  if (config_.instance.empty()) {
    group.Leave(seat_, member_);
  } else {
    group.GoAway(seat_, member_, core_->clock.Mono());
  }
  core_->NotifyChange();
}

}  // namespace textback::log_embedded
