// The fault suite's command line: see tests/fault.
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "faults/run.h"

namespace textback::tests {

FaultRun& TheRun() {
  static FaultRun run;
  return run;
}

}  // namespace textback::tests

int main(int argc, char** argv) {
  using textback::tests::TheRun;
  ::testing::InitGoogleTest(&argc, argv);
  CLI::App app{"Faults on the real programs, on a real Kafka broker."};
  std::string name;
  bool list = false;
  app.add_option("--case", name, "only this one");
  app.add_option("--seed", TheRun().seed, "of all that is drawn by lot (default 1)");
  app.add_flag("--long", TheRun().long_run, "200 kills at 20,000 records a second, not 20");
  app.add_flag("--list", list, "the names of the cases");
  CLI11_PARSE(app, argc, argv);
  if (list) GTEST_FLAG_SET(list_tests, true);
  if (!name.empty()) GTEST_FLAG_SET(filter, "Fault." + name);
  std::printf("fault: seed %llu\n", static_cast<unsigned long long>(TheRun().seed));
  const int failed = RUN_ALL_TESTS();
  if (!list && ::testing::UnitTest::GetInstance()->test_to_run_count() == 0) {
    std::fprintf(stderr, "fault: no case '%s'; --list names them\n", name.c_str());
    return 2;
  }
  return failed;
}
