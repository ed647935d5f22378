#include "smpp/pdu.h"

#include <cstring>
#include <utility>

#include "base/assert.h"

namespace textback::smpp {
namespace {

// Largest C-octet strings, NUL included.
struct FieldLimits {
  std::size_t system_id, password, system_type, address_range;  // 4.1
  std::size_t service_type, address, time, short_message;       // 4.4.1, 4.6.1
  std::size_t data_address, message_id;                         // 4.7.1, 4.4.2
};
constexpr FieldLimits kStandardLimits{16, 9, 13, 41, 6, 21, 17, 254, 65, 65};
constexpr FieldLimits kLenientLimits{65, 65, 65, 65, 6, 65, 17, 255, 65, 129};

const FieldLimits& Of(Limits limits) {
  return limits == Limits::kStandard ? kStandardLimits : kLenientLimits;
}

// Reads a body. The first failure sticks and names the status to answer with.
class BodyReader {
 public:
  explicit BodyReader(std::string_view body) : rest_(body) {}

  std::uint8_t U8() {
    if (rest_.empty()) return static_cast<std::uint8_t>(Fail(ESME_RINVCMDLEN));
    const auto v = static_cast<std::uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    return v;
  }
  // At most `max` octets, NUL included; without one within the limit it is `too_long`, and with
  // none before the end of the body ESME_RINVCMDLEN.
  std::string_view CString(std::size_t max, CommandStatus too_long) {
    const auto nul = rest_.substr(0, max).find('\0');
    if (nul == std::string_view::npos) {
      Fail(rest_.size() >= max ? too_long : ESME_RINVCMDLEN);
      return {};
    }
    const auto v = rest_.substr(0, nul);
    rest_.remove_prefix(nul + 1);
    return v;
  }
  // The same as the last mandatory field of a response: the end of the body ends it as well.
  std::string_view LastCString(std::size_t max, CommandStatus too_long) {
    if (rest_.size() >= max || rest_.find('\0') != std::string_view::npos)
      return CString(max, too_long);
    return std::exchange(rest_, {});
  }
  std::string_view Bytes(std::size_t size) {
    if (rest_.size() < size) {
      Fail(ESME_RINVCMDLEN);
      return {};
    }
    const auto v = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return v;
  }
  AddressView Address(std::size_t max, CommandStatus too_long) {
    const std::uint8_t ton = U8();
    const std::uint8_t npi = U8();
    return {ton, npi, CString(max, too_long)};
  }
  std::string_view Tlvs() {
    if (!TlvsWellFormed(rest_)) Fail(ESME_RINVOPTPARSTREAM);
    return std::exchange(rest_, {});
  }
  CommandStatus Fail(CommandStatus status) {
    if (status_ == ESME_ROK) status_ = status;
    rest_ = {};
    return 0;
  }
  CommandStatus status() const { return status_; }

 private:
  std::string_view rest_;
  CommandStatus status_ = ESME_ROK;
};

// Writes the mandatory part of one PDU into a fixed buffer, which the limits keep large enough;
// TLVs go straight to the output. One append per PDU instead of one per octet: this is the hot
// path.
class PduWriter {
 public:
  PduWriter(CommandId id, CommandStatus status, std::uint32_t sequence) {
    at_ += 4;  // command_length, known at the end
    U32(static_cast<std::uint32_t>(id));
    U32(status);
    U32(sequence);
  }
  void U8(std::uint8_t v) { *at_++ = static_cast<char>(v); }
  void U32(std::uint32_t v) {
    for (int shift = 24; shift >= 0; shift -= 8) *at_++ = static_cast<char>(v >> shift & 0xff);
  }
  void CString(std::string_view v, std::size_t max, CommandStatus too_long) {
    if (v.size() >= max || v.find('\0') != std::string_view::npos) return Fail(too_long);
    Bytes(v);
    U8(0);
  }
  void Address(const AddressView& v, std::size_t max, CommandStatus too_long) {
    U8(v.ton);
    U8(v.npi);
    CString(v.digits, max, too_long);
  }
  void Bytes(std::string_view v) {
    if (v.empty()) return;
    std::memcpy(at_, v.data(), v.size());
    at_ += v.size();
  }
  void Fail(CommandStatus status) {
    if (status_ == ESME_ROK) status_ = status;
  }
  // Appends the PDU and its TLVs to `out`, unless a field failed.
  CommandStatus Finish(std::string& out, std::string_view tlvs) {
    if (status_ != ESME_ROK) return status_;
    const auto mandatory = static_cast<std::size_t>(at_ - buffer_);
    TB_ASSERT(mandatory <= sizeof buffer_);
    const std::size_t length = mandatory + tlvs.size();
    if (length > kPduBytesMax) return ESME_RINVMSGLEN;
    at_ = buffer_;
    U32(static_cast<std::uint32_t>(length));
    out.append(buffer_, mandatory);
    if (!tlvs.empty()) out.append(tlvs);
    return ESME_ROK;
  }

