// textback-smsc as a process: what it took, what it is told to do.
//
// Threads: one. Errors: a simulator that doesn't answer fails the test.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "e2e/process.h"

namespace textback::tests {

// One submit_sm that the SMSC took.
struct Taken {
  std::int64_t at_ms = 0;
  std::string from, to, udh, octets;  // octets in hexadecimal, as the file has them
  std::string Words() const;          // octets as text: GSM 03.38 as far as it is ASCII
};

class SmscProcess {
 public:
  // Returns when it listens. `yaml`: its configuration; logs and records go into `folder`, and are
  // gone on with by a successor. `port` "0": any.
  SmscProcess(const std::string& folder, const std::string& yaml, const std::string& port = "0");

  const std::string& port() const { return port_; }
  // A command to it, and its answer.
  std::string Ask(const std::string& command);
  // The customer texts one of our senders.
  void Text(const std::string& from, const std::string& to, const std::string& words);
  // All that it has taken until now, in order.
  const std::vector<Taken>& TakenTexts();
  // What it has taken since the last call of this or TakenTexts, without keeping it.
  void FollowTaken(const std::function<void(const Taken&)>& take);
  Process& process() { return process_; }
  void Stop();

 private:
  const std::string record_;
  Process process_;
  std::string port_;
  std::vector<Taken> taken_;
  std::size_t read_ = 0;  // bytes of the record file
};

}  // namespace textback::tests
