// Words of protocols, which are ASCII whatever the locale: RFC 3261, 7.3.1 and its like compare
// them without regard to case.
//
// Threads: any; pure functions.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace textback {

constexpr char ToLower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Without regard to case.
constexpr bool SameWord(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::ranges::equal(a, b, {}, ToLower, ToLower);
}

constexpr bool StartsWithWord(std::string_view text, std::string_view word) {
  return SameWord(text.substr(0, word.size()), word);
}

template <class Words>
constexpr bool IsOneOf(std::string_view word, const Words& words) {
  return std::ranges::any_of(words, [word](std::string_view w) { return SameWord(word, w); });
}
constexpr bool IsOneOf(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [word](std::string_view w) { return SameWord(word, w); });
}

// Without `spaces` at both ends.
constexpr std::string_view Trimmed(std::string_view text, std::string_view spaces = " \t\r\n") {
  const auto begin = text.find_first_not_of(spaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(spaces) - begin + 1);
}

// A name that operators give to things, plain enough for topics, labels and paths: 1 to `max` of
// a-z 0-9 - _ and of `more`.
constexpr bool IsPlainName(std::string_view text, std::size_t max, std::string_view more = {}) {
  return !text.empty() && text.size() <= max && std::ranges::all_of(text, [more](char c) {
    return (c >= 'a' && c <= 'z') || IsDigit(c) || c == '-' || c == '_' ||
           more.find(c) != std::string_view::npos;
  });
}

}  // namespace textback
