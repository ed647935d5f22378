// The PDUs of SMPP 3.4 (section 4) that a service like this exchanges, as typed values, encoded and
// decoded in both directions: the dispatcher is an ESME, the simulator an SMSC.
//
// Values borrow: a decoded PDU's strings point into the frame, an encoded one's into the caller's
// memory. Nothing is allocated per PDU but the growth of the output buffer.
//
// A PDU's error is a command_status: what the peer is to be told. Decode* and Encode* return
// ESME_ROK or that status; a failed Encode appends nothing, a failed Decode leaves `out`
// unspecified.
//
// Lenient, because real SMSCs are (Limits::kLenient, the default for what we receive):
//   - the last C-octet string of bind_resp and *_sm_resp may lack its NUL; a resp may have no body;
//   - addresses up to 65 octets in submit_sm and deliver_sm, where the standard has 21;
//   - message ids up to 129 octets (the standard has 65), since some are two ids joined by a
//   separator;
//   - system_id, password and system_type up to 65 octets: operators hand out passwords longer than
//   8;
//   - sm_length 255, where the standard has 254; times of any length up to 17.
// What we send keeps to the standard but for the bind's credentials, which are as the operator gave
// them. Unknown TLVs are kept; bytes that aren't whole TLVs are ESME_RINVOPTPARSTREAM.
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "smpp/framer.h"
#include "smpp/status.h"
#include "smpp/tlv.h"

namespace textback::smpp {

// 5.1.2. A plain number on the wire and in Header: peers send what no list has.
enum class CommandId : std::uint32_t {
  kGenericNack = 0x80000000,
  kBindReceiver = 0x00000001,
  kBindReceiverResp = 0x80000001,
  kBindTransmitter = 0x00000002,
  kBindTransmitterResp = 0x80000002,
  kQuerySm = 0x00000003,
  kSubmitSm = 0x00000004,
  kSubmitSmResp = 0x80000004,
  kDeliverSm = 0x00000005,
  kDeliverSmResp = 0x80000005,
  kUnbind = 0x00000006,
  kUnbindResp = 0x80000006,
  kReplaceSm = 0x00000007,
  kCancelSm = 0x00000008,
  kBindTransceiver = 0x00000009,
  kBindTransceiverResp = 0x80000009,
  kOutbind = 0x0000000b,
  kEnquireLink = 0x00000015,
  kEnquireLinkResp = 0x80000015,
  kSubmitMulti = 0x00000021,
  kAlertNotification = 0x00000102,
  kDataSm = 0x00000103,
  kDataSmResp = 0x80000103,
};
// "submit_sm"; "unknown" for a value that the standard doesn't name.
std::string_view CommandName(std::uint32_t command_id);
inline bool IsResponse(std::uint32_t command_id) { return (command_id & 0x80000000u) != 0; }
// The command_id of the response to a request.
inline CommandId ResponseTo(CommandId id) {
  return static_cast<CommandId>(static_cast<std::uint32_t>(id) | 0x80000000u);
}

// 3.2: sequence numbers are 1 to 0x7fffffff.
inline constexpr std::uint32_t kSequenceMax = 0x7fffffff;
inline std::uint32_t NextSequence(std::uint32_t sequence) {
  return sequence >= kSequenceMax ? 1 : sequence + 1;
}

inline constexpr std::uint8_t kInterfaceVersion34 = 0x34;
inline constexpr std::size_t kShortMessageMax = 254;  // 4.4.1; more goes into message_payload

// esm_class (5.2.12)
inline constexpr std::uint8_t kEsmUdhi = 0x40;      // the payload begins with a user data header
inline constexpr std::uint8_t kEsmTypeMask = 0x3c;  // message type, deliver_sm
inline constexpr std::uint8_t kEsmDeliveryReceipt = 0x04;  // SMSC delivery receipt
inline constexpr std::uint8_t kEsmIntermediate = 0x20;     // intermediate delivery notification

// registered_delivery (5.2.17)
inline constexpr std::uint8_t kReceiptNone = 0x00;
inline constexpr std::uint8_t kReceiptAlways = 0x01;
inline constexpr std::uint8_t kReceiptOnFailure = 0x02;

// data_coding (5.2.19)
inline constexpr std::uint8_t kCodingDefault =
    0x00;  // the SMSC's default alphabet: mostly GSM 03.38
inline constexpr std::uint8_t kCodingLatin1 = 0x03;
inline constexpr std::uint8_t kCodingBinary = 0x04;
inline constexpr std::uint8_t kCodingUcs2 = 0x08;

struct AddressView {
  std::uint8_t ton = 0;
  std::uint8_t npi = 0;
  std::string_view digits;
};

// bind_transmitter, bind_receiver, bind_transceiver (4.1.1, 4.1.3, 4.1.5).
struct Bind {
  std::string_view system_id;
  std::string_view password;  // never logged
  std::string_view system_type;
  std::uint8_t interface_version = kInterfaceVersion34;
  AddressView address;  // addr_ton, addr_npi, address_range
};

// Their responses (4.1.2, 4.1.4, 4.1.6). TLV sc_interface_version may follow.
struct BindResp {
  std::string_view system_id;
  std::string_view tlvs;
};

// submit_sm (4.4.1) and deliver_sm (4.6.1), which have the same layout.
struct MessageSm {
  std::string_view service_type;
  AddressView source;
  AddressView destination;
  std::uint8_t esm_class = 0;
  std::uint8_t protocol_id = 0;
  std::uint8_t priority_flag = 0;
  std::string_view schedule_delivery_time;  // "" or 16 characters (sm_time.h)
  std::string_view validity_period;         // the same
  std::uint8_t registered_delivery = 0;
  std::uint8_t replace_if_present_flag = 0;
  std::uint8_t data_coding = 0;
  std::uint8_t sm_default_msg_id = 0;
  std::string_view short_message;  // octets
  std::string_view tlvs;           // raw, see tlv.h

