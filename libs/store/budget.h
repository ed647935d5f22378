// One limit over what several stores hold together, without a lock between them.
//
// Nobody can free what another store holds (each belongs to its own thread). So, once the sum is
// over the limit, those with more than their fair share give way first; over limit + 1/8 everyone
// does. What is held therefore stays within 9/8 of the limit plus one batch per store.
//
// Thread safety: all calls from any thread.
#pragma once

#include <atomic>
#include <cstddef>

namespace textback::store {

class Budget {
 public:
  explicit Budget(std::size_t limit) : limit_(limit) {}

  void Add(std::size_t n) { total_.fetch_add(n, std::memory_order_relaxed); }
  void Sub(std::size_t n) { total_.fetch_sub(n, std::memory_order_relaxed); }
  // Replaces what one holder holds.
  void Change(std::size_t before, std::size_t after) {
    total_.fetch_add(after - before, std::memory_order_relaxed);
  }

  // Is it for the holder of `own`, one of `holders`, to give way now?
  bool Over(std::size_t own, std::size_t holders) const {
    const std::size_t sum = total();
    if (sum <= limit_ || own == 0) return false;
    return own >= limit_ / (holders == 0 ? 1 : holders) || OverHard();
  }
  bool OverHard() const { return total() > limit_ + limit_ / 8; }

  std::size_t total() const { return total_.load(std::memory_order_relaxed); }
  std::size_t limit() const { return limit_; }

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> total_{0};
};

}  // namespace textback::store
