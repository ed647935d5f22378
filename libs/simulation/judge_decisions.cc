// Invariants 4 and 6: what a straightforward reading of the contract makes of each call.
//
// The model is told by each Decision what it was made from (its evidence, its now) and works the
// rest out from what the generator meant the records to say, and from the decisions and messages
// before it. It knows no cause table, no document, no timers.
#include <algorithm>
#include <deque>
#include <set>

#include "simulation/ledger.h"
#include "simulation/process.h"
#include "textback/v1/inbound_message.pb.h"

namespace textback::simulation {
namespace {

bool IsTalk(v1::Verdict verdict) { return verdict == v1::VERDICT_ANSWERED; }

// The strongest word on a call: somebody talked; a colleague took it; a miss, and of several the
// one that speaks for the whole call, then the first in the contract's order.
int Strength(const Truth& truth) {
  if (truth.verdict == v1::VERDICT_ANSWERED) return 0;
  if (truth.verdict == v1::VERDICT_ANSWERED_ELSEWHERE) return 1;
  return (truth.over ? 100 : 200) + static_cast<int>(truth.verdict);
}

class Model {
 public:
  Model(const Ledger& ledger, Findings& findings) : ledger_(ledger), findings_(findings) {
    for (const auto& tenant : ledger.history.plan.tenants) tenants_[tenant.tenant()] = &tenant;
  }

  void Check(const v1::Decision& decision) {
    if (decision.evidence_dropped() > 0) return;  // it doesn't say what it was made from
    for (const auto& evidence : decision.evidence()) {
      if (ledger_.history.plan.truth.count(evidence.record_id()) != 0) continue;
      return Wrong(decision, "its evidence " + evidence.record_id() + " was never written");
    }
    const v1::Verdict verdict = VerdictOf(decision);
    if (verdict != decision.verdict()) {
      Wrong(decision, "its verdict should be " + v1::Verdict_Name(verdict) + ", is " +
                          v1::Verdict_Name(decision.verdict()));
      return;
    }
    const auto reason = ReasonOf(decision);
    if (reason != decision.reason()) {
      Wrong(decision, "its reason should be " + v1::Reason_Name(reason) + ", is " +
                          v1::Reason_Name(decision.reason()));
    }
    CheckCallback(decision);
    if (decision.action() == v1::ACTION_TEXT && MayBeNuisance(decision) && !IsKnown(decision))
      Wrong(decision, "its caller is a nuisance, and yet it is texted");
    if (decision.action() == v1::ACTION_TEXT) texted_[decision.customer()].push_back(&decision);
  }

 private:
  void Wrong(const v1::Decision& decision, const std::string& why) {
    findings_.Add("SameInputsSameDecisions", "call " + decision.call_id() + " of " +
                                                 decision.tenant() + " and " + decision.customer() +
                                                 ": " + why);
  }

  v1::Verdict VerdictOf(const v1::Decision& decision) const {
    if (decision.side() == v1::Served::SIDE_ORIGINATING) return Originating(decision);
    const Truth* best = nullptr;
    bool proven = false;
    for (const auto& evidence : decision.evidence()) {
      const Truth& truth = ledger_.history.plan.truth.at(evidence.record_id());
      proven = proven || truth.over || truth.leg_risk;
      if (best == nullptr || Strength(truth) < Strength(*best)) best = &truth;
    }
    if (best == nullptr) return v1::VERDICT_UNSPECIFIED;
    return Strength(*best) <= 1 || proven ? best->verdict : v1::VERDICT_UNRESOLVED;
  }

  // Nothing was missed, if only it is known to be over.
  v1::Verdict Originating(const v1::Decision& decision) const {
    for (const auto& evidence : decision.evidence()) {
      const Truth& truth = ledger_.history.plan.truth.at(evidence.record_id());
      if (truth.over || truth.leg_risk) return v1::VERDICT_OUTBOUND;
    }
    return v1::VERDICT_UNRESOLVED;
  }

