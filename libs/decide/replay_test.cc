// Golden: records in, decisions out. UPDATE_GOLDEN=1 rewrites tests/data/golden/replay.txt.
#include "decide/replay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <tuple>

#include "policy/explain.h"
#include "policy/names.h"
#include "policy/test_support.h"

namespace textback::decide {
namespace {

using namespace policy::testing;

class Lines final : public ReplaySink {
 public:
  void OnDecision(const v1::Decision& d) override {
    text += "decision " + d.call_id() + " " + std::string(policy::VerdictName(d.verdict())) + " " +
            std::string(policy::ActionName(d.action())) + " " +
            std::string(policy::ReasonName(d.reason())) + " now+" +
            std::to_string(d.now_ms() - kTen) + " evidence " + std::to_string(d.evidence_size()) +
            "\n  " + policy::ExplainInBrief(d) + "\n";
    ++decisions;
  }
  void OnAmendment(const v1::Amendment& a) override {
    text += "amendment " + a.call_id() + " " + std::string(policy::VerdictName(a.verdict())) +
            (a.false_text() ? " false_text\n" : "\n");
  }
  void OnJob(const v1::Job& job) override {
    text += "job " + job.job_id() + " " + job.basis() + " " + job.text().body() + "\n";
  }
  void OnDeadLetter(const v1::CallRecord& record, const Error& error) override {
    text += "deadletter " + record.record_id() + " " + error.code + "\n";
  }
  std::string text;
  int decisions = 0;
};

v1::CallRecord From(v1::CallRecord record, std::int64_t offset) {
  record.mutable_coordinates()->set_offset(offset);
  return record;
}

std::vector<v1::CallRecord> Day() {
  std::vector<v1::CallRecord> records;
  std::int64_t offset = 0;
  const auto add = [&](v1::CallRecord record) {
    records.push_back(From(std::move(record), ++offset));
  };
  add(Record("answered", kTen, "answered"));
  add(Record("missed", kTen + 60'000));
  add(Record("missed-again", kTen + 120'000, "busy"));
  add(Record("missed", kTen + 60'000));  // written twice
  add(Leg("ring-1", "group", kTen + 200'000));
  add(Leg("ring-2", "group", kTen + 201'000));
  auto over = Leg("ring-caller", "group", kTen + 202'000, "abandoned");
  over.set_call_over(true);
  add(over);
  // Asterisk's rows of one channel: written when it is over, the answered one last to end.
  for (const auto& [id, after_ms, verdict] :
       {std::tuple{"row-1", 0, "no_answer"}, {"row-2", 140'000, "answered"}}) {
    auto row = Leg(id, "rows", kTen + 400'000 + after_ms, verdict);
    row.set_leg_id("PJSIP/trunk-00000004");
    row.set_call_over(true);
    add(row);
  }
  auto risky = Leg("late-1", "late", kTen + 27 * policy::kHourMs);
  risky.mutable_settle()->set_accept_leg_risk(true);
  add(risky);
  add(Leg("late-2", "late", kTen + 27 * policy::kHourMs + 60'000, "answered"));
  auto withheld = Record("withheld", kTen + 300'000);
  withheld.mutable_served()->clear_customer();
  withheld.mutable_served()->set_withheld(true);
  add(withheld);
  auto fixed = Record("fixed", kTen + 310'000);
  fixed.mutable_served()->set_customer("+442079460018");
  add(fixed);
  auto broken = Record("no-tenant", kTen + 320'000);
  broken.mutable_served()->clear_tenant();
  add(broken);
  return records;
}

std::string RunDay(std::vector<v1::CallRecord> records) {
  Lines lines;
  EXPECT_TRUE(RunReplay(std::move(records), World().snapshot, ReplayOptions{}, lines));
  return lines.text;
}

TEST(ReplayTest, Golden) {
  const std::string path = std::string(TEXTBACK_SOURCE_DIR) + "/tests/data/golden/replay.txt";
  const std::string actual = RunDay(Day());
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << actual;
  std::ifstream in(path, std::ios::binary);
  const std::string expected((std::istreambuf_iterator<char>(in)),
                             std::istreambuf_iterator<char>());
  EXPECT_EQ(actual, expected);
}

TEST(ReplayTest, TheOrderOfTheFileDoesNotMatter) {
  auto reversed = Day();
  std::reverse(reversed.begin(), reversed.end());
  const auto expected = RunDay(Day());
  EXPECT_EQ(std::count(expected.begin(), expected.end(), '\n'), [&] {
    const auto actual = RunDay(reversed);
    return std::count(actual.begin(), actual.end(), '\n');
  }());
}

TEST(ReplayTest, FinishDecidesWhatStillWaits) {
  Lines lines;
  Replay replay(World().snapshot, ReplayOptions{}, lines);
  auto waiting = Leg("l1", "j", kTen);
  ASSERT_TRUE(replay.Add(waiting));
  EXPECT_EQ(lines.decisions, 0);
  ASSERT_TRUE(replay.Finish());
  EXPECT_EQ(lines.decisions, 1);
}

// A row of the caller's channel for each phone that rang, as Asterisk writes a ring group.
v1::CallRecord Row(std::string_view id, std::string_view channel, std::int64_t ended_ms,
                   std::string_view verdict) {
  auto row = Leg(id, "linked", ended_ms, verdict);
  row.set_leg_id(std::string(channel));
  return row;
}

TEST(EmissionTimesTest, FollowTheSettleProfile) {
  struct Case {
    const char* what;
    v1::SettleProfile::Emits emits;
    const char *join, *leg;
    bool partial;
    std::int64_t first, second, third;  // after kTen; own ends are 0, 20 and 10 seconds after it
  };
  const auto kLeg = v1::SettleProfile::EMITS_LEG_END;
  const auto kCall = v1::SettleProfile::EMITS_CALL_END;
  const auto kEvents = v1::SettleProfile::EMITS_EVENTS;
  for (const Case& c : {Case{"rows of a channel", kLeg, "j", "a", false, 20, 20, 20},
                        Case{"legs without an id", kLeg, "j", "", false, 0, 20, 10},
                        Case{"no join key", kLeg, "", "a", false, 0, 20, 10},
                        Case{"partial records", kLeg, "j", "a", true, 0, 20, 10},
                        Case{"a call's records", kCall, "j", "", false, 20, 20, 20},
                        Case{"calls of their own", kCall, "", "", false, 0, 20, 10},
                        Case{"events", kEvents, "j", "a", false, 0, 20, 10}}) {
    std::vector<v1::CallRecord> records;
    for (const std::int64_t end : {0, 20, 10}) {
      auto record = Record("r" + std::to_string(end), kTen + end * 1'000);
      record.set_join_key(c.join);
      record.set_leg_id(c.leg);
      record.set_partial_open(c.partial);
      record.mutable_settle()->set_emits(c.emits);
      records.push_back(record);
    }
    const std::vector<std::int64_t> expected = {kTen + c.first * 1'000, kTen + c.second * 1'000,
                                                kTen + c.third * 1'000};
    EXPECT_EQ(EmissionTimes(records), expected) << c.what;
  }
}

TEST(EmissionTimesTest, OtherLegsCallsAndSourcesDoNotDelay) {
  auto leg = Row("other-leg", "b", kTen + 1'000, "no_answer");
  auto call = Row("other-call", "a", kTen + 2'000, "no_answer");
  call.set_join_key("another");
  auto source = Row("other-source", "a", kTen + 3'000, "no_answer");
  source.set_source("another");
  EXPECT_EQ(EmissionTimes({Row("first", "a", kTen, "no_answer"), leg, call, source,
                           Row("last", "a", kTen + 9'000, "answered")}),
            (std::vector<std::int64_t>{kTen + 9'000, kTen + 1'000, kTen + 2'000, kTen + 3'000,
                                       kTen + 9'000}));
}

// The phone that lost stopped ringing minutes before the one that answered hung up; its row says
// that the call is over, since all rows of the channel do.
TEST(ReplayTest, ARingGroupThatWasAnsweredGetsNoText) {
  auto lost = Row("lost", "a", kTen, "no_answer");
  lost.set_call_over(true);
  auto won = Row("won", "a", kTen + 140'000, "answered");
  won.set_call_over(true);
  for (const auto& records : {std::vector{lost, won}, std::vector{won, lost}}) {
    const auto told = RunDay(records);
    EXPECT_EQ(told.find("job "), std::string::npos) << told;
    EXPECT_NE(told.find("answered suppress not_missed now+141000"), std::string::npos) << told;
  }
}

TEST(ReplayTest, MessagesTakePart) {
  Lines lines;
  Replay replay(World().snapshot, ReplayOptions{}, lines);
  ASSERT_TRUE(replay.Add(Message("m1", "STOP", kTen)));
  ASSERT_TRUE(replay.Add(Record("r1", kTen + 1'000)));
  ASSERT_TRUE(replay.Finish());
  EXPECT_NE(lines.text.find("suppress opted_out"), std::string::npos) << lines.text;
}

TEST(CallsKeyTest, IsTheCustomerElseTheCall) {
  auto record = Record("r1", kTen);
  EXPECT_EQ(CallsKey(record), kCustomer);
  record.mutable_served()->set_withheld(true);
  EXPECT_EQ(CallsKey(record), std::string(kLine) + ":r1");
  record.set_join_key("j1");
  EXPECT_EQ(CallsKey(record), std::string(kLine) + ":j1");
}

}  // namespace
}  // namespace textback::decide
