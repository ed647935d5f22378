#include "cdr/sip_acc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cdr/cause.h"
#include "cdr/decoder.h"

namespace textback::cdr {
namespace {

constexpr std::int64_t kNow = 1'790'000'000'000;  // 2026-09-21 14:13:20 UTC

Decoder Make(std::string profile = "") {
  SourceConfig config;
  config.name = "proxy";
  config.format.adapter = "kamailio-acc";
  config.format.profile = std::move(profile);
  config.numbering.country = "GB";
  config.settle.set_emits(v1::SettleProfile::EMITS_LEG_END);
  config.settle.set_settle_ms(3'000);
  auto made = Decoder::Make(config);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return std::move(made).value();
}

v1::CallRecord One(std::string_view text, std::string profile = "") {
  auto decoder = Make(std::move(profile));
  Decoded out;
  decoder.Decode(text, {kNow, 0}, out);
  EXPECT_EQ(out.items.size(), 1U) << (out.rejected.empty() ? "" : out.rejected[0].error.message)
                                  << text;
  return out.items.empty() ? v1::CallRecord() : *out.items[0].record;
}

std::string Reason(std::string_view text, std::string profile = "") {
  auto decoder = Make(std::move(profile));
  Decoded out;
  decoder.Decode(text, {kNow, 0}, out);
  EXPECT_EQ(out.items.size(), 0U) << text;
  return out.rejected.size() == 1 ? out.rejected[0].error.code
                                  : "rejected " + std::to_string(out.rejected.size());
}

std::string Verdict(const v1::CallRecord& record) {
  return std::string(WordOf(Classify(record, kMinRingMsDefault).verdict));
}

// A row as our configuration writes it: asked for at 12:00:00, rang a second later.
std::string Json(std::string_view method, std::string_view code, std::string_view more = "",
                 std::string_view to_tag = "b") {
  return R"({"method":")" + std::string(method) + R"(","from_tag":"a","to_tag":")" +
         std::string(to_tag) + R"(","callid":"c1@pbx","sip_code":")" + std::string(code) +
         R"(","sip_reason":"x","time":1789992009,"at":"1789992009.250000",)" +
         R"("src_user":"07700900123","dst_ouser":"02079460000","dst_user":"100",)" +
         R"("invite_at":"1789992000.000000")" + std::string(more) + "}";
}
constexpr std::string_view kRang = R"(,"ringing_at":"1789992001.500000")";

TEST(SipAcc, VerdictOfEachStatus) {
  struct Case {
    std::string_view code;
    std::string_view more;
    std::string_view verdict;
    bool over;
  };
  const Case cases[] = {
      {"200", kRang, "answered", false},
      {"404", "", "wrong_number", true},
      {"408", kRang, "no_answer", true},
      {"408", "", "unreachable", true},
      {"480", kRang, "no_answer", true},
      {"480", "", "unreachable", true},
      {"480", R"(,"reason_hdr":"Q.850;cause=17;text=\"User busy\"")", "busy", true},
      {"480", R"(,"reason_hdr":"Q.850 ;cause=20")", "unreachable", true},
      {"486", kRang, "busy", true},
      {"486", R"(,"reason_hdr":"Q.850;cause=34")", "busy", true},
      {"487", kRang, "abandoned", true},
      {"487", R"(,"ringing_at":"1789992007.000000")", "short_ring", true},
      {"487", "", "short_ring", true},
      {"487", R"(,"reason_hdr":"SIP ;cause=200 ;text=\"Call completed elsewhere\"")",
       "answered_elsewhere", true},
      {"503", R"(,"reason_hdr":"SIP;cause=503, Q.850;cause=27")", "unreachable", true},
      {"603", kRang, "declined", true},
      {"603", R"(,"reason_hdr":"Q.850;cause=21;location=RLN")", "network_failure", true},
      {"428", "", "blocked", true},
      {"436", "", "blocked", true},
      {"438", "", "blocked", true},
      {"608", "", "blocked", true},
      {"302", "", "continues", false},
      {"407", "", "continues", false},
      {"183", "", "continues", false},
  };
  for (const auto& c : cases) {
    const auto record = One(Json("INVITE", c.code, c.more));
    EXPECT_EQ(Verdict(record), c.verdict) << c.code << c.more;
    EXPECT_EQ(record.call_over(), c.over) << c.code << c.more;
    EXPECT_EQ(record.join_key(), "c1@pbx");
  }
}

TEST(SipAcc, AnUnregisteredNumberOfOursHasNoToTag) {
  EXPECT_EQ(Verdict(One(Json("INVITE", "404", "", ""))), "unreachable");
  EXPECT_EQ(Verdict(One(Json("INVITE", "404", "", "b"))), "wrong_number");
}

