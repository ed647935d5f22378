// Follows the topic `blocklist` and keeps the table of blocked numbers that intake looks callers up
// in.
//
// Blocked() is null until they are known (table_feed.h), and a function of the topic's content
// alone. An entry that is no good takes the place of an older one with its key: it blocks nobody,
// and is told (OnBlockRefused).
//
// Memory: some 60 bytes an entry while the topic is followed, and the table's (cdr/number_table.h).
//
// Threads and errors: as TableFeed; Blocked on any.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "intake/events.h"
#include "intake/reach.h"
#include "intake/table_feed.h"
#include "textback/v1/block_entry.pb.h"

namespace textback::intake {

inline constexpr std::size_t kBlockEntriesMax = 5'000'000;

// kDeadLetter ("block_entry_invalid"), with what is wrong.
Result<cdr::NumberPattern> CheckBlockEntry(std::string_view key, const v1::BlockEntry& entry);

class BlockFeed final : public TableFeed {
 public:
  // All arguments outlive the feed.
  BlockFeed(log::Log& log, Clock& clock, TableFeedConfig config, IntakeEvents& events);

  std::shared_ptr<const BlockTable> Blocked() const;

 private:
  struct Entry {
    cdr::NumberPattern what;
    cdr::NumberTable::Value list = 0;
  };

  void Clear() override;
  void Apply(const log::Record& record) override;
  Result<cdr::NumberTable::Value> ListOf(const v1::BlockEntry& entry);
  void Publish() override;
  void OnRetry(const Error& why, std::chrono::milliseconds wait) override {
    events_.OnRetry(why, wait);
  }

  IntakeEvents& events_;

  std::unordered_map<std::string, Entry> entries_;
  std::vector<BlockTable::List> lists_;  // by value - 1; grows only until the topic is read anew

  mutable std::mutex mutex_;
  std::shared_ptr<const BlockTable> table_;  // guarded by mutex_
};

}  // namespace textback::intake
