// The simulation's command: runs seeds, judges each, and says which failed and why.
//
//   textback-simulation --seeds 1..300   one line at the end, or what is wrong with each bad seed
//   textback-simulation --coverage 1..300 [MIN]   likewise, and how often each fault struck at each
//                                        step; a point hit less than MIN (10) times is a failure
//   textback-simulation --seed 17        one seed, with a trace of what happened
//   textback-simulation --soak [FROM]    seeds from FROM on until one fails
//
// Exit code: 0 all held, 1 some seed failed, 2 usage.
#include <charconv>
#include <cstdio>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "simulation/judge.h"
#include "simulation/pipeline.h"

namespace {

using namespace textback::simulation;

constexpr std::size_t kTailLines = 200;
constexpr std::uint64_t kCompareEvery = 10;  // so many seeds are run twice
constexpr std::uint64_t kHitsMin = 10;       // of each fault point, where coverage is asked for

struct Totals {
  std::size_t seeds = 0, records = 0, crashes = 0, rebalances = 0, faults = 0, writes = 0;
  std::map<textback::log::sim::FaultPoint, std::uint64_t> hits;
};

void PrintViolations(std::uint64_t seed, const std::vector<Violation>& violations) {
  for (const auto& violation : violations) {
    std::printf("seed %llu: %s: %s\n", static_cast<unsigned long long>(seed),
                violation.invariant.c_str(), violation.what.c_str());
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
  std::printf("seed %llu: the last %zu lines of its trace (all of it: tests/sim --seed %llu)\n",
              static_cast<unsigned long long>(seed), tail.size(),
              static_cast<unsigned long long>(seed));
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
      std::printf(" %*llu", width, static_cast<unsigned long long>(count));
      if (count < hits_min) seldom += "\n  " + ToString(FaultPoint{fault, step});
    }
    std::printf("\n");
  }
  if (!seldom.empty()) {
    std::printf("hit less than %llu times:%s\n", static_cast<unsigned long long>(hits_min),
                seldom.c_str());
  }
  return seldom.empty();
}

int RunSeeds(std::uint64_t from, std::uint64_t to, bool until_failure,
             std::optional<std::uint64_t> hits_min) {
  Totals totals;
  std::string failed;
  for (std::uint64_t seed = from; seed <= to; ++seed) {
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
  std::printf("seed %llu %s\n", static_cast<unsigned long long>(seed),
              violations.empty() ? "holds" : "FAILED");
  return violations.empty() ? 0 : 1;
}

std::optional<std::uint64_t> Number(std::string_view text) {
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return n;
}

int Usage() {
  std::fputs("usage: --seed N | --seeds A..B | --coverage A..B [MIN] | --soak [FROM]\n", stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) return Usage();
  const std::string_view what = argv[1];
  const std::string_view value = argc >= 3 ? argv[2] : "1";
  if (what == "--soak") {
    const auto from = Number(value);
    return from ? RunSeeds(*from, UINT64_MAX - 1, true, std::nullopt) : Usage();
  }
  if (argc < 3 || (argc == 4 && what != "--coverage")) return Usage();
  if (what == "--seed") {
    const auto seed = Number(value);
    return seed ? RunOne(*seed) : Usage();
  }
  const auto dots = value.find("..");
  std::optional<std::uint64_t> hits_min;
  if (what == "--coverage") {
    hits_min = argc == 4 ? Number(argv[3]) : kHitsMin;
    if (!hits_min) return Usage();
  } else if (what != "--seeds") {
    return Usage();
  }
  if (dots == std::string_view::npos) return Usage();
  const auto from = Number(value.substr(0, dots));
  const auto to = Number(value.substr(dots + 2));
  return from && to ? RunSeeds(*from, *to, false, hits_min) : Usage();
}
