// The runtime under every fault at every step: two processes, four partitions, records of both
// inputs, local events and timers. Whatever strikes, wherever, what must hold in the end is the
// same:
//   - every record is decided once: one output, or one dead letter;
//   - the changelog's documents are what those decisions add up to;
//   - each store + replay from its marker = the changelog's documents;
//   - the tallies add up;
//   - an effect is carried out at most once, and only of what has committed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shard/shard_test_world.h"

namespace textback::shard::test {
namespace {

using log::sim::FaultPlan;
using log::sim::FaultPoint;

constexpr int kRecords = 60;
constexpr int kKeys = 17;

bool IsBad(int i) { return i % 11 == 0; }

class Storm {
 public:
  Storm(std::uint64_t seed, FaultPlan plan) : world_(4, seed, std::move(plan)), random_(seed) {
    world_.config.client_failures_max = 100;
    world_.config.backoff_max = 200ms;
    world_.config.records_max = 7;  // many transactions
    world_.after_tick = [this] { Supervise(); };
  }

  void Run() {
    world_.Make("a");
    world_.Make("b");
    for (int i = 0; i < kRecords; ++i) {
      WriteOne(i);
      world_.Run(4);
    }
    world_.cluster.StopFaults();
    // Timers have fired, all is decided, all is quiet.
    ASSERT_TRUE(world_.Until([&] { return Decided() == kRecords + Timers(); }, 4'000))
        << Decided() << " of " << kRecords + Timers() << " decided\n"
        << Log();
    world_.Run(200);  // past whatever was to arrive late
    for (auto& [name, node] : world_.nodes()) {
      if (node->shard) node->shard->Stop();
      node->shard.reset();
    }
    world_.cluster.CatchUp();
    Check();
  }

  World& world() { return world_; }

 private:
  void WriteOne(int i) {
    const std::string key = "key" + std::to_string(i % kKeys);
    const std::string id = std::to_string(i);
    std::string value = IsBad(i) ? "bad " + id : id;
    if (i % 10 == 5 && !IsBad(i)) {
      value = "due " + std::to_string(world_.clock.NowMs() + 700) + " " + id;
      timers_.insert(key);
    }
    world_.Write(i % 3 == 0 ? "stops" : "calls", key, value);
    const char* const names[] = {"a", "b"};
    world_.nodes()[names[i % 2]]->local.Push(i % 4, std::to_string(i));
  }

  // What a supervisor does: what has died or given up is started again on the same disk.
  void Supervise() {
    for (auto& [name, node] : world_.nodes()) {
      if (node->shard && world_.cluster.Alive(name) && node->last) continue;
      if (node->shard) {
        world_.Kill(*node);
        node->counter.answer = {};
      } else if (random_.Chance(0.05)) {
        world_.Boot(*node);
      }
    }
  }

  // Timers of one key may be set anew before they fire: what fired is counted, not what was set.
  std::size_t Timers() {
    std::size_t n = 0;
    for (const auto& [text, count] : world_.CountsOf("out"))
      n += text.starts_with("timer ") ? 1 : 0;
    bool pending = false;
    for (int p = 0; p < 4; ++p) {
      for (const auto& [key, document] : world_.Replayed(p))
        pending = pending || document.next_due_ms != kNeverDue;
    }
    return n + (pending ? 1'000'000 : 0);
  }

  std::size_t Decided() {
    std::size_t n = world_.Committed("dead").size();
    for (const auto& text : world_.Committed("out")) n += text.starts_with("local ") ? 0 : 1;
    return n;
  }

  void Check() {
    std::map<std::string, int> touched;  // per key
    for (const auto& [text, n] : world_.CountsOf("out")) {
      EXPECT_EQ(n, 1) << text;
      if (text.starts_with("local ")) continue;
      ++touched[text.starts_with("timer ") ? Words(text)[1].substr(0, Words(text)[1].find('@'))
                                           : text.substr(0, text.find(':'))];
    }
    const auto outputs = world_.CountsOf("out");
    for (int i = 0; i < kRecords; ++i) {
      const std::string text = "key" + std::to_string(i % kKeys) + ":" + std::to_string(i);
      EXPECT_EQ(outputs.contains(text), !IsBad(i)) << text;
    }
    for (int p = 0; p < 4; ++p) {
      for (const auto& [key, document] : world_.Replayed(p)) {
        if (IsReservedKey(key)) continue;
        EXPECT_EQ(Number(document.bytes), touched[key]) << key;
      }
      CheckStores(p);
    }
    const auto tallies = world_.Tallies();
    EXPECT_EQ(tallies.at("runtime.records"), kRecords);
    EXPECT_EQ(tallies.at("decided") + tallies.at("runtime.dead_letters"), kRecords);
    CheckEffects(outputs);
  }

  void CheckStores(std::int32_t p) {
    const auto expected = world_.Replayed(p);
    for (auto& [name, node] : world_.nodes()) {
      struct Visit final : store::Store::Visitor {
        void OnDocument(std::string_view key, const store::Document& document) override {
          documents[std::string(key)] = document.bytes;
        }
        std::map<std::string, std::string> documents;
      } visit;
      auto store = std::move(node->disk.Open(p)).value();
      ASSERT_TRUE(store->ForEach(visit));
      if (!store->FlushedMarker()) continue;  // would be wiped
      for (const auto& record : world_.cluster.ReadCommitted("state")) {
        if (record.partition != p || record.offset < store->FlushedMarker()->changelog_offset)
          continue;
        if (record.value) visit.documents[record.key] = store::DecodeDocument(*record.value)->bytes;
        if (!record.value) visit.documents.erase(record.key);
      }
      ASSERT_EQ(visit.documents.size(), expected.size())
          << "store of " << name << ", partition " << p;
      for (const auto& [key, document] : expected) {
        EXPECT_EQ(visit.documents[key], document.bytes)
            << key << ", store of " << name << ", partition " << p;
      }
    }
  }

  void CheckEffects(const std::map<std::string, int>& outputs) {
    std::map<std::string, int> executed;
    for (auto& [name, node] : world_.nodes()) {
      for (const auto& text : node->counter.executed) {
        EXPECT_EQ(++executed[text], 1) << text << " carried out again by " << name;
        EXPECT_TRUE(outputs.contains(text)) << text << " carried out, but never committed";
      }
    }
  }

  std::string Log() {
    std::string all;
    for (auto& [name, node] : world_.nodes()) {
      all += name + (node->last ? "" : " ended: " + node->last.error().message) + "\n";
      const std::string& lines = node->events.log;
      all += lines.substr(lines.size() > 1'500 ? lines.size() - 1'500 : 0);
    }
    return all;
  }

  World world_;
  Random random_;
  std::set<std::string> timers_;
};

TEST(ShardFaults, NothingStrikes) {
  Storm storm(1, {});
  storm.Run();
  for (const auto& [name, node] : storm.world().nodes()) {
    EXPECT_EQ(node->events.aborted + node->events.unknown, 0) << name << node->events.log;
    EXPECT_FALSE(node->counter.executed.empty());
  }
}

class EveryFault : public testing::TestWithParam<FaultPoint> {};

// At the first, the second, … time that the step is reached, until it isn't reached so often.
TEST_P(EveryFault, AtTheNthTime) {
  int fired = 0;
  for (const std::uint64_t nth : {1, 2, 3, 4, 5, 7, 9, 12, 16, 21, 28, 37, 49, 65, 86, 114}) {
    SCOPED_TRACE("at the " + std::to_string(nth) + "th time");
    Storm storm(nth, FaultPlan().At(GetParam(), nth, "a"));
    storm.Run();
    if (testing::Test::HasFailure()) return;
    const bool struck = storm.world().cluster.faults().fired.contains(GetParam());
    fired += struck ? 1 : 0;
    if (!struck) break;
  }
  EXPECT_GT(fired, 0) << "the step is never reached: this shows nothing";
}

// Steps that a shard never takes.
bool Reached(const FaultPoint& point) {
  using log::sim::Step;
  return point.step != Step::kCommitOffsets && point.step != Step::kWriterSend &&
         point.step != Step::kWriterPoll && point.step != Step::kClose &&
         point.step != Step::kAbort;
}

std::vector<FaultPoint> Points() {
  std::vector<FaultPoint> points;
  for (const auto& point : log::sim::AllFaultPoints()) {
    if (Reached(point)) points.push_back(point);
  }
  return points;
}

INSTANTIATE_TEST_SUITE_P(Point, EveryFault, testing::ValuesIn(Points()), [](const auto& point) {
  std::string name;
  for (const char c : log::sim::ToString(point.param)) {
    if (std::isalnum(static_cast<unsigned char>(c))) name += c;
  }
  return name;
});

TEST(ShardFaults, ManyAtOnce) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Storm storm(seed, FaultPlan::Everywhere(0.004, UINT64_MAX, {"source"}));
    storm.Run();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace textback::shard::test
