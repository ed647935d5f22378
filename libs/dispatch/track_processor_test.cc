#include "dispatch/track_processor.h"

#include <gtest/gtest.h>

#include "shard/test_context.h"
#include "textback/v1/status.pb.h"

namespace textback::dispatch {
namespace {

constexpr char kKey[] = "smsc|12ab";
constexpr char kCustomer[] = "+12125550123";
constexpr std::int64_t kStart = 1'790'000'000'000;

v1::Submission Sent(std::string job, std::string customer = kCustomer) {
  v1::Submission submission;
  submission.set_job_id(std::move(job));
  submission.set_customer(std::move(customer));
  submission.set_account("smsc");
  submission.set_message_id("12AB");
  submission.set_part(1);
  submission.set_parts(1);
  return submission;
}

v1::Receipt Told(v1::DeliveryState state, std::string recipient = kCustomer) {
  v1::Receipt receipt;
  receipt.set_account("smsc");
  receipt.set_state(state);
  receipt.set_recipient(std::move(recipient));
  receipt.set_sender("+12125550100");
  receipt.set_received_ms(kStart);
  return receipt;
}

class TrackTest : public ::testing::Test {
 protected:
  TrackTest() { context.SetNow(kStart); }
  void Give(const v1::Submission& submission) {
    ASSERT_TRUE(context.Deliver(processor, TrackProcessor::kSubmissions, kKey,
                                submission.SerializeAsString()));
  }
  void Give(const v1::Receipt& receipt) {
    ASSERT_TRUE(
        context.Deliver(processor, TrackProcessor::kReceipts, kKey, receipt.SerializeAsString()));
  }
  void Pass(std::int64_t ms) {
    context.Commit(processor);
    context.SetNow(context.now_ms() + ms);
    ASSERT_TRUE(context.RunTimers(processor));
    context.Commit(processor);
  }
  std::vector<v1::Status> Published() const {
    std::vector<v1::Status> out;
    for (const auto& emitted : context.emitted)
      EXPECT_TRUE(out.emplace_back().ParseFromString(emitted.value));
    return out;
  }

  TrackConfig config;
  TrackProcessor processor{config};
  shard::TestContext context;
};

TEST_F(TrackTest, DispatcherPoint5JoinsInBothOrders) {
  Give(Sent("j1"));
  Give(Told(v1::DELIVERY_STATE_DELIVERED));
  ASSERT_EQ(Published().size(), 1u);
  EXPECT_EQ(Published()[0].kind(), v1::Status::KIND_RECEIPT);
  EXPECT_EQ(Published()[0].job_id(), "j1");
  EXPECT_EQ(context.emitted[0].key, kCustomer);

  shard::TestContext other;
  other.SetNow(kStart);
  ASSERT_TRUE(other.Deliver(processor, TrackProcessor::kReceipts, kKey,
                            Told(v1::DELIVERY_STATE_DELIVERED).SerializeAsString()));
  EXPECT_TRUE(other.emitted.empty());
  ASSERT_TRUE(
      other.Deliver(processor, TrackProcessor::kSubmissions, kKey, Sent("j1").SerializeAsString()));
  ASSERT_EQ(other.emitted.size(), 1u);
  EXPECT_EQ(other.emitted[0], context.emitted[0]);
}

TEST_F(TrackTest, AReceiptMaySayForGoodThatTheNumberTakesNoTexts) {
  for (const auto& [error, for_good] : {std::pair{"001", true}, {"027", false}, {"", false}}) {
    shard::TestContext one;
    one.SetNow(kStart);
    auto receipt = Told(v1::DELIVERY_STATE_UNDELIVERABLE);
    receipt.set_error(error);
    ASSERT_TRUE(
        one.Deliver(processor, TrackProcessor::kSubmissions, kKey, Sent("j1").SerializeAsString()));
    ASSERT_TRUE(
        one.Deliver(processor, TrackProcessor::kReceipts, kKey, receipt.SerializeAsString()));
    ASSERT_EQ(one.emitted.size(), 1u);
    v1::Status status;
    ASSERT_TRUE(status.ParseFromString(one.emitted[0].value));
    EXPECT_EQ(status.takes_no_texts(), for_good) << error;
  }
}

TEST_F(TrackTest, RepeatsArePublishedOnce) {
  Give(Sent("j1"));
  Give(Sent("j1"));
  Give(Told(v1::DELIVERY_STATE_ENROUTE));
  Give(Told(v1::DELIVERY_STATE_DELIVERED));
  Give(Told(v1::DELIVERY_STATE_DELIVERED));
  Give(Told(v1::DELIVERY_STATE_ENROUTE));
  EXPECT_EQ(Published().size(), 2u);
  EXPECT_EQ(context.counts["receipt_repeated"], 2);
  EXPECT_EQ(context.counts["submission_repeated"], 1);
}

TEST_F(TrackTest, AmongSubmissionsWithOneIdTheRecipientDecides) {
  Give(Sent("j1", "+12125550111"));
  Give(Sent("j2"));
  Give(Sent("j3", "+12125550133"));
  Give(Told(v1::DELIVERY_STATE_DELIVERED));
  ASSERT_EQ(Published().size(), 1u);
  EXPECT_EQ(Published()[0].job_id(), "j2");
  Give(Told(v1::DELIVERY_STATE_DELIVERED, ""));
  EXPECT_EQ(Published().size(), 1u) << "a receipt without a recipient fits none of three";
}

TEST_F(TrackTest, UnmatchedReceiptGoesToItsRecipientInTime) {
  Give(Told(v1::DELIVERY_STATE_DELIVERED));
  Pass(config.unmatched_after_ms - 1);
  EXPECT_TRUE(Published().empty());
  Pass(1);
  ASSERT_EQ(Published().size(), 1u);
  EXPECT_EQ(Published()[0].kind(), v1::Status::KIND_UNMATCHED_RECEIPT);
  EXPECT_EQ(Published()[0].customer(), kCustomer);
  EXPECT_TRUE(context.Documents().empty());
}

TEST_F(TrackTest, SubmissionIsForgottenAfterTheReceiptWindow) {
  Give(Sent("j1"));
  Pass(config.receipt_window_ms - 1);
  EXPECT_EQ(context.Documents().size(), 1u);
  Pass(1);
  EXPECT_TRUE(context.Documents().empty());
}

TEST_F(TrackTest, EntriesOfOneKeyAreBounded) {
  for (int i = 0; i < 100; ++i) Give(Sent("j" + std::to_string(i)));
  EXPECT_EQ(context.counts["submission_crowded_out"], 100 - config.entries_per_key_max);
  Give(Told(v1::DELIVERY_STATE_DELIVERED));
  EXPECT_EQ(Published()[0].job_id(), "j99");
}

TEST_F(TrackTest, WhatCannotBeReadIsParked) {
  ASSERT_TRUE(context.Deliver(processor, TrackProcessor::kSubmissions, kKey, "\xff"));
  ASSERT_TRUE(context.Deliver(processor, TrackProcessor::kReceipts, kKey, std::nullopt));
  ASSERT_EQ(context.parked.size(), 2u);
  EXPECT_EQ(context.parked[1].error.code, "receipt_unreadable");
}

}  // namespace
}  // namespace textback::dispatch
