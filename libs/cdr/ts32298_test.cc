#include "cdr/ts32298.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "cdr/cause.h"
#include "cdr/decoder.h"
#include "cdr/framing.h"
#include "cdr/reasons.h"
#include "cdr/source_kind.h"
#include "cdr/ts32298_tags.h"

namespace textback::cdr {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kNow = 1'790'000'000'000;
const std::filesystem::path kVectors =
    std::filesystem::path(TEXTBACK_SOURCE_DIR) / "tests/data/cdr/3gpp";

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

std::string Hex(std::string_view hex) {
  std::string bytes;
  int high = -1;
  for (const char c : hex) {
    if (c == ' ') continue;
    const int digit = c <= '9' ? c - '0' : c - 'A' + 10;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<char>(high << 4 | digit));
      high = -1;
    }
  }
  return bytes;
}

// One element with a tag below 31 and contents below 64 KiB.
std::string Tlv(unsigned identifier, std::string_view content) {
  std::string out(1, static_cast<char>(identifier));
  if (content.size() < 0x80) {
    out.push_back(static_cast<char>(content.size()));
  } else {
    out += Hex("82");
    out.push_back(static_cast<char>(content.size() >> 8));
    out.push_back(static_cast<char>(content.size() & 0xff));
  }
  return out.append(content);
}

FormatConfig Format() {
  FormatConfig format;
  format.adapter = "3gpp";
  format.voicemail_pilots = {"+44 7700 900999"};
  return format;
}

Decoder MakeDecoder(FormatConfig format = Format(), std::vector<NumberRule> rules = {}) {
  SourceConfig config;
  config.name = "msc";
  config.format = std::move(format);
  config.numbering.country = "GB";
  config.numbering.rules = std::move(rules);
  config.settle = SettleOf(*FindSourceKind("3gpp"));
  return std::move(Decoder::Make(std::move(config))).value();
}

class Ts32298Test : public testing::Test {
 protected:
  const v1::CallRecord* One(std::string_view bytes) {
    decoder_.Decode(bytes, {kNow, kNow}, out_);
    if (out_.items.size() != 1 || !out_.rejected.empty()) return nullptr;
    return out_.items[0].record;
  }
  // "code: message" of the only rejection.
  std::string Refused(std::string_view bytes) {
    decoder_.Decode(bytes, {kNow, kNow}, out_);
    if (!out_.items.empty() || out_.rejected.size() != 1) return "not refused";
    return out_.rejected[0].error.code + ": " + out_.rejected[0].error.message;
  }

  Decoder decoder_ = MakeDecoder();
  Decoded out_;
};

// Of records that an independent encoder made: each field as that encoder's own decoder has it.
TEST_F(Ts32298Test, FieldsOfRecordsMadeByPycrate) {
  FormatConfig format = Format();
  auto adapter = NewTs32298(format);
  ASSERT_TRUE(adapter);
  decoder_ = MakeDecoder(format, {{"D123", ""}});
  simdjson::dom::parser parser;
  const auto json = simdjson::padded_string(ReadAll(kVectors / "expected.json"));
  simdjson::dom::array files;
  ASSERT_EQ(parser.parse(json).get(files), simdjson::SUCCESS);
  std::size_t compared = 0;
  for (const auto file : files) {
    const std::string name(file["file"].get_string().value());
    SCOPED_TRACE(name);
    const auto bytes = ReadAll(kVectors / name);
    ASSERT_FALSE(bytes.empty());
    Decoded raw;
    (*adapter)->Decode(bytes, {kNow, kNow}, raw);
    for (const auto& rejected : raw.rejected) ADD_FAILURE() << rejected.error.message;
    decoder_.Decode(bytes, {kNow, kNow}, out_);
    const auto records = file["records"].get_array().value();
    ASSERT_THAT(raw.items, SizeIs(records.size()));
    ASSERT_THAT(out_.items, SizeIs(records.size()));
    std::size_t i = 0;
    for (const auto record : records) {
      v1::CallRecord expected;
      const std::string call = simdjson::minify(record["call"].value());
      ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(call, &expected).ok()) << call;
      // What proto3 can't tell from its absence.
      v1::CallRecord got;
      ASSERT_TRUE(got.ParseFromString(raw.items[i].record->SerializeAsString()));
      std::string differences;
      google::protobuf::util::MessageDifferencer differencer;
      differencer.ReportDifferencesToString(&differences);
      EXPECT_TRUE(differencer.Compare(expected, got)) << "record " << i << ":\n" << differences;
      const auto read = Classify(*out_.items[i].record, kMinRingMsDefault);
      EXPECT_EQ(WordOf(read.verdict), std::string_view(record["verdict"].get_string().value()))
          << read.rule;
      const std::string by(record["answered_by"].get_string().value());
      EXPECT_EQ(read.answered_by, by == "unknown"     ? v1::ANSWERED_BY_UNKNOWN
                                  : by == "voicemail" ? v1::ANSWERED_BY_VOICEMAIL
                                                      : v1::ANSWERED_BY_UNSPECIFIED);
      ++i;
      ++compared;
    }
  }
  EXPECT_GT(compared, 40U);
}

