#include "pipeline/role_shard.h"

#include <string>
#include <utility>

namespace textback::pipeline {

RoleShard::RoleShard(shard::ShardConfig config, const shard::ShardParts& parts,
                     std::chrono::milliseconds wait, telemetry::HealthCheck& health,
                     std::function<void(const Error&)> on_end)
    : config_(std::move(config)),
      parts_(parts),
      wait_(wait),
      health_(health),
      on_end_(std::move(on_end)) {}

void RoleShard::Start(Watchdog& watchdog) {
  thread_ = std::make_unique<shard::ShardThread>(
      std::make_unique<shard::Shard>(config_, parts_), wait_,
      [this](const Status& why) {
        if (why) return;
        health_.Broken(why.error().message);
        on_end_(why.error());
      },
      [this](const shard::Shard& shard) { Report(shard, health_); });
  watchdog.Watch(thread_->name(), thread_->heartbeat());
}

void RoleShard::Stop() {
  if (!thread_) return;
  thread_->RequestStop();
  // Why it ended was told to on_end.
  static_cast<void>(thread_->Join());
}

void RoleShard::Report(const shard::Shard& shard, telemetry::HealthCheck& health) {
  health.Beat();
  std::size_t restoring = 0;
  std::size_t halted = 0;
  for (const auto& partition : shard.partitions()) {
    if (partition.phase == shard::Phase::kHalted) {
      ++halted;
    } else if (partition.phase != shard::Phase::kRunning) {
      ++restoring;
    }
  }
  if (halted > 0) {
    health.NotReady(std::to_string(halted) + " partitions halted");
  } else if (restoring > 0) {
    health.NotReady(std::to_string(restoring) + " partitions being restored");
  } else {
    health.Ready();
  }
}

}  // namespace textback::pipeline
