#include "pipeline/dispatcher.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/random.h"
#include "base/thread_name.h"

namespace textback::pipeline {
namespace {

constexpr std::chrono::milliseconds kInboundWait{20};
// Outcomes from the wire don't wake a poll: they wait as long at worst.
constexpr std::chrono::milliseconds kShardWait{10};
constexpr std::chrono::milliseconds kGaugesEvery{1'000};
// After the last answer: for the transactions that write the outcomes down.
constexpr std::chrono::milliseconds kSettleMax{5'000};
constexpr std::chrono::milliseconds kSettlePoll{10};
constexpr std::chrono::milliseconds kShardSilenceMax{60'000};
constexpr std::chrono::milliseconds kInboundSilenceMax{60'000};

}  // namespace

struct Dispatcher::Gauges {
  explicit Gauges(telemetry::Registry& r)
      : intents(r.GetGauge("textback_dispatch_intents_open", "Texts between intent and outcome.")),
        intent_limit(r.GetGauge("textback_dispatch_intent_limit",
                                "What a kill can leave unknown, at most.")),
        binds_bound(r.GetGauge("textback_smpp_binds_bound", "Binds that are up.")),
        binds(r.GetGauge("textback_smpp_binds", "Binds configured.")),
        outstanding(
            r.GetGauge("textback_smpp_window_used", "submit_sm on the wire without an answer.")),
        window(r.GetGauge("textback_smpp_window_size",
                          "submit_sm that may be on the wire, over all binds.")),
        queued(r.GetGauge("textback_smpp_queued_parts", "Parts that wait for a window.")),
        throttled(r.GetGauge("textback_smpp_binds_throttled",
                             "Binds that pause because the SMSC said so.")),
        unanswered(r.GetGauge("textback_smpp_deliver_unanswered",
                              "deliver_sm that are not durable in the log yet.")),
        receipts(r.GetCounter("textback_smpp_receipts_total", "Delivery receipts that came in.")),
        texts(r.GetCounter("textback_smpp_inbound_texts_total", "Customers' texts that came in.")),
        unreadable(r.GetCounter("textback_smpp_inbound_unreadable_total",
                                "deliver_sm from an address that nobody can answer.")) {}
  telemetry::Gauge &intents, &intent_limit, &binds_bound, &binds, &outstanding, &window, &queued,
      &throttled, &unanswered;
  telemetry::Counter &receipts, &texts, &unreadable;
  dispatch::InboundStats last;
};

Dispatcher::Dispatcher(const DispatcherConfig& config, const Surroundings& around)
    : config_(config), around_(around), budget_(std::max<std::size_t>(1, config.intent_limit)) {}

Dispatcher::~Dispatcher() { Stop(); }

Result<std::unique_ptr<Dispatcher>> Dispatcher::Create(const DispatcherConfig& config,
                                                       const Surroundings& around) {
  std::unique_ptr<Dispatcher> dispatcher(new Dispatcher(config, around));
  TB_RETURN_IF_ERROR(dispatcher->Build());
  return dispatcher;
}

std::vector<std::string> Dispatcher::TopicsOf(const DispatcherConfig& config) {
  const Topics t(config.common.prefix);
  std::vector<std::string> topics = {t.status, t.deadletter, t.submissions, t.receipts};
  if (config.dispatch_role) topics.insert(topics.end(), {t.jobs, t.inbound, t.dispatch_changelog});
  if (config.track_role) topics.push_back(t.track_changelog);
  return topics;
}

Status Dispatcher::Build() {
  const Topics topics(config_.common.prefix);
  if (config_.dispatch_role) TB_RETURN_IF_ERROR(BuildDispatch(topics));
  if (config_.track_role) TB_RETURN_IF_ERROR(BuildTrack(topics));
  return Ok();
}

Status Dispatcher::BuildDispatch(const Topics& topics) {
  Random random(around_.seed ^ 0x64697370);
  TB_ASSIGN_OR_RETURN(pool_,
                      smpp::ClientPool::Create(config_.smsc.pool, around_.clock, random.Next()));
  dispatch::SmppMessageConfig message_config;
  message_config.account = config_.smsc.account;
  message_config.profile = config_.smsc.pool.binds.front().profile;
  message_config.parts_max = config_.smsc.parts_max;
  const auto threads = static_cast<std::size_t>(config_.dispatch.threads);
  port_ = std::make_unique<dispatch::SmppMessagePort>(message_config, *pool_, threads);
  TB_ASSIGN_OR_RETURN(dispatch_stores_, OpenStores(around_, config_.common, config_.dispatch,
                                                   "dispatch", topics.dispatch_changelog));
  const std::uint64_t incarnation = random.Next() | 1;
  for (std::size_t i = 0; i < threads; ++i) {
    dispatch::DispatchConfig processor_config = config_.outbox;
    processor_config.shard = i;
    processor_config.incarnation = incarnation;
    auto metrics = std::make_unique<DispatchMetrics>(around_.registry, around_.notices,
                                                     std::vector{topics.jobs, topics.status});
    auto processor = std::make_unique<dispatch::DispatchProcessor>(
        processor_config, *port_, budget_, around_.clock, random.Next(), metrics.get());
    auto config = MakeShardConfig(config_.common, config_.dispatch, "dispatch", static_cast<int>(i),
                                  topics.dispatch_changelog, topics);
    // Status holds no timer back: it only ever proves what is unknown already.
    config.inputs = {{topics.jobs, true}, {topics.status, false}};
    config.outputs = {{topics.submissions, shard::PartitionRule::kByKey},
                      {topics.status, shard::PartitionRule::kByKey}};
    if (around_.phases) metrics->set_phase(around_.phases->Take("dispatch-" + std::to_string(i)));
    metrics_.push_back(std::move(metrics));
    auto& check = around_.health.Add("dispatch_" + std::to_string(i), kShardSilenceMax);
    dispatch_threads_.push_back(std::make_unique<RoleShard>(
        std::move(config),
        shard::ShardParts{around_.log, *dispatch_stores_, *processor, *metrics_.back(),
                          around_.clock, processor.get(), random.Next()},
        kShardWait, check, around_.on_end));
    processors_.push_back(std::move(processor));
  }
  dispatch::InboundConfig inbound;
  inbound.account = config_.smsc.account;
  inbound.country = config_.smsc.country;
  inbound.profile = message_config.profile;
  inbound.receipts_topic = topics.receipts;
  inbound.inbound_topic = topics.inbound;
  inbound_ = std::make_unique<dispatch::InboundBridge>(inbound, *pool_, around_.log, around_.clock);
  smpp_check_ = &around_.health.Add("smpp", kInboundSilenceMax);
  gauges_ = std::make_unique<Gauges>(around_.registry);
  gauges_->intent_limit.Set(static_cast<double>(budget_.limit()));
  gauges_->binds.Set(static_cast<double>(config_.smsc.pool.binds.size()));
  gauges_->window.Set(static_cast<double>(pool_->WindowCapacity()));
  return Ok();
}

Status Dispatcher::BuildTrack(const Topics& topics) {
  Random random(around_.seed ^ 0x747261636b);
  TB_ASSIGN_OR_RETURN(track_stores_, OpenStores(around_, config_.common, config_.track, "track",
                                                topics.track_changelog));
  for (int i = 0; i < config_.track.threads; ++i) {
    auto processor = std::make_unique<dispatch::TrackProcessor>(config_.tracking);
    auto config =
        MakeShardConfig(config_.common, config_.track, "track", i, topics.track_changelog, topics);
    config.inputs = {{topics.submissions, true}, {topics.receipts, false}};
    config.outputs = {{topics.status, shard::PartitionRule::kByKey}};
    metrics_.push_back(
        std::make_unique<ShardMetrics>(around_.registry, around_.notices, "track",
                                       std::vector{topics.submissions, topics.receipts}));
    if (around_.phases)
      metrics_.back()->set_phase(around_.phases->Take("track-" + std::to_string(i)));
    auto& check = around_.health.Add("track_" + std::to_string(i), kShardSilenceMax);
    track_threads_.push_back(std::make_unique<RoleShard>(
        std::move(config),
        shard::ShardParts{around_.log, *track_stores_, *processor, *metrics_.back(), around_.clock,
                          nullptr, random.Next()},
        kShardWait, check, around_.on_end));
    processors_.push_back(std::move(processor));
  }
  return Ok();
}

void Dispatcher::Start() {
  TB_ASSERT(!started_);
  started_ = true;
  if (pool_) {
    pool_->Start();
    inbound_thread_ = std::thread([this] { RunInbound(); });
  }
  watchdog_ = MakeWatchdog(around_, config_.common);
  for (auto& thread : track_threads_) thread->Start(*watchdog_);
  for (auto& thread : dispatch_threads_) thread->Start(*watchdog_);
  watchdog_->Start();
}

void Dispatcher::Stop() {
  if (!started_) return;
  started_ = false;
  // Nothing new is intended. The wire first: what is on it is answered while the shards still take
  // outcomes. Then the shards write these outcomes down, and go.
  if (pool_) {
    port_->Close();
    pool_->Stop();
    const MonoTime until = around_.clock.Mono() + kSettleMax;
    while (budget_.open() > 0 && around_.clock.Mono() < until)
      std::this_thread::sleep_for(kSettlePoll);
  }
  for (auto& thread : dispatch_threads_) thread->Stop();
  stopping_ = true;
  if (inbound_thread_.joinable()) inbound_thread_.join();
  for (auto& thread : track_threads_) thread->Stop();
  watchdog_->Stop();
}

void Dispatcher::RunInbound() {
  SetThreadName("inbound");
  MonoTime gauges_at = around_.clock.Mono();
  while (!stopping_) {
    auto status = inbound_->Step(kInboundWait);
    if (!status) {
      if (status.error().disposition != Disposition::kRetry) {
        around_.on_end(status.error());
        return;
      }
      around_.notices.Warn(
          "what the SMSC sent can't be written to the log now, it will send it again",
          status.error());
    }
    smpp_check_->Beat();
    if (around_.clock.Mono() < gauges_at) continue;
    gauges_at = around_.clock.Mono() + kGaugesEvery;
    PublishGauges();
    if (pool_->Health().AnyBound()) {
      smpp_check_->Ready();
    } else {
      smpp_check_->NotReady("no bind to the SMSC is up");
    }
  }
}

void Dispatcher::PublishGauges() {
  const auto health = pool_->Health();
  std::size_t bound = 0;
  std::size_t outstanding = 0;
  std::size_t throttled = 0;
  for (const auto& bind : health.binds) {
    bound += bind.bound ? 1 : 0;
    throttled += bind.throttled ? 1 : 0;
    outstanding += bind.outstanding;
  }
  gauges_->intents.Set(static_cast<double>(budget_.open()));
  gauges_->binds_bound.Set(static_cast<double>(bound));
  gauges_->throttled.Set(static_cast<double>(throttled));
  gauges_->outstanding.Set(static_cast<double>(outstanding));
  gauges_->queued.Set(static_cast<double>(health.queued));
  const auto& now = inbound_->stats();
  gauges_->unanswered.Set(static_cast<double>(now.unanswered));
  gauges_->receipts.Add(now.receipts - gauges_->last.receipts);
  gauges_->texts.Add(now.texts - gauges_->last.texts);
  gauges_->unreadable.Add(now.unreadable - gauges_->last.unreadable);
  gauges_->last = now;
}

}  // namespace textback::pipeline
