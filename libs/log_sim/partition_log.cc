#include "log_sim/partition_log.h"

#include <algorithm>

#include "base/assert.h"

namespace textback::log::sim {
namespace {

auto At(const std::deque<Entry>& entries, std::int64_t offset) {
  return std::lower_bound(entries.begin(), entries.end(), offset,
                          [](const Entry& e, std::int64_t o) { return e.offset < o; });
}

}  // namespace

std::int64_t PartitionLog::LastStableOffset() const {
  std::int64_t stable = end_;
  for (const auto& [producer, first] : open_) stable = std::min(stable, first);
  return stable;
}

std::int64_t PartitionLog::Append(std::int64_t producer, std::string key,
                                  std::optional<std::string> value, std::int64_t timestamp_ms,
                                  std::optional<std::pair<std::string, std::string>> header) {
  Entry entry;
  entry.offset = end_++;
  entry.producer = producer;
  entry.timestamp_ms = timestamp_ms;
  entry.key = std::move(key);
  entry.value = std::move(value);
  entry.header = std::move(header);
  if (producer >= 0) {
    entry.state = Entry::State::kOpen;
    open_.try_emplace(producer, entry.offset);
  }
  entries_.push_back(std::move(entry));
  return end_ - 1;
}

void PartitionLog::AppendMarker(std::int64_t producer, bool commit, std::int64_t timestamp_ms) {
  if (const auto open = open_.find(producer); open != open_.end()) {
    for (auto i = static_cast<std::size_t>(At(entries_, open->second) - entries_.begin());
         i < entries_.size(); ++i) {
      auto& entry = entries_[i];
      if (entry.producer != producer || entry.state != Entry::State::kOpen) continue;
      entry.state = commit ? Entry::State::kCommitted : Entry::State::kAborted;
    }
    open_.erase(open);
  }
  Entry marker;
  marker.offset = end_++;
  marker.kind = commit ? Entry::Kind::kCommitMarker : Entry::Kind::kAbortMarker;
  marker.producer = producer;
  marker.timestamp_ms = timestamp_ms;
  entries_.push_back(std::move(marker));
}

const Entry* PartitionLog::Next(std::int64_t& position, bool read_committed) const {
  const std::int64_t end = End(read_committed);
  for (auto it = At(entries_, position); it != entries_.end() && it->offset < end; ++it) {
    const bool visible = it->kind == Entry::Kind::kData &&
                         (!read_committed || it->state == Entry::State::kCommitted);
    if (visible) {
      position = it->offset;
      return &*it;
    }
  }
  position = std::max(position, end);
  return nullptr;
}

void PartitionLog::TrimTo(std::int64_t offset) {
  TB_ASSERT(offset <= end_);
  begin_ = std::max(begin_, offset);
  while (!entries_.empty() && entries_.front().offset < begin_) entries_.pop_front();
}

void PartitionLog::Retain(std::int64_t oldest_ms) {
  std::int64_t keep = begin_;
  for (const auto& entry : entries_) {
    if (entry.timestamp_ms >= oldest_ms || entry.offset >= LastStableOffset()) break;
    keep = entry.offset + 1;
  }
  TrimTo(keep);
}

void PartitionLog::Compact(std::int64_t now_ms, std::int64_t delete_retention_ms) {
  const std::int64_t stable = LastStableOffset();
  std::map<std::string, std::int64_t> newest;
  for (const auto& e : entries_) {
    if (e.offset >= stable) break;
    if (e.kind == Entry::Kind::kData && e.state == Entry::State::kCommitted)
      newest[e.key] = e.offset;
  }
  std::deque<Entry> kept;
  for (auto& entry : entries_) {
    // The newest entry stands for the active segment, which a cleaner leaves alone.
    const bool clean = entry.offset < stable && entry.offset != end_ - 1;
    if (clean && Drop(entry, newest, now_ms, delete_retention_ms)) continue;
    kept.push_back(std::move(entry));
  }
  entries_ = std::move(kept);
}

bool PartitionLog::Drop(Entry& entry, const std::map<std::string, std::int64_t>& newest,
                        std::int64_t now_ms, std::int64_t delete_retention_ms) const {
  if (entry.kind == Entry::Kind::kData) {
    if (entry.state == Entry::State::kAborted) return true;
    if (newest.at(entry.key) != entry.offset) return true;
    if (entry.value) return false;
  }
  if (!entry.delete_at_ms) entry.delete_at_ms = now_ms + delete_retention_ms;
  return now_ms >= *entry.delete_at_ms;
}

}  // namespace textback::log::sim
