// Follows the topic `blocklist` and keeps the table of blocked numbers that intake looks callers up
// in.
//
// As with tenants (tenant_feed.h): Blocked() is null until the topic was read up to the end that it
// had at the start, each change makes a new table, at most one per `rebuild_interval`, and the
// table is a function of the topic's content alone. An entry that is no good takes the place of an
// older one with its key: it blocks nobody, and is told (OnBlockRefused).
//
// Memory: some 60 bytes an entry while the topic is followed, and the table's (cdr/number_table.h).
//
// Threads: Step on one thread; Blocked on any.
// Errors of Step: kRetry was handled (a later Step tries again); others: stop and say so.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "intake/events.h"
#include "intake/reach.h"
#include "log/log.h"
#include "textback/v1/block_entry.pb.h"

namespace textback::intake {

struct BlockFeedConfig {
  std::string topic;  // of one partition
  std::chrono::milliseconds rebuild_interval{1'000};
  std::chrono::milliseconds backoff{1'000};
};

inline constexpr std::size_t kBlockEntriesMax = 5'000'000;

// kDeadLetter ("block_entry_invalid"), with what is wrong.
Result<cdr::NumberPattern> CheckBlockEntry(std::string_view key, const v1::BlockEntry& entry);

class BlockFeed {
 public:
  // All arguments outlive the feed.
  BlockFeed(log::Log& log, Clock& clock, BlockFeedConfig config, IntakeEvents& events);

  Status Step(std::chrono::milliseconds wait);
  std::shared_ptr<const BlockTable> Blocked() const;

 private:
  struct Entry {
    cdr::NumberPattern what;
    cdr::NumberTable::Value list = 0;
  };

  Status Open();
  Status Read(std::chrono::milliseconds wait);
  void Apply(const log::Record& record);
  Result<cdr::NumberTable::Value> ListOf(const v1::BlockEntry& entry);
  void Publish();
  Status Handle(Error error);

  log::Log& log_;
  Clock& clock_;
  const BlockFeedConfig config_;
  IntakeEvents& events_;

  std::unique_ptr<log::Reader> reader_;
  log::Batch batch_;
  std::int64_t target_ = 0;    // the end at the start
  std::int64_t position_ = 0;  // applied up to here
  bool caught_up_ = false;
  bool changed_ = false;
  MonoTime rebuild_at_{};
  MonoTime retry_at_{};
  std::unordered_map<std::string, Entry> entries_;
  std::vector<BlockTable::List> lists_;  // by value - 1; grows only until the topic is read anew

  mutable std::mutex mutex_;
  std::shared_ptr<const BlockTable> table_;  // guarded by mutex_
};

}  // namespace textback::intake
