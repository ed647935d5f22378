// The operator's number plan and ported numbers, as files that may change while the service runs.
//
// Read at the start, where a file that can't be used is an error; then looked at every `check_ms`.
// A file that has changed, and no longer does (it looks the same twice), is read again, both of
// them together. One that can't be used then is told, with its line, and what was read before
// stays in force. Replace a file by moving the new one over it: one that is written in place may
// be read half.
//
// Memory: both tables while a new one is made (cdr/imported_numbers.h); the files aren't kept.
//
// Threads: Step on one; Current from any.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "cdr/imported_numbers.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace textback::pipeline {

struct NumberFilesConfig {
  std::string plan;    // "": none
  std::string ported;  // "": none
  std::int64_t check_ms = 10'000;
};

// Both files as they are now. kFatal ("numbers_invalid" or "config_unreadable").
Result<std::shared_ptr<const cdr::ImportedNumbers>> ReadNumberFiles(
    const NumberFilesConfig& config);

class NumberFiles {
 public:
  // All references outlive it. kFatal as ReadNumberFiles.
  static Result<std::unique_ptr<NumberFiles>> Load(NumberFilesConfig config, const Clock& clock,
                                                   telemetry::Registry& registry,
                                                   telemetry::Log& notices);

  // Looks at the files if it is time to, and reads them if they have changed.
  void Step();
  std::shared_ptr<const cdr::ImportedNumbers> Current() const;

 private:
  // What tells a file from the one that was there before.
  struct Stamp {
    std::int64_t modified_ns = 0;
    std::uint64_t inode = 0;
    std::int64_t size = -1;  // -1: no such file
    bool operator==(const Stamp&) const = default;
  };
  struct Stamps {
    Stamp plan;
    Stamp ported;
    bool operator==(const Stamps&) const = default;
  };

  NumberFiles(NumberFilesConfig config, const Clock& clock, telemetry::Registry& registry,
              telemetry::Log& notices);
  static Stamp StampOf(const std::string& path);
  Stamps Look() const;
  void Take(std::shared_ptr<const cdr::ImportedNumbers> numbers);

  const NumberFilesConfig config_;
  const Clock& clock_;
  telemetry::Log& notices_;
  telemetry::Gauge& ranges_;
  telemetry::Gauge& ported_;
  telemetry::Gauge& bytes_;
  telemetry::Counter& refused_;
  MonoTime look_at_{};
  Stamps read_;  // as they were when they were read last, good or not
  Stamps seen_;

  mutable std::mutex mutex_;
  std::shared_ptr<const cdr::ImportedNumbers> current_;  // guarded by mutex_
};

}  // namespace textback::pipeline
