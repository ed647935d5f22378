#include "cdr/known_numbers.h"

#include <algorithm>
#include <array>

namespace textback::cdr {
namespace {

constexpr std::size_t kDigitsMax = 32;
constexpr std::size_t kSuffixDigitsMin = 7;

struct Digits {
  std::array<char, kDigitsMax> text;
  std::size_t size = 0;
  std::string_view view() const { return {text.data(), size}; }
};

// Separators and "+" are left out; empty: anything else stands there, or it is too long.
Digits DigitsOf(std::string_view number) {
  Digits digits;
  for (const char c : number) {
    if (c == '+' || c == ' ' || c == '-' || c == '.' || c == '(' || c == ')' || c == '/') continue;
    const bool dialled = (c >= '0' && c <= '9') || c == '*' || c == '#';
    if (!dialled || digits.size == digits.text.size()) return {};
    digits.text[digits.size++] = c;
  }
  return digits;
}

bool SameDigits(std::string_view a, std::string_view b) {
  if (a == b) return !a.empty();
  if (a.starts_with('0')) a.remove_prefix(1);
  if (b.starts_with('0')) b.remove_prefix(1);
  if (a.size() > b.size()) std::swap(a, b);
  return a.size() >= kSuffixDigitsMin && b.ends_with(a);
}

}  // namespace

Result<KnownNumbers> KnownNumbers::Make(std::string_view what,
                                        const std::vector<std::string>& numbers) {
  if (numbers.size() > kMax) {
    return FatalError("config_invalid", std::to_string(numbers.size()) + " " + std::string(what) +
                                            ", at most " + std::to_string(kMax) + " are allowed");
  }
  KnownNumbers known;
  for (const auto& number : numbers) {
    const auto digits = DigitsOf(number);
    if (digits.size == 0) {
      return FatalError("config_invalid", std::string(what) + ": \"" + number.substr(0, 40) +
                                              "\" is no number of 1 to " +
                                              std::to_string(kDigitsMax) + " digits");
    }
    known.numbers_.emplace_back(digits.view());
  }
  return known;
}

bool KnownNumbers::Has(std::string_view number) const {
  if (numbers_.empty()) return false;
  const auto digits = DigitsOf(number);
  return std::ranges::any_of(
      numbers_, [&](const std::string& known) { return SameDigits(known, digits.view()); });
}

bool KnownNumbers::HasPrefixOf(std::string_view number) const {
  if (numbers_.empty()) return false;
  const auto digits = DigitsOf(number);
  return std::ranges::any_of(
      numbers_, [&](const std::string& known) { return digits.view().starts_with(known); });
}

bool SameNumber(std::string_view a, std::string_view b) {
  const auto first = DigitsOf(a);
  const auto second = DigitsOf(b);
  return SameDigits(first.view(), second.view());
}

}  // namespace textback::cdr
