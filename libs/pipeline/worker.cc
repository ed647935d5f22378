#include "pipeline/worker.h"

#include <algorithm>
#include <utility>

#include "base/random.h"
#include "base/thread_name.h"

namespace textback::pipeline {
namespace {

constexpr std::chrono::milliseconds kWait{50};
constexpr std::chrono::milliseconds kFeedPause{10};
constexpr std::chrono::milliseconds kSilenceMax{60'000};

}  // namespace

Worker::Worker(const WorkerConfig& config, const Surroundings& around)
    : config_(config), around_(around) {}

Worker::~Worker() { Stop(); }

Result<std::unique_ptr<Worker>> Worker::Create(const WorkerConfig& config,
                                               const Surroundings& around) {
  std::unique_ptr<Worker> worker(new Worker(config, around));
  TB_RETURN_IF_ERROR(worker->Build());
  return worker;
}

std::vector<std::string> Worker::TopicsOf(const WorkerConfig& config) {
  const Topics t(config.common.prefix);
  std::vector<std::string> topics = {t.tenants, t.calls, t.deadletter};
  if (config.intake_role) {
    topics.push_back(t.blocklist);
    for (const auto& input : config.inputs) {
      if (std::ranges::find(topics, input.topic) == topics.end()) topics.push_back(input.topic);
    }
  }
  if (config.decide_role) {
    topics.insert(topics.end(), {t.inbound, t.status, t.jobs, t.decisions, t.amendments,
                                 t.callbacks, t.decide_changelog});
  }
  return topics;
}

Status Worker::Build() {
  const Topics topics(config_.common.prefix);
  tenants_check_ = &around_.health.Add("tenants");
  if (config_.intake_role) TB_RETURN_IF_ERROR(BuildIntake(topics));
  if (config_.decide_role) TB_RETURN_IF_ERROR(BuildDecide(topics));
  return Ok();
}

Status Worker::BuildIntake(const Topics& topics) {
  intake_metrics_.push_back(std::make_unique<IntakeMetrics>(around_.registry, around_.notices));
  tenant_feed_ = std::make_unique<intake::TenantFeed>(
      around_.log, around_.clock, intake::TableFeedConfig{.topic = topics.tenants},
      *intake_metrics_.back());
  block_feed_ = std::make_unique<intake::BlockFeed>(
      around_.log, around_.clock, intake::TableFeedConfig{.topic = topics.blocklist},
      *intake_metrics_.back());
  if (!config_.numbers.plan.empty() || !config_.numbers.ported.empty()) {
    TB_ASSIGN_OR_RETURN(numbers_, NumberFiles::Load(config_.numbers, around_.clock,
                                                    around_.registry, around_.notices));
  }
  for (int i = 0; i < config_.intake_threads; ++i) {
    intake::IntakeConfig config;
    const std::string app =
        config_.common.prefix.substr(0, config_.common.prefix.find_last_not_of('.') + 1);
    config.group = app + ".intake";
    config.instance = app + ".intake." + config_.common.instance + "." + std::to_string(i);
    config.inputs = config_.inputs;
    config.calls_topic = topics.calls;
    config.deadletter_topic = topics.deadletter;
    config.watermark_interval = std::chrono::milliseconds(config_.watermark_ms);
    intake_metrics_.push_back(std::make_unique<IntakeMetrics>(around_.registry, around_.notices));
    TB_ASSIGN_OR_RETURN(auto intake,
                        intake::Intake::Make(around_.log, around_.clock, *tenant_feed_,
                                             std::move(config), *intake_metrics_.back(), this));
    intakes_.push_back(std::move(intake));
    intake_checks_.push_back(&around_.health.Add("intake_" + std::to_string(i), kSilenceMax));
  }
  return Ok();
}

Status Worker::BuildDecide(const Topics& topics) {
  Random random(around_.seed ^ 0x646563696465);
  policy_feed_ = std::make_unique<PolicyFeed>(around_.log, around_.clock, around_.notices,
                                              topics.tenants, config_.limits.horizon_ms);
  TB_ASSIGN_OR_RETURN(stores_, OpenStores(around_, config_.common, config_.decide, "decide",
                                          topics.decide_changelog));
  const std::vector<std::string> inputs = {topics.calls, topics.inbound, topics.status};
  for (int i = 0; i < config_.decide.threads; ++i) {
    decide_metrics_.push_back(std::make_unique<DecideMetrics>(around_.registry));
    processors_.push_back(std::make_unique<decide::DecideProcessor>(*policy_feed_, config_.limits,
                                                                    decide_metrics_.back().get()));
    auto config = MakeShardConfig(config_.common, config_.decide, "decide", i,
                                  topics.decide_changelog, topics);
    // Status only ever tells what became of texts; calls and STOPs hold timers back.
    config.inputs = {{topics.calls, true}, {topics.inbound, true}, {topics.status, false}};
    config.outputs = {{topics.jobs, shard::PartitionRule::kSameIndex},
                      {topics.decisions, shard::PartitionRule::kModulo},
                      {topics.amendments, shard::PartitionRule::kModulo},
                      {topics.callbacks, shard::PartitionRule::kModulo}};
    shard_metrics_.push_back(
        std::make_unique<ShardMetrics>(around_.registry, around_.notices, "decide", inputs));
    if (around_.phases)
      shard_metrics_.back()->set_phase(around_.phases->Take("decide-" + std::to_string(i)));
    auto& check = around_.health.Add("decide_" + std::to_string(i), kSilenceMax);
    shards_.push_back(std::make_unique<RoleShard>(
        std::move(config),
        shard::ShardParts{around_.log, *stores_, *processors_.back(), *shard_metrics_.back(),
                          around_.clock, nullptr, random.Next()},
        kWait, check, around_.on_end));
  }
  return Ok();
}

void Worker::Start() {
  TB_ASSERT(!started_);
  started_ = true;
  threads_.emplace_back([this] { RunFeeds(); });
  if (numbers_) threads_.emplace_back([this] { RunNumbers(); });
  for (std::size_t i = 0; i < intakes_.size(); ++i)
    threads_.emplace_back([this, i] { RunIntake(i); });
  watchdog_ = MakeWatchdog(around_, config_.common);
  for (auto& shard : shards_) shard->Start(*watchdog_);
  watchdog_->Start();
}

void Worker::Stop() {
  if (!started_) return;
  started_ = false;
  stopping_ = true;
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  for (auto& shard : shards_) shard->Stop();
  watchdog_->Stop();
}

std::optional<intake::ReachTables> Worker::Tables() const {
  auto blocked = block_feed_->Blocked();
  if (blocked == nullptr) return std::nullopt;
  return intake::ReachTables{numbers_ ? numbers_->Current() : nullptr, std::move(blocked)};
}

bool Worker::TablesAreKnown() const {
  return (!tenant_feed_ || tenant_feed_->Lines() != nullptr) &&
         (!block_feed_ || block_feed_->Blocked() != nullptr) &&
         (!policy_feed_ || policy_feed_->Current() != nullptr);
}

// Apart from the other feeds: reading a long file takes seconds.
void Worker::RunNumbers() {
  SetThreadName("numbers");
  while (!stopping_) {
    numbers_->Step();
    std::this_thread::sleep_for(kWait);
  }
}

void Worker::RunFeeds() {
  SetThreadName("tenants");
  while (!stopping_) {
    if (tenant_feed_) {
      if (auto status = tenant_feed_->Step(kWait); !status) return around_.on_end(status.error());
    }
    if (block_feed_) {
      if (auto status = block_feed_->Step(kWait); !status) return around_.on_end(status.error());
    }
    if (policy_feed_) {
      if (auto status = policy_feed_->Step(kWait); !status) return around_.on_end(status.error());
    }
    if (TablesAreKnown()) {
      tenants_check_->Ready();
    } else {
      tenants_check_->NotReady("the tenants and block lists are being read");
    }
    std::this_thread::sleep_for(kFeedPause);  // a feed that backs off returns at once
  }
}

void Worker::RunIntake(std::size_t index) {
  SetThreadName("intake");
  intake::Intake& intake = *intakes_[index];
  while (!stopping_) {
    if (const auto idle = intake.idle_for(); idle.count() > 0)
      std::this_thread::sleep_for(std::min(idle, kWait));
    auto status = intake.Step(kWait);
    if (!status) {
      intake_checks_[index]->Broken(status.error().message);
      return around_.on_end(status.error());
    }
    intake_checks_[index]->Beat();
    intake_checks_[index]->Ready();
  }
  intake.Close();
}

}  // namespace textback::pipeline
