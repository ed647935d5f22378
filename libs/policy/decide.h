// Decide: what to do about one event of one customer. The heart of textback, and pure.
//
//   Decide(document, event, moment, snapshot, limits) changes the document and says what follows.
//
// No I/O, no clock, no global: the same arguments give the same document and effects, byte for
// byte. Explain, dry run and replay call the same function.
//
// A call's records (legs, events) meet in its entry of the document. The entry waits for its
// deadline, in event time, where further legs may change the verdict; then it is decided once:
//
//        first record               deadline, or nothing to wait for
//   (none) ─────────▶ waiting ───────────────────────────────────▶ decided ──▶ forgotten
//                      │   ▲                                       │    ▲        (late from then
//                      on) └───┘ further leg: merged                   └────┘ further leg: merged,
//                      and an
//                                                                         Amendment if it says more
//
// Which records are of one call. Those with the same join key. Then, among records of the same
// customer, line and side: where a source writes records of legs without a join key, or where two
// sources or nodes each have their own (two switches that one call passed), records that overlap
// for longer than their clocks may differ (limits.join_skew_ms), that begin together, or of which
// one is a forwarded leg that begins where the other ends. Two keys from one node are two calls,
// and so are two records of a source that writes one a call: they say so; only where a leg says
// that it goes on is the forwarded leg that begins there its own. Somebody who tries again within
// seconds makes a second call, since its record overlaps none of the first; who does so quicker
// than clocks may differ has made one.
//
// When a source's call counts as over, and so may be texted:
//   EMITS_CALL_END  its record is the call: decided settle_ms after its end, at once with 0.
//                   Sources that write files set it to how late another node's file may be.
//   EMITS_LEG_END   waits until settle_ms after the last leg, once it is over: a record says
//                   call_over, or has no join key (it stands alone), or the profile accepts the
//                   risk. Else it waits for such a record, at most open_wait_ms after the last leg,
//                   and ends unresolved: a single missed leg looks the same as the first of two of
//                   which the other talks.
//   EMITS_EVENTS    waits for call_over, at most open_wait_ms after the last event.
// Of several sources the most patient one counts. With past_end_ms, of sources that write files, a
// call needn't wait so long: it is settled once every node has written records that end past_end_ms
// after it. That is looked at when timers run, ever more often the nearer it is; not before the
// nodes have been known for as long as a call may wait, since until then another may turn up.
//
// Abandoned or a short ring, no answer or unreachable: that is read with what all records together
// tell of the ringing.
// A verdict `continues` waits at most open_wait_ms and ends unresolved. An answer ends every wait.
//
// Waiting calls of one customer are decided in the order of their deadlines, also when the timers
// run late: a call that needs no wait queues behind earlier ones. So a backlog leads to the same
// decisions as live traffic, but for what is known by then and must count: freshness, a STOP, an
// answered leg, or that the two have talked since.
//
// Gates: see gates.h. Messages from the customer: see inbound.h. Who can't be texted, or didn't get
// the text: see callback.cc.
//
// Thread safety: pure; distinct arguments on distinct threads.
#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "policy/document.h"
#include "policy/limits.h"
#include "policy/tenant.h"
#include "textback/v1/amendment.pb.h"
#include "textback/v1/call_record.pb.h"
#include "textback/v1/callback.pb.h"
#include "textback/v1/decision.pb.h"
#include "textback/v1/inbound_message.pb.h"
#include "textback/v1/job.pb.h"
#include "textback/v1/status.pb.h"

namespace textback::policy {

// How far the nodes that write files have come, as of a timer's due.
struct NodesProgress {
  std::int64_t ended_through_ms = 0;     // each has written all that ended before; 0: not known
  std::int64_t known_since_ms = kNever;  // when the first of them was heard
};

// When and where: all that isn't in the event.
struct Moment {
  std::string_view key;     // of the document: the customer in E.164, or a call's key without one
  std::int64_t now_ms = 0;  // the partition's time
  std::int64_t partition_forgotten_through_ms = std::numeric_limits<std::int64_t>::min();
  NodesProgress nodes = {};  // only looked at if WaitsForNodes(document)
};

// Everything due up to `due_ms` (event time) may be decided, and what has expired goes.
struct TimerEvent {
  std::int64_t due_ms = 0;
};

using Event =
    std::variant<const v1::CallRecord*, const v1::InboundMessage*, const v1::Status*, TimerEvent>;

// What a record was, for the accounting. `decision` is counted when the call is decided, so a
// record that opens a call and waits is kOpened here and has no class yet.
enum class RecordClass : std::uint8_t {
  kNone,         // the event was no record
  kOpened,       // the first of its call: the decision will stand for it
  kMerged,       // belongs to a call that is known
  kDuplicate,    // the source sent this record id before
  kLate,         // at or before what was forgotten
  kRedelivered,  // intake handed the same source record on again: counted in no class
  kDeadLetter,   // see Effects.error
};

enum class InboundClass : std::uint8_t { kNone, kStop, kStart, kHelp, kOther, kRepeated };

// What follows. Reused between calls: Clear keeps the memory.
struct Effects {
  google::protobuf::RepeatedPtrField<v1::Job> jobs;  // in the order in which they must be read
  google::protobuf::RepeatedPtrField<v1::Decision> decisions;
  google::protobuf::RepeatedPtrField<v1::Amendment> amendments;
  google::protobuf::RepeatedPtrField<v1::Callback> callbacks;
  RecordClass record_class = RecordClass::kNone;
  InboundClass inbound_class = InboundClass::kNone;
  // Waiting calls that turned out to be one with another: the records that opened them count as
  // merged.
  std::uint32_t absorbed = 0;
  std::optional<Error> error;  // kDeadLetter
  bool changed = false;        // the document was: it must be written (or erased)

  void Clear() {
    jobs.Clear();
    decisions.Clear();
    amendments.Clear();
    callbacks.Clear();
    record_class = RecordClass::kNone;
    inbound_class = InboundClass::kNone;
    absorbed = 0;
    error.reset();
    changed = false;
  }
};

// Adds to `effects`, which the caller cleared.
void Decide(Document& document, const Event& event, const Moment& moment, const Snapshot& snapshot,
            const Limits& limits, Effects& effects);

}  // namespace textback::policy
