// Judges one shard by its heartbeat: is it at work, and if not, what is to be done about it.
//
//   ailment       what is seen                                              remedy
//   kStep         no sign of life for `stuck`                               the process is left
//   kTransaction  one transaction open for `transaction`                    the process is left
//   kBatch        a partition's work fails over and over for `stuck`        shard, then process
//   kTimers       the same timer due for `timers`, nothing holds it back    shard, then process
//
// A thread that is blocked can't be helped from outside: nobody can end it and keep what it holds
// whole. So the process is left as by a kill, which loses nothing and repeats nothing
// (docs/guarantees.md). A thread that goes round is asked to restart its shard: it drops its batch,
// leaves the group and joins again. That is done `restarts_max` times within `restarts_window`;
// then the process ends in good order, once.
//
// What isn't an ailment: waiting for the log (the shard doesn't call it failing), timers that wait
// for an input or for capacity, a halted partition (it stands still on purpose), and a pause of the
// whole process: a look that comes late by kLateLooks periods takes everything as if it began now.
//
// Pure: time is an argument. Threads: one.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "shard/heartbeat.h"

namespace textback::shard {

struct WatchLimits {
  std::chrono::milliseconds stuck{120'000};
  std::chrono::milliseconds transaction{60'000};
  std::chrono::milliseconds timers{300'000};
  std::size_t restarts_max = 3;
  std::chrono::milliseconds restarts_window{3'600'000};
  std::chrono::milliseconds period{1'000};  // between two looks
};

enum class Ailment : std::uint8_t { kStep, kTransaction, kBatch, kTimers };
inline constexpr std::array kAilments = {Ailment::kStep, Ailment::kTransaction, Ailment::kBatch,
                                         Ailment::kTimers};
// "step": a label of metrics.
std::string_view WordOf(Ailment ailment);

enum class Remedy : std::uint8_t {
  kNone,
  kRestartShard,
  kEndProcess,    // in good order
  kLeaveProcess,  // at once: the thread won't stop for anybody
};

class ShardWatch {
 public:
  static constexpr int kLateLooks = 4;

  explicit ShardWatch(const WatchLimits& limits) : limits_(limits) {}

  struct Finding {
    Remedy remedy = Remedy::kNone;
    Ailment ailment = Ailment::kStep;  // if there is a remedy
    std::chrono::nanoseconds lasted{};
  };
  Finding Look(const Pulse& pulse, MonoTime now);

  // As of the last look; zero: not at all.
  std::chrono::nanoseconds Lasted(Ailment ailment) const {
    return lasted_[static_cast<std::size_t>(ailment)];
  }
  // Within the window, as of the last look.
  std::size_t restarts() const { return restarts_.size(); }

 private:
  void Measure(const Pulse& pulse, MonoTime now);
  std::chrono::milliseconds LimitOf(Ailment ailment) const;
  Remedy RemedyFor(Ailment ailment, MonoTime now);

  const WatchLimits limits_;
  std::optional<MonoTime> looked_at_;
  MonoTime measured_from_{};  // nothing counts as older
  std::array<std::chrono::nanoseconds, kAilments.size()> lasted_{};
  std::deque<MonoTime> restarts_;
  bool ending_ = false;
};

}  // namespace textback::shard
