// The shard runtime: one thread's partitions of one role, processed exactly once.
//
// A shard owns one consumer, one transactional producer, one changelog reader and one store per
// assigned partition index (stream point 1). It calls its Processor with records, local events and
// due timers, and makes what the processor did real in one transaction per batch.
//
// A partition:
//
//                    OnAssigned
//    (unassigned) ───────────────▶ opening ───────────▶ restoring ───────────▶ running
//         ▲                       ▲  │ ▲  store open,     │  replayed to the    │ │
//         │ OnRevoked: markers    │  │ │  group offsets,  │  end, cross-checked │ │
//         │ settled, flushed      │  │ │  changelog's end │                     │ │
//         │ OnLost: dropped       │  │ └──────────────────┴── kRebuild: wiped ──┤ │
//         │                       │  │                                          │ │
//         ├───────────────────────│──┴──── fails closed ──▶ halted ◀────────────┘ │
//         │                       └──── commit of unknown outcome: store kept ────┘
//      any state
//
// A batch, within one Step:
//
//    poll, gather ─▶ OnBatchStart ─▶ per partition: local events, records, timers, into an overlay
//      ▲                                  │ error: the partition's part is dropped, see below
//      │                                  ▼
//      │        begin, send outputs, changelog and State, send offsets, commit (transactor.h)
//      │           │ aborted              │ committed            │ unknown        │ fenced
//      │           ▼                      ▼                      ▼                ▼
//      └── overlay dropped,       applied to stores,      producer made anew,   all partitions
//          rewound, back-off      effects executed        partitions reopened   given up, clients
//                                                         (Discard)             made anew
//
// No transaction is ever open between two Steps, and the group's callbacks run inside polls only.
// So a revocation never meets half a batch, and what is lost is never committed (stream point 11).
//
// Starting a partition (stream points 5, 6, 8), in this order, since each step makes the next one
// true:
//   1. the producer is initialised: an earlier owner of our id can't commit any more;
//   2. the group's *stable* offsets: no transaction of an earlier owner that still could commit is
//   open,
//      and none can come, since its generation is over;
//   3. the changelog's end, read_uncommitted: all that those transactions wrote is below it;
//   4. the store, from its marker; wiped where the marker is missing, older than half of
//      delete.retention.ms, or outside the log;
//   5. replay up to that end;
//   6. cross-check: the State in the changelog is the authority. Group offsets that are missing or
//      behind (expired, reset): go on from the State and say so. Ahead: somebody else has
//      worked on this group, or the changelog has lost something: this partition halts, the others
//      run on.
//
// Errors of the processor and of stores, by disposition:
//   retry        the partition's part of the batch is undone and comes again after a back-off
//   dead-letter  the record is parked in the same transaction
//   rebuild      the store is wiped and restored; too often without a commit in between: halted
//   yield        fenced: everything is dropped, and the group joined again; too often in a time
//                (log/fence_bound.h): Step returns it
//   fatal        Step returns it; the thread ends, the process exits
//
// Where the markers come from: a producer doesn't tell offsets. Between two transactions the
// changelog's last stable offset is asked for, now and then; once the next transaction has
// committed under the same generation, nobody else can have written in between, so all below it is
// in the store.
//
// Threads: all calls from one thread, but for the heartbeat's. Lifetime: all that the constructor
// gets outlives the shard. Destroying without Stop is a crash as far as the log is concerned.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "log/fence_bound.h"
#include "log/log.h"
#include "shard/config.h"
#include "shard/events.h"
#include "shard/heartbeat.h"
#include "shard/partition.h"
#include "shard/processor.h"
#include "shard/restore.h"
#include "shard/transactor.h"
#include "store/store.h"

namespace textback::shard {

struct ShardParts {
  log::Log& log;
  store::StoreSet& stores;
  Processor& processor;
  ShardEvents& events;
  const Clock& clock;
  LocalSource* local = nullptr;  // none: no local events
  std::uint64_t seed = 0;        // of the jitter in back-offs
};

class Shard final : private log::RebalanceListener {
 public:
  Shard(ShardConfig config, const ShardParts& parts);
  ~Shard() override;
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // One iteration: waits up to `wait` for records, and takes part in the group. An error is the
  // end: kYield: another process runs under this name; kFatal: the message says what to do. Call it
  // at least every max_poll_interval / 2.
  Status Step(std::chrono::milliseconds wait);

  // How long the next Step would have nothing to do (no broker, back-off): the caller may sleep.
  std::chrono::milliseconds idle() const;

  // Gives the partitions back: nothing is open, stores are flushed. Step may not be called after
  // it.
  void Stop();

  // Of role and thread: "decide-0".
  std::string name() const { return config_.role + "-" + std::to_string(config_.thread); }

  // For a watchdog (shard_watch.h). A restart that it asks for happens at the begin of the next
  // Step: what is in work is dropped, the group left and joined again.
  Heartbeat& heartbeat() { return heartbeat_; }

  struct PartitionStatus {
    std::int32_t partition = 0;
    Phase phase = Phase::kOpening;
    std::string halted_by;
    std::int64_t restored = 0;
    std::int64_t to_restore = 0;
    std::size_t local_events = 0;
  };
  std::vector<PartitionStatus> partitions() const;

