// Counters, gauges and histograms, in the text format that Prometheus scrapes (exposition 0.0.4).
//
// Names are textback_<part>_<what>_<unit>[_total]: lower-case words; counters end in _total,
// nothing else does. Labels come from bounded enums: a value is a word of a-z, 0-9, '_', '-', '.'
// with at least one letter, at most 64 bytes; never a number, a telephone number or text. Both are
// assertions. A family that outgrows kSeriesMax all the same counts the rest under the value
// "other", so that a mistake costs detail, never memory.
//
// Cost: a counter or gauge is one relaxed atomic. Shards count in plain integers of their own and
// add once per batch. A histogram is fed through a HistogramBatch, which its owner publishes per
// batch; no observation takes a lock or touches a shared line. A family is looked up by name under
// a lock: get handles once, at start.
//
// The exposition is written here, not by prometheus-cpp: its histogram locks per observation and
// its server (CivetWeb) blocks on slow readers; what is left of it is this format.
//
// Lifetime: handles live as long as their Registry. Thread safety: Registry, Counter, Gauge and
// Histogram: all calls from any thread. HistogramBatch: one owner.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace textback::telemetry {

class Counter {
 public:
  void Add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void Set(double value) { value_.store(value, std::memory_order_relaxed); }
  void Add(double by) { value_.fetch_add(by, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

class Histogram {
 public:
  // Upper ends of the buckets, growing, without the infinite one; 1 to 64 of them.
  explicit Histogram(std::vector<double> bounds);
  const std::vector<double>& bounds() const { return bounds_; }

 private:
  friend class HistogramBatch;
  friend class Registry;
  const std::vector<double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;  // bounds + 1
  std::atomic<double> sum_{0};
};

// One owner's observations since the last Publish.
class HistogramBatch {
 public:
  explicit HistogramBatch(Histogram& target);
  HistogramBatch(const HistogramBatch&) = delete;
  HistogramBatch& operator=(const HistogramBatch&) = delete;
  ~HistogramBatch() { Publish(); }

  void Observe(double value, std::uint64_t times = 1);
  void Publish();

 private:
  Histogram& target_;
  std::vector<std::uint64_t> counts_;
  double sum_ = 0;
  bool dirty_ = false;
};

// {"reason", "stale"}
using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

// Seconds: 1 ms to about 65 s, each bound twice the one before.
std::vector<double> LatencyBuckets();

class Registry {
 public:
  static constexpr std::size_t kSeriesMax = 256;  // per family

  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // The same name and labels give the same handle. A name keeps its type, help, label names and
  // buckets: anything else is an assertion.
  Counter& GetCounter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& GetGauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& GetHistogram(std::string_view name, std::string_view help,
                          const std::vector<double>& bounds, const Labels& labels = {});

  // All families by name, and the process's own (process_cpu_seconds_total,
  // process_resident_memory_bytes, process_open_fds).
  std::string Expose() const;

 private:
  enum class Type : unsigned char { kCounter, kGauge, kHistogram };
  struct Series;
  struct Family;

  Series& Find(Type type, std::string_view name, std::string_view help, const Labels& labels,
               const std::vector<double>* bounds);

  mutable std::mutex mutex_;  // of families_, not of values
  std::map<std::string, std::unique_ptr<Family>, std::less<>> families_;
};

// The naming rules, for tests of other parts.
bool IsMetricName(std::string_view name);
bool IsLabelValue(std::string_view value);

}  // namespace textback::telemetry
