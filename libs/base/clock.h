// Time as a dependency.
//
// Rule: only SystemClock reads a clock of the system. Decide takes `now` as an argument; the
// shells around it hold a Clock&; simulation passes a ManualClock.
//
// Wall and monotonic time are different types, so that one can't be subtracted from the other.
// Wall times in records and state are plain std::int64_t milliseconds since 1970 UTC, named *_ms.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace textback {

// CLOCK_BOOTTIME: goes on while the machine is suspended. A lease measured with anything else
// would still look valid after a resume (exactly-once.md, dispatcher point 2).
struct BootClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
};
using MonoTime = BootClock::time_point;

// Thread safety: all calls from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  // Milliseconds since 1970 UTC; may jump. Event times, validity periods, log stamps.
  virtual std::int64_t NowMs() const = 0;
  // Never goes back, counts suspended time. Time-outs, leases, back-off, latency.
  virtual MonoTime Mono() const = 0;
};

class SystemClock final : public Clock {
 public:
  std::int64_t NowMs() const override;
  MonoTime Mono() const override;
};

// Stands still until told. For tests, simulation and replay.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t now_ms = 0) : now_ms_(now_ms) {}
  std::int64_t NowMs() const override { return now_ms_.load(std::memory_order_relaxed); }
  MonoTime Mono() const override {
    return MonoTime(std::chrono::nanoseconds(mono_ns_.load(std::memory_order_relaxed)));
  }
  void Advance(std::chrono::nanoseconds by) {
    mono_ns_.fetch_add(by.count(), std::memory_order_relaxed);
    remainder_ns_ += by.count();
    now_ms_.fetch_add(remainder_ns_ / 1'000'000, std::memory_order_relaxed);
    remainder_ns_ %= 1'000'000;
  }
  // Moves wall time alone, as an operator or NTP would.
  void JumpWallTo(std::int64_t now_ms) { now_ms_.store(now_ms, std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> now_ms_;
  std::atomic<std::int64_t> mono_ns_{0};
  std::int64_t remainder_ns_ = 0;
};

}  // namespace textback
