#include "cdr/mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cdr/cause.h"
#include "cdr/decoder.h"
#include "cdr/reasons.h"

namespace textback::cdr::mapping {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kNow = 1'790'000'000'000;  // 2026-09-21 14:13:20 UTC

std::string Problems(std::string_view text) {
  const auto plan = Compile(text, "m.yaml", "UTC");
  return plan ? std::string() : plan.error().message;
}

Decoder Make(const std::string& adapter, std::string mapping) {
  SourceConfig config;
  config.name = "test";
  config.format.adapter = adapter;
  config.format.mapping = std::move(mapping);
  config.numbering.country = "GB";
  config.settle.set_emits(v1::SettleProfile::EMITS_CALL_END);
  auto made = Decoder::Make(std::move(config));
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return std::move(made).value();
}

// The records of one value, and what was rejected, as "code: message".
struct Outcome {
  std::vector<v1::CallRecord> records;
  std::vector<std::string> rejected;
};
Outcome Decode(const std::string& adapter, const std::string& mapping, std::string_view value) {
  auto decoder = Make(adapter, mapping);
  Decoded out;
  decoder.Decode(value, {kNow, 0}, out);
  Outcome outcome;
  for (const auto& item : out.items) outcome.records.push_back(*item.record);
  for (const auto& r : out.rejected)
    outcome.rejected.push_back(r.error.code + ": " + r.error.message);
  return outcome;
}
v1::CallRecord One(const std::string& adapter, const std::string& mapping, std::string_view value) {
  auto outcome = Decode(adapter, mapping, value);
  EXPECT_EQ(outcome.records.size(), 1U)
      << (outcome.rejected.empty() ? "nothing" : outcome.rejected[0]);
  return outcome.records.empty() ? v1::CallRecord() : outcome.records[0];
}
std::string Refused(const std::string& adapter, const std::string& mapping,
                    std::string_view value) {
  const auto outcome = Decode(adapter, mapping, value);
  EXPECT_TRUE(outcome.records.empty());
  return outcome.rejected.size() == 1 ? outcome.rejected[0]
                                      : std::to_string(outcome.rejected.size()) + " rejected";
}

constexpr const char* kCsv = R"(
format: csv
csv: {columns: [id, from, to, begin, end, talked, how]}
none: ["-"]
fields:
  record_id: id
  calling: from
  called: to
  started_at: begin
  ended_at: end
  talk: talked
  causes:
    - {from: how, namespace: textback, words: {"NO ANSWER": no_answer, BUSY: busy, OK: ""}, otherwise: refuse}
)";

TEST(Mapping, NamesFileLineAndKeyOfEveryProblem) {
  const auto problems = Problems(R"(format: csv
csv: {columns: [a, begin], delimter: ";"}
fields:
  calling: aa
  strated_at: begin
  ended_at: {from: begin, format: "%Q"}
  direction: {from: a, words: {x: inbuond}}
  causes: {from: a, namespace: q85}
wher: 1
)");
  EXPECT_THAT(problems, HasSubstr("m.yaml:2:"));
  EXPECT_THAT(problems, HasSubstr("unknown key \"delimter\"; did you mean \"delimiter\"?"));
  EXPECT_THAT(problems, HasSubstr("m.yaml:4:12: no column \"aa\"; did you mean \"a\"?"));
  EXPECT_THAT(
      problems,
      HasSubstr("m.yaml:5:3: fields: no field \"strated_at\"; did you mean \"started_at\"?"));
  EXPECT_THAT(problems, HasSubstr("not \"%Q\""));
  EXPECT_THAT(problems, HasSubstr("\"inbuond\" is none; did you mean \"inbound\"?"));
  EXPECT_THAT(problems, HasSubstr("did you mean \"q850\"?"));
  EXPECT_THAT(problems, HasSubstr("m.yaml:9:1: unknown key \"wher\""));
}

