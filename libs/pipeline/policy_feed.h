// Follows the tenants topic and keeps the policy snapshot that decide's shards take between
// batches.
//
// Current() is null until the topic was read up to the end that it had at the start: a decision
// without its tenant's policy would be wrong for ever (intake/table_feed.h).
//
// Threads and errors: as TableFeed; Current from any.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "intake/table_feed.h"
#include "log/log.h"
#include "policy/tenant.h"
#include "telemetry/log.h"

namespace textback::pipeline {

class PolicyFeed final : public intake::TableFeed, public policy::SnapshotSource {
 public:
  // All outlive it.
  PolicyFeed(log::Log& log, const Clock& clock, telemetry::Log& notices, std::string topic,
             std::int64_t horizon_ms);

  std::shared_ptr<const policy::Snapshot> Current() override;

 private:
  void Clear() override;
  void Apply(const log::Record& record) override;
  void Publish() override;
  void OnRetry(const Error& why, std::chrono::milliseconds wait) override;

  telemetry::Log& notices_;
  const std::int64_t horizon_ms_;
  policy::SnapshotBuilder builder_;
  std::mutex mutex_;
  std::shared_ptr<const policy::Snapshot> snapshot_;  // guarded by mutex_
};

}  // namespace textback::pipeline
