#include "dispatch/dispatch_processor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "shard/test_context.h"
#include "textback/v1/submission.pb.h"

namespace textback::dispatch {
namespace {

using shard::TestContext;
using ::testing::ElementsAre;

constexpr char kCustomer[] = "+12125550123";
constexpr std::int64_t kStart = 1'790'000'000'000;

class FakePort final : public MessagePort {
 public:
  bool TrySend(std::size_t, Message&& message) override {
    if (full) return false;
    sent.push_back(std::move(message));
    return true;
  }
  void Drain(std::size_t, std::size_t max, std::vector<MessageOutcome>& out) override {
    for (; max > 0 && !outcomes.empty(); --max) {
      out.push_back(std::move(outcomes.front()));
      outcomes.pop_front();
    }
  }
  bool Ready() const override { return ready; }
  const std::string& account() const override { return name; }

  bool full = false;
  bool ready = true;
  std::vector<Message> sent;
  std::deque<MessageOutcome> outcomes;
  std::string name = "smsc";
};

PartOutcome Part(std::uint32_t part, PartResult result, std::string id_or_error = "") {
  PartOutcome outcome;
  outcome.part = part;
  outcome.result = result;
  if (result == PartResult::kAccepted) {
    outcome.message_id = id_or_error;
    outcome.message_id_key = id_or_error;
  } else {
    outcome.error = id_or_error;
  }
  return outcome;
}

v1::Job Text(std::string id, std::string tenant = "garage") {
  v1::Job job;
  job.set_job_id(std::move(id));
  job.set_tenant(std::move(tenant));
  job.set_customer(kCustomer);
  job.mutable_sender()->set_kind(v1::Address::KIND_E164);
  job.mutable_sender()->set_value("+12125550100");
  job.mutable_text()->set_purpose(v1::TextJob::PURPOSE_FIRST_TEXT);
  job.mutable_text()->set_body("Sorry we missed your call.");
  job.set_priority(1);
  job.set_expires_ms(kStart + 1'800'000);
  return job;
}

class DispatchTest : public ::testing::Test {
 protected:
  DispatchTest() { context.SetNow(kStart); }

  std::unique_ptr<DispatchProcessor> NewProcessor(std::uint64_t incarnation) {
    DispatchConfig c;
    c.incarnation = incarnation;
    return std::make_unique<DispatchProcessor>(c, port, budget, clock, 1);
  }
  void Give(const v1::Job& job) {
    ASSERT_TRUE(
        context.Deliver(*processor, DispatchProcessor::kJobs, kCustomer, job.SerializeAsString()));
  }
  void GiveAndCommit(const v1::Job& job) {
    Give(job);
    context.Commit(*processor);
  }
  void Answer(std::vector<PartOutcome> parts, std::uint32_t count = 1) {
    ASSERT_FALSE(port.sent.empty());
    port.outcomes.push_back(
        {.token = port.sent.back().token, .parts = count, .outcomes = std::move(parts)});
    Turn();
  }
  // Local events and due timers, committed.
  void Turn() {
    processor->OnBatchStart();
    std::vector<std::unique_ptr<shard::LocalEvent>> events;
    processor->Drain(100, events);
    for (const auto& event : events) ASSERT_TRUE(context.DeliverLocal(*processor, *event));
    ASSERT_TRUE(context.RunTimers(*processor));
    context.Commit(*processor);
  }
  void Pass(std::int64_t ms) {
    clock.Advance(std::chrono::milliseconds(ms));
    context.SetNow(context.now_ms() + ms);
    Turn();
  }
  std::vector<std::string> Ends() const {
    std::vector<std::string> ends;
    for (const auto& emitted : context.emitted) {
      if (emitted.output != DispatchProcessor::kStatusOut) continue;
      v1::Status status;
      EXPECT_TRUE(status.ParseFromString(emitted.value));
      EXPECT_EQ(emitted.key, kCustomer);
      ends.push_back(status.job_id() + " " + v1::Status::Kind_Name(status.kind()).substr(5));
    }
    return ends;
  }
  std::int64_t Tally(std::string_view name) const {
    const auto it = context.counts.find(name);
    return it == context.counts.end() ? 0 : it->second;
  }

