#include "log_embedded/core.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "base/assert.h"
#include "log/errors.h"

namespace textback::log_embedded {
namespace {

namespace errors = log::errors;
using log::TopicPartition;

constexpr char kFormatKey[] = "V";
constexpr char kFormat[] = "1";
constexpr std::size_t kTopicNameMax = 249;  // the broker's
constexpr std::int32_t kPartitionsMax = 10'000;

rocksdb::Options MakeOptions(const EmbeddedLogOptions& options) {
  const auto cache = rocksdb::NewLRUCache(options.cache_bytes);
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.format_version = 5;
  table.block_size = std::size_t{64} << 10;  // values are blocks of records already
  rocksdb::Options db;
  db.create_if_missing = true;
  db.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  db.write_buffer_size = std::clamp<std::size_t>(options.cache_bytes / 4, 1 << 20, 64 << 20);
  db.write_buffer_manager =
      std::make_shared<rocksdb::WriteBufferManager>(options.cache_bytes / 2, cache);
  db.compression = rocksdb::kLZ4Compression;
  db.allow_concurrent_memtable_write = false;
  db.max_background_jobs = 2;
  db.max_open_files = 512;
  db.info_log_level = rocksdb::WARN_LEVEL;
  db.max_log_file_size = 1 << 20;
  db.keep_log_file_num = 2;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  return db;
}

Error OutOfRange(const Topic& topic, std::int32_t partition, std::int64_t offset,
                 const log::Consumer::Range& range) {
  return RebuildError(
      errors::kOffsetOutOfRange,
      *topic.name + "-" + std::to_string(partition) + " has offsets " +
          std::to_string(range.begin) + " to " + std::to_string(range.end) + ", but " +
          std::to_string(offset) +
          " was asked for: what was to be read is gone, or the position isn't this log's");
}

bool ValidTopicName(std::string_view name) {
  return !name.empty() && name.size() <= kTopicNameMax && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

void AppendString(std::string& out, std::string_view s) {
  AppendU32(out, static_cast<std::uint32_t>(s.size()));
  out += s;
}
std::optional<std::string> ReadString(ByteReader& reader) {
  const auto size = reader.U32();
  if (!size) return std::nullopt;
  const auto bytes = reader.Bytes(*size);
  return bytes ? std::optional(std::string(*bytes)) : std::nullopt;
}

void AppendI64(std::string& out, std::int64_t v) { AppendU64(out, static_cast<std::uint64_t>(v)); }
std::optional<std::int64_t> ReadI64(ByteReader& reader) {
  const auto v = reader.U64();
  return v ? std::optional(static_cast<std::int64_t>(*v)) : std::nullopt;
}

std::string EncodeTopic(const Topic& topic) {
  std::string out;
  AppendU32(out, topic.id);
  AppendU32(out, static_cast<std::uint32_t>(topic.partitions.size()));
  AppendU8(out, topic.compact ? 1 : 0);
  for (const auto& [name, value] : topic.settings) {
    AppendString(out, name);
    AppendString(out, value);
  }
  return out;
}

}  // namespace

std::string EncodeSegment(const Segment& segment) {
  std::string out;
  for (const auto v : {segment.next, segment.bytes, segment.first_ms, segment.last_ms})
    AppendI64(out, v);
  return out;
}

std::string EncodePartition(const Partition& partition) {
  std::string out;
  AppendI64(out, partition.begin);
  AppendI64(out, partition.cleaned_to);
  return out;
}

namespace {

// Calls `visit(key, value)` for each key that begins with `prefix`, until it says false.
template <class Visit>
rocksdb::Status ForEachKey(rocksdb::DB& db, const std::string& prefix, const Visit& visit) {
  const std::unique_ptr<rocksdb::Iterator> it(db.NewIterator({}));
  for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next()) {
    if (!visit(it->key().ToStringView(), it->value().ToStringView())) break;
  }
  return it->status();
}

}  // namespace

namespace keys {

std::string Topic(std::string_view name) { return "T" + std::string(name); }

static std::string Numbered(char kind, std::uint32_t topic, std::int32_t partition) {
  std::string key(1, kind);
  AppendU32(key, topic);
  AppendU32(key, static_cast<std::uint32_t>(partition));
  return key;
}
std::string Block(std::uint32_t topic, std::int32_t partition, std::int64_t base) {
  std::string key = Numbered('B', topic, partition);
  AppendI64(key, base);
  return key;
}
std::string Segment(std::uint32_t topic, std::int32_t partition, std::int64_t base) {
  std::string key = Numbered('S', topic, partition);
  AppendI64(key, base);
  return key;
}
std::string Partition(std::uint32_t topic, std::int32_t partition) {
  return Numbered('P', topic, partition);
}

std::string Offset(const GroupOffset& offset) {
  std::string key = "O";
  AppendString(key, offset.first);
  AppendString(key, offset.second.topic);
  AppendU32(key, static_cast<std::uint32_t>(offset.second.partition));
  return key;
}

std::int64_t Base(std::string_view key) {
  TB_ASSERT(key.size() >= sizeof(std::int64_t));
  ByteReader reader(key.substr(key.size() - sizeof(std::int64_t)));
  return static_cast<std::int64_t>(*reader.U64());
}

}  // namespace keys

Core::Core(const Clock& clock_in, EmbeddedLogOptions options_in, std::unique_ptr<rocksdb::DB> db)
    : clock(clock_in),
      options(std::move(options_in)),
      db_(std::move(db)),
      synced_at_(clock.Mono()) {}

Error Core::DiskError(const rocksdb::Status& status) {
  const std::string what = options.folder + ": " + status.ToString();
  if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kNoSpace) {
    return FatalError(errors::kDiskFull,
                      "the log's disk is full: " + what + "; free some space and start again");
  }
  if (status.IsIOError() && what.find("lock") != std::string::npos) {
    return FatalError(errors::kInUse, "the log is open in this or another process: " + what +
                                          "; give each process its own folder");
  }
  return FatalError(errors::kCorrupt,
                    "the log can't be read or written: " + what +
                        "; check the disk, then start again; if it is damaged, restore the folder");
}

