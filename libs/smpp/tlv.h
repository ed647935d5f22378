// Optional parameters (TLVs) of SMPP 3.4 (5.3): tag(2) length(2) value, big-endian.
//
// A PDU keeps its TLVs as the raw bytes that were on the wire: unknown tags pass through untouched,
// and nobody pays for those that nobody asks for. FindTlv and the typed getters read them;
// AppendTlv builds them.
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace textback::smpp {

enum class Tag : std::uint16_t {
  kDestAddrSubunit = 0x0005,
  kSourceAddrSubunit = 0x000d,
  kPayloadType = 0x0019,
  kAdditionalStatusInfoText = 0x001d,
  kReceiptedMessageId = 0x001e,  // C-octet string, at most 65
  kMsMsgWaitFacilities = 0x0030,
  kPrivacyIndicator = 0x0201,
  kUserMessageReference = 0x0204,  // 2 octets
  kUserResponseCode = 0x0205,
  kSourcePort = 0x020a,
  kDestinationPort = 0x020b,
  kSarMsgRefNum = 0x020c,  // 2 octets
  kLanguageIndicator = 0x020d,
  kSarTotalSegments = 0x020e,  // 1 octet
  kSarSegmentSeqnum = 0x020f,  // 1 octet, from 1
  kScInterfaceVersion = 0x0210,
  kDisplayTime = 0x1201,
  kNetworkErrorCode = 0x0423,  // network type(1) code(2)
  kMessagePayload = 0x0424,
  kDeliveryFailureReason = 0x0425,
  kMoreMessagesToSend = 0x0426,
  kMessageState = 0x0427,  // 1 octet
};

struct Tlv {
  std::uint16_t tag = 0;
  std::string_view value;  // borrows
};

// Walks `tlvs`; a truncated TLV ends the walk with ok() false.
class TlvReader {
 public:
  explicit TlvReader(std::string_view tlvs) : rest_(tlvs) {}
  bool Next(Tlv& tlv);
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// True when `tlvs` is a sequence of whole TLVs (possibly none).
bool TlvsWellFormed(std::string_view tlvs);

// The value of the first TLV with this tag.
std::optional<std::string_view> FindTlv(std::string_view tlvs, Tag tag);
// As an unsigned number: 1 to 4 octets, else nullopt.
std::optional<std::uint32_t> FindTlvNumber(std::string_view tlvs, Tag tag);
// As a C-octet string: without its NUL, which some SMSCs leave out.
std::optional<std::string_view> FindTlvString(std::string_view tlvs, Tag tag);

// Requires value.size() ≤ 65535.
void AppendTlv(std::string& tlvs, Tag tag, std::string_view value);
void AppendTlvU8(std::string& tlvs, Tag tag, std::uint8_t value);
void AppendTlvU16(std::string& tlvs, Tag tag, std::uint16_t value);
void AppendTlvString(std::string& tlvs, Tag tag, std::string_view value);  // adds the NUL

}  // namespace textback::smpp
