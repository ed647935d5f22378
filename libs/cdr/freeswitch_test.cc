#include "cdr/freeswitch.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cdr/cause.h"
#include "cdr/decoder.h"
#include "cdr/freeswitch_text.h"
#include "cdr/reasons.h"
#include "cdr/source_kind.h"

namespace textback::cdr {
namespace {

constexpr std::int64_t kNow = 1'790'000'100'000;
constexpr std::string_view kALeg = "11111111-0000-4000-8000-000000000001";
constexpr std::string_view kBLeg = "22222222-0000-4000-8000-000000000002";

using Variables = std::vector<std::pair<std::string, std::string>>;

class FreeswitchTest : public testing::Test {
 protected:
  Decoder Make(std::string adapter, std::string profile = {}) {
    SourceConfig config;
    config.name = "pbx";
    config.format.adapter = std::move(adapter);
    config.format.profile = std::move(profile);
    config.numbering.country = "US";
    config.settle.set_emits(v1::SettleProfile::EMITS_LEG_END);
    auto made = Decoder::Make(std::move(config));
    EXPECT_TRUE(made) << made.error().message;
    return std::move(made).value();
  }

  const v1::CallRecord& Record(Decoder& decoder, std::string_view value) {
    static const v1::CallRecord kNone;
    decoder.Decode(value, {kNow, kNow}, out_);
    for (const auto& rejected : out_.rejected)
      ADD_FAILURE() << rejected.error.code << ": " << rejected.error.message;
    return out_.items.empty() ? kNone : *out_.items[0].record;
  }

  std::string Refusal(Decoder& decoder, std::string_view value) {
    decoder.Decode(value, {kNow, kNow}, out_);
    EXPECT_TRUE(out_.items.empty());
    return out_.rejected.empty() ? std::string() : out_.rejected[0].error.code;
  }

  // Variables of a caller's leg that came from a trunk, with `more` in place of or beside them.
  static std::string Json(Variables more, std::string_view profiles = {}) {
    const Variables usual = {{"uuid", std::string(kALeg)},
                             {"direction", "inbound"},
                             {"start_uepoch", "1790000000000000"},
                             {"progress_uepoch", "1790000001000000"},
                             {"progress_epoch", "1790000001"},
                             {"progress_media_uepoch", "0"},
                             {"answer_uepoch", "0"},
                             {"answer_epoch", "0"},
                             {"bridge_epoch", "0"},
                             {"bridge_uepoch", "0"},
                             {"end_uepoch", "1790000021000000"},
                             {"hangup_cause", "NORMAL_CLEARING"}};
    for (const auto& variable : usual) {
      const bool given = std::ranges::any_of(
          more, [&variable](const auto& other) { return other.first == variable.first; });
      if (!given) more.push_back(variable);
    }
    std::string text = R"({"core-uuid":"c","callStats":{"audio":{"mos":4.5}},"variables":{)";
    for (const auto& [name, value] : more) {
      text += text.ends_with('{') ? "\"" : ",\"";
      text += name + "\":\"" + value + "\"";
    }
    text += R"(},"callflow":[)";
    text += profiles.empty()
                ? R"({"profile_index":"1","caller_profile":{"caller_id_name":"+15550100001",
                    "caller_id_number":"+15550100001","ani":"+15550100001","rdnis":"",
                    "destination_number":"+15550100002","context":"public"}})"
                : profiles;
    return text + "]}";
  }

  v1::Verdict VerdictOf(const Variables& more) {
    auto decoder = Make("freeswitch-json");
    return Classify(Record(decoder, Json(more)), kMinRingMsDefault).verdict;
  }

  static Variables Answered(Variables more) {
    more.emplace_back("answer_uepoch", "1790000001500000");
    more.emplace_back("answer_epoch", "1790000001");
    return more;
  }
  static Variables CalledLeg(Variables more) {
    more.emplace_back("uuid", kBLeg);
    more.emplace_back("direction", "outbound");
    more.emplace_back("originating_leg_uuid", kALeg);
    return more;
  }

  Decoded out_;
};

