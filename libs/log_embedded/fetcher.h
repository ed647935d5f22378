// Inside the embedded log: positions in partitions, and the reading from them, for readers and
// consumers.
//
// Thread safety: none; one per reader or consumer. Memory: kReadAheadBytes a partition.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "log_embedded/core.h"

namespace textback::log_embedded {

class Fetcher {
 public:
  explicit Fetcher(std::shared_ptr<Core> core) : core_(std::move(core)) {}

  // Starts or moves.
  Status Start(const log::TopicPartition& partition, std::int64_t offset);
  void Stop(const log::TopicPartition& partition) { cursors_.erase(partition); }
  void Clear() { cursors_.clear(); }

  // Appends what there is, from one partition after the other, within the limits.
  Status Poll(log::Batch& batch, const log::PollLimits& limits);
  // Is there anything to read, or to complain of? With the core's mutex held.
  bool Ready() const;
  // nullopt: not started.
  std::optional<std::int64_t> Position(const log::TopicPartition& partition) const;

 private:
  struct Cursor {
    Topic* topic = nullptr;
    std::int32_t partition = 0;
    std::int64_t position = 0;
    std::deque<BlockPtr> blocks;      // read ahead; the front one is being walked
    std::optional<BlockCursor> walk;  // of blocks.front()
    bool owned = false;               // the batch keeps blocks.front()
  };
  Status PollOne(Cursor& cursor, log::Batch& batch, const log::PollLimits& limits);
  static bool Full(const log::Batch& batch, const log::PollLimits& limits) {
    return batch.records.size() >= limits.records_max || batch.bytes >= limits.bytes_max;
  }

  const std::shared_ptr<Core> core_;
  std::map<log::TopicPartition, Cursor> cursors_;
  log::TopicPartition last_served_;  // the next poll begins behind it
};

}  // namespace textback::log_embedded
