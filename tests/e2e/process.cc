#include "e2e/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

namespace textback::tests {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int kAskAgainMs = 10;

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::abort();
}

int Left(Steady::time_point deadline) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Steady::now()).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

// In the child: only what is allowed between fork and exec.
[[noreturn]] void Exec(pid_t parent, int in, int out, int log, char* const* arguments) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);  // it had died before prctl
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

}  // namespace

bool Until(std::chrono::milliseconds limit, const std::function<bool()>& condition) {
  const auto deadline = Steady::now() + limit;
  while (!condition()) {
    if (Steady::now() >= deadline) return false;
    ::poll(nullptr, 0, kAskAgainMs);
  }
  return true;
}

Process::Process(const std::vector<std::string>& arguments, std::string log_file)
    : log_file_(std::move(log_file)), log_begin_(Slurp(log_file_).size()) {
  static const bool no_sigpipe = ::signal(SIGPIPE, SIG_IGN) != SIG_ERR;
  (void)no_sigpipe;  // a child that died mustn't end the test with its pipe
  int in[2];
  int out[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) Die("pipe2");
  const int log = ::open(log_file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) Die(log_file_.c_str());
  std::vector<std::string> copies = arguments;
  std::vector<char*> argv;
  for (auto& argument : copies) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) Die("fork");
  if (pid_ == 0) Exec(parent, in[0], out[1], log, argv.data());
  // Not by the C library: its header lacks C linkage where this runs.
  pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (pidfd_ < 0) Die("pidfd_open");
  ::close(in[0]);
  ::close(out[1]);
  ::close(log);
  stdin_ = in[1];
  stdout_ = out[0];
}

Process::~Process() {
  Kill();
  CloseInput();
  ::close(stdout_);
  ::close(pidfd_);
}

std::optional<std::string> Process::ReadLine(std::chrono::milliseconds limit) {
  const auto deadline = Steady::now() + limit;
  while (true) {
    if (const auto end = unread_.find('\n'); end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    pollfd readable{stdout_, POLLIN, 0};
    if (::poll(&readable, 1, Left(deadline)) <= 0) return std::nullopt;
    char buffer[4096];
    const ssize_t n = ::read(stdout_, buffer, sizeof buffer);
    if (n <= 0) return std::nullopt;
    unread_.append(buffer, static_cast<std::size_t>(n));
  }
}

void Process::WriteLine(const std::string& line) {
  const std::string whole = line + "\n";
  // Shorter than a pipe's atomic write; a dead child shows in Wait and ReadLine.
  if (::write(stdin_, whole.data(), whole.size()) < 0 && errno != EPIPE) Die("write");
}

void Process::CloseInput() {
  if (stdin_ >= 0) ::close(stdin_);
  stdin_ = -1;
}

void Process::Signal(int number) {
  if (!exit_) ::kill(pid_, number);
}

void Process::Pause() {
  if (exit_ || paused_) return;
  ::kill(pid_, SIGSTOP);
  int status = 0;
  while (::waitpid(pid_, &status, WUNTRACED) < 0 && errno == EINTR) {
  }
  paused_ = WIFSTOPPED(status);
  if (!paused_)  // it had ended
    exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Process::Resume() {
  Signal(SIGCONT);
  paused_ = false;
}

void Process::Kill() {
  if (exit_) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::optional<int> Process::Wait(std::chrono::milliseconds limit) {
  if (exit_) return exit_;
  pollfd ended{pidfd_, POLLIN, 0};
  if (::poll(&ended, 1, static_cast<int>(limit.count())) <= 0) return std::nullopt;
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_) Die("waitpid");
  exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_;
}

std::string Process::Log() const { return Slurp(log_file_); }

bool Process::Said(std::string_view words) const {
  return Log().find(words, log_begin_) != std::string::npos;
}

std::string Slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace textback::tests
