// How many intents may be open in this process, over all its shards: what a kill can leave UNKNOWN
// at the most (exactly-once.md, dispatcher point 1).
//
// Thread safety: all calls from any thread.
#pragma once

#include <atomic>
#include <cstddef>

#include "base/assert.h"
#include "base/planted.h"

namespace textback::dispatch {

class IntentBudget {
 public:
  explicit IntentBudget(std::size_t limit) : limit_(limit) { TB_ASSERT(limit > 0); }

  bool TryAcquire() {
    std::size_t open = open_.load(std::memory_order_relaxed);
    while (open < limit_ || Planted(Bug::kIntentLimitIgnored)) {
      if (open_.compare_exchange_weak(open, open + 1, std::memory_order_relaxed)) return true;
    }
    return false;
  }
  void Release() {
    const std::size_t before = open_.fetch_sub(1, std::memory_order_relaxed);
    TB_ASSERT(before > 0);
  }
  std::size_t open() const { return open_.load(std::memory_order_relaxed); }
  std::size_t limit() const { return limit_; }

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> open_{0};
};

}  // namespace textback::dispatch
