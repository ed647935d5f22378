// What a shard tells about itself: figures for metrics, and notices for the log.
//
// A small interface, so that this library knows no metrics library; services join it to telemetry.
// Called on the shard's thread, per batch or less often, never per record. Implementations must not
// block. Labels are safe: partitions, input indices and the bounded words of Error::code.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace textback::shard {

// What one transaction carried, committed or not.
struct BatchFigures {
  std::size_t partitions = 0;
  std::size_t records = 0;
  std::size_t bytes = 0;
  std::size_t local_events = 0;
  std::size_t timers = 0;
  std::size_t outputs = 0;
  std::size_t documents = 0;  // changelog entries
  std::size_t dead_letters = 0;
  std::int64_t record_age_ms = 0;          // of the oldest record, when its transaction ended
  std::chrono::nanoseconds decide_time{};  // in the processor
  std::chrono::nanoseconds commit_time{};  // from begin to the end of the transaction
  std::chrono::nanoseconds apply_time{};   // into the stores
};

enum class Severity : std::uint8_t {
  kInfo,   // what was asked for has worked
  kWarn,   // unusual, nothing is lost
  kError,  // something is lost or stands still until someone acts
};

// Where the shard's thread is in its loop: what a kill at this moment would interrupt
// (docs/guarantees.md, "The protocol").
enum class Doing : std::uint8_t {
  kStarting,
  kPolling,     // records, the group
  kDeciding,    // into overlays
  kProducing,   // a transaction is open: outputs, changelog, offsets
  kCommitting,  // its end is asked for
  kApplying,    // it has committed: into the stores
  kExecuting,   // its effects go out: intents on their way to the wire
  kRestoring,   // polling, while partitions are restored
};

class ShardEvents {
 public:
  virtual ~ShardEvents() = default;

  // Several times per batch.
  virtual void OnDoing(Doing /*doing*/) {}

  virtual void OnCommitted(const BatchFigures& /*figures*/) {}
  // What the transaction counted (Context::Count), per name; may be negative.
  virtual void OnTally(std::string_view /*name*/, std::int64_t /*delta*/) {}
  // How much the partition has counted under a name since its topics were made: when it starts, and
  // after each transaction that changed it.
  virtual void OnTotal(std::int32_t /*partition*/, std::string_view /*name*/,
                       std::int64_t /*total*/) {}
  // Nothing of it is visible; it runs again. `why` is an Error::code.
  virtual void OnAborted(const BatchFigures& /*figures*/, std::string_view /*why*/) {}
  // Committed or not, nobody can say yet; its partitions are rebuilt from the changelog.
  virtual void OnUnknown(const BatchFigures& /*figures*/) {}
  // The group or another producer of the same id has moved on; all partitions are given up.
  virtual void OnFenced() {}

  // Records in the log that are not consumed yet, as of the last look.
  virtual void OnLag(std::size_t /*input*/, std::int32_t /*partition*/, std::int64_t /*records*/) {}
  // A due timer is held back until `held_by` (an input's topic, or "watermark") has come far
  // enough.
  virtual void OnTimersHeld(std::int32_t /*partition*/, std::int64_t /*due_ms*/,
                            std::int64_t /*up_to_ms*/, std::string_view /*held_by*/) {}

  virtual void OnRestoreProgress(std::int32_t /*partition*/, std::int64_t /*done*/,
                                 std::int64_t /*total*/) {}
  virtual void OnPartitionRunning(std::int32_t /*partition*/,
                                  std::chrono::nanoseconds /*since_assigned*/) {}
  virtual void OnPartitionStopped(std::int32_t /*partition*/) {}
  // Stands still until the next assignment, or for good; the others run on. `why` is a bounded
  // code.
  virtual void OnPartitionHalted(std::int32_t /*partition*/, std::string_view /*why*/) {}
  virtual void OnStoreWiped(std::int32_t /*partition*/, std::string_view /*why*/) {}
  // Outcomes from outside whose partition is gone, or over the limit.
  virtual void OnLocalEventsDropped(std::int32_t /*partition*/, std::size_t /*count*/) {}

  // A sentence for the log, then key=value pairs. Rate limits are the receiver's.
  virtual void OnNotice(Severity /*severity*/, std::string_view /*code*/,
                        const std::string& /*text*/) {}
};

// Tells nobody.
class NullShardEvents final : public ShardEvents {};

}  // namespace textback::shard
