// The whole pipeline's production code on the simulated log, in virtual time, one process for each
// role: the third installation that gets a Workload, beside the embedded log and Kafka.
//
// Threads: one. Errors: what goes wrong fails the test.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "e2e/workload.h"

namespace textback::tests {

// Feeds the workload, runs until all calls are decided and all texts have an end, checks that each
// text was taken once and that the counts add up, and returns the decisions as Outcome does.
std::map<std::string, std::string> RunSimulated(const Workload& workload, std::int32_t partitions,
                                                std::uint64_t seed);

}  // namespace textback::tests
