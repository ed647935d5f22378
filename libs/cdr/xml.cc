#include "cdr/xml.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::size_t kReferenceBytesMax = 12;  // "&#x10FFFF;" and a few leading zeros

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

constexpr std::array<bool, 256> TableOf(std::string_view characters) {
  std::array<bool, 256> table = {};
  for (const char c : characters) table[static_cast<unsigned char>(c)] = true;
  return table;
}

constexpr auto kEndsName = TableOf(std::string_view(" \t\r\n/><=&\"'?!\0", 14));
// Where reading of text must stop to look.
constexpr auto kSpecial = TableOf(std::string_view("<&]\"'\0", 6));

// XML 1.0, 2.3: a name begins with a letter, "_" or ":"; bytes of UTF-8 are taken for letters.
bool BeginsName(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// The character behind "&…;", given with both ends; nullopt: no such reference. XML 1.0, 4.1, 4.6;
// of characters (2.2) all but NUL, surrogates and what is past Unicode.
std::optional<std::uint32_t> CharacterOf(std::string_view reference) {
  if (reference.size() < 3 || reference.back() != ';') return std::nullopt;
  const auto inside = reference.substr(1, reference.size() - 2);
  if (inside == "amp") return '&';
  if (inside == "lt") return '<';
  if (inside == "gt") return '>';
  if (inside == "quot") return '"';
  if (inside == "apos") return '\'';
  if (inside.size() < 2 || inside[0] != '#') return std::nullopt;
  const bool hex = inside[1] == 'x';
  const auto digits = inside.substr(hex ? 2 : 1);
  std::uint32_t code = 0;
  const char* last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, code, hex ? 16 : 10);
  if (digits.empty() || error != std::errc() || end != last) return std::nullopt;
  if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return std::nullopt;
  return code;
}

void AppendUtf8(std::uint32_t code, std::string& out) {
  const auto byte = [&out](std::uint32_t bits) { out.push_back(static_cast<char>(bits)); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      byte(0xe0 | code >> 12);
    } else {
      byte(0xf0 | code >> 18);
      byte(0x80 | (code >> 12 & 0x3f));
    }
    byte(0x80 | (code >> 6 & 0x3f));
  }
  byte(0x80 | (code & 0x3f));
}

// "&…;" at the front of `text`; empty: no ';' close enough.
std::string_view ReferenceAt(std::string_view text) {
  const auto semicolon = text.substr(0, kReferenceBytesMax).find(';');
  return semicolon == std::string_view::npos ? std::string_view() : text.substr(0, semicolon + 1);
}

}  // namespace

