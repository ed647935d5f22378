// Numbers and ranges of numbers, each with a small value: number plans, ported-number lists, block
// lists.
//
// A number that is listed itself has its own value; else the narrowest range around it gives one.
// Ranges are by what numbers begin with, so "+4477009" covers numbers of any length; of two ranges
// one contains the other or they are apart.
//
// Memory: sorted arrays, looked up by binary search without allocation. 8 bytes a listed number (4
// bits of length, 50 of digits, 10 of value), at most 20 bytes a range (10 for each of its ends).
//
// Threads: immutable once built; any. The builder: one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/msisdn.h"
#include "base/result.h"

namespace textback::cdr {

// Numbers whose digits, filled up to 15, lie from `first` to `last`.
struct NumberRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool operator==(const NumberRange&) const = default;
};

// All numbers that begin so: "+4477009" or "4477009", 1 to 15 digits of which the first isn't 0.
std::optional<NumberRange> RangeOfPrefix(std::string_view text);
// From one number to another of as many digits.
std::optional<NumberRange> RangeBetween(std::string_view first, std::string_view last);

// One number, or all that begin alike: what people put on a list.
struct NumberPattern {
  Msisdn number;  // empty: `range` says which
  NumberRange range;
};
// Of "+15550100123" or "+15550100*".
std::optional<NumberPattern> ParseNumberPattern(std::string_view text);

class NumberTable {
 public:
  using Value = std::uint16_t;
  static constexpr Value kValueMax = 1'023;  // 0: not listed

  // 0: not listed.
  Value OfNumber(Msisdn number) const;
  Value OfRange(Msisdn number) const;
  Value Find(Msisdn number) const {
    const Value own = OfNumber(number);
    return own != 0 ? own : OfRange(number);
  }

  bool empty() const { return numbers_.empty() && starts_.empty(); }
  std::size_t numbers() const { return numbers_.size(); }
  std::size_t ranges() const { return ranges_; }
  std::size_t bytes() const {
    return numbers_.size() * sizeof(numbers_[0]) + starts_.size() * sizeof(starts_[0]) +
           values_.size() * sizeof(values_[0]);
  }

 private:
  friend class NumberTableBuilder;
  std::vector<std::uint64_t> numbers_;  // sorted; digits and length above the value
  std::vector<std::uint64_t> starts_;   // sorted; from each on, up to the next, values_ holds
  std::vector<Value> values_;
  std::size_t ranges_ = 0;
};

class NumberTableBuilder {
 public:
  // Two entries that contradict each other; `place` is as it was given to Add.
  struct Conflict {
    std::uint64_t place = 0;
    std::uint64_t other = 0;
  };

  void Add(Msisdn number, NumberTable::Value value);
  void Add(NumberRange range, NumberTable::Value value, std::uint64_t place);
  void Add(const NumberPattern& pattern, NumberTable::Value value);

  // Of a number that was added twice the later value holds. Of ranges the first conflict is told:
  // the same range with two values, or two that overlap without one containing the other.
  std::optional<Conflict> Build(NumberTable& table);

 private:
  struct Entry {
    NumberRange range;
    NumberTable::Value value;
    std::uint64_t place;
  };
  std::optional<Conflict> BuildRanges(NumberTable& table);

  std::vector<std::uint64_t> numbers_;  // in the order added
  std::vector<Entry> entries_;
};

}  // namespace textback::cdr
