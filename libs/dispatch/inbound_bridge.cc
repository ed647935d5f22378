#include "dispatch/inbound_bridge.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/msisdn.h"
#include "smpp/message_id.h"
#include "text/gsm0338.h"
#include "text/ucs2.h"
#include "textback/v1/inbound_message.pb.h"
#include "textback/v1/receipt.pb.h"

namespace textback::dispatch {
namespace {

constexpr std::int64_t kRepeatSpanMs = 600'000;

std::string DecodeText(std::uint8_t data_coding, std::string_view octets) {
  switch (data_coding) {
    case smpp::kCodingUcs2:
      return text::DecodeUcs2(octets);
    case smpp::kCodingLatin1:
      return text::DecodeLatin1(octets);
    default:
      return text::DecodeGsm(octets);
  }
}

// The longest whole-character prefix.
std::string CutUtf8(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  return text;
}

}  // namespace

InboundBridge::InboundBridge(const InboundConfig& config, smpp::SubmitPort& port, log::Log& log,
                             const Clock& clock)
    : config_(config),
      port_(port),
      log_(log),
      clock_(clock),
      normaliser_(cdr::Normaliser::Make({.country = config.country}).value()),
      reassembler_(smpp::ReassemblyLimits{}) {}

InboundBridge::~InboundBridge() = default;

// E.164 with "+" where the address is one, else its digits or name as they came. Type of number:
// SMPP 3.4, 5.2.5. A person's STOP counts in whatever form their network writes their number.
std::string InboundBridge::AddressText(const smpp::AddressView& address) const {
  if (const auto number = smpp::ToE164(address)) return number->ToE164();
  if (address.ton == smpp::kTonNational || address.ton == smpp::kTonUnknown) {
    const auto type = address.ton == smpp::kTonNational ? v1::Party::NUMBER_TYPE_NATIONAL
                                                        : v1::Party::NUMBER_TYPE_UNSPECIFIED;
    if (const auto number = normaliser_.ToE164(address.digits, type)) return number->ToE164();
  }
  return std::string(address.digits);
}

Status InboundBridge::Step(std::chrono::milliseconds wait) {
  if (writer_ == nullptr) {
    TB_ASSIGN_OR_RETURN(writer_, log_.NewWriter("inbound-" + config_.account));
  }
  const bool room = unanswered_.size() < config_.unanswered_max;
  if (room)
    port_.DrainDelivered(taken_, config_.batch_max,
                         unanswered_.empty() ? wait : std::chrono::milliseconds(0));
  for (std::size_t i = 0; i < taken_.size(); ++i) {
    auto status = taken_[i].receipt ? OnReceipt(taken_[i]) : OnText(std::move(taken_[i]));
    if (status) continue;
    for (++i; i < taken_.size(); ++i) port_.Respond(taken_[i].handle, smpp::ESME_RX_T_APPN);
    taken_.clear();
    GiveUp();
    return status;
  }
  taken_.clear();
  joined_.clear();
  reassembler_.Expire(clock_.NowMs(), joined_);
  for (const auto& message : joined_) {
    if (auto status = PutMessage(message, clock_.NowMs(), {}); !status) {
      GiveUp();
      return status;
    }
  }
  auto durable = writer_->Poll(unanswered_.empty() ? std::chrono::milliseconds(0) : wait);
  if (!durable) {
    GiveUp();
    return durable.error();
  }
  AnswerDurable(*durable);
  stats_.unanswered = unanswered_.size();
  return Ok();
}

Status InboundBridge::OnReceipt(const smpp::Delivered& delivered) {
  const smpp::Receipt& in = *delivered.receipt;
  const std::string key = smpp::MessageIdKey(in.message_id, config_.profile.receipt_id);
  v1::Receipt receipt;
  receipt.set_account(config_.account);
  receipt.set_message_id(in.message_id);
  receipt.set_message_id_key(key);
  receipt.set_state(static_cast<v1::DeliveryState>(in.state));
  receipt.set_error(in.error);
  receipt.set_recipient(AddressText(delivered.message.source));
  receipt.set_sender(AddressText(delivered.message.destination));
  if (in.done_ms) receipt.set_done_ms(*in.done_ms);
  receipt.set_received_ms(delivered.received_ms);
  if (in.user_message_reference) receipt.set_user_message_reference(*in.user_message_reference);
  receipt.set_bind(std::string(delivered.bind));
  ++stats_.receipts;
  return Write(config_.receipts_topic, config_.account + "|" + key, receipt.SerializeAsString(),
               {delivered.handle});
}

Status InboundBridge::OnText(smpp::Delivered&& delivered) {
  const auto& in = delivered.message;
  const auto data = smpp::ParseUserData(in);
  const std::string source = AddressText(in.source);
  if (!Msisdn::FromE164(source)) {
    // Nobody whom an answer could reach: short codes and names. Answered, or it would come for
    // ever.
    ++stats_.unreadable;
    port_.Respond(delivered.handle, smpp::ESME_ROK);
    return Ok();
  }
  if (!data.concat) {
    smpp::MoMessage message;
    message.source = source;
    message.destination = AddressText(in.destination);
    message.data_coding = in.data_coding;
    message.payload = std::string(data.text);
    return PutMessage(message, delivered.received_ms, {delivered.handle});
  }
  joined_.clear();
  reassembler_.Add({.source = source,
                    .destination = AddressText(in.destination),
                    .concat = *data.concat,
                    .data_coding = in.data_coding,
                    .payload = std::string(data.text),
                    .handle = delivered.handle},
                   clock_.NowMs(), joined_);
  bool held = false;
  for (const auto& message : joined_) {
    const bool last = std::find(message.handles.begin(), message.handles.end(), delivered.handle) !=
                      message.handles.end();
    held = held || last;
    TB_RETURN_IF_ERROR(PutMessage(
        message, delivered.received_ms,
        last ? std::vector<std::uint64_t>{delivered.handle} : std::vector<std::uint64_t>{}));
  }
  if (!held) port_.Respond(delivered.handle, smpp::ESME_ROK);
  return Ok();
}

Status InboundBridge::PutMessage(const smpp::MoMessage& message, std::int64_t received_ms,
                                 std::vector<std::uint64_t> handles) {
  std::string text = DecodeText(message.data_coding, message.payload);
  v1::InboundMessage inbound;
  // The SMSC gives no id: a repeat is the same words between the same two within the span.
  const std::string identity =
      config_.account + '\0' + message.source + '\0' + message.destination + '\0' + text;
  const auto span = static_cast<std::uint64_t>(received_ms / kRepeatSpanMs);
  inbound.set_inbound_id(Hex64(StableHash64(identity, span)) +
                         Hex64(StableHash64(identity, ~span)));
  inbound.set_customer(message.source);
  inbound.set_recipient(message.destination);
  inbound.set_truncated(message.truncated || text.size() > config_.text_bytes_max);
  inbound.set_text(CutUtf8(std::move(text), config_.text_bytes_max));
  inbound.set_received_at_ms(received_ms);
  inbound.set_account(config_.account);
  ++stats_.texts;
  return Write(config_.inbound_topic, message.source, inbound.SerializeAsString(),
               std::move(handles));
}

Status InboundBridge::Write(std::string_view topic, std::string_view key, std::string value,
                            std::vector<std::uint64_t> handles) {
  while (true) {
    auto sequence = writer_->Send(topic, std::nullopt, key, value, clock_.NowMs());
    if (sequence) {
      unanswered_.push_back({*sequence, std::move(handles)});
      return Ok();
    }
    if (sequence.error().code != "log_queue_full") {
      unanswered_.push_back({UINT64_MAX, std::move(handles)});  // refused with the rest by GiveUp
      return sequence.error();
    }
    TB_ASSIGN_OR_RETURN(const auto durable, writer_->Poll(std::chrono::milliseconds(10)));
    AnswerDurable(durable);
  }
}

void InboundBridge::AnswerDurable(std::uint64_t through) {
  while (!unanswered_.empty() && unanswered_.front().sequence <= through) {
    for (const auto handle : unanswered_.front().handles) port_.Respond(handle, smpp::ESME_ROK);
    unanswered_.pop_front();
  }
}

void InboundBridge::GiveUp() {
  for (const auto& entry : unanswered_) {
    for (const auto handle : entry.handles) port_.Respond(handle, smpp::ESME_RX_T_APPN);
  }
  unanswered_.clear();
  stats_.unanswered = 0;
  writer_.reset();
}

}  // namespace textback::dispatch
