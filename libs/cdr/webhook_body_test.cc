#include "cdr/webhook_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "cdr/framing.h"
#include "cdr/webhook_call.h"

namespace textback::cdr {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::array<std::string_view, 3> kNames = {"a", "b", "c"};
constexpr std::array<std::string_view, 1> kContainers = {"data"};

std::string Joined(std::string_view value) {
  WebhookBody body(kNames, kContainers);
  const auto status = body.Read(value);
  if (!status) return status.error().code + ": " + status.error().message;
  return std::string(body[0]) + "|" + std::string(body[1]) + "|" + std::string(body[2]);
}

TEST(WebhookBody, ReadsEveryNotation) {
  EXPECT_EQ(Joined("a=1&b=x%20y&d=9"), "1|x y|");
  EXPECT_EQ(Joined("/hook?a=1&b=2"), "1|2|");
  EXPECT_EQ(Joined("a=1&b=what%3F?\n"), "1|what??|");
  EXPECT_EQ(Joined(R"({"a":"1","b":-2,"c":true,"d":{"a":"3"}})"), "1|-2|true");
  EXPECT_EQ(Joined(R"({"a":null,"b":[1],"data":{"c":1.5,"more":{"a":"no"}}})"), "||1.5");
  EXPECT_EQ(Joined("a: 1\nb: Tue, 12 May 2015 17:52:22 +0000\nc: \n"),
            "1|Tue, 12 May 2015 17:52:22 +0000|");
  EXPECT_EQ(Joined("x: array (\n 'a' => '1',\n 'b' => 'x: y',\n)"), "1|x: y|");
  EXPECT_EQ(Joined("a=1\nb=x=y"), "1|x=y|");
  EXPECT_EQ(Joined("/{url}?\n  a = 1&\n  b = 2%3A3&\n  c = 4"), "1|2:3|4");
}

TEST(WebhookBody, MendsTextThatIsNotUtf8) {
  EXPECT_EQ(Joined("a=M%FCller"), "M?ller||");
  EXPECT_EQ(Joined("{\"a\":\"M\xfcller\"}"), "M?ller||");
}

TEST(WebhookBody, RefusesTwoValuesOfOneName) {
  EXPECT_EQ(Joined("a=1&a=1"), "1||") << "the same again says nothing new";
  EXPECT_EQ(Joined("a=1&a=2"), "form_bad_value: a stands there twice, with two values");
  EXPECT_THAT(Joined(R"({"a":"1","data":{"a":"2"}})"), HasSubstr("json_bad_value: a stands"));
  EXPECT_THAT(Joined("a: 1\na: 2"), HasSubstr("text_bad_value: a stands"));
}

TEST(WebhookBody, RefusesWhatIsNone) {
  EXPECT_THAT(Joined("{\"a\":"), HasSubstr("json_malformed"));
  EXPECT_THAT(Joined("<xml/>"), HasSubstr("text_malformed"));
  EXPECT_THAT(Joined("hello"), HasSubstr("text_malformed"));
  EXPECT_THAT(Joined("a=%4"), HasSubstr("form_malformed"));
  EXPECT_THAT(Joined("a\n" + std::string(70'000, 'x')), HasSubstr("text_malformed"));
}

TEST(WebhookBody, ForgetsTheBodyBefore) {
  WebhookBody body(kNames);
  EXPECT_TRUE(body.Read("a=1&b=%41"));
  EXPECT_TRUE(body.Read(R"({"c":5})"));
  EXPECT_EQ(body[0], "");
  EXPECT_EQ(body[2], "5");
}

TEST(WebhookFraming, TakesFilesApart) {
  const auto parts = [](std::string_view file) {
    FileSplitter splitter(Framing::kWebhooks, file);
    std::vector<std::string> out;
    for (auto part = splitter.Next(); part && *part; part = splitter.Next())
      out.emplace_back(**part);
    return out;
  };
  EXPECT_THAT(parts("a=1&b=2\na=3&b=4\r\n\n"), ElementsAre("a=1&b=2", "a=3&b=4"));
  EXPECT_THAT(parts("{\"a\":1}\n{\n \"a\":2}"), ElementsAre("{\"a\":1}", "{\n \"a\":2}"));
  EXPECT_THAT(parts("[{\"a\":1},{\"a\":2}]"), ElementsAre("{\"a\":1}", "{\"a\":2}"));
  EXPECT_THAT(parts("a: 1\nb: 2\n\na: 3\n"), ElementsAre("a: 1\nb: 2", "a: 3\n"));
  EXPECT_THAT(parts("[2016] x: array (\n 'a' => 1,\n)\n"), testing::SizeIs(1));
  EXPECT_THAT(parts("/x?\n a=1&\n b=2\n"), testing::SizeIs(1));
  EXPECT_THAT(parts("a=1&b=2\n{\"a\":3}\n"), ElementsAre("a=1&b=2", "{\"a\":3}"));
  EXPECT_THAT(parts(" \n"), ElementsAre());
}

TEST(WebhookTime, ReadsWhatProvidersWrite) {
  const auto time = WebhookTime::Make("UTC");
  ASSERT_TRUE(time);
  EXPECT_EQ(time->Read("Mon, 21 Sep 2026 12:00:00 +0000"), 1'789'992'000'000);
  EXPECT_EQ(time->Read("Mon, 21 Sep 2026 14:00:00 +0200"), 1'789'992'000'000);
  EXPECT_EQ(time->Read("2026-09-21T12:00:00.250Z"), 1'789'992'000'250);
  EXPECT_EQ(time->Read("2026-09-21 12:00:00.731479Z"), 1'789'992'000'731);
  EXPECT_EQ(time->Read("2026-09-21 12:00:00"), 1'789'992'000'000);
  for (const char* none : {"", "yesterday", "21 Sep 2026", "2026-13-01T00:00:00Z", "1"})
    EXPECT_EQ(time->Read(none), std::nullopt) << none;
}

TEST(WebhookCall, CutsWhatIsTooLong) {
  v1::CallRecord record;
  AddProviderCause("twilio", std::string(100, 'x'), record);
  EXPECT_EQ(record.causes(0).value().size(), 64U);
  EXPECT_EQ(RecordIdOf("a", "b", ""), "a:b");
  EXPECT_EQ(RecordIdOf(std::string(200, 'a'), "b", "1").size(), 32U);
  EXPECT_NE(RecordIdOf(std::string(200, 'a'), "b", "1"),
            RecordIdOf(std::string(200, 'a'), "b", "2"));
}

}  // namespace
}  // namespace textback::cdr
