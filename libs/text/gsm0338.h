// The GSM 7 bit default alphabet and its extension table (3GPP TS 23.038, 6.2.1 and 6.2.1.1).
//
// In SMPP data_coding 0 carries one septet per octet, unpacked; the SMSC packs. A character of the
// extension table is two septets: ESC (0x1B) and its code.
//
// Thread safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace textback::text {

inline constexpr char kGsmEscape = 0x1b;

// One septet per octet. nullopt: not UTF-8, or a character that isn't in the alphabet.
std::optional<std::string> EncodeGsm(std::string_view utf8);

// Never fails, as a phone never does (6.2.1.1): an unknown extension code shows as the default
// table's character, a lone or double ESC as a space. An octet with the eighth bit set is U+FFFD.
std::string DecodeGsm(std::string_view octets);

// Writes curly quotes, dashes, ellipses and exotic spaces as their nearest character of the
// alphabet, and drops invisible ones, so that one pasted apostrophe doesn't halve a text's room.
// Letters are never changed. Input that isn't UTF-8 comes back as it is.
std::string NearGsm(std::string_view utf8);

}  // namespace textback::text
