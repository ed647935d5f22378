#include "cdr/number_plan.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/assert.h"
#include "cdr/number_plan_data.h"

namespace textback::cdr {
namespace {

// The next piece of `rest` up to `end`, which is taken away as well.
std::string_view Take(std::string_view& rest, char end) {
  const std::size_t at = rest.find(end);
  TB_ASSERT(at != std::string_view::npos);
  const std::string_view piece = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return piece;
}

std::string_view OrNone(std::string_view text) { return text == "-" ? std::string_view() : text; }

std::uint32_t Hexadecimal(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  TB_ASSERT(error == std::errc() && end == text.data() + text.size());
  return value;
}

v1::LineType KindOfLetter(char letter) {
  switch (letter) {
    case 'M':
      return v1::LINE_TYPE_MOBILE;
    case 'F':
      return v1::LINE_TYPE_FIXED;
    case 'X':
      return v1::LINE_TYPE_FIXED_OR_MOBILE;
    case 'T':
      return v1::LINE_TYPE_TOLL_FREE;
    case 'P':
      return v1::LINE_TYPE_PREMIUM;
    case 'V':
      return v1::LINE_TYPE_VOIP;
    default:
      TB_UNREACHABLE();
  }
}

}  // namespace

const NumberPlan& NumberPlan::BuiltIn() {
  static const NumberPlan plan;
  return plan;
}

NumberPlan::Node& NumberPlan::Reach(std::string_view digits) {
  std::size_t at = 0;
  for (const char c : digits) {
    TB_ASSERT(c >= '0' && c <= '9');
    std::uint16_t next = nodes_[at].next[static_cast<std::size_t>(c - '0')];
    if (next == 0) {
      TB_ASSERT(nodes_.size() < 0xffff);
      next = static_cast<std::uint16_t>(nodes_.size());
      nodes_[at].next[static_cast<std::size_t>(c - '0')] = next;
      nodes_.emplace_back();
    }
    at = next;
  }
  return nodes_[at];
}

NumberPlan::NumberPlan() {
  nodes_.emplace_back();
  for (auto rest = number_plan_data::Regions(); !rest.empty();) {
    auto line = Take(rest, ';');
    Country country;
    country.region = Take(line, ' ');
    country.calling_code = Take(line, ' ');
    country.trunk = OrNone(Take(line, ' '));
    country.international = OrNone(Take(line, ' '));
    country.lengths = Hexadecimal(line);
    countries_.push_back(country);
  }
  for (auto rest = number_plan_data::CallingCodes(); !rest.empty();) {
    auto line = Take(rest, ';');
    const auto code = Take(line, ' ');
    Reach(code).lengths = Hexadecimal(line);
  }
  for (auto rest = number_plan_data::Prefixes(); !rest.empty();) {
    auto line = Take(rest, ';');
    const auto prefix = Take(line, ' ');
    Reach(prefix).kind = static_cast<std::uint8_t>(KindOfLetter(line.at(0)));
  }
  TB_ASSERT(std::ranges::is_sorted(countries_, {}, &Country::region));
}

const Country* NumberPlan::FindCountry(std::string_view region) const {
  const auto it = std::ranges::lower_bound(countries_, region, {}, &Country::region);
  return it != countries_.end() && it->region == region ? &*it : nullptr;
}

bool NumberPlan::Possible(std::string_view digits) const {
  if (digits.size() < Msisdn::kDigitsMin || digits.size() > Msisdn::kDigitsMax) return false;
  if (!std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) return false;
  std::size_t at = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    at = nodes_[at].next[static_cast<std::size_t>(digits[i] - '0')];
    if (at == 0) return false;
    // No calling code is the beginning of another (E.164, 6.2.1).
    if (nodes_[at].lengths != 0) return (nodes_[at].lengths >> (digits.size() - i - 1) & 1) != 0;
  }
  return false;
}

v1::LineType NumberPlan::KindOf(Msisdn number) const {
  std::uint64_t rest = number.bits() & ((std::uint64_t{1} << 60) - 1);
  std::array<std::uint8_t, Msisdn::kDigitsMax> digits{};
  for (int i = number.digits() - 1; i >= 0; --i) {
    digits[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(rest % 10);
    rest /= 10;
  }
  std::uint8_t kind = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(number.digits()); ++i) {
    at = nodes_[at].next[digits[i]];
    if (at == 0) break;
    if (nodes_[at].kind != 0) kind = nodes_[at].kind;
  }
  return static_cast<v1::LineType>(kind);
}

bool SaysWhich(v1::LineType kind) {
  return kind != v1::LINE_TYPE_UNSPECIFIED && kind != v1::LINE_TYPE_FIXED_OR_MOBILE;
}

bool Textable(v1::LineType kind) {
  switch (kind) {
    case v1::LINE_TYPE_FIXED:
    case v1::LINE_TYPE_TOLL_FREE:
    case v1::LINE_TYPE_PREMIUM:
    case v1::LINE_TYPE_SHORT_CODE:
    case v1::LINE_TYPE_ROAMING:
    case v1::LINE_TYPE_EMERGENCY:
      return false;
    default:
      return true;
  }
}

}  // namespace textback::cdr
