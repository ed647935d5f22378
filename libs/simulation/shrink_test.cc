#include "simulation/shrink.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/planted.h"
#include "simulation/judge.h"
#include "simulation/pipeline.h"

namespace textback::simulation {
namespace {

using log::sim::Fault;
using log::sim::Step;
using log::sim::Strike;

bool Has(const Plan& plan, const std::string& value) {
  return std::any_of(plan.records.begin(), plan.records.end(),
                     [&](const auto& record) { return record.value == value; });
}

// A seed's plan with faults as a run would have left them.
Plan WithFaults() {
  Plan plan = MakePlan(1);
  plan.faults.emplace();
  for (std::uint64_t nth = 1; nth <= 20; ++nth) {
    plan.faults->push_back({{Fault::kAborted, Step::kCommit}, "decide-0", nth});
  }
  return plan;
}

TEST(ShrinkTest, LeavesWhatIsNeededAndNothingElse) {
  const Plan whole = WithFaults();
  ASSERT_GE(whole.records.size(), 300U);
  ASSERT_GE(whole.texts.size(), 2U);
  ASSERT_GE(whole.blows.size(), 3U);
  const std::string one = whole.records[17].value;
  const std::string other = whole.records[250].value;
  const std::string text = whole.texts[1].message.inbound_id();
  const std::int64_t blow_ms = whole.blows[2].at_ms;
  const Strike strike = (*whole.faults)[13];
  const auto shrunk = Shrink(whole, [&](const Plan& plan) {
    const bool has_text = std::any_of(plan.texts.begin(), plan.texts.end(), [&](const auto& t) {
      return t.message.inbound_id() == text;
    });
    const bool has_blow = std::any_of(plan.blows.begin(), plan.blows.end(),
                                      [&](const auto& b) { return b.at_ms == blow_ms; });
    const bool has_strike =
        std::find(plan.faults->begin(), plan.faults->end(), strike) != plan.faults->end();
    return Has(plan, one) && Has(plan, other) && has_text && has_blow && has_strike;
  });
  const auto same = [&](const auto& record) {
    return record.value == one || record.value == other;
  };
  EXPECT_LE(shrunk.plan.records.size(), 2U);
  EXPECT_TRUE(std::all_of(shrunk.plan.records.begin(), shrunk.plan.records.end(), same));
  ASSERT_EQ(shrunk.plan.texts.size(), 1U);
  EXPECT_EQ(shrunk.plan.texts[0].message.inbound_id(), text);
  ASSERT_EQ(shrunk.plan.blows.size(), 1U);
  EXPECT_EQ(shrunk.plan.blows[0].at_ms, blow_ms);
  ASSERT_EQ(shrunk.plan.faults->size(), 1U);
  EXPECT_EQ(shrunk.plan.faults->front(), strike);
  EXPECT_EQ(shrunk.plan.decide_processes, 2U);
  EXPECT_LT(shrunk.plan.truth.size(), 3U);
  EXPECT_LT(shrunk.runs, 400U);
}

TEST(ShrinkTest, WhatFailsForNoReasonNeedsNothing) {
  const auto shrunk = Shrink(WithFaults(), [](const Plan&) { return true; });
  EXPECT_TRUE(shrunk.plan.records.empty());
  EXPECT_TRUE(shrunk.plan.texts.empty());
  EXPECT_TRUE(shrunk.plan.blows.empty());
  EXPECT_TRUE(shrunk.plan.faults->empty());
}

TEST(ShrinkTest, StopsAfterSoManyRuns) {
  std::size_t runs = 0;
  const Plan whole = WithFaults();
  const auto shrunk = Shrink(
      whole,
      [&](const Plan& plan) {
        ++runs;
        return plan.records.size() + 10 > whole.records.size();
      },
      25);
  EXPECT_EQ(runs, 25U);
  EXPECT_EQ(shrunk.runs, 25U);
}

TEST(ShrinkTest, ScriptedFaultsDoWhatChanceDid) {
  const History by_chance = RunPlan(MakePlan(3));
  ASSERT_GT(by_chance.strikes.size(), 0U);
  const History scripted = RunPlan(Scripted(by_chance));
  EXPECT_EQ(scripted.strikes, by_chance.strikes);
  EXPECT_TRUE(Compare(scripted, by_chance).empty());
  EXPECT_EQ(scripted.topics, by_chance.topics);
}

TEST(ShrinkTest, DescribesWhatHappens) {
  Plan plan = WithFaults();
  plan.records.resize(1);
  plan.texts.resize(1);
  plan.blows = {{5'000, Blow::Kind::kKill, 2, 700}, {6'000, Blow::Kind::kNetworkDown, 2, 800}};
  plan.faults->resize(1);
  const std::string told = Describe(plan);
  EXPECT_NE(told.find(" writes "), std::string::npos) << told;
  EXPECT_NE(told.find(" texts "), std::string::npos) << told;
  EXPECT_NE(told.find("5000 kill decide-0 for 700 ms\n"), std::string::npos) << told;
  EXPECT_NE(told.find("6000 no SMSC for 800 ms\n"), std::string::npos) << told;
  EXPECT_NE(told.find("fault aborted x commit, time 1 of decide-0\n"), std::string::npos) << told;
}

}  // namespace
}  // namespace textback::simulation
