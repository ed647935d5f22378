#include "cdr/asterisk_queue_log.h"

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

constexpr std::int64_t kNow = 1'790'000'000'000;  // 2026-09-21 14:13:20 UTC
constexpr std::int64_t kAt = 1'789'992'060'000;   // 2026-09-21 12:01:00 UTC

SourceConfig Source() {
  SourceConfig config;
  config.name = "pbx";
  config.format.adapter = "asterisk-queue-log";
  config.numbering.country = "GB";
  config.settle = SettleOf(*FindSourceKind("asterisk-queue-log"));
  return config;
}

struct Read {
  std::vector<v1::CallRecord> records;
  std::vector<std::string> rejected;
};

Read Decode(std::string_view value, const SourceConfig& config = Source()) {
  auto made = Decoder::Make(config);
  EXPECT_TRUE(made);
  Decoded out;
  made->Decode(value, {kNow, kNow}, out);
  Read read;
  for (const auto& item : out.items) read.records.push_back(*item.record);
  for (const auto& r : out.rejected) read.rejected.push_back(r.error.code + ": " + r.error.message);
  return read;
}

v1::CallRecord One(std::string_view event) {
  const auto read = Decode("1789992060|1789992000.7|support|" + std::string(event));
  EXPECT_EQ(read.records.size(), 1U) << event << (read.rejected.empty() ? "" : read.rejected[0]);
  return read.records.empty() ? v1::CallRecord() : read.records[0];
}

std::string Reason(std::string_view value) {
  const auto read = Decode(value);
  EXPECT_TRUE(read.records.empty()) << value;
  return read.rejected.size() == 1 ? read.rejected[0].substr(0, read.rejected[0].find(':'))
                                   : "rejected " + std::to_string(read.rejected.size());
}

std::string Verdict(const v1::CallRecord& record) {
  const auto read = Classify(record, kMinRingMsDefault);
  std::string out(WordOf(read.verdict));
  if (read.answered_by != v1::ANSWERED_BY_UNSPECIFIED)
    out.append(" ").append(v1::AnsweredBy_Name(read.answered_by).substr(12));
  return out + (record.call_over() ? ", over" : "");
}

TEST(AsteriskQueueLog, WhatEventsProve) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"NONE|ENTERQUEUE||07700900123|1", "continues"},
      {"NONE|DID|02079460000", "continues"},
      {"PJSIP/100|RINGNOANSWER|15000", "continues"},
      {"PJSIP/100|RINGCANCELED|4000", "continues"},
      {"PJSIP/100|AGENTDUMP", "continues"},
      {"NONE|MY_OWN_EVENT|a|b", "continues"},
      {"PJSIP/100|CONNECT|20|1789992001.8|5", "answered PERSON"},
      {"PJSIP/100|COMPLETEAGENT|20|30|1", "answered PERSON, over"},
      {"PJSIP/100|COMPLETECALLER|20|30|1", "answered PERSON, over"},
      {"PJSIP/100|TRANSFER|200|internal|20|30", "answered PERSON"},
      {"PJSIP/100|BLINDTRANSFER|200|internal|20|30|1", "answered PERSON"},
      {"PJSIP/100|ATTENDEDTRANSFER|BRIDGE|b-1|20|30|1", "answered PERSON"},
      {"NONE|ABANDON|1|1|20", "queue_abandon QUEUE, over"},
      {"NONE|EXITWITHTIMEOUT|1|1|60", "queue_abandon QUEUE"},
      {"NONE|EXITWITHKEY|0|1|1|60", "queue_abandon QUEUE"},
      {"NONE|EXITWITHKEY|0|1", "queue_abandon QUEUE"},
      {"NONE|EXITEMPTY|1|1|60", "queue_abandon QUEUE"},
      {"NONE|JOINEMPTY", "queue_abandon QUEUE"},
      {"NONE|FULL||", "queue_abandon QUEUE"},
  };
  for (const auto& [event, verdict] : cases) {
    const auto record = One(event);
    EXPECT_EQ(Verdict(record), verdict) << event;
    EXPECT_EQ(record.join_key(), "1789992000.7");
  }
}

