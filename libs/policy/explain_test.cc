#include "policy/explain.h"

#include <gtest/gtest.h>

#include <set>

#include "policy/gates.h"
#include "policy/names.h"
#include "policy/test_support.h"

namespace textback::policy {
namespace {

using namespace testing;

v1::Decision Suppressed(v1::Reason reason, std::int64_t value = 0, std::int64_t limit = 0) {
  v1::Decision decision;
  decision.set_verdict(v1::VERDICT_NO_ANSWER);
  decision.set_action(v1::ACTION_SUPPRESS);
  decision.set_reason(reason);
  auto* gate = decision.add_gates();
  gate->set_name(std::string(ReasonName(reason)));
  gate->set_outcome(v1::Gate::OUTCOME_STOP);
  gate->set_value(value);
  gate->set_limit(limit);
  return decision;
}

TEST(ExplainTest, EveryReasonHasItsOwnWords) {
  std::set<std::string> seen;
  for (int i = v1::Reason_MIN; i <= v1::Reason_MAX; ++i) {
    if (!v1::Reason_IsValid(i) || i == v1::REASON_UNSPECIFIED) continue;
    const auto words = ExplainInBrief(Suppressed(static_cast<v1::Reason>(i), 5, 3));
    EXPECT_EQ(words.find("doesn't know"), std::string::npos) << words;
    EXPECT_TRUE(words.starts_with("No text: ")) << words;
    EXPECT_TRUE(seen.insert(words).second) << words;
  }
}

TEST(ExplainTest, EveryVerdictHasItsOwnWords) {
  std::set<std::string> seen;
  for (int i = 1; i <= v1::Verdict_MAX; ++i) {
    const auto words = VerdictInWords(static_cast<v1::Verdict>(i), v1::ANSWERED_BY_UNSPECIFIED);
    EXPECT_TRUE(seen.insert(words).second) << words;
  }
}

TEST(ExplainTest, SaysItWithNumbers) {
  v1::Decision short_ring;
  short_ring.set_verdict(v1::VERDICT_SHORT_RING);
  short_ring.set_action(v1::ACTION_SUPPRESS);
  short_ring.set_reason(v1::REASON_NOT_MISSED);
  short_ring.set_ring_ms(1'200);
  EXPECT_EQ(
      ExplainInBrief(short_ring),
      "No text: the caller hung up after 1.2 s of ringing, sooner than counts as a missed call.");
  EXPECT_EQ(
      ExplainInBrief(Suppressed(v1::REASON_STALE, 3 * kHourMs, 15 * kMinuteMs)),
      "No text: the record came 3 h after the call, later than the 15 min within which a text "
      "makes sense.");
  EXPECT_EQ(
      ExplainInBrief(Suppressed(v1::REASON_LIMIT_PAIR, 1, 1)),
      "No text: the customer has had 1 text from this business in the limit's window (limit 1).");
  EXPECT_EQ(ExplainInBrief(Suppressed(v1::REASON_NOT_TEXTABLE, v1::LINE_TYPE_FIXED)),
            "No text: the caller's number is a fixed line, which takes no texts.");
}

TEST(ExplainTest, Durations) {
  EXPECT_EQ(DurationInWords(-1), "0 s");
  EXPECT_EQ(DurationInWords(0), "0 s");
  EXPECT_EQ(DurationInWords(1'299), "1.2 s");
  EXPECT_EQ(DurationInWords(59'999), "59.9 s");
  EXPECT_EQ(DurationInWords(60'000), "1 min");
  EXPECT_EQ(DurationInWords(26 * kHourMs), "26 h");
  EXPECT_EQ(DurationInWords(3 * kDayMs), "3 days");
  EXPECT_FALSE(DurationInWords(INT64_MAX).empty());
}

TEST(ExplainTest, Times) {
  EXPECT_EQ(TimeInWords(0), "1970-01-01 00:00:00.000 UTC");
  EXPECT_EQ(TimeInWords(kTen), "2026-03-02 10:00:00.000 UTC");
  EXPECT_EQ(TimeInWords(-1), "-1 ms");
  EXPECT_EQ(TimeInWords(INT64_MAX), "9223372036854775807 ms");
}

TEST(ExplainTest, TheWholeStoryWithMaskedNumbers) {
  World world;
  const auto decision = world.Call(Record("r1", kTen - 2'000)).decisions[0];
  v1::Amendment amendment;
  amendment.set_verdict(v1::VERDICT_ANSWERED);
  amendment.set_false_text(true);
  amendment.set_now_ms(kTen + 5'000);
  v1::Status status;
  status.set_kind(v1::Status::KIND_REJECTED);
  status.set_error("ESME_RINVDSTADR");
  status.set_at_ms(kTen + 1'000);
  const auto story = Explain(decision, {amendment}, {status});
  EXPECT_TRUE(story.starts_with("Text asked for: it rang and nobody answered.\n")) << story;
  EXPECT_NE(
      story.find("+1212555**** called +1212555**** (garage), ended 2026-03-02 09:59:58.000 UTC, "
                 "rang 10 s."),
      std::string::npos)
      << story;
  EXPECT_NE(story.find("  limit_pair: passed, value 0, limit 1\n"), std::string::npos) << story;
  EXPECT_NE(story.find("r1 (textback.cdrs/0 at "), std::string::npos) << story;
  EXPECT_NE(story.find("a later record says that the call was answered; the text had gone"),
            std::string::npos)
      << story;
  EXPECT_NE(story.find("the network refused the text (ESME_RINVDSTADR)."), std::string::npos)
      << story;
  EXPECT_EQ(story.find("5550142"), std::string::npos);
  EXPECT_NE(Explain(decision, {}, {}, {.show_numbers = true}).find("+12125550142"),
            std::string::npos);
}

}  // namespace
}  // namespace textback::policy
