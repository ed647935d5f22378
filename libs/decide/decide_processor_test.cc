#include "decide/decide_processor.h"

#include <gtest/gtest.h>

#include "policy/test_support.h"
#include "shard/test_context.h"

namespace textback::decide {
namespace {

using namespace policy::testing;
using policy::kMinuteMs;

class Fixed final : public policy::SnapshotSource {
 public:
  std::shared_ptr<const policy::Snapshot> Current() override { return snapshot; }
  std::shared_ptr<const policy::Snapshot> snapshot;
};

class Counting final : public DecideEvents {
 public:
  void OnRecordClass(std::string_view, policy::RecordClass) override { ++records; }
  void OnDecision(const v1::Decision&) override { ++decisions; }
  void OnJob(const v1::Job&) override { ++jobs; }
  int records = 0;
  int decisions = 0;
  int jobs = 0;
};

class DecideProcessorTest : public ::testing::Test {
 protected:
  DecideProcessorTest() {
    source.snapshot = World().snapshot;
    context.SetNow(kTen);
    processor.OnBatchStart();
  }
  Status Call(const v1::CallRecord& record, std::string_view key = kCustomer) {
    v1::CallsEntry entry;
    *entry.mutable_record() = record;
    return context.Deliver(processor, kCalls, key, entry.SerializeAsString());
  }
  std::int64_t Count(std::string_view name) const {
    const auto it = context.counts.find(name);
    return it == context.counts.end() ? 0 : it->second;
  }
  v1::Decision DecisionAt(std::size_t i) const {
    v1::Decision decision;
    EXPECT_EQ(context.emitted.at(i).output, kDecisions);
    EXPECT_TRUE(decision.ParseFromString(context.emitted.at(i).value));
    return decision;
  }

