// What an ingester tells, as metrics and log lines. One per ingester.
//
// Threads: the ingester's; the registry is read by others.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "ingest/events.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace textback::pipeline {

class IngestMetrics final : public ingest::IngestEvents {
 public:
  // All outlive the object.
  IngestMetrics(telemetry::Registry& registry, telemetry::Log& log, const Clock& clock);

  void OnStarted(std::size_t files) override;
  void OnOpened(std::string_view path, std::uint64_t offset) override;
  void OnRotated(std::string_view path, std::string_view now) override;
  void OnFinished(std::string_view path, std::uint64_t offset) override;
  void OnTruncated(std::string_view path, std::uint64_t offset) override;
  void OnCopy(std::string_view path, std::string_view original) override;
  void OnCopyTakesOver(std::string_view path, std::uint64_t offset) override;
  void OnFileError(const Error& why) override;
  void OnDeadLetter(std::string_view path, const Error& why) override;
  void OnCommitted(std::uint64_t records, std::uint64_t bytes, std::uint64_t behind) override;
  void OnAborted(const Error& why) override;

  std::uint64_t records() const { return records_; }
  std::uint64_t findings() const { return findings_; }  // files and records that need a look

 private:
  // A folder with a file for each call must not write a line for each call.
  bool MayTellOfFile();

  telemetry::Registry& registry_;
  telemetry::Log& log_;
  const Clock& clock_;
  telemetry::Counter& records_total_;
  telemetry::Counter& bytes_total_;
  telemetry::Counter& files_total_;
  telemetry::Counter& rotations_total_;
  telemetry::Counter& truncations_total_;
  telemetry::Counter& file_errors_total_;
  telemetry::Counter& aborts_total_;
  telemetry::Gauge& behind_bytes_;
  std::uint64_t records_ = 0;
  std::uint64_t behind_ = 0;
  std::uint64_t findings_ = 0;
  MonoTime told_since_{};
  int told_ = 0;
};

}  // namespace textback::pipeline
