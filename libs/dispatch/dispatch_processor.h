// The role dispatch: an outbox per customer, durable intents, and no text twice.
//
// Inputs: 0 jobs (anchor), 1 status (its own role writes it too; only unmatched receipts matter
// here). Outputs: 0 submissions, 1 status. Document key: the customer's number.
//
// A job becomes an intent in one transaction; the text is handed to the MessagePort only after that
// transaction has committed (Execute), with a lease that the port checks before each write. What
// the port says comes back as a local event and closes the intent in a later transaction. So a kill
// leaves at most IntentBudget::limit intents without an outcome: they become UNKNOWN when their
// `resolve_after_ms` has come, are published as such, and are not resent unless the tenant's policy
// says so (exactly-once.md, "Between the dispatcher and the SMSC", points 1 to 4 and 6).
//
// An intent whose transaction's fate was unknown, so that it was never carried out (Discard), is
// known not sent should it turn out to be committed: it is intended again, not dropped. Only
// positive knowledge counts: an intent of this process of which it no longer knows anything is
// UNKNOWN.
//
// Tallies (Context::Count), for the accounting of contract.md: job_text, job_sent, job_unknown,
// job_expired, job_rejected, job_cancelled, job_blocked, and apart: job_block, job_unblock,
// job_cancel, job_repeated, job_late, job_proven, job_resent.
//
// Threads: one object per shard, on its thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "dispatch/intent_budget.h"
#include "dispatch/message_port.h"
#include "dispatch/number_errors.h"
#include "shard/processor.h"
#include "textback/state/v1/outbox.pb.h"
#include "textback/v1/status.pb.h"

namespace textback::dispatch {

struct DispatchConfig {
  std::size_t shard = 0;          // this shard's number at the MessagePort
  std::uint64_t incarnation = 1;  // random, never 0: a new one each start of the process
  std::int64_t lease_ms = 5'000;  // bytes of an intent are written within it, or never
  // Added to the lease before anybody else calls the intent UNKNOWN: clock drift between machines
  // plus the port's response time-out.
  std::int64_t resolve_grace_ms = 15'000;
  std::int64_t receipt_window_ms = 60 * 60 * 1000;  // an UNKNOWN waits so long for its receipt
  std::int64_t closed_keep_ms = 26LL * 60 * 60 * 1000;
  std::int64_t retry_min_ms = 500;  // back-off after a known not sent
  std::int64_t retry_max_ms = 30'000;
  std::int64_t capacity_retry_ms = 20;                   // no intent was free
  std::int64_t lifetime_max_ms = 24LL * 60 * 60 * 1000;  // a job's expiry is cut to now plus this
  std::int64_t port_down_retry_ms = 1'000;               // the port had no way to the network
  int jobs_per_customer_max = 64;                        // open ones; one more is rejected
  NumberErrors number_errors;                            // refusals that tell decide about a number
  // Timers that each partition looks at so often although nothing can be sent.
  std::size_t housekeeping_timers_max = 250;
  std::int64_t housekeeping_ms = 1'000;
};

// What metrics are made of. Called on the shard's thread; may tell a batch again that was aborted.
class DispatchEvents {
 public:
  virtual ~DispatchEvents() = default;
  // The SMSC took a part: how long it took to answer, and how long after the job was made, or was
  // due, it was written.
  virtual void OnAccepted(std::int64_t /*response_ms*/, std::int64_t /*waited_ms*/) {}
  virtual void OnBatchStart() {}
};

class DispatchProcessor final : public shard::Processor, public shard::LocalSource {
 public:
  enum Input : std::size_t { kJobs = 0, kStatusIn = 1 };
  enum Output : std::size_t { kSubmissions = 0, kStatusOut = 1 };

  // All outlive the processor; `events` may be nullptr.
  DispatchProcessor(const DispatchConfig& config, MessagePort& port, IntentBudget& budget,
                    const Clock& clock, std::uint64_t random_seed,
                    DispatchEvents* events = nullptr);
  ~DispatchProcessor() override;

  Status OnRecord(shard::Context& context, const shard::InputRecord& record) override;
  Status OnTimer(shard::Context& context, std::string_view key, std::int64_t due_ms) override;
  Status OnLocal(shard::Context& context, const shard::LocalEvent& event) override;
  void Execute(std::int32_t partition,
               std::vector<std::unique_ptr<shard::Effect>> effects) override;
  void Discard(std::int32_t partition,
               std::vector<std::unique_ptr<shard::Effect>> effects) override;
  void OnBatchStart() override;
  std::size_t TimerCapacity(std::int32_t partition) override;
  void OnPartitionStopped(std::int32_t partition) override;

  // Intents that the port owes an outcome, or whose closing has not committed.
  std::size_t open_intents() const { return open_.size(); }

  void Drain(std::size_t max, std::vector<std::unique_ptr<shard::LocalEvent>>& out) override;

 private:
  struct OpenIntent;
  struct SendEffect;
  struct SettledEffect;
  struct OutcomeEvent;
  struct Document;

  Status OnJob(shard::Context& context, const shard::InputRecord& record);
  Status OnUnmatchedReceipt(shard::Context& context, const shard::InputRecord& record);
  void TakeText(shard::Context& context, Document& document, v1::Job&& job);
  void TakeBlock(shard::Context& context, Document& document, const v1::Job& job);
  void TakeCancel(shard::Context& context, Document& document, const v1::Job& job);
  // Expires, resolves and forgets what is due, then intends what may go.
  void Advance(shard::Context& context, Document& document);
  void ResolveIntent(shard::Context& context, Document& document, int index);
  void ApplyOutcome(shard::Context& context, Document& document, int index,
                    const MessageOutcome& outcome);
  void BecomeUnknown(shard::Context& context, Document& document, int index, std::string_view why);
  void Requeue(shard::Context& context, state::v1::OutboxJob& entry, bool refused);
  void Postpone(Document& document, std::int64_t now_ms);
  MonoTime ResolvedBy() const;
  void Intend(shard::Context& context, Document& document, int index);
  void Close(shard::Context& context, Document& document, int index, v1::Status::Kind kind,
             std::string_view error);
  void Publish(shard::Context& context, const state::v1::OutboxJob& entry, v1::Status::Kind kind,
               std::string_view error);

  Result<Document> Load(shard::Context& context, std::string_view key);
  void Save(shard::Context& context, Document& document);

  const DispatchConfig config_;
  MessagePort& port_;
  IntentBudget& budget_;
  const Clock& clock_;
  DispatchEvents no_events_;
  DispatchEvents* const events_;
  Random random_;
  std::uint64_t next_intent_ = 0;
  // Intents that Execute handed to the port and whose closing has not committed yet. At most
  // IntentBudget::limit.
  std::unordered_map<std::uint64_t, OpenIntent> open_;
  // Intents that were discarded, until well after their time to be resolved; then they are
  // UNKNOWN like any that nobody knows of. Oldest first; at most 16 times the budget's limit.
  std::deque<std::pair<MonoTime, std::uint64_t>> discarded_order_;
  std::unordered_set<std::uint64_t> discarded_;
  std::size_t orphans_ = 0;  // entries of open_ whose partition is gone
  std::vector<MessageOutcome> drained_;
  std::size_t housekeeping_ = 0;  // timers of a partition in this batch, whatever can be sent
  MonoTime housekeeping_at_{};
};

}  // namespace textback::dispatch
