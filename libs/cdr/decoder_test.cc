// Adapters and the decoder around them: what comes out of bytes, and why something doesn't.
#include "cdr/decoder.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/bytes.h"
#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

using google::protobuf::util::MessageDifferencer;

constexpr std::int64_t kNow = 1'790'000'100'000;

SourceConfig Source(std::string adapter) {
  SourceConfig config;
  config.name = "pbx-leeds";
  config.format.adapter = std::move(adapter);
  config.numbering.country = "GB";
  config.settle.set_emits(v1::SettleProfile::EMITS_CALL_END);
  return config;
}

Decoder Make(const SourceConfig& config) {
  auto made = Decoder::Make(config);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return std::move(made).value();
}

// The one record of `value`; fails the test where there is none.
v1::CallRecord One(Decoder& decoder, std::string_view value) {
  Decoded out;
  decoder.Decode(value, {kNow, kNow}, out);
  EXPECT_EQ(out.items.size(), 1U) << (out.rejected.empty() ? "" : out.rejected[0].error.message);
  EXPECT_TRUE(out.rejected.empty());
  return out.items.empty() ? v1::CallRecord() : *out.items[0].record;
}

std::string Reason(Decoder& decoder, std::optional<std::string_view> value) {
  Decoded out;
  decoder.Decode(value, {kNow, kNow}, out);
  EXPECT_EQ(out.items.size(), 0U);
  if (out.rejected.size() != 1) return "rejected " + std::to_string(out.rejected.size());
  const auto& error = out.rejected[0].error;
  EXPECT_EQ(error.disposition, Disposition::kDeadLetter);
  EXPECT_THAT(reasons::kAll, testing::Contains(error.code));
  EXPECT_TRUE(IsUtf8(error.message));
  return error.code;
}

