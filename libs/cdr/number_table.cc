#include "cdr/number_table.h"

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace textback::cdr {
namespace {

constexpr int kValueBits = 10;
constexpr int kDigitsBits = 50;  // 10^15 < 2^50
constexpr std::uint64_t kDigitsMask = (std::uint64_t{1} << 60) - 1;
static_assert(NumberTable::kValueMax == (1U << kValueBits) - 1);

constexpr auto kPowers = [] {
  std::array<std::uint64_t, Msisdn::kDigitsMax + 1> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

// Length and digits in 54 bits: equal for the same digits only, like Msisdn::bits.
std::uint64_t KeyOf(Msisdn number) {
  return static_cast<std::uint64_t>(number.digits()) << kDigitsBits | (number.bits() & kDigitsMask);
}

std::uint64_t FilledUp(Msisdn number) {
  return (number.bits() & kDigitsMask) *
         kPowers[static_cast<std::size_t>(Msisdn::kDigitsMax - number.digits())];
}

std::string_view WithoutPlus(std::string_view text) {
  return text.starts_with('+') ? text.substr(1) : text;
}

}  // namespace

std::optional<NumberRange> RangeOfPrefix(std::string_view text) {
  const auto digits = WithoutPlus(text);
  if (digits.empty() || digits.size() > Msisdn::kDigitsMax || digits[0] == '0') return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  const std::uint64_t unit = kPowers[Msisdn::kDigitsMax - digits.size()];
  return NumberRange{value * unit, (value + 1) * unit - 1};
}

std::optional<NumberRange> RangeBetween(std::string_view first, std::string_view last) {
  if (WithoutPlus(first).size() != WithoutPlus(last).size()) return std::nullopt;
  const auto from = RangeOfPrefix(first);
  const auto to = RangeOfPrefix(last);
  if (!from || !to || from->first > to->first) return std::nullopt;
  return NumberRange{from->first, to->last};
}

std::optional<NumberPattern> ParseNumberPattern(std::string_view text) {
  if (!text.starts_with('+')) return std::nullopt;
  if (!text.ends_with('*')) {
    const auto number = Msisdn::FromE164(text);
    if (!number) return std::nullopt;
    return NumberPattern{*number, {}};
  }
  const auto range = RangeOfPrefix(text.substr(0, text.size() - 1));
  if (!range) return std::nullopt;
  return NumberPattern{Msisdn(), *range};
}

NumberTable::Value NumberTable::OfNumber(Msisdn number) const {
  if (number.empty()) return 0;
  const std::uint64_t key = KeyOf(number) << kValueBits;
  const auto it = std::lower_bound(numbers_.begin(), numbers_.end(), key);
  if (it == numbers_.end() || *it >> kValueBits != key >> kValueBits) return 0;
  return static_cast<Value>(*it & kValueMax);
}

NumberTable::Value NumberTable::OfRange(Msisdn number) const {
  if (number.empty()) return 0;
  const auto it = std::upper_bound(starts_.begin(), starts_.end(), FilledUp(number));
  if (it == starts_.begin()) return 0;
  return values_[static_cast<std::size_t>(it - starts_.begin()) - 1];
}

void NumberTableBuilder::Add(Msisdn number, NumberTable::Value value) {
  TB_ASSERT(!number.empty() && value != 0 && value <= NumberTable::kValueMax);
  numbers_.push_back(KeyOf(number) << kValueBits | value);
}

void NumberTableBuilder::Add(NumberRange range, NumberTable::Value value, std::uint64_t place) {
  TB_ASSERT(range.first <= range.last && value != 0 && value <= NumberTable::kValueMax);
  entries_.push_back({range, value, place});
}

void NumberTableBuilder::Add(const NumberPattern& pattern, NumberTable::Value value) {
  if (pattern.number.empty()) {
    Add(pattern.range, value, 0);
  } else {
    Add(pattern.number, value);
  }
}

std::optional<NumberTableBuilder::Conflict> NumberTableBuilder::Build(NumberTable& table) {
  // Stable, so that of equal numbers the one added last comes last; it overwrites the others.
  std::stable_sort(numbers_.begin(), numbers_.end(), [](std::uint64_t a, std::uint64_t b) {
    return a >> kValueBits < b >> kValueBits;
  });
  std::size_t kept = 0;
  for (const std::uint64_t packed : numbers_) {
    if (kept > 0 && numbers_[kept - 1] >> kValueBits == packed >> kValueBits) --kept;
    numbers_[kept++] = packed;
  }
  numbers_.resize(kept);
  numbers_.shrink_to_fit();
  table.numbers_ = std::move(numbers_);
  return BuildRanges(table);
}

// From ranges within ranges to pieces side by side: a sweep with the stack of those open.
std::optional<NumberTableBuilder::Conflict> NumberTableBuilder::BuildRanges(NumberTable& table) {
  std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return a.range.first != b.range.first ? a.range.first < b.range.first
                                          : a.range.last > b.range.last;
  });
  const auto from = [&](std::uint64_t start, NumberTable::Value value) {
    if (!table.starts_.empty() && table.starts_.back() == start) {
      table.values_.back() = value;
      return;
    }
    table.starts_.push_back(start);
    table.values_.push_back(value);
  };
  std::vector<const Entry*> open;
  const auto close = [&] {
    const std::uint64_t after = open.back()->range.last + 1;
    open.pop_back();
    from(after, open.empty() ? NumberTable::Value{0} : open.back()->value);
  };
  for (const Entry& entry : entries_) {
    while (!open.empty() && open.back()->range.last < entry.range.first) close();
    if (!open.empty()) {
      const Entry& around = *open.back();
      if (around.range == entry.range && around.value == entry.value) continue;
      if (around.range == entry.range || around.range.last < entry.range.last) {
        return Conflict{std::max(entry.place, around.place), std::min(entry.place, around.place)};
      }
    }
    from(entry.range.first, entry.value);
    open.push_back(&entry);
    ++table.ranges_;
  }
  while (!open.empty()) close();
  table.starts_.shrink_to_fit();
  table.values_.shrink_to_fit();
  return std::nullopt;
}

}  // namespace textback::cdr
