#include "telemetry/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

namespace textback::telemetry {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kNowMs = 1'772'323'387'123;  // 2026-03-01T00:03:07.123Z

struct LogTest : ::testing::Test {
  ManualClock clock{kNowMs};
  MemorySink sink;
};

TEST_F(LogTest, ASentenceThenKeysAndValues) {
  Log log(clock, sink, {.part = "decide"});
  log.Info("restored a partition",
           {{"partition", 3}, {"share", 0.5}, {"full", true}, {"store", "a b=\"c\""}, {"e", ""}});
  EXPECT_THAT(
      sink.lines(),
      ElementsAre(
          "2026-03-01T00:03:07.123Z INFO  decide: restored a partition partition=3 share=0.5 "
          "full=true store=\"a b=\\\"c\\\"\" e=\"\""));
}

TEST_F(LogTest, Json) {
  Log log(clock, sink, {.part = "decide", .json = true});
  log.Error("cannot go on", FatalError("store_io", "disk \"full\""), {{"n", std::uint64_t{7}}});
  EXPECT_THAT(
      sink.lines(),
      ElementsAre(
          R"({"time":"2026-03-01T00:03:07.123Z","level":"error","part":"decide","message":"cannot go on",)"
          R"("n":7,"code":"store_io","disposition":"fatal","detail":"disk \"full\""})"));
}

TEST_F(LogTest, StampsOfOddDays) {
  const struct {
    std::int64_t ms;
    const char* stamp;
  } cases[] = {{0, "1970-01-01T00:00:00.000Z"},
               {951'782'400'000, "2000-02-29T00:00:00.000Z"},
               {4'107'542'399'999, "2100-02-28T23:59:59.999Z"},
               {4'107'542'400'000, "2100-03-01T00:00:00.000Z"},
               {-1, "1969-12-31T23:59:59.999Z"}};
  Log log(clock, sink, {});
  for (const auto& c : cases) {
    clock.JumpWallTo(c.ms);
    log.Info("x");
    EXPECT_THAT(sink.lines().back(), HasSubstr(c.stamp));
  }
}

TEST_F(LogTest, AWarningOfAKindOncePerTenSeconds) {
  Log log(clock, sink, {});
  for (int i = 0; i < 5; ++i) log.Warn("broker unreachable", {{"attempt", i}});
  log.Error("broker unreachable");  // another level is another kind
  log.Warn("broker slow");
  EXPECT_EQ(sink.lines().size(), 3u);
  clock.Advance(9'999ms);
  log.Warn("broker unreachable");
  EXPECT_EQ(sink.lines().size(), 3u);
  clock.Advance(1ms);
  log.Warn("broker unreachable", {{"attempt", 9}});
  EXPECT_THAT(sink.lines().back(), HasSubstr("broker unreachable attempt=9 suppressed=5"));
  for (int i = 0; i < 3; ++i) log.Info("applied");
  EXPECT_EQ(sink.lines().size(), 7u);
}

TEST_F(LogTest, WhatWasHeldBackIsToldAtTheEnd) {
  {
    Log log(clock, sink, {});
    log.Warn("a");
    log.Warn("a");
    log.Warn("b");
  }
  EXPECT_THAT(sink.lines(),
              ElementsAre(HasSubstr("WARN  a"), HasSubstr("WARN  b"), HasSubstr("a suppressed=1")));
}

TEST_F(LogTest, KindsAreBounded) {
  Log log(clock, sink, {});
  for (std::size_t i = 0; i < Log::kKindsMax + 10; ++i) log.Warn("kind " + std::to_string(i));
  EXPECT_EQ(sink.lines().size(), Log::kKindsMax + 1);
}

TEST_F(LogTest, NumbersAreMasked) {
  Log log(clock, sink, {});
  log.Info("x", {{"a", *Msisdn::FromE164("+12125550123")},
                 Address("b", "12125550123"),
                 {"c", "refused +12125550123, +442079460000; 1+1 is +2 +123456 "},
                 {"d", std::string(1018, 'x') + "+12125550123"}});
  const auto line = sink.lines().back();
  EXPECT_THAT(line, HasSubstr("a=+1212555****"));
  EXPECT_THAT(line, HasSubstr("b=1212555****"));
  EXPECT_THAT(line, HasSubstr("c=\"refused +1212555****, +44207946****; 1+1 is +2 +123456 \""));
  EXPECT_THAT(line, Not(HasSubstr("0123")));
  EXPECT_THAT(line, Not(HasSubstr("x+12125550")));
}

TEST_F(LogTest, OneCallIsOneLineOfText) {
  Log log(clock, sink, {});
  log.Info("x", {{"a", std::string("l1\nl2\x01\xff\\ é")}, {"b", std::string(2000, 'y')}});
  const auto line = sink.lines().back();
  EXPECT_THAT(line, HasSubstr("a=\"l1\\nl2\\u0001\\u00ff\\\\ é\""));
  EXPECT_THAT(line, HasSubstr("b=\"" + std::string(1024, 'y') + "…\""));
}

TEST_F(LogTest, LevelsBelowTheLeastAreDropped) {
  Log log(clock, sink, {.least = Level::kWarn});
  log.Info("x");
  log.Warn("y");
  EXPECT_THAT(sink.lines(), ElementsAre(HasSubstr("WARN  y")));
}

TEST_F(LogTest, ThreadsShareOne) {
  Log log(clock, sink, {});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&log] {
      for (int i = 0; i < 100; ++i) log.Info("x", {{"i", i}});
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sink.lines().size(), 400u);
}

TEST(FdSinkTest, WritesAllLinesBeforeItEnds) {
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  {
    FdSink sink(fds[1]);
    for (int i = 0; i < 3; ++i) sink.Write("line " + std::to_string(i));
  }
  char text[64] = {};
  EXPECT_EQ(::read(fds[0], text, sizeof(text)), 21);
  EXPECT_STREQ(text, "line 0\nline 1\nline 2\n");
  ::close(fds[0]);
  ::close(fds[1]);
}

TEST(FdSinkTest, AReaderThatDoesNotReadStopsNobody) {
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  {
    FdSink sink(fds[1], 8);
    const std::string line(4095, 'x');
    for (int i = 0; i < 1000; ++i) sink.Write(line);  // far more than pipe and queue hold
    EXPECT_GT(sink.dropped(), 0u);
  }
  ::close(fds[0]);
  ::close(fds[1]);
}

TEST(FdSinkTest, AReaderThatLeftEndsNothing) {
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  ::close(fds[0]);
  {
    FdSink(fds[1]).Write("x");
  }
  ::close(fds[1]);
}

}  // namespace
}  // namespace textback::telemetry