TEST(SipAcc, TheOtherMethods) {
  const auto bye = One(Json("BYE", "400"));
  EXPECT_EQ(Verdict(bye), "continues");
  EXPECT_FALSE(bye.call_over());
  EXPECT_EQ(bye.ended_at_ms(), 1'789'992'009'250);
  EXPECT_EQ(Verdict(One(Json("ACK", "200"))), "answered");
  EXPECT_EQ(Verdict(One(Json("CANCEL", "200", kRang))), "abandoned");
  // Without its INVITE's times: what that INVITE's row tells of the ringing counts (decide).
  const auto cancel =
      One(R"({"method":"CANCEL","callid":"c1@pbx","sip_code":"200","at":"1789992009.250000"})");
  EXPECT_EQ(Verdict(cancel), "abandoned");
  EXPECT_EQ(Classify(cancel, 3'000).reading, Reading::kCallerGaveUpUntimed);
  EXPECT_EQ(Verdict(One(Json("CANCEL", "481", kRang))), "continues");
  EXPECT_EQ(Verdict(One(Json("MESSAGE", "200"))), "not_a_call");
  EXPECT_EQ(Verdict(One(Json("REFER", "202"))), "continues");
  EXPECT_EQ(Reason(Json("NONSENSE", "200")), "record_type");
}

TEST(SipAcc, Parties) {
  auto record = One(Json("INVITE", "486"));
  EXPECT_EQ(record.calling().e164(), "+447700900123");
  EXPECT_EQ(record.called().e164(), "+442079460000");
  EXPECT_FALSE(record.has_original_called());
  record = One(Json("INVITE", "486", R"(,"diversion":"sip:02079460000@pbx")"));
  EXPECT_EQ(record.original_called().e164(), "+442079460000");
  EXPECT_EQ(record.redirecting().e164(), "+442079460000");
  EXPECT_EQ(record.called().number(), "100");
  record = One(Json("INVITE", "486", R"(,"privacy":"id;critical","pai":"<sip:+447700900124@x>")"));
  EXPECT_EQ(record.calling().presentation(), v1::Party::PRESENTATION_RESTRICTED);
  EXPECT_EQ(record.calling().number(), "+447700900124");
  record = One(Json("INVITE", "486", R"(,"privacy":"none","pai":"sip:+447700900124@x")"));
  EXPECT_NE(record.calling().presentation(), v1::Party::PRESENTATION_RESTRICTED);
}

TEST(SipAcc, WhoAnswered) {
  EXPECT_EQ(Verdict(One(Json("INVITE", "200", R"(,"answered_by":"voicemail")"))), "voicemail");
  EXPECT_EQ(Reason(Json("INVITE", "200", R"(,"answered_by":"a dog")")), "text_bad_value");
}

TEST(SipAcc, SyslogKeepsHeadersTogether) {
  const auto record =
      One("Sep 21 12:00:09 p kamailio[7]: NOTICE: ACC: transaction answered: timestamp=1789992009;"
          "method=INVITE;from_tag=a;to_tag=b;call_id=c1;code=480;reason=Gone; fishing;"
          "src_user=07700900123;src_domain=x.example;reason_hdr=Q.850;cause=19;text=\"a;b=c\";"
          "dst_ouser=02079460000");
  EXPECT_EQ(record.calling().number(), "07700900123");
  EXPECT_EQ(record.called().number(), "02079460000");
  EXPECT_EQ(record.reason_text(), "INVITE 480 Gone; fishing");
  EXPECT_EQ(Verdict(record), "no_answer");
  EXPECT_TRUE(record.call_over());
}

TEST(SipAcc, JsonInALineOfALog) {
  EXPECT_EQ(Verdict(One("Sep 21 12:00:09 p kamailio[7]: " + Json("INVITE", "486"))), "busy");
  EXPECT_EQ(Reason("Sep 21 12:00:09 p kamailio[7]: {\"method\":}"), "json_malformed");
}

TEST(SipAcc, MissedRowsAreLegs) {
  constexpr std::string_view kMissed =
      "ACC: call missed: timestamp=1789992009;method=INVITE;from_tag=a;to_tag=;call_id=c1;code=408;"
      "reason=Request Timeout";
  EXPECT_FALSE(One(kMissed).call_over());
  EXPECT_EQ(Verdict(One(kMissed)), "no_answer");
  EXPECT_TRUE(One(kMissed, "final").call_over());
  constexpr std::string_view kEvent =
      R"({"jsonrpc":"2.0","method":"E_ACC_MISSED_EVENT","params":{"method":"INVITE","from_tag":"a",)"
      R"("to_tag":"b","callid":"c1","sip_code":"486","sip_reason":"Busy","time":1789992009}})";
  EXPECT_FALSE(One(kEvent).call_over());
  EXPECT_TRUE(One(kEvent, "final").call_over());
}

TEST(SipAcc, WholeCallsInOneRecord) {
  auto record =
      One(R"({"jsonrpc":"2.0","method":"E_ACC_CDR","params":{"method":"INVITE","callid":"c1",)"
          R"("sip_code":"200","sip_reason":"OK","time":1789992009,"duration":7,"ms_duration":6800,)"
          R"("setuptime":9,"created":1789992000}})");
  EXPECT_EQ(Verdict(record), "answered");
  EXPECT_EQ(record.answered_at_ms(), 1'789'992'009'000);
  EXPECT_EQ(record.talk_ms(), 6'800);
  EXPECT_TRUE(record.call_over());
  record =
      One("{\"event\":\"CGR_CALL_END\",\n \"callid\":\"c1\",\"cgr_account\":\"07700900123\",\n"
          " \"cgr_destination\":\"02079460000\",\"cgr_answertime\":\"1789992009\",\n"
          " \"cgr_duration\":\"3\",\"cgr_disconnectcause\":\"200\"}");
  EXPECT_EQ(record.ended_at_ms(), 1'789'992'012'000);
  EXPECT_EQ(record.called().e164(), "+442079460000");
  EXPECT_EQ(Reason(R"({"event":"CGR_AUTH_REQUEST","callid":"c1"})"), "record_type");
}

TEST(SipAcc, Columns) {
  auto record = One("INVITE|a|b|c1|487|Request Terminated|1789992009");
  EXPECT_EQ(Verdict(record), "abandoned");
  EXPECT_TRUE(record.call_over());
  record = One("\"1\",\"INVITE\",\"c,1\",\"486\",\"2026-09-21 12:00:09\",\"say \"\"hi\"\"\"",
               "missed:-,method,callid,sip_code,time,sip_reason");
  EXPECT_EQ(record.ended_at_ms(), 1'789'992'009'000);
  EXPECT_EQ(record.join_key(), "c,1");
  EXPECT_EQ(record.reason_text(), "INVITE 486 say \"hi\"");
  EXPECT_FALSE(record.call_over());
  EXPECT_EQ(Reason("INVITE|a|b|c1|487|Request Terminated"), "csv_columns");
  EXPECT_EQ(Reason("\"INVITE\",\"a"), "csv_unfinished");
}

TEST(SipAcc, ADamagedRecordCostsItself) {
  auto decoder = Make();
  Decoded out;
  decoder.Decode(
      "INVITE|a|b|c1|486|Busy|1789992009\nINVITE|a|b|c2|abc|Busy|1789992009\n\n"
      "INVITE|a|b||486|Busy|1789992009\nINVITE|a|b|c3|486|Busy|1789992009\n",
      {kNow, 0}, out);
  EXPECT_EQ(out.items.size(), 2U);
  ASSERT_EQ(out.rejected.size(), 2U);
  EXPECT_EQ(out.rejected[0].error.code, "text_bad_value");
  EXPECT_EQ(out.rejected[1].error.code, "field_missing");
}

TEST(SipAcc, Refusals) {
  EXPECT_EQ(Reason(""), "value_missing");
  EXPECT_EQ(Reason("hello"), "text_malformed");
  EXPECT_EQ(Reason("ACC: "), "text_malformed");
  EXPECT_EQ(Reason("{"), "json_malformed");
  EXPECT_EQ(Reason("\xff\xfe"), "invalid_utf8");
  EXPECT_EQ(Reason(R"({"callid":"c","call_id":"d"})"), "json_duplicate_field");
  EXPECT_EQ(Reason(R"({"callid":["c"]})"), "json_bad_value");
  EXPECT_EQ(Reason(R"({"method":"INVITE","callid":"c","sip_code":"486"})"), "field_missing");
  EXPECT_EQ(Reason("INVITE|a|b|c1|486|Busy|yesterday"), "text_bad_value");
}

TEST(SipAcc, ALongCallIdIsShortenedAlike) {
  const std::string id(400, 'x');
  const auto invite = One("INVITE|a|b|" + id + "|200|OK|1789992009");
  const auto bye = One("BYE|b|a|" + id + "|200|OK|1789992019");
  EXPECT_EQ(invite.join_key(), bye.join_key());
  EXPECT_EQ(invite.join_key().size(), 32U);
}

TEST(SipAcc, TheSameRowTwiceHasOneId) {
  EXPECT_EQ(One(Json("INVITE", "486")).record_id(), "c1@pbx:1789992009.250000:INVITEt486");
  EXPECT_EQ(One(Json("INVITE", "486"), "missed").record_id(),
            "c1@pbx:1789992009.250000:INVITEm486");
  EXPECT_EQ(One("INVITE|a|b|c1|486|Busy|1789992009").record_id().size(), 32U);  // made of its bytes
}

TEST(SipAcc, ProfilesThatCannotBe) {
  for (const std::string_view profile :
       {"method,callid,sip_code", "method,callid,sip_code,time,time", "method,callid,sip_code,tim",
        "maybe:method,callid,sip_code,time"}) {
    FormatConfig config;
    config.profile = profile;
    const auto made = NewSipAcc(config);
    ASSERT_FALSE(made) << profile;
    EXPECT_EQ(made.error().code, "config_invalid");
  }
}

}  // namespace
}  // namespace textback::cdr