TEST(Mapping, RefusesWhatCanNotBeMeant) {
  const struct {
    const char* text;
    const char* problem;
  } cases[] = {
      {"", "format: expected csv, json or form"},
      {"- a", "at the top"},
      {"format: xml\nfields: {}", "format: expected csv, json or form"},
      {"format: json", "`fields` is missing"},
      {"format: json\ncsv: {}\nfields: {}", "a section of the other format"},
      {"format: json\nzone: Europe/Nowhere\nfields: {}", "Europe/Nowhere"},
      {"format: json\nfields: {calling: a..b}", "is no path"},
      {"format: json\nfields: {calling: \"a[x]\"}", "is no path"},
      {"format: json\nfields: {started_at: {from: a, format: unix}}", "format: expected iso"},
      {"format: json\nfields: {ring: {from: a, unit: hours}}", "unit: expected"},
      {"format: json\nfields: {calling: {from: a, value: b}}", "say one of"},
      {"format: json\nfields: {causes: {value: missed, namespace: textback}}", "is no verdict"},
      {"format: json\nrecords: []", "expected a list of 1 to"},
      {"format: json\nrecords:\n  - {when: {a: {over: 1}}, fields: {}}", "unknown test \"over\""},
      {"format: csv\ncsv: {header: true, columns: [a]}\nfields: {}", "leave them out"},
      {"format: csv\ncsv: {columns: [a]}\nfields: {calling: 2}", "no column \"2\""},
  };
  for (const auto& c : cases) EXPECT_THAT(Problems(c.text), HasSubstr(c.problem)) << c.text;
}

TEST(Mapping, ReadsALineOfCsv) {
  const auto record =
      One("csv", kCsv,
          "7,07700900123,\"020 7946 0000\",2026-09-21 12:00:00,2026-09-21T12:00:20Z,"
          "-,no answer");
  EXPECT_EQ(record.record_id(), "7");
  EXPECT_EQ(record.calling().e164(), "+447700900123");
  EXPECT_EQ(record.called().e164(), "+442079460000");
  EXPECT_EQ(record.started_at_ms(), 1'789'992'000'000);
  EXPECT_EQ(record.ended_at_ms(), 1'789'992'020'000);
  EXPECT_FALSE(record.has_talk_ms());
  EXPECT_EQ(Classify(record, 3'000).verdict, v1::VERDICT_NO_ANSWER);
}

TEST(Mapping, RefusesALineWithItsPlace) {
  const std::string begin = "7,1,2,2026-09-21 12:00:00,2026-09-21 12:00:20,";
  EXPECT_THAT(Refused("csv", kCsv, begin + "x,BUSY"),
              HasSubstr("csv_bad_value: talk (column talked) must be a duration"));
  EXPECT_THAT(Refused("csv", kCsv, begin + "5,LOST"),
              HasSubstr("csv_bad_value: causes (column how) must be a word of the mapping's list"));
  EXPECT_THAT(Refused("csv", kCsv, begin + "5"), HasSubstr("csv_columns: the line has 6 columns"));
  EXPECT_THAT(Refused("csv", kCsv, begin + "5,BUSY,8"), HasSubstr("csv_columns"));
  EXPECT_THAT(Refused("csv", kCsv, begin + "5,\"BUSY"), HasSubstr("csv_unfinished"));
  EXPECT_THAT(Refused("csv", kCsv, "\xff"), HasSubstr("invalid_utf8"));
  EXPECT_THAT(Refused("csv", kCsv, "\n\r\n"), HasSubstr("value_missing"));
  const auto two = Decode("csv", kCsv, begin + "5,LOST\n" + begin + "5,BUSY\r\n");
  ASSERT_EQ(two.records.size(), 1U);
  ASSERT_EQ(two.rejected.size(), 1U);
  EXPECT_THAT(two.rejected[0], HasSubstr("line 1: "));
}

TEST(Mapping, ReadsAHeaderLineInAnyOrder) {
  const std::string mapping = R"(
format: csv
csv: {header: true, delimiter: ";", optional: [note], comment: "#"}
fields: {calling: from, started_at: {from: at, format: epoch_s}, reason_text: note}
)";
  const auto two = Decode("csv", mapping,
                          "\xef\xbb\xbf# made by hand\nat;x;from\n1789992000;;07700900123\n"
                          "1789992001;\"a;\"\"b\";07700900124\n");
  ASSERT_EQ(two.records.size(), 2U) << two.rejected[0];
  EXPECT_EQ(two.records[0].calling().number(), "07700900123");
  EXPECT_EQ(two.records[1].started_at_ms(), 1'789'992'001'000);
  EXPECT_TRUE(Decode("csv", mapping, "at;from\n").rejected.empty()) << "a file without records";
  EXPECT_THAT(Refused("csv", mapping, "at;x\n1;2\n"), HasSubstr("no column \"from\""));
}

TEST(Mapping, QuotesAreUndone) {
  const std::string mapping = R"(
format: csv
fields: {reason_text: 1, started_at: {from: 2, format: epoch_s}}
)";
  const std::pair<const char*, const char*> cases[] = {{R"("a ""b"" c")", R"(a "b" c)"},
                                                       {R"("a"b)", "ab"},
                                                       {R"(a"b)", R"(a"b)"},
                                                       {R"(" a,b ")", "a,b"}};
  for (const auto& [field, text] : cases) {
    EXPECT_EQ(One("csv", mapping, std::string(field) + ",1789992000").reason_text(), text) << field;
  }
}

