// UCS-2 as SMPP carries it in data_coding 8 (UTF-16, big-endian: every network and phone reads
// surrogate pairs), and Latin-1 (data_coding 3), which comes in from some networks.
//
// Thread safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace textback::text {

// UTF-16BE without a byte order mark; two octets a unit. nullopt: not UTF-8.
std::optional<std::string> EncodeUcs2(std::string_view utf8);

// Never fails: a lone surrogate or an odd last octet becomes U+FFFD.
std::string DecodeUcs2(std::string_view octets);

// ISO 8859-1. Never fails.
std::string DecodeLatin1(std::string_view octets);

}  // namespace textback::text
