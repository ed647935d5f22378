// Calls of sources that write files: settled once every node has come past them.
#include <gtest/gtest.h>

#include "decide/decide_processor.h"
#include "policy/test_support.h"
#include "shard/test_context.h"

namespace textback::decide {
namespace {

using namespace policy::testing;
using policy::kMinuteMs;
using policy::kSecondMs;

class Fixed final : public policy::SnapshotSource {
 public:
  std::shared_ptr<const policy::Snapshot> Current() override { return snapshot; }
  std::shared_ptr<const policy::Snapshot> snapshot;
};

constexpr std::int64_t kWaitMs = 25 * kMinuteMs;
constexpr std::int64_t kPastEndMs = 5 * kMinuteMs;

// Two switches that write a file every few minutes; a garage that a text half an hour late suits.
class FilesTest : public ::testing::Test {
 protected:
  FilesTest() {
    World world;
    auto garage = Garage();
    garage.set_max_age_ms(2 * policy::kHourMs);
    world.Set(garage);
    source.snapshot = world.snapshot;
    processor.OnBatchStart();
  }
  // Both switches have been known since the morning.
  void KnowBoth() {
    Written(-3 * policy::kHourMs, {{"msc-1", 0}, {"msc-2", 0}});
    Written(0, {{"msc-1", 0}, {"msc-2", 0}});
  }

  // A file is read at `at_ms` after ten: what its switch has written up to then, so far after ten.
  void Written(std::int64_t at_ms,
               std::initializer_list<std::pair<const char*, std::int64_t>> nodes) {
    context.SetNow(kTen + at_ms);
    v1::CallsEntry entry;
    auto& watermark = *entry.mutable_watermark();
    watermark.set_written_at_ms(kTen + at_ms);
    for (const auto& [name, through_ms] : nodes) {
      auto& node = *watermark.add_nodes();
      node.set_source("msc");
      node.set_node(name);
      node.set_ended_through_ms(std::min(kTen + through_ms, kTen + at_ms));
    }
    ASSERT_TRUE(context.Deliver(processor, kCalls, "any", entry.SerializeAsString()));
    context.Commit(processor);
  }

