#include "faults/plant.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdio>

#include "faults/run.h"

namespace textback::tests {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto kWaitMax = 120s;
constexpr auto kStopMax = 30s;
constexpr int kRestartsMax = 20;
constexpr char kSmscYaml[] =
    "response_delay: {min: 5ms, max: 30ms}\n"
    "receipts: {delay: {min: 100ms, max: 500ms}}\n";

std::string NameOf(Service service, int number) {
  return (service == Service::kWorker ? "worker-" : "dispatcher-") + std::to_string(number);
}

double SecondsSince(Steady::time_point begin) {
  return std::chrono::duration<double>(Steady::now() - begin).count();
}

std::string OneDigit(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", seconds);
  return text;
}

Site& WithTopics(Site& site) {
  site.CreateTopics();
  return site;
}

}  // namespace

PlantOptions DefaultPlant(double rate) {
  PlantOptions options;
  options.site.plan = {.partitions = 4, .decision_partitions = 2};
  options.site.window = 100;
  options.site.intent_limit = 200;
  options.site.lease = "500ms";
  options.site.clock_drift = "200ms";
  options.site.response_timeout = "500ms";
  options.site.smsc_yaml = kSmscYaml;
  options.load.rate = rate;
  options.load.missed = 0.2;
  options.load.seed = TheRun().seed;
  return options;
}

Plant::Plant(std::string name, std::string broker, PlantOptions options)
    : name_(std::move(name)),
      site_(std::move(broker), options.site),
      random_(TheRun().seed ^ IdHash(name_)),
      load_(WithTopics(site_).log(), site_.topics(), options.load),
      verdict_(site_.log(), site_.topics(), load_) {}

Plant::Unit& Plant::UnitOf(Service service, int number) {
  auto& unit = units_[{service, number}];
  if (!unit)
    unit = std::make_unique<Unit>(site_.folder() + "/" + NameOf(service, number) + ".phases");
  return *unit;
}

void Plant::StartAll() {
  site_.StartSmsc();
  Start(Service::kDispatcher);
  Start(Service::kWorker);
  load_.Start();
  EXPECT_TRUE(AwaitDecided(1));
}

void Plant::Start(Service service, int number) {
  Unit& unit = UnitOf(service, number);
  const bool worker = service == Service::kWorker;
  const std::string name = NameOf(service, number);
  const std::string config = site_.WriteConfig(
      name + ".yaml", worker ? site_.WorkerYaml(number) : site_.DispatcherYaml(number));
  unit.process.reset();  // the one before it must be gone
  unit.phases.Reset();
  unit.process = std::make_unique<Process>(
      std::vector<std::string>{"/usr/bin/env", "TEXTBACK_PHASE_FILE=" + unit.phases.path(),
                               worker ? TEXTBACK_WORKER : TEXTBACK_DISPATCHER, "--config", config},
      site_.folder() + "/" + (worker ? "worker" : "dispatcher") + ".log");
}

void Plant::Kill(Service service, int number) {
  Unit& unit = UnitOf(service, number);
  unit.process->Pause();  // what the board says is what is killed
  for (const auto& [shard, doing] : unit.phases.Read()) ++kills_[std::string(NameOf(doing))];
  unit.process->Kill();
}

double Plant::Stop(Service service, int number) {
  Unit& unit = UnitOf(service, number);
  const auto begin = Steady::now();
  unit.stopping = true;
  unit.process->Signal(SIGTERM);
  EXPECT_TRUE(Await(kStopMax, [&] { return unit.process->Wait(0ms).has_value(); }))
      << NameOf(service, number) << " did not stop" << site_.Logs();
  EXPECT_EQ(unit.process->Wait(0ms).value_or(-1), 0) << NameOf(service, number) << site_.Logs();
  units_.erase({service, number});
  return SecondsSince(begin);
}

void Plant::RestartSmsc() {
  site_.smsc().process().Kill();
  verdict_.ForgetTaken();
  site_.StartSmsc();
}

void Plant::Tend() {
  for (auto& [who, unit] : units_) {
    if (!unit->process || unit->stopping) continue;
    const auto code = unit->process->Wait(0ms);
    const bool allowed = unit->allowed_exit != 0 && code == unit->allowed_exit;
    if (!code || allowed || *code == 128 + SIGKILL) continue;
    if (++restarts_ > kRestartsMax) continue;
    ADD_FAILURE() << NameOf(who.first, who.second) << " ended by itself with " << *code
                  << site_.Logs();
    Start(who.first, who.second);
  }
}

bool Plant::Await(std::chrono::milliseconds limit, const std::function<bool()>& condition) {
  return Until(limit, [&] {
    verdict_.Poll(site_.smsc());
    Tend();
    return condition();
  });
}

bool Plant::AwaitDecided(std::size_t more) {
  const std::size_t target = verdict_.decided() + more;
  return Await(kWaitMax, [&] { return verdict_.decided() >= target; });
}

void Plant::AwaitRandom(std::size_t calls_max) {
  EXPECT_TRUE(AwaitDecided(1 + random_.Below(calls_max))) << site_.Logs();
}

double Plant::Recover(const std::string& what) {
  const auto begin = Steady::now();
  const std::size_t calls = load_.calls();
  std::size_t texts = 0;
  const bool over = Await(kRecoveryMax, [&] {
    if (verdict_.decided() < calls) return false;
    // Asked for by what was fed by now, and a few more.
    if (texts == 0) texts = verdict_.wanted() + 1;
    return verdict_.ended() + 1 >= texts;
  });
  const double seconds = SecondsSince(begin);
  EXPECT_TRUE(over) << what << ": not over after " << seconds << " s: " << verdict_.decided()
                    << " of " << calls << " calls decided, " << verdict_.ended() << " of "
                    << verdict_.wanted() << " texts ended" << site_.Logs();
  if (seconds > slowest_) {
    slowest_ = seconds;
    slowest_what_ = what;
  }
  return seconds;
}

void Plant::AllowExit(Service service, int number, int code) {
  UnitOf(service, number).allowed_exit = code;
}

void Plant::Finish(const std::string& details) {
  load_.Stop();
  Recover("the end");
  // A text that was taken though nobody knows is proven by its receipt, while the SMSC lives.
  for (auto& [who, unit] : units_) unit->process->Signal(SIGTERM);
  for (auto& [who, unit] : units_) {
    EXPECT_EQ(unit->process->Wait(kStopMax).value_or(-1), 0)
        << NameOf(who.first, who.second) << site_.Logs();
  }
  verdict_.Judge(site_.smsc());
  site_.smsc().Stop();
  std::printf("fault %s seed %llu: %s; %s; over after %s s at most (%s); %s s in all: %s\n",
              name_.c_str(), static_cast<unsigned long long>(TheRun().seed), details.c_str(),
              verdict_.Figures().c_str(), OneDigit(slowest_).c_str(), slowest_what_.c_str(),
              OneDigit(SecondsSince(begin_)).c_str(),
              ::testing::Test::HasFailure() ? "FAILED" : "ok");
  std::fflush(stdout);
}

std::string Plant::KillsByStep() const {
  std::string text;
  for (const auto& [step, times] : kills_)
    text += (text.empty() ? "" : ", ") + step + " " + std::to_string(times);
  return text;
}

}  // namespace textback::tests