TEST(Mapping, ChoosesTheKindOfRecord) {
  const std::string mapping = R"(
format: csv
fields: {started_at: {from: 2, format: epoch_s}, calling: 3}
records:
  - {when: {1: START}, fields: {leg_only: true}}
  - {when: {1: STOP}, fields: {talk: {from: 4, unit: 10ms}, call_over: true}}
  - {when: {1: [REBOOT, SW_CHANGE]}, skip: true}
)";
  const auto three = Decode("csv", mapping, "START,1789992000,1\nREBOOT\nstop,1789992000,1,250\n");
  ASSERT_EQ(three.records.size(), 2U);
  EXPECT_TRUE(three.records[0].leg_only());
  EXPECT_EQ(three.records[1].talk_ms(), 2'500);
  EXPECT_TRUE(three.records[1].call_over());
  EXPECT_THAT(Refused("csv", mapping, "PAUSE,1789992000,1"), HasSubstr("record_type"));
}

constexpr const char* kJson = R"(
format: json
fields:
  record_id: id
  join_key: {all_of: [node, call.id], joiner: "/"}
  calling: {from: [call.from, call.ani], before: "@", presentation: {from: call.hidden, words: {"true": restricted}}}
  called: {from: to, json_number: true, prefix: "+"}
  started_at: {from: ended, format: epoch_ms, minus: {from: lasted, unit: clock}}
  ended_at: {from: ended, format: epoch_ms}
  causes: {from: "legs[-1].cause", namespace: q850, location: {value: user}}
  direction: {from: way, words: {in: inbound, out: outbound}, otherwise: drop}
  call_over: {when: {"legs[-1].cause": {above: 0, below: 128}}}
)";

TEST(Mapping, ReadsJsonAlongItsPaths) {
  const auto record =
      One("json", kJson, R"({"id":"r1","node":7,"call":{"id":"c","ani":"07700900123@x",
      "hidden":true},"to":442079460000,"ended":1789992020000,"lasted":"0:00:20","way":"IN",
      "legs":[{"cause":"0"},{"cause":17}],"more":{"deep":[1,2,{"x":null}]}})");
  EXPECT_EQ(record.join_key(), "7/c");
  EXPECT_EQ(record.calling().number(), "07700900123");
  EXPECT_EQ(record.calling().presentation(), v1::Party::PRESENTATION_RESTRICTED);
  EXPECT_EQ(record.called().e164(), "+442079460000");
  EXPECT_EQ(record.started_at_ms(), 1'789'992'000'000);
  EXPECT_EQ(record.direction(), v1::DIRECTION_INBOUND);
  EXPECT_EQ(record.causes(0).location(), v1::Cause::LOCATION_USER);
  EXPECT_TRUE(record.call_over());
  EXPECT_EQ(Classify(record, 3'000).verdict, v1::VERDICT_BUSY);
}

TEST(Mapping, RefusesJsonWithItsPlace) {
  EXPECT_THAT(Refused("json", kJson, "{"), HasSubstr("json_malformed"));
  EXPECT_THAT(Refused("json", kJson, "7"), HasSubstr("must be an object"));
  EXPECT_THAT(Refused("json", kJson, R"({"ended":"soon"})"),
              HasSubstr("started_at (ended) must be a time in the form epoch_ms"));
  EXPECT_THAT(Refused("json", kJson, R"({"id":{},"ended":1789992020000})"),
              HasSubstr("leads to an object or array: id"));
  EXPECT_THAT(Refused("json", kJson, R"({"call":{"from":7700900123},"ended":1789992020000})"),
              HasSubstr("has lost its \"+\""));
  const auto two =
      Decode("json", kJson, R"([{"id":"a","ended":1789992020000},{"ended":1789992020000}])");
  EXPECT_EQ(two.records.size(), 1U);
  ASSERT_EQ(two.rejected.size(), 1U);
  EXPECT_THAT(two.rejected[0], HasSubstr("record 2: several records in one value need record_id"));
}

TEST(Mapping, ReadsRecordsInsideADocument) {
  const auto two = Decode("json", R"(
format: json
json: {each: data.calls}
fields: {record_id: id, calling: $.data.who, started_at: {from: at, format: epoch_s}}
)",
                          R"({"data":{"calls":[{"id":1,"at":1789992000},{"id":2,"at":1789992001.5}],
                             "who":"07700900123"}})");
  ASSERT_EQ(two.records.size(), 2U) << two.rejected[0];
  EXPECT_EQ(two.records[1].calling().number(), "07700900123");
  EXPECT_EQ(two.records[1].started_at_ms(), 1'789'992'001'500);
  EXPECT_THAT(Refused("json", "format: json\njson: {each: data}\nfields: {record_id: id}", "{}"),
              HasSubstr("has no \"data\""));
}