TEST_F(FreeswitchTest, ACallThatNobodyAnswered) {
  auto decoder = Make("freeswitch-json");
  const auto& record =
      Record(decoder, Json({{"hangup_cause", "NO_ANSWER"}, {"last_app", "bridge"}}));
  EXPECT_EQ(record.record_id(), kALeg);
  EXPECT_EQ(record.join_key(), kALeg);
  EXPECT_TRUE(record.call_over());
  EXPECT_FALSE(record.leg_only());
  EXPECT_EQ(record.calling().e164(), "+15550100001");
  EXPECT_EQ(record.called().e164(), "+15550100002");
  EXPECT_FALSE(record.has_original_called());
  EXPECT_EQ(record.direction(), v1::DIRECTION_INBOUND);
  EXPECT_EQ(record.started_at_ms(), 1'790'000'000'000);
  EXPECT_EQ(record.ringing_at_ms(), 1'790'000'001'000);
  EXPECT_EQ(record.ended_at_ms(), 1'790'000'021'000);
  EXPECT_EQ(record.ring_ms(), 20'000);
  EXPECT_EQ(record.reason_text(), "NO_ANSWER in bridge");
  EXPECT_EQ(Classify(record, kMinRingMsDefault).verdict, v1::VERDICT_NO_ANSWER);
}

TEST_F(FreeswitchTest, CausesOfAnUnansweredCall) {
  const struct {
    Variables variables;
    v1::Verdict verdict;
  } cases[] = {
      {{{"hangup_cause", "USER_BUSY"}}, v1::VERDICT_BUSY},
      {{{"hangup_cause", "ORIGINATOR_CANCEL"}}, v1::VERDICT_ABANDONED},
      // Never rang.
      {{{"hangup_cause", "ORIGINATOR_CANCEL"}, {"progress_uepoch", "0"}, {"progress_epoch", "0"}},
       v1::VERDICT_SHORT_RING},
      // 183 alone counts as ringing.
      {{{"hangup_cause", "ORIGINATOR_CANCEL"},
        {"progress_uepoch", "0"},
        {"progress_epoch", "0"},
        {"progress_media_uepoch", "1790000002000000"}},
       v1::VERDICT_ABANDONED},
      {{{"hangup_cause", "ORIGINATOR_CANCEL"}, {"originate_disposition", "SUCCESS"}},
       v1::VERDICT_ABANDONED},
      {{{"hangup_cause", "NORMAL_CLEARING"}}, v1::VERDICT_UNRESOLVED},
      {{{"proto_specific_hangup_cause", "sip%3A200"}}, v1::VERDICT_UNRESOLVED},
      {{{"last_bridge_hangup_cause", "NO_ANSWER"}}, v1::VERDICT_NO_ANSWER},
      {{{"originate_disposition", "USER_NOT_REGISTERED"}}, v1::VERDICT_UNREACHABLE},
      {{{"DIALSTATUS", "BUSY"}}, v1::VERDICT_BUSY},
      {{{"DIALSTATUS", "ANSWER"}}, v1::VERDICT_UNRESOLVED},
      {{{"last_bridge_proto_specific_hangup_cause", "sip:486"}}, v1::VERDICT_BUSY},
      {{{"hangup_cause", "CALL_REJECTED"}}, v1::VERDICT_DECLINED},
      {{{"hangup_cause", "CALL_REJECTED"},
        {"last_bridge_proto_specific_hangup_cause", "sip%3A403"}},
       v1::VERDICT_NETWORK_FAILURE},
      {{{"hangup_cause", "CALL_REJECTED"},
        {"last_bridge_proto_specific_hangup_cause", "sip%3A603"}},
       v1::VERDICT_DECLINED},
      {{{"hangup_cause", "LOSE_RACE"}}, v1::VERDICT_ANSWERED_ELSEWHERE},
      {{{"hangup_cause", "PICKED_OFF"}}, v1::VERDICT_ANSWERED_ELSEWHERE},
      {{{"hangup_cause", "ORIGINATOR_CANCEL"},
        {"sip_reason", "SIP ;cause=200 ;text=%22Call completed elsewhere%22"}},
       v1::VERDICT_ANSWERED_ELSEWHERE},
      {{{"hangup_cause", "ATTENDED_TRANSFER"}}, v1::VERDICT_CONTINUES},
      {{{"hangup_cause", "UNWANTED"}}, v1::VERDICT_BLOCKED},
      {{{"hangup_cause", "MANAGER_REQUEST"}}, v1::VERDICT_UNRESOLVED},
      // Its own numbers are nobody's business: 603 is USER_CHALLENGE there.
      {{{"hangup_cause", "USER_CHALLENGE"}, {"hangup_cause_q850", "16"}},
       v1::VERDICT_NETWORK_FAILURE},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(VerdictOf(c.variables), c.verdict)
        << c.variables[0].first << " " << c.variables[0].second;
  }
}

TEST_F(FreeswitchTest, WhoAnswered) {
  const std::pair<std::string, std::string> kBridged = {"bridge_uepoch", "1790000003000000"};
  const struct {
    Variables variables;
    v1::Verdict verdict;
    v1::AnsweredBy by;
  } cases[] = {
      {{kBridged}, v1::VERDICT_ANSWERED, v1::ANSWERED_BY_UNKNOWN},
      {{kBridged, {"dialed_user", "1000"}}, v1::VERDICT_ANSWERED, v1::ANSWERED_BY_PERSON},
      {{{"last_app", "voicemail"}, {"last_arg", "default example.com 1000"}},
       v1::VERDICT_VOICEMAIL,
       v1::ANSWERED_BY_VOICEMAIL},
      // After a failed attempt to reach the phone.
      {{{"last_app", "voicemail"}, {"originate_disposition", "NO_ANSWER"}},
       v1::VERDICT_VOICEMAIL,
       v1::ANSWERED_BY_VOICEMAIL},
      {{{"last_app", "voicemail"}, {"last_arg", "check default example.com"}},
       v1::VERDICT_ANSWERED,
       v1::ANSWERED_BY_IVR},
      {{{"last_app", "lua"}, {"last_arg", "app.lua voicemail"}},
       v1::VERDICT_VOICEMAIL,
       v1::ANSWERED_BY_VOICEMAIL},
      {{{"last_app", "ivr"}}, v1::VERDICT_ANSWERED, v1::ANSWERED_BY_IVR},
      {{{"last_app", "conference"}}, v1::VERDICT_ANSWERED, v1::ANSWERED_BY_UNKNOWN},
      {{{"cc_queue", "sales@default"}, {"cc_side", "member"}},
       v1::VERDICT_QUEUE_ABANDON,
       v1::ANSWERED_BY_QUEUE},
      {{{"cc_queue", "sales@default"}, {"cc_agent_bridged", "true"}},
       v1::VERDICT_ANSWERED,
       v1::ANSWERED_BY_PERSON},
      {{{"cc_queue", "sales@default"}, {"cc_queue_answered_epoch", "1790000009"}},
       v1::VERDICT_ANSWERED,
       v1::ANSWERED_BY_PERSON},
      {{{"fifo_role", "caller"}, {"fifo_status", "ABORTED"}},
       v1::VERDICT_QUEUE_ABANDON,
       v1::ANSWERED_BY_QUEUE},
      {{{"fifo_role", "caller"}, {"fifo_status", "DONE"}},
       v1::VERDICT_ANSWERED,
       v1::ANSWERED_BY_PERSON},
      // The switch answered, and then nobody did.
      {{{"last_app", "playback"}, {"originate_disposition", "NO_ANSWER"}},
       v1::VERDICT_NO_ANSWER,
       v1::ANSWERED_BY_UNSPECIFIED},
      {{{"last_app", "bridge"}, {"last_bridge_hangup_cause", "USER_BUSY"}},
       v1::VERDICT_BUSY,
       v1::ANSWERED_BY_UNSPECIFIED},
      // A talk, and then a transfer that failed: they have talked.
      {{kBridged, {"last_bridge_hangup_cause", "NO_ANSWER"}},
       v1::VERDICT_ANSWERED,
       v1::ANSWERED_BY_UNKNOWN},
  };
  auto decoder = Make("freeswitch-json");
  for (const auto& c : cases) {
    const auto read = Classify(Record(decoder, Json(Answered(c.variables))), kMinRingMsDefault);
    EXPECT_EQ(read.verdict, c.verdict) << c.variables.back().first << c.variables.back().second;
    EXPECT_EQ(read.answered_by, c.by) << c.variables.back().first << c.variables.back().second;
  }
}

TEST_F(FreeswitchTest, ACalledLegOnlyClaimsWhatItProves) {
  auto decoder = Make("freeswitch-json");
  const struct {
    Variables variables;
    v1::Verdict verdict;
  } cases[] = {
      {{{"hangup_cause", "NO_ANSWER"}}, v1::VERDICT_CONTINUES},
      {{{"hangup_cause", "ORIGINATOR_CANCEL"}}, v1::VERDICT_CONTINUES},
      {{{"hangup_cause", "LOSE_RACE"}}, v1::VERDICT_ANSWERED_ELSEWHERE},
      // Took the call, but was never joined with the caller (a confirm key not pressed).
      {Answered({{"dialed_user", "1000"}}), v1::VERDICT_CONTINUES},
      {Answered({{"bridge_uepoch", "1790000003000000"}}), v1::VERDICT_ANSWERED},
      {Answered({{"bridge_uepoch", "1790000003000000"}, {"loopback_leg", "A"}}),
       v1::VERDICT_CONTINUES},
  };
  for (const auto& c : cases) {
    const auto& record = Record(decoder, Json(CalledLeg(c.variables)));
    EXPECT_EQ(record.join_key(), kALeg);
    EXPECT_EQ(record.record_id(), kBLeg);
    EXPECT_FALSE(record.call_over());
    EXPECT_EQ(record.direction(), v1::DIRECTION_UNSPECIFIED);
    EXPECT_EQ(Classify(record, kMinRingMsDefault).verdict, c.verdict) << c.variables[0].second;
  }
}

TEST_F(FreeswitchTest, WhoseLegItIs) {
  auto decoder = Make("freeswitch-json");
  for (const std::string name : {"originating_leg_uuid", "originator", "ent_originate_aleg_uuid",
                                 "cc_member_session_uuid", "fifo_bridge_uuid"}) {
    const auto& record =
        Record(decoder, Json({{"uuid", std::string(kBLeg)}, {name, std::string(kALeg)}}));
    EXPECT_EQ(record.join_key(), kALeg) << name;
    EXPECT_TRUE(record.leg_only()) << name;
  }
  // Set several times; and joined by uuid_bridge, where nobody originated it.
  EXPECT_EQ(Record(decoder, Json({{"uuid", std::string(kBLeg)},
                                  {"originator", "ARRAY%3A%3A" + std::string(kALeg) + "%7C%3Ax"}}))
                .join_key(),
            kALeg);
  EXPECT_EQ(Record(decoder, Json({{"uuid", std::string(kBLeg)},
                                  {"direction", "outbound"},
                                  {"last_bridge_role", "originatee"},
                                  {"signal_bond", std::string(kALeg)}}))
                .join_key(),
            kALeg);
  EXPECT_EQ(
      Record(decoder, Json({{"cc_side", "member"}, {"cc_member_session_uuid", "x"}})).join_key(),
      kALeg);
  EXPECT_EQ(Record(decoder, Json({{"fifo_role", "caller"}, {"fifo_bridge_uuid", "x"}})).join_key(),
            kALeg);
  // Both legs have a bond: on the caller's own it names nobody's caller.
  EXPECT_EQ(Record(decoder, Json({{"signal_bond", std::string(kBLeg)}})).join_key(), kALeg);
  const auto& nested =
      Record(decoder, Json({{"uuid", std::string(kBLeg)}},
                           R"({"profile_index":"1","caller_profile":{"caller_id_number":"1000",
                      "destination_number":"1001","originator":{"originator_caller_profiles":[{
                      "caller_id_number":"+15550100001","destination_number":"+15550100002",
                      "uuid":"11111111-0000-4000-8000-000000000001"}]}}})"));
  EXPECT_EQ(nested.join_key(), kALeg);
  EXPECT_EQ(nested.calling().number(), "+15550100001");
  EXPECT_EQ(nested.original_called().number(), "+15550100002");
  EXPECT_EQ(nested.called().number(), "1001");
}

