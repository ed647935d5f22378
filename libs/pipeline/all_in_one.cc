#include "pipeline/all_in_one.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace textback::pipeline {
namespace {

constexpr std::chrono::milliseconds kMaintainEvery{2'000};
constexpr std::chrono::milliseconds kPause{50};

}  // namespace

AllInOne::AllInOne(const RunConfig& config, const Outside& outside)
    : config_(config), outside_(outside) {}

AllInOne::~AllInOne() { Stop(); }

Result<std::unique_ptr<AllInOne>> AllInOne::Open(const RunConfig& config, const Outside& outside) {
  std::unique_ptr<AllInOne> all(new AllInOne(config, outside));
  log_embedded::EmbeddedLogOptions options = config.log;
  options.folder = config.worker.common.data_folder + "/log";
  TB_ASSIGN_OR_RETURN(all->log_, log_embedded::EmbeddedLog::Open(outside.clock, options));
  const Topics topics(config.worker.common.prefix);
  auto specs = Specs(topics, config.plan);
  for (const auto& input : config.worker.inputs) {
    const bool known = std::any_of(specs.begin(), specs.end(), [&](const log::TopicSpec& spec) {
      return spec.name == input.topic;
    });
    if (!known)
      specs.push_back({.name = input.topic,
                       .partitions = config.plan.partitions,
                       .retention_ms = config.plan.retention_ms});
  }
  TB_ASSIGN_OR_RETURN(auto admin, all->log_->NewAdmin());
  TB_RETURN_IF_ERROR(admin->Create(specs));
  return all;
}

Status AllInOne::Start() {
  const Surroundings around{*log_,           outside_.clock,   outside_.registry,
                            outside_.health, outside_.notices, outside_.on_end,
                            outside_.seed};
  TB_ASSIGN_OR_RETURN(worker_, Worker::Create(config_.worker, around));
  TB_ASSIGN_OR_RETURN(dispatcher_, Dispatcher::Create(config_.dispatcher, around));
  for (auto files : config_.files) {
    files.deadletter_topic = Topics(config_.worker.common.prefix).deadletter;
    files.positions_topic = Topics(config_.worker.common.prefix).ingest_positions;
    TB_ASSIGN_OR_RETURN(feeds_.emplace_back(), FileFeed::Make(files, around));
  }
  maintenance_ = std::thread([this] { RunMaintenance(); });
  dispatcher_->Start();
  worker_->Start();
  for (auto& feed : feeds_) feed->Start();
  return Ok();
}

void AllInOne::Stop() {
  for (auto& feed : feeds_) feed->Stop();
  if (worker_) worker_->Stop();
  if (dispatcher_) dispatcher_->Stop();
  stopping_ = true;
  if (maintenance_.joinable()) maintenance_.join();
}

void AllInOne::RunMaintenance() {
  MonoTime due = outside_.clock.Mono();
  while (!stopping_) {
    std::this_thread::sleep_for(kPause);
    if (outside_.clock.Mono() < due) continue;
    due = outside_.clock.Mono() + kMaintainEvery;
    if (auto status = log_->Maintain(outside_.clock.NowMs()); !status) {
      if (status.error().disposition == Disposition::kFatal) return outside_.on_end(status.error());
      outside_.notices.Warn("the log could not be cleaned up now", status.error());
    }
  }
}

}  // namespace textback::pipeline
