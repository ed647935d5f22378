#include "smsc/smsc_core.h"

#include <algorithm>
#include <cstdio>

#include "base/assert.h"
#include "base/bytes.h"
#include "smpp/framer.h"
#include "smpp/tlv.h"

namespace textback::smsc {
namespace {

using smpp::CommandId;
using std::chrono::milliseconds;

constexpr std::size_t kSequenceAt = 12;  // in a PDU's header
constexpr std::size_t kInputMax = 4 * smpp::kPduBytesMax;

void PatchSequence(std::string& pdu, std::uint32_t sequence) {
  for (std::size_t i = 0; i < 4; ++i)
    pdu[kSequenceAt + i] = static_cast<char>(sequence >> (24 - 8 * i) & 0xff);
}

// YYMMDDhhmm of appendix B, UTC.
std::string ReceiptDate(std::int64_t ms) {
  const std::int64_t days = ms / 86'400'000;
  const std::int64_t minutes = ms / 60'000 % 1'440;
  // Civil from days (proleptic Gregorian), H. Hinnant's algorithm, public domain.
  const std::int64_t z = days + 719'468;
  const std::int64_t era = z / 146'097;
  const std::int64_t doe = z - era * 146'097;
  const std::int64_t yoe = (doe - doe / 1'460 + doe / 36'524 - doe / 146'096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  const std::int64_t day = doy - (153 * mp + 2) / 5 + 1;
  const std::int64_t month = mp < 10 ? mp + 3 : mp - 9;
  const std::int64_t year = yoe + era * 400 + (month <= 2 ? 1 : 0);
  char text[64];
  std::snprintf(text, sizeof text, "%02d%02d%02d%02d%02d", static_cast<int>(year % 100),
                static_cast<int>(month), static_cast<int>(day), static_cast<int>(minutes / 60),
                static_cast<int>(minutes % 60));
  return text;
}

std::string IdText(std::uint64_t number, bool hex) {
  char text[32];
  std::snprintf(text, sizeof text, hex ? "%llx" : "%llu", static_cast<unsigned long long>(number));
  return text;
}

smpp::AddressView AddressOf(std::string_view text) {
  if (!text.empty() && text[0] == '+') return {1, 1, text.substr(1)};
  const bool digits = text.find_first_not_of("0123456789") == std::string_view::npos;
  return digits ? smpp::AddressView{3, 0, text} : smpp::AddressView{5, 0, text};
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Well-formed UTF-8 to UTF-16BE.
std::string ToUcs2(std::string_view utf8) {
  std::string out;
  for (std::size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    std::uint32_t code = size == 1 ? lead : lead & (0xffU >> (size + 1));
    for (std::size_t j = 1; j < size; ++j)
      code = code << 6 | (static_cast<unsigned char>(utf8[i + j]) & 0x3fU);
    if (code < 0x10000) {
      AppendU16(out, static_cast<std::uint16_t>(code));
    } else {
      code -= 0x10000;
      AppendU16(out, static_cast<std::uint16_t>(0xd800 + (code >> 10)));
      AppendU16(out, static_cast<std::uint16_t>(0xdc00 + (code & 0x3ff)));
    }
    i += size;
  }
  return out;
}

}  // namespace

SmscCore::SmscCore(const SmscOptions& options, const Clock& clock, std::uint64_t seed,
                   SmscObserver* observer)
    : options_(options),
      clock_(clock),
      random_(seed),
      observer_(observer),
      // Ids of one start don't recur in the next.
      next_number_(static_cast<std::uint64_t>(clock.NowMs()) << 20) {}

std::optional<SmscCore::ConnectionId> SmscCore::Open() {
  if (connections_.size() >= options_.connections_max) return std::nullopt;
  const ConnectionId id = next_connection_++;
  connections_[id].last_heard = clock_.Mono();
  return id;
}

void SmscCore::Closed(ConnectionId id) {
  const auto it = connections_.find(id);
  if (it == connections_.end()) return;
  ++stats_.closed;
  for (auto& [sequence, sent] : it->second.delivering) {
    ++stats_.redelivered;
    ready_.push_front(std::move(sent.delivery));
  }
  connections_.erase(it);
  FlushDeliveries();
}

void SmscCore::Receive(ConnectionId id, std::string_view bytes) {
  const auto it = connections_.find(id);
  if (it == connections_.end()) return;
  Connection& connection = it->second;
  connection.last_heard = clock_.Mono();
  // Whole frames are cut from the caller's bytes; only a rest is copied.
  const bool buffered = !connection.input.empty();
  if (buffered) connection.input.append(bytes);
  std::string_view input = buffered ? std::string_view(connection.input) : bytes;
  while (connection.closing == Closing::kNo) {
    smpp::Frame frame;
    const auto status = smpp::NextFrame(input, frame);
    if (status == smpp::FrameStatus::kNeedMore) break;
    if (status != smpp::FrameStatus::kFrame || input.size() > kInputMax + smpp::kPduBytesMax) {
      ++stats_.malformed;
      smpp::EncodeHeaderOnly(connection.output, CommandId::kGenericNack, smpp::ESME_RINVCMDLEN, 0);
      connection.closing = Closing::kAfterOutput;
      break;
    }
    OnFrame(id, connection, frame);
    input.remove_prefix(frame.header.command_length);
  }
  if (buffered) {
    connection.input.erase(0, connection.input.size() - input.size());
  } else {
    connection.input.assign(input);
  }
}

void SmscCore::OnFrame(ConnectionId id, Connection& connection, const smpp::Frame& frame) {
  switch (static_cast<CommandId>(frame.header.command_id)) {
    case CommandId::kBindReceiver:
    case CommandId::kBindTransmitter:
    case CommandId::kBindTransceiver:
      return OnBind(connection, frame);
    case CommandId::kSubmitSm:
      return OnSubmit(id, connection, frame);
    case CommandId::kDeliverSmResp:
      return OnDeliverResp(connection, frame);
    case CommandId::kEnquireLink:
      return smpp::EncodeHeaderOnly(connection.output, CommandId::kEnquireLinkResp, smpp::ESME_ROK,
                                    frame.header.sequence_number);
    case CommandId::kUnbind:
      smpp::EncodeHeaderOnly(connection.output, CommandId::kUnbindResp, smpp::ESME_ROK,
                             frame.header.sequence_number);
      connection.closing = Closing::kAfterOutput;
      return;
    case CommandId::kEnquireLinkResp:
    case CommandId::kUnbindResp:
    case CommandId::kGenericNack:
      return;
    default:
      ++stats_.malformed;
      smpp::EncodeHeaderOnly(connection.output, CommandId::kGenericNack, smpp::ESME_RINVCMDID,
                             frame.header.sequence_number);
  }
}

void SmscCore::OnBind(Connection& connection, const smpp::Frame& frame) {
  const auto id = static_cast<CommandId>(frame.header.command_id);
  smpp::Bind bind;
  auto status = smpp::DecodeBind(frame.body, bind);
  if (status == smpp::ESME_ROK) {
    if (!connection.system_id.empty()) {
      status = smpp::ESME_RALYBND;
    } else if (!options_.system_id.empty() && bind.system_id != options_.system_id) {
      status = smpp::ESME_RINVSYSID;
    } else if (!options_.password.empty() && bind.password != options_.password) {
      status = smpp::ESME_RINVPASWD;
    } else if (random_.Chance(options_.refuse_bind)) {
      status = smpp::ESME_RBINDFAIL;
    }
  }
  if (status != smpp::ESME_ROK) {
    ++stats_.binds_refused;
    smpp::EncodeHeaderOnly(connection.output, smpp::ResponseTo(id), status,
                           frame.header.sequence_number);
    if (status != smpp::ESME_RALYBND) connection.closing = Closing::kAfterOutput;
    return;
  }
  ++stats_.binds;
  connection.system_id = bind.system_id.empty() ? "-" : std::string(bind.system_id);
  connection.receives = id != CommandId::kBindTransmitter;
  connection.transmits = id != CommandId::kBindReceiver;
  std::string tlvs;
  smpp::AppendTlvU8(tlvs, smpp::Tag::kScInterfaceVersion, smpp::kInterfaceVersion34);
  const auto encoded = smpp::EncodeBindResp(connection.output, smpp::ResponseTo(id), smpp::ESME_ROK,
                                            frame.header.sequence_number,
                                            {.system_id = "textback-smsc", .tlvs = tlvs});
  TB_ASSERT(encoded == smpp::ESME_ROK);
  FlushDeliveries();
}

bool SmscCore::OverRate() {
  if (options_.rate_max == 0) return false;
  const MonoTime now = clock_.Mono();
  if (now - rate_second_ >= std::chrono::seconds(1)) {
    rate_second_ = now;
    rate_count_ = 0;
  }
  return ++rate_count_ > options_.rate_max;
}

void SmscCore::OnSubmit(ConnectionId id, Connection& connection, const smpp::Frame& frame) {
  const std::uint32_t sequence = frame.header.sequence_number;
  smpp::MessageSm message;
  auto status = smpp::DecodeMessage(frame.body, message);
  if (status != smpp::ESME_ROK) {
    ++stats_.malformed;
  } else if (!connection.transmits) {
    status = smpp::ESME_RINVBNDSTS;
    ++stats_.rejected;
  } else if (OverRate() ||
             (options_.window_max != 0 && connection.answers.size() >= options_.window_max) ||
             random_.Chance(options_.throttle)) {
    status = smpp::ESME_RTHROTTLED;
    ++stats_.throttled;
  } else if (random_.Chance(options_.temporary)) {
    status = smpp::ESME_RSYSERR;
    ++stats_.temporary;
  } else if (random_.Chance(options_.reject)) {
    status = smpp::ESME_RINVDSTADR;
    ++stats_.rejected;
  }
  std::string answer;
  if (status != smpp::ESME_ROK) {
    smpp::EncodeHeaderOnly(answer, CommandId::kSubmitSmResp, status, sequence);
    return Respond(connection, std::move(answer));
  }
  const std::uint64_t number = next_number_++;
  const std::string message_id = IdText(number, options_.response_id_hex);
  ++stats_.taken;
  if (observer_ != nullptr) {
    observer_->OnTaken({number, message_id, connection.system_id, id, &message, clock_.NowMs()});
  }
  if ((message.registered_delivery & 0x03) == smpp::kReceiptAlways &&
      random_.Chance(options_.receipts)) {
    const bool first = random_.Chance(options_.receipt_before_response);
    const auto due = clock_.Mono() + milliseconds(first ? 0
                                                        : options_.response_delay_ms.second +
                                                              Draw(options_.receipt_delay_ms));
    Delivery receipt = MakeReceipt(message, connection.system_id, number);
    if (random_.Chance(options_.receipt_twice))
      Schedule(receipt, due + milliseconds(Draw(options_.receipt_delay_ms)));
    Schedule(std::move(receipt), due);
    if (first) Tick();
  }
  if (random_.Chance(options_.drop_connection)) {
    ++stats_.dropped;
    connection.closing = Closing::kDrop;
    return;
  }
  if (random_.Chance(options_.lose_response)) {
    ++stats_.responses_lost;
    return;
  }
  const auto encoded = smpp::EncodeMessageResp(answer, CommandId::kSubmitSmResp, smpp::ESME_ROK,
                                               sequence, {.message_id = message_id});
  TB_ASSERT(encoded == smpp::ESME_ROK);
  Respond(connection, std::move(answer));
}

void SmscCore::Respond(Connection& connection, std::string bytes) {
  const std::int64_t delay = Draw(options_.response_delay_ms);
  if (delay == 0 && connection.answers.empty()) {
    connection.output += bytes;
    return;
  }
  const MonoTime due = clock_.Mono() + milliseconds(delay);
  auto at = connection.answers.end();
  while (at != connection.answers.begin() && std::prev(at)->due > due) --at;
  connection.answers.insert(at, {due, std::move(bytes)});
}

SmscCore::Delivery SmscCore::MakeReceipt(const smpp::MessageSm& message, std::string_view system_id,
                                         std::uint64_t number) {
  const double draw = random_.Unit();
  smpp::DeliveryState state = smpp::DeliveryState::kDelivered;
  const char* word = "DELIVRD";
  const char* error = "000";
  if (draw >= options_.delivered) {
    const double rest = options_.undeliverable + options_.expired;
    const bool undeliverable = rest <= 0 || random_.Unit() < options_.undeliverable / rest;
    state = undeliverable ? smpp::DeliveryState::kUndeliverable : smpp::DeliveryState::kExpired;
    word = undeliverable ? "UNDELIV" : "EXPIRED";
    error = undeliverable ? "011" : "027";
  }
  const std::string id = IdText(number, options_.receipt_id_hex);
  std::string text;
  if (options_.receipt_text) {
    const std::string date = ReceiptDate(clock_.NowMs());
    text = "id:" + id +
           " sub:001 dlvrd:" + (state == smpp::DeliveryState::kDelivered ? "001" : "000") +
           " submit date:" + date + " done date:" + date + " stat:" + word + " err:" + error +
           " text:";
    if (message.data_coding == 0 && !message.udhi()) text += message.Payload().substr(0, 20);
  }
  std::string tlvs;
  if (options_.receipt_tlvs) {
    smpp::AppendTlvString(tlvs, smpp::Tag::kReceiptedMessageId, id);
    smpp::AppendTlvU8(tlvs, smpp::Tag::kMessageState, static_cast<std::uint8_t>(state));
  }
  if (const auto reference = smpp::FindTlvNumber(message.tlvs, smpp::Tag::kUserMessageReference)) {
    smpp::AppendTlvU16(tlvs, smpp::Tag::kUserMessageReference,
                       static_cast<std::uint16_t>(*reference));
  }
  Delivery delivery;
  delivery.system_id = std::string(system_id);
  delivery.receipt = true;
  smpp::MessageSm deliver;
  deliver.source = message.destination;
  deliver.destination = message.source;
  deliver.esm_class = smpp::kEsmDeliveryReceipt;
  deliver.short_message = text;
  deliver.tlvs = tlvs;
  const auto encoded = smpp::EncodeMessage(delivery.pdu, CommandId::kDeliverSm, 0, deliver);
  TB_ASSERT(encoded == smpp::ESME_ROK);
  return delivery;
}

bool SmscCore::InjectText(std::string_view from, std::string_view to, std::string_view utf8) {
  if (waiting_deliveries() >= options_.deliveries_max || !IsUtf8(utf8)) return false;
  const bool ascii = IsAscii(utf8);
  const std::string octets = ascii ? std::string(utf8) : ToUcs2(utf8);
  smpp::MessageSm message;
  message.source = AddressOf(from);
  message.destination = AddressOf(to);
  message.data_coding = ascii ? smpp::kCodingDefault : smpp::kCodingUcs2;
  std::string tlvs;
  if (octets.size() <= smpp::kShortMessageMax) {
    message.short_message = octets;
  } else {
    smpp::AppendTlv(tlvs, smpp::Tag::kMessagePayload, octets);
    message.tlvs = tlvs;
  }
  Delivery delivery;
  if (smpp::EncodeMessage(delivery.pdu, CommandId::kDeliverSm, 0, message) != smpp::ESME_ROK)
    return false;
  ready_.push_back(std::move(delivery));
  FlushDeliveries();
  return true;
}

void SmscCore::Schedule(Delivery delivery, MonoTime due) {
  if (waiting_deliveries() >= options_.deliveries_max) {
    ++stats_.receipts_overflow;
    return;
  }
  timed_deliveries_.push({due, next_order_++, std::move(delivery)});
}

void SmscCore::FlushDeliveries() {
  // To any connection of the same account that receives, the one with the fewest on the way.
  std::size_t left = ready_.size();
  while (left-- > 0) {
    Delivery delivery = std::move(ready_.front());
    ready_.pop_front();
    Connection* best = nullptr;
    for (auto& [id, connection] : connections_) {
      if (!connection.receives || connection.closing != Closing::kNo) continue;
      if (!delivery.system_id.empty() && connection.system_id != delivery.system_id) continue;
      if (connection.delivering.size() >= options_.deliver_window) continue;
      if (best == nullptr || connection.delivering.size() < best->delivering.size())
        best = &connection;
    }
    if (best != nullptr) {
      Deliver(*best, std::move(delivery));
    } else {
      ready_.push_front(std::move(delivery));
      return;  // all windows are full, or nobody is bound
    }
  }
}

void SmscCore::Deliver(Connection& connection, Delivery delivery) {
  const std::uint32_t sequence = connection.next_sequence;
  connection.next_sequence = smpp::NextSequence(sequence);
  ++(delivery.receipt ? stats_.receipts : stats_.texts);
  PatchSequence(delivery.pdu, sequence);
  connection.output += delivery.pdu;
  connection.delivering.insert_or_assign(
      sequence,
      Connection::Sent{std::move(delivery), clock_.Mono() + milliseconds(options_.redeliver_ms)});
}

void SmscCore::OnDeliverResp(Connection& connection, const smpp::Frame& frame) {
  const auto it = connection.delivering.find(frame.header.sequence_number);
  if (it == connection.delivering.end()) return;
  Delivery delivery = std::move(it->second.delivery);
  connection.delivering.erase(it);
  if (frame.header.command_status == smpp::ESME_ROK) {
    ++(delivery.receipt ? stats_.receipts_acknowledged : stats_.texts_acknowledged);
  } else {
    ++stats_.redelivered;
    Schedule(std::move(delivery), clock_.Mono() + milliseconds(options_.redeliver_ms));
  }
  if (!ready_.empty()) FlushDeliveries();
}

void SmscCore::Tick() {
  const MonoTime now = clock_.Mono();
  for (auto& [id, connection] : connections_) {
    while (!connection.answers.empty() && connection.answers.front().due <= now) {
      connection.output += connection.answers.front().bytes;
      connection.answers.pop_front();
    }
    // Sequence order is time order: the first one tells.
    while (!connection.delivering.empty() && connection.delivering.begin()->second.due <= now) {
      ++stats_.redelivered;
      ready_.push_back(std::move(connection.delivering.begin()->second.delivery));
      connection.delivering.erase(connection.delivering.begin());
    }
    if (now - connection.last_heard > milliseconds(options_.idle_ms))
      connection.closing = Closing::kDrop;
  }
  while (!timed_deliveries_.empty() && timed_deliveries_.top().due <= now) {
    ready_.push_back(timed_deliveries_.top().delivery);
    timed_deliveries_.pop();
  }
  FlushDeliveries();
}

MonoTime SmscCore::NextDue() const {
  MonoTime due = MonoTime::max();
  for (const auto& [id, connection] : connections_) {
    if (!connection.answers.empty()) due = std::min(due, connection.answers.front().due);
    if (!connection.delivering.empty())
      due = std::min(due, connection.delivering.begin()->second.due);
    due = std::min(due, connection.last_heard + milliseconds(options_.idle_ms + 1));
  }
  if (!timed_deliveries_.empty()) due = std::min(due, timed_deliveries_.top().due);
  return due;
}

std::string SmscCore::TakeOutput(ConnectionId id) {
  const auto it = connections_.find(id);
  return it == connections_.end() ? std::string() : std::exchange(it->second.output, {});
}

SmscCore::Closing SmscCore::ShouldClose(ConnectionId id) const {
  const auto it = connections_.find(id);
  return it == connections_.end() ? Closing::kDrop : it->second.closing;
}

std::vector<SmscCore::ConnectionId> SmscCore::Connections() const {
  std::vector<ConnectionId> ids;
  ids.reserve(connections_.size());
  for (const auto& [id, connection] : connections_) ids.push_back(id);
  return ids;
}

void SmscCore::DropAll() {
  for (auto& [id, connection] : connections_) connection.closing = Closing::kDrop;
}

std::int64_t SmscCore::Draw(std::pair<std::int64_t, std::int64_t> range) {
  return range.second <= range.first ? range.first : random_.Between(range.first, range.second);
}

}  // namespace textback::smsc
