// One shard of a role as a service runs it: made at Start, watched by a health check.
//
// Threads: Start and Stop from the owner's. Lifetime: what the parts name outlives it.
#pragma once

#include <functional>
#include <memory>

#include "pipeline/watchdog.h"
#include "shard/shard_thread.h"
#include "telemetry/health.h"

namespace textback::pipeline {

class RoleShard {
 public:
  // `wait`: how long a Step waits for records. `on_end` is called on the shard's thread when it
  // ends with an error: the process is to stop.
  RoleShard(shard::ShardConfig config, const shard::ShardParts& parts,
            std::chrono::milliseconds wait, telemetry::HealthCheck& health,
            std::function<void(const Error&)> on_end);

  void Start(Watchdog& watchdog);
  // Gives the partitions back in good order, and waits for it.
  void Stop();

 private:
  static void Report(const shard::Shard& shard, telemetry::HealthCheck& health);

  const shard::ShardConfig config_;
  const shard::ShardParts parts_;
  const std::chrono::milliseconds wait_;
  telemetry::HealthCheck& health_;
  const std::function<void(const Error&)> on_end_;
  std::unique_ptr<shard::ShardThread> thread_;
};

}  // namespace textback::pipeline
