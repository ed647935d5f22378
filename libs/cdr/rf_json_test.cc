#include "cdr/rf_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cdr/cause.h"
#include "cdr/decoder.h"
#include "cdr/source_kind.h"

namespace textback::cdr {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kNow = 1'790'000'000'000;
constexpr std::int64_t kBeginS = 1'772'702'430;

class RfJsonTest : public testing::Test {
 protected:
  RfJsonTest() : decoder_(Make()) {}

  static Decoder Make() {
    SourceConfig config;
    config.name = "ims";
    config.format.adapter = "3gpp-rf";
    config.format.voicemail_pilots = {"+447700900999"};
    config.format.roaming_prefixes = {"44770090088"};
    config.numbering.country = "GB";
    config.settle = SettleOf(*FindSourceKind("3gpp-rf"));
    return std::move(Decoder::Make(std::move(config))).value();
  }

  const v1::CallRecord* One(std::string_view json) {
    decoder_.Decode(json, {kNow, kNow}, out_);
    if (out_.items.size() != 1 || !out_.rejected.empty()) return nullptr;
    return out_.items[0].record;
  }
  std::string Refused(std::string_view json) {
    decoder_.Decode(json, {kNow, kNow}, out_);
    if (!out_.items.empty() || out_.rejected.size() != 1) return "not refused";
    return out_.rejected[0].error.code + ": " + out_.rejected[0].error.message;
  }
  // In the words of the contract, with who answered.
  std::string Verdict(std::string_view json) {
    const auto* record = One(json);
    if (record == nullptr) return "refused";
    const auto read = Classify(*record, kMinRingMsDefault);
    return std::string(WordOf(read.verdict)) +
           (read.answered_by == v1::ANSWERED_BY_VOICEMAIL ? " by voicemail" : "") +
           (record->call_over() ? ", over" : "");
  }

