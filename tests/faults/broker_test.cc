// The broker killed, and the broker out of reach.
#include <gtest/gtest.h>

#include <string>

#include "faults/plant.h"
#include "faults/proxy.h"
#include "kafka/broker_process.h"

namespace textback::tests {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr double kRate = 500;
constexpr int kKills = 2;
constexpr auto kLimit = 60s;

TEST(Fault, BrokerKilled) {
  BrokerProcess broker;
  Plant plant("BrokerKilled", broker.bootstrap(), DefaultPlant(kRate));
  plant.StartAll();
  for (int i = 0; i < kKills; ++i) {
    plant.AwaitRandom(200);
    ASSERT_TRUE(BrokerProcess::Control("kill --dir " + broker.dir()));
    ASSERT_TRUE(BrokerProcess::Control("restart --dir " + broker.dir()));
    plant.Recover("kill of the broker " + std::to_string(i + 1));
  }
  plant.Finish(std::to_string(kKills) + " kills of the broker, " +
               std::to_string(plant.restarts()) + " ends of services");
}

TEST(Fault, BrokerUnreachable) {
  Proxy proxy;
  const std::string address = "127.0.0.1:" + std::to_string(proxy.port());
  BrokerProcess broker({"advertised.listeners=PLAINTEXT://" + address});
  proxy.SetTarget(static_cast<std::uint16_t>(std::stoi(broker.port())));
  Plant plant("BrokerUnreachable", address, DefaultPlant(kRate));
  plant.StartAll();
  // Shorter than a transaction's time-out; than a session; longer than both.
  for (const auto cut : {500ms, 2'500ms, 8'000ms}) {
    plant.AwaitRandom(200);
    const auto until = Steady::now() + cut;
    proxy.Cut();
    plant.Await(kLimit, [&] { return Steady::now() >= until; });
    proxy.Heal();
    plant.Recover("cut of " + std::to_string(cut.count()) + " ms");
  }
  plant.Finish("cut off for 0.5, 2.5 and 8 s, " + std::to_string(plant.restarts()) +
               " ends of services");
}

}  // namespace
}  // namespace textback::tests
