// How far the network elements that write files have come: one document a partition.
//
// A call of a file source may have a further record in another node's file, which comes minutes
// later. So it waits until every such node has written records that end well after the call
// (SettleProfile.past_end_ms), at most settle_ms. Intake says in its watermarks which nodes it has
// heard and up to where; here that is remembered across restarts.
//
// What a node has come to counts for a timer due at D only if it was said by then: only then do the
// partition's low watermarks prove that all records before it have been read (ADR 0020).
//
// Threads: none; a value.
#pragma once

#include <cstdint>
#include <string_view>

#include "policy/decide.h"
#include "textback/state/v1/nodes.pb.h"
#include "textback/v1/watermark.pb.h"

namespace textback::decide {

// The key of the partition's document; no customer and no call has it.
inline constexpr std::string_view kNodesKey = "nodes";
inline constexpr int kNodesMax = 1'024;
inline constexpr int kStepsMax = 8;
inline constexpr std::int64_t kStepMs = 10'000;
// A node that has written nothing for so long is gone: it no longer holds calls back.
inline constexpr std::int64_t kNodeMemoryMs = 7 * policy::kDayMs;

inline constexpr std::uint32_t kNodesVersion = 1;

using NodesDocument = state::v1::NodesDocument;

// kRebuild: the bytes are no such document. kFatal: written by a newer version of this program.
Status ParseNodes(std::string_view bytes, NodesDocument& nodes);

// Takes what a watermark says of nodes. False: nothing new, the document needs no write.
bool HearNodes(const v1::Watermark& watermark, NodesDocument& nodes);

// As of event time `due_ms`. Of no nodes: nothing is known.
policy::NodesProgress ProgressOf(const NodesDocument& nodes, std::int64_t due_ms);

}  // namespace textback::decide
