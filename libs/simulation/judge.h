// The model that judges a run: each invariant of architecture.md that the pipeline of today can
// break is a check by its name. The checks read what was committed, written to the network or left
// on disk (history.h), and know nothing of how it came about.
//
//   1  ExactlyOneDecisionPerCallAndSide, AtMostOneFirstText, NothingTakenTwice,
//      NothingWrittenAfterItsLease, NothingWrittenOnceResolved
//   2  NoIntentAfterBlock
//   3  NeverSubmittedAfterExpiry
//   4  LimitsNeverExceeded
//   5  StorePlusReplayEqualsCommittedState
//   6  SameInputsSameDecisions
//   7  MemoryIsBounded
//   8  EveryRecordEndsInOneClass, EveryJobEndsInOneClass, EveryReceiptIsJoined
//   9  TimersWaitForTheirInputs, FilesWaitForEveryNode
//   and EverythingHeals: once faults cease, nothing stands still or waits for ever.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "simulation/history.h"

namespace textback::simulation {

struct Violation {
  std::string invariant;
  std::string what;
};

// In the order of the invariants; at most a few of each.
std::vector<Violation> Judge(const History& history);

// Two runs of one plan.
std::vector<Violation> Compare(const History& a, const History& b);

// Whether the run was as hard as a seed must be: "" or what it lacks.
std::string TooEasy(const History& history);

}  // namespace textback::simulation
