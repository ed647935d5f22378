// Structured logs: a sentence, then key=value.
//
//   log.Warn("broker unreachable", {{"broker", b}, {"attempt", n}});
//   2026-11-22T09:53:07.123Z WARN  decide: broker unreachable broker=kafka-1:9092 attempt=3
//
// Levels: INFO an operator's action worked; WARN nothing is lost; ERROR loss, or someone must act.
// Nothing per record. The sentence is a constant and names the kind: a kind of WARN or ERROR is
// written at most once per 10 s; how many were held back is told with the next one of the kind
// (suppressed=12) or, at the end, by the destructor.
//
// Telephone numbers are masked: an Msisdn by type, an address through Address(), and, as a net,
// "+" and seven or more digits inside any other value. Values are cut to 1024 bytes; control
// characters and bytes that aren't UTF-8 are escaped, so one call is one line.
//
// Thread safety: all calls from any thread. Lifetime: clock and sink outlive the Log.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/msisdn.h"
#include "base/result.h"

namespace textback::telemetry {

enum class Level : unsigned char { kInfo, kWarn, kError };

// Takes finished lines, without the line end. Must not block.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void Write(std::string line) = 0;
};

// Writes to a file descriptor on a thread of its own, so that a full pipe behind stderr never stops
// a shard: lines wait in a bounded queue, and are dropped and counted when it is full. The
// destructor writes what is left, waiting at most a second for a reader that doesn't read.
class FdSink final : public LogSink {
 public:
  explicit FdSink(int fd = 2, std::size_t queue_lines = 4096);
  ~FdSink() override;
  void Write(std::string line) override;
  std::uint64_t dropped() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Keeps lines, for tests.
class MemorySink final : public LogSink {
 public:
  void Write(std::string line) override {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
  }
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

class LogField {
 public:
  LogField(std::string_view key, std::string_view value)
      : LogField(key, std::string(value), true) {}
  LogField(std::string_view key, const char* value) : LogField(key, std::string(value), true) {}
  LogField(std::string_view key, const std::string& value) : LogField(key, value, true) {}
  LogField(std::string_view key, const Msisdn& value) : LogField(key, value.Masked(), true) {}
  LogField(std::string_view key, bool value) : LogField(key, value ? "true" : "false", false) {}
  LogField(std::string_view key, double value);
  template <std::integral T>
    requires(!std::same_as<T, bool> && !std::same_as<T, char>)
  LogField(std::string_view key, T value) : LogField(key, std::to_string(value), false) {}

 private:
  friend class Log;
  LogField(std::string_view key, std::string value, bool quote)
      : key_(key), value_(std::move(value)), quote_(quote) {}
  std::string key_;
  std::string value_;
  bool quote_;  // a string in JSON
};

// A source or destination address of any kind, masked.
inline LogField Address(std::string_view key, std::string_view address) {
  return {key, MaskAddress(address)};
}

struct LogOptions {
  std::string part{};  // "worker"; stands before the sentence
  bool json = false;
  Level least = Level::kInfo;
};

class Log {
 public:
  static constexpr std::int64_t kEveryMs = 10'000;  // per kind
  static constexpr std::size_t kKindsMax = 512;     // further ones share one limit

  Log(const Clock& clock, LogSink& sink, LogOptions options);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  using Fields = std::initializer_list<LogField>;
  void Info(std::string_view sentence, Fields fields = {}) {
    Write(Level::kInfo, sentence, fields);
  }
  void Warn(std::string_view sentence, Fields fields = {}) {
    Write(Level::kWarn, sentence, fields);
  }
  void Error(std::string_view sentence, Fields fields = {}) {
    Write(Level::kError, sentence, fields);
  }
  // Error with what the value says: code, disposition and message become fields.
  void Error(std::string_view sentence, const textback::Error& error, Fields fields = {});
  void Warn(std::string_view sentence, const textback::Error& error, Fields fields = {});

 private:
  struct Kind {
    MonoTime written;
    std::uint64_t suppressed = 0;
  };

  void Write(Level level, std::string_view sentence, std::vector<LogField> fields);
  void WriteError(Level level, std::string_view sentence, const textback::Error& error,
                  Fields fields);
  std::string Line(Level level, std::string_view sentence,
                   const std::vector<LogField>& fields) const;

  const Clock& clock_;
  LogSink& sink_;
  const LogOptions options_;
  std::mutex mutex_;
  std::map<std::pair<Level, std::string>, Kind> kinds_;
};

}  // namespace textback::telemetry
