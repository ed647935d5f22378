#include "base/msisdn.h"

namespace textback {
namespace {

constexpr std::uint64_t kNumberMask = (std::uint64_t{1} << 60) - 1;

std::uint64_t PowerOfTen(int n) {
  std::uint64_t v = 1;
  while (n-- > 0) v *= 10;
  return v;
}

}  // namespace

std::optional<Msisdn> Msisdn::FromE164(std::string_view text) {
  if (text.size() < 1 + kDigitsMin || text.size() > 1 + kDigitsMax || text[0] != '+' ||
      text[1] == '0') {
    return std::nullopt;
  }
  std::uint64_t number = 0;
  for (const char c : text.substr(1)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return Msisdn(static_cast<std::uint64_t>(text.size() - 1) << 60 | number);
}

std::optional<Msisdn> Msisdn::FromBits(std::uint64_t bits) {
  const int digits = static_cast<int>(bits >> 60);
  const std::uint64_t number = bits & kNumberMask;
  if (digits < kDigitsMin || number < PowerOfTen(digits - 1) || number >= PowerOfTen(digits))
    return std::nullopt;
  return Msisdn(bits);
}

std::string Msisdn::ToE164() const {
  if (empty()) return {};
  return "+" + std::to_string(bits_ & kNumberMask);
}

std::string Msisdn::Masked() const { return MaskAddress(ToE164()); }

std::string MaskAddress(std::string_view address) {
  constexpr std::size_t kHidden = 4;
  if (address.size() <= kHidden) return std::string(address.size(), '*');
  return std::string(address.substr(0, address.size() - kHidden)) + std::string(kHidden, '*');
}

}  // namespace textback