TEST_F(FreeswitchTest, DirectionIsTheBusinesssAndNotTheSwitchs) {
  const std::string from_user = R"({"profile_index":"1","caller_profile":{
      "caller_id_number":"1000","destination_number":"15550100003","context":"default"}})";
  const struct {
    std::string profile;
    Variables variables;
    std::string callflow;
    v1::Direction direction;
  } cases[] = {
      {"", {}, "", v1::DIRECTION_INBOUND},  // context public
      {"", {}, from_user, v1::DIRECTION_UNSPECIFIED},
      {"", {{"user_name", "1000"}}, from_user, v1::DIRECTION_OUTBOUND},
      {"", {{"sip_auth_username", "1000"}}, from_user, v1::DIRECTION_OUTBOUND},
      {"", {{"user_name", "1000"}, {"dialed_user", "1001"}}, from_user, v1::DIRECTION_UNSPECIFIED},
      {"", {{"sip_gateway_name", "carrier"}}, from_user, v1::DIRECTION_INBOUND},
      {"", {{"sofia_profile_name", "external"}}, from_user, v1::DIRECTION_INBOUND},
      {"", {{"call_direction", "outbound"}}, "", v1::DIRECTION_OUTBOUND},
      {"", {{"call_direction", "inbound"}, {"user_name", "1"}}, "", v1::DIRECTION_INBOUND},
      {"", {{"call_direction", "local"}}, "", v1::DIRECTION_UNSPECIFIED},
      {"", {{"direction", "outbound"}}, "", v1::DIRECTION_OUTBOUND},
      {"inbound=default,trunk", {{"user_name", "1000"}}, from_user, v1::DIRECTION_INBOUND},
      {"inbound=trunk outbound=public", {}, "", v1::DIRECTION_OUTBOUND},
  };
  for (const auto& c : cases) {
    auto decoder = Make("freeswitch-json", c.profile);
    EXPECT_EQ(Record(decoder, Json(c.variables, c.callflow)).direction(), c.direction)
        << c.profile << (c.variables.empty() ? "" : c.variables[0].first);
  }
  for (const std::string_view wrong : {"x", "inbound", "inbound=", "context=a"})
    EXPECT_FALSE(FreeswitchProfile::Parse(wrong)) << wrong;
}

