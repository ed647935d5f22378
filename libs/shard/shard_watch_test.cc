// The judgement alone: pulses and times by table.
#include "shard/shard_watch.h"

#include <gtest/gtest.h>

#include <vector>

namespace textback::shard {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr MonoTime kStart{1'000s};

WatchLimits Limits() {
  WatchLimits limits;
  limits.stuck = 20s;
  limits.transaction = 10s;
  limits.timers = 30s;
  limits.restarts_max = 2;
  limits.restarts_window = 200s;
  limits.period = 1s;
  return limits;
}

// A shard that has gone round a moment ago.
Pulse Well(MonoTime now) {
  Pulse pulse;
  pulse.watched = true;
  pulse.beat = now;
  return pulse;
}

using Change = void (*)(Pulse&);
void Hangs(Pulse& p) { p.beat = kStart; }
void HangsInATransaction(Pulse& p) {
  p.beat = kStart;
  p.transaction_since = kStart;
}
void Fails(Pulse& p) { p.failing_since = kStart; }
void TimersLag(Pulse& p) { p.timers_since = kStart; }
void IsWell(Pulse&) {}
void HasEnded(Pulse& p) {
  p.watched = false;
  p.beat = kStart;
  p.failing_since = kStart;
}

// Looks each second until there is a remedy, at most for `time`.
ShardWatch::Finding LookFor(ShardWatch& watch, Change change, MonoTime& now, milliseconds time) {
  for (const MonoTime end = now + time; now < end;) {
    Pulse pulse = Well(now);
    change(pulse);
    const auto finding = watch.Look(pulse, now);
    if (finding.remedy != Remedy::kNone) return finding;
    now += 1s;
  }
  return {};
}

TEST(ShardWatch, EachAilmentAtItsLimitAndNotBefore) {
  const struct {
    Change change;
    Remedy remedy;
    Ailment ailment;
    milliseconds limit;
  } cases[] = {
      {Hangs, Remedy::kLeaveProcess, Ailment::kStep, 20s},
      {HangsInATransaction, Remedy::kLeaveProcess, Ailment::kTransaction, 10s},
      {Fails, Remedy::kRestartShard, Ailment::kBatch, 20s},
      {TimersLag, Remedy::kRestartShard, Ailment::kTimers, 30s},
  };
  for (const auto& c : cases) {
    ShardWatch watch(Limits());
    MonoTime now = kStart;
    EXPECT_EQ(LookFor(watch, c.change, now, c.limit).remedy, Remedy::kNone) << WordOf(c.ailment);
    Pulse pulse = Well(now);
    c.change(pulse);
    const auto finding = watch.Look(pulse, now);
    EXPECT_EQ(finding.remedy, c.remedy) << WordOf(c.ailment);
    EXPECT_EQ(finding.ailment, c.ailment);
    EXPECT_EQ(finding.lasted, c.limit);
    EXPECT_EQ(watch.Lasted(c.ailment), c.limit);
  }
}

TEST(ShardWatch, NothingIsFoundWhereNothingIsWrong) {
  for (const Change change : {IsWell, HasEnded}) {
    ShardWatch watch(Limits());
    MonoTime now = kStart;
    EXPECT_EQ(LookFor(watch, change, now, 1'000s).remedy, Remedy::kNone);
    for (const Ailment ailment : kAilments) EXPECT_EQ(watch.Lasted(ailment), 0ns);
  }
}

TEST(ShardWatch, AfterItsRestartsTheProcessEndsOnce) {
  ShardWatch watch(Limits());
  MonoTime now = kStart;
  EXPECT_EQ(LookFor(watch, Fails, now, 1'000s).remedy, Remedy::kRestartShard);
  EXPECT_EQ(now - kStart, 20s);
  EXPECT_EQ(LookFor(watch, Fails, now, 1'000s).remedy, Remedy::kRestartShard);
  EXPECT_EQ(now - kStart, 40s);  // as long again
  EXPECT_EQ(watch.restarts(), 2u);
  EXPECT_EQ(LookFor(watch, Fails, now, 1'000s).remedy, Remedy::kEndProcess);
  EXPECT_EQ(now - kStart, 60s);
  EXPECT_EQ(LookFor(watch, Fails, now, 100s).remedy, Remedy::kNone);
  // What hangs while the process ends is still noticed.
  const MonoTime beat = now;
  auto finding = ShardWatch::Finding();
  for (; finding.remedy == Remedy::kNone && now < beat + 1'000s; now += 1s)
    finding = watch.Look(Well(beat), now);
  EXPECT_EQ(finding.remedy, Remedy::kLeaveProcess);
}

TEST(ShardWatch, RestartsOutOfTheWindowDoNotCount) {
  ShardWatch watch(Limits());
  MonoTime now = kStart;
  EXPECT_EQ(LookFor(watch, Fails, now, 1'000s).remedy, Remedy::kRestartShard);
  EXPECT_EQ(LookFor(watch, Fails, now, 1'000s).remedy, Remedy::kRestartShard);
  EXPECT_EQ(LookFor(watch, IsWell, now, 199s).remedy, Remedy::kNone);
  EXPECT_EQ(watch.restarts(), 1u);  // the second's window ends with the next look
  EXPECT_EQ(LookFor(watch, Fails, now, 1'000s).remedy, Remedy::kRestartShard);
}

TEST(ShardWatch, WithoutRestartsTheProcessEndsAtOnce) {
  auto limits = Limits();
  limits.restarts_max = 0;
  ShardWatch watch(limits);
  MonoTime now = kStart;
  EXPECT_EQ(LookFor(watch, TimersLag, now, 1'000s).remedy, Remedy::kEndProcess);
}

// SIGSTOP, a suspended machine: the shard's thread stood still with everything else.
TEST(ShardWatch, APauseOfTheWholeProcessDoesNotCount) {
  for (const Change change : {Hangs, HangsInATransaction, Fails, TimersLag}) {
    ShardWatch watch(Limits());
    MonoTime now = kStart;
    EXPECT_EQ(LookFor(watch, change, now, 9s).remedy, Remedy::kNone);
    now += 3'600s;
    EXPECT_EQ(LookFor(watch, change, now, 10s).remedy, Remedy::kNone);
    EXPECT_NE(LookFor(watch, change, now, 21s).remedy, Remedy::kNone);  // but what goes on does
  }
}

TEST(ShardWatch, ALookThatIsALittleLateChangesNothing) {
  const struct {
    milliseconds gap;
    Remedy remedy;
  } cases[] = {{4'000ms, Remedy::kLeaveProcess}, {4'001ms, Remedy::kNone}};
  for (const auto& c : cases) {
    ShardWatch watch(Limits());
    const MonoTime late = kStart + 18s;
    MonoTime now = kStart;
    EXPECT_EQ(LookFor(watch, Hangs, now, 19s).remedy, Remedy::kNone);
    EXPECT_EQ(watch.Look(Well(kStart), late + c.gap).remedy, c.remedy) << c.gap.count();
  }
}

}  // namespace
}  // namespace textback::shard
