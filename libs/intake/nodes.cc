#include "intake/nodes.h"

#include <algorithm>

namespace textback::intake {

void Nodes::Note(const v1::CallRecord& record) {
  std::pair key{record.source(), record.node()};
  if (nodes_.size() >= kNodesMax && !nodes_.contains(key)) key.second.clear();
  const bool named = !key.second.empty();
  auto& progress = nodes_[std::move(key)];
  if (!named || record.ended_at_ms() <= progress.ended_through_ms) return;
  progress.ended_through_ms = record.ended_at_ms();
  progress.told = false;
}

void Nodes::Tell(std::int64_t now_ms, v1::Watermark& watermark) {
  for (auto& [key, progress] : nodes_) {
    if (progress.told) continue;
    progress.told = true;
    auto& said = *watermark.add_nodes();
    said.set_source(key.first);
    said.set_node(key.second);
    // A node whose clock is ahead hasn't written what is still to come.
    said.set_ended_through_ms(std::min(progress.ended_through_ms, now_ms));
  }
}

void Nodes::TellAllAgain() {
  for (auto& [key, progress] : nodes_) progress.told = false;
}

}  // namespace textback::intake
