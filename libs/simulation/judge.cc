#include "simulation/judge.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "dispatch/outbox.h"
#include "intake/tallies.h"
#include "simulation/ledger.h"
#include "simulation/process.h"

namespace textback::simulation {
namespace {

std::string Str(std::int64_t n) { return std::to_string(n); }

// --- 1 ---

void CheckDecisions(const Ledger& ledger, Findings& findings) {
  std::map<std::string, int> decided;
  for (const auto& decision : ledger.decisions) {
    if (++decided[decision.call_id()] == 2) {
      findings.Add("ExactlyOneDecisionPerCallAndSide",
                   "call " + decision.call_id() + " of " + decision.tenant() + " and " +
                       decision.customer() + " was decided twice");
    }
    const bool text = decision.action() == v1::ACTION_TEXT;
    if (text != (ledger.texts.count(decision.job_id()) != 0)) {
      findings.Add("ExactlyOneDecisionPerCallAndSide",
                   "call " + decision.call_id() + ": its decision and its text disagree");
    }
  }
  for (const auto& amendment : ledger.amendments) {
    if (decided.count(amendment.call_id()) != 0) continue;
    findings.Add("ExactlyOneDecisionPerCallAndSide",
                 "call " + amendment.call_id() + " was amended, but never decided");
  }
}

// Two switches' records of one call, without a common key, end in one decision.
void CheckTwins(const Ledger& ledger, Findings& findings) {
  std::map<int, std::set<std::string>> calls;
  for (const auto& decision : ledger.decisions) {
    for (const auto& evidence : decision.evidence()) {
      const auto truth = ledger.history.plan.truth.find(evidence.record_id());
      if (truth == ledger.history.plan.truth.end() || truth->second.twin == 0) continue;
      auto& of_twin = calls[truth->second.twin];
      if (of_twin.insert(decision.call_id()).second && of_twin.size() == 2) {
        findings.Add("ExactlyOneDecisionPerCallAndSide",
                     "two sources wrote one call of " + decision.tenant() + " and " +
                         decision.customer() + ", which was decided as two: " + *of_twin.begin() +
                         " and " + *of_twin.rbegin());
      }
    }
  }
}

void CheckFirstTexts(const Ledger& ledger, Findings& findings) {
  std::map<std::string, int> first;
  std::map<std::string, int> jobs;
  for (const auto& job : ledger.jobs) {
    if (++jobs[job.job_id()] == 2) {
      findings.Add("AtMostOneFirstText", "job " + job.job_id() + " was asked for twice");
    }
    if (!job.has_text() || job.text().purpose() != v1::TextJob::PURPOSE_FIRST_TEXT) continue;
    if (++first[job.call_id()] == 2) {
      findings.Add("AtMostOneFirstText", "call " + job.call_id() + " was texted twice");
    }
  }
}

void CheckWrites(const Ledger& ledger, Findings& findings) {
  std::map<std::pair<std::string, std::uint32_t>, int> taken;
  for (const auto& write : ledger.history.writes) {
    const auto intent = ledger.intents.find({write.incarnation, write.token});
    if (intent == ledger.intents.end()) {
      findings.Add("NothingTakenTwice", "at " + Str(write.at_ms - kStartMs) + " a text to " +
                                            write.recipient +
                                            " was written without a committed intent");
      continue;
    }
    const std::string& job_id = intent->second.job_id;
    const auto job = ledger.texts.find(job_id);
    if (job == ledger.texts.end() || job->second->customer() != write.recipient ||
        job->second->text().body() != write.body) {
      findings.Add("NothingTakenTwice", "job " + job_id + " isn't what was written for it");
      continue;
    }
    if (!write.taken) continue;
    const bool again = job->second->unknown_policy() == v1::Job::UNKNOWN_POLICY_RESEND_ONCE;
    if (++taken[{job_id, write.part}] == (again ? 3 : 2)) {
      findings.Add("NothingTakenTwice", "job " + job_id + " part " + Str(write.part) +
                                            " reached the network too often, last at " +
                                            Str(write.at_ms - kStartMs));
    }
  }
}

// --- 2 ---

void CheckBlocks(const Ledger& ledger, Findings& findings) {
  // By what dispatch committed: nothing that a block covers is intended while it stands.
  for (const auto& [id, intent] : ledger.intents) {
    const auto job = ledger.texts.find(intent.job_id);
    if (job == ledger.texts.end() || dispatch::PassesBlocks(*job->second)) continue;
    for (const auto& block : ledger.blocks) {
      if (block.customer != job->second->customer() || block.until_offset <= intent.offset)
        continue;
      if (!dispatch::Covers(block.scope, *job->second)) continue;
      // In one transaction the text may have come first, or between an unblock and another block.
      const bool undone = std::any_of(ledger.jobs.begin(), ledger.jobs.end(), [&](const auto& j) {
        return j.has_unblock() && j.customer() == block.customer && j.created_ms() >= block.at_ms &&
               j.created_ms() <= intent.at_ms;
      });
      if (block.offset < intent.offset && !undone) {
        findings.Add("NoIntentAfterBlock", "job " + intent.job_id + " was intended although " +
                                               block.customer + " had been blocked since " +
                                               Str(block.at_ms - kStartMs));
      }
    }
  }
  // By the wire: what was intended before the block is written within the lease, or never.
  const std::int64_t lease_ms = DispatchTimes().lease_ms;
  for (const auto& write : ledger.history.writes) {
    const auto intent = ledger.intents.find({write.incarnation, write.token});
    if (intent == ledger.intents.end()) continue;
    const auto job = ledger.texts.find(intent->second.job_id);
    if (job == ledger.texts.end() || dispatch::PassesBlocks(*job->second)) continue;
    for (const auto& block : ledger.blocks) {
      if (block.customer != write.recipient || block.offset < intent->second.offset ||
          !dispatch::Covers(block.scope, *job->second)) {
        continue;
      }
      if (write.at_ms <= block.at_ms + lease_ms) continue;
      findings.Add("NoIntentAfterBlock", "job " + intent->second.job_id + " was written " +
                                             Str(write.at_ms - block.at_ms) +
                                             " ms after its customer was blocked");
    }
  }
}

// A customer who said STOP to a tenant gets no first text of it before a START.
void CheckNoTextAfterBlock(const Ledger& ledger, Findings& findings) {
  std::map<std::string, std::vector<v1::Scope>> blocked;
  for (const auto& job : ledger.jobs) {
    auto& scopes = blocked[job.customer()];
    const auto same = [](const v1::Scope& a, const v1::Scope& b) {
      return a.kind() == b.kind() && a.tenant() == b.tenant() && a.sender() == b.sender();
    };
    if (job.has_block()) scopes.push_back(job.block().scope());
    if (job.has_unblock()) {
      std::erase_if(scopes, [&](const auto& scope) { return same(scope, job.unblock().scope()); });
    }
    // (The answer to a START may meet another tenant's block; dispatch then holds it back.)
    if (!job.has_text() || job.text().purpose() != v1::TextJob::PURPOSE_FIRST_TEXT) continue;
    for (const auto& scope : scopes) {
      if (!dispatch::Covers(scope, job)) continue;
      findings.Add("NoIntentAfterBlock", "decide asked for job " + job.job_id() + " although " +
                                             job.customer() + " had opted out");
    }
  }
}

// Dispatch knows every block that it was told of, and loses none but to an unblock.
void CheckBlocksKept(const Ledger& ledger, Findings& findings) {
  using Scope = std::tuple<std::string, int, std::string, std::string>;
  const auto of = [](const std::string& customer, const v1::Scope& scope) {
    return Scope(customer, scope.kind(), scope.tenant(), scope.sender());
  };
  std::map<Scope, bool> should;
  std::map<Scope, int> unblocks;
  for (const auto& job : ledger.jobs) {
    if (job.has_block()) should[of(job.customer(), job.block().scope())] = true;
    if (!job.has_unblock()) continue;
    should[of(job.customer(), job.unblock().scope())] = false;
    ++unblocks[of(job.customer(), job.unblock().scope())];
  }
  std::map<Scope, bool> stands;
  std::map<Scope, int> ended;
  for (const auto& block : ledger.blocks) {
    auto& now = stands[of(block.customer, block.scope)];
    now = now || block.until_offset == INT64_MAX;
    if (block.until_offset != INT64_MAX) ++ended[of(block.customer, block.scope)];
  }
  for (const auto& [scope, blocked] : should) {
    if (stands[scope] != blocked || ended[scope] > unblocks[scope]) {
      findings.Add("NoIntentAfterBlock",
                   "dispatch has lost a block of " + std::get<0>(scope) + ", or kept one too long");
    }
  }
}

// --- 3 ---

void CheckExpiry(const Ledger& ledger, Findings& findings) {
  for (const auto& write : ledger.history.writes) {
    const auto intent = ledger.intents.find({write.incarnation, write.token});
    if (intent == ledger.intents.end()) continue;
    const auto job = ledger.texts.find(intent->second.job_id);
    if (job == ledger.texts.end()) continue;
    if (write.at_ms >= job->second->expires_ms()) {
      findings.Add("NeverSubmittedAfterExpiry", "job " + job->first + " was submitted " +
                                                    Str(write.at_ms - job->second->expires_ms()) +
                                                    " ms after it had expired");
    }
    if (write.at_ms < job->second->not_before_ms()) {
      findings.Add("NeverSubmittedAfterExpiry",
                   "job " + job->first + " was submitted " +
                       Str(job->second->not_before_ms() - write.at_ms) + " ms before its time");
    }
  }
}

// --- 8 ---

std::int64_t Count(const Ledger& ledger, const std::string& role, const std::string& name) {
  const auto found = ledger.tallies.find(role);
  if (found == ledger.tallies.end()) return 0;
  const auto count = found->second.find(name);
  return count == found->second.end() ? 0 : count->second;
}

void CheckIntakeTallies(const Ledger& ledger, Findings& findings) {
  intake::Tallies sum;
  const auto& committed = ledger.history.groups.at(kIntakeGroup);
  for (const auto& source : Sources()) {
    for (std::int32_t p = 0; p < source.partitions; ++p) {
      const log::TopicPartition at{source.topic, p};
      const std::int64_t end = ledger.history.ends.at(source.topic).at(at);
      const auto offset = committed.find(at);
      const auto progress = offset == committed.end()
                                ? std::optional<intake::Progress>(intake::Progress())
                                : intake::DecodeProgress(offset->second.metadata);
      if (!progress || progress->tallies.messages != static_cast<std::uint64_t>(end)) {
        findings.Add("EveryRecordEndsInOneClass",
                     source.topic + "/" + Str(p) + " has " + Str(end) + " messages, counted are " +
                         (progress ? std::to_string(progress->tallies.messages) : "none"));
        continue;
      }
      const auto& t = progress->tallies;
      if (2 * t.records != t.not_tenant + t.deadletter + t.handed_on) {
        findings.Add("EveryRecordEndsInOneClass",
                     source.topic + "/" + Str(p) +
                         ": 2 x records isn't the sum of the classes: " + offset->second.metadata);
      }
      sum += t;
    }
  }
  if (sum.handed_on != ledger.sides.size()) {
    findings.Add("EveryRecordEndsInOneClass", "intake counts " + std::to_string(sum.handed_on) +
                                                  " sides handed on, calls has " +
                                                  std::to_string(ledger.sides.size()));
  }
}

void CheckDecideTallies(const Ledger& ledger, Findings& findings) {
  std::int64_t sum = 0;
  std::string told;
  for (const char* name : {"decision", "merged", "duplicate", "late", "deadletter"}) {
    const std::int64_t count = Count(ledger, "decide", name);
    sum += count;
    told += std::string(" ") + name + "=" + Str(count);
  }
  if (sum != static_cast<std::int64_t>(ledger.sides.size())) {
    findings.Add("EveryRecordEndsInOneClass", Str(static_cast<std::int64_t>(ledger.sides.size())) +
                                                  " sides came in, the classes hold " + Str(sum) +
                                                  ":" + told);
  }
  const std::int64_t redelivered = Count(ledger, "decide", "redelivered");
  if (redelivered + static_cast<std::int64_t>(ledger.sides.size()) !=
      static_cast<std::int64_t>(ledger.calls.size())) {
    findings.Add("EveryRecordEndsInOneClass",
                 Str(redelivered) + " redeliveries counted, there were " +
                     Str(static_cast<std::int64_t>(ledger.calls.size() - ledger.sides.size())));
  }
  if (Count(ledger, "decide", "decision") != static_cast<std::int64_t>(ledger.decisions.size())) {
    findings.Add("EveryRecordEndsInOneClass",
                 Str(Count(ledger, "decide", "decision")) + " decisions counted, there are " +
                     Str(static_cast<std::int64_t>(ledger.decisions.size())));
  }
}

void CheckJobTallies(const Ledger& ledger, Findings& findings) {
  const auto count = [&](const char* name) { return Count(ledger, "dispatch", name); };
  const std::int64_t texts = count("job_text");
  std::int64_t closed = 0;
  std::string told;
  for (const char* name :
       {"job_sent", "job_unknown", "job_expired", "job_rejected", "job_cancelled", "job_blocked"}) {
    closed += count(name);
    told += std::string(" ") + name + "=" + Str(count(name));
  }
  if (texts != closed) {
    findings.Add("EveryJobEndsInOneClass",
                 Str(texts) + " texts came in, the classes hold " + Str(closed) + ":" + told);
  }
  if (texts + count("job_late") != static_cast<std::int64_t>(ledger.texts.size())) {
    findings.Add("EveryJobEndsInOneClass",
                 Str(static_cast<std::int64_t>(ledger.texts.size())) + " texts were asked for, " +
                     Str(texts) + " came in and " + Str(count("job_late")) + " were late");
  }
}

// What dispatch says of a job is what the network has seen.
void CheckStatuses(const Ledger& ledger, Findings& findings) {
  std::map<std::string, std::set<std::uint32_t>> taken;
  std::map<std::string, std::uint32_t> parts;
  for (const auto& write : ledger.history.writes) {
    const auto intent = ledger.intents.find({write.incarnation, write.token});
    if (intent == ledger.intents.end() || !write.taken) continue;
    taken[intent->second.job_id].insert(write.part);
    parts[intent->second.job_id] = write.parts;
  }
  std::map<std::string, int> ends;
  for (const auto& status : ledger.statuses) {
    const std::string& id = status.job_id();
    const bool all = parts.count(id) != 0 && taken[id].size() == parts[id];
    switch (status.kind()) {
      case v1::Status::KIND_SENT:
        if (!all) findings.Add("EveryJobEndsInOneClass", "job " + id + " was never sent in full");
        ++ends[id];
        break;
      case v1::Status::KIND_EXPIRED:
      case v1::Status::KIND_REJECTED:
      case v1::Status::KIND_CANCELLED:
      case v1::Status::KIND_BLOCKED: {
        const auto job = ledger.texts.find(id);
        const bool again = job != ledger.texts.end() &&
                           job->second->unknown_policy() == v1::Job::UNKNOWN_POLICY_RESEND_ONCE;
        if (all && !again) {
          findings.Add("EveryJobEndsInOneClass", "job " + id +
                                                     " went out in full, and yet ended as " +
                                                     v1::Status::Kind_Name(status.kind()));
        }
        ++ends[id];
        break;
      }
      case v1::Status::KIND_PROVEN:
        // By its reference a receipt proves exactly the text that it is of.
        if (ledger.history.plan.echo_reference && taken[id].empty()) {
          findings.Add("EveryJobEndsInOneClass", "job " + id + " was proven, but never taken");
        }
        break;
      default:
        break;
    }
  }
  for (const auto& [id, times] : ends) {
    if (times > 1) findings.Add("EveryJobEndsInOneClass", "job " + id + " ended more than once");
  }
}

// --- and ---

void CheckHealed(const Ledger& ledger, Findings& findings) {
  for (const auto& halt : ledger.history.halts) findings.Add("EverythingHeals", halt);
  const std::pair<const char*, std::vector<std::string>> inputs[] = {
      {"decide", {topics::kCalls, topics::kInbound, topics::kStatus}},
      {"dispatch", {topics::kJobs, topics::kStatus}},
      {"track", {topics::kSubmissions, topics::kReceipts}}};
  for (const auto& [role, names] : inputs) {
    // Group offsets may stay behind an idle input's end by markers; the records count.
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string& topic = names[i];
      std::map<std::int32_t, std::int64_t> last;
      for (const auto& record : ledger.history.topics.at(topic))
        last[record.partition] = record.offset;
      const auto& group = ledger.history.groups.at(GroupOf(role));
      for (const auto& [partition, offset] : last) {
        const auto at = group.find({topic, partition});
        // Where the group's offsets were lost, and nothing has come since, the changelog knows.
        const std::int64_t next =
            at != group.end() ? at->second.next_offset : ledger.Position(role, names, i, partition);
        if (next > offset) continue;
        findings.Add("EverythingHeals", std::string(role) + " hasn't read " + topic + "/" +
                                            Str(partition) + " to its end, offset " + Str(offset));
      }
    }
  }
}

}  // namespace