Result<std::shared_ptr<Core>> Core::Open(const Clock& clock, EmbeddedLogOptions options) {
  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  if (error) {
    return FatalError(errors::kCorrupt, "the log's folder " + options.folder +
                                            " can't be created: " + error.message());
  }
  rocksdb::DB* raw = nullptr;
  const auto status = rocksdb::DB::Open(MakeOptions(options), options.folder, &raw);
  auto core = std::make_shared<Core>(clock, std::move(options), std::unique_ptr<rocksdb::DB>(raw));
  if (!status.ok()) return core->DiskError(status);
  TB_RETURN_IF_ERROR(core->Load());
  return core;
}

Status Core::Load() {
  std::string format;
  auto status = db_->Get({}, kFormatKey, &format);
  if (status.IsNotFound()) {
    const std::unique_ptr<rocksdb::Iterator> any(db_->NewIterator({}));
    any->SeekToFirst();
    if (any->Valid()) {
      return FatalError(
          errors::kCorrupt,
          options.folder + " holds a RocksDB that is no log of textback's; set another folder");
    }
    rocksdb::WriteOptions sync;
    sync.sync = true;
    status = db_->Put(sync, kFormatKey, kFormat);
    if (!status.ok()) return DiskError(status);
  } else if (!status.ok()) {
    return DiskError(status);
  } else if (format != kFormat) {
    return FatalError(errors::kCorrupt, options.folder + " has log format " + format +
                                            ", this build reads 1: start the build that wrote it");
  }
  TB_RETURN_IF_ERROR(LoadTopics());
  return LoadOffsets();
}

Status Core::LoadTopics() {
  bool broken = false;
  const auto status = ForEachKey(*db_, "T", [&](std::string_view key, std::string_view value) {
    ByteReader reader(value);
    auto topic = std::make_unique<Topic>();
    topic->name = std::make_shared<const std::string>(key.substr(1));
    const auto id = reader.U32();
    const auto partitions = reader.U32();
    const auto compact = reader.U8();
    broken =
        !id || !partitions || !compact || *partitions > static_cast<std::uint32_t>(kPartitionsMax);
    if (broken) return false;
    topic->id = *id;
    topic->compact = *compact == 1;
    topic->partitions.resize(*partitions);
    while (!reader.empty()) {
      const auto name = ReadString(reader);
      const auto setting = ReadString(reader);
      broken = !name || !setting;
      if (broken) return false;
      topic->settings[*name] = *setting;
    }
    next_topic_id_ = std::max(next_topic_id_, *id + 1);
    topics.emplace(*topic->name, std::move(topic));
    return true;
  });
  if (!status.ok()) return DiskError(status);
  if (broken) return DiskError(rocksdb::Status::Corruption("a topic's record can't be read"));
  for (auto& [name, topic] : topics) {
    for (std::size_t p = 0; p < topic->partitions.size(); ++p) {
      TB_RETURN_IF_ERROR(LoadPartition(*topic, static_cast<std::int32_t>(p)));
    }
  }
  return Ok();
}

