#include "text/gsm0338.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <unordered_map>

#include "base/bytes.h"
#include "text/utf8.h"

namespace textback::text {
namespace {

// Row by row as the standard prints it; 0x1B stands for itself.
constexpr std::u32string_view kDefault =
    U"@£$¥èéùìòÇ\nØø\rÅå"
    U"Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    U" !\"#¤%&'()*+,-./"
    U"0123456789:;<=>?"
    U"¡ABCDEFGHIJKLMNO"
    U"PQRSTUVWXYZÄÖÑÜ§"
    U"¿abcdefghijklmno"
    U"pqrstuvwxyzäöñüà";
static_assert(kDefault.size() == 128);

struct Extension {
  char code;
  char32_t character;
};
constexpr std::array<Extension, 10> kExtension = {{{0x0a, U'\f'},
                                                   {0x14, U'^'},
                                                   {0x28, U'{'},
                                                   {0x29, U'}'},
                                                   {0x2f, U'\\'},
                                                   {0x3c, U'['},
                                                   {0x3d, U'~'},
                                                   {0x3e, U']'},
                                                   {0x40, U'|'},
                                                   {0x65, U'€'}}};

struct Near {
  char32_t from;
  std::string_view to;
};
constexpr Near kNear[] = {
    {0x2018, "'"},  {0x2019, "'"},   {0x201a, "'"},  {0x201b, "'"},  {0x2032, "'"},  {0x00b4, "'"},
    {U'`', "'"},    {0x02bc, "'"},   {0x201c, "\""}, {0x201d, "\""}, {0x201e, "\""}, {0x201f, "\""},
    {0x2033, "\""}, {0x00ab, "\""},  {0x00bb, "\""}, {0x2039, "'"},  {0x203a, "'"},  {0x2010, "-"},
    {0x2011, "-"},  {0x2012, "-"},   {0x2013, "-"},  {0x2014, "-"},  {0x2015, "-"},  {0x2212, "-"},
    {0x2022, "-"},  {0x2026, "..."}, {0x2044, "/"},  {U'\t', " "},   {0x00a0, " "},  {0x2000, " "},
    {0x2001, " "},  {0x2002, " "},   {0x2003, " "},  {0x2004, " "},  {0x2005, " "},  {0x2006, " "},
    {0x2007, " "},  {0x2008, " "},   {0x2009, " "},  {0x200a, " "},  {0x202f, " "},  {0x205f, " "},
    {0x3000, " "},  {0x2028, "\n"},  {0x2029, "\n"}, {0x00ad, ""},   {0x200b, ""},   {0x2060, ""},
    {0xfeff, ""},
};

// Character -> octets, one or two.
const std::unordered_map<char32_t, std::string>& Encoder() {
  static const auto table = [] {
    std::unordered_map<char32_t, std::string> t;
    for (std::size_t i = 0; i < kDefault.size(); ++i) {
      if (kDefault[i] != U'\x1b') t[kDefault[i]] = std::string(1, static_cast<char>(i));
    }
    for (const auto& e : kExtension) t[e.character] = {kGsmEscape, e.code};
    return t;
  }();
  return table;
}

}  // namespace

std::optional<std::string> EncodeGsm(std::string_view utf8) {
  if (!IsUtf8(utf8)) return std::nullopt;
  const auto& table = Encoder();
  std::string out;
  out.reserve(utf8.size());
  while (!utf8.empty()) {
    const auto found = table.find(NextCodePoint(utf8));
    if (found == table.end()) return std::nullopt;
    out += found->second;
  }
  return out;
}

std::string DecodeGsm(std::string_view octets) {
  std::string out;
  out.reserve(octets.size());
  for (std::size_t i = 0; i < octets.size(); ++i) {
    char octet = octets[i];
    if (octet == kGsmEscape) {
      if (i + 1 == octets.size() || octets[i + 1] == kGsmEscape) {
        out += ' ';
        ++i;
        continue;
      }
      octet = octets[++i];
      const auto* const found = std::find_if(kExtension.begin(), kExtension.end(),
                                             [&](const Extension& e) { return e.code == octet; });
      if (found != kExtension.end()) {
        AppendUtf8(out, found->character);
        continue;
      }
    }
    const auto index = static_cast<unsigned char>(octet);
    AppendUtf8(out, index < kDefault.size() ? kDefault[index] : kReplacement);
  }
  return out;
}

std::string NearGsm(std::string_view utf8) {
  if (!IsUtf8(utf8)) return std::string(utf8);
  std::string out;
  out.reserve(utf8.size());
  while (!utf8.empty()) {
    const char32_t c = NextCodePoint(utf8);
    const auto* const found = std::find_if(std::begin(kNear), std::end(kNear),
                                           [c](const Near& n) { return n.from == c; });
    if (found != std::end(kNear)) {
      out += found->to;
    } else {
      AppendUtf8(out, c);
    }
  }
  return out;
}

}  // namespace textback::text
