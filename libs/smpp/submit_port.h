// The dispatcher's port to an SMSC account: submits in, outcomes out, and what the network sends
// us.
//
// The promise that everything else stands on (exactly-once.md, "Between the dispatcher and the
// SMSC"): every request that TrySubmit took yields exactly one outcome that isn't `late`, and its
// kind is one of three things, never a guess:
//   - answered      the SMSC said yes or no;
//   - not sent      the last byte of the PDU was not handed to the transport: may be submitted
//   again;
//   - unknown       it was handed over, and no answer came. Never resent by this layer.
// lease_deadline and expires_ms are looked at immediately before the bytes go to the transport.
//
// Implementations: ClientPool (client.h, sockets) and simulations of it.
// Thread safety: all calls from any thread. Lifetime: `bind` names live as long as the port.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "smpp/address.h"
#include "smpp/pdu.h"
#include "smpp/receipt.h"

namespace textback::smpp {

struct SubmitRequest {
  std::uint64_t token = 0;  // the owner's; comes back with the outcome
  Address source;
  Address destination;
  std::string service_type;
  std::string short_message;  // octets, UDH included; at most 254
  std::uint8_t esm_class = 0;
  std::uint8_t data_coding = 0;
  std::uint8_t priority_flag = 0;
  std::uint8_t registered_delivery = kReceiptAlways;
  std::uint8_t replace_if_present_flag = 0;
  std::optional<std::uint16_t> user_message_reference;
  MonoTime lease_deadline = MonoTime::max();
  std::int64_t expires_ms = 0;  // wall time; 0: none. The validity period ends by then
};

enum class SubmitKind : std::uint8_t {
  kAccepted,        // answered: message_id is set (some SMSCs give none)
  kRejected,        // answered: command_status; the same message would be refused again
  kTemporary,       // answered: not taken now
  kThrottled,       // answered: not taken, slow down
  kUnknown,         // handed to the transport, no answer: see `reason`
  kNotSentLease,    // not sent: the lease was over
  kNotSentExpired,  // not sent: less than a whole second of validity was left, or none
  kNotSentLost,     // not sent: the port closed first
  kInvalid,         // not sent: it can't be encoded; command_status says which field
};
enum class UnknownReason : std::uint8_t { kNone, kResponseTimeout, kConnectionLost };
inline constexpr std::size_t kSubmitKinds = 9;

std::string_view ToString(SubmitKind kind);  // "accepted", "not_sent_lease": metric labels
std::string_view ToString(UnknownReason reason);
// Known not to be with the SMSC: may be submitted again without a second text.
bool KnownNotTaken(SubmitKind kind);

struct SubmitOutcome {
  std::uint64_t token = 0;
  SubmitKind kind = SubmitKind::kNotSentLost;
  UnknownReason reason = UnknownReason::kNone;
  // An answer that came after its response time-out: it follows a kUnknown of the same token, which
  // it settles. The owner may ignore it.
  bool late = false;
  CommandStatus command_status = ESME_ROK;
  std::string message_id;         // as received
  std::string_view bind;          // "" if it never reached one
  std::int64_t submitted_ms = 0;  // when the bytes were handed over; 0 if they weren't
  std::int64_t responded_ms = 0;  // when the answer came; 0 if none did
  std::int64_t latency_us = 0;    // between the two, by the monotonic clock
};

// A deliver_sm or data_sm that waits for Respond. A value that owns its octets.
struct Delivered {
  std::uint64_t handle = 0;
  std::string_view bind;
  std::int64_t received_ms = 0;
  MessageSm message;  // points into `storage`, also after a move
  // nullopt: a person's message (MO). A receipt that names no message, by id or by
  // user_message_reference, is here too, with neither.
  std::optional<Receipt> receipt;
  std::unique_ptr<char[]> storage;
};

struct BindHealth {
  std::string_view name;
  std::string_view state;  // "closed", "connecting", "binding", "bound", "unbinding"
  bool bound = false;
  bool throttled = false;       // pausing after ESME_RTHROTTLED or ESME_RMSGQFUL
  std::size_t outstanding = 0;  // submits on the wire without an answer
  std::size_t window = 0;
  std::uint64_t connects = 0;  // successful binds
  std::string last_error;      // of the last connection that failed or was lost; "" if none
};

struct PortHealth {
  std::vector<BindHealth> binds;
  std::size_t queued = 0;    // taken, not yet written
  std::size_t capacity = 0;  // of requests taken whose outcomes haven't been drained
  std::size_t open = 0;      // how many of them there are
  bool AnyBound() const {
    for (const BindHealth& bind : binds) {
      if (bind.bound) return true;
    }
    return false;
  }
};

class SubmitPort {
 public:
  virtual ~SubmitPort() = default;

  // False, and `request` untouched, when as many requests are open (taken, outcome not drained) as
  // the port holds, or it is stopping. Never blocks.
  virtual bool TrySubmit(SubmitRequest&& request) = 0;
  // Takes a prefix of `requests` and returns how many; those taken are moved from. One wake-up for
  // all: the way to submit a batch.
  virtual std::size_t TrySubmitBatch(std::vector<SubmitRequest>& requests) = 0;

  // Appends up to `max` outcomes to `out`, waiting up to `wait` for the first. Returns how many.
  virtual std::size_t Drain(std::vector<SubmitOutcome>& out, std::size_t max,
                            std::chrono::milliseconds wait) = 0;

  // The same for what came in. Each must be responded to exactly once, when it is safe: until then
  // the SMSC keeps it, and repeats it after a crash.
  virtual std::size_t DrainDelivered(std::vector<Delivered>& out, std::size_t max,
                                     std::chrono::milliseconds wait) = 0;
  // ESME_ROK, or for instance ESME_RX_T_APPN to get it again later. A handle whose connection is
  // gone is ignored: the SMSC will deliver it anew.
  virtual void Respond(std::uint64_t handle, CommandStatus status) = 0;

  // Submits that can be on the wire at once, over all binds.
  virtual std::size_t WindowCapacity() const = 0;
  virtual PortHealth Health() const = 0;

  // Fenced, or about to die: nothing that the kernel still holds may reach the SMSC. Resets the
  // connections (SO_LINGER 0) and refuses further requests; open ones get their outcomes.
  virtual void Abort() = 0;
};

}  // namespace textback::smpp
