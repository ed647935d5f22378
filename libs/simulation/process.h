// One simulated process: what a worker or dispatcher's main would build, stepped by the scheduler.
//
// Threads: none. Lifetime: the machine (name, disk) outlives its processes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "dispatch/intent_budget.h"
#include "intake/intake.h"
#include "log_sim/sim_log.h"
#include "policy/tenant.h"
#include "shard/shard.h"
#include "simulation/plan.h"
#include "simulation/sim_smsc.h"
#include "store/store.h"

namespace textback::simulation {

// Ways to break the programs under test on purpose, so that the judge can be judged. Each wraps the
// real thing, which outlives the wrapper.
struct Sabotage {
  std::function<std::unique_ptr<shard::Processor>(const std::string& role, shard::Processor&)>
      processor;
  std::function<std::unique_ptr<dispatch::MessagePort>(dispatch::MessagePort&)> port;
  std::function<std::unique_ptr<store::StoreSet>(const std::string& role, store::StoreSet&)> stores;
};

// Everything that processes are made with.
struct World {
  ManualClock& clock;
  log::sim::SimCluster& cluster;
  SimSmsc& smsc;
  std::shared_ptr<const policy::Snapshot> snapshot;
  const Sabotage& sabotage;
  std::size_t records_max;
};

class Process {
 public:
  virtual ~Process() = default;
  virtual Status Step() = 0;
  // In order, as on SIGTERM.
  virtual void Stop() = 0;
  // What the outside does to it between steps (its sockets).
  virtual void Tick() {}
  // kill -9: nothing that it still does is real.
  virtual void Die() {}
  // A sentence for each thing that is over its limit.
  virtual void CheckLimits(std::vector<std::string>& /*over*/) const {}
  // Partitions that stand still for good, with why.
  virtual std::vector<std::string> Halted() const { return {}; }
  // Partitions that run here.
  virtual std::vector<std::int32_t> Running() const { return {}; }
};

// `start` counts this machine's processes: seeds and incarnations come of it.
std::unique_ptr<Process> NewIntake(const World& world, const std::string& name);
std::unique_ptr<Process> NewDecide(const World& world, const std::string& name,
                                   store::StoreSet& disk, std::uint64_t start);
std::unique_ptr<Process> NewDispatch(const World& world, const std::string& name,
                                     store::StoreSet& disk, std::uint64_t start);
std::unique_ptr<Process> NewTrack(const World& world, const std::string& name,
                                  store::StoreSet& disk, std::uint64_t start);

// The group and changelog of a role.
std::string GroupOf(std::string_view role);
std::string ChangelogOf(std::string_view role);
inline constexpr char kIntakeGroup[] = "textback.intake";

}  // namespace textback::simulation
