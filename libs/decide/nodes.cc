#include "decide/nodes.h"

#include <algorithm>
#include <string>

#include "base/planted.h"

namespace textback::decide {
namespace {

using state::v1::NodeProgress;

NodeProgress* Find(NodesDocument& nodes, const v1::NodeProgress& said) {
  const auto found = std::find_if(
      nodes.mutable_nodes()->begin(), nodes.mutable_nodes()->end(), [&](const NodeProgress& node) {
        return node.source() == said.source() && node.node() == said.node();
      });
  return found == nodes.mutable_nodes()->end() ? nullptr : &*found;
}

// Steps are told apart by some seconds, so that a few of them reach back further than timers lag.
bool Advance(const v1::NodeProgress& said, std::int64_t at_ms, NodeProgress& node) {
  auto& steps = *node.mutable_steps();
  if (!steps.empty()) {
    auto& last = *steps.rbegin();
    if (said.ended_through_ms() <= last.ended_through_ms()) {
      // Records without a node's name: they never come further, and must not be forgotten.
      if (said.ended_through_ms() > 0 || at_ms - last.at_ms() < policy::kHourMs) return false;
      last.set_at_ms(at_ms);
      return true;
    }
    const bool close = steps.size() > 1 && at_ms - steps.at(steps.size() - 2).at_ms() < kStepMs;
    if (close) steps.RemoveLast();
    if (steps.size() == kStepsMax) steps.erase(steps.begin());
  }
  auto& step = *steps.Add();
  step.set_ended_through_ms(said.ended_through_ms());
  step.set_at_ms(at_ms);
  return true;
}

bool ForgetSilent(std::int64_t now_ms, NodesDocument& nodes) {
  auto& all = *nodes.mutable_nodes();
  const auto kept = std::remove_if(all.begin(), all.end(), [&](const NodeProgress& node) {
    return node.steps().rbegin()->at_ms() + kNodeMemoryMs < now_ms;
  });
  if (kept == all.end()) return false;
  all.erase(kept, all.end());
  return true;
}

// The newest that was said by then; 0: none.
std::int64_t EndedThrough(const NodeProgress& node, std::int64_t due_ms) {
  std::int64_t through_ms = 0;
  for (const auto& step : node.steps()) {
    if (step.at_ms() <= due_ms) through_ms = step.ended_through_ms();
  }
  return through_ms;
}

}  // namespace

Status ParseNodes(std::string_view bytes, NodesDocument& nodes) {
  if (!nodes.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return RebuildError("document_corrupt",
                        "what is known of the nodes can't be parsed: the partition's store is "
                        "suspect and is restored from the changelog");
  }
  if (nodes.version() > kNodesVersion) {
    return FatalError("document_version",
                      "what is known of the nodes has version " + std::to_string(nodes.version()) +
                          ", this program knows " + std::to_string(kNodesVersion) +
                          ": run the release that wrote it, or a later one");
  }
  return Ok();
}

bool HearNodes(const v1::Watermark& watermark, NodesDocument& nodes) {
  const std::int64_t at_ms = watermark.written_at_ms();
  bool changed = false;
  for (const auto& said : watermark.nodes()) {
    NodeProgress* node = Find(nodes, said);
    if (node == nullptr) {
      if (nodes.nodes_size() == kNodesMax) {
        changed |= !nodes.incomplete();
        nodes.set_incomplete(true);
        continue;
      }
      node = nodes.add_nodes();
      node->set_source(said.source());
      node->set_node(said.node());
      if (nodes.since_ms() == 0) nodes.set_since_ms(at_ms);
    }
    changed |= Advance(said, at_ms, *node);
  }
  return (!watermark.nodes().empty() && ForgetSilent(at_ms, nodes)) || changed;
}

policy::NodesProgress ProgressOf(const NodesDocument& nodes, std::int64_t due_ms) {
  policy::NodesProgress progress;
  if (nodes.nodes().empty()) return progress;
  progress.known_since_ms = nodes.since_ms();
  progress.ended_through_ms = Planted(Bug::kFirstNodeSettles) ? 0 : policy::kNever;
  for (const auto& node : nodes.nodes()) {
    const std::int64_t through_ms = EndedThrough(node, due_ms);
    progress.ended_through_ms = Planted(Bug::kFirstNodeSettles)
                                    ? std::max(progress.ended_through_ms, through_ms)
                                    : std::min(progress.ended_through_ms, through_ms);
  }
  // A node that isn't known by name can't be waited for.
  if (nodes.incomplete()) progress.ended_through_ms = 0;
  return progress;
}

}  // namespace textback::decide
