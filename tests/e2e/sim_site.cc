#include "e2e/sim_site.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/clock.h"
#include "decide/decide_processor.h"
#include "dispatch/dispatch_processor.h"
#include "dispatch/intent_budget.h"
#include "dispatch/track_processor.h"
#include "e2e/outcome.h"
#include "intake/intake.h"
#include "intake/tenant_feed.h"
#include "log_sim/sim_log.h"
#include "pipeline/config.h"
#include "pipeline/parts.h"
#include "pipeline/policy_feed.h"
#include "shard/shard.h"
#include "simulation/sim_smsc.h"
#include "store/memory_store.h"
#include "telemetry/log.h"

namespace textback::tests {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{50};
constexpr int kTicksMax = 20'000;  // of virtual time, a quarter of an hour
constexpr std::size_t kIntentLimit = 1'000;

class SimSite {
 public:
  SimSite(const Workload& workload, std::int32_t partitions, std::uint64_t seed)
      : clock_(workload.made_ms),
        cluster_(seed, clock_),
        smsc_(seed + 1, clock_, {.window = kIntentLimit}),
        disk_(clock_, {.seed = seed}),
        outbox_disk_(clock_, {.seed = seed + 2}),
        track_disk_(clock_, {.seed = seed + 3}),
        notices_(clock_, sink_, {.part = "simulated"}),
        budget_(kIntentLimit) {
    smsc_.Behave();
    const auto created = cluster_.CreateTopics(pipeline::Specs(
        topics_, {.partitions = partitions, .decision_partitions = (partitions + 1) / 2}));
    EXPECT_TRUE(created) << created.error().message;
    outside_ = cluster_.NewClient("outside");
    receipts_ = outside_->NewWriter("receipts").value();
    PutTenants(*outside_, topics_, workload);
    PutRecords(*outside_, topics_, workload);
    BuildIntake();
    BuildDecide();
    BuildDispatch();
    BuildTrack();
  }

  log::Log& log() { return *outside_; }
  const pipeline::Topics& topics() const { return topics_; }

  void Tick() {
    clock_.Advance(kTick);
    for (const auto& receipt : smsc_.TakeReceipts()) {
      EXPECT_TRUE(receipts_->Send(topics_.receipts, std::nullopt,
                                  receipt.account() + "|" + receipt.message_id_key(),
                                  receipt.SerializeAsString(), clock_.NowMs()));
    }
    EXPECT_TRUE(receipts_->Flush(milliseconds(0)));
    Expect(tenants_->Step(milliseconds(0)));
    Expect(policy_->Step(milliseconds(0)));
    Expect(intake_->Step(milliseconds(0)));
    for (auto& shard : shards_) Expect(shard->Step(milliseconds(0)));
    port_->Tick();
  }

  void Stop() {
    intake_->Close();
    for (auto& shard : shards_) shard->Stop();
  }

  std::vector<Taken> TakenTexts() const {
    std::vector<Taken> all;
    for (const auto& write : smsc_.writes()) {
      if (!write.taken) continue;
      Taken& taken = all.emplace_back();
      taken.to = write.recipient.substr(1);
      taken.udh = write.part > 1 ? std::to_string(write.part) : "";
      constexpr char kDigits[] = "0123456789ABCDEF";
      for (const char c : write.body) {
        const auto byte = static_cast<unsigned char>(c);
        taken.octets += {kDigits[byte >> 4], kDigits[byte & 15]};
      }
    }
    return all;
  }

 private:
  static void Expect(const Status& status) { EXPECT_TRUE(status) << status.error().message; }

  shard::ShardConfig ConfigOf(std::string_view role, const std::string& changelog) {
    return pipeline::MakeShardConfig({.instance = "simulated"}, {}, role, 0, changelog, topics_);
  }

  void AddShard(shard::ShardConfig config, store::StoreSet& disk, shard::Processor& processor,
                shard::LocalSource* local) {
    clients_.push_back(cluster_.NewClient(config.role));
    shards_.push_back(std::make_unique<shard::Shard>(
        std::move(config),
        shard::ShardParts{*clients_.back(), disk, processor, shard_events_, clock_, local}));
  }

