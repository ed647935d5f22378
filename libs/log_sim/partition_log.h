// One partition as a broker keeps it: records and transaction markers, each with an offset.
//
// Models: a marker takes an offset and is never handed out; a read_committed fetch ends at the last
// stable offset, the first offset of the oldest open transaction (KIP-98), so that records behind
// it wait although they are committed; aborted records are skipped and the position moves past
// them. Compaction works below the last stable offset only, keeps the newest committed record of a
// key, drops aborted ones, and drops a tombstone delete.retention.ms after it first saw it
// (KIP-534): a reader whose copy is older than that keeps the document (exactly-once.md, stream
// point 8).
//
// Threads: none; owned by Broker.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace textback::log::sim {

struct Entry {
  enum class Kind : std::uint8_t { kData, kCommitMarker, kAbortMarker };
  enum class State : std::uint8_t { kCommitted, kOpen, kAborted };

  std::int64_t offset = 0;
  Kind kind = Kind::kData;
  State state = State::kCommitted;
  std::int64_t producer = -1;  // of a transaction; -1: none
  std::int64_t timestamp_ms = 0;
  std::string key;
  std::optional<std::string> value;
  std::optional<std::pair<std::string, std::string>> header;
  std::optional<std::int64_t> delete_at_ms;  // tombstones and markers, once the cleaner saw them
};

class PartitionLog {
 public:
  std::int64_t begin() const { return begin_; }
  std::int64_t end() const { return end_; }
  std::int64_t LastStableOffset() const;
  std::int64_t End(bool read_committed) const { return read_committed ? LastStableOffset() : end_; }
  const std::deque<Entry>& entries() const { return entries_; }

  // `producer` -1: outside any transaction.
  std::int64_t Append(std::int64_t producer, std::string key, std::optional<std::string> value,
                      std::int64_t timestamp_ms,
                      std::optional<std::pair<std::string, std::string>> header = std::nullopt);
  // Ends the producer's transaction here.
  void AppendMarker(std::int64_t producer, bool commit, std::int64_t timestamp_ms);

  // The next entry to hand out at or after `position` for that isolation; null when there is none.
  // `position` moves past all that is not to be handed out, up to the end for that isolation.
  const Entry* Next(std::int64_t& position, bool read_committed) const;

  void TrimTo(std::int64_t offset);
  void Retain(std::int64_t oldest_ms);
  void Compact(std::int64_t now_ms, std::int64_t delete_retention_ms);

 private:
  bool Drop(Entry& entry, const std::map<std::string, std::int64_t>& newest, std::int64_t now_ms,
            std::int64_t delete_retention_ms) const;

  std::int64_t begin_ = 0;
  std::int64_t end_ = 0;
  std::deque<Entry> entries_;                  // by offset, with gaps once compacted
  std::map<std::int64_t, std::int64_t> open_;  // producer -> first offset of its transaction
};

}  // namespace textback::log::sim
