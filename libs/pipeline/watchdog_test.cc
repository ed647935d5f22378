// What the watchdog does about what it finds.
#include "pipeline/watchdog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace textback::pipeline {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class WatchdogTest : public ::testing::Test {
 protected:
  WatchdogTest() {
    config.limits.stuck = 60s;
    config.limits.transaction = 30s;
    config.limits.restarts_max = 1;
  }
  Watchdog Make() {
    return {config,
            {clock, registry, notices, [this](const Error& error) { ends.push_back(error); },
             [this] { ++left; }}};
  }
  // A turn that goes well a second, but for the failing partition.
  void Look(Watchdog& watchdog, int seconds, std::optional<MonoTime> failing = std::nullopt) {
    for (int i = 0; i < seconds; ++i, clock.Advance(1s)) {
      heartbeat.BeginTurn();
      heartbeat.EndTurn(failing, std::nullopt);
      watchdog.Look();
    }
  }
  std::string LastLine() const { return sink.lines().empty() ? "" : sink.lines().back(); }

  WatchdogConfig config;
  ManualClock clock{1};
  telemetry::Registry registry;
  telemetry::MemorySink sink;
  telemetry::Log notices{clock, sink, {.part = "worker"}};
  shard::NullShardEvents events;
  shard::Heartbeat heartbeat{clock, events};
  std::vector<Error> ends;
  int left = 0;
};

TEST_F(WatchdogTest, AShardWithoutProgressIsRestartedThenTheProcessEnds) {
  Watchdog watchdog = Make();
  watchdog.Watch("decide-0", heartbeat);
  const MonoTime since = clock.Mono();
  Look(watchdog, 60, since);
  EXPECT_FALSE(heartbeat.TakeRestart());
  EXPECT_THAT(registry.Expose(),
              HasSubstr("textback_watchdog_stuck_seconds{shard=\"decide-0\",what=\"batch\"} 59\n"));
  Look(watchdog, 1, since);
  EXPECT_TRUE(heartbeat.TakeRestart());
  EXPECT_THAT(LastLine(), HasSubstr("shard=decide-0 what=batch doing=starting seconds=60"));
  EXPECT_THAT(registry.Expose(),
              HasSubstr("textback_watchdog_restarts_total{shard=\"decide-0\",what=\"batch\"} 1\n"));
  Look(watchdog, 60, since);
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_EQ(ends[0].code, "watchdog");
  EXPECT_THAT(ends[0].message, HasSubstr("shard decide-0 makes no progress (batch, starting)"));
  EXPECT_FALSE(heartbeat.TakeRestart());
  EXPECT_EQ(left, 0);
}

TEST_F(WatchdogTest, AThreadThatHangsIsNamedAndTheProcessLeft) {
  Watchdog watchdog = Make();
  watchdog.Watch("dispatch-1", heartbeat);
  Look(watchdog, 3);
  heartbeat.SetTransaction(true);
  heartbeat.Enter(shard::Doing::kCommitting);
  for (int i = 0; i < 30; ++i, clock.Advance(1s)) watchdog.Look();
  EXPECT_EQ(left, 0);
  watchdog.Look();
  EXPECT_EQ(left, 1);
  EXPECT_THAT(LastLine(),
              HasSubstr("shard=dispatch-1 what=transaction doing=committing seconds=30"));
  EXPECT_TRUE(ends.empty());
}

TEST_F(WatchdogTest, ItsThreadLooksUnlessItIsTurnedOff) {
  config.limits.stuck = 0s;  // whatever it sees is stuck
  heartbeat.BeginTurn();
  for (const bool enabled : {true, false}) {
    config.enabled = enabled;
    left = 0;
    Watchdog watchdog = Make();
    watchdog.Watch("track-0", heartbeat);
    watchdog.Start();
    watchdog.Stop();
    EXPECT_EQ(left > 0, enabled);
  }
}

// The real end, in a process of its own.
TEST_F(WatchdogTest, LeavingIsExitCode3) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(Watchdog::LeaveProcess(), ::testing::ExitedWithCode(3), "");
}

}  // namespace
}  // namespace textback::pipeline
