// What a service's configuration means where little is said.
#include "pipeline/config.h"

#include <gtest/gtest.h>

#include <string>

#include "cdr/source_kind.h"

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
  }
  const auto settle = Input("").source.settle;
  EXPECT_EQ(settle.emits(), v1::SettleProfile::EMITS_CALL_END);
  EXPECT_EQ(settle.settle_ms(), 0);
}

TEST(ConfigTest, WhatIsSaidOfSettlingCounts) {
  auto settle = Input("      format: 3gpp\n      settle: {wait: 10m}\n").source.settle;
  EXPECT_EQ(settle.emits(), v1::SettleProfile::EMITS_LEG_END);
  EXPECT_EQ(settle.settle_ms(), 600'000);
  settle = Input("      format: 3gpp\n      settle: {emits: call_end}\n").source.settle;
  EXPECT_EQ(settle.emits(), v1::SettleProfile::EMITS_CALL_END);
  EXPECT_EQ(settle.settle_ms(), 0);
  settle = Input("      settle: {emits: leg_end}\n").source.settle;
  EXPECT_EQ(settle.settle_ms(), 3'000);
}

}  // namespace
}  // namespace textback::pipeline
