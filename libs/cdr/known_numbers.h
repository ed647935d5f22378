// Numbers of the operator that a record's number is compared with: voicemail pilots, roaming
// numbers.
//
// Records write one number in several notations ("447700900123" international, "07700900123",
// "7700900123" national), and the operator writes it down in one. So two numbers are the same if
// the shorter one, of 7 digits or more and without a trunk 0, ends the longer one; shorter ones
// ("1571") must be equal.
//
// Threads: immutable after Make; any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace textback::cdr {

class KnownNumbers {
 public:
  static constexpr std::size_t kMax = 1'000;

  // `what` is for the error. kFatal ("config_invalid"): no digits, too many digits or numbers.
  static Result<KnownNumbers> Make(std::string_view what, const std::vector<std::string>& numbers);

  bool empty() const { return numbers_.empty(); }
  bool Has(std::string_view number) const;
  // Whether one of them begins the number, both in full ("44790000" of "447900001234").
  bool HasPrefixOf(std::string_view number) const;

 private:
  std::vector<std::string> numbers_;  // digits
};

// The same subscriber's number in two notations.
bool SameNumber(std::string_view a, std::string_view b);

}  // namespace textback::cdr
