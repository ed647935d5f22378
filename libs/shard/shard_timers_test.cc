// Stream point 14, and point 4 of "What a customer's document must remember": timers come from
// documents, in order, and wait for the inputs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shard/shard_test_world.h"

namespace textback::shard::test {
namespace {

using testing::ElementsAre;

std::string Due(const World& world, std::chrono::milliseconds in, const std::string& id = "d") {
  return "due " + std::to_string(world.clock.NowMs() + in.count()) + " " + id;
}

std::vector<std::string> Keys(const std::vector<std::string>& fired) {
  std::vector<std::string> keys;
  for (const auto& text : fired) keys.push_back(Words(text)[1].substr(0, Words(text)[1].find('@')));
  return keys;
}

TEST(StreamPoint14, ATimerFiresOnceAtItsTime) {
  World world(1);
  Node& node = world.Make("a");
  world.Write("calls", "k", Due(world, 2s));
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  const std::int64_t due_ms = kStartMs + 2'000;
  while (world.clock.NowMs() < due_ms - 20) {
    world.Tick();
    ASSERT_TRUE(node.counter.fired.empty());
  }
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 2; }, 20));
  world.Run(100);
  EXPECT_EQ(world.CountsOf("out")["timer k@" + std::to_string(due_ms)], 1);
  EXPECT_EQ(world.Replayed(0).at("k").bytes, "2");
}

TEST(StreamPoint14, InOrderOfDueThenKey) {
  World world(1);
  Node& node = world.Make("a");
  world.Write("calls", "d", Due(world, 900ms));
  world.Write("calls", "b", Due(world, 1s));
  world.Write("calls", "a", Due(world, 1s));
  world.Write("calls", "c", Due(world, 800ms));
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 4; }));
  world.clock.Advance(2s);
  ASSERT_TRUE(world.Until([&] { return node.counter.fired.size() == 4; }));
  EXPECT_THAT(Keys(node.counter.fired), ElementsAre("c", "d", "a", "b"));
}

TEST(StreamPoint14, ATimerSurvivesAKill) {
  World world(1);
  Node& node = world.Make("a");
  world.Write("calls", "k", Due(world, 1s));
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  world.Kill(node);
  ASSERT_TRUE(node.disk.Wipe(0));
  world.clock.Advance(5s);
  world.Boot(node);
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 2; }));
  world.Run(50);
  EXPECT_EQ(world.Committed("out").size(), 2u);
}

TEST(StreamPoint14, ARecordOfTheSameBatchMovesItsTimer) {
  World world(1);
  Node& node = world.Make("a");
  world.Write("calls", "k", Due(world, 500ms));
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  world.clock.Advance(1s);
  world.Write("calls", "k", Due(world, 1h));
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 2; }));
  world.Run(20);
  EXPECT_TRUE(node.counter.fired.empty());
}

TEST(StreamPoint14, CapacityLeavesTheRestDue) {
  World world(1);
  Node& node = world.Make("a");
  for (int i = 0; i < 5; ++i) world.Write("calls", "k" + std::to_string(i), Due(world, 100ms));
  node.counter.timer_capacity = 0;
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 5; }));
  world.Run(100);
  EXPECT_TRUE(node.counter.fired.empty());
  node.counter.timer_capacity = 2;
  world.Tick();
  EXPECT_THAT(Keys(node.counter.fired), ElementsAre("k0", "k1"));
  ASSERT_TRUE(world.Until([&] { return node.counter.fired.size() == 5; }));
  EXPECT_THAT(Keys(node.counter.fired), ElementsAre("k0", "k1", "k2", "k3", "k4"));
}

// After an outage the timer is due, and what calls it off is still in the queue.
TEST(Backlog, ATimerWaitsForTheQueuedRecordsOfEveryInput) {
  World world(1);
  world.config.records_max = 1;  // one record a step
  Node& node = world.Make("a");
  world.Write("calls", "k", Due(world, 1s));
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  world.Kill(node);
  for (int i = 0; i < 20; ++i) {
    world.clock.Advance(10ms);
    world.Write("stops", "other", "x");
  }
  world.Write("stops", "k", Due(world, 1h));  // calls it off
  world.clock.Advance(1h - 10min);
  world.Boot(node);
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 22; }));
  EXPECT_TRUE(node.counter.fired.empty());
  EXPECT_EQ(node.events.held_by, "stops");
}