  bool udhi() const { return (esm_class & kEsmUdhi) != 0; }
  // The message's octets: short_message, else the message_payload TLV (3.4, 5.3.2.32).
  std::string_view Payload() const;
};

// data_sm (4.7.1): its text is in TLV message_payload.
struct DataSm {
  std::string_view service_type;
  AddressView source;
  AddressView destination;
  std::uint8_t esm_class = 0;
  std::uint8_t registered_delivery = 0;
  std::uint8_t data_coding = 0;
  std::string_view tlvs;
};

// submit_sm_resp, deliver_sm_resp, data_sm_resp (4.4.2, 4.6.2, 4.7.2).
struct MessageResp {
  std::string_view message_id;
  std::string_view tlvs;
};

enum class Limits : std::uint8_t { kStandard, kLenient };

// --- Encoding: appends one whole PDU to `out`. --------------------------------------------------
// `id` must be one of the kinds named; the sequence number is as given.
[[nodiscard]] CommandStatus EncodeBind(std::string& out, CommandId id, std::uint32_t sequence,
                                       const Bind& bind);
[[nodiscard]] CommandStatus EncodeBindResp(std::string& out, CommandId id, CommandStatus status,
                                           std::uint32_t sequence, const BindResp& resp);
[[nodiscard]] CommandStatus EncodeMessage(std::string& out, CommandId id, std::uint32_t sequence,
                                          const MessageSm& message);  // kSubmitSm, kDeliverSm
[[nodiscard]] CommandStatus EncodeDataSm(std::string& out, std::uint32_t sequence,
                                         const DataSm& message);
// kSubmitSmResp, kDeliverSmResp, kDataSmResp. deliver_sm_resp's message_id is unused: leave it
// empty. A submit_sm_resp with a non-zero status has no body (4.4.2).
[[nodiscard]] CommandStatus EncodeMessageResp(std::string& out, CommandId id, CommandStatus status,
                                              std::uint32_t sequence, const MessageResp& resp);
// PDUs without a body: generic_nack, unbind(_resp), enquire_link(_resp), and any refusing response.
void EncodeHeaderOnly(std::string& out, CommandId id, CommandStatus status, std::uint32_t sequence);

// --- Decoding: `body` is a Frame's. -------------------------------------------------------------
[[nodiscard]] CommandStatus DecodeBind(std::string_view body, Bind& out,
                                       Limits limits = Limits::kLenient);
[[nodiscard]] CommandStatus DecodeBindResp(std::string_view body, BindResp& out,
                                           Limits limits = Limits::kLenient);
[[nodiscard]] CommandStatus DecodeMessage(std::string_view body, MessageSm& out,
                                          Limits limits = Limits::kLenient);
[[nodiscard]] CommandStatus DecodeDataSm(std::string_view body, DataSm& out,
                                         Limits limits = Limits::kLenient);
[[nodiscard]] CommandStatus DecodeMessageResp(std::string_view body, MessageResp& out,
                                              Limits limits = Limits::kLenient);

}  // namespace textback::smpp