Status Core::LoadPartition(Topic& topic, std::int32_t index) {
  Partition& partition = topic.partitions[static_cast<std::size_t>(index)];
  std::string value;
  auto status = db_->Get({}, keys::Partition(topic.id, index), &value);
  if (status.ok()) {
    ByteReader reader(value);
    const auto begin = ReadI64(reader);
    const auto cleaned = ReadI64(reader);
    if (!begin || !cleaned)
      return DiskError(rocksdb::Status::Corruption("a partition's record can't be read"));
    partition.begin = *begin;
    partition.cleaned_to = *cleaned;
  } else if (!status.IsNotFound()) {
    return DiskError(status);
  }
  partition.end = partition.begin;
  std::string prefix = keys::Segment(topic.id, index, 0);
  prefix.resize(prefix.size() - sizeof(std::int64_t));
  bool broken = false;
  status = ForEachKey(*db_, prefix, [&](std::string_view key, std::string_view bytes) {
    ByteReader reader(bytes);
    const auto next = ReadI64(reader);
    const auto size = ReadI64(reader);
    const auto first = ReadI64(reader);
    const auto last = ReadI64(reader);
    broken = !next || !size || !first || !last;
    if (broken) return false;
    partition.segments.push_back({keys::Base(key), *next, *size, *first, *last});
    partition.end = *next;
    stats.bytes += *size;
    return true;
  });
  if (!status.ok()) return DiskError(status);
  if (broken) return DiskError(rocksdb::Status::Corruption("a segment's record can't be read"));
  return Ok();
}

Status Core::LoadOffsets() {
  bool broken = false;
  const auto status = ForEachKey(*db_, "O", [&](std::string_view key, std::string_view value) {
    ByteReader name(key.substr(1));
    const auto group = ReadString(name);
    const auto topic = ReadString(name);
    const auto partition = name.U32();
    ByteReader reader(value);
    const auto next = ReadI64(reader);
    broken = !group || !topic || !partition || !next;
    if (broken) return false;
    offsets[{*group, {*topic, static_cast<std::int32_t>(*partition)}}] = {
        *next, std::string(reader.rest())};
    return true;
  });
  if (!status.ok()) return DiskError(status);
  if (broken) return DiskError(rocksdb::Status::Corruption("a group's offset can't be read"));
  return Ok();
}

Topic* Core::FindTopic(std::string_view name) {
  const std::lock_guard lock(mutex);
  const auto found = topics.find(name);
  return found == topics.end() ? nullptr : found->second.get();
}

Result<Topic*> Core::NeedTopic(std::string_view name) {
  if (Topic* topic = FindTopic(name)) return topic;
  return FatalError(errors::kTopicMissing, "there is no topic " + std::string(name) +
                                               ": create it (textback topics create)");
}

Result<Topic*> Core::NeedPartition(const TopicPartition& partition) {
  TB_ASSIGN_OR_RETURN(Topic* const topic, NeedTopic(partition.topic));
  if (partition.partition < 0 ||
      static_cast<std::size_t>(partition.partition) >= topic->partitions.size()) {
    return FatalError(errors::kTopicMissing,
                      partition.topic + " has no partition " + std::to_string(partition.partition) +
                          ", only 0 to " + std::to_string(topic->partitions.size() - 1));
  }
  return topic;
}

