// Follows the tenants topic and keeps the policy snapshot that decide's shards take between
// batches.
//
// Current() is null until the topic was read up to the end that it had at the start: a decision
// without its tenant's policy would be wrong for ever.
//
// Threads: Step on one thread; Current from any.
// Errors of Step: kRetry is handled inside (a later Step goes on); anything else: stop and say so.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "log/log.h"
#include "policy/tenant.h"
#include "telemetry/log.h"

namespace textback::pipeline {

class PolicyFeed final : public policy::SnapshotSource {
 public:
  // All outlive it.
  PolicyFeed(log::Log& log, const Clock& clock, telemetry::Log& notices, std::string topic,
             std::int64_t horizon_ms);

  Status Step(std::chrono::milliseconds wait);
  std::shared_ptr<const policy::Snapshot> Current() override;

 private:
  Status Open();
  void Apply(const log::Record& record);

  log::Log& log_;
  const Clock& clock_;
  telemetry::Log& notices_;
  const std::string topic_;
  policy::SnapshotBuilder builder_;
  std::unique_ptr<log::Reader> reader_;
  log::Batch batch_;
  std::int64_t target_ = 0;
  std::int64_t position_ = 0;
  MonoTime retry_at_{};
  std::mutex mutex_;
  std::shared_ptr<const policy::Snapshot> snapshot_;
};

}  // namespace textback::pipeline
