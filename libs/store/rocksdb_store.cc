#include "store/rocksdb_store.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/assert.h"
#include "store/errors.h"
#include "store/rocksdb_store_impl.h"

namespace textback::store {
namespace {

// Keys asked for in one go while a flush finds out what the disk holds.
constexpr std::size_t kLookUpKeys = 256;
// A timer in the window: tree slot (three quarters full) and the heap block of a long key.
constexpr std::size_t kTimerBytes = 96;
constexpr std::size_t kTimersMin = 16;
// RocksDB's own default, at which it would stop writers.
constexpr std::uint64_t kLevel0FilesMax = 36;

// Entries whose cache lines are fetched before they are worked on: their places are random.
constexpr std::size_t kAhead = 8;
// Look-ups made in a row, so that the processor waits for several cache lines at once.
constexpr std::size_t kFindGroup = 32;

// A document to flush. The first bytes of its key are at hand: an E.164 number is compared without
// looking at the entry.
struct ByKey {
  std::uint64_t high;
  std::uint64_t low;
  Cached* entry;

  bool operator<(const ByKey& other) const {
    if (high != other.high) return high < other.high;
    if (low != other.low) return low < other.low;
    return entry->key < other.entry->key;
  }
};

std::uint64_t BigEndian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(value); ++i) {
    value = value << 8U | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
  }
  return value;
}

void SortByKey(std::vector<Cached*>& entries) {
  std::vector<ByKey> keyed;
  keyed.reserve(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i + kAhead < entries.size()) __builtin_prefetch(entries[i + kAhead]);
    const std::string_view key = entries[i]->key;
    keyed.push_back(
        {BigEndian(key), BigEndian(key.substr(std::min<std::size_t>(8, key.size()))), entries[i]});
  }
  std::sort(keyed.begin(), keyed.end());
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i] = keyed[i].entry;
}

// What a flush does to the timer index. Order: that of layout::TimerKey.
struct TimerChange {
  std::int64_t due_ms;
  const Cached* entry;
  bool put;

  bool operator<(const TimerChange& other) const {
    return due_ms != other.due_ms ? due_ms < other.due_ms : entry->key < other.entry->key;
  }
};

void AddTimerChanges(const Cached& entry, std::vector<TimerChange>& out) {
  const std::int64_t due_ms = entry.exists ? entry.document.next_due_ms : kNeverDue;
  const bool on_disk = entry.on_disk == Cached::OnDisk::kPresent;
  const std::int64_t disk_due_ms = on_disk ? entry.disk_due_ms : kNeverDue;
  if (due_ms == disk_due_ms) return;
  if (disk_due_ms != kNeverDue) out.push_back({disk_due_ms, &entry, false});
  if (due_ms != kNeverDue) out.push_back({due_ms, &entry, true});
}

}  // namespace

RocksDbStore::RocksDbStore(std::shared_ptr<RocksDbStoreSet::Shared> shared, std::string folder,
                           std::unique_ptr<rocksdb::DB> db, std::optional<Marker> marker,
                           bool disk_empty)
    : shared_(std::move(shared)),
      folder_(std::move(folder)),
      db_(std::move(db)),
      cache_(shared_->documents, shared_->dirty),
      window_(kTimersMin),
      marker_(marker),
      disk_empty_(disk_empty),
      applied_offset_(marker ? marker->changelog_offset : 0),
      flushed_at_(shared_->clock.Mono()) {
  shared_->open.fetch_add(1, std::memory_order_relaxed);
}

RocksDbStore::~RocksDbStore() {
  shared_->entries.Sub(entries_since_marker_);
  shared_->open.fetch_sub(1, std::memory_order_relaxed);
}

Status RocksDbStore::Fail(const rocksdb::Status& status) {
  return Fail(FromRocksDb(status, folder_));
}

Status RocksDbStore::Fail(Error error) {
  failed_ = std::move(error);
  return *failed_;
}

Result<std::optional<Document>> RocksDbStore::ReadDisk(std::string_view key) {
  if (disk_empty_) return std::optional<Document>();
  rocksdb::PinnableSlice value;
  const auto status = db_->Get({}, db_->DefaultColumnFamily(), layout::DocumentKey(key), &value);
  if (status.IsNotFound()) return std::optional<Document>();
  if (!status.ok()) return Fail(status).error();
  auto document = DecodeDocument(value.ToStringView());
  if (!document) {
    return Fail(RebuildError(errors::kCorrupt, folder_ + ": " + document.error().message)).error();
  }
  return std::optional<Document>(*std::move(document));
}

