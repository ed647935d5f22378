#include "intake/table_feed.h"

#include <algorithm>
#include <utility>

#include "log/errors.h"

namespace textback::intake {

TableFeed::TableFeed(log::Log& log, const Clock& clock, TableFeedConfig config,
                     std::string_view content)
    : log_(log), clock_(clock), config_(std::move(config)), content_(content) {}

Status TableFeed::Step(std::chrono::milliseconds wait) {
  if (clock_.Mono() < retry_at_) return Ok();
  if (reader_ == nullptr) {
    if (auto status = Open(); !status) return Handle(std::move(status).error());
  }
  if (auto status = Read(wait); !status) return Handle(std::move(status).error());
  if (caught_up_ && changed_ && clock_.Mono() >= rebuild_at_) {
    Publish();
    changed_ = false;
    rebuild_at_ = clock_.Mono() + config_.rebuild_interval;
  }
  return Ok();
}

Status TableFeed::Open() {
  TB_ASSIGN_OR_RETURN(const auto partitions, log_.Partitions(config_.topic));
  if (partitions != 1) {
    return FatalError(log::errors::kPartitionMismatch,
                      "topic " + config_.topic + " has " + std::to_string(partitions) +
                          " partitions; " + std::string(content_) + " need the order of one");
  }
  TB_ASSIGN_OR_RETURN(auto reader, log_.NewReader({.read_committed = true}));
  const log::TopicPartition source{config_.topic, 0};
  TB_ASSIGN_OR_RETURN(const auto range, reader->Offsets(source, true));
  TB_RETURN_IF_ERROR(reader->Assign({{source, range.begin}}));
  Clear();
  position_ = range.begin;
  target_ = range.end;
  caught_up_ = false;
  changed_ = true;
  reader_ = std::move(reader);
  return Ok();
}

Status TableFeed::Read(std::chrono::milliseconds wait) {
  TB_RETURN_IF_ERROR(reader_->Poll(batch_, log::PollLimits{}, wait));
  for (const auto& record : batch_.records) {
    changed_ = true;
    position_ = record.offset + 1;
    Apply(record);
  }
  TB_ASSIGN_OR_RETURN(const auto position, reader_->Position({config_.topic, 0}));
  position_ = std::max(position_, position);
  if (!caught_up_ && position_ >= target_) caught_up_ = true;
  return Ok();
}

Status TableFeed::Handle(Error error) {
  if (error.disposition != Disposition::kRetry && error.disposition != Disposition::kRebuild)
    return error;
  reader_.reset();
  retry_at_ = clock_.Mono() + config_.backoff;
  OnRetry(error, config_.backoff);
  return Ok();
}

}  // namespace textback::intake
