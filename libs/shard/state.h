// What the runtime itself keeps of a partition: positions, time, watermarks, tallies.
//
// Written with every transaction, as the document under kStateKey: into the changelog, where it is
// the authority on how far the partition has come (exactly-once.md, stream point 6), and by Apply
// into the store, so that a restore that starts behind it still has it. The tallies also travel in
// the metadata of the offset commit (stream point 15), where tools read them without the changelog:
//
//   "1 decision=812 duplicate=4 late=0"     version, then name=count, sorted by name
//
// Threads: none. Lifetime: a Names outlives the States that are read and written with it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/result.h"
#include "shard/arena.h"
#include "shard/processor.h"

namespace textback::shard {

// Reserved (processor.h): no document of a processor has it.
inline constexpr std::string_view kStateKey{"\0partition", 10};
// The broker's default offset.metadata.max.bytes.
inline constexpr std::size_t kOffsetMetadataMax = 4'096;
inline constexpr std::int64_t kNoPosition = -1;

// The tallies' names, numbered in order of first use; one per shard. Names are literals of a
// bounded set: all of them together, with the longest counts, must fit into an offset's metadata.
class Names {
 public:
  // The number of `name`; a new one if there is room, else nullopt.
  std::optional<std::size_t> Find(std::string_view name);
  const std::string& operator[](std::size_t i) const { return *sorted_names_[i]; }
  std::size_t size() const { return sorted_names_.size(); }
  // Numbers in order of name.
  const std::map<std::string, std::size_t, std::less<>>& sorted() const { return sorted_; }

 private:
  absl::flat_hash_map<std::string, std::size_t, BytesHash, BytesEqual> numbers_;
  std::map<std::string, std::size_t, std::less<>> sorted_;
  std::vector<const std::string*> sorted_names_;
  std::size_t bytes_ = 2;  // of the metadata with the longest counts
};

struct SourceMark {
  std::int64_t low_watermark_ms = 0;
  std::int64_t heard_at_ms = 0;
};

struct State {
  std::vector<std::int64_t>
      positions;  // per input of the configuration: next offset, or kNoPosition
  std::map<std::string, std::int64_t> other_positions;  // of inputs that this build doesn't read
  std::int64_t now_ms = 0;
  std::int64_t forgotten_through_ms = kNothingForgotten;
  std::map<std::string, SourceMark, std::less<>> sources;
  std::vector<std::int64_t> tallies;  // per number of Names; what lies beyond the end is 0
  std::uint64_t transactions = 0;
};

State NewState(const std::vector<std::string>& inputs);

// Appends the serialised textback.state.v1.PartitionState.
void AppendState(const State& state, const std::vector<std::string>& inputs, const Names& names,
                 std::string& out);
// kRebuild-free: what can't be read is kFatal ("partition_state_unreadable"), for the caller to
// halt on.
Result<State> ParseState(std::string_view bytes, const std::vector<std::string>& inputs,
                         Names& names);

std::string EncodeTallies(const State& state, const Names& names);
// For tools: what an offset's metadata says. nullopt: not ours.
std::optional<std::map<std::string, std::int64_t>> ParseTallies(std::string_view metadata);

}  // namespace textback::shard
