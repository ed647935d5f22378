// Opens folders: options, identity, errors. The Store itself is in rocksdb_store.cc.
#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/assert.h"
#include "base/bytes.h"
#include "store/errors.h"
#include "store/rocksdb_store_impl.h"

namespace textback::store {
namespace {

constexpr int kFormat = 1;

rocksdb::Options MakeOptions(const MemorySplit& memory) {
  const auto cache = rocksdb::NewLRUCache(memory.block_cache_bytes);
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.format_version = 5;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.cache_index_and_filter_blocks = true;  // so that they count, too
  table.pin_l0_filter_and_index_blocks_in_cache = true;

  rocksdb::Options options;
  options.create_if_missing = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = 1 << 20;  // holds an identity, once; documents come as files
  options.compression = rocksdb::kLZ4Compression;
  options.max_background_jobs = 2;
  options.max_open_files = 512;
  options.avoid_flush_during_shutdown = true;  // what Flush didn't finish is the changelog's
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.max_log_file_size = 1 << 20;
  options.keep_log_file_num = 2;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

std::string Identity(const RocksDbStoreOptions& options, std::int32_t partition) {
  return "role=" + options.role + "\ntopics=" + options.topic_prefix +
         "\npartition=" + std::to_string(partition) +
         "\npartitions=" + std::to_string(options.partition_count) + "\n";
}

std::string OneLine(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// The owner's record is there and right, or the folder is new and gets one.
Status CheckIdentity(rocksdb::DB& db, const std::string& folder, const std::string& identity) {
  const std::string want = "format=" + std::to_string(kFormat) + "\n" + identity;
  std::string found;
  auto status = db.Get({}, layout::kIdentity, &found);
  if (status.IsNotFound()) {
    const std::unique_ptr<rocksdb::Iterator> any(db.NewIterator({}));
    any->SeekToFirst();
    if (any->Valid()) {
      return FatalError(
          errors::kAnotherPartition,
          folder + " holds a RocksDB that isn't textback's; set another folder for the stores");
    }
    rocksdb::WriteOptions no_log;
    no_log.disableWAL = true;
    status = db.Put(no_log, layout::kIdentity, want);
    if (status.ok()) status = db.Flush({});
    return status.ok() ? Ok() : Status(FromRocksDb(status, folder));
  }
  if (!status.ok()) return FromRocksDb(status, folder);
  if (found == want) return Ok();
  const auto line_end = found.find('\n');
  if (line_end == std::string::npos ||
      found.substr(0, line_end + 1) != want.substr(0, want.find('\n') + 1)) {
    return FatalError(errors::kFormat,
                      folder + " was written in another format (" + OneLine(found) +
                          "), this build has format " + std::to_string(kFormat) +
                          ": start the build that wrote it, or remove the folder " +
                          "to have it restored from the changelog");
  }
  return FatalError(errors::kAnotherPartition,
                    folder + " belongs to " + OneLine(found.substr(line_end + 1)) +
                        "but was opened as " + OneLine(identity) +
                        ": set the folder or the topics right, or, if that state is no longer " +
                        "needed, remove the folder to have it restored from the changelog");
}

bool HoldsDocuments(rocksdb::DB& db) {
  const std::unique_ptr<rocksdb::Iterator> it(db.NewIterator({}));
  it->Seek(rocksdb::Slice(&layout::kDocuments, 1));
  // An error is taken for documents: the first read will tell.
  return !it->status().ok() || (it->Valid() && it->key()[0] == layout::kDocuments);
}

}  // namespace

MemorySplit SplitMemory(std::size_t memory_bytes) {
  const std::size_t eighth = memory_bytes / 8;
  return {.documents_bytes = 5 * eighth,
          .dirty_bytes = 5 * eighth / 2,
          .timers_bytes = eighth,
          .block_cache_bytes = 2 * eighth};
}

Error FromRocksDb(const rocksdb::Status& status, const std::string& where) {
  const std::string what = where + ": " + status.ToString();
  if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kNoSpace) {
    return FatalError(errors::kDiskFull,
                      "the disk is full: " + what +
                          "; nothing is lost, free some space or move the folder, and start again");
  }
  if (status.IsIOError() && what.find("lock") != std::string::npos) {
    return FatalError(errors::kInUse, "the store is open in this or another process: " + what +
                                          "; give each process its own folder");
  }
  if (status.IsCorruption()) {
    return RebuildError(errors::kCorrupt,
                        "the store is damaged: " + what + "; it has to be restored");
  }
  return RebuildError(errors::kIo,
                      "the store can't be read or written: " + what + "; it has to be restored");
}

RocksDbStoreSet::Shared::Shared(const Clock& c, RocksDbStoreOptions o)
    : clock(c),
      options(std::move(o)),
      documents(options.memory.documents_bytes),
      dirty(options.memory.dirty_bytes),
      entries(options.flush_entries),
      rocksdb_options(MakeOptions(options.memory)) {}

std::string RocksDbStoreSet::Shared::FolderOf(std::int32_t partition) const {
  return options.folder + "/" + options.role + "-" + std::to_string(partition);
}

Result<std::unique_ptr<RocksDbStoreSet>> RocksDbStoreSet::Create(const Clock& clock,
                                                                 RocksDbStoreOptions options) {
  TB_ASSERT(options.flush_entries > 0 && options.partition_count > 0);
  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  if (error) {
    return FatalError(errors::kFolder, "the stores' folder " + options.folder +
                                           " can't be created: " + error.message());
  }
  return std::unique_ptr<RocksDbStoreSet>(
      new RocksDbStoreSet(std::make_shared<Shared>(clock, std::move(options))));
}

RocksDbStoreSet::RocksDbStoreSet(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
RocksDbStoreSet::~RocksDbStoreSet() = default;

std::size_t RocksDbStoreSet::documents_bytes() const { return shared_->documents.total(); }

Result<std::unique_ptr<Store>> RocksDbStoreSet::Open(std::int32_t partition) {
  TB_ASSERT(partition >= 0 && partition < shared_->options.partition_count);
  const std::string folder = shared_->FolderOf(partition);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return FatalError(errors::kFolder, folder + " can't be created: " + error.message());
  }
  rocksdb::DB* raw = nullptr;
  const auto status = rocksdb::DB::Open(shared_->rocksdb_options, folder, &raw);
  std::unique_ptr<rocksdb::DB> db(raw);
  if (!status.ok()) return FromRocksDb(status, folder);
  TB_RETURN_IF_ERROR(CheckIdentity(*db, folder, Identity(shared_->options, partition)));

  std::optional<Marker> marker;
  std::string value;
  const auto got = db->Get({}, layout::kMarker, &value);
  if (got.ok()) {
    marker = layout::DecodeMarker(value);
    if (!marker)
      return RebuildError(errors::kCorrupt,
                          folder + ": its marker can't be read; restore the store");
  } else if (!got.IsNotFound()) {
    return FromRocksDb(got, folder);
  }
  const bool empty = !HoldsDocuments(*db);
  return std::unique_ptr<Store>(
      std::make_unique<RocksDbStore>(shared_, folder, std::move(db), marker, empty));
}

Status RocksDbStoreSet::Wipe(std::int32_t partition) {
  const std::string folder = shared_->FolderOf(partition);
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) return Ok();
  const auto status = rocksdb::DestroyDB(folder, shared_->rocksdb_options);
  if (!status.ok()) return FromRocksDb(status, folder);
  std::filesystem::remove_all(folder, error);
  if (error) {
    return FatalError(errors::kFolder, folder + " can't be removed: " + error.message());
  }
  return Ok();
}

namespace layout {
namespace {

constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;
constexpr std::uint8_t kMarkerVersion = 1;

}  // namespace

std::string DocumentKey(std::string_view key) {
  std::string out(1, kDocuments);
  out += key;
  return out;
}

std::string TimerKey(std::int64_t due_ms, std::string_view key) {
  std::string out(1, kTimers);
  AppendU64(out, static_cast<std::uint64_t>(due_ms) ^ kSignBit);
  out += key;
  return out;
}

std::optional<TimerWindow::PositionView> ParseTimerKey(std::string_view key) {
  ByteReader reader(key);
  if (reader.U8() != static_cast<std::uint8_t>(kTimers)) return std::nullopt;
  const auto due = reader.U64();
  if (!due) return std::nullopt;
  return TimerWindow::PositionView(static_cast<std::int64_t>(*due ^ kSignBit), reader.rest());
}

std::string EncodeMarker(const Marker& marker) {
  std::string out;
  AppendU8(out, kMarkerVersion);
  AppendU64(out, static_cast<std::uint64_t>(marker.changelog_offset));
  AppendU64(out, static_cast<std::uint64_t>(marker.flushed_at_ms));
  return out;
}

std::optional<Marker> DecodeMarker(std::string_view value) {
  ByteReader reader(value);
  if (reader.U8() != kMarkerVersion) return std::nullopt;
  const auto offset = reader.U64();
  const auto at = reader.U64();
  if (!offset || !at || !reader.empty()) return std::nullopt;
  return Marker{static_cast<std::int64_t>(*offset), static_cast<std::int64_t>(*at)};
}

}  // namespace layout
}  // namespace textback::store
