#include "log_sim/broker.h"

#include <algorithm>

#include "base/assert.h"
#include "log/errors.h"

namespace textback::log::sim {

Error UnreachableError(const Process& process) {
  return RetryError(errors::kUnreachable, "no broker answers " + process.name + " (simulated)");
}

Error DeadError(const Process& process) {
  return FatalError(errors::kClient, "the simulated process " + process.name + " is dead");
}

Broker::Broker(std::uint64_t seed, ManualClock& clock, FaultPlan plan, SimOptions options)
    : clock_(clock),
      options_(options),
      groups_([this](const std::string& topic) {
        const Topic* found = FindTopic(topic);
        return found ? static_cast<std::int32_t>(found->partitions.size()) : 0;
      }),
      transactions_(*this, options.abort_check_interval, clock.Mono()),
      faults_(std::move(plan), Random(seed)) {
  TB_ASSERT(options.abort_check_interval.count() > 0);
  if (options.cleaner_interval.count() > 0) next_clean_ = now() + options.cleaner_interval;
}

void Broker::CatchUp() {
  // In order of time, whatever the step of the clock: a session that ended before another's join
  // must have ended before it.
  for (auto next = NextEvent(); next && *next <= now(); next = NextEvent()) RunAt(*next);
}

std::optional<MonoTime> Broker::NextEvent() const {
  auto next = transactions_.NextEvent();
  const auto consider = [&](std::optional<MonoTime> t) {
    if (t) next = next ? std::min(*next, *t) : *t;
  };
  consider(groups_.NextEvent());
  consider(next_clean_);
  if (!late_.empty()) consider(late_.front().at);
  for (const auto& [name, process] : processes_) {
    if (process->cut_off) consider(process->cut_off_until);
  }
  return next;
}

void Broker::RunAt(MonoTime now) {
  while (!late_.empty() && late_.front().at <= now) {
    const LateEnd late = late_.front();
    late_.pop_front();
    (void)transactions_.End(late.who, late.commit, std::nullopt);
  }
  Heal(now);
  transactions_.RunAt(now);
  groups_.RunAt(now);
  if (next_clean_ && *next_clean_ <= now) {
    *next_clean_ += options_.cleaner_interval;
    Clean();
  }
}

void Broker::Heal(MonoTime now) {
  for (auto& [name, process] : processes_) {
    if (!process->cut_off || process->cut_off_until > now) continue;
    process->cut_off = false;
    if (process->alive && !process->paused) groups_.Unfreeze(process->owner, now);
  }
}

std::shared_ptr<Process> Broker::NewProcess(const std::string& name) {
  CatchUp();
  const Process* before = Find(name);
  TB_ASSERT(!before || !before->alive);
  auto process = std::make_shared<Process>();
  process->name = name;
  process->owner = name + "#" + std::to_string(++incarnations_[name]);
  processes_[name] = process;
  return process;
}

Process* Broker::Find(const std::string& name) {
  const auto it = processes_.find(name);
  return it == processes_.end() ? nullptr : it->second.get();
}

void Broker::Kill(Process& process) {
  if (!process.alive) return;
  process.alive = false;
  process.paused = false;
  groups_.Freeze(process.owner, now());
  Trace(process, "process", "killed");
  if (on_crash) on_crash(process.name);
}

void Broker::Pause(Process& process) {
  TB_ASSERT(process.alive && !process.paused);
  process.paused = true;
  groups_.Freeze(process.owner, now());
  Trace(process, "process", "paused");
}

void Broker::Resume(Process& process) {
  TB_ASSERT(process.alive && process.paused);
  process.paused = false;
  process.unaware_until = now() + options_.heartbeat_interval;
  if (!process.cut_off) groups_.Unfreeze(process.owner, now());
  Trace(process, "process", "resumed");
}

void Broker::CutOff(Process& process, std::chrono::milliseconds time) {
  if (!process.alive) return;
  process.cut_off = true;
  process.cut_off_until = std::max(process.cut_off_until, now() + time);
  groups_.Freeze(process.owner, now());
  Trace(process, "process", "cut off");
}

Topic* Broker::FindTopic(std::string_view name) {
  const auto it = topics_.find(name);
  return it == topics_.end() ? nullptr : &it->second;
}

PartitionLog* Broker::FindPartition(const TopicPartition& partition) {
  Topic* topic = FindTopic(partition.topic);
  if (!topic || partition.partition < 0) return nullptr;
  const auto index = static_cast<std::size_t>(partition.partition);
  return index < topic->partitions.size() ? &topic->partitions[index] : nullptr;
}

Status Broker::Create(const TopicSpec& spec) {
  TB_ASSERT(spec.partitions > 0);
  if (const Topic* existing = FindTopic(spec.name)) {
    if (existing->spec.partitions == spec.partitions) return Ok();
    return FatalError(errors::kPartitionMismatch,
                      "topic " + spec.name + " exists with " +
                          std::to_string(existing->spec.partitions) + " partitions, wanted " +
                          std::to_string(spec.partitions) +
                          ": counts are immutable, create a topic of another name");
  }
  Topic topic;
  topic.spec = spec;
  topic.partitions.resize(static_cast<std::size_t>(spec.partitions));
  topics_.emplace(spec.name, std::move(topic));
  return Ok();
}

void Broker::Clean() {
  for (auto& [name, topic] : topics_) {
    std::int64_t delete_retention_ms = options_.delete_retention_ms;
    const auto setting = topic.spec.settings.find("delete.retention.ms");
    if (setting != topic.spec.settings.end()) delete_retention_ms = std::stoll(setting->second);
    const std::int64_t retention_ms =
        topic.spec.retention_ms >= 0 ? topic.spec.retention_ms : options_.retention_ms;
    for (auto& partition : topic.partitions) {
      if (topic.spec.compact) {
        partition.Compact(clock_.NowMs(), delete_retention_ms);
      } else {
        partition.Retain(clock_.NowMs() - retention_ms);
      }
    }
  }
}

std::optional<Error> Broker::Refuse(std::string_view topic, std::int32_t partition,
                                    std::string_view key, std::size_t bytes) {
  const Topic* found = FindTopic(topic);
  const std::string name(topic);
  if (!found || !FindPartition({name, partition})) {
    return FatalError(errors::kTopicMissing, "no topic " + name + " with a partition " +
                                                 std::to_string(partition) + ": create it");
  }
  if (bytes > options_.record_bytes_max) {
    return DeadLetterError(errors::kRecordTooLarge,
                           "a record of " + std::to_string(bytes) + " bytes for " + name +
                               " is larger than the broker takes (" +
                               std::to_string(options_.record_bytes_max) + ")");
  }
  if (found->spec.compact && key.empty()) {
    return DeadLetterError(
        errors::kInvalidState,
        "a record without a key can't be written to the compacted topic " + name);
  }
  return std::nullopt;
}

void Broker::EndLater(const ProducerIdentity& who, bool commit) {
  late_.push_back({now() + options_.delay, who, commit});
}

void Broker::WriteMarker(const TopicPartition& partition, std::int64_t producer, bool commit) {
  PartitionLog* log = FindPartition(partition);
  TB_ASSERT(log != nullptr);
  log->AppendMarker(producer, commit, clock_.NowMs());
}

void Broker::EndOffsets(const std::string& group, std::int64_t producer, bool commit) {
  groups_.EndPending(producer, group, commit);
}

void Broker::Trace(const Process& process, std::string_view what, std::string_view outcome) {
  if (!on_trace) return;
  std::string line = std::to_string(
      std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch()).count());
  line.append(" ").append(process.name).append(" ").append(what).append(" ").append(outcome);
  on_trace(line);
}