v1::CallRecord Sample() {
  v1::CallRecord record;
  record.set_record_id("r-1");
  record.set_call_id("c-1");
  record.set_join_key("j-1");
  record.set_partial_number(2);
  record.set_call_over(true);
  record.mutable_calling()->set_number("07700 900123");
  record.mutable_calling()->set_presentation(v1::Party::PRESENTATION_ALLOWED);
  record.mutable_calling()->set_screening(v1::Party::SCREENING_NETWORK_PROVIDED);
  record.mutable_called()->set_number("+442079460000");
  record.mutable_called()->set_number_type(v1::Party::NUMBER_TYPE_INTERNATIONAL);
  record.set_started_at_ms(kNow - 30'000);
  record.set_ringing_at_ms(kNow - 29'000);
  record.set_ended_at_ms(kNow - 10'000);
  record.set_ring_ms(19'000);
  auto* cause = record.add_causes();
  cause->set_namespace_(v1::Cause::NAMESPACE_Q850);
  cause->set_value("19");
  cause->set_location(v1::Cause::LOCATION_USER);
  record.set_reason_text("no answer");
  record.set_attestation(v1::ATTESTATION_A);
  record.set_caller_line_type(v1::LINE_TYPE_MOBILE);
  return record;
}

constexpr char kSampleJson[] = R"({
  "record_id": "r-1", "call_id": "c-1", "join_key": "j-1", "partial_number": 2, "call_over": true,
  "calling": {"number": "07700 900123", "presentation": "allowed", "screening": "SCREENING_NETWORK_PROVIDED"},
  "called": {"number": "+442079460000", "number_type": "International"},
  "started_at_ms": 1790000070000, "ringing_at_ms": "1790000071000", "ended_at_ms": 1790000090000, "ring_ms": 19000,
  "causes": [{"namespace": "q850", "value": "19", "location": 1}],
  "reason_text": "no answer", "attestation": "A", "caller_line_type": "LINE_TYPE_MOBILE", "leg_id": null
})";

TEST(Decoder, ReadsProtobufAndJsonAlike) {
  auto protobuf = Make(Source("protobuf"));
  auto json = Make(Source("json"));
  const auto one = One(protobuf, Sample().SerializeAsString());
  const auto other = One(json, kSampleJson);
  EXPECT_TRUE(MessageDifferencer::Equals(one, other)) << one.DebugString() << other.DebugString();
  EXPECT_EQ(one.source(), "pbx-leeds");
  EXPECT_EQ(one.record_id(), "r-1");
  EXPECT_EQ(one.calling().e164(), "+447700900123");
  EXPECT_EQ(one.called().e164(), "+442079460000");
  EXPECT_EQ(one.settle().emits(), v1::SettleProfile::EMITS_CALL_END);
}

TEST(Decoder, IgnoresWhatOnlyIntakeMayFillIn) {
  auto record = Sample();
  record.set_source("somebody");
  record.mutable_served()->set_tenant("mallory");
  record.mutable_settle()->set_accept_leg_risk(true);
  record.mutable_coordinates()->set_offset(7);
  record.mutable_calling()->set_e164("+15550100");
  auto decoder = Make(Source("protobuf"));
  const auto out = One(decoder, record.SerializeAsString());
  EXPECT_EQ(out.source(), "pbx-leeds");
  EXPECT_FALSE(out.has_served());
  EXPECT_FALSE(out.has_coordinates());
  EXPECT_FALSE(out.settle().accept_leg_risk());
  EXPECT_EQ(out.calling().e164(), "+447700900123");
}

TEST(Decoder, MakesAnIdOfTheBytes) {
  auto decoder = Make(Source("protobuf"));
  auto record = Sample();
  record.clear_record_id();
  const auto first = One(decoder, record.SerializeAsString()).record_id();
  const auto again = One(decoder, record.SerializeAsString()).record_id();
  record.set_reason_text("other");
  const auto other = One(decoder, record.SerializeAsString()).record_id();
  EXPECT_EQ(first.size(), 32U);
  EXPECT_EQ(first, again);
  EXPECT_NE(first, other);
  EXPECT_EQ(decoder.ids_made(), 3U);
}

TEST(Decoder, RefusesBadBytes) {
  auto decoder = Make(Source("protobuf"));
  const std::string good = Sample().SerializeAsString();
  EXPECT_EQ(Reason(decoder, std::nullopt), "value_missing");
  EXPECT_EQ(Reason(decoder, ""), "value_missing");
  EXPECT_EQ(Reason(decoder, std::string(kValueBytesMax + 1, 'x')), "value_too_large");
  EXPECT_EQ(Reason(decoder, std::string(10'000'000, 'x')), "value_too_large");
  EXPECT_EQ(Reason(decoder, "\xff\xff\xff"), "protobuf_malformed");
  EXPECT_EQ(Reason(decoder, good.substr(0, good.size() - 1)), "protobuf_malformed");
  auto bad_text = good;
  const auto at = bad_text.find("07700");
  bad_text[at] = '\xff';
  Decoded out;
  decoder.Decode(bad_text, {kNow, kNow}, out);
  ASSERT_EQ(out.rejected.size(), 1U);
  EXPECT_EQ(out.rejected[0].error.code, "invalid_utf8");
  EXPECT_THAT(out.rejected[0].error.message, testing::HasSubstr("calling.number"));
}

// Every cut either still is a record or is refused for a named reason; none crashes.
TEST(Decoder, SurvivesEveryCut) {
  auto protobuf = Make(Source("protobuf"));
  auto json = Make(Source("json"));
  const std::string bytes = Sample().SerializeAsString();
  Decoded out;
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    protobuf.Decode(bytes.substr(0, n), {kNow, kNow}, out);
    EXPECT_EQ(out.items.size() + out.rejected.size(), 1U) << n;
  }
  const std::string text = kSampleJson;
  for (std::size_t n = 0; n < text.size(); ++n) {
    json.Decode(text.substr(0, n), {kNow, kNow}, out);
    EXPECT_EQ(out.items.size(), 0U) << n;
    EXPECT_EQ(out.rejected.size(), 1U) << n;
  }
}

TEST(Decoder, ChecksTimes) {
  auto decoder = Make(Source("protobuf"));
  struct {
    const char* what;
    std::int64_t started;
    std::int64_t ended;
    const char* reason;
  } const cases[] = {
      {"2000", kEarliestMs, kEarliestMs, ""},
      {"before 2000", kEarliestMs - 1, kNow, "time_absurd"},
      {"seconds", 1'790'000'000, 1'790'000'010, "time_absurd"},
      {"an hour ahead", kNow, kNow + kFutureMaxMs, ""},
      {"more", kNow, kNow + kFutureMaxMs + 1, "time_absurd"},
      {"backwards by a second", kNow, kNow - 1'000, ""},
      {"backwards by more", kNow, kNow - 1'001, "time_absurd"},
      {"negative", -5, kNow, "time_absurd"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    auto record = Sample();
    record.clear_ringing_at_ms();
    record.set_started_at_ms(c.started);
    record.set_ended_at_ms(c.ended);
    if (*c.reason == 0) {
      One(decoder, record.SerializeAsString());
    } else {
      EXPECT_EQ(Reason(decoder, record.SerializeAsString()), c.reason);
    }
  }
  v1::CallRecord timeless;
  timeless.set_record_id("x");
  EXPECT_EQ(Reason(decoder, timeless.SerializeAsString()), "time_missing");
  auto negative = Sample();
  negative.set_ring_ms(-1);
  EXPECT_EQ(Reason(decoder, negative.SerializeAsString()), "time_absurd");
}

TEST(Decoder, ChecksLengths) {
  auto decoder = Make(Source("protobuf"));
  auto record = Sample();
  record.set_record_id(std::string(128, 'x'));
  record.mutable_calling()->set_number(std::string(64, '1'));
  One(decoder, record.SerializeAsString());
  record.set_record_id(std::string(129, 'x'));
  EXPECT_EQ(Reason(decoder, record.SerializeAsString()), "field_too_long");
  record = Sample();
  record.mutable_calling()->set_number(std::string(65, '1'));
  EXPECT_EQ(Reason(decoder, record.SerializeAsString()), "field_too_long");
  record = Sample();
  record.mutable_causes(0)->set_value(std::string(65, '1'));
  EXPECT_EQ(Reason(decoder, record.SerializeAsString()), "field_too_long");
  record = Sample();
  for (int i = 0; i < 8; ++i) record.add_causes();
  EXPECT_EQ(Reason(decoder, record.SerializeAsString()), "too_many_causes");
  record = Sample();
  record.set_reason_text(std::string(255, 'x') + "\xc3\xa9");
  EXPECT_EQ(One(decoder, record.SerializeAsString()).reason_text(), std::string(255, 'x'));
}

TEST(Decoder, NumbersOfLettersAreNoError) {
  auto decoder = Make(Source("protobuf"));
  auto record = Sample();
  record.mutable_calling()->set_number("GARAGE");
  EXPECT_EQ(One(decoder, record.SerializeAsString()).calling().e164(), "");
  record.mutable_calling()->set_number("anonymous");
  EXPECT_EQ(One(decoder, record.SerializeAsString()).calling().presentation(),
            v1::Party::PRESENTATION_RESTRICTED);
}

// Else a missing rule would make calls to tenants nobody's.
TEST(Decoder, ARoutingPrefixWithoutARuleIsADeadLetter) {
  auto decoder = Make(Source("protobuf"));
  auto record = Sample();
  record.mutable_called()->set_number("D1237700900100");
  Decoded out;
  decoder.Decode(record.SerializeAsString(), {kNow, kNow}, out);
  ASSERT_EQ(out.rejected.size(), 1u);
  EXPECT_EQ(out.rejected[0].error.code, reasons::kRoutingPrefix);
  for (const char* number :
       {"D12377009x0100", "DEADBEEF", "GARAGE1234567", "E123456", "Ext1234567"}) {
    record.mutable_called()->set_number(number);
    EXPECT_EQ(One(decoder, record.SerializeAsString()).called().e164(), "") << number;
  }
}

TEST(Decoder, RefusesBadConfiguration) {
  auto config = Source("xml");
  EXPECT_EQ(Decoder::Make(config).error().code, "config_invalid");
  config = Source("protobuf");
  config.name = "";
  EXPECT_FALSE(Decoder::Make(config));
  config.name = "PBX";
  EXPECT_FALSE(Decoder::Make(config));
  config = Source("protobuf");
  config.settle.clear_emits();
  EXPECT_FALSE(Decoder::Make(config));
  config = Source("asterisk_csv");
  config.format.confluent_header = true;
  EXPECT_FALSE(Decoder::Make(config));
  config = Source("asterisk_csv");
  config.format.asterisk.zone = "Europe/Leeds";
  EXPECT_THAT(Decoder::Make(config).error().message, testing::HasSubstr("Europe/Leeds"));
  config = Source("asterisk_csv");
  config.format.asterisk.columns = {"src", "dst"};
  EXPECT_FALSE(Decoder::Make(config));
  config.format.asterisk.columns = {"start", "end", "disposition", "start"};
  EXPECT_FALSE(Decoder::Make(config));
  config.format.asterisk.columns = {"start", "end", "disposition", "nonsense"};
  EXPECT_FALSE(Decoder::Make(config));
}

TEST(Confluent, TakesTheHeaderOff) {
  auto config = Source("protobuf");
  config.format.confluent_header = true;
  auto decoder = Make(config);
  const std::string body = Sample().SerializeAsString();
  const std::string schema("\x00\x00\x00\x00\x07", 5);
  // CallRecord is the sixth message of call_record.proto: count 1, index 5, both zigzag.
  EXPECT_EQ(One(decoder, schema + "\x02\x0a" + body).record_id(), "r-1");
  EXPECT_EQ(Reason(decoder, body), "wire_header");
  EXPECT_EQ(Reason(decoder, schema), "wire_header");
  EXPECT_EQ(Reason(decoder, schema.substr(0, 4)), "wire_header");
  EXPECT_EQ(Reason(decoder, schema + std::string(1, '\0') + body), "wire_header") << "[0] is Party";
  EXPECT_EQ(Reason(decoder, schema + "\x04\x0a\x02" + body), "wire_header");
  EXPECT_EQ(Reason(decoder, schema + "\x03" + body), "wire_header") << "a negative count";
  EXPECT_EQ(Reason(decoder, schema + "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), "wire_header");
  config.format.message_indexes = {0};
  auto first = Make(config);
  EXPECT_EQ(One(first, schema + std::string(1, '\0') + body).record_id(), "r-1");
  auto json = Source("json");
  json.format.confluent_header = true;
  auto with_json = Make(json);
  EXPECT_EQ(One(with_json, schema + kSampleJson).record_id(), "r-1");
  EXPECT_EQ(Reason(with_json, kSampleJson), "wire_header");
}

TEST(Json, SaysWhatIsWrong) {
  auto decoder = Make(Source("json"));
  struct {
    const char* json;
    const char* reason;
    const char* says;
  } const cases[] = {
      {"{", "json_malformed", ""},
      {"", "value_missing", ""},
      {"[]", "json_bad_value", "must be an object"},
      {"{\"mos\":nan}", "json_malformed", ""},
      {"{\"started_at_ms\":1790000070000} {}", "json_malformed", ""},
      {"{\"answerd_at_ms\":1}", "json_unknown_field", "answerd_at_ms"},
      {"{\"calling\":{\"nummer\":\"1\"}}", "json_unknown_field", "calling.nummer"},
      {"{\"calling\":{\"number\":447700900123}}", "json_bad_value",
       "\"calling.number\" must be a string, not a number"},
      {"{\"calling\":\"+447700900123\"}", "json_bad_value", "must be an object"},
      {"{\"calling\":{\"presentation\":\"hidden\"}}", "json_bad_value", "calling.presentation"},
      {"{\"calling\":{\"presentation\":9}}", "json_bad_value", "calling.presentation"},
      {"{\"calling\":{\"presentation\":-1}}", "json_bad_value", "calling.presentation"},
      {"{\"calling\":{\"presentation\":true}}", "json_bad_value", "calling.presentation"},
      {"{\"started_at_ms\":1.5}", "json_bad_value", "started_at_ms"},
      {"{\"started_at_ms\":\"1790000070000x\"}", "json_bad_value", "started_at_ms"},
      {"{\"started_at_ms\":\"\"}", "json_bad_value", "started_at_ms"},
      {"{\"started_at_ms\":18446744073709551615}", "json_bad_value", "started_at_ms"},
      {"{\"partial_number\":-1}", "json_bad_value", "partial_number"},
      {"{\"partial_number\":4294967296}", "json_bad_value", "partial_number"},
      {"{\"call_over\":\"true\"}", "json_bad_value", "call_over"},
      {"{\"causes\":{}}", "json_bad_value", "causes"},
      {"{\"causes\":[1]}", "json_bad_value", "causes"},
      {"{\"call_id\":\"a\",\"call_id\":\"b\"}", "json_duplicate_field", "call_id"},
      {"{\"call_id\":\"\xff\"}", "invalid_utf8", ""},
      {"{\"call_id\":\"\\ud800\"}", "json_malformed", ""},
      {"null", "json_bad_value", "must be an object, not null"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.json);
    EXPECT_EQ(Reason(decoder, c.json), c.reason);
    Decoded out;
    decoder.Decode(c.json, {kNow, kNow}, out);
    ASSERT_EQ(out.rejected.size(), 1U);
    EXPECT_THAT(out.rejected[0].error.message, testing::HasSubstr(c.says));
  }
}

TEST(Json, SkipsUnknownFieldsWhereConfigured) {
  auto config = Source("json");
  config.format.ignore_unknown_fields = true;
  auto decoder = Make(config);
  const auto record = One(
      decoder,
      R"({"record_id":"a","started_at_ms":1790000070000,"extra":{"x":[1,2]},"calling":{"y":1}})");
  EXPECT_EQ(record.record_id(), "a");
}

// Each field of CallRecord can be written in JSON; a field of a new kind would fail here first.
TEST(Json, KnowsEveryField) {
  auto decoder = Make(Source("json"));
  const auto* type = v1::CallRecord::descriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    std::string value = "1790000070000";
    switch (field->cpp_type()) {
      case google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE:
        value = field->is_repeated() ? "[{}]" : "{}";
        break;
      case google::protobuf::FieldDescriptor::CPPTYPE_STRING:
        value = "\"x\"";
        break;
      case google::protobuf::FieldDescriptor::CPPTYPE_BOOL:
        value = "true";
        break;
      case google::protobuf::FieldDescriptor::CPPTYPE_ENUM:
      case google::protobuf::FieldDescriptor::CPPTYPE_UINT32:
        value = "1";
        break;
      default:
        if (field->name() == "ring_ms" || field->name() == "talk_ms") value = "1000";
    }
    const std::string time =
        field->name() == "started_at_ms" ? "" : ", \"started_at_ms\": 1790000070000";
    One(decoder, "{\"" + field->name() + "\": " + value + time + "}");
  }
}

}  // namespace
}  // namespace textback::cdr