TEST_F(FreeswitchTest, AUsersCallShowsTheNumberThatTheWorldSaw) {
  auto decoder = Make("freeswitch-json");
  const auto& record =
      Record(decoder, Json({{"user_name", "1000"}, {"effective_caller_id_number", "15550100002"}},
                           R"({"profile_index":"1","caller_profile":{"caller_id_number":"1000",
                            "destination_number":"15550100001","context":"default"}})"));
  EXPECT_EQ(record.calling().e164(), "+15550100002");
  EXPECT_EQ(record.called().e164(), "+15550100001");
}

TEST_F(FreeswitchTest, TransfersLeaveTheFirstNumberAsServed) {
  auto decoder = Make("freeswitch-json");
  // The newest profile comes first.
  const auto& record = Record(
      decoder, Json({{"hangup_cause", "NO_ANSWER"}},
                    R"({"profile_index":"3","caller_profile":{"caller_id_number":"+15550100001",
             "rdnis":"1000","destination_number":"1001","context":"default"}},
             {"profile_index":"2","caller_profile":{"caller_id_number":"+15550100001",
             "rdnis":"+15550100002","destination_number":"1000","context":"default"}},
             {"profile_index":"1","caller_profile":{"caller_id_number":"+15550100001",
             "destination_number":"+15550100002","context":"public"}})"));
  EXPECT_EQ(record.original_called().e164(), "+15550100002");
  EXPECT_EQ(record.called().number(), "1001");
  EXPECT_EQ(record.redirecting().number(), "1000");
  EXPECT_EQ(record.calling().e164(), "+15550100001");
  EXPECT_EQ(record.direction(), v1::DIRECTION_INBOUND);
}

