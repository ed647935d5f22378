#include "cdr/asterisk_cel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cdr/cause.h"
#include "cdr/decoder.h"
#include "cdr/source_kind.h"

namespace textback::cdr {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kNow = 1'790'000'000'000;    // 2026-09-21 14:13:20 UTC
constexpr std::int64_t kBegan = 1'789'992'000'000;  // 2026-09-21 12:00:00 UTC
constexpr char kTrunk[] = "PJSIP/trunk-00000001";

SourceConfig Source(std::vector<std::string> columns = {}) {
  SourceConfig config;
  config.name = "pbx";
  config.format.adapter = "asterisk-cel";
  if (!columns.empty()) config.format.asterisk.columns = std::move(columns);
  config.numbering.country = "GB";
  config.settle = SettleOf(*FindSourceKind("asterisk-cel"));
  return config;
}

struct Read {
  std::vector<v1::CallRecord> records;
  std::vector<std::string> rejected;  // "reason: message"
};

Read Decode(const SourceConfig& config, std::string_view value) {
  auto made = Decoder::Make(config);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  Decoded out;
  made->Decode(value, {kNow, kNow}, out);
  Read read;
  for (const auto& item : out.items) read.records.push_back(*item.record);
  for (const auto& r : out.rejected) read.rejected.push_back(r.error.code + ": " + r.error.message);
  return read;
}

v1::CallRecord One(std::string_view value, const SourceConfig& config = Source()) {
  auto read = Decode(config, value);
  EXPECT_EQ(read.records.size(), 1U) << value << (read.rejected.empty() ? "" : read.rejected[0]);
  return read.records.empty() ? v1::CallRecord() : read.records[0];
}

std::string Reason(std::string_view value, const SourceConfig& config = Source()) {
  const auto read = Decode(config, value);
  EXPECT_TRUE(read.records.empty()) << value;
  return read.rejected.size() == 1 ? read.rejected[0].substr(0, read.rejected[0].find(':'))
                                   : "rejected " + std::to_string(read.rejected.size());
}

// An event of the caller's channel, 20 s after it began, as AMI has it.
struct Ev {
  std::string type;
  std::string app;
  std::string data;
  std::string peer;
  std::string extra;
  std::string unique = "1789992000.7";
  std::string channel = kTrunk;

  std::string Csv() const {
    const auto q = [](std::string_view text) {
      std::string out = "\"";
      for (const char c : text) out.append(c == '"' ? "\"\"" : std::string(1, c));
      return out + "\"";
    };
    return q(type) + R"(,"1789992020.250000","Ann","07700900123","07700900123","","02079460000")" +
           R"(,"s","from-trunk",)" + q(channel) + "," + q(app) + "," + q(data) + R"(,"3","",)" +
           q(unique) + R"(,"1789992000.7",)" + q(peer) + R"(,"","",)" + q(extra);
  }
};

std::string Release(std::int64_t cause, std::string_view status) {
  return R"({"hangupcause":)" + std::to_string(cause) + R"(,"hangupsource":"","dialstatus":")" +
         std::string(status) + "\"}";
}

std::string Verdict(const v1::CallRecord& record) {
  const auto read = Classify(record, kMinRingMsDefault);
  std::string out(WordOf(read.verdict));
  if (read.answered_by != v1::ANSWERED_BY_UNSPECIFIED)
    out.append(" ").append(v1::AnsweredBy_Name(read.answered_by).substr(12));
  return out + (record.call_over() ? ", over" : "");
}

TEST(AsteriskCel, AnEventHasTheCallsPartiesAndTimes) {
  const auto record = One(Ev{.type = "APP_START", .app = "Dial", .data = "PJSIP/100,30"}.Csv());
  EXPECT_EQ(record.join_key(), "1789992000.7");
  EXPECT_EQ(record.call_id(), "1789992000.7");
  EXPECT_EQ(record.leg_id(), kTrunk);
  EXPECT_EQ(record.calling().e164(), "+447700900123");
  EXPECT_EQ(record.called().e164(), "+442079460000");
  EXPECT_EQ(record.started_at_ms(), kBegan) << "of the linkedid";
  EXPECT_EQ(record.reason_text(), "APP_START in Dial");
  EXPECT_TRUE(record.leg_only());
  EXPECT_EQ(record.settle().emits(), v1::SettleProfile::EMITS_EVENTS);
}

