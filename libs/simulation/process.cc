#include "simulation/process.h"

#include <utility>

#include "base/assert.h"
#include "base/hash.h"
#include "decide/decide_processor.h"
#include "dispatch/dispatch_processor.h"
#include "dispatch/track_processor.h"
#include "intake/tenant_feed.h"

namespace textback::simulation {
namespace {

using std::chrono::milliseconds;

class IntakeProcess final : public Process {
 public:
  IntakeProcess(const World& world, const std::string& name)
      : log_(world.cluster.NewClient(name)),
        feed_(*log_, world.clock, {.topic = topics::kTenants}, events_) {
    intake::IntakeConfig config;
    config.group = kIntakeGroup;
    config.instance = name;
    for (const auto& source : Sources()) config.inputs.push_back({source.topic, source.config});
    config.calls_topic = topics::kCalls;
    config.deadletter_topic = topics::kDeadletter;
    auto made = intake::Intake::Make(*log_, world.clock, feed_, std::move(config), events_);
    TB_ASSERT(made.has_value());
    intake_ = std::move(made).value();
  }
  Status Step() override {
    TB_RETURN_IF_ERROR(feed_.Step(milliseconds(0)));
    return intake_->Step(milliseconds(0));
  }
  void Stop() override { intake_->Close(); }

 private:
  intake::IntakeEvents events_;
  std::unique_ptr<log::Log> log_;
  intake::TenantFeed feed_;
  std::unique_ptr<intake::Intake> intake_;
};

class FixedPolicy final : public policy::SnapshotSource {
 public:
  explicit FixedPolicy(std::shared_ptr<const policy::Snapshot> s) : snapshot_(std::move(s)) {}
  std::shared_ptr<const policy::Snapshot> Current() override { return snapshot_; }