TEST(Mapping, ReadsWhatTheNetworkThinksOfTheCaller) {
  constexpr char kMapping[] = R"(
format: json
fields:
  record_id: id
  started_at: {from: at, format: epoch_s}
  attestation: level
  verification: {from: verstat, words: {TN-Validation-Passed: passed, TN-Validation-Failed: failed, No-TN-Validation: none}}
  spam_likelihood: spam
  partial_number: part
)";
  const auto record = One("json", kMapping,
                          R"({"id":1,"at":1789992000,"level":"c","verstat":"TN-Validation-Failed",
                              "spam":100,"part":2})");
  EXPECT_EQ(record.attestation(), v1::ATTESTATION_C);
  EXPECT_EQ(record.verification(), v1::VERIFICATION_FAILED);
  EXPECT_EQ(record.spam_likelihood(), 100U);
  EXPECT_EQ(record.partial_number(), 2U);
  EXPECT_FALSE(One("json", kMapping, R"({"id":1,"at":1789992000})").has_spam_likelihood());
  EXPECT_THAT(Refused("json", kMapping, R"({"id":1,"at":1789992000,"spam":101})"),
              HasSubstr("a percentage from 0 to 100"));
}

TEST(Mapping, ReadsTimes) {
  const auto utc = LocalTime::Make("UTC");
  const auto london = LocalTime::Make("Europe/London");
  const auto pattern = [](const char* text) {
    TimeFormat format;
    format.kind = TimeFormat::Kind::kPattern;
    EXPECT_EQ(CompilePattern(text, format.steps), "");
    return format;
  };
  using Kind = TimeFormat::Kind;
  const struct {
    TimeFormat format;
    bool london;
    const char* text;
    std::optional<std::int64_t> ms;
  } cases[] = {
      {{Kind::kEpochSeconds, {}, ""}, false, "1789992000", 1'789'992'000'000},
      {{Kind::kEpochSeconds, {}, ""}, false, "1789992000.25", 1'789'992'000'250},
      {{Kind::kEpochSeconds, {}, ""}, false, "0", 0},
      {{Kind::kEpochSeconds, {}, ""}, false, "", std::nullopt},
      {{Kind::kEpochSeconds, {}, ""}, false, "99999999999999999999", std::nullopt},
      {{Kind::kEpochUs, {}, ""}, false, "1789992000000001", 1'789'992'000'000},
      {{Kind::kEpochNs, {}, ""}, false, "1789992000000000001", 1'789'992'000'000},
      {{Kind::kGregorianSeconds, {}, ""}, false, "63957211200", 1'789'992'000'000},
      {{Kind::kIso, {}, ""}, false, "2026-09-21T12:00:00Z", 1'789'992'000'000},
      {{Kind::kIso, {}, ""}, false, "2026-09-21T15:00:00.500+03:00", 1'789'992'000'500},
      {{Kind::kIso, {}, ""}, false, "2026-09-21 07:00:00 -0500", 1'789'992'000'000},
      {{Kind::kIso, {}, ""}, false, "2026-09-21 12:00:00 UTC", 1'789'992'000'000},
      {{Kind::kIso, {}, ""}, true, "2026-09-21 13:00:00", 1'789'992'000'000},
      {{Kind::kIso, {}, ""}, true, "2026-10-25 01:30:00", 1'792'888'200'000},  // comes twice
      {{Kind::kIso, {}, ""}, true, "2026-03-29 01:30:00", 1'774'747'800'000},  // did not happen
      {{Kind::kIso, {}, ""}, false, "0000-00-00 00:00:00", 0},
      {{Kind::kIso, {}, ""}, false, "0001-01-01T00:00:00Z", 0},
      {{Kind::kIso, {}, ""}, false, "2026-02-29 00:00:00", std::nullopt},
      {{Kind::kIso, {}, ""}, false, "2024-02-29 00:00:00", 1'709'164'800'000},
      {{Kind::kIso, {}, ""}, false, "2026-09-21T12:00:00+16:00", std::nullopt},
      {{Kind::kIso, {}, ""}, false, "2026-09-21T24:00:00", std::nullopt},
      {{Kind::kIso, {}, ""}, false, "2026-09-21 12:00:00x", std::nullopt},
      {pattern("%d/%m/%y %H:%M:%S"), false, "21/09/26 12:00:00", 1'789'992'000'000},
      {pattern("%m/%d/%Y %I:%M:%S %p"), false, "9/21/2026 12:00:00 PM", 1'789'992'000'000},
      {pattern("%H:%M:%S %Z %b %d %Y"), true, "12:00:00.123 UTC SEP 21 2026", 1'789'992'000'123},
      {pattern("%H:%M:%S %Z %a %b %e %Y"), true, "13:00:00.5 BST Mon Sep 21 2026",
       1'789'992'000'500},
      {pattern("%Y%m%d%H%M%S"), false, "20260921120000.104", 1'789'992'000'104},
      {pattern("%F %T%z"), false, "2026-09-21 14:00:00+0200", 1'789'992'000'000},
      {pattern("%s"), false, "1789992000", 1'789'992'000'000},
      {pattern("%d/%m/%Y"), false, "21/09/2026 ", std::nullopt},
      {pattern("%d/%m/%Y"), false, "21-09-2026", std::nullopt},
      {pattern("%b %d %Y"), false, "Foo 21 2026", std::nullopt},
  };
  for (const auto& c : cases) {
    const auto read = ReadTime(c.format, c.london ? *london : *utc, c.text);
    EXPECT_EQ(read.has_value(), c.ms.has_value()) << c.text;
    if (read && c.ms) {
      EXPECT_EQ(read->early, *c.ms) << c.text;
    }
  }
}