TEST(AsteriskCel, WhatTheCallersChannelProves) {
  const struct {
    Ev event;
    std::string verdict;
  } cases[] = {
      {{.type = "CHAN_START"}, "continues"},
      {{.type = "CHAN_END"}, "continues"},
      {{.type = "LINKEDID_END"}, "unresolved, over"},
      {{.type = "BLINDTRANSFER"}, "continues"},
      {{.type = "SOMETHING_NEW"}, "continues"},
      // The PBX takes the channel up.
      {{.type = "ANSWER"}, "continues"},
      {{.type = "ANSWER", .app = "Answer"}, "answered IVR"},
      {{.type = "ANSWER", .app = "Playback", .data = "hello"}, "answered IVR"},
      {{.type = "ANSWER", .app = "Queue", .data = "support"}, "queue_abandon QUEUE"},
      {{.type = "ANSWER", .app = "VoiceMail", .data = "100"}, "voicemail VOICEMAIL"},
      {{.type = "ANSWER", .app = "Dial", .data = "PJSIP/100"}, "answered UNKNOWN"},
      {{.type = "ANSWER", .app = "FollowMe"}, "continues"},
      {{.type = "ANSWER", .app = "AppDial2"}, "continues"},
      {{.type = "APP_START", .app = "VoiceMail"}, "voicemail VOICEMAIL"},
      {{.type = "APP_START", .app = "VoiceMailMain"}, "continues"},
      {{.type = "APP_START", .app = "queue"}, "queue_abandon QUEUE"},
      {{.type = "APP_END", .app = "Dial"}, "continues"},
      // Somebody else in the bridge, or nobody.
      {{.type = "BRIDGE_ENTER", .app = "Dial", .peer = "PJSIP/100-00000002"}, "answered UNKNOWN"},
      {{.type = "BRIDGE_ENTER", .app = "Queue", .peer = "Local/100@q-00000002;1"},
       "answered UNKNOWN"},
      {{.type = "BRIDGE_ENTER", .app = "ConfBridge"}, "continues"},
      {{.type = "BRIDGE_ENTER", .app = "ConfBridge", .peer = "CBAnn/1-1;2,Announcer/ARI-1;2"},
       "continues"},
      {{.type = "BRIDGE_ENTER", .app = "ConfBridge", .peer = "CBAnn/1-1;2,PJSIP/100-2"},
       "answered UNKNOWN"},
      {{.type = "BRIDGE_ENTER",
        .app = "Park",
        .peer = "PJSIP/trunk-9",
        .extra = R"({"bridge_id":"b","bridge_technology":"holding_bridge"})"},
       "continues"},
      {{.type = "BRIDGE_START", .app = "Dial", .peer = "SIP/100-00000002"}, "answered UNKNOWN"},
      {{.type = "BRIDGE_EXIT", .app = "Dial", .peer = "PJSIP/100-00000002"}, "answered UNKNOWN"},
      {{.type = "BRIDGE_EXIT", .app = "Dial"}, "continues"},
      // The end.
      {{.type = "HANGUP"}, "no_answer, over"},
      {{.type = "HANGUP", .extra = Release(16, "NOANSWER")}, "no_answer, over"},
      {{.type = "HANGUP", .extra = Release(127, "CANCEL")}, "abandoned, over"},
      {{.type = "HANGUP", .extra = Release(17, "BUSY")}, "busy, over"},
      {{.type = "HANGUP", .extra = Release(21, "BUSY")}, "declined, over"},
      {{.type = "HANGUP", .extra = Release(20, "CHANUNAVAIL")}, "unreachable, over"},
      {{.type = "HANGUP", .extra = Release(34, "CONGESTION")}, "network_failure, over"},
      {{.type = "HANGUP", .extra = Release(16, "ANSWER")}, "answered UNKNOWN, over"},
      {{.type = "HANGUP", .extra = Release(26, "CANCEL")}, "answered_elsewhere, over"},
      {{.type = "HANGUP", .extra = Release(26, "")}, "answered_elsewhere, over"},
      {{.type = "HANGUP", .extra = Release(16, "")}, "unresolved, over"},
      {{.type = "HANGUP", .extra = Release(0, "")}, "unresolved, over"},
      {{.type = "HANGUP", .extra = Release(3, "")}, "unreachable, over"},
      {{.type = "HANGUP", .extra = Release(17, "")}, "busy, over"},
      {{.type = "HANGUP", .extra = "16,dialplan/builtin,"}, "unresolved, over"},
      {{.type = "HANGUP", .extra = "17,SIP/100-00000002,BUSY"}, "busy, over"},
      {{.type = "HANGUP", .extra = "16"}, "unresolved, over"},
      // Events of the dialplan.
      {{.type = "WAZO_USER_BLOCKED_CALL", .extra = "{{no JSON"}, "blocked"},
      {{.type = "WAZO_USER_MISSED_CALL"}, "continues"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Verdict(One(c.event.Csv())), c.verdict) << c.event.Csv();
  }
}

