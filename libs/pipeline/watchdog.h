// Looks after the shards of a service: each second at each one's heartbeat (shard/shard_watch.h),
// tells metrics and log what it finds, and acts: restarts the shard, ends the process, or leaves it
// at once where a thread hangs.
//
// A process that ends in good order may hang in doing so; the watchdog goes on until Stop, which
// comes after the shards'.
//
// Threads: one of its own, between Start and Stop; all calls from the owner's. Lifetime: the parts
// and the heartbeats outlive Stop.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "pipeline/config.h"
#include "shard/heartbeat.h"
#include "shard/shard_watch.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace textback::pipeline {

class Watchdog {
 public:
  struct Parts {
    const Clock& clock;
    telemetry::Registry& registry;
    telemetry::Log& notices;
    std::function<void(const Error&)> on_end;  // the process is to end in good order
    std::function<void()> leave;               // the process is to be gone, with exit code 3
  };
  Watchdog(const WatchdogConfig& config, Parts parts);
  ~Watchdog();  // Stop()

  // Before Start. `name`: "decide-0".
  void Watch(const std::string& name, shard::Heartbeat& heartbeat);
  void Start();
  void Stop();

  // One look at all; what the thread does each period.
  void Look();

  // Gives the log's thread a moment to write why, then exits with 3 without ending anything.
  static void LeaveProcess();

 private:
  struct Watched;
  void Run(const std::stop_token& stop);
  void LookAt(Watched& watched);
  void Act(Watched& watched, const shard::ShardWatch::Finding& finding, const shard::Pulse& pulse);

  const WatchdogConfig config_;
  const Parts parts_;
  std::vector<std::unique_ptr<Watched>> shards_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace textback::pipeline
