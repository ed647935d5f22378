#include "log_sim/consumer.h"

#include <deque>

#include "log/errors.h"

namespace textback::log::sim {
namespace {

struct Copies final : Batch::Owner {
  std::deque<std::string> strings;
  std::deque<std::pair<std::string, std::string>> headers;
  std::string_view Keep(const std::string& s) { return strings.emplace_back(s); }
};

Error Missing(const TopicPartition& partition) {
  return FatalError(errors::kTopicMissing, "no topic " + partition.topic + " with a partition " +
                                               std::to_string(partition.partition) + ": create it");
}

}  // namespace

Status Fetcher::Fetch(Batch& batch, const PollLimits& limits, bool read_committed) {
  if (positions_.empty()) return Ok();
  auto copies = std::make_unique<Copies>();
  auto it = positions_.begin();
  std::advance(it, static_cast<std::ptrdiff_t>(first_++ % positions_.size()));
  for (std::size_t i = 0; i < positions_.size(); ++i) {
    auto& [partition, position] = *it;
    if (++it == positions_.end()) it = positions_.begin();
    const PartitionLog* log = broker_.FindPartition(partition);
    if (!log) return Missing(partition);
    if (position < log->begin() || position > log->end()) {
      if (!batch.records.empty()) break;  // hand out what is there; this is said next time
      return RebuildError(errors::kOffsetOutOfRange,
                          "offset " + std::to_string(position) + " of " + partition.topic + "-" +
                              std::to_string(partition.partition) + " is outside the log [" +
                              std::to_string(log->begin()) + ", " + std::to_string(log->end()) +
                              "]");
    }
    if (broker_.Stalled(partition.topic)) continue;
    const std::string_view topic = copies->Keep(partition.topic);
    while (batch.records.size() < limits.records_max && batch.bytes < limits.bytes_max) {
      const Entry* entry = log->Next(position, read_committed);
      if (!entry) break;
      Record record;
      record.topic = topic;
      record.partition = partition.partition;
      record.offset = entry->offset;
      record.timestamp_ms = entry->timestamp_ms;
      record.key = copies->Keep(entry->key);
      if (entry->value) record.value = copies->Keep(*entry->value);
      if (entry->header) record.native = &copies->headers.emplace_back(*entry->header);
      batch.bytes += record.key.size() + (record.value ? record.value->size() : 0);
      batch.records.push_back(record);
      position = entry->offset + 1;
    }
  }
  if (!batch.records.empty()) batch.owners.push_back(std::move(copies));
  return Ok();
}

Result<Consumer::Range> RangeOf(Broker& broker, const TopicPartition& partition,
                                bool read_committed) {
  const PartitionLog* log = broker.FindPartition(partition);
  if (!log) return Missing(partition);
  return Consumer::Range{log->begin(), log->End(read_committed)};
}

SimConsumer::SimConsumer(Broker& broker, std::shared_ptr<Process> process, ConsumerConfig config,
                         RebalanceListener& listener)
    : broker_(broker),
      process_(std::move(process)),
      config_(std::move(config)),
      listener_(listener),
      fetcher_(broker),
      last_poll_(broker.now()) {}

SimConsumer::~SimConsumer() {
  if (!member_.empty()) broker_.groups().Gone(config_.group, member_, broker_.now());
}

std::optional<std::string_view> SimConsumer::HeaderOf(const Record& record,
                                                      const std::string& name) const {
  const auto* header = static_cast<const std::pair<std::string, std::string>*>(record.native);
  if (header == nullptr || header->first != name) return std::nullopt;
  return header->second;
}

Status SimConsumer::Poll(Batch& batch, const PollLimits& limits, std::chrono::milliseconds) {
  batch.Clear();
  const Call call(broker_, *process_, Step::kPoll);
  if (call.stop()) return *call.stop();
  if (state_ == State::kClosed) return FatalError(errors::kInvalidState, "Poll after Close");
  if (call.struck(Fault::kFence)) Usurp();
  if (state_ == State::kFenced) return Fenced();
  if (call.cut_off()) {
    last_poll_ = broker_.now();
    return UnreachableError(*process_);
  }
  TB_RETURN_IF_ERROR(RunGroup());
  if (!process_->alive) return DeadError(*process_);  // a crash in a callback
  if (state_ != State::kMember || call.struck(Fault::kSlow)) return Ok();
  return fetcher_.Fetch(batch, limits, true);
}

// Somebody else comes with our instance; without one there is nothing to take, but the place.
void SimConsumer::Usurp() {
  if (config_.instance.empty()) {
    broker_.groups().Evict(process_->owner, broker_.now());
  } else {
    broker_.groups().Usurp(process_->owner, broker_.now());
  }
}

Status SimConsumer::RunGroup() {
  const MonoTime now = broker_.now();
  const bool overslept = now - last_poll_ > config_.max_poll_interval;
  last_poll_ = now;
  broker_.groups().Polled(config_.group, member_, now);
  if (state_ == State::kMember && overslept) {
    // The client itself knows (KIP-62): it has stopped its heartbeats and must assume the worst.
    GiveUp(true);
  }
  if (state_ == State::kMember && now >= next_heartbeat_ && now >= process_->unaware_until) {
    TB_RETURN_IF_ERROR(Heartbeat());
  }
  if (!process_->alive) return Ok();
  if (state_ == State::kOut) Join();
  return state_ == State::kJoining ? Progress() : Ok();
}

Status SimConsumer::Heartbeat() {
  next_heartbeat_ = broker_.now() + broker_.options().heartbeat_interval;
  const auto answer =
      broker_.groups().Heartbeat(config_.group, member_, config_.instance, generation_);
  return answer == GroupAnswer::kOk ? Ok() : Heard(answer);
}

Status SimConsumer::Heard(GroupAnswer answer) {
  broker_.Trace(*process_, "group", ToString(answer));
  switch (answer) {
    case GroupAnswer::kOk:
      return Ok();
    case GroupAnswer::kRebalance:
      GiveUp(false);
      return Ok();
    case GroupAnswer::kIllegalGeneration:
      GiveUp(true);
      return Ok();
    case GroupAnswer::kUnknownMember:
      member_.clear();
      GiveUp(true);
      return Ok();
    case GroupAnswer::kFencedInstance:
      member_.clear();
      GiveUp(true);
      if (state_ != State::kClosed) state_ = State::kFenced;
      return Fenced();
  }
  TB_UNREACHABLE();
}

Status SimConsumer::Fenced() {
  return YieldError(errors::kFenced, "another member has taken over the instance " +
                                         config_.instance + " of group " + config_.group);
}

// Eager: all of it. `lost`: it may be another's already.
void SimConsumer::GiveUp(bool lost) {
  state_ = State::kOut;
  const std::vector<TopicPartition> partitions(assigned_.begin(), assigned_.end());
  if (!partitions.empty()) {
    const Call call(broker_, *process_, Step::kRevoked);
    if (call.stop()) return;
    if (lost) {
      listener_.OnLost(partitions);
    } else {
      listener_.OnRevoked(partitions);
    }
  }
  assigned_.clear();
  fetcher_.ClearAll();
  generation_ = -1;
}

void SimConsumer::Join() {
  JoinRequest request;
  request.group = config_.group;
  request.member = member_;
  request.instance = config_.instance;
  request.owner = process_->owner;
  request.topics = config_.topics;
  if (config_.co_partitioned) request.topics.resize(1);
  request.session_timeout = config_.session_timeout;
  request.max_poll_interval = config_.max_poll_interval;
  member_ = broker_.groups().Join(request, broker_.now());
  state_ = State::kJoining;
}

Status SimConsumer::Progress() {
  const auto membership = broker_.groups().Ask(config_.group, member_, config_.instance);
  if (membership.answer != GroupAnswer::kOk) return Heard(membership.answer);
  if (!membership.ready) return Ok();
  state_ = State::kMember;
  generation_ = membership.generation;
  next_heartbeat_ = broker_.now() + broker_.options().heartbeat_interval;
  for (const auto& p : membership.assignment) {
    if (!config_.co_partitioned) {
      assigned_.insert(p);
      continue;
    }
    for (const auto& topic : config_.topics) assigned_.insert({topic, p.partition});
  }
  broker_.Trace(*process_, "group", "assigned " + std::to_string(assigned_.size()));
  if (assigned_.empty()) return Ok();
  const Call call(broker_, *process_, Step::kAssigned);
  if (call.stop()) return *call.stop();
  listener_.OnAssigned({assigned_.begin(), assigned_.end()}, Metadata());
  return Ok();
}

Status SimConsumer::Resume(const TopicPartition& partition, std::int64_t offset) {
  const Call call(broker_, *process_, Step::kResume);
  if (call.stop()) return *call.stop();
  if (assigned_.contains(partition)) fetcher_.Set(partition, offset);
  return Ok();
}

Status SimConsumer::Pause(const TopicPartition& partition) {
  const Call call(broker_, *process_, Step::kResume);
  if (call.stop()) return *call.stop();
  fetcher_.Clear(partition);
  return Ok();
}

Result<std::map<TopicPartition, std::optional<CommittedOffset>>> SimConsumer::Committed(
    const std::vector<TopicPartition>& partitions) {
  const Call call(broker_, *process_, Step::kCommitted);
  if (call.stop()) return *call.stop();
  if (call.cut_off()) return UnreachableError(*process_);
  auto& groups = broker_.groups();
  std::map<TopicPartition, std::optional<CommittedOffset>> result;
  const auto& offsets = groups.offsets(config_.group);
  for (const auto& partition : partitions) {
    if (groups.Pending(config_.group, partition)) {
      return RetryError(errors::kTimedOut, "a transaction on the offset of " + partition.topic +
                                               "-" + std::to_string(partition.partition) +
                                               " is still open");
    }
    const auto it = offsets.find(partition);
    result[partition] = it == offsets.end() ? std::nullopt : std::optional(it->second);
  }
  return result;
}

Status SimConsumer::Commit(const std::vector<OffsetCommit>& offsets) {
  const Call call(broker_, *process_, Step::kCommitOffsets);
  if (call.stop()) return *call.stop();
  if (call.cut_off()) return UnreachableError(*process_);
  const auto answer = broker_.groups().Check(Metadata(), false);
  if (answer == GroupAnswer::kRebalance) {
    return RetryError(errors::kTimedOut, "group " + config_.group + " is rebalancing");
  }
  if (answer != GroupAnswer::kOk) {
    return YieldError(errors::kFenced, "offsets of group " + config_.group +
                                           " refused: " + std::string(ToString(answer)));
  }
  broker_.groups().Commit(config_.group, offsets);
  return Ok();
}

Result<Consumer::Range> SimConsumer::Offsets(const TopicPartition& partition, bool read_committed) {
  const Call call(broker_, *process_, Step::kOffsets);
  if (call.stop()) return *call.stop();
  if (call.cut_off()) return UnreachableError(*process_);
  return RangeOf(broker_, partition, read_committed);
}

Result<std::int64_t> SimConsumer::Position(const TopicPartition& partition) {
  if (!process_->alive) return DeadError(*process_);
  const auto it = fetcher_.positions().find(partition);
  if (it != fetcher_.positions().end()) return it->second;
  return RetryError(
      errors::kInvalidState,
      partition.topic + "-" + std::to_string(partition.partition) + " hasn't been resumed");
}

GroupMetadata SimConsumer::Metadata() const {
  return {config_.group, member_, generation_, nullptr};
}

void SimConsumer::Close() {
  if (state_ == State::kClosed) return;
  const Call call(broker_, *process_, Step::kClose);
  if (call.stop()) return;
  if (state_ == State::kMember) GiveUp(false);
  state_ = State::kClosed;
  if (member_.empty() || !process_->alive) return;
  if (config_.instance.empty() && !call.cut_off()) {
    broker_.groups().Leave(config_.group, member_, broker_.now());
  } else {
    broker_.groups().Gone(config_.group, member_, broker_.now());
  }
  member_.clear();
}

Status SimReader::Assign(const std::vector<std::pair<TopicPartition, std::int64_t>>& positions) {
  if (!process_->alive) return DeadError(*process_);
  fetcher_.ClearAll();
  for (const auto& [partition, offset] : positions) {
    if (!broker_.FindPartition(partition)) return Missing(partition);
    fetcher_.Set(partition, offset);
  }
  return Ok();
}

Status SimReader::Poll(Batch& batch, const PollLimits& limits, std::chrono::milliseconds) {
  batch.Clear();
  const Call call(broker_, *process_, Step::kReaderPoll);
  if (call.stop()) return *call.stop();
  if (call.cut_off()) return UnreachableError(*process_);
  if (call.struck(Fault::kSlow)) return Ok();
  return fetcher_.Fetch(batch, limits, config_.read_committed);
}

Result<std::int64_t> SimReader::Position(const TopicPartition& partition) {
  if (!process_->alive) return DeadError(*process_);
  const auto it = fetcher_.positions().find(partition);
  if (it == fetcher_.positions().end()) {
    return FatalError(errors::kInvalidState, partition.topic + "-" +
                                                 std::to_string(partition.partition) +
                                                 " isn't assigned to this reader");
  }
  return it->second;
}

Result<Consumer::Range> SimReader::Offsets(const TopicPartition& partition, bool read_committed) {
  const Call call(broker_, *process_, Step::kOffsets);
  if (call.stop()) return *call.stop();
  if (call.cut_off()) return UnreachableError(*process_);
  return RangeOf(broker_, partition, read_committed);
}

}  // namespace textback::log::sim
