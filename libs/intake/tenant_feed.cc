#include "intake/tenant_feed.h"

#include <algorithm>
#include <unordered_set>

#include "base/ascii.h"
#include "base/bytes.h"

namespace textback::intake {
namespace {

constexpr std::size_t kTenantIdMax = 64;

Error Invalid(std::string why) { return DeadLetterError("tenant_invalid", std::move(why)); }

}  // namespace

Result<std::vector<Msisdn>> CheckTenant(std::string_view key, const v1::Tenant& tenant) {
  if (!IsPlainName(tenant.tenant(), kTenantIdMax)) {
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

TenantFeed::TenantFeed(log::Log& log, Clock& clock, TableFeedConfig config, IntakeEvents& events)
    : TableFeed(log, clock, std::move(config), "tenants"), events_(events) {}

std::shared_ptr<const LineTable> TenantFeed::Lines() const {
  const std::lock_guard lock(mutex_);
  return table_;
}

void TenantFeed::Clear() {
  claims_.clear();
  lines_ = 0;
}

void TenantFeed::Apply(const log::Record& record) {
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
  auto table = std::make_shared<const LineTable>(std::move(tenants), lines, position());
  events_.OnLines(claims_.size(), table->size(), position());
  const std::lock_guard lock(mutex_);
  table_ = std::move(table);
}

}  // namespace textback::intake