TEST(AsteriskCel, OtherChannelsProveNothing) {
  for (Ev event : {Ev{.type = "ANSWER", .app = "AppDial"},
                   Ev{.type = "BRIDGE_ENTER", .app = "AppDial", .peer = kTrunk},
                   Ev{.type = "HANGUP", .extra = Release(26, "")},
                   Ev{.type = "HANGUP", .extra = Release(17, "BUSY")}, Ev{.type = "CHAN_START"}}) {
    event.unique = "1789992001.8";
    event.channel = "PJSIP/100-00000002";
    const auto record = One(event.Csv());
    EXPECT_EQ(Verdict(record), "continues") << event.type;
    EXPECT_FALSE(record.has_calling()) << "its number is the called one's";
    EXPECT_FALSE(record.has_called());
    EXPECT_EQ(record.join_key(), "1789992000.7");
  }
  EXPECT_EQ(Verdict(One(Ev{.type = "LINKEDID_END", .unique = "1789992001.8"}.Csv())),
            "unresolved, over");
}

TEST(AsteriskCel, GivingUpAfterAMomentIsAShortRing) {
  auto line = Ev{.type = "HANGUP", .extra = Release(0, "CANCEL")}.Csv();
  line.replace(line.find("1789992020"), 10, "1789992002");
  EXPECT_EQ(Verdict(One(line)), "short_ring, over");
  line = Ev{.type = "HANGUP"}.Csv();
  line.replace(line.find("1789992020"), 10, "1789992002");
  EXPECT_EQ(Verdict(One(line)), "short_ring, over") << "no extra, but the linkedid's second";
}