Status Core::CreateTopic(const log::TopicSpec& spec) {
  if (!ValidTopicName(spec.name) || spec.partitions < 1 || spec.partitions > kPartitionsMax) {
    return FatalError(errors::kInvalidState, "topic '" + spec.name + "' with " +
                                                 std::to_string(spec.partitions) +
                                                 " partitions can't be created: a name has 1 to "
                                                 "249 of a-z A-Z 0-9 . _ -, partitions are 1 to " +
                                                 std::to_string(kPartitionsMax));
  }
  const std::lock_guard commit(commit_mutex);
  if (const Topic* topic = FindTopic(spec.name)) {
    if (topic->partitions.size() == static_cast<std::size_t>(spec.partitions)) return Ok();
    return FatalError(errors::kPartitionMismatch,
                      "topic " + spec.name + " has " + std::to_string(topic->partitions.size()) +
                          " partitions, not " + std::to_string(spec.partitions) +
                          ": counts never change; use another topic generation");
  }
  auto topic = std::make_unique<Topic>();
  topic->id = next_topic_id_++;
  topic->name = std::make_shared<const std::string>(spec.name);
  topic->compact = spec.compact;
  topic->settings = spec.settings;
  topic->settings["cleanup.policy"] = spec.compact ? "compact" : "delete";
  if (spec.retention_ms >= 0) topic->settings["retention.ms"] = std::to_string(spec.retention_ms);
  topic->partitions.resize(static_cast<std::size_t>(spec.partitions));
  rocksdb::WriteOptions sync;
  sync.sync = true;
  const auto status = db_->Put(sync, keys::Topic(spec.name), EncodeTopic(*topic));
  if (!status.ok()) return DiskError(status);
  const std::lock_guard lock(mutex);
  topics.emplace(spec.name, std::move(topic));
  return Ok();
}

rocksdb::WriteOptions Core::NextSync() {
  rocksdb::WriteOptions write;
  const MonoTime now = clock.Mono();
  write.sync = options.sync == Sync::kEachCommit || now - synced_at_ >= options.sync_interval;
  if (write.sync) synced_at_ = now;
  return write;
}

Status Core::Append(std::vector<Appendix> appendices,
                    const std::map<GroupOffset, log::CommittedOffset>& committed) {
  {
    const std::lock_guard lock(mutex);
    if (failed_) return *failed_;
    if (stats.bytes > options.disk_bytes_max && !appendices.empty()) {
      return RetryError(errors::kQueueFull,
                        "the log has reached its limit of " +
                            std::to_string(options.disk_bytes_max) +
                            " bytes: raise disk_bytes_max or lower the topics' retention");
    }
  }
  // Ends and last segments change under commit_mutex only: they can be read without `mutex`.
  rocksdb::WriteBatch batch;
  std::vector<Segment> segments;
  for (Appendix& appendix : appendices) {
    const Topic& topic = *appendix.topic;
    const Partition& partition = topic.partitions[static_cast<std::size_t>(appendix.partition)];
    const bool open =
        !partition.segments.empty() &&
        partition.segments.back().bytes < Setting(topic, "segment.bytes", options.segment_bytes);
    const std::int64_t now_ms = appendix.blocks.front().appended_ms;
    Segment segment =
        open ? partition.segments.back() : Segment{partition.end, partition.end, 0, now_ms, now_ms};
    for (Block& block : appendix.blocks) {
      block.base += partition.end;
      block.next += partition.end;
      segment.next = block.next;
      segment.bytes += static_cast<std::int64_t>(block.bytes.size());
      segment.last_ms = std::max(segment.last_ms, block.appended_ms);
      batch.Put(keys::Block(topic.id, appendix.partition, block.base), block.bytes);
    }
    batch.Put(keys::Segment(topic.id, appendix.partition, segment.base), EncodeSegment(segment));
    segments.push_back(segment);
  }
  for (const auto& [key, offset] : committed) {
    std::string value;
    AppendI64(value, offset.next_offset);
    value += offset.metadata;
    batch.Put(keys::Offset(key), value);
  }
  if (batch.Count() == 0) return Ok();
  const auto write = NextSync();
  const auto status = db_->Write(write, &batch);
  const std::lock_guard lock(mutex);
  if (!status.ok()) {
    failed_ = DiskError(status);
    return *failed_;
  }
  ++stats.commits;
  stats.syncs += write.sync ? 1 : 0;
  for (std::size_t i = 0; i < appendices.size(); ++i) Publish(appendices[i], segments[i]);
  for (const auto& [key, offset] : committed) offsets[key] = offset;
  TrimTail();
  NotifyChange();
  return Ok();
}