TEST(Backlog, AnInputThatHoldsNoTimersIsNotWaitedFor) {
  World world(1);
  world.config.records_max = 1;
  world.config.inputs[1].holds_timers = false;
  Node& node = world.Make("a");
  world.Write("calls", "k", Due(world, 1s));
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  for (int i = 0; i < 200; ++i) world.Write("stops", "other", "x");
  world.clock.Advance(2s);
  ASSERT_TRUE(world.Until([&] { return node.counter.fired.size() == 1; }));
  EXPECT_LT(world.Committed("out").size(), 150u);
}

TEST(Backlog, ATimerWaitsForTheSlowestSource) {
  World world(1);
  Node& node = world.Make("a");
  const std::int64_t now_ms = world.clock.NowMs();
  world.Write("calls", "w", "mark cdrs/0 " + std::to_string(now_ms + 10'000));
  world.Write("calls", "w", "mark cdrs/1 " + std::to_string(now_ms + 500));
  world.Write("calls", "k", Due(world, 1s));
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  for (int i = 0; i < 100; ++i) world.Tick();  // 2 s
  EXPECT_TRUE(node.counter.fired.empty());
  EXPECT_EQ(node.events.held_by, "watermark");
  world.Write("calls", "w", "mark cdrs/1 " + std::to_string(now_ms + 999));
  world.Run(20);
  EXPECT_TRUE(node.counter.fired.empty());
  world.Write("calls", "w", "mark cdrs/1 " + std::to_string(now_ms + 1'000));
  ASSERT_TRUE(world.Until([&] { return node.counter.fired.size() == 1; }, 20));
}

TEST(Backlog, ASourceNotHeardForLongIsLeftOut) {
  World world(1);
  world.config.source_timeout = 5s;
  Node& node = world.Make("a");
  const std::int64_t begin_ms = world.clock.NowMs();
  world.Write("calls", "w", "mark cdrs/0 " + std::to_string(begin_ms));
  world.Write("calls", "k", Due(world, 1s));
  ASSERT_TRUE(world.Until([&] { return node.counter.fired.size() == 1; }));
  EXPECT_GT(world.clock.NowMs() - begin_ms, 5'000);
  EXPECT_LT(world.clock.NowMs() - begin_ms, 5'500);
}

// It was down with us: its time-out counts from our start, or its backlog would come too late.
TEST(Backlog, ASourceGetsItsTimeAfterARestart) {
  World world(1);
  world.config.source_timeout = 5s;
  Node& node = world.Make("a");
  world.Write("calls", "w", "mark cdrs/0 " + std::to_string(world.clock.NowMs()));
  world.Write("calls", "k", Due(world, 1s));
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  world.Kill(node);
  world.clock.Advance(1h);
  world.Boot(node);
  ASSERT_TRUE(world.Until([&] { return world.AllRunning(); }));
  world.Run(200);  // 4 s
  EXPECT_TRUE(node.counter.fired.empty());
  ASSERT_TRUE(world.Until([&] { return node.counter.fired.size() == 1; }, 100));
}

TEST(PartitionTime, NeverGoesBack) {
  World world(1);
  Node& node = world.Make("a");
  world.Write("calls", "k", "forget " + std::to_string(kStartMs - 5));
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  Names names;
  const auto state = [&] {
    return ParseState(world.Replayed(0).at(std::string(kStateKey)).bytes, {"calls", "stops"}, names)
        .value();
  };
  const std::int64_t before_ms = state().now_ms;
  EXPECT_GE(before_ms, kStartMs);
  EXPECT_EQ(state().forgotten_through_ms, kStartMs - 5);
  world.Kill(node);
  world.clock.JumpWallTo(kStartMs - 3'600'000);
  world.Boot(node);
  world.Write("calls", "k", "forget " + std::to_string(kStartMs - 50));
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 2; }));
  EXPECT_EQ(state().now_ms, before_ms);
  EXPECT_EQ(state().forgotten_through_ms, kStartMs - 5);
}

}  // namespace
}  // namespace textback::shard::test