// The same records through the splitter of files, which is what `textback inspect` does.
TEST_F(Ts32298Test, FilesAreTakenApartIntoTheSameRecords) {
  for (const char* name : {"ts32297_file.ber", "blocks.ber", "mo_partials.ber", "indefinite.ber"}) {
    const auto bytes = ReadAll(kVectors / name);
    decoder_.Decode(bytes, {kNow, kNow}, out_);
    std::vector<std::string> whole;
    for (const auto& item : out_.items) whole.push_back(item.record->record_id());
    std::vector<std::string> split;
    FileSplitter splitter(Framing::kBer, bytes);
    while (true) {
      const auto value = splitter.Next();
      ASSERT_TRUE(value) << name;
      if (!*value) break;
      EXPECT_EQ((*value)->data(), bytes.data() + splitter.offset());
      EXPECT_EQ(splitter.number(), split.size() + 1);
      decoder_.Decode(**value, {kNow, kNow}, out_);
      ASSERT_THAT(out_.items, SizeIs(1));
      split.push_back(out_.items[0].record->record_id());
    }
    EXPECT_EQ(whole, split) << name;
  }
}

// Acceptance: octet 3a restricts, and without it the same digits are a number to text.
TEST_F(Ts32298Test, PresentationIsOctet3a) {
  const auto* record = One(ReadAll(kVectors / "mt_withheld.ber"));
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->calling().presentation(), v1::Party::PRESENTATION_RESTRICTED);
  EXPECT_EQ(record->calling().e164(), "+447700900001");
  record = One(ReadAll(kVectors / "mt_not_withheld.ber"));
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->calling().presentation(), v1::Party::PRESENTATION_UNSPECIFIED);
  EXPECT_EQ(record->calling().e164(), "+447700900001");
  EXPECT_EQ(record->called().e164(), "+447700900100");
}

// Acceptance: a roaming number appears nowhere in what comes of a record.
TEST_F(Ts32298Test, RoamingNumbersAreNobodys) {
  for (const char* name : {"roaming_absent.ber", "mtrf.ber"}) {
    const auto* record = One(ReadAll(kVectors / name));
    ASSERT_NE(record, nullptr);
    EXPECT_THAT(record->DebugString(), testing::Not(HasSubstr("900877"))) << name;
    EXPECT_EQ(record->called().e164(), "+447700900100");
    EXPECT_TRUE(record->call_over());
  }
  // A trunk's record has it as calledNumber: only the operator knows the range.
  auto format = Format();
  format.roaming_prefixes = {"4477009001"};
  decoder_ = MakeDecoder(format);
  decoder_.Decode(ReadAll(kVectors / "gateways.ber"), {kNow, kNow}, out_);
  ASSERT_THAT(out_.items, SizeIs(3));
  for (const auto& item : out_.items) EXPECT_FALSE(item.record->has_called());
}

