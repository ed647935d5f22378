#include <algorithm>

#include "policy/document.h"
#include "policy/tenant.h"

namespace textback::policy {

std::string NormaliseAddress(std::string_view address) {
  std::string_view digits = address;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const bool number = !digits.empty() && std::all_of(digits.begin(), digits.end(),
                                                     [](char c) { return c >= '0' && c <= '9'; });
  return std::string(number ? digits : address);
}

const Tenant* Snapshot::Find(std::string_view tenant) const {
  const auto it = tenants_.find(tenant);
  return it == tenants_.end() ? nullptr : it->second.get();
}

const std::vector<const Tenant*>& Snapshot::TenantsOfSender(std::string_view address) const {
  static const auto& none = *new std::vector<const Tenant*>;
  const auto it = by_sender_.find(NormaliseAddress(address));
  return it == by_sender_.end() ? none : it->second;
}

std::vector<Problem> SnapshotBuilder::Apply(std::string_view tenant_id,
                                            const std::optional<v1::Tenant>& tenant,
                                            std::int64_t offset) {
  if (offset <= version_) return {};
  version_ = offset;
  built_.reset();
  if (!tenant) {
    const auto it = tenants_.find(tenant_id);
    if (it != tenants_.end()) tenants_.erase(it);
    return {};
  }
  auto problems = ValidateTenant(*tenant, horizon_ms_);
  if (tenant->tenant() != tenant_id) {
    problems.push_back({"tenant", "is '" + tenant->tenant().substr(0, 64) +
                                      "', but the record's key says '" + std::string(tenant_id) +
                                      "'"});
  }
  auto compiled = Tenant::Compile(*tenant, offset, problems);
  tenants_.insert_or_assign(std::string(tenant_id), std::move(compiled));
  return problems;
}

std::shared_ptr<const Snapshot> SnapshotBuilder::Build() {
  if (built_ != nullptr) return built_;
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->version_ = version_;
  snapshot->tenants_ = tenants_;
  // Tenants without a limit of their own have the default, also those that are yet to come.
  snapshot->longest_window_ms_ = kDayMs;
  for (const auto& [id, tenant] : snapshot->tenants_) {
    snapshot->longest_window_ms_ =
        std::max({snapshot->longest_window_ms_,
                  std::min(tenant->limit_pair().window_ms(), kLimitWindowMaxMs),
                  std::min(tenant->limit_customer().window_ms(), kLimitWindowMaxMs)});
    const auto kind = tenant->sender().kind();
    if (kind == v1::Address::KIND_ALPHANUMERIC || tenant->sender().value().empty()) continue;
    snapshot->by_sender_[NormaliseAddress(tenant->sender().value())].push_back(tenant.get());
  }
  for (auto& [sender, tenants] : snapshot->by_sender_) {
    std::sort(tenants.begin(), tenants.end(),
              [](const Tenant* a, const Tenant* b) { return a->id() < b->id(); });
  }
  built_ = std::move(snapshot);
  return built_;
}

}  // namespace textback::policy
