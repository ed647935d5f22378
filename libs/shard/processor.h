// What a shard runs: decide, dispatch and track are each a Processor.
//
// A processor is pure in this sense: all that it reads comes through the Context, all that it does
// goes through it, and nothing is real before the transaction commits. So tests drive it with
// shard/test_context.h, without a log, and the runtime may run the same input again after an abort.
//
// Threads: one processor object per shard, called on the shard's thread only.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace textback::shard {

// A document without a timer; the same value as store::kNeverDue.
inline constexpr std::int64_t kNeverDue = std::numeric_limits<std::int64_t>::max();
// Context::forgotten_through_ms() of a partition that has forgotten nothing yet.
inline constexpr std::int64_t kNothingForgotten = std::numeric_limits<std::int64_t>::min();
// Keys that begin with a zero byte are the runtime's own (the partition's state in the changelog).
inline bool IsReservedKey(std::string_view key) { return !key.empty() && key[0] == '\0'; }

// Something to do after the commit, outside the log (a write to a socket). Each processor has its
// own kinds; the runtime only carries them.
class Effect {
 public:
  virtual ~Effect() = default;
};

// An outcome from outside (submit_sm_resp, …), handed in as an input of the shard. Kept by the
// runtime until a transaction with it has committed; lost with the process.
class LocalEvent {
 public:
  virtual ~LocalEvent() = default;
  std::int32_t partition = 0;
};

struct InputRecord {
  std::size_t input = 0;  // index in ShardConfig::inputs
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;
  std::string_view key;
  std::optional<std::string_view> value;
};

// The open transaction as one partition's processor sees it.
class Context {
 public:
  virtual ~Context() = default;

  virtual std::int32_t partition() const = 0;
  // The partition's time: monotone, persisted, the same for a whole batch.
  virtual std::int64_t now_ms() const = 0;

  // Greatest event time of anything forgotten in this partition: at or before it is `late`.
  virtual std::int64_t forgotten_through_ms() const = 0;
  virtual void ForgetThrough(std::int64_t event_time_ms) = 0;  // only ever raises it

  // The document with this transaction's own changes. nullopt: none. The view lives until the next
  // call on this key.
  virtual Result<std::optional<std::string_view>> Read(std::string_view key) = 0;
  // `next_due_ms`: when OnTimer is to see it, or kNeverDue. Not under a reserved key (checked).
  virtual void Write(std::string_view key, std::string document, std::int64_t next_due_ms) = 0;
  virtual void Erase(std::string_view key) = 0;

  // To output `output` (index in ShardConfig::outputs), to the partition that its rule and the key
  // give.
  virtual void Emit(std::size_t output, std::string_view key, std::string value) = 0;
  // Parks the record being processed, with the reason, in the dead letters of this transaction.
  virtual void DeadLetter(const InputRecord& record, const Error& error) = 0;
  virtual void AfterCommit(std::unique_ptr<Effect> effect) = 0;

  // A source says (in band) that all it had before `low_watermark_ms` has been handed on.
  virtual void Heard(std::string_view source, std::int64_t low_watermark_ms) = 0;

  // Cumulative count of this partition under `name` (a literal, from a bounded set): exact across
  // kills, since it is committed with the outputs.
  virtual void Count(std::string_view name, std::int64_t n = 1) = 0;
};

class Processor {
 public:
  virtual ~Processor() = default;

  // Before each batch, outside any transaction: swap policy snapshots, look at the clock.
  virtual void OnBatchStart() {}

  // kDeadLetter: the runtime parks the record, and nothing else of this call remains (writes,
  // outputs, effects, counts). Any other error undoes the partition's whole batch: kRetry runs it
  // again after a back-off, kRebuild restores the store first, kFatal ends the shard.
  virtual Status OnRecord(Context& context, const InputRecord& record) = 0;

  // The document under `key` is due; it is read as committed, with this batch's changes.
  // The call must move its next_due or erase it (checked). Errors as OnRecord's, but for
  // kDeadLetter: there is no record to park, so it halts the partition, as an error that repeats
  // would.
  virtual Status OnTimer(Context& context, std::string_view key, std::int64_t due_ms) = 0;
  // How many timers it can take now; the rest stay due. Dispatch: how many intents may open. Asked
  // before each timer, so OnTimer may use up more than one.
  virtual std::size_t TimerCapacity(std::int32_t /*partition*/) { return SIZE_MAX; }

  // Errors as OnTimer's. After an abort the event comes again.
  virtual Status OnLocal(Context& /*context*/, const LocalEvent& /*event*/) { return Ok(); }

  // Both take the effects over. NOLINTBEGIN(performance-unnecessary-value-param)
  // The transaction has committed and is applied: carry out its effects, in order. Doesn't fail:
  // what can't be done comes back as a LocalEvent.
  virtual void Execute(std::int32_t /*partition*/,
                       std::vector<std::unique_ptr<Effect>> /*effects*/) {}
  // The transaction's fate: aborted, or unknown and its effects never carried out.
  virtual void Discard(std::int32_t /*partition*/,
                       std::vector<std::unique_ptr<Effect>> /*effects*/) {}
  // NOLINTEND(performance-unnecessary-value-param)

  virtual void OnPartitionStarted(std::int32_t /*partition*/) {}  // restored, about to run
  virtual void OnPartitionStopped(std::int32_t /*partition*/) {}  // revoked, lost or rebuilt
};

// Where local events come from; called on the shard's thread. Bounded by its owner.
class LocalSource {
 public:
  virtual ~LocalSource() = default;
  virtual void Drain(std::size_t max, std::vector<std::unique_ptr<LocalEvent>>& out) = 0;
};

}  // namespace textback::shard
