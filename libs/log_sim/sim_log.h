// The simulated log: Kafka's rules in memory, on virtual time, with seeded faults.
//
//   ManualClock clock;
//   SimCluster cluster(seed, clock, FaultPlan::Everywhere(0.01), {});
//   auto log = cluster.NewClient("decide-0");   // a log::Log per simulated process
//   …
//   clock.Advance(50ms);                         // the cluster follows at its next call
//
// What each part models is said where it is: partition_log.h (markers, last stable offset,
// compaction: KIP-98, KIP-534), transactions.h (epochs, time-outs, late EndTxn: stream points 4 and
// 10), groups.h (generations, static members, range, offsets: stream points 2, 3 and 6; KIP-62,
// KIP-345, KIP-447), faults.h (what goes wrong where). The conformance suite holds it to the
// broker.
//
// How a call behaves:
// - It never blocks: `wait` and time-outs are not waited for; what is there is handed out, what
// isn't
//   comes another time. Where a real client would wait for the broker's markers, they are written.
// - Heartbeats of a live process happen by themselves, and a consumer learns from them in Poll
// only,
//   at most every SimOptions::heartbeat_interval: a zombie goes on reading and sending meanwhile.
// - A writer's sends lie in the process until Writer::Poll or Flush, a producer's go out at once.
// - Destroying a consumer without Close is what a crash is to the group.
//
// A crash (by fault or KillClient) kills the process: every object of it answers kFatal
// ("log_client") from then on and its listeners are not called. The code that runs on after a crash
// runs in a dead process, so a simulation must look at Alive() before it believes any effect.
//
// Deterministic: same seed, same calls, same trace. All containers are ordered.
// Threads: one, for the cluster and all that it made. Lifetime: the cluster outlives all of it, the
// clock outlives the cluster.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "log/log.h"
#include "log_sim/faults.h"
#include "log_sim/groups.h"

namespace textback::log::sim {

class Broker;

struct SimOptions {
  // transaction.abort.timed.out.transaction.cleanup.interval.ms
  std::chrono::milliseconds abort_check_interval{10'000};
  std::chrono::milliseconds heartbeat_interval{1'000};
  // How long "unreachable" lasts, and how late a delayed EndTxn or marker comes.
  std::chrono::milliseconds unreachable{3'000};
  std::chrono::milliseconds delay{2'000};
  // Compaction and retention run by themselves this often; 0: only when Clean() is called.
  std::chrono::milliseconds cleaner_interval{0};
  std::int64_t delete_retention_ms = 86'400'000;  // topics that don't say
  std::int64_t retention_ms = 604'800'000;        // topics that don't say
  std::size_t record_bytes_max = 1'048'588;       // message.max.bytes
  std::size_t writer_queue_max = 100'000;         // records of a writer not yet durable
};

// A record that owns its bytes.
struct SimRecord {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;
  std::string key;
  std::optional<std::string> value;
  bool operator==(const SimRecord&) const = default;
};

class SimCluster {
 public:
  SimCluster(std::uint64_t seed, ManualClock& clock, FaultPlan plan = {}, SimOptions options = {});
  ~SimCluster();
  SimCluster(const SimCluster&) = delete;
  SimCluster& operator=(const SimCluster&) = delete;

  // A process by that name. One of that name may have lived before, but is dead.
  std::unique_ptr<Log> NewClient(const std::string& name);
  // kill -9. Sessions and open transactions stay until a time-out or a successor ends them.
  void KillClient(const std::string& name);
  // SIGSTOP and SIGCONT: between them no heartbeats, and no call may be made. Afterwards it is a
  // zombie that hasn't noticed.
  void PauseClient(const std::string& name);
  void ResumeClient(const std::string& name);
  bool Alive(const std::string& name) const;
  // The broker doesn't answer this process ("" : anybody) for `time` from now.
  void Unreachable(const std::string& name, std::chrono::milliseconds time);
  // Consumers and readers get nothing of this topic for `time` from now, as when its leaders are
  // slow; its ends are still known.
  void Stall(const std::string& topic, std::chrono::milliseconds time);
  // Called when a process dies, after it is dead.
  void OnCrash(std::function<void(const std::string& name)> hook);

  // Topics, and what an operator's mistakes do to them.
  Status CreateTopics(const std::vector<TopicSpec>& topics);
  void Trim(const TopicPartition& partition, std::int64_t offset);
  void Clean();  // compaction and retention, now
  // Stream point 6: the group's offsets are gone (expired), or are what somebody set them to.
  void ForgetOffsets(const std::string& group);
  void ForceOffset(const std::string& group, const TopicPartition& partition,
                   CommittedOffset offset);

  // Inspection. None of these counts as a step.
  std::vector<SimRecord> ReadCommitted(const std::string& topic);  // by partition, then offset
  std::vector<SimRecord> ReadAll(const std::string& topic);        // open and aborted ones too
  Consumer::Range Offsets(const TopicPartition& partition, bool read_committed);
  std::map<TopicPartition, CommittedOffset> CommittedOffsets(const std::string& group);
  GroupView Group(const std::string& group);
  std::size_t OpenTransactions();
  const FaultCounts& faults() const;
  // A run's end: nothing more is injected, so that all must heal.
  void StopFaults();

  // Lets what is due by the clock happen. Every call does so first; needed only before inspection.
  void CatchUp();
  // A line per call and its outcome: "12345 decide-0 commit committed".
  void OnTrace(std::function<void(std::string_view line)> hook);

 private:
  std::unique_ptr<Broker> broker_;
};

}  // namespace textback::log::sim
