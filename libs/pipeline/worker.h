// textback-worker without its main: the roles intake and decide on one log.
//
// Threads: one per intake, one per decide shard, one that follows tenants and block lists, one that
// looks after imported numbers. Start and Stop from
// the owner's thread.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "decide/decide_processor.h"
#include "intake/block_feed.h"
#include "intake/intake.h"
#include "intake/tenant_feed.h"
#include "pipeline/intake_metrics.h"
#include "pipeline/metrics.h"
#include "pipeline/number_files.h"
#include "pipeline/parts.h"
#include "pipeline/policy_feed.h"
#include "pipeline/role_shard.h"

namespace textback::pipeline {

class Worker : private intake::ReachSource {
 public:
  // The topics must be there (AwaitTopics). Opens stores; nothing runs yet.
  static Result<std::unique_ptr<Worker>> Create(const WorkerConfig& config,
                                                const Surroundings& around);
  ~Worker() override;  // Stop()

  void Start();
  void Stop();

  static std::vector<std::string> TopicsOf(const WorkerConfig& config);

 private:
  Worker(const WorkerConfig& config, const Surroundings& around);
  Status Build();
  Status BuildIntake(const Topics& topics);
  Status BuildDecide(const Topics& topics);
  std::optional<intake::ReachTables> Tables() const override;
  bool TablesAreKnown() const;
  void RunFeeds();
  void RunNumbers();
  void RunIntake(std::size_t index);

  const WorkerConfig config_;
  const Surroundings around_;
  std::unique_ptr<intake::TenantFeed> tenant_feed_;
  std::unique_ptr<intake::BlockFeed> block_feed_;
  std::unique_ptr<NumberFiles> numbers_;  // none: no files are configured
  std::unique_ptr<PolicyFeed> policy_feed_;
  std::vector<std::unique_ptr<IntakeMetrics>> intake_metrics_;
  std::vector<std::unique_ptr<intake::Intake>> intakes_;
  std::unique_ptr<store::RocksDbStoreSet> stores_;
  std::vector<std::unique_ptr<ShardMetrics>> shard_metrics_;
  std::vector<std::unique_ptr<DecideMetrics>> decide_metrics_;
  std::vector<std::unique_ptr<decide::DecideProcessor>> processors_;
  std::vector<std::unique_ptr<RoleShard>> shards_;
  std::unique_ptr<Watchdog> watchdog_;
  std::vector<telemetry::HealthCheck*> intake_checks_;
  telemetry::HealthCheck* tenants_check_ = nullptr;
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> threads_;
  bool started_ = false;
};

}  // namespace textback::pipeline
