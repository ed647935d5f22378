// Call records at a steady rate while faults strike, and what must come of them.
//
// What is expected follows from the records alone: each call with a tenant's line is decided once.
// A record's id is its call's (ops/generator.h), and decisions name the ids that they rest on.
//
// Threads: one of its own feeds; the rest is called from the test's. Errors: a broker that is away
// is waited for; what else goes wrong fails the test.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "log/log.h"
#include "pipeline/topics.h"

namespace textback::tests {

struct LoadOptions {
  double rate = 1'000;  // calls a second
  std::uint64_t seed = 1;
  std::uint64_t customers = 400'000;
  double missed = 0.3;  // of the calls: as many are texted, nearly
};

// Of a record's or a job's id: tests keep millions of them.
std::uint64_t IdHash(std::string_view id);

class Load {
 public:
  // Writes the tenants; they are durable when it returns.
  Load(log::Log& log, const pipeline::Topics& topics, const LoadOptions& options);
  ~Load();  // stops
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  void Start();
  // All that was fed is durable when it returns.
  void Stop();

  // Calls that must be decided, so far.
  std::size_t calls() const { return calls_.load(); }
  // Their hashes, in the order of feeding, that came since the last call; appended.
  void TakeExpected(std::vector<std::uint64_t>& out);

  // Only when stopped.
  std::size_t records() const { return records_; }
  std::size_t foreign() const { return foreign_; }

 private:
  void Feed(const std::stop_token& stop);

  log::Log& log_;
  const pipeline::Topics topics_;
  const LoadOptions options_;
  std::atomic<std::size_t> calls_{0};
  std::size_t records_ = 0, foreign_ = 0;
  std::mutex mutex_;  // of expected_
  std::vector<std::uint64_t> expected_;
  std::jthread thread_;
};

}  // namespace textback::tests