TEST_F(FreeswitchTest, WithheldIsAnIndicatorOrAWordForIt) {
  auto decoder = Make("freeswitch-json");
  const Variables withheld[] = {
      {{"privacy_hide_number", "true"}},
      {{"sip_h_Privacy", "id"}},
      {{"sip_Privacy", "user;critical"}},
      {{"sip_Remote-Party-ID", "%3Csip%3A%2B15550100001%40x%3E%3Bprivacy%3Dfull"}},
      {{"sip_from_user", "anonymous"}},
      {{"effective_caller_id_number", "anonymous"}},
  };
  for (const auto& variables : withheld) {
    const auto& record = Record(decoder, Json(variables));
    EXPECT_EQ(record.calling().presentation(), v1::Party::PRESENTATION_RESTRICTED)
        << variables[0].first;
  }
  const Variables shown[] = {
      {}, {{"sip_h_Privacy", "none"}}, {{"privacy_hide_number", "false"}}, {{"sip_from_user", ""}}};
  for (const auto& variables : shown) {
    EXPECT_NE(Record(decoder, Json(variables)).calling().presentation(),
              v1::Party::PRESENTATION_RESTRICTED);
  }
}

TEST_F(FreeswitchTest, ALegThatTheSwitchMade) {
  auto decoder = Make("freeswitch-json");
  const auto& record = Record(
      decoder, Json(Answered({{"direction", "outbound"},
                              {"channel_cid_flipped", "yes"},
                              {"origination_caller_id_number", "+15550100002"}}),
                    R"({"profile_index":"1","caller_profile":{"caller_id_number":"+15550100001",
                      "ani":"+15550100002","destination_number":"+15550100001"}})"));
  EXPECT_EQ(record.direction(), v1::DIRECTION_OUTBOUND);
  EXPECT_EQ(record.calling().e164(), "+15550100002");
  EXPECT_EQ(record.called().e164(), "+15550100001");
  EXPECT_EQ(record.answered_by(), v1::ANSWERED_BY_UNKNOWN);
}

