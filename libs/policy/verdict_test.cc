#include "policy/verdict.h"

#include <gtest/gtest.h>

#include <vector>

namespace textback::policy {
namespace {

std::vector<Reading> AllReadings() {
  std::vector<Reading> all;
  for (int v = 0; v <= v1::Verdict_MAX; ++v) {
    for (int by = 0; by <= v1::AnsweredBy_MAX; ++by) {
      for (const bool over : {false, true}) {
        all.push_back({static_cast<v1::Verdict>(v), static_cast<v1::AnsweredBy>(by), over});
      }
    }
  }
  return all;
}

bool Same(const Reading& a, const Reading& b) {
  return a.verdict == b.verdict && a.answered_by == b.answered_by && a.over == b.over;
}

TEST(VerdictTest, TheOrderIsTotalSoThatLegsMayComeInAnyOrder) {
  const auto all = AllReadings();
  for (const auto& a : all) {
    for (const auto& b : all) {
      if (Same(a, b)) {
        EXPECT_FALSE(Stronger(a, b));
      } else {
        EXPECT_NE(Stronger(a, b), Stronger(b, a));
      }
    }
  }
}

TEST(VerdictTest, TheTableOfClasses) {
  const struct {
    Reading stronger;
    Reading weaker;
  } kRows[] = {
      {{v1::VERDICT_ANSWERED, v1::ANSWERED_BY_PERSON}, {v1::VERDICT_ANSWERED_ELSEWHERE}},
      {{v1::VERDICT_ANSWERED_ELSEWHERE}, {v1::VERDICT_BLOCKED}},
      {{v1::VERDICT_BLOCKED}, {v1::VERDICT_VOICEMAIL}},
      {{v1::VERDICT_VOICEMAIL}, {v1::VERDICT_QUEUE_ABANDON}},
      {{v1::VERDICT_QUEUE_ABANDON}, {v1::VERDICT_NO_ANSWER}},
      {{v1::VERDICT_BUSY, {}, true}, {v1::VERDICT_NO_ANSWER}},
      {{v1::VERDICT_NO_ANSWER}, {v1::VERDICT_BUSY}},
      {{v1::VERDICT_SHORT_RING}, {v1::VERDICT_NETWORK_FAILURE, {}, true}},
      {{v1::VERDICT_WRONG_NUMBER}, {v1::VERDICT_ANSWERED, v1::ANSWERED_BY_IVR}},
      {{v1::VERDICT_ANSWERED, v1::ANSWERED_BY_IVR}, {v1::VERDICT_OUTBOUND}},
      {{v1::VERDICT_OUTBOUND}, {v1::VERDICT_NOT_A_CALL}},
      {{v1::VERDICT_NOT_A_CALL}, {v1::VERDICT_CONTINUES}},
      {{v1::VERDICT_CONTINUES}, {v1::VERDICT_UNRESOLVED}},
  };
  for (const auto& row : kRows) {
    EXPECT_TRUE(Stronger(row.stronger, row.weaker)) << row.stronger.verdict << row.weaker.verdict;
  }
}

TEST(VerdictTest, LateRecordsAmendOnlyWithNews) {
  const Reading no_answer{v1::VERDICT_NO_ANSWER};
  const Reading busy{v1::VERDICT_BUSY, {}, true};
  const Reading unresolved{v1::VERDICT_UNRESOLVED};
  const Reading answered{v1::VERDICT_ANSWERED, v1::ANSWERED_BY_PERSON};
  EXPECT_TRUE(Same(Amend(no_answer, answered), answered));
  EXPECT_TRUE(Same(Amend(answered, no_answer), answered));
  EXPECT_TRUE(Same(Amend(no_answer, busy), no_answer));
  EXPECT_TRUE(Same(Amend(unresolved, no_answer), unresolved));
  EXPECT_TRUE(Same(Amend(unresolved, busy), busy));
  EXPECT_TRUE(Same(Amend(unresolved, answered), answered));
  EXPECT_TRUE(Same(Amend(no_answer, {v1::VERDICT_CONTINUES}), no_answer));
}

TEST(VerdictTest, WhatMayBeTexted) {
  for (int v = 0; v <= v1::Verdict_MAX; ++v) {
    const auto verdict = static_cast<v1::Verdict>(v);
    if (IsMissedByDefault(verdict)) {
      EXPECT_TRUE(MayBeTexted(verdict));
    }
    if (IsFinal({verdict, v1::ANSWERED_BY_PERSON})) {
      EXPECT_FALSE(MayBeTexted(verdict));
    }
  }
  EXPECT_TRUE(MayBeTexted(v1::VERDICT_SHORT_RING));
  EXPECT_FALSE(IsMissedByDefault(v1::VERDICT_SHORT_RING));
}

}  // namespace
}  // namespace textback::policy
