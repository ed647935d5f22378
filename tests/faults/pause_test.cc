// Services that stand still (SIGSTOP) past their session, and services that are stopped in order.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <string>

#include "faults/plant.h"
#include "kafka/broker_process.h"

namespace textback::tests {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr double kRate = 500;
// Sessions are of 3 s, intake's of 6 s, leases of half a second.
constexpr auto kPauseOfWorker = 7s;
constexpr auto kPauseOfDispatcher = 4s;
constexpr auto kBacklogOfDispatcher = 1s;
constexpr auto kSeenMax = 3s;
// About 300 texts a second go to the wire: of a backlog half the intents wait between commit and
// write, though not as long as their lease; and all of them are written at once when responses lie
// ready after a pause.
constexpr std::size_t kWindow = 60;
constexpr char kSmscYaml[] =
    "response_delay: {min: 150ms, max: 250ms}\n"
    "receipts: {delay: {min: 100ms, max: 500ms}}\n";
constexpr std::size_t kIntentLimit = 120;
constexpr auto kLimit = 60s;

// Waits until so long is over; what comes meanwhile is taken.
void Pass(Plant& plant, std::chrono::milliseconds time) {
  const auto until = Steady::now() + time;
  plant.Await(kLimit, [&] { return Steady::now() >= until; });
}

// Paused where it hurts: with intents that have committed and aren't on the wire yet. A dispatcher
// that keeps up has such for microseconds only, so it is given a backlog first, by a pause within
// its session.
void Pause(Plant& plant, Service service) {
  const bool worker = service == Service::kWorker;
  if (!worker) {
    plant.process(service).Pause();
    Pass(plant, kBacklogOfDispatcher);
    plant.process(service).Resume();
  }
  plant.phases(service).PauseAt(plant.process(service), worker ? "decide" : "dispatch",
                                worker ? Doing::kCommitting : Doing::kExecuting, kSeenMax);
  plant.process(service).Pause();
}

// A successor in the same group takes the paused one's partitions over; the paused one comes back.
TEST(Fault, Pauses) {
  PlantOptions options = DefaultPlant(kRate);
  options.site.window = kWindow;
  options.site.smsc_yaml = kSmscYaml;
  options.site.intent_limit = kIntentLimit;
  Plant plant("Pauses", BrokerProcess::Shared().bootstrap(), options);
  plant.StartAll();
  for (const Service service : {Service::kWorker, Service::kDispatcher}) {
    const std::string name = service == Service::kWorker ? "worker" : "dispatcher";
    // Alone: its partitions stand still with it.
    plant.AwaitRandom(400);
    Pause(plant, service);
    Pass(plant, service == Service::kWorker ? kPauseOfWorker : kPauseOfDispatcher);
    plant.process(service).Resume();
    plant.Recover("pause of the only " + name);
    // With a second one, which takes over while the first is away.
    plant.Start(service, 2);
    plant.AwaitRandom(400);
    Pause(plant, service);
    plant.Recover("take-over from a paused " + name);
    plant.process(service).Resume();
    plant.Recover("return of the " + name);
    plant.Stop(service, 2);
    plant.Recover("stop of the second " + name);
  }
  // Nothing comes in any more; what is left is timers and receipts.
  plant.load().Stop();
  plant.process(Service::kWorker).Pause();
  plant.process(Service::kDispatcher).Pause();
  Pass(plant, kPauseOfDispatcher);
  plant.process(Service::kWorker).Resume();
  plant.process(Service::kDispatcher).Resume();
  plant.Recover("pause with timers pending");
  plant.Finish("6 pauses, past the session or until the take-over was done");
}

TEST(Fault, Stops) {
  Plant plant("Stops", BrokerProcess::Shared().bootstrap(), DefaultPlant(kRate));
  plant.StartAll();
  double slowest = 0;
  for (int i = 0; i < 6; ++i) {
    plant.AwaitRandom(400);
    const bool worker = i % 3 != 1;
    const bool dispatcher = i % 3 != 0;
    if (worker) slowest = std::max(slowest, plant.Stop(Service::kWorker));
    if (dispatcher) slowest = std::max(slowest, plant.Stop(Service::kDispatcher));
    if (worker) plant.Start(Service::kWorker);
    if (dispatcher) plant.Start(Service::kDispatcher);
    plant.Recover("stop " + std::to_string(i + 1));
  }
  EXPECT_EQ(plant.verdict().unknown(), 0U) << "a stop leaves no text unknown";
  plant.Finish("8 stops, " + std::to_string(slowest) + " s at most");
}

}  // namespace
}  // namespace textback::tests
