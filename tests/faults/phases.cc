#include "faults/phases.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>

#include "telemetry/phase_board.h"

namespace textback::tests {
namespace {

using telemetry::PhaseBoard;

constexpr std::size_t kBytes = PhaseBoard::kSlots * PhaseBoard::kSlotBytes;

}  // namespace

std::string_view NameOf(Doing doing) {
  switch (doing) {
    case Doing::kStarting:
      return "start";
    case Doing::kPolling:
      return "poll";
    case Doing::kDeciding:
      return "decide";
    case Doing::kProducing:
      return "produce";
    case Doing::kCommitting:
      return "commit";
    case Doing::kApplying:
      return "commit-store";
    case Doing::kExecuting:
      return "commit-write";
    case Doing::kRestoring:
      return "restore";
  }
  return "?";
}

void Phases::Reset() {
  Unmap();
  std::filesystem::remove(path_);
}

bool Phases::Map() {
  if (memory_ != nullptr) return true;
  const int file = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  std::error_code error;
  if (std::filesystem::file_size(path_, error) >= kBytes && !error) {
    void* const memory = ::mmap(nullptr, kBytes, PROT_READ, MAP_SHARED, file, 0);
    if (memory != MAP_FAILED) memory_ = static_cast<const volatile std::uint8_t*>(memory);
  }
  ::close(file);
  return memory_ != nullptr;
}

void Phases::Unmap() {
  if (memory_ != nullptr) ::munmap(const_cast<std::uint8_t*>(memory_), kBytes);
  memory_ = nullptr;
}

std::map<std::string, Doing> Phases::Read() {
  std::map<std::string, Doing> all;
  if (!Map()) return all;
  for (std::size_t i = 0; i < PhaseBoard::kSlots; ++i) {
    const volatile std::uint8_t* const slot = memory_ + i * PhaseBoard::kSlotBytes;
    std::string name;
    for (std::size_t at = 1; slot[at] != 0; ++at) name.push_back(static_cast<char>(slot[at]));
    if (name.empty()) break;
    all[name] = static_cast<Doing>(slot[0]);
  }
  return all;
}

bool Phases::Any(std::string_view role, Doing doing) {
  for (const auto& [name, now] : Read()) {
    if (now == doing && name.substr(0, role.size()) == role) return true;
  }
  return false;
}

bool Phases::PauseAt(Process& process, std::string_view role, Doing doing,
                     std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < deadline) {
    if (!Any(role, doing)) {
      ::sched_yield();  // steps last from microseconds to milliseconds: no time to sleep
      continue;
    }
    process.Pause();
    // It went on for a moment after the look.
    if (Any(role, doing)) return true;
    process.Resume();
  }
  return false;
}

}  // namespace textback::tests