  static bool IsMissed(v1::Verdict verdict) {
    return verdict == v1::VERDICT_NO_ANSWER || verdict == v1::VERDICT_BUSY ||
           verdict == v1::VERDICT_UNREACHABLE || verdict == v1::VERDICT_DECLINED ||
           verdict == v1::VERDICT_ABANDONED;
  }

  v1::Reason ReasonOf(const v1::Decision& decision) const {
    const v1::Tenant& tenant = *tenants_.at(decision.tenant());
    if (!IsMissed(decision.verdict())) {
      return tenant.active() ? v1::REASON_NOT_MISSED : v1::REASON_TENANT_INACTIVE;
    }
    if (!tenant.active()) return v1::REASON_TENANT_INACTIVE;
    // When ringing ended: of a missed call its end.
    if (decision.now_ms() - decision.ended_at_ms() > tenant.max_age_ms()) return v1::REASON_STALE;
    if (std::any_of(tenant.lines().begin(), tenant.lines().end(),
                    [&](const auto& line) { return line.msisdn() == decision.customer(); })) {
      return v1::REASON_OWN_LINE;
    }
    if (IsALine(decision.customer())) return v1::REASON_TENANT_LINE;
    if (decision.customer().empty()) return v1::REASON_WITHHELD;
    if (decision.customer().starts_with("+4930") || decision.customer().starts_with("+4420"))
      return v1::REASON_NOT_TEXTABLE;
    // What only the order of messages and calls within the shard can tell: believed if there is a
    // cause for it at all.
    if (decision.reason() == v1::REASON_UNDELIVERABLE && MayBeUndeliverable(decision)) {
      return v1::REASON_UNDELIVERABLE;
    }
    if (decision.reason() == v1::REASON_OPTED_OUT && MayBeOptedOut(decision)) {
      return v1::REASON_OPTED_OUT;
    }
    if (decision.reason() == v1::REASON_NUISANCE && MayBeNuisance(decision)) {
      return v1::REASON_NUISANCE;
    }
    if (decision.reason() == v1::REASON_OVERTAKEN && MayBeOvertaken(decision)) {
      return v1::REASON_OVERTAKEN;
    }
    if (Texts(decision, tenant.limit_pair(), true) >= tenant.limit_pair().texts())
      return v1::REASON_LIMIT_PAIR;
    if (Texts(decision, tenant.limit_customer(), false) >= tenant.limit_customer().texts())
      return v1::REASON_LIMIT_CUSTOMER;
    if (decision.now_ms() + tenant.delay_ms() - decision.ended_at_ms() >= tenant.text_ttl_ms())
      return v1::REASON_EXPIRED;
    return v1::REASON_UNSPECIFIED;
  }

  std::uint32_t Texts(const v1::Decision& decision, const v1::TextLimit& limit, bool pair) const {
    const auto found = texted_.find(decision.customer());
    if (found == texted_.end()) return 0;
    return static_cast<std::uint32_t>(
        std::count_if(found->second.begin(), found->second.end(), [&](const auto* text) {
          return (!pair || text->tenant() == decision.tenant()) &&
                 text->now_ms() + limit.window_ms() > decision.now_ms();
        }));
  }

  bool IsALine(const std::string& number) const {
    return std::any_of(tenants_.begin(), tenants_.end(), [&](const auto& tenant) {
      const auto& lines = tenant.second->lines();
      return std::any_of(lines.begin(), lines.end(),
                         [&](const auto& line) { return line.msisdn() == number; });
    });
  }

  bool MayBeUndeliverable(const v1::Decision& decision) const {
    return std::any_of(ledger_.statuses.begin(), ledger_.statuses.end(), [&](const auto& status) {
      return status.takes_no_texts() && status.customer() == decision.customer();
    });
  }

  static bool IsKnown(const v1::Decision& decision) {
    return std::any_of(decision.gates().begin(), decision.gates().end(),
                       [](const auto& gate) { return gate.detail() == "known_contact"; });
  }

