#include "intake/tenant_feed.h"

#include <algorithm>
#include <unordered_set>

#include "base/bytes.h"
#include "log/errors.h"

namespace textback::intake {
namespace {

constexpr std::size_t kTenantIdMax = 64;

Error Invalid(std::string why) { return DeadLetterError("tenant_invalid", std::move(why)); }

bool IsTenantId(std::string_view id) {
  return !id.empty() && id.size() <= kTenantIdMax && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

Result<std::vector<Msisdn>> CheckTenant(std::string_view key, const v1::Tenant& tenant) {
  if (!IsTenantId(tenant.tenant())) {
    return Invalid("a tenant's id has 1 to 64 of the characters a-z 0-9 - _");
  }
  if (key != tenant.tenant())
    return Invalid("the record's key is not the tenant's id " + tenant.tenant());
  std::vector<Msisdn> lines;
  lines.reserve(static_cast<std::size_t>(tenant.lines_size()));
  for (const auto& line : tenant.lines()) {
    const auto number = Msisdn::FromE164(line.msisdn());
    if (!number) {
      return Invalid("line " + MaskAddress(line.msisdn().substr(0, 32)) +
                     " is no E.164 number: write + and 5 to 15 digits");
    }
    lines.push_back(*number);
  }
  std::ranges::sort(lines);
  lines.erase(std::ranges::unique(lines).begin(), lines.end());
  return lines;
}

TenantFeed::TenantFeed(log::Log& log, Clock& clock, TenantFeedConfig config, IntakeEvents& events)
    : log_(log), clock_(clock), config_(std::move(config)), events_(events) {}

std::shared_ptr<const LineTable> TenantFeed::Lines() const {
  const std::lock_guard lock(mutex_);
  return table_;
}

Status TenantFeed::Step(std::chrono::milliseconds wait) {
  if (clock_.Mono() < retry_at_) return Ok();
  if (reader_ == nullptr) {
    if (auto status = Open(); !status) return Handle(std::move(status).error());
  }
  if (auto status = Read(wait); !status) return Handle(std::move(status).error());
  if (caught_up_ && changed_ && clock_.Mono() >= rebuild_at_) Publish();
  return Ok();
}

Status TenantFeed::Open() {
  TB_ASSIGN_OR_RETURN(const auto partitions, log_.Partitions(config_.topic));
  if (partitions != 1) {
    return FatalError(log::errors::kPartitionMismatch,
                      "topic " + config_.topic + " has " + std::to_string(partitions) +
                          " partitions; tenants need the order of one");
  }
  TB_ASSIGN_OR_RETURN(auto reader, log_.NewReader({.read_committed = true}));
  const log::TopicPartition source{config_.topic, 0};
  TB_ASSIGN_OR_RETURN(const auto range, reader->Offsets(source, true));
  TB_RETURN_IF_ERROR(reader->Assign({{source, range.begin}}));
  // From the log's start: what was known before may have been compacted away since.
  claims_.clear();
  lines_ = 0;
  position_ = range.begin;
  target_ = range.end;
  caught_up_ = false;
  changed_ = true;
  reader_ = std::move(reader);
  return Ok();
}

Status TenantFeed::Read(std::chrono::milliseconds wait) {
  TB_RETURN_IF_ERROR(reader_->Poll(batch_, log::PollLimits{}, wait));
  for (const auto& record : batch_.records) Apply(record);
  TB_ASSIGN_OR_RETURN(const auto position, reader_->Position({config_.topic, 0}));
  position_ = std::max(position_, position);
  if (!caught_up_ && position_ >= target_) caught_up_ = true;
  return Ok();
}

void TenantFeed::Apply(const log::Record& record) {
  changed_ = true;
  position_ = record.offset + 1;
  const std::string key(record.key);
  if (const auto it = claims_.find(key); it != claims_.end()) {
    lines_ -= it->second.lines.size();
    claims_.erase(it);
  }
  if (!record.value) return;
  v1::Tenant tenant;
  const std::string shown = IsUtf8(key) ? key.substr(0, kTenantIdMax) : "(unreadable)";
  if (!tenant.ParseFromArray(record.value->data(), static_cast<int>(record.value->size()))) {
    events_.OnTenantRefused(shown, Invalid("the record is no textback.v1.Tenant"));
    return;
  }
  auto lines = CheckTenant(key, tenant);
  if (!lines) {
    events_.OnTenantRefused(shown, lines.error());
    return;
  }
  if (claims_.size() >= kTenantsMax || lines_ + lines->size() > kLinesMax) {
    events_.OnTenantRefused(shown,
                            Invalid("more than " + std::to_string(kTenantsMax) + " tenants or " +
                                    std::to_string(kLinesMax) + " lines: this one is left out"));
    return;
  }
  lines_ += lines->size();
  claims_.emplace(key, Claim{record.offset, std::move(*lines)});
}

void TenantFeed::Publish() {
  std::vector<std::pair<std::int64_t, const std::string*>> order;
  order.reserve(claims_.size());
  for (const auto& [id, claim] : claims_) order.emplace_back(claim.offset, &id);
  std::ranges::sort(order);

  struct Wanted {
    Msisdn number;
    std::uint32_t owner;
  };
  std::vector<std::string> tenants;
  std::vector<Wanted> wanted;
  wanted.reserve(lines_);
  for (const auto& [offset, id] : order) {
    for (const Msisdn number : claims_.at(*id).lines) {
      wanted.push_back({number, static_cast<std::uint32_t>(tenants.size())});
    }
    tenants.push_back(*id);
  }
  // Owners count up with the offsets: the first of equal numbers has the line.
  std::ranges::stable_sort(wanted, {}, &Wanted::number);
  std::vector<std::pair<Msisdn, std::uint32_t>> lines;
  lines.reserve(wanted.size());
  for (const auto& want : wanted) {
    if (!lines.empty() && lines.back().first == want.number) {
      events_.OnLineRefused(want.number.Masked(), tenants[want.owner],
                            tenants[lines.back().second]);
    } else {
      lines.emplace_back(want.number, want.owner);
    }
  }
  auto table = std::make_shared<const LineTable>(std::move(tenants), lines, position_);
  events_.OnLines(claims_.size(), table->size(), position_);
  {
    const std::lock_guard lock(mutex_);
    table_ = std::move(table);
  }
  changed_ = false;
  rebuild_at_ = clock_.Mono() + config_.rebuild_interval;
}

Status TenantFeed::Handle(Error error) {
  if (error.disposition != Disposition::kRetry && error.disposition != Disposition::kRebuild)
    return error;
  reader_.reset();
  retry_at_ = clock_.Mono() + config_.backoff;
  events_.OnRetry(error, config_.backoff);
  return Ok();
}

}  // namespace textback::intake
