#include "smsc/server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <map>
#include <utility>
#include <vector>

namespace textback::smsc {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {
constexpr std::size_t kReadBytes = 256 * 1024;
// An ESME that reads no more than this behind is cut off.
constexpr std::size_t kOutputMax = 64 * 1024 * 1024;
constexpr std::chrono::milliseconds kTickMax{1'000};
}  // namespace

class SmscServer::Impl {
 public:
  Impl(const SmscOptions& options, const Clock& clock, std::uint64_t seed, SmscObserver* observer)
      : clock_(clock), core_(options, clock, seed, observer), acceptor_(io_), timer_(io_) {}

  Result<std::uint16_t> Listen(const std::string& address, std::uint16_t port) {
    error_code error;
    const auto where = asio::ip::make_address(address, error);
    const auto fail = [&](const char* what) {
      return FatalError("smsc_listen", std::string(what) + " " + address + ":" +
                                           std::to_string(port) + ": " + error.message());
    };
    if (error) return fail("not an address:");
    const tcp::endpoint endpoint(where, port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return fail("can't listen on");
    Accept();
    Arm();
    return acceptor_.local_endpoint().port();
  }

  void Run() { io_.run(); }
  void Stop() { io_.stop(); }
  void Post(std::function<void(SmscCore&)> what) {
    asio::post(io_, [this, what = std::move(what)] {
      what(core_);
      Turn();
    });
  }

 private:
  struct Link {
    explicit Link(tcp::socket s) : socket(std::move(s)), buffer(kReadBytes) {}
    tcp::socket socket;
    std::vector<char> buffer;
    std::string writing;
    std::string pending;
    bool busy = false;
    bool closing = false;
  };
  using LinkPtr = std::shared_ptr<Link>;
  using Id = SmscCore::ConnectionId;

  void Accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (!error) {
        if (const auto id = core_.Open()) {
          error_code ignored;
          socket.set_option(tcp::no_delay(true), ignored);
          auto link = std::make_shared<Link>(std::move(socket));
          links_[*id] = link;
          Read(*id, link);
        }
      }
      if (error != asio::error::operation_aborted) Accept();
    });
  }

  void Read(Id id, const LinkPtr& link) {
    link->socket.async_read_some(asio::buffer(link->buffer),
                                 [this, id, link](error_code error, std::size_t size) {
                                   if (link->closing) return;
                                   if (error) return Close(id, false);
                                   core_.Receive(id, {link->buffer.data(), size});
                                   Turn();
                                   if (!link->closing) Read(id, link);
                                 });
  }

  // Writes what the core has for anybody, closes what it wants closed, arms the timer.
  void Turn() {
    for (const Id id : core_.Connections()) {
      const auto it = links_.find(id);
      if (it == links_.end()) continue;
      const LinkPtr link = it->second;
      const auto closing = core_.ShouldClose(id);
      if (closing == SmscCore::Closing::kDrop) {
        Close(id, true);
        continue;
      }
      std::string output = core_.TakeOutput(id);
      if (link->pending.empty()) {
        link->pending = std::move(output);
      } else {
        link->pending += output;
      }
      if (link->pending.size() > kOutputMax) {
        Close(id, true);
        continue;
      }
      Write(id, link);
      if (closing == SmscCore::Closing::kAfterOutput && !link->busy) Close(id, false);
    }
    Arm();
  }

  void Write(Id id, const LinkPtr& link) {
    if (link->busy || link->pending.empty()) return;
    link->busy = true;
    link->writing.swap(link->pending);
    link->pending.clear();
    asio::async_write(link->socket, asio::buffer(link->writing),
                      [this, id, link](error_code error, std::size_t) {
                        link->busy = false;
                        if (link->closing) return;
                        if (error) return Close(id, false);
                        Write(id, link);
                        if (!link->busy && core_.ShouldClose(id) == SmscCore::Closing::kAfterOutput)
                          Close(id, false);
                      });
  }

  void Close(Id id, bool reset) {
    const auto it = links_.find(id);
    if (it == links_.end()) return;
    const LinkPtr link = it->second;
    link->closing = true;
    error_code ignored;
    if (reset) link->socket.set_option(asio::socket_base::linger(true, 0), ignored);
    link->socket.close(ignored);
    links_.erase(it);
    core_.Closed(id);
  }

  void Arm() {
    const MonoTime due = core_.NextDue();
    const MonoTime now = clock_.Mono();
    const auto wait = due <= now ? std::chrono::nanoseconds(0)
                                 : std::min<std::chrono::nanoseconds>(due - now, kTickMax);
    timer_.expires_after(wait);
    timer_.async_wait([this](error_code error) {
      if (error) return;
      core_.Tick();
      Turn();
    });
  }

  const Clock& clock_;
  SmscCore core_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer timer_;
  std::map<Id, LinkPtr> links_;
};

SmscServer::SmscServer(const SmscOptions& options, const Clock& clock, std::uint64_t seed,
                       SmscObserver* observer)
    : impl_(std::make_unique<Impl>(options, clock, seed, observer)) {}
SmscServer::~SmscServer() = default;
Result<std::uint16_t> SmscServer::Listen(const std::string& address, std::uint16_t port) {
  return impl_->Listen(address, port);
}
void SmscServer::Run() { impl_->Run(); }
void SmscServer::Stop() { impl_->Stop(); }
void SmscServer::Post(std::function<void(SmscCore&)> what) { impl_->Post(std::move(what)); }

}  // namespace textback::smsc