TEST(Mapping, ACallMayGoOnIntoTheSecondOfTwoEqualHours) {
  const auto record =
      One("csv", "format: csv\nzone: Europe/London\nfields: {ended_at: 2, started_at: 1}",
          "2025-10-26 01:59:50,2025-10-26 01:00:10");
  EXPECT_EQ(record.ended_at_ms() - record.started_at_ms(), 20'000);
}

TEST(Mapping, OnlyCsvAndJsonTakeAMapping) {
  FormatConfig config;
  config.adapter = "broadworks";
  config.mapping = "format: csv";
  EXPECT_THAT(NewAdapter(config).error().message, HasSubstr("broadworks takes no mapping"));
}

TEST(Mapping, ReadsDurations) {
  const struct {
    Unit unit;
    const char* text;
    std::optional<std::int64_t> ms;
  } cases[] = {
      {Unit::kSeconds, "12", 12'000},
      {Unit::kSeconds, "0.5", 500},
      {Unit::kSeconds, "-1", -1'000},
      {Unit::kSeconds, "1e3", std::nullopt},
      {Unit::kTenMs, "150", 1'500},
      {Unit::kMs, "7.9", 7},
      {Unit::kUs, "1500", 1},
      {Unit::kNs, "2000000", 2},
      {Unit::kMinutes, "1.5", 90'000},
      {Unit::kClock, "1:02:03.5", 3'723'500},
      {Unit::kClock, "02:03", 123'000},
      {Unit::kClock, "3", 3'000},
      {Unit::kClock, "1:2:3:4", std::nullopt},
      {Unit::kDuration, "1h2m3.5s", 3'723'500},
      {Unit::kDuration, "350ms", 350},
      {Unit::kDuration, "10", 10'000},
      {Unit::kDuration, "10x", std::nullopt},
      {Unit::kDuration, "999999999h", std::nullopt},
      {Unit::kSeconds, "9999999999999999999", std::nullopt},
  };
  for (const auto& c : cases) EXPECT_EQ(ReadDuration(c.unit, c.text), c.ms) << c.text;
}

}  // namespace
}  // namespace textback::cdr::mapping
