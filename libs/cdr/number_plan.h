// The world's numbering plans, as far as texting people needs them: how numbers are dialled in a
// country, how long they may be, and what kind of line a number is.
//
// The data (number_plan_data.cc) is derived from libphonenumber's metadata by number_plan_test.cc,
// which also checks it against the library; `UPDATE_NUMBER_PLAN=1` rewrites it. So a look-up is a
// walk along the digits (some 10 ns) where libphonenumber takes 14 µs, and neither intake nor
// decide needs the library at run time.
//
// A plan says what a range is *for*: not whether the number exists, nor who serves it after
// porting. What it doesn't know it calls unspecified, and that counts as textable: only positive
// evidence (a fixed line, a freephone number) stops a text here.
//
// Thread safety: immutable; all calls from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/msisdn.h"
#include "textback/v1/call_record.pb.h"

namespace textback::cdr {

// How numbers are written and dialled in one country.
struct Country {
  std::string_view region;        // ISO 3166-1, two letters
  std::string_view calling_code;  // E.164 country code: "44"
  std::string_view trunk;  // dialled before a national number: "0"; empty where there is none
  std::string_view international;  // dialled before a country code: "00", "011"
  std::uint32_t lengths = 0;       // bit n: national (significant) numbers may have n digits
};

class NumberPlan {
 public:
  // Made once, at the first call (under 1 ms).
  static const NumberPlan& BuiltIn();

  // nullptr: no such region.
  const Country* FindCountry(std::string_view region) const;

  // Whether digits after "+" can be a number: a known country code, and a length that exists there.
  bool Possible(std::string_view digits) const;

  // UNSPECIFIED where the plan doesn't say; FIXED_OR_MOBILE where numbers of both kinds look the
  // same.
  v1::LineType KindOf(Msisdn number) const;

 private:
  struct Node {
    std::array<std::uint16_t, 10> next{};  // 0: none
    std::uint32_t lengths = 0;             // at a country code's last digit: as Country::lengths
    std::uint8_t kind = 0;                 // v1::LineType; 0: as the prefix before
  };
  NumberPlan();
  Node& Reach(std::string_view digits);

  std::vector<Country> countries_;  // by region
  std::vector<Node> nodes_;         // a trie over the digits; [0] is the root
};

// Whether it tells what kind of line a number is: not what can be either, which is not known.
bool SaysWhich(v1::LineType kind);

// Whether a text to such a line can arrive, and to a person: no for fixed, freephone, premium,
// short, roaming and emergency numbers.
bool Textable(v1::LineType kind);

}  // namespace textback::cdr
