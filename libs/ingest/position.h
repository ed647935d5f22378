// How far a file has been produced, and what proves that it is still the same file.
//
// A name doesn't: rotation renames. An inode doesn't: it is given to another file once it is free,
// and copytruncate empties a file under it. So a file is its device and inode, a generation that
// counts how often these were found to hold something else, and hashes of what has been produced
// of it: the first and the last bytes before the offset. If those still stand there, so does the
// rest. A copy is known by the same hashes under another inode.
//
// On the log: key and value of a record of `ingest.positions` (proto/textback/state/v1).
//
// Thread safety: values and pure functions.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace textback::ingest {

struct FileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  auto operator<=>(const FileId&) const = default;
};

struct FileKey {
  FileId file;
  std::uint32_t generation = 0;
  auto operator<=>(const FileKey&) const = default;
};

inline constexpr std::uint64_t kFingerprintBytes = 1'024;

// Of the first and the last kFingerprintBytes before an offset.
struct Fingerprint {
  std::uint64_t head = 0;
  std::uint64_t tail = 0;
  bool operator==(const Fingerprint&) const = default;
};

struct Position {
  std::string path;          // where the file was first seen
  std::uint64_t offset = 0;  // behind the last record that is in the log
  bool in_oversized = false;
  Fingerprint fingerprint;
  std::int64_t gone_at_ms = 0;  // 0: it is there
};

std::string KeyOf(std::string_view name, const FileKey& key);
// nullopt: of another ingester.
std::optional<FileKey> ParseKey(std::string_view name, std::string_view key);
std::string Encode(const Position& position);
// kFatal ("ingest_position_unreadable"): written by a newer build.
Result<Position> ParsePosition(std::string_view bytes);

}  // namespace textback::ingest
