// A YAML document as a tree that remembers where each value stands. For documents whose keys are
// data (cdr/mapping.h); readers of configuration use config/reader.h.
//
// The tree is built from yaml-cpp's events, not from its nodes, so that the limits hold while
// parsing: an alias is copied and counted (no "billion laughs"), a deep document is left at the
// limit, a key given twice is an error. Merge keys (<<), keys that aren't scalars and a second
// document are refused.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace textback::config {

struct Limits {
  std::size_t bytes = 1U << 20;  // of the file
  std::size_t nodes = 100'000;   // keys and values, aliases expanded
  std::size_t depth = 32;        // of maps and lists in each other
  std::size_t problems = 100;    // reported; the rest is counted
};

struct Position {
  int line = 0;  // from 1; 0: the file as a whole
  int column = 0;
};

struct Problem {
  Position at;
  std::string message;
};

struct Entry;

struct Node {
  enum class Kind : unsigned char { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  Position at;
  std::string scalar;
  std::vector<Node> items;     // of a list
  std::vector<Entry> entries;  // of a map, as written
};

struct Entry {
  std::string key;
  Position at;
  Node value;
};

// An empty document is an empty map. Problems found on the way (duplicate keys, a syntax error) are
// appended; what could be read before a syntax error isn't returned.
Node ParseYaml(std::string_view text, const Limits& limits, std::vector<Problem>& problems);

}  // namespace textback::config
