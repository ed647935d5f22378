// What a process says about itself: /readyz (may it get work?) and /healthz (must it be
// restarted?).
//
// Each part that can be unfit owns a named check and keeps it up to date. A process is ready when
// every check is; it is healthy while none is broken and every check with a limit was beaten in
// time, so that a thread that hangs is found though it says nothing.
//
// Thread safety: all calls from any thread. Lifetime: checks live as long as their Health.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace textback::telemetry {

class HealthCheck {
 public:
  void Ready();
  void NotReady(std::string reason);
  // Beyond repair from inside: liveness fails too.
  void Broken(std::string reason);
  // "My thread goes round"; one relaxed store. Counts only for a check with `max_silence`.
  void Beat() {
    beat_ns_.store(clock_.Mono().time_since_epoch().count(), std::memory_order_relaxed);
  }

 private:
  friend class Health;
  enum class State : unsigned char { kReady, kNotReady, kBroken };
  HealthCheck(std::string name, std::chrono::milliseconds max_silence, const Clock& clock)
      : name_(std::move(name)), max_silence_(max_silence), clock_(clock) {
    Beat();
  }
  void Set(State state, std::string reason);

  const std::string name_;
  const std::chrono::milliseconds max_silence_;  // zero: not watched
  const Clock& clock_;
  std::atomic<std::int64_t> beat_ns_{0};
  mutable std::mutex mutex_;  // of state_ and reason_
  State state_ = State::kNotReady;
  std::string reason_ = "starting";
};

struct HealthReport {
  struct Row {
    std::string name;
    bool ready = false;
    bool healthy = false;
    std::string reason;  // empty if ready and healthy
  };
  bool ready = true;
  bool healthy = true;
  std::vector<Row> rows;

  // First line "ready" / "not ready", then "name: ok" or "name: reason".
  std::string ToText(bool for_readiness) const;
  std::string ToJson(bool for_readiness) const;
};

class Health {
 public:
  // Lifetime: the clock outlives this.
  explicit Health(const Clock& clock) : clock_(clock) {}
  Health(const Health&) = delete;
  Health& operator=(const Health&) = delete;

  // A check starts as not ready, "starting". Names are lower_snake and each is added once.
  HealthCheck& Add(std::string_view name, std::chrono::milliseconds max_silence = {});
  HealthReport Report() const;

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;  // of the list
  std::vector<std::unique_ptr<HealthCheck>> checks_;
};

}  // namespace textback::telemetry
