// The fault suite's command line: see tests/fault.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/planted.h"
#include "faults/run.h"
#include "faults/verdict.h"

namespace textback::tests {

FaultRun& TheRun() {
  static FaultRun run;
  return run;
}

namespace {

// Where a pause or a kill strikes depends on the machine too, so a bug may get a few seeds, as in
// the simulation.
constexpr int kSeedsOfPlanted = 4;

// A process for each seed, before this one has any thread. Returns in those with true, and in this
// one with false and what to exit with.
bool IsRunOfASeed(int& exit_code) {
  const std::uint64_t first = TheRun().seed;
  exit_code = 1;
  for (int i = 0; i < kSeedsOfPlanted && exit_code != 0; ++i) {
    TheRun().seed = first + static_cast<std::uint64_t>(i);
    const pid_t child = ::fork();
    if (child == 0) return true;
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child) return false;
    if (!WIFEXITED(status)) continue;
    exit_code = WEXITSTATUS(status);
    if (exit_code > 1) return false;
  }
  return false;
}

}  // namespace
}  // namespace textback::tests

int main(int argc, char** argv) {
  using textback::tests::TheRun;
  ::testing::InitGoogleTest(&argc, argv);
  CLI::App app{"Faults on the real programs, on a real Kafka broker."};
  std::string name;
  std::string planted;
  bool list = false;
  app.add_option("--case", name, "only this one");
  app.add_option("--seed", TheRun().seed, "of all that is drawn by lot (default 1)");
  app.add_flag("--long", TheRun().long_run, "210 kills at 20,000 records a second, not 21");
  app.add_option(
      "--plant", planted,
      "a bug that it must find within 4 seeds, of libs/base/planted.h (preset dev): 0 if it does");
  app.add_option("--kills", TheRun().kills, "so many kills, not 21 or 210")
      ->check(CLI::Range(1, 10'000));
  app.add_flag("--list", list, "the names of the cases");
  CLI11_PARSE(app, argc, argv);
  if (!planted.empty()) {
    if (!textback::kBugsCanBePlanted || textback::FindPlantedBug(planted) == nullptr) {
      std::fprintf(stderr, "fault: no such bug, or a build without TEXTBACK_PLANTED_BUGS\n");
      return 2;
    }
    ::setenv("TEXTBACK_PLANT", planted.c_str(), 1);  // the services get it
    int exit_code = 0;
    if (!list && !textback::tests::IsRunOfASeed(exit_code)) return exit_code;
  }
  if (list) GTEST_FLAG_SET(list_tests, true);
  if (!name.empty()) GTEST_FLAG_SET(filter, "Fault." + name);
  std::printf("fault: seed %llu\n", static_cast<unsigned long long>(TheRun().seed));
  const int failed = RUN_ALL_TESTS();
  if (!list && ::testing::UnitTest::GetInstance()->test_to_run_count() == 0) {
    std::fprintf(stderr, "fault: no case '%s'; --list names them\n", name.c_str());
    return 2;
  }
  if (planted.empty()) return failed;
  // A process that ends or is slow shows nothing of the bug: what was written and taken must.
  const int violations = textback::tests::Verdict::violations();
  std::printf("fault: planted %s: %s, %d violations\n", planted.c_str(),
              violations > 0 ? "found" : "NOT FOUND", violations);
  return violations > 0 ? 0 : 1;
}
