// What of a cluster's settings would void what docs/guarantees.md promises.
//
// A broker that may elect a replica that lacks records takes committed transactions back; topics
// that are cut by size lose what nobody has read; a changelog that isn't compacted for long enough
// forgets tombstones. No protocol of ours can mend that, so a service in production mode
// (`kafka.production`) refuses to start and names each of them, and `textback topics verify
// --production` lists them.
//
// What a log doesn't tell isn't judged: the embedded log has no replicas.
//
// Threads: none of its own. Errors: those of the admin's calls.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "log/log.h"
#include "pipeline/topics.h"

namespace textback::pipeline {

struct ProductionNeeds {
  std::int32_t replicas = 3;
  std::int32_t min_insync = 2;  // below the replicas, or one broker's restart stops everything
  // Of topics that a role reads: longer than the longest outage of a reader.
  std::int64_t retention_ms = 24LL * 60 * 60 * 1000;
  // Of changelogs: twice the age up to which a store on disk is trusted (shard/config.h).
  std::int64_t delete_retention_ms = 24LL * 60 * 60 * 1000;
  std::int64_t message_bytes = 1'000'000;  // what the services may write
};

struct ProductionFinding {
  std::string where;    // a topic, or "the brokers"
  std::string setting;  // the broker's name for it
  std::string found;
  std::string needed;  // what it has to be, and why
};

// `names`: the topics in question; those that don't exist are left out (Verify says so).
Result<std::vector<ProductionFinding>> CheckProduction(log::Admin& admin, const Topics& topics,
                                                       const std::vector<std::string>& names,
                                                       const ProductionNeeds& needs = {});

// One line: "textback.calls: min.insync.replicas is 1, needed …".
std::string ToString(const ProductionFinding& finding);

}  // namespace textback::pipeline
