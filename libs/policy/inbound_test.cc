#include "policy/inbound.h"

#include <gtest/gtest.h>

#include "policy/test_support.h"

namespace textback::policy {
namespace {

using namespace testing;

v1::Tenant Bakery() {
  auto tenant = Garage();
  tenant.set_tenant("bakery");
  tenant.set_name("Corner Bakery");
  tenant.mutable_lines(0)->set_msisdn("+12125550180");
  tenant.mutable_lines()->RemoveLast();
  return tenant;
}

TEST(InboundTest, StopBlocksFirstAndConfirmsOnce) {
  World world;
  const auto& effects = world.Inbound(Message("m1", "Stop please", kTen));
  EXPECT_EQ(effects.inbound_class, InboundClass::kStop);
  ASSERT_EQ(effects.jobs.size(), 2);
  EXPECT_EQ(effects.jobs[0].block().scope().kind(), v1::Scope::KIND_TENANT);
  EXPECT_EQ(effects.jobs[0].block().scope().tenant(), "garage");
  EXPECT_EQ(effects.jobs[1].text().purpose(), v1::TextJob::PURPOSE_OPT_OUT_CONFIRMATION);
  EXPECT_EQ(effects.jobs[1].text().body(),
            "You won't get more texts from Smith's Garage. Reply START to undo.");
  EXPECT_EQ(effects.jobs[1].expires_ms(), kTen + 5 * kMinuteMs);
  EXPECT_EQ(effects.jobs[1].priority(), 3u);
  EXPECT_EQ(effects.jobs[1].basis(), "opt_out_confirmation");
  EXPECT_NE(effects.jobs[0].job_id(), effects.jobs[1].job_id());

  EXPECT_EQ(world.Inbound(Message("m1", "Stop please", kTen)).inbound_class,
            InboundClass::kRepeated);
  EXPECT_EQ(world.effects.jobs.size(), 0);

  const auto& again = world.Inbound(Message("m2", "STOP", kTen));
  ASSERT_EQ(again.jobs.size(), 1);
  EXPECT_TRUE(again.jobs[0].has_block());
  EXPECT_EQ(world.document.opt_outs_size(), 1);

  EXPECT_EQ(world.Call(Record("r1", kTen - 1'000)).decisions[0].reason(), v1::REASON_OPTED_OUT);
}

TEST(InboundTest, AConfirmationThatComesTooLateStaysAway) {
  for (const std::int64_t age : {5 * kMinuteMs - 1, 5 * kMinuteMs}) {
    World world;
    const auto& effects = world.Inbound(Message("m1", "STOP", kTen - age));
    EXPECT_EQ(effects.jobs.size(), age == 5 * kMinuteMs ? 1 : 2) << age;
    EXPECT_TRUE(effects.jobs[0].has_block());
    EXPECT_EQ(world.document.opt_outs_size(), 1);
  }
}

TEST(InboundTest, StartUndoesAStopThatIsNotNewer) {
  for (const std::int64_t start_at : {kTen - 1, kTen, kTen + 1}) {
    World world;
    world.Inbound(Message("m1", "STOP", kTen));
    world.now = kTen + 10;
    const auto& effects = world.Inbound(Message("m2", "START", start_at));
    EXPECT_EQ(effects.inbound_class, InboundClass::kStart);
    if (start_at < kTen) {
      EXPECT_EQ(effects.jobs.size(), 0);
      EXPECT_EQ(world.document.opt_outs_size(), 1);
    } else {
      ASSERT_EQ(effects.jobs.size(), 2);
      EXPECT_EQ(effects.jobs[0].unblock().scope().tenant(), "garage");
      EXPECT_EQ(effects.jobs[1].text().purpose(), v1::TextJob::PURPOSE_OPT_IN_CONFIRMATION);
      EXPECT_EQ(world.document.opt_outs_size(), 0);
    }
  }
}

TEST(InboundTest, StartWithoutAStopSaysNothing) {
  World world;
  EXPECT_EQ(world.Inbound(Message("m1", "START", kTen)).jobs.size(), 0);
}

TEST(InboundTest, HelpIsAnsweredAFewTimes) {
  World world;
  for (std::size_t i = 0; i <= world.limits.help_replies_max; ++i) {
    const auto& effects = world.Inbound(Message("m" + std::to_string(i), "HELP", kTen));
    EXPECT_EQ(effects.inbound_class, InboundClass::kHelp);
    if (i < world.limits.help_replies_max) {
      ASSERT_EQ(effects.jobs.size(), 1) << i;
      EXPECT_NE(effects.jobs[0].text().body().find("+12125550100"), std::string::npos);
    } else {
      EXPECT_EQ(effects.jobs.size(), 0) << i;
    }
  }
  world.Inbound(Message("s", "STOP", kTen));
  world.now += world.limits.horizon_ms;
  EXPECT_EQ(world.Inbound(Message("h", "HELP", world.now)).jobs.size(), 0);
}

TEST(InboundTest, TwoMachinesStopTexting) {
  World world;
  std::size_t replies = 0;
  std::size_t blocks = 0;
  for (int i = 0; i < 100; ++i) {
    world.now += 1'000;
    world.Inbound(Message("m" + std::to_string(i), i % 2 == 0 ? "STOP" : "START", world.now));
    for (const auto& job : world.effects.jobs) {
      replies += job.has_text();
      blocks += job.has_block();
    }
  }
  EXPECT_EQ(replies, world.limits.replies_max);
  EXPECT_EQ(blocks, 50u);
}

TEST(InboundTest, OtherTextsAreCountedAndLeftToPeople) {
  World world;
  const auto& effects = world.Inbound(Message("m1", "Can I come at five?", kTen));
  EXPECT_EQ(effects.inbound_class, InboundClass::kOther);
  EXPECT_EQ(effects.jobs.size(), 0);
}

TEST(InboundTest, ASharedSenderMeansTheTenantThatTextedLastElseAll) {
  World world;
  world.Set(Bakery());
  {
    World fresh = world;
    const auto& effects = fresh.Inbound(Message("m1", "STOP", kTen));
    ASSERT_EQ(effects.jobs.size(), 3);  // two blocks, one confirmation
    EXPECT_EQ(effects.jobs[0].block().scope().tenant(), "bakery");
    EXPECT_EQ(effects.jobs[1].block().scope().tenant(), "garage");
    EXPECT_TRUE(effects.jobs[2].has_text());
  }
  world.Call(Record("r1", kTen - 1'000));  // the garage texts
  const auto& effects = world.Inbound(Message("m1", "STOP", kTen));
  ASSERT_EQ(effects.jobs.size(), 2);
  EXPECT_EQ(effects.jobs[0].block().scope().tenant(), "garage");
}

TEST(InboundTest, TenantsOfOneSenderShareItsBlock) {
  World world;
  for (auto tenant : {Garage(), Bakery()}) {
    tenant.set_opt_out_scope(v1::Scope::KIND_SENDER);
    world.Set(tenant);
  }
  const auto& effects = world.Inbound(Message("m1", "STOP", kTen));
  ASSERT_EQ(effects.jobs.size(), 2);
  EXPECT_EQ(effects.jobs[0].block().scope().sender(), kSender);
  EXPECT_EQ(world.document.opt_outs_size(), 1);
  EXPECT_EQ(world.Inbound(Message("m2", "START", kTen)).jobs[0].unblock().scope().sender(),
            kSender);
  EXPECT_EQ(world.document.opt_outs_size(), 0);
}

TEST(InboundTest, TheNetworkMayDropThePlusOfTheRecipient) {
  World world;
  auto message = Message("m1", "STOP", kTen);
  message.set_recipient("12125550109");
  EXPECT_EQ(world.Inbound(message).jobs[0].block().scope().tenant(), "garage");
}

TEST(InboundTest, AStopToNobodysAddressStandsForThatAddress) {
  World world;
  auto message = Message("m1", "STOP", kTen);
  message.set_recipient("+12125550199");
  const auto& effects = world.Inbound(message);
  ASSERT_EQ(effects.jobs.size(), 1);
  EXPECT_EQ(effects.jobs[0].block().scope().kind(), v1::Scope::KIND_SENDER);
  auto tenant = Garage();
  tenant.mutable_sender()->set_value("+12125550199");
  world.Set(tenant);
  EXPECT_EQ(world.Call(Record("r1", kTen - 1'000)).decisions[0].reason(), v1::REASON_OPTED_OUT);
}

TEST(InboundTest, ATenantsOwnWordsCount) {
  World world;
  auto tenant = Garage();
  tenant.mutable_keywords()->add_stop("genug");
  world.Set(tenant);
  EXPECT_EQ(world.Inbound(Message("m1", "Genug!", kTen)).inbound_class, InboundClass::kStop);
}

TEST(InboundTest, NoOptOutIsEverDropped) {
  World world;
  world.limits.opt_outs_max = 3;
  for (int i = 0; i < 4; ++i) {
    auto tenant = Garage();
    tenant.set_tenant("t" + std::to_string(i));
    tenant.mutable_sender()->set_value("+1212555012" + std::to_string(i));
    world.Set(tenant);
    auto message = Message("m" + std::to_string(i), "STOP", kTen);
    message.set_recipient(tenant.sender().value());
    world.Inbound(message);
  }
  ASSERT_EQ(world.document.opt_outs_size(), 1);
  EXPECT_EQ(world.document.opt_outs(0).kind(), v1::Scope::KIND_ALL);
  EXPECT_EQ(world.effects.jobs[0].block().scope().kind(), v1::Scope::KIND_ALL);
}

TEST(InboundTest, AMessageUnderAWrongKeyIsADeadLetter) {
  World world;
  auto message = Message("m1", "STOP", kTen);
  message.set_customer("+12125550143");
  EXPECT_EQ(world.Inbound(message).error->code, "key_mismatch");
  EXPECT_FALSE(world.effects.changed);
  message = Message("", "STOP", kTen);
  EXPECT_EQ(world.Inbound(message).error->code, "bad_id");
}

}  // namespace
}  // namespace textback::policy
