// The role track: joins receipts to submissions, whichever comes first.
//
// Inputs: 0 submissions (anchor), 1 receipts; both keyed by SMSC account + "|" + normalised message
// id, so that they meet whatever bind or process they came by (exactly-once.md, dispatcher point
// 5). Output: 0 status, keyed by the customer. Document key: the inputs' key.
//
// Message ids recur after an SMSC's restart and collide between its nodes: several submissions may
// stand under one key. A receipt belongs to the one whose customer is the receipt's recipient, the
// newest of these; a receipt without a readable recipient to the only candidate, or to none.
//
// A receipt that finds no submission within `unmatched_after_ms` is published to its recipient as
// unmatched: dispatch may prove an UNKNOWN with it. A submission is forgotten `receipt_window_ms`
// after its last news.
//
// Threads: one object per shard, on its thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "dispatch/number_errors.h"
#include "shard/processor.h"
#include "textback/state/v1/track.pb.h"

namespace textback::dispatch {

struct TrackConfig {
  // More than a dispatcher's lease plus grace, or an intent isn't UNKNOWN yet when its receipt is
  // told.
  std::int64_t unmatched_after_ms = 60'000;
  std::int64_t receipt_window_ms = 72LL * 60 * 60 * 1000;
  // After a final state: repeats of the receipt are still recognised.
  std::int64_t final_keep_ms = 60LL * 60 * 1000;
  int entries_per_key_max = 16;  // submissions, and receipts; the oldest goes
  NumberErrors number_errors;
};

class TrackProcessor final : public shard::Processor {
 public:
  enum Input : std::size_t { kSubmissions = 0, kReceipts = 1 };
  enum Output : std::size_t { kStatus = 0 };

  explicit TrackProcessor(const TrackConfig& config) : config_(config) {}

  Status OnRecord(shard::Context& context, const shard::InputRecord& record) override;
  Status OnTimer(shard::Context& context, std::string_view key, std::int64_t due_ms) override;

 private:
  Status OnSubmission(shard::Context& context, const shard::InputRecord& record);
  Status OnReceipt(shard::Context& context, const shard::InputRecord& record);
  // The submission that the receipt belongs to, or -1.
  static int Match(const state::v1::Tracked& tracked, const v1::Receipt& receipt);
  void Join(shard::Context& context, state::v1::TrackedSubmission& tracked,
            const v1::Receipt& receipt) const;
  void Save(shard::Context& context, std::string_view key, const state::v1::Tracked& tracked) const;

  const TrackConfig config_;
};

}  // namespace textback::dispatch
