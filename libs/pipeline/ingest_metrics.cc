#include "pipeline/ingest_metrics.h"

namespace textback::pipeline {
namespace {

constexpr int kFilesToldMax = 50;  // within kToldWindow
constexpr std::chrono::seconds kToldWindow{10};

}  // namespace

IngestMetrics::IngestMetrics(telemetry::Registry& registry, telemetry::Log& log, const Clock& clock)
    : registry_(registry),
      log_(log),
      clock_(clock),
      records_total_(registry.GetCounter("textback_ingest_records_total",
                                         "Records of files, in committed transactions")),
      bytes_total_(registry.GetCounter("textback_ingest_bytes_total", "Their bytes")),
      files_total_(registry.GetCounter("textback_ingest_files_total", "Files that were begun")),
      rotations_total_(registry.GetCounter("textback_ingest_rotations_total",
                                           "Files that were renamed or removed while followed")),
      truncations_total_(registry.GetCounter("textback_ingest_truncations_total",
                                             "Files that no longer held what was read of them")),
      file_errors_total_(registry.GetCounter("textback_ingest_file_errors_total",
                                             "Files or folders that could not be read")),
      aborts_total_(registry.GetCounter("textback_ingest_aborts_total",
                                        "Transactions that failed and were done again")),
      behind_bytes_(registry.GetGauge("textback_ingest_behind_bytes",
                                      "Bytes of known files that are not on the log yet")) {}

bool IngestMetrics::MayTellOfFile() {
  if (clock_.Mono() - told_since_ > kToldWindow) {
    told_since_ = clock_.Mono();
    told_ = 0;
  }
  return ++told_ <= kFilesToldMax;
}

void IngestMetrics::OnStarted(std::size_t files) {
  log_.Info("positions read back", {{"files", files}});
}

void IngestMetrics::OnOpened(std::string_view path, std::uint64_t offset) {
  files_total_.Add();
  if (MayTellOfFile()) log_.Info("reading a file", {{"file", path}, {"offset", offset}});
}

void IngestMetrics::OnRotated(std::string_view path, std::string_view now) {
  rotations_total_.Add();
  if (MayTellOfFile())
    log_.Info("a file was rotated away", {{"file", path}, {"now", now.empty() ? "removed" : now}});
}

void IngestMetrics::OnFinished(std::string_view path, std::uint64_t offset) {
  if (MayTellOfFile()) log_.Info("a file is finished", {{"file", path}, {"offset", offset}});
}

void IngestMetrics::OnTruncated(std::string_view path, std::uint64_t offset) {
  truncations_total_.Add();
  log_.Warn("a file was truncated or replaced: it is read from its beginning",
            {{"file", path}, {"was_at", offset}});
}

void IngestMetrics::OnCopy(std::string_view path, std::string_view original) {
  if (MayTellOfFile()) log_.Info("a copy isn't read", {{"file", path}, {"original", original}});
}

void IngestMetrics::OnCopyTakesOver(std::string_view path, std::uint64_t offset) {
  if (MayTellOfFile())
    log_.Info("a copy takes over from its original", {{"file", path}, {"offset", offset}});
}

void IngestMetrics::OnFileError(const Error& why) {
  ++findings_;
  file_errors_total_.Add();
  log_.Warn("a file can't be read; it is tried again", why);
}

void IngestMetrics::OnDeadLetter(std::string_view /*path*/, const Error& why) {
  ++findings_;
  registry_
      .GetCounter("textback_ingest_dead_letters_total", "Records parked, by reason",
                  {{"reason", why.code}})
      .Add();
  log_.Warn("a record was parked on the dead-letter topic", why);
}

void IngestMetrics::OnCommitted(std::uint64_t records, std::uint64_t bytes, std::uint64_t behind) {
  records_ += records;
  records_total_.Add(records);
  bytes_total_.Add(bytes);
  // Other ingesters of this process add theirs.
  behind_bytes_.Add(static_cast<double>(behind) - static_cast<double>(behind_));
  behind_ = behind;
}

void IngestMetrics::OnAborted(const Error& why) {
  aborts_total_.Add();
  log_.Warn("the log could not be written; nothing is lost, it is tried again", why);
}

}  // namespace textback::pipeline
