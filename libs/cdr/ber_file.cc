#include "cdr/ber_file.h"

#include <algorithm>

#include "cdr/ber.h"
#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

constexpr std::uint32_t kSequence = 16;
constexpr std::uint32_t kTapNotification = 2;

// TS 32.297, 6.1.1: file length, header length, releases, times, counts, sequence number, reason,
// address, lost records and the length of the routing filter.
constexpr std::size_t kFileHeaderMin = 50;
constexpr std::uint32_t kLengthUnknown = 0xffffffff;  // 2^32 - 1 octets or more
// TS 32.297, 6.1.2.
constexpr std::size_t kCdrHeader = 4;
constexpr std::uint8_t kReleaseExtension = 7;  // bits 8-6 of octet 3: the release stands in octet 5
constexpr std::uint8_t kFormatBer = 1;         // bits 8-6 of octet 4

std::uint32_t Number(std::string_view octets) {
  std::uint32_t number = 0;
  for (const char c : octets) number = number << 8 | static_cast<std::uint8_t>(c);
  return number;
}

// Of a TS 32.297 file; 0: it is none.
std::size_t FileHeaderLength(std::string_view bytes) {
  if (bytes.size() < kFileHeaderMin) return 0;
  const auto file = Number(bytes.substr(0, 4));
  const auto header = Number(bytes.substr(4, 4));
  if (file != bytes.size() && file != kLengthUnknown) return 0;
  return header >= kFileHeaderMin && header <= bytes.size() ? header : 0;
}

bool IsFill(std::string_view rest) {
  return rest.size() > 2 && rest.find_first_not_of('\0') == std::string_view::npos;
}

}  // namespace

BerFile::BerFile(std::string_view bytes) : all_(bytes), rest_(bytes) {
  const auto header = FileHeaderLength(bytes);
  behind_headers_ = header != 0;
  rest_.remove_prefix(header);
}

Error BerFile::Malformed(std::string_view problem, const char* at) const {
  return DeadLetterError(reasons::kBerMalformed,
                         "byte " + std::to_string(at - all_.data()) + ": " + std::string(problem));
}

Result<std::optional<std::string_view>> BerFile::Next() {
  if (failed_) return *failed_;
  auto next = behind_headers_ ? NextBehindHeader() : NextElement();
  if (!next) failed_ = next.error();
  return next;
}

Result<std::optional<std::string_view>> BerFile::NextBehindHeader() {
  if (rest_.empty()) return std::optional<std::string_view>();
  const auto* at = rest_.data();
  const auto header = rest_;
  if (header.size() < kCdrHeader) return Malformed("the header of a record is cut short", at);
  const std::size_t length = Number(header.substr(0, 2));
  const auto release = static_cast<std::uint8_t>(header[2]) >> 5;
  const auto format = static_cast<std::uint8_t>(header[3]) >> 5;
  const std::size_t header_length = kCdrHeader + (release == kReleaseExtension ? 1 : 0);
  if (format != kFormatBer) {
    return Malformed("a record in format " + std::to_string(format) + ", not 1 (BER)", at);
  }
  if (header.size() < header_length || header.size() - header_length < length)
    return Malformed("a record is longer than what is left of the file", at);
  rest_.remove_prefix(header_length + length);
  return std::optional(header.substr(header_length, length));
}

Result<std::optional<std::string_view>> BerFile::NextElement() {
  while (true) {
    const bool in_list = !records_.empty();
    auto& source = in_list ? records_ : rest_;
    source.remove_prefix(std::min(source.find_first_not_of('\xff'), source.size()));
    if (source.empty()) {
      if (in_list) continue;
      return std::optional<std::string_view>();
    }
    if (!in_list && IsFill(source)) {
      source = {};
      continue;
    }
    BerReader reader(source);
    BerElement element;
    if (!reader.Next(element)) return Malformed(reader.problem(), reader.at());
    source = reader.rest();
    if (!in_list && element.Is(BerClass::kUniversal, kSequence) && element.constructed) {
      BerReader parts(element.content);
      BerElement part;
      while (parts.Next(part)) {
        if (part.Is(BerClass::kContext, 1) && part.constructed) records_ = part.content;
      }
      if (!parts.problem().empty()) return Malformed(parts.problem(), parts.at());
      continue;
    }
    if (!in_list && element.Is(BerClass::kApplication, kTapNotification) && element.constructed)
      continue;
    return std::optional(element.bytes);
  }
}

}  // namespace textback::cdr