Result<const Document*> RocksDbStore::Get(std::string_view key) {
  if (failed_) return *failed_;
  const Cached* entry = cache_.Find(key);
  if (entry != nullptr) {
    ++hits_;
  } else {
    ++misses_;
    TB_RETURN_IF_ERROR(MakeRoom());
    TB_ASSIGN_OR_RETURN(auto document, ReadDisk(key));
    entry = &cache_.InsertClean(key, std::move(document));
  }
  return entry->exists ? &entry->document : nullptr;
}

Status RocksDbStore::Apply(std::vector<Change> changes, std::int64_t changelog_next_offset) {
  if (failed_) return *failed_;
  window_.set_limit(WindowLimit());
  std::array<Cached*, kFindGroup> found{};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (i % kFindGroup == 0) {
      const std::size_t n = std::min(kFindGroup, changes.size() - i);
      for (std::size_t j = 0; j < n; ++j) found[j] = cache_.Find(changes[i + j].key);
    }
    Change& change = changes[i];
    Cached* entry = found[i % kFindGroup];
    const std::int64_t before =
        entry != nullptr && entry->exists ? entry->document.next_due_ms : kNeverDue;
    entry = &cache_.Put(entry, std::move(change));
    const std::int64_t after = entry->exists ? entry->document.next_due_ms : kNeverDue;
    if (before == after) continue;
    window_.Erase(before, entry->key);
    window_.Insert(after, entry->key);
  }
  entries_since_marker_ += changes.size();
  shared_->entries.Add(changes.size());
  applied_offset_ = changelog_next_offset;
  if (NeedsFlush()) TB_RETURN_IF_ERROR(Flush());
  return MakeRoom();
}

bool RocksDbStore::NeedsFlush() const {
  const std::size_t stores = shared_->stores_open();
  return shared_->entries.Over(entries_since_marker_, stores) ||
         shared_->dirty.Over(cache_.dirty_bytes(), stores) ||
         shared_->clock.Mono() - flushed_at_ >= shared_->options.flush_interval;
}

Status RocksDbStore::MakeRoom() {
  while (shared_->documents.Over(cache_.bytes(), shared_->stores_open())) {
    if (cache_.EvictOne()) continue;
    // Nearly all that this store holds is dirty. Within the hard bound that can wait for its flush.
    if (!shared_->documents.OverHard() || cache_.dirty().empty()) break;
    TB_RETURN_IF_ERROR(Flush());
  }
  return Ok();
}

Status RocksDbStore::ResolveUnknown(const std::vector<Cached*>& sorted) {
  std::vector<Cached*> unknown;
  for (Cached* entry : sorted) {
    if (entry->on_disk != Cached::OnDisk::kUnknown) continue;
    entry->on_disk = Cached::OnDisk::kAbsent;
    if (!disk_empty_) unknown.push_back(entry);
  }
  std::array<rocksdb::PinnableSlice, kLookUpKeys> values;
  std::array<rocksdb::Status, kLookUpKeys> statuses;
  std::vector<std::string> keys;
  std::vector<rocksdb::Slice> slices;
  for (std::size_t at = 0; at < unknown.size(); at += kLookUpKeys) {
    const std::size_t n = std::min(kLookUpKeys, unknown.size() - at);
    keys.clear();
    for (std::size_t i = 0; i < n; ++i) keys.push_back(layout::DocumentKey(unknown[at + i]->key));
    slices.assign(keys.begin(), keys.end());
    for (auto& value : values) value.Reset();
    db_->MultiGet({}, db_->DefaultColumnFamily(), n, slices.data(), values.data(), statuses.data(),
                  /*sorted_input=*/true);
    for (std::size_t i = 0; i < n; ++i) {
      if (statuses[i].IsNotFound()) continue;
      if (!statuses[i].ok()) return Fail(statuses[i]);
      const auto document = DecodeDocument(values[i].ToStringView());
      if (!document)
        return Fail(RebuildError(errors::kCorrupt, folder_ + ": " + document.error().message));
      Cached& entry = *unknown[at + i];
      entry.on_disk = Cached::OnDisk::kPresent;
      entry.disk_due_ms = document->next_due_ms;
      // The window may hold the timer that this blind write has replaced.
      if (!entry.exists || entry.document.next_due_ms != entry.disk_due_ms) {
        window_.Erase(entry.disk_due_ms, entry.key);
      }
    }
  }
  return Ok();
}

