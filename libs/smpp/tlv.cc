#include "smpp/tlv.h"

#include "base/assert.h"
#include "base/bytes.h"

namespace textback::smpp {

bool TlvReader::Next(Tlv& tlv) {
  if (rest_.empty()) return false;
  ByteReader reader(rest_);
  const auto tag = reader.U16();
  const auto length = reader.U16();
  const auto value = length ? reader.Bytes(*length) : std::nullopt;
  if (!value) {
    ok_ = false;
    rest_ = {};
    return false;
  }
  tlv = {*tag, *value};
  rest_ = reader.rest();
  return true;
}

bool TlvsWellFormed(std::string_view tlvs) {
  TlvReader reader(tlvs);
  for (Tlv tlv; reader.Next(tlv);) continue;
  return reader.ok();
}

std::optional<std::string_view> FindTlv(std::string_view tlvs, Tag tag) {
  TlvReader reader(tlvs);
  for (Tlv tlv; reader.Next(tlv);) {
    if (tlv.tag == static_cast<std::uint16_t>(tag)) return tlv.value;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> FindTlvNumber(std::string_view tlvs, Tag tag) {
  const auto value = FindTlv(tlvs, tag);
  if (!value || value->empty() || value->size() > 4) return std::nullopt;
  std::uint32_t number = 0;
  for (const char c : *value) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

std::optional<std::string_view> FindTlvString(std::string_view tlvs, Tag tag) {
  const auto value = FindTlv(tlvs, tag);
  if (!value) return std::nullopt;
  return value->substr(0, value->find('\0'));
}

void AppendTlv(std::string& tlvs, Tag tag, std::string_view value) {
  TB_ASSERT(value.size() <= 0xffff);
  AppendU16(tlvs, static_cast<std::uint16_t>(tag));
  AppendU16(tlvs, static_cast<std::uint16_t>(value.size()));
  tlvs.append(value);
}

void AppendTlvU8(std::string& tlvs, Tag tag, std::uint8_t value) {
  AppendU16(tlvs, static_cast<std::uint16_t>(tag));
  AppendU16(tlvs, 1);
  AppendU8(tlvs, value);
}

void AppendTlvU16(std::string& tlvs, Tag tag, std::uint16_t value) {
  AppendU16(tlvs, static_cast<std::uint16_t>(tag));
  AppendU16(tlvs, 2);
  AppendU16(tlvs, value);
}

void AppendTlvString(std::string& tlvs, Tag tag, std::string_view value) {
  TB_ASSERT(value.size() < 0xffff);
  AppendU16(tlvs, static_cast<std::uint16_t>(tag));
  AppendU16(tlvs, static_cast<std::uint16_t>(value.size() + 1));
  tlvs.append(value);
  tlvs.push_back('\0');
}

}  // namespace textback::smpp
