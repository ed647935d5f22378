#include "cdr/cause.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "cdr/cause_table.h"

namespace textback::cdr {
namespace {

constexpr std::int64_t kStart = 1'790'000'000'000;

v1::CallRecord Unanswered(v1::Cause::Namespace space, std::string value) {
  v1::CallRecord record;
  auto* cause = record.add_causes();
  cause->set_namespace_(space);
  cause->set_value(std::move(value));
  return record;
}

// ring_ms < 0: the source doesn't say.
v1::CallRecord Rang(v1::Cause::Namespace space, std::string value, std::int64_t ring_ms) {
  auto record = Unanswered(space, std::move(value));
  record.set_started_at_ms(kStart);
  record.set_ended_at_ms(kStart + 20'000);
  if (ring_ms >= 0) record.set_ring_ms(ring_ms);
  return record;
}

struct Case {
  v1::Cause::Namespace space;
  const char* value;
  v1::Verdict rang;    // after 10 s of ringing
  v1::Verdict silent;  // never rang
};

constexpr auto kQ850 = v1::Cause::NAMESPACE_Q850;
constexpr auto kSip = v1::Cause::NAMESPACE_SIP;
constexpr auto kAsterisk = v1::Cause::NAMESPACE_ASTERISK;
constexpr auto kFreeswitch = v1::Cause::NAMESPACE_FREESWITCH;
constexpr auto k3gpp = v1::Cause::NAMESPACE_3GPP;
constexpr auto kTextback = v1::Cause::NAMESPACE_TEXTBACK;

constexpr auto kNoAnswer = v1::VERDICT_NO_ANSWER;
constexpr auto kUnreachable = v1::VERDICT_UNREACHABLE;
constexpr auto kAbandoned = v1::VERDICT_ABANDONED;
constexpr auto kShort = v1::VERDICT_SHORT_RING;
constexpr auto kBusy = v1::VERDICT_BUSY;
constexpr auto kDeclined = v1::VERDICT_DECLINED;
constexpr auto kBlocked = v1::VERDICT_BLOCKED;
constexpr auto kFailed = v1::VERDICT_NETWORK_FAILURE;
constexpr auto kWrong = v1::VERDICT_WRONG_NUMBER;
constexpr auto kElsewhere = v1::VERDICT_ANSWERED_ELSEWHERE;
constexpr auto kUnresolved = v1::VERDICT_UNRESOLVED;
constexpr auto kContinues = v1::VERDICT_CONTINUES;

constexpr Case kCases[] = {
    // Q.850 (classification of an unanswered call; 2.2.7)
    {kQ850, "19", kNoAnswer, kNoAnswer},
    {kQ850, "18", kNoAnswer, kUnreachable},
    {kQ850, "20", kUnreachable, kUnreachable},
    {kQ850, "27", kUnreachable, kUnreachable},
    {kQ850, "17", kBusy, kBusy},
    {kQ850, "017", kBusy, kBusy},
    {kQ850, "21", kDeclined, kDeclined},
    {kQ850, "26", kElsewhere, kElsewhere},
    {kQ850, "24", kBlocked, kBlocked},
    {kQ850, "1", kWrong, kWrong},
    {kQ850, "3", kWrong, kWrong},
    {kQ850, "22", kWrong, kWrong},
    {kQ850, "28", kWrong, kWrong},
    {kQ850, "34", kFailed, kFailed},
    {kQ850, "38", kFailed, kFailed},
    {kQ850, "41", kFailed, kFailed},
    {kQ850, "42", kFailed, kFailed},
    {kQ850, "47", kFailed, kFailed},
    {kQ850, "16", kAbandoned, kShort},
    {kQ850, "31", kUnresolved, kUnresolved},
    {kQ850, "603", kUnresolved, kUnresolved},  // SIP's number in the wrong namespace
    // SIP
    {kSip, "408", kNoAnswer, kUnreachable},
    {kSip, "480", kNoAnswer, kUnreachable},
    {kSip, "486", kBusy, kBusy},
    {kSip, "600", kBusy, kBusy},
    {kSip, "603", kDeclined, kDeclined},
    {kSip, "403", kFailed, kFailed},
    {kSip, "487", kAbandoned, kShort},
    {kSip, "607", kBlocked, kBlocked},
    {kSip, "608", kBlocked, kBlocked},
    {kSip, "433", kBlocked, kBlocked},
    {kSip, "404", kWrong, kWrong},
    {kSip, "410", kWrong, kWrong},
    {kSip, "484", kWrong, kWrong},
    {kSip, "604", kWrong, kWrong},
    {kSip, "500", kFailed, kFailed},
    {kSip, "503", kFailed, kFailed},
    {kSip, "502", kUnreachable, kUnreachable},
    {kSip, "302", kContinues, kContinues},
    {kSip, "19", kUnresolved, kUnresolved},  // Q.850's number in the wrong namespace
    // Asterisk
    {kAsterisk, "NO ANSWER", kNoAnswer, kShort},
    {kAsterisk, "NOANSWER", kNoAnswer, kNoAnswer},
    {kAsterisk, "BUSY", kBusy, kBusy},
    {kAsterisk, "busy", kBusy, kBusy},
    {kAsterisk, "FAILED", kFailed, kFailed},
    {kAsterisk, "CONGESTION", kFailed, kFailed},
    {kAsterisk, "CANCEL", kAbandoned, kShort},
    {kAsterisk, "CHANUNAVAIL", kUnreachable, kUnreachable},
    // FreeSWITCH
    {kFreeswitch, "NO_ANSWER", kNoAnswer, kNoAnswer},
    {kFreeswitch, "NO_USER_RESPONSE", kNoAnswer, kUnreachable},
    {kFreeswitch, "USER_NOT_REGISTERED", kUnreachable, kUnreachable},
    {kFreeswitch, "SUBSCRIBER_ABSENT", kUnreachable, kUnreachable},
    {kFreeswitch, "USER_BUSY", kBusy, kBusy},
    {kFreeswitch, "CALL_REJECTED", kDeclined, kDeclined},
    {kFreeswitch, "ORIGINATOR_CANCEL", kAbandoned, kShort},
    {kFreeswitch, "originator_cancel", kAbandoned, kShort},
    {kFreeswitch, "LOSE_RACE", kElsewhere, kElsewhere},
    {kFreeswitch, "PICKED_OFF", kElsewhere, kElsewhere},
    {kFreeswitch, "NORMAL_CLEARING", kUnresolved, kUnresolved},
    // 3GPP
    {k3gpp, "0", kUnresolved, kUnresolved},
    {k3gpp, "1", kContinues, kContinues},
    {k3gpp, "2", kContinues, kContinues},
    {k3gpp, "3", kUnresolved, kUnresolved},
    {k3gpp, "5", kBlocked, kBlocked},
    {kSip, "482", v1::VERDICT_NETWORK_FAILURE, v1::VERDICT_NETWORK_FAILURE},
    {kSip, "483", v1::VERDICT_NETWORK_FAILURE, v1::VERDICT_NETWORK_FAILURE},
    {kSip, "CANCEL", kAbandoned, kShort},
    // The source's own verdict
    {kTextback, "no_answer", kNoAnswer, kNoAnswer},
    {kTextback, "abandoned", kAbandoned, kAbandoned},
    {kTextback, "answered_elsewhere", kElsewhere, kElsewhere},
    {kTextback, "voicemail", v1::VERDICT_VOICEMAIL, v1::VERDICT_VOICEMAIL},
    {kTextback, "nonsense", kUnresolved, kUnresolved},
    {v1::Cause::NAMESPACE_UNSPECIFIED, "17", kUnresolved, kUnresolved},
};

TEST(Cause, ReadsEachRow) {
  for (const auto& c : kCases) {
    SCOPED_TRACE(std::string(v1::Cause::Namespace_Name(c.space)) + " " + c.value);
    EXPECT_EQ(Classify(Rang(c.space, c.value, 10'000), 3'000).verdict, c.rang);
    EXPECT_EQ(Classify(Rang(c.space, c.value, 0), 3'000).verdict, c.silent);
  }
}

TEST(Cause, AnsweredEvidenceComesFirst) {
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.value);
    auto record = Rang(c.space, c.value, 4'000);
    record.set_answered_at_ms(kStart + 4'000);
    const auto verdict = Classify(record, 3'000).verdict;
    // A mailbox is the one thing that a source's own verdict may make of an answer.
    EXPECT_THAT(verdict, testing::AnyOf(v1::VERDICT_ANSWERED, v1::VERDICT_VOICEMAIL));
    EXPECT_EQ(verdict == v1::VERDICT_VOICEMAIL, std::string(c.value) == "voicemail");
  }
}

TEST(Cause, TellsWhoAnswered) {
  const std::pair<v1::AnsweredBy, v1::Verdict> cases[] = {
      {v1::ANSWERED_BY_PERSON, v1::VERDICT_ANSWERED},
      {v1::ANSWERED_BY_VOICEMAIL, v1::VERDICT_VOICEMAIL},
      {v1::ANSWERED_BY_IVR, v1::VERDICT_ANSWERED},
      {v1::ANSWERED_BY_QUEUE, v1::VERDICT_QUEUE_ABANDON},
      {v1::ANSWERED_BY_UNKNOWN, v1::VERDICT_ANSWERED},
  };
  for (const auto& [by, verdict] : cases) {
    v1::CallRecord record;
    record.set_answered_by(by);
    EXPECT_EQ(Classify(record, 3'000).verdict, verdict) << v1::AnsweredBy_Name(by);
    EXPECT_EQ(Classify(record, 3'000).answered_by, by);
  }
  v1::CallRecord record;
  record.set_talk_ms(1);
  EXPECT_EQ(Classify(record, 3'000).answered_by, v1::ANSWERED_BY_UNKNOWN);
}

TEST(Cause, AbandonedOnlyAfterMinRing) {
  struct {
    std::int64_t ring_ms;
    v1::Verdict verdict;
  } const cases[] = {
      {2'999, kShort}, {3'000, kAbandoned}, {3'001, kAbandoned}, {0, kShort}, {-1, kAbandoned}};
  for (const auto& c : cases) {
    // -1: nothing said about ringing; 20 s from set-up to release stand in for it.
    EXPECT_EQ(Classify(Rang(kSip, "487", c.ring_ms), 3'000).verdict, c.verdict) << c.ring_ms;
  }
  auto ringing_at = Rang(kSip, "487", -1);
  ringing_at.set_ringing_at_ms(kStart + 18'000);
  EXPECT_EQ(Classify(ringing_at, 3'000).verdict, kShort) << "rang for 2 s of the 20";
  EXPECT_EQ(Classify(Unanswered(kSip, "487"), 3'000).verdict, kShort) << "no times at all: no text";
  EXPECT_EQ(Classify(Unanswered(kSip, "CANCEL"), 3'000).verdict, kAbandoned)
      << "of a source that hasn't the times; another record may tell them";
}

TEST(Cause, AsterisksNoAnswerCoversAnEarlyHangUp) {
  auto record = Rang(kAsterisk, "NO ANSWER", -1);
  record.set_ended_at_ms(kStart + 2'999);
  EXPECT_EQ(Classify(record, 3'000).verdict, kShort);
  record.set_ended_at_ms(kStart + 3'000);
  EXPECT_EQ(Classify(record, 3'000).verdict, kNoAnswer);
}

TEST(Cause, WhoRefusedDecides) {
  for (const char* value : {"21"}) {
    auto record = Unanswered(kQ850, value);
    record.mutable_causes(0)->set_location(v1::Cause::LOCATION_USER);
    EXPECT_EQ(Classify(record, 3'000).verdict, kDeclined);
    record.mutable_causes(0)->set_location(v1::Cause::LOCATION_REMOTE_NETWORK);
    EXPECT_EQ(Classify(record, 3'000).verdict, kFailed);
  }
  auto sip = Unanswered(kSip, "603");
  sip.mutable_causes(0)->set_location(v1::Cause::LOCATION_LOCAL_NETWORK);
  EXPECT_EQ(Classify(sip, 3'000).verdict, kFailed);
}

TEST(Cause, AVagueCauseGivesWayToAClearOne) {
  auto record = Unanswered(kSip, "480");
  auto* reason = record.add_causes();
  reason->set_namespace_(kQ850);
  reason->set_value("17");
  EXPECT_EQ(Classify(record, 3'000).verdict, kBusy);
  EXPECT_EQ(Classify(record, 3'000).rule, "q850.17");
  // A clear one first stands.
  record.mutable_causes(0)->set_value("404");
  EXPECT_EQ(Classify(record, 3'000).verdict, kWrong);
}

TEST(Cause, ElsewhereCountsWhereverItStands) {
  auto record = Rang(kSip, "487", 8'000);
  auto* reason = record.add_causes();
  reason->set_namespace_(kQ850);
  reason->set_value("26");
  EXPECT_EQ(Classify(record, 3'000).verdict, kElsewhere);
  auto flag = Rang(kSip, "487", 8'000);
  flag.set_answered_elsewhere(true);
  EXPECT_EQ(Classify(flag, 3'000).verdict, kElsewhere);
}

TEST(Cause, LegsAndPartialsLeadOn) {
  auto leg = Rang(kAsterisk, "NO ANSWER", 8'000);
  leg.set_leg_only(true);
  EXPECT_EQ(Classify(leg, 3'000).verdict, kContinues);
  leg.set_answered_at_ms(kStart + 8'000);
  EXPECT_EQ(Classify(leg, 3'000).verdict, v1::VERDICT_ANSWERED) << "the member that took the call";
  auto partial = Rang(kAsterisk, "NO ANSWER", 8'000);
  partial.set_partial_open(true);
  EXPECT_EQ(Classify(partial, 3'000).verdict, kContinues);
}

TEST(Cause, NotACallAndOutboundAreNeverMissed) {
  auto sms = Rang(kSip, "486", 8'000);
  sms.set_not_a_call(true);
  EXPECT_EQ(Classify(sms, 3'000).verdict, v1::VERDICT_NOT_A_CALL);
  auto out = Rang(kSip, "486", 8'000);
  out.mutable_served()->set_side(v1::Served::SIDE_ORIGINATING);
  EXPECT_EQ(Classify(out, 3'000).verdict, v1::VERDICT_OUTBOUND);
  EXPECT_EQ(Classify(out, 3'000).answered_by, v1::ANSWERED_BY_UNSPECIFIED);
  out.set_answered_at_ms(kStart + 8'000);
  EXPECT_EQ(Classify(out, 3'000).verdict, v1::VERDICT_OUTBOUND);
  EXPECT_EQ(Classify(out, 3'000).answered_by, v1::ANSWERED_BY_UNKNOWN);
}

TEST(Cause, NothingKnownIsUnresolved) {
  EXPECT_EQ(Classify(v1::CallRecord(), 3'000).verdict, kUnresolved);
  EXPECT_EQ(Classify(v1::CallRecord(), 3'000).rule, "no_cause");
  EXPECT_EQ(Classify(Unanswered(kQ850, "999"), 3'000).rule, "unknown_cause");
  EXPECT_EQ(Classify(Unanswered(kQ850, ""), 3'000).verdict, kUnresolved);
}

TEST(Cause, EachVerdictHasItsWord) {
  std::set<std::string_view> words;
  for (int v = v1::VERDICT_ANSWERED; v <= v1::Verdict_MAX; ++v) {
    const auto verdict = static_cast<v1::Verdict>(v);
    words.insert(WordOf(verdict));
    EXPECT_EQ(VerdictOfWord(WordOf(verdict)), verdict);
  }
  EXPECT_EQ(words.size(), static_cast<std::size_t>(v1::Verdict_MAX));
  EXPECT_EQ(VerdictOfWord("missed"), std::nullopt);
}

}  // namespace
}  // namespace textback::cdr