// Documents, marker and timers in the order of their keys: 'd' < 'm' < 't'.
Status RocksDbStore::WriteFile(const std::vector<Cached*>& sorted, const Marker& marker,
                               const std::string& path) {
  rocksdb::SstFileWriter file(rocksdb::EnvOptions(), shared_->rocksdb_options,
                              db_->DefaultColumnFamily(), /*invalidate_page_cache=*/false);
  // A kill between taking a file in and dropping its first name leaves that name to a file that the
  // database now reads: never open it again, whatever it is.
  std::error_code error;
  if (std::filesystem::remove(path, error); error)
    return Fail(RebuildError(errors::kIo, path + " can't be removed: " + error.message()));
  if (const auto status = file.Open(path); !status.ok()) return Fail(status);
  std::vector<TimerChange> timers;
  std::string key;
  std::string value;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i + 2 * kAhead < sorted.size()) {
      __builtin_prefetch(sorted[i + 2 * kAhead]);
      __builtin_prefetch(reinterpret_cast<const char*>(sorted[i + 2 * kAhead]) + sizeof(Cached) -
                         1);
    }
    if (i + kAhead < sorted.size()) __builtin_prefetch(sorted[i + kAhead]->document.bytes.data());
    const Cached* const entry = sorted[i];
    key.assign(1, layout::kDocuments);
    key += entry->key;
    rocksdb::Status status;
    if (entry->exists) {
      value.clear();
      AppendDocument(entry->document.bytes, entry->document.next_due_ms, value);
      status = file.Put(key, value);
    } else if (entry->on_disk == Cached::OnDisk::kPresent) {
      status = file.Delete(key);
    }
    if (!status.ok()) return Fail(status);
    AddTimerChanges(*entry, timers);
  }
  if (const auto status = file.Put(layout::kMarker, layout::EncodeMarker(marker)); !status.ok())
    return Fail(status);
  std::sort(timers.begin(), timers.end());
  for (const auto& timer : timers) {
    key = layout::TimerKey(timer.due_ms, timer.entry->key);
    const auto status = timer.put ? file.Put(key, {}) : file.Delete(key);
    if (!status.ok()) return Fail(status);
  }
  const auto status = file.Finish();  // synced
  return status.ok() ? Ok() : Fail(status);
}

// RocksDB holds writers up when level 0 grows; files that are taken in pass it by.
Status RocksDbStore::HoldDownLevel0() {
  std::uint64_t files = 0;
  if (!db_->GetIntProperty("rocksdb.num-files-at-level0", &files) || files <= kLevel0FilesMax)
    return Ok();
  const auto status = db_->CompactRange(rocksdb::CompactRangeOptions(), nullptr, nullptr);
  return status.ok() ? Ok() : Fail(status);
}

Status RocksDbStore::Flush() {
  if (failed_) return *failed_;
  std::vector<Cached*> sorted = cache_.dirty();
  SortByKey(sorted);
  const Marker marker{applied_offset_, shared_->clock.NowMs()};
  TB_RETURN_IF_ERROR(ResolveUnknown(sorted));
  const std::string path = folder_ + "/" + layout::kFlushFile;
  TB_RETURN_IF_ERROR(WriteFile(sorted, marker, path));
  rocksdb::IngestExternalFileOptions ingest;
  ingest.move_files = true;
  ingest.snapshot_consistency = false;  // iterators don't outlive a call
  if (const auto status = db_->IngestExternalFile({path}, ingest); !status.ok())
    return Fail(status);
  TB_RETURN_IF_ERROR(HoldDownLevel0());
  disk_empty_ = disk_empty_ && sorted.empty();
  cache_.MarkAllClean();
  marker_ = marker;
  shared_->entries.Sub(entries_since_marker_);
  entries_since_marker_ = 0;
  flushed_at_ = shared_->clock.Mono();
  ++flushes_;
  return Ok();
}

std::size_t RocksDbStore::WindowLimit() const {
  const std::size_t stores = std::max<std::size_t>(1, shared_->stores_open());
  return std::max(kTimersMin, shared_->options.memory.timers_bytes / kTimerBytes / stores);
}

bool RocksDbStore::Stale(const TimerWindow::Position& timer) const {
  const Cached* entry = cache_.Peek(timer.second);
  return entry != nullptr && entry->dirty &&
         (!entry->exists || entry->document.next_due_ms != timer.first);
}