  Decoder decoder_;
  Decoded out_;
};

// As nested as Diameter has it, under "event" as Clearwater writes it.
std::string Nested(std::string_view type, std::string_view ims, std::string_view service = "") {
  return R"({"peers":{"ccf":["192.0.2.1"]},"event":{"Accounting-Record-Type":)" +
         std::string(type) + R"(,"Event-Timestamp":)" + std::to_string(kBeginS) +
         R"(,"Service-Information":{)" + std::string(service) +
         R"("IMS-Information":{"Event-Type":{"SIP-Method":"INVITE"},)" +
         R"("Calling-Party-Address":["sip:+447700900001@ims.example.com","tel:+447700900001"],)" +
         R"("IMS-Charging-Identifier":"icid-1","User-Session-Id":"call-1",)" + std::string(ims) +
         "}}}}";
}

std::string Times(int seconds) {
  return R"("Time-Stamps":{"SIP-Request-Timestamp":)" + std::to_string(kBeginS) +
         R"(,"SIP-Request-Timestamp-Fraction":250,"SIP-Response-Timestamp":)" +
         std::to_string(kBeginS + seconds) + R"(,"SIP-Response-Timestamp-Fraction":750},)";
}

TEST_F(RfJsonTest, CallerGivesUp) {
  const auto json =
      Nested("1", Times(12) + R"("Role-Of-Node":0,"Node-Functionality":0,"Cause-Code":487,
                                 "Requested-Party-Address":"tel:+447700900100")");
  EXPECT_EQ(Verdict(json), "abandoned, over");
  const auto& record = *One(json);
  EXPECT_EQ(record.calling().e164(), "+447700900001");
  EXPECT_EQ(record.called().e164(), "+447700900100");
  EXPECT_EQ(record.join_key(), "icid-1");
  EXPECT_EQ(record.leg_id(), "call-1");
  EXPECT_EQ(record.started_at_ms(), kBeginS * 1000 + 250);
  EXPECT_EQ(record.ended_at_ms(), kBeginS * 1000 + 12'750);
  EXPECT_EQ(Verdict(Nested("1", Times(2) + R"("Role-Of-Node":0,"Cause-Code":487)")),
            "short_ring, over");
}

// The called side's proxies don't end the call; the application server and the caller's side do.
TEST_F(RfJsonTest, WhoseRecordEndsTheCall) {
  struct Case {
    int node;
    int role;
    const char* verdict;
  };
  for (const auto& c : {
           Case{0, 0, "busy, over"},
           Case{0, 1, "busy"},
           Case{1, 0, "busy, over"},
           Case{1, 1, "busy"},
           Case{2, 1, "continues"},   // I-CSCF
           Case{3, 0, "continues"},   // MRFC
           Case{4, 0, "busy, over"},  // MGCF: a call from the PSTN
           Case{5, 0, "continues"},   // BGCF
           Case{6, 1, "busy, over"},  // AS
           Case{7, 1, "busy"},        // IBCF
           Case{99, 1, "busy"},
       }) {
    EXPECT_EQ(Verdict(Nested("1", Times(12) + R"("Cause-Code":486,"Role-of-Node":)" +
                                      std::to_string(c.role) + R"(,"Node-Functionality":)" +
                                      std::to_string(c.node))),
              c.verdict)
        << c.node << " " << c.role;
  }
}

TEST_F(RfJsonTest, RecordTypes) {
  const std::string role = R"("Role-Of-Node":0,)";
  EXPECT_EQ(Verdict(Nested("2", Times(5) + role + R"("Cause-Code":-3)")), "answered");
  EXPECT_EQ(Verdict(Nested("\"START_RECORD\"", Times(5) + role + R"("Cause-Code":-3)")),
            "answered");
  EXPECT_EQ(One(Nested("2", Times(5) + role + R"("Cause-Code":-3)"))->answered_at_ms(),
            kBeginS * 1000 + 5'750);
  EXPECT_EQ(Verdict(Nested("3", Times(0) + role + R"("Cause-Code":0)")), "answered");
  EXPECT_TRUE(One(Nested("3", Times(0) + role + R"("Cause-Code":0)"))->partial_open());
  // A STOP whose Reason says "elsewhere", or with a status: the session had been answered.
  EXPECT_EQ(Verdict(Nested("4", Times(0) + role + R"("Cause-Code":0,
      "Reason-Header":["SIP;cause=200;text=\"Call completed elsewhere\""])")),
            "answered, over");
  EXPECT_EQ(Verdict(Nested("\"stop\"", Times(0) + role + R"("Cause-Code":408)")), "answered, over");
  // A success without a session leads on.
  EXPECT_EQ(Verdict(Nested("1", Times(0) + role + R"("Cause-Code":-1)")), "continues");
  EXPECT_THAT(Refused(Nested("5", "\"Cause-Code\":0")), HasSubstr("record_type: "));
  EXPECT_THAT(Refused(R"({"event":{"Event-Timestamp":1772702430}})"),
              HasSubstr("field_missing: there is no Accounting-Record-Type"));
}

TEST_F(RfJsonTest, Causes) {
  const auto verdict = [this](std::string_view more) {
    return Verdict(Nested("1", Times(25) + R"("Role-Of-Node":0,)" + std::string(more)));
  };
  EXPECT_EQ(verdict(R"("Cause-Code":480)"), "unreachable, over");
  EXPECT_EQ(verdict(R"("Cause-Code":"480","Reason-Header":"Q.850;cause=19;text=\"no, answer\"")"),
            "no_answer, over");
  EXPECT_EQ(verdict(R"("Cause-Code":603)"), "declined, over");
  EXPECT_EQ(verdict(R"("Cause-Code":487,"Reason-Header":["SIP ;cause=200 ;text=\"x\""])"),
            "answered_elsewhere, over");
  EXPECT_EQ(verdict(R"("Cause-Code":487,"Reason-Header":["Q.850;cause=16, SIP;cause=487"])"),
            "abandoned, over");
  EXPECT_EQ(verdict(R"("Cause-Code":2)"), "unresolved, over");
  EXPECT_EQ(verdict(R"("Cause-Code":3)"), "network_failure, over");
  EXPECT_EQ(verdict(R"("Cause-Code":487,"SIP-Method":"MESSAGE")"), "not_a_call");
}

TEST_F(RfJsonTest, PartiesOfAForwardedCall) {
  const auto json = Nested(
      "4",
      R"("Role-Of-Node":1,"Node-Functionality":6,"Cause-Code":0,
         "Called-Party-Address":"sip:+447700900999@vm.example.com;user=phone",
         "Requested-Party-Address":"tel:+447700900100")",
      R"("Subscription-Id":[{"Subscription-Id-Type":2,"Subscription-Id-Data":"sip:b@example.com"},
         {"Subscription-Id-Type":0,"Subscription-Id-Data":"447700900100"}],)");
  EXPECT_EQ(Verdict(json), "voicemail by voicemail, over");
  const auto& record = *One(json);
  EXPECT_EQ(record.called().e164(), "+447700900999");
  EXPECT_EQ(record.original_called().e164(), "+447700900100");
}

TEST_F(RfJsonTest, WithheldIsAnAnonymousFrom) {
  const auto& record = *One(Nested("1", R"("Role-Of-Node":0,"Cause-Code":486,
                          "From-Address":"\"A\" <sip:anonymous@anonymous.invalid>;tag=1")"));
  EXPECT_EQ(record.calling().presentation(), v1::Party::PRESENTATION_RESTRICTED);
  EXPECT_EQ(One(Nested("1", R"("Cause-Code":486,"From-Address":"<sip:+447700900001@x>;tag=1")"))
                ->calling()
                .presentation(),
            v1::Party::PRESENTATION_UNSPECIFIED);
}

TEST_F(RfJsonTest, RoamingNumberIsNobodys) {
  const auto& record = *One(Nested("1", R"("Cause-Code":486,"Role-Of-Node":1,
      "Called-Party-Address":"tel:+447700900881","Requested-Party-Address":"tel:+447700900100")"));
  EXPECT_EQ(record.called().e164(), "+447700900100");
  EXPECT_THAT(record.DebugString(), testing::Not(HasSubstr("900881")));
}

// Flat, names of another style, times as text and in Diameter's era.
TEST_F(RfJsonTest, OtherSpellings) {
  const auto& record = *One(R"({"accountingRecordType":"EVENT_RECORD","role_of_node":
      "ORIGINATING_ROLE","nodeFunctionality":"S-CSCF","causeCode":"486",
      "sipRequestTimestamp":"2026-03-05T10:20:30.250+01:00",
      "sipResponseTimestamp":3981691240,"callingPartyAddress":"tel:+447700900001",
      "calledPartyAddress":"tel:+447700900100","imsChargingIdentifier":"i","unknown":{"a":[1]}})");
  EXPECT_EQ(record.started_at_ms(), 1'772'702'430'250);
  EXPECT_EQ(record.ended_at_ms(), (3'981'691'240 - 2'208'988'800) * 1000);
  EXPECT_TRUE(record.call_over());
  // A clock that was never set: valid, and long past.
  EXPECT_EQ(One(R"({"Accounting-Record-Type":1,"Event-Timestamp":120,"Cause-Code":486})")
                ->started_at_ms(),
            kEarliestMs + 120'000);
}

TEST_F(RfJsonTest, Refused) {
  EXPECT_THAT(Refused("{"), HasSubstr("json_malformed"));
  EXPECT_THAT(Refused("[]"), HasSubstr("json_malformed: the request is no object"));
  EXPECT_THAT(Refused("\xff"), HasSubstr("_"));
  EXPECT_THAT(Refused(R"({"Accounting-Record-Type":"BEGIN"})"),
              HasSubstr("json_bad_value: Accounting-Record-Type is none of its values"));
  EXPECT_THAT(Refused(R"({"Accounting-Record-Type":1,"Cause-Code":4.5})"),
              HasSubstr("json_bad_value: Cause-Code is no whole number"));
  EXPECT_THAT(Refused(R"({"Accounting-Record-Type":1,"Event-Timestamp":"yesterday"})"),
              HasSubstr("json_bad_value: Event-Timestamp is no time"));
  EXPECT_THAT(Refused(R"({"Accounting-Record-Type":1,"Called-Party-Address":447700900100})"),
              HasSubstr("json_bad_value: Called-Party-Address is no text"));
  EXPECT_THAT(Refused(R"({"Accounting-Record-Type":1,"SIP-Request-Timestamp-Fraction":1000})"),
              HasSubstr("json_bad_value"));
  EXPECT_THAT(Refused(R"({"Accounting-Record-Type":1})"), HasSubstr("time_missing"));
  std::string deep = R"({"Accounting-Record-Type":1})";
  for (int i = 0; i < 9; ++i) deep = R"({"event":)" + deep + "}";
  EXPECT_THAT(Refused(deep), HasSubstr("json_bad_value: event is nested too deep"));
}

}  // namespace
}  // namespace textback::cdr