 private:
  std::shared_ptr<const policy::Snapshot> snapshot_;
};

shard::ShardConfig BaseConfig(const World& world, const std::string& role,
                              const std::string& name) {
  shard::ShardConfig config;
  config.role = role;
  config.instance = name;
  config.changelog_topic = ChangelogOf(role);
  config.deadletter_topic = topics::kDeadletter;
  config.records_max = world.records_max;
  config.timers_max = 100;
  config.local_events_max = 64;
  config.source_timeout = milliseconds(30'000);
  config.marker_interval = milliseconds(500);
  config.backoff_max = milliseconds(1'000);
  return config;
}

// A shard with its client, processor and disk. What is particular to a role is in `parts`.
class ShardProcess : public Process {
 public:
  ShardProcess(const World& world, const std::string& name, store::StoreSet& disk)
      : world_(world), name_(name), disk_(disk), log_(world.cluster.NewClient(name)) {}

  Status Step() override { return shard_->Step(milliseconds(0)); }
  void Stop() override { shard_->Stop(); }
  std::vector<std::string> Halted() const override {
    std::vector<std::string> halted;
    for (const auto& partition : shard_->partitions()) {
      if (partition.phase == shard::Phase::kHalted) halted.push_back(partition.halted_by);
    }
    return halted;
  }
  std::vector<std::int32_t> Running() const override {
    std::vector<std::int32_t> running;
    for (const auto& partition : shard_->partitions()) {
      if (partition.phase == shard::Phase::kRunning) running.push_back(partition.partition);
    }
    return running;
  }
  void CheckLimits(std::vector<std::string>& over) const override {
    for (const auto& partition : shard_->partitions()) {
      if (partition.local_events <= local_events_max_) continue;
      over.push_back(name_ + " keeps " + std::to_string(partition.local_events) +
                     " local events of partition " + std::to_string(partition.partition));
    }
  }

 protected:
  void Build(shard::ShardConfig config, shard::Processor& processor, shard::LocalSource* local,
             std::uint64_t start) {
    const auto& sabotage = world_.sabotage;
    shard::Processor* used = &processor;
    if (sabotage.processor) wrapped_processor_ = sabotage.processor(config.role, processor);
    if (wrapped_processor_) used = wrapped_processor_.get();
    store::StoreSet* stores = &disk_;
    if (sabotage.stores) wrapped_stores_ = sabotage.stores(config.role, disk_);
    if (wrapped_stores_) stores = wrapped_stores_.get();
    // Twice: what a batch drains beside what it carries already.
    local_events_max_ = 2 * config.local_events_max;
    shard_ = std::make_unique<shard::Shard>(
        std::move(config), shard::ShardParts{*log_, *stores, *used, events_, world_.clock, local,
                                             StableHash64(name_, start)});
  }

  const World& world_;
  const std::string name_;

 private:
  store::StoreSet& disk_;
  shard::NullShardEvents events_;
  std::unique_ptr<log::Log> log_;
  std::unique_ptr<shard::Processor> wrapped_processor_;
  std::unique_ptr<store::StoreSet> wrapped_stores_;
  std::size_t local_events_max_ = 0;

 protected:
  // Last: its end may call the processor. Derived classes destroy it before theirs.
  std::unique_ptr<shard::Shard> shard_;
};

class DecideProcess final : public ShardProcess {
 public:
  DecideProcess(const World& world, const std::string& name, store::StoreSet& disk,
                std::uint64_t start)
      : ShardProcess(world, name, disk),
        policy_(world.snapshot),
        processor_(policy_, DecideLimits()) {
    auto config = BaseConfig(world, "decide", name);
    config.inputs = {{topics::kCalls}, {topics::kInbound}, {topics::kStatus, false}};
    config.outputs = {{topics::kJobs},
                      {topics::kDecisions, shard::PartitionRule::kModulo},
                      {topics::kAmendments, shard::PartitionRule::kModulo},
                      {topics::kCallbacks, shard::PartitionRule::kModulo}};
    Build(std::move(config), processor_, nullptr, start);
  }
  ~DecideProcess() override { shard_.reset(); }

 private:
  FixedPolicy policy_;
  decide::DecideProcessor processor_;
};

class DispatchProcess final : public ShardProcess {
 public:
  DispatchProcess(const World& world, const std::string& name, store::StoreSet& disk,
                  std::uint64_t start)
      : ShardProcess(world, name, disk),
        incarnation_(StableHash64(name, start) | 1U),
        budget_(kIntentLimit),
        port_(world.smsc.NewPort(incarnation_)),
        wrapped_port_(world.sabotage.port ? world.sabotage.port(*port_) : nullptr),
        processor_(Config(), wrapped_port_ ? *wrapped_port_ : *port_, budget_, world.clock,
                   incarnation_) {
    auto config = BaseConfig(world, "dispatch", name);
    config.inputs = {{topics::kJobs}, {topics::kStatus, false}};
    config.outputs = {{topics::kSubmissions}, {topics::kStatus}};
    Build(std::move(config), processor_, &processor_, start);
  }
  ~DispatchProcess() override { shard_.reset(); }

  void Tick() override { port_->Tick(); }
  void Die() override { port_->Die(); }
  void CheckLimits(std::vector<std::string>& over) const override {
    ShardProcess::CheckLimits(over);
    if (budget_.open() > budget_.limit() || processor_.open_intents() > budget_.limit()) {
      over.push_back(name_ + " has " + std::to_string(budget_.open()) + " intents open");
    }
  }

 private:
  dispatch::DispatchConfig Config() const {
    auto config = DispatchTimes();
    config.incarnation = incarnation_;
    return config;
  }

  const std::uint64_t incarnation_;
  dispatch::IntentBudget budget_;
  std::unique_ptr<SimSmsc::Port> port_;
  std::unique_ptr<dispatch::MessagePort> wrapped_port_;
  dispatch::DispatchProcessor processor_;
};

class TrackProcess final : public ShardProcess {
 public:
  TrackProcess(const World& world, const std::string& name, store::StoreSet& disk,
               std::uint64_t start)
      : ShardProcess(world, name, disk), processor_(TrackTimes()) {
    auto config = BaseConfig(world, "track", name);
    config.inputs = {{topics::kSubmissions}, {topics::kReceipts, false}};
    config.outputs = {{topics::kStatus}};
    Build(std::move(config), processor_, nullptr, start);
  }
  ~TrackProcess() override { shard_.reset(); }

 private:
  dispatch::TrackProcessor processor_;
};

}  // namespace

std::string GroupOf(std::string_view role) { return "textback." + std::string(role); }
std::string ChangelogOf(std::string_view role) {
  return "textback." + std::string(role) + ".changelog";
}

std::unique_ptr<Process> NewIntake(const World& world, const std::string& name) {
  return std::make_unique<IntakeProcess>(world, name);
}
std::unique_ptr<Process> NewDecide(const World& world, const std::string& name,
                                   store::StoreSet& disk, std::uint64_t start) {
  return std::make_unique<DecideProcess>(world, name, disk, start);
}
std::unique_ptr<Process> NewDispatch(const World& world, const std::string& name,
                                     store::StoreSet& disk, std::uint64_t start) {
  return std::make_unique<DispatchProcess>(world, name, disk, start);
}
std::unique_ptr<Process> NewTrack(const World& world, const std::string& name,
                                  store::StoreSet& disk, std::uint64_t start) {
  return std::make_unique<TrackProcess>(world, name, disk, start);
}

}  // namespace textback::simulation