// Acceptance: the terminating and the forwarding record of one call share a key, and the second
// keeps why it was forwarded.
TEST_F(Ts32298Test, ForwardToAPilotIsVoicemail) {
  decoder_.Decode(ReadAll(kVectors / "forward_to_voicemail.ber"), {kNow, kNow}, out_);
  ASSERT_THAT(out_.items, SizeIs(2));
  const auto& terminating = *out_.items[0].record;
  const auto& forwarding = *out_.items[1].record;
  EXPECT_EQ(terminating.join_key(), forwarding.join_key());
  EXPECT_FALSE(forwarding.join_key().empty());
  EXPECT_EQ(forwarding.calling().e164(), "+447700900001");
  EXPECT_EQ(forwarding.original_called().e164(), "+447700900100");
  EXPECT_EQ(forwarding.causes(0).value(), "19");

  decoder_ = MakeDecoder([] {
    FormatConfig format;
    format.adapter = "3gpp";
    return format;
  }());
  decoder_.Decode(ReadAll(kVectors / "forward_to_voicemail.ber"), {kNow, kNow}, out_);
  ASSERT_THAT(out_.items, SizeIs(2));
  EXPECT_EQ(Classify(*out_.items[1].record, kMinRingMsDefault).verdict, v1::VERDICT_ANSWERED);
}

// moCallRecord (TS 32.298, MOCallRecord): forwarded on no reply, with this cause of Q.767.
std::string ForwardedInVain(std::string_view cause) {
  return Tlv(
      0xa0,
      Tlv(0x80, Hex("00")) + Tlv(0x83, Hex("91 44 77 00 09 00 10")) +
          Tlv(0x84, Hex("91 44 77 00 09 00 20")) + Tlv(0x85, Hex("91 44 77 00 09 00 30")) +
          Tlv(0x89, Hex("91 44 77 00 09 60 00")) + Tlv(0xb1, Tlv(0x30, Tlv(0x80, Hex("2A")))) +
          Tlv(0x96, Hex("26 03 05 10 20 00 2B 01 00")) +
          Tlv(0x98, Hex("26 03 05 10 20 20 2B 01 00")) + Tlv(0x99, Hex("14")) +
          Tlv(0x9e, Hex("03")) + Hex("BF 1F 03 82 01") + Hex(cause) + Hex("9F 20 04 00 01 02 03"));
}

// The final leg decides: who gave up there gave up, though the line hadn't replied before.
TEST_F(Ts32298Test, TheReasonOfAForwardingDoesNotSpeakForACallerWhoGaveUp) {
  const auto* record = One(ForwardedInVain("10"));
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->node(), "447700900600");
  EXPECT_EQ(Classify(*record, kMinRingMsDefault).verdict, v1::VERDICT_ABANDONED);
  record = One(ForwardedInVain("1F"));  // normal, unspecified
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(Classify(*record, kMinRingMsDefault).verdict, v1::VERDICT_NO_ANSWER);
  record = One(ForwardedInVain("11"));
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(Classify(*record, kMinRingMsDefault).verdict, v1::VERDICT_BUSY);
}

TEST_F(Ts32298Test, RoutingPrefixesStayForTheRules) {
  EXPECT_THAT(Refused(ReadAll(kVectors / "mo_routing_prefix.ber")),
              HasSubstr("routing_prefix: called is D1237700900100"));
  decoder_ = MakeDecoder(Format(), {{"D123", ""}});
  const auto* record = One(ReadAll(kVectors / "mo_routing_prefix.ber"));
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->called().e164(), "+447700900100");
}

// recordType 1 in [0], [1] in [3]: what vendors' shifted CHOICE tags look like.
TEST_F(Ts32298Test, RecordTypeAndChoiceMustAgree) {
  auto bytes = ReadAll(kVectors / "mt_answered.ber");
  bytes[0] = '\xa0';
  EXPECT_THAT(Refused(bytes), HasSubstr("record_type: CHOICE tag [0] is moCallRecord in profile "
                                        "r17, but its recordType is 1, not 0"));
  bytes[0] = '\xa4';
  EXPECT_THAT(Refused(bytes), HasSubstr("record_type: CHOICE tag [4] is outGatewayRecord"));
  bytes[0] = '\xaf';
  EXPECT_THAT(Refused(bytes), HasSubstr("record_type: tag [15] is no record of profile r17"));
  bytes[0] = '\x30';  // a list without records
  EXPECT_THAT(Refused(bytes), HasSubstr("record_type: there is no record in it"));
  bytes[0] = '\x61';
  EXPECT_THAT(Refused(bytes), HasSubstr("record_type: TAP3 or NRTRDE"));
  EXPECT_THAT(Refused(Tlv(0x62, "")), HasSubstr("record_type: there is no record in it"));
}

