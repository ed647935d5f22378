// Inside the embedded log: compaction of one partition of a compact topic, in rounds.
//
// As the broker's cleaner: the keys of the part that is new since the last round are read, with the
// offset of each key's last record; then all closed segments are rewritten, oldest first, without
// the records that a later one of these supersedes, and without tombstones that could be read for
// long enough. A segment is rewritten in one atomic write. The last (open) segment is left alone.
// Offsets never change; readers jump over those whose record is gone.
//
// Memory: the keys (compaction_keys_max; more are left to the next round) and one segment.
// Threads: the Core's maintain_mutex is held.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "log_embedded/core.h"

namespace textback::log_embedded {

class Compaction {
 public:
  Compaction(Core& core, Topic& topic, std::int32_t partition, std::int64_t now_ms);
  // Cleans until it is no longer worth while.
  Status Run();

 private:
  struct Plan {
    std::int64_t dirty_from = 0;
    std::int64_t end = 0;
    std::vector<Segment> segments;  // closed, from the beginning
  };
  // A segment's new content.
  struct Rewritten {
    std::vector<Block> blocks;
    std::int64_t bytes = 0;
    std::uint64_t dropped = 0;
  };
  using Visit = std::function<Status(const Block&)>;

  // nullopt: not worth while yet.
  std::optional<Plan> MakePlan() const;
  Status RunRound(Plan& plan);
  Status ReadKeys(Plan& plan);
  Status Clean(const Segment& segment);
  Status Rewrite(const Segment& segment, const std::vector<Block>& blocks, Rewritten& out) const;
  bool Superseded(const BlockRecord& record, const Block& block) const;
  Status Replace(const Segment& segment, const std::vector<Block>& old_blocks,
                 const Rewritten& rewritten);
  Status ForEachBlock(std::int64_t begin, std::int64_t end, const Visit& visit) const;
  Error Broken() const;

  Core& core_;
  Topic& topic_;
  const std::int32_t partition_;
  const std::int64_t tombstones_before_ms_;
  std::int64_t end_ = 0;
  std::unordered_map<std::string, std::int64_t> last_;  // offset of each key's last record
};

}  // namespace textback::log_embedded
