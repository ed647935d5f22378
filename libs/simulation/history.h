// What a run leaves behind: all that the judge may look at. Nothing in it comes from the inside of
// the programs under test but what they committed, wrote to the network, or keep on disk.
//
// Threads: values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "log/log.h"
#include "log_sim/sim_log.h"
#include "simulation/plan.h"
#include "simulation/sim_smsc.h"
#include "store/store.h"

namespace textback::simulation {

// A store as a restart would find it (or, `live`, as its owner had it when it stopped in order).
struct Disk {
  std::string role;
  std::string process;
  std::int32_t partition = 0;
  bool live = false;
  std::optional<store::Marker> marker;
  std::int64_t changelog_end = 0;  // then, open transactions included
  std::map<std::string, store::Document> documents;
};

struct History {
  Plan plan;
  std::map<std::string, std::vector<log::sim::SimRecord>> topics;  // committed, in order
  std::map<std::string, std::map<log::TopicPartition, log::CommittedOffset>> groups;
  std::map<std::string, std::map<log::TopicPartition, std::int64_t>> ends;  // per topic, committed
  std::vector<Write> writes;
  std::vector<Disk> disks;
  // What was seen over a limit while it ran, and partitions that stood still: a sentence each.
  std::vector<std::string> over_limits;
  std::vector<std::string> halts;
  // How hard it was.
  std::size_t crashes = 0;
  std::size_t pauses = 0;
  std::size_t rebalances = 0;
  std::map<log::sim::FaultPoint, std::uint64_t> faults;  // how often each struck
  std::size_t struck() const;                            // all together
  std::vector<log::sim::Strike> strikes;                 // each of them, in order
};

}  // namespace textback::simulation