Call::Call(Broker& broker, Process& process, Step step)
    : broker_(broker), process_(process), step_(step) {
  broker_.CatchUp();
  TB_ASSERT(!process_.paused);  // a stopped process makes no calls: the simulation's mistake
  if (!process_.alive) {
    stop_ = DeadError(process_);
    return;
  }
  if (const Fault* fault = broker_.faults().Reach(step, process_.name)) {
    fault_ = *fault;
    ActOut();
  }
}

void Call::ActOut() {
  broker_.Trace(process_, ToString(step_), "fault " + std::string(ToString(*fault_)));
  switch (*fault_) {
    case Fault::kCrashBefore:
      broker_.Kill(process_);
      stop_ = DeadError(process_);
      break;
    case Fault::kRetry:
      stop_ = step_ == Step::kWriterSend
                  ? RetryError(errors::kQueueFull, "the queue of " + process_.name + " is full")
                  : RetryError(errors::kTimedOut, "the broker was too slow for " + process_.name);
      break;
    case Fault::kUnreachable:
      broker_.CutOff(process_, broker_.options().unreachable);
      break;
    case Fault::kSessionLost:
      broker_.groups().Evict(process_.owner, broker_.now());
      break;
    case Fault::kRebalance:
      broker_.groups().Rebalance(process_.owner, broker_.now());
      break;
    default:
      break;  // the step's own
  }
}

Call::~Call() {
  if (fault_ == Fault::kCrashAfter) broker_.Kill(process_);
}

}  // namespace textback::log::sim
