// Intake under each fault of the log: nothing is lost, counted twice or said too early.
#include "intake/intake_test_world.h"

namespace textback::intake {
namespace {

using namespace test;

constexpr int kRecords = 36;

// Tenants' calls, others' calls, and bad bytes, over three source partitions.
void Fill(World& world, int from, int to) {
  for (int i = from; i < to; ++i) {
    const std::string id = "r" + std::to_string(i);
    switch (i % 4) {
      case 0:
      case 1:
        world.Put(i % 2, Record(id, "+4477009001" + std::to_string(10 + i % 7), kLeeds));
        break;
      case 2:
        world.Put(i % 2, Record(id, kCaller, "+447700900999"));
        break;
      default:
        world.Put("lines", 0, "bad " + id);
    }
  }
}

void CheckEverything(World& world) {
  // Nothing lost: each tenant's call is there, each bad line is parked.
  std::set<std::string> ids;
  for (const auto& call : world.Calls()) ids.insert(call.entry.record().record_id());
  std::set<std::string> bad;
  for (const auto& letter : world.DeadLetters()) bad.insert(letter.value());
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(kRecords / 2));
  EXPECT_EQ(bad.size(), static_cast<std::size_t>(kRecords / 4));
  // Exact counts, whatever was read twice.
  constexpr auto n = static_cast<std::uint64_t>(kRecords);
  EXPECT_EQ(world.Committed(), (Tallies{n, n, n / 2 + 2 * (n / 4), 2 * (n / 4), n / 2}));
  // No watermark runs ahead: in each partition, what it speaks for has been there before it.
  std::map<std::pair<std::string, std::int64_t>, std::int64_t>
      produced;  // (topic/partition, offset) -> time
  for (const char* topic : {"cdrs", "lines"}) {
    for (const auto& r : world.cluster.ReadCommitted(topic)) {
      produced[{std::string(topic) + "/" + std::to_string(r.partition), r.offset}] = r.timestamp_ms;
    }
  }
  std::map<std::int32_t, std::map<std::string, std::int64_t>> low;
  std::set<std::pair<std::string, std::int64_t>> seen;
  for (const auto& call : world.Calls(true)) {
    if (call.entry.has_watermark()) {
      for (const auto& s : call.entry.watermark().sources()) {
        auto& at = low[call.partition][s.topic() + "/" + std::to_string(s.partition())];
        at = std::max(at, s.low_watermark_ms());
      }
      continue;
    }
    const auto& c = call.entry.record().coordinates();
    const std::string source = c.topic() + "/" + std::to_string(c.partition());
    if (!seen.insert({source, c.offset()}).second) continue;  // a repeat, which decide finds
    EXPECT_GE((produced.at({source, c.offset()})), low[call.partition][source])
        << "the watermark had passed " << source << "/" << c.offset();
  }
}

void RunWithFaults(World& world) {
  Fill(world, 0, kRecords / 2);
  world.Run(15);
  Fill(world, kRecords / 2, kRecords);
  world.Run(150);
  world.cluster.StopFaults();
  world.Run(150);
  CheckEverything(world);
}

TEST(IntakeFaults, NoneAtAll) {
  World world;
  RunWithFaults(world);
  EXPECT_EQ(world.died, 0);
}

// Every kind of fault at every step where it can strike: once, at the nth time for several n.
TEST(IntakeFaults, EachFaultAtEachStep) {
  std::size_t struck = 0;
  for (const auto& point : log::sim::AllFaultPoints()) {
    for (const std::uint64_t nth : {1U, 2U, 3U, 5U, 8U, 13U, 21U, 34U}) {
      SCOPED_TRACE(log::sim::ToString(point) + " at " + std::to_string(nth));
      World world(FaultPlan().At(point, nth, "worker"));
      RunWithFaults(world);
      if (world.cluster.faults().fired.contains(point)) ++struck;
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(struck, 80U) << "the plan must have struck where intake goes";
}

// Crash before and after every single send of a run.
TEST(IntakeFaults, ACrashAtEverySend) {
  for (const auto fault : {log::sim::Fault::kCrashBefore, log::sim::Fault::kCrashAfter}) {
    for (const auto step : {log::sim::Step::kWriterSend, log::sim::Step::kWriterPoll}) {
      std::uint64_t nth = 1;
      for (bool struck = true; struck; ++nth) {
        SCOPED_TRACE(std::to_string(nth));
        World world(FaultPlan().At({fault, step}, nth, "worker"));
        RunWithFaults(world);
        struck = world.died > 0 && nth < 60;
        if (HasFailure()) return;
      }
      EXPECT_GT(nth, 40U);
    }
  }
}

TEST(IntakeFaults, ManyAtOnce) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    World world(FaultPlan::Everywhere(0.02, 3, {"operator"}), {}, seed);
    RunWithFaults(world);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace textback::intake