 private:
  // Header, every string of submit_sm at its lenient limit, its single octets, its message: 512 is
  // above the sum for each PDU.
  char buffer_[640];
  char* at_ = buffer_;
  CommandStatus status_ = ESME_ROK;
};
static_assert(kHeaderBytes + 6 + 2 * (2 + 65) + 3 + 2 * 17 + 5 + 255 < 512);
static_assert(kHeaderBytes + 4 * 65 + 3 < 512);

// ESME_RINVSCHED and ESME_RINVEXPIRY: empty or 16 characters (7.1.1).
void Time(PduWriter& writer, std::string_view time, CommandStatus invalid) {
  if (!time.empty() && time.size() != 16) return writer.Fail(invalid);
  writer.CString(time, kStandardLimits.time, invalid);
}

}  // namespace

std::string_view CommandName(std::uint32_t command_id) {
  switch (static_cast<CommandId>(command_id)) {
    case CommandId::kGenericNack:
      return "generic_nack";
    case CommandId::kBindReceiver:
      return "bind_receiver";
    case CommandId::kBindReceiverResp:
      return "bind_receiver_resp";
    case CommandId::kBindTransmitter:
      return "bind_transmitter";
    case CommandId::kBindTransmitterResp:
      return "bind_transmitter_resp";
    case CommandId::kQuerySm:
      return "query_sm";
    case CommandId::kSubmitSm:
      return "submit_sm";
    case CommandId::kSubmitSmResp:
      return "submit_sm_resp";
    case CommandId::kDeliverSm:
      return "deliver_sm";
    case CommandId::kDeliverSmResp:
      return "deliver_sm_resp";
    case CommandId::kUnbind:
      return "unbind";
    case CommandId::kUnbindResp:
      return "unbind_resp";
    case CommandId::kReplaceSm:
      return "replace_sm";
    case CommandId::kCancelSm:
      return "cancel_sm";
    case CommandId::kBindTransceiver:
      return "bind_transceiver";
    case CommandId::kBindTransceiverResp:
      return "bind_transceiver_resp";
    case CommandId::kOutbind:
      return "outbind";
    case CommandId::kEnquireLink:
      return "enquire_link";
    case CommandId::kEnquireLinkResp:
      return "enquire_link_resp";
    case CommandId::kSubmitMulti:
      return "submit_multi";
    case CommandId::kAlertNotification:
      return "alert_notification";
    case CommandId::kDataSm:
      return "data_sm";
    case CommandId::kDataSmResp:
      return "data_sm_resp";
  }
  return "unknown";
}

std::string_view MessageSm::Payload() const {
  if (!short_message.empty()) return short_message;
  return FindTlv(tlvs, Tag::kMessagePayload).value_or(std::string_view{});
}

CommandStatus EncodeBind(std::string& out, CommandId id, std::uint32_t sequence, const Bind& bind) {
  // Credentials by the lenient limits: they are as the operator issued them.
  PduWriter w(id, ESME_ROK, sequence);
  w.CString(bind.system_id, kLenientLimits.system_id, ESME_RINVSYSID);
  w.CString(bind.password, kLenientLimits.password, ESME_RINVPASWD);
  w.CString(bind.system_type, kLenientLimits.system_type, ESME_RINVSYSTYP);
  w.U8(bind.interface_version);
  w.Address(bind.address, kStandardLimits.address_range, ESME_RBINDFAIL);
  return w.Finish(out, {});
}

CommandStatus EncodeBindResp(std::string& out, CommandId id, CommandStatus status,
                             std::uint32_t sequence, const BindResp& resp) {
  PduWriter w(id, status, sequence);
  w.CString(resp.system_id, kLenientLimits.system_id, ESME_RINVSYSID);
  return w.Finish(out, resp.tlvs);
}

CommandStatus EncodeMessage(std::string& out, CommandId id, std::uint32_t sequence,
                            const MessageSm& message) {
  const FieldLimits& limit = kStandardLimits;
  PduWriter w(id, ESME_ROK, sequence);
  w.CString(message.service_type, limit.service_type, ESME_RINVSERTYP);
  w.Address(message.source, limit.address, ESME_RINVSRCADR);
  w.Address(message.destination, limit.address, ESME_RINVDSTADR);
  w.U8(message.esm_class);
  w.U8(message.protocol_id);
  w.U8(message.priority_flag);
  Time(w, message.schedule_delivery_time, ESME_RINVSCHED);
  Time(w, message.validity_period, ESME_RINVEXPIRY);
  w.U8(message.registered_delivery);
  w.U8(message.replace_if_present_flag);
  w.U8(message.data_coding);
  w.U8(message.sm_default_msg_id);
  if (message.short_message.size() > limit.short_message) return ESME_RINVMSGLEN;
  w.U8(static_cast<std::uint8_t>(message.short_message.size()));
  w.Bytes(message.short_message);
  return w.Finish(out, message.tlvs);
}

CommandStatus EncodeDataSm(std::string& out, std::uint32_t sequence, const DataSm& message) {
  const FieldLimits& limit = kStandardLimits;
  PduWriter w(CommandId::kDataSm, ESME_ROK, sequence);
  w.CString(message.service_type, limit.service_type, ESME_RINVSERTYP);
  w.Address(message.source, limit.data_address, ESME_RINVSRCADR);
  w.Address(message.destination, limit.data_address, ESME_RINVDSTADR);
  w.U8(message.esm_class);
  w.U8(message.registered_delivery);
  w.U8(message.data_coding);
  return w.Finish(out, message.tlvs);
}

CommandStatus EncodeMessageResp(std::string& out, CommandId id, CommandStatus status,
                                std::uint32_t sequence, const MessageResp& resp) {
  PduWriter w(id, status, sequence);
  if (id == CommandId::kSubmitSmResp && status != ESME_ROK) return w.Finish(out, {});
  w.CString(resp.message_id, kStandardLimits.message_id, ESME_RINVMSGID);
  return w.Finish(out, resp.tlvs);
}

void EncodeHeaderOnly(std::string& out, CommandId id, CommandStatus status,
                      std::uint32_t sequence) {
  const CommandStatus encoded = PduWriter(id, status, sequence).Finish(out, {});
  TB_ASSERT(encoded == ESME_ROK);
}

CommandStatus DecodeBind(std::string_view body, Bind& out, Limits limits) {
  const FieldLimits& limit = Of(limits);
  BodyReader r(body);
  out.system_id = r.CString(limit.system_id, ESME_RINVSYSID);
  out.password = r.CString(limit.password, ESME_RINVPASWD);
  out.system_type = r.CString(limit.system_type, ESME_RINVSYSTYP);
  out.interface_version = r.U8();
  out.address = r.Address(limit.address_range, ESME_RBINDFAIL);
  return r.status();
}

CommandStatus DecodeBindResp(std::string_view body, BindResp& out, Limits limits) {
  BodyReader r(body);
  out.system_id = r.LastCString(Of(limits).system_id, ESME_RINVSYSID);
  out.tlvs = r.Tlvs();
  return r.status();
}

CommandStatus DecodeMessage(std::string_view body, MessageSm& out, Limits limits) {
  const FieldLimits& limit = Of(limits);
  BodyReader r(body);
  out.service_type = r.CString(limit.service_type, ESME_RINVSERTYP);
  out.source = r.Address(limit.address, ESME_RINVSRCADR);
  out.destination = r.Address(limit.address, ESME_RINVDSTADR);
  out.esm_class = r.U8();
  out.protocol_id = r.U8();
  out.priority_flag = r.U8();
  out.schedule_delivery_time = r.CString(limit.time, ESME_RINVSCHED);
  out.validity_period = r.CString(limit.time, ESME_RINVEXPIRY);
  out.registered_delivery = r.U8();
  out.replace_if_present_flag = r.U8();
  out.data_coding = r.U8();
  out.sm_default_msg_id = r.U8();
  const std::size_t sm_length = r.U8();
  if (sm_length > limit.short_message) r.Fail(ESME_RINVMSGLEN);
  out.short_message = r.Bytes(sm_length);
  out.tlvs = r.Tlvs();
  return r.status();
}

CommandStatus DecodeDataSm(std::string_view body, DataSm& out, Limits limits) {
  const FieldLimits& limit = Of(limits);
  BodyReader r(body);
  out.service_type = r.CString(limit.service_type, ESME_RINVSERTYP);
  out.source = r.Address(limit.data_address, ESME_RINVSRCADR);
  out.destination = r.Address(limit.data_address, ESME_RINVDSTADR);
  out.esm_class = r.U8();
  out.registered_delivery = r.U8();
  out.data_coding = r.U8();
  out.tlvs = r.Tlvs();
  return r.status();
}

CommandStatus DecodeMessageResp(std::string_view body, MessageResp& out, Limits limits) {
  BodyReader r(body);
  out.message_id = r.LastCString(Of(limits).message_id, ESME_RINVMSGID);
  out.tlvs = r.Tlvs();
  return r.status();
}

}  // namespace textback::smpp
