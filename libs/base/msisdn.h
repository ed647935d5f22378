// A telephone number in E.164 form, in 64 bits.
//
// E.164 (ITU-T, 6.1) allows 15 digits, which fit: the value is 4 bits of length above the digits
// as a number, so that numbers compare equal only with the same digits. Digits only: whether a
// number is withheld, textable or exists is said elsewhere.
//
// Thread safety: a value.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace textback {

class Msisdn {
 public:
  static constexpr int kDigitsMin = 5;
  static constexpr int kDigitsMax = 15;

  constexpr Msisdn() = default;  // the empty number: no digits

  // Accepts "+" and 5 to 15 ASCII digits of which the first isn't 0. Nothing else: no spaces, no
  // trunk prefix; cdr/normalise.h turns what switches write into this.
  static std::optional<Msisdn> FromE164(std::string_view text);
  // The inverse of bits(); nullopt for a value that no number has.
  static std::optional<Msisdn> FromBits(std::uint64_t bits);

  bool empty() const { return bits_ == 0; }
  std::uint64_t bits() const { return bits_; }
  int digits() const { return static_cast<int>(bits_ >> 60); }
  std::string ToE164() const;  // "+15550100001"; "" if empty
  std::string Masked() const;  // "+1555010****": the last four digits hidden, for logs and screens

  auto operator<=>(const Msisdn&) const = default;

 private:
  explicit constexpr Msisdn(std::uint64_t bits) : bits_(bits) {}
  std::uint64_t bits_ = 0;
};

// Hides the last four characters of any address ("+1555010****", "GAR****"), whole if shorter.
std::string MaskAddress(std::string_view address);

}  // namespace textback
