// The demo's course: a PBX's calls one by one, a STOP, then a load, then what it all came to.
//
// Runs on the owner's thread while the pipeline runs on its own. Ends early when `stop` says so.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ops/generator.h"
#include "pipeline/all_in_one.h"
#include "smsc/server.h"
#include "textback/v1/tenant.pb.h"

namespace textback::cli {

struct DemoOptions {
  std::string calls_file;  // Master.csv
  std::uint64_t load = 200'000;
  std::int64_t pace_ms = 350;  // between two calls
};

struct DemoParts {
  log::Log& log;
  const pipeline::Topics& topics;
  telemetry::Registry& registry;
  Clock& clock;
  smsc::SmscServer& smsc;
  std::vector<v1::Tenant> tenants;
  std::function<bool()> stop;
};

// The tenants of the load, to be written before the pipeline starts.
ops::GeneratorOptions LoadOptions(const DemoOptions& options, std::int64_t start_ms);

Status RunDemo(const DemoOptions& options, const DemoParts& parts);

}  // namespace textback::cli
