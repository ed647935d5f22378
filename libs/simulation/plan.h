// What one seed of the simulation does: its tenants, its calls, its messages, its blows. Data, made
// before the run from the seed alone, so that the judge can hold the run's results against it.
//
// Times are small so that a run of five virtual minutes sees everything: the horizon is one minute
// instead of 26 hours, an unknown waits one minute for its receipt.
//
// Threads: values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cdr/decoder.h"
#include "dispatch/dispatch_processor.h"
#include "dispatch/track_processor.h"
#include "log_sim/faults.h"
#include "policy/limits.h"
#include "textback/v1/decision.pb.h"
#include "textback/v1/inbound_message.pb.h"
#include "textback/v1/tenant.pb.h"

namespace textback::simulation {

// 2026-03-02 10:00:00 UTC.
inline constexpr std::int64_t kStartMs = 1'772'445'600'000;
inline constexpr std::int32_t kPartitions = 4;
inline constexpr std::size_t kIntentLimit = 4;  // of one dispatcher process

namespace topics {
inline constexpr char kCalls[] = "textback.calls";
inline constexpr char kInbound[] = "textback.inbound";
inline constexpr char kStatus[] = "textback.status";
inline constexpr char kJobs[] = "textback.jobs";
inline constexpr char kDecisions[] = "textback.decisions";
inline constexpr char kAmendments[] = "textback.amendments";
inline constexpr char kCallbacks[] = "textback.callbacks";
inline constexpr char kSubmissions[] = "textback.submissions";
inline constexpr char kReceipts[] = "textback.receipts";
inline constexpr char kTenants[] = "textback.tenants";
inline constexpr char kDeadletter[] = "textback.deadletter";
}  // namespace topics

struct Source {
  std::string topic;
  std::int32_t partitions = 1;
  cdr::SourceConfig config;

  // Its records come in files, each node's at intervals of its own.
  bool of_files() const { return config.settle.past_end_ms() > 0; }
};
const std::vector<Source>& Sources();

inline constexpr std::size_t kNodes = 2;  // of each source of files
std::string NodeName(std::size_t node);

// A message on a source's topic.
struct ScriptedRecord {
  std::int64_t at_ms = 0;  // when the switch writes it, from the start
  std::size_t source = 0;  // in Sources()
  std::string key;
  std::string value;
};

struct ScriptedText {
  std::int64_t at_ms = 0;
  v1::InboundMessage message;
};

// What the generator meant a record to say: the model reads no cause table.
struct Truth {
  v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;
  bool over = false;      // speaks for the whole call
  bool leg_risk = false;  // its source's tenants accept a leg's word
  bool withheld = false;
  bool alone = false;  // no other record is of its call
  std::int64_t ended_ms = 0;
  int twin = 0;  // not 0: two sources wrote this call, with no key in common
};

struct Blow {
  enum class Kind : std::uint8_t {
    // Of one process.
    kKill,       // kill -9, back after for_ms
    kPause,      // SIGSTOP, SIGCONT after for_ms: a zombie
    kRestart,    // an orderly stop, back after for_ms
    kDiskError,  // reads and writes of its disk fail, now and then, for for_ms
    kCutOff,     // no broker answers it for for_ms
    // Of what all share.
    kNetworkDown,  // no SMSC answers anybody for for_ms
    kInboundSlow,  // nothing of textback.inbound is fetched for for_ms
    kOffsetsGone,  // decide is down for for_ms, meanwhile its group's offsets expire
  };
  std::int64_t at_ms = 0;
  Kind kind = Kind::kKill;
  std::size_t process = 0;  // modulo the number of processes
  std::int64_t for_ms = 0;
};

struct Plan {
  std::uint64_t seed = 0;
  std::int64_t chaos_ms = 0;  // records, blows and faults come within it
  double fault_chance = 0;    // per fault point and step
  // Set: these faults of the log and no others, by chance or otherwise.
  std::optional<std::vector<log::sim::Strike>> faults;
  std::size_t decide_processes = 2;
  std::size_t records_max = 400;  // of one batch: few make backlogs
  bool echo_reference = false;    // the SMSC echoes user_message_reference in receipts
  std::vector<v1::Tenant> tenants;
  std::vector<ScriptedRecord> records;  // in order of time
  std::vector<ScriptedText> texts;      // in order of time
  std::vector<Blow> blows;              // in order of time
  std::map<std::string, Truth> truth;   // by record id
};

Plan MakePlan(std::uint64_t seed);

// Blow::process counts in these: "intake-0".
std::vector<std::string> MachineNames(const Plan& plan);

// The limits under which everything runs.
policy::Limits DecideLimits();
dispatch::DispatchConfig DispatchTimes();
dispatch::TrackConfig TrackTimes();

}  // namespace textback::simulation