TEST_F(Ts32298Test, RefusedWithThePlace) {
  const auto type = Tlv(0x80, Hex("01"));
  const auto start = Tlv(0x93, Hex("26 03 05 10 20 30 2B 01 00"));
  EXPECT_THAT(Refused(Tlv(0xa1, start)),
              HasSubstr("field_missing: mtCallRecord has no recordType"));
  EXPECT_THAT(Refused(Tlv(0xa1, type)), HasSubstr("time_missing"));
  EXPECT_THAT(Refused(Tlv(0xa1, type + start + start)),
              HasSubstr("ber_bad_value: mtCallRecord.seizureTime stands there twice"));
  EXPECT_THAT(Refused(Tlv(0xa1, type + Tlv(0xb3, ""))),
              HasSubstr("ber_bad_value: mtCallRecord.seizureTime is constructed"));
  EXPECT_THAT(Refused(Tlv(0xa1, type + Tlv(0x93, Hex("26 13 05 10 20 30 2B 01 00")))),
              HasSubstr("ber_bad_value: mtCallRecord.seizureTime is no time"));
  EXPECT_THAT(Refused(Tlv(0xa1, type + start + Tlv(0x84, Hex("91 F4 77")))),
              HasSubstr("ber_bad_value: mtCallRecord.callingNumber is no number in TBCD"));
  EXPECT_THAT(Refused(Tlv(0xa1, type + start + Tlv(0x96, Hex("FF")))),
              HasSubstr("ber_bad_value: mtCallRecord.callDuration is negative"));
  EXPECT_THAT(Refused(Tlv(0xa1, type + start + Hex("96 05 01"))),
              HasSubstr("ber_malformed: byte 16: longer than what holds it"));
  EXPECT_THAT(Refused(Tlv(0xa1, type) + Hex("A1 05 01")), "not refused");
  EXPECT_THAT(out_.rejected, SizeIs(2));
  EXPECT_THAT(Refused(Hex("08 88 FF FF FF FF FF FF FF FF 00 00")), HasSubstr("ber_malformed"));
}

TEST_F(Ts32298Test, EveryCutOfARecordIsRefused) {
  const auto whole = ReadAll(kVectors / "mt_no_answer.ber");
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_THAT(Refused(std::string_view(whole).substr(0, size)), HasSubstr("ber_malformed"));
  }
  const auto file = ReadAll(kVectors / "ts32297_file.ber");
  for (std::size_t size = 1; size < file.size(); ++size) {
    decoder_.Decode(std::string_view(file).substr(0, size), {kNow, kNow}, out_);
    EXPECT_THAT(out_.rejected, testing::Not(IsEmpty())) << size;
  }
}

// A cut record costs itself in a TS 32.297 file, whose headers say where the next one begins.
TEST_F(Ts32298Test, DamagedRecordInAFileOfHeaders) {
  auto bytes = ReadAll(kVectors / "ts32297_file.ber");
  const auto second = bytes.find("\xbf\x3f");
  ASSERT_NE(second, std::string::npos);
  bytes[second + 2] = '\x05';
  decoder_.Decode(bytes, {kNow, kNow}, out_);
  EXPECT_THAT(out_.items, SizeIs(2));
  EXPECT_THAT(out_.rejected, SizeIs(1));
}

TEST_F(Ts32298Test, BytesBetweenRecords) {
  const auto record = ReadAll(kVectors / "mt_answered.ber");
  EXPECT_NE(One(record + std::string(3, '\0')), nullptr);
  EXPECT_NE(One(record + "\xff\xff\xff"), nullptr);
  EXPECT_NE(One("\xff" + record), nullptr);
  // Two zeros are stray end-of-contents octets (X.690, 8.1.5), not a block's rest.
  EXPECT_EQ(One(record + std::string(2, '\0')), nullptr);
  EXPECT_THAT(out_.rejected, SizeIs(1));
  EXPECT_EQ(One(record + std::string(3, '\0') + "x"), nullptr);
}

