// One ESME session over one connection at a time, without sockets, threads or clocks: bytes and
// time in, bytes and events out. The Asio client and the deterministic simulation drive the same
// code.
//
//             Connected         bind_resp ok           Unbind(), or the peer's unbind
//   kClosed ------------> kBinding ----------> kBound -------------------> kUnbinding
//      ^                     | refused,          | no enquire_link_resp,      | unbind_resp, or the
//      |                     | time-out          | no submit_sm_resp,         | peer's answered, or
//      |                     |                   | broken PDU, …              | time-out
//      +--- Disconnected <---+------ ended() <---+----------------------------+
//
// ended() says that the driver must close the transport (after writing what PrepareWrite still
// gives) and call Disconnected, which settles what was outstanding. A driver does:
//
//   connected:  Connected(now), then write
//   readable:   Received(bytes, now, events), then write
//   write:      do { out = PrepareWrite(now, queue, events); n = send(out); Wrote(n, now, queue); }
//               while (n > 0 && n == out.size()), nothing else between Prepare and Wrote
//   timer:      at NextDeadline(): Tick(now, events), then write
//
// What is known of each request (submit_port.h) rests on two rules. A request leaves the queue only
// when the transport took its bytes: nothing encoded waits in a buffer, where its lease could end
// unnoticed. And a PDU counts as handed over when its *last* byte was taken, since the peer can't
// act on less; if its lease ends between its first byte and its last, the connection is ended
// instead.
//
// Look-up of a response is one index into a ring by sequence number.
// Thread safety: none; one owner.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "smpp/framer.h"
#include "smpp/pdu.h"
#include "smpp/profile.h"
#include "smpp/request_queue.h"
#include "smpp/submit_port.h"

