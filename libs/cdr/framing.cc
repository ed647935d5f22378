#include "cdr/framing.h"

#include <algorithm>

#include "base/ascii.h"
#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr auto kOpen = std::string_view::npos;   // an end that isn't there yet
constexpr std::size_t kHeadedBytes = 64 * 1024;  // of a value, the header line apart

std::string_view FirstLine(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  return text.substr(0, text.find('\n'));
}

// See Framing::kLinesMaybeHeaded. JSON has its names in each document.
bool IsHeader(std::string_view line) {
  std::size_t digits = 0;
  for (const char c : line) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    if (digits == 4) return false;
  }
  return !line.empty() && line.front() != '{';
}

// Where the JSON value at the front of `text` ends; kOpen: not in it. Strings and brackets are
// enough to see it: what stands between them is the adapter's to judge (FreeSWITCH writes a bare
// nan).
std::size_t BracketsEnd(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (--depth <= 0) return i + 1;
    } else if (depth == 0 && c == '\n') {
      return i;  // no object at all: a line of something else
    }
  }
  return kOpen;
}

// A line that holds a document and nothing else.
bool IsJsonLine(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line.size() > 1 && line.front() == '{' && line.back() == '}' &&
         BracketsEnd(line) == line.size();
}

// As BracketsEnd; but a document that was cut ends with its line where documents of a line each
// follow, so that it costs itself and not the rest of the file.
std::size_t JsonEnd(std::string_view text) {
  const auto end = BracketsEnd(text);
  if (end != kOpen) return end;
  const auto first = text.find('\n');
  for (auto at = first; at != std::string_view::npos;) {
    const auto next = text.find('\n', at + 1);
    if (next == std::string_view::npos) break;
    if (IsJsonLine(text.substr(at + 1, next - at - 1))) return first;
    at = next;
  }
  return kOpen;
}

std::size_t BlockEnd(std::string_view text, std::size_t from) {
  return std::min(text.find("\n\n", from), text.find("\n\r\n", from));
}

// The headers that FreeSWITCH's event socket puts before an event, with an empty line between:
// they are a part of it.
bool IsEnvelope(std::string_view block) {
  return (block.starts_with("Content-Length:") || block.starts_with("Content-Type:")) &&
         block.find("\nEvent-Name:") == std::string_view::npos;
}

// A form of several fields on one line. A single "name=value" may be one of several lines.
bool IsFormLine(std::string_view line) {
  const auto ampersand = line.find('&');
  return ampersand != std::string_view::npos &&
         line.find_first_not_of(kSpace, ampersand + 1) != std::string_view::npos;
}

// Where the tag, comment or section that begins at `at` ends; kOpen: not in `text`.
std::size_t MarkupEnd(std::string_view text, std::size_t at) {
  const auto tag = text.substr(at);
  std::string_view close = ">";
  if (tag.starts_with("<?")) close = "?>";
  if (tag.starts_with("<!--")) close = "-->";
  if (tag.starts_with("<![CDATA[")) close = "]]>";
  const auto found = text.find(close, at);
  return found == std::string_view::npos ? kOpen : found + close.size();
}

// Where the XML document at the front ends, which is where its root closes; kOpen: not in `text`.
std::size_t XmlEnd(std::string_view text) {
  int depth = 0;
  std::size_t at = 0;
  while (true) {
    at = text.find('<', at);
    if (at == std::string_view::npos) return kOpen;
    const bool markup_only = text.substr(at).starts_with("<?") || text.substr(at).starts_with("<!");
    const bool closes = text.substr(at).starts_with("</");
    at = MarkupEnd(text, at);
    if (at == kOpen) return kOpen;
    if (markup_only) continue;
    const bool empty = text[at - 2] == '/';
    if (closes) --depth;
    if (!closes && !empty) ++depth;
    if (depth <= 0) return at;
  }
}

}  // namespace

FileSplitter::FileSplitter(Framing framing, std::string_view bytes)
    : framing_(framing), all_(bytes), rest_(bytes), ber_(bytes) {}

FileSplitter FileSplitter::Resumed(Framing framing, std::string_view head, std::string_view bytes) {
  FileSplitter splitter(framing, bytes);
  const auto first = head.find_first_not_of(kSpace);
  if (framing == Framing::kLinesMaybeHeaded) {
    splitter.framing_ = IsHeader(FirstLine(head)) ? Framing::kHeadedLines : Framing::kLines;
  }
  if (splitter.framing_ == Framing::kHeadedLines) splitter.TakeHeader(head);
  splitter.in_array_ = first != std::string_view::npos && head[first] == '[';
  splitter.in_root_ = true;
  splitter.number_ = 1;
  return splitter;
}

std::string_view FileSplitter::Take(std::size_t bytes) {
  open_ = bytes == kOpen;
  offset_ = static_cast<std::size_t>(rest_.data() - all_.data());
  ++number_;
  const auto value = rest_.substr(0, bytes);
  rest_.remove_prefix(value.size());
  return value;
}

