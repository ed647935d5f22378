// The document points of exactly-once.md, by name, and the life of a call.
#include "policy/decide.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "policy/test_support.h"

namespace textback::policy {
namespace {

using namespace testing;

int Texts(const Effects& effects) {
  return static_cast<int>(std::count_if(effects.jobs.begin(), effects.jobs.end(),
                                        [](const auto& job) { return job.has_text(); }));
}

TEST(DecideTest, AMissedCallIsTexted) {
  World world;
  const auto& effects = world.Call(Record("r1", kTen - 2'000));
  EXPECT_EQ(effects.record_class, RecordClass::kOpened);
  ASSERT_EQ(effects.decisions.size(), 1);
  const auto& decision = effects.decisions[0];
  EXPECT_EQ(decision.action(), v1::ACTION_TEXT);
  EXPECT_EQ(decision.verdict(), v1::VERDICT_NO_ANSWER);
  EXPECT_EQ(decision.reason(), v1::REASON_UNSPECIFIED);
  EXPECT_EQ(decision.gates_size(), 18);
  EXPECT_EQ(decision.customer(), kCustomer);
  EXPECT_EQ(decision.ring_ms(), 10'000);
  ASSERT_EQ(effects.jobs.size(), 1);
  const auto& job = effects.jobs[0];
  EXPECT_EQ(job.job_id(), decision.job_id());
  EXPECT_EQ(job.call_id(), decision.call_id());
  EXPECT_EQ(job.text().body(),
            "Hi, this is Smith's Garage. Sorry we missed you. Reply STOP to end.");
  EXPECT_EQ(job.sender().value(), kSender);
  EXPECT_EQ(job.not_before_ms(), kTen);
  EXPECT_EQ(job.expires_ms(), kTen - 2'000 + 30 * kMinuteMs);
  EXPECT_EQ(job.basis(), "missed_call");
  EXPECT_EQ(job.priority(), 1u);
}

TEST(DecideTest, TheSameInputsGiveTheSameBytes) {
  World a;
  World b;
  const auto record = Record("r1", kTen - 2'000);
  EXPECT_EQ(a.Call(record).decisions[0].SerializeAsString(),
            b.Call(record).decisions[0].SerializeAsString());
  EXPECT_EQ(a.effects.jobs[0].SerializeAsString(), b.effects.jobs[0].SerializeAsString());
  EXPECT_EQ(a.document.SerializeAsString(), b.document.SerializeAsString());
}

TEST(DecideTest, AnAnsweredCallHasASmallDecisionWithoutGates) {
  World world;
  const auto& effects = world.Call(Record("r1", kTen, "answered"));
  ASSERT_EQ(effects.decisions.size(), 1);
  EXPECT_EQ(effects.decisions[0].reason(), v1::REASON_NOT_MISSED);
  EXPECT_EQ(effects.decisions[0].gates_size(), 0);
  EXPECT_LT(effects.decisions[0].ByteSizeLong(), 250u);
  EXPECT_EQ(effects.jobs.size(), 0);
}

// Point 1: every call leaves a trace until the horizon has passed.
TEST(DecideTest, DocumentPoint1AnAnsweredLegThatCameFirstIsRemembered) {
  World world;
  const auto& first = world.Call(Leg("talk", "j", kTen - 60'000, "answered"));
  ASSERT_EQ(first.decisions.size(), 1);
  EXPECT_EQ(first.decisions[0].verdict(), v1::VERDICT_ANSWERED);

  world.now += 20 * kHourMs;
  const auto& second = world.Call(Leg("rang", "j", kTen - 50'000));
  EXPECT_EQ(second.record_class, RecordClass::kMerged);
  EXPECT_EQ(second.decisions.size(), 0);
  EXPECT_EQ(second.amendments.size(), 0);
  EXPECT_EQ(second.jobs.size(), 0);
}

TEST(DecideTest, DocumentPoint1ARepeatIsADuplicateUntilTheHorizonAndLateFromThenOn) {
  const struct {
    std::int64_t after;
    RecordClass expected;
  } kCases[] = {
      {0, RecordClass::kDuplicate},
      {26 * kHourMs - 1, RecordClass::kDuplicate},
      {26 * kHourMs, RecordClass::kLate},
      {26 * kHourMs + 1, RecordClass::kLate},
  };
  for (const auto& c : kCases) {
    World world;
    auto record = Record("r1", kTen - 1'000);
    world.Call(record);
    world.now = kTen + c.after;
    record.mutable_coordinates()->set_offset(5);  // the source wrote it again
    const auto& again = world.Call(record);
    EXPECT_EQ(again.record_class, c.expected) << c.after;
    EXPECT_EQ(again.decisions.size(), 0) << c.after;
    EXPECT_EQ(again.jobs.size(), 0) << c.after;
  }
}

TEST(DecideTest, DocumentPoint1IntakesRepeatsAreNoDuplicatesOfTheSource) {
  World world;
  const auto record = Record("r1", kTen - 1'000);
  world.Call(record);
  EXPECT_EQ(world.Call(record).record_class, RecordClass::kRedelivered);
  EXPECT_FALSE(world.effects.changed);
  auto duplicate = record;
  duplicate.mutable_coordinates()->set_offset(5);
  EXPECT_EQ(world.Call(duplicate).record_class, RecordClass::kDuplicate);
  EXPECT_EQ(world.Call(duplicate).record_class, RecordClass::kRedelivered);
  EXPECT_EQ(world.Call(record).record_class, RecordClass::kRedelivered);
}

TEST(DecideTest, DocumentPoint1ADuplicateIsRememberedForAHorizonToo) {
  World world;
  const auto record = Record("r1", kTen - 1'000);
  world.Call(record);
  world.now = kTen + 26 * kHourMs - 1;
  auto duplicate = record;
  duplicate.mutable_coordinates()->set_offset(5);
  EXPECT_EQ(world.Call(duplicate).record_class, RecordClass::kDuplicate);
  // Intake hands it on again, after the call's first record would have been forgotten.
  world.now += kHourMs;
  EXPECT_EQ(world.Call(duplicate).record_class, RecordClass::kRedelivered);
}

TEST(DecideTest, TheSameRecordOfTheOtherSideIsAnotherRecord) {
  World world;
  auto record = Record("r1", kTen - 1'000);
  world.Call(record);
  record.mutable_served()->set_side(v1::Served::SIDE_ORIGINATING);
  const auto& effects = world.Call(record);
  EXPECT_EQ(effects.record_class, RecordClass::kOpened);
  ASSERT_EQ(effects.decisions.size(), 1);
  EXPECT_EQ(effects.decisions[0].verdict(), v1::VERDICT_OUTBOUND);
}

// Point 2: exact forgetting.
TEST(DecideTest, DocumentPoint2AtOrBeforeWhatWasForgottenIsLate) {
  for (const std::int64_t offset : {-1, 0, 1}) {
    for (const bool in_partition : {false, true}) {
      World world;
      const std::int64_t forgotten = kTen - 60'000;
      if (in_partition) {
        world.partition_forgotten = forgotten;
      } else {
        world.document.set_forgotten_through_ms(forgotten);
      }
      const auto record = Record("r1", forgotten + offset);
      const auto& effects = world.Call(record);
      if (offset <= 0) {
        EXPECT_EQ(effects.record_class, RecordClass::kLate);
        EXPECT_EQ(effects.decisions.size(), 0);
        EXPECT_EQ(effects.jobs.size(), 0);
        EXPECT_EQ(world.Call(record).record_class, RecordClass::kRedelivered);
      } else {
        EXPECT_EQ(effects.record_class, RecordClass::kOpened);
        EXPECT_EQ(effects.decisions.size(), 1);
      }
    }
  }
}

TEST(DecideTest, DocumentPoint2WhatIsDroppedIsForgottenThroughItsEventTime) {
  World world;
  world.Call(Record("r1", kTen - 5'000));
  world.Call(Record("r2", kTen - 9'000));
  world.now = kTen + world.limits.horizon_ms;
  world.Call(Record("r3", world.now - 1'000));
  EXPECT_EQ(world.document.forgotten_through_ms(), kTen - 5'000);
  EXPECT_EQ(world.document.calls_size(), 1);
}

TEST(DecideTest, DocumentPoint2AnEntryOfAnEventAheadOfNowStaysLonger) {
  World world;
  world.Call(Record("r1", kTen + 60'000));
  EXPECT_EQ(world.document.calls(0).forget_ms(), kTen + 60'000 + world.limits.horizon_ms);
  world.Call(Record("r2", kTen - 60'000));
  EXPECT_EQ(world.document.calls(1).forget_ms(), kTen + world.limits.horizon_ms);
}

TEST(DecideTest, DocumentPoint2TimesTooFarAheadAreDeadLetters) {
  const Limits limits;
  for (const std::int64_t ahead : {limits.future_max_ms, limits.future_max_ms + 1}) {
    World world;
    const auto record = Record("r1", kTen + ahead);
    const auto& effects = world.Call(record);
    if (ahead == limits.future_max_ms) {
      EXPECT_EQ(effects.record_class, RecordClass::kOpened);
    } else {
      EXPECT_EQ(effects.record_class, RecordClass::kDeadLetter);
      EXPECT_EQ(effects.error->code, "future_time");
      EXPECT_EQ(effects.decisions.size(), 0);
      EXPECT_EQ(world.Call(record).record_class, RecordClass::kRedelivered);
    }
  }
}

TEST(DecideTest, DocumentPoint2ADocumentGoesOnlyWhenNothingInItMatters) {
  World world;
  world.Call(Record("r1", kTen - 1'000, "answered"));
  // The pair (who talked last) and the call both end with the horizon.
  const std::int64_t due = NextDue(world.document, world.limits.horizon_ms);
  EXPECT_EQ(due, kTen + world.limits.horizon_ms);
  EXPECT_FALSE(MayErase(world.document, due - 1, world.limits.horizon_ms));
  world.now = due;
  world.Timer(due);
  EXPECT_TRUE(MayErase(world.document, due, world.limits.horizon_ms));
  EXPECT_EQ(world.document.forgotten_through_ms(), kTen - 1'000);
}

TEST(DecideTest, DocumentPoint2OptOutsOutliveEverything) {
  World world;
  world.Call(Record("r1", kTen - 1'000));
  world.Inbound(Message("m1", "STOP", kTen));
  world.now += 400 * kDayMs;
  world.Timer(world.now);
  EXPECT_EQ(world.document.opt_outs_size(), 1);
  EXPECT_EQ(world.document.calls_size(), 0);
  EXPECT_EQ(world.document.texts_size(), 0);
  EXPECT_FALSE(MayErase(world.document, world.now, world.limits.horizon_ms));
  EXPECT_EQ(NextDue(world.document, world.limits.horizon_ms), kNever);
  world.Call(Record("r2", world.now - 1'000));
  EXPECT_EQ(world.effects.decisions[0].reason(), v1::REASON_OPTED_OUT);
}

// Point 3: what a source's records prove.
TEST(DecideTest, DocumentPoint3ContinuesNeverTextsByItself) {
  World world;
  auto record = Record("r1", kTen - 1'000);
  record.set_leg_only(true);
  record.set_join_key("j");
  record.mutable_settle()->set_accept_leg_risk(true);
  EXPECT_EQ(world.Call(record).decisions.size(), 0);
  const std::int64_t due = kTen - 1'000 + world.limits.open_wait_ms;
  EXPECT_EQ(NextDue(world.document, world.limits.horizon_ms), due);
  EXPECT_EQ(world.Timer(due - 1).decisions.size(), 0);
  const auto& effects = world.Timer(due);
  ASSERT_EQ(effects.decisions.size(), 1);
  EXPECT_EQ(effects.decisions[0].verdict(), v1::VERDICT_UNRESOLVED);
  EXPECT_EQ(effects.jobs.size(), 0);
}

TEST(DecideTest, DocumentPoint3TextOnlyOnEvidenceThatTheCallIsOver) {
  const struct {
    const char* name;
    bool call_over;
    bool accept_risk;
    bool second_leg;
    v1::Verdict expected;
  } kCases[] = {
      {"one leg proves nothing", false, false, false, v1::VERDICT_UNRESOLVED},
      {"two legs prove nothing", false, false, true, v1::VERDICT_UNRESOLVED},
      {"a record speaks for the call", true, false, true, v1::VERDICT_NO_ANSWER},
      {"the tenant takes the risk", false, true, true, v1::VERDICT_NO_ANSWER},
  };
  for (const auto& c : kCases) {
    World world;
    auto leg = Leg("l1", "j", kTen - 4'000);
    leg.set_call_over(c.call_over);
    leg.mutable_settle()->set_accept_leg_risk(c.accept_risk);
    EXPECT_EQ(world.Call(leg).decisions.size(), 0) << c.name;
    std::int64_t due = kTen - 1'000;
    if (c.second_leg) {
      EXPECT_EQ(world.Call(Leg("l2", "j", kTen - 3'500)).record_class, RecordClass::kMerged);
      due += 500;  // settle_ms counts from the last leg
    }
    if (!c.call_over && !c.accept_risk) {
      // Nothing is ever texted here; the record that ends the call may be far.
      due += world.limits.open_wait_ms - leg.settle().settle_ms();
    }
    EXPECT_EQ(world.Timer(due - 1).decisions.size(), 0) << c.name;
    const auto& effects = world.Timer(due);
    ASSERT_EQ(effects.decisions.size(), 1) << c.name;
    EXPECT_EQ(effects.decisions[0].verdict(), c.expected) << c.name;
    EXPECT_EQ(Texts(effects), c.expected == v1::VERDICT_NO_ANSWER ? 1 : 0) << c.name;
  }
}

// A phone of a ring group that is busy says so at once, the caller's own leg when the call ends.
TEST(DecideTest, DocumentPoint3ALegWaitsForTheRecordThatEndsTheCall) {
  const struct {
    const char* verdict;
    v1::Verdict expected;
    int texts;
  } kCases[] = {
      {"no_answer", v1::VERDICT_NO_ANSWER, 1},
      {"answered", v1::VERDICT_ANSWERED, 0},
  };
  for (const auto& c : kCases) {
    World world;
    EXPECT_EQ(world.Call(Leg("l1", "j", kTen - 60'000, "busy")).decisions.size(), 0) << c.verdict;
    EXPECT_EQ(world.Timer(kTen - 57'000).decisions.size(), 0) << c.verdict;
    auto whole = Leg("l2", "j", kTen - 4'000, c.verdict);
    whole.set_call_over(true);
    auto decisions = world.Call(whole).decisions;
    if (decisions.empty()) decisions = world.Timer(kTen - 1'000).decisions;
    ASSERT_EQ(decisions.size(), 1) << c.verdict;
    EXPECT_EQ(decisions[0].verdict(), c.expected) << c.verdict;
    EXPECT_EQ(Texts(world.effects), c.texts) << c.verdict;
  }
}

TEST(DecideTest, DocumentPoint3ALegWithoutAJoinKeyStandsAlone) {
  World world;
  EXPECT_EQ(Texts(world.Call(Leg("l1", "", kTen - 4'000))), 0);  // others may be of its call
  EXPECT_EQ(Texts(world.Timer(kTen - 1'000)), 1);
}

TEST(DecideTest, DocumentPoint3EventsWaitForTheEndOfTheCall) {
  World world;
  auto ringing = Leg("e1", "j", kTen - 20'000, "continues", 0);
  ringing.mutable_settle()->set_emits(v1::SettleProfile::EMITS_EVENTS);
  EXPECT_EQ(world.Call(ringing).decisions.size(), 0);
  auto hangup = Leg("e2", "j", kTen - 1'000, "abandoned", 0);
  hangup.mutable_settle()->set_emits(v1::SettleProfile::EMITS_EVENTS);
  hangup.set_call_over(true);
  const auto& effects = world.Call(hangup);
  ASSERT_EQ(effects.decisions.size(), 1);
  EXPECT_EQ(effects.decisions[0].verdict(), v1::VERDICT_ABANDONED);
  EXPECT_EQ(effects.decisions[0].evidence_size(), 2);
  EXPECT_EQ(Texts(effects), 1);
}

TEST(DecideTest, DocumentPoint3ALateAnswerAmendsAndWithdrawsTheText) {
  for (const bool sent : {false, true}) {
    World world;
    auto leg = Leg("l1", "j", kTen - 4'000);
    leg.set_call_over(true);
    world.Call(leg);
    const auto decision = world.Timer(kTen - 1'000).decisions[0];
    ASSERT_EQ(decision.action(), v1::ACTION_TEXT);
    if (sent) {
      v1::Status status;
      status.set_kind(v1::Status::KIND_SENT);
      status.set_job_id(decision.job_id());
      status.set_call_id(decision.call_id());
      world.StatusOf(status);
    }
    const auto& late = world.Call(Leg("l2", "j", kTen - 3'000, "answered"));
    EXPECT_EQ(late.record_class, RecordClass::kMerged);
    EXPECT_EQ(late.decisions.size(), 0);
    ASSERT_EQ(late.amendments.size(), 1);
    const auto& amendment = late.amendments[0];
    EXPECT_EQ(amendment.call_id(), decision.call_id());
    EXPECT_EQ(amendment.previous_verdict(), v1::VERDICT_NO_ANSWER);
    EXPECT_EQ(amendment.verdict(), v1::VERDICT_ANSWERED);
    EXPECT_TRUE(amendment.false_text());
    EXPECT_EQ(amendment.cancelled_job_id(), sent ? "" : decision.job_id());
    ASSERT_EQ(late.jobs.size(), sent ? 0 : 1);
    if (!sent) {
      EXPECT_EQ(late.jobs[0].cancel().job_id(), decision.job_id());
    }
    // Told once.
    EXPECT_EQ(world.Call(Leg("l3", "j", kTen - 2'000, "answered")).amendments.size(), 0);
  }
}

TEST(DecideTest, AnsweredElsewhereIsNeverTexted) {
  World world;
  auto lost = Leg("l1", "j", kTen - 4'000, "answered_elsewhere");
  lost.mutable_settle()->set_accept_leg_risk(true);
  const auto& effects = world.Call(lost);
  ASSERT_EQ(effects.decisions.size(), 1);
  EXPECT_EQ(effects.decisions[0].verdict(), v1::VERDICT_ANSWERED_ELSEWHERE);
  EXPECT_EQ(effects.jobs.size(), 0);
}

// Point 4: deadlines are event time; how late the timer comes changes only what freshness says.
TEST(DecideTest, DocumentPoint4ATimerThatComesLateFindsTheAnsweredLeg) {
  World world;
  auto missed = Leg("l1", "j", kTen - kHourMs);
  missed.mutable_settle()->set_accept_leg_risk(true);
  world.Call(missed);
  world.Call(Leg("l2", "j", kTen - kHourMs + 1'000, "answered"));
  ASSERT_EQ(world.effects.decisions.size(), 1);
  EXPECT_EQ(world.effects.decisions[0].verdict(), v1::VERDICT_ANSWERED);
  EXPECT_EQ(world.Timer(kTen).decisions.size(), 0);
}

TEST(DecideTest, DocumentPoint4PastMaxAgeATimerSuppresses) {
  for (const std::int64_t over : {0, 1}) {
    World world;
    auto missed = Leg("l1", "j", kTen - 15 * kMinuteMs - over);
    missed.mutable_settle()->set_accept_leg_risk(true);
    world.Call(missed);
    const auto& effects = world.Timer(kTen - 15 * kMinuteMs - over + 3'000);
    ASSERT_EQ(effects.decisions.size(), 1);
    EXPECT_EQ(effects.decisions[0].reason(), over == 0 ? v1::REASON_UNSPECIFIED : v1::REASON_STALE);
  }
}

TEST(DecideTest, DocumentPoint4CallsAreDecidedInTheOrderOfTheirDeadlines) {
  // The first call's legs wait when the second call comes; live, its timer had fired before.
  auto waiting = Leg("l1", "j", kTen - 10'000);
  waiting.mutable_settle()->set_accept_leg_risk(true);
  const auto second = Record("r2", kTen - 1'000);

  World live;
  live.Call(waiting);
  const auto live_first = live.Timer(kTen - 7'000).decisions[0];
  const auto live_second = live.Call(second).decisions[0];

  World backlog;
  backlog.Call(waiting);
  EXPECT_EQ(backlog.Call(second).decisions.size(), 0);
  const auto& effects = backlog.Timer(kTen - 7'000);
  ASSERT_EQ(effects.decisions.size(), 2);
  EXPECT_EQ(effects.decisions[0].SerializeAsString(), live_first.SerializeAsString());
  EXPECT_EQ(effects.decisions[1].SerializeAsString(), live_second.SerializeAsString());
  EXPECT_EQ(live_first.action(), v1::ACTION_TEXT);
  EXPECT_EQ(live_second.reason(), v1::REASON_LIMIT_PAIR);
}

// Point 5: hot and empty keys.
TEST(DecideTest, DocumentPoint5OverTheCapIsFlood) {
  World world;
  world.limits.calls_max = 3;
  auto tenant = Garage();
  tenant.mutable_limit_pair()->set_texts(50);
  tenant.mutable_limit_pair()->set_window_ms(1'000);
  tenant.mutable_limit_customer()->set_texts(50);
  tenant.mutable_limit_customer()->set_window_ms(1'000);
  world.Set(tenant);
  for (int i = 0; i < 5; ++i) {
    world.now = kTen + i * 10'000;
    const auto& effects = world.Call(Record("r" + std::to_string(i), world.now - 1'000));
    ASSERT_EQ(effects.decisions.size(), 1) << i;
    EXPECT_EQ(effects.decisions[0].reason(), i < 3 ? v1::REASON_UNSPECIFIED : v1::REASON_FLOOD)
        << i;
  }
  EXPECT_EQ(world.document.calls_size(), 3);
  EXPECT_EQ(world.document.forgotten_through_ms(), kTen + 10'000 - 1'000);
  // The first call's repeat is late, not new.
  auto first = Record("r0", kTen - 1'000);
  first.mutable_coordinates()->set_offset(5);
  EXPECT_EQ(world.Call(first).record_class, RecordClass::kLate);
  // The flood ends when the calls beyond the cap would have expired: r1 was the last one dropped.
  const std::int64_t end = kTen + 10'000 + world.limits.horizon_ms;
  world.now = end - 1;
  EXPECT_EQ(world.Call(Record("a", world.now - 1'000)).decisions[0].reason(), v1::REASON_FLOOD);
}

TEST(DecideTest, DocumentPoint5AWaitingCallThatMustGoIsDecidedFirst) {
  World world;
  world.limits.calls_max = 1;
  auto waiting = Leg("l1", "j", kTen - 10'000);
  waiting.mutable_settle()->set_accept_leg_risk(true);
  world.Call(waiting);
  const auto& effects = world.Call(Record("r2", kTen - 9'000));
  ASSERT_EQ(effects.decisions.size(), 2);
  EXPECT_EQ(effects.decisions[0].reason(), v1::REASON_FLOOD);
  EXPECT_EQ(effects.decisions[1].reason(), v1::REASON_FLOOD);
  EXPECT_EQ(effects.jobs.size(), 0);
  // A further leg of the one that went can't decide again.
  EXPECT_EQ(world.Call(Leg("l2", "j", kTen - 10'000)).record_class, RecordClass::kLate);
}

TEST(DecideTest, DocumentPoint5AWithheldCallerHasAKeyOfTheCall) {
  World world;
  world.key = std::string(kLine) + ":j1";
  auto record = Record("r1", kTen - 1'000);
  record.set_join_key("j1");
  record.mutable_served()->clear_customer();
  record.mutable_served()->set_withheld(true);
  const auto& effects = world.Call(record);
  ASSERT_EQ(effects.decisions.size(), 1);
  EXPECT_EQ(effects.decisions[0].reason(), v1::REASON_WITHHELD);
  EXPECT_EQ(effects.decisions[0].customer(), "");
  EXPECT_EQ(effects.jobs.size(), 0);
}

// Point 7: what a decision was made of.
TEST(DecideTest, DocumentPoint7ADecisionNamesItsTimeAndVersions) {
  World world;
  const auto& effects = world.Call(Record("r1", kTen - 1'000));
  ASSERT_EQ(effects.decisions.size(), 1);
  EXPECT_EQ(effects.decisions[0].now_ms(), kTen);
  EXPECT_EQ(effects.decisions[0].policy_version(), 101);
  EXPECT_EQ(effects.decisions[0].lines_version(), 7);
  ASSERT_EQ(effects.decisions[0].evidence_size(), 1);
  EXPECT_EQ(effects.decisions[0].evidence(0).record_id(), "r1");
  EXPECT_EQ(effects.decisions[0].evidence(0).rule(), "textback.no_answer");
}

// Invariant 1, as a property: however the legs of a call come, there is one decision and at most
// one text.
TEST(DecideTest, AnyOrderAndRepetitionOfLegsGivesOneDecisionAndAtMostOneText) {
  const char* kVerdicts[] = {"no_answer", "busy",     "answered",  "answered_elsewhere",
                             "continues", "declined", "voicemail", "abandoned"};
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    std::vector<v1::CallRecord> legs;
    bool answered = false;
    for (std::uint64_t i = 0; i < 1 + random.Below(4); ++i) {
      const char* verdict = kVerdicts[random.Below(std::size(kVerdicts))];
      legs.push_back(
          Leg("l" + std::to_string(i), "j", kTen - random.Between(2'000, 60'000), verdict));
      legs.back().set_call_over(random.Chance(0.3));
      answered |= std::string_view(verdict).starts_with("answered");
    }
    std::optional<std::string> settled;
    for (int order = 0; order < 6; ++order) {
      World world;
      auto shuffled = legs;
      for (const auto& leg : legs) {
        if (random.Chance(0.5)) shuffled.push_back(leg);  // redelivered
        if (random.Chance(0.3)) {
          shuffled.push_back(leg);  // written twice
          shuffled.back().mutable_coordinates()->set_partition(1);
        }
      }
      for (std::size_t i = shuffled.size(); i > 1; --i) {
        std::swap(shuffled[i - 1], shuffled[random.Below(i)]);
      }
      int decisions = 0;
      int texts = 0;
      v1::Decision decision;
      const auto look = [&](const Effects& effects) {
        decisions += effects.decisions.size();
        texts += Texts(effects);
        if (!effects.decisions.empty()) decision = effects.decisions[0];
      };
      for (const auto& leg : shuffled) look(world.Call(leg));
      const std::int64_t due = NextDue(world.document, world.limits.horizon_ms);
      look(world.Timer(due));
      EXPECT_EQ(decisions, 1);
      EXPECT_LE(texts, answered ? 0 : 1);
      // Evidence of what came after an answer is not in the decision; the rest is the same.
      if (answered) continue;
      decision.clear_now_ms();
      decision.clear_gates();
      for (auto& evidence : *decision.mutable_evidence()) evidence.clear_coordinates();
      if (!settled) settled = decision.SerializeAsString();
      EXPECT_EQ(*settled, decision.SerializeAsString());
    }
  }
}

TEST(DecideTest, LaterTalkOvertakesATextThatHasNotGone) {
  for (const bool outbound : {false, true}) {
    World world;
    const auto decision = world.Call(Record("r1", kTen - 10'000)).decisions[0];
    ASSERT_EQ(decision.action(), v1::ACTION_TEXT);
    auto talk = Record("r2", kTen - 1'000, "answered");
    talk.set_answered_at_ms(kTen - 5'000);
    if (outbound) talk.mutable_served()->set_side(v1::Served::SIDE_ORIGINATING);
    const auto& effects = world.Call(talk);
    ASSERT_EQ(effects.jobs.size(), 1);
    EXPECT_EQ(effects.jobs[0].cancel().job_id(), decision.job_id());
    EXPECT_EQ(effects.jobs[0].cancel().reason(), "overtaken");
  }
}

TEST(DecideTest, BadRecordsAreDeadLettersWithTheirReason) {
  const struct {
    const char* code;
    void (*spoil)(v1::CallRecord&);
  } kCases[] = {
      {"not_served", [](v1::CallRecord& r) { r.clear_served(); }},
      {"bad_line", [](v1::CallRecord& r) { r.mutable_served()->set_line("anna"); }},
      {"key_mismatch", [](v1::CallRecord& r) { r.mutable_served()->set_customer("+12125550143"); }},
      {"key_mismatch", [](v1::CallRecord& r) { r.mutable_served()->set_withheld(true); }},
      {"bad_id", [](v1::CallRecord& r) { r.clear_record_id(); }},
      {"bad_id", [](v1::CallRecord& r) { r.set_record_id(std::string(129, 'x')); }},
      {"bad_id", [](v1::CallRecord& r) { r.set_join_key(std::string(129, 'x')); }},
      {"bad_time",
       [](v1::CallRecord& r) {
         r.clear_ended_at_ms();
         r.clear_ringing_at_ms();
         r.clear_started_at_ms();
       }},
      {"bad_time", [](v1::CallRecord& r) { r.set_started_at_ms(INT64_MIN); }},
      {"bad_time", [](v1::CallRecord& r) { r.set_ended_at_ms(0); }},
      {"future_time", [](v1::CallRecord& r) { r.set_answered_at_ms(INT64_MAX); }},
  };
  for (const auto& c : kCases) {
    World world;
    auto record = Record("r1", kTen - 1'000);
    c.spoil(record);
    const auto& effects = world.Call(record);
    ASSERT_EQ(effects.record_class, RecordClass::kDeadLetter) << c.code;
    EXPECT_EQ(effects.error->code, c.code);
    EXPECT_EQ(effects.error->disposition, Disposition::kDeadLetter);
    EXPECT_EQ(effects.decisions.size(), 0);
  }
}

}  // namespace
}  // namespace textback::policy
