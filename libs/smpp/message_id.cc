#include "smpp/message_id.h"

#include "base/assert.h"
#include "base/uint128.h"

namespace textback::smpp {
namespace {

std::string_view Trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 16;
}

std::optional<Uint128> Number(std::string_view text, unsigned base) {
  if (text.empty()) return std::nullopt;
  constexpr Uint128 kMax = ~Uint128{0};
  Uint128 value = 0;
  for (const char c : text) {
    const auto digit = static_cast<unsigned>(DigitOf(c));
    if (digit >= base || value > (kMax - digit) / base) return std::nullopt;
    value = value * base + digit;
  }
  return value;
}

std::string HexOf(Uint128 value) {
  char digits[32];
  std::size_t at = sizeof digits;
  do {
    digits[--at] = "0123456789abcdef"[static_cast<unsigned>(value & 0xf)];
    value >>= 4;
  } while (value != 0);
  return std::string(digits + at, sizeof digits - at);
}

std::string Caseless(std::string_view id) {
  const auto first = id.find_first_not_of('0');
  std::string key(first == std::string_view::npos ? id.substr(0, 1) : id.substr(first));
  for (char& c : key) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return key;
}

}  // namespace

std::optional<MessageIdForm> ParseMessageIdForm(std::string_view word) {
  for (const auto form : {MessageIdForm::kExact, MessageIdForm::kCaseless, MessageIdForm::kHex,
                          MessageIdForm::kDecimal}) {
    if (word == ToString(form)) return form;
  }
  return std::nullopt;
}

std::string_view ToString(MessageIdForm form) {
  switch (form) {
    case MessageIdForm::kExact:
      return "exact";
    case MessageIdForm::kCaseless:
      return "caseless";
    case MessageIdForm::kHex:
      return "hex";
    case MessageIdForm::kDecimal:
      return "decimal";
  }
  TB_UNREACHABLE();
}

std::string MessageIdKey(std::string_view id, MessageIdForm form) {
  id = Trim(id);
  if (form == MessageIdForm::kExact) return std::string(id);
  if (form == MessageIdForm::kCaseless) return Caseless(id);
  std::string_view digits = id;
  if (form == MessageIdForm::kHex && (id.starts_with("0x") || id.starts_with("0X")))
    digits.remove_prefix(2);
  const auto number = Number(digits, form == MessageIdForm::kHex ? 16 : 10);
  return number ? HexOf(*number) : Caseless(id);
}

}  // namespace textback::smpp
