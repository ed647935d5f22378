#include "pipeline/policy_feed.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "textback/v1/tenant.pb.h"

namespace textback::pipeline {
namespace {

constexpr std::chrono::seconds kBackoff{1};

}  // namespace

PolicyFeed::PolicyFeed(log::Log& log, const Clock& clock, telemetry::Log& notices,
                       std::string topic, std::int64_t horizon_ms)
    : log_(log), clock_(clock), notices_(notices), topic_(std::move(topic)), builder_(horizon_ms) {}

std::shared_ptr<const policy::Snapshot> PolicyFeed::Current() {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

Status PolicyFeed::Open() {
  TB_ASSIGN_OR_RETURN(auto reader, log_.NewReader({.read_committed = true}));
  const log::TopicPartition where{topic_, 0};
  TB_ASSIGN_OR_RETURN(const auto range, reader->Offsets(where, true));
  position_ = std::max(position_, range.begin);
  TB_RETURN_IF_ERROR(reader->Assign({{where, position_}}));
  target_ = std::max(target_, range.end);
  reader_ = std::move(reader);
  return Ok();
}

Status PolicyFeed::Step(std::chrono::milliseconds wait) {
  if (clock_.Mono() < retry_at_) return Ok();
  Status status = reader_ == nullptr ? Open() : Ok();
  if (status) status = reader_->Poll(batch_, log::PollLimits{}, wait);
  if (!status) {
    reader_.reset();
    retry_at_ = clock_.Mono() + kBackoff;
    const auto disposition = status.error().disposition;
    if (disposition == Disposition::kRetry || disposition == Disposition::kRebuild) {
      notices_.Warn("tenants can't be read now", status.error());
      return Ok();
    }
    return status;
  }
  for (const auto& record : batch_.records) Apply(record);
  TB_ASSIGN_OR_RETURN(position_, reader_->Position({topic_, 0}));
  const bool first = Current() == nullptr;
  if (position_ < target_ || (!first && batch_.records.empty())) return Ok();
  auto snapshot = builder_.Build();
  if (first)
    notices_.Info("tenants read",
                  {{"tenants", snapshot->size()}, {"version", snapshot->version()}});
  const std::lock_guard lock(mutex_);
  snapshot_ = std::move(snapshot);
  return Ok();
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
