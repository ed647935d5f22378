// Typed reading of a service's YAML configuration.
//
// A service describes its configuration once, in a function that reads it:
//
//   void ReadWorker(config::Map& m, WorkerConfig& c) {
//     c.group = m.String("group", "Consumer group.").Default("textback").Read();
//     m.Section("kafka", "How to reach the broker.", [&](config::Map& k) {
//       c.brokers = k.String("brokers", "host:port, separated by commas.").Required().Read();
//       c.session_ms = k.DurationMs("session_timeout", "Gone after.").Default(45'000).Range(6'000,
//       300'000).Read(); c.password = k.Secret("password", "SASL password.").Read();
//     });
//     m.List("inputs", "Topics.", {.min = 1, .max = 64}, [&](config::Map& i) { … });
//   }
//
// and the same function serves for reading, for --check and for the reference (Describe):
//
//   config::Reader reader(text, "worker.yaml");
//   ReadWorker(reader.root(), c);
//   TB_RETURN_IF_ERROR(reader.Finish());
//
// Rules: nothing is guessed. Unknown keys, keys given twice, wrong types, values out of range and
// keys without a value are refused, each with file:line:column and what was expected; all of them
// are collected, not only the first. A read that failed gives the default, so reading goes on; what
// was read may be used only after Finish() said Ok.
//
// Lifetime: a Map and a Field belong to their Reader, and are used only within the call that got
// them. Thread safety: none; read at start, on one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/result.h"
#include "config/secret.h"
#include "config/yaml.h"

namespace textback::config {

// One row of the reference.
struct FieldDoc {
  std::string path;  // "kafka.session_timeout", "inputs[].topic"
  std::string type;  // "duration", "text", "one of a, b"
  std::string range;
  std::string fallback;  // the default as written in YAML; empty: none
  std::string doc;
  bool required = false;
};

// Where secrets come from; tests pass their own.
struct SecretSource {
  std::function<Result<std::string>(const std::string& path)> file;
  std::function<std::optional<std::string>(const std::string& name)> env;
};
// Files (at most 64 KiB, relative ones below `folder`; one trailing line end is dropped) and the
// environment.
SecretSource SystemSecrets(std::string folder);

namespace internal {
struct Context;
// In quotes, cut to 64 bytes at a character's end: for messages.
std::string Quoted(std::string_view text);
// The known key that was probably meant, or "".
std::string Nearest(std::string_view key, const std::set<std::string, std::less<>>& known);
}  // namespace internal
class Map;

// How a type is read and shown. The unit of a value is fixed by the field's method.
template <class T>
struct Codec {
  std::string type;      // "duration"
  std::string expected;  // "a duration such as \"5s\" or \"1h30m\""
  std::function<std::optional<T>(std::string_view)> parse;
  std::function<std::string(const T&)> show;
};

template <class T>
class [[nodiscard]] Field {
 public:
  Field(Map& map, std::string_view key, std::string_view doc, Codec<T> codec)
      : map_(map), key_(key), doc_(doc), codec_(std::move(codec)) {}

  Field& Required() {
    required_ = true;
    return *this;
  }
  Field& Default(T value) {
    default_ = std::move(value);
    return *this;
  }
  // Both ends included.
  Field& Range(T min, T max) {
    range_ = std::pair(std::move(min), std::move(max));
    return *this;
  }
  // `check` says what is wrong with the value, or "" if nothing is.
  Field& Check(std::function<std::string(const T&)> check) {
    check_ = std::move(check);
    return *this;
  }
  // The value, else the default, else T{}.
  T Read();

 private:
  std::string Expected() const;

  Map& map_;
  std::string key_;
  std::string doc_;
  Codec<T> codec_;
  bool required_ = false;
  std::optional<T> default_;
  std::optional<std::pair<T, T>> range_;
  std::function<std::string(const T&)> check_;
};

struct ListLimits {
  std::size_t min = 0;
  std::size_t max = 1000;
};

class Map {
 public:
  Map(internal::Context& context, const Node* node, Position at, std::string path)
      : context_(context), node_(node), at_(at), path_(std::move(path)) {}
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;

  Field<std::string> String(std::string_view key, std::string_view doc);  // at most 4096 bytes
  Field<std::int64_t> Int(std::string_view key, std::string_view doc);
  Field<double> Number(std::string_view key, std::string_view doc);
  Field<bool> Bool(std::string_view key, std::string_view doc);
  Field<std::int64_t> DurationMs(std::string_view key, std::string_view doc);
  Field<std::int64_t> SizeBytes(std::string_view key, std::string_view doc);
  template <class E>
  Field<E> Enum(std::string_view key, std::string_view doc,
                const std::vector<std::pair<std::string, E>>& values);

