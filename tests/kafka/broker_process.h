// A Kafka broker that lives as long as this object (tests/kafka/broker run).
//
// Threads: one.
// Errors: failures of the harness end the test program with what the broker said.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace textback::tests {

class BrokerProcess {
 public:
  // Returns when it answers. `settings`: key=value each, instead of the usual ones.
  explicit BrokerProcess(const std::vector<std::string>& settings = {});
  ~BrokerProcess();  // closes its stdin; it ends, and removes its folder
  BrokerProcess(const BrokerProcess&) = delete;
  BrokerProcess& operator=(const BrokerProcess&) = delete;

  // One broker for the whole program, started when first asked for.
  static BrokerProcess& Shared();

  const std::string& bootstrap() const { return bootstrap_; }
  // Runs tests/kafka/broker with these arguments; true if it exits with 0.
  static bool Control(const std::string& arguments);
  const std::string& dir() const { return dir_; }
  // Of its port, for Control.
  std::string port() const { return bootstrap_.substr(bootstrap_.rfind(':') + 1); }

 private:
  pid_t pid_ = -1;
  int stdin_ = -1;
  std::string bootstrap_;
  std::string dir_;
};

}  // namespace textback::tests
