// Basic Encoding Rules (ITU-T X.690, clause 8), read one element at a time: strict, bounded,
// without allocation and without recursion.
//
//   identifier octets (8.1.2)                length octets (8.1.3)
//   +-------+---+-----------+                0nnnnnnn                   short
//   | class | C |  number   |                1nnnnnnn, n octets         long
//   +-------+---+-----------+                10000000                   indefinite, until 00 00
//    bits 8-7 6   5-1; 11111: base 128 in the octets that follow
//
// A BerReader walks the elements of one level. An element's contents are a view into the input; for
// the elements inside make another BerReader of it. How deep that goes is the caller's code, never
// the input's: an indefinite length is resolved by counting (kDepthMax), not by a call within a
// call.
//
// Refused: a length beyond the input or of more than 8 octets, an indefinite length of a primitive,
// 00 00 where no indefinite length is open, a tag number in more octets than it needs or above
// 2^28 - 1, the reserved length octet FF.
//
// Threads: any; values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace textback::cdr {

enum class BerClass : std::uint8_t { kUniversal, kApplication, kContext, kPrivate };

struct BerElement {
  BerClass tag_class = BerClass::kUniversal;
  bool constructed = false;
  std::uint32_t tag = 0;
  std::string_view content;  // without the end-of-contents octets of an indefinite length
  std::string_view bytes;    // identifier and length too

  bool Is(BerClass wanted_class, std::uint32_t wanted) const {
    return tag_class == wanted_class && tag == wanted;
  }
};

class BerReader {
 public:
  static constexpr int kDepthMax = 16;  // of indefinite lengths within each other

  explicit BerReader(std::string_view bytes) : rest_(bytes) {}

  // False: the end, or an error; tell them apart by problem().
  bool Next(BerElement& element);

  // What is wrong with the element that Next stopped at; empty: nothing.
  std::string_view problem() const { return problem_; }
  // Where the reader stands: after an error, at the element that it couldn't read.
  const char* at() const { return rest_.data(); }
  std::string_view rest() const { return rest_; }

 private:
  bool Fail(std::string_view problem);

  std::string_view rest_;
  std::string_view problem_;
};

// INTEGER and ENUMERATED (8.3): two's complement of 1 to 8 octets.
std::optional<std::int64_t> BerInteger(std::string_view content);

// Digits of a TBCD-STRING (TS 29.002, 17.7.8): two an octet, the first in the low half, F fills the
// last. 1010 to 1110 are written * # C D E: operators' routing prefixes are hexadecimal ("D123").
struct TbcdDigits {
  static constexpr std::size_t kMax = 40;
  std::array<char, kMax> text;
  std::size_t size = 0;
  std::string_view view() const { return {text.data(), size}; }
};

// False: a filler before the end, or more than kMax digits.
bool ReadTbcd(std::string_view octets, TbcdDigits& digits);

// A number with its type: AddressString (TS 29.002, 17.7.8) and BCDDirectoryNumber (TS 32.298,
// 5.1.5.1), which are the called and calling party BCD number of TS 24.008, 10.5.4.7 and 10.5.4.9:
//
//   octet 3    1 | type of number (3) | numbering plan (4)     bit 8 = 0: octet 3a follows
//   octet 3a   1 | presentation (2) | 0 0 0 | screening (2)
//   TBCD digits
struct BcdNumber {
  std::uint8_t type =
      0;  // 0 unknown, 1 international, 2 national, 3 network specific, 4 subscriber
  std::uint8_t plan = 0;  // 1 E.164
  bool has_presentation = false;
  std::uint8_t presentation = 0;  // 0 allowed, 1 restricted, 2 not available, 3 reserved
  std::uint8_t screening = 0;     // 0 user's, not screened; 1 passed; 2 failed; 3 network's
  TbcdDigits digits;
};

bool ReadBcdNumber(std::string_view octets, BcdNumber& number);

// TimeStamp (TS 32.298, 5.1.5.1): YYMMDDhhmmss in BCD, "+" or "-" in ASCII, hhmm in BCD; local time
// and how far it is ahead of UTC. Milliseconds since 1970; nullopt: not 9 octets, or no such time.
std::optional<std::int64_t> ReadTimeStamp(std::string_view octets);

}  // namespace textback::cdr
