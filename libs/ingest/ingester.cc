#include "ingest/ingester.h"

#include <algorithm>

#include "log/errors.h"

namespace textback::ingest {

Result<std::unique_ptr<Ingester>> Ingester::Make(log::Log& log, const Clock& clock,
                                                 IngestConfig config, IngestEvents& events) {
  if (config.patterns.empty()) return FatalError("usage", "no file is named");
  if (config.name.empty() || config.name.find('/') != std::string::npos) {
    return FatalError("usage", "an ingester's name must not be empty nor hold a slash");
  }
  if (config.records_max == 0 || config.bytes_max == 0 || config.open_max == 0 ||
      config.read_bytes <= config.record_bytes_max) {
    return FatalError("config_invalid",
                      "limits must be above 0, and read_bytes above record_bytes_max");
  }
  TB_ASSIGN_OR_RETURN(auto patterns, FilePatterns::Make(config.patterns));
  return std::unique_ptr<Ingester>(
      new Ingester(log, clock, std::move(config), std::move(patterns), events));
}

Ingester::Ingester(log::Log& log, const Clock& clock, IngestConfig config, FilePatterns patterns,
                   IngestEvents& events)
    : clock_(clock),
      config_(std::move(config)),
      patterns_(std::move(patterns)),
      events_(events),
      writer_(log, clock, config_) {}

Result<Ingester::Report> Ingester::Step() {
  auto report = StepOpen();
  if (report) return report;
  auto error = std::move(report).error();
  Rollback();
  // A client that is of no use any more is replaced, and the log says how far it came. So it does
  // where compaction took away what was being read.
  if (error.code == log::errors::kClient || error.disposition == Disposition::kRebuild) {
    writer_.Close();
    error.disposition = Disposition::kRetry;
  }
  if (!writer_.is_open()) Reset();
  if (error.disposition == Disposition::kRetry) events_.OnAborted(error);
  return error;
}

Result<Ingester::Report> Ingester::StepOpen() {
  if (!writer_.is_open()) TB_RETURN_IF_ERROR(Open());
  scanned_anew_ = waits_for_slot_ = slot_freed_ = false;
  if (clock_.Mono() >= scan_at_) Scan();
  TB_RETURN_IF_ERROR(ReadFiles());
  const bool more =
      BudgetIsSpent() || !moved_.empty() || scanned_anew_ || (waits_for_slot_ && slot_freed_);
  const Report report{records_, more};
  TB_RETURN_IF_ERROR(Commit());
  return report;
}

Status Ingester::Open() {
  Reset();
  TB_ASSIGN_OR_RETURN(auto positions, writer_.Open());
  for (auto& [key, position] : positions) {
    auto& tracked = files_[key];
    tracked.path = position.path;
    tracked.position = std::move(position);
    tracked.sequence = next_sequence_++;
    tracked.changed_at = clock_.Mono();
    twins_.Add(key, tracked.position);
  }
  events_.OnStarted(files_.size());
  return Ok();
}

void Ingester::Reset() {
  files_.clear();
  twins_.Clear();
  moved_.clear();
  dirty_.clear();
  forgotten_.clear();
  lost_.clear();
  open_ = 0;
  scan_at_ = {};
}

Status Ingester::Commit() {
  for (const auto& key : forgotten_) TB_RETURN_IF_ERROR(writer_.SendForgotten(key));
  dirty_.insert(moved_.begin(), moved_.end());
  for (const auto& key : dirty_) {
    const auto& position = files_.at(key).next();
    if (position.offset > 0) TB_RETURN_IF_ERROR(writer_.SendPosition(key, position));
  }
  if (!writer_.begun()) return Ok();
  TB_RETURN_IF_ERROR(writer_.Commit());
  for (const auto& key : moved_) {
    auto& tracked = files_.at(key);
    twins_.Remove(key, tracked.position);
    tracked.position = *std::move(tracked.pending);
    tracked.pending.reset();
    twins_.Add(key, tracked.position);
  }
  moved_.clear();
  dirty_.clear();
  forgotten_.clear();
  events_.OnCommitted(records_, bytes_, Behind());
  records_ = parked_ = bytes_ = 0;
  return Ok();
}

void Ingester::Rollback() {
  writer_.Abort();
  for (const auto& key : moved_) {
    auto& tracked = files_.at(key);
    tracked.pending.reset();
    tracked.read_size = 0;
    tracked.unfinished = false;
  }
  moved_.clear();
  records_ = parked_ = bytes_ = 0;
}

std::uint64_t Ingester::Behind() const {
  std::uint64_t bytes = 0;
  for (const auto& [key, tracked] : files_) {
    if (tracked.gone()) continue;
    bytes += tracked.size - std::min(tracked.size, tracked.position.offset);
  }
  return bytes;
}

std::vector<std::pair<std::string, std::uint64_t>> Ingester::Unfinished() const {
  std::vector<std::pair<std::string, std::uint64_t>> files;
  for (const auto& [key, tracked] : files_) {
    if (tracked.unfinished) files.emplace_back(tracked.path, tracked.position.offset);
  }
  return files;
}

}  // namespace textback::ingest
