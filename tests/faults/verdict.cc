#include "faults/verdict.h"

#include <gtest/gtest.h>

#include <utility>

#include "e2e/outcome.h"
#include "e2e/process.h"
#include "textback/v1/decision.pb.h"
#include "textback/v1/job.pb.h"

namespace textback::tests {
namespace {

using namespace std::chrono_literals;

constexpr auto kBrokerTime = 60s;
constexpr int kShown = 3;

std::uint64_t WordsHash(std::string_view to, std::string_view words) {
  return IdHash(std::string(to) + "|" + std::string(words)) | 1;
}

std::string_view ValueOf(const log::Record& record) {
  return record.value.value_or(std::string_view());
}

std::int64_t Of(const std::map<std::string, std::int64_t>& counts, const std::string& name) {
  const auto it = counts.find(name);
  return it == counts.end() ? 0 : it->second;
}

}  // namespace

Verdict::Verdict(log::Log& log, const pipeline::Topics& topics, Load& load)
    : log_(log),
      topics_(topics),
      load_(load),
      decisions_(log, topics.decisions),
      jobs_(log, topics.jobs),
      status_(log, topics.status) {}

void Verdict::Poll(SmscProcess& smsc) {
  decisions_.Poll([this](const log::Record& r) { OnDecision(ValueOf(r)); });
  jobs_.Poll([this](const log::Record& r) { OnJob(ValueOf(r)); });
  status_.Poll([this](const log::Record& r) { OnStatus(ValueOf(r), r.timestamp_ms); });
  smsc.FollowTaken([this](const Taken& text) {
    const auto hash = WordsHash("+" + text.to, text.Words() + text.udh);
    if (!taken_.emplace(hash, text.at_ms).second)
      Violation("twice on the wire", "+" + text.to + ": " + text.Words());
  });
  load_.TakeExpected(expected_);
  Advance();
}

void Verdict::Advance() {
  while (decided_through_ < expected_.size() && decided_.contains(expected_[decided_through_]))
    ++decided_through_;
  while (ended_through_ < wanted_.size()) {
    const auto text = texts_.find(wanted_[ended_through_]);
    if (text == texts_.end() || text->second.count == 0 || text->second.words == 0) break;
    ++ended_through_;
  }
}

void Verdict::OnDecision(std::string_view value) {
  v1::Decision decision;
  if (!decision.ParseFromArray(value.data(), static_cast<int>(value.size())) ||
      decision.evidence().empty()) {
    return Violation("unreadable", "a decision");
  }
  // Several records of one call have one id; others would be another call's.
  if (++decided_[IdHash(decision.evidence(0).record_id())] > 1)
    Violation("decided twice", decision.ShortDebugString());
  if (!decision.job_id().empty()) wanted_.push_back(IdHash(decision.job_id()));
}

void Verdict::OnJob(std::string_view value) {
  v1::Job job;
  if (!job.ParseFromArray(value.data(), static_cast<int>(value.size())))
    return Violation("unreadable", "a job");
  if (!job.has_text()) return;
  auto& text = texts_[IdHash(job.job_id())];
  if (text.words != 0) Violation("two jobs", job.ShortDebugString());
  text.words = WordsHash(job.customer(), job.text().body());
}

void Verdict::OnStatus(std::string_view value, std::int64_t at_ms) {
  v1::Status status;
  if (!status.ParseFromArray(value.data(), static_cast<int>(value.size())))
    return Violation("unreadable", "a status");
  const auto kind = status.kind();
  ++kinds_.at(static_cast<std::size_t>(kind) % kinds_.size());
  if (kind == v1::Status::KIND_RECEIPT || kind == v1::Status::KIND_UNMATCHED_RECEIPT) return;
  auto& text = texts_[IdHash(status.job_id())];
  text.ends = static_cast<std::uint16_t>(text.ends | 1U << kind);
  if (kind == v1::Status::KIND_PROVEN) return;
  ++ended_in_all_;
  if (++text.count > 1) Violation("two ends", status.ShortDebugString());
  if (kind != v1::Status::KIND_UNKNOWN) return;
  text.unknown_ms = at_ms;
  unknown_.push_back(IdHash(status.job_id()));
}

Verdict::Unknown Verdict::UnknownSince(std::size_t from) const {
  Unknown found;
  for (; from < unknown_.size(); ++from) {
    const auto text = texts_.find(unknown_[from]);
    ++(taken_.contains(text->second.words) ? found.written : found.unwritten);
  }
  return found;
}

void Verdict::Judge(SmscProcess& smsc) {
  Poll(smsc);
  EXPECT_TRUE(
      decisions_.ReadToEnd(kBrokerTime, [this](const log::Record& r) { OnDecision(ValueOf(r)); }));
  EXPECT_TRUE(jobs_.ReadToEnd(kBrokerTime, [this](const log::Record& r) { OnJob(ValueOf(r)); }));
  EXPECT_TRUE(status_.ReadToEnd(
      kBrokerTime, [this](const log::Record& r) { OnStatus(ValueOf(r), r.timestamp_ms); }));
  Poll(smsc);
  JudgeCalls();
  JudgeTexts();
  JudgeCounts();
  for (const auto& [kind, times] : violations_) {
    if (times > kShown) ADD_FAILURE() << kind << ": " << times << " times in all";
  }
}

void Verdict::JudgeCalls() {
  EXPECT_EQ(decided_through_, expected_.size()) << "calls without a decision";
  EXPECT_EQ(decided_.size(), expected_.size()) << "calls decided, but never fed";
}

void Verdict::JudgeTexts() {
  EXPECT_EQ(ended_through_, wanted_.size()) << "texts without an end";
  EXPECT_EQ(texts_.size(), wanted_.size()) << "texts that no decision asked for";
  std::size_t taken = 0;
  for (const auto& [id, text] : texts_) {
    const auto at = taken_.find(text.words);
    const bool came = at != taken_.end();
    taken += came ? 1 : 0;
    const bool unknown = text.Has(v1::Status::KIND_UNKNOWN);
    if (came && !text.sent() && !unknown) Violation("taken, not sent", std::to_string(text.ends));
    if (came && unknown && !late_allowed_ && at->second > text.unknown_ms)
      Violation("taken after it was called unknown",
                std::to_string(at->second - text.unknown_ms) + " ms");
    if (!came && text.sent()) Violation("sent, not taken", std::to_string(text.ends));
  }
  EXPECT_EQ(taken, taken_.size()) << "texts that no job asked for";
}

void Verdict::JudgeCounts() {
  const Counts counts = ReadCounts(log_, topics_);
  const auto& in = counts.intake;
  const auto calls = static_cast<std::int64_t>(expected_.size());
  EXPECT_EQ(in.records, load_.records());
  EXPECT_EQ(in.deadletter, 0U);
  EXPECT_EQ(in.handed_on, load_.records() - load_.foreign());
  EXPECT_EQ(2 * in.records, in.not_tenant + in.deadletter + in.handed_on);
  std::int64_t classes = 0;
  for (const char* name : {"decision", "merged", "duplicate", "late", "deadletter"})
    classes += Of(counts.decide, name);
  EXPECT_EQ(classes, static_cast<std::int64_t>(in.handed_on))
      << ::testing::PrintToString(counts.decide);
  EXPECT_EQ(Of(counts.decide, "decision"), calls);
  const auto& out = counts.dispatch;
  std::int64_t sent = Of(out, "job_text");
  for (const char* name :
       {"job_unknown", "job_expired", "job_rejected", "job_cancelled", "job_blocked"})
    sent -= Of(out, name);
  EXPECT_EQ(sent, Of(out, "job_sent")) << ::testing::PrintToString(out);
  EXPECT_EQ(Of(out, "job_text"), static_cast<std::int64_t>(wanted_.size()));
  // A proof moves a text from one class to the other.
  const auto proven = static_cast<std::int64_t>(kinds_[v1::Status::KIND_PROVEN]);
  EXPECT_EQ(Of(out, "job_sent"), static_cast<std::int64_t>(kinds_[v1::Status::KIND_SENT]) + proven);
  EXPECT_EQ(Of(out, "job_unknown"), static_cast<std::int64_t>(unknown_.size()) - proven);
}

void Verdict::Violation(const std::string& kind, const std::string& what) {
  ++all_violations_;
  if (++violations_[kind] <= kShown) ADD_FAILURE() << kind << ": " << what;
}

std::string Verdict::Figures() const {
  return std::to_string(expected_.size()) + " calls, " + std::to_string(wanted_.size()) +
         " texts (" + std::to_string(kinds_[v1::Status::KIND_SENT]) + " sent, " +
         std::to_string(unknown_.size()) + " unknown, of them " +
         std::to_string(kinds_[v1::Status::KIND_PROVEN]) + " proven, " +
         std::to_string(kinds_[v1::Status::KIND_CANCELLED]) + " cancelled)";
}

}  // namespace textback::tests
