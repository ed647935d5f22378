#include "decide/nodes.h"

#include <gtest/gtest.h>

namespace textback::decide {
namespace {

constexpr std::int64_t kTen = 1'772'445'600'000;

v1::Watermark Said(std::int64_t at_ms,
                   std::initializer_list<std::pair<const char*, std::int64_t>> nodes) {
  v1::Watermark watermark;
  watermark.set_written_at_ms(at_ms);
  for (const auto& [name, through_ms] : nodes) {
    auto& node = *watermark.add_nodes();
    node.set_source("msc");
    node.set_node(name);
    node.set_ended_through_ms(through_ms);
  }
  return watermark;
}

TEST(Nodes, TheSlowestOfAllCountsAsItWasWhenATimerWasDue) {
  NodesDocument nodes;
  EXPECT_EQ(ProgressOf(nodes, kTen).known_since_ms, policy::kNever);
  ASSERT_TRUE(HearNodes(Said(kTen, {{"a", kTen - 60'000}, {"b", kTen - 90'000}}), nodes));
  ASSERT_TRUE(HearNodes(Said(kTen + 10'000, {{"b", kTen - 1'000}}), nodes));
  EXPECT_EQ(ProgressOf(nodes, kTen - 1).ended_through_ms, 0) << "not said by then";
  EXPECT_EQ(ProgressOf(nodes, kTen).ended_through_ms, kTen - 90'000);
  EXPECT_EQ(ProgressOf(nodes, kTen + 9'999).ended_through_ms, kTen - 90'000);
  EXPECT_EQ(ProgressOf(nodes, kTen + 10'000).ended_through_ms, kTen - 60'000);
  EXPECT_EQ(ProgressOf(nodes, kTen).known_since_ms, kTen);
}

TEST(Nodes, WhatIsNotNewNeedsNoWriteAndNothingGoesBack) {
  NodesDocument nodes;
  ASSERT_TRUE(HearNodes(Said(kTen, {{"a", kTen - 60'000}}), nodes));
  EXPECT_FALSE(HearNodes(Said(kTen + 1'000, {{"a", kTen - 60'000}}), nodes));
  EXPECT_FALSE(HearNodes(Said(kTen + 2'000, {{"a", kTen - 70'000}}), nodes));
  EXPECT_FALSE(HearNodes(Said(kTen + 3'000, {}), nodes));
  EXPECT_EQ(ProgressOf(nodes, kTen + 3'000).ended_through_ms, kTen - 60'000);
}

// A node is heard each second, a timer may lag by more: what it had said by then must still be
// there.
TEST(Nodes, StepsAreFewAndReachBackFurtherThanTimersLag) {
  NodesDocument nodes;
  for (int second = 0; second <= 120; ++second) {
    HearNodes(Said(kTen + second * 1'000, {{"a", kTen + second * 1'000 - 500}}), nodes);
  }
  ASSERT_EQ(nodes.nodes(0).steps_size(), kStepsMax);
  const auto then = ProgressOf(nodes, kTen + 90'000).ended_through_ms;
  EXPECT_LE(then, kTen + 90'000 - 500);
  EXPECT_GE(then, kTen + 75'000);
  EXPECT_EQ(ProgressOf(nodes, kTen + 120'000).ended_through_ms, kTen + 120'000 - 500);
}

TEST(Nodes, RecordsThatNameNoNodeHoldEveryCallToTheEnd) {
  NodesDocument nodes;
  ASSERT_TRUE(HearNodes(Said(kTen, {{"a", kTen}, {"", 0}}), nodes));
  EXPECT_EQ(ProgressOf(nodes, kTen).ended_through_ms, 0);
  for (int day = 1; day <= 20; ++day) {
    HearNodes(Said(kTen + day * policy::kDayMs, {{"a", kTen + day * policy::kDayMs}, {"", 0}}),
              nodes);
  }
  EXPECT_EQ(ProgressOf(nodes, kTen + 20 * policy::kDayMs).ended_through_ms, 0);
}

TEST(Nodes, OneThatIsSilentForAWeekIsGone) {
  NodesDocument nodes;
  HearNodes(Said(kTen, {{"a", kTen}, {"old", kTen}}), nodes);
  HearNodes(Said(kTen + kNodeMemoryMs, {{"a", kTen + kNodeMemoryMs}}), nodes);
  EXPECT_EQ(nodes.nodes_size(), 2);
  HearNodes(Said(kTen + kNodeMemoryMs + 6'000, {{"a", kTen + kNodeMemoryMs + 6'000}}), nodes);
  ASSERT_EQ(nodes.nodes_size(), 1);
  EXPECT_EQ(nodes.nodes(0).node(), "a");
}

TEST(Nodes, MoreThanAreRememberedHoldToTheEnd) {
  NodesDocument nodes;
  v1::Watermark watermark = Said(kTen, {});
  for (int i = 0; i <= kNodesMax; ++i) {
    auto& node = *watermark.add_nodes();
    node.set_source("msc");
    node.set_node(std::to_string(i));
    node.set_ended_through_ms(kTen);
  }
  ASSERT_TRUE(HearNodes(watermark, nodes));
  EXPECT_EQ(nodes.nodes_size(), kNodesMax);
  EXPECT_EQ(ProgressOf(nodes, kTen).ended_through_ms, 0);
}

TEST(Nodes, BytesThatAreNoneOrNewerAreRefused) {
  NodesDocument nodes;
  EXPECT_EQ(ParseNodes("\xff\xff", nodes).error().disposition, Disposition::kRebuild);
  nodes.Clear();
  nodes.set_version(kNodesVersion + 1);
  EXPECT_EQ(ParseNodes(nodes.SerializeAsString(), nodes).error().disposition, Disposition::kFatal);
}

}  // namespace
}  // namespace textback::decide
