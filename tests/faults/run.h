// What this run of the fault suite was asked for: its seed, and how long it may take.
//
// Threads: set once, before any test.
#pragma once

#include <cstdint>

namespace textback::tests {

struct FaultRun {
  std::uint64_t seed = 1;
  bool long_run = false;
};
FaultRun& TheRun();

}  // namespace textback::tests