std::vector<Violation> Judge(const History& history) {
  const Ledger ledger(history);
  Findings findings;
  CheckDecisions(ledger, findings);
  CheckTwins(ledger, findings);
  CheckFirstTexts(ledger, findings);
  CheckWrites(ledger, findings);
  CheckBlocks(ledger, findings);
  CheckBlocksKept(ledger, findings);
  CheckNoTextAfterBlock(ledger, findings);
  CheckExpiry(ledger, findings);
  CheckLimits(ledger, findings);
  CheckLeases(ledger, findings);
  CheckResolved(ledger, findings);
  CheckTimers(ledger, findings);
  CheckFiles(ledger, findings);
  CheckReceipts(ledger, findings);
  CheckStores(ledger, findings);
  CheckAgainstModel(ledger, findings);
  CheckBounds(ledger, findings);
  CheckIntakeTallies(ledger, findings);
  CheckDecideTallies(ledger, findings);
  CheckJobTallies(ledger, findings);
  CheckStatuses(ledger, findings);
  CheckHealed(ledger, findings);
  return findings.Take();
}

std::vector<Violation> Compare(const History& a, const History& b) {
  Findings findings;
  for (const char* topic : {topics::kDecisions, topics::kAmendments, topics::kJobs}) {
    if (a.topics.at(topic) == b.topics.at(topic)) continue;
    findings.Add("SameInputsSameDecisions", std::string("two runs of one seed differ in ") + topic);
  }
  return findings.Take();
}

std::string TooEasy(const History& history) {
  if (history.plan.records.size() < 300) return "fewer than 300 records";
  if (history.crashes < 3) return "fewer than 3 crashes";
  if (history.rebalances < 1) return "no rebalance";
  return "";
}

}  // namespace textback::simulation
