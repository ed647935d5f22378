#include "pipeline/policy_feed.h"

#include <optional>
#include <utility>

#include "textback/v1/tenant.pb.h"

namespace textback::pipeline {

PolicyFeed::PolicyFeed(log::Log& log, const Clock& clock, telemetry::Log& notices,
                       std::string topic, std::int64_t horizon_ms)
    : TableFeed(log, clock, {.topic = std::move(topic)}, "tenants"),
      notices_(notices),
      horizon_ms_(horizon_ms),
      builder_(horizon_ms) {}

std::shared_ptr<const policy::Snapshot> PolicyFeed::Current() {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

void PolicyFeed::Clear() { builder_ = policy::SnapshotBuilder(horizon_ms_); }

void PolicyFeed::Publish() {
  auto snapshot = builder_.Build();
  const std::lock_guard lock(mutex_);
  if (snapshot_ == nullptr) {
    notices_.Info("tenants read",
                  {{"tenants", snapshot->size()}, {"version", snapshot->version()}});
  }
  snapshot_ = std::move(snapshot);
}

void PolicyFeed::OnRetry(const Error& why, std::chrono::milliseconds /*wait*/) {
  notices_.Warn("tenants can't be read now", why);
}

void PolicyFeed::Apply(const log::Record& record) {
  std::optional<v1::Tenant> tenant;
  if (record.value) {
    tenant.emplace();
    if (!tenant->ParseFromArray(record.value->data(), static_cast<int>(record.value->size())) ||
        tenant->tenant() != record.key) {
      // As if it were inactive: nobody is texted under a policy that can't be read.
      notices_.Error("tenant refused, nobody is texted for it",
                     {{"tenant", record.key},
                      {"offset", record.offset},
                      {"why", "not a textback.v1.Tenant with the message's key as its id"}});
      tenant->Clear();
      tenant->set_tenant(std::string(record.key));
    }
  }
  const auto problems = builder_.Apply(record.key, tenant, record.offset);
  if (tenant && !problems.empty()) {
    notices_.Error("tenant refused, nobody is texted for it", {{"tenant", record.key},
                                                               {"offset", record.offset},
                                                               {"field", problems[0].field},
                                                               {"why", problems[0].message},
                                                               {"problems", problems.size()}});
  }
}

}  // namespace textback::pipeline
