#include "ops/inspect.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cdr/source_kind.h"

namespace textback::ops {
namespace {

// The calls of a source that writes a record a leg, in the format `json`.
std::vector<InspectedCall> Inspect(std::string_view lines) {
  InspectOptions options;
  options.source.name = "switch";
  options.source.format.adapter = "json";
  options.source.settle.set_emits(v1::SettleProfile::EMITS_LEG_END);
  options.source.settle.set_settle_ms(3'000);
  options.framing = cdr::Framing::kJson;
  auto inspector = Inspector::Make(std::move(options));
  EXPECT_TRUE(inspector) << (inspector ? "" : inspector.error().message);
  inspector->AddFile("file", lines);
  auto inspection = inspector->Finish();
  EXPECT_TRUE(inspection && inspection->rejected.empty());
  return inspection ? std::move(inspection->calls) : std::vector<InspectedCall>();
}

std::string Leg(std::string_view id, int begin_s, int end_s, std::string_view more) {
  constexpr std::int64_t kNoonMs = 1'789'992'000'000;
  const auto at = [](int seconds) { return std::to_string(kNoonMs + seconds * 1'000); };
  return R"({"record_id":")" + std::string(id) +
         R"(","join_key":"j","calling":{"number":"+447700900001"},"called":{"number":)" +
         R"("+442079460001"},"started_at_ms":)" + at(begin_s) + R"(,"ended_at_ms":)" + at(end_s) +
         "," + std::string(more) + "}\n";
}

std::string Cause(std::string_view value) {
  return R"("causes":[{"namespace":"q850","value":")" + std::string(value) + R"("}])";
}

TEST(Inspector, ALegIsNotTakenForTheCallThatAnotherRecordEnds) {
  const auto calls =
      Inspect(Leg("phone", 0, 1, Cause("17")) +
              Leg("caller", 0, 40, Cause("16") + R"(,"talk_ms":9000,"call_over":true)"));
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].decision.verdict(), v1::VERDICT_ANSWERED);
  EXPECT_EQ(calls[0].decision.action(), v1::ACTION_SUPPRESS);
}

TEST(Inspector, TheLastLegEndsACallOfWhichNoneSaysThatItIsOver) {
  const auto calls = Inspect(Leg("first", 0, 1, Cause("27")) + Leg("second", 10, 30, Cause("19")));
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].decision.verdict(), v1::VERDICT_NO_ANSWER);
  EXPECT_EQ(calls[0].decision.action(), v1::ACTION_TEXT);
  EXPECT_EQ(calls[0].records.size(), 2U);
}

// A phone that lost the race says so at once, the caller's own leg who won when the call ends.
TEST(Inspector, WhatComesAfterTheDecisionCounts) {
  const auto calls =
      Inspect(Leg("lost", 0, 5, Cause("26")) +
              Leg("caller", 0, 600,
                  Cause("16") + R"(,"talk_ms":595000,"answered_by":"person","call_over":true)"));
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].decision.verdict(), v1::VERDICT_ANSWERED);
  EXPECT_EQ(calls[0].decision.answered_by(), v1::ANSWERED_BY_PERSON);
  EXPECT_EQ(calls[0].decision.action(), v1::ACTION_SUPPRESS);
}

}  // namespace
}  // namespace textback::ops
