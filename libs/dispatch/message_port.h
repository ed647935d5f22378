// Where dispatch hands texts to a network, and hears what became of them.
//
// A message is a whole text; the port cuts it into parts. Exactly one outcome comes back for each
// message that TrySend took, in any order, within the port's response time-out after the lease:
// never later, so that intents can't stay open for ever.
//
// Before each part's bytes are handed to the kernel the port checks `lease_deadline`
// (CLOCK_BOOTTIME) and `expires_ms`: a process that was paused past its lease must not send
// (exactly-once.md, dispatcher point 2).
//
// Implementations: smpp_message_port.h (SMPP 3.4), and the simulation's.
// Threads: TrySend and Drain of one `shard` on that shard's thread; different shards at once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "textback/v1/job.pb.h"

namespace textback::dispatch {

struct Message {
  std::uint64_t token = 0;  // chosen by the caller, unique while open
  std::string recipient;    // E.164
  v1::Address sender;
  std::string body;                    // UTF-8
  std::uint32_t concat_reference = 0;  // of all parts, also when some are sent again
  std::vector<std::uint32_t>
      parts_done;  // accepted earlier, not to be sent again; part numbers from 1
  MonoTime lease_deadline{};
  std::int64_t expires_ms = 0;
};

enum class PartResult : std::uint8_t {
  kAccepted,  // submit_sm_resp with a message id
  kRejected,  // refused for good
  kTryLater,  // refused for now (throttled, queue full): known not taken
  kNotSent,   // never handed to the kernel: no bind, lease over, connection closed first
  kExpired,   // never handed to the kernel: expires_ms had come
  kUnknown,   // handed to the kernel, and no response came
};

struct PartOutcome {
  std::uint32_t part = 0;  // 1 …
  PartResult result = PartResult::kNotSent;
  std::string message_id;      // kAccepted: as the SMSC wrote it
  std::string message_id_key;  // normalised
  std::string error;  // kRejected, kTryLater, kUnknown: "ESME_RINVDSTADR", "response_timeout"
  std::string bind;
  std::int64_t submitted_ms = 0;
  std::int64_t responded_ms = 0;
};

struct MessageOutcome {
  std::uint64_t token = 0;
  std::uint32_t parts =
      0;  // of the whole text; 0: it could not be encoded (kRejected in outcomes[0])
  std::vector<PartOutcome> outcomes;  // one for each part that was not done before
};

class MessagePort {
 public:
  virtual ~MessagePort() = default;
  // False when it can't take more now: nothing was sent.
  virtual bool TrySend(std::size_t shard, Message&& message) = 0;
  virtual void Drain(std::size_t shard, std::size_t max, std::vector<MessageOutcome>& out) = 0;
  // Some bind is up: worth trying. A hint, may be stale.
  virtual bool Ready() const = 0;
  // The account that message ids belong to (bounded configuration name).
  virtual const std::string& account() const = 0;
};

}  // namespace textback::dispatch
