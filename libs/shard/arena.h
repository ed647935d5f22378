// Memory for the byte strings of one batch: given out by moving a pointer, freed all at once.
//
// Keeps its blocks over Clear, so that a busy shard stops asking the heap. Threads: none. Lifetime:
// views live until Clear.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace textback::shard {

// For absl's maps with byte strings as keys. (Debian builds absl for C++14, where its string_view
// isn't std's, and its own defaults don't take std's.)
struct BytesHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view bytes) const {
    return absl::HashOf(absl::string_view(bytes.data(), bytes.size()));
  }
};
struct BytesEqual {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const { return a == b; }
};

class Arena {
 public:
  std::string_view Copy(std::string_view bytes) {
    if (bytes.empty()) return {};
    if (left_ < bytes.size()) Grow(bytes.size());
    char* const at = next_;
    std::memcpy(at, bytes.data(), bytes.size());
    next_ += bytes.size();
    left_ -= bytes.size();
    return {at, bytes.size()};
  }

  void Clear() {
    // Blocks of unusual size go back; the usual ones stay, up to what one batch may fairly need.
    std::erase_if(blocks_, [](const Block& block) { return block.size != kBlock; });
    if (blocks_.size() > kBlocksKept) blocks_.resize(kBlocksKept);
    used_ = 0;
    next_ = nullptr;
    left_ = 0;
  }

 private:
  static constexpr std::size_t kBlock = 256 * 1024;
  static constexpr std::size_t kBlocksKept = 64;
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };

  void Grow(std::size_t need) {
    if (need > kBlock / 4) {  // a block of its own, behind the one in use
      blocks_.push_back({std::make_unique_for_overwrite<char[]>(need), need});
      std::rotate(blocks_.begin() + static_cast<std::ptrdiff_t>(used_), blocks_.end() - 1,
                  blocks_.end());
    } else if (used_ == blocks_.size()) {
      blocks_.push_back({std::make_unique_for_overwrite<char[]>(kBlock), kBlock});
    }
    next_ = blocks_[used_].bytes.get();
    left_ = blocks_[used_].size;
    ++used_;
  }

  std::vector<Block> blocks_;
  std::size_t used_ = 0;  // blocks before it are handed out from
  char* next_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace textback::shard
