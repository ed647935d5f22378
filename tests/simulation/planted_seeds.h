// A seed that is known to find each planted bug, and the invariant that it then breaks: what
// `--planted known` runs. When a change of the workload moves them, `tests/sim --planted` says
// where they are now.
#pragma once

#include <cstdint>
#include <string_view>

struct KnownSeed {
  std::string_view bug;  // its name in base/planted.h
  std::uint64_t seed;
  std::string_view invariant;
};

inline constexpr KnownSeed kKnownSeeds[] = {
    {"store_before_commit", 1, "EveryRecordEndsInOneClass"},
    {"effects_before_commit", 1, "NothingTakenTwice"},
    {"abort_is_committed", 1, "EveryJobEndsInOneClass"},
    {"unknown_is_committed", 21, "EveryRecordEndsInOneClass"},
    {"unknown_is_aborted", 29, "ExactlyOneDecisionPerCallAndSide"},
    {"fenced_is_committed", 1, "NothingTakenTwice"},
    {"no_rewind", 16, "EveryRecordEndsInOneClass"},
    {"lost_partitions_kept", 6, "ExactlyOneDecisionPerCallAndSide"},
    {"no_offsets_with_timers", 287, "EveryJobEndsInOneClass"},
    {"tombstone_forgotten", 1, "StorePlusReplayEqualsCommittedState"},
    {"restore_to_last_stable", 366, "EverythingHeals"},
    {"wiped_not_restored", 1, "EverythingHeals"},
    {"group_is_the_authority", 2, "AtMostOneFirstText"},
    {"tail_not_read_back", 6, "EverythingHeals"},
    {"marker_before_documents", 1, "ExactlyOneDecisionPerCallAndSide"},
    {"timers_before_watermarks", 15, "TimersWaitForTheirInputs"},
    {"timers_before_inputs", 11, "TimersWaitForTheirInputs"},
    {"committed_before_durable", 3, "EveryRecordEndsInOneClass"},
    {"watermark_ahead", 109, "TimersWaitForTheirInputs"},
    {"no_dedupe", 1, "ExactlyOneDecisionPerCallAndSide"},
    {"redeliveries_count", 1, "EveryRecordEndsInOneClass"},
    {"forgotten_not_remembered", 1, "ExactlyOneDecisionPerCallAndSide"},
    {"no_lease", 1, "NothingWrittenAfterItsLease"},
    {"no_expiry", 3, "NeverSubmittedAfterExpiry"},
    {"unknown_is_not_sent", 1, "NothingTakenTwice"},
    {"unknown_resent", 1, "NothingTakenTwice"},
    {"resolved_early", 82, "NothingWrittenOnceResolved"},
    {"intents_not_restored", 1, "EveryJobEndsInOneClass"},
    {"block_forgotten", 1, "NoIntentAfterBlock"},
    {"block_spares_queued", 2, "NoIntentAfterBlock"},
    {"intent_limit_ignored", 3, "MemoryIsBounded"},
    {"early_receipts_dropped", 1, "EveryReceiptIsJoined"},
};

inline const KnownSeed* FindKnownSeed(std::string_view bug) {
  for (const auto& known : kKnownSeeds) {
    if (known.bug == bug) return &known;
  }
  return nullptr;
}
