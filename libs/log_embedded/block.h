// Records of one partition as they lie on disk: in blocks, one RocksDB value each.
//
// Layout (integers big-endian, varints as in protobuf):
//   version(1) span(4) count(4) appended_ms(8)                          17 bytes
//   count times: offset - base, timestamp_ms (zigzag), key length, key,
//                0 for a tombstone or value length + 1, value           lengths and numbers varints
// A block stands for the offsets [base, base + span); base is in its key. After compaction some of
// these offsets have no record any more.
//
// RocksDB checks the bytes (CRC32C); still, a block that doesn't parse is an error, never a crash.
//
// Thread safety: a Block is immutable; builder and cursor belong to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "log/log.h"

namespace textback::log_embedded {

struct Block {
  std::int64_t base = 0;
  std::int64_t next = 0;  // base + span
  std::uint32_t count = 0;
  std::int64_t appended_ms = 0;
  std::string bytes;  // with the header
};
using BlockPtr = std::shared_ptr<const Block>;

// nullopt: not a block of this format.
std::optional<Block> ParseBlock(std::int64_t base, std::string bytes);

// Collects records that will get consecutive offsets, or (compaction) have theirs already.
class BlockBuilder {
 public:
  BlockBuilder();

  // `offset` relative to the base; greater than the last one's.
  void Add(std::uint32_t offset, std::int64_t timestamp_ms, std::string_view key,
           std::optional<std::string_view> value);
  // Ends the block. The builder is empty afterwards.
  Block Finish(std::int64_t base, std::uint32_t span, std::int64_t appended_ms);

  std::uint32_t count() const { return count_; }
  std::size_t bytes() const { return bytes_.size(); }

 private:
  std::string bytes_;
  std::uint32_t count_ = 0;
};

// One record, its views into the block.
struct BlockRecord {
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;
  std::string_view key;
  std::optional<std::string_view> value;
};

// Walks a block from its first record.
class BlockCursor {
 public:
  explicit BlockCursor(const Block& block);
  // nullopt at the end, or at what doesn't parse (then `broken`).
  std::optional<BlockRecord> Next();
  bool broken() const { return broken_; }

 private:
  std::int64_t base_;
  std::int64_t next_;
  std::uint32_t left_;
  ByteReader reader_;
  bool broken_ = false;
};

}  // namespace textback::log_embedded
