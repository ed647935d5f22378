#include "faults/load.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <set>
#include <utility>

#include "base/clock.h"
#include "base/hash.h"
#include "e2e/topic.h"
#include "ops/generator.h"

namespace textback::tests {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kBehindMs = 60'000;  // a call ended so long before it is fed
constexpr auto kTick = 10ms;

ops::GeneratorOptions Options(const LoadOptions& load) {
  ops::GeneratorOptions options;
  options.seed = load.seed;
  options.start_ms = SystemClock().NowMs() - kBehindMs;
  options.rate = load.rate;
  options.tenants = 5;
  options.lines = 20;
  options.customers = load.customers;
  options.missed = load.missed;
  options.foreign = 0.05;
  options.duplicates = 0.03;
  options.out_of_order = 0.02;
  options.customer_texts = 2;
  return options;
}

}  // namespace

std::uint64_t IdHash(std::string_view id) { return StableHash64(id); }

Load::Load(log::Log& log, const pipeline::Topics& topics, const LoadOptions& options)
    : log_(log), topics_(topics), options_(options) {
  const auto generator = ops::Generator::Make(Options(options_)).value();
  tests::Feed feed(log_);
  for (std::uint32_t i = 0; i < generator.options().tenants; ++i) {
    auto tenant = generator.TenantAt(i);
    // An outage must not make a miss too old: which calls are texted is not the question here.
    tenant.set_max_age_ms(4 * 3'600'000);
    tenant.set_text_ttl_ms(6 * 3'600'000);
    feed.Write(topics_.tenants, tenant.tenant(), tenant.SerializeAsString(), SystemClock().NowMs());
  }
  feed.Flush();
}

Load::~Load() { Stop(); }

void Load::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Feed(stop); });
}

void Load::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void Load::TakeExpected(std::vector<std::uint64_t>& out) {
  const std::lock_guard lock(mutex_);
  out.insert(out.end(), expected_.begin(), expected_.end());
  expected_.clear();
}

void Load::Feed(const std::stop_token& stop) {
  auto generator = ops::Generator::Make(Options(options_)).value();
  std::set<std::string, std::less<>> lines;
  for (std::uint32_t i = 0; i < generator.options().tenants; ++i) {
    const auto tenant = generator.TenantAt(i);
    for (const auto& line : tenant.lines()) lines.insert(line.msisdn());
  }
  tests::Feed feed(log_);
  std::mutex mutex;
  std::condition_variable_any tick;
  std::vector<std::uint64_t> fresh;
  const auto begin = std::chrono::steady_clock::now();
  while (!stop.stop_requested()) {
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const auto due = static_cast<std::size_t>(seconds * options_.rate);
    while (records_ < due && !stop.stop_requested()) {
      const v1::CallRecord* const record = generator.Next();
      const bool outbound = lines.contains(record->calling().number());
      const bool foreign = !outbound && !lines.contains(record->called().number());
      feed.Write(topics_.cdrs, outbound ? record->called().number() : record->calling().number(),
                 record->SerializeAsString(), SystemClock().NowMs());
      ++records_;
      foreign_ += foreign ? 1 : 0;
      if (!foreign && !generator.repeat()) fresh.push_back(IdHash(record->record_id()));
    }
    {
      const std::lock_guard lock(mutex_);
      expected_.insert(expected_.end(), fresh.begin(), fresh.end());
    }
    calls_ += fresh.size();
    fresh.clear();
    std::unique_lock lock(mutex);
    tick.wait_for(lock, stop, kTick, [] { return false; });
  }
  feed.Flush();
}

}  // namespace textback::tests