TEST(AsteriskQueueLog, TimesAndParties) {
  auto record = One("PJSIP/100|COMPLETECALLER|20|30|1");
  EXPECT_EQ(record.started_at_ms(), kAt - 50'000);
  EXPECT_EQ(record.answered_at_ms(), kAt - 30'000);
  EXPECT_EQ(record.ended_at_ms(), kAt);
  EXPECT_EQ(record.talk_ms(), 30'000);
  EXPECT_EQ(record.reason_text(), "COMPLETECALLER in queue support at PJSIP/100");
  record = One("PJSIP/100|CONNECT|20|1789992001.8|5");
  EXPECT_EQ(record.started_at_ms(), kAt - 20'000);
  EXPECT_EQ(record.answered_at_ms(), kAt);
  record = One("NONE|ABANDON|1|1|20");
  EXPECT_EQ(record.started_at_ms(), kAt - 20'000);
  EXPECT_EQ(record.ended_at_ms(), kAt);
  record = One("PJSIP/100|ATTENDEDTRANSFER|LINK|Local/a;1|Local/a;2|20|30|1");
  EXPECT_EQ(record.talk_ms(), 30'000);
  EXPECT_EQ(One("NONE|ENTERQUEUE||07700900123|1").calling().e164(), "+447700900123");
  EXPECT_EQ(One("NONE|DID|02079460000").called().e164(), "+442079460000");
}

TEST(AsteriskQueueLog, WhatIsNoCall) {
  for (const std::string_view line :
       {"1789992060|REALTIME|support|PJSIP/100|ADDMEMBER|", "1789992060|NONE|NONE|NONE|QUEUESTART|",
        "1789992060|MANAGER|support|PJSIP/100|PAUSE|lunch",
        "1789992060||support|NONE|ABANDON|1|1|2",
        "1789992060|1789992000.7|NONE|Agent/1|AGENTLOGIN|PJSIP/1"}) {
    const auto read = Decode(line);
    ASSERT_EQ(read.records.size(), 1U) << line;
    EXPECT_TRUE(read.records[0].not_a_call());
    EXPECT_EQ(read.records[0].join_key(), "");
  }
}

TEST(AsteriskQueueLog, ReadsTables) {
  auto config = Source();
  config.format.zone = "Europe/London";
  auto read = Decode(
      "            time            |    callid    | queuename | agent | event   | data1 | data2 "
      "| data3\n"
      "----------------------------+--------------+-----------+-------+---------+-------+-------+--"
      "-----\n"
      " 2026-09-21 13:01:00.000000 | 1789992000.7 | q1        | NONE  | ABANDON | 1     | 1     | "
      "20\n"
      "(1 row)\n",
      config);
  ASSERT_EQ(read.records.size(), 1U) << (read.rejected.empty() ? "" : read.rejected[0]);
  EXPECT_EQ(read.records[0].ended_at_ms(), kAt);
  EXPECT_EQ(read.records[0].started_at_ms(), kAt - 20'000);
  read = Decode(
      "id|time|callid|queuename|agent|event|data\n"
      "1|1789992060|1789992000.7|q1|NONE|ABANDON|1|1|20\n"
      "2|1789992060|1789992000.7|q1|NONE\n");
  ASSERT_EQ(read.records.size(), 1U);
  EXPECT_EQ(read.records[0].started_at_ms(), kAt - 20'000);
  ASSERT_EQ(read.rejected.size(), 1U);
  EXPECT_THAT(read.rejected[0], HasSubstr("text_malformed"));
}

TEST(AsteriskQueueLog, Refuses) {
  EXPECT_EQ(Reason("1789992060|1789992000.7|support|NONE"), "text_malformed");
  EXPECT_EQ(Reason("now|1789992000.7|support|NONE|ABANDON|1|1|20"), "text_bad_value");
  EXPECT_EQ(Reason("1789992060|1789992000.7|support|NONE||1"), "text_bad_value");
  EXPECT_EQ(Reason("1789992060|1789992000.7|support|NONE|ABANDON|1|1|soon"), "text_bad_value");
  EXPECT_EQ(Reason("1789992060|1789992000.7|support|A|COMPLETEAGENT|1|604801|1"), "text_bad_value");
  EXPECT_EQ(Reason("1789992060|1789992000.7|\xff|NONE|ABANDON|1|1|20"), "invalid_utf8");
  EXPECT_EQ(Reason("time|callid|queuename|agent|event|data\n"), "value_missing");
  auto config = Source();
  config.format.zone = "Europe/Lodnon";
  EXPECT_FALSE(Decoder::Make(config));
}

}  // namespace
}  // namespace textback::cdr
