// Retention, and what else Maintain does.
#include <rocksdb/convenience.h>

#include <algorithm>

#include "log_embedded/compaction.h"
#include "log_embedded/core.h"

namespace textback::log_embedded {

Status Core::Maintain(std::int64_t now_ms) {
  const std::lock_guard maintain(maintain_mutex_);
  std::vector<Topic*> all;
  {
    const std::lock_guard lock(mutex);
    if (failed_) return *failed_;
    for (const auto& [name, topic] : topics) all.push_back(topic.get());
  }
  for (Topic* topic : all) {
    for (std::int32_t p = 0; p < static_cast<std::int32_t>(topic->partitions.size()); ++p) {
      TB_RETURN_IF_ERROR(topic->compact ? Compaction(*this, *topic, p, now_ms).Run()
                                        : Retain(*topic, p, now_ms));
    }
  }
  const auto synced = db_->FlushWAL(/*sync=*/true);
  return synced.ok() ? Ok() : Status(DiskError(synced));
}

Status Core::Retain(Topic& topic, std::int32_t index, std::int64_t now_ms) {
  const std::int64_t age_max = Setting(topic, "retention.ms", options.retention_ms);
  const std::int64_t bytes_max = Setting(topic, "retention.bytes", options.retention_bytes);
  std::int64_t keep_from = 0;
  {
    const std::lock_guard lock(mutex);
    const Partition& partition = topic.partitions[static_cast<std::size_t>(index)];
    keep_from = partition.begin;
    std::int64_t bytes = 0;
    for (const Segment& segment : partition.segments) bytes += segment.bytes;
    for (const Segment& segment : partition.segments) {
      const bool old = age_max >= 0 && segment.last_ms < now_ms - age_max;
      const bool active = segment.next == partition.end;
      const bool too_much = bytes_max >= 0 && !active && bytes - segment.bytes >= bytes_max;
      if (!old && !too_much) break;
      bytes -= segment.bytes;
      keep_from = segment.next;
    }
  }
  return DropBefore(topic, index, keep_from);
}

Status Core::DeleteRecords(Topic& topic, std::int32_t partition, std::int64_t offset) {
  const std::lock_guard maintain(maintain_mutex_);
  const auto range = Offsets(topic, partition);
  return DropBefore(topic, partition, std::clamp(offset, range.begin, range.end));
}

Status Core::DropBefore(Topic& topic, std::int32_t index, std::int64_t offset) {
  Partition& partition = topic.partitions[static_cast<std::size_t>(index)];
  rocksdb::WriteBatch batch;
  std::optional<Segment> first, last;
  {
    const std::lock_guard commit(commit_mutex);
    std::unique_lock lock(mutex);
    if (offset <= partition.begin) return Ok();
    // Readers see the new begin before anything goes.
    partition.begin = std::min(offset, partition.end);
    while (!partition.segments.empty() && partition.segments.front().next <= partition.begin) {
      last = partition.segments.front();
      if (!first) first = last;
      batch.Delete(keys::Segment(topic.id, index, last->base));
      stats.bytes -= last->bytes;
      ++stats.segments_dropped;
      partition.segments.pop_front();
    }
    batch.Put(keys::Partition(topic.id, index), EncodePartition(partition));
    lock.unlock();
    if (first) {
      batch.DeleteRange(keys::Block(topic.id, index, first->base),
                        keys::Block(topic.id, index, last->next));
    }
    rocksdb::WriteOptions sync;
    sync.sync = true;  // before whole files go, below
    const auto status = db_->Write(sync, &batch);
    if (!status.ok()) return DiskError(status);
  }
  if (!first) return Ok();
  // Gives back what fills whole files now; the rest goes with RocksDB's compaction.
  const std::string begin_key = keys::Block(topic.id, index, first->base);
  const std::string end_key = keys::Block(topic.id, index, last->next);
  const rocksdb::Slice begin(begin_key), end(end_key);
  const auto status = rocksdb::DeleteFilesInRange(db_.get(), db_->DefaultColumnFamily(), &begin,
                                                  &end, /*include_end=*/false);
  return status.ok() ? Ok() : Status(DiskError(status));
}

}  // namespace textback::log_embedded
