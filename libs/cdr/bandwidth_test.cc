#include "cdr/bandwidth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cdr/webhook_test_support.h"

namespace textback::cdr {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string Event(const std::string& type, const std::string& cause, const std::string& more = "") {
  return R"({"eventType":")" + type + R"(","cause":")" + cause +
         R"(","callId":"c-1","accountId":"55555555","from":"+447700900123","to":"+442079460222",)"
         R"("direction":"inbound","startTime":"2026-09-21T12:00:00.234Z",)"
         R"("endTime":"2026-09-21T12:00:30.000Z","tag":null)" +
         more + "}";
}
constexpr const char* kAnswered = R"(,"answerTime":"2026-09-21T12:00:10.000Z")";
constexpr const char* kDialled = R"(,"parentCallId":"c-0")";

TEST(Bandwidth, ReadsADisconnect) {
  const auto record = WebhookReader("bandwidth").One(Event("disconnect", "hangup", kAnswered));
  EXPECT_EQ(record.join_key(), "c-1");
  EXPECT_TRUE(record.call_over());
  EXPECT_EQ(record.direction(), v1::DIRECTION_INBOUND);
  EXPECT_EQ(record.started_at_ms(), 1'789'992'000'234);
  EXPECT_EQ(record.answered_at_ms(), 1'789'992'010'000);
  EXPECT_EQ(record.ended_at_ms(), 1'789'992'030'000);
  EXPECT_EQ(record.answered_by(), v1::ANSWERED_BY_IVR) << "the application answered";
}

TEST(Bandwidth, ReadsVerdicts) {
  WebhookReader bandwidth("bandwidth");
  const struct {
    std::string body;
    const char* verdict;
  } cases[] = {
      {Event("disconnect", "timeout"), "no_answer"},
      {Event("disconnect", "busy"), "busy"},
      {Event("disconnect", "cancel"), "abandoned"},
      {Event("disconnect", "hangup"), "abandoned"},
      {Event("disconnect", "rejected"), "declined"},
      {Event("disconnect", "account-limit"), "network_failure"},
      {Event("disconnect", "callback-error"), "network_failure"},
      {Event("disconnect", "unknown"), "unresolved"},
      {Event("disconnect", "a-new-one"), "unresolved"},
      {Event("disconnect", "busy", kAnswered), "answered by ivr"},
      {Event("transferComplete", "hangup", kAnswered), "answered"},
      {Event("transferComplete", "timeout", kAnswered), "no_answer"},
      {Event("transferDisconnect", "hangup", std::string(kDialled) + kAnswered), "answered"},
      {Event("transferDisconnect", "timeout", kDialled), "no_answer"},
  };
  for (const auto& c : cases) EXPECT_EQ(bandwidth.Verdict(c.body), c.verdict) << c.body;
}

TEST(Bandwidth, OnlyADisconnectIsTheEnd) {
  WebhookReader bandwidth("bandwidth");
  EXPECT_FALSE(bandwidth.One(Event("transferComplete", "timeout")).call_over());
  const auto leg = bandwidth.One(Event("transferDisconnect", "timeout", kDialled));
  EXPECT_FALSE(leg.call_over());
  EXPECT_EQ(leg.join_key(), "c-0");
  EXPECT_EQ(leg.direction(), v1::DIRECTION_UNSPECIFIED);
}

TEST(Bandwidth, ATransfersRingingIsNotTheWholeCall) {
  EXPECT_FALSE(
      WebhookReader("bandwidth").One(Event("transferComplete", "cancel")).has_started_at_ms());
}

TEST(Bandwidth, TakesThePartiesThatTheApplicationAdds) {
  const auto record =
      WebhookReader("bandwidth")
          .One(Event("transferDisconnect", "busy",
                     std::string(kDialled) +
                         R"(,"textback_line":"+442079460222","textback_caller":"+447700900999")"));
  EXPECT_EQ(record.original_called().e164(), "+442079460222");
  EXPECT_EQ(record.calling().e164(), "+447700900999");
  EXPECT_EQ(record.direction(), v1::DIRECTION_INBOUND);
}

// old.dev.bandwidth.com/ap-docs/bxml/callBacks/hangup.html: completed is written for every cause.
TEST(Bandwidth, ReadsVersion1ByItsCause) {
  WebhookReader bandwidth("bandwidth");
  const auto body = [](const char* cause) {
    return std::string("/callback?callState=completed&eventType=hangup&callId=c-1") +
           "&from=%2B447700900123&to=%2B442079460222&time=2016-02-17T16%3A54%3A10Z&cause=" + cause;
  };
  EXPECT_EQ(bandwidth.Verdict(body("NORMAL_CLEARING")), "answered");
  EXPECT_EQ(bandwidth.Verdict(body("NO_ANSWER")), "no_answer");
  EXPECT_EQ(bandwidth.Verdict(body("USER_BUSY")), "busy");
  EXPECT_EQ(bandwidth.Verdict(body("ORIGINATOR_CANCEL")), "short_ring");
  EXPECT_EQ(bandwidth.Verdict("/{callbackUrl}?\n  callState = completed&\n  cause = NO_ANSWER&\n"
                              "  time = 2016-02-17T16%3A54%3A10Z&\n  eventType = hangup&\n"
                              "  callId = {call-id}\n"),
            "no_answer");
}

TEST(Bandwidth, IgnoresWhatIsNoEnd) {
  WebhookReader bandwidth("bandwidth");
  for (const char* type : {"initiate", "answer", "gather", "transferAnswer", "recordingAvailable"})
    EXPECT_TRUE(bandwidth.Ignores(Event(type, ""))) << type;
}

TEST(Bandwidth, RefusesWithThePlace) {
  WebhookReader bandwidth("bandwidth");
  EXPECT_THAT(bandwidth.Refusal("{}"), HasSubstr("there is no eventType or no callId"));
  EXPECT_THAT(bandwidth.Refusal(Event("disconnect", "")), HasSubstr("there is no cause"));
  EXPECT_THAT(bandwidth.Refusal(Event("disconnect", "hangup", R"(,"answerTime":"x")")),
              StartsWith("json_bad_value: answerTime"));
}

}  // namespace
}  // namespace textback::cdr
