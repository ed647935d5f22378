// What an installation made of its records, read from its log: decisions, texts, their ends, and
// the counts that travel with the offsets.
//
// Threads: one.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "e2e/smsc_process.h"
#include "e2e/topic.h"
#include "e2e/workload.h"
#include "intake/tallies.h"
#include "textback/v1/status.pb.h"

namespace textback::tests {

// Follows decisions, jobs and status of a running installation.
class Outcome {
 public:
  Outcome(log::Log& log, const pipeline::Topics& topics);

  // Takes what has come meanwhile.
  void Poll();
  std::size_t decided() const { return decisions_.entries().size(); }
  // Every call decided, every text at an end of some kind.
  bool Complete(const Workload& workload);

  // By call id; of each decision what doesn't depend on when it was made, nor on where its records
  // and tenants stood in the log. A call decided twice differs from any that was decided once.
  std::map<std::string, std::string> Decisions() const;

  struct Text {
    std::string to, words;
    std::set<v1::Status::Kind> ends;  // without receipts
    bool sent() const;                // known to have been taken
    bool unknown() const;             // and not proven
  };
  const std::map<std::string, Text>& texts() const { return texts_; }  // by job id

 private:
  Topic decisions_, jobs_, status_;
  std::size_t decisions_seen_ = 0, jobs_seen_ = 0, status_seen_ = 0;
  std::size_t wanted_ = 0;  // texts that decisions name
  std::map<std::string, Text> texts_;
  std::size_t ended_ = 0;
};

// The counts in the offsets' metadata; the groups' members must have stopped.
struct Counts {
  intake::Tallies intake;
  std::map<std::string, std::int64_t> decide, dispatch;
};
Counts ReadCounts(log::Log& log, const pipeline::Topics& topics);

// Every record is in one class per side, every text in one class.
void ExpectCountsAddUp(const Counts& counts, const Workload& workload);
// Nobody got the same words twice; what counts as sent was taken, what is cancelled wasn't.
void ExpectTextsOnce(const Outcome& outcome, const std::vector<Taken>& taken);

}  // namespace textback::tests
