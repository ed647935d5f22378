// A pull reader for the XML that switches write: one document, front to back, nothing allocated.
//
// Reads XML 1.0 (fifth edition): elements, attributes, text, CDATA, comments, processing
// instructions, the five predefined entities and character references. What a call record doesn't
// need and an attacker would like is refused: DOCTYPE (2.8), and so entities of a document's own
// (4.1), and everything beyond the limits below. Namespaces are part of names.
//
// Two liberties, since a caller's name is written by the caller: text may be any bytes but NUL
// (a display name in Latin-1, control characters), so whoever takes a text checks that it is UTF-8;
// and names may hold any byte that doesn't end a name.
//
// Text comes raw, in one or several pieces: as it stands in the document, with its references. They
// have been checked; AppendXmlText writes what they stand for. Slices point into the document.
//
// Errors are kDeadLetter (xml_malformed, field_too_long) and say line and byte. After an error or
// kDone the reader stays there, and gives the same again. Threads: one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace textback::cdr {

inline constexpr std::size_t kXmlDepthMax = 64;
inline constexpr std::size_t kXmlNameBytesMax = 256;
inline constexpr std::size_t kXmlAttributesMax = 32;
inline constexpr std::size_t kXmlDocumentBytesMax = std::size_t{16} << 20;

enum class XmlEvent : std::uint8_t {
  kStart,  // <a b="c">: name(), attributes(). Of <a/> too: kEnd follows
  kEnd,    // name()
  kText,   // text(), is_cdata()
  kDone,   // the root is closed and nothing but comments follows
};

struct XmlAttribute {
  std::string_view name;
  std::string_view raw;  // as it stands between its quotes
};

class XmlReader {
 public:
  // `document` outlives it.
  explicit XmlReader(std::string_view document);

  Result<XmlEvent> Next();
  // After kStart: goes past the element's end, whatever is in it.
  Status SkipElement();

  std::string_view name() const { return name_; }
  std::string_view text() const { return text_; }
  bool is_cdata() const { return is_cdata_; }  // text() has no references
  std::span<const XmlAttribute> attributes() const {
    return {attributes_.data(), attributes_size_};
  }
  // Of the element just started; the raw value, or `otherwise`.
  std::string_view Attribute(std::string_view name, std::string_view otherwise = {}) const;
  // Elements open: 1 within the root. After kStart it counts the element, after kEnd no more.
  std::size_t depth() const { return depth_; }
  // Of the XML declaration, as written: "UTF-8"; empty: none. Nothing is converted here.
  std::string_view encoding() const { return encoding_; }

 private:
  Result<XmlEvent> Step();
  Result<XmlEvent> EndTag();
  Result<XmlEvent> StartTag();
  Status ReadAttribute();
  Status SkipInstruction();
  Status Declaration(std::string_view inside);
  Result<XmlEvent> Text();
  Result<std::size_t> CheckText(std::size_t begin, char stop);
  std::string_view TakeName();
  void SkipSpace();
  bool At(std::string_view text) const;
  bool At(char c) const;
  Error Bad(std::size_t at, std::string_view what) const;
  Error TooLong(std::size_t at, std::string_view what) const;

  std::string_view all_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  bool root_seen_ = false;
  bool closes_at_once_ = false;  // <a/>: its kEnd is still to come
  bool is_cdata_ = false;
  std::string_view name_;
  std::string_view text_;
  std::string_view encoding_;
  std::optional<Error> failed_;
  std::size_t attributes_size_ = 0;
  std::array<XmlAttribute, kXmlAttributesMax> attributes_;
  std::array<std::string_view, kXmlDepthMax> open_;
};

// Appends what raw text stands for: &amp; and &#233; become characters, in UTF-8. Only text that
// XmlReader gave; a reference that it would have refused stays as it is.
void AppendXmlText(std::string_view raw, std::string& out);

}  // namespace textback::cdr
