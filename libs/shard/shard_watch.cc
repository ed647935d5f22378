#include "shard/shard_watch.h"

#include <algorithm>

#include "base/assert.h"

namespace textback::shard {

std::string_view WordOf(Ailment ailment) {
  switch (ailment) {
    case Ailment::kStep:
      return "step";
    case Ailment::kTransaction:
      return "transaction";
    case Ailment::kBatch:
      return "batch";
    case Ailment::kTimers:
      return "timers";
  }
  TB_UNREACHABLE();
}

ShardWatch::Finding ShardWatch::Look(const Pulse& pulse, MonoTime now) {
  if (!looked_at_ || now - *looked_at_ > kLateLooks * limits_.period) measured_from_ = now;
  looked_at_ = now;
  while (!restarts_.empty() && now - restarts_.front() >= limits_.restarts_window)
    restarts_.pop_front();
  Measure(pulse, now);
  for (const Ailment ailment : kAilments) {
    if (Lasted(ailment) < LimitOf(ailment)) continue;
    const Remedy remedy = RemedyFor(ailment, now);
    if (remedy != Remedy::kNone) return {remedy, ailment, Lasted(ailment)};
  }
  return {};
}

void ShardWatch::Measure(const Pulse& pulse, MonoTime now) {
  const auto measure = [&](Ailment ailment, std::optional<MonoTime> since) {
    auto& lasted = lasted_[static_cast<std::size_t>(ailment)];
    lasted = {};
    if (!pulse.watched || !since) return;
    lasted = std::max(std::chrono::nanoseconds(0), now - std::max(*since, measured_from_));
  };
  measure(Ailment::kStep, pulse.beat);
  measure(Ailment::kTransaction, pulse.transaction_since);
  measure(Ailment::kBatch, pulse.failing_since);
  measure(Ailment::kTimers, pulse.timers_since);
}

std::chrono::milliseconds ShardWatch::LimitOf(Ailment ailment) const {
  switch (ailment) {
    case Ailment::kStep:
    case Ailment::kBatch:
      return limits_.stuck;
    case Ailment::kTransaction:
      return limits_.transaction;
    case Ailment::kTimers:
      return limits_.timers;
  }
  TB_UNREACHABLE();
}

Remedy ShardWatch::RemedyFor(Ailment ailment, MonoTime now) {
  if (ailment == Ailment::kStep || ailment == Ailment::kTransaction) return Remedy::kLeaveProcess;
  if (ending_) return Remedy::kNone;
  if (restarts_.size() >= limits_.restarts_max) {
    ending_ = true;
    return Remedy::kEndProcess;
  }
  restarts_.push_back(now);
  measured_from_ = now;  // it gets as long again
  return Remedy::kRestartShard;
}

}  // namespace textback::shard
