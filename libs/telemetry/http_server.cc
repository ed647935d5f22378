#include "telemetry/http_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

namespace textback::telemetry {
namespace {

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

struct Listener {
  Fd fd;
  int port = 0;
};

Result<Listener> Listen(const HttpOptions& options) {
  const std::string where = options.address + " port " + std::to_string(options.port);
  const auto fail = [&](const std::string& why) {
    return FatalError("http_listen", "cannot listen for HTTP on " + where + ": " + why);
  };
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int rc = ::getaddrinfo(options.address.c_str(), std::to_string(options.port).c_str(),
                                   &hints, &found);
      rc != 0) {
    return fail(std::string(::gai_strerror(rc)) + " (expected a numeric address such as 0.0.0.0)");
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> info(found, ::freeaddrinfo);
  Fd fd(::socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return fail(std::strerror(errno));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (::bind(fd.get(), info->ai_addr, info->ai_addrlen) != 0 || ::listen(fd.get(), 64) != 0) {
    return fail(std::string(std::strerror(errno)) + "; is another instance running?");
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return fail(std::strerror(errno));
  }
  const int port = bound.ss_family == AF_INET6
                       ? ntohs(reinterpret_cast<const sockaddr_in6&>(bound).sin6_port)
                       : ntohs(reinterpret_cast<const sockaddr_in&>(bound).sin_port);
  return Listener{std::move(fd), port};
}

// Reading the head, then writing the answer, then waiting for the peer to close: closing with
// unread input would reset the connection and could take the answer with it.
struct Connection {
  enum class Phase : unsigned char { kReading, kWriting, kLingering };
  Fd fd;
  MonoTime deadline;
  Phase phase = Phase::kReading;
  std::string in;
  std::string out;
  std::size_t written = 0;
};

}  // namespace

struct HttpServer::Impl {
  Impl(HttpOptions o, HttpHandler h, const Clock& c, Listener l)
      : options(std::move(o)),
        handler(std::move(h)),
        clock(c),
        listener(std::move(l)),
        wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    TB_ASSERT(wake.get() >= 0);
    thread = std::thread([this] { Run(); });
  }
  ~Impl() {
    stop.store(true, std::memory_order_release);
    Signal();
    thread.join();
  }

  void Signal() const {
    const std::uint64_t one = 1;
    // Can only fail with EAGAIN, when the counter is full: then it is readable anyway.
    [[maybe_unused]] const ssize_t n = ::write(wake.get(), &one, sizeof(one));
  }

  void Run() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    while (!stop.load(std::memory_order_acquire)) Turn();
  }

  void Turn() {
    std::vector<pollfd> polled;
    polled.push_back({wake.get(), POLLIN, 0});
    const bool room = open.size() < options.connections_max;
    polled.push_back(
        {listener.fd.get(), static_cast<short>(room && !pause_accept ? POLLIN : 0), 0});
    for (const auto& c : open) {
      polled.push_back(
          {c.fd.get(),
           static_cast<short>(c.phase == Connection::Phase::kWriting ? POLLOUT : POLLIN), 0});
    }
    constexpr int kTickMs = 250;  // the precision of time-outs
    pause_accept = false;
    if (::poll(polled.data(), polled.size(), kTickMs) < 0 && errno != EINTR) return;
    if (polled[0].revents != 0) {
      std::uint64_t count = 0;
      [[maybe_unused]] const ssize_t n = ::read(wake.get(), &count, sizeof(count));
    }
    const MonoTime now = clock.Mono();
    std::vector<Connection> kept;
    for (std::size_t i = 0; i < open.size(); ++i) {
      Connection& c = open[i];
      bool keep = now < c.deadline;
      if (keep && polled[i + 2].revents != 0) keep = Step(c);
      if (keep) kept.push_back(std::move(c));
    }
    open = std::move(kept);
    if (polled[1].revents != 0) Accept(now);
  }

