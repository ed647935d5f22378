#include "telemetry/metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <system_error>

#include "base/assert.h"

namespace textback::telemetry {
namespace {

constexpr std::string_view kOther = "other";

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsLabelName(std::string_view name) {
  return !name.empty() && name.size() <= 32 && IsLower(name[0]) && name != "le" &&
         std::all_of(name.begin(), name.end(), [](char c) { return IsLower(c) || c == '_'; });
}

void AppendNumber(std::string& out, double value) {
  if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else if (std::isnan(value)) {
    out += "NaN";
  } else {
    char text[32];
    out.append(text, std::to_chars(text, text + sizeof(text), value).ptr);
  }
}

void AppendNumber(std::string& out, std::uint64_t value) { out += std::to_string(value); }

// name{labels,extra} value
template <class T>
void AppendSample(std::string& out, std::string_view name, std::string_view labels,
                  std::string_view extra, T value) {
  out += name;
  if (!labels.empty() || !extra.empty()) {
    out += '{';
    out += labels;
    if (!labels.empty() && !extra.empty()) out += ',';
    out += extra;
    out += '}';
  }
  out += ' ';
  AppendNumber(out, value);
  out += '\n';
}

void AppendHeader(std::string& out, std::string_view name, std::string_view help,
                  std::string_view type) {
  out.append("# HELP ").append(name).append(" ");
  for (const char c : help) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  out.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

double Seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
}

// The names that every Prometheus client library gives these.
void AppendProcess(std::string& out) {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    AppendHeader(out, "process_cpu_seconds_total", "User and system CPU time spent.", "counter");
    AppendSample(out, "process_cpu_seconds_total", "", "",
                 Seconds(usage.ru_utime) + Seconds(usage.ru_stime));
  }
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  std::uint64_t resident = 0;
  if (statm >> pages >> resident) {
    AppendHeader(out, "process_resident_memory_bytes", "Resident memory.", "gauge");
    AppendSample(out, "process_resident_memory_bytes", "", "",
                 resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  }
  std::error_code ec;
  std::uint64_t fds = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", ec), end; !ec && it != end;
       it.increment(ec)) {
    ++fds;
  }
  if (fds > 0) {
    AppendHeader(out, "process_open_fds", "Open file descriptors.", "gauge");
    AppendSample(out, "process_open_fds", "", "", fds);
  }
}

}  // namespace

bool IsMetricName(std::string_view name) {
  constexpr std::string_view kPrefix = "textback_";
  if (!name.starts_with(kPrefix) || name.size() > 128) return false;
  const auto rest = name.substr(kPrefix.size());
  bool word_begins = true;
  int words = 0;
  for (const char c : rest) {
    if (c == '_') {
      if (word_begins) return false;  // two in a row
      word_begins = true;
    } else if (IsLower(c) || IsDigit(c)) {
      words += word_begins ? 1 : 0;
      word_begins = false;
    } else {
      return false;
    }
  }
  return !word_begins && words >= 2;
}

bool IsLabelValue(std::string_view value) {
  const auto allowed = [](char c) {
    return IsLower(c) || IsDigit(c) || c == '_' || c == '-' || c == '.';
  };
  return !value.empty() && value.size() <= 64 && std::all_of(value.begin(), value.end(), allowed) &&
         std::any_of(value.begin(), value.end(), IsLower);
}

std::vector<double> LatencyBuckets() {
  std::vector<double> bounds;
  for (double ms = 1; ms <= 65'536; ms *= 2) bounds.push_back(ms / 1000);
  return bounds;
}

// ---- histogram -------------------------------------------------------------------------------

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)),
      counts_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds_.size() + 1)) {
  constexpr std::size_t kBucketsMax = 64;
  TB_ASSERT(!bounds_.empty() && bounds_.size() <= kBucketsMax);
  for (std::size_t i = 1; i < bounds_.size(); ++i) TB_ASSERT(bounds_[i - 1] < bounds_[i]);
}

HistogramBatch::HistogramBatch(Histogram& target)
    : target_(target), counts_(target.bounds_.size() + 1) {}

void HistogramBatch::Observe(double value, std::uint64_t times) {
  if (std::isnan(value)) return;
  const auto& bounds = target_.bounds_;
  // The first bucket whose upper end, included, isn't below the value.
  const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin();
  counts_[static_cast<std::size_t>(bucket)] += times;
  sum_ += value * static_cast<double>(times);
  dirty_ = true;
}

