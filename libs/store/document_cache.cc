#include "store/document_cache.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace textback::store {
namespace {

// An entry, its slots in the index (half empty at worst) and in the ring.
constexpr std::size_t kEntryBytes = sizeof(Cached) + 2 * (sizeof(void*) + 1) + 2 * sizeof(void*);
// How far the hand goes in search of one victim.
constexpr std::size_t kSweepMax = 1'024;

std::size_t HeapBytes(const std::string& s) {
  static const std::size_t inline_capacity = std::string().capacity();
  return s.capacity() > inline_capacity ? s.capacity() + 1 : 0;
}

std::size_t Footprint(const Cached& entry) {
  return kEntryBytes + HeapBytes(entry.key) + HeapBytes(entry.document.bytes);
}

}  // namespace

DocumentCache::DocumentCache(Budget& all, Budget& dirty) : all_budget_(all), dirty_budget_(dirty) {}

DocumentCache::~DocumentCache() {
  all_budget_.Sub(bytes_);
  dirty_budget_.Sub(dirty_bytes_);
}

Cached* DocumentCache::Find(std::string_view key) {
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  (*found)->referenced = true;
  return found->get();
}

const Cached* DocumentCache::Peek(std::string_view key) const {
  const auto found = index_.find(key);
  return found == index_.end() ? nullptr : found->get();
}

Cached& DocumentCache::Insert(std::string key) {
  auto entry = std::make_unique<Cached>();
  entry->key = std::move(key);
  Cached& inserted = *entry;
  ring_.push_back(&inserted);
  const bool fresh = index_.insert(std::move(entry)).second;
  TB_ASSERT(fresh);
  return inserted;
}

void DocumentCache::Account(const Cached& entry, std::size_t before, bool was_dirty) {
  const std::size_t after = Footprint(entry);
  all_budget_.Change(before, after);
  bytes_ += after - before;
  const std::size_t dirty_before = was_dirty ? before : 0;
  const std::size_t dirty_after = entry.dirty ? after : 0;
  dirty_budget_.Change(dirty_before, dirty_after);
  dirty_bytes_ += dirty_after - dirty_before;
}

Cached& DocumentCache::InsertClean(std::string_view key, std::optional<Document> document) {
  Cached& entry = Insert(std::string(key));
  entry.exists = document.has_value();
  entry.on_disk = entry.exists ? Cached::OnDisk::kPresent : Cached::OnDisk::kAbsent;
  if (document) entry.document = *std::move(document);
  entry.disk_due_ms = entry.exists ? entry.document.next_due_ms : kNeverDue;
  Account(entry, 0, false);
  return entry;
}

Cached& DocumentCache::Put(Cached* entry, Change change) {
  const std::size_t before = entry == nullptr ? 0 : Footprint(*entry);
  const bool was_dirty = entry != nullptr && entry->dirty;
  if (entry == nullptr) entry = &Insert(std::move(change.key));
  entry->exists = change.document.has_value();
  entry->document = change.document ? *std::move(change.document) : Document{};
  entry->referenced = true;
  entry->dirty = true;
  if (!was_dirty) dirty_entries_.push_back(entry);
  Account(*entry, before, was_dirty);
  return *entry;
}

void DocumentCache::MarkAllClean() {
  for (Cached* entry : dirty_entries_) {
    entry->dirty = false;
    entry->on_disk = entry->exists ? Cached::OnDisk::kPresent : Cached::OnDisk::kAbsent;
    entry->disk_due_ms = entry->exists ? entry->document.next_due_ms : kNeverDue;
  }
  dirty_entries_.clear();
  dirty_budget_.Sub(dirty_bytes_);
  dirty_bytes_ = 0;
}

bool DocumentCache::EvictOne() {
  const std::size_t steps = std::min(kSweepMax, 2 * ring_.size());
  for (std::size_t i = 0; i < steps; ++i) {
    if (hand_ >= ring_.size()) hand_ = 0;
    Cached* entry = ring_[hand_];
    if (entry->dirty) {
      ++hand_;
    } else if (entry->referenced) {
      entry->referenced = false;
      ++hand_;
    } else {
      const std::size_t bytes = Footprint(*entry);
      all_budget_.Sub(bytes);
      bytes_ -= bytes;
      ring_[hand_] = ring_.back();
      ring_.pop_back();
      const auto found = index_.find(std::string_view(entry->key));
      TB_ASSERT(found != index_.end());
      index_.erase(found);
      return true;
    }
  }
  return false;
}

}  // namespace textback::store
