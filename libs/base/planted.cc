#include "base/planted.h"

#include <algorithm>
#include <atomic>
#include <iterator>

namespace textback {

const PlantedBug* FindPlantedBug(std::string_view name) {
  const auto* found = std::find_if(std::begin(kPlantedBugs), std::end(kPlantedBugs),
                                   [&](const auto& planted) { return planted.name == name; });
  return found == std::end(kPlantedBugs) ? nullptr : found;
}

#ifdef TEXTBACK_PLANTED_BUGS
namespace {

constexpr int kNone = -1;
std::atomic<int> planted_bug{kNone};

}  // namespace

void Plant(std::optional<Bug> bug) { planted_bug = bug ? static_cast<int>(*bug) : kNone; }
bool Planted(Bug bug) {
  return planted_bug.load(std::memory_order_relaxed) == static_cast<int>(bug);
}
#endif

}  // namespace textback
