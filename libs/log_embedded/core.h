// Inside the embedded log: topics, their records and the offsets of groups, on RocksDB.
//
// Two locks, taken in this order:
//   commit_mutex  one commit at a time: fences are checked, the batch written, the result
//   published.
//                 Whoever changes what a fence compares (a group's generation or members, a
//                 producer's epoch) holds it too, so that no commit is ever half inside a
//                 generation.
//   mutex         what readers see: ends, segments, tails, groups. Never held during a write.
// `changed` is notified whenever a waiting Poll may have something to do.
//
// On disk (integers big-endian):
//   'T' name                                   topic: id, partitions, compact, settings
//   'B' topic id(4) partition(4) base(8)       block (block.h)
//   'S' topic id(4) partition(4) base(8)       segment: next(8) bytes(8) first ms(8) last ms(8)
//   'P' topic id(4) partition(4)               begin(8) cleaned to(8)
//   'O' group topic partition                  committed offset: next(8) metadata
//   'V'                                        format version
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "log_embedded/block.h"
#include "log_embedded/embedded_log.h"
#include "log_embedded/group.h"

namespace textback::log_embedded {

struct Segment {
  std::int64_t base = 0;
  std::int64_t next = 0;
  std::int64_t bytes = 0;
  std::int64_t first_ms = 0;  // when it was appended to
  std::int64_t last_ms = 0;
};

struct Partition {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t cleaned_to =
      0;  // compact topics: nothing before it is superseded by anything before it
  std::deque<Segment> segments;
  std::deque<BlockPtr> tail;  // the latest blocks, without gaps up to `end`
};

struct Topic {
  std::uint32_t id = 0;
  std::shared_ptr<const std::string> name;
  bool compact = false;
  std::map<std::string, std::string> settings;
  std::vector<Partition> partitions;  // never resized
};

// Read from RocksDB ahead of a reader, at once; bounds what a cursor holds.
inline constexpr std::size_t kReadAheadBytes = std::size_t{1} << 20;
// A block is ended once it is as large as this.
inline constexpr std::size_t kBlockBytes = std::size_t{256} << 10;

// What one commit appends to one partition: blocks whose bases count from 0.
struct Appendix {
  Topic* topic = nullptr;
  std::int32_t partition = 0;
  std::vector<Block> blocks;
  std::int64_t records = 0;
};

using GroupOffset = std::pair<std::string, log::TopicPartition>;

class Core {
 public:
  static Result<std::shared_ptr<Core>> Open(const Clock& clock, EmbeddedLogOptions options);
  Core(const Clock& clock_in, EmbeddedLogOptions options_in, std::unique_ptr<rocksdb::DB> db);

  // Topics are never removed: a pointer stays good. nullptr: none.
  Topic* FindTopic(std::string_view name);
  Result<Topic*> NeedTopic(std::string_view name);
  Result<Topic*> NeedPartition(const log::TopicPartition& partition);
  Status CreateTopic(const log::TopicSpec& spec);

  // With commit_mutex held. kRetry (log_queue_full): over disk_bytes_max, nothing was written.
  // kFatal: the disk failed; the log is closed for writing from then on.
  Status Append(std::vector<Appendix> appendices,
                const std::map<GroupOffset, log::CommittedOffset>& offsets);

  log::Consumer::Range Offsets(const Topic& topic, std::int32_t partition) const;
  // Appends to `out` some blocks in order, the first of which holds `offset` or, after compaction,
  // comes next behind it; none at the end. kRebuild (offset_out_of_range): outside of the log.
  Status BlocksAt(const Topic& topic, std::int32_t partition, std::int64_t offset,
                  std::deque<BlockPtr>& out);

  Status DeleteRecords(Topic& topic, std::int32_t partition, std::int64_t offset);
  Status Maintain(std::int64_t now_ms);

  // Wakes whoever waits for `changed`, to look again. With mutex held.
  void NotifyChange() { changed.notify_all(); }
  // A numeric setting of a topic.
  static std::int64_t Setting(const Topic& topic, const char* name, std::int64_t otherwise);

  Error DiskError(const rocksdb::Status& status);

  const Clock& clock;
  const EmbeddedLogOptions options;

  std::mutex commit_mutex;
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, std::unique_ptr<Topic>, std::less<>> topics;
  std::map<GroupOffset, log::CommittedOffset> offsets;
  std::map<std::string, Group> groups;
  std::map<std::string, std::uint64_t> epochs;  // of transactional ids
  std::uint64_t members_made = 0;
  EmbeddedLog::Stats stats;

 private:
  Status Load();
  Status LoadTopics();
  Status LoadPartition(Topic& topic, std::int32_t partition);
  Status LoadOffsets();
  // With mutex held.
  void Publish(Appendix& appendix, const Segment& segment);
  void TrimTail();
  rocksdb::WriteOptions NextSync();

  Status ReadBlocks(const Topic& topic, std::int32_t partition, std::int64_t offset,
                    std::deque<BlockPtr>& out);
  Status Retain(Topic& topic, std::int32_t partition, std::int64_t now_ms);
  // Moves the partition's begin and removes what lies whole before it.
  Status DropBefore(Topic& topic, std::int32_t partition, std::int64_t offset);

  friend class Compaction;  // compaction.cc: rewrites closed segments
  const std::unique_ptr<rocksdb::DB> db_;
  std::deque<Partition*> tail_order_;  // whose oldest block in the tails is next to go
  std::size_t tail_bytes_ = 0;
  MonoTime synced_at_;
  std::uint32_t next_topic_id_ = 1;
  std::mutex maintain_mutex_;
  std::optional<Error> failed_;  // with mutex
};

// The layout above.
std::string EncodeSegment(const Segment& segment);
std::string EncodePartition(const Partition& partition);
namespace keys {
std::string Topic(std::string_view name);
std::string Block(std::uint32_t topic, std::int32_t partition, std::int64_t base);
std::string Segment(std::uint32_t topic, std::int32_t partition, std::int64_t base);
std::string Partition(std::uint32_t topic, std::int32_t partition);
std::string Offset(const GroupOffset& offset);
// The offset at the end of a block's or segment's key.
std::int64_t Base(std::string_view key);
}  // namespace keys

}  // namespace textback::log_embedded
