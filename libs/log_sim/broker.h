// What the clients of a SimCluster share: topics, coordinators, processes, faults and time.
//
// Private to log_sim. Threads: none.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "log_sim/groups.h"
#include "log_sim/partition_log.h"
#include "log_sim/sim_log.h"
#include "log_sim/transactions.h"

namespace textback::log::sim {

struct Topic {
  TopicSpec spec;
  std::vector<PartitionLog> partitions;
};

// A simulated process: one incarnation of a name.
struct Process {
  std::string name;
  std::string owner;  // name and incarnation, as the coordinators know it
  bool alive = true;
  bool paused = false;
  bool cut_off = false;
  MonoTime cut_off_until{};
  MonoTime unaware_until{};  // it has just woken: heartbeats haven't told it anything yet
};

class Broker final : private TransactionCoordinator::Markers {
 public:
  Broker(std::uint64_t seed, ManualClock& clock, FaultPlan plan, SimOptions options);

  MonoTime now() const { return clock_.Mono(); }
  const SimOptions& options() const { return options_; }
  void CatchUp();

  // Processes.
  std::shared_ptr<Process> NewProcess(const std::string& name);
  Process* Find(const std::string& name);
  void Kill(Process& process);
  void Pause(Process& process);
  void Resume(Process& process);
  void CutOff(Process& process, std::chrono::milliseconds time);
  std::map<std::string, std::shared_ptr<Process>>& processes() { return processes_; }

  void Stall(const std::string& topic, std::chrono::milliseconds time) {
    stalled_until_[topic] = now() + time;
  }
  bool Stalled(const std::string& topic) const {
    const auto it = stalled_until_.find(topic);
    return it != stalled_until_.end() && now() < it->second;
  }

  // Topics. Null: no such.
  Topic* FindTopic(std::string_view name);
  PartitionLog* FindPartition(const TopicPartition& partition);
  Status Create(const TopicSpec& spec);
  void Clean();
  // nullopt: a record that the broker takes.
  std::optional<Error> Refuse(std::string_view topic, std::int32_t partition, std::string_view key,
                              std::size_t bytes);

  // A late EndTxn, as it arrives. Whatever is answered, nobody hears.
  void EndLater(const ProducerIdentity& who, bool commit);

  GroupCoordinator& groups() { return groups_; }
  TransactionCoordinator& transactions() { return transactions_; }
  FaultEngine& faults() { return faults_; }
  void Trace(const Process& process, std::string_view what, std::string_view outcome);

  std::function<void(const std::string&)> on_crash;
  std::function<void(std::string_view)> on_trace;

 private:
  struct LateEnd {
    MonoTime at;
    ProducerIdentity who;
    bool commit;
  };
  void WriteMarker(const TopicPartition& partition, std::int64_t producer, bool commit) override;
  void EndOffsets(const std::string& group, std::int64_t producer, bool commit) override;
  std::optional<MonoTime> NextEvent() const;
  void RunAt(MonoTime now);
  void Heal(MonoTime now);

  ManualClock& clock_;
  const SimOptions options_;
  std::map<std::string, Topic, std::less<>> topics_;
  std::map<std::string, std::shared_ptr<Process>> processes_;  // the latest incarnation of each
  std::map<std::string, int> incarnations_;
  GroupCoordinator groups_;
  TransactionCoordinator transactions_;
  FaultEngine faults_;
  std::deque<LateEnd> late_;  // by time: the delay is the same for all
  std::optional<MonoTime> next_clean_;
  std::map<std::string, MonoTime> stalled_until_;
};

// One call of a client: catches up with the clock, looks whether the process lives, and lets a
// fault strike. What the step itself must act out is left in `fault()`. A crash after the call
// happens when this goes out of scope.
class Call {
 public:
  Call(Broker& broker, Process& process, Step step);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Set: the call must return it and have no effect.
  const std::optional<Error>& stop() const { return stop_; }
  bool struck(Fault fault) const { return fault_ == fault; }
  std::optional<Fault> fault() const { return fault_; }
  bool cut_off() const { return process_.cut_off; }

 private:
  void ActOut();

  Broker& broker_;
  Process& process_;
  const Step step_;
  std::optional<Fault> fault_;
  std::optional<Error> stop_;
};

Error UnreachableError(const Process& process);
Error DeadError(const Process& process);

}  // namespace textback::log::sim