TEST_F(FreeswitchTest, WhatIsNotJsonIsReadAllTheSame) {
  auto decoder = Make("freeswitch-json");
  for (const std::string_view number : {"nan", "-nan", "inf", "-inf"}) {
    auto text = Json({{"hangup_cause", "NO_ANSWER"}, {"note", "nan \\\" inf"}});
    text.replace(text.find("4.5"), 3, number);
    EXPECT_EQ(Record(decoder, text).calling().e164(), "+15550100001") << number;
  }
  auto latin1 = Json({{"hangup_cause", "NO_ANSWER"}, {"name", "Ren\xe9"}});
  EXPECT_EQ(Record(decoder, latin1).record_id(), kALeg);

  std::string json = R"({"a":nan,"b":"nan\"inf\\","c":-inf})";
  EXPECT_TRUE(ReplaceNotNumbers(json));
  EXPECT_EQ(json, R"({"a":0  ,"b":"nan\"inf\\","c": 0  })");
  EXPECT_FALSE(ReplaceNotNumbers(json));
}

TEST_F(FreeswitchTest, Refusals) {
  auto json = Make("freeswitch-json");
  EXPECT_EQ(Refusal(json, "{"), reasons::kJsonMalformed);
  EXPECT_EQ(Refusal(json, "[]"), reasons::kJsonMalformed);
  EXPECT_EQ(Refusal(json, "{}"), reasons::kFieldMissing);
  EXPECT_EQ(Refusal(json, Json({{"answer_uepoch", "soon"}})), reasons::kJsonBadValue);
  EXPECT_EQ(out_.rejected[0].error.message, "answer_uepoch must be a whole number, not \"soon\"");
  EXPECT_EQ(Refusal(json, R"({"Event-Name":"HEARTBEAT"})"), reasons::kRecordType);
  EXPECT_EQ(Refusal(json, std::string(200, '[')), reasons::kJsonMalformed);

  auto xml = Make("freeswitch-xml");
  EXPECT_EQ(Refusal(xml, "<cdr>"), reasons::kXmlMalformed);
  EXPECT_EQ(Refusal(xml, "<html></html>"), reasons::kRecordType);
  EXPECT_EQ(Refusal(xml, "<cdr></cdr>"), reasons::kFieldMissing);
  EXPECT_EQ(
      Refusal(xml, "<cdr><variables><hangup_cause>NO_ANSWER</hangup_cause></variables></cdr>"),
      reasons::kTimeMissing);
  EXPECT_EQ(Refusal(xml,
                    "<cdr><variables><hangup_cause>NO_ANSWER</hangup_cause>"
                    "<end_epoch>x</end_epoch></variables></cdr>"),
            reasons::kXmlBadValue);

  auto event = Make("freeswitch-event");
  EXPECT_EQ(Refusal(event, "Event-Name: CHANNEL_ANSWER\n"), reasons::kRecordType);
  EXPECT_EQ(Refusal(event, "hello\n"), reasons::kTextMalformed);
  EXPECT_EQ(Refusal(event, "Content-Length: 5\n\n"), reasons::kFieldMissing);
}