Result<std::optional<std::string_view>> FileSplitter::Next() {
  switch (framing_) {
    case Framing::kLines:
      return NextLine();
    case Framing::kLinesMaybeHeaded:
      if (number_ == 0)
        framing_ = IsHeader(FirstLine(rest_)) ? Framing::kHeadedLines : Framing::kLines;
      return framing_ == Framing::kLines ? NextLine() : NextHeadedLines();
    case Framing::kHeadedLines:
      return NextHeadedLines();
    case Framing::kWhole:
      if (rest_.empty()) return std::optional<std::string_view>();
      return std::optional(Take(rest_.size()));
    case Framing::kJson:
      return NextJson();
    case Framing::kJsonOrLines: {
      const auto at = rest_.find_first_not_of(kSpace);
      const bool json = at != std::string_view::npos && (rest_[at] == '{' || rest_[at] == '[');
      return json || in_array_ ? NextJson() : NextLine();
    }
    case Framing::kXml:
      return NextXml();
    case Framing::kXmlRecords:
      return NextXmlRecord();
    case Framing::kBlocks:
      return NextBlock();
    case Framing::kWebhooks:
      return NextWebhook();
    case Framing::kBer:
      return NextBer();
  }
  TB_UNREACHABLE();
}

std::optional<std::string_view> FileSplitter::NextLine() {
  while (!rest_.empty()) {
    auto line = Take(rest_.find('\n'));
    if (!rest_.empty()) rest_.remove_prefix(1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (!line.empty()) return line;
  }
  return std::nullopt;
}

void FileSplitter::TakeHeader(std::string_view& bytes) {
  while (!bytes.empty() && header_.empty()) {
    header_ = bytes.substr(0, bytes.find('\n'));
    bytes.remove_prefix(std::min(header_.size() + 1, bytes.size()));
    if (!header_.empty() && header_.back() == '\r') header_.remove_suffix(1);
  }
}

std::optional<std::string_view> FileSplitter::NextHeadedLines() {
  if (header_.empty()) TakeHeader(rest_);
  // A file with nothing below its header line holds no record.
  if (rest_.find_first_not_of(kSpace) == std::string_view::npos) return std::nullopt;
  // A line that isn't ended is a value of its own: it may be a part of one.
  auto newline = rest_.rfind('\n', kHeadedBytes);
  if (newline == std::string_view::npos) newline = rest_.find('\n');
  const auto lines = Take(newline == std::string_view::npos ? kOpen : newline + 1);
  headed_.assign(header_).append("\n").append(lines);
  return headed_;
}

std::optional<std::string_view> FileSplitter::NextJson() {
  while (true) {
    const auto at = rest_.find_first_not_of(in_array_ ? " \t\r\n,]" : kSpace);
    if (at == std::string_view::npos) return std::nullopt;
    rest_.remove_prefix(at);
    if (number_ != 0 || in_array_ || rest_.front() != '[') break;
    in_array_ = true;
    rest_.remove_prefix(1);
  }
  const auto value = Take(JsonEnd(rest_));
  return value.substr(0, value.find_last_not_of(kSpace) + 1);
}

std::optional<std::string_view> FileSplitter::NextXml() {
  const auto at = rest_.find_first_not_of(kSpace);
  if (at == std::string_view::npos) return std::nullopt;
  rest_.remove_prefix(at);
  return Take(XmlEnd(rest_));
}

std::optional<std::string_view> FileSplitter::NextXmlRecord() {
  const auto skip_past = [this](std::string_view end) {
    const auto found = rest_.find(end);
    rest_.remove_prefix(found == std::string_view::npos ? rest_.size() : found + end.size());
  };
  while (true) {
    rest_.remove_prefix(std::min(rest_.find('<'), rest_.size()));
    if (rest_.empty()) return std::nullopt;
    if (rest_.starts_with("<!--")) {
      skip_past("-->");
    } else if (rest_.starts_with("<?") || rest_.starts_with("<!")) {
      skip_past(">");
    } else if (rest_.starts_with("</")) {
      in_root_ = false;
      skip_past(">");
    } else if (in_root_) {
      return Take(XmlEnd(rest_));
    } else {
      const auto close = rest_.find('>');
      in_root_ = close != std::string_view::npos && close > 0 && rest_[close - 1] != '/';
      skip_past(">");
    }
  }
}

std::optional<std::string_view> FileSplitter::NextBlock() {
  const auto begin = rest_.find_first_not_of("\r\n");
  if (begin == std::string_view::npos) return std::nullopt;
  rest_.remove_prefix(begin);
  std::size_t end = BlockEnd(rest_, 0);
  if (IsEnvelope(rest_.substr(0, end))) {
    const auto inside = rest_.find_first_not_of("\r\n", end);
    end = inside == std::string_view::npos ? kOpen : BlockEnd(rest_, inside);
  }
  return Take(end);
}

std::optional<std::string_view> FileSplitter::NextWebhook() {
  if (in_array_) return NextJson();
  const auto at = rest_.find_first_not_of(kSpace);
  if (at == std::string_view::npos) return std::nullopt;
  rest_.remove_prefix(at);
  const auto line = FirstLine(rest_);
  // A log's line may begin with a time in brackets.
  const bool list = line.starts_with('[') && Trimmed(rest_.substr(1)).starts_with('{');
  if (line.starts_with('{') || list) return NextJson();
  return IsFormLine(line) ? NextLine() : NextBlock();
}

Result<std::optional<std::string_view>> FileSplitter::NextBer() {
  ++number_;
  auto record = ber_.Next();
  if (record && *record) offset_ = static_cast<std::size_t>((*record)->data() - all_.data());
  return record;
}

}  // namespace textback::cdr
