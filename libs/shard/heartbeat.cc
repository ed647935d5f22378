#include "shard/heartbeat.h"

#include "base/assert.h"

namespace textback::shard {

std::string_view WordOf(Doing doing) {
  switch (doing) {
    case Doing::kStarting:
      return "starting";
    case Doing::kPolling:
      return "polling";
    case Doing::kDeciding:
      return "deciding";
    case Doing::kProducing:
      return "producing";
    case Doing::kCommitting:
      return "committing";
    case Doing::kApplying:
      return "applying";
    case Doing::kExecuting:
      return "executing";
    case Doing::kRestoring:
      return "restoring";
  }
  TB_UNREACHABLE();
}

void Heartbeat::Set(Stamp& stamp, std::optional<MonoTime> time) {
  stamp.store(time ? time->time_since_epoch().count() : kNever, std::memory_order_relaxed);
}

std::optional<MonoTime> Heartbeat::Get(const Stamp& stamp) {
  const std::int64_t ns = stamp.load(std::memory_order_relaxed);
  if (ns == kNever) return std::nullopt;
  return MonoTime(std::chrono::nanoseconds(ns));
}

void Heartbeat::Beat(Doing doing) {
  Set(beat_, clock_.Mono());
  doing_.store(doing, std::memory_order_relaxed);
}

void Heartbeat::BeginTurn() {
  Beat(Doing::kStarting);
  watched_.store(true, std::memory_order_relaxed);
}

void Heartbeat::Enter(Doing doing) {
  Beat(doing);
  events_.OnDoing(doing);
}

void Heartbeat::SetTransaction(bool open) {
  Set(transaction_, open ? std::optional(clock_.Mono()) : std::nullopt);
}

void Heartbeat::EndTurn(std::optional<MonoTime> failing_since,
                        std::optional<MonoTime> timers_since) {
  Set(failing_, failing_since);
  Set(timers_, timers_since);
}

Pulse Heartbeat::Read() const {
  Pulse pulse;
  pulse.watched = watched_.load(std::memory_order_relaxed);
  pulse.doing = doing_.load(std::memory_order_relaxed);
  pulse.beat = *Get(beat_);
  pulse.transaction_since = Get(transaction_);
  pulse.failing_since = Get(failing_);
  pulse.timers_since = Get(timers_);
  return pulse;
}

}  // namespace textback::shard
