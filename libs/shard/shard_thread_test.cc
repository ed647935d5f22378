// A shard on a thread of its own, over the simulated log (which is touched by that thread alone).
#include "shard/shard_thread.h"

#include <gtest/gtest.h>

#include <future>

#include "shard/shard_test_world.h"

namespace textback::shard::test {
namespace {

TEST(ShardThread, StopsInGoodOrder) {
  World world(1);
  Node& node = world.Make("a");
  std::promise<void> ended;
  ShardThread thread(std::move(node.shard), 0ms, [&](const Status&) { ended.set_value(); });
  thread.RequestStop();
  ended.get_future().wait();
  EXPECT_TRUE(thread.Join());
  EXPECT_TRUE(thread.Join());
  EXPECT_FALSE(thread.heartbeat().Read().watched);
  EXPECT_TRUE(node.counter.running.empty());
}

TEST(ShardThread, EndsByItselfOnAFatalError) {
  World world(1);
  world.config.deadletter_topic = "nowhere";
  Node& node = world.Make("a");
  std::promise<void> ended;
  ShardThread thread(std::move(node.shard), 0ms, [&](const Status&) { ended.set_value(); });
  ended.get_future().wait();
  const Status status = thread.Join();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, "topic_missing");
}

}  // namespace
}  // namespace textback::shard::test
