#include "cdr/cause_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <tuple>

namespace textback::cdr {
namespace {

using testing::HasSubstr;
using testing::Not;

v1::CallRecord UnansweredWith(const CauseGroup& group, const CauseRow& row) {
  v1::CallRecord record;
  record.set_started_at_ms(1'790'000'000'000);
  record.set_ended_at_ms(1'790'000'020'000);
  record.set_ring_ms(10'000);
  auto* cause = record.add_causes();
  cause->set_namespace_(group.space);
  cause->set_value(std::string(row.value));
  return record;
}

// How a reader of docs/causes.md is told what becomes of an unanswered call.
std::string ReadAs(const CauseRow& row) {
  switch (row.reading) {
    case Reading::kVerdict:
      return '`' + std::string(WordOf(row.verdict)) + '`';
    case Reading::kCallerGaveUp:
      return "`abandoned`, or `short_ring`";
    case Reading::kNoResponse:
      return "`no_answer` once it rang, else `unreachable`";
    case Reading::kRefused:
      return "`declined`; `network_failure` from a network";
    case Reading::kRangOut:
      return "`no_answer`, or `short_ring`";
    case Reading::kAnswered:
      return "`answered`";
    case Reading::kCallerGaveUpUntimed:
      return "`abandoned`, or `short_ring` where another record tells the time";
  }
  return "";
}

std::string Page() {
  std::ostringstream out;
  out << "# Causes\n\n"
         "What textback makes of each cause of a call that nobody answered. This page is made of "
         "the\n"
         "[table](../libs/cdr/cause_table.cc) that the program reads: `UPDATE_CAUSES=1` and the "
         "tests of libs/cdr\n"
         "write it anew. Causes keep their namespace, because the same number means different "
         "things in each.\n\n"
         "- **vague**: gives way to a clearer cause of the same record, since gateways write it "
         "when they can't map\n"
         "  the clear one.\n"
         "- Alone, `short_ring` is what rang for less than the tenant's `min_ring_ms`, 3 s unless "
         "told.\n"
         "- An answer time, talk time or an answering party come before any cause; "
         "`answered_elsewhere` comes before\n"
         "  the others wherever it stands. [cause.h](../libs/cdr/cause.h) has the order.\n"
         "- Which verdicts are texted is the tenant's choice ([tenants](tenants.md)); `unresolved` "
         "never is.\n"
         "- The rule's name stands in the decision's evidence, and `textback inspect --explain` "
         "says what it means.\n"
         "- A cause that has no row reads as `unresolved`, by rule `unknown_cause`.\n";
  for (const CauseGroup& group : CauseGroups()) {
    out << "\n## " << group.title << "\n\n";
    if (!group.source.empty()) out << "Source: " << group.source << ".\n\n";
    const bool sources = group.source.empty();  // else the few that differ are named with the words
    out << "| cause | what it is | read as | rule |" << (sources ? " source |" : "") << "\n"
        << "|---|---|---|---|" << (sources ? "---|" : "") << "\n";
    for (const CauseRow& row : group.rows) {
      out << "| `" << row.value << "` | " << row.title;
      if (!sources && !row.source.empty()) out << " (" << row.source << ")";
      out << " | " << ReadAs(row) << (row.vague ? ", vague" : "") << " | `" << row.rule << "` |";
      if (sources) out << " " << row.source << " |";
      out << "\n";
    }
  }
  return out.str();
}

TEST(CauseTable, EveryRowIsFoundAndSaysWhatItIs) {
  std::set<std::tuple<int, std::string_view>> values;
  for (const CauseGroup& group : CauseGroups()) {
    EXPECT_FALSE(group.title.empty());
    for (const CauseRow& row : group.rows) {
      SCOPED_TRACE(row.rule);
      EXPECT_TRUE(values.emplace(group.space, row.value).second) << "twice: " << row.value;
      EXPECT_EQ(FindCause(group.space, row.value), &row);
      EXPECT_FALSE(row.title.empty());
      EXPECT_FALSE(SourceOf(group, row).empty());
      EXPECT_THAT(std::string(row.title), Not(HasSubstr("|"))) << "would end a cell of the page";
    }
  }
  EXPECT_GT(values.size(), 250U);
}

// An unanswered call with that cause alone: its rule is the row's, and its verdict one that the row
// allows.
TEST(CauseTable, ClassifyReadsEveryRow) {
  for (const CauseGroup& group : CauseGroups()) {
    for (const CauseRow& row : group.rows) {
      SCOPED_TRACE(row.rule);
      const Classification read = Classify(UnansweredWith(group, row), kMinRingMsDefault);
      const std::string word = '`' + std::string(WordOf(read.verdict)) + '`';
      EXPECT_THAT(ReadAs(row), HasSubstr(word));
      // These two rules stand above the causes.
      if (row.reading == Reading::kAnswered || row.verdict == v1::VERDICT_ANSWERED_ELSEWHERE)
        continue;
      EXPECT_EQ(read.rule, row.rule);
    }
  }
}

// Rows share a rule where a source has two spellings of one word, and nothing else.
TEST(CauseTable, ARuleMeansOneThing) {
  std::map<std::string_view, const CauseRow*> rules;
  for (const CauseGroup& group : CauseGroups()) {
    for (const CauseRow& row : group.rows) {
      const auto [first, added] = rules.emplace(row.rule, &row);
      if (added) continue;
      EXPECT_EQ(first->second->reading, row.reading) << row.rule;
      EXPECT_EQ(first->second->verdict, row.verdict) << row.rule;
    }
  }
}

TEST(CauseTable, TellsWhatARuleStandsFor) {
  EXPECT_EQ(TitleOfRule("q850.19").title, "no answer from user (user alerted)");
  EXPECT_EQ(TitleOfRule("q850.19").source, "ITU-T Q.850 (10/2018), 2.2.7");
  EXPECT_EQ(TitleOfRule("sip.607").source, "RFC 8197");
  EXPECT_EQ(TitleOfRule("leg_only").source, "");
  EXPECT_EQ(TitleOfRule("textback.busy").title, "the source's own verdict");
  EXPECT_EQ(TitleOfRule("q850.19x").title, "");
  // What Classify gives that no row has.
  v1::CallRecord record;
  for (const auto by : {v1::ANSWERED_BY_UNKNOWN, v1::ANSWERED_BY_PERSON, v1::ANSWERED_BY_VOICEMAIL,
                        v1::ANSWERED_BY_IVR, v1::ANSWERED_BY_QUEUE}) {
    record.set_answered_by(by);
    EXPECT_NE(TitleOfRule(Classify(record, 0).rule).title, "") << v1::AnsweredBy_Name(by);
  }
  record.Clear();
  EXPECT_NE(TitleOfRule(Classify(record, 0).rule).title, "");
  record.add_causes()->set_value("none");
  EXPECT_NE(TitleOfRule(Classify(record, 0).rule).title, "");
  record.set_leg_only(true);
  EXPECT_NE(TitleOfRule(Classify(record, 0).rule).title, "");
  record.set_answered_elsewhere(true);
  EXPECT_NE(TitleOfRule(Classify(record, 0).rule).title, "");
  record.set_not_a_call(true);
  EXPECT_NE(TitleOfRule(Classify(record, 0).rule).title, "");
}

// The published page is the table's. UPDATE_CAUSES=1 rewrites it.
TEST(CauseTable, ThePageIsUpToDate) {
  const std::string path = TEXTBACK_SOURCE_DIR "/docs/causes.md";
  if (std::getenv("UPDATE_CAUSES") != nullptr) std::ofstream(path) << Page();
  std::ifstream file(path);
  std::stringstream published;
  published << file.rdbuf();
  EXPECT_EQ(published.str(), Page()) << path << ": UPDATE_CAUSES=1 rewrites it";
}

}  // namespace
}  // namespace textback::cdr
