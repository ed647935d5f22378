#include "cdr/telnyx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cdr/webhook_test_support.h"

namespace textback::cdr {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string Event(const std::string& type, const std::string& more) {
  return R"({"data":{"record_type":"event","event_type":")" + type +
         R"(","id":"0ccc7b54","occurred_at":"2026-09-21T12:00:30.500000Z","payload":{)"
         R"("call_leg_id":"leg-1","call_session_id":"session-1","from":"+447700900123",)"
         R"("to":"+442079460222","start_time":"2026-09-21T12:00:10.000000Z")" +
         more + R"(}},"meta":{"attempt":1,"id":"other"}})";
}
std::string Hangup(const std::string& cause, const std::string& more = "") {
  return Event("call.hangup", R"(,"hangup_cause":")" + cause + "\"" + more);
}

TEST(Telnyx, ReadsAHangup) {
  const auto record = WebhookReader("telnyx").One(Hangup(
      "originator_cancel",
      R"(,"hangup_source":"caller","sip_hangup_cause":"487","end_time":"2026-09-21T12:00:20Z")"));
  EXPECT_EQ(record.record_id(), "0ccc7b54");
  EXPECT_EQ(record.join_key(), "session-1");
  EXPECT_EQ(record.leg_id(), "leg-1");
  EXPECT_TRUE(record.call_over());
  EXPECT_EQ(record.direction(), v1::DIRECTION_UNSPECIFIED) << "a hangup has none";
  EXPECT_EQ(record.started_at_ms(), 1'789'992'010'000);
  EXPECT_EQ(record.ended_at_ms(), 1'789'992'020'000);
  EXPECT_EQ(WordOf(Classify(record, 3'000).verdict), "abandoned");
  EXPECT_EQ(WordOf(Classify(record, 11'000).verdict), "short_ring");
}

TEST(Telnyx, ReadsVerdicts) {
  WebhookReader telnyx("telnyx");
  const struct {
    std::string body;
    const char* verdict;
  } cases[] = {
      {Hangup("normal_clearing"), "answered by ivr"},
      {Hangup("time_limit"), "answered by ivr"},
      {Hangup("timeout"), "no_answer"},
      {Hangup("no_answer"), "no_answer"},
      {Hangup("user_busy"), "busy"},
      {Hangup("USER_BUSY"), "busy"},
      {Hangup("call_rejected"), "declined"},
      {Hangup("call_rejected", R"(,"hangup_source":"callee")"), "declined"},
      {Hangup("not_found"), "wrong_number"},
      {Hangup("not_found", R"(,"sip_hangup_cause":"480")"), "wrong_number"},
      {Hangup("unspecified"), "unresolved"},
      {Hangup("unspecified", R"(,"sip_hangup_cause":"unspecified")"), "unresolved"},
      {Hangup("unspecified", R"(,"sip_hangup_cause":"503")"), "network_failure"},
      {Hangup("unspecified", R"(,"sip_hangup_cause":"200")"), "unresolved"},
      {Hangup("new_word"), "unresolved"},
      {Event("call.bridged", ""), "answered"},
      {Event("call.machine.detection.ended", R"(,"result":"machine")"), "voicemail by voicemail"},
      {Event("call.machine.detection.ended", R"(,"result":"human")"), "answered by person"},
  };
  for (const auto& c : cases) EXPECT_EQ(telnyx.Verdict(c.body), c.verdict) << c.body;
}

TEST(Telnyx, IgnoresWhatIsNoEnd) {
  WebhookReader telnyx("telnyx");
  for (const char* type :
       {"call.initiated", "call.answered", "call.playback.ended", "message.sent"})
    EXPECT_TRUE(telnyx.Ignores(Event(type, ""))) << type;
  EXPECT_TRUE(telnyx.Ignores(Event("call.machine.detection.ended", R"(,"result":"not_sure")")));
}

TEST(Telnyx, ADialledLegWithALineIsNotTheEnd) {
  const auto record = WebhookReader("telnyx").One(
      Hangup("timeout", R"(,"textback_line":"+442079460222","textback_caller":"+447700900999")"));
  EXPECT_FALSE(record.call_over());
  EXPECT_EQ(record.original_called().e164(), "+442079460222");
  EXPECT_EQ(record.calling().e164(), "+447700900999");
}

TEST(Telnyx, ReadsTheFirstApisEnvelope) {
  EXPECT_EQ(WebhookReader("telnyx").Verdict(
                R"({"record_type":"event","event_type":"call_hangup","id":"1","payload":{)"
                R"("call_leg_id":"l","call_session_id":"s","hangup_cause":"user_busy",)"
                R"("occurred_at":"2018-02-02T22:25:27.521992Z"}})"),
            "busy");
}

// developers.telnyx.com, "TexmlCallCompleted": forms with Twilio's names and some of its own.
TEST(Telnyx, ReadsTexml) {
  WebhookReader telnyx("telnyx");
  const std::string call =
      "CallSid=v3%3A9X2&CallbackSource=call-progress-events&From=%2B447700900123"
      "&To=%2B442079460222&SequenceNumber=3&CallInitiatedAt=2026-09-21T12%3A00%3A00.500Z"
      "&Timestamp=2026-09-21T12%3A00%3A30Z&";
  const auto cancelled =
      telnyx.One(call + "CallStatus=canceled&HangupCause=originator_cancel&HangupSource=caller");
  EXPECT_EQ(cancelled.started_at_ms(), 1'789'992'000'500);
  EXPECT_EQ(WordOf(Classify(cancelled, 3'000).verdict), "abandoned");
  EXPECT_EQ(telnyx.Verdict(call + "CallStatus=completed&CallDuration=2"), "answered");
  EXPECT_EQ(telnyx.Verdict(call + "CallStatus=completed&DialCallStatus=no-answer"), "no_answer");
  EXPECT_TRUE(telnyx.One(call + "CallStatus=completed&DialCallStatus=no-answer").call_over());
  EXPECT_EQ(telnyx.One(call + "CallStatus=busy&ShakenStirAttestation=A").attestation(),
            v1::ATTESTATION_A);
  EXPECT_TRUE(telnyx.Ignores(call + "CallStatus=ringing")) << "the end says when it began";
  EXPECT_EQ(telnyx.Verdict(R"({"CallSid":"v2:7V","CallStatus":"completed","CallDuration":"2",)"
                           R"("Timestamp":"2021-04-28 21:51:18.731479Z"})"),
            "answered");
}

TEST(Telnyx, RefusesWithThePlace) {
  WebhookReader telnyx("telnyx");
  EXPECT_THAT(telnyx.Refusal("{}"), HasSubstr("neither event_type nor CallSid"));
  EXPECT_THAT(telnyx.Refusal(R"({"data":{"event_type":"call.hangup"}})"),
              HasSubstr("there is no call_session_id"));
  EXPECT_THAT(telnyx.Refusal(Event("call.hangup", "")), HasSubstr("there is no hangup_cause"));
  EXPECT_THAT(telnyx.Refusal(Hangup("timeout", R"(,"end_time":"late")")),
              StartsWith("json_bad_value: end_time"));
}

}  // namespace
}  // namespace textback::cdr
