// What a shard's heartbeat says of it, and that a restart which a watchdog asks for helps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shard/shard_test_world.h"
#include "shard/shard_watch.h"

namespace textback::shard::test {
namespace {

using log::sim::Fault;
using log::sim::FaultPlan;
using log::sim::Step;
using testing::ElementsAre;

constexpr WatchLimits kLimits{.stuck = 40s, .transaction = 10s, .timers = 5s};

std::string Due(const World& world, std::chrono::milliseconds in) {
  return "due " + std::to_string(world.clock.NowMs() + in.count()) + " d";
}

// As a service's watchdog: looks, and asks for the restart.
void LookAfterEachTick(World& world, Node& node, ShardWatch& watch) {
  world.after_tick = [&] {
    const auto finding = watch.Look(node.shard->heartbeat().Read(), world.clock.Mono());
    if (finding.remedy == Remedy::kRestartShard) node.shard->heartbeat().AskRestart();
  };
}

TEST(ShardWatchdog, ABatchThatFailsOverAndOverIsRestartedAndThenGoesOn) {
  World world(1);
  world.config.backoff_max = 1s;
  Node& node = world.Make("a");
  ShardWatch watch(kLimits);
  LookAfterEachTick(world, node, watch);
  node.counter.answer = [&](const InputRecord&) -> Status {
    if (node.events.notices["watchdog"] > 0) return Ok();
    return RetryError("weather", "it rains");
  };
  world.Write("calls", "k", "1");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }, 5'000));
  EXPECT_GE(world.clock.NowMs() - kStartMs, 40'000);
  EXPECT_EQ(watch.restarts(), 1u);
  world.Write("calls", "k", "2");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 2; }));
  world.Run(3'000);
  EXPECT_THAT(node.counter.executed, ElementsAre("k:1", "k:2"));
  EXPECT_EQ(watch.restarts(), 1u);
  EXPECT_EQ(node.events.fenced, 0);
  EXPECT_TRUE(node.last);
}

// One that fails doesn't hide behind those that go on.
TEST(ShardWatchdog, OnePartitionIsSeenAmongOthers) {
  World world(2);
  Node& node = world.Make("a");
  const std::string bad = world.KeyIn(0);
  node.counter.answer = [&](const InputRecord& record) -> Status {
    if (record.key == bad) return RetryError("weather", "it rains");
    return Ok();
  };
  world.Write("calls", bad, "1");
  ASSERT_TRUE(world.Until([&] { return node.events.notices["weather"] > 0; }));
  const auto since = node.shard->heartbeat().Read().failing_since;
  ASSERT_TRUE(since);
  world.after_tick = [&] { world.Write("calls", world.KeyIn(1), "x"); };
  world.Run(2'000);
  EXPECT_GT(world.Committed("out").size(), 100u);
  EXPECT_EQ(node.shard->heartbeat().Read().failing_since, since);
}

TEST(ShardWatchdog, AFailureAfterWhichThereIsNothingToDoIsForgotten) {
  World world(1, 1, FaultPlan().At({Fault::kRetry, Step::kCommitted}));
  Node& node = world.Make("a");
  ASSERT_TRUE(world.Until([&] { return world.AllRunning(); }));
  ASSERT_TRUE(node.shard->heartbeat().Read().failing_since);
  world.Run(1'550);  // 31 s
  EXPECT_FALSE(node.shard->heartbeat().Read().failing_since);
}

TEST(ShardWatchdog, CommitsOfUnknownOutcomeOverAndOverAreSeen) {
  World world(1, 1, FaultPlan().Chance({Fault::kUnknownLost, Step::kCommit}, 1.0));
  world.config.backoff_max = 1s;
  Node& node = world.Make("a");
  ShardWatch watch(kLimits);
  LookAfterEachTick(world, node, watch);
  world.Write("calls", "k", "1");
  ASSERT_TRUE(world.Until([&] { return watch.restarts() == 1; }));
  EXPECT_GT(node.events.unknown, 10);
}

TEST(ShardWatchdog, WhoWaitsForTheLogIsNotRestarted) {
  World world(1);
  Node& node = world.Make("a");
  ASSERT_TRUE(world.Until([&] { return world.AllRunning(); }));
  ShardWatch watch(kLimits);
  LookAfterEachTick(world, node, watch);
  world.Write("calls", "k", Due(world, 1s));
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  world.Write("calls", "other", "1");
  world.cluster.Unreachable("a", 600s);
  world.Run(30'000);
  EXPECT_EQ(node.events.notices["watchdog"], 0);
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 3; }));
}

TEST(ShardWatchdog, ATransactionThatHangsIsSeenWhileItHangs) {
  World world(1);
  Node& node = world.Make("a");
  ShardWatch watch(kLimits);
  Remedy remedy = Remedy::kNone;
  node.events.on_doing = [&](Doing doing) {
    if (doing != Doing::kCommitting) return;
    // The watchdog's thread, while the shard's is in the commit.
    for (int i = 0; i <= 11 && remedy == Remedy::kNone; ++i, world.clock.Advance(1s)) {
      const auto finding = watch.Look(node.shard->heartbeat().Read(), world.clock.Mono());
      EXPECT_EQ(finding.ailment == Ailment::kTransaction, i == 10) << i;
      remedy = finding.remedy;
    }
  };
  world.Write("calls", "k", "1");
  ASSERT_TRUE(world.Until([&] { return remedy != Remedy::kNone; }));
  EXPECT_EQ(remedy, Remedy::kLeaveProcess);
  EXPECT_FALSE(node.shard->heartbeat().Read().transaction_since);
}

TEST(ShardWatchdog, ATimerThatNobodyLooksAtLags) {
  World world(1);
  Node& node = world.Make("a");
  world.Write("calls", "k", Due(world, 2s));
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  world.config.gather_interval = 10s;  // a batch that gathers doesn't come to its timers
  world.Boot(node);
  ASSERT_TRUE(world.Until([&] { return world.AllRunning(); }));
  world.Write("calls", "other", "1");
  ShardWatch watch(kLimits);
  LookAfterEachTick(world, node, watch);
  ASSERT_TRUE(world.Until([&] { return watch.Lasted(Ailment::kTimers) > 4s; }, 400));
  EXPECT_EQ(watch.restarts(), 0u);
  ASSERT_TRUE(world.Until([&] { return watch.restarts() == 1; }, 60));
}

TEST(ShardWatchdog, ATimerThatWaitsForCapacityDoesNotLag) {
  World world(1);
  Node& node = world.Make("a");
  node.counter.timer_capacity = 0;
  world.Write("calls", "k", Due(world, 100ms));
  world.after_tick = [&] { EXPECT_FALSE(node.shard->heartbeat().Read().timers_since); };
  world.Run(1'000);
  EXPECT_THAT(node.counter.fired, testing::IsEmpty());
}

TEST(ShardWatchdog, AShardThatHasEndedIsNotWatched) {
  World world(1);
  Node& node = world.Make("a");
  EXPECT_FALSE(node.shard->heartbeat().Read().watched);
  world.Run(2);
  EXPECT_TRUE(node.shard->heartbeat().Read().watched);
  node.shard->Stop();
  EXPECT_FALSE(node.shard->heartbeat().Read().watched);
  world.config.deadletter_topic = "nowhere";
  world.Boot(node);
  world.Run(2);
  ASSERT_FALSE(node.last);
  EXPECT_FALSE(node.shard->heartbeat().Read().watched);
}

}  // namespace
}  // namespace textback::shard::test
