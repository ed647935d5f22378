#include "log_embedded/compaction.h"

#include <algorithm>
#include <set>

namespace textback::log_embedded {

Compaction::Compaction(Core& core, Topic& topic, std::int32_t partition, std::int64_t now_ms)
    : core_(core),
      topic_(topic),
      partition_(partition),
      tombstones_before_ms_(
          now_ms - Core::Setting(topic, "delete.retention.ms", core.options.delete_retention_ms)) {}

Status Compaction::Run() {
  // Each round gets at least a block further.
  while (auto plan = MakePlan()) TB_RETURN_IF_ERROR(RunRound(*plan));
  return Ok();
}

Status Compaction::RunRound(Plan& plan) {
  last_.clear();
  TB_RETURN_IF_ERROR(ReadKeys(plan));
  end_ = plan.end;
  for (const Segment& segment : plan.segments) {
    if (segment.base < end_) TB_RETURN_IF_ERROR(Clean(segment));
  }
  const std::lock_guard commit(core_.commit_mutex);
  const std::lock_guard lock(core_.mutex);
  Partition& partition = topic_.partitions[static_cast<std::size_t>(partition_)];
  partition.cleaned_to = end_;
  const auto status =
      core_.db_->Put({}, keys::Partition(topic_.id, partition_), EncodePartition(partition));
  return status.ok() ? Ok() : Status(core_.DiskError(status));
}

std::optional<Compaction::Plan> Compaction::MakePlan() const {
  const std::lock_guard lock(core_.mutex);
  const Partition& partition = topic_.partitions[static_cast<std::size_t>(partition_)];
  if (partition.segments.size() < 2) return std::nullopt;
  Plan plan;
  plan.segments.assign(partition.segments.begin(), std::prev(partition.segments.end()));
  plan.end = plan.segments.back().next;
  plan.dirty_from = std::max(partition.cleaned_to, partition.begin);
  std::int64_t bytes = 0, dirty = 0;
  for (const Segment& segment : plan.segments) {
    bytes += segment.bytes;
    if (segment.next > plan.dirty_from) dirty += segment.bytes;
  }
  const bool worth = dirty > 0 && static_cast<double>(dirty) >=
                                      core_.options.dirty_ratio * static_cast<double>(bytes);
  return worth ? std::optional(std::move(plan)) : std::nullopt;
}

Error Compaction::Broken() const {
  return core_.DiskError(
      rocksdb::Status::Corruption("a block of " + *topic_.name + " can't be read"));
}

Status Compaction::ForEachBlock(std::int64_t begin, std::int64_t end, const Visit& visit) const {
  const std::string last = keys::Block(topic_.id, partition_, end);
  const rocksdb::Slice upper(last);
  rocksdb::ReadOptions read;
  read.iterate_upper_bound = &upper;
  read.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> it(core_.db_->NewIterator(read));
  for (it->Seek(keys::Block(topic_.id, partition_, begin)); it->Valid(); it->Next()) {
    const auto block = ParseBlock(keys::Base(it->key().ToStringView()), it->value().ToString());
    if (!block) return Broken();
    TB_RETURN_IF_ERROR(visit(*block));
  }
  return it->status().ok() ? Ok() : Status(core_.DiskError(it->status()));
}

Status Compaction::ReadKeys(Plan& plan) {
  const std::int64_t end = plan.end;
  plan.end = plan.dirty_from;
  bool full = false;
  // From the segment's beginning: a rewritten block may lie across dirty_from.
  std::int64_t begin = plan.dirty_from;
  for (const Segment& segment : plan.segments) {
    if (segment.base <= begin && begin < segment.next) begin = segment.base;
  }
  TB_RETURN_IF_ERROR(ForEachBlock(begin, end, [&](const Block& block) -> Status {
    full = full || last_.size() >= core_.options.compaction_keys_max;
    if (full) return Ok();
    BlockCursor cursor(block);
    while (const auto record = cursor.Next()) {
      if (!record->key.empty() && record->offset >= plan.dirty_from)
        last_[std::string(record->key)] = record->offset;
    }
    if (cursor.broken()) return Broken();
    plan.end = std::max(plan.end, block.next);
    return Ok();
  }));
  if (!full) plan.end = end;
  return Ok();
}

bool Compaction::Superseded(const BlockRecord& record, const Block& block) const {
  if (record.offset >= end_ || record.key.empty()) return false;
  const auto last = last_.find(std::string(record.key));
  if (last != last_.end() && last->second > record.offset) return true;
  return !record.value && block.appended_ms < tombstones_before_ms_;
}

Status Compaction::Rewrite(const Segment& segment, const std::vector<Block>& blocks,
                           Rewritten& out) const {
  BlockBuilder builder;
  std::int64_t base = segment.base, next = segment.base, appended_ms = 0;
  const auto finish = [&] {
    if (builder.count() == 0) return;
    out.blocks.push_back(
        builder.Finish(base, static_cast<std::uint32_t>(next - base), appended_ms));
    out.bytes += static_cast<std::int64_t>(out.blocks.back().bytes.size());
    appended_ms = 0;
  };
  for (const Block& block : blocks) {
    BlockCursor cursor(block);
    while (const auto record = cursor.Next()) {
      if (Superseded(*record, block)) {
        ++out.dropped;
        continue;
      }
      if (builder.count() == 0) base = record->offset;
      builder.Add(static_cast<std::uint32_t>(record->offset - base), record->timestamp_ms,
                  record->key, record->value);
      next = record->offset + 1;
      appended_ms = std::max(appended_ms, block.appended_ms);
      if (builder.bytes() >= kBlockBytes) finish();
    }
    if (cursor.broken()) return Broken();
  }
  finish();
  return Ok();
}

Status Compaction::Clean(const Segment& segment) {
  std::vector<Block> blocks;
  TB_RETURN_IF_ERROR(ForEachBlock(segment.base, segment.next, [&](const Block& block) {
    blocks.push_back(block);
    return Ok();
  }));
  Rewritten rewritten;
  TB_RETURN_IF_ERROR(Rewrite(segment, blocks, rewritten));
  // Also worth it where many small blocks become few: a restore then reads faster.
  if (rewritten.dropped == 0 && rewritten.blocks.size() * 4 > blocks.size()) return Ok();
  return Replace(segment, blocks, rewritten);
}

Status Compaction::Replace(const Segment& segment, const std::vector<Block>& old_blocks,
                           const Rewritten& rewritten) {
  rocksdb::WriteBatch batch;
  std::set<std::int64_t> kept;
  for (const Block& block : rewritten.blocks) kept.insert(block.base);
  for (const Block& block : old_blocks) {
    if (!kept.contains(block.base)) batch.Delete(keys::Block(topic_.id, partition_, block.base));
  }
  for (const Block& block : rewritten.blocks) {
    batch.Put(keys::Block(topic_.id, partition_, block.base), block.bytes);
  }
  Segment now = segment;
  now.bytes = rewritten.bytes;
  const std::string key = keys::Segment(topic_.id, partition_, segment.base);
  if (rewritten.blocks.empty()) {
    batch.Delete(key);
  } else {
    batch.Put(key, EncodeSegment(now));
  }
  if (const auto status = core_.db_->Write({}, &batch); !status.ok())
    return core_.DiskError(status);

  const std::lock_guard commit(
      core_.commit_mutex);  // erasing moves the last segment, which commits read
  const std::lock_guard lock(core_.mutex);
  auto& segments = topic_.partitions[static_cast<std::size_t>(partition_)].segments;
  const auto found = std::find_if(segments.begin(), segments.end(),
                                  [&](const Segment& s) { return s.base == segment.base; });
  if (found == segments.end()) return Ok();
  core_.stats.bytes += now.bytes - found->bytes;
  core_.stats.records_compacted += rewritten.dropped;
  if (rewritten.blocks.empty()) {
    segments.erase(found);
  } else {
    *found = now;
  }
  return Ok();
}

}  // namespace textback::log_embedded