Status RocksDbStore::ExtendWindow(std::size_t keep) {
  const TimerWindow::Position begin = window_.horizon();
  const std::string first = layout::TimerKey(begin.first, begin.second);
  const std::string end(1, static_cast<char>(layout::kTimers + 1));
  const rocksdb::Slice upper(end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper;
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options));

  // Clean documents' timers from the disk, then those of dirty ones, up to where the disk was read.
  std::vector<TimerWindow::Position> found;
  TimerWindow::Position horizon{kNeverDue, ""};
  for (it->Seek(first); it->Valid(); it->Next()) {
    const auto timer = layout::ParseTimerKey(it->key().ToStringView());
    if (!timer)
      return Fail(RebuildError(errors::kCorrupt, folder_ + ": a timer's key can't be read"));
    if (found.size() >= keep) {
      horizon = *timer;
      break;
    }
    const Cached* entry = cache_.Peek(timer->second);
    if (entry == nullptr || !entry->dirty) found.emplace_back(*timer);
  }
  if (!it->status().ok()) return Fail(it->status());
  window_.MoveHorizon(std::move(horizon));
  for (const auto& [due_ms, key] : found) window_.Add(due_ms, key, keep);
  for (const Cached* entry : cache_.dirty()) {
    if (!entry->exists || entry->document.next_due_ms == kNeverDue) continue;
    const TimerWindow::PositionView timer(entry->document.next_due_ms, entry->key);
    if (!TimerWindow::Less{}(timer, begin)) window_.Add(timer.first, timer.second, keep);
  }
  return Ok();
}

Status RocksDbStore::Due(std::int64_t now_ms, std::size_t max, std::vector<DueTimer>& out) {
  out.clear();
  if (failed_) return *failed_;
  if (NeedsFlush()) TB_RETURN_IF_ERROR(Flush());
  window_.set_limit(WindowLimit());
  auto at = window_.timers().begin();
  while (out.size() < max) {
    if (at == window_.timers().end()) {
      // All that the window knows is in `out`.
      if (window_.complete() || window_.horizon().first > now_ms) break;
      TB_RETURN_IF_ERROR(ExtendWindow(std::max(window_.limit(), max)));
      at = out.empty() ? window_.timers().begin()
                       : window_.timers().upper_bound(
                             TimerWindow::PositionView(out.back().due_ms, out.back().key));
      continue;
    }
    if (at->first > now_ms) break;
    if (Stale(*at)) {
      at = window_.Erase(at);
      continue;
    }
    out.push_back({at->second, at->first});
    ++at;
  }
  return Ok();
}

Result<std::int64_t> RocksDbStore::NextDue() {
  if (failed_) return *failed_;
  for (;;) {
    const auto first = window_.timers().begin();
    if (first != window_.timers().end()) {
      if (!Stale(*first)) return first->first;
      window_.Erase(first);
    } else if (window_.complete()) {
      return kNeverDue;
    } else {
      TB_RETURN_IF_ERROR(ExtendWindow(window_.limit()));
    }
  }
}

Status RocksDbStore::ForEach(Visitor& visitor) {
  if (failed_) return *failed_;
  std::vector<Cached*> sorted = cache_.dirty();
  SortByKey(sorted);
  auto dirty = sorted.begin();
  const auto visit_dirty_before = [&](const std::string_view* key) {
    for (; dirty != sorted.end() && (key == nullptr || (*dirty)->key < *key); ++dirty) {
      if ((*dirty)->exists) visitor.OnDocument((*dirty)->key, (*dirty)->document);
    }
  };
  const std::string begin(1, layout::kDocuments);
  const std::string end(1, static_cast<char>(layout::kDocuments + 1));
  const rocksdb::Slice upper(end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper;
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options));
  for (it->Seek(begin); it->Valid(); it->Next()) {
    const std::string_view key = it->key().ToStringView().substr(1);
    visit_dirty_before(&key);
    if (dirty != sorted.end() && (*dirty)->key == key) continue;  // comes with the next call
    const auto document = DecodeDocument(it->value().ToStringView());
    if (!document)
      return Fail(RebuildError(errors::kCorrupt, folder_ + ": " + document.error().message));
    visitor.OnDocument(key, *document);
  }
  if (!it->status().ok()) return Fail(it->status());
  visit_dirty_before(nullptr);
  return Ok();
}

Store::Stats RocksDbStore::stats() const {
  return {.documents_cached = cache_.size(),
          .bytes_cached = cache_.bytes(),
          .documents_dirty = cache_.dirty().size(),
          .timers_near = window_.timers().size(),
          .flushes = flushes_,
          .cache_hits = hits_,
          .cache_misses = misses_};
}

}  // namespace textback::store