  Fixed source;
  Counting events;
  DecideProcessor processor{source, policy::Limits{}, &events};
  shard::TestContext context;
};

TEST_F(DecideProcessorTest, AMissedCallBecomesAJobAndADecisionUnderTheCustomersKey) {
  ASSERT_TRUE(Call(Record("r1", kTen - 1'000)));
  context.Commit(processor);
  ASSERT_EQ(context.emitted.size(), 2u);
  EXPECT_EQ(context.emitted[0].output, kJobs);
  EXPECT_EQ(context.emitted[0].key, kCustomer);
  v1::Job job;
  ASSERT_TRUE(job.ParseFromString(context.emitted[0].value));
  EXPECT_EQ(job.job_id(), DecisionAt(1).job_id());
  EXPECT_EQ(Count("decision"), 1);
  EXPECT_EQ(Count("jobs_text"), 1);
  EXPECT_EQ(events.decisions, 1);
  ASSERT_TRUE(context.Find(kCustomer));
}

TEST_F(DecideProcessorTest, AMissWhoseCallerCantBeTextedGoesToTheCallbacks) {
  auto record = Record("r1", kTen - 1'000);
  record.set_caller_line_type(v1::LINE_TYPE_FIXED);
  ASSERT_TRUE(Call(record));
  context.Commit(processor);
  ASSERT_EQ(context.emitted.size(), 2u);
  EXPECT_EQ(context.emitted[1].output, kCallbacks);
  EXPECT_EQ(context.emitted[1].key, kCustomer);
  v1::Callback callback;
  ASSERT_TRUE(callback.ParseFromString(context.emitted[1].value));
  EXPECT_EQ(callback.call_id(), DecisionAt(0).call_id());
  EXPECT_EQ(callback.reason(), v1::REASON_NOT_TEXTABLE);
  EXPECT_EQ(Count("callback"), 1);
}

// Two calls wait that a third record shows to be one: the record that opened the second is merged.
TEST_F(DecideProcessorTest, ARecordWhoseCallJoinedAnotherIsMerged) {
  auto first = Leg("l1", "", kTen - 20'000);
  auto second = Leg("l2", "", kTen - 5'000);
  auto third = Leg("l3", "", kTen - 4'000);
  first.set_started_at_ms(kTen - 30'000);
  second.set_started_at_ms(kTen - 15'000);
  second.set_ringing_at_ms(kTen - 15'000);
  third.set_started_at_ms(kTen - 30'000);
  for (const auto* record : {&first, &second, &third}) ASSERT_TRUE(Call(*record));
  context.Commit(processor);
  ASSERT_TRUE(context.RunTimers(processor));
  context.Commit(processor);
  EXPECT_EQ(Count("merged"), 2);
  EXPECT_EQ(Count("decision"), 1);
  EXPECT_EQ(events.records, 4);  // the opening one is told twice: opened, then merged
}

TEST_F(DecideProcessorTest, EveryRecordEndsInOneClass) {
  const auto record = Record("r1", kTen - 1'000);
  ASSERT_TRUE(Call(record));  // decision
  ASSERT_TRUE(Call(record));  // redelivered
  auto duplicate = record;
  duplicate.mutable_coordinates()->set_partition(1);
  ASSERT_TRUE(Call(duplicate));                     // duplicate
  ASSERT_TRUE(Call(Leg("l1", "j", kTen - 5'000)));  // opens: decision at its deadline
  auto last = Leg("l2", "j", kTen - 4'000);
  last.set_call_over(true);
  ASSERT_TRUE(Call(last));  // merged
  context.ForgetThrough(kTen - 60'000);
  ASSERT_TRUE(Call(Record("r0", kTen - 60'000)));          // late
  ASSERT_TRUE(Call(Record("r9", kTen + 60 * kMinuteMs)));  // dead letter
  ASSERT_TRUE(Call(record, "+12125550143"));               // dead letter: wrong key
  context.Commit(processor);
  ASSERT_TRUE(context.RunTimers(processor));
  context.Commit(processor);
  EXPECT_EQ(Count("decision"), 2);
  EXPECT_EQ(Count("merged"), 1);
  EXPECT_EQ(Count("duplicate"), 1);
  EXPECT_EQ(Count("late"), 1);
  EXPECT_EQ(Count("redelivered"), 1);
  EXPECT_EQ(Count("deadletter"), 2);
  EXPECT_EQ(context.parked.size(), 2u);
  EXPECT_EQ(context.parked[0].error.code, "future_time");
  EXPECT_EQ(context.parked[1].error.code, "key_mismatch");
  EXPECT_FALSE(context.Find("+12125550143"));
}

TEST_F(DecideProcessorTest, WatermarksOfEachSourcePartitionAreHeard) {
  v1::CallsEntry entry;
  for (int partition : {0, 3}) {
    auto* progress = entry.mutable_watermark()->add_sources();
    progress->set_topic("textback.cdrs");
    progress->set_partition(partition);
    progress->set_low_watermark_ms(kTen + partition);
  }
  ASSERT_TRUE(context.Deliver(processor, kCalls, "", entry.SerializeAsString()));
  context.Commit(processor);
  EXPECT_EQ(context.heard.at("textback.cdrs/0"), kTen);
  EXPECT_EQ(context.heard.at("textback.cdrs/3"), kTen + 3);
  EXPECT_TRUE(context.Documents().empty());
}

TEST_F(DecideProcessorTest, ATimerDecidesAtTheDeadlineAndLaterErases) {
  ASSERT_TRUE(Call(Leg("l1", "j", kTen - 1'000, "answered_elsewhere")));
  context.Commit(processor);
  const auto due = context.Find(kCustomer)->next_due_ms;
  EXPECT_EQ(due, kTen + policy::Limits{}.horizon_ms);
  context.SetNow(due - 1);
  EXPECT_EQ(*context.RunTimers(processor), 0u);
  context.SetNow(due);
  EXPECT_EQ(*context.RunTimers(processor), 1u);
  context.Commit(processor);
  EXPECT_FALSE(context.Find(kCustomer));
  // What the document had forgotten the partition knows now; never more than now - horizon.
  EXPECT_EQ(context.forgotten_through_ms(), kTen - 1'000);
  auto again = Leg("l1", "j", kTen - 1'000, "answered_elsewhere");
  again.mutable_coordinates()->set_partition(1);
  ASSERT_TRUE(Call(again));
  context.Commit(processor);
  EXPECT_EQ(Count("late"), 1);
}

TEST_F(DecideProcessorTest, AnAbortedBatchRunsAgainToTheSameBytes) {
  const auto record = Record("r1", kTen - 1'000);
  ASSERT_TRUE(Call(record));
  const auto first = context.emitted;
  const auto document = context.Find(kCustomer);
  context.Abort(processor);
  EXPECT_TRUE(context.emitted.empty());
  ASSERT_TRUE(Call(record));
  EXPECT_EQ(context.emitted, first);
  EXPECT_EQ(context.Find(kCustomer), document);
}

TEST_F(DecideProcessorTest, AStopTravelsBeforeItsConfirmation) {
  ASSERT_TRUE(context.Deliver(processor, kInbound, kCustomer,
                              Message("m1", "STOP", kTen).SerializeAsString()));
  ASSERT_EQ(context.emitted.size(), 2u);
  v1::Job job;
  ASSERT_TRUE(job.ParseFromString(context.emitted[0].value));
  EXPECT_TRUE(job.has_block());
  ASSERT_TRUE(job.ParseFromString(context.emitted[1].value));
  EXPECT_EQ(job.text().purpose(), v1::TextJob::PURPOSE_OPT_OUT_CONFIRMATION);
  EXPECT_EQ(Count("inbound_stop"), 1);
}

TEST_F(DecideProcessorTest, BadInputIsParkedNotFatal) {
  const std::string_view bad = "\xff\xff\xff";
  ASSERT_TRUE(context.Deliver(processor, kCalls, kCustomer, bad));
  ASSERT_TRUE(context.Deliver(processor, kCalls, kCustomer, std::string_view()));
  ASSERT_TRUE(context.Deliver(processor, kCalls, kCustomer, std::nullopt));
  ASSERT_TRUE(context.Deliver(processor, kInbound, kCustomer, bad));
  ASSERT_TRUE(context.Deliver(processor, kInbound, "", "x"));
  ASSERT_TRUE(context.Deliver(processor, kStatus, kCustomer, bad));
  ASSERT_TRUE(Call(Record("r1", kTen), ""));
  ASSERT_TRUE(Call(Record("r1", kTen), std::string_view("\0state", 6)));
  ASSERT_TRUE(Call(Record("r1", kTen), std::string(513, 'x')));
  EXPECT_EQ(context.parked.size(), 9u);
  EXPECT_TRUE(context.Documents().empty());
  EXPECT_EQ(Count("deadletter"), 6);
  EXPECT_EQ(Count("deadletter_other"), 3);
}

TEST_F(DecideProcessorTest, AForeignDocumentStopsThePartitionWithTheRightRemedy) {
  context.Put(kCustomer, "\xff\xff\xff");
  EXPECT_EQ(Call(Record("r1", kTen)).error().disposition, Disposition::kRebuild);
  policy::Document newer;
  newer.set_version(policy::kDocumentVersion + 1);
  context.Put(kCustomer, newer.SerializeAsString());
  const auto status = Call(Record("r1", kTen));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().disposition, Disposition::kFatal);
  EXPECT_EQ(status.error().code, "document_version");
}

TEST_F(DecideProcessorTest, WithoutAPolicyNothingIsDecided) {
  Fixed none;
  DecideProcessor waiting(none, policy::Limits{});
  waiting.OnBatchStart();
  v1::CallsEntry entry;
  *entry.mutable_record() = Record("r1", kTen);
  const auto status = context.Deliver(waiting, kCalls, kCustomer, entry.SerializeAsString());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().disposition, Disposition::kRetry);
  none.snapshot = source.snapshot;
  waiting.OnBatchStart();
  EXPECT_TRUE(context.Deliver(waiting, kCalls, kCustomer, entry.SerializeAsString()));
}

}  // namespace
}  // namespace textback::decide
