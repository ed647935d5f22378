// SmscCore on TCP: an SMPP 3.4 server on loopback, one thread, batched reads and writes.
//
// Threads: Run() blocks its thread until Stop(); Post and Stop may be called from any other.
// Errors: Listen: kFatal "smsc_listen" (the port is taken).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "smsc/smsc_core.h"

namespace textback::smsc {

class SmscServer {
 public:
  // `clock` and `observer` outlive it.
  SmscServer(const SmscOptions& options, const Clock& clock, std::uint64_t seed,
             SmscObserver* observer);
  ~SmscServer();

  // Port 0: any. Returns the port.
  Result<std::uint16_t> Listen(const std::string& address, std::uint16_t port);
  void Run();
  void Stop();
  // Runs `what` with the core on the server's thread.
  void Post(std::function<void(SmscCore&)> what);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace textback::smsc
