// textback-dispatcher without its main: the roles dispatch and track on one log and one SMSC
// account.
//
// Threads: one per shard, one of the SMPP binds, one for what comes in. Start and Stop from the
// owner's thread.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "dispatch/dispatch_processor.h"
#include "dispatch/inbound_bridge.h"
#include "dispatch/intent_budget.h"
#include "dispatch/smpp_message_port.h"
#include "dispatch/track_processor.h"
#include "pipeline/metrics.h"
#include "pipeline/parts.h"
#include "pipeline/role_shard.h"
#include "smpp/client.h"

namespace textback::pipeline {

class Dispatcher {
 public:
  // The topics must be there (AwaitTopics). Opens stores; nothing runs yet.
  static Result<std::unique_ptr<Dispatcher>> Create(const DispatcherConfig& config,
                                                    const Surroundings& around);
  ~Dispatcher();  // Stop()

  void Start();
  // Texts that are on the wire get their answers, partitions go back in good order, binds are
  // unbound.
  void Stop();

  // Topics that it reads or writes.
  static std::vector<std::string> TopicsOf(const DispatcherConfig& config);

  const dispatch::IntentBudget& budget() const { return budget_; }
  smpp::PortHealth smpp_health() const { return pool_->Health(); }

 private:
  Dispatcher(const DispatcherConfig& config, const Surroundings& around);
  Status Build();
  Status BuildDispatch(const Topics& topics);
  Status BuildTrack(const Topics& topics);
  void RunInbound();
  void PublishGauges();

  struct Gauges;

  const DispatcherConfig config_;
  const Surroundings around_;
  dispatch::IntentBudget budget_;
  std::unique_ptr<smpp::ClientPool> pool_;
  std::unique_ptr<dispatch::SmppMessagePort> port_;
  std::unique_ptr<store::RocksDbStoreSet> dispatch_stores_;
  std::unique_ptr<store::RocksDbStoreSet> track_stores_;
  std::vector<std::unique_ptr<ShardMetrics>> metrics_;
  std::vector<std::unique_ptr<shard::Processor>> processors_;
  std::unique_ptr<dispatch::InboundBridge> inbound_;
  std::unique_ptr<Gauges> gauges_;
  telemetry::HealthCheck* smpp_check_ = nullptr;
  std::vector<std::unique_ptr<RoleShard>> dispatch_threads_;
  std::vector<std::unique_ptr<RoleShard>> track_threads_;
  std::unique_ptr<Watchdog> watchdog_;
  std::atomic<bool> stopping_{false};
  std::thread inbound_thread_;
  bool started_ = false;
};

}  // namespace textback::pipeline