  TestContext context;
  ManualClock clock{kStart};
  FakePort port;
  IntentBudget budget{4};
  DispatchConfig config;
  std::unique_ptr<DispatchProcessor> processor = NewProcessor(7);
};

TEST_F(DispatchTest, DispatcherPoint1NothingIsSentBeforeItsIntentHasCommitted) {
  Give(Text("j1"));
  EXPECT_TRUE(port.sent.empty());
  context.Commit(*processor);
  ASSERT_EQ(port.sent.size(), 1u);
  EXPECT_EQ(port.sent[0].recipient, kCustomer);
  EXPECT_EQ(port.sent[0].lease_deadline, clock.Mono() + std::chrono::seconds(5));
  Answer({Part(1, PartResult::kAccepted, "m1")});
  EXPECT_THAT(Ends(), ElementsAre("j1 SENT"));
  EXPECT_EQ(context.emitted[0].key, "smsc|m1");
  EXPECT_EQ(budget.open(), 0u);
}

TEST_F(DispatchTest, AbortedIntentIsNeverSentAndGivesItsCapacityBack) {
  Give(Text("j1"));
  EXPECT_EQ(budget.open(), 1u);
  context.Abort(*processor);
  EXPECT_TRUE(port.sent.empty());
  EXPECT_EQ(budget.open(), 0u);
}

TEST_F(DispatchTest, RepeatedJobIsSentOnce) {
  GiveAndCommit(Text("j1"));
  GiveAndCommit(Text("j1"));
  Answer({Part(1, PartResult::kAccepted, "m1")});
  GiveAndCommit(Text("j1"));
  EXPECT_EQ(port.sent.size(), 1u);
  EXPECT_EQ(Tally("job_repeated"), 2);
  EXPECT_EQ(Tally("job_text"), 1);
}

TEST_F(DispatchTest, RepeatAfterForgettingIsLateNotNew) {
  GiveAndCommit(Text("j1"));
  Answer({Part(1, PartResult::kAccepted, "m1")});
  Pass(1'800'000 + config.closed_keep_ms);
  EXPECT_TRUE(context.Documents().empty());
  GiveAndCommit(Text("j1"));
  EXPECT_EQ(port.sent.size(), 1u);
  EXPECT_EQ(Tally("job_late"), 1);
}

TEST_F(DispatchTest, DispatcherPoint3CrashLeavesUnknownThatIsNotResent) {
  GiveAndCommit(Text("j1"));
  ASSERT_EQ(port.sent.size(), 1u);
  processor = NewProcessor(8);  // the process died; another takes over
  const std::int64_t grace = config.lease_ms + config.resolve_grace_ms;
  Pass(grace - 1);
  EXPECT_TRUE(Ends().empty()) << "resolved before lease and drift were over";
  Pass(1);
  EXPECT_THAT(Ends(), ElementsAre("j1 UNKNOWN"));
  Pass(config.receipt_window_ms);
  EXPECT_EQ(port.sent.size(), 1u);
  EXPECT_EQ(Tally("job_unknown"), 1);
  EXPECT_EQ(Tally("job_sent"), 0);
}

TEST_F(DispatchTest, DispatcherPoint3OwnUnexecutedIntentIsNotDropped) {
  // A commit of unknown outcome: the effects are discarded, and the intent is found committed.
  Give(Text("j1"));
  auto effects = std::move(context.effects);
  context.effects.clear();
  context.Commit(*processor);
  processor->Discard(0, std::move(effects));
  EXPECT_TRUE(port.sent.empty());
  EXPECT_EQ(budget.open(), 0u);
  Pass(config.lease_ms + config.resolve_grace_ms);
  Pass(config.retry_min_ms);
  ASSERT_EQ(port.sent.size(), 1u);
  Answer({Part(1, PartResult::kAccepted, "m1")});
  EXPECT_THAT(Ends(), ElementsAre("j1 SENT"));
}

TEST_F(DispatchTest, ARefusalMaySayForGoodThatTheNumberTakesNoTexts) {
  for (const auto& [error, for_good] :
       {std::pair{"ESME_RINVDSTADR", true}, {"ESME_RINVSRCADR", false}}) {
    context.emitted.clear();
    GiveAndCommit(Text(error));
    Answer({Part(1, PartResult::kRejected, error)});
    v1::Status status;
    ASSERT_FALSE(context.emitted.empty());
    ASSERT_TRUE(status.ParseFromString(context.emitted.back().value));
    EXPECT_EQ(status.kind(), v1::Status::KIND_REJECTED);
    EXPECT_EQ(status.error(), error);
    EXPECT_EQ(status.takes_no_texts(), for_good) << error;
  }
}

TEST_F(DispatchTest, UnexecutedIntentOfACustomerWhoSaidStopMeanwhileEndsBlocked) {
  Give(Text("j1"));
  auto effects = std::move(context.effects);
  context.effects.clear();
  context.Commit(*processor);
  auto block = Text("b1");
  block.mutable_block()->mutable_scope()->set_kind(v1::Scope::KIND_ALL);
  GiveAndCommit(block);
  processor->Discard(0, std::move(effects));
  Pass(config.lease_ms + config.resolve_grace_ms);
  Pass(config.retry_max_ms);
  EXPECT_TRUE(port.sent.empty());
  EXPECT_THAT(Ends(), ElementsAre("j1 BLOCKED"));
}

TEST_F(DispatchTest, DispatcherPoint3ReceiptOfItsOwnProvesAnUnknown) {
  GiveAndCommit(Text("j1"));
  Answer({Part(1, PartResult::kUnknown, "response_timeout")});
  EXPECT_EQ(Tally("job_unknown"), 1);
  v1::Status receipt;
  receipt.set_kind(v1::Status::KIND_UNMATCHED_RECEIPT);
  receipt.set_customer(kCustomer);
  receipt.set_account("smsc");
  receipt.set_sender("+12125550100");
  receipt.set_at_ms(kStart + 10);
  ASSERT_TRUE(context.Deliver(*processor, DispatchProcessor::kStatusIn, kCustomer,
                              receipt.SerializeAsString()));
  context.Commit(*processor);
  EXPECT_THAT(Ends(), ElementsAre("j1 UNKNOWN", "j1 PROVEN"));
  EXPECT_EQ(Tally("job_unknown"), 0);
  EXPECT_EQ(Tally("job_sent"), 1);
}

TEST_F(DispatchTest, DispatcherPoint3ReceiptProvesWhatADeadProcessSentBeforeItIsUnknown) {
  GiveAndCommit(Text("j1"));
  v1::Status receipt;
  receipt.set_kind(v1::Status::KIND_UNMATCHED_RECEIPT);
  receipt.set_customer(kCustomer);
  receipt.set_account("smsc");
  receipt.set_sender("+12125550100");
  receipt.set_at_ms(kStart + 10);
  const auto deliver = [&] {
    ASSERT_TRUE(context.Deliver(*processor, DispatchProcessor::kStatusIn, kCustomer,
                                receipt.SerializeAsString()));
    context.Commit(*processor);
  };
  deliver();
  EXPECT_TRUE(Ends().empty()) << "the SMSC still owes its answer to this process";
  processor = NewProcessor(8);
  deliver();
  EXPECT_THAT(Ends(), ElementsAre("j1 SENT"));
  Pass(config.lease_ms + config.resolve_grace_ms + config.receipt_window_ms);
  EXPECT_THAT(Ends(), ElementsAre("j1 SENT"));
  EXPECT_EQ(Tally("job_sent"), 1);
  EXPECT_EQ(Tally("job_proven"), 1);
  EXPECT_EQ(Tally("job_unknown"), 0);
}

TEST_F(DispatchTest, ReceiptOfAnotherSenderProvesNothing) {
  GiveAndCommit(Text("j1"));
  Answer({Part(1, PartResult::kUnknown, "response_timeout")});
  v1::Status receipt;
  receipt.set_kind(v1::Status::KIND_UNMATCHED_RECEIPT);
  receipt.set_account("smsc");
  receipt.set_sender("+12125550199");
  receipt.set_at_ms(kStart + 10);
  ASSERT_TRUE(context.Deliver(*processor, DispatchProcessor::kStatusIn, kCustomer,
                              receipt.SerializeAsString()));
  EXPECT_EQ(Tally("job_unknown"), 1);
  EXPECT_EQ(Tally("job_sent"), 0);
}

TEST_F(DispatchTest, ResendOnceIsDoneOnce) {
  auto job = Text("j1");
  job.set_unknown_policy(v1::Job::UNKNOWN_POLICY_RESEND_ONCE);
  job.set_expires_ms(kStart + 4 * config.receipt_window_ms);
  GiveAndCommit(job);
  Answer({Part(1, PartResult::kUnknown)});
  Pass(config.receipt_window_ms);
  EXPECT_EQ(port.sent.size(), 2u);
  Answer({Part(1, PartResult::kUnknown)});
  Pass(config.receipt_window_ms);
  EXPECT_EQ(port.sent.size(), 2u);
  EXPECT_EQ(Tally("job_unknown"), 1);
}

TEST_F(DispatchTest, DispatcherPoint4BlockStopsWhatIsQueuedAndItsConfirmationGoesLast) {
  GiveAndCommit(Text("j1"));  // intended, on the wire
  GiveAndCommit(Text("j2"));  // waits its turn
  auto block = Text("b1");
  block.mutable_block()->mutable_scope()->set_kind(v1::Scope::KIND_TENANT);
  block.mutable_block()->mutable_scope()->set_tenant("garage");
  GiveAndCommit(block);
  EXPECT_THAT(Ends(), ElementsAre("j2 BLOCKED"));
  auto confirmation = Text("c1");
  confirmation.mutable_text()->set_purpose(v1::TextJob::PURPOSE_OPT_OUT_CONFIRMATION);
  confirmation.set_priority(3);
  GiveAndCommit(confirmation);
  EXPECT_EQ(port.sent.size(), 1u) << "the confirmation overtook an open intent";
  Answer({Part(1, PartResult::kAccepted, "m1")});
  ASSERT_EQ(port.sent.size(), 2u);
  Answer({Part(1, PartResult::kAccepted, "m2")});
  GiveAndCommit(Text("j3"));
  GiveAndCommit(Text("j4", "bakery"));
  EXPECT_THAT(Ends(), ElementsAre("j2 BLOCKED", "j1 SENT", "c1 SENT", "j3 BLOCKED"));
  EXPECT_EQ(port.sent.size(), 3u);
}

TEST_F(DispatchTest, BlockedWhileAnIntentFailsEndsBlocked) {
  GiveAndCommit(Text("j1"));
  auto block = Text("b1");
  block.mutable_block()->mutable_scope()->set_kind(v1::Scope::KIND_ALL);
  GiveAndCommit(block);
  Answer({Part(1, PartResult::kNotSent)});
  Pass(config.retry_max_ms);
  EXPECT_THAT(Ends(), ElementsAre("j1 BLOCKED"));
  EXPECT_EQ(port.sent.size(), 1u);
}

TEST_F(DispatchTest, UnblockLetsTextsGoAgain) {
  auto block = Text("b1");
  block.mutable_block()->mutable_scope()->set_kind(v1::Scope::KIND_ALL);
  GiveAndCommit(block);
  auto unblock = Text("u1");
  unblock.mutable_unblock()->mutable_scope()->set_kind(v1::Scope::KIND_ALL);
  GiveAndCommit(unblock);
  GiveAndCommit(Text("j1"));
  EXPECT_EQ(port.sent.size(), 1u);
}

TEST_F(DispatchTest, NotBeforeAndExpiryAreEnforcedToTheMillisecond) {
  auto job = Text("j1");
  job.set_not_before_ms(kStart + 1000);
  GiveAndCommit(job);
  Pass(999);
  EXPECT_TRUE(port.sent.empty());
  Pass(1);
  EXPECT_EQ(port.sent.size(), 1u);
  auto late = Text("j2");
  late.set_expires_ms(context.now_ms());
  GiveAndCommit(late);
  EXPECT_THAT(Ends(), ElementsAre("j2 EXPIRED"));
}

TEST_F(DispatchTest, QueuedJobExpiresWhileTheNetworkIsDown) {
  port.ready = false;
  GiveAndCommit(Text("j1"));
  Pass(1'799'999);
  EXPECT_TRUE(Ends().empty());
  Pass(config.housekeeping_ms);
  EXPECT_THAT(Ends(), ElementsAre("j1 EXPIRED"));
  EXPECT_TRUE(port.sent.empty());
}

TEST_F(DispatchTest, WaitingForAnIntentCostsFewWrites) {
  while (budget.TryAcquire()) {
  }
  Turn();  // this second's housekeeping is done
  GiveAndCommit(Text("j1"));
  const auto waiting = context.Documents();
  ASSERT_EQ(waiting.size(), 1u);
  for (int i = 0; i < 9; ++i) Pass(config.housekeeping_ms / 10);
  EXPECT_EQ(context.Documents(), waiting);
  Pass(config.housekeeping_ms / 10);
  EXPECT_NE(context.Documents(), waiting) << "looked at, and put off";
  EXPECT_TRUE(port.sent.empty());
  budget.Release();
  Pass(2 * config.capacity_retry_ms);
  EXPECT_EQ(port.sent.size(), 1u);
}

TEST_F(DispatchTest, CancelBeforeTheWireCancelsAndAfterItIsTooLate) {
  auto job = Text("j1");
  job.set_not_before_ms(kStart + 1000);
  GiveAndCommit(job);
  auto cancel = Text("x");
  cancel.mutable_cancel()->set_job_id("j1");
  GiveAndCommit(cancel);
  EXPECT_THAT(Ends(), ElementsAre("j1 CANCELLED"));
  GiveAndCommit(Text("j2"));
  cancel.mutable_cancel()->set_job_id("j2");
  GiveAndCommit(cancel);
  EXPECT_EQ(Tally("job_cancel_too_late"), 1);
}

TEST_F(DispatchTest, OnlyThePartsThatAreMissingAreSentAgain) {
  GiveAndCommit(Text("j1"));
  const auto reference = port.sent[0].concat_reference;
  Answer({Part(1, PartResult::kAccepted, "m1"), Part(2, PartResult::kTryLater, "ESME_RTHROTTLED")},
         2);
  EXPECT_TRUE(Ends().empty());
  Pass(config.retry_min_ms);
  ASSERT_EQ(port.sent.size(), 2u);
  EXPECT_THAT(port.sent[1].parts_done, ElementsAre(1u));
  EXPECT_EQ(port.sent[1].concat_reference, reference);
  Answer({Part(2, PartResult::kAccepted, "m2")}, 2);
  EXPECT_THAT(Ends(), ElementsAre("j1 SENT"));
}

TEST_F(DispatchTest, IntentLimitIsNeverPassed) {
  for (int i = 0; i < 10; ++i) {
    auto job = Text("j" + std::to_string(i));
    job.set_customer("+1212555010" + std::to_string(i));
    ASSERT_TRUE(context.Deliver(*processor, DispatchProcessor::kJobs, job.customer(),
                                job.SerializeAsString()));
    context.Commit(*processor);
    EXPECT_LE(budget.open(), budget.limit());
  }
  EXPECT_EQ(port.sent.size(), 4u);
  const auto first = port.sent;
  for (const auto& message : first) {
    port.outcomes.push_back(
        {.token = message.token,
         .parts = 1,
         .outcomes = {Part(1, PartResult::kAccepted, "m" + std::to_string(message.token))}});
  }
  Pass(1);
  Pass(2 * config.capacity_retry_ms);
  EXPECT_EQ(port.sent.size(), 8u);
}

TEST_F(DispatchTest, FullPortGivesTheTextBack) {
  port.full = true;
  GiveAndCommit(Text("j1"));
  Turn();
  EXPECT_EQ(budget.open(), 0u);
  port.full = false;
  Pass(config.retry_min_ms);
  EXPECT_EQ(port.sent.size(), 1u);
}

TEST_F(DispatchTest, OutcomeOfAPartitionThatLeftAndCameBackIsStillKnown) {
  GiveAndCommit(Text("j1"));
  processor->OnPartitionStopped(0);
  processor->OnPartitionStarted(0);
  Answer({Part(1, PartResult::kAccepted, "m1")});
  EXPECT_THAT(Ends(), ElementsAre("j1 SENT"));
  EXPECT_EQ(budget.open(), 0u);
}

TEST_F(DispatchTest, PartitionThatLeavesForGoodGivesItsCapacityBack) {
  GiveAndCommit(Text("j1"));
  processor->OnPartitionStopped(0);
  clock.Advance(std::chrono::milliseconds(config.lease_ms + config.resolve_grace_ms));
  processor->OnBatchStart();
  EXPECT_EQ(budget.open(), 0u);
  EXPECT_EQ(processor->open_intents(), 0u);
}

TEST_F(DispatchTest, WhatCannotBeReadIsParkedWithItsReason) {
  ASSERT_TRUE(context.Deliver(*processor, DispatchProcessor::kJobs, kCustomer, "\xff\xff"));
  auto job = Text("j1");
  job.set_customer("12125550123");
  ASSERT_TRUE(
      context.Deliver(*processor, DispatchProcessor::kJobs, kCustomer, job.SerializeAsString()));
  ASSERT_TRUE(context.Deliver(*processor, DispatchProcessor::kJobs, kCustomer, std::nullopt));
  ASSERT_EQ(context.parked.size(), 3u);
  EXPECT_EQ(context.parked[0].error.code, "job_unreadable");
  EXPECT_EQ(context.parked[1].error.code, "job_customer_invalid");
  EXPECT_EQ(context.parked[2].error.code, "job_unreadable");
}

TEST_F(DispatchTest, DispatcherPoint6EveryTextEndsInOneClass) {
  const std::vector<PartResult> results = {PartResult::kAccepted, PartResult::kRejected,
                                           PartResult::kUnknown, PartResult::kExpired};
  int n = 0;
  for (const auto result : results) {
    GiveAndCommit(Text("j" + std::to_string(n++)));
    Answer({Part(1, result, "e" + std::to_string(n))});
  }
  EXPECT_EQ(Tally("job_text"), Tally("job_sent") + Tally("job_unknown") + Tally("job_expired") +
                                   Tally("job_rejected") + Tally("job_cancelled") +
                                   Tally("job_blocked"));
  EXPECT_EQ(Tally("job_text"), 4);
}

}  // namespace
}  // namespace textback::dispatch