namespace textback::smpp {

enum class BindMode : std::uint8_t { kTransmitter, kReceiver, kTransceiver };
std::string_view ToString(BindMode mode);  // "transmitter"

struct SessionConfig {
  std::string name;  // of the bind, in outcomes and metrics; its views must outlive them
  std::string system_id;
  std::string password;  // never logged
  std::string system_type;
  std::string address_range;
  BindMode mode = BindMode::kTransceiver;
  std::uint32_t window = 100;                   // unanswered submits; 1 to kWindowMax
  std::size_t deliver_window = 1'000;           // unanswered deliver_sm; more are refused
  std::size_t write_batch_bytes = 64 * 1024;    // of one PrepareWrite, about
  std::size_t control_bytes_max = 1024 * 1024;  // unsent responses, before the peer counts as dead
  std::chrono::milliseconds bind_timeout{10'000};
  std::chrono::milliseconds enquire_link_interval{30'000};  // of silence
  std::chrono::milliseconds enquire_link_timeout{10'000};
  std::chrono::milliseconds response_timeout{30'000};
  std::chrono::milliseconds unbind_timeout{5'000};
  std::chrono::milliseconds throttle_pause_min{100};
  std::chrono::milliseconds throttle_pause_max{10'000};
  int unanswered_max =
      3;  // response time-outs in a row, with no submit_sm_resp, that end the session
  SmscProfile profile;
};
inline constexpr std::uint32_t kWindowMax = 65'536;

struct Now {
  MonoTime mono;
  std::int64_t wall_ms = 0;
};

enum class SessionState : std::uint8_t { kClosed, kBinding, kBound, kUnbinding };
std::string_view ToString(SessionState state);

enum class EndReason : std::uint8_t {
  kNone,
  kTransport,    // the driver's: refused, reset, closed by the peer
  kBindRefused,  // `status`
  kBindTimeout,
  kNoEnquireLinkResp,
  kNoSubmitSmResp,    // enquire_link works, submits are not answered
  kProtocolError,     // the byte stream can't be read
  kPeerNotReading,    // responses pile up unsent
  kLeaseEndedMidPdu,  // see above
  kUnbound,           // we asked, it is done (or timed out)
  kPeerUnbound,
  kAborted,  // the driver's: fenced
};
std::string_view ToString(EndReason reason);

struct SessionEvents {
  std::vector<SubmitOutcome> outcomes;
  std::vector<Delivered> delivered;  // `handle` without the bind's number (kHandleBits)
  void Clear() {
    outcomes.clear();
    delivered.clear();
  }
};

// Since the session was made.
struct SessionStats {
  std::uint64_t binds = 0;
  std::uint64_t submits = 0;  // handed over
  std::uint64_t outcomes[kSubmitKinds] = {};
  std::uint64_t late_answers = 0;
  std::uint64_t throttle_pauses = 0;
  std::uint64_t delivers = 0;
  std::uint64_t delivers_refused = 0;  // over deliver_window, unbinding, or unreadable
  std::uint64_t enquire_links = 0;
  std::uint64_t nacks_received = 0;
  std::uint64_t nacks_sent = 0;
  std::uint64_t unmatched_responses = 0;
};

class Session {
 public:
  explicit Session(SessionConfig config);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // The transport is up: the bind goes out with the next write. Requires kClosed.
  void Connected(Now now);
  // Takes whole PDUs off the front of `bytes`; returns how many bytes. The rest must be given
  // again, with more behind it.
  [[nodiscard]] std::size_t Received(std::string_view bytes, Now now, SessionEvents& events);
  // What to hand to the transport now; "" for nothing. Valid until the next call of anything.
  // Requests whose lease or validity is over leave `queue` as outcomes instead.
  [[nodiscard]] std::string_view PrepareWrite(Now now, RequestQueue& queue, SessionEvents& events);
  // The transport took the first `n` bytes of it.
  void Wrote(std::size_t n, Now now, RequestQueue& queue);
  void Tick(Now now, SessionEvents& events);
  // When Tick, and then a write, has something to do; MonoTime::max() for never.
  MonoTime NextDeadline() const;

  // Answers a Delivered. False if its connection is gone, or nothing is owed.
  bool Respond(std::uint64_t handle, CommandStatus status, Now now);
  // No new submits; unbind when all is answered, or after unbind_timeout. No-op unless bound.
  void Unbind(Now now);
  // The transport is closed. `why` counts if the session hadn't ended by itself.
  void Disconnected(Now now, EndReason why, SessionEvents& events);

  SessionState state() const { return state_; }
  bool ended() const { return end_ != EndReason::kNone; }
  EndReason end_reason() const { return end_; }  // of this or the last connection
  CommandStatus end_status() const { return end_status_; }
  bool throttled() const { return throttled_; }
  bool MayTransmit() const { return config_.mode != BindMode::kReceiver; }
  std::size_t outstanding() const { return outstanding_; }
  std::size_t delivers_open() const { return delivers_open_; }
  const SessionConfig& config() const { return config_; }
  const SessionStats& stats() const { return stats_; }

  static constexpr int kHandleBits = 56;

 private:
  enum class SlotState : std::uint8_t { kFree, kPartial, kWritten, kTimedOut };
  struct Slot {
    std::uint32_t sequence = 0;
    SlotState state = SlotState::kFree;
    std::uint64_t token = 0;
    MonoTime sent_at{};
    std::int64_t submitted_ms = 0;
  };
  struct Prepared {
    std::uint32_t sequence = 0;
    std::size_t begin = 0;  // in out_
    std::size_t end = 0;
  };

  Slot& SlotOf(std::uint32_t sequence) { return slots_[sequence & mask_]; }
  const Slot& SlotOf(std::uint32_t sequence) const { return slots_[sequence & mask_]; }
  bool Settled(std::uint32_t sequence) const;
  std::uint32_t FreeSequence(std::uint32_t from) const;
  std::uint32_t TakeSequence();
  void AdvanceOldest();

  void OnFrame(const Frame& frame, Now now, SessionEvents& events);
  void OnBindResp(const Frame& frame, Now now);
  void OnSubmitResp(const Frame& frame, Now now, SessionEvents& events);
  void OnDeliver(const Frame& frame, Now now, SessionEvents& events);
  void OnNack(const Frame& frame, Now now, SessionEvents& events);
  void OnOther(const Frame& frame);
  void Answer(Slot& slot, CommandStatus status, std::string_view message_id, Now now,
              SessionEvents& events);
  void Throttle(const Slot& slot, Now now);
  void TimeOutSubmits(Now now, SessionEvents& events);
  void SendEnquireLink(Now now);
  void Control(CommandId id, CommandStatus status, std::uint32_t sequence);
  void AdvanceUnbind(Now now);
  void End(EndReason reason, CommandStatus status = ESME_ROK);

  bool MaySubmit(Now now, const RequestQueue& queue);
  void EncodeSubmits(Now now, RequestQueue& queue, SessionEvents& events);
  CommandStatus Encode(const SubmitRequest& request, std::uint32_t sequence, Now now);
  void MarkWritten(Slot& slot, Now now);
  SubmitOutcome OutcomeOf(const Slot& slot, SubmitKind kind) const;
  void Emit(SubmitOutcome outcome, SessionEvents& events);

  const SessionConfig config_;
  SessionState state_ = SessionState::kClosed;
  EndReason end_ = EndReason::kNone;
  CommandStatus end_status_ = ESME_ROK;
  std::uint32_t epoch_ = 0;  // counts connections; in handles

  std::vector<Slot> slots_;
  std::uint32_t mask_ = 0;
  std::uint32_t next_sequence_ = 1;
  std::uint32_t oldest_ = 1;  // everything before it is settled
  std::size_t outstanding_ = 0;

  std::string out_;  // to be sent: the tail of a PDU begun, control PDUs, then prepared submits
  std::size_t fixed_ = 0;  // how much of it isn't prepared submits
  std::vector<Prepared> prepared_;
  std::size_t partial_left_ = 0;  // bytes of the PDU begun, at the front of out_
  std::uint32_t partial_sequence_ = 0;
  SubmitRequest partial_;
  std::string tlvs_;  // scratch

  MonoTime phase_deadline_{};  // of binding, or unbinding
  std::uint32_t bind_sequence_ = 0;
  bool unbind_sent_ = false;
  bool peer_unbinding_ = false;
  std::uint32_t peer_unbind_sequence_ = 0;
  MonoTime last_received_{};
  MonoTime enquire_deadline_ = MonoTime::max();  // max: none is owed
  bool suspect_ = false;  // a response timed out; no submits until a PDU comes
  int unanswered_ = 0;
  bool throttled_ = false;
  MonoTime throttled_until_{};
  std::chrono::milliseconds throttle_pause_{0};  // the last one; 0 since a submit was taken
  std::size_t delivers_open_ = 0;
  SessionStats stats_;
};

// The outcome of a request that mustn't be written any more at `now`, nullopt if it may be. With a
// validity period, less than a whole second left counts as expired: the format has no less.
std::optional<SubmitKind> DeadKind(const SubmitRequest& request, Now now, ValidityForm validity);

}  // namespace textback::smpp
