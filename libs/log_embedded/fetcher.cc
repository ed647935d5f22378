#include "log_embedded/fetcher.h"

#include "log/errors.h"

namespace textback::log_embedded {
namespace {

// What a batch's views point into.
class BlockOwner final : public log::Batch::Owner {
 public:
  BlockOwner(BlockPtr block, std::shared_ptr<const std::string> topic)
      : block_(std::move(block)), topic_(std::move(topic)) {}

 private:
  const BlockPtr block_;
  const std::shared_ptr<const std::string> topic_;
};

}  // namespace

Status Fetcher::Start(const log::TopicPartition& partition, std::int64_t offset) {
  TB_ASSIGN_OR_RETURN(Topic* const topic, core_->NeedPartition(partition));
  cursors_[partition] = Cursor{topic, partition.partition, offset, {}, std::nullopt, false};
  return Ok();
}

std::optional<std::int64_t> Fetcher::Position(const log::TopicPartition& partition) const {
  const auto found = cursors_.find(partition);
  return found == cursors_.end() ? std::nullopt : std::optional(found->second.position);
}

bool Fetcher::Ready() const {
  for (const auto& [name, cursor] : cursors_) {
    if (cursor.topic->partitions[static_cast<std::size_t>(cursor.partition)].end != cursor.position)
      return true;
  }
  return false;
}

Status Fetcher::Poll(log::Batch& batch, const log::PollLimits& limits) {
  for (auto& [name, cursor] : cursors_) cursor.owned = false;
  auto at = cursors_.upper_bound(last_served_);
  for (std::size_t i = 0; i < cursors_.size() && !Full(batch, limits); ++i, ++at) {
    if (at == cursors_.end()) at = cursors_.begin();
    const std::size_t before = batch.records.size();
    auto polled = PollOne(at->second, batch, limits);
    if (batch.records.size() > before) last_served_ = at->first;
    // What was read comes first; the next call meets the same error.
    if (!polled) return batch.records.empty() ? polled : Ok();
  }
  return Ok();
}

Status Fetcher::PollOne(Cursor& cursor, log::Batch& batch, const log::PollLimits& limits) {
  while (!Full(batch, limits)) {
    if (cursor.blocks.empty()) {
      TB_RETURN_IF_ERROR(
          core_->BlocksAt(*cursor.topic, cursor.partition, cursor.position, cursor.blocks));
      if (cursor.blocks.empty()) return Ok();
    }
    const BlockPtr& block = cursor.blocks.front();
    if (!cursor.walk) {
      cursor.walk.emplace(*block);
      cursor.owned = false;
    }
    const auto record = cursor.walk->Next();
    if (!record) {
      if (cursor.walk->broken()) {
        return core_->DiskError(
            rocksdb::Status::Corruption("a block of " + *cursor.topic->name + " can't be read"));
      }
      cursor.position = std::max(cursor.position, block->next);
      cursor.walk.reset();
      cursor.blocks.pop_front();
      continue;
    }
    if (record->offset < cursor.position) continue;
    if (!cursor.owned)
      batch.owners.push_back(std::make_unique<BlockOwner>(block, cursor.topic->name));
    cursor.owned = true;
    batch.records.push_back({*cursor.topic->name, cursor.partition, record->offset,
                             record->timestamp_ms, record->key, record->value, nullptr});
    batch.bytes += record->key.size() + (record->value ? record->value->size() : 0);
    cursor.position = record->offset + 1;
  }
  return Ok();
}

}  // namespace textback::log_embedded
