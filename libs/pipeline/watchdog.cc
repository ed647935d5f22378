#include "pipeline/watchdog.h"

#include <array>
#include <cstdlib>
#include <utility>

#include "base/thread_name.h"
#include "shard/config.h"

namespace textback::pipeline {
namespace {

constexpr int kExitCode = 3;  // "only a restart or a person can mend it" (docs/operate.md)
constexpr std::chrono::milliseconds kLastWords{1'000};

double Seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

struct Watchdog::Watched {
  Watched(std::string n, shard::Heartbeat& h, const shard::WatchLimits& limits)
      : name(std::move(n)), heartbeat(h), watch(limits) {}
  const std::string name;
  shard::Heartbeat& heartbeat;
  shard::ShardWatch watch;
  std::array<telemetry::Gauge*, shard::kAilments.size()> lasted{};
  std::array<telemetry::Counter*, shard::kAilments.size()> restarts{};
};

Watchdog::Watchdog(const WatchdogConfig& config, Parts parts)
    : config_(config), parts_(std::move(parts)) {}

Watchdog::~Watchdog() { Stop(); }

void Watchdog::Watch(const std::string& name, shard::Heartbeat& heartbeat) {
  auto watched = std::make_unique<Watched>(name, heartbeat, config_.limits);
  for (std::size_t i = 0; i < shard::kAilments.size(); ++i) {
    const std::string_view what = shard::WordOf(shard::kAilments[i]);
    watched->lasted[i] = &parts_.registry.GetGauge(
        "textback_watchdog_stuck_seconds",
        "For how long a shard's step, transaction, batch or timers haven't moved.",
        {{"shard", name}, {"what", what}});
    watched->restarts[i] = &parts_.registry.GetCounter(
        "textback_watchdog_restarts_total", "Shards restarted because they made no progress.",
        {{"shard", name}, {"what", what}});
  }
  shards_.push_back(std::move(watched));
}

void Watchdog::Start() {
  if (config_.enabled) thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void Watchdog::Stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Watchdog::Run(const std::stop_token& stop) {
  SetThreadName("watchdog");
  do {
    Look();
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, config_.limits.period, [] { return false; });
  } while (!stop.stop_requested());
}

void Watchdog::Look() {
  for (auto& watched : shards_) LookAt(*watched);
}

void Watchdog::LookAt(Watched& watched) {
  const shard::Pulse pulse = watched.heartbeat.Read();
  const auto finding = watched.watch.Look(pulse, parts_.clock.Mono());
  for (std::size_t i = 0; i < shard::kAilments.size(); ++i)
    watched.lasted[i]->Set(Seconds(watched.watch.Lasted(shard::kAilments[i])));
  Act(watched, finding, pulse);
}

void Watchdog::Act(Watched& watched, const shard::ShardWatch::Finding& finding,
                   const shard::Pulse& pulse) {
  const std::string_view what = shard::WordOf(finding.ailment);
  const std::string_view doing = shard::WordOf(pulse.doing);
  switch (finding.remedy) {
    case shard::Remedy::kNone:
      return;
    case shard::Remedy::kRestartShard:
      watched.restarts[static_cast<std::size_t>(finding.ailment)]->Add();
      parts_.notices.Warn("a shard makes no progress, so it is restarted",
                          {{"shard", watched.name},
                           {"what", what},
                           {"doing", doing},
                           {"seconds", Seconds(finding.lasted)},
                           {"restarts", watched.watch.restarts()}});
      watched.heartbeat.AskRestart();
      return;
    case shard::Remedy::kEndProcess:
      parts_.on_end(FatalError(shard::errors::kWatchdog,
                               "shard " + watched.name + " makes no progress (" +
                                   std::string(what) + ", " + std::string(doing) + "), and " +
                                   std::to_string(watched.watch.restarts()) +
                                   " restarts of it within watchdog.restarts_window didn't help"));
      return;
    case shard::Remedy::kLeaveProcess:
      parts_.notices.Error("a shard's thread hangs, so the process is left at once",
                           {{"shard", watched.name},
                            {"what", what},
                            {"doing", doing},
                            {"seconds", Seconds(finding.lasted)}});
      parts_.leave();
      return;
  }
}

void Watchdog::LeaveProcess() {
  std::this_thread::sleep_for(kLastWords);
  std::_Exit(kExitCode);
}

}  // namespace textback::pipeline