void Core::Publish(Appendix& appendix, const Segment& segment) {
  Partition& partition = appendix.topic->partitions[static_cast<std::size_t>(appendix.partition)];
  if (!partition.segments.empty() && partition.segments.back().base == segment.base) {
    stats.bytes += segment.bytes - partition.segments.back().bytes;
    partition.segments.back() = segment;
  } else {
    stats.bytes += segment.bytes;
    partition.segments.push_back(segment);
  }
  partition.end = segment.next;
  stats.records_appended += static_cast<std::uint64_t>(appendix.records);
  for (Block& block : appendix.blocks) {
    tail_bytes_ += block.bytes.size();
    tail_order_.emplace_back(&partition);
    partition.tail.push_back(std::make_shared<const Block>(std::move(block)));
  }
}

void Core::TrimTail() {
  while (tail_bytes_ > options.tail_bytes && !tail_order_.empty()) {
    Partition& partition = *tail_order_.front();
    tail_order_.pop_front();
    tail_bytes_ -= partition.tail.front()->bytes.size();
    partition.tail.pop_front();
  }
}

log::Consumer::Range Core::Offsets(const Topic& topic, std::int32_t partition) const {
  const std::lock_guard lock(mutex);
  const Partition& p = topic.partitions[static_cast<std::size_t>(partition)];
  return {p.begin, p.end};
}

Status Core::BlocksAt(const Topic& topic, std::int32_t index, std::int64_t offset,
                      std::deque<BlockPtr>& out) {
  const auto& partition = topic.partitions[static_cast<std::size_t>(index)];
  {
    const std::lock_guard lock(mutex);
    if (offset < partition.begin || offset > partition.end) {
      return OutOfRange(topic, index, offset, {partition.begin, partition.end});
    }
    if (offset == partition.end) return Ok();
    const auto& tail = partition.tail;
    if (!tail.empty() && offset >= tail.front()->base) {
      auto at = std::upper_bound(tail.begin(), tail.end(), offset,
                                 [](std::int64_t o, const BlockPtr& b) { return o < b->next; });
      for (std::size_t bytes = 0; at != tail.end() && bytes < kReadAheadBytes; ++at) {
        bytes += (*at)->bytes.size();
        out.push_back(*at);
      }
      return Ok();
    }
  }
  TB_RETURN_IF_ERROR(ReadBlocks(topic, index, offset, out));
  // Retention may have overtaken the read: then what was found isn't what comes next.
  const auto range = Offsets(topic, index);
  if (offset < range.begin) {
    out.clear();
    return OutOfRange(topic, index, offset, range);
  }
  return Ok();
}

Status Core::ReadBlocks(const Topic& topic, std::int32_t partition, std::int64_t offset,
                        std::deque<BlockPtr>& out) {
  const std::string first = keys::Block(topic.id, partition, 0);
  const std::string last =
      keys::Block(topic.id, partition, std::numeric_limits<std::int64_t>::max());
  const rocksdb::Slice lower(first), upper(last);
  rocksdb::ReadOptions read;
  read.iterate_lower_bound = &lower;
  read.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(read));
  it->SeekForPrev(keys::Block(topic.id, partition, offset));
  if (!it->Valid() && it->status().ok()) it->SeekToFirst();
  for (std::size_t bytes = 0; it->Valid() && bytes < kReadAheadBytes; it->Next()) {
    auto block = ParseBlock(keys::Base(it->key().ToStringView()), it->value().ToString());
    if (!block)
      return DiskError(rocksdb::Status::Corruption("a block of " + *topic.name + " can't be read"));
    if (block->next <= offset) continue;
    bytes += block->bytes.size();
    out.push_back(std::make_shared<const Block>(*std::move(block)));
  }
  return it->status().ok() ? Ok() : Status(DiskError(it->status()));
}

std::int64_t Core::Setting(const Topic& topic, const char* name, std::int64_t otherwise) {
  const auto found = topic.settings.find(name);
  if (found == topic.settings.end()) return otherwise;
  std::int64_t value = otherwise;
  const std::string& text = found->second;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace textback::log_embedded
