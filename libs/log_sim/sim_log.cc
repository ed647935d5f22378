#include "log_sim/sim_log.h"

#include "base/assert.h"
#include "log_sim/broker.h"
#include "log_sim/client.h"

namespace textback::log::sim {

SimCluster::SimCluster(std::uint64_t seed, ManualClock& clock, FaultPlan plan, SimOptions options)
    : broker_(std::make_unique<Broker>(seed, clock, std::move(plan), options)) {}
SimCluster::~SimCluster() = default;

std::unique_ptr<Log> SimCluster::NewClient(const std::string& name) {
  return std::make_unique<SimLog>(*broker_, broker_->NewProcess(name));
}

void SimCluster::KillClient(const std::string& name) {
  CatchUp();
  Process* process = broker_->Find(name);
  TB_ASSERT(process != nullptr);
  broker_->Kill(*process);
}

void SimCluster::PauseClient(const std::string& name) {
  CatchUp();
  Process* process = broker_->Find(name);
  TB_ASSERT(process != nullptr);
  broker_->Pause(*process);
}

void SimCluster::ResumeClient(const std::string& name) {
  CatchUp();
  Process* process = broker_->Find(name);
  TB_ASSERT(process != nullptr);
  broker_->Resume(*process);
}

bool SimCluster::Alive(const std::string& name) const {
  const Process* process = broker_->Find(name);
  return process != nullptr && process->alive;
}

void SimCluster::Unreachable(const std::string& name, std::chrono::milliseconds time) {
  CatchUp();
  for (auto& [each, process] : broker_->processes()) {
    if (name.empty() || each == name) broker_->CutOff(*process, time);
  }
}

void SimCluster::OnCrash(std::function<void(const std::string&)> hook) {
  broker_->on_crash = std::move(hook);
}

Status SimCluster::CreateTopics(const std::vector<TopicSpec>& topics) {
  for (const auto& spec : topics) TB_RETURN_IF_ERROR(broker_->Create(spec));
  return Ok();
}

void SimCluster::Trim(const TopicPartition& partition, std::int64_t offset) {
  CatchUp();
  PartitionLog* log = broker_->FindPartition(partition);
  TB_ASSERT(log != nullptr);
  log->TrimTo(offset);
}

void SimCluster::Clean() {
  CatchUp();
  broker_->Clean();
}

void SimCluster::Stall(const std::string& topic, std::chrono::milliseconds time) {
  broker_->Stall(topic, time);
}

void SimCluster::ForgetOffsets(const std::string& group) {
  broker_->groups().offsets(group).clear();
}

void SimCluster::ForceOffset(const std::string& group, const TopicPartition& partition,
                             CommittedOffset offset) {
  broker_->groups().offsets(group)[partition] = std::move(offset);
}

namespace {

std::vector<SimRecord> Records(Broker& broker, const std::string& topic, bool read_committed) {
  std::vector<SimRecord> records;
  const Topic* found = broker.FindTopic(topic);
  TB_ASSERT(found != nullptr);
  for (std::size_t p = 0; p < found->partitions.size(); ++p) {
    const PartitionLog& log = found->partitions[p];
    std::int64_t position = log.begin();
    while (const Entry* entry = log.Next(position, read_committed)) {
      records.push_back({static_cast<std::int32_t>(p), entry->offset, entry->timestamp_ms,
                         entry->key, entry->value});
      position = entry->offset + 1;
    }
  }
  return records;
}

}  // namespace

std::vector<SimRecord> SimCluster::ReadCommitted(const std::string& topic) {
  CatchUp();
  return Records(*broker_, topic, true);
}

std::vector<SimRecord> SimCluster::ReadAll(const std::string& topic) {
  CatchUp();
  return Records(*broker_, topic, false);
}

Consumer::Range SimCluster::Offsets(const TopicPartition& partition, bool read_committed) {
  CatchUp();
  const PartitionLog* log = broker_->FindPartition(partition);
  TB_ASSERT(log != nullptr);
  return {log->begin(), log->End(read_committed)};
}

std::map<TopicPartition, CommittedOffset> SimCluster::CommittedOffsets(const std::string& group) {
  CatchUp();
  return broker_->groups().offsets(group);
}

GroupView SimCluster::Group(const std::string& group) {
  CatchUp();
  return broker_->groups().View(group);
}

std::size_t SimCluster::OpenTransactions() {
  CatchUp();
  return broker_->transactions().open();
}

const FaultCounts& SimCluster::faults() const { return broker_->faults().counts(); }
void SimCluster::StopFaults() { broker_->faults().Stop(); }
void SimCluster::CatchUp() { broker_->CatchUp(); }
void SimCluster::OnTrace(std::function<void(std::string_view)> hook) {
  broker_->on_trace = std::move(hook);
}

}  // namespace textback::log::sim
