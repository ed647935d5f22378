// What the shards of a service under test are doing, read from outside (telemetry/phase_board.h),
// and strikes at a step of choice.
//
// Threads: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "e2e/process.h"
#include "shard/events.h"

namespace textback::tests {

using shard::Doing;
std::string_view NameOf(Doing doing);

class Phases {
 public:
  // The file that a service writes or will write; it may be made anew with each start.
  explicit Phases(std::string path) : path_(std::move(path)) {}
  ~Phases() { Unmap(); }
  Phases(const Phases&) = delete;
  Phases& operator=(const Phases&) = delete;

  const std::string& path() const { return path_; }
  // Before a start: the file of the process before goes.
  void Reset();
  // By the shards' names; empty while there is none.
  std::map<std::string, Doing> Read();

  // Stops the process (SIGSTOP) when a shard of the role is at that step; true when it stands
  // there. False: it wasn't seen there in time, and runs.
  bool PauseAt(Process& process, std::string_view role, Doing doing,
               std::chrono::milliseconds limit);

 private:
  bool Map();
  void Unmap();
  bool Any(std::string_view role, Doing doing);

  const std::string path_;
  const volatile std::uint8_t* memory_ = nullptr;
};

}  // namespace textback::tests
