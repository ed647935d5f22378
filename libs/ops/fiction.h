// Telephone numbers that nobody has, as many as a load test needs.
//
// Two ranges of the North American plan (country code 1), both textable as far as a numbering plan
// can tell:
// - 555-0100 to 555-0199 of any area code, reserved for fiction (ATIS-0300115): some 57,000
//   numbers. Used as long as they suffice.
// - area codes with 9 as the second digit, set aside for making numbers longer one day and so never
//   assigned (ATIS-0300055, "expansion codes"): 640 million numbers. Each such number begins with
//   +1 N9, so that load traffic is recognised at sight, and a network that gets it by mistake can't
//   deliver it to anybody.
//
// Thread safety: immutable; any.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace textback::ops {

// "+12125550123": always 12 characters.
using FictionNumber = std::array<char, 12>;
inline std::string_view View(const FictionNumber& number) { return {number.data(), number.size()}; }

// How many numbers the range reserved for fiction has.
std::uint64_t FictionCount();

// Who the number is for, so that two kinds never share one.
enum class FictionRole : std::uint8_t { kCustomer, kLine, kStranger };

inline constexpr std::uint64_t kExpansionPerRole = 160'000'000;

class FictionPool {
 public:
  // `customers`, `lines`: how many will be asked for. Strangers are always of the expansion codes.
  FictionPool(std::uint64_t customers, std::uint64_t lines);

  // Distinct for distinct (role, index); index < kExpansionPerRole.
  FictionNumber Number(FictionRole role, std::uint64_t index) const;

 private:
  bool small_;  // both fit the range reserved for fiction
};

}  // namespace textback::ops
