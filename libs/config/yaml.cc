#include "config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "base/bytes.h"
#include "config/reader.h"

namespace textback::config {
namespace {

Position At(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

// Leaves yaml-cpp's parser from inside a handler; caught in ParseYaml.
struct Stop {
  Problem problem;
};

std::size_t CountNodes(const Node& node) {
  std::size_t n = 1;
  for (const auto& item : node.items) n += CountNodes(item);
  for (const auto& entry : node.entries) n += 1 + CountNodes(entry.value);
  return n;
}

std::size_t DepthOf(const Node& node) {
  std::size_t deepest = 0;
  for (const auto& item : node.items) deepest = std::max(deepest, DepthOf(item));
  for (const auto& entry : node.entries) deepest = std::max(deepest, DepthOf(entry.value));
  return deepest + (node.kind == Node::Kind::kList || node.kind == Node::Kind::kMap ? 1 : 0);
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const Limits& limits, std::vector<Problem>& problems)
      : limits_(limits), problems_(problems) {}

  Node TakeRoot() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.at = At(mark);
    Add(std::move(node), anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node;
    node.kind = Node::Kind::kScalar;
    node.at = At(mark);
    node.scalar = value;
    Add(std::move(node), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Stop{{At(mark), "this alias stands inside its own anchor"}};
    if (open_.size() + DepthOf(found->second) > limits_.depth) throw TooDeep(At(mark));
    Spend(CountNodes(found->second), At(mark));
    spent_ -= 1;  // Add counts the top of the copy again
    Add(found->second, YAML::NullAnchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Begin(Node::Kind::kList, At(mark), anchor);
  }
  void OnSequenceEnd() override { End(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Begin(Node::Kind::kMap, At(mark), anchor);
  }
  void OnMapEnd() override { End(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    std::optional<Entry> key;           // of a map: read, its value is still to come
    std::map<std::string, int> seen{};  // of a map: key -> line
  };

  Stop TooDeep(Position at) const {
    return {{at, "nested deeper than " + std::to_string(limits_.depth) + " levels"}};
  }

  void Spend(std::size_t nodes, Position at) {
    spent_ += nodes;
    if (spent_ > limits_.nodes) {
      throw Stop{{at, "more than " + std::to_string(limits_.nodes) +
                          " keys and values, aliases expanded"}};
    }
  }

  void Begin(Node::Kind kind, Position at, YAML::anchor_t anchor) {
    if (open_.size() >= limits_.depth) throw TooDeep(at);
    Open open{{}, anchor, std::nullopt};
    open.node.kind = kind;
    open.node.at = at;
    open_.push_back(std::move(open));
  }

  void End() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    Add(std::move(closed.node), closed.anchor);
  }

  void Add(Node node, YAML::anchor_t anchor) {
    Spend(1, node.at);
    if (anchor != YAML::NullAnchor) {
      Spend(CountNodes(node), node.at);  // the copy kept for aliases costs memory too
      anchors_[anchor] = node;
    }
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (Open& parent = open_.back(); parent.node.kind == Node::Kind::kList) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      parent.key = AsKey(parent, node);
    } else {
      parent.key->value = std::move(node);
      // A refused key's value is read past, so that later problems are found too.
      if (!parent.key->key.empty()) parent.node.entries.push_back(std::move(*parent.key));
      parent.key.reset();
    }
  }

  // The empty key stands for one that was refused.
  Entry AsKey(Open& parent, const Node& node) {
    Entry entry{{}, node.at, {}};
    if (node.kind != Node::Kind::kScalar || node.scalar.empty()) {
      Refuse(node.at, "expected a key: a word before a colon");
    } else if (node.scalar == "<<") {
      Refuse(node.at, "merge keys (<<) aren't supported; write the keys out");
    } else if (const auto [it, fresh] = parent.seen.emplace(node.scalar, node.at.line); !fresh) {
      Refuse(node.at, internal::Quoted(node.scalar) + " is given twice; first in line " +
                          std::to_string(it->second));
    } else {
      entry.key = node.scalar;
    }
    return entry;
  }

  void Refuse(Position at, std::string message) {
    problems_.push_back({at, std::move(message)});
    if (problems_.size() > limits_.problems) throw Stop{{at, "too many problems; stopped reading"}};
  }

  const Limits& limits_;
  std::vector<Problem>& problems_;
  Node root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::size_t spent_ = 0;
};

std::optional<Problem> CheckText(std::string_view text, const Limits& limits) {
  if (text.size() > limits.bytes) {
    return Problem{{},
                   "the file has " + std::to_string(text.size()) + " bytes; at most " +
                       std::to_string(limits.bytes) + " are read"};
  }
  if (IsUtf8(text) && text.find('\0') == std::string_view::npos) return std::nullopt;
  // Name the first line that is at fault.
  int line = 1;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const auto end = std::min(text.find('\n', begin), text.size());
    const auto row = text.substr(begin, end - begin);
    if (!IsUtf8(row) || row.find('\0') != std::string_view::npos) break;
    begin = end + 1;
  }
  return Problem{{line, 1}, "this line isn't UTF-8 text"};
}

}  // namespace

Node ParseYaml(std::string_view text, const Limits& limits, std::vector<Problem>& problems) {
  Node empty;
  empty.kind = Node::Kind::kMap;
  empty.at = {1, 1};
  if (auto problem = CheckText(text, limits)) {
    problems.push_back(std::move(*problem));
    return empty;
  }
  TreeBuilder builder(limits, problems);
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    const bool any = parser.HandleNextDocument(builder);
    Node root = builder.TakeRoot();
    TreeBuilder second(limits, problems);
    if (any && parser.HandleNextDocument(second)) {
      problems.push_back({second.TakeRoot().at, "a second document (---) isn't read; remove it"});
    }
    if (any && root.kind != Node::Kind::kNull) return root;
  } catch (const Stop& stop) {
    problems.push_back(stop.problem);
  } catch (const YAML::Exception& e) {
    const Position at = e.mark.is_null() ? Position{} : At(e.mark);
    problems.push_back({at, "not YAML: " + e.msg});
  }
  return empty;
}

}  // namespace textback::config
