// A file in which each thread of a process writes what it is doing, for who watches from outside
// and may strike at a step of his choice: fault tests (ADR 17).
//
// The file is mapped, so that it says what the threads were at when the process was stopped or
// killed, without their help. A write is one relaxed store of a byte; without a board there is no
// file, and no store.
//
// Layout: 64 slots of 64 bytes: the phase, one byte; then the thread's name, ended by a zero.
//
// Threads: Slot from the thread that makes the parts; a slot belongs to one thread afterwards.
// Lifetime: slots live as long as the board.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace textback::telemetry {

class PhaseBoard {
 public:
  using Slot = std::atomic<std::uint8_t>;
  static constexpr std::size_t kSlots = 64;
  static constexpr std::size_t kSlotBytes = 64;

  // kFatal ("phase_board"): the file can't be made.
  static Result<std::unique_ptr<PhaseBoard>> Create(const std::string& path);
  ~PhaseBoard();
  PhaseBoard(const PhaseBoard&) = delete;
  PhaseBoard& operator=(const PhaseBoard&) = delete;

  // nullptr when all are taken: that thread isn't watched.
  Slot* Take(std::string_view name);

 private:
  explicit PhaseBoard(char* memory) : memory_(memory) {}

  char* const memory_;
  std::size_t taken_ = 0;
};

}  // namespace textback::telemetry