  void BuildIntake() {
    clients_.push_back(cluster_.NewClient("intake"));
    log::Log& log = *clients_.back();
    tenants_ = std::make_unique<intake::TenantFeed>(
        log, clock_, intake::TableFeedConfig{.topic = topics_.tenants}, intake_events_);
    intake::IntakeConfig config;
    config.group = "textback.intake";
    config.instance = "simulated";
    intake::IntakeInput input;
    input.topic = topics_.cdrs;
    input.source.name = "pbx";
    input.source.settle.set_emits(v1::SettleProfile::EMITS_CALL_END);
    config.inputs.push_back(std::move(input));
    config.calls_topic = topics_.calls;
    config.deadletter_topic = topics_.deadletter;
    intake_ =
        intake::Intake::Make(log, clock_, *tenants_, std::move(config), intake_events_).value();
  }

  void BuildDecide() {
    policy::Limits limits = pipeline::WorkerConfig().limits;
    limits.undeliverable_memory_ms = 0;  // as the other logs' sites: logs_test.cc
    policy_ = std::make_unique<pipeline::PolicyFeed>(*outside_, clock_, notices_, topics_.tenants,
                                                     limits.horizon_ms);
    decide_ = std::make_unique<decide::DecideProcessor>(*policy_, limits);
    auto config = ConfigOf("decide", topics_.decide_changelog);
    config.inputs = {{topics_.calls, true}, {topics_.inbound, true}, {topics_.status, false}};
    config.outputs = {{topics_.jobs, shard::PartitionRule::kSameIndex},
                      {topics_.decisions, shard::PartitionRule::kModulo},
                      {topics_.amendments, shard::PartitionRule::kModulo},
                      {topics_.callbacks, shard::PartitionRule::kModulo}};
    AddShard(std::move(config), disk_, *decide_, nullptr);
  }

  void BuildDispatch() {
    port_ = smsc_.NewPort(1);
    dispatch_ = std::make_unique<dispatch::DispatchProcessor>(dispatch::DispatchConfig(), *port_,
                                                              budget_, clock_, 1);
    auto config = ConfigOf("dispatch", topics_.dispatch_changelog);
    config.inputs = {{topics_.jobs, true}, {topics_.status, false}};
    config.outputs = {{topics_.submissions, shard::PartitionRule::kByKey},
                      {topics_.status, shard::PartitionRule::kByKey}};
    AddShard(std::move(config), outbox_disk_, *dispatch_, dispatch_.get());
  }

  void BuildTrack() {
    track_ = std::make_unique<dispatch::TrackProcessor>(dispatch::TrackConfig());
    auto config = ConfigOf("track", topics_.track_changelog);
    config.inputs = {{topics_.submissions, true}, {topics_.receipts, false}};
    config.outputs = {{topics_.status, shard::PartitionRule::kByKey}};
    AddShard(std::move(config), track_disk_, *track_, nullptr);
  }

  const pipeline::Topics topics_;
  ManualClock clock_;
  log::sim::SimCluster cluster_;
  simulation::SimSmsc smsc_;
  store::MemoryStoreSet disk_, outbox_disk_, track_disk_;
  telemetry::MemorySink sink_;
  telemetry::Log notices_;
  intake::IntakeEvents intake_events_;
  shard::NullShardEvents shard_events_;
  dispatch::IntentBudget budget_;
  std::unique_ptr<log::Log> outside_;
  std::unique_ptr<log::Writer> receipts_;
  std::vector<std::unique_ptr<log::Log>> clients_;
  std::unique_ptr<intake::TenantFeed> tenants_;
  std::unique_ptr<intake::Intake> intake_;
  std::unique_ptr<pipeline::PolicyFeed> policy_;
  std::unique_ptr<decide::DecideProcessor> decide_;
  std::unique_ptr<simulation::SimSmsc::Port> port_;
  std::unique_ptr<dispatch::DispatchProcessor> dispatch_;
  std::unique_ptr<dispatch::TrackProcessor> track_;
  std::vector<std::unique_ptr<shard::Shard>> shards_;  // they call the processors: gone first
};

}  // namespace

std::map<std::string, std::string> RunSimulated(const Workload& workload, std::int32_t partitions,
                                                std::uint64_t seed) {
  SimSite site(workload, partitions, seed);
  Outcome outcome(site.log(), site.topics());
  int ticks = 0;
  while (!outcome.Complete(workload) && ticks < kTicksMax && !::testing::Test::HasFailure()) {
    site.Tick();
    ++ticks;
  }
  EXPECT_TRUE(outcome.Complete(workload))
      << outcome.decided() << " of " << workload.calls << " decided after " << ticks << " ticks";
  site.Stop();
  ExpectTextsOnce(outcome, site.TakenTexts());
  ExpectCountsAddUp(ReadCounts(site.log(), site.topics()), workload);
  return outcome.Decisions();
}

}  // namespace textback::tests
