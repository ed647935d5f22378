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
    {"store_before_commit", 1, "StorePlusReplayEqualsCommittedState"},
    {"effects_before_commit", 8, "NothingTakenTwice"},
    {"abort_is_committed", 25, "ExactlyOneDecisionPerCallAndSide"},
    {"unknown_is_committed", 16, "NothingTakenTwice"},
    {"unknown_is_aborted", 102, "ExactlyOneDecisionPerCallAndSide"},
    {"fenced_is_committed", 1, "EveryReceiptIsJoined"},
    {"no_rewind", 1, "EveryReceiptIsJoined"},
    {"lost_partitions_kept", 4, "ExactlyOneDecisionPerCallAndSide"},
    {"no_offsets_with_timers", 37, "EveryJobEndsInOneClass"},
    {"tombstone_forgotten", 1, "StorePlusReplayEqualsCommittedState"},
    {"restore_to_last_stable", 299, "EverythingHeals"},
    {"wiped_not_restored", 2, "EverythingHeals"},
    {"group_is_the_authority", 1, "AtMostOneFirstText"},
    {"tail_not_read_back", 1, "EverythingHeals"},
    {"marker_before_documents", 1, "ExactlyOneDecisionPerCallAndSide"},
    {"timers_before_watermarks", 102, "TimersWaitForTheirInputs"},
    {"timers_before_inputs", 2, "TimersWaitForTheirInputs"},
    {"committed_before_durable", 7, "EveryRecordEndsInOneClass"},
    {"watermark_ahead", 288, "TimersWaitForTheirInputs"},
    {"no_dedupe", 1, "ExactlyOneDecisionPerCallAndSide"},
    {"redeliveries_count", 1, "EveryRecordEndsInOneClass"},
    {"forgotten_not_remembered", 1, "ExactlyOneDecisionPerCallAndSide"},
    {"first_node_settles", 1, "FilesWaitForEveryNode"},
    {"parties_ignored", 1, "ExactlyOneDecisionPerCallAndSide"},
    {"no_lease", 1, "NothingWrittenAfterItsLease"},
    {"no_expiry", 15, "NeverSubmittedAfterExpiry"},
    {"unknown_is_not_sent", 1, "NothingTakenTwice"},
    {"unknown_resent", 2, "NothingTakenTwice"},
    {"resolved_early", 20, "NothingWrittenOnceResolved"},
    {"intents_not_restored", 1, "EveryJobEndsInOneClass"},
    {"block_forgotten", 1, "NoIntentAfterBlock"},
    {"block_spares_queued", 1, "NoIntentAfterBlock"},
    {"intent_limit_ignored", 1, "MemoryIsBounded"},
    {"early_receipts_dropped", 1, "EveryReceiptIsJoined"},
};

inline const KnownSeed* FindKnownSeed(std::string_view bug) {
  for (const auto& known : kKnownSeeds) {
    if (known.bug == bug) return &known;
  }
  return nullptr;
}
