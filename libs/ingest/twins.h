// Which known file holds what another one holds: finds copies (copytruncate, a move to another file
// system, a device that has another number after a reboot) by what has been produced of them.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/result.h"
#include "ingest/input_file.h"
#include "ingest/position.h"

namespace textback::ingest {

class Twins {
 public:
  void Add(const FileKey& key, const Position& position);
  void Remove(const FileKey& key, const Position& position);
  void Clear() { by_head_.clear(); }

  // The one whose produced bytes `file` begins with; of several the one that has come furthest.
  // `positions(key)` gives its Position.
  template <class PositionOfKey>
  Result<std::optional<FileKey>> Find(const InputFile& file, const PositionOfKey& positions) const;

 private:
  // Bytes that the head's hash is of (fewer in short files), and the hash.
  using Head = std::pair<std::uint64_t, std::uint64_t>;
  static Head HeadOf(const Position& position) {
    return {std::min(position.offset, kFingerprintBytes), position.fingerprint.head};
  }
  Result<std::set<FileKey>> WithHeadOf(const InputFile& file) const;

  std::map<Head, std::set<FileKey>> by_head_;
};

template <class PositionOfKey>
Result<std::optional<FileKey>> Twins::Find(const InputFile& file,
                                           const PositionOfKey& positions) const {
  std::optional<FileKey> best;
  if (by_head_.empty()) return best;
  TB_ASSIGN_OR_RETURN(const auto stat, file.Stat());
  TB_ASSIGN_OR_RETURN(const auto alike, WithHeadOf(file));
  std::uint64_t furthest = 0;
  for (const auto& key : alike) {
    const Position& position = positions(key);
    if (position.offset > stat.size || position.offset <= furthest) continue;
    TB_ASSIGN_OR_RETURN(const auto fingerprint, file.FingerprintAt(position.offset));
    if (fingerprint != position.fingerprint) continue;
    best = key;
    furthest = position.offset;
  }
  return best;
}

}  // namespace textback::ingest
