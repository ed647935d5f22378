// What the worker's and the dispatcher's assembly share.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "log/log.h"
#include "pipeline/config.h"
#include "pipeline/watchdog.h"
#include "shard/config.h"
#include "store/rocksdb_store.h"
#include "telemetry/health.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"
#include "telemetry/phase_board.h"

namespace textback::pipeline {

// What every service gets from its main. All outlive it.
struct Surroundings {
  log::Log& log;
  Clock& clock;
  telemetry::Registry& registry;
  telemetry::Health& health;
  telemetry::Log& notices;
  // A part ended with an error: the process is to stop with exit code 3. Any thread; may be called
  // several times.
  std::function<void(const Error&)> on_end;
  std::uint64_t seed = 0;
  telemetry::PhaseBoard* phases = nullptr;  // for tests; none: nobody watches
};

// Waits until the log answers and every topic is there; `stop` ends the waiting (kRetry "stopped").
// kFatal "topic_missing" names the topic and the command that makes it.
Status AwaitTopics(const Surroundings& around, const std::vector<std::string>& topics,
                   const std::function<bool()>& stop);

// In production mode (`common.production`) settings that void the guarantee are a reason not to
// start: kFatal "not_for_production" names each. Else they are counted in one warning.
Status AwaitSafeCluster(const Surroundings& around, const CommonConfig& common,
                        const std::vector<std::string>& topics, const std::function<bool()>& stop);

shard::ShardConfig MakeShardConfig(const CommonConfig& common, const RoleConfig& role,
                                   std::string_view name, int thread, const std::string& changelog,
                                   const Topics& topics);

std::unique_ptr<Watchdog> MakeWatchdog(const Surroundings& around, const CommonConfig& common);

Result<std::unique_ptr<store::RocksDbStoreSet>> OpenStores(const Surroundings& around,
                                                           const CommonConfig& common,
                                                           const RoleConfig& role,
                                                           std::string_view name,
                                                           const std::string& changelog);

}  // namespace textback::pipeline
