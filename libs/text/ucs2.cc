#include "text/ucs2.h"

#include "base/bytes.h"
#include "text/utf8.h"

namespace textback::text {

std::optional<std::string> EncodeUcs2(std::string_view utf8) {
  if (!IsUtf8(utf8)) return std::nullopt;
  std::string out;
  out.reserve(utf8.size() * 2);
  while (!utf8.empty()) {
    const char32_t c = NextCodePoint(utf8);
    if (c < 0x10000) {
      AppendU16(out, static_cast<std::uint16_t>(c));
    } else {
      const char32_t v = c - 0x10000;
      AppendU16(out, static_cast<std::uint16_t>(0xd800 | v >> 10));
      AppendU16(out, static_cast<std::uint16_t>(0xdc00 | (v & 0x3ff)));
    }
  }
  return out;
}

std::string DecodeUcs2(std::string_view octets) {
  std::string out;
  ByteReader reader(octets);
  while (!reader.empty()) {
    const auto unit = reader.U16();
    if (!unit) {
      AppendUtf8(out, kReplacement);
      break;
    }
    const bool high = *unit >= 0xd800 && *unit <= 0xdbff;
    ByteReader ahead = reader;
    const auto low = high ? ahead.U16() : std::nullopt;
    if (low && *low >= 0xdc00 && *low <= 0xdfff) {
      AppendUtf8(out, 0x10000 + ((*unit & 0x3ffU) << 10 | (*low & 0x3ffU)));
      reader = ahead;
    } else {
      AppendUtf8(out, *unit);  // a lone surrogate becomes U+FFFD there
    }
  }
  return out;
}

std::string DecodeLatin1(std::string_view octets) {
  std::string out;
  out.reserve(octets.size() * 2);
  for (const char octet : octets) AppendUtf8(out, static_cast<unsigned char>(octet));
  return out;
}

}  // namespace textback::text
