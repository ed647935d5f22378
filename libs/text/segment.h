// From a text to the payloads of its SMS parts.
//
// The GSM alphabet is taken if every character is in it, else UCS-2. One part holds 160 septets or
// 70 UCS-2 units; parts of a longer text hold 153 or 67, because the 6 octets of a concatenation
// header (3GPP TS 23.040, 9.2.3.24.1, 8 bit reference) go with each. Never split: an escape and its
// code, a surrogate pair, and, unless it alone is longer than a part, what a reader sees as one
// character (a grapheme cluster, UAX #29: a letter with its accents, a flag, a family of emoji).
//
// Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace textback::text {

inline constexpr std::uint8_t kDataCodingGsm = 0;  // SMPP 3.4, 5.2.19: SMSC default alphabet
inline constexpr std::uint8_t kDataCodingUcs2 = 8;

struct SegmentOptions {
  std::size_t parts_max = 8;  // 1 to 255
  // Use NearGsm where that, and only that, makes the text fit the GSM alphabet.
  bool near_substitution = true;
};

struct Segments {
  std::uint8_t data_coding = kDataCodingGsm;
  std::vector<std::string> parts;  // octets as SMPP carries them, without the concatenation header
  std::size_t units = 0;           // septets or UCS-2 units of all parts together
};

// kDeadLetter: "text_empty", "text_not_utf8", "text_too_long" (more than `parts_max` parts).
Result<Segments> Segment(std::string_view utf8, const SegmentOptions& options = {});

}  // namespace textback::text
