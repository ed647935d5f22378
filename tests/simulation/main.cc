// The simulation's command: runs seeds, judges each, and says which failed and why.
//
//   textback-simulation --seeds 1..300   one line at the end, or what is wrong with each bad seed
//   textback-simulation --coverage 1..300 [MIN]   likewise, and how often each fault struck at each
//                                        step; a point hit less than MIN (10) times is a failure
//   textback-simulation --seed 17        one seed, with a trace of what happened
//   textback-simulation --seed 17 --shrink   the shortest schedule that fails as this seed does
//   textback-simulation --soak [FROM]    seeds from FROM on until one fails
//
// Where the build can plant bugs (the preset dev):
//   textback-simulation --plant NAME …   any of the above with a bug of base/planted.h
//   textback-simulation --planted [A..B] for each bug the seeds A..B (1..2000) until one finds it
//   textback-simulation --planted known  for each bug the seed that is known to find it
//
// Exit code: 0 all held (with --planted: all were found), 1 not so, 2 usage.
#include <charconv>
#include <cstdio>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/planted.h"
#include "planted_seeds.h"
#include "simulation/judge.h"
#include "simulation/pipeline.h"
#include "simulation/shrink.h"

namespace {

using namespace textback::simulation;
using textback::kBugsCanBePlanted;
using textback::kPlantedBugs;

constexpr std::size_t kTailLines = 200;
constexpr std::uint64_t kCompareEvery = 10;  // so many seeds are run twice
constexpr std::uint64_t kHitsMin = 10;       // of each fault point, where coverage is asked for
constexpr std::uint64_t kPlantedSeedsMax = 2'000;

struct Range {
  std::uint64_t from = 1;
  std::uint64_t to = 1;
};

struct Totals {
  std::size_t seeds = 0, records = 0, crashes = 0, rebalances = 0, faults = 0, writes = 0;
  std::map<textback::log::sim::FaultPoint, std::uint64_t> hits;
};

unsigned long long Printable(std::uint64_t n) { return n; }

void PrintViolations(std::uint64_t seed, const std::vector<Violation>& violations) {
  for (const auto& violation : violations) {
    std::printf("seed %llu: %s: %s\n", Printable(seed), violation.invariant.c_str(),
                violation.what.c_str());
  }
}

std::vector<Violation> RunSeed(std::uint64_t seed, Totals& totals, const Trace& trace) {
  const Plan plan = MakePlan(seed);
  const History history = RunPlan(plan, {}, trace);
  auto violations = Judge(history);
  if (seed % kCompareEvery == 0) {
    for (auto& violation : Compare(history, RunPlan(plan)))
      violations.push_back(std::move(violation));
  }
  if (const auto easy = TooEasy(history); !easy.empty()) violations.push_back({"TooEasy", easy});
  ++totals.seeds;
  totals.records += plan.records.size();
  totals.crashes += history.crashes;
  totals.rebalances += history.rebalances;
  totals.faults += history.struck();
  for (const auto& [point, count] : history.faults) totals.hits[point] += count;
  totals.writes += history.writes.size();
  return violations;
}

// Runs it again with a trace: the same seed does the same.
void PrintTail(std::uint64_t seed) {
  std::deque<std::string> tail;
  Totals unused;
  RunSeed(seed, unused, [&tail](std::string_view line) {
    tail.emplace_back(line);
    if (tail.size() > kTailLines) tail.pop_front();
  });
  std::printf(
      "seed %llu: the last %zu lines of its trace (all of it: tests/sim --seed %llu; a short "
      "schedule that fails in the same way: tests/sim --seed %llu --shrink)\n",
      Printable(seed), tail.size(), Printable(seed), Printable(seed));
  for (const auto& line : tail) std::printf("  %s\n", line.c_str());
}

// Fault by step. False: some point was hit too seldom to say anything about it.
bool PrintCoverage(const Totals& totals, std::uint64_t hits_min) {
  using namespace textback::log::sim;
  std::printf("%-16s", "fault x step");
  for (int f = 0; f < kFaults; ++f) {
    std::printf(" %.*s", static_cast<int>(ToString(static_cast<Fault>(f)).size()),
                ToString(static_cast<Fault>(f)).data());
  }
  std::printf("\n");
  std::string seldom;
  for (int s = 0; s < kSteps; ++s) {
    const auto step = static_cast<Step>(s);
    std::printf("%-16.*s", static_cast<int>(ToString(step).size()), ToString(step).data());
    for (int f = 0; f < kFaults; ++f) {
      const auto fault = static_cast<Fault>(f);
      const auto width = static_cast<int>(ToString(fault).size());
      if (!Applies(fault, step)) {
        std::printf(" %*s", width, "-");
        continue;
      }
      const auto hit = totals.hits.find({fault, step});
      const std::uint64_t count = hit == totals.hits.end() ? 0 : hit->second;
      std::printf(" %*llu", width, Printable(count));
      if (count < hits_min) seldom += "\n  " + ToString(FaultPoint{fault, step});
    }
    std::printf("\n");
  }
  if (!seldom.empty()) {
    std::printf("hit less than %llu times:%s\n", Printable(hits_min), seldom.c_str());
  }
  return seldom.empty();
}

int RunSeeds(const Range& seeds, bool until_failure, std::optional<std::uint64_t> hits_min) {
  Totals totals;
  std::string failed;
  for (std::uint64_t seed = seeds.from; seed <= seeds.to; ++seed) {
    const auto violations = RunSeed(seed, totals, {});
    if (violations.empty()) continue;
    PrintViolations(seed, violations);
    if (failed.empty()) PrintTail(seed);
    failed += " " + std::to_string(seed);
    std::fflush(stdout);
    if (until_failure) break;
  }
  std::printf(
      "%zu seeds: %zu records, %zu crashes, %zu rebalances, %zu faults, %zu writes to the "
      "network\n",
      totals.seeds, totals.records, totals.crashes, totals.rebalances, totals.faults,
      totals.writes);
  if (hits_min && !PrintCoverage(totals, *hits_min)) return 1;
  if (failed.empty()) return 0;
  std::printf("failed seeds:%s\n", failed.c_str());
  return 1;
}

int RunOne(std::uint64_t seed) {
  Totals totals;
  const auto violations = RunSeed(seed, totals, [](std::string_view line) {
    std::printf("%.*s\n", static_cast<int>(line.size()), line.data());
  });
  std::printf("%zu records, %zu crashes, %zu rebalances, %zu faults, %zu writes to the network\n",
              totals.records, totals.crashes, totals.rebalances, totals.faults, totals.writes);
  PrintViolations(seed, violations);
  std::printf("seed %llu %s\n", Printable(seed), violations.empty() ? "holds" : "FAILED");
  return violations.empty() ? 0 : 1;
}

const Violation* Find(const std::vector<Violation>& violations, std::string_view invariant) {
  for (const auto& violation : violations) {
    if (violation.invariant == invariant) return &violation;
  }
  return nullptr;
}

int ShrinkOne(std::uint64_t seed) {
  const History whole = RunPlan(MakePlan(seed));
  const auto violations = Judge(whole);
  if (violations.empty()) {
    std::printf("seed %llu holds: nothing to shrink\n", Printable(seed));
    return 0;
  }
  const std::string invariant = violations.front().invariant;
  const auto fails = [&](const Plan& plan) {
    return Find(Judge(RunPlan(plan)), invariant) != nullptr;
  };
  // A fault that is bound to the time at which it struck is easier to leave out than a chance.
  Plan plan = Scripted(whole);
  if (!fails(plan)) plan = MakePlan(seed);
  const Shrunk shrunk = Shrink(std::move(plan), fails);
  std::printf("seed %llu: %s needs no more than this (%zu runs to find out):\n%s\nwhat happens:\n",
              Printable(seed), invariant.c_str(), shrunk.runs, Describe(shrunk.plan).c_str());
  const History history = RunPlan(shrunk.plan, {}, [](std::string_view line) {
    if (line.ends_with(" commit committed")) return;
    std::printf("  %.*s\n", static_cast<int>(line.size()), line.data());
  });
  for (const auto& write : history.writes) {
    std::printf("  %lld network got part %u of %u to %s%s\n",
                static_cast<long long>(write.at_ms - kStartMs), write.part, write.parts,
                write.recipient.c_str(), write.taken ? "" : ", not taken");
  }
  PrintViolations(seed, Judge(history));
  return 1;
}

void PrintFound(const textback::PlantedBug& bug, const std::string& seeds, std::string_view by) {
  std::printf("| %-26.*s | %5s | %-32.*s |\n", static_cast<int>(bug.name.size()), bug.name.data(),
              seeds.c_str(), static_cast<int>(by.size()), by.data());
  std::fflush(stdout);
}

int RunPlanted(const Range& seeds) {
  std::size_t missed = 0;
  for (const auto& bug : kPlantedBugs) {
    textback::Plant(bug.bug);
    bool found = false;
    for (std::uint64_t seed = seeds.from; seed <= seeds.to && !found; ++seed) {
      const auto violations = Judge(RunPlan(MakePlan(seed)));
      if (violations.empty()) continue;
      found = true;
      PrintFound(bug, std::to_string(seed - seeds.from + 1), violations.front().invariant);
    }
    if (!found) PrintFound(bug, "-", "NOT FOUND");
    missed += found ? 0 : 1;
  }
  textback::Plant(std::nullopt);
  std::printf("%zu bugs planted, %zu not found\n", std::size(kPlantedBugs), missed);
  return missed == 0 ? 0 : 1;
}

int RunKnown() {
  std::size_t missed = 0;
  for (const auto& bug : kPlantedBugs) {
    const KnownSeed* known = FindKnownSeed(bug.name);
    bool found = false;
    if (known != nullptr) {
      textback::Plant(bug.bug);
      found = Find(Judge(RunPlan(MakePlan(known->seed))), known->invariant) != nullptr;
      PrintFound(bug, std::to_string(known->seed), found ? known->invariant : "NOT FOUND");
    } else {
      PrintFound(bug, "-", "no seed is known: planted_seeds.h");
    }
    missed += found ? 0 : 1;
  }
  textback::Plant(std::nullopt);
  std::printf("%zu bugs planted, %zu not found\n", std::size(kPlantedBugs), missed);
  return missed == 0 ? 0 : 1;
}

std::optional<std::uint64_t> Number(std::string_view text) {
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return n;
}

std::optional<Range> RangeOf(std::string_view text) {
  const auto dots = text.find("..");
  if (dots == std::string_view::npos) return std::nullopt;
  const auto from = Number(text.substr(0, dots));
  const auto to = Number(text.substr(dots + 2));
  if (!from || !to) return std::nullopt;
  return Range{*from, *to};
}

int Usage() {
  std::fputs(
      "usage: [--plant NAME] --seed N [--shrink] | --seeds A..B | --coverage A..B [MIN] |\n"
      "       --soak [FROM] | --planted [A..B | known]\n",
      stderr);
  return 2;
}

int NoBugsHere() {
  std::fputs("no bug can be planted in this build: build the preset dev (tests/sim does)\n",
             stderr);
  return 2;
}

// False: there is no such bug, or none can be planted; it has been said.
bool PlantByName(std::string_view name) {
  if (!kBugsCanBePlanted) return NoBugsHere() == 0;
  const auto* bug = textback::FindPlantedBug(name);
  if (bug == nullptr) {
    std::fprintf(stderr, "no bug is called %.*s; these are:\n", static_cast<int>(name.size()),
                 name.data());
    for (const auto& each : kPlantedBugs) {
      std::fprintf(stderr, "  %-26.*s %.*s\n", static_cast<int>(each.name.size()), each.name.data(),
                   static_cast<int>(each.what.size()), each.what.data());
    }
    return false;
  }
  textback::Plant(bug->bug);
  return true;
}

int Planted(std::string_view which) {
  if (!kBugsCanBePlanted) return NoBugsHere();
  if (which == "known") return RunKnown();
  if (which.empty()) return RunPlanted({1, kPlantedSeedsMax});
  const auto seeds = RangeOf(which);
  return seeds ? RunPlanted(*seeds) : Usage();
}

// `more`: what follows `what`.
int Run(std::string_view what, const std::vector<std::string_view>& more) {
  const std::string_view first = more.empty() ? "" : more[0];
  const std::string_view second = more.size() < 2 ? "" : more[1];
  if (more.size() > 2) return Usage();
  if (what == "--soak" && more.size() <= 1) {
    const auto from = more.empty() ? 1 : Number(first);
    return from ? RunSeeds({*from, UINT64_MAX - 1}, true, std::nullopt) : Usage();
  }
  if (what == "--planted" && more.size() <= 1) return Planted(first);
  if (what == "--seed" && (more.size() == 1 || second == "--shrink")) {
    const auto seed = Number(first);
    if (!seed) return Usage();
    return more.size() == 1 ? RunOne(*seed) : ShrinkOne(*seed);
  }
  const auto seeds = RangeOf(first);
  if (what == "--seeds" && more.size() == 1 && seeds) return RunSeeds(*seeds, false, std::nullopt);
  if (what == "--coverage" && seeds) {
    const auto hits_min = more.size() == 2 ? Number(second) : kHitsMin;
    if (hits_min) return RunSeeds(*seeds, false, *hits_min);
  }
  return Usage();
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string_view> arguments(argv + 1, argv + argc);
  if (arguments.size() >= 2 && arguments[0] == "--plant") {
    if (!PlantByName(arguments[1])) return 2;
    arguments.erase(arguments.begin(), arguments.begin() + 2);
  }
  if (arguments.empty()) return Usage();
  return Run(arguments[0], {arguments.begin() + 1, arguments.end()});
}
