// The SMSC killed, half open, and refusing binds.
#include <gtest/gtest.h>

#include <string>

#include "faults/plant.h"
#include "kafka/broker_process.h"

namespace textback::tests {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr double kRate = 800;
constexpr auto kLimit = 60s;
constexpr auto kAway = 5s;

TEST(Fault, Smsc) {
  Plant plant("Smsc", BrokerProcess::Shared().bootstrap(), DefaultPlant(kRate));
  plant.StartAll();
  const auto pass = [&](std::chrono::milliseconds time) {
    const auto until = Steady::now() + time;
    plant.Await(kLimit, [&] { return Steady::now() >= until; });
  };
  for (int i = 0; i < 3; ++i) {
    plant.AwaitRandom(400);
    plant.RestartSmsc();
    plant.Recover("kill of the SMSC");
  }
  plant.verdict().AllowTakenLate();
  // Half open: the connection stands, nobody answers.
  plant.AwaitRandom(400);
  plant.site().smsc().process().Pause();
  pass(kAway);
  plant.site().smsc().process().Resume();
  plant.Recover("half-open SMSC");
  plant.AwaitRandom(400);
  EXPECT_EQ(plant.site().smsc().Ask("set refuse_bind 1"), R"({"ok":true})");
  EXPECT_EQ(plant.site().smsc().Ask("drop"), R"({"ok":true})");
  pass(kAway);
  EXPECT_EQ(plant.site().smsc().Ask("set refuse_bind 0"), R"({"ok":true})");
  plant.Recover("binds refused");
  plant.Finish("3 kills, 5 s half open, 5 s of refused binds");
}

}  // namespace
}  // namespace textback::tests