XmlReader::XmlReader(std::string_view document) : all_(document) {
  if (all_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
}

Error XmlReader::Bad(std::size_t at, std::string_view what) const {
  const auto before = all_.substr(0, at);
  return DeadLetterError(reasons::kXmlMalformed,
                         "line " + std::to_string(1 + std::ranges::count(before, '\n')) +
                             ", byte " + std::to_string(at) + ": " + std::string(what));
}

Error XmlReader::TooLong(std::size_t at, std::string_view what) const {
  auto error = Bad(at, what);
  error.code = reasons::kFieldTooLong;
  return error;
}

bool XmlReader::At(std::string_view text) const { return all_.substr(at_).starts_with(text); }
bool XmlReader::At(char c) const { return at_ < all_.size() && all_[at_] == c; }

void XmlReader::SkipSpace() {
  while (at_ < all_.size() && IsSpace(all_[at_])) ++at_;
}

std::string_view XmlReader::TakeName() {
  const std::size_t begin = at_;
  if (at_ >= all_.size() || !BeginsName(all_[at_])) return {};
  while (at_ < all_.size() && !kEndsName[static_cast<unsigned char>(all_[at_])]) ++at_;
  return all_.substr(begin, at_ - begin);
}

Result<XmlEvent> XmlReader::Next() {
  if (failed_) return *failed_;
  auto event = Step();
  if (!event) failed_ = event.error();
  return event;
}

Result<XmlEvent> XmlReader::Step() {
  if (all_.size() > kXmlDocumentBytesMax) return TooLong(0, "the document is too large");
  if (closes_at_once_) {
    closes_at_once_ = false;
    --depth_;
    return XmlEvent::kEnd;
  }
  while (true) {
    if (at_ >= all_.size()) {
      if (depth_ > 0)
        return Bad(at_, "cut inside <" + std::string(open_[depth_ - 1].substr(0, 40)) + ">");
      if (!root_seen_) return Bad(at_, "no element");
      return XmlEvent::kDone;
    }
    if (all_[at_] != '<') {
      if (depth_ > 0) return Text();
      const std::size_t begin = at_;
      SkipSpace();
      if (at_ < all_.size() && all_[at_] != '<') return Bad(begin, "text outside the root element");
      continue;
    }
    const char next = at_ + 1 < all_.size() ? all_[at_ + 1] : '\0';
    if (next == '/') return EndTag();
    if (next != '?' && next != '!') return StartTag();
    if (next == '?') {
      TB_RETURN_IF_ERROR(SkipInstruction());
    } else if (At("<!--")) {
      const std::size_t end = all_.find("--", at_ + 4);  // 2.5: no "--" inside
      if (end == std::string_view::npos || !all_.substr(end).starts_with("-->"))
        return Bad(at_, "a comment without its -->");
      at_ = end + 3;
    } else if (At("<![CDATA[") && depth_ > 0) {
      const std::size_t begin = at_ + 9;
      const std::size_t end = all_.find("]]>", begin);
      if (end == std::string_view::npos) return Bad(at_, "CDATA without its ]]>");
      text_ = all_.substr(begin, end - begin);
      if (text_.find('\0') != std::string_view::npos) return Bad(begin, "a NUL in CDATA");
      is_cdata_ = true;
      at_ = end + 3;
      if (!text_.empty()) return XmlEvent::kText;
    } else {
      return Bad(at_, "a declaration (DOCTYPE or the like): refused");
    }
  }
}

Status XmlReader::SkipInstruction() {
  const std::size_t begin = at_;
  const std::size_t end = all_.find("?>", at_ + 2);
  if (end == std::string_view::npos) return Bad(begin, "a processing instruction without its ?>");
  at_ += 2;
  const auto target = TakeName();
  if (target.empty() || at_ > end) return Bad(begin, "a processing instruction without a name");
  if (target == "xml") {
    const std::size_t first = all_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
    if (begin != first) return Bad(begin, "an XML declaration that isn't at the beginning");
    TB_RETURN_IF_ERROR(Declaration(all_.substr(at_, end - at_)));
  }
  at_ = end + 2;
  return Ok();
}

// XML 1.0, 2.8: version, encoding, standalone. Only the encoding matters to anybody.
Status XmlReader::Declaration(std::string_view inside) {
  std::size_t at = inside.find("encoding");
  if (at == std::string_view::npos) return Ok();
  at = inside.find_first_of("\"'", at);
  if (at == std::string_view::npos) return Bad(at_, "an encoding without quotes");
  const std::size_t end = inside.find(inside[at], at + 1);
  if (end == std::string_view::npos) return Bad(at_, "an encoding without its second quote");
  encoding_ = inside.substr(at + 1, end - at - 1);
  if (encoding_.size() > kXmlNameBytesMax) return TooLong(at_, "the encoding's name is too long");
  return Ok();
}

Result<XmlEvent> XmlReader::Text() {
  const std::size_t begin = at_;
  TB_ASSIGN_OR_RETURN(const auto end, CheckText(begin, '<'));
  text_ = all_.substr(begin, end - begin);
  is_cdata_ = false;
  at_ = end;
  return XmlEvent::kText;
}

// Where text or an attribute's value ends: at `stop`, or at the document's end.
Result<std::size_t> XmlReader::CheckText(std::size_t begin, char stop) {
  std::size_t at = begin;
  while (true) {
    while (at < all_.size() && !kSpecial[static_cast<unsigned char>(all_[at])]) ++at;
    if (at == all_.size() || all_[at] == stop) return at;
    switch (all_[at]) {
      case '&': {
        const auto reference = ReferenceAt(all_.substr(at));
        if (!CharacterOf(reference))
          return Bad(at, "an & that begins none of &amp; &lt; &gt; &quot; &apos; &#…;");
        at += reference.size();
        continue;
      }
      case '<':  // 3.1: none in a value
        return Bad(begin, "a < in an attribute's value");
      case ']':  // 2.4: "]]>" ends CDATA, and there is none
        if (stop == '<' && all_.substr(at).starts_with("]]>")) return Bad(at, "]]> in text");
        break;
      case '\0':
        return Bad(at, "a NUL among text");
      default:
        break;
    }
    ++at;
  }
}

Result<XmlEvent> XmlReader::EndTag() {
  const std::size_t begin = at_;
  at_ += 2;
  const auto name = TakeName();
  SkipSpace();
  if (!At('>')) return Bad(begin, "an end tag without a name or its >");
  if (depth_ == 0) return Bad(begin, "an end tag with nothing open");
  if (name != open_[depth_ - 1]) {
    return Bad(begin, "</" + std::string(name.substr(0, 40)) + "> where </" +
                          std::string(open_[depth_ - 1].substr(0, 40)) + "> is due");
  }
  ++at_;
  --depth_;
  name_ = name;
  return XmlEvent::kEnd;
}

Result<XmlEvent> XmlReader::StartTag() {
  const std::size_t begin = at_;
  if (depth_ == 0 && root_seen_) return Bad(begin, "a second root element");
  ++at_;
  name_ = TakeName();
  if (name_.empty()) return Bad(begin, "a < that begins no tag");
  if (name_.size() > kXmlNameBytesMax) return TooLong(begin, "an element's name is too long");
  if (depth_ == kXmlDepthMax) return TooLong(begin, "elements are nested too deep");
  attributes_size_ = 0;
  while (true) {
    const std::size_t before = at_;
    SkipSpace();
    if (At('>')) {
      ++at_;
      break;
    }
    if (At('/') && At("/>")) {
      at_ += 2;
      closes_at_once_ = true;
      break;
    }
    if (at_ == before) return Bad(begin, "a start tag without its >");
    TB_RETURN_IF_ERROR(ReadAttribute());
  }
  open_[depth_++] = name_;
  root_seen_ = true;
  return XmlEvent::kStart;
}

Status XmlReader::ReadAttribute() {
  const std::size_t begin = at_;
  const auto name = TakeName();
  if (name.empty()) return Bad(begin, "a start tag without its >");
  if (name.size() > kXmlNameBytesMax) return TooLong(begin, "an attribute's name is too long");
  SkipSpace();
  if (!At('=')) return Bad(begin, "an attribute without a value");
  ++at_;
  SkipSpace();
  if (!At('"') && !At('\'')) return Bad(begin, "an attribute's value without quotes");
  const std::size_t from = at_ + 1;
  TB_ASSIGN_OR_RETURN(const auto to, CheckText(from, all_[at_]));
  if (to == all_.size()) return Bad(begin, "an attribute's value without its end");
  const auto raw = all_.substr(from, to - from);
  for (const auto& other : attributes()) {
    if (other.name == name) return Bad(begin, "an attribute that stands twice");
  }
  if (attributes_size_ == kXmlAttributesMax) return TooLong(begin, "too many attributes");
  attributes_[attributes_size_++] = {name, raw};
  at_ = to + 1;
  return Ok();
}

Status XmlReader::SkipElement() {
  const std::size_t outside = depth_ - 1;
  while (true) {
    TB_ASSIGN_OR_RETURN(const auto event, Next());
    if (event == XmlEvent::kEnd && depth_ == outside) return Ok();
    if (event == XmlEvent::kDone) return Ok();
  }
}

std::string_view XmlReader::Attribute(std::string_view name, std::string_view otherwise) const {
  const auto all = attributes();
  const auto found = std::ranges::find(all, name, &XmlAttribute::name);
  return found == all.end() ? otherwise : found->raw;
}

void AppendXmlText(std::string_view raw, std::string& out) {
  while (true) {
    const std::size_t at = std::min(raw.find('&'), raw.size());
    out.append(raw.substr(0, at));
    if (at == raw.size()) return;
    raw.remove_prefix(at);
    const auto reference = ReferenceAt(raw);
    const auto character = CharacterOf(reference);
    if (character) {
      AppendUtf8(*character, out);
    } else {
      out.push_back('&');
    }
    raw.remove_prefix(character ? reference.size() : 1);
  }
}

}  // namespace textback::cdr
