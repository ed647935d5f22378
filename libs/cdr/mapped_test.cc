// The ready mappings of deploy/mappings, each over the sample of its own in
// tests/data/cdr/mappings.
#include "cdr/mapped.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "cdr/cause.h"
#include "cdr/decoder.h"
#include "cdr/source_kind.h"

namespace textback::cdr {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = TEXTBACK_SOURCE_DIR;

std::string Contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string AnsweredByWord(v1::AnsweredBy by) {
  const char* const words[] = {"-", "person", "voicemail", "ivr", "queue", "unknown"};
  return words[by];
}

std::string OrNone(const std::string& text) { return text.empty() ? "-" : text; }

// A line for each record: verdict, answered by, caller, called.
std::string Read(const fs::path& mapping, const fs::path& sample) {
  SourceConfig config;
  config.name = "test";
  config.format.adapter = sample.extension().string().substr(1);
  config.format.mapping = Contents(mapping);
  config.format.mapping_file = mapping.filename();
  config.settle.set_emits(v1::SettleProfile::EMITS_CALL_END);
  config.numbering.country = "GB";
  // The ready mappings' samples have numbers with their country code, with or without "+".
  config.numbering.bare_international = mapping.parent_path().filename() == "mappings";
  const auto* kind = FindSourceKind(config.format.adapter);
  const auto framing = FramingOf(*kind, config.format);
  auto decoder = Decoder::Make(config);
  if (!decoder) return decoder.error().message;
  const auto bytes = Contents(sample);
  FileSplitter splitter(framing, bytes);
  Decoded out;
  std::ostringstream lines;
  for (auto value = splitter.Next(); value && *value; value = splitter.Next()) {
    decoder->Decode(**value, {.now_ms = 1'800'000'000'000, .file_written_ms = 1'789'992'000'000},
                    out);
    for (const auto& item : out.items) {
      auto& record = *item.record;
      if (record.direction() == v1::DIRECTION_OUTBOUND)
        record.mutable_served()->set_side(v1::Served::SIDE_ORIGINATING);
      const auto read = Classify(record, kMinRingMsDefault);
      lines << WordOf(read.verdict) << '\t' << AnsweredByWord(read.answered_by) << '\t'
            << OrNone(record.calling().e164()) << '\t' << OrNone(record.called().e164()) << '\n';
    }
    for (const auto& rejected : out.rejected)
      lines << rejected.error.code << ": " << rejected.error.message << '\n';
  }
  return lines.str();
}

TEST(Mapped, EveryReadyMappingReadsItsSample) {
  std::size_t mappings = 0;
  for (const auto& entry : fs::directory_iterator(kRoot / "deploy/mappings")) {
    const auto folder = kRoot / "tests/data/cdr/mappings" / entry.path().stem();
    fs::path sample;
    for (const char* name : {"sample.csv", "sample.json", "sample.form"}) {
      if (fs::exists(folder / name)) sample = folder / name;
    }
    EXPECT_EQ(Read(entry.path(), sample), Contents(folder / "expected.tsv")) << entry.path();
    ++mappings;
  }
  EXPECT_GE(mappings, 14U);
}

TEST(Mapped, TheExampleOfTheDocumentationReadsItsSample) {
  const auto folder = kRoot / "tests/data/cdr/mappings/worked-example";
  EXPECT_EQ(Read(folder / "mapping.yaml", folder / "sample.csv"),
            Contents(folder / "expected.tsv"));
}

TEST(Mapped, AFileBelowAHeaderLineIsTakenApart) {
  const std::string row(1000, 'x');
  std::string file = "\r\na,b\r\n";
  for (int i = 0; i < 200; ++i) file += std::to_string(i) + "," + row + "\n";
  FileSplitter splitter(Framing::kHeadedLines, file);
  std::size_t values = 0;
  std::size_t lines = 0;
  for (auto value = splitter.Next(); value && *value; value = splitter.Next()) {
    EXPECT_TRUE((*value)->starts_with("a,b\n"));
    EXPECT_LT((*value)->size(), 70'000U);
    ++values;
    lines += static_cast<std::size_t>(std::ranges::count(**value, '\n')) - 1;
  }
  EXPECT_EQ(values, 4U);
  EXPECT_EQ(lines, 200U);
  FileSplitter header_alone(Framing::kHeadedLines, "a,b\n\n");
  EXPECT_FALSE(*header_alone.Next());
}

TEST(Mapped, SaysWhichFormatAMappingIsFor) {
  FormatConfig config;
  config.mapping = "format: json\nfields: {calling: a}";
  config.mapping_file = "m.yaml";
  EXPECT_THAT(NewMappedCsv(config).error().message, testing::HasSubstr("m.yaml is for json"));
  config.mapping = "format: csv\nfields: {calling: 1}";
  EXPECT_THAT(NewMappedJson(config).error().message, testing::HasSubstr("m.yaml is for csv"));
  EXPECT_THAT(NewMappedForm(config).error().message, testing::HasSubstr("m.yaml is for csv"));
  config.mapping = "format: form\nfields: {calling: a}";
  EXPECT_THAT(NewMappedCsv(config).error().message, testing::HasSubstr("not for csv"));
  EXPECT_THAT(NewMappedJson(config).error().message, testing::HasSubstr("not for json"));
  config.mapping.clear();
  EXPECT_THAT(NewMappedCsv(config).error().message, testing::HasSubstr("needs a mapping"));
  EXPECT_THAT(NewMappedForm(config).error().message, testing::HasSubstr("needs a mapping"));
}

TEST(Mapped, ReadsForms) {
  SourceConfig config;
  config.name = "test";
  config.format.adapter = "form";
  config.format.mapping =
      "format: form\nfields: {calling: a, ended_at: {from: $arrival, format: epoch_ms}}";
  config.settle.set_emits(v1::SettleProfile::EMITS_EVENTS);
  auto decoder = Decoder::Make(config);
  ASSERT_TRUE(decoder) << decoder.error().message;
  Decoded out;
  const auto read = [&](std::string_view form, std::int64_t produced_ms) {
    decoder->Decode(form, {.now_ms = 1'800'000'000'000, .produced_ms = produced_ms}, out);
    if (!out.rejected.empty()) return out.rejected[0].error.code;
    return out.items[0].record->calling().number() + "@" +
           std::to_string(out.items[0].record->ended_at_ms());
  };
  EXPECT_EQ(read("b=9&a=1+2&a=3\r\n", 1'789'992'000'000), "1 2@1789992000000")
      << "the first of a name counts";
  EXPECT_EQ(read("a=1&$arrival=5", 1'789'992'000'000), "1@1789992000000")
      << "nobody but the log says when it arrived";
  EXPECT_EQ(read("a=1", 0), "time_missing");
  EXPECT_EQ(read("a=%FF", 1'789'992'000'000), "invalid_utf8");
  EXPECT_EQ(read("a=%", 1'789'992'000'000), "form_malformed");
}

}  // namespace
}  // namespace textback::cdr
