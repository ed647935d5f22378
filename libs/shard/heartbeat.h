// What a shard's thread and its watchdog (shard_watch.h) say to each other.
//
// The thread writes where it is and since when; the watchdog reads it, and may ask for a restart,
// which the thread sees at the begin of its next turn. Each is a relaxed store or load: a look is
// no snapshot, but what it says was true within the last instruction or two, and limits are
// minutes.
//
// Threads: Read and AskRestart from any, all else the shard's. Lifetime: the clock and the events
// outlive it.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "shard/events.h"

namespace textback::shard {

// "polling", for logs.
std::string_view WordOf(Doing doing);

// One look at a shard.
struct Pulse {
  bool watched = false;            // false: not begun, or ended; nothing is to be expected
  Doing doing = Doing::kStarting;  // the last that it began
  MonoTime beat{};                 // when it began that
  std::optional<MonoTime> transaction_since;  // one is open
  std::optional<MonoTime> failing_since;      // a partition's work fails over and over
  std::optional<MonoTime> timers_since;       // the same timer is due, and nothing holds it back
};

class Heartbeat {
 public:
  Heartbeat(const Clock& clock, ShardEvents& events) : clock_(clock), events_(events) {}
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  void BeginTurn();
  // Tells the events too.
  void Enter(Doing doing);
  void SetTransaction(bool open);
  void EndTurn(std::optional<MonoTime> failing_since, std::optional<MonoTime> timers_since);
  // The loop is over.
  void Rest() { watched_.store(false, std::memory_order_relaxed); }
  // Whether a restart was asked for since the last call.
  bool TakeRestart() { return restart_.exchange(false, std::memory_order_relaxed); }

  Pulse Read() const;
  void AskRestart() { restart_.store(true, std::memory_order_relaxed); }

 private:
  using Stamp = std::atomic<std::int64_t>;  // nanoseconds of MonoTime; kNever: none
  static constexpr std::int64_t kNever = -1;
  static void Set(Stamp& stamp, std::optional<MonoTime> time);
  static std::optional<MonoTime> Get(const Stamp& stamp);
  void Beat(Doing doing);

  const Clock& clock_;
  ShardEvents& events_;
  std::atomic<bool> watched_{false};
  std::atomic<bool> restart_{false};
  std::atomic<Doing> doing_{Doing::kStarting};
  Stamp beat_{0};
  Stamp transaction_{kNever};
  Stamp failing_{kNever};
  Stamp timers_{kNever};
};

}  // namespace textback::shard
