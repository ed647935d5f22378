// Judges an installation by what it has committed and what the SMSC took, while it runs and at its
// end. Keeps hashes only: a long run has millions of calls.
//
// Every call that was fed is decided once, and nothing else is. Every text that a decision asks for
// has one job and ends in one class. Nothing is twice on the wire; what counts as sent was taken;
// what was taken counts as sent or unknown, and nothing is taken after it was called unknown (a
// paused process must not send). The counts in the offsets say the same.
//
// Threads: one. Errors: a violation fails the test, the first few of a kind in words.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/smsc_process.h"
#include "e2e/topic.h"
#include "faults/load.h"
#include "log/log.h"
#include "pipeline/topics.h"
#include "textback/v1/status.pb.h"

namespace textback::tests {

class Verdict {
 public:
  Verdict(log::Log& log, const pipeline::Topics& topics, Load& load);

  // Takes what has come meanwhile.
  void Poll(SmscProcess& smsc);
  // A new SMSC process goes on with the record: it is read again from the start.
  void ForgetTaken() { taken_.clear(); }
  // The SMSC stands still for a while: it takes what it was sent before.
  void AllowTakenLate() { late_allowed_ = true; }

  // So many calls, in the order of feeding, are decided, and nothing before them is missing.
  std::size_t decided() const { return decided_through_; }
  // Whatever is missing before.
  std::size_t decided_in_all() const { return decided_.size(); }
  std::size_t ended_in_all() const { return ended_in_all_; }
  // Texts that decisions ask for, and how many of them, in that order, have ended.
  std::size_t wanted() const { return wanted_.size(); }
  std::size_t ended() const { return ended_through_; }

  std::size_t unknown() const { return unknown_.size(); }  // ever, proven ones too
  // Of the unknown ones from number `from` on: how many the SMSC took, and how many it didn't.
  struct Unknown {
    std::size_t written = 0;
    std::size_t unwritten = 0;
  };
  Unknown UnknownSince(std::size_t from) const;

  // When all services have stopped and the load too.
  void Judge(SmscProcess& smsc);
  // Of any Verdict: so many times something was as it must not be.
  static int violations() { return all_violations_; }
  // "81,203 calls, 20,311 texts (20,290 sent, 21 unknown)"
  std::string Figures() const;

 private:
  struct Text {
    std::uint64_t words = 0;      // hash of recipient and text; 0: its job hasn't come yet
    std::int64_t unknown_ms = 0;  // when it was called so
    std::uint16_t ends = 0;       // a bit for each Status::Kind
    std::uint8_t count = 0;       // of ends, proofs aside
    bool Has(v1::Status::Kind kind) const { return (ends >> kind & 1) != 0; }
    bool sent() const { return Has(v1::Status::KIND_SENT) || Has(v1::Status::KIND_PROVEN); }
  };
  void OnDecision(std::string_view value);
  void OnJob(std::string_view value);
  void OnStatus(std::string_view value, std::int64_t at_ms);
  void Advance();
  void JudgeCalls();
  void JudgeTexts();
  void JudgeCounts();
  void Violation(const std::string& kind, const std::string& what);

  log::Log& log_;
  const pipeline::Topics topics_;
  Load& load_;
  Follower decisions_, jobs_, status_;
  std::vector<std::uint64_t> expected_;
  std::size_t decided_through_ = 0;
  absl::flat_hash_map<std::uint64_t, std::uint8_t> decided_;  // call: how often
  std::vector<std::uint64_t> wanted_;                         // jobs
  std::size_t ended_through_ = 0;
  std::size_t ended_in_all_ = 0;
  std::vector<std::uint64_t> unknown_;
  absl::flat_hash_map<std::uint64_t, Text> texts_;
  absl::flat_hash_map<std::uint64_t, std::int64_t> taken_;  // text: when
  bool late_allowed_ = false;
  std::array<std::size_t, 16> kinds_{};
  std::map<std::string, int> violations_;
  static inline int all_violations_ = 0;
};

}  // namespace textback::tests
