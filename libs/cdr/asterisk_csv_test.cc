#include "cdr/asterisk_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "cdr/cause.h"
#include "cdr/decoder.h"
#include "cdr/local_time.h"

namespace textback::cdr {
namespace {

constexpr std::int64_t kNow = 1'790'000'000'000;  // 2026-09-21 14:13:20 UTC

SourceConfig Source(std::string zone = "UTC", std::vector<std::string> more_columns = {}) {
  SourceConfig config;
  config.name = "asterisk";
  config.format.adapter = "asterisk_csv";
  config.format.asterisk.zone = std::move(zone);
  for (auto& column : more_columns) config.format.asterisk.columns.push_back(std::move(column));
  config.numbering.country = "GB";
  config.settle.set_emits(v1::SettleProfile::EMITS_LEG_END);
  config.settle.set_settle_ms(3'000);
  return config;
}

Decoder Make(const SourceConfig& config) {
  auto made = Decoder::Make(config);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return std::move(made).value();
}

struct Row {
  std::string src = "07700900123";
  std::string dst = "02079460000";
  std::string clid = R"("""Ann"" <07700900123>")";
  std::string dstchannel = "PJSIP/100-00000002";
  std::string app = "Dial";
  std::string start = "2026-09-21 12:00:00";
  std::string answer;
  std::string end = "2026-09-21 12:00:20";
  std::string duration = "20";
  std::string billsec = "0";
  std::string disposition = "NO ANSWER";
  std::string unique = "1789992000.1";
  std::string rest;

  std::string Text() const {
    return "\"\",\"" + src + "\",\"" + dst + "\",\"from-trunk\"," + clid +
           ",\"PJSIP/trunk-00000001\",\"" + dstchannel + "\",\"" + app + "\",\"PJSIP/100,30\",\"" +
           start + "\",\"" + answer + "\",\"" + end + "\"," + duration + "," + billsec + ",\"" +
           disposition + "\",\"DOCUMENTATION\",\"" + unique + "\",\"\"" + rest;
  }
};

v1::CallRecord One(const SourceConfig& config, const Row& row, std::int64_t produced_ms = 0) {
  auto decoder = Make(config);
  Decoded out;
  const auto text = row.Text();
  decoder.Decode(text, {kNow, produced_ms}, out);
  EXPECT_EQ(out.items.size(), 1U) << (out.rejected.empty() ? "" : out.rejected[0].error.message)
                                  << text;
  return out.items.empty() ? v1::CallRecord() : *out.items[0].record;
}

std::string Reason(const SourceConfig& config, std::string_view text) {
  auto decoder = Make(config);
  Decoded out;
  decoder.Decode(text, {kNow, 0}, out);
  EXPECT_EQ(out.items.size(), 0U);
  return out.rejected.size() == 1 ? out.rejected[0].error.code
                                  : "rejected " + std::to_string(out.rejected.size());
}

TEST(AsteriskCsv, ReadsARow) {
  const auto record = One(Source(), Row());
  EXPECT_EQ(record.calling().e164(), "+447700900123");
  EXPECT_EQ(record.called().e164(), "+442079460000");
  EXPECT_EQ(record.join_key(), "1789992000.1");
  EXPECT_EQ(record.leg_id(), "PJSIP/trunk-00000001");
  EXPECT_TRUE(record.call_over());
  EXPECT_EQ(record.started_at_ms(), 1'789'992'000'000);
  EXPECT_EQ(record.ended_at_ms(), 1'789'992'020'000);
  EXPECT_FALSE(record.has_answered_at_ms());
  EXPECT_FALSE(record.has_ring_ms());
  EXPECT_EQ(record.reason_text(), "NO ANSWER in Dial");
  EXPECT_EQ(Classify(record, 3'000).verdict, v1::VERDICT_NO_ANSWER);
  EXPECT_THAT(record.record_id(), testing::StartsWith("1789992000.1:"));
  EXPECT_EQ(record.record_id(), One(Source(), Row()).record_id()) << "the same row has the same id";
  Row other;
  other.disposition = "BUSY";
  EXPECT_NE(record.record_id(), One(Source(), other).record_id());
}

TEST(AsteriskCsv, AnAnswerTimeProvesNothing) {
  for (const char* disposition : {"NO ANSWER", "BUSY", "FAILED", "CONGESTION"}) {
    Row row;
    row.disposition = disposition;
    row.answer = row.start;
    row.billsec = "20";
    const auto record = One(Source(), row);
    EXPECT_FALSE(record.has_answered_at_ms()) << disposition;
    EXPECT_FALSE(IsAnswered(record)) << disposition;
  }
}

// main/cdr.c: a Hangup() after a failed Dial is a row of its own; its answer is the menu's before.
TEST(AsteriskCsv, TheClosingHangupOfACallThatAMenuHadAnsweredProvesNothing) {
  Row row;
  row.disposition = "ANSWERED";
  row.app = "Hangup";
  row.dstchannel = "";
  row.start = row.answer = row.end = "2026-09-21 12:00:20";
  row.duration = "0";
  const auto record = One(Source(), row);
  EXPECT_EQ(Classify(record, 3'000).verdict, v1::VERDICT_CONTINUES);
  EXPECT_TRUE(record.call_over());
  row.duration = row.billsec = "5";
  EXPECT_EQ(Classify(One(Source(), row), 3'000).verdict, v1::VERDICT_ANSWERED);
}

TEST(AsteriskCsv, AnAgentsPhoneOfAQueueThatHadAnsweredLeavesTheCallerInTheQueue) {
  Row row;
  row.app = "Queue";
  row.dstchannel = "PJSIP/agent-00000002";
  EXPECT_EQ(Classify(One(Source(), row), 3'000).verdict, v1::VERDICT_NO_ANSWER);
  row.answer = "2026-09-21 12:00:01";
  const auto record = One(Source(), row);
  EXPECT_EQ(Classify(record, 3'000).verdict, v1::VERDICT_QUEUE_ABANDON);
  EXPECT_FALSE(record.has_answered_at_ms());
}

TEST(AsteriskCsv, TellsWhoAnswered) {
  struct {
    const char* app;
    const char* dstchannel;
    v1::Verdict verdict;
    v1::AnsweredBy by;
  } const cases[] = {
      {"Dial", "PJSIP/100-00000002", v1::VERDICT_ANSWERED, v1::ANSWERED_BY_UNKNOWN},
      {"Dial", "", v1::VERDICT_ANSWERED, v1::ANSWERED_BY_UNKNOWN},
      {"VoiceMail", "", v1::VERDICT_VOICEMAIL, v1::ANSWERED_BY_VOICEMAIL},
      {"Voicemail", "", v1::VERDICT_VOICEMAIL, v1::ANSWERED_BY_VOICEMAIL},
      {"Queue", "", v1::VERDICT_QUEUE_ABANDON, v1::ANSWERED_BY_QUEUE},
      {"Queue", "PJSIP/agent-00000002", v1::VERDICT_ANSWERED, v1::ANSWERED_BY_UNKNOWN},
      {"Playback", "", v1::VERDICT_ANSWERED, v1::ANSWERED_BY_IVR},
      {"BackGround", "", v1::VERDICT_ANSWERED, v1::ANSWERED_BY_IVR},
      {"Hangup", "", v1::VERDICT_ANSWERED, v1::ANSWERED_BY_UNKNOWN},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.app) + "/" + c.dstchannel);
    Row row;
    row.disposition = "ANSWERED";
    row.app = c.app;
    row.dstchannel = c.dstchannel;
    row.answer = "2026-09-21 12:00:05";
    row.billsec = "15";
    const auto record = One(Source(), row);
    EXPECT_EQ(Classify(record, 3'000).verdict, c.verdict);
    EXPECT_EQ(Classify(record, 3'000).answered_by, c.by);
    EXPECT_EQ(record.ring_ms(), 5'000);
    EXPECT_EQ(record.talk_ms(), 15'000);
  }
}

TEST(AsteriskCsv, KeepsBillsecAboveDuration) {
  Row row;
  row.disposition = "ANSWERED";
  row.answer = row.start;
  row.duration = "5";
  row.billsec = "7";
  EXPECT_EQ(One(Source(), row).talk_ms(), 7'000);
}

TEST(AsteriskCsv, FurtherColumns) {
  Row row;
  row.rest = ",\"1789992000.0\",\"peer\",\"4711\"";
  const auto record = One(Source("UTC", {"linkedid", "peeraccount", "sequence"}), row);
  EXPECT_EQ(record.join_key(), "1789992000.0");
  EXPECT_FALSE(record.call_over()) << "not the channel that began the call";
  EXPECT_EQ(record.record_id(), "1789992000.1:4711");
  EXPECT_EQ(Reason(Source(), row.Text()), "csv_columns");
  row.rest = ",whatever";
  EXPECT_EQ(One(Source("UTC", {"-"}), row).join_key(), "1789992000.1");
}

TEST(AsteriskCsv, CallerIdWhereSrcIsEmptyOrWithheld) {
  Row row;
  row.src = "";
  EXPECT_EQ(One(Source(), row).calling().e164(), "+447700900123");
  row.src = "07700900123";
  row.clid = R"("""Anonymous"" <07700900123>")";
  auto record = One(Source(), row);
  EXPECT_EQ(record.calling().presentation(), v1::Party::PRESENTATION_RESTRICTED);
  EXPECT_EQ(record.calling().e164(), "+447700900123")
      << "the digits may be there: they are kept, never texted";
  row.src = "anonymous";
  row.clid = "\"\"";
  EXPECT_EQ(One(Source(), row).calling().presentation(), v1::Party::PRESENTATION_RESTRICTED);
  row.src = "100";
  EXPECT_EQ(One(Source(), row).calling().e164(), "") << "an extension";
}

TEST(AsteriskCsv, ACutLineIsNoRecord) {
  const auto text = Row().Text();
  auto decoder = Make(Source());
  Decoded out;
  for (std::size_t n = 1; n < text.size(); ++n) {
    decoder.Decode(text.substr(0, n), {kNow, 0}, out);
    // Only the empty last field may be lost without a trace: its quotes say nothing.
    const bool whole = n == text.size() - 2;
    EXPECT_EQ(out.items.size(), whole ? 1U : 0U) << n;
    EXPECT_EQ(out.rejected.size(), whole ? 0U : 1U) << n;
  }
  EXPECT_EQ(Reason(Source(), text.substr(0, text.size() - 1)), "csv_unfinished");
  EXPECT_EQ(Reason(Source(), text.substr(0, 30)), "csv_columns");
}

TEST(AsteriskCsv, SeveralLinesStandAlone) {
  Row busy;
  busy.disposition = "BUSY";
  const std::string value = Row().Text() + "\r\n\n\"cut,\n" + busy.Text() + "\n";
  auto decoder = Make(Source());
  Decoded out;
  decoder.Decode(value, {kNow, 0}, out);
  ASSERT_EQ(out.items.size(), 2U);
  EXPECT_EQ(out.items[1].record->causes(0).value(), "BUSY");
  ASSERT_EQ(out.rejected.size(), 1U);
  EXPECT_EQ(out.rejected[0].bytes, "\"cut,");
  EXPECT_EQ(Reason(Source(), "\n\r\n"), "value_missing");
}

TEST(AsteriskCsv, LimitsTheLinesOfAValue) {
  auto decoder = Make(Source());
  std::string value;
  for (std::size_t i = 0; i < kRecordsPerValueMax; ++i) value += "x\n";
  Decoded out;
  decoder.Decode(value, {kNow, 0}, out);
  EXPECT_EQ(out.rejected.size(), kRecordsPerValueMax);
  EXPECT_EQ(out.rejected.back().error.code, "csv_columns");
  value += "x\nx\n";
  decoder.Decode(value, {kNow, 0}, out);
  EXPECT_EQ(out.rejected.size(), kRecordsPerValueMax + 1);
  EXPECT_EQ(out.rejected.back().error.code, "too_many_records");
  EXPECT_EQ(out.rejected.back().bytes, "x\nx\n");
}

TEST(AsteriskCsv, TextThatIsNotUtf8) {
  Row row;
  row.clid = "\"\"\"Jos\xe9\"\" <07700900123>\"";
  EXPECT_EQ(Reason(Source(), row.Text()), "invalid_utf8");
  auto config = Source();
  config.format.asterisk.latin1_fallback = true;
  EXPECT_EQ(One(config, row).calling().e164(), "+447700900123");
}

TEST(AsteriskCsv, BadValues) {
  Row row;
  row.start = "21.09.2026 12:00";
  EXPECT_EQ(Reason(Source(), row.Text()), "csv_bad_value");
  row = Row();
  row.end = "";
  EXPECT_EQ(Reason(Source(), row.Text()), "csv_bad_value");
  row = Row();
  row.duration = "-1";
  EXPECT_EQ(Reason(Source(), row.Text()), "csv_bad_value");
  row = Row();
  row.billsec = "many";
  EXPECT_EQ(Reason(Source(), row.Text()), "csv_bad_value");
  row = Row();
  row.disposition = "";
  EXPECT_EQ(Reason(Source(), row.Text()), "csv_bad_value");
  row = Row();
  row.start = row.end = "1970-01-01 05:30:00";
  EXPECT_EQ(Reason(Source(), row.Text()), "time_absurd");
}

// Clocks in London go back on 2025-10-26 at 02:00: 01:30 is both 00:30 and 01:30 UTC.
TEST(AsteriskCsv, TheHourThatComesTwice) {
  constexpr std::int64_t kFirst = 1'761'438'600'000;  // 00:30 UTC
  Row row;
  row.start = "2025-10-26 01:30:00";
  row.end = "2025-10-26 01:30:20";
  const auto config = Source("Europe/London");
  EXPECT_EQ(One(config, row).started_at_ms(), kFirst) << "nothing more is known: the first";
  EXPECT_EQ(One(config, row, kFirst + 21'000).started_at_ms(), kFirst)
      << "produced before the second came";
  EXPECT_EQ(One(config, row, kFirst + 3'621'000).started_at_ms(), kFirst + 3'600'000);
  // A call across the change: the duration tells.
  row.start = "2025-10-26 01:59:50";
  row.end = "2025-10-26 01:00:10";
  const auto across = One(config, row);
  EXPECT_EQ(across.ended_at_ms() - across.started_at_ms(), 20'000);
}

TEST(LocalTime, ReadsZonesAndRefusesNonsense) {
  auto made = LocalTime::Make("Europe/London");
  ASSERT_TRUE(made);
  const auto& london = *made;
  EXPECT_EQ(london.Read("2026-07-01 12:00:00")->early, 1'782'903'600'000);
  EXPECT_EQ(london.Read("2026-07-01 12:00:00.250")->early, 1'782'903'600'250);
  // 2026-03-29 01:30 doesn't happen: read with the offset before (GMT).
  EXPECT_EQ(london.Read("2026-03-29 01:30:00")->early, london.Read("2026-03-29 02:30:00")->early);
  for (const char* text :
       {"", "2026-07-01", "2026-02-30 12:00:00", "2026-13-01 12:00:00", "2026-07-01 24:00:00",
        "2026-07-01 12:60:00", "2026-07-01 12:00:61", "2026-07-01 12:00:00Z",
        "2026-07-01 12:00:00.", "2026-07-01 12:00:00.1234567", "2026/07/01 12:00:00",
        " 2026-07-01 12:00:00", "20a6-07-01 12:00:00"}) {
    EXPECT_FALSE(london.Read(text)) << text;
  }
  EXPECT_FALSE(LocalTime::Make("Nowhere/Else"));
}

// --- files ---

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string Describe(const v1::CallRecord& record) {
  const auto read = Classify(record, kMinRingMsDefault);
  std::ostringstream out;
  out << WordOf(read.verdict) << " by=" << v1::AnsweredBy_Name(read.answered_by).substr(12)
      << " rule=" << read.rule << " from=" << record.calling().e164()
      << " to=" << record.called().e164() << " join=" << record.join_key()
      << " start=" << record.started_at_ms() << " end=" << record.ended_at_ms()
      << " talk=" << record.talk_ms();
  return out.str();
}

std::string DescribeAll(const SourceConfig& config, std::string_view value) {
  auto decoder = Make(config);
  Decoded out;
  decoder.Decode(value, {kNow, 0}, out);
  std::string text;
  for (const auto& item : out.items) text += Describe(*item.record) + "\n";
  for (const auto& rejected : out.rejected) text += "rejected: " + rejected.error.code + "\n";
  return text;
}

// Our own rows in, verdicts out; UPDATE_GOLDEN=1 rewrites what is expected.
TEST(AsteriskGolden, OwnSamples) {
  const std::filesystem::path folder = TEXTBACK_SOURCE_DIR "/tests/data/cdr/asterisk";
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".csv") continue;
    ++files;
    const auto got = DescribeAll(Source("Europe/London"), ReadFile(entry.path()));
    auto expected = entry.path();
    expected.replace_extension(".expected");
    if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(expected) << got;
    EXPECT_EQ(got, ReadFile(expected)) << entry.path();
  }
  EXPECT_GE(files, 1);
}

std::vector<std::string> Verdicts(std::string_view value) {
  auto decoder = Make(Source());
  Decoded out;
  decoder.Decode(value, {kNow, 0}, out);
  std::vector<std::string> words;
  for (const auto& item : out.items)
    words.emplace_back(WordOf(Classify(*item.record, kMinRingMsDefault).verdict));
  for (const auto& rejected : out.rejected) words.push_back(rejected.error.code);
  return words;
}

// Records of real switches, which may be tested with but not shipped: read where the folder is.
class SharedSample : public testing::Test {
 public:
  static std::filesystem::path Folder() {
    const char* set = std::getenv("TEXTBACK_SHARED");
    const std::filesystem::path shared = set != nullptr ? set : TEXTBACK_SOURCE_DIR "/../shared";
    return shared / "data/real-cdrs/asterisk";
  }
  void Check(const std::string& name, const std::vector<std::string>& expected) {
    EXPECT_EQ(Verdicts(ReadFile(Folder() / name)), expected);
  }
};

class SharedSampleTest : public SharedSample {
 public:
  SharedSampleTest(std::string name, std::vector<std::string> expected)
      : name_(std::move(name)), expected_(std::move(expected)) {}
  void TestBody() override { Check(name_, expected_); }

 private:
  std::string name_;
  std::vector<std::string> expected_;
};

// Registered only where the folder is, so that no test passes without having looked.
const bool kRegistered = [] {
  if (!std::filesystem::exists(SharedSample::Folder())) return false;
  const std::pair<const char*, std::vector<std::string>> samples[] = {
      {"testsuite-cdrlib-good.csv",
       {"answered", "answered", "network_failure", "no_answer", "busy"}},
      {"testsuite-cdrlib-buggy.csv", {"csv_unfinished"}},
      {"testsuite-Master.csv", {"answered", "answered"}},
  };
  for (const auto& [name, expected] : samples) {
    std::string test = name;
    std::ranges::replace_if(test, [](char c) { return c == '-' || c == '.'; }, '_');
    testing::RegisterTest(
        "AsteriskShared", test.c_str(), nullptr, nullptr, __FILE__, __LINE__,
        [name, expected]() -> SharedSample* { return new SharedSampleTest(name, expected); });
  }
  return true;
}();

TEST(AsteriskCsv, ReadsTheNewColumnsUnasked) {
  Row row;
  row.rest = R"(,"","1789991999.7",42)";  // newcdrcolumns=yes
  const auto record = One(Source(), row);
  EXPECT_EQ(record.join_key(), "1789991999.7");
  EXPECT_EQ(record.record_id(), "1789992000.1:42");
  EXPECT_FALSE(record.call_over()) << "a row of a channel that didn't begin the call";
  row.rest = R"(,"","1789992000.1",42)";
  EXPECT_TRUE(One(Source(), row).call_over());
  EXPECT_EQ(Reason(Source(), Row{.rest = R"(,"","1789992000.1")"}.Text()), "csv_columns");
  EXPECT_EQ(Reason(Source("UTC", {"linkedid"}), row.Text()), "csv_columns") << "as configured";
}

TEST(AsteriskCsv, AnAnswerBehindALocalChannelIsAnAnswer) {
  Row row;
  row.dstchannel = "Local/101@from-queue-00000001;1";
  row.disposition = "ANSWERED";
  row.app = "Queue";
  EXPECT_EQ(One(Source(), row).answered_by(), v1::ANSWERED_BY_UNKNOWN);
  row.dstchannel.clear();
  EXPECT_EQ(One(Source(), row).answered_by(), v1::ANSWERED_BY_QUEUE) << "no agent took it";
}

}  // namespace
}  // namespace textback::cdr
