// What this run of the fault suite was asked for: its seed, and how long it may take.
//
// Threads: set once, before any test.
#pragma once

#include <cstdint>

namespace textback::tests {

struct FaultRun {
  std::uint64_t seed = 1;
  bool long_run = false;
  int kills = 0;  // of the case Kills; 0: as many as the run has by default
};
FaultRun& TheRun();

}  // namespace textback::tests
