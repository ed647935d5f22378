// Who is offered to be called back, and what is learnt from texts that can't arrive.
#include <gtest/gtest.h>

#include "policy/explain.h"
#include "policy/names.h"
#include "policy/test_support.h"

namespace textback::policy {
namespace {

using namespace testing;

v1::Status Refused(const v1::Decision& decision) {
  v1::Status status;
  status.set_kind(v1::Status::KIND_REJECTED);
  status.set_job_id(decision.job_id());
  status.set_call_id(decision.call_id());
  status.set_error("ESME_RINVDSTADR");
  status.set_takes_no_texts(true);
  return status;
}

v1::Status Receipt(const v1::Decision& decision, v1::DeliveryState state, bool takes_no_texts) {
  v1::Status status;
  status.set_kind(v1::Status::KIND_RECEIPT);
  status.set_job_id(decision.job_id());
  status.set_state(state);
  status.set_error(takes_no_texts ? "1" : "");
  status.set_takes_no_texts(takes_no_texts);
  return status;
}

TEST(CallbackTest, AMissWhoseCallerCantBeTextedIsOffered) {
  World world;
  world.key = std::string(kLine) + ":r1";
  auto record = Record("r1", kTen - 2'000);
  record.mutable_served()->clear_customer();
  record.mutable_served()->set_withheld(true);
  const auto& effects = world.Call(record);
  ASSERT_EQ(effects.callbacks.size(), 1);
  const auto& callback = effects.callbacks[0];
  EXPECT_EQ(callback.call_id(), effects.decisions[0].call_id());
  EXPECT_EQ(callback.tenant(), "garage");
  EXPECT_EQ(callback.line(), kLine);
  EXPECT_EQ(callback.customer(), "");
  EXPECT_EQ(callback.verdict(), v1::VERDICT_NO_ANSWER);
  EXPECT_EQ(callback.reason(), v1::REASON_WITHHELD);
  EXPECT_EQ(callback.ended_at_ms(), kTen - 2'000);
  EXPECT_EQ(callback.now_ms(), kTen);
  EXPECT_EQ(callback.source(), "pbx");
}

TEST(CallbackTest, NotWhoHasATextWasAnsweredOrIsANuisance) {
  World world;
  EXPECT_EQ(world.Call(Record("texted", kTen - 9'000)).callbacks.size(), 0);
  EXPECT_EQ(world.Call(Record("limit", kTen - 8'000)).callbacks.size(), 0);
  EXPECT_EQ(world.Call(Record("answered", kTen - 7'000, "answered")).callbacks.size(), 0);
  World nuisance;
  auto record = Record("r1", kTen - 2'000);
  record.set_spam_likelihood(100);
  EXPECT_EQ(nuisance.Call(record).callbacks.size(), 0);
  World blocked;
  record = Record("r1", kTen - 2'000);
  record.mutable_reach()->set_block_list("operator");
  EXPECT_EQ(blocked.Call(record).callbacks.size(), 0);
}

TEST(CallbackTest, ATextThatTheNetworkRefusesForTheNumberIsLearntAndOffered) {
  World world;
  const auto decision = world.Call(Record("r1", kTen - 2'000)).decisions[0];
  const auto& effects = world.StatusOf(Refused(decision));
  ASSERT_EQ(effects.callbacks.size(), 1);
  EXPECT_EQ(effects.callbacks[0].call_id(), decision.call_id());
  EXPECT_EQ(effects.callbacks[0].job_id(), decision.job_id());
  EXPECT_EQ(effects.callbacks[0].customer(), kCustomer);
  EXPECT_EQ(effects.callbacks[0].reason(), v1::REASON_UNDELIVERABLE);
  EXPECT_EQ(effects.callbacks[0].error(), "ESME_RINVDSTADR");
  // Each part of a long text has a receipt of its own, and one person is one callback.
  EXPECT_EQ(
      world.StatusOf(Receipt(decision, v1::DELIVERY_STATE_UNDELIVERABLE, true)).callbacks.size(),
      0);
}

TEST(CallbackTest, WhatWasLearntStopsTextsUntilItIsOld) {
  World world;
  const auto decision = world.Call(Record("r1", kTen - 2'000)).decisions[0];
  world.StatusOf(Receipt(decision, v1::DELIVERY_STATE_UNDELIVERABLE, true));
  const std::int64_t old = kTen + world.limits.undeliverable_memory_ms;
  for (const auto& [now, reason] :
       {std::pair{old - 1, v1::REASON_UNDELIVERABLE}, {old, v1::REASON_UNSPECIFIED}}) {
    World later = world;
    later.now = now;
    const auto second = later.Call(Record("r2", now - 1'000)).decisions[0];
    EXPECT_EQ(second.reason(), reason) << now - old;
    EXPECT_EQ(later.effects.callbacks.size(), reason == v1::REASON_UNDELIVERABLE ? 1 : 0);
    if (reason == v1::REASON_UNDELIVERABLE) {
      EXPECT_EQ(ExplainInBrief(second),
                "No text: the network said 6.9 days before that this number takes no texts (1).");
    }
  }
}

TEST(CallbackTest, ATextThatArrivesUnlearnsIt) {
  World world;
  const auto decision = world.Call(Record("r1", kTen - 2'000)).decisions[0];
  world.StatusOf(Receipt(decision, v1::DELIVERY_STATE_UNDELIVERABLE, true));
  ASSERT_TRUE(world.document.has_no_texts());
  world.StatusOf(Receipt(decision, v1::DELIVERY_STATE_DELIVERED, false));
  EXPECT_FALSE(world.document.has_no_texts());
}

TEST(CallbackTest, OtherFailuresAndNoMemoryTeachNothing) {
  World world;
  const auto decision = world.Call(Record("r1", kTen - 2'000)).decisions[0];
  EXPECT_FALSE(world.StatusOf(Receipt(decision, v1::DELIVERY_STATE_UNDELIVERABLE, false)).changed);
  world.limits.undeliverable_memory_ms = 0;
  EXPECT_EQ(world.StatusOf(Refused(decision)).callbacks.size(), 0);
  EXPECT_FALSE(world.document.has_no_texts());
}

TEST(CallbackTest, ADocumentStaysForWhatItHasLearntAndThenGoes) {
  Document document;
  auto& learnt = *document.mutable_no_texts();
  learnt.set_keep_ms(kTen);
  EXPECT_EQ(NextDue(document, kHourMs), kTen);
  EXPECT_FALSE(MayErase(document, kTen - 1, kHourMs));
  Forget(document, kTen - 1);
  EXPECT_TRUE(document.has_no_texts());
  Forget(document, kTen);
  EXPECT_FALSE(document.has_no_texts());
  EXPECT_TRUE(MayErase(document, kTen, kHourMs));
}

}  // namespace
}  // namespace textback::policy
