#include "cdr/vonage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cdr/webhook_test_support.h"

namespace textback::cdr {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string Event(const std::string& status, const std::string& direction,
                  const std::string& more = "") {
  return R"({"uuid":"aaaa-01","conversation_uuid":"CON-01","from":"447700900123",)"
         R"("to":"442079460222","timestamp":"2026-09-21T12:00:30.000Z","status":")" +
         status + R"(","direction":")" + direction + "\"" + more + "}";
}

TEST(Vonage, ReadsTheCallersOwnLeg) {
  const auto record = WebhookReader("vonage").One(
      Event("completed", "inbound",
            R"(,"start_time":"2026-09-21T12:00:10.000Z","end_time":"2026-09-21T12:00:25.000Z",)"
            R"("duration":"15","rate":null)"));
  EXPECT_EQ(record.join_key(), "CON-01");
  EXPECT_EQ(record.leg_id(), "aaaa-01");
  EXPECT_TRUE(record.call_over());
  EXPECT_EQ(record.calling().e164(), "+447700900123") << "numbers have no plus";
  EXPECT_EQ(record.called().e164(), "+442079460222");
  EXPECT_EQ(record.answered_at_ms(), 1'789'992'010'000);
  EXPECT_EQ(record.ended_at_ms(), 1'789'992'025'000);
  EXPECT_EQ(record.talk_ms(), 15'000);
  EXPECT_EQ(record.answered_by(), v1::ANSWERED_BY_IVR) << "the application answered";
}

// Of a leg without a direction: what the status itself says.
TEST(Vonage, ReadsVerdicts) {
  WebhookReader vonage("vonage");
  const struct {
    const char* status;
    const char* more;
    const char* verdict;
  } cases[] = {
      {"completed", "", "answered"},
      {"timeout", "", "no_answer"},
      {"busy", "", "busy"},
      {"unanswered", "", "unreachable"},
      {"unanswered", R"(,"sip_code":603)", "declined"},
      {"rejected", "", "network_failure"},
      {"rejected", R"(,"sip_code":404)", "wrong_number"},
      {"failed", "", "network_failure"},
      {"failed", R"(,"sip_code":200)", "network_failure"},
      {"cancelled", "", "short_ring"},
      {"human", "", "answered by person"},
      {"machine", "", "voicemail by voicemail"},
      {"started", "", "continues"},
      {"ringing", "", "continues"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(vonage.Verdict(Event(c.status, "", c.more)), c.verdict) << c.status << c.more;
  EXPECT_EQ(vonage.Verdict(Event("timeout", "outbound")), "outbound");
}

TEST(Vonage, HasTheRingingInEventsOfTheirOwn) {
  const auto record = WebhookReader("vonage").One(Event("ringing", "outbound"));
  EXPECT_EQ(record.ringing_at_ms(), 1'789'992'030'000);
  EXPECT_FALSE(record.has_ended_at_ms());
}

TEST(Vonage, HumanAndMachineNameTheLegOtherwise) {
  const auto record = WebhookReader("vonage").One(
      R"({"call_uuid":"aaaa-01","conversation_uuid":"CON-01","status":"machine",)"
      R"("from":"442079460222","to":"447700900123","timestamp":"2026-09-21T12:00:30.000Z"})");
  EXPECT_EQ(record.leg_id(), "aaaa-01");
}

TEST(Vonage, TakesThePartiesThatTheApplicationAdds) {
  const auto record = WebhookReader("vonage").One(
      Event("timeout", "outbound",
            R"(,"textback_line":"442079460222","textback_caller":"447700900999")"));
  EXPECT_EQ(record.direction(), v1::DIRECTION_INBOUND);
  EXPECT_EQ(record.original_called().e164(), "+442079460222");
  EXPECT_EQ(record.calling().e164(), "+447700900999");
  EXPECT_FALSE(record.call_over());
}

TEST(Vonage, ReadsQueries) {
  EXPECT_EQ(WebhookReader("vonage").Verdict(
                "/event?status=busy&uuid=aaaa-01&from=447700900123&to=442079460222"
                "&timestamp=2026-09-21T12%3A00%3A30.000Z&direction="),
            "busy");
}

TEST(Vonage, IgnoresWhatIsNoStatus) {
  WebhookReader vonage("vonage");
  EXPECT_TRUE(vonage.Ignores(Event("answered", "inbound")));
  EXPECT_TRUE(vonage.Ignores(Event("disconnected", "inbound")));
  EXPECT_TRUE(vonage.Ignores(R"({"dtmf":{"digits":"42"},"uuid":"aaaa-01"})"));
  EXPECT_TRUE(vonage.Ignores(R"({"reason":"Syntax error in NCCO","conversation_uuid":"CON-01"})"));
}

TEST(Vonage, RefusesWithThePlace) {
  WebhookReader vonage("vonage");
  EXPECT_THAT(vonage.Refusal("{}"), StartsWith("field_missing"));
  EXPECT_THAT(vonage.Refusal(R"({"status":"busy"})"), HasSubstr("there is no uuid"));
  EXPECT_THAT(vonage.Refusal(Event("odd", "inbound")), StartsWith("json_bad_value: status"));
  EXPECT_THAT(vonage.Refusal(Event("completed", "inbound", R"(,"duration":"x")")),
              StartsWith("json_bad_value: duration"));
  EXPECT_THAT(vonage.Refusal(Event("completed", "inbound", R"(,"end_time":"x")")),
              StartsWith("json_bad_value: end_time"));
  EXPECT_THAT(vonage.Refusal(R"({"status":)"), StartsWith("json_malformed"));
}

}  // namespace
}  // namespace textback::cdr