  // Its signs reach the score from which tenants that say nothing of it call it one, and the lines
  // that it is said to have called are no more than those that it did.
  bool MayBeNuisance(const v1::Decision& decision) const {
    constexpr std::uint32_t kThreshold = 60;
    std::set<std::string> lines;
    for (const auto& call : ledger_.calls) {
      if (call.served().side() == v1::Served::SIDE_TERMINATING &&
          call.served().customer() == decision.customer()) {
        lines.insert(call.served().tenant() + call.served().line());
      }
    }
    std::uint32_t score = 0;
    for (const auto& sign : decision.nuisance()) {
      score += sign.points();
      if (sign.name() == "fan_out" && sign.value() > static_cast<std::int64_t>(lines.size()))
        return false;
    }
    return score >= kThreshold;
  }

  // A miss whose caller can't be texted is offered to be called back, once.
  void CheckCallback(const v1::Decision& decision) {
    static const std::set<int> kOffered = {v1::REASON_WITHHELD,      v1::REASON_NOT_TEXTABLE,
                                           v1::REASON_OWN_LINE,      v1::REASON_TENANT_LINE,
                                           v1::REASON_UNDELIVERABLE, v1::REASON_OPTED_OUT};
    const auto offers = std::count_if(
        ledger_.callbacks.begin(), ledger_.callbacks.end(), [&](const auto& callback) {
          return callback.call_id() == decision.call_id() && callback.job_id().empty();
        });
    const auto expected = static_cast<std::ptrdiff_t>(kOffered.count(decision.reason()));
    if (offers != expected) {
      Wrong(decision, "it should be offered as a callback " + std::to_string(expected) +
                          " times, is " + std::to_string(offers));
    }
  }

  bool MayBeOptedOut(const v1::Decision& decision) const {
    return std::any_of(ledger_.jobs.begin(), ledger_.jobs.end(), [&](const v1::Job& job) {
      return job.has_block() && job.customer() == decision.customer() &&
             job.created_ms() <= decision.now_ms();
    });
  }

  bool MayBeOvertaken(const v1::Decision& decision) const {
    return std::any_of(ledger_.calls.begin(), ledger_.calls.end(), [&](const auto& call) {
      return call.served().tenant() == decision.tenant() &&
             call.served().customer() == decision.customer() &&
             IsTalk(ledger_.history.plan.truth.at(call.record_id()).verdict) &&
             call.ended_at_ms() > decision.ended_at_ms();
    });
  }

  const Ledger& ledger_;
  Findings& findings_;
  std::map<std::string, const v1::Tenant*> tenants_;
  std::map<std::string, std::vector<const v1::Decision*>> texted_;  // by customer
};

}  // namespace

// A sliding window over the first texts that were asked for, whatever became of them.
void CheckLimits(const Ledger& ledger, Findings& findings) {
  for (const auto& tenant : ledger.history.plan.tenants) {
    for (const bool pair : {true, false}) {
      const auto& limit = pair ? tenant.limit_pair() : tenant.limit_customer();
      std::map<std::string, std::deque<std::int64_t>> recent;
      for (const auto& job : ledger.jobs) {
        if (!job.has_text() || job.text().purpose() != v1::TextJob::PURPOSE_FIRST_TEXT) continue;
        if (pair && job.tenant() != tenant.tenant()) continue;
        auto& window = recent[job.customer()];
        while (!window.empty() && window.front() + limit.window_ms() <= job.created_ms()) {
          window.pop_front();
        }
        window.push_back(job.created_ms());
        // The customer's limit is that of the tenant who would send the next one.
        if (job.tenant() != tenant.tenant() || window.size() <= limit.texts()) continue;
        findings.Add("LimitsNeverExceeded",
                     tenant.tenant() + "'s limit of " + std::to_string(limit.texts()) +
                         (pair ? " per pair" : " per customer") + " was passed by job " +
                         job.job_id() + " to " + job.customer());
      }
    }
  }
}

void CheckAgainstModel(const Ledger& ledger, Findings& findings) {
  Model model(ledger, findings);
  for (const auto& decision : ledger.decisions) model.Check(decision);
}

}  // namespace textback::simulation
