// Inside rocksdb_store.h: what its two sources share. No other file includes this.
#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>

#include <atomic>

#include "store/budget.h"
#include "store/document_cache.h"
#include "store/rocksdb_store.h"
#include "store/timer_window.h"

namespace textback::store {

struct RocksDbStoreSet::Shared {
  Shared(const Clock& c, RocksDbStoreOptions o);

  std::string FolderOf(std::int32_t partition) const;
  std::size_t stores_open() const { return open.load(std::memory_order_relaxed); }

  const Clock& clock;
  const RocksDbStoreOptions options;
  Budget documents;
  Budget dirty;
  Budget entries;  // changes since the markers
  std::atomic<std::size_t> open{0};
  rocksdb::Options rocksdb_options;
};

// What RocksDB said, as this port's error. `where` is the partition's folder.
Error FromRocksDb(const rocksdb::Status& status, const std::string& where);

class RocksDbStore final : public Store {
 public:
  RocksDbStore(std::shared_ptr<RocksDbStoreSet::Shared> shared, std::string folder,
               std::unique_ptr<rocksdb::DB> db, std::optional<Marker> marker, bool disk_empty);
  ~RocksDbStore() override;

  Result<const Document*> Get(std::string_view key) override;
  Status Apply(std::vector<Change> changes, std::int64_t changelog_next_offset) override;
  Status Due(std::int64_t now_ms, std::size_t max, std::vector<DueTimer>& out) override;
  Result<std::int64_t> NextDue() override;
  Status Flush() override;
  std::optional<Marker> FlushedMarker() const override { return marker_; }
  Status ForEach(Visitor& visitor) override;
  Stats stats() const override;

 private:
  Status Fail(const rocksdb::Status& status);
  Status Fail(Error error);
  bool NeedsFlush() const;
  // Evicts, and flushes where that alone can't help, until the budgets are kept.
  Status MakeRoom();
  Result<std::optional<Document>> ReadDisk(std::string_view key);

  // Asks the disk what it holds for those dirty entries where this isn't known. Sorted input.
  Status ResolveUnknown(const std::vector<Cached*>& sorted);
  Status WriteFile(const std::vector<Cached*>& sorted, const Marker& marker,
                   const std::string& path);
  Status HoldDownLevel0();

  bool Stale(const TimerWindow::Position& timer) const;
  // Moves the window's horizon on, by at least one timer if there is one.
  Status ExtendWindow(std::size_t keep);
  std::size_t WindowLimit() const;

  const std::shared_ptr<RocksDbStoreSet::Shared> shared_;
  const std::string folder_;
  const std::unique_ptr<rocksdb::DB> db_;
  DocumentCache cache_;
  TimerWindow window_;
  std::optional<Marker> marker_;
  bool disk_empty_;  // no document was ever written: nothing to look up
  std::int64_t applied_offset_;
  std::size_t entries_since_marker_ = 0;
  MonoTime flushed_at_;
  std::optional<Error> failed_;
  std::uint64_t flushes_ = 0;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
};

// The layout in rocksdb_store.h.
namespace layout {
inline constexpr char kIdentity[] = "i";
inline constexpr char kMarker[] = "m";
inline constexpr char kDocuments = 'd';
inline constexpr char kTimers = 't';
// Written beside the database, then taken into it under another name.
inline constexpr char kFlushFile[] = "flush.sst";
std::string DocumentKey(std::string_view key);
std::string TimerKey(std::int64_t due_ms, std::string_view key);
std::optional<TimerWindow::PositionView> ParseTimerKey(std::string_view key);
std::string EncodeMarker(const Marker& marker);
std::optional<Marker> DecodeMarker(std::string_view value);
}  // namespace layout

}  // namespace textback::store
