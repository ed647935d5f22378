// A TCP proxy on loopback that can be cut, so that a server is unreachable though it runs.
//
// Threads: its own; calls from the test's. Errors: what can't be set up aborts the test program.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace textback::tests {

class Proxy {
 public:
  Proxy();  // listens; connections are taken once it has a target
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  std::uint16_t port() const { return port_; }
  void SetTarget(std::uint16_t port) { target_ = port; }
  // Cut: open connections are reset, new ones too, until Heal.
  void Cut() { cut_ = true; }
  void Heal() { cut_ = false; }

 private:
  void Run();
  void Accept();
  bool Pass(int from);
  bool Flush(int to);
  void Watch(int socket);
  void Close(int socket);

  int listener_ = -1;
  int epoll_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::uint16_t> target_{0};
  std::atomic<bool> cut_{false}, stop_{false};
  std::map<int, int> peers_;            // of each socket
  std::map<int, std::string> waiting_;  // for each socket
  std::vector<char> buffer_;
  std::thread thread_;
};

}  // namespace textback::tests
