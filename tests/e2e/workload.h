// A fixed lot of call records with all that a feed may hold, to be given to several installations.
//
// Made so that nothing but the records and their order decides: times are recent and the tenants
// accept misses of that age; a customer's records are in one partition. So every log, and every
// run that crashes, has to come to the same decisions.
//
// Threads: a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "e2e/topic.h"
#include "log/log.h"
#include "pipeline/topics.h"
#include "textback/v1/tenant.pb.h"

namespace textback::tests {

struct Workload {
  struct Record {
    std::string key;
    std::string value;
  };
  std::vector<v1::Tenant> tenants;
  std::vector<Record> records;
  std::int64_t made_ms = 0;
  std::size_t calls = 0;    // of tenants: as many decisions
  std::size_t foreign = 0;  // records of calls that are no tenant's
  std::size_t repeats = 0;  // records that came before
};

// Generated calls, then one a partition: who sees these decided knows that all before is done.
Workload MakeWorkload(std::size_t calls, std::int32_t partitions);

void PutTenants(log::Log& log, const pipeline::Topics& topics, const Workload& workload);
void PutRecords(log::Log& log, const pipeline::Topics& topics, const Workload& workload);

}  // namespace textback::tests