 private:
  using Partitions = std::map<std::int32_t, std::unique_ptr<Partition>>;

  // log::RebalanceListener
  void OnAssigned(const std::vector<log::TopicPartition>& partitions,
                  const log::GroupMetadata& metadata) override;
  void OnRevoked(const std::vector<log::TopicPartition>& partitions) override;
  void OnLost(const std::vector<log::TopicPartition>& partitions) override;

  // shard.cc: the loop.
  Status StepOnce(std::chrono::milliseconds wait);
  Status EnsureClients();
  Status CheckTopics();
  Status ClientFailed(std::string_view what, const Error& error);
  Status Fenced(const Error& why);
  void Restart();
  void LeaveGroup();
  void ResumeReady();
  Status Poll(std::chrono::milliseconds wait);
  std::chrono::milliseconds PollWait(std::chrono::milliseconds wait);
  bool BatchIsReady() const;
  void ClearGathered();
  void PurgeGathered(std::int32_t partition);
  bool MetadataIsCurrent() const;
  Status HandlePollError(const Error& error);
  Status Housekeep();
  void BackOff(Partition& partition);
  void CountFailure(Partition& partition);
  void EndTurn();
  void WatchFailures(Partition& partition, MonoTime now) const;
  void WatchTimers(Partition& partition, MonoTime now) const;

  // shard_batch.cc: one batch.
  Status RunBatch();
  void GroupRecords();
  void DrainLocal();
  Status Decide(Partition& partition);
  Status RunLocal(Partition& partition);
  Status RunRecords(Partition& partition);
  Status RunTimers(Partition& partition);
  Status FireTimer(Partition& partition, const store::DueTimer& timer);
  Status Commit(const std::vector<Partition*>& partitions);
  Status AfterCommitted(const std::vector<Partition*>& partitions);
  Status AfterAborted(const std::vector<Partition*>& partitions, const Transactor::End& end);
  Status AfterFenced(const std::vector<Partition*>& partitions, const Transactor::End& end);
  void AfterUnknown(const std::vector<Partition*>& partitions, const Transactor::End& end);
  Status ApplyCommitted(Partition& partition);
  void AskRestartOffset(Partition& partition);
  void Drop(Partition& partition);
  Status Handle(Partition& partition, const Error& error);
  void Rewind(Partition& partition);
  // Without a producer nothing can be committed, so nothing need be fetched.
  void RewindAllWithoutProducer();
  void CountFigures(const std::vector<Partition*>& partitions);

  // shard_start.cc: partitions come and go.
  Status StartSome();
  Status Open(Partition& partition);
  Status OpenStore(Partition& partition, const log::Consumer::Range& changelog);
  Status WipeStore(Partition& partition, std::string_view why);
  // Why the store can't be trusted; "" if it can.
  std::string_view MarkerProblem(const Partition& partition,
                                 const log::Consumer::Range& changelog) const;
  Status RestoreSome();
  Status Start(Partition& partition);
  Status CrossCheck(Partition& partition);
  void SettleUncertain(Partition& partition);
  Status CheckPosition(Partition& partition, std::size_t input);
  void Reopen(Partition& partition);
  void PauseInputs(Partition& partition);
  void DropLocal(Partition& partition);
  store::Change StateChange(const Partition& partition);
  Status FlushWithState(Partition& partition);
  Status Rebuild(Partition& partition, const Error& error);
  void Halt(Partition& partition, const Error& error);
  void StopProcessor(Partition& partition);
  void SettleMarkers(const std::vector<Partition*>& partitions);
  void Release(const std::vector<log::TopicPartition>& gone, bool owned);
  void GiveUpAll();
  void Notice(Severity severity, std::string_view code, const Partition* partition,
              std::string text);

  const ShardConfig config_;
  log::Log& log_;
  store::StoreSet& stores_;
  Processor& processor_;
  ShardEvents& events_;
  const Clock& clock_;
  LocalSource* const local_;
  Random random_;
  std::vector<std::string> topics_;  // of the inputs
  Names names_;

  Heartbeat heartbeat_;
  Transactor transactor_;
  Restorer restorer_;
  bool topics_checked_ = false;
  bool stopped_ = false;
  bool abandoned_ = false;   // being destroyed: callbacks do nothing
  Backoff clients_;          // after failures to make or use them
  int client_failures_ = 0;  // since the last commit
  int fenced_ = 0;           // since the last commit
  log::FenceBound fences_;   // commits or not
  Backoff reader_;
  bool log_away_ = false;  // it didn't answer in this turn
  MonoTime housekept_{};
  std::int32_t housekeep_next_ = 0;

  Partitions partitions_;
  log::GroupMetadata metadata_;  // captured at the last assignment

  std::vector<std::unique_ptr<log::Batch>> gathered_;
  std::size_t gathered_used_ = 0;
  std::size_t gathered_records_ = 0;
  std::size_t gathered_bytes_ = 0;
  MonoTime gathered_since_{};

  BatchFigures figures_;
  std::size_t first_in_turn_ = 0;  // of the partitions in the next batch
  std::vector<store::DueTimer> due_;
  std::vector<std::unique_ptr<LocalEvent>> drained_;
  std::string scratch_;

  // Last, so that it goes first: its end may call back.
  std::unique_ptr<log::Consumer> consumer_;
};

}  // namespace textback::shard
