#include "cdr/broadworks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "cdr/cause.h"
#include "cdr/decoder.h"
#include "cdr/framing.h"

namespace textback::cdr {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kNow = 1'790'000'000'000;

Decoder Make() {
  SourceConfig config;
  config.name = "test";
  config.format.adapter = "broadworks";
  config.numbering.country = "GB";
  config.settle.set_emits(v1::SettleProfile::EMITS_LEG_END);
  auto made = Decoder::Make(std::move(config));
  EXPECT_TRUE(made);
  return std::move(made).value();
}

using Fields = std::map<std::string, std::string>;

// A call to a user that rang for 20 s, with what `changed` says instead; "" takes a field away.
std::string CdrData(const Fields& changed = {}) {
  Fields fields = {{"userNumber", "+442079460222"},    {"direction", "Terminating"},
                   {"callingNumber", "+447700900123"}, {"callingPresentationIndicator", "Public"},
                   {"calledNumber", "+442079460222"},  {"startTime", "20260921120000.250"},
                   {"answerIndicator", "No"},          {"releaseTime", "20260921120020.250"},
                   {"terminationCause", "019"},        {"localCallId", "25160047719:0"}};
  std::string type = "Normal";
  for (const auto& [name, text] : changed) {
    if (name == "type") {
      type = text;
    } else {
      fields[name] = text;
    }
  }
  std::string out =
      "<cdrData><headerModule><recordId><eventCounter>0002183385</eventCounter><systemId>as1</"
      "systemId>"
      "<date>20260921120020.300</date><systemTimeZone>1+020000</systemTimeZone></recordId><type>" +
      type + "</type></headerModule><basicModule>";
  for (const auto& [name, text] : fields) {
    if (!text.empty()) out += "<" + name + ">" + text + "</" + name + ">";
  }
  return out + "</basicModule></cdrData>";
}

v1::CallRecord One(const Fields& changed = {}) {
  auto decoder = Make();
  Decoded out;
  const auto text = CdrData(changed);
  decoder.Decode(text, {kNow, 0}, out);
  EXPECT_EQ(out.items.size(), 1U) << (out.rejected.empty() ? "" : out.rejected[0].error.message);
  return out.items.empty() ? v1::CallRecord() : *out.items[0].record;
}

std::string Refused(std::string_view text) {
  auto decoder = Make();
  Decoded out;
  decoder.Decode(text, {kNow, 0}, out);
  EXPECT_TRUE(out.items.empty());
  return out.rejected.empty() ? ""
                              : out.rejected[0].error.code + ": " + out.rejected[0].error.message;
}

TEST(Broadworks, ReadsACall) {
  const auto record = One();
  EXPECT_EQ(record.record_id(), "0002183385@as1:20260921120020.300");
  EXPECT_EQ(record.join_key(), "25160047719:0");
  EXPECT_EQ(record.calling().e164(), "+447700900123");
  EXPECT_EQ(record.called().e164(), "+442079460222");
  EXPECT_EQ(record.direction(), v1::DIRECTION_INBOUND);
  EXPECT_EQ(record.started_at_ms(), 1'789'992'000'250);
  EXPECT_EQ(record.ended_at_ms(), 1'789'992'020'250);
  EXPECT_TRUE(record.call_over());
  EXPECT_EQ(Classify(record, 3'000).verdict, v1::VERDICT_NO_ANSWER);
}

TEST(Broadworks, ReadsVerdicts) {
  const struct {
    Fields changed;
    v1::Verdict verdict;
    v1::AnsweredBy by;
  } cases[] = {
      {{{"answerIndicator", "Yes"},
        {"answerTime", "20260921120010.250"},
        {"terminationCause", "016"}},
       v1::VERDICT_ANSWERED,
       v1::ANSWERED_BY_UNKNOWN},
      {{{"answerIndicator", "Yes-PostRedirection"}, {"terminationCause", "016"}},
       v1::VERDICT_ANSWERED,
       v1::ANSWERED_BY_UNKNOWN},
      {{{"answerIndicator", "Yes"}, {"relatedCallIdReason", "Voice Mail Retrieval"}},
       v1::VERDICT_VOICEMAIL,
       v1::ANSWERED_BY_VOICEMAIL},
      // An answer time without the indicator proves nothing.
      {{{"answerTime", "20260921120010.250"}}, v1::VERDICT_NO_ANSWER, v1::ANSWERED_BY_UNSPECIFIED},
      {{{"terminationCause", "016"}}, v1::VERDICT_ABANDONED, v1::ANSWERED_BY_UNSPECIFIED},
      {{{"terminationCause", "016"}, {"releaseTime", "20260921120002.250"}},
       v1::VERDICT_SHORT_RING,
       v1::ANSWERED_BY_UNSPECIFIED},
      {{{"terminationCause", "017"}}, v1::VERDICT_BUSY, v1::ANSWERED_BY_UNSPECIFIED},
      {{{"terminationCause", "020"}}, v1::VERDICT_UNREACHABLE, v1::ANSWERED_BY_UNSPECIFIED},
      {{{"terminationCause", "301"}}, v1::VERDICT_UNRESOLVED, v1::ANSWERED_BY_UNSPECIFIED},
      {{{"relatedCallId", "9:0"}, {"relatedCallIdReason", "Hunt Group"}},
       v1::VERDICT_CONTINUES,
       v1::ANSWERED_BY_UNSPECIFIED},
      {{{"type", "Long Duration"}}, v1::VERDICT_CONTINUES, v1::ANSWERED_BY_UNSPECIFIED},
      {{{"type", "Failover"}, {"releaseTime", ""}},
       v1::VERDICT_CONTINUES,
       v1::ANSWERED_BY_UNSPECIFIED},
  };
  for (const auto& c : cases) {
    const auto read = Classify(One(c.changed), 3'000);
    EXPECT_EQ(WordOf(read.verdict), WordOf(c.verdict)) << CdrData(c.changed);
    EXPECT_EQ(read.answered_by, c.by) << CdrData(c.changed);
  }
}

TEST(Broadworks, TellsWhoCalled) {
  EXPECT_EQ(One({{"direction", "Originating"}}).direction(), v1::DIRECTION_OUTBOUND);
  const auto forwarded = One({{"direction", "Originating"},
                              {"redirectingNumber", "+442079460222"},
                              {"calledNumber", "+447700900456"}});
  EXPECT_EQ(forwarded.direction(), v1::DIRECTION_INBOUND) << "the business forwarded it";
  EXPECT_EQ(forwarded.original_called().e164(), "+442079460222");
  EXPECT_FALSE(forwarded.call_over());
  EXPECT_EQ(One({{"direction", ""}}).direction(), v1::DIRECTION_UNSPECIFIED);
  EXPECT_EQ(One({{"callingPresentationIndicator", "Anonymous"}}).calling().presentation(),
            v1::Party::PRESENTATION_RESTRICTED);
  EXPECT_EQ(One({{"callingPresentationIndicator", "Anonymous-Name"}}).calling().presentation(),
            v1::Party::PRESENTATION_ALLOWED);
}

TEST(Broadworks, RefusesWithThePlace) {
  EXPECT_THAT(Refused(CdrData({{"type", "Odd"}})), HasSubstr("record_type: type \"Odd\""));
  EXPECT_THAT(Refused(CdrData({{"answerIndicator", "Maybe"}})),
              HasSubstr("xml_bad_value: answerIndicator"));
  EXPECT_THAT(Refused(CdrData({{"startTime", "2026-09-21"}})),
              HasSubstr("xml_bad_value: startTime"));
  EXPECT_THAT(Refused(CdrData({{"startTime", "20261321120000.1"}})),
              HasSubstr("(eventCounter 0002183385)"));
  EXPECT_THAT(Refused(CdrData({{"localCallId", std::string(2000, 'x')}})),
              HasSubstr("field_too_long"));
  EXPECT_THAT(Refused("<cdrs/>"), HasSubstr("xml_bad_value: expected broadWorksCDR"));
  EXPECT_THAT(Refused("<cdrData><basicModule>"), HasSubstr("xml_malformed"));
  EXPECT_THAT(Refused("<!DOCTYPE broadWorksCDR [<!ENTITY a \"b\">]><broadWorksCDR/>"),
              HasSubstr("xml_malformed"));
}

TEST(Broadworks, ReadsAFile) {
  const std::string file =
      "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<!DOCTYPE broadWorksCDR>\n"
      "<broadWorksCDR version=\"19.0\">\n" +
      CdrData({{"type", "Start"}}) + CdrData() + "<!-- a note -->" +
      CdrData({{"networkCallID", "M\xfcller@as1"}}) + CdrData({{"type", "End"}}) +
      "</broadWorksCDR>\n";
  auto decoder = Make();
  Decoded out;
  decoder.Decode(file, {kNow, 0}, out);
  ASSERT_EQ(out.items.size(), 2U);
  EXPECT_EQ(out.items[1].record->call_id(), "M\xc3\xbcller@as1");
  // The same by FileSplitter, a record each.
  FileSplitter splitter(Framing::kXmlRecords, file);
  std::size_t values = 0;
  std::size_t records = 0;
  for (auto value = splitter.Next(); value && *value; value = splitter.Next()) {
    ++values;
    decoder.Decode(**value, {kNow, 0}, out);
    EXPECT_TRUE(out.rejected.empty());
    records += out.items.size();
  }
  EXPECT_EQ(values, 4U);
  EXPECT_EQ(records, 2U);
}

}  // namespace
}  // namespace textback::cdr
