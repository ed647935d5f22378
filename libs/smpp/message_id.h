// One key for the message id of a submit_sm_resp and that of its receipt, which SMSCs write
// differently: hexadecimal here and decimal there, either case, with or without leading zeros.
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace textback::smpp {

enum class MessageIdForm : std::uint8_t {
  kExact,     // bytes as they are: for SMSCs whose ids differ by case alone
  kCaseless,  // case and leading zeros don't count
  kHex,       // a hexadecimal number, "0x" allowed
  kDecimal,   // a decimal number
};
// "exact", "caseless", "hex", "decimal", as configuration has them.
std::optional<MessageIdForm> ParseMessageIdForm(std::string_view word);
std::string_view ToString(MessageIdForm form);

// The canonical key. Numbers become lower-case hexadecimal without leading zeros ("0" for zero), so
// that kHex "1F" and kDecimal "31" agree; an id that isn't the number it should be, or one above
// 128 bits, is taken as kCaseless. Spaces around an id never count. "" only for an empty id.
std::string MessageIdKey(std::string_view id, MessageIdForm form);

}  // namespace textback::smpp
