#include "log_sim/faults.h"

#include <algorithm>

#include "base/assert.h"

namespace textback::log::sim {
namespace {

bool IsPoll(Step step) { return step == Step::kPoll || step == Step::kReaderPoll; }
// Callbacks are no calls to the broker: only the process itself can fail there.
bool IsCallback(Step step) { return step == Step::kAssigned || step == Step::kRevoked; }
// Steps without a word to the broker.
bool IsLocal(Step step) {
  return step == Step::kResume || step == Step::kBegin || step == Step::kSend ||
         step == Step::kWriterSend;
}

}  // namespace

std::string_view ToString(Step step) {
  switch (step) {
    case Step::kPoll:
      return "poll";
    case Step::kResume:
      return "resume";
    case Step::kCommitted:
      return "committed";
    case Step::kCommitOffsets:
      return "commit_offsets";
    case Step::kOffsets:
      return "offsets";
    case Step::kClose:
      return "close";
    case Step::kAssigned:
      return "assigned";
    case Step::kRevoked:
      return "revoked";
    case Step::kInit:
      return "init";
    case Step::kBegin:
      return "begin";
    case Step::kSend:
      return "send";
    case Step::kSendOffsets:
      return "send_offsets";
    case Step::kCommit:
      return "commit";
    case Step::kAbort:
      return "abort";
    case Step::kReaderPoll:
      return "reader_poll";
    case Step::kWriterSend:
      return "writer_send";
    case Step::kWriterPoll:
      return "writer_poll";
    case Step::kAdmin:
      return "admin";
  }
  return "?";
}

std::string_view ToString(Fault fault) {
  switch (fault) {
    case Fault::kCrashBefore:
      return "crash_before";
    case Fault::kCrashAfter:
      return "crash_after";
    case Fault::kRetry:
      return "retry";
    case Fault::kUnreachable:
      return "unreachable";
    case Fault::kAborted:
      return "aborted";
    case Fault::kUnknownApplied:
      return "unknown_applied";
    case Fault::kUnknownLost:
      return "unknown_lost";
    case Fault::kUnknownDelayed:
      return "unknown_delayed";
    case Fault::kUnknownTwice:
      return "unknown_twice";
    case Fault::kMarkersLate:
      return "markers_late";
    case Fault::kSlow:
      return "slow";
    case Fault::kSessionLost:
      return "session_lost";
    case Fault::kRebalance:
      return "rebalance";
    case Fault::kFence:
      return "fence";
  }
  return "?";
}

std::string ToString(const FaultPoint& point) {
  return std::string(ToString(point.fault)) + " x " + std::string(ToString(point.step));
}

bool Applies(Fault fault, Step step) {
  switch (fault) {
    case Fault::kCrashBefore:
    case Fault::kCrashAfter:
      return true;
    case Fault::kRetry:
      // Send never fails alone (errors show at Commit); an unconfirmed abort is fatal; Close can't
      // fail; a writer's poll that fails is kUnknownApplied or kUnknownLost. A writer's send may
      // find its queue full.
      return !IsCallback(step) && step != Step::kSend && step != Step::kBegin &&
             step != Step::kResume && step != Step::kCommit && step != Step::kAbort &&
             step != Step::kClose && step != Step::kWriterPoll;
    case Fault::kUnreachable:
      return !IsCallback(step) && !IsLocal(step) && step != Step::kClose;
    case Fault::kAborted:
    case Fault::kUnknownDelayed:
    case Fault::kUnknownTwice:
    case Fault::kMarkersLate:
      return step == Step::kCommit;
    case Fault::kUnknownApplied:
    case Fault::kUnknownLost:
      return step == Step::kCommit || step == Step::kWriterPoll;
    case Fault::kSlow:
      return IsPoll(step);
    case Fault::kSessionLost:
    case Fault::kRebalance:
      return step == Step::kPoll || step == Step::kSendOffsets || step == Step::kCommit ||
             step == Step::kCommitOffsets;
    case Fault::kFence:
      return step == Step::kPoll || step == Step::kBegin || step == Step::kSend ||
             step == Step::kSendOffsets || step == Step::kCommit || step == Step::kAbort;
  }
  return false;
}

const std::vector<FaultPoint>& AllFaultPoints() {
  static const std::vector<FaultPoint> points = [] {
    std::vector<FaultPoint> all;
    for (int f = 0; f < kFaults; ++f) {
      for (int s = 0; s < kSteps; ++s) {
        const FaultPoint point{static_cast<Fault>(f), static_cast<Step>(s)};
        if (Applies(point.fault, point.step)) all.push_back(point);
      }
    }
    return all;
  }();
  return points;
}

FaultPlan& FaultPlan::At(FaultPoint point, std::uint64_t nth, std::string client) {
  TB_ASSERT(nth > 0 && Applies(point.fault, point.step));
  rules_.push_back({point, std::move(client), nth, 0, 1, 0});
  return *this;
}

FaultPlan& FaultPlan::Chance(FaultPoint point, double probability, std::uint64_t limit,
                             std::string client) {
  TB_ASSERT(Applies(point.fault, point.step));
  rules_.push_back({point, std::move(client), 0, probability, limit, 0});
  return *this;
}

FaultPlan FaultPlan::Everywhere(double probability, std::uint64_t limit,
                                std::vector<std::string> spared) {
  FaultPlan plan;
  for (const auto& point : AllFaultPoints()) plan.Chance(point, probability, limit);
  plan.spared_ = std::move(spared);
  return plan;
}

std::uint64_t FaultCounts::Fired(Fault fault) const {
  std::uint64_t n = 0;
  for (const auto& [point, count] : fired) {
    if (point.fault == fault) n += count;
  }
  return n;
}

const Fault* FaultEngine::Reach(Step step, std::string_view client) {
  ++counts_.reached[step];
  const auto& spared = plan_.spared_;
  if (stopped_ || std::find(spared.begin(), spared.end(), client) != spared.end()) return nullptr;
  auto by = reached_by_.find(client);
  if (by == reached_by_.end()) by = reached_by_.try_emplace(std::string(client)).first;
  const std::uint64_t nth = ++by->second[static_cast<std::size_t>(step)];
  const Fault* struck = nullptr;
  for (auto& rule : plan_.rules_) {
    if (rule.point.step != step || (!rule.client.empty() && rule.client != client)) continue;
    ++rule.reached;
    if (struck != nullptr || rule.left == 0) continue;
    if (rule.nth != 0 ? rule.reached != rule.nth : !random_.Chance(rule.probability)) continue;
    --rule.left;
    ++counts_.fired[rule.point];
    counts_.strikes.push_back({rule.point, std::string(client), nth});
    struck_ = rule.point.fault;
    struck = &struck_;
  }
  return struck;
}

}  // namespace textback::log::sim