  void Accept(MonoTime now) {
    while (open.size() < options.connections_max) {
      Fd fd(::accept4(listener.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (fd.get() < 0) {
        // Out of descriptors: the listener stays readable, so rest one tick instead of spinning.
        pause_accept = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        return;
      }
      Connection c;
      c.fd = std::move(fd);
      c.deadline = now + options.timeout;
      open.push_back(std::move(c));
    }
  }

  // False: done with it.
  bool Step(Connection& c) {
    switch (c.phase) {
      case Connection::Phase::kReading:
        return Read(c);
      case Connection::Phase::kWriting:
        return Write(c);
      case Connection::Phase::kLingering:
        return Linger(c);
    }
    TB_UNREACHABLE();
  }

  bool Read(Connection& c) {
    char buffer[4096];
    const ssize_t n = ::recv(c.fd.get(), buffer, sizeof(buffer), 0);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (n == 0) return false;
    c.in.append(buffer, static_cast<std::size_t>(n));
    HttpRequest request;
    switch (ParseHttpHead(std::string_view(c.in).substr(0, options.head_bytes_max), request)) {
      case HttpParse::kMore:
        if (c.in.size() < options.head_bytes_max) return true;
        return Answer(c, {431, {}, "The request's head is too large.\n"}, false);
      case HttpParse::kComplete:
        return Answer(c, handler(request), request.head);
      case HttpParse::kBad:
        return Answer(c, {400, {}, "This isn't an HTTP/1.1 request.\n"}, false);
      case HttpParse::kNotAllowed:
        return Answer(c, {405, {}, "Only GET and HEAD.\n"}, request.head);
    }
    TB_UNREACHABLE();
  }

  bool Answer(Connection& c, HttpResponse response, bool head) {
    if (response.content_type.empty()) response.content_type = HttpResponse{}.content_type;
    c.out = RenderHttp(response, head);
    c.in = {};
    c.phase = Connection::Phase::kWriting;
    return Write(c);
  }

  static bool Write(Connection& c) {
    while (c.written < c.out.size()) {
      const ssize_t n =
          ::send(c.fd.get(), c.out.data() + c.written, c.out.size() - c.written, MSG_NOSIGNAL);
      if (n < 0) return errno == EAGAIN || errno == EINTR;
      c.written += static_cast<std::size_t>(n);
    }
    ::shutdown(c.fd.get(), SHUT_WR);
    c.out = {};
    c.phase = Connection::Phase::kLingering;
    return true;
  }

  static bool Linger(const Connection& c) {
    char buffer[4096];
    const ssize_t n = ::recv(c.fd.get(), buffer, sizeof(buffer), 0);
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
  }

  const HttpOptions options;
  const HttpHandler handler;
  const Clock& clock;
  const Listener listener;
  const Fd wake;
  std::atomic<bool> stop{false};
  // The thread's own.
  std::vector<Connection> open;
  bool pause_accept = false;
  std::thread thread;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::Start(HttpOptions options, HttpHandler handler,
                                                      const Clock& clock) {
  TB_ASSERT(options.connections_max > 0 && options.head_bytes_max > 0);
  TB_ASSIGN_OR_RETURN(Listener listener, Listen(options));
  auto impl =
      std::make_unique<Impl>(std::move(options), std::move(handler), clock, std::move(listener));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

int HttpServer::port() const { return impl_->listener.port; }
void HttpServer::Wake() { impl_->Signal(); }

HttpHandler StandardPages(const Registry& registry, const Health& health) {
  return [&registry, &health](const HttpRequest& request) -> HttpResponse {
    if (request.path == "/metrics") {
      return {200, "text/plain; version=0.0.4; charset=utf-8", registry.Expose()};
    }
    if (request.path == "/")
      return {200, "text/plain; charset=utf-8", "/metrics\n/healthz\n/readyz\n"};
    const bool readiness = request.path == "/readyz";
    if (!readiness && request.path != "/healthz") {
      return {404, "text/plain; charset=utf-8", "There are /metrics, /healthz and /readyz.\n"};
    }
    const HealthReport report = health.Report();
    const int status = (readiness ? report.ready : report.healthy) ? 200 : 503;
    if (request.wants_json || request.query == "format=json") {
      return {status, "application/json", report.ToJson(readiness)};
    }
    return {status, "text/plain; charset=utf-8", report.ToText(readiness)};
  };
}

}  // namespace textback::telemetry
