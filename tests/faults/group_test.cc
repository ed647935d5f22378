// What happens to the groups: offsets that an operator moves, members that come and go.
#include <gtest/gtest.h>

#include <string>

#include "faults/plant.h"
#include "kafka/broker_process.h"

namespace textback::tests {
namespace {

using namespace std::chrono_literals;

constexpr double kRate = 800;
constexpr auto kLimit = 60s;

// As kafka-consumer-groups --reset-offsets does: the group must be empty, so its members' sessions
// over.
void Reset(Plant& plant, const BrokerProcess& broker, const std::string& group,
           const std::string& topic, int partition, const std::string& offset) {
  const std::string app = plant.site().topics().prefix;
  const std::string command = "commit --port " + broker.port() + " --group " + app + group +
                              " --topic " + topic + " --partition " + std::to_string(partition) +
                              " --offset " + offset;
  EXPECT_TRUE(plant.Await(kLimit, [&] { return BrokerProcess::Control(command); })) << command;
}

// The number that the message of a halted partition names.
std::string NamedOffset(const std::string& log) {
  const std::string words = "but the changelog knows of ";
  const auto at = log.rfind(words);
  if (at == std::string::npos) return {};
  const auto from = at + words.size();
  return log.substr(from, log.find_first_not_of("0123456789", from) - from);
}

TEST(Fault, Offsets) {
  const auto& broker = BrokerProcess::Shared();
  Plant plant("Offsets", broker.bootstrap(), DefaultPlant(kRate));
  plant.StartAll();
  for (const Service service : {Service::kWorker, Service::kDispatcher}) {
    const bool worker = service == Service::kWorker;
    const std::string group = worker ? "decide" : "dispatch";
    const std::string topic = worker ? plant.site().topics().calls : plant.site().topics().jobs;
    // Back: the changelog knows better.
    plant.AwaitRandom(400);
    plant.Stop(service);
    Reset(plant, broker, group, topic, 1, "0");
    plant.Start(service);
    plant.Recover(group + "'s offset set back");
    EXPECT_TRUE(plant.process(service).Said("group_behind_state"));
    // Ahead: that partition halts, the others run.
    plant.Stop(service);
    Reset(plant, broker, group, topic, 2, "1000000000");
    plant.Start(service);
    EXPECT_TRUE(plant.Await(kLimit, [&] {
      return plant.process(service).Said("group_ahead_of_state");
    })) << plant.site().Logs();
    const auto decided = plant.verdict().decided_in_all();
    const auto ended = plant.verdict().ended_in_all();
    EXPECT_TRUE(plant.Await(kLimit, [&] {
      return worker ? plant.verdict().decided_in_all() > decided + 100
                    : plant.verdict().ended_in_all() > ended + 20;
    })) << "the others run on";
    const std::string named = NamedOffset(plant.process(service).Log());
    EXPECT_FALSE(named.empty());
    plant.Stop(service);
    Reset(plant, broker, group, topic, 2, named);
    plant.Start(service);
    plant.Recover(group + "'s offset mended");
  }
  plant.Finish(
      "of decide and dispatch set back (went on from the changelog) and ahead (that "
      "partition halted and said so)");
}

TEST(Fault, Scaling) {
  auto options = DefaultPlant(kRate);
  options.site.plan = {.partitions = 8, .decision_partitions = 2};
  Plant plant("Scaling", BrokerProcess::Shared().bootstrap(), options);
  plant.StartAll();
  plant.AwaitRandom(400);
  for (int number = 2; number <= 4; ++number) plant.Start(Service::kWorker, number);
  plant.Start(Service::kDispatcher, 2);
  plant.Recover("1 to 4 workers, 1 to 2 dispatchers");
  plant.AwaitRandom(400);
  plant.Stop(Service::kWorker, 2);
  plant.Stop(Service::kWorker, 4);
  plant.Recover("4 to 2 workers");
  plant.AwaitRandom(400);
  plant.Kill(Service::kWorker, 3);
  plant.Recover("a second worker killed and gone");
  plant.Start(Service::kWorker, 3);
  plant.AwaitRandom(400);
  plant.Stop(Service::kDispatcher, 1);
  plant.Recover("2 to 1 dispatchers");
  plant.Finish("1, 4, 2, 1, 2 workers, 1, 2, 1 dispatchers");
}

}  // namespace
}  // namespace textback::tests
