// What may go wrong in a simulated log, when, and how often it did.
//
// A *fault point* is a fault × the protocol step at which it strikes: "crash_after × commit". All
// points that make sense are listed by AllFaultPoints(), so that a test can walk every one of them;
// FaultPlan says which strike, by count or by chance; SimCluster counts how often each step was
// reached and each point fired, so that a run can show that it exercised what it claims.
//
// A plan is data: the chances are drawn from the cluster's seed, never here.
// Threads: a value.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace textback::log::sim {

// A call on the port (or on the listener) at which something can happen.
enum class Step : std::uint8_t {
  kPoll,           // Consumer::Poll
  kResume,         // Consumer::Resume and Pause
  kCommitted,      // Consumer::Committed
  kCommitOffsets,  // Consumer::Commit
  kOffsets,        // Consumer::Offsets, Reader::Offsets
  kClose,          // Consumer::Close
  kAssigned,       // the listener's OnAssigned
  kRevoked,        // the listener's OnRevoked
  kInit,           // TransactionalProducer, call by call
  kBegin,
  kSend,
  kSendOffsets,
  kCommit,
  kAbort,
  kReaderPoll,
  kWriterSend,
  kWriterPoll,  // Writer::Poll and Flush
  kAdmin,       // Admin's calls and Log::Partitions
};
inline constexpr int kSteps = static_cast<int>(Step::kAdmin) + 1;

enum class Fault : std::uint8_t {
  kCrashBefore,     // kill -9 of the process: the call has no effect
  kCrashAfter,      // kill -9 of the process: the call has its effect, its caller never knows
  kRetry,           // this call fails once with kRetry, without effect
  kUnreachable,     // no broker answers this process for SimOptions::unreachable
  kAborted,         // commit: the broker refused a produce; aborted, the producer goes on
  kUnknownApplied,  // commit, writer's poll: applied, but the answer is lost
  kUnknownLost,     // commit, writer's poll: the request is lost
  kUnknownDelayed,  // commit: EndTxn arrives after SimOptions::delay, if its epoch still holds
  kUnknownTwice,    // commit: applied, and arrives again later: tears the next transaction of this
                    // epoch (stream point 10; KIP-890 describes the hole)
  kMarkersLate,     // commit: decided, but the markers are written after SimOptions::delay
  kSlow,            // poll: nothing comes this time
  kSessionLost,     // the coordinator evicts the process's members, which don't know yet
  kRebalance,       // the coordinator asks all members of the process's groups to join again
  kFence,           // somebody else takes over the transactional id, or the static instance
};
inline constexpr int kFaults = static_cast<int>(Fault::kFence) + 1;

std::string_view ToString(Step step);
std::string_view ToString(Fault fault);

struct FaultPoint {
  Fault fault;
  Step step;
  auto operator<=>(const FaultPoint&) const = default;
};
std::string ToString(const FaultPoint& point);  // "crash_after x commit"

// Whether `fault` can strike at `step`.
bool Applies(Fault fault, Step step);
const std::vector<FaultPoint>& AllFaultPoints();

class FaultPlan {
 public:
  // Strikes at the `nth` time (from 1) that the step is reached by `client` ("": by anybody).
  FaultPlan& At(FaultPoint point, std::uint64_t nth = 1, std::string client = "");
  // Strikes with `probability` each time, at most `limit` times.
  FaultPlan& Chance(FaultPoint point, double probability, std::uint64_t limit = UINT64_MAX,
                    std::string client = "");
  // Every point with `probability`, at most `limit` times each. Clients whose names are in `spared`
  // (sources of a test, its checkers) are left alone.
  static FaultPlan Everywhere(double probability, std::uint64_t limit = UINT64_MAX,
                              std::vector<std::string> spared = {});

  bool empty() const { return rules_.empty(); }

 private:
  friend class FaultEngine;
  struct Rule {
    FaultPoint point;
    std::string client;
    std::uint64_t nth = 0;  // 0: by chance
    double probability = 0;
    std::uint64_t left = 1;
    std::uint64_t reached = 0;
  };
  std::vector<Rule> rules_;
  std::vector<std::string> spared_;
};

// One that struck: enough to make it strike again (FaultPlan::At).
struct Strike {
  FaultPoint point;
  std::string client;
  std::uint64_t nth = 0;  // time that this client reached the step
  bool operator==(const Strike&) const = default;
};

// What happened: steps reached, points fired.
struct FaultCounts {
  std::map<Step, std::uint64_t> reached;
  std::map<FaultPoint, std::uint64_t> fired;
  std::vector<Strike> strikes;  // in order of time
  std::uint64_t Fired(Fault fault) const;
};

// Runs a plan: asked at every step, says what strikes there.
class FaultEngine {
 public:
  FaultEngine(FaultPlan plan, Random random) : plan_(std::move(plan)), random_(random) {}

  // At most one fault per reached step: the first rule that strikes.
  const Fault* Reach(Step step, std::string_view client);
  // No fault strikes any more: a run's end, in which all must heal.
  void Stop() { stopped_ = true; }
  void Start() { stopped_ = false; }
  const FaultCounts& counts() const { return counts_; }

 private:
  FaultPlan plan_;
  Random random_;
  FaultCounts counts_;
  std::map<std::string, std::array<std::uint64_t, kSteps>, std::less<>> reached_by_;
  Fault struck_ = Fault::kRetry;
  bool stopped_ = false;
};

}  // namespace textback::log::sim
