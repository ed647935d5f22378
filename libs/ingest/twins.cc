#include "ingest/twins.h"

#include <algorithm>
#include <string>

#include "base/hash.h"

namespace textback::ingest {

void Twins::Add(const FileKey& key, const Position& position) {
  if (position.offset > 0) by_head_[HeadOf(position)].insert(key);
}

void Twins::Remove(const FileKey& key, const Position& position) {
  const auto found = by_head_.find(HeadOf(position));
  if (found == by_head_.end()) return;
  found->second.erase(key);
  if (found->second.empty()) by_head_.erase(found);
}

Result<std::set<FileKey>> Twins::WithHeadOf(const InputFile& file) const {
  std::set<FileKey> alike;
  std::string head;
  TB_RETURN_IF_ERROR(file.ReadAt(0, kFingerprintBytes, head));
  // Once for each length that any known file has.
  for (auto at = by_head_.begin(); at != by_head_.end() && at->first.first <= head.size();) {
    const auto length = at->first.first;
    const auto found =
        by_head_.find({length, StableHash64(std::string_view(head).substr(0, length))});
    if (found != by_head_.end()) alike.insert(found->second.begin(), found->second.end());
    at = by_head_.lower_bound({length + 1, 0});
  }
  return alike;
}

}  // namespace textback::ingest
