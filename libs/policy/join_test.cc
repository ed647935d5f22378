// Which records are of one call, and what they say of its ringing together.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"
#include "policy/test_support.h"

namespace textback::policy {
namespace {

using testing::kCustomer;
using testing::kLine;
using testing::kSecondLine;
using testing::kTen;
using testing::Leg;
using testing::Record;
using testing::World;

// A leg without a join key, of the given times (relative to kTen, in seconds) and verdict.
v1::CallRecord Part(std::string_view id, int begin_s, int end_s, std::string_view verdict,
                    std::string_view source = "msc-1") {
  auto record = Leg(id, "", kTen + end_s * 1'000, verdict);
  record.set_source(std::string(source));
  record.set_started_at_ms(kTen + begin_s * 1'000);
  record.clear_ringing_at_ms();
  if (verdict == "answered") record.set_answered_at_ms(kTen + begin_s * 1'000 + 500);
  return record;
}

// The decisions on all records, in this order, once everything has settled.
std::vector<v1::Decision> DecideAll(const std::vector<v1::CallRecord>& records,
                                    std::int64_t skew_ms = 2'000) {
  World world;
  world.limits.join_skew_ms = skew_ms;
  world.now = kTen + 3'600'000;
  std::vector<v1::Decision> decisions;
  const auto keep = [&](const Effects& effects) {
    decisions.insert(decisions.end(), effects.decisions.begin(), effects.decisions.end());
  };
  for (const auto& record : records) keep(world.Call(record));
  keep(world.Timer(kTen + 3 * 3'600'000));
  return decisions;
}

// The same verdicts whatever the order of the records; returned for the order as given.
std::vector<v1::Verdict> VerdictsInAnyOrder(std::vector<v1::CallRecord> records) {
  std::vector<v1::Verdict> first;
  Random random(5);
  for (int round = 0; round < 40; ++round) {
    std::vector<v1::Verdict> verdicts;
    for (const auto& decision : DecideAll(records)) verdicts.push_back(decision.verdict());
    if (round == 0) first = verdicts;
    std::ranges::sort(verdicts);
    auto expected = first;
    std::ranges::sort(expected);
    EXPECT_EQ(verdicts, expected) << "round " << round;
    for (std::size_t i = records.size(); i > 1; --i) {
      std::swap(records[i - 1], records[random.Below(i)]);
    }
  }
  return first;
}

TEST(JoinTest, LegsWithoutAJoinKeyThatOverlapAreOneCall) {
  EXPECT_EQ(VerdictsInAnyOrder({Part("a", 0, 20, "no_answer"), Part("b", 1, 300, "answered"),
                                Part("c", 0, 21, "busy")}),
            std::vector{v1::VERDICT_ANSWERED});
}

TEST(JoinTest, SomebodyWhoTriesAgainWithinSecondsMakesASecondCall) {
  EXPECT_EQ(VerdictsInAnyOrder({Part("a", 0, 10, "no_answer"), Part("b", 11, 30, "busy")}).size(),
            2);
}

// A ring shorter than the clocks differ: the two records share no moment.
TEST(JoinTest, RecordsThatBeginTogetherAreOneCallHoweverShort) {
  EXPECT_EQ(
      VerdictsInAnyOrder({Part("a", 0, 1, "no_answer"), Part("b", 2, 3, "busy", "sbc")}).size(), 1);
  EXPECT_EQ(
      VerdictsInAnyOrder({Part("a", 0, 1, "no_answer"), Part("b", 3, 4, "busy", "sbc")}).size(), 2);
}

TEST(JoinTest, AForwardedLegGoesOnWhereTheOtherEnds) {
  auto mailbox = Part("b", 20, 32, "voicemail");
  mailbox.mutable_original_called()->set_number(std::string(kLine));
  EXPECT_EQ(VerdictsInAnyOrder({Part("a", 0, 20, "no_answer"), mailbox}),
            std::vector{v1::VERDICT_VOICEMAIL});
}

TEST(JoinTest, TwoSwitchesOfOneCallHaveTheirOwnKeys) {
  auto gateway = Part("g", 0, 25, "no_answer", "sbc");
  gateway.set_join_key("call-id-1");
  auto core = Part("c", 1, 25, "no_answer", "ims");
  core.set_join_key("icid-9");
  auto core_answer = Part("d", 2, 200, "answered", "ims");
  core_answer.set_join_key("icid-9");
  EXPECT_EQ(VerdictsInAnyOrder({gateway, core, core_answer}), std::vector{v1::VERDICT_ANSWERED});
}

TEST(JoinTest, TwoNodesOfOneSourceLikewise) {
  auto first = Part("g", 0, 25, "no_answer");
  first.set_join_key("icid-1");
  first.set_node("scscf-1");
  auto second = Part("c", 1, 200, "answered");
  second.set_join_key("icid-2");
  second.set_node("mgcf-4");
  EXPECT_EQ(VerdictsInAnyOrder({first, second}), std::vector{v1::VERDICT_ANSWERED});
}

TEST(JoinTest, TwoKeysOfOneNodeAreTwoCalls) {
  auto first = Part("a", 0, 25, "no_answer");
  first.set_join_key("j1");
  auto second = Part("b", 1, 24, "busy");
  second.set_join_key("j2");
  EXPECT_EQ(VerdictsInAnyOrder({first, second}).size(), 2);
}

// TS 32.298: the called subscriber's mtCall record and the forwarded leg's moCall record, of one
// MSC.
TEST(JoinTest, ALegThatGoesOnIsOneCallWithTheForwardedLegThatFollowsThoughOneNodeWroteBoth) {
  auto leg = Part("a", 0, 20, "continues");
  leg.set_join_key("cr:1@msc");
  leg.set_leg_only(true);
  auto forwarded = Part("b", 20, 60, "busy");
  forwarded.set_join_key("cr:2@msc");
  forwarded.set_call_over(true);
  forwarded.mutable_original_called()->set_number(std::string(kLine));
  EXPECT_EQ(VerdictsInAnyOrder({leg, forwarded}), std::vector{v1::VERDICT_BUSY});
  auto talk = Part("b", 20, 60, "answered");
  talk.set_join_key("cr:2@msc");
  talk.mutable_original_called()->set_number(std::string(kLine));
  EXPECT_EQ(VerdictsInAnyOrder({leg, talk}), std::vector{v1::VERDICT_ANSWERED});
  // Of events any but the last says so.
  auto event = leg;
  event.mutable_settle()->set_emits(v1::SettleProfile::EMITS_EVENTS);
  EXPECT_EQ(VerdictsInAnyOrder({event, talk}).size(), 2);
  // One that ends for good, and a second call that is forwarded at once.
  auto missed = Part("a", 0, 20, "no_answer");
  missed.set_join_key("cr:1@msc");
  missed.set_call_over(true);
  EXPECT_EQ(VerdictsInAnyOrder({missed, talk}).size(), 2);
}

TEST(JoinTest, ASourceThatWritesARecordACallHasAsManyCallsAsRecords) {
  EXPECT_EQ(VerdictsInAnyOrder({Record("a", kTen), Record("b", kTen + 1'000)}).size(), 2);
}

TEST(JoinTest, OtherLinesAndOtherSidesAreOtherCalls) {
  auto line = Part("b", 0, 20, "busy");
  line.mutable_served()->set_line(std::string(kSecondLine));
  auto side = Part("c", 0, 20, "busy");
  side.mutable_served()->set_side(v1::Served::SIDE_ORIGINATING);
  EXPECT_EQ(VerdictsInAnyOrder({Part("a", 0, 20, "no_answer"), line, side}).size(), 3);
}

// a and b have nothing in common until c shows that both are its own.
TEST(JoinTest, ALaterRecordJoinsTwoThatWait) {
  const std::vector records{Part("a", 0, 5, "busy"), Part("b", 10, 20, "no_answer"),
                            Part("c", 1, 300, "answered")};
  EXPECT_EQ(VerdictsInAnyOrder(records), std::vector{v1::VERDICT_ANSWERED});
  World world;
  world.now = kTen + 3'600'000;
  EXPECT_EQ(world.Call(records[0]).absorbed, 0);
  EXPECT_EQ(world.Call(records[1]).absorbed, 0);
  EXPECT_EQ(world.Call(records[2]).absorbed, 1);
  EXPECT_EQ(world.document.calls_size(), 1);
  EXPECT_EQ(world.document.calls(0).records_size(), 3);
}

TEST(JoinTest, AMomentBelongsToTheCallAroundIt) {
  auto answer = Part("b", 8, 8, "continues");
  answer.clear_started_at_ms();
  EXPECT_EQ(VerdictsInAnyOrder({Part("a", 0, 20, "no_answer"), answer}),
            std::vector{v1::VERDICT_NO_ANSWER});
}

TEST(JoinTest, WithoutSkewOnlyJoinKeysJoin) {
  EXPECT_EQ(DecideAll({Part("a", 0, 20, "no_answer"), Part("b", 1, 300, "answered")}, 0).size(), 2);
}

TEST(JoinTest, AKeyFoundByPartiesIsTheCallsFromThenOn) {
  auto gateway = Part("g", 0, 25, "no_answer", "sbc");
  auto core = Part("c", 1, 25, "no_answer", "ims");
  core.set_join_key("icid-9");
  // Hours later, and it says no more than its end.
  auto end = Part("e", 0, 9'000, "answered", "ims");
  end.set_join_key("icid-9");
  end.clear_started_at_ms();
  World world;
  world.now = kTen + 9'000'000;
  world.Call(gateway);
  EXPECT_EQ(world.Call(core).record_class, RecordClass::kMerged);
  EXPECT_EQ(world.Call(end).record_class, RecordClass::kMerged);
}

// --- ringing, told by several records ---

v1::CallRecord EventOf(std::string_view id, int at_s) {
  auto record = Leg(id, "j", kTen + at_s * 1'000, "continues", 3'000);
  record.mutable_settle()->set_emits(v1::SettleProfile::EMITS_EVENTS);
  record.clear_started_at_ms();
  record.clear_ringing_at_ms();
  return record;
}

v1::CallRecord Hangup(int at_s, v1::Cause::Namespace space, std::string_view cause) {
  auto record = EventOf("hangup", at_s);
  record.set_call_over(true);
  record.clear_causes();
  record.add_causes()->set_namespace_(space);
  record.mutable_causes(0)->set_value(std::string(cause));
  return record;
}

v1::CallRecord Ringing(int at_s) {
  auto record = EventOf("ringing", at_s);
  record.set_ringing_at_ms(kTen + at_s * 1'000);
  record.clear_ended_at_ms();
  return record;
}

TEST(JoinTest, TheRingingOfOneEventAndTheEndOfAnotherMakeTheRingTime) {
  const auto sip = v1::Cause::NAMESPACE_SIP;
  EXPECT_EQ(VerdictsInAnyOrder({Ringing(2), Hangup(10, sip, "487")}),
            std::vector{v1::VERDICT_ABANDONED});
  EXPECT_EQ(VerdictsInAnyOrder({Ringing(8), Hangup(10, sip, "487")}),
            std::vector{v1::VERDICT_SHORT_RING});
  EXPECT_EQ(VerdictsInAnyOrder({Ringing(2), Hangup(32, sip, "408")}),
            std::vector{v1::VERDICT_NO_ANSWER});
  EXPECT_EQ(VerdictsInAnyOrder({EventOf("setup", 1), Hangup(32, sip, "408")}),
            std::vector{v1::VERDICT_UNREACHABLE});
  const auto decisions = DecideAll({Ringing(2), Hangup(10, sip, "487")});
  ASSERT_EQ(decisions.size(), 1);
  EXPECT_EQ(decisions[0].ring_ms(), 8'000);
}

}  // namespace
}  // namespace textback::policy
