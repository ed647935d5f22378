// A run's committed messages, parsed and put where the checks look for them.
//
// Threads: values.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "simulation/history.h"
#include "simulation/judge.h"
#include "textback/state/v1/outbox.pb.h"
#include "textback/v1/amendment.pb.h"
#include "textback/v1/call_record.pb.h"
#include "textback/v1/callback.pb.h"
#include "textback/v1/decision.pb.h"
#include "textback/v1/job.pb.h"
#include "textback/v1/status.pb.h"

namespace textback::simulation {

// Name of an intent: (incarnation, number).
using IntentId = std::pair<std::uint64_t, std::uint64_t>;

struct Intent {
  std::string job_id;
  std::int32_t partition = 0;
  std::int64_t offset = 0;  // in dispatch's changelog, of the transaction that first has it
  std::int64_t at_ms = 0;
  std::int64_t closed_ms = INT64_MAX;  // from when on it is an intent no more
};

// A block that stands in a customer's outbox: [offset, until_offset) of dispatch's changelog.
struct BlockSeen {
  std::string customer;
  v1::Scope scope;
  std::int64_t offset = 0;
  std::int64_t until_offset = INT64_MAX;
  std::int64_t at_ms = 0;
};

struct Ledger {
  explicit Ledger(const History& history);

  const History& history;
  std::vector<v1::CallRecord> calls;    // records on `calls`, redeliveries too
  std::set<std::string> sides;          // (coordinates, side) of them: each counts once
  std::vector<v1::Decision> decisions;  // in the order of each customer
  std::vector<v1::Amendment> amendments;
  std::vector<v1::Callback> callbacks;
  std::vector<v1::Job> jobs;                    // in the order of each customer
  std::map<std::string, const v1::Job*> texts;  // by id: jobs that carry a text
  std::vector<v1::Status> statuses;
  std::map<IntentId, Intent> intents;
  std::vector<BlockSeen> blocks;
  std::size_t watermarks = 0;

  std::map<std::string, std::map<std::string, std::int64_t>> tallies;  // by role, summed

  // How far a role has come with a topic, by what it keeps in its changelog. -1: never begun.
  std::int64_t Position(const std::string& role, const std::vector<std::string>& inputs,
                        std::size_t input, std::int32_t partition) const;

 private:
  void ReadCalls();
  void ReadOutboxes();
  void ReadBlocks(const log::sim::SimRecord& record, const state::v1::Outbox& outbox,
                  std::vector<std::size_t>& standing);
  void ReadTallies();
};

// Collects violations, a few of each name.
class Findings {
 public:
  void Add(const std::string& invariant, const std::string& what);
  std::vector<Violation> Take() { return std::move(found_); }

 private:
  std::map<std::string, int> count_;
  std::vector<Violation> found_;
};

// The checks that need more than a few lines: judge_store.cc, judge_decisions.cc and
// judge_waits.cc.
void CheckStores(const Ledger& ledger, Findings& findings);
void CheckBounds(const Ledger& ledger, Findings& findings);
void CheckLimits(const Ledger& ledger, Findings& findings);
void CheckAgainstModel(const Ledger& ledger, Findings& findings);
void CheckTimers(const Ledger& ledger, Findings& findings);
void CheckFiles(const Ledger& ledger, Findings& findings);
void CheckLeases(const Ledger& ledger, Findings& findings);
void CheckResolved(const Ledger& ledger, Findings& findings);
void CheckReceipts(const Ledger& ledger, Findings& findings);

}  // namespace textback::simulation
