// A tenant's text with merge fields: "Hi, this is {business}. Sorry we missed you."
//
// Parsed once, when a policy is read; rendered per text. {{ and }} write a brace. A field that
// isn't known, a brace without its partner and control characters other than a line end are errors
// with the place, so that no customer ever reads "{bussiness}".
//
// Values come from people and directories: they are never parsed, and are cleaned (CleanValue).
//
// Thread safety: a parsed template is immutable; Render is a pure function of it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace textback::text {

class TextTemplate {
 public:
  static constexpr std::size_t kBytesMax = 1600;  // of a template and of a rendered text
  static constexpr std::size_t kValueMax = 160;   // bytes of one merge value; longer ones are cut

  // `fields`: the names that may be used; Render takes their values in the same order.
  // kFatal "template_invalid": "character 12: …".
  static Result<TextTemplate> Parse(std::string_view utf8,
                                    std::span<const std::string_view> fields);

  // kDeadLetter: "text_too_long" (over kBytesMax), "text_empty" (only white space is left).
  Result<std::string> Render(std::span<const std::string_view> values) const;

  bool Uses(std::size_t field) const;
  // The longest text it can give, in bytes: if this is at most kBytesMax, Render never says too
  // long.
  std::size_t LongestBytes() const;

 private:
  static constexpr std::size_t kLiteral = static_cast<std::size_t>(-1);
  struct Piece {
    std::size_t field;  // kLiteral: `literal`
    std::string literal;
  };
  TextTemplate(std::vector<Piece> pieces, std::size_t fields)
      : pieces_(std::move(pieces)), fields_(fields) {}

  std::vector<Piece> pieces_;
  std::size_t fields_;
};

// One line of plain text: control characters, direction overrides and bytes that aren't UTF-8 are
// dropped, runs of white space become one space, the ends are trimmed; at most kValueMax bytes.
std::string CleanValue(std::string_view value);

}  // namespace textback::text
