#include "kafka/broker_process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace textback::tests {
namespace {

constexpr char kBroker[] = TEXTBACK_SOURCE_DIR "/tests/kafka/broker";

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::abort();
}

}  // namespace

BrokerProcess::BrokerProcess(const std::vector<std::string>& settings) {
  std::vector<std::string> arguments = {kBroker, "run"};
  for (const auto& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  int in[2];
  int out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) Die("pipe2");
  pid_ = fork();
  if (pid_ < 0) Die("fork");
  if (pid_ == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    execv(kBroker, argv.data());
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  stdin_ = in[1];
  for (std::string* const line : {&bootstrap_, &dir_}) {
    for (char c = 0; read(out[0], &c, 1) == 1 && c != '\n';) {
      *line += c;
    }
  }
  close(out[0]);
  if (bootstrap_.find(':') == std::string::npos || dir_.empty()) {
    std::fprintf(stderr, "%s run: no broker (see above)\n", kBroker);
    std::abort();
  }
}

BrokerProcess::~BrokerProcess() {
  close(stdin_);
  waitpid(pid_, nullptr, 0);
}

BrokerProcess& BrokerProcess::Shared() {
  static BrokerProcess broker;
  return broker;
}

bool BrokerProcess::Control(const std::string& arguments) {
  return std::system((std::string(kBroker) + " " + arguments + " >/dev/null").c_str()) == 0;
}

}  // namespace textback::tests