constexpr std::string_view kOldXml = R"(<?xml version="1.0"?>
<cdr>
  <variables>
    <start_epoch>1790000000</start_epoch>
    <progress_epoch>1790000002</progress_epoch>
    <answer_epoch>0</answer_epoch>
    <end_epoch>1790000032</end_epoch>
    <hangup_cause>NO_ANSWER</hangup_cause>
    <last_app>bridge</last_app>
  </variables>
  <app_log><application app_name="bridge" app_data="user/1000"></application></app_log>
  <callflow dialplan="XML" profile_index="1">
    <extension name="local"><application app_name="bridge" app_data="a&amp;b"></application></extension>
    <caller_profile>
      <caller_id_name>A &amp; B</caller_id_name>
      <caller_id_number>%2B15550100001</caller_id_number>
      <destination_number>15550100002</destination_number>
      <uuid>11111111-0000-4000-8000-000000000001</uuid>
      <context>public</context>
      <originatee><originatee_caller_profile><uuid>x</uuid></originatee_caller_profile></originatee>
    </caller_profile>
    <times><created_time>1790000000000000</created_time></times>
  </callflow>
</cdr>)";

TEST_F(FreeswitchTest, OldXmlHasItsUuidInTheCallerProfile) {
  auto decoder = Make("freeswitch-xml");
  const auto& record = Record(decoder, kOldXml);
  EXPECT_EQ(record.record_id(), kALeg);
  EXPECT_TRUE(record.call_over());
  EXPECT_EQ(record.calling().e164(), "+15550100001");
  EXPECT_EQ(record.called().e164(), "+15550100002");
  EXPECT_EQ(record.ring_ms(), 30'000);
  EXPECT_EQ(Classify(record, kMinRingMsDefault).verdict, v1::VERDICT_NO_ANSWER);
}

TEST_F(FreeswitchTest, OldXmlOfACalledLeg) {
  auto decoder = Make("freeswitch-xml");
  std::string text(kOldXml);
  const std::string_view originatee =
      "<originatee><originatee_caller_profile><uuid>x</uuid></originatee_caller_profile>"
      "</originatee>";
  text.replace(text.find(originatee), originatee.size(),
               "<originator><originator_caller_profile><caller_id_number>15550100009"
               "</caller_id_number><uuid>33333333-0000-4000-8000-000000000003</uuid>"
               "</originator_caller_profile></originator>");
  const auto& record = Record(decoder, text);
  EXPECT_EQ(record.record_id(), kALeg);
  EXPECT_EQ(record.join_key(), "33333333-0000-4000-8000-000000000003");
  EXPECT_EQ(record.calling().e164(), "+15550100009");
  EXPECT_TRUE(record.leg_only());
}

TEST_F(FreeswitchTest, AFormThatAModulePosted) {
  auto xml = Make("freeswitch-xml");
  std::string form = "uuid=a_11111111&cdr=";
  for (const char c : kOldXml) {
    if (c == ' ') {
      form += '+';
    } else if (std::string_view("<>&%\n\"=").find(c) != std::string_view::npos) {
      constexpr std::string_view kHex = "0123456789ABCDEF";
      form +=
          {'%', kHex[static_cast<unsigned char>(c) / 16], kHex[static_cast<unsigned char>(c) % 16]};
    } else {
      form += c;
    }
  }
  EXPECT_EQ(Record(xml, form).record_id(), kALeg);
}

constexpr std::string_view kEvent =
    "Content-Length: 900\r\nContent-Type: text/event-plain\r\n\r\n"
    "Event-Name: CHANNEL_HANGUP_COMPLETE\n"
    "Unique-ID: 11111111-0000-4000-8000-000000000001\n"
    "Call-Direction: inbound\n"
    "Hangup-Cause: NORMAL_CLEARING\n"
    "Caller-Caller-ID-Number: %2B15550100001\n"
    "Caller-Destination-Number: 1000\n"
    "Caller-RDNIS: 15550100002\n"
    "Caller-Context: public\n"
    "Caller-Profile-Index: 2\n"
    "Caller-Channel-Created-Time: 1790000000000000\n"
    "Caller-Channel-Progress-Time: 0\n"
    "Caller-Channel-Answered-Time: 1790000004000000\n"
    "Caller-Channel-Bridged-Time: 1790000004000000\n"
    "Caller-Channel-Hangup-Time: 1790000010000000\n"
    "Other-Type: originatee\n"
    "Other-Leg-Unique-ID: 22222222-0000-4000-8000-000000000002\n"
    "variable_Event-Name: REQUEST_PARAMS\n"
    "variable_dialed_user: 1000\n";

TEST_F(FreeswitchTest, AnEventAsText) {
  auto decoder = Make("freeswitch-event");
  const auto& record = Record(decoder, kEvent);
  EXPECT_EQ(record.join_key(), kALeg);
  EXPECT_TRUE(record.call_over());
  EXPECT_EQ(record.original_called().e164(), "+15550100002");
  EXPECT_EQ(record.called().number(), "1000");
  EXPECT_EQ(record.talk_ms(), 6'000);
  EXPECT_EQ(record.answered_by(), v1::ANSWERED_BY_PERSON);

  // The newest profile's 0 doesn't hide the time of the channel.
  const auto rang = std::string(kEvent) + "variable_progress_uepoch: 1790000002000000\n";
  EXPECT_EQ(Record(decoder, rang).ring_ms(), 2'000);

  std::string called(kEvent);
  called.replace(called.find("originatee"), 10, "originator");
  const auto& leg = Record(decoder, called);
  EXPECT_EQ(leg.join_key(), kBLeg);
  EXPECT_FALSE(leg.call_over());
}

TEST_F(FreeswitchTest, AnEventAsJson) {
  const std::string_view text =
      R"({"Event-Name":"CHANNEL_HANGUP_COMPLETE","Unique-ID":"11111111-0000-4000-8000-000000000001",
        "Hangup-Cause":"USER_BUSY","Caller-Caller-ID-Number":"+15550100001",
        "Caller-Destination-Number":"15550100002","variable_start_epoch":1790000000,
        "variable_end_epoch":"1790000002","variable_originator":["x","y"]})";
  for (const std::string adapter : {"freeswitch-json", "freeswitch-event"}) {
    auto decoder = Make(adapter);
    const auto& record = Record(decoder, text);
    EXPECT_EQ(record.started_at_ms(), 1'790'000'000'000);
    EXPECT_EQ(record.join_key(), "x");
    EXPECT_EQ(record.called().e164(), "+15550100002");
  }
  auto decoder = Make("freeswitch-event");
  const auto envelope =
      "Content-Length: 400\nContent-Type: text/event-json\n\n" + std::string(text);
  EXPECT_EQ(Record(decoder, envelope).join_key(), "x");
}

TEST_F(FreeswitchTest, Csv) {
  auto decoder = Make("freeswitch-csv");
  const auto& record = Record(
      decoder,
      R"("A "B", C","+15550100001","15550100002","public","2026-09-21 10:00:00","","2026-09-21 10:00:20","20","0","NO_ANSWER","11111111-0000-4000-8000-000000000001","","","",""
)");
  EXPECT_EQ(record.record_id(), kALeg);
  EXPECT_TRUE(record.call_over());
  EXPECT_EQ(record.ended_at_ms() - record.started_at_ms(), 20'000);
  EXPECT_EQ(Classify(record, kMinRingMsDefault).verdict, v1::VERDICT_NO_ANSWER);
  EXPECT_EQ(Refusal(decoder, R"("a","b")"), reasons::kCsvColumns);
  EXPECT_EQ(Refusal(decoder, R"("a","b)"), reasons::kCsvUnfinished);
  EXPECT_EQ(
      Refusal(decoder, R"("1","2","3","4","5","6","7","8","9","10","11","12","13","14","15","16")"),
      reasons::kCsvColumns);
  EXPECT_EQ(Refusal(decoder, R"("","1","2","c","yesterday","","","","","X","u","","","","")"),
            reasons::kCsvBadValue);
}

}  // namespace
}  // namespace textback::cdr
