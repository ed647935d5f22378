// kill -9 of services under load, at each step of the protocol.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "faults/plant.h"
#include "faults/run.h"
#include "kafka/broker_process.h"

namespace textback::tests {
namespace {

using namespace std::chrono_literals;

constexpr int kKills = 21;
constexpr int kKillsLong = 210;
constexpr double kRate = 1'000;
constexpr double kRateLong = 20'000;
constexpr auto kSeenMax = 3s;   // a step that isn't seen in this time: killed where it is
constexpr int kAgainEvery = 5;  // killed once more while it restores
constexpr int kEachStep = 2;    // kills at each step, at least

// Kills one of the services, at each step in turn.
class Killer {
 public:
  Killer(Plant& plant, Service service, std::string_view role, std::vector<Doing> steps)
      : plant_(plant), service_(service), role_(role), steps_(std::move(steps)) {}

  void Kill() { KillAt(steps_[strikes_++ % steps_.size()]); }
  void KillAt(Doing step) {
    plant_.phases(service_).PauseAt(plant_.process(service_), role_, step, kSeenMax);
    plant_.Kill(service_);
    ++kills_;
  }
  int kills() const { return kills_; }

 private:
  Plant& plant_;
  const Service service_;
  const std::string_view role_;
  const std::vector<Doing> steps_;
  std::size_t strikes_ = 0;
  int kills_ = 0;
};

TEST(Fault, Kills) {
  auto options = DefaultPlant(TheRun().long_run ? kRateLong : kRate);
  if (TheRun().long_run) options.load.customers = 20'000'000;
  Plant plant("Kills", BrokerProcess::Shared().bootstrap(), options);
  plant.StartAll();
  const int kills = TheRun().kills > 0 ? TheRun().kills : TheRun().long_run ? kKillsLong : kKills;
  Killer worker(plant, Service::kWorker, "decide",
                {Doing::kPolling, Doing::kProducing, Doing::kCommitting, Doing::kApplying});
  Killer dispatcher(plant, Service::kDispatcher, "dispatch",
                    {Doing::kExecuting, Doing::kCommitting, Doing::kApplying, Doing::kExecuting,
                     Doing::kProducing, Doing::kPolling});
  int written = 0, unwritten = 0;
  for (int i = 0; i < kills && !::testing::Test::HasFailure(); ++i) {
    const bool of_worker = i % 3 != 1;
    const bool of_dispatcher = i % 3 != 0;
    plant.AwaitRandom(static_cast<std::size_t>(options.load.rate / 2));
    const std::size_t unknown_before = plant.verdict().unknown();
    if (of_worker) worker.Kill();
    if (of_dispatcher) dispatcher.Kill();
    if (of_worker) plant.Start(Service::kWorker);
    if (of_dispatcher) plant.Start(Service::kDispatcher);
    if (i % kAgainEvery == kAgainEvery - 1) {
      if (of_worker) worker.KillAt(Doing::kRestoring);
      if (of_dispatcher) dispatcher.KillAt(Doing::kRestoring);
      if (of_worker) plant.Start(Service::kWorker);
      if (of_dispatcher) plant.Start(Service::kDispatcher);
    }
    plant.Recover("kill " + std::to_string(i + 1));
    const std::size_t fresh = plant.verdict().unknown() - unknown_before;
    EXPECT_LE(fresh, 2 * options.site.intent_limit);
    const auto unknown = plant.verdict().UnknownSince(unknown_before);
    written += unknown.written > 0 ? 1 : 0;
    unwritten += unknown.unwritten > 0 ? 1 : 0;
  }
  auto& steps = plant.kills();
  for (const char* step : {"poll", "produce", "commit", "commit-store", "restore", "commit-write"})
    EXPECT_GE(steps[step], kEachStep) << step;
  // What they left on the two sides of the socket.
  EXPECT_GE(unwritten, kEachStep);
  EXPECT_GE(written, kEachStep);
  plant.Finish(std::to_string(worker.kills()) + " kills of the worker, " +
               std::to_string(dispatcher.kills()) + " of the dispatcher; their shards were at " +
               plant.KillsByStep() + "; " + std::to_string(unwritten) +
               " kills left intents that were never written, " + std::to_string(written) +
               " texts between write and response");
}

}  // namespace
}  // namespace textback::tests
