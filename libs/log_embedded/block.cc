#include "log_embedded/block.h"

#include <bit>
#include <utility>

#include "base/assert.h"

namespace textback::log_embedded {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 1 + 4 + 4 + 8;

void AppendVarint(std::string& out, std::uint64_t v) {
  while (v >= 0x80) {
    out.push_back(static_cast<char>((v & 0x7f) | 0x80));
    v >>= 7;
  }
  out.push_back(static_cast<char>(v));
}

std::uint64_t ZigZag(std::int64_t v) {
  return (static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63);
}
std::int64_t UnZigZag(std::uint64_t v) {
  return static_cast<std::int64_t>((v >> 1) ^ (~(v & 1) + 1));
}

}  // namespace

std::optional<Block> ParseBlock(std::int64_t base, std::string bytes) {
  ByteReader reader(bytes);
  const auto version = reader.U8();
  const auto span = reader.U32();
  const auto count = reader.U32();
  const auto appended = reader.U64();
  if (version != kVersion || !span || !count || !appended || *count > *span) return std::nullopt;
  return Block{base, base + *span, *count, std::bit_cast<std::int64_t>(*appended),
               std::move(bytes)};
}

BlockBuilder::BlockBuilder() : bytes_(kHeaderBytes, '\0') {}

void BlockBuilder::Add(std::uint32_t offset, std::int64_t timestamp_ms, std::string_view key,
                       std::optional<std::string_view> value) {
  AppendVarint(bytes_, offset);
  AppendVarint(bytes_, ZigZag(timestamp_ms));
  AppendVarint(bytes_, key.size());
  bytes_ += key;
  AppendVarint(bytes_, value ? value->size() + 1 : 0);
  if (value) bytes_ += *value;
  ++count_;
}

Block BlockBuilder::Finish(std::int64_t base, std::uint32_t span, std::int64_t appended_ms) {
  TB_ASSERT(count_ <= span);
  std::string header;
  AppendU8(header, kVersion);
  AppendU32(header, span);
  AppendU32(header, count_);
  AppendU64(header, std::bit_cast<std::uint64_t>(appended_ms));
  bytes_.replace(0, kHeaderBytes, header);
  Block block{base, base + span, count_, appended_ms, std::move(bytes_)};
  *this = BlockBuilder();
  return block;
}

BlockCursor::BlockCursor(const Block& block)
    : base_(block.base),
      next_(block.next),
      left_(block.count),
      reader_(std::string_view(block.bytes).substr(kHeaderBytes)) {}

std::optional<BlockRecord> BlockCursor::Next() {
  if (left_ == 0 || broken_) return std::nullopt;
  broken_ = true;  // until all of it was there
  const auto offset = reader_.Varint();
  const auto timestamp = reader_.Varint();
  const auto key_size = reader_.Varint();
  if (!offset || !timestamp || !key_size) return std::nullopt;
  const auto key = reader_.Bytes(*key_size);
  const auto value_size = reader_.Varint();
  if (!key || !value_size) return std::nullopt;
  BlockRecord record{base_, UnZigZag(*timestamp), *key, std::nullopt};
  if (*offset >= static_cast<std::uint64_t>(next_ - base_)) return std::nullopt;
  record.offset += static_cast<std::int64_t>(*offset);
  if (*value_size > 0) {
    record.value = reader_.Bytes(*value_size - 1);
    if (!record.value) return std::nullopt;
  }
  broken_ = false;
  --left_;
  return record;
}

}  // namespace textback::log_embedded
