#include "telemetry/phase_board.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace textback::telemetry {
namespace {

constexpr std::size_t kBytes = PhaseBoard::kSlots * PhaseBoard::kSlotBytes;
static_assert(PhaseBoard::Slot::is_always_lock_free && sizeof(PhaseBoard::Slot) == 1);

}  // namespace

Result<std::unique_ptr<PhaseBoard>> PhaseBoard::Create(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  // Allocated, not sparse: a full disk mustn't show as SIGBUS at a store.
  const bool sized = file >= 0 && ::posix_fallocate(file, 0, kBytes) == 0;
  void* const memory =
      sized ? ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : MAP_FAILED;
  if (file >= 0) ::close(file);
  if (memory == MAP_FAILED) {
    return FatalError("phase_board", path + " can't be made (" + std::strerror(errno) +
                                         "): TEXTBACK_PHASE_FILE is for tests, unset it");
  }
  return std::unique_ptr<PhaseBoard>(new PhaseBoard(static_cast<char*>(memory)));
}

PhaseBoard::~PhaseBoard() { ::munmap(memory_, kBytes); }

PhaseBoard::Slot* PhaseBoard::Take(std::string_view name) {
  if (taken_ == kSlots) return nullptr;
  char* const slot = memory_ + taken_++ * kSlotBytes;
  name = name.substr(0, kSlotBytes - 2);
  std::copy(name.begin(), name.end(), slot + 1);
  return new (slot) Slot(0);
}

}  // namespace textback::telemetry
