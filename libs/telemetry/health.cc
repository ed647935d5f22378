#include "telemetry/health.h"

#include <algorithm>

#include "base/assert.h"
#include "telemetry/json_text.h"

namespace textback::telemetry {

void HealthCheck::Set(State state, std::string reason) {
  const std::lock_guard lock(mutex_);
  if (state_ == State::kBroken) return;  // stays so: only a restart helps
  state_ = state;
  reason_ = std::move(reason);
}

void HealthCheck::Ready() { Set(State::kReady, {}); }
void HealthCheck::NotReady(std::string reason) { Set(State::kNotReady, std::move(reason)); }
void HealthCheck::Broken(std::string reason) { Set(State::kBroken, std::move(reason)); }

HealthCheck& Health::Add(std::string_view name, std::chrono::milliseconds max_silence) {
  TB_ASSERT(!name.empty());
  const std::lock_guard lock(mutex_);
  TB_ASSERT(std::none_of(checks_.begin(), checks_.end(),
                         [&](const auto& check) { return check->name_ == name; }));
  checks_.push_back(
      std::unique_ptr<HealthCheck>(new HealthCheck(std::string(name), max_silence, clock_)));
  return *checks_.back();
}

HealthReport Health::Report() const {
  HealthReport report;
  const std::int64_t now_ns = clock_.Mono().time_since_epoch().count();
  const std::lock_guard lock(mutex_);
  for (const auto& check : checks_) {
    HealthReport::Row row;
    row.name = check->name_;
    {
      const std::lock_guard check_lock(check->mutex_);
      row.ready = check->state_ == HealthCheck::State::kReady;
      row.healthy = check->state_ != HealthCheck::State::kBroken;
      row.reason = check->reason_;
    }
    const std::chrono::nanoseconds silence(now_ns -
                                           check->beat_ns_.load(std::memory_order_relaxed));
    if (check->max_silence_.count() > 0 && silence > check->max_silence_) {
      row.ready = false;
      row.healthy = false;
      const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(silence).count();
      row.reason = "no sign of life for " + std::to_string(ms) + " ms";
    }
    report.ready = report.ready && row.ready;
    report.healthy = report.healthy && row.healthy;
    report.rows.push_back(std::move(row));
  }
  return report;
}

std::string HealthReport::ToText(bool for_readiness) const {
  std::string out = for_readiness ? (ready ? "ready\n" : "not ready\n")
                                  : (healthy ? "healthy\n" : "not healthy\n");
  for (const auto& row : rows) {
    const bool good = for_readiness ? row.ready : row.healthy;
    out += row.name + ": " + (good ? "ok" : row.reason) + "\n";
  }
  return out;
}

std::string HealthReport::ToJson(bool for_readiness) const {
  const auto boolean = [](bool value) { return value ? "true" : "false"; };
  std::string out = for_readiness ? "{\"ready\":" : "{\"healthy\":";
  out += boolean(for_readiness ? ready : healthy);
  out += ",\"checks\":[";
  for (const auto& row : rows) {
    if (out.back() != '[') out += ',';
    out += "{\"name\":\"" + EscapeJson(row.name) +
           "\",\"ok\":" + boolean(for_readiness ? row.ready : row.healthy) + ",\"reason\":\"" +
           EscapeJson(row.reason) + "\"}";
  }
  return out + "]}\n";
}

}  // namespace textback::telemetry
