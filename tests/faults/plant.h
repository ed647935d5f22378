// An installation under load that faults strike: a Site's topics, services by number, the load, and
// the verdict on it. A service that ends by itself fails the test (unless that is what is tested)
// and is started again, as its supervisor would.
//
// Threads: the test's. Errors: fail the test.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "e2e/site.h"
#include "faults/load.h"
#include "faults/phases.h"
#include "faults/verdict.h"

namespace textback::tests {

enum class Service : std::uint8_t { kWorker, kDispatcher };

// Everything is over so long after a fault's cause is gone, at the latest.
inline constexpr auto kRecoveryMax = std::chrono::seconds(30);

struct PlantOptions {
  SiteOptions site;
  LoadOptions load;
};
// Short times, so that a fault is over in seconds; a simulated SMSC that answers in 5 to 30 ms.
PlantOptions DefaultPlant(double rate);

class Plant {
 public:
  // `name`: of the case.
  Plant(std::string name, std::string broker, PlantOptions options);

  Site& site() { return site_; }
  Verdict& verdict() { return verdict_; }
  Load& load() { return load_; }
  Random& random() { return random_; }
  Process& process(Service service, int number = 1) { return *UnitOf(service, number).process; }
  Phases& phases(Service service, int number = 1) { return UnitOf(service, number).phases; }

  // SMSC, one dispatcher, one worker; then the load.
  void StartAll();
  void Start(Service service, int number = 1);
  // SIGKILL, counted with the steps that its shards were at.
  void Kill(Service service, int number = 1);
  // SIGTERM; it must end with 0. Returns how long that took, in seconds.
  double Stop(Service service, int number = 1);
  void RestartSmsc();  // kill -9 and start

  // Polls the verdict and looks after the services until `condition` holds; false: too late.
  bool Await(std::chrono::milliseconds limit, const std::function<bool()>& condition);
  // So many more calls are decided.
  bool AwaitDecided(std::size_t more);
  // A random moment under load: some calls later.
  void AwaitRandom(std::size_t calls_max);
  // The cause of a fault is gone: waits until all calls fed by now are decided and all their texts
  // have ended. Fails after kRecoveryMax.
  double Recover(const std::string& what);

  // A service may end with this code; it isn't started again.
  void AllowExit(Service service, int number, int code);
  // Ends by themselves so far, and starts again.
  int restarts() const { return restarts_; }

  // Stops the load, waits for the rest, stops all, judges, and prints the summary with `details`.
  void Finish(const std::string& details);
  // "poll 3, produce 2, …"
  std::string KillsByStep() const;
  std::map<std::string, int>& kills() { return kills_; }

 private:
  struct Unit {
    Unit(std::string phase_file) : phases(std::move(phase_file)) {}
    std::unique_ptr<Process> process;
    Phases phases;
    int allowed_exit = 0;
    bool stopping = false;  // told to
  };
  Unit& UnitOf(Service service, int number);
  void Tend();

  const std::string name_;
  Site site_;
  Random random_;
  Load load_;
  Verdict verdict_;
  std::map<std::pair<Service, int>, std::unique_ptr<Unit>> units_;
  std::map<std::string, int> kills_;  // by step
  double slowest_ = 0;
  std::string slowest_what_ = "-";
  int restarts_ = 0;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace textback::tests
