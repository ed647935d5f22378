#include "intake/nodes.h"

#include <algorithm>

namespace textback::intake {

Nodes::Progress& Nodes::Of(const v1::CallRecord& record) {
  // A file's records follow each other: most are of the node of the last.
  if (last_ != nodes_.end() && last_->first.first == record.source() &&
      last_->first.second == record.node()) {
    return last_->second;
  }
  std::pair key{record.source(), record.node()};
  if (nodes_.size() >= kNodesMax && !nodes_.contains(key)) key.second.clear();
  last_ = nodes_.try_emplace(std::move(key)).first;
  return last_->second;
}

void Nodes::Note(const v1::CallRecord& record) {
  auto& progress = Of(record);
  const bool named = !last_->first.second.empty();
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