  // Absent: an empty secret.
  config::Secret Secret(std::string_view key, std::string_view doc, bool required = false);
  // A list of words. Absent: `fallback`.
  std::vector<std::string> Strings(std::string_view key, std::string_view doc,
                                   ListLimits limits = {}, std::vector<std::string> fallback = {});
  // A map of words whose keys we don't know, such as properties of a library. In the order written.
  std::vector<std::pair<std::string, std::string>> Properties(std::string_view key,
                                                              std::string_view doc,
                                                              ListLimits limits = {});

  using Schema = std::function<void(Map&)>;
  // A section that is always read: absent, it is read as empty, so its defaults hold and its
  // required fields are missed.
  void Section(std::string_view key, std::string_view doc, const Schema& schema);
  // A section read only where it is given. True if so.
  bool OptionalSection(std::string_view key, std::string_view doc, const Schema& schema);
  // A list of maps.
  void List(std::string_view key, std::string_view doc, ListLimits limits, const Schema& schema);

  bool Has(std::string_view key) const;
  // Refuses what fields can't say one by one, at the place of `key` (or of the map, for "").
  void Refuse(std::string_view key, std::string_view problem);

 private:
  template <class T>
  friend class Field;
  friend class Reader;

  const Entry* Find(std::string_view key) const;
  // Marks the key as known, adds its row to the reference, complains if required and missing.
  const Node* Take(std::string_view key, FieldDoc doc);
  std::optional<std::string> TakeScalar(std::string_view key, FieldDoc doc,
                                        const std::string& expected);
  void ReadNested(const Node* node, Position at, std::string path, const Schema& schema);
  bool describing() const;
  std::string PathOf(std::string_view key) const;
  void Complain(Position at, std::string_view path, std::string_view message);
  void RefuseUnknownKeys();

  internal::Context& context_;
  const Node* node_;  // null: absent or of the wrong type
  Position at_;
  std::string path_;
  std::set<std::string, std::less<>> known_;
};

class Reader {
 public:
  Reader(std::string_view text, const std::string& file_name);
  Reader(std::string_view text, std::string file_name, SecretSource secrets, Limits limits = {});
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  Map& root() { return *root_; }
  // Ok, or one error (kFatal, "config_invalid") whose message has a line per problem, in the order
  // of the file. Call once, after everything was read: what wasn't asked for is unknown.
  Status Finish();

 private:
  friend std::vector<FieldDoc> Describe(const Map::Schema& schema);
  std::unique_ptr<internal::Context> context_;
  std::unique_ptr<Node> document_;
  std::unique_ptr<Map> root_;
};

// Runs `schema` over nothing and returns a row per field: each list and optional section once.
std::vector<FieldDoc> Describe(const Map::Schema& schema);
std::string ReferenceAsText(const std::vector<FieldDoc>& fields);      // for --help-config
std::string ReferenceAsMarkdown(const std::vector<FieldDoc>& fields);  // a table, for docs

// The whole file. kFatal "config_unreadable": missing, not a file, larger than `max_bytes`.
Result<std::string> ReadFile(const std::string& path, std::size_t max_bytes = Limits{}.bytes);

// ---- templates -----------------------------------------------------------------------------

template <class T>
std::string Field<T>::Expected() const {
  if (!range_) return codec_.expected;
  return codec_.expected + " from " + codec_.show(range_->first) + " to " +
         codec_.show(range_->second);
}

template <class T>
T Field<T>::Read() {
  const auto in_range = [this](const T& v) {
    return !range_ || (!(v < range_->first) && !(range_->second < v));
  };
  TB_ASSERT(!default_ || in_range(*default_));
  FieldDoc row{{}, codec_.type, {}, {}, doc_, required_};
  if (range_) row.range = codec_.show(range_->first) + " … " + codec_.show(range_->second);
  if (default_) row.fallback = codec_.show(*default_);
  const auto fallback = [this] { return default_ ? *default_ : T{}; };

  const auto text = map_.TakeScalar(key_, std::move(row), Expected());
  if (!text) return fallback();
  auto value = codec_.parse(*text);
  if (!value || !in_range(*value)) {
    map_.Refuse(key_, "expected " + Expected() + ", found " + internal::Quoted(*text));
    return fallback();
  }
  if (check_) {
    if (const std::string wrong = check_(*value); !wrong.empty()) {
      map_.Refuse(key_, wrong);
      return fallback();
    }
  }
  return std::move(*value);
}

template <class E>
Field<E> Map::Enum(std::string_view key, std::string_view doc,
                   const std::vector<std::pair<std::string, E>>& values) {
  std::string names;
  for (const auto& [name, value] : values) names += (names.empty() ? "" : ", ") + name;
  const auto parse = [values](std::string_view text) -> std::optional<E> {
    for (const auto& [name, value] : values) {
      if (name == text) return value;
    }
    return std::nullopt;
  };
  const auto show = [values](const E& wanted) -> std::string {
    for (const auto& [name, value] : values) {
      if (value == wanted) return name;
    }
    TB_UNREACHABLE();
  };
  return Field<E>(*this, key, doc, {"one of " + names, "one of " + names, parse, show});
}

}  // namespace textback::config
