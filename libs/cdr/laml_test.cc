#include "cdr/laml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cdr/webhook_test_support.h"

namespace textback::cdr {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// A call that came in to +44 20 7946 0222.
std::string Callback(const std::string& more) {
  return "CallSid=CA01&From=%2B447700900123&To=%2B442079460222&Direction=inbound"
         "&Timestamp=Mon%2C+21+Sep+2026+12%3A00%3A30+%2B0000&" +
         more;
}
// A leg that <Dial> made for it.
std::string Child(const std::string& more) {
  return "CallSid=CA02&ParentCallSid=CA01&Direction=outbound-dial&From=%2B447700900123"
         "&To=%2B442079460333&Timestamp=Mon%2C+21+Sep+2026+12%3A00%3A20+%2B0000&" +
         more;
}
std::string DialAnswer(const std::string& more) {
  return "CallSid=CA01&From=%2B447700900123&To=%2B442079460222&Direction=inbound"
         "&CallStatus=in-progress&DialCallSid=CA02&" +
         more;
}

TEST(Twilio, ReadsTheCallersOwnLeg) {
  const auto record =
      WebhookReader("twilio").One(Callback("CallStatus=completed&CallDuration=25&Duration=1"));
  EXPECT_EQ(record.join_key(), "CA01");
  EXPECT_EQ(record.leg_id(), "CA01");
  EXPECT_TRUE(record.call_over());
  EXPECT_EQ(record.direction(), v1::DIRECTION_INBOUND);
  EXPECT_EQ(record.calling().e164(), "+447700900123");
  EXPECT_EQ(record.called().e164(), "+442079460222");
  EXPECT_EQ(record.ended_at_ms(), 1'789'992'030'000);
  EXPECT_EQ(record.talk_ms(), 25'000) << "CallDuration is seconds, Duration minutes";
  EXPECT_EQ(record.answered_at_ms(), 1'789'992'005'000);
}

TEST(Twilio, CompletedSaysThatTheApplicationAnswered) {
  WebhookReader twilio("twilio");
  EXPECT_EQ(twilio.Verdict(Callback("CallStatus=completed")), "answered by ivr");
  EXPECT_EQ(twilio.Verdict(Child("CallStatus=completed&CallDuration=5")), "answered");
  EXPECT_EQ(twilio.Verdict("CallSid=CA01&CallStatus=completed"), "answered")
      << "without a direction it isn't known who answered";
}

TEST(Twilio, ReadsVerdicts) {
  WebhookReader twilio("twilio");
  const struct {
    std::string body;
    const char* verdict;
  } cases[] = {
      {Callback("CallStatus=busy"), "busy"},
      {Callback("CallStatus=no-answer&SipResponseCode=487"), "no_answer"},
      {Callback("CallStatus=failed"), "network_failure"},
      {Callback("CallStatus=failed&SipResponseCode=404"), "wrong_number"},
      {Callback("CallStatus=failed&SipResponseCode=200"), "network_failure"},
      {Callback("CallStatus=canceled"), "short_ring"},
      {Child("CallStatus=no-answer&SipResponseCode=487&CallDuration=0"), "no_answer"},
      {Child("CallStatus=completed&AnsweredBy=machine_end_beep"), "voicemail by voicemail"},
      {Child("CallStatus=completed&AnsweredBy=machine_start"), "voicemail by voicemail"},
      {Child("CallStatus=completed&AnsweredBy=human"), "answered by person"},
      {Child("CallStatus=completed&AnsweredBy=unknown"), "answered"},
      {Child("CallStatus=completed&AnsweredBy=fax"), "answered by ivr"},
      {DialAnswer("DialCallStatus=completed&DialCallDuration=12&DialBridged=true"), "answered"},
      {DialAnswer("DialCallStatus=answered"), "answered"},
      {DialAnswer("DialCallStatus=completed&DialBridged=false"), "no_answer"},
      {DialAnswer("DialCallStatus=no-answer"), "no_answer"},
      {DialAnswer("DialCallStatus=busy"), "busy"},
      {DialAnswer("DialCallStatus=failed"), "network_failure"},
      {DialAnswer("DialCallStatus=canceled"), "short_ring"},
      {"CallSid=CA9&CallStatus=no-answer&Direction=outbound-api&From=%2B442079460222", "outbound"},
  };
  for (const auto& c : cases) EXPECT_EQ(twilio.Verdict(c.body), c.verdict) << c.body;
}

TEST(Twilio, TheEndOfADialledLegIsNotTheCalls) {
  const auto record = WebhookReader("twilio").One(Child("CallStatus=no-answer"));
  EXPECT_FALSE(record.call_over());
  EXPECT_FALSE(record.leg_only()) << "its miss counts, once the call is over";
  EXPECT_EQ(record.join_key(), "CA01");
  EXPECT_EQ(record.leg_id(), "CA02");
  EXPECT_EQ(record.direction(), v1::DIRECTION_UNSPECIFIED)
      << "outbound-dial is written of calls both ways";
}

TEST(Twilio, TheAnswerToDialIsTheEndOnlyWhenTheCallerHasGone) {
  WebhookReader twilio("twilio");
  const auto going_on = twilio.One(DialAnswer("DialCallStatus=no-answer"));
  EXPECT_FALSE(going_on.call_over());
  EXPECT_EQ(going_on.ended_at_ms(), kArrivedMs) << "it carries no time";
  EXPECT_EQ(going_on.called().e164(), "+442079460222");
  const auto gone = twilio.One(
      "CallSid=CA01&From=%2B447700900123&To=%2B442079460222&Direction=inbound"
      "&CallStatus=completed&DialCallStatus=no-answer&DialCallSid=CA02");
  EXPECT_TRUE(gone.call_over());
  EXPECT_NE(gone.record_id(), twilio.One(Callback("CallStatus=completed")).record_id());
}

TEST(Twilio, TakesThePartiesThatTheApplicationAdds) {
  const auto record = WebhookReader("twilio").One(
      Child("CallStatus=busy&textback_line=%2B442079460222&textback_caller=%2B447700900999"));
  EXPECT_EQ(record.original_called().e164(), "+442079460222");
  EXPECT_EQ(record.calling().e164(), "+447700900999");
  EXPECT_EQ(record.direction(), v1::DIRECTION_INBOUND);
  EXPECT_FALSE(record.call_over());
}

TEST(Twilio, TellsSinceWhenItRings) {
  WebhookReader twilio("twilio");
  const auto ringing = twilio.One(Child("CallStatus=ringing"));
  EXPECT_TRUE(ringing.leg_only());
  EXPECT_EQ(ringing.ringing_at_ms(), 1'789'992'020'000);
  EXPECT_EQ(twilio.Verdict(Child("CallStatus=ringing")), "continues");
  const auto first_request = twilio.One(
      "CallSid=CA01&CallStatus=ringing&Direction=inbound&From=%2B447700900123&To=%2B442079460222");
  EXPECT_EQ(first_request.started_at_ms(), kArrivedMs);
  EXPECT_TRUE(first_request.leg_only());
}

TEST(Twilio, IgnoresWhatIsNoEnd) {
  WebhookReader twilio("twilio");
  EXPECT_TRUE(twilio.Ignores(Callback("CallStatus=in-progress")));
  EXPECT_TRUE(twilio.Ignores("CallSid=CA01&RecordingUrl=https%3A%2F%2Fexample.com"));
}

TEST(Twilio, SeesWithheldCallers) {
  WebhookReader twilio("twilio");
  for (const char* from : {"%2B266696687", "%2B7378742833", "anonymous", "Restricted"}) {
    const auto record =
        twilio.One(std::string("CallSid=CA01&CallStatus=busy&Direction=inbound&From=") + from);
    EXPECT_EQ(record.calling().presentation(), v1::Party::PRESENTATION_RESTRICTED) << from;
    EXPECT_EQ(record.calling().e164(), "") << from;
  }
  EXPECT_EQ(twilio.One("CallSid=CA01&CallStatus=busy&From=%2B86282452253").calling().presentation(),
            v1::Party::PRESENTATION_UNAVAILABLE);
}

TEST(Twilio, ReadsAttestation) {
  WebhookReader twilio("twilio");
  EXPECT_EQ(
      twilio.One(Callback("CallStatus=busy&StirVerstat=TN-Validation-Passed-B")).attestation(),
      v1::ATTESTATION_B);
  EXPECT_EQ(twilio.One(Callback("CallStatus=busy&StirVerstat=No-TN-Validation")).attestation(),
            v1::ATTESTATION_NONE);
}

TEST(Twilio, RefusesWithThePlace) {
  WebhookReader twilio("twilio");
  EXPECT_THAT(twilio.Refusal("From=1&CallStatus=busy"),
              HasSubstr("field_missing: there is no CallSid"));
  EXPECT_THAT(twilio.Refusal(Callback("CallStatus=odd")), StartsWith("form_bad_value: CallStatus"));
  EXPECT_THAT(twilio.Refusal(DialAnswer("DialCallStatus=odd")),
              StartsWith("form_bad_value: DialCallStatus"));
  EXPECT_THAT(twilio.Refusal(Callback("CallStatus=completed&CallDuration=x")),
              StartsWith("form_bad_value: CallDuration"));
  EXPECT_THAT(twilio.Refusal("CallSid=CA01&CallStatus=busy&Timestamp=yesterday"),
              StartsWith("form_bad_value: Timestamp"));
  EXPECT_THAT(twilio.Refusal("CallSid=CA01&CallStatus=busy", 0), HasSubstr("time_missing"));
  EXPECT_THAT(twilio.Refusal("CallSid=CA01&CallStatus=%4"), HasSubstr("form_malformed"));
  EXPECT_THAT(twilio.Refusal("CallSid=CA01&CallStatus=busy&CallStatus=completed"),
              HasSubstr("stands there twice"));
}

TEST(Twilio, ReadsLoggedBodiesAndJson) {
  WebhookReader twilio("twilio");
  EXPECT_EQ(twilio.Verdict("CallSid: CA01\nCallStatus: busy\nDirection: inbound\n"
                           "Timestamp: Tue, 12 May 2015 17:52:22 +0000\n"),
            "busy");
  EXPECT_EQ(twilio.Verdict("[2016-11-01 08:59:14] local.INFO: array (\n  'CallSid' => 'CA01',\n"
                           "  'CallStatus' => 'no-answer',\n  'Direction' => 'outbound-api',\n"
                           "  'Timestamp' => 'Tue, 01 Nov 2016 01:59:13 +0000',\n)\n"),
            "outbound");
  EXPECT_EQ(twilio.Verdict(R"({"CallSid":"CA01","CallStatus":"busy","CallDuration":0})"), "busy");
}

TEST(Signalwire, ReadsANumbersOwnCallback) {
  WebhookReader signalwire("signalwire");
  const std::string body =
      "CallSid=b3877c40&From=%2B447700900123&To=%2B442079460222&CallStatus=completed"
      "&CallDuration=25&Timestamp=Mon%2C+21+Sep+2026+12%3A00%3A00+%2B0000";
  const auto record = signalwire.One(body);
  EXPECT_EQ(record.direction(), v1::DIRECTION_INBOUND) << "it has no Direction";
  EXPECT_EQ(record.started_at_ms(), 1'789'992'000'000) << "Timestamp is the call's beginning";
  EXPECT_EQ(record.ended_at_ms(), 1'789'992'025'000);
  EXPECT_EQ(signalwire.Verdict(body), "answered by ivr");
}

TEST(Signalwire, SpeaksTwiliosLanguage) {
  WebhookReader signalwire("signalwire");
  EXPECT_EQ(signalwire.Verdict(Child("CallStatus=no-answer")), "no_answer");
  EXPECT_EQ(signalwire.One(Child("CallStatus=no-answer")).causes(0).value(),
            "signalwire/no-answer");
  EXPECT_EQ(signalwire.Verdict(DialAnswer("DialCallStatus=busy")), "busy");
}

}  // namespace
}  // namespace textback::cdr