TEST_F(Ts32298Test, OnlyBerOfTs32297) {
  auto bytes = ReadAll(kVectors / "ts32297_file.ber");
  bytes[54 + 3] = '\x46';  // PER, unaligned
  EXPECT_THAT(Refused(bytes), HasSubstr("ber_malformed: byte 54: a record in format 2, not 1"));
}

// Huawei: forwarding records of their own, alerting time; in a CallEventDataFile.
TEST_F(Ts32298Test, VendorProfile) {
  const auto number = [](const char* hex) { return Hex(std::string("91 44 77 00 09 ") + hex); };
  const auto high = [](const char* identifier, std::string_view content) {
    return Hex(identifier) + Tlv(0, content).substr(1);
  };
  // [100] forwardCallRecord: served B, calling A, called the pilot; alerted at [202].
  const auto body = Tlv(0x80, Hex("64")) + Tlv(0x83, number("10 00")) + Tlv(0x84, number("00 10")) +
                    Tlv(0x85, number("99 99")) + Tlv(0x96, Hex("26 03 05 10 20 30 2B 01 00")) +
                    high("9F 81 4A", Hex("26 03 05 10 20 32 2B 01 00")) +
                    high("97", Hex("26 03 05 10 20 40 2B 01 00")) + Tlv(0x99, Hex("0C")) +
                    Tlv(0x9e, Hex("00"));
  const auto record = high("BF 64", body);
  const auto file =
      Tlv(0x30, Tlv(0xa0, Tlv(0x80, "")) + Tlv(0xa1, record + record) + Tlv(0xa2, ""));
  EXPECT_THAT(Refused(record), HasSubstr("record_type: tag [100] is no record of profile r17"));

  auto format = Format();
  format.profile = "huawei";
  decoder_ = MakeDecoder(format);
  decoder_.Decode(file, {kNow, kNow}, out_);
  ASSERT_THAT(out_.rejected, IsEmpty());
  ASSERT_THAT(out_.items, SizeIs(2));
  const auto& forwarded = *out_.items[1].record;
  EXPECT_EQ(forwarded.reason_text(), "forwardCallRecord");
  EXPECT_EQ(forwarded.calling().number(), "447700900001");
  EXPECT_EQ(forwarded.original_called().number(), "447700900100");
  EXPECT_EQ(forwarded.called().number(), "447700909999");
  EXPECT_EQ(forwarded.ringing_at_ms() - forwarded.started_at_ms(), 2'000);
  EXPECT_EQ(forwarded.talk_ms(), 12'000);
}

TEST(Ts32298ConfigTest, Refused) {
  FormatConfig format;
  format.profile = "r1";
  const auto unknown = NewTs32298(format);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message, "profile \"r1\" is none of r17, huawei");
  format.profile = "r17";
  EXPECT_TRUE(NewTs32298(format));
  format.voicemail_pilots = {"sip:vm@example.com"};
  EXPECT_FALSE(NewTs32298(format));
  format.voicemail_pilots = {};
  format.roaming_prefixes = {"x"};
  EXPECT_FALSE(NewTs32298(format));
}

// A table that names a tag or a record twice would read one field as another.
TEST(Ts32298TagsTest, TablesAreSound) {
  for (const auto& profile : ts32298::Profiles()) {
    std::set<std::uint32_t> choices;
    for (const auto records : profile.records) {
      for (const auto& map : records) {
        EXPECT_TRUE(choices.insert(map.choice).second) << profile.name << " " << map.name;
        EXPECT_LE(map.choice, 127U);
        std::set<std::uint32_t> tags;
        for (const auto& tag : map.fields) {
          EXPECT_TRUE(tags.insert(tag.tag).second) << map.name << " [" << tag.tag << "]";
          EXPECT_LE(tag.tag, ts32298::kTagMax);
        }
        EXPECT_TRUE(tags.contains(0)) << map.name;
      }
    }
  }
}

}  // namespace
}  // namespace textback::cdr
