#include "cdr/ber.h"

#include <chrono>

namespace textback::cdr {
namespace {

constexpr std::uint32_t kTagMax = (1U << 28) - 1;
constexpr std::size_t kLengthOctetsMax = 8;
constexpr std::string_view kCut = "cut short";

struct Header {
  BerClass tag_class = BerClass::kUniversal;
  bool constructed = false;
  bool indefinite = false;
  std::uint32_t tag = 0;
  std::size_t size = 0;      // of the header itself
  std::uint64_t length = 0;  // of the contents; indefinite: 0
};

std::uint8_t Octet(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

// Empty: read. Otherwise what is wrong.
std::string_view ReadHeader(std::string_view bytes, Header& header) {
  if (bytes.size() < 2) return kCut;
  const std::uint8_t identifier = Octet(bytes, 0);
  header.tag_class = static_cast<BerClass>(identifier >> 6);
  header.constructed = (identifier & 0x20) != 0;
  header.tag = identifier & 0x1f;
  std::size_t at = 1;
  if (header.tag == 0x1f) {
    header.tag = 0;
    if (Octet(bytes, at) == 0x80) return "a tag number with leading zeros";
    std::uint8_t octet = 0;
    do {
      if (at == bytes.size()) return kCut;
      octet = Octet(bytes, at++);
      if (header.tag > (kTagMax >> 7)) return "a tag number above 2^28";
      header.tag = header.tag << 7 | (octet & 0x7f);
    } while ((octet & 0x80) != 0);
    if (header.tag < 0x1f) return "a small tag number in the long form";
    if (at == bytes.size()) return kCut;
  }
  const std::uint8_t first = Octet(bytes, at++);
  header.indefinite = first == 0x80;
  header.length = 0;
  if (header.indefinite) {
    if (!header.constructed) return "a primitive of indefinite length";
  } else if (first < 0x80) {
    header.length = first;
  } else {
    const std::size_t octets = first & 0x7f;
    if (octets > kLengthOctetsMax) return "a length of more than 8 octets";
    if (bytes.size() - at < octets) return kCut;
    for (std::size_t i = 0; i < octets; ++i)
      header.length = header.length << 8 | Octet(bytes, at++);
  }
  header.size = at;
  if (header.length > bytes.size() - at) return "longer than what holds it";
  return {};
}

bool IsEndOfContents(std::string_view bytes) {
  return bytes.size() >= 2 && bytes[0] == 0 && bytes[1] == 0;
}

// The length of the contents that begin here and end with end-of-contents octets.
std::string_view FindEnd(std::string_view bytes, std::size_t& length) {
  int open = 1;
  std::size_t at = 0;
  while (true) {
    const auto rest = bytes.substr(at);
    if (IsEndOfContents(rest)) {
      if (--open == 0) {
        length = at;
        return {};
      }
      at += 2;
      continue;
    }
    Header header;
    if (const auto problem = ReadHeader(rest, header); !problem.empty()) return problem;
    at += header.size;
    if (header.indefinite) {
      if (++open > BerReader::kDepthMax) return "indefinite lengths nested too deep";
    } else {
      at += static_cast<std::size_t>(header.length);
    }
  }
}

// -1: not two decimal digits.
int Bcd(char c) {
  const int high = static_cast<std::uint8_t>(c) >> 4;
  const int low = static_cast<std::uint8_t>(c) & 0x0f;
  return high > 9 || low > 9 ? -1 : high * 10 + low;
}

}  // namespace

bool BerReader::Fail(std::string_view problem) {
  problem_ = problem;
  return false;
}

bool BerReader::Next(BerElement& element) {
  if (rest_.empty() || !problem_.empty()) return false;
  if (IsEndOfContents(rest_)) return Fail("end-of-contents octets where nothing is open");
  Header header;
  if (const auto problem = ReadHeader(rest_, header); !problem.empty()) return Fail(problem);
  auto length = static_cast<std::size_t>(header.length);
  std::size_t after = 0;
  if (header.indefinite) {
    if (const auto problem = FindEnd(rest_.substr(header.size), length); !problem.empty())
      return Fail(problem);
    after = 2;
  }
  element.tag_class = header.tag_class;
  element.constructed = header.constructed;
  element.tag = header.tag;
  element.content = rest_.substr(header.size, length);
  element.bytes = rest_.substr(0, header.size + length + after);
  rest_.remove_prefix(element.bytes.size());
  return true;
}

std::optional<std::int64_t> BerInteger(std::string_view content) {
  if (content.empty() || content.size() > 8) return std::nullopt;
  std::uint64_t value = (Octet(content, 0) & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (std::size_t i = 0; i < content.size(); ++i) value = value << 8 | Octet(content, i);
  return static_cast<std::int64_t>(value);
}

bool ReadTbcd(std::string_view octets, TbcdDigits& digits) {
  constexpr std::string_view kDigits = "0123456789*#CDE";
  if (octets.size() * 2 > TbcdDigits::kMax) return false;
  digits.size = 0;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const unsigned low = Octet(octets, i) & 0x0f;
    const unsigned high = Octet(octets, i) >> 4;
    if (low == 0x0f) return high == 0x0f && i + 1 == octets.size();
    digits.text[digits.size++] = kDigits[low];
    if (high == 0x0f) return i + 1 == octets.size();
    digits.text[digits.size++] = kDigits[high];
  }
  return true;
}

bool ReadBcdNumber(std::string_view octets, BcdNumber& number) {
  if (octets.empty()) return false;
  const std::uint8_t kind = Octet(octets, 0);
  number.type = (kind >> 4) & 0x07;
  number.plan = kind & 0x0f;
  number.has_presentation = (kind & 0x80) == 0;
  std::size_t at = 1;
  if (number.has_presentation) {
    if (octets.size() < 2) return false;
    const std::uint8_t shown = Octet(octets, at++);
    if ((shown & 0x80) == 0) return false;  // a further octet, which the standards don't have
    number.presentation = (shown >> 5) & 0x03;
    number.screening = shown & 0x03;
  }
  return ReadTbcd(octets.substr(at), number.digits);
}

std::optional<std::int64_t> ReadTimeStamp(std::string_view octets) {
  using namespace std::chrono;
  if (octets.size() != 9) return std::nullopt;
  std::array<int, 8> fields;
  for (std::size_t i = 0; i < 8; ++i) {
    fields[i] = Bcd(octets[i < 6 ? i : i + 1]);
    if (fields[i] < 0) return std::nullopt;
  }
  const auto [yy, month_number, day_number, hour, minute, second, zone_hour, zone_minute] = fields;
  const char sign = octets[6];
  const year_month_day date{year{2000 + yy}, month{static_cast<unsigned>(month_number)},
                            day{static_cast<unsigned>(day_number)}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60 || zone_hour > 14 || zone_minute > 59 ||
      (sign != '+' && sign != '-')) {
    return std::nullopt;
  }
  const std::int64_t days = sys_days{date}.time_since_epoch().count();
  const std::int64_t ahead = (zone_hour * 60 + zone_minute) * (sign == '-' ? -60 : 60);
  return (((days * 24 + hour) * 60 + minute) * 60 + second - ahead) * 1000;
}

}  // namespace textback::cdr