TEST(AsteriskCel, TheLinkedIdsSecondCountsOnlyWhereItIsPlausible) {
  const auto started = [](std::string_view id) {
    auto line = Ev{.type = "CHAN_END"}.Csv();
    for (auto at = line.find("1789992000.7"); at != std::string::npos;
         at = line.find("1789992000.7", at + id.size())) {
      line.replace(at, 12, id);
    }
    return One(line).started_at_ms();
  };
  EXPECT_EQ(started("leeds-pbx-1789992000.7"), kBegan) << "systemname";
  EXPECT_EQ(started("1789992020.7"), kBegan + 20'000) << "at once";
  EXPECT_EQ(started("1789992021.7"), kBegan + 20'250) << "in the future: the event's own time";
  EXPECT_EQ(started("1789948820.7"), kBegan + 20'250) << "12 h and more ago";
  EXPECT_EQ(started("6f1d.9"), kBegan + 20'250);
  EXPECT_EQ(started("a-customer's-own-id"), kBegan + 20'250);
}

TEST(AsteriskCel, WhoCallsWhom) {
  const std::vector<std::string> columns = {"eventtype", "eventtime", "cid_name", "cid_num",
                                            "cid_ani",   "cid_rdnis", "cid_dnid", "exten",
                                            "uniqueid",  "linkedid"};
  const auto record = [&columns](std::string_view parties) {
    return One("CHAN_START,1789992000," + std::string(parties) + ",1789992000.7,1789992000.7",
               Source(columns));
  };
  auto got = record("Ann,123,07700900123,,,02079460000");
  EXPECT_EQ(got.calling().e164(), "+447700900123") << "ani, which the dialplan leaves alone";
  EXPECT_EQ(got.called().e164(), "+442079460000") << "exten, at the start";
  got = record("Ann,07700900123,,02079460001,02079460000,s");
  EXPECT_EQ(got.called().e164(), "+442079460000");
  EXPECT_EQ(got.redirecting().e164(), "+442079460001");
  got = record("Anonymous,07700900123,07700900123,,02079460000,s");
  EXPECT_EQ(got.calling().presentation(), v1::Party::PRESENTATION_RESTRICTED);
  got = record(",anonymous,07700900123,,02079460000,s");
  EXPECT_EQ(got.calling().presentation(), v1::Party::PRESENTATION_RESTRICTED);
  got = record(",,07700900123,,02079460000,s");
  EXPECT_EQ(got.calling().number(), "") << "a number for billing only is not shown";
  const auto later =
      One("ANSWER,1789992001,Ann,07700900123,,,,02079460000,1789992000.7,1789992000.7",
          Source(columns));
  EXPECT_EQ(later.called().number(), "") << "exten is where the dialplan stands by then";
}

TEST(AsteriskCel, WazoSaysTheDirection) {
  EXPECT_EQ(One(Ev{.type = "XIVO_OUTCALL"}.Csv()).direction(), v1::DIRECTION_OUTBOUND);
  EXPECT_EQ(One(Ev{.type = "XIVO_INCALL"}.Csv()).direction(), v1::DIRECTION_INBOUND);
  EXPECT_EQ(
      One(Ev{.type = "WAZO_CALL_LOG_DESTINATION", .extra = R"({"extra":"type: user,uuid: 1"})"}
              .Csv())
          .direction(),
      v1::DIRECTION_INBOUND);
  EXPECT_EQ(
      One(Ev{.type = "WAZO_CALL_LOG_DESTINATION", .extra = R"({"extra":"type: meeting"})"}.Csv())
          .direction(),
      v1::DIRECTION_UNSPECIFIED);
}

TEST(AsteriskCel, UserEventsByEitherName) {
  const std::string line =
      R"("USER_DEFINED","1789992020","","07700900123","","","02079460000","s","x","c","","","3","",)"
      R"("1789992000.7","1789992000.7","","","WAZO_USER_BLOCKED_CALL","")";
  EXPECT_EQ(Verdict(One(line)), "blocked");
}

TEST(AsteriskCel, ReadsTablesUnderAHeaderLine) {
  const auto read = Decode(Source(),
                           "  eventtype   | eventtime             | cid_num     | channame | "
                           "uniqueid     | linkedid     | note | extra\n"
                           "--------------+-----------------------+-------------+----------+-----"
                           "---------+--------------+------+------\n"
                           " CHAN_START   | 2026-09-21 13:00:00+01| 07700900123 | SIP/1-1  | "
                           "1789992000.7 | 1789992000.7 | x    |\r\n"
                           " HANGUP       | 2026-09-21 08:00:20.5-0400 | 07700900123 | SIP/1-1  | "
                           "1789992000.7 | 1789992000.7 |      | {\"hangupcause\":17,"
                           "\"dialstatus\":\"BUSY\",\"hangupsource\":\"a|b\"}\n"
                           "\n(2 rows)\n   ");
  ASSERT_EQ(read.records.size(), 2U) << (read.rejected.empty() ? "" : read.rejected[0]);
  EXPECT_TRUE(read.rejected.empty());
  EXPECT_EQ(read.records[0].started_at_ms(), kBegan);
  EXPECT_EQ(read.records[1].ended_at_ms(), kBegan + 20'500);
  EXPECT_EQ(Verdict(read.records[1]), "busy, over") << "a | in the last column";
  const auto bridged = One(
      "eventtype|eventtime|uniqueid|linkedid\nBRIDGE_ENTER|1789992001|1789992000.7|1789992000.7");
  EXPECT_EQ(Verdict(bridged), "answered UNKNOWN") << "a table without peer";
}

TEST(AsteriskCel, ReadsCsvUnderAHeaderLine) {
  const std::string rows =
      "LinkedID,UniqueID,EventTime,EventType,Peer\n"
      "\"1789992000.7\",\"1789992000.7\",\"2026-09-21 12:00:01\",\"BRIDGE_ENTER\",\"\"\n"
      "\"1789992000.7\",\"1789992000.7\",\"2026-09-21 12:00:01\",\"BRIDGE_ENTER\",\"PJSIP/1\"\n";
  const auto read = Decode(Source(), rows);
  ASSERT_EQ(read.records.size(), 2U);
  EXPECT_EQ(Verdict(read.records[0]), "continues");
  EXPECT_EQ(Verdict(read.records[1]), "answered UNKNOWN");
  EXPECT_NE(read.records[0].record_id(), read.records[1].record_id());
  EXPECT_EQ(read.records[0].record_id(), Decode(Source(), rows).records[0].record_id());
  // The next value has none, and is read as configured.
  auto made = Decoder::Make(Source());
  Decoded out;
  made->Decode(rows, {kNow, kNow}, out);
  made->Decode(Ev{.type = "CHAN_END"}.Csv(), {kNow, kNow}, out);
  EXPECT_EQ(out.items.size(), 1U);
}

TEST(AsteriskCel, ReadsJson) {
  const auto ami = One(
      R"({"Event":"CEL","Privilege":"call,all","EventName":"HANGUP","CallerIDnum":"07700900123",)"
      R"("CallerIDdnid":"02079460000","Channel":"PJSIP/trunk-1","Exten":"s","EventTime":)"
      R"("2026-09-21 12:00:20","UniqueID":"1789992000.7","LinkedID":"1789992000.7","Peer":"",)"
      R"("Extra":"{\"hangupcause\":19,\"hangupsource\":\"\",\"dialstatus\":\"NOANSWER\"}"})");
  EXPECT_EQ(Verdict(ami), "no_answer, over");
  EXPECT_EQ(ami.called().e164(), "+442079460000");
  EXPECT_EQ(ami.ended_at_ms(), kBegan + 20'000);
  const auto custom =
      One(R"({"eventtype":"HANGUP","eventtime":1789992020.25,"cidnum":"07700900123","uniqueid":)"
          R"("1789992000.7","linkedid":"1789992000.7","peer":null,"My":"Literal","extra":)"
          R"({"hangupcause":17,"dialstatus":"BUSY"}})");
  EXPECT_EQ(Verdict(custom), "busy, over");
  EXPECT_EQ(custom.ended_at_ms(), kBegan + 20'250);
  const auto two = Decode(
      Source(),
      R"({"eventtype":"HANGUP","eventtime":"1789992020","uniqueid":"a","linkedid":"a","extra":{}})"
      "\n"
      R"({"eventtype":"HANGUP","eventtime":"1789992020","uniqueid":"a","linkedid":"a"})");
  ASSERT_EQ(two.records.size(), 2U);
  EXPECT_EQ(Verdict(two.records[0]), "unresolved, over");
  EXPECT_EQ(Verdict(two.records[1]), "no_answer, over") << "no extra, and no start";
  EXPECT_FALSE(two.records[1].has_started_at_ms());
}

TEST(AsteriskCel, Refuses) {
  const auto good = Ev{.type = "HANGUP", .extra = Release(16, "NOANSWER")}.Csv();
  EXPECT_EQ(Reason(good.substr(0, good.size() - 1)), "csv_unfinished");
  EXPECT_EQ(Reason(good.substr(0, good.rfind(",\"{"))), "csv_columns");
  EXPECT_EQ(Reason(good + ",\"\""), "csv_columns");
  auto bad = good;
  bad.replace(bad.find("1789992020.250000"), 17, "yesterday");
  EXPECT_EQ(Reason(bad), "csv_bad_value");
  EXPECT_EQ(Reason(Ev{.type = ""}.Csv()), "csv_bad_value");
  EXPECT_EQ(Reason(Ev{.type = "HANGUP", .unique = ""}.Csv()), "csv_bad_value");
  EXPECT_EQ(Reason(Ev{.type = "HANGUP", .extra = R"({"hangupcause":16,)"}.Csv()), "json_malformed");
  EXPECT_EQ(Reason(Ev{.type = "HANGUP", .extra = R"({"hangupcause":"16"})"}.Csv()),
            "csv_bad_value");
  EXPECT_EQ(Reason(Ev{.type = "HANGUP", .extra = R"({"dialstatus":7})"}.Csv()), "csv_bad_value");
  EXPECT_EQ(Reason(Ev{.type = "HANGUP", .extra = Release(-1, "")}.Csv()), "csv_bad_value");
  EXPECT_EQ(Reason(Ev{.type = "HANGUP", .extra = "why,not,BUSY"}.Csv()), "csv_bad_value");
  EXPECT_EQ(Reason(Ev{.type = "HANGUP", .extra = Release(16, std::string(65, 'A'))}.Csv()),
            "field_too_long");
  EXPECT_EQ(Reason(Ev{.type = "CHAN\xff"}.Csv()), "invalid_utf8");
  EXPECT_EQ(Reason("eventtype|eventtime|uniqueid\nHANGUP|1789992020|1789992000.7"), "csv_columns");
  EXPECT_EQ(Reason("eventtype|eventtime|uniqueid|linkedid|linked_id\n"), "csv_columns");
  EXPECT_EQ(Reason("eventtype|eventtime|uniqueid|linkedid\n"), "value_missing");
  EXPECT_EQ(Reason("eventtype|eventtime|uniqueid|linkedid\nHANGUP|1789992020|1789992000.7"),
            "csv_columns");
  EXPECT_EQ(Reason(R"({"Event":"Hangup","Uniqueid":"1789992000.7"})"), "record_type");
  EXPECT_EQ(Reason(R"({"type":"ChannelDestroyed","timestamp":"2026-09-21T12:00:00.000+0000"})"),
            "field_missing");
  EXPECT_EQ(Reason(R"({"eventtype":"HANGUP","eventtime":"1789992020")"), "json_malformed");
  EXPECT_EQ(Reason(R"({"eventtype":"A","event_type":"B"})"), "json_duplicate_field");
  EXPECT_EQ(Reason(R"({"eventtype":["HANGUP"]})"), "json_bad_value");
  std::string deep = R"({"x":)";
  for (int i = 0; i < 100; ++i) deep += '[';
  EXPECT_EQ(Reason(deep), "json_malformed");
  std::string many = "eventtype|eventtime|uniqueid|linkedid\n";
  for (std::size_t i = 0; i <= kRecordsPerValueMax; ++i)
    many += "CHAN_END|1789992020|1789992000.7|1789992000.7\n";
  const auto read = Decode(Source(), many);
  EXPECT_EQ(read.records.size(), kRecordsPerValueMax);
  ASSERT_EQ(read.rejected.size(), 1U);
  EXPECT_THAT(read.rejected[0], HasSubstr("too_many_records"));
}

TEST(AsteriskCel, ColumnsAreCheckedAtStart) {
  const auto error = [](std::vector<std::string> columns) {
    const auto made = Decoder::Make(Source(std::move(columns)));
    return made ? "none" : made.error().message;
  };
  EXPECT_EQ(error({"eventtype", "eventtime", "uniqueid", "linkedid", "-", "-", "TenantID"}),
            "none");
  EXPECT_THAT(error({"eventtype", "eventtime", "uniqueid"}), HasSubstr("\"linkedid\" is needed"));
  EXPECT_THAT(error({"eventtype", "eventtime", "uniqueid", "linkedid", "colour"}),
              HasSubstr("\"colour\" is no column"));
  EXPECT_THAT(error({"eventtype", "event_type", "eventtime", "uniqueid", "linkedid"}),
              HasSubstr("stands twice"));
  auto config = Source();
  config.format.zone = "Europe/Lodnon";
  EXPECT_FALSE(Decoder::Make(config));
}

// 01:30 came twice in London on 25 October 2026; the linkedid says which.
TEST(AsteriskCel, AnHourThatComesTwice) {
  auto config = Source();
  config.format.zone = "Europe/London";
  const auto at = [&config](std::string_view linked) {
    const std::string id(linked);
    auto made = Decoder::Make(config);
    Decoded out;
    made->Decode(
        "eventtype|eventtime|uniqueid|linkedid\nHANGUP|2026-10-25 01:30:00|" + id + "|" + id,
        {kNow + 4'000'000'000, 0}, out);
    return out.items.empty() ? 0 : out.items[0].record->ended_at_ms();
  };
  EXPECT_EQ(at("1792888190.1"), 1'792'888'200'000);  // 00:30 UTC
  EXPECT_EQ(at("1792891790.1"), 1'792'891'800'000);  // 01:30 UTC
}

}  // namespace
}  // namespace textback::cdr
