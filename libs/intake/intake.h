// Intake: any source's call records in, a tenant's calls out, keyed by the customer.
//
// For each message: decode and normalise (cdr/decoder.h), look both numbers up in the line table,
// and for each end of the call that is a tenant's write a CallsEntry to `calls`, keyed by the other
// party. So all that concerns a customer meets in one partition. What is nobody's is counted and
// dropped; what can't be read goes to `deadletter`.
//
// Stateless and at least once: offsets are committed only after everything made from the messages
// before them is durable; decide finds the repeats by record id. Counts are exact all the same,
// because they travel with the offsets (tallies.h).
//
// Watermarks (exactly-once.md, document point 4): on assignment, before any record, and each second
// one to every partition of `calls`, behind the records it speaks for: the same writer keeps the
// order within a partition.
//
// One call of Step:
//
//   waiting for lines ──▶ open ──▶ serve writer ──▶ poll ──▶ start assigned ──▶ hand on ──▶
//   watermark ──▶ commit
//                          ▲            │ too much in flight: no poll, wait          │
//                          └──── back-off after kRetry ◀── rewind: a send failed ◀───┘
//
// - Rewind: the writer is thrown away, every partition goes back to its committed offset with its
//   committed counts, and is read again.
// - Revoked: what is in flight is waited for and committed. Lost: dropped, never committed.
//
// - Fenced: all is thrown away and the group joined again, so often (log/fence_bound.h).
//
// Threads: one. Errors of Step: kRetry is handled inside (back-off); any other: destroy this
// object; log_client means that a new one may be made, others that an operator must act.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "intake/events.h"
#include "intake/line_table.h"
#include "intake/nodes.h"
#include "intake/reach.h"
#include "intake/sources.h"
#include "intake/tallies.h"
#include "intake/tenant_feed.h"
#include "log/fence_bound.h"
#include "log/log.h"

namespace textback::intake {

struct IntakeConfig {
  std::string group;
  std::string
      instance;  // group.instance.id, and Watermark.instance: unique per thread of the cluster
  std::vector<IntakeInput> inputs;  // each source once
  std::string calls_topic;
  std::string deadletter_topic;
  log::PollLimits poll;
  std::uint64_t in_flight_max = 100'000;  // sends that aren't durable yet
  std::chrono::milliseconds commit_interval{500};
  std::chrono::milliseconds watermark_interval{1'000};
  std::chrono::milliseconds backoff_min{100};
  std::chrono::milliseconds backoff_max{5'000};
  // For what is in flight when partitions are taken away, or when the writer's queue stays full.
  std::chrono::milliseconds drain_timeout{5'000};
  std::chrono::milliseconds session_timeout{6'000};
};

class Intake final : private log::RebalanceListener {
 public:
  // All references outlive the object, and so does `reach` (nullptr: there is no table but the
  // lines). kFatal ("config_invalid").
  static Result<std::unique_ptr<Intake>> Make(log::Log& log, Clock& clock, const LineSource& lines,
                                              IntakeConfig config, IntakeEvents& events,
                                              const ReachSource* reach = nullptr);
  ~Intake() override;
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  // Does what is there to do, waiting up to `wait` for records.
  Status Step(std::chrono::milliseconds wait);
  // What is in flight is committed, and the group left (a static member may come back).
  void Close();

  // How long Step will do nothing, because it waits for the lines or after an error.
  std::chrono::milliseconds idle_for() const;
  // Partitions and their counts as of the last record handed on.
  std::map<log::TopicPartition, Progress> progress() const;
  // True once no send is in flight and nothing waits to be committed.
  bool settled() const { return checkpoints_.empty(); }

 private:
  struct Partition {
    const Sources* sources = nullptr;
    std::int64_t next_offset = 0;
    Progress progress;            // up to next_offset
    std::int64_t committed = 0;   // the group's
    Progress committed_progress;  // as it was there
  };
  // How a message named its source, for its dead letters.
  struct Naming {
    std::string_view source;  // empty: none that is known
    std::string_view header;
    std::optional<std::string_view> value;
  };
  // All before `offsets` is durable once the writer has come to `sequence`.
  struct Checkpoint {
    std::uint64_t sequence = 0;
    std::map<log::TopicPartition, std::pair<std::int64_t, Progress>> offsets;
  };

  Intake(log::Log& log, Clock& clock, const LineSource& lines, IntakeConfig config,
         IntakeEvents& events, const ReachSource* reach);

  void OnAssigned(const std::vector<log::TopicPartition>& partitions,
                  const log::GroupMetadata& metadata) override;
  void OnRevoked(const std::vector<log::TopicPartition>& partitions) override;
  void OnLost(const std::vector<log::TopicPartition>& partitions) override;

  Status Run(std::chrono::milliseconds wait);
  Status Open();
  Status StartAssigned();
  Status StartOne(const log::TopicPartition& source,
                  const std::optional<log::CommittedOffset>& committed);
  Status HandOn();
  Status HandOnMessage(const log::Record& message, std::int64_t now_ms, Partition& partition);
  Status HandOnRecord(v1::CallRecord& record, Tallies& tallies);
  Status HandOnSide(v1::CallRecord& record, Tallies& tallies);
  bool TakeTables();
  Status ParkUnknown(const log::Record& message, const Naming& naming, const Sources& sources,
                     Tallies& tallies);
  Status ParkRejected(const log::Record& message, const Naming& naming,
                      const cdr::Decoded::Rejected& rejected, Tallies& tallies);
  Status SendWatermark(const std::vector<log::TopicPartition>& sources);
  Status WatermarkIfDue();
  Status RefreshLowWatermarks();
  Status Send(std::string_view topic, std::optional<std::int32_t> partition, std::string_view key,
              std::string_view value);
  Status ServeWriter(std::chrono::milliseconds wait);
  Status CommitIfDue(bool now);
  Status Drain();
  void Drop(const std::vector<log::TopicPartition>& partitions);
  bool IsStarting(const log::TopicPartition& source) const;
  Status Restart(Error why);
  Status Rewind(Error why);
  Error Fenced(Error why);
  Status Handle(Error error);

  log::Log& log_;
  Clock& clock_;
  const LineSource& line_source_;
  const ReachSource* const reach_source_;
  const IntakeConfig config_;
  IntakeEvents& events_;

  std::map<std::string, Sources> sources_;  // by topic
  std::unique_ptr<log::Consumer> consumer_;
  std::unique_ptr<log::Writer> writer_;
  std::int32_t calls_partitions_ = 0;
  std::shared_ptr<const LineTable> lines_;
  ReachTables reach_;

  log::Batch batch_;
  cdr::Decoded decoded_;
  std::string buffer_;
  std::map<log::TopicPartition, Partition> partitions_;  // started
  Nodes nodes_;
  std::vector<log::TopicPartition> to_start_;  // assigned, no position yet
  std::deque<Checkpoint> checkpoints_;         // by sequence
  std::uint64_t sent_ = 0;                     // the writer's last sequence
  std::uint64_t durable_ = 0;
  bool rewind_ = false;
  log::FenceBound fences_;

  MonoTime watermark_at_{};
  MonoTime commit_at_{};
  MonoTime retry_at_{};
  std::chrono::milliseconds backoff_{0};
};

}  // namespace textback::intake
