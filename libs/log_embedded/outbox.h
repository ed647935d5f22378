// Inside the embedded log: records on their way into one commit, encoded as they come.
//
// Thread safety: none; one per producer or writer.
#pragma once

#include <map>
#include <utility>

#include "log_embedded/core.h"

namespace textback::log_embedded {

class Outbox {
 public:
  explicit Outbox(Core& core) : core_(core) {}

  // Without `partition` murmur2 of the key chooses. kDeadLetter: too large for any log; kFatal: no
  // such topic or partition.
  Status Add(std::string_view topic, std::optional<std::int32_t> partition, std::string_view key,
             std::optional<std::string_view> value, std::int64_t timestamp_ms);
  // All of it, for Core::Append; empty afterwards.
  std::vector<Appendix> Take();
  void Clear();
  std::size_t bytes() const { return bytes_; }
  bool empty() const { return open_.empty(); }

 private:
  static constexpr std::size_t kRecordOverhead = 16;  // lengths, offset, time
  struct Open {
    Appendix appendix;
    BlockBuilder builder;
    std::int64_t block_base = 0;  // from 0
  };
  void FinishBlock(Open& open);

  Core& core_;
  Topic* last_topic_ = nullptr;
  std::map<std::pair<std::uint32_t, std::int32_t>, Open> open_;
  std::size_t bytes_ = 0;
};

}  // namespace textback::log_embedded
