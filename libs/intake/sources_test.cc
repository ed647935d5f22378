// Which inputs may share a topic, and which of them reads a record.
#include "intake/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace textback::intake {
namespace {

using testing::HasSubstr;

IntakeInput Input(const std::string& name, const std::string& header, bool reads_unnamed = false) {
  IntakeInput input;
  input.topic = "cdrs";
  input.source.name = name;
  input.source.numbering.country = "GB";
  input.source.settle.set_emits(v1::SettleProfile::EMITS_CALL_END);
  input.source_header = header;
  input.reads_unnamed = reads_unnamed;
  return input;
}

std::string Problem(const std::vector<IntakeInput>& inputs) {
  const auto made = SourcesByTopic(inputs);
  if (made) return "none";
  EXPECT_EQ(made.error().disposition, Disposition::kFatal);
  EXPECT_EQ(made.error().code, "config_invalid");
  return made.error().message;
}

// Whoever reads a record of that header, or "nobody".
std::string Reader(const Sources& sources, std::optional<std::string_view> named) {
  const auto* decoder = sources.Choose(named);
  return decoder == nullptr ? "nobody" : decoder->config().name;
}

TEST(Sources, ASourceAloneReadsEverythingAndLooksAtNoHeader) {
  const auto topics = SourcesByTopic({Input("pbx", "")}).value();
  EXPECT_EQ(topics.at("cdrs").header(), "");
  EXPECT_EQ(Reader(topics.at("cdrs"), std::nullopt), "pbx");
}

TEST(Sources, TheHeaderChooses) {
  const auto topics = SourcesByTopic({Input("leeds", "src"), Input("york", "src", true)}).value();
  ASSERT_EQ(topics.size(), 1u);
  const auto& sources = topics.at("cdrs");
  EXPECT_EQ(sources.header(), "src");
  EXPECT_EQ(Reader(sources, "leeds"), "leeds");
  EXPECT_EQ(Reader(sources, "york"), "york");
  EXPECT_EQ(Reader(sources, std::nullopt), "york");
  EXPECT_EQ(Reader(sources, ""), "nobody") << "an empty header names a source that is none";
  EXPECT_EQ(Reader(sources, "Leeds"), "nobody");
  EXPECT_EQ(Reader(sources, "leeds "), "nobody");
}

TEST(Sources, WithoutAHeaderNobodyReadsUnlessAnInputSaysSo) {
  const auto topics = SourcesByTopic({Input("leeds", "src"), Input("york", "src")}).value();
  const auto& sources = topics.at("cdrs");
  EXPECT_EQ(Reader(sources, std::nullopt), "nobody");
  const auto absent = sources.Unknown(std::nullopt);
  EXPECT_EQ(absent.disposition, Disposition::kDeadLetter);
  EXPECT_EQ(absent.code, "unknown_source");
  EXPECT_THAT(absent.message, HasSubstr("there is no header src"));
  EXPECT_THAT(absent.message, HasSubstr("one of leeds, york"));
  EXPECT_THAT(sources.Unknown("hull").message, HasSubstr("header src is \"hull\""));
  EXPECT_THAT(sources.Unknown("\xff\x1b[2J h").message, HasSubstr("is \"??[2J h\""));
  EXPECT_LT(sources.Unknown(std::string(100'000, 'x')).message.size(), 200u);
}

TEST(Sources, ASourceAloneMayDemandItsHeader) {
  const auto topics = SourcesByTopic({Input("leeds", "src")}).value();
  EXPECT_EQ(Reader(topics.at("cdrs"), "leeds"), "leeds");
  EXPECT_EQ(Reader(topics.at("cdrs"), "york"), "nobody");
  EXPECT_EQ(Reader(topics.at("cdrs"), std::nullopt), "nobody");
}

TEST(Sources, WhatDoesNotGoTogetherIsRefused) {
  EXPECT_EQ(Problem({Input("a", "src"), Input("b", "src")}), "none");
  EXPECT_THAT(Problem({Input("a", ""), Input("b", "")}), HasSubstr("stands twice"));
  EXPECT_THAT(Problem({Input("a", "src"), Input("b", "")}), HasSubstr("the same source_header"));
  EXPECT_THAT(Problem({Input("a", ""), Input("b", "src")}), HasSubstr("the same source_header"));
  EXPECT_THAT(Problem({Input("a", "src"), Input("b", "Src")}), HasSubstr("the same source_header"));
  EXPECT_THAT(Problem({Input("a", "src", true), Input("b", "src", true)}),
              HasSubstr("set for a of topic cdrs already"));
  EXPECT_THAT(Problem({Input("a", "", true)}), HasSubstr("goes with source_header only"));
  EXPECT_THAT(Problem({Input("a", "src"), Input("a", "src")}), HasSubstr("source a stands twice"));
  EXPECT_EQ(Problem({Input("a", std::string(64, 'h'))}), "none");
  EXPECT_THAT(Problem({Input("a", std::string(65, 'h'))}), HasSubstr("64 printable"));
  EXPECT_THAT(Problem({Input("a", "my header")}), HasSubstr("64 printable"));
}

}  // namespace
}  // namespace textback::intake
