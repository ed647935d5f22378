// Addresses as SMPP has them: type of number, numbering plan, digits (3.4, 5.2.5 to 5.2.9).
//
// Thread safety: values and pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/msisdn.h"
#include "base/result.h"
#include "smpp/pdu.h"

namespace textback::smpp {

inline constexpr std::uint8_t kTonUnknown = 0;
inline constexpr std::uint8_t kTonInternational = 1;
inline constexpr std::uint8_t kTonNational = 2;
inline constexpr std::uint8_t kTonNetworkSpecific = 3;
inline constexpr std::uint8_t kTonAlphanumeric = 5;
inline constexpr std::uint8_t kNpiUnknown = 0;
inline constexpr std::uint8_t kNpiE164 = 1;

struct Address {
  std::uint8_t ton = 0;
  std::uint8_t npi = 0;
  std::string digits;

  AddressView view() const { return {ton, npi, digits}; }
  bool operator==(const Address&) const = default;
};

// An E.164 number: international, without "+". Requires a number that isn't empty.
Address E164Address(const Msisdn& number);

// What an operator writes in a configuration or a job:
//   "+12125550101"  E.164                     -> 1, 1
//   "55501"         short code, 3 to 8 digits -> 3, 0
//   "TEXTBACK"      alphanumeric, 1 to 11 characters of letters, digits, space and . - _ & ! + ',
//                   with at least one letter  -> 5, 0 (GSM 03.40, 9.1.2.5: 11 characters)
// Anything else is a dead-letter Error "bad_address".
Result<Address> ParseAddress(std::string_view text);

// The E.164 number that a received address stands for: international, or, since many SMSCs send
// ton 0, unknown with at least `unknown_ton_digits_min` digits that don't begin with 0. A leading
// "+" or "00" is taken off. nullopt for short codes, names and national numbers.
std::optional<Msisdn> ToE164(const AddressView& address, std::size_t unknown_ton_digits_min = 8);

}  // namespace textback::smpp
