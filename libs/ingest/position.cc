#include "ingest/position.h"

#include <charconv>

#include "textback/state/v1/ingest.pb.h"

namespace textback::ingest {
namespace {

constexpr std::uint32_t kVersion = 1;

// The number at the front of `text`, which must be followed by `end` ('\0': by nothing).
template <class T>
bool TakeNumber(std::string_view& text, char end, T& number) {
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(at - text.data()));
  if (end == '\0') return text.empty();
  if (!text.starts_with(end)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string KeyOf(std::string_view name, const FileKey& key) {
  return std::string(name) + "/" + std::to_string(key.file.device) + ":" +
         std::to_string(key.file.inode) + ":" + std::to_string(key.generation);
}

std::optional<FileKey> ParseKey(std::string_view name, std::string_view key) {
  if (!key.starts_with(name)) return std::nullopt;
  key.remove_prefix(name.size());
  if (!key.starts_with('/')) return std::nullopt;
  key.remove_prefix(1);
  FileKey parsed;
  const bool whole = TakeNumber(key, ':', parsed.file.device) &&
                     TakeNumber(key, ':', parsed.file.inode) &&
                     TakeNumber(key, '\0', parsed.generation);
  return whole ? std::optional(parsed) : std::nullopt;
}

std::string Encode(const Position& position) {
  state::v1::IngestPosition proto;
  proto.set_version(kVersion);
  proto.set_path(position.path);
  proto.set_offset(position.offset);
  proto.set_in_oversized(position.in_oversized);
  proto.set_head_hash(position.fingerprint.head);
  proto.set_tail_hash(position.fingerprint.tail);
  proto.set_gone_at_ms(position.gone_at_ms);
  return proto.SerializeAsString();
}

Result<Position> ParsePosition(std::string_view bytes) {
  state::v1::IngestPosition proto;
  if (!proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      proto.version() != kVersion) {
    return FatalError("ingest_position_unreadable",
                      "a position on the log was written by a newer build, or by another program: "
                      "start the build that wrote it");
  }
  return Position{.path = proto.path(),
                  .offset = proto.offset(),
                  .in_oversized = proto.in_oversized(),
                  .fingerprint = {proto.head_hash(), proto.tail_hash()},
                  .gone_at_ms = proto.gone_at_ms()};
}

}  // namespace textback::ingest
