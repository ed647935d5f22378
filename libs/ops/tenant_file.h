// Tenants as people write them: a YAML file with one tenant, or a list of them under `tenants`.
//
//   tenants:
//     - tenant: hill-street-garage
//       name: Hill Street Garage
//       lines: [{msisdn: "+12125550100", name: Workshop}]
//       sender: {kind: e164, value: "+12125550100"}
//       template_text: "Hi, this is {business}. Sorry we missed your call. STOP to opt out."
//       max_age: 15m
//
// Keys are the names of tenant.proto; times are durations, so "_ms" is left off. What isn't known
// is refused, and what ValidateTenant finds is told with the line that it stands on.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/reader.h"
#include "textback/v1/tenant.pb.h"

namespace textback::ops {

// kFatal ("config_invalid"): one line for each problem, "file:line:column: …".
Result<std::vector<v1::Tenant>> ReadTenants(std::string_view yaml, const std::string& file_name);
// From a file of at most 256 MiB.
Result<std::vector<v1::Tenant>> ReadTenantsFile(const std::string& path);

// The schema of the list, for config::Describe.
void ReadTenantList(config::Map& map, std::vector<v1::Tenant>& tenants);

// An entry of the list; what ReadTenants reads back is equal. Indented under "tenants:".
std::string TenantToYaml(const v1::Tenant& tenant);

}  // namespace textback::ops
