// A small HTTP server for /metrics, /healthz and /readyz: one thread, poll(2), bounded in
// everything.
//
// Not an API server. A connection gets one answer within `timeout`, counted from its acceptance to
// the last byte read by the peer, whoever is slow; at most `connections_max` are open, further ones
// wait in the kernel's backlog; a head larger than `head_bytes_max` is answered 431.
//
// Why not Beast or CivetWeb: three fixed pages need neither, and CivetWeb blocks on slow readers.
//
// Thread safety: the handler is called on the server's thread and must not block. Lifetime: what
// the handler refers to, and the clock, outlive the server. The destructor stops and joins the
// thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "telemetry/health.h"
#include "telemetry/http_request.h"
#include "telemetry/metrics.h"

namespace textback::telemetry {

struct HttpOptions {
  std::string address = "0.0.0.0";  // numeric, IPv4 or IPv6
  int port = 9464;                  // 0: any free one; see HttpServer::port
  std::size_t connections_max = 32;
  std::size_t head_bytes_max = 8192;
  std::chrono::milliseconds timeout{10'000};
};

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

// The three pages; "/" lists them. Health answers in JSON for "Accept: application/json" or
// "?format=json". 503 where not ready or not healthy.
HttpHandler StandardPages(const Registry& registry, const Health& health);

class HttpServer {
 public:
  // kFatal "http_listen": the address is taken or isn't ours.
  static Result<std::unique_ptr<HttpServer>> Start(HttpOptions options, HttpHandler handler,
                                                   const Clock& clock);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const;  // the one listened on
  // Looks at time-outs at once; for tests that move a ManualClock.
  void Wake();

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace textback::telemetry
