// Code points out of UTF-8 and back. Whether input is well-formed is asked first, by IsUtf8
// (base/bytes.h); NextCodePoint relies on it.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace textback::text {

inline constexpr char32_t kReplacement = 0xfffd;

// Takes the first code point off `rest`, which is well-formed and not empty.
char32_t NextCodePoint(std::string_view& rest);

// A surrogate, or what lies beyond U+10FFFF, is written as U+FFFD.
void AppendUtf8(std::string& out, char32_t c);

// The longest beginning of well-formed `utf8` of at most `bytes` bytes that cuts no character.
std::string_view Utf8Prefix(std::string_view utf8, std::size_t bytes);

}  // namespace textback::text
