// Bugs that are planted on purpose, so that the simulation can show that it finds each of them.
//
// A bug is one condition in production code, at the step of the protocol that it breaks:
//
//   if (!Planted(Bug::kTombstoneForgotten) || value) status = Send(...);
//
// Without the CMake option TEXTBACK_PLANTED_BUGS, as in all that ships, Planted is constexpr false
// and the compiler sees nothing of it. With it (preset dev) none is planted until Plant is called,
// which only `textback-simulation --plant` and tests do. docs/simulation.md has the table of what
// it takes to find each.
//
// Threads: Planted from any; Plant while nothing else runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace textback {

enum class Bug : std::uint8_t {
  // Stream: between the log and the state.
  kStoreBeforeCommit,
  kEffectsBeforeCommit,
  kAbortIsCommitted,
  kUnknownIsCommitted,
  kUnknownIsAborted,
  kFencedIsCommitted,
  kNoRewind,
  kLostPartitionsKept,
  kNoOffsetsWithTimers,
  kTombstoneForgotten,
  kRestoreToLastStable,
  kWipedNotRestored,
  kGroupIsTheAuthority,
  kTailNotReadBack,
  kMarkerBeforeDocuments,
  kTimersBeforeWatermarks,
  kTimersBeforeInputs,
  // Intake.
  kCommittedBeforeDurable,
  kWatermarkAhead,
  // What a customer's document must remember.
  kNoDedupe,
  kRedeliveriesCount,
  kForgottenNotRemembered,
  kFirstNodeSettles,
  kPartiesIgnored,
  // Between the dispatcher and the SMSC.
  kNoLease,
  kNoExpiry,
  kUnknownIsNotSent,
  kUnknownResent,
  kResolvedEarly,
  kIntentsNotRestored,
  kBlockForgotten,
  kBlockSparesQueued,
  kIntentLimitIgnored,
  kEarlyReceiptsDropped,
};

struct PlantedBug {
  Bug bug;
  std::string_view name;
  std::string_view what;
  std::string_view where;  // file, and the point of docs/exactly-once.md that it breaks
};

