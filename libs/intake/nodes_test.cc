#include "intake/nodes.h"

#include <gtest/gtest.h>

namespace textback::intake {
namespace {

constexpr std::int64_t kTen = 1'772'445'600'000;

v1::CallRecord Record(const std::string& node, std::int64_t ended_ms) {
  v1::CallRecord record;
  record.set_source("msc");
  record.set_node(node);
  record.set_ended_at_ms(ended_ms);
  return record;
}

v1::Watermark Told(Nodes& nodes, std::int64_t now_ms) {
  v1::Watermark watermark;
  nodes.Tell(now_ms, watermark);
  return watermark;
}

TEST(Nodes, TellWhatAdvancedAndAllAgainAfterARewind) {
  Nodes nodes;
  nodes.Note(Record("a", kTen));
  nodes.Note(Record("b", kTen - 1));
  EXPECT_EQ(Told(nodes, kTen).nodes_size(), 2);
  nodes.Note(Record("a", kTen - 10));
  EXPECT_EQ(Told(nodes, kTen).nodes_size(), 0);
  nodes.Note(Record("b", kTen + 1));
  const auto told = Told(nodes, kTen + 5);
  ASSERT_EQ(told.nodes_size(), 1);
  EXPECT_EQ(told.nodes(0).node(), "b");
  EXPECT_EQ(told.nodes(0).ended_through_ms(), kTen + 1);
  nodes.TellAllAgain();
  EXPECT_EQ(Told(nodes, kTen + 5).nodes_size(), 2);
}

TEST(Nodes, AClockThatIsAheadTellsNoMoreThanNow) {
  Nodes nodes;
  nodes.Note(Record("a", kTen + 60'000));
  EXPECT_EQ(Told(nodes, kTen).nodes(0).ended_through_ms(), kTen);
}

TEST(Nodes, RecordsWithoutANameAndNodesBeyondTheLimitNeverComeFurther) {
  Nodes nodes;
  for (std::size_t i = 0; i < kNodesMax + 10; ++i) nodes.Note(Record(std::to_string(i), kTen));
  const auto told = Told(nodes, kTen);
  ASSERT_EQ(told.nodes_size(), static_cast<int>(kNodesMax) + 1);
  EXPECT_EQ(told.nodes(0).node(), "");
  EXPECT_EQ(told.nodes(0).ended_through_ms(), 0);
}

}  // namespace
}  // namespace textback::intake
