// A program under test: started with pipes, watched, stopped or killed, never left behind.
//
// The child gets SIGKILL when the thread that started it ends (PR_SET_PDEATHSIG), so that not even
// a crashed test leaves a process. What it says on stderr goes to a file, which tests read.
//
// Threads: the one that made it. Errors: failures of the harness itself abort the test program.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace textback::tests {

// Asks again and again until `condition` holds; false when the time is over.
bool Until(std::chrono::milliseconds limit, const std::function<bool()>& condition);

class Process {
 public:
  // `log_file` is appended to: a restarted program goes on in the same file.
  Process(const std::vector<std::string>& arguments, std::string log_file);
  ~Process();  // Kill()
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // The next line of its stdout; nullopt: none came in time, or it ended.
  std::optional<std::string> ReadLine(std::chrono::milliseconds limit);
  void WriteLine(const std::string& line);
  void CloseInput();

  void Signal(int number);
  void Pause();   // SIGSTOP; returns when all its threads stand still
  void Resume();  // SIGCONT
  void Kill();    // SIGKILL, as a crash would; waits for its end
  // The exit code; 128 + n after signal n; nullopt: still running when the time is over.
  std::optional<int> Wait(std::chrono::milliseconds limit);

  // All that it and its predecessors with the same log file said on stderr.
  std::string Log() const;
  // Has this process said so since it started? (The file is also its predecessors'.)
  bool Said(std::string_view words) const;

 private:
  const std::string log_file_;
  const std::size_t log_begin_;
  pid_t pid_ = -1;
  int pidfd_ = -1;
  int stdin_ = -1;
  int stdout_ = -1;
  std::string unread_;
  bool paused_ = false;
  std::optional<int> exit_;
};

// The whole file; empty if there is none.
std::string Slurp(const std::string& path);

}  // namespace textback::tests
