// Follows a compacted topic of one partition whose content is a table: what TenantFeed, BlockFeed
// and decide's PolicyFeed have in common.
//
// Nothing is published before the topic was read up to the end that it had at the start; from then
// on each change makes a new table, at most one per `rebuild_interval`. A reader that is of no use
// any more is replaced, and the topic read from the log's start into an empty table: what was known
// before may have been compacted away since.
//
//            ┌──────── offset_out_of_range: from the log's start, into a new table ──────┐
//   start ──▶ reading up to the end at start ──▶ following (published) ──────────────────┘
//
// Threads: Step on one thread. Errors of Step: kRetry was handled (a later Step tries again);
// others: stop and say so.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "log/log.h"

namespace textback::intake {

struct TableFeedConfig {
  std::string topic;  // of one partition
  std::chrono::milliseconds rebuild_interval{1'000};
  std::chrono::milliseconds backoff{1'000};
};

class TableFeed {
 public:
  Status Step(std::chrono::milliseconds wait);

 protected:
  // `content`: in words, for errors ("tenants"); static. All others outlive the feed.
  TableFeed(log::Log& log, const Clock& clock, TableFeedConfig config, std::string_view content);
  virtual ~TableFeed() = default;

  std::int64_t position() const { return position_; }  // applied up to here

 private:
  virtual void Clear() = 0;
  virtual void Apply(const log::Record& record) = 0;
  virtual void Publish() = 0;
  // Something failed and is tried again after `wait`.
  virtual void OnRetry(const Error& why, std::chrono::milliseconds wait) = 0;

  Status Open();
  Status Read(std::chrono::milliseconds wait);
  Status Handle(Error error);

  log::Log& log_;
  const Clock& clock_;
  const TableFeedConfig config_;
  const std::string_view content_;

  std::unique_ptr<log::Reader> reader_;
  log::Batch batch_;
  std::int64_t target_ = 0;  // the end at the start
  std::int64_t position_ = 0;
  bool caught_up_ = false;
  bool changed_ = false;
  MonoTime rebuild_at_{};
  MonoTime retry_at_{};
};

}  // namespace textback::intake
