// The network at the far end, in virtual time: takes texts as an SMSC does, and keeps a record of
// all that was written to it.
//
// It keeps message_port.h's promises: exactly one outcome for each message, within the response
// time-out after the lease; lease and expiry are looked at just before each write. All else it does
// as networks do: delays, refuses, throttles, loses responses, drops connections between a write
// and its response (having taken it, or not), sends receipts late, early, twice or never.
//
// A process's port dies with it: what was not written never will be, what was written stays
// written.
//
// Threads: none. Lifetime: the SMSC outlives its ports.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "dispatch/message_port.h"
#include "textback/v1/receipt.pb.h"

namespace textback::simulation {

// One part's bytes on the wire.
struct Write {
  std::uint64_t incarnation = 0;  // of the process
  std::uint64_t token = 0;        // the intent
  std::uint32_t part = 0;
  std::uint32_t parts = 0;
  bool taken = false;  // the network has it: it will reach the phone
  std::int64_t at_ms = 0;
  std::string recipient;
  std::string body;
};

class SimSmsc {
 public:
  struct Options {
    bool echo_reference = false;
    std::size_t window = 16;  // open messages of one port
    std::int64_t response_timeout_ms = 8'000;
  };
  SimSmsc(std::uint64_t seed, const Clock& clock, const Options& options)
      : random_(seed), clock_(clock), options_(options) {}

  class Port;
  // For one incarnation of a process.
  std::unique_ptr<Port> NewPort(std::uint64_t incarnation);

  // From now on it behaves: all is taken, and every response comes.
  void Behave() {
    behaves_ = true;
    down_until_ = MonoTime{};
  }
  // No bind for so long; what waits for a response won't get it.
  void GoDown(std::int64_t for_ms) {
    down_until_ = clock_.Mono() + std::chrono::milliseconds(for_ms);
  }

  // Receipts that are due, in order.
  std::vector<v1::Receipt> TakeReceipts();

  const std::vector<Write>& writes() const { return writes_; }
  static std::uint32_t PartsOf(const std::string& body);
  static inline const std::string kAccount = "sim";

 private:
  enum class Fate : std::uint8_t { kAccept, kThrottle, kReject, kResponseLost, kNotTaken, kCut };
  Fate Draw();
  void PlanReceipts(const Write& write, const dispatch::Message& message,
                    const std::string& message_id);

  Random random_;
  const Clock& clock_;
  const Options options_;
  bool behaves_ = false;
  MonoTime down_until_{};
  std::uint64_t next_id_ = 1'000;
  std::vector<Write> writes_;
  std::multimap<std::int64_t, v1::Receipt> receipts_;
};

class SimSmsc::Port final : public dispatch::MessagePort {
 public:
  Port(SimSmsc& smsc, std::uint64_t incarnation) : smsc_(smsc), incarnation_(incarnation) {}

  bool TrySend(std::size_t shard, dispatch::Message&& message) override;
  void Drain(std::size_t shard, std::size_t max,
             std::vector<dispatch::MessageOutcome>& out) override;
  bool Ready() const override {
    return smsc_.clock_.Mono() >= std::max(down_until_, smsc_.down_until_);
  }
  const std::string& account() const override { return kAccount; }

  // Writes what may be written, and hears what came back. Not called while the process is stopped.
  void Tick();
  // The process is gone; whatever it still does isn't real.
  void Die() { dead_ = true; }
  std::size_t open() const { return open_.size(); }

 private:
  struct Part {
    std::uint32_t number = 0;
    bool settled = false;
    bool written = false;
    std::int64_t at_ms = 0;  // when it is written; then when its answer comes
    dispatch::PartOutcome outcome;
  };
  struct Open {
    dispatch::Message message;
    std::uint32_t parts = 0;
    std::vector<Part> to_send;
  };

  void TickPart(Open& open, Part& part);
  void WritePart(Open& open, Part& part);
  void Settle(Part& part, dispatch::PartResult result, std::string error);
  void CutConnection();
  void LoseResponses();

  SimSmsc& smsc_;
  const std::uint64_t incarnation_;
  bool dead_ = false;
  MonoTime down_until_{};
  std::map<std::uint64_t, Open> open_;  // by token
  std::vector<dispatch::MessageOutcome> done_;
};

}  // namespace textback::simulation
