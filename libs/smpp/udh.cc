#include "smpp/udh.h"

#include "base/bytes.h"

namespace textback::smpp {
namespace {

std::optional<Concat> Valid(std::uint32_t reference, std::uint32_t total, std::uint32_t part) {
  if (total < 1 || total > 255 || part < 1 || part > total) return std::nullopt;
  return Concat{static_cast<std::uint16_t>(reference), static_cast<std::uint8_t>(total),
                static_cast<std::uint8_t>(part)};
}

std::optional<Concat> FromHeader(std::string_view header) {
  ByteReader reader(header);
  while (!reader.empty()) {
    const auto iei = reader.U8();
    const auto length = reader.U8();
    const auto data = length ? reader.Bytes(*length) : std::nullopt;
    if (!data) return std::nullopt;
    ByteReader ie(*data);
    if (*iei == 0x00 && *length == 3) {
      const auto reference = *ie.U8();
      const auto total = *ie.U8();
      return Valid(reference, total, *ie.U8());
    }
    if (*iei == 0x08 && *length == 4) {
      const auto reference = *ie.U16();
      const auto total = *ie.U8();
      return Valid(reference, total, *ie.U8());
    }
  }
  return std::nullopt;
}

std::optional<Concat> FromSar(std::string_view tlvs) {
  const auto total = FindTlvNumber(tlvs, Tag::kSarTotalSegments);
  if (!total) return std::nullopt;
  const auto reference = FindTlvNumber(tlvs, Tag::kSarMsgRefNum);
  const auto part = FindTlvNumber(tlvs, Tag::kSarSegmentSeqnum);
  if (!reference || !part || *reference > 0xffff) return std::nullopt;
  return Valid(*reference, *total, *part);
}

}  // namespace

UserData ParseUserData(const MessageSm& message) {
  UserData data;
  data.text = message.Payload();
  if (message.udhi() && !data.text.empty()) {
    const std::size_t length = static_cast<unsigned char>(data.text[0]);
    if (length < data.text.size()) {
      data.concat = FromHeader(data.text.substr(1, length));
      data.text.remove_prefix(1 + length);
    }
  }
  if (!data.concat) data.concat = FromSar(message.tlvs);
  if (data.concat && data.concat->total == 1) data.concat.reset();
  return data;
}

Result<std::vector<SubmitRequest>> BuildParts(const SubmitRequest& base,
                                              const std::vector<std::string>& segments,
                                              std::uint8_t reference) {
  const std::size_t room = kShortMessageMax - (segments.size() > 1 ? kConcatUdhBytes : 0);
  if (segments.empty() || segments.size() > kPartsMax) {
    return DeadLetterError("bad_segments", "a message has " + std::to_string(segments.size()) +
                                               " segments; 1 to 255 can be sent");
  }
  std::vector<SubmitRequest> parts;
  parts.reserve(segments.size());
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].size() > room) {
      return DeadLetterError("bad_segments", "segment " + std::to_string(i + 1) + " has " +
                                                 std::to_string(segments[i].size()) +
                                                 " octets; short_message holds " +
                                                 std::to_string(room));
    }
    SubmitRequest part = base;
    part.token = base.token + i;
    part.short_message.clear();
    if (segments.size() > 1) {
      part.esm_class |= kEsmUdhi;
      const char udh[kConcatUdhBytes] = {5,
                                         0,
                                         3,
                                         static_cast<char>(reference),
                                         static_cast<char>(segments.size()),
                                         static_cast<char>(i + 1)};
      part.short_message.assign(udh, sizeof udh);
    }
    part.short_message += segments[i];
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace textback::smpp
