#include "pipeline/metrics.h"

#include <gmock/gmock.h>

#include "base/clock.h"

namespace textback::pipeline {
namespace {

using ::testing::HasSubstr;

class DispatchMetricsTest : public ::testing::Test {
 protected:
  void ExpectOutbox(int texts) {
    EXPECT_THAT(registry.Expose(),
                HasSubstr("\ntextback_dispatch_outbox_texts " + std::to_string(texts) + "\n"));
  }
  telemetry::Registry registry;
  ManualClock clock{1};
  telemetry::MemorySink sink;
  telemetry::Log log{clock, sink, {.part = "dispatcher"}};
};

TEST_F(DispatchMetricsTest, TheOutboxIsWhatHasNoEndYet) {
  DispatchMetrics metrics(registry, log, {"jobs"});
  metrics.OnPartitionRunning(0, {});
  metrics.OnTotal(0, "job_text", 1'000);  // as restored
  metrics.OnTotal(0, "job_sent", 900);
  metrics.OnTotal(0, "job_block", 7);  // no text
  metrics.OnTotal(1, "job_text", 5);
  ExpectOutbox(105);
  metrics.OnTotal(0, "job_text", 1'010);
  metrics.OnTotal(0, "job_sent", 990);
  metrics.OnTotal(0, "job_unknown", 1);
  metrics.OnTotal(0, "job_expired", 2);
  metrics.OnTotal(0, "job_rejected", 3);
  metrics.OnTotal(0, "job_cancelled", 4);
  metrics.OnTotal(0, "job_blocked", 5);
  ExpectOutbox(10);
  metrics.OnTotal(0, "job_unknown", 0);  // proven
  metrics.OnTotal(0, "job_sent", 991);
  ExpectOutbox(10);
  metrics.OnPartitionHalted(0, "state_unreadable");  // its texts wait all the same
  ExpectOutbox(10);
  metrics.OnPartitionStopped(0);
  ExpectOutbox(5);
}

TEST_F(DispatchMetricsTest, ThreadsAddUpAndTakeTheirShareAway) {
  DispatchMetrics one(registry, log, {"jobs"});
  one.OnTotal(0, "job_text", 3);
  {
    DispatchMetrics two(registry, log, {"jobs"});
    two.OnTotal(1, "job_text", 4);
    ExpectOutbox(7);
  }
  ExpectOutbox(3);
}

TEST_F(DispatchMetricsTest, TimersThatWaitForAnInputOfWhichNothingIsReadAreNotAheadOfAnything) {
  DispatchMetrics metrics(registry, log, {"jobs"});
  const auto expect = [&](const std::string& seconds) {
    EXPECT_THAT(
        registry.Expose(),
        HasSubstr("textback_shard_timers_held_seconds{role=\"dispatch\"} " + seconds + "\n"));
  };
  metrics.OnTimersHeld(0, 1'795'000'000'000, shard::kNothingForgotten, "jobs");
  expect("0");
  metrics.OnTimersHeld(0, 1'795'000'005'000, 1'795'000'000'000, "jobs");
  expect("5");
}

TEST_F(DispatchMetricsTest, LatenciesArePublishedWithTheNextBatch) {
  DispatchMetrics metrics(registry, log, {"jobs"});
  metrics.OnAccepted(12, 40);
  metrics.OnAccepted(12, -5);  // the clocks of two machines
  EXPECT_THAT(registry.Expose(), HasSubstr("textback_dispatch_response_seconds_count 0\n"));
  metrics.OnBatchStart();
  EXPECT_THAT(registry.Expose(), HasSubstr("textback_dispatch_response_seconds_count 2\n"));
  EXPECT_THAT(registry.Expose(), HasSubstr("textback_dispatch_response_seconds_sum 0.024\n"));
  EXPECT_THAT(registry.Expose(), HasSubstr("textback_dispatch_submit_seconds_sum 0.04\n"));
}

}  // namespace
}  // namespace textback::pipeline