  void Call(std::string_view node, std::int64_t ended_ms, std::string_view verdict = "no_answer") {
    auto record = Record(std::string(node) + std::to_string(ended_ms), kTen + ended_ms, verdict);
    record.set_source("msc");
    record.set_node(std::string(node));
    if (verdict == "answered") record.set_answered_at_ms(record.ended_at_ms() - 1'000);
    record.mutable_settle()->set_settle_ms(kWaitMs);
    record.mutable_settle()->set_past_end_ms(kPastEndMs);
    v1::CallsEntry entry;
    *entry.mutable_record() = record;
    ASSERT_TRUE(context.Deliver(processor, kCalls, kCustomer, entry.SerializeAsString()));
    context.Commit(processor);
  }

  // The partition's time runs to `at_ms` after ten, second by second. When the first text is asked
  // for, after ten; nullopt: none.
  std::optional<std::int64_t> RunTo(std::int64_t at_ms) {
    std::optional<std::int64_t> text_ms;
    while (context.now_ms() < kTen + at_ms) {
      context.SetNow(context.now_ms() + kSecondMs);
      const auto fired = context.RunTimers(processor);
      EXPECT_TRUE(fired);
      checks += *fired;
      context.Commit(processor);
      if (!text_ms && Count("jobs_text") > 0) text_ms = context.now_ms() - kTen;
    }
    return text_ms;
  }

  std::int64_t Count(std::string_view name) const {
    const auto it = context.counts.find(name);
    return it == context.counts.end() ? 0 : it->second;
  }
  std::vector<v1::Decision> Decisions() const {
    std::vector<v1::Decision> decisions;
    for (const auto& emitted : context.emitted) {
      if (emitted.output != kDecisions) continue;
      EXPECT_TRUE(decisions.emplace_back().ParseFromString(emitted.value));
    }
    return decisions;
  }

  Fixed source;
  DecideProcessor processor{source, policy::Limits{}, nullptr};
  shard::TestContext context;
  std::size_t checks = 0;
};

constexpr std::int64_t At(int minutes, int seconds = 0) {
  return minutes * kMinuteMs + seconds * kSecondMs;
}

// Missed at 10:00:20, answered at 10:03 through the other switch; the files come at 10:12 and
// 10:15.
TEST_F(FilesTest, ACallAnsweredInAnotherNodesLaterFileOvertakesTheText) {
  KnowBoth();
  EXPECT_FALSE(RunTo(At(12)));
  Call("msc-1", At(0, 20));
  Written(At(12), {{"msc-1", At(11)}});
  EXPECT_FALSE(RunTo(At(15)));
  Call("msc-2", At(3), "answered");
  Written(At(15), {{"msc-2", At(14)}});
  EXPECT_FALSE(RunTo(At(60)));
  ASSERT_EQ(Decisions().size(), 2u);
  for (const auto& decision : Decisions()) {
    if (decision.verdict() != v1::VERDICT_NO_ANSWER) continue;
    EXPECT_EQ(decision.reason(), v1::REASON_OVERTAKEN);
  }
}

TEST_F(FilesTest, OnceBothAreWellPastTheCallNothingIsWaitedFor) {
  KnowBoth();
  EXPECT_FALSE(RunTo(At(12)));
  Call("msc-1", At(0, 20));
  Written(At(12), {{"msc-1", At(11)}});
  EXPECT_FALSE(RunTo(At(15)));
  Written(At(15), {{"msc-2", At(14)}});
  const auto text_ms = RunTo(At(60));
  ASSERT_TRUE(text_ms);
  EXPECT_LE(*text_ms, At(18)) << "much later than known";
  EXPECT_LE(checks, 10u) << "looked at too often";
}

// The second switch's file ends before the call's end plus past_end.
TEST_F(FilesTest, ANodeThatHasNotComeFarEnoughHoldsItToTheEnd) {
  KnowBoth();
  EXPECT_FALSE(RunTo(At(12)));
  Call("msc-1", At(0, 20));
  Written(At(12), {{"msc-1", At(11)}, {"msc-2", At(5, 19)}});
  EXPECT_EQ(RunTo(At(60)), At(25, 20));
}

TEST_F(FilesTest, AnAnswerEndsEveryWait) {
  KnowBoth();
  Call("msc-1", At(-1), "answered");
  EXPECT_EQ(Decisions().size(), 1u);
}

// Another node may turn up that has not been heard yet.
TEST_F(FilesTest, NodesThatAreNewToUsSettleNothingEarly) {
  Written(At(1), {{"msc-1", At(0)}});
  Call("msc-1", At(0, 20));
  Written(At(12), {{"msc-1", At(11)}});
  EXPECT_EQ(RunTo(At(60)), At(25, 20));
}

TEST_F(FilesTest, NoRecordMayHaveTheKeyOfTheNodes) {
  v1::CallsEntry entry;
  *entry.mutable_record() = Record("r1", kTen - 1'000);
  ASSERT_TRUE(context.Deliver(processor, kCalls, kNodesKey, entry.SerializeAsString()));
  context.Commit(processor);
  EXPECT_EQ(Count("deadletter"), 1);
}

// An abort leaves what is known of nodes as it was.
TEST_F(FilesTest, WhatIsKnownOfNodesIsPartOfTheTransaction) {
  KnowBoth();
  const auto before = context.Find(kNodesKey)->bytes;
  v1::CallsEntry entry;
  auto& node = *entry.mutable_watermark()->add_nodes();
  node.set_source("msc");
  node.set_node("msc-3");
  entry.mutable_watermark()->set_written_at_ms(kTen);
  ASSERT_TRUE(context.Deliver(processor, kCalls, "any", entry.SerializeAsString()));
  context.Abort(processor);
  EXPECT_EQ(context.Find(kNodesKey)->bytes, before);
}

}  // namespace
}  // namespace textback::decide
