#include "config/reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <system_error>
#include <tuple>

#include "config/units.h"

namespace textback::config {
namespace internal {

struct Context {
  std::string file_name;
  SecretSource secrets;
  Limits limits;
  std::vector<Problem> problems;
  bool syntax_failed = false;  // nothing was read, so what is missing isn't news
  bool describing = false;
  std::vector<FieldDoc> rows;
};

std::string Quoted(std::string_view text) {
  constexpr std::size_t kShown = 64;
  std::size_t end = std::min(text.size(), kShown);
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
    --end;
  return "\"" + std::string(text.substr(0, end)) + (end < text.size() ? "…\"" : "\"");
}

}  // namespace internal

namespace {

constexpr std::size_t kStringMax = 4096;
constexpr std::size_t kSecretMax = 64 << 10;

// Levenshtein distance, two rows.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, change}));
    }
  }
  return row[b.size()];
}

std::string_view NameOf(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::kNull:
      return "no value";
    case Node::Kind::kScalar:
      return "a single value";
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kMap:
      return "a map";
  }
  TB_UNREACHABLE();
}

}  // namespace

std::string internal::Nearest(std::string_view key,
                              const std::set<std::string, std::less<>>& known) {
  constexpr std::size_t kLongest = 64;
  if (key.size() > kLongest) return {};
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, key.size() / 3) + 1;
  for (const auto& candidate : known) {
    const std::size_t distance = EditDistance(key, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

namespace {

template <class T>
std::optional<T> ParseNumber(std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return value;
}

std::string FormatNumber(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  return std::string(text, end);
}

std::string ListRange(const ListLimits& limits) {
  return std::to_string(limits.min) + " … " + std::to_string(limits.max) + " entries";
}

std::string Escaped(std::string_view text, bool markdown) {
  std::string out;
  for (const char c : text) {
    if (markdown && c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

}  // namespace

// ---- secrets and files -----------------------------------------------------------------------

Result<std::string> ReadFile(const std::string& path, std::size_t max_bytes) {
  const auto fail = [&](const std::string& why) {
    return FatalError("config_unreadable", "cannot read " + path + ": " + why);
  };
  std::error_code ec;
  const auto status = std::filesystem::status(path, ec);
  if (!std::filesystem::exists(status)) return fail("there is no such file");
  if (std::filesystem::is_directory(status)) return fail("it is a folder");
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail("permission denied, or not a file that can be opened");
  // One byte more than allowed tells "too large", also of pipes, whose size nobody knows.
  // In blocks: the limit may be far more than the file has.
  std::string text;
  constexpr std::size_t kBlock = std::size_t{1} << 20;
  while (in && text.size() <= max_bytes) {
    const std::size_t size = text.size();
    text.resize(size + std::min(kBlock, max_bytes - size + 1));
    in.read(text.data() + size, static_cast<std::streamsize>(text.size() - size));
    text.resize(size + static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return fail("the read failed");
  if (text.size() > max_bytes)
    return fail("larger than " + FormatSizeBytes(static_cast<std::int64_t>(max_bytes)));
  return text;
}

SecretSource SystemSecrets(std::string folder) {
  SecretSource source;
  source.file = [folder = std::move(folder)](const std::string& path) -> Result<std::string> {
    const auto full = std::filesystem::path(folder) / path;  // an absolute `path` replaces `folder`
    auto text = ReadFile(full.string(), kSecretMax);
    if (!text) return text;
    if (text->ends_with('\n')) text->pop_back();
    if (text->ends_with('\r')) text->pop_back();
    return text;
  };
  source.env = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
  return source;
}

// ---- Map -------------------------------------------------------------------------------------

bool Map::describing() const { return context_.describing; }

std::string Map::PathOf(std::string_view key) const {
  if (key.empty()) return path_;
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

void Map::Complain(Position at, std::string_view path, std::string_view message) {
  if (describing()) return;
  std::string text(path);
  if (!text.empty()) text += ": ";
  context_.problems.push_back({at, text + std::string(message)});
}

const Entry* Map::Find(std::string_view key) const {
  if (node_ == nullptr) return nullptr;
  const auto& entries = node_->entries;
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const Entry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

bool Map::Has(std::string_view key) const { return Find(key) != nullptr; }

void Map::Refuse(std::string_view key, std::string_view problem) {
  const Entry* entry = Find(key);
  Complain(entry == nullptr ? at_ : entry->value.at, PathOf(key), problem);
}

const Node* Map::Take(std::string_view key, FieldDoc doc) {
  const bool fresh = known_.emplace(key).second;
  TB_ASSERT(fresh);  // a schema reads each key once
  const Entry* entry = Find(key);
  const bool missed = doc.required && entry == nullptr;
  if (missed && !context_.syntax_failed) {
    Complain(at_, PathOf(key), "missing; expected " + doc.type);
  }
  if (describing()) {
    doc.path = PathOf(key);
    context_.rows.push_back(std::move(doc));
  }
  if (entry == nullptr) return nullptr;
  if (entry->value.kind == Node::Kind::kNull) {
    Complain(entry->at, PathOf(key), "has no value; give it one or remove the key");
    return nullptr;
  }
  return &entry->value;
}

std::optional<std::string> Map::TakeScalar(std::string_view key, FieldDoc doc,
                                           const std::string& expected) {
  const Node* node = Take(key, std::move(doc));
  if (node == nullptr) return std::nullopt;
  if (node->kind == Node::Kind::kScalar) return node->scalar;
  Refuse(key, "expected " + expected + ", found " + std::string(NameOf(node->kind)));
  return std::nullopt;
}

Field<std::string> Map::String(std::string_view key, std::string_view doc) {
  const auto parse = [](std::string_view text) -> std::optional<std::string> {
    if (text.size() > kStringMax) return std::nullopt;
    return std::string(text);
  };
  return {*this, key, doc, {"text", "text of at most 4096 bytes", parse, [](const std::string& v) {
                              return v.empty() ? std::string("\"\"") : v;
                            }}};
}

Field<std::int64_t> Map::Int(std::string_view key, std::string_view doc) {
  return {*this,
          key,
          doc,
          {"whole number", "a whole number", ParseNumber<std::int64_t>,
           [](const std::int64_t& v) { return std::to_string(v); }}};
}

Field<double> Map::Number(std::string_view key, std::string_view doc) {
  const auto parse = [](std::string_view text) -> std::optional<double> {
    const auto value = ParseNumber<double>(text);
    return value && std::isfinite(*value) ? value : std::nullopt;
  };
  return {*this, key, doc, {"number", "a number", parse, FormatNumber}};
}

Field<bool> Map::Bool(std::string_view key, std::string_view doc) {
  const auto parse = [](std::string_view text) -> std::optional<bool> {
    if (text == "true") return true;
    if (text == "false") return false;
    return std::nullopt;
  };
  return {*this, key, doc, {"true or false", "true or false", parse, [](const bool& v) {
                              return std::string(v ? "true" : "false");
                            }}};
}

Field<std::int64_t> Map::DurationMs(std::string_view key, std::string_view doc) {
  return {*this,
          key,
          doc,
          {"duration", "a duration such as 500ms, 5s, 15m or 1h30m", ParseDurationMs,
           FormatDurationMs}};
}

Field<std::int64_t> Map::SizeBytes(std::string_view key, std::string_view doc) {
  return {*this,
          key,
          doc,
          {"size", "a size such as 512B, 64KiB or 64MiB", ParseSizeBytes, FormatSizeBytes}};
}

Secret Map::Secret(std::string_view key, std::string_view doc, bool required) {
  const std::string type = "{file: PATH} or {env: NAME}";
  const Node* node = Take(key, {{}, type, {}, {}, std::string(doc), required});
  if (node == nullptr) return {};
  // No message here quotes what was found: it may be the secret itself.
  const bool one = node->kind == Node::Kind::kMap && node->entries.size() == 1 &&
                   node->entries[0].value.kind == Node::Kind::kScalar;
  const std::string from = one ? node->entries[0].key : "";
  if (from != "file" && from != "env") {
    Refuse(key, "expected " + type + ", so that the secret itself doesn't stand in this file");
    return {};
  }
  const std::string& name = node->entries[0].value.scalar;
  std::string value;
  if (from == "file") {
    auto text = context_.secrets.file(name);
    if (!text) {
      Refuse(key, text.error().message);
      return {};
    }
    value = *std::move(text);
  } else if (auto text = context_.secrets.env(name)) {
    value = *std::move(text);
  } else {
    Refuse(key, "the environment has no " + internal::Quoted(name));
    return {};
  }
  if (value.empty())
    Refuse(key, "the secret in " + from + " " + internal::Quoted(name) + " is empty");
  return config::Secret(std::move(value));
}

std::vector<std::string> Map::Strings(std::string_view key, std::string_view doc, ListLimits limits,
                                      std::vector<std::string> fallback) {
  std::string shown;
  for (const auto& word : fallback) shown += (shown.empty() ? "[" : ", ") + word;
  if (!shown.empty()) shown += "]";
  const bool required = limits.min > 0 && fallback.empty();
  const Node* node =
      Take(key, {{}, "list of words", ListRange(limits), shown, std::string(doc), required});
  if (node == nullptr) return fallback;
  if (node->kind != Node::Kind::kList) {
    Refuse(key,
           "expected a list of words such as [a, b], found " + std::string(NameOf(node->kind)));
    return fallback;
  }
  if (node->items.size() < limits.min || node->items.size() > limits.max) {
    Refuse(key, "expected " + ListRange(limits) + ", found " + std::to_string(node->items.size()));
    return fallback;
  }
  std::vector<std::string> words;
  for (const auto& item : node->items) {
    if (item.kind == Node::Kind::kScalar && item.scalar.size() <= kStringMax) {
      words.push_back(item.scalar);
    } else {
      Complain(item.at, PathOf(key), "expected a word, found " + std::string(NameOf(item.kind)));
    }
  }
  return words;
}

std::vector<std::pair<std::string, std::string>> Map::Properties(std::string_view key,
                                                                 std::string_view doc,
                                                                 ListLimits limits) {
  std::vector<std::pair<std::string, std::string>> out;
  const Node* node =
      Take(key, {{}, "map of words", ListRange(limits), {}, std::string(doc), limits.min > 0});
  if (node == nullptr) return out;
  if (node->kind != Node::Kind::kMap) {
    Refuse(key, "expected a map such as {name: value}, found " + std::string(NameOf(node->kind)));
    return out;
  }
  if (node->entries.size() < limits.min || node->entries.size() > limits.max) {
    Refuse(key,
           "expected " + ListRange(limits) + ", found " + std::to_string(node->entries.size()));
    return out;
  }
  for (const auto& entry : node->entries) {
    if (entry.value.kind == Node::Kind::kScalar && entry.value.scalar.size() <= kStringMax) {
      out.emplace_back(entry.key, entry.value.scalar);
    } else {
      Complain(entry.value.at, PathOf(key) + "." + internal::Quoted(entry.key),
               "expected a word, found " + std::string(NameOf(entry.value.kind)));
    }
  }
  return out;
}

void Map::ReadNested(const Node* node, Position at, std::string path, const Schema& schema) {
  if (node != nullptr && node->kind != Node::Kind::kMap) {
    Complain(node->at, path, "expected a map, found " + std::string(NameOf(node->kind)));
    return;
  }
  Map nested(context_, node, at, std::move(path));
  schema(nested);
  nested.RefuseUnknownKeys();
}

void Map::Section(std::string_view key, std::string_view doc, const Schema& schema) {
  const Node* node = Take(key, {{}, "section", {}, {}, std::string(doc), false});
  ReadNested(node, node == nullptr ? at_ : node->at, PathOf(key), schema);
}

bool Map::OptionalSection(std::string_view key, std::string_view doc, const Schema& schema) {
  const Node* node = Take(key, {{}, "optional section", {}, {}, std::string(doc), false});
  if (node == nullptr && !describing()) return false;
  ReadNested(node, node == nullptr ? at_ : node->at, PathOf(key), schema);
  return true;
}

void Map::List(std::string_view key, std::string_view doc, ListLimits limits,
               const Schema& schema) {
  const Node* node =
      Take(key, {{}, "list of sections", ListRange(limits), {}, std::string(doc), limits.min > 0});
  if (describing()) ReadNested(nullptr, at_, PathOf(key) + "[]", schema);
  if (node == nullptr) return;
  if (node->kind != Node::Kind::kList) {
    Refuse(key, "expected a list of sections (\"- \" before each), found " +
                    std::string(NameOf(node->kind)));
    return;
  }
  if (node->items.size() < limits.min || node->items.size() > limits.max) {
    Refuse(key, "expected " + ListRange(limits) + ", found " + std::to_string(node->items.size()));
    return;
  }
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    const Node& item = node->items[i];
    ReadNested(&item, item.at, PathOf(key) + "[" + std::to_string(i) + "]", schema);
  }
}

void Map::RefuseUnknownKeys() {
  if (node_ == nullptr) return;
  for (const auto& entry : node_->entries) {
    if (known_.contains(entry.key)) continue;
    const std::string meant = internal::Nearest(entry.key, known_);
    std::string message = "unknown key " + internal::Quoted(entry.key);
    if (!meant.empty()) {
      message += "; did you mean \"" + meant + "\"?";
    } else {
      message += "; expected one of";
      for (const auto& key : known_) message += (key == *known_.begin() ? " " : ", ") + key;
    }
    Complain(entry.at, path_, message);
  }
}

// ---- Reader ----------------------------------------------------------------------------------

Reader::Reader(std::string_view text, const std::string& file_name)
    : Reader(text, file_name,
             SystemSecrets(std::filesystem::path(file_name).parent_path().string())) {}

Reader::Reader(std::string_view text, std::string file_name, SecretSource secrets, Limits limits)
    : context_(std::make_unique<internal::Context>()) {
  context_->file_name = std::move(file_name);
  context_->secrets = std::move(secrets);
  context_->limits = limits;
  document_ = std::make_unique<Node>(ParseYaml(text, context_->limits, context_->problems));
  context_->syntax_failed = !context_->problems.empty() && document_->entries.empty();
  const Node* top = document_.get();
  if (top->kind != Node::Kind::kMap) {
    context_->problems.push_back({top->at, "expected \"key: value\" lines at the top, found " +
                                               std::string(NameOf(top->kind))});
    context_->syntax_failed = true;
    top = nullptr;
  }
  root_ = std::make_unique<Map>(*context_, top, Position{1, 1}, "");
}

Reader::~Reader() = default;

Status Reader::Finish() {
  root_->RefuseUnknownKeys();
  auto& problems = context_->problems;
  if (problems.empty()) return Ok();
  const auto place = [](const Problem& p) { return std::tie(p.at.line, p.at.column, p.message); };
  std::sort(problems.begin(), problems.end(),
            [&](const Problem& a, const Problem& b) { return place(a) < place(b); });
  std::string message;
  const std::size_t shown = std::min(problems.size(), context_->limits.problems);
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& [at, text] = problems[i];
    message += (i == 0 ? "" : "\n") + context_->file_name;
    if (at.line > 0) message += ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
    message += ": " + text;
  }
  if (shown < problems.size()) {
    message += "\n" + context_->file_name + ": and " + std::to_string(problems.size() - shown) +
               " more problems";
  }
  return FatalError("config_invalid", std::move(message));
}

// ---- reference -------------------------------------------------------------------------------

std::vector<FieldDoc> Describe(const Map::Schema& schema) {
  Reader reader("", "reference", SecretSource{});
  reader.context_->describing = true;
  schema(reader.root());
  return std::move(reader.context_->rows);
}

std::string ReferenceAsText(const std::vector<FieldDoc>& fields) {
  std::string out;
  for (const auto& field : fields) {
    out += field.path + ": " + field.type;
    if (!field.range.empty()) out += ", " + field.range;
    if (field.required) out += ", required";
    if (!field.fallback.empty()) out += ", default " + field.fallback;
    out += "\n    " + Escaped(field.doc, false) + "\n";
  }
  return out;
}

std::string ReferenceAsMarkdown(const std::vector<FieldDoc>& fields) {
  std::string out = "| key | type | range | default | meaning |\n|---|---|---|---|---|\n";
  for (const auto& field : fields) {
    const std::string fallback = field.required           ? "required"
                                 : field.fallback.empty() ? ""
                                                          : "`" + field.fallback + "`";
    out += "| `" + field.path + "` | " + Escaped(field.type, true) + " | " + field.range + " | " +
           Escaped(fallback, true) + " | " + Escaped(field.doc, true) + " |\n";
  }
  return out;
}

}  // namespace textback::config
