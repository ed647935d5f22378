#include "shard/restore.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "base/assert.h"
#include "log/errors.h"

namespace textback::shard {

Status Restorer::EnsureReader() {
  if (reader_) return Ok();
  TB_ASSIGN_OR_RETURN(reader_, log_.NewReader(log::ReaderConfig{.read_committed = true}));
  assigned_ = false;
  return Ok();
}

Result<log::Consumer::Range> Restorer::Offsets(const log::TopicPartition& changelog,
                                               bool read_committed) {
  TB_RETURN_IF_ERROR(EnsureReader());
  return reader_->Offsets(changelog, read_committed);
}

void Restorer::Add(Partition& partition) {
  TB_ASSERT(partition.store);
  partition.replay_position = partition.replay_begin;
  partitions_[partition.index] = &partition;
  assigned_ = false;
}

void Restorer::Remove(const Partition& partition) {
  if (partitions_.erase(partition.index) > 0) assigned_ = false;
}

Status Restorer::Assign() {
  if (assigned_) return Ok();
  std::vector<std::pair<log::TopicPartition, std::int64_t>> positions;
  positions.reserve(partitions_.size());
  for (const auto& [index, partition] : partitions_) {
    positions.emplace_back(partition->changelog, partition->replay_position);
  }
  TB_RETURN_IF_ERROR(reader_->Assign(positions));
  assigned_ = true;
  return Ok();
}

void Restorer::Finish(std::map<std::int32_t, Partition*>::iterator it, Status status,
                      std::vector<Outcome>& done) {
  done.push_back({it->second, std::move(status)});
  partitions_.erase(it);
  assigned_ = false;
}

Status Restorer::Step(std::vector<Outcome>& done) {
  // What has nothing to replay needs no reader.
  for (auto it = partitions_.begin(); it != partitions_.end();) {
    const auto next = std::next(it);
    if (it->second->replay_position >= it->second->replay_end) Finish(it, Ok(), done);
    it = next;
  }
  if (partitions_.empty()) {
    // Let go of the log's fetch buffers.
    if (reader_ && !assigned_) TB_RETURN_IF_ERROR(Assign());
    return Ok();
  }
  Status status = StepReader(done);
  if (status || status.error().disposition == Disposition::kRetry) return status;
  if (status.error().disposition == Disposition::kRebuild) return BlameTrimmed(done);
  reader_.reset();
  return status;
}

Status Restorer::StepReader(std::vector<Outcome>& done) {
  TB_RETURN_IF_ERROR(EnsureReader());
  TB_RETURN_IF_ERROR(Assign());
  const log::PollLimits limits{config_.restore_records_max, config_.restore_bytes_max};
  TB_RETURN_IF_ERROR(reader_->Poll(batch_, limits, std::chrono::milliseconds(0)));
  std::map<std::int32_t, std::vector<const log::Record*>> pieces;
  for (const auto& record : batch_.records) pieces[record.partition].push_back(&record);
  for (const auto& [index, records] : pieces) {
    const auto it = partitions_.find(index);
    if (it == partitions_.end()) continue;
    if (auto applied = ApplyPiece(*it->second, records); !applied)
      Finish(it, std::move(applied), done);
  }
  for (auto it = partitions_.begin(); it != partitions_.end();) {
    const auto next = std::next(it);
    Partition& partition = *it->second;
    // Not assigned any more: a failed neighbour has changed the set, and positions wait for the
    // next call.
    TB_ASSIGN_OR_RETURN(const std::int64_t position, reader_->Position(partition.changelog));
    partition.replay_position = std::max(partition.replay_position, position);
    events_.OnRestoreProgress(partition.index, partition.replay_position - partition.replay_begin,
                              partition.replay_end - partition.replay_begin);
    if (partition.replay_position >= partition.replay_end) Finish(it, Ok(), done);
    it = next;
  }
  return Ok();
}

Status Restorer::ApplyPiece(Partition& partition, const std::vector<const log::Record*>& records) {
  // A key may come once in an Apply: its last entry counts.
  absl::flat_hash_set<std::string_view, BytesHash, BytesEqual> seen;
  seen.reserve(records.size());
  std::vector<bool> last(records.size());
  for (std::size_t i = records.size(); i-- > 0;) last[i] = seen.insert(records[i]->key).second;
  std::vector<store::Change> changes;
  changes.reserve(seen.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    const log::Record& record = *records[i];
    if (!last[i]) continue;
    store::Change& change = changes.emplace_back();
    change.key = record.key;
    if (!record.value) continue;
    auto document = store::DecodeDocument(*record.value);
    if (!document) {
      return FatalError(errors::kChangelogFormat,
                        "entry at offset " + std::to_string(record.offset) + " of " +
                            partition.changelog.topic + "-" + std::to_string(partition.index) +
                            ": " + document.error().message);
    }
    change.document = std::move(document).value();
  }
  partition.replay_position = records.back()->offset + 1;
  return partition.store->Apply(std::move(changes), partition.replay_position);
}

Status Restorer::BlameTrimmed(std::vector<Outcome>& done) {
  bool found = false;
  for (auto it = partitions_.begin(); it != partitions_.end();) {
    const auto next = std::next(it);
    Partition& partition = *it->second;
    TB_ASSIGN_OR_RETURN(const auto range,
                        reader_->Offsets(partition.changelog, /*read_committed=*/true));
    if (partition.replay_position < range.begin) {
      found = true;
      Finish(
          it,
          RebuildError(log::errors::kOffsetOutOfRange,
                       "the changelog begins at " + std::to_string(range.begin) +
                           " now, the replay was at " + std::to_string(partition.replay_position)),
          done);
    }
    it = next;
  }
  if (found) return Ok();
  reader_.reset();
  return RetryError(log::errors::kOffsetOutOfRange,
                    "the changelog's reader lost its place; reading on with a new one");
}

}  // namespace textback::shard
