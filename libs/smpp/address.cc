#include "smpp/address.h"

#include <algorithm>

#include "base/assert.h"

namespace textback::smpp {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsSenderCharacter(char c) {
  return IsDigit(c) || IsLetter(c) ||
         std::string_view(" .-_&!+'").find(c) != std::string_view::npos;
}

}  // namespace

Address E164Address(const Msisdn& number) {
  TB_ASSERT(!number.empty());
  return {kTonInternational, kNpiE164, number.ToE164().substr(1)};
}

Result<Address> ParseAddress(std::string_view text) {
  if (const auto number = Msisdn::FromE164(text)) return E164Address(*number);
  if (std::all_of(text.begin(), text.end(), IsDigit) && text.size() >= 3 && text.size() <= 8) {
    return Address{kTonNetworkSpecific, kNpiUnknown, std::string(text)};
  }
  if (!text.empty() && text.size() <= 11 &&
      std::all_of(text.begin(), text.end(), IsSenderCharacter) &&
      std::any_of(text.begin(), text.end(), IsLetter)) {
    return Address{kTonAlphanumeric, kNpiUnknown, std::string(text)};
  }
  return DeadLetterError(
      "bad_address",
      "sender or recipient \"" + MaskAddress(text.substr(0, 32)) +
          "\" is neither +E.164, a short code of 3 to 8 digits, nor a name of up to 11 characters");
}

std::optional<Msisdn> ToE164(const AddressView& address, std::size_t unknown_ton_digits_min) {
  std::string_view digits = address.digits;
  bool international = address.ton == kTonInternational;
  if (address.ton != kTonInternational && address.ton != kTonUnknown) return std::nullopt;
  if (digits.starts_with("+")) {
    digits.remove_prefix(1);
    international = true;
  } else if (digits.starts_with("00")) {
    digits.remove_prefix(2);
    international = true;
  }
  if (!international && digits.size() < unknown_ton_digits_min) return std::nullopt;
  if (digits.size() > static_cast<std::size_t>(Msisdn::kDigitsMax)) return std::nullopt;
  return Msisdn::FromE164("+" + std::string(digits));
}

}  // namespace textback::smpp
