#include "cdr/plivo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cdr/webhook_test_support.h"

namespace textback::cdr {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string Hangup(const std::string& more) {
  return "CallUUID=69ffdb0d&Direction=inbound&From=447700900123&To=442079460222&Event=Hangup"
         "&StartTime=2026-09-21+12%3A00%3A00&EndTime=2026-09-21+12%3A00%3A30&" +
         more;
}
std::string Dialled(const std::string& more) {
  return "CallUUID=69ffdb0d&Direction=inbound&From=447700900123&To=442079460222"
         "&CallStatus=in-progress&DialALegUUID=69ffdb0d&DialBLegUUID=b-1&" +
         more;
}
std::string DialledLeg(const std::string& more) {
  return "CallUUID=69ffdb0d&Event=DialHangup&DialAction=hangup&DialALegUUID=69ffdb0d"
         "&DialBLegUUID=b-1&DialBLegFrom=447700900123&DialBLegTo=442079460333&" +
         more;
}

TEST(Plivo, ReadsAHangup) {
  const auto record = WebhookReader("plivo").One(
      Hangup("CallStatus=completed&Duration=20&AnswerTime=2026-09-21+12%3A00%3A10"));
  EXPECT_EQ(record.join_key(), "69ffdb0d");
  EXPECT_TRUE(record.call_over());
  EXPECT_EQ(record.direction(), v1::DIRECTION_INBOUND);
  EXPECT_EQ(record.calling().e164(), "+447700900123") << "numbers have no plus";
  EXPECT_EQ(record.started_at_ms(), 1'789'992'000'000);
  EXPECT_EQ(record.answered_at_ms(), 1'789'992'010'000);
  EXPECT_EQ(record.ended_at_ms(), 1'789'992'030'000);
  EXPECT_EQ(record.talk_ms(), 20'000);
  EXPECT_EQ(record.answered_by(), v1::ANSWERED_BY_IVR);
}

TEST(Plivo, ReadsVerdicts) {
  WebhookReader plivo("plivo");
  const struct {
    std::string body;
    const char* verdict;
  } cases[] = {
      {Hangup("CallStatus=busy&HangupCause=USER_BUSY&AnswerTime="), "busy"},
      {Hangup("CallStatus=no-answer"), "no_answer"},
      {Hangup("CallStatus=timeout"), "no_answer"},
      {Hangup("CallStatus=cancel"), "abandoned"},
      {Hangup("CallStatus=failed"), "network_failure"},
      {Hangup("CallStatus=failed&HangupCauseCode=2000"), "wrong_number"},
      {Hangup("CallStatus=failed&HangupCauseCode=2020"), "unreachable"},
      {Hangup("CallStatus=failed&HangupCause=CALL_REJECTED"), "declined"},
      {Dialled("DialStatus=completed"), "answered"},
      {Dialled("DialStatus=no-answer&DialHangupCause=NO_ANSWER"), "no_answer"},
      {Dialled("DialStatus=busy"), "busy"},
      {Dialled("DialStatus=timeout"), "no_answer"},
      {DialledLeg("DialBLegHangupCause=LOSE_RACE&DialBLegHangupCauseCode=9000"),
       "answered_elsewhere"},
      {DialledLeg("DialBLegHangupCauseCode=9000"), "answered_elsewhere"},
      {DialledLeg("DialBLegHangupCause=NORMAL_CLEARING&DialBLegDuration=7"), "answered"},
      {DialledLeg("DialBLegHangupCause=NORMAL_CLEARING&DialBLegDuration=0"), "unresolved"},
      {DialledLeg("DialBLegHangupCause=USER_BUSY"), "busy"},
      {"CallUUID=1&Direction=outbound&CallStatus=busy&Event=Hangup", "outbound"},
  };
  for (const auto& c : cases) EXPECT_EQ(plivo.Verdict(c.body), c.verdict) << c.body;
}

TEST(Plivo, SeesWithheldCallers) {
  const auto record = WebhookReader("plivo").One(
      "CallUUID=1&Direction=inbound&From=Anonymous&To=442079460222&CallStatus=busy&Event=Hangup");
  EXPECT_EQ(record.calling().presentation(), v1::Party::PRESENTATION_RESTRICTED);
}

TEST(Plivo, TheAnswerToDialIsTheEndOnlyWhenTheCallerHasGone) {
  WebhookReader plivo("plivo");
  EXPECT_FALSE(plivo.One(Dialled("DialStatus=no-answer")).call_over());
  EXPECT_TRUE(plivo.One("CallUUID=1&DialStatus=no-answer&CallStatus=completed").call_over());
  EXPECT_FALSE(plivo.One(DialledLeg("DialBLegHangupCause=NO_ANSWER")).call_over());
}

TEST(Plivo, TakesThePartiesThatTheApplicationAdds) {
  const auto record = WebhookReader("plivo").One(DialledLeg(
      "DialBLegHangupCause=NO_ANSWER&textback_line=442079460222&textback_caller=447700900999"));
  EXPECT_EQ(record.original_called().e164(), "+442079460222");
  EXPECT_EQ(record.calling().e164(), "+447700900999");
}

TEST(Plivo, IgnoresWhatIsNoEnd) {
  WebhookReader plivo("plivo");
  EXPECT_TRUE(plivo.Ignores("CallUUID=1&CallStatus=ringing&Event=StartApp"));
  EXPECT_TRUE(plivo.Ignores("CallUUID=1&CallStatus=in-progress&Event=DialAnswer"));
  EXPECT_TRUE(plivo.Ignores("CallUUID=1&CallStatus=in-progress"));
}

TEST(Plivo, RefusesWithThePlace) {
  WebhookReader plivo("plivo");
  EXPECT_THAT(plivo.Refusal("Event=DialHangup\nDialAction=hangup\nDialBLegHangupCause=LOSE_RACE\n"),
              HasSubstr("belongs to no call"));
  EXPECT_THAT(plivo.Refusal("CallUUID=1"), StartsWith("field_missing"));
  EXPECT_THAT(plivo.Refusal(Hangup("CallStatus=odd")), StartsWith("form_bad_value: CallStatus"));
  EXPECT_THAT(plivo.Refusal(Dialled("DialStatus=odd")), StartsWith("form_bad_value: DialStatus"));
  EXPECT_THAT(plivo.Refusal("CallUUID=1&CallStatus=busy&EndTime=x"),
              StartsWith("form_bad_value: EndTime"));
  EXPECT_THAT(plivo.Refusal("CallUUID=1&CallStatus=busy", 0), StartsWith("time_missing"));
}

}  // namespace
}  // namespace textback::cdr
