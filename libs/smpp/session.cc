#include "smpp/session.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/assert.h"
#include "smpp/sm_time.h"

namespace textback::smpp {
namespace {

constexpr std::uint64_t kDataSmBit = std::uint64_t{1} << 32;
constexpr std::uint32_t kEpochMask = 0x7fffff;
constexpr int kEpochShift = 33;

CommandId BindCommand(BindMode mode) {
  switch (mode) {
    case BindMode::kTransmitter:
      return CommandId::kBindTransmitter;
    case BindMode::kReceiver:
      return CommandId::kBindReceiver;
    case BindMode::kTransceiver:
      return CommandId::kBindTransceiver;
  }
  TB_UNREACHABLE();
}

std::uint32_t RingSize(std::uint32_t window) {
  // Twice the window, so that a submit that is answered late seldom stands in a newer one's way.
  std::uint32_t size = 2;
  while (size < 2 * window) size *= 2;
  return size;
}

SubmitKind KindOf(StatusClass status_class) {
  switch (status_class) {
    case StatusClass::kOk:
      return SubmitKind::kAccepted;
    case StatusClass::kThrottled:
      return SubmitKind::kThrottled;
    case StatusClass::kTemporary:
      return SubmitKind::kTemporary;
    case StatusClass::kPermanent:
      return SubmitKind::kRejected;
  }
  TB_UNREACHABLE();
}

}  // namespace

std::optional<SubmitKind> DeadKind(const SubmitRequest& request, Now now, ValidityForm validity) {
  if (now.mono >= request.lease_deadline) return SubmitKind::kNotSentLease;
  const std::int64_t least_ms = validity == ValidityForm::kNone ? 1 : 1'000;
  if (request.expires_ms != 0 && request.expires_ms < now.wall_ms + least_ms) {
    return SubmitKind::kNotSentExpired;
  }
  return std::nullopt;
}

Session::Session(SessionConfig config)
    : config_(std::move(config)),
      slots_(RingSize(config_.window)),
      mask_(static_cast<std::uint32_t>(slots_.size()) - 1) {
  TB_ASSERT(config_.window >= 1 && config_.window <= kWindowMax);
}

void Session::Connected(Now now) {
  TB_ASSERT(state_ == SessionState::kClosed);
  state_ = SessionState::kBinding;
  end_ = EndReason::kNone;
  end_status_ = ESME_ROK;
  epoch_ = (epoch_ + 1) & kEpochMask;
  last_received_ = now.mono;
  phase_deadline_ = now.mono + config_.bind_timeout;
  bind_sequence_ = TakeSequence();
  Bind bind;
  bind.system_id = config_.system_id;
  bind.password = config_.password;
  bind.system_type = config_.system_type;
  bind.address.digits = config_.address_range;
  const CommandStatus status = EncodeBind(out_, BindCommand(config_.mode), bind_sequence_, bind);
  fixed_ = out_.size();
  if (status != ESME_ROK) End(EndReason::kBindRefused, status);
}

// --- Reading ------------------------------------------------------------------------------------

std::size_t Session::Received(std::string_view bytes, Now now, SessionEvents& events) {
  TB_ASSERT(state_ != SessionState::kClosed && prepared_.empty());
  std::size_t consumed = 0;
  while (!ended()) {
    Frame frame;
    const FrameStatus status = NextFrame(bytes.substr(consumed), frame);
    if (status == FrameStatus::kNeedMore) break;
    if (status != FrameStatus::kFrame) {
      End(EndReason::kProtocolError, ESME_RINVCMDLEN);
      break;
    }
    consumed += frame.header.command_length;
    OnFrame(frame, now, events);
  }
  AdvanceOldest();
  AdvanceUnbind(now);
  return ended() ? bytes.size() : consumed;
}

void Session::OnFrame(const Frame& frame, Now now, SessionEvents& events) {
  // Any PDU shows that the peer lives.
  last_received_ = now.mono;
  enquire_deadline_ = MonoTime::max();
  suspect_ = false;
  const Header& header = frame.header;
  switch (static_cast<CommandId>(header.command_id)) {
    case CommandId::kSubmitSmResp:
      return OnSubmitResp(frame, now, events);
    case CommandId::kDeliverSm:
    case CommandId::kDataSm:
      return OnDeliver(frame, now, events);
    case CommandId::kEnquireLink:
      return Control(CommandId::kEnquireLinkResp, ESME_ROK, header.sequence_number);
    case CommandId::kEnquireLinkResp:
      return;
    case CommandId::kBindReceiverResp:
    case CommandId::kBindTransmitterResp:
    case CommandId::kBindTransceiverResp:
      return OnBindResp(frame, now);
    case CommandId::kGenericNack:
      return OnNack(frame, now, events);
    case CommandId::kUnbind:
      if (state_ == SessionState::kBinding) {
        Control(CommandId::kUnbindResp, ESME_ROK, header.sequence_number);
        return End(EndReason::kPeerUnbound);
      }
      if (state_ == SessionState::kBound) phase_deadline_ = now.mono + config_.unbind_timeout;
      state_ = SessionState::kUnbinding;
      peer_unbinding_ = true;
      peer_unbind_sequence_ = header.sequence_number;
      return;
    case CommandId::kUnbindResp:
      if (state_ == SessionState::kUnbinding && unbind_sent_) return End(EndReason::kUnbound);
      ++stats_.unmatched_responses;
      return;
    default:
      return OnOther(frame);
  }
}

void Session::OnBindResp(const Frame& frame, Now now) {
  if (state_ != SessionState::kBinding || frame.header.sequence_number != bind_sequence_) {
    ++stats_.unmatched_responses;
    return;
  }
  if (frame.header.command_status != ESME_ROK) {
    return End(EndReason::kBindRefused, frame.header.command_status);
  }
  state_ = SessionState::kBound;
  last_received_ = now.mono;
  ++stats_.binds;
}

void Session::OnSubmitResp(const Frame& frame, Now now, SessionEvents& events) {
  Slot& slot = SlotOf(frame.header.sequence_number);
  if (slot.state == SlotState::kFree || slot.sequence != frame.header.sequence_number) {
    ++stats_.unmatched_responses;
    return;
  }
  MessageResp resp;
  // The status alone says whether the message was taken: an id that can't be read is no id, but no
  // reason to call a taken message anything else.
  if (DecodeMessageResp(frame.body, resp) != ESME_ROK) resp = {};
  Answer(slot, frame.header.command_status, resp.message_id, now, events);
}

void Session::OnNack(const Frame& frame, Now now, SessionEvents& events) {
  ++stats_.nacks_received;
  if (state_ == SessionState::kBinding && frame.header.sequence_number == bind_sequence_) {
    return End(EndReason::kBindRefused, frame.header.command_status);
  }
  // The peer couldn't read that PDU, so it didn't take the message. Sequence 0 names none: the
  // response time-out finds what it was about.
  Slot& slot = SlotOf(frame.header.sequence_number);
  if (slot.state == SlotState::kFree || slot.sequence != frame.header.sequence_number) return;
  const CommandStatus status = frame.header.command_status;
  Answer(slot, status == ESME_ROK ? ESME_RUNKNOWNERR : status, {}, now, events);
}

void Session::Answer(Slot& slot, CommandStatus status, std::string_view message_id, Now now,
                     SessionEvents& events) {
  const StatusClass status_class = config_.profile.Classify(status);
  SubmitOutcome outcome = OutcomeOf(slot, KindOf(status_class));
  outcome.command_status = status;
  if (status_class == StatusClass::kOk) outcome.message_id = message_id;
  outcome.responded_ms = now.wall_ms;
  outcome.late = slot.state == SlotState::kTimedOut;
  if (slot.state == SlotState::kPartial) {
    // Answered before its last byte left: a strange peer. The rest goes out to keep the framing.
    outcome.submitted_ms = now.wall_ms;
    partial_sequence_ = 0;
  } else {
    outcome.latency_us =
        std::chrono::duration_cast<std::chrono::microseconds>(now.mono - slot.sent_at).count();
  }
  unanswered_ = 0;
  if (status_class == StatusClass::kThrottled) {
    Throttle(slot, now);
  } else if (status_class == StatusClass::kOk && slot.sent_at >= throttled_until_) {
    throttle_pause_ = {};
  }
  if (outcome.late) {
    ++stats_.late_answers;
    events.outcomes.push_back(std::move(outcome));
  } else {
    --outstanding_;
    Emit(std::move(outcome), events);
  }
  slot.state = SlotState::kFree;
}

void Session::Throttle(const Slot& slot, Now now) {
  // A window of submits is throttled at once: only one that was sent after the last pause shows
  // that the pause was too short.
  if (throttle_pause_.count() != 0 && slot.sent_at < throttled_until_) return;
  throttle_pause_ = throttle_pause_.count() == 0
                        ? config_.throttle_pause_min
                        : std::min(throttle_pause_ * 2, config_.throttle_pause_max);
  throttled_ = true;
  throttled_until_ = now.mono + throttle_pause_;
  ++stats_.throttle_pauses;
}

void Session::OnDeliver(const Frame& frame, Now now, SessionEvents& events) {
  const Header& header = frame.header;
  const bool data_sm = header.command_id == static_cast<std::uint32_t>(CommandId::kDataSm);
  const CommandId resp = data_sm ? CommandId::kDataSmResp : CommandId::kDeliverSmResp;
  CommandStatus refused = ESME_ROK;
  if (state_ == SessionState::kBinding || config_.mode == BindMode::kTransmitter) {
    refused = ESME_RINVBNDSTS;
  } else if (state_ != SessionState::kBound || delivers_open_ >= config_.deliver_window) {
    refused = ESME_RX_T_APPN;  // the SMSC keeps it and comes again
  }
  Delivered delivered;
  if (refused == ESME_ROK) {
    delivered.storage = std::make_unique<char[]>(frame.body.size() + 1);
    std::copy(frame.body.begin(), frame.body.end(), delivered.storage.get());
    const std::string_view body(delivered.storage.get(), frame.body.size());
    if (data_sm) {
      DataSm m;
      refused = DecodeDataSm(body, m);
      delivered.message.service_type = m.service_type;
      delivered.message.source = m.source;
      delivered.message.destination = m.destination;
      delivered.message.esm_class = m.esm_class;
      delivered.message.registered_delivery = m.registered_delivery;
      delivered.message.data_coding = m.data_coding;
      delivered.message.tlvs = m.tlvs;
    } else {
      refused = DecodeMessage(body, delivered.message);
    }
  }
  if (refused != ESME_ROK) {
    ++stats_.delivers_refused;
    return Control(resp, refused, header.sequence_number);
  }
  if (IsReceipt(delivered.message)) {
    delivered.receipt = ParseReceipt(delivered.message, config_.profile.receipt_utc_offset_minutes)
                            .value_or(Receipt{});
  }
  delivered.bind = config_.name;
  delivered.received_ms = now.wall_ms;
  delivered.handle = static_cast<std::uint64_t>(epoch_) << kEpochShift |
                     (data_sm ? kDataSmBit : 0) | header.sequence_number;
  ++delivers_open_;
  ++stats_.delivers;
  events.delivered.push_back(std::move(delivered));
}

void Session::OnOther(const Frame& frame) {
  if (IsResponse(frame.header.command_id)) {
    ++stats_.unmatched_responses;
    return;
  }
  const auto id = static_cast<CommandId>(frame.header.command_id);
  if (id == CommandId::kAlertNotification || id == CommandId::kOutbind) return;  // have no response
  ++stats_.nacks_sent;
  Control(CommandId::kGenericNack, ESME_RINVCMDID, frame.header.sequence_number);
}

bool Session::Respond(std::uint64_t handle, CommandStatus status, Now now) {
  const auto epoch = static_cast<std::uint32_t>(handle >> kEpochShift) & kEpochMask;
  if (epoch != epoch_ || delivers_open_ == 0 || ended() || state_ == SessionState::kClosed)
    return false;
  --delivers_open_;
  const auto sequence = static_cast<std::uint32_t>(handle);
  const CommandId id =
      (handle & kDataSmBit) != 0 ? CommandId::kDataSmResp : CommandId::kDeliverSmResp;
  const CommandStatus encoded = EncodeMessageResp(out_, id, status, sequence, {});
  TB_ASSERT(encoded == ESME_ROK);
  fixed_ = out_.size();
  if (fixed_ > config_.control_bytes_max) End(EndReason::kPeerNotReading);
  AdvanceUnbind(now);
  return true;
}

// --- Writing ------------------------------------------------------------------------------------

std::string_view Session::PrepareWrite(Now now, RequestQueue& queue, SessionEvents& events) {
  TB_ASSERT(prepared_.empty() && state_ != SessionState::kClosed);
  if (partial_sequence_ != 0 && DeadKind(partial_, now, ValidityForm::kNone)) {
    End(EndReason::kLeaseEndedMidPdu);
  }
  // After the end only a last unbind_resp may go, and never the rest of a PDU begun.
  if (ended())
    return end_ == EndReason::kPeerUnbound && partial_left_ == 0 ? out_ : std::string_view{};
  if (MaySubmit(now, queue)) EncodeSubmits(now, queue, events);
  return out_;
}

bool Session::MaySubmit(Now now, const RequestQueue& queue) {
  if (throttled_ && now.mono >= throttled_until_) throttled_ = false;
  if (state_ != SessionState::kBound || !MayTransmit() || suspect_ || throttled_) return false;
  const std::size_t room = config_.window - outstanding_;
  // Few PDUs per system call are what costs (docs/performance.md). While the window limits us, wait
  // until an eighth of it is free: it stays nearly full, and writes stay large.
  return room > 0 && (queue.size() <= room || room >= config_.window / 8);
}

void Session::EncodeSubmits(Now now, RequestQueue& queue, SessionEvents& events) {
  const auto drop = [&](SubmitKind kind, CommandStatus status) {
    SubmitOutcome outcome;
    outcome.token = queue[0].token;
    outcome.kind = kind;
    outcome.command_status = status;
    queue.Drop();
    Emit(std::move(outcome), events);
  };
  std::uint32_t sequence = next_sequence_;
  while (prepared_.size() < queue.size() && outstanding_ + prepared_.size() < config_.window &&
         out_.size() < config_.write_batch_bytes) {
    const SubmitRequest& request = queue[prepared_.size()];
    // What mustn't go leaves the queue only at its front; behind the front it ends the batch, and
    // the next PrepareWrite meets it there.
    if (const auto dead = DeadKind(request, now, config_.profile.validity)) {
      if (!prepared_.empty()) break;
      drop(*dead, ESME_ROK);
      continue;
    }
    sequence = FreeSequence(sequence);
    const std::size_t begin = out_.size();
    if (const CommandStatus status = Encode(request, sequence, now); status != ESME_ROK) {
      if (!prepared_.empty()) break;
      drop(SubmitKind::kInvalid, status);
      continue;
    }
    prepared_.push_back({sequence, begin, out_.size()});
    sequence = NextSequence(sequence);
  }
}

CommandStatus Session::Encode(const SubmitRequest& request, std::uint32_t sequence, Now now) {
  MessageSm m;
  SmTime validity;
  m.service_type = request.service_type;
  m.source = request.source.view();
  m.destination = request.destination.view();
  m.esm_class = request.esm_class;
  m.priority_flag = request.priority_flag;
  m.registered_delivery = request.registered_delivery;
  m.replace_if_present_flag = request.replace_if_present_flag;
  m.data_coding = request.data_coding;
  m.short_message = request.short_message;
  if (request.expires_ms != 0 && config_.profile.validity != ValidityForm::kNone) {
    validity =
        config_.profile.validity == ValidityForm::kRelative
            ? RelativeTime((request.expires_ms - now.wall_ms) / 1'000)
            : AbsoluteTime(std::min(request.expires_ms, now.wall_ms + kRelativeSecondsMax * 1'000));
    m.validity_period = validity.view();
  }
  if (request.user_message_reference && config_.profile.send_user_message_reference) {
    tlvs_.clear();
    AppendTlvU16(tlvs_, Tag::kUserMessageReference, *request.user_message_reference);
    m.tlvs = tlvs_;
  }
  return EncodeMessage(out_, CommandId::kSubmitSm, sequence, m);
}

void Session::Wrote(std::size_t n, Now now, RequestQueue& queue) {
  TB_ASSERT(n <= out_.size());
  if (partial_left_ > 0) {
    partial_left_ -= std::min(n, partial_left_);
    if (partial_left_ == 0 && partial_sequence_ != 0) {
      MarkWritten(SlotOf(partial_sequence_), now);
      partial_sequence_ = 0;
    }
  }
  std::size_t keep_end = std::max(fixed_, n);  // of out_; what is beyond was never begun
  for (const Prepared& p : prepared_) {
    if (p.begin >= n) break;
    Slot& slot = SlotOf(p.sequence);
    slot = {p.sequence, SlotState::kPartial, queue[0].token, now.mono, 0};
    ++outstanding_;
    next_sequence_ = NextSequence(p.sequence);
    if (p.end <= n) {
      queue.Drop();
      MarkWritten(slot, now);
    } else {
      partial_ = queue.Pop();
      partial_sequence_ = p.sequence;
      partial_left_ = p.end - n;
      keep_end = p.end;
    }
  }
  prepared_.clear();
  out_.resize(keep_end);
  out_.erase(0, n);
  fixed_ = out_.size();
  AdvanceOldest();
}

void Session::MarkWritten(Slot& slot, Now now) {
  slot.state = SlotState::kWritten;
  slot.sent_at = now.mono;
  slot.submitted_ms = now.wall_ms;
  ++stats_.submits;
}

// --- Time ---------------------------------------------------------------------------------------

void Session::Tick(Now now, SessionEvents& events) {
  if (ended() || state_ == SessionState::kClosed) return;
  if (throttled_ && now.mono >= throttled_until_) throttled_ = false;
  if (state_ == SessionState::kBinding) {
    if (now.mono >= phase_deadline_) End(EndReason::kBindTimeout);
    return;
  }
  if (now.mono >= enquire_deadline_) return End(EndReason::kNoEnquireLinkResp);
  TimeOutSubmits(now, events);
  AdvanceOldest();
  if (ended()) return;
  if (enquire_deadline_ == MonoTime::max() &&
      now.mono >= last_received_ + config_.enquire_link_interval) {
    SendEnquireLink(now);
  }
  AdvanceUnbind(now);
}

void Session::TimeOutSubmits(Now now, SessionEvents& events) {
  for (AdvanceOldest(); oldest_ != next_sequence_; AdvanceOldest()) {
    Slot& slot = SlotOf(oldest_);
    if (slot.state != SlotState::kWritten || now.mono < slot.sent_at + config_.response_timeout)
      return;
    SubmitOutcome outcome = OutcomeOf(slot, SubmitKind::kUnknown);
    outcome.reason = UnknownReason::kResponseTimeout;
    slot.state = SlotState::kTimedOut;  // stays, for an answer that comes late
    --outstanding_;
    Emit(std::move(outcome), events);
    suspect_ = true;
    if (++unanswered_ >= config_.unanswered_max) return End(EndReason::kNoSubmitSmResp);
    if (enquire_deadline_ == MonoTime::max()) SendEnquireLink(now);
  }
}

MonoTime Session::NextDeadline() const {
  if (state_ == SessionState::kClosed || ended()) return MonoTime::max();
  if (state_ == SessionState::kBinding) return phase_deadline_;
  MonoTime next = std::min(enquire_deadline_, last_received_ + config_.enquire_link_interval);
  if (enquire_deadline_ != MonoTime::max()) next = enquire_deadline_;
  if (!Settled(oldest_) && SlotOf(oldest_).state == SlotState::kWritten) {
    next = std::min(next, SlotOf(oldest_).sent_at + config_.response_timeout);
  }
  if (throttled_) next = std::min(next, throttled_until_);
  if (state_ == SessionState::kUnbinding) next = std::min(next, phase_deadline_);
  return next;
}

void Session::SendEnquireLink(Now now) {
  Control(CommandId::kEnquireLink, ESME_ROK, TakeSequence());
  enquire_deadline_ = now.mono + config_.enquire_link_timeout;
  ++stats_.enquire_links;
}

// --- Ending -------------------------------------------------------------------------------------

void Session::Unbind(Now now) {
  if (state_ != SessionState::kBound || ended()) return;
  state_ = SessionState::kUnbinding;
  phase_deadline_ = now.mono + config_.unbind_timeout;
  AdvanceUnbind(now);
}

void Session::AdvanceUnbind(Now now) {
  if (state_ != SessionState::kUnbinding || ended()) return;
  const bool late = now.mono >= phase_deadline_;
  const bool drained = outstanding_ == 0 && delivers_open_ == 0;
  if (peer_unbinding_) {
    if (!drained && !late) return;
    Control(CommandId::kUnbindResp, ESME_ROK, peer_unbind_sequence_);
    return End(EndReason::kPeerUnbound);
  }
  if (unbind_sent_) {
    if (late) End(EndReason::kUnbound);
    return;
  }
  if (!drained && !late) return;
  Control(CommandId::kUnbind, ESME_ROK, TakeSequence());
  unbind_sent_ = true;
  phase_deadline_ = now.mono + config_.unbind_timeout;
}

void Session::End(EndReason reason, CommandStatus status) {
  if (ended()) return;
  end_ = reason;
  end_status_ = status;
}

void Session::Disconnected(Now now, EndReason why, SessionEvents& events) {
  if (state_ == SessionState::kClosed) return;
  End(why);
  for (Slot& slot : slots_) {
    if (slot.state == SlotState::kWritten) {
      SubmitOutcome outcome = OutcomeOf(slot, SubmitKind::kUnknown);
      outcome.reason = UnknownReason::kConnectionLost;
      Emit(std::move(outcome), events);
    } else if (slot.state == SlotState::kPartial) {
      const auto dead = DeadKind(partial_, now, ValidityForm::kNone);
      Emit(OutcomeOf(slot, dead.value_or(SubmitKind::kNotSentLost)), events);
    }
    slot.state = SlotState::kFree;
  }
  state_ = SessionState::kClosed;
  outstanding_ = 0;
  oldest_ = next_sequence_;
  out_.clear();
  fixed_ = 0;
  prepared_.clear();
  partial_left_ = 0;
  partial_sequence_ = 0;
  unbind_sent_ = peer_unbinding_ = suspect_ = throttled_ = false;
  unanswered_ = 0;
  enquire_deadline_ = MonoTime::max();
  throttle_pause_ = {};
  throttled_until_ = {};
  delivers_open_ = 0;
}

// --- Small parts --------------------------------------------------------------------------------

bool Session::Settled(std::uint32_t sequence) const {
  const Slot& slot = SlotOf(sequence);
  return slot.sequence != sequence ||
         (slot.state != SlotState::kWritten && slot.state != SlotState::kPartial);
}

// The next sequence number whose slot isn't in use. One that merely waits for a late answer is
// given up: that answer will count as unmatched. There always is one: the ring is larger than the
// window.
std::uint32_t Session::FreeSequence(std::uint32_t from) const {
  for (;; from = NextSequence(from)) {
    const SlotState state = SlotOf(from).state;
    if (state == SlotState::kFree || state == SlotState::kTimedOut) return from;
  }
}

std::uint32_t Session::TakeSequence() {
  const std::uint32_t sequence = next_sequence_;
  next_sequence_ = NextSequence(sequence);
  return sequence;
}

void Session::AdvanceOldest() {
  while (oldest_ != next_sequence_ && Settled(oldest_)) oldest_ = NextSequence(oldest_);
}

void Session::Control(CommandId id, CommandStatus status, std::uint32_t sequence) {
  EncodeHeaderOnly(out_, id, status, sequence);
  fixed_ = out_.size();
  if (fixed_ > config_.control_bytes_max) End(EndReason::kPeerNotReading);
}

SubmitOutcome Session::OutcomeOf(const Slot& slot, SubmitKind kind) const {
  SubmitOutcome outcome;
  outcome.token = slot.token;
  outcome.kind = kind;
  outcome.bind = config_.name;
  outcome.submitted_ms = slot.submitted_ms;
  return outcome;
}

void Session::Emit(SubmitOutcome outcome, SessionEvents& events) {
  ++stats_.outcomes[static_cast<std::size_t>(outcome.kind)];
  events.outcomes.push_back(std::move(outcome));
}

std::string_view ToString(BindMode mode) {
  switch (mode) {
    case BindMode::kTransmitter:
      return "transmitter";
    case BindMode::kReceiver:
      return "receiver";
    case BindMode::kTransceiver:
      return "transceiver";
  }
  TB_UNREACHABLE();
}

std::string_view ToString(SessionState state) {
  switch (state) {
    case SessionState::kClosed:
      return "closed";
    case SessionState::kBinding:
      return "binding";
    case SessionState::kBound:
      return "bound";
    case SessionState::kUnbinding:
      return "unbinding";
  }
  TB_UNREACHABLE();
}

std::string_view ToString(EndReason reason) {
  switch (reason) {
    case EndReason::kNone:
      return "none";
    case EndReason::kTransport:
      return "transport";
    case EndReason::kBindRefused:
      return "bind_refused";
    case EndReason::kBindTimeout:
      return "bind_timeout";
    case EndReason::kNoEnquireLinkResp:
      return "no_enquire_link_resp";
    case EndReason::kNoSubmitSmResp:
      return "no_submit_sm_resp";
    case EndReason::kProtocolError:
      return "protocol_error";
    case EndReason::kPeerNotReading:
      return "peer_not_reading";
    case EndReason::kLeaseEndedMidPdu:
      return "lease_ended_mid_pdu";
    case EndReason::kUnbound:
      return "unbound";
    case EndReason::kPeerUnbound:
      return "peer_unbound";
    case EndReason::kAborted:
      return "aborted";
  }
  TB_UNREACHABLE();
}

}  // namespace textback::smpp
