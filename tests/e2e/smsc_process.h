// textback-smsc as a process: what it took, what it is told to do.
//
// Threads: one. Errors: a simulator that doesn't answer fails the test.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "e2e/process.h"

namespace textback::tests {

// One submit_sm that the SMSC took.
struct Taken {
  std::string from, to, udh, octets;  // octets in hexadecimal, as the file has them
  std::string Words() const;          // octets as text: GSM 03.38 as far as it is ASCII
};

class SmscProcess {
 public:
  // Returns when it listens. `yaml`: its configuration; logs and records go into `folder`.
  SmscProcess(const std::string& folder, const std::string& yaml);

  const std::string& port() const { return port_; }
  // A command to it, and its answer.
  std::string Ask(const std::string& command);
  // The customer texts one of our senders.
  void Text(const std::string& from, const std::string& to, const std::string& words);
  // All that it has taken until now, in order.
  const std::vector<Taken>& TakenTexts();
  void Stop();

 private:
  const std::string record_;
  Process process_;
  std::string port_;
  std::vector<Taken> taken_;
  std::size_t read_ = 0;  // bytes of the record file
};

}  // namespace textback::tests
