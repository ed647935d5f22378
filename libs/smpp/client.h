// N binds to one SMSC over TCP, on one I/O thread: the SubmitPort of a real account.
//
// The rules are session.h's; this file owns sockets and time. TCP_NODELAY; reads of 256 KiB; each
// write carries as many PDUs as windows and queue allow; the lease is looked at again if the
// process was held up between encoding and writing. A lost connection comes back after an
// exponential, jittered pause; refused credentials wait for the longest one.
//
// Bounds: at most `open_max` requests are taken whose outcomes haven't been drained; received
// messages that nobody drains are refused over `delivered_max`, so that the SMSC keeps them.
//
// Threads: SubmitPort's calls from any thread. Start and Stop from the owner's. Lifetime: `clock`
// outlives the pool; bind names in outcomes live as long as the pool.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "smpp/session.h"
#include "smpp/submit_port.h"

namespace textback::smpp {

struct PoolConfig {
  std::string host;
  std::uint16_t port = 2775;
  std::vector<SessionConfig> binds;  // 1 to kBindsMax, with distinct names
  std::size_t open_max = 20'000;
  std::size_t delivered_max = 10'000;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds reconnect_min{250};
  std::chrono::milliseconds reconnect_max{30'000};
  std::chrono::milliseconds stable_after{10'000};  // bound so long: the pauses begin anew
  std::chrono::milliseconds stop_timeout{15'000};
};
inline constexpr std::size_t kBindsMax = 128;

// Fatal Error "bad_smpp_config" naming the field and what is allowed.
Status Validate(const PoolConfig& config);

class ClientPool final : public SubmitPort {
 public:
  // Validates; opens nothing yet. `seed` is for the jitter.
  static Result<std::unique_ptr<ClientPool>> Create(PoolConfig config, const Clock& clock,
                                                    std::uint64_t seed);
  ~ClientPool() override;  // Stop()
  ClientPool(const ClientPool&) = delete;
  ClientPool& operator=(const ClientPool&) = delete;

  // Starts the I/O thread, which connects. Once.
  void Start();
  // Takes nothing more, waits for what is on the wire, unbinds, closes; at most stop_timeout, then
  // as Abort. What was never written ends as kNotSentLost. Outcomes can still be drained
  // afterwards.
  void Stop();

  bool TrySubmit(SubmitRequest&& request) override;
  std::size_t TrySubmitBatch(std::vector<SubmitRequest>& requests) override;
  std::size_t Drain(std::vector<SubmitOutcome>& out, std::size_t max,
                    std::chrono::milliseconds wait) override;
  std::size_t DrainDelivered(std::vector<Delivered>& out, std::size_t max,
                             std::chrono::milliseconds wait) override;
  void Respond(std::uint64_t handle, CommandStatus status) override;
  std::size_t WindowCapacity() const override;
  PortHealth Health() const override;
  // Returns when every socket is reset and nothing more can leave.
  void Abort() override;

  // One per bind, in the configuration's order; as of its last event.
  std::vector<SessionStats> Stats() const;

 private:
  class Impl;
  explicit ClientPool(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace textback::smpp
