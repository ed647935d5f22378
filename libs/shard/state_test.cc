// The partition's own state, and what fits into an offset's metadata.
#include "shard/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shard/config.h"

namespace textback::shard {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(State, ComesBackAsItWas) {
  Names names;
  State state = NewState({"calls", "stops"});
  state.positions = {17, kNoPosition};
  state.other_positions["old"] = 5;
  state.now_ms = 1'700'000'000'000;
  state.sources["cdrs/0"] = {11, 12};
  state.tallies.resize(*names.Find("late") + 1);
  state.tallies[*names.Find("late")] = 3;
  state.transactions = 9;
  std::string bytes;
  AppendState(state, {"calls", "stops"}, names, bytes);
  Names others;
  ASSERT_TRUE(others.Find("another"));
  const auto parsed = ParseState(bytes, {"calls", "stops"}, others);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->positions, state.positions);
  EXPECT_EQ(parsed->other_positions, state.other_positions);
  EXPECT_EQ(parsed->now_ms, state.now_ms);
  EXPECT_EQ(parsed->forgotten_through_ms, kNothingForgotten);
  EXPECT_EQ(parsed->sources.at("cdrs/0").low_watermark_ms, 11);
  EXPECT_EQ(parsed->sources.at("cdrs/0").heard_at_ms, 12);
  EXPECT_EQ(parsed->tallies.at(*others.Find("late")), 3);
  EXPECT_EQ(parsed->transactions, 9u);
}

TEST(State, PositionsOfInputsThatABuildDoesNotReadAreKept) {
  Names names;
  State state = NewState({"calls", "stops"});
  state.positions = {17, 4};
  std::string bytes;
  AppendState(state, {"calls", "stops"}, names, bytes);
  auto older = ParseState(bytes, {"calls"}, names);
  ASSERT_TRUE(older);
  EXPECT_THAT(older->positions, ElementsAre(17));
  bytes.clear();
  AppendState(*older, {"calls"}, names, bytes);
  EXPECT_THAT(ParseState(bytes, {"calls", "stops"}, names)->positions, ElementsAre(17, 4));
}

TEST(State, ATooNewVersionAndRubbishAreRefused) {
  Names names;
  for (const std::string& bytes :
       {std::string("\x08\x02"), std::string("\xff\xff"), std::string()}) {
    const auto parsed = ParseState(bytes, {"calls"}, names);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, "partition_state_unreadable");
    EXPECT_THAT(parsed.error().message, HasSubstr("start the build that wrote it"));
  }
}

TEST(StreamPoint15, TalliesTravelInAnOffsetsMetadata) {
  Names names;
  State state = NewState({"calls"});
  for (const char* name : {"late", "decision", "unused"}) ASSERT_TRUE(names.Find(name));
  state.tallies = {2, 812, 0};
  const std::string metadata = EncodeTallies(state, names);
  EXPECT_EQ(metadata, "1 decision=812 late=2");
  EXPECT_THAT(*ParseTallies(metadata), ElementsAre(Pair("decision", 812), Pair("late", 2)));
  EXPECT_THAT(*ParseTallies("1"), ElementsAre());
}

TEST(StreamPoint15, WhatIsNotOursIsNoTally) {
  for (const char* metadata : {"", "2 a=1", "1a=1", "1 a", "1 =1", "1 a=", "1 a=x", "1 a=1x",
                               "1 a=1 a=2", "1 ", "1 a=99999999999999999999"}) {
    EXPECT_FALSE(ParseTallies(metadata)) << metadata;
  }
}

// The longest counts of all names that were ever let in fit into what the broker takes.
TEST(StreamPoint15, NamesAreLetInOnlyAsLongAsTheLongestCountsFit) {
  Names names;
  State state = NewState({"calls"});
  int admitted = 0;
  while (names.Find("some.tally." + std::to_string(1'000 + admitted))) ++admitted;
  EXPECT_GT(admitted, 80);
  state.tallies.assign(names.size(), std::numeric_limits<std::int64_t>::min());
  const std::string metadata = EncodeTallies(state, names);
  EXPECT_LE(metadata.size(), kOffsetMetadataMax);
  EXPECT_GT(metadata.size(), kOffsetMetadataMax - 64);
  EXPECT_EQ(ParseTallies(metadata)->size(), names.size());
  EXPECT_TRUE(names.Find("some.tally.1000"));
  for (const char* bad : {"", "a b", "a=b"}) EXPECT_FALSE(Names().Find(bad)) << bad;
}

ShardConfig Good() {
  ShardConfig config;
  config.role = "decide";
  config.instance = "w-0";
  config.inputs = {{"calls"}};
  config.changelog_topic = "state";
  config.deadletter_topic = "dead";
  return config;
}

TEST(ShardConfig, EveryLimitIsChecked) {
  ASSERT_TRUE(Validate(Good())) << Validate(Good()).error().message;
  const std::pair<const char*, void (*)(ShardConfig&)> cases[] = {
      {"role", [](ShardConfig& c) { c.role = "de cide"; }},
      {"instance", [](ShardConfig& c) { c.instance = ""; }},
      {"1 to 16 inputs", [](ShardConfig& c) { c.inputs.clear(); }},
      {"named twice", [](ShardConfig& c) { c.inputs.push_back({"calls"}); }},
      {"changelog may not be", [](ShardConfig& c) { c.changelog_topic = "calls"; }},
      {"deadletter_topic", [](ShardConfig& c) { c.deadletter_topic = ""; }},
      {"records_max", [](ShardConfig& c) { c.records_max = 0; }},
      {"bytes_max", [](ShardConfig& c) { c.bytes_max = 1; }},
      {"timers_max", [](ShardConfig& c) { c.timers_max = 0; }},
      {"local_events_max", [](ShardConfig& c) { c.local_events_max = 0; }},
      {"value_bytes_max", [](ShardConfig& c) { c.value_bytes_max = 10; }},
      {"gather_polls_max", [](ShardConfig& c) { c.gather_polls_max = 0; }},
      {"gather_interval_ms",
       [](ShardConfig& c) { c.gather_interval = std::chrono::milliseconds(-1); }},
      {"transaction_timeout_ms",
       [](ShardConfig& c) { c.transaction_timeout = std::chrono::milliseconds(0); }},
      {"session_timeout_ms",
       [](ShardConfig& c) { c.session_timeout = std::chrono::milliseconds(10); }},
      {"max_poll_interval_ms",
       [](ShardConfig& c) { c.max_poll_interval = std::chrono::milliseconds(5'999); }},
      {"call_timeout_ms",
       [](ShardConfig& c) { c.call_timeout = std::chrono::milliseconds(15'001); }},
      {"backoff_max_ms", [](ShardConfig& c) { c.backoff_max = std::chrono::milliseconds(9); }},
      {"rebuilds_max", [](ShardConfig& c) { c.rebuilds_max = 0; }},
      {"sources_max", [](ShardConfig& c) { c.sources_max = 0; }},
  };
  for (const auto& [what, breaks] : cases) {
    ShardConfig config = Good();
    breaks(config);
    const auto status = Validate(config);
    ASSERT_FALSE(status) << what;
    EXPECT_EQ(status.error().disposition, Disposition::kFatal);
    EXPECT_THAT(status.error().message, HasSubstr(what));
  }
}

}  // namespace
}  // namespace textback::shard
