// Which network elements have written up to where, for the watermarks (ADR 0020).
//
// Of sources with SettleProfile.past_end_ms only: all their records count, also those of nobody's
// lines. Nodes that have advanced are told once; after a rewind all of them again, since the
// watermark may not have been written.
//
// Bounded: kNodesMax nodes by name; what is beyond counts as a node without a name, which never
// comes any further, so that calls wait to the end. Threads: the intake's.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "textback/v1/call_record.pb.h"
#include "textback/v1/watermark.pb.h"

namespace textback::intake {

inline constexpr std::size_t kNodesMax = 1'024;

class Nodes {
 public:
  Nodes() = default;
  Nodes(const Nodes&) = delete;  // last_ points into nodes_
  Nodes& operator=(const Nodes&) = delete;

  // Only with settle().past_end_ms() > 0.
  void Note(const v1::CallRecord& record);
  // Adds those that have advanced since the last time.
  void Tell(std::int64_t now_ms, v1::Watermark& watermark);
  void TellAllAgain();

 private:
  struct Progress {
    std::int64_t ended_through_ms = 0;
    bool told = false;
  };
  using Map = std::map<std::pair<std::string, std::string>, Progress>;  // by source and node

  Progress& Of(const v1::CallRecord& record);

  Map nodes_;
  Map::iterator last_ = nodes_.end();  // of the last record
};

}  // namespace textback::intake
