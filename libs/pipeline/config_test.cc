// What a service's configuration means where little is said.
#include "pipeline/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "cdr/source_kind.h"
#include "pipeline/worker.h"

namespace textback::pipeline {
namespace {

// The one input of a worker, with these further lines.
intake::IntakeInput Input(const std::string& lines) {
  const std::string text =
      "instance: w1\ndata_folder: /var/lib/textback\nkafka: {brokers: \"localhost:9092\"}\n"
      "intake:\n  inputs:\n    - topic: cdrs\n      source: pbx\n" +
      lines;
  config::Reader reader(text, "worker.yaml");
  WorkerConfig config;
  ReadWorkerConfig(reader.root(), config);
  const auto read = reader.Finish();
  EXPECT_TRUE(read) << (read ? "" : read.error().message);
  return config.inputs.at(0);
}

// Left out, it would be "a record a call" for systems that write a record a leg: each phone of a
// ring group that didn't answer would be a missed call.
TEST(ConfigTest, AnInputSettlesAsItsFormatsSystemsWrite) {
  for (const auto& kind : cdr::SourceKinds()) {
    if (kind.name == "csv" || kind.name == "form") continue;  // need a mapping file
    const auto settle = Input("      format: " + std::string(kind.name) + "\n").source.settle;
    EXPECT_EQ(settle.emits(), kind.emits) << kind.name;
    EXPECT_EQ(settle.settle_ms(), kind.settle_ms) << kind.name;
    EXPECT_EQ(settle.past_end_ms(), kind.past_end_ms) << kind.name;
  }
  const auto settle = Input("").source.settle;
  EXPECT_EQ(settle.emits(), v1::SettleProfile::EMITS_CALL_END);
  EXPECT_EQ(settle.settle_ms(), 0);
}

TEST(ConfigTest, WhatIsSaidOfSettlingCounts) {
  auto settle = Input("      format: 3gpp\n      settle: {wait: 10m}\n").source.settle;
  EXPECT_EQ(settle.emits(), v1::SettleProfile::EMITS_LEG_END);
  EXPECT_EQ(settle.settle_ms(), 600'000);
  EXPECT_EQ(settle.past_end_ms(), 300'000);
  settle = Input("      format: 3gpp\n      settle: {past_end: 90s}\n").source.settle;
  EXPECT_EQ(settle.past_end_ms(), 90'000);
  settle = Input("      format: 3gpp\n      settle: {emits: call_end}\n").source.settle;
  EXPECT_EQ(settle.emits(), v1::SettleProfile::EMITS_CALL_END);
  EXPECT_EQ(settle.settle_ms(), 0);
  settle = Input("      settle: {emits: leg_end}\n").source.settle;
  EXPECT_EQ(settle.settle_ms(), 3'000);
}

// The watchdog of a worker.yaml with this section, or what is wrong with it.
Result<WatchdogConfig> WatchdogOf(const std::string& section) {
  config::Reader reader(
      "data_folder: /var/lib/textback\nintake:\n  inputs: [{topic: t, source: s}]\n" + section,
      "worker.yaml");
  WorkerConfig config;
  ReadWorkerConfig(reader.root(), config);
  TB_RETURN_IF_ERROR(reader.Finish());
  return config.common.watchdog;
}

TEST(ConfigTest, TheWatchdogIsOnAndHasItsLimits) {
  const auto usual = WatchdogOf("").value();
  EXPECT_TRUE(usual.enabled);
  EXPECT_EQ(usual.limits.stuck, std::chrono::minutes(2));
  const auto said = WatchdogOf(
                        "watchdog: {enabled: false, stuck: 60s, transaction: 30s, timer_lag: 61s, "
                        "restarts: 0, restarts_window: 1d}\n")
                        .value();
  EXPECT_FALSE(said.enabled);
  EXPECT_EQ(said.limits.stuck, std::chrono::seconds(60));
  EXPECT_EQ(said.limits.transaction, std::chrono::seconds(30));
  EXPECT_EQ(said.limits.timers, std::chrono::seconds(61));
  EXPECT_EQ(said.limits.restarts_max, 0u);
  EXPECT_EQ(said.limits.restarts_window, std::chrono::hours(24));
}

TEST(ConfigTest, WatchdogLimitsThatWouldStrikeAtWorkAreRefused) {
  for (const char* wrong : {"stuck: 59s", "transaction: 29s", "timer_lag: 59s", "restarts: 101",
                            "restarts_window: 25h", "bite: true"}) {
    const auto read = WatchdogOf("watchdog: {" + std::string(wrong) + "}\n");
    ASSERT_FALSE(read) << wrong;
    const std::string text(wrong);
    EXPECT_NE(read.error().message.find(text.substr(0, text.find(':'))), std::string::npos)
        << read.error().message;
  }
}

// A run.yaml with this section ingest: its files, or what is wrong with it.
Result<std::vector<ingest::IngestConfig>> Files(const std::string& format,
                                                const std::string& ingest) {
  const std::string text =
      "data_folder: /var/lib/textback\n"
      "intake:\n  inputs:\n    - topic: cdrs\n      source: pbx\n      format: " +
      format + "\nsmsc: {account: a, host: 127.0.0.1, port: 2775}\ningest: " + ingest + "\n";
  config::Reader reader(text, "run.yaml");
  RunConfig config;
  ReadRunConfig(reader.root(), config);
  TB_RETURN_IF_ERROR(reader.Finish());
  return config.files;
}

TEST(ConfigTest, FilesGoToTheirInputsTopicUnderItsName) {
  const auto files = Files("3gpp", "[{source: pbx, files: [/srv/cdr, /srv/more]}]");
  ASSERT_TRUE(files) << files.error().message;
  ASSERT_EQ(files->size(), 1U);
  EXPECT_EQ(files->front().name, "pbx");
  EXPECT_EQ(files->front().topic, "cdrs");
  EXPECT_EQ(files->front().framing, cdr::Framing::kBer);
  EXPECT_EQ(files->front().patterns, (std::vector<std::string>{"/srv/cdr", "/srv/more"}));
  EXPECT_TRUE(files->front().follow);
}

TEST(ConfigTest, FilesOfNoInputAreRefused) {
  const auto problem = [](const std::string& format, const std::string& ingest) {
    const auto files = Files(format, ingest);
    return files ? std::string("none") : files.error().message;
  };
  const auto has = [](const std::string& text, const char* words) {
    return text.find(words) != std::string::npos;
  };
  EXPECT_TRUE(has(problem("3gpp", "[{source: pbz, files: [a]}]"), "no input"));
  EXPECT_TRUE(has(problem("protobuf", "[{source: pbx, files: [a]}]"), "not one of files"));
  EXPECT_TRUE(has(problem("3gpp", "[{source: pbx, files: [a]}, {source: pbx, files: [b]}]"),
                  "stands twice"));
  EXPECT_NE(problem("3gpp", "[{source: pbx, files: []}]"), "none");
}

// A file with this text, which is gone with it.
class TextFile {
 public:
  explicit TextFile(const std::string& text)
      : path_(testing::TempDir() + "config_test_" + std::to_string(getpid()) + ".yaml") {
    std::ofstream(path_) << text;
  }
  ~TextFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

constexpr char kMixed[] =
    "data_folder: /var/lib/textback\n"
    "intake:\n  inputs:\n"
    "    - {topic: cdrs, source: core, source_header: origin, reads_unnamed: true}\n"
    "    - {topic: cdrs, source: pbx, format: json, source_header: ";

TEST(ConfigTest, InputsShareATopicByAHeader) {
  const auto config = LoadWorkerConfig(TextFile(std::string(kMixed) + "origin}\n").path());
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->inputs.size(), 2U);
  EXPECT_EQ(config->inputs[0].source_header, "origin");
  EXPECT_TRUE(config->inputs[0].reads_unnamed);
  EXPECT_EQ(config->inputs[1].source_header, "origin");
  EXPECT_FALSE(config->inputs[1].reads_unnamed);
  EXPECT_EQ(std::ranges::count(Worker::TopicsOf(*config), "cdrs"), 1);
  const auto refused = LoadWorkerConfig(TextFile(std::string(kMixed) + "other}\n").path());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("source pbx: topic cdrs stands twice"), std::string::npos)
      << refused.error().message;
}

// What comes into its log has no headers: every record would be a dead letter.
TEST(ConfigTest, TheLogOfOneProcessHasNoHeadersToTellSourcesBy) {
  const std::string smsc = "smsc: {account: a, host: 127.0.0.1, port: 2775}\n";
  const auto refused = LoadRunConfig(TextFile(std::string(kMixed) + "origin}\n" + smsc).path());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("keeps no headers"), std::string::npos)
      << refused.error().message;
}

}  // namespace
}  // namespace textback::pipeline
