// What has to wait for what: timers for what is queued, successors for the lease, receipts for
// their submissions.
#include <algorithm>
#include <set>

#include "base/assert.h"
#include "simulation/ledger.h"
#include "textback/v1/calls_entry.pb.h"
#include "textback/v1/inbound_message.pb.h"
#include "textback/v1/receipt.pb.h"
#include "textback/v1/submission.pb.h"

namespace textback::simulation {
namespace {

// A source of which nothing has been heard for longer may have been left out (source_timeout is
// 30 s).
constexpr std::int64_t kSourceHeardMs = 20'000;
constexpr std::int64_t kUnmatchedAfterMs = 30'000;

const log::sim::SimRecord* RecordAt(const History& history, const v1::SourceCoordinates& at) {
  const auto topic = history.topics.find(at.topic());
  if (topic == history.topics.end()) return nullptr;
  for (const auto& record : topic->second) {
    if (record.partition == at.partition() && record.offset == at.offset()) return &record;
  }
  return nullptr;
}

const Source* SourceOf(const v1::SourceCoordinates& at) {
  for (const auto& source : Sources()) {
    if (source.topic == at.topic()) return &source;
  }
  return nullptr;
}

class Timers {
 public:
  Timers(const Ledger& ledger, Findings& findings) : ledger_(ledger), findings_(findings) {
    for (const auto& decision : ledger.decisions) decisions_[decision.call_id()] = &decision;
    for (const auto& record : ledger.history.topics.at(topics::kCalls)) ReadWatermark(record);
    // Handed on again a message says nothing new: what came between it and its repeat stands.
    std::set<std::string> handed_on;
    for (const auto& record : ledger.history.topics.at(topics::kInbound)) {
      v1::InboundMessage message;
      TB_ASSERT(record.value && message.ParseFromString(*record.value));
      if (!handed_on.insert(message.inbound_id()).second) continue;
      texts_.emplace_back(record.timestamp_ms, std::move(message));
    }
  }

  // A decision by a timer knows of each record that was written before it was due.
  void Check(const v1::Amendment& amendment) const {
    const auto decision = decisions_.find(amendment.call_id());
    if (decision == decisions_.end()) return;
    const auto due_ms = DueOf(*decision->second);
    const auto& at = amendment.evidence().coordinates();
    const auto* record = RecordAt(ledger_.history, at);
    if (!due_ms || record == nullptr || record->timestamp_ms >= *due_ms) return;
    if (!WasHeard(at, decision->second->now_ms())) return;
    findings_.Add("TimersWaitForTheirInputs",
                  "call " + amendment.call_id() + " was decided at " +
                      Elapsed(decision->second->now_ms()) + " by a timer due at " +
                      Elapsed(*due_ms) + ", although record " + amendment.evidence().record_id() +
                      " had been written at " + Elapsed(record->timestamp_ms));
  }

  // And of a STOP, unless a START followed. (Of tenants with a sender of their own.)
  void Check(const v1::Decision& decision) const {
    if (decision.action() != v1::ACTION_TEXT) return;
    const auto due_ms = DueOf(decision);
    if (!due_ms) return;
    const auto& tenants = ledger_.history.plan.tenants;
    const auto tenant = std::find_if(tenants.begin(), tenants.end(), [&](const auto& t) {
      return t.tenant() == decision.tenant();
    });
    const std::string& sender = tenant->sender().value();
    const auto users = std::count_if(tenants.begin(), tenants.end(),
                                     [&](const auto& t) { return t.sender().value() == sender; });
    if (users != 1) return;
    bool stopped = false;
    for (const auto& [at_ms, text] : texts_) {
      if (text.customer() != decision.customer() || at_ms > decision.now_ms()) continue;
      if (text.text() == "START") stopped = false;
      const bool stop = text.text() == "STOP" || text.text() == "stop.";
      stopped = stopped || (stop && text.recipient() == sender && at_ms < *due_ms);
    }
    if (!stopped) return;
    findings_.Add("TimersWaitForTheirInputs",
                  "call " + decision.call_id() + " was texted at " + Elapsed(decision.now_ms()) +
                      " by a timer due at " + Elapsed(*due_ms) + ", although " +
                      decision.customer() + " had said STOP before");
  }

 private:
  static std::string Elapsed(std::int64_t ms) { return std::to_string(ms - kStartMs); }

  void ReadWatermark(const log::sim::SimRecord& record) {
    v1::CallsEntry entry;
    TB_ASSERT(record.value && entry.ParseFromString(*record.value));
    for (const auto& source : entry.watermark().sources()) {
      heard_[{source.topic(), source.partition()}].push_back(record.timestamp_ms);
    }
  }

  bool WasHeard(const v1::SourceCoordinates& at, std::int64_t now_ms) const {
    const auto heard = heard_.find({at.topic(), at.partition()});
    return heard != heard_.end() &&
           std::any_of(heard->second.begin(), heard->second.end(), [&](std::int64_t ms) {
             return ms <= now_ms && ms >= now_ms - kSourceHeardMs;
           });
  }

