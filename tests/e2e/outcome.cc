#include "e2e/outcome.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <utility>

#include "shard/state.h"
#include "textback/v1/decision.pb.h"
#include "textback/v1/job.pb.h"

namespace textback::tests {
namespace {

using namespace std::chrono_literals;

constexpr auto kBrokerTime = 30s;
constexpr std::size_t kShown = 5;

bool IsEnd(v1::Status::Kind kind) {
  return kind != v1::Status::KIND_RECEIPT && kind != v1::Status::KIND_UNMATCHED_RECEIPT;
}

std::string Canonical(v1::Decision decision) {
  decision.clear_now_ms();
  decision.clear_policy_version();
  decision.clear_lines_version();
  for (auto& evidence : *decision.mutable_evidence()) evidence.clear_coordinates();
  for (auto& gate : *decision.mutable_gates()) {
    // Both are ages: now less the end of ringing.
    if (gate.name() == "stale" || gate.name() == "expired") gate.clear_value();
  }
  return decision.ShortDebugString();
}

// Joins no assignment: it only asks for what the group has committed.
class NoListener final : public log::RebalanceListener {
 public:
  void OnAssigned(const std::vector<log::TopicPartition>&, const log::GroupMetadata&) override {}
  void OnRevoked(const std::vector<log::TopicPartition>&) override {}
  void OnLost(const std::vector<log::TopicPartition>&) override {}
};

std::vector<std::string> Metadata(log::Log& log, const std::string& group,
                                  const std::string& topic) {
  NoListener listener;
  const auto consumer =
      log.NewConsumer({.group = group, .instance = group + ".e2e", .topics = {topic}}, listener)
          .value();
  std::vector<log::TopicPartition> partitions;
  const auto count = log.Partitions(topic).value();
  for (std::int32_t i = 0; i < count; ++i) partitions.push_back({topic, i});
  std::vector<std::string> metadata;
  EXPECT_TRUE(Until(kBrokerTime, [&] {
    const auto committed = consumer->Committed(partitions);
    if (!committed) return false;
    for (const auto& [partition, offset] : *committed) {
      if (offset) metadata.push_back(offset->metadata);
    }
    return true;
  })) << group;
  return metadata;
}

std::map<std::string, std::int64_t> ShardCounts(log::Log& log, const std::string& group,
                                                const std::string& topic) {
  std::map<std::string, std::int64_t> sums;
  for (const auto& text : Metadata(log, group, topic)) {
    const auto tallies = shard::ParseTallies(text);
    EXPECT_TRUE(tallies.has_value()) << group << ": " << text;
    if (!tallies) continue;
    for (const auto& [name, count] : *tallies) sums[name] += count;
  }
  return sums;
}

std::int64_t Sum(const std::map<std::string, std::int64_t>& counts,
                 const std::vector<std::string>& names) {
  std::int64_t sum = 0;
  for (const auto& name : names) {
    if (const auto it = counts.find(name); it != counts.end()) sum += it->second;
  }
  return sum;
}

}  // namespace

bool Outcome::Text::sent() const {
  return ends.contains(v1::Status::KIND_SENT) || ends.contains(v1::Status::KIND_PROVEN);
}

bool Outcome::Text::unknown() const { return ends.contains(v1::Status::KIND_UNKNOWN) && !sent(); }

Outcome::Outcome(log::Log& log, const pipeline::Topics& topics)
    : decisions_(log, topics.decisions), jobs_(log, topics.jobs), status_(log, topics.status) {}

void Outcome::Poll() {
  const auto& decisions = decisions_.Poll();
  for (; decisions_seen_ < decisions.size(); ++decisions_seen_) {
    v1::Decision decision;
    EXPECT_TRUE(decision.ParseFromString(decisions[decisions_seen_].value));
    wanted_ += decision.job_id().empty() ? 0 : 1;
  }
  const auto& jobs = jobs_.Poll();
  for (; jobs_seen_ < jobs.size(); ++jobs_seen_) {
    v1::Job job;
    EXPECT_TRUE(job.ParseFromString(jobs[jobs_seen_].value));
    if (!job.has_text()) continue;
    auto& text = texts_[job.job_id()];
    EXPECT_TRUE(text.to.empty()) << "two jobs with the id " << job.job_id();
    text.to = job.customer();
    text.words = job.text().body();
    if (!text.ends.empty()) ++ended_;
  }
  const auto& status = status_.Poll();
  for (; status_seen_ < status.size(); ++status_seen_) {
    v1::Status end;
    EXPECT_TRUE(end.ParseFromString(status[status_seen_].value));
    if (!IsEnd(end.kind())) continue;
    auto& text = texts_[end.job_id()];  // another topic: its job may still be to come
    if (text.ends.empty() && !text.to.empty()) ++ended_;
    text.ends.insert(end.kind());
  }
}

bool Outcome::Complete(const Workload& workload) {
  Poll();
  // A decision and its job are in one transaction, but read one after the other.
  return decided() >= workload.calls && ended_ >= wanted_;
}

std::map<std::string, std::string> Outcome::Decisions() const {
  std::map<std::string, std::string> decisions;
  for (const auto& decision : decisions_.Parsed<v1::Decision>())
    decisions[decision.call_id()] += Canonical(decision) + "\n";
  return decisions;
}

Counts ReadCounts(log::Log& log, const pipeline::Topics& topics) {
  const std::string app = topics.prefix.substr(0, topics.prefix.size() - 1);
  Counts counts;
  for (const auto& text : Metadata(log, app + ".intake", topics.cdrs)) {
    const auto progress = intake::DecodeProgress(text);
    EXPECT_TRUE(progress.has_value()) << text;
    if (progress) counts.intake += progress->tallies;
  }
  counts.decide = ShardCounts(log, app + ".decide", topics.calls);
  counts.dispatch = ShardCounts(log, app + ".dispatch", topics.jobs);
  return counts;
}

void ExpectCountsAddUp(const Counts& counts, const Workload& workload) {
  const auto& in = counts.intake;
  EXPECT_EQ(in.records, workload.records.size());
  EXPECT_EQ(2 * in.records, in.not_tenant + in.deadletter + in.handed_on);
  EXPECT_EQ(in.deadletter, 0U);
  EXPECT_EQ(in.handed_on, workload.records.size() - workload.foreign);
  const auto classes =
      Sum(counts.decide, {"decision", "merged", "duplicate", "late", "deadletter"});
  EXPECT_EQ(static_cast<std::uint64_t>(classes), in.handed_on)
      << ::testing::PrintToString(counts.decide);
  EXPECT_EQ(static_cast<std::size_t>(Sum(counts.decide, {"decision"})), workload.calls);
  const auto ends = Sum(counts.dispatch, {"job_sent", "job_unknown", "job_expired", "job_rejected",
                                          "job_cancelled", "job_blocked"});
  EXPECT_EQ(Sum(counts.dispatch, {"job_text"}), ends) << ::testing::PrintToString(counts.dispatch);
  EXPECT_EQ(Sum(counts.decide, {"jobs_text"}), ends);
}

void ExpectTextsOnce(const Outcome& outcome, const std::vector<Taken>& taken) {
  std::map<std::pair<std::string, std::string>, int> times;
  for (const auto& text : taken) ++times[{"+" + text.to, text.Words() + text.udh}];
  std::size_t wrong = 0;
  for (const auto& [what, count] : times) {
    if (count > 1 && ++wrong <= kShown)
      ADD_FAILURE() << what.first << " got " << count << " times: " << what.second;
  }
  EXPECT_EQ(wrong, 0U);
  wrong = 0;
  std::size_t matched = 0;
  for (const auto& [id, text] : outcome.texts()) {
    const bool came = times.contains({text.to, text.words});
    matched += came ? 1 : 0;
    if ((came && (text.sent() || text.unknown())) || (!came && !text.sent())) continue;
    if (++wrong <= kShown) {
      ADD_FAILURE() << "job " << id << (came ? " was taken" : " was not taken") << ", but it ended "
                    << ::testing::PrintToString(text.ends);
    }
  }
  EXPECT_EQ(wrong, 0U);
  EXPECT_EQ(matched, times.size()) << "texts that no job asked for";
}

}  // namespace textback::tests
