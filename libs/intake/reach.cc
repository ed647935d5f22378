#include "intake/reach.h"

namespace textback::intake {

void SetReach(v1::CallRecord& record, std::string_view customer_tenant, const ReachTables& tables) {
  record.clear_reach();
  const auto customer = Msisdn::FromE164(record.served().customer());
  if (!customer) return;
  if (customer_tenant.empty() && tables.numbers == nullptr && tables.blocked == nullptr) return;
  auto& reach = *record.mutable_reach();
  reach.set_tenant(customer_tenant.data(), customer_tenant.size());
  if (tables.numbers != nullptr) {
    const auto line = tables.numbers->Find(*customer);
    reach.set_line_type(line.type);
    reach.set_carrier(line.carrier.data(), line.carrier.size());
    reach.set_numbers_version(tables.numbers->version());
  }
  if (tables.blocked != nullptr) {
    reach.set_blocklist_version(tables.blocked->version());
    if (const auto* list = tables.blocked->Find(*customer)) {
      reach.set_block_list(list->name);
      reach.set_block_always(list->always);
    }
  }
}

}  // namespace textback::intake