inline constexpr PlantedBug kPlantedBugs[] = {
    {Bug::kStoreBeforeCommit, "store_before_commit",
     "a batch's documents are applied to the store before its transaction has committed",
     "shard/shard_batch.cc, stream point 7"},
    {Bug::kEffectsBeforeCommit, "effects_before_commit",
     "texts are handed to the network before their intents have committed",
     "shard/shard_batch.cc, dispatcher point 1"},
    {Bug::kAbortIsCommitted, "abort_is_committed",
     "an aborted transaction's overlay is kept as if it had committed",
     "shard/shard_batch.cc, stream point 10"},
    {Bug::kUnknownIsCommitted, "unknown_is_committed",
     "a commit of unknown outcome is taken for a success", "shard/shard_batch.cc, stream point 10"},
    {Bug::kUnknownIsAborted, "unknown_is_aborted",
     "a commit of unknown outcome is taken for an abort, and runs again",
     "shard/shard_batch.cc, stream point 10"},
    {Bug::kFencedIsCommitted, "fenced_is_committed",
     "a zombie goes on after it was fenced, and sends its texts",
     "shard/shard_batch.cc, stream point 3"},
    {Bug::kNoRewind, "no_rewind", "after an abort the consumer isn't sent back",
     "shard/shard_batch.cc, stream point 10"},
    {Bug::kLostPartitionsKept, "lost_partitions_kept",
     "partitions that were lost are worked on under the group metadata of the next membership",
     "shard/shard_start.cc, stream points 3 and 11"},
    {Bug::kNoOffsetsWithTimers, "no_offsets_with_timers",
     "a transaction that read nothing sends no offsets, so nothing fences it",
     "shard/transactor.cc, stream point 3"},
    {Bug::kTombstoneForgotten, "tombstone_forgotten",
     "an erased document gets no tombstone in the changelog",
     "shard/transactor.cc, stream point 7"},
    {Bug::kRestoreToLastStable, "restore_to_last_stable",
     "a restore ends at the changelog's last stable offset",
     "shard/shard_start.cc, stream point 5"},
    {Bug::kWipedNotRestored, "wiped_not_restored",
     "a store that was wiped is restored from the changelog's end",
     "shard/shard_start.cc, stream point 8"},
    {Bug::kGroupIsTheAuthority, "group_is_the_authority",
     "a partition starts at the group's offset, whatever the changelog says",
     "shard/shard_start.cc, stream point 6"},
    {Bug::kTailNotReadBack, "tail_not_read_back",
     "after a commit of unknown outcome the changelog's tail isn't read",
     "shard/shard_start.cc, stream point 10"},
    {Bug::kMarkerBeforeDocuments, "marker_before_documents",
     "a flush writes its marker first, its documents then",
     "store/memory_store.cc, stream point 8"},
    {Bug::kTimersBeforeWatermarks, "timers_before_watermarks",
     "timers don't wait for the sources' watermarks", "shard/timer_gate.cc, document point 4"},
    {Bug::kTimersBeforeInputs, "timers_before_inputs",
     "timers don't wait for what is queued in the inputs", "shard/timer_gate.cc, document point 4"},
    {Bug::kCommittedBeforeDurable, "committed_before_durable",
     "intake commits its offsets before the log has what it wrote", "intake/intake.cc"},
    {Bug::kWatermarkAhead, "watermark_ahead",
     "intake's watermark says now, although records are queued",
     "intake/intake.cc, document point 4"},
    {Bug::kNoDedupe, "no_dedupe", "a decided call is forgotten at once",
     "policy/document.cc, document point 1"},
    {Bug::kRedeliveriesCount, "redeliveries_count",
     "a record that intake hands on again counts as a duplicate of the source",
     "policy/call.cc, stream point 15"},
    {Bug::kForgottenNotRemembered, "forgotten_not_remembered",
     "forgotten_through isn't advanced when calls are forgotten",
     "policy/document.cc, document point 2"},
    {Bug::kFirstNodeSettles, "first_node_settles",
     "a call of files is settled once the first node has come past it, not the last",
     "decide/nodes.cc, ADR 20"},
    {Bug::kPartiesIgnored, "parties_ignored", "two switches' records of one call are decided apart",
     "policy/join.cc, ADR 18"},
    {Bug::kNoLease, "no_lease", "an intent's lease isn't looked at before the write",
     "dispatch/dispatch_processor.cc, dispatcher point 2"},
    {Bug::kNoExpiry, "no_expiry", "a text's expiry isn't looked at before the write",
     "dispatch/dispatch_processor.cc, promise 5"},
    {Bug::kUnknownIsNotSent, "unknown_is_not_sent", "a text whose response was lost is sent again",
     "dispatch/dispatch_processor.cc, "
     "dispatcher point 3"},
    {Bug::kUnknownResent, "unknown_resent",
     "after a crash the successor sends the intents without an outcome again",
     "dispatch/dispatch_processor.cc, dispatcher point 3"},
    {Bug::kResolvedEarly, "resolved_early",
     "a successor resolves intents before lease and drift are over",
     "dispatch/dispatch_processor.cc, dispatcher point 2"},
    {Bug::kIntentsNotRestored, "intents_not_restored",
     "a successor drops the intents that it finds",
     "dispatch/dispatch_processor.cc, dispatcher point 6"},
    {Bug::kBlockForgotten, "block_forgotten", "a STOP's block isn't kept",
     "dispatch/dispatch_processor.cc, dispatcher point 4"},
    {Bug::kBlockSparesQueued, "block_spares_queued",
     "a STOP's block isn't asked for texts that are queued already",
     "dispatch/dispatch_processor.cc, dispatcher point 4"},
    {Bug::kIntentLimitIgnored, "intent_limit_ignored", "intents are opened beyond intent_limit",
     "dispatch/intent_budget.h, dispatcher point 1"},
    {Bug::kEarlyReceiptsDropped, "early_receipts_dropped",
     "a receipt that comes before its submission is dropped",
     "dispatch/track_processor.cc, dispatcher point 5"},
};

// nullptr: no such.
const PlantedBug* FindPlantedBug(std::string_view name);

#ifdef TEXTBACK_PLANTED_BUGS
inline constexpr bool kBugsCanBePlanted = true;
// From now on this one, in the whole process; nullopt: none.
void Plant(std::optional<Bug> bug);
bool Planted(Bug bug);
#else
inline constexpr bool kBugsCanBePlanted = false;
inline void Plant(std::optional<Bug> /*bug*/) {}
constexpr bool Planted(Bug /*bug*/) { return false; }
#endif

}  // namespace textback