void HistogramBatch::Publish() {
  if (!dirty_) return;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    target_.counts_[i].fetch_add(std::exchange(counts_[i], 0), std::memory_order_relaxed);
  }
  target_.sum_.fetch_add(std::exchange(sum_, 0), std::memory_order_relaxed);
  dirty_ = false;
}

// ---- registry --------------------------------------------------------------------------------

struct Registry::Series {
  Counter counter;
  Gauge gauge;
  std::unique_ptr<Histogram> histogram;
};

struct Registry::Family {
  Type type;
  std::string help;
  std::vector<std::string> label_names;
  std::vector<double> bounds;
  std::map<std::string, std::unique_ptr<Series>> series;  // by rendered labels
};

Registry::Registry() = default;
Registry::~Registry() = default;

Registry::Series& Registry::Find(Type type, std::string_view name, std::string_view help,
                                 const Labels& labels, const std::vector<double>* bounds) {
  TB_ASSERT(IsMetricName(name));
  TB_ASSERT(name.ends_with("_total") == (type == Type::kCounter));
  std::string rendered;
  std::string overflow;
  std::vector<std::string> label_names;
  for (const auto& [label, value] : labels) {
    TB_ASSERT(IsLabelName(label) && IsLabelValue(value));
    const std::string separator = rendered.empty() ? "" : ",";
    rendered += separator + std::string(label) + "=\"" + std::string(value) + "\"";
    overflow += separator + std::string(label) + "=\"" + std::string(kOther) + "\"";
    label_names.emplace_back(label);
  }

  const std::lock_guard lock(mutex_);
  auto& family = families_[std::string(name)];
  if (!family) {
    family = std::make_unique<Family>(Family{type,
                                             std::string(help),
                                             label_names,
                                             bounds == nullptr ? std::vector<double>{} : *bounds,
                                             {}});
  }
  TB_ASSERT(family->type == type && family->help == help && family->label_names == label_names);
  TB_ASSERT(bounds == nullptr || family->bounds == *bounds);
  const bool full = family->series.size() >= kSeriesMax && !family->series.contains(rendered);
  auto& series = family->series[full ? overflow : rendered];
  if (!series) {
    series = std::make_unique<Series>();
    if (bounds != nullptr) series->histogram = std::make_unique<Histogram>(*bounds);
  }
  return *series;
}

Counter& Registry::GetCounter(std::string_view name, std::string_view help, const Labels& labels) {
  return Find(Type::kCounter, name, help, labels, nullptr).counter;
}

Gauge& Registry::GetGauge(std::string_view name, std::string_view help, const Labels& labels) {
  return Find(Type::kGauge, name, help, labels, nullptr).gauge;
}

Histogram& Registry::GetHistogram(std::string_view name, std::string_view help,
                                  const std::vector<double>& bounds, const Labels& labels) {
  return *Find(Type::kHistogram, name, help, labels, &bounds).histogram;
}

std::string Registry::Expose() const {
  std::string out;
  const auto append_histogram = [&out](const std::string& name, const std::string& labels,
                                       const Histogram& histogram) {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i <= histogram.bounds_.size(); ++i) {
      total += histogram.counts_[i].load(std::memory_order_relaxed);
      std::string le = "le=\"";
      AppendNumber(le, i < histogram.bounds_.size() ? histogram.bounds_[i]
                                                    : std::numeric_limits<double>::infinity());
      le += '"';
      AppendSample(out, name + "_bucket", labels, le, total);
    }
    AppendSample(out, name + "_sum", labels, "", histogram.sum_.load(std::memory_order_relaxed));
    // The count is the last bucket's, not a number of its own: a scrape never sees them differ.
    AppendSample(out, name + "_count", labels, "", total);
  };

  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, family] : families_) {
      constexpr std::string_view kTypes[] = {"counter", "gauge", "histogram"};
      AppendHeader(out, name, family->help, kTypes[static_cast<std::size_t>(family->type)]);
      for (const auto& [labels, series] : family->series) {
        switch (family->type) {
          case Type::kCounter:
            AppendSample(out, name, labels, "", series->counter.value());
            break;
          case Type::kGauge:
            AppendSample(out, name, labels, "", series->gauge.value());
            break;
          case Type::kHistogram:
            append_histogram(name, labels, *series->histogram);
            break;
        }
      }
    }
  }
  AppendProcess(out);
  return out;
}

}  // namespace textback::telemetry
