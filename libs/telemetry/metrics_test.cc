#include "telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <thread>

namespace textback::telemetry {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(MetricNameTest, FollowsTheRule) {
  for (const char* good :
       {"textback_decide_records_total", "textback_a_b", "textback_smpp34_window_used"}) {
    EXPECT_TRUE(IsMetricName(good)) << good;
  }
  for (const char* bad :
       {"", "textback_", "textback_decide", "textback__x_y", "textback_x_", "textback_x__y",
        "textback_X_y", "decide_records_total", "textback_x_y{", "textback_x y"}) {
    EXPECT_FALSE(IsMetricName(bad)) << bad;
  }
}

TEST(LabelValueTest, IsAWord) {
  for (const char* good : {"stale", "no_answer", "textback.calls", "esme-1", "4xx"})
    EXPECT_TRUE(IsLabelValue(good)) << good;
  for (const char* bad : {"", "12", "+12125550123", "12125550123", "a b", "A", "a\"b", "a\n"}) {
    EXPECT_FALSE(IsLabelValue(bad)) << bad;
  }
  EXPECT_TRUE(IsLabelValue(std::string(64, 'a')));
  EXPECT_FALSE(IsLabelValue(std::string(65, 'a')));
}

TEST(RegistryTest, ExposesFamiliesByName) {
  Registry registry;
  registry.GetGauge("textback_outbox_depth_jobs", "Jobs that wait.").Set(2.5);
  auto& stale = registry.GetCounter("textback_decide_jobs_total", "Jobs\nby \\ reason.",
                                    {{"reason", "stale"}});
  registry.GetCounter("textback_decide_jobs_total", "Jobs\nby \\ reason.", {{"reason", "sent"}})
      .Add(3);
  stale.Add();
  stale.Add(4);
  EXPECT_THAT(registry.Expose(),
              StartsWith("# HELP textback_decide_jobs_total Jobs\\nby \\\\ reason.\n"
                         "# TYPE textback_decide_jobs_total counter\n"
                         "textback_decide_jobs_total{reason=\"sent\"} 3\n"
                         "textback_decide_jobs_total{reason=\"stale\"} 5\n"
                         "# HELP textback_outbox_depth_jobs Jobs that wait.\n"
                         "# TYPE textback_outbox_depth_jobs gauge\n"
                         "textback_outbox_depth_jobs 2.5\n"));
  EXPECT_THAT(registry.Expose(), HasSubstr("\nprocess_cpu_seconds_total "));
  EXPECT_THAT(registry.Expose(), HasSubstr("\nprocess_resident_memory_bytes "));
}

TEST(RegistryTest, SameNameAndLabelsSameHandle) {
  Registry registry;
  auto& a = registry.GetCounter("textback_a_b_total", "x", {{"k", "v"}});
  EXPECT_EQ(&a, &registry.GetCounter("textback_a_b_total", "x", {{"k", "v"}}));
  EXPECT_NE(&a, &registry.GetCounter("textback_a_b_total", "x", {{"k", "w"}}));
}

TEST(RegistryTest, AFullFamilyCountsTheRestAsOther) {
  Registry registry;
  for (std::size_t i = 0; i < Registry::kSeriesMax + 10; ++i) {
    registry.GetCounter("textback_a_b_total", "x", {{"code", "c" + std::to_string(i)}}).Add();
  }
  EXPECT_THAT(registry.Expose(), HasSubstr("textback_a_b_total{code=\"c255\"} 1\n"));
  EXPECT_THAT(registry.Expose(), Not(HasSubstr("code=\"c256\"")));
  EXPECT_THAT(registry.Expose(), HasSubstr("textback_a_b_total{code=\"other\"} 10\n"));
  // A series that was there before the family was full keeps its own count.
  registry.GetCounter("textback_a_b_total", "x", {{"code", "c0"}}).Add();
  EXPECT_THAT(registry.Expose(), HasSubstr("textback_a_b_total{code=\"c0\"} 2\n"));
}

TEST(RegistryDeathTest, WrongNamesAreAssertions) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Registry registry;
  registry.GetCounter("textback_a_b_total", "x");
  EXPECT_DEATH(registry.GetCounter("textback_a_b", "x"), "Find|_total|assert|ends_with");
  EXPECT_DEATH(registry.GetGauge("textback_a_b_total", "x"), "ends_with");
  EXPECT_DEATH(registry.GetCounter("textback_a_b_total", "y"), "help");
  EXPECT_DEATH(registry.GetCounter("textback_a_c_total", "x", {{"number", "+12125550123"}}),
               "IsLabelValue");
}

TEST(HistogramTest, BucketsIncludeTheirUpperEnd) {
  Registry registry;
  auto& histogram =
      registry.GetHistogram("textback_a_wait_seconds", "x", {1, 2.5}, {{"side", "in"}});
  HistogramBatch batch(histogram);
  for (const double v : {0.5, 1.0, 1.0001, 2.5, 3.0}) batch.Observe(v);
  batch.Observe(std::numeric_limits<double>::quiet_NaN());
  EXPECT_THAT(registry.Expose(),
              HasSubstr("textback_a_wait_seconds_count{side=\"in\"} 0\n"));  // not published
  batch.Publish();
  batch.Publish();  // nothing twice
  EXPECT_THAT(registry.Expose(),
              HasSubstr("textback_a_wait_seconds_bucket{side=\"in\",le=\"1\"} 2\n"
                        "textback_a_wait_seconds_bucket{side=\"in\",le=\"2.5\"} 4\n"
                        "textback_a_wait_seconds_bucket{side=\"in\",le=\"+Inf\"} 5\n"
                        "textback_a_wait_seconds_sum{side=\"in\"} 8.0001\n"
                        "textback_a_wait_seconds_count{side=\"in\"} 5\n"));
}

TEST(HistogramTest, ABatchPublishesWhatIsLeftAtItsEnd) {
  Registry registry;
  auto& histogram = registry.GetHistogram("textback_a_wait_seconds", "x", LatencyBuckets());
  {
    HistogramBatch(histogram).Observe(0.001, 7);
  }
  EXPECT_THAT(registry.Expose(), HasSubstr("textback_a_wait_seconds_bucket{le=\"0.001\"} 7\n"));
}

TEST(RegistryTest, ThreadsCountWhileOthersScrape) {
  Registry registry;
  constexpr int kThreads = 4;
  constexpr int kRounds = 500;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&registry] {
      auto& counter = registry.GetCounter("textback_a_b_total", "x");
      HistogramBatch batch(registry.GetHistogram("textback_a_c_seconds", "x", {1}));
      for (int i = 0; i < kRounds; ++i) {
        counter.Add();
        batch.Observe(0.5);
        if (i % 50 == 0) batch.Publish();
      }
    });
  }
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(registry.Expose().empty());
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(registry.Expose(), HasSubstr("textback_a_b_total 2000\n"));
  EXPECT_THAT(registry.Expose(),
              HasSubstr("textback_a_c_seconds_sum 1000\ntextback_a_c_seconds_count 2000\n"));
}

}  // namespace
}  // namespace textback::telemetry
