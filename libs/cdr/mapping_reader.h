// What the compiler of mapping files reads with: sections whose unknown keys are refused, and the
// numbering of columns and paths. Internal to mapping.cc.
//
// Threads: one, at start.
#pragma once

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cdr/mapping.h"
#include "config/reader.h"
#include "config/yaml.h"

namespace textback::cdr::mapping::internal {

using config::Node;
using config::Position;
using config::Problem;

inline constexpr std::size_t kNamesInMessageMax = 24;

inline std::string LowerOf(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

using Names = std::set<std::string, std::less<>>;

inline std::string Suggest(std::string_view word, const Names& known) {
  const auto meant = config::internal::Nearest(word, known);
  if (!meant.empty()) return "; did you mean \"" + meant + "\"?";
  if (known.empty() || known.size() > kNamesInMessageMax) return {};
  std::string out = "; expected one of";
  for (const auto& name : known) out += (name == *known.begin() ? " " : ", ") + name;
  return out;
}

inline Names NamesOf(const google::protobuf::EnumDescriptor& type) {
  Names names;
  const std::string zero = type.FindValueByNumber(0)->name();
  const std::size_t prefix = zero.size() - std::string_view("UNSPECIFIED").size();
  for (int i = 1; i < type.value_count(); ++i)
    names.insert(LowerOf(type.value(i)->name().substr(prefix)));
  return names;
}

class Problems {
 public:
  void Add(Position at, std::string message) { list.push_back({at, std::move(message)}); }
  std::vector<Problem> list;
};

// A map of the file; keys that nobody asked for are refused by Done.
class Section {
 public:
  Section(Problems& problems, const Node* node, std::string path)
      : problems_(problems), node_(node), path_(std::move(path)) {
    if (node_ == nullptr || node_->kind == Node::Kind::kMap) return;
    if (node_->kind != Node::Kind::kNull) Refuse(*node_, "expected \"key: value\" lines");
    node_ = nullptr;
  }

  const Node* Take(std::string_view key) {
    known_.emplace(key);
    if (node_ == nullptr) return nullptr;
    const auto found = std::ranges::find(node_->entries, key, &config::Entry::key);
    return found == node_->entries.end() ? nullptr : &found->value;
  }
  std::optional<std::string> Word(std::string_view key) {
    const auto* node = Take(key);
    if (node == nullptr) return std::nullopt;
    if (node->kind == Node::Kind::kScalar) return node->scalar;
    Refuse(*node, std::string(key) + ": expected a single value");
    return std::nullopt;
  }
  bool Flag(std::string_view key) {
    const auto* node = Take(key);
    if (node == nullptr) return false;
    if (node->scalar == "true") return true;
    if (node->scalar != "false") Refuse(*node, std::string(key) + ": expected true or false");
    return false;
  }
  // One word, or a list of them.
  std::vector<std::string> Words(std::string_view key) {
    std::vector<std::string> words;
    const auto* node = Take(key);
    if (node == nullptr) return words;
    if (node->kind == Node::Kind::kScalar) words.push_back(node->scalar);
    for (const auto& item : node->items) {
      if (item.kind == Node::Kind::kScalar) {
        words.push_back(item.scalar);
      } else {
        Refuse(item, std::string(key) + ": expected words");
      }
    }
    if (node->kind == Node::Kind::kMap) Refuse(*node, std::string(key) + ": expected words");
    return words;
  }
  void Done() {
    if (node_ == nullptr) return;
    for (const auto& entry : node_->entries) {
      if (known_.contains(entry.key)) continue;
      problems_.Add(entry.at,
                    Where() + "unknown key \"" + entry.key + "\"" + Suggest(entry.key, known_));
    }
  }
  void Refuse(const Node& node, const std::string& message) {
    problems_.Add(node.at, Where() + message);
  }
  const Node* node() const { return node_; }
  const std::string& path() const { return path_; }

 private:
  std::string Where() const { return path_.empty() ? std::string() : path_ + ": "; }

  Problems& problems_;
  const Node* node_;
  std::string path_;
  Names known_;
};

inline std::optional<std::size_t> NumberOf(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

// Names of columns and paths -> slots.
class Slots {
 public:
  Slots(Plan& plan, Problems& problems) : plan_(plan), problems_(problems) {
    plan_.paths.resize(1);
    plan_.shared.resize(1);
  }

  // The columns of the kind of record that is being read; empty: only numbers name them.
  void UseColumns(const std::vector<std::string>& columns) { columns_ = &columns; }

  std::vector<std::string> optional;  // columns of a header line that may be missing

  Slot Of(const std::string& name, Position at) {
    if (plan_.slots >= kSlotsMax) {
      problems_.Add(at, "more than " + std::to_string(kSlotsMax) + " columns or paths");
      return 0;
    }
    if (plan_.json) return OfPath(name, at);
    if (plan_.csv.header) return OfHeader(name);
    const auto found = std::ranges::find(*columns_, name);
    if (found != columns_->end() && name != "-")
      return Grow(static_cast<std::size_t>(found - columns_->begin()));
    if (const auto number = NumberOf(name);
        number && *number >= 1 && *number <= (columns_->empty() ? kColumnsMax : columns_->size())) {
      return Grow(*number - 1);
    }
    problems_.Add(at, "no column \"" + name + "\"" +
                          Suggest(name, Names(columns_->begin(), columns_->end())));
    return 0;
  }

 private:
  Slot Grow(std::size_t slot) {
    plan_.slots = std::max(plan_.slots, slot + 1);
    return static_cast<Slot>(slot);
  }

  Slot OfHeader(const std::string& name) {
    auto& columns = plan_.csv.columns;
    const auto found = std::ranges::find(columns, name);
    if (found != columns.end()) return static_cast<Slot>(found - columns.begin());
    columns.push_back(name);
    plan_.csv.optional.push_back(std::ranges::find(optional, name) != optional.end());
    return Grow(columns.size() - 1);
  }

  Slot OfPath(const std::string& path, Position at) {
    const auto known = paths_.find(path);
    if (known != paths_.end()) return known->second;
    std::string_view rest = path;
    auto* nodes = &plan_.paths;
    if (rest.starts_with("$.")) {
      rest.remove_prefix(2);
      if (!plan_.each.empty()) nodes = &plan_.shared;
    }
    std::uint32_t node = 0;
    std::size_t depth = 0;
    while (!rest.empty() && ++depth <= kPathDepthMax) {
      PathNode::Child step;
      if (!NextStep(rest, step)) break;
      node = Descend(*nodes, node, std::move(step));
    }
    if (!rest.empty() || node == 0) {
      problems_.Add(at, "\"" + path +
                            "\" is no path: write keys with dots between them and places "
                            "in arrays in brackets, as in legs[0].cause (at most " +
                            std::to_string(kPathDepthMax) + " deep)");
      return 0;
    }
    auto& slot = (*nodes)[node].slot;
    if (!slot) slot = Grow(plan_.slots);
    paths_.emplace(path, *slot);
    return *slot;
  }

  // "key", ".key", "[0]", "[-1]"; a backslash takes a dot or bracket into a key.
  static bool NextStep(std::string_view& rest, PathNode::Child& step) {
    if (rest.front() == '[') {
      const auto close = rest.find(']');
      if (close == std::string_view::npos) return false;
      const auto digits = rest.substr(1, close - 1);
      int index = 0;
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), index);
      if (error != std::errc() || end != digits.data() + digits.size()) return false;
      step.index = index;
      rest.remove_prefix(close + 1);
      if (!rest.empty() && rest.front() == '.') rest.remove_prefix(1);
      return true;
    }
    while (!rest.empty() && rest.front() != '.' && rest.front() != '[') {
      if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
      step.key.push_back(rest.front());
      rest.remove_prefix(1);
    }
    if (rest.starts_with('.')) {
      rest.remove_prefix(1);
      if (rest.empty()) return false;
    }
    return !step.key.empty();
  }

  static std::uint32_t Descend(std::vector<PathNode>& nodes, std::uint32_t from,
                               PathNode::Child step) {
    for (const auto& child : nodes[from].children) {
      if (child.key == step.key && child.index == step.index) return child.node;
    }
    step.node = static_cast<std::uint32_t>(nodes.size());
    const auto made = step.node;
    nodes[from].children.push_back(std::move(step));
    nodes.emplace_back();
    return made;
  }

  Plan& plan_;
  Problems& problems_;
  std::map<std::string, Slot, std::less<>> paths_;
  const std::vector<std::string>* columns_ = nullptr;
};

}  // namespace textback::cdr::mapping::internal
