// What the roles tell about themselves, as metrics and log lines (docs/metrics.md names them all).
//
// Each object belongs to one shard's thread; the registry's handles are shared by all threads of a
// role, so that figures add up over threads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "decide/decide_processor.h"
#include "dispatch/dispatch_processor.h"
#include "shard/events.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"
#include "telemetry/phase_board.h"

namespace textback::pipeline {

class ShardMetrics : public shard::ShardEvents {
 public:
  // `role` is a literal of a bounded set. All outlive it.
  ShardMetrics(telemetry::Registry& registry, telemetry::Log& log, std::string_view role,
               const std::vector<std::string>& inputs);
  ~ShardMetrics() override;

  // Where OnDoing writes; it outlives this. Before the shard starts.
  void set_phase(telemetry::PhaseBoard::Slot* phase) { phase_ = phase; }

  void OnDoing(shard::Doing doing) override {
    if (phase_) phase_->store(static_cast<std::uint8_t>(doing), std::memory_order_relaxed);
  }
  void OnCommitted(const shard::BatchFigures& figures) override;
  void OnTally(std::string_view name, std::int64_t delta) override;
  void OnAborted(const shard::BatchFigures& figures, std::string_view why) override;
  void OnUnknown(const shard::BatchFigures& figures) override;
  void OnFenced() override;
  void OnLag(std::size_t input, std::int32_t partition, std::int64_t records) override;
  void OnTimersHeld(std::int32_t partition, std::int64_t due_ms, std::int64_t up_to_ms,
                    std::string_view held_by) override;
  void OnRestoreProgress(std::int32_t partition, std::int64_t done, std::int64_t total) override;
  void OnPartitionRunning(std::int32_t partition, std::chrono::nanoseconds since_assigned) override;
  void OnPartitionStopped(std::int32_t partition) override;
  void OnPartitionHalted(std::int32_t partition, std::string_view why) override;
  void OnStoreWiped(std::int32_t partition, std::string_view why) override;
  void OnLocalEventsDropped(std::int32_t partition, std::size_t count) override;
  void OnNotice(shard::Severity severity, std::string_view code, const std::string& text) override;

 private:
  struct Handles;
  telemetry::Registry& registry_;
  telemetry::Log& log_;
  const std::string role_;
  const std::vector<std::string> inputs_;
  std::unique_ptr<Handles> handles_;
  std::map<std::pair<std::size_t, std::int32_t>, std::int64_t> lag_;
  std::map<std::int32_t, std::int64_t> to_restore_;
  std::map<std::string, telemetry::Counter*, std::less<>> tallies_;
  std::map<std::int32_t, bool> running_;          // false: halted
  telemetry::PhaseBoard::Slot* phase_ = nullptr;  // none: nobody watches
};

// The role dispatch's: also how many texts its partitions owe an end. Counted from the tallies,
// which travel with the partition, so it is right from the first moment after a restart.
class DispatchMetrics final : public ShardMetrics, public dispatch::DispatchEvents {
 public:
  DispatchMetrics(telemetry::Registry& registry, telemetry::Log& log,
                  const std::vector<std::string>& inputs);
  ~DispatchMetrics() override;

  void OnTotal(std::int32_t partition, std::string_view name, std::int64_t total) override;
  void OnPartitionStopped(std::int32_t partition) override;
  void OnAccepted(std::int64_t response_ms, std::int64_t waited_ms) override;
  void OnBatchStart() override;

 private:
  telemetry::Gauge& outbox_;
  telemetry::HistogramBatch response_;
  telemetry::HistogramBatch waited_;
  std::map<std::int32_t, std::map<std::string, std::int64_t, std::less<>>> totals_;
};

class DecideMetrics final : public decide::DecideEvents {
 public:
  explicit DecideMetrics(telemetry::Registry& registry);

  void OnRecordClass(std::string_view source, policy::RecordClass record_class) override;
  void OnDecision(const v1::Decision& decision) override;
  void OnAmendment(const v1::Amendment& amendment) override;
  void OnJob(const v1::Job& job) override;
  void OnCallback(const v1::Callback& callback) override;

 private:
  telemetry::Registry& registry_;
  std::map<std::string, telemetry::Counter*, std::less<>> classes_;  // "source|class"
  std::vector<telemetry::Counter*> verdicts_;                        // by enum value
  std::vector<telemetry::Counter*> reasons_;
  telemetry::Counter& amendments_;
  telemetry::Counter& false_texts_;
  telemetry::Counter& jobs_;
  telemetry::Counter& callbacks_;
};

}  // namespace textback::pipeline