  // nullopt: it may have been decided without a timer.
  std::optional<std::int64_t> DueOf(const v1::Decision& decision) const {
    if (decision.side() != v1::Served::SIDE_TERMINATING || decision.evidence_dropped() > 0)
      return {};
    std::int64_t ended_ms = 0;
    std::int64_t settle_ms = 0;
    bool by_nodes = false;
    for (const auto& evidence : decision.evidence()) {
      const Source* source = SourceOf(evidence.coordinates());
      const auto truth = ledger_.history.plan.truth.find(evidence.record_id());
      if (source == nullptr || truth == ledger_.history.plan.truth.end()) return {};
      // One such record settles it at once; so does one that stands alone.
      // And of two sources either may.
      if (truth->second.verdict == v1::VERDICT_ANSWERED ||
          truth->second.verdict == v1::VERDICT_ANSWERED_ELSEWHERE || truth->second.alone ||
          truth->second.twin != 0) {
        return {};
      }
      ended_ms = std::max(ended_ms, truth->second.ended_ms);
      settle_ms = source->config.settle.settle_ms();
      by_nodes = by_nodes || source->of_files();
    }
    if (ended_ms == 0 || settle_ms == 0) return {};
    if (by_nodes && decision.now_ms() < ended_ms + settle_ms) return {};  // CheckFiles
    return ended_ms + settle_ms;
  }

  const Ledger& ledger_;
  Findings& findings_;
  std::map<std::string, const v1::Decision*> decisions_;
  std::map<std::pair<std::string, std::int32_t>, std::vector<std::int64_t>> heard_;
  std::vector<std::pair<std::int64_t, v1::InboundMessage>> texts_;
};

}  // namespace

void CheckTimers(const Ledger& ledger, Findings& findings) {
  const Timers timers(ledger, findings);
  for (const auto& amendment : ledger.amendments) timers.Check(amendment);
  for (const auto& decision : ledger.decisions) timers.Check(decision);
}

// What is texted before the end of its wait waits for every node: each has written something that
// ended well after it.
void CheckFiles(const Ledger& ledger, Findings& findings) {
  struct Written {
    std::int64_t at_ms;
    std::int64_t ended_ms;
  };
  std::map<std::string, std::vector<Written>> nodes;
  for (const auto& source : Sources()) {
    if (!source.of_files()) continue;
    for (const auto& record : ledger.history.topics.at(source.topic)) {
      v1::CallRecord call;
      if (!record.value || !call.ParseFromString(*record.value) || call.node().empty()) continue;
      nodes[call.node()].push_back({record.timestamp_ms, call.ended_at_ms()});
    }
  }
  for (const auto& decision : ledger.decisions) {
    if (decision.action() != v1::ACTION_TEXT || decision.evidence().empty()) continue;
    const Source* source = SourceOf(decision.evidence(0).coordinates());
    if (source == nullptr || !source->of_files()) continue;
    const auto& settle = source->config.settle;
    const std::int64_t ended_ms = decision.ended_at_ms();
    const std::int64_t now_ms = decision.now_ms();
    if (now_ms >= ended_ms + settle.settle_ms()) continue;
    for (std::size_t i = 0; i < kNodes; ++i) {
      const auto& written = nodes[NodeName(i)];
      // A clock that runs ahead says no more than that it is now.
      if (std::any_of(written.begin(), written.end(), [&](const Written& w) {
            return w.at_ms <= now_ms &&
                   std::min(w.ended_ms, now_ms) >= ended_ms + settle.past_end_ms();
          })) {
        continue;
      }
      findings.Add("FilesWaitForEveryNode", "call " + decision.call_id() + ", over at " +
                                                std::to_string(ended_ms - kStartMs) +
                                                ", was texted at " +
                                                std::to_string(now_ms - kStartMs) + ", before " +
                                                NodeName(i) + " had come past it");
    }
  }
}

// A text is written within its intent's lease, or never.
void CheckLeases(const Ledger& ledger, Findings& findings) {
  const std::int64_t lease_ms = DispatchTimes().lease_ms;
  for (const auto& write : ledger.history.writes) {
    const auto intent = ledger.intents.find({write.incarnation, write.token});
    if (intent == ledger.intents.end() || write.at_ms <= intent->second.at_ms + lease_ms) continue;
    findings.Add("NothingWrittenAfterItsLease",
                 "job " + intent->second.job_id + " was written " +
                     std::to_string(write.at_ms - intent->second.at_ms) +
                     " ms after it was intended, its lease was " + std::to_string(lease_ms));
  }
}

// Once an intent is closed in the committed state, whoever closed it has told everybody so.
void CheckResolved(const Ledger& ledger, Findings& findings) {
  for (const auto& write : ledger.history.writes) {
    const auto intent = ledger.intents.find({write.incarnation, write.token});
    if (intent == ledger.intents.end() || write.at_ms <= intent->second.closed_ms) continue;
    findings.Add("NothingWrittenOnceResolved",
                 "job " + intent->second.job_id + " was written " +
                     std::to_string(write.at_ms - intent->second.closed_ms) +
                     " ms after its intent had been resolved");
  }
}

void CheckReceipts(const Ledger& ledger, Findings& findings) {
  std::map<std::string, const log::sim::SimRecord*> first;  // receipt, by key
  for (const auto& record : ledger.history.topics.at(topics::kReceipts)) {
    first.try_emplace(record.key, &record);
  }
  std::set<std::pair<std::string, std::uint32_t>> told;  // (job, part)
  for (const auto& status : ledger.statuses) {
    if (status.kind() == v1::Status::KIND_RECEIPT) told.emplace(status.job_id(), status.part());
  }
  for (const auto& record : ledger.history.topics.at(topics::kSubmissions)) {
    v1::Submission submission;
    TB_ASSERT(record.value && submission.ParseFromString(*record.value));
    const auto receipt = first.find(record.key);
    if (receipt == first.end()) continue;
    // Later it has been given up, and was sent to the customer's key instead.
    if (record.timestamp_ms >= receipt->second->timestamp_ms + kUnmatchedAfterMs) continue;
    if (told.count({submission.job_id(), submission.part()}) != 0) continue;
    findings.Add("EveryReceiptIsJoined", "job " + submission.job_id() + " part " +
                                             std::to_string(submission.part()) +
                                             " has a receipt that nobody was told of");
  }
}

}  // namespace textback::simulation
