#include "text/text_template.h"

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "text/utf8.h"

namespace textback::text {
namespace {

bool IsControl(char32_t c) { return c < 0x20 || (c >= 0x7f && c < 0xa0); }

bool IsSpace(char32_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

// Would reorder what stands around the value, or isn't a character at all.
bool IsUnwanted(char32_t c) {
  return IsControl(c) || c == 0x200e || c == 0x200f || c == 0x061c ||
         (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200b ||
         c == 0xfeff || c == kReplacement || (c & 0xfffe) == 0xfffe ||
         (c >= 0xfdd0 && c <= 0xfdef) || (c >= 0xe0001 && c <= 0xe001f);
}

// The next character of any bytes; nullopt (and one byte gone) where they aren't UTF-8.
std::optional<char32_t> TakeAny(std::string_view& rest) {
  for (std::size_t size = 1; size <= std::min<std::size_t>(4, rest.size()); ++size) {
    if (IsUtf8(rest.substr(0, size))) return NextCodePoint(rest);
  }
  rest.remove_prefix(1);
  return std::nullopt;
}

Error Invalid(std::size_t position, const std::string& what) {
  return FatalError("template_invalid", "character " + std::to_string(position) + ": " + what);
}

std::string NamesOf(std::span<const std::string_view> fields) {
  std::string names;
  for (const auto name : fields) names += (names.empty() ? "{" : ", {") + std::string(name) + "}";
  return names;
}

}  // namespace

std::string CleanValue(std::string_view value) {
  std::string out;
  out.reserve(std::min(value.size(), TextTemplate::kValueMax));
  bool space = false;
  while (!value.empty() && out.size() <= TextTemplate::kValueMax) {
    const auto c = TakeAny(value);
    if (!c) continue;
    if (IsSpace(*c)) {
      space = !out.empty();
    } else if (!IsUnwanted(*c)) {
      if (std::exchange(space, false)) out += ' ';
      AppendUtf8(out, *c);
    }
  }
  out = std::string(Utf8Prefix(out, TextTemplate::kValueMax));
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

namespace {

// Would CleanValue leave nothing of it?
bool IsBlank(std::string_view value) {
  while (!value.empty()) {
    const auto c = TakeAny(value);
    if (c && !IsSpace(*c) && !IsUnwanted(*c)) return false;
  }
  return true;
}

}  // namespace

Result<TextTemplate> TextTemplate::Parse(std::string_view utf8,
                                         std::span<const std::string_view> fields) {
  if (!IsUtf8(utf8)) return FatalError("template_invalid", "the template isn't UTF-8 text");
  if (utf8.size() > kBytesMax) {
    return FatalError("template_invalid", "the template has " + std::to_string(utf8.size()) +
                                              " bytes; at most " + std::to_string(kBytesMax) +
                                              " are allowed");
  }
  std::vector<Piece> pieces;
  const auto literal = [&pieces](char32_t c) {
    if (pieces.empty() || pieces.back().field != kLiteral) pieces.push_back({kLiteral, {}});
    AppendUtf8(pieces.back().literal, c);
  };
  std::size_t position = 0;  // of the character just taken, from 1
  while (!utf8.empty()) {
    const char32_t c = NextCodePoint(utf8);
    ++position;
    if (IsControl(c) && c != '\n')
      return Invalid(position, "a control character; only line ends are allowed");
    if (c != '{' && c != '}') {
      literal(c);
    } else if (utf8.starts_with(static_cast<char>(c))) {
      literal(c);
      utf8.remove_prefix(1);
      ++position;
    } else if (c == '}') {
      return Invalid(position, "a } without its {; write }} for a brace");
    } else {
      const auto end = utf8.find_first_of("{}");
      if (end == std::string_view::npos || utf8[end] == '{') {
        return Invalid(position, "a { without its }; write {{ for a brace");
      }
      const auto name = utf8.substr(0, end);
      const auto found = std::find(fields.begin(), fields.end(), name);
      if (found == fields.end()) {
        return Invalid(position, "unknown field {" + std::string(Utf8Prefix(name, 40)) +
                                     "}; expected one of " + NamesOf(fields));
      }
      pieces.push_back({static_cast<std::size_t>(found - fields.begin()), {}});
      utf8.remove_prefix(end + 1);
      position += name.size() + 1;  // a known name is ASCII
    }
  }
  if (pieces.empty()) return FatalError("template_invalid", "the template is empty");
  return TextTemplate(std::move(pieces), fields.size());
}

Result<std::string> TextTemplate::Render(std::span<const std::string_view> values) const {
  TB_ASSERT(values.size() == fields_);
  std::string out;
  for (const auto& piece : pieces_) {
    if (piece.field == kLiteral) {
      out += piece.literal;
    } else {
      out += CleanValue(values[piece.field]);
    }
    if (out.size() > kBytesMax) {
      return DeadLetterError("text_too_long", "the text has more than " +
                                                  std::to_string(kBytesMax) +
                                                  " bytes with its values; shorten the template");
    }
  }
  if (IsBlank(out)) {
    return DeadLetterError("text_empty",
                           "nothing is left of the text; give its merge fields values");
  }
  return out;
}

bool TextTemplate::Uses(std::size_t field) const {
  return std::any_of(pieces_.begin(), pieces_.end(),
                     [field](const Piece& p) { return p.field == field; });
}

std::size_t TextTemplate::LongestBytes() const {
  std::size_t bytes = 0;
  for (const auto& piece : pieces_)
    bytes += piece.field == kLiteral ? piece.literal.size() : kValueMax;
  return bytes;
}

}  // namespace textback::text
