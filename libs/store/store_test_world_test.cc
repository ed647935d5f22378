#include "store/store_test_world.h"

namespace textback::store {

std::vector<TestWorldFactory> TestWorlds() {
  return {{"memory", 20, [](const Clock& clock, std::uint64_t seed) {
             return std::make_unique<MemoryWorld>(clock, seed);
           }}};
}

}  // namespace textback::store
