#include "faults/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace textback::tests {
namespace {

constexpr int kWaitMs = 20;  // how soon Cut is seen
constexpr std::size_t kBufferBytes = 256 * 1024;

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::abort();
}

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

}  // namespace

Proxy::Proxy() : buffer_(kBufferBytes) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = Loopback(0);
  socklen_t size = sizeof address;
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 128) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    Die("proxy");
  port_ = ntohs(address.sin_port);
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{.events = EPOLLIN, .data = {.fd = listener_}};
  if (epoll_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event) != 0) Die("epoll");
  thread_ = std::thread([this] { Run(); });
}

Proxy::~Proxy() {
  stop_ = true;
  thread_.join();
  while (!peers_.empty()) Close(peers_.begin()->first);
  ::close(epoll_);
  ::close(listener_);
}

void Proxy::Run() {
  std::array<epoll_event, 64> events{};
  while (!stop_) {
    const int count = ::epoll_wait(epoll_, events.data(), events.size(), kWaitMs);
    if (cut_) {
      while (!peers_.empty()) Close(peers_.begin()->first);
    }
    for (int i = 0; i < count; ++i) {
      const int socket = events[static_cast<std::size_t>(i)].data.fd;
      if (socket == listener_) {
        Accept();
      } else if (peers_.contains(socket)) {
        const auto what = events[static_cast<std::size_t>(i)].events;
        const bool open = (what & EPOLLOUT) != 0 ? Flush(socket) : Pass(socket);
        if (!open) Close(socket);
      }
    }
  }
}

void Proxy::Accept() {
  const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = Loopback(target_);
  peers_[client] = server;
  peers_[server] = client;
  const bool open =
      !cut_ && target_ != 0 &&
      ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (!open) return Close(client);
  for (const int socket : {client, server}) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = socket}};
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) != 0) Die("epoll");
  }
}

// What came from one end, to the other. What that doesn't take waits, and nothing more is read
// meanwhile: one connection that stands still holds up no other.
bool Proxy::Pass(int from) {
  const ssize_t n = ::recv(from, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (n <= 0) return n < 0 && errno == EAGAIN;
  const int to = peers_.at(from);
  waiting_[to].append(buffer_.data(), static_cast<std::size_t>(n));
  return Flush(to);
}

bool Proxy::Flush(int to) {
  std::string& bytes = waiting_[to];
  while (!bytes.empty()) {
    const ssize_t n = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) break;
    if (n <= 0) return false;
    bytes.erase(0, static_cast<std::size_t>(n));
  }
  Watch(to);
  Watch(peers_.at(to));
  return true;
}

// Read from who has nothing of his waiting at the other end; write to whom something waits for.
void Proxy::Watch(int socket) {
  epoll_event event{.events = 0, .data = {.fd = socket}};
  if (waiting_[peers_.at(socket)].empty()) event.events |= EPOLLIN;
  if (!waiting_[socket].empty()) event.events |= EPOLLOUT;
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, socket, &event) != 0) Die("epoll");
}

void Proxy::Close(int socket) {
  const int peer = peers_.at(socket);
  peers_.erase(socket);
  peers_.erase(peer);
  waiting_.erase(socket);
  waiting_.erase(peer);
  const linger reset{.l_onoff = 1, .l_linger = 0};
  for (const int end : {socket, peer}) {
    ::setsockopt(end, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    ::close(end);
  }
}

}  // namespace textback::tests
