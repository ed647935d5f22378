// The broker's rules on virtual time, one by one, and what each fault does to a caller.
#include <gtest/gtest.h>

#include <set>

#include "log/errors.h"
#include "log_sim/partition_log.h"
#include "log_sim/sim_log.h"

namespace textback::log::sim {
namespace {

using namespace std::chrono_literals;

class Nobody : public RebalanceListener {
 public:
  void OnAssigned(const std::vector<TopicPartition>& p, const GroupMetadata& m) override {
    assigned = p;
    metadata = m;
  }
  void OnRevoked(const std::vector<TopicPartition>&) override {
    assigned.clear();
    ++revoked;
  }
  void OnLost(const std::vector<TopicPartition>&) override {
    assigned.clear();
    ++lost;
  }
  std::vector<TopicPartition> assigned;
  GroupMetadata metadata;
  int revoked = 0;
  int lost = 0;
};

class RulesTest : public ::testing::Test {
 protected:
  void Make(FaultPlan plan = {}, SimOptions options = {}) {
    cluster_.emplace(1, clock_, std::move(plan), options);
    ASSERT_TRUE(cluster_->CreateTopics(
        {{.name = "t", .partitions = 2}, {.name = "c", .partitions = 1, .compact = true}}));
  }
  SimCluster& cluster() { return *cluster_; }

  std::unique_ptr<TransactionalProducer> Producer(Log& log, std::string id,
                                                  std::chrono::milliseconds timeout = 4s) {
    auto producer = std::move(log.NewTransactionalProducer({std::move(id), timeout})).value();
    EXPECT_TRUE(producer->Init(1s));
    return producer;
  }
  void Open(TransactionalProducer& producer, std::string_view value, std::string_view topic = "t") {
    ASSERT_TRUE(producer.Begin());
    ASSERT_TRUE(producer.Send(topic, 0, "k", value, clock_.NowMs()));
  }
  static ConsumerConfig Config(std::string instance) {
    return {.group = "g", .instance = std::move(instance), .topics = {"t"}};
  }
  std::vector<std::string> Committed(const std::string& topic) {
    std::vector<std::string> values;
    for (const auto& r : cluster().ReadCommitted(topic)) values.push_back(r.value.value_or("-"));
    return values;
  }
  // Polls until `listener` has partitions.
  void Join(Consumer& consumer, const Nobody& listener) {
    for (int i = 0; i < 5 && listener.assigned.empty(); ++i) {
      ASSERT_TRUE(consumer.Poll(batch_, {}, 0ms));
    }
    ASSERT_FALSE(listener.assigned.empty());
  }

  using Strings = std::vector<std::string>;
  ManualClock clock_{1'700'000'000'000};
  std::optional<SimCluster> cluster_;
  Batch batch_;
};

TEST_F(RulesTest, StreamPoint4ATimedOutTransactionIsFoundAtTheNextCheckOnly) {
  Make();
  auto log = cluster().NewClient("p");
  clock_.Advance(1s);
  auto producer = Producer(*log, "id", 2s);
  Open(*producer, "v");
  clock_.Advance(8'999ms);  // 9.999 s: long over its time-out, but nobody has looked
  EXPECT_EQ(cluster().OpenTransactions(), 1u);
  EXPECT_EQ(cluster().Offsets({"t", 0}, true).end, 0);
  clock_.Advance(1ms);
  EXPECT_EQ(cluster().OpenTransactions(), 0u);
  EXPECT_EQ(cluster().Offsets({"t", 0}, true).end, 2);
  EXPECT_EQ(producer->Commit(1s), CommitOutcome::kFenced);
  EXPECT_EQ(Committed("t"), Strings{});
}

TEST_F(RulesTest, StreamPoint4ATransactionWithinItsTimeOutSurvivesTheCheck) {
  Make();
  auto log = cluster().NewClient("p");
  clock_.Advance(8'001ms);
  auto producer = Producer(*log, "id", 2s);
  Open(*producer, "v");
  clock_.Advance(1'999ms);  // the check at 10 s finds it 1.999 s old
  EXPECT_EQ(cluster().OpenTransactions(), 1u);
  EXPECT_EQ(producer->Commit(1s), CommitOutcome::kCommitted);
}

TEST_F(RulesTest, ASessionEndsItsTimeAfterTheKillAndNotBefore) {
  Make();
  auto log_a = cluster().NewClient("a");
  auto log_b = cluster().NewClient("b");
  Nobody on_a, on_b;
  auto a = std::move(log_a->NewConsumer(Config("a"), on_a)).value();
  Join(*a, on_a);
  clock_.Advance(2s);
  cluster().KillClient("a");
  auto b = std::move(log_b->NewConsumer(Config("b"), on_b)).value();
  const auto poll_b = [&] { ASSERT_TRUE(b->Poll(batch_, {}, 0ms)); };
  poll_b();
  clock_.Advance(5'999ms);
  poll_b();
  EXPECT_TRUE(on_b.assigned.empty());
  clock_.Advance(1ms);
  poll_b();
  EXPECT_EQ(on_b.assigned.size(), 2u);
  EXPECT_EQ(on_a.lost + on_a.revoked, 0) << "a dead process hears nothing";
  EXPECT_FALSE(a->Poll(batch_, {}, 0ms));
}

TEST_F(RulesTest, AMemberThatDoesNotPollKeepsItsSessionUntilThePollInterval) {
  Make();
  auto log_a = cluster().NewClient("a");
  auto log_b = cluster().NewClient("b");
  Nobody on_a, on_b;
  auto config = Config("a");
  config.max_poll_interval = 10s;
  auto a = std::move(log_a->NewConsumer(config, on_a)).value();
  Join(*a, on_a);
  auto b = std::move(log_b->NewConsumer(Config("b"), on_b)).value();
  ASSERT_TRUE(b->Poll(batch_, {}, 0ms));
  clock_.Advance(15'999ms);  // heartbeats until 10 s, the session 6 s more
  ASSERT_TRUE(b->Poll(batch_, {}, 0ms));
  EXPECT_TRUE(on_b.assigned.empty());
  clock_.Advance(1ms);
  ASSERT_TRUE(b->Poll(batch_, {}, 0ms));
  EXPECT_EQ(on_b.assigned.size(), 2u);
  ASSERT_TRUE(a->Poll(batch_, {}, 0ms));
  EXPECT_EQ(on_a.lost, 1);
  EXPECT_EQ(on_a.revoked, 0);
}

TEST_F(RulesTest, StreamPoint3APausedZombieReadsOnUntilAHeartbeatTellsIt) {
  Make();
  auto log_a = cluster().NewClient("a");
  auto log_b = cluster().NewClient("b");
  auto writer = std::move(log_b->NewWriter("w")).value();
  Nobody on_a, on_b;
  auto a = std::move(log_a->NewConsumer(Config("a"), on_a)).value();
  Join(*a, on_a);
  ASSERT_TRUE(a->Resume({"t", 0}, 0));
  cluster().PauseClient("a");
  auto b = std::move(log_b->NewConsumer(Config("b"), on_b)).value();
  ASSERT_TRUE(b->Poll(batch_, {}, 0ms));
  clock_.Advance(7s);
  Join(*b, on_b);
  ASSERT_TRUE(writer->Send("t", 0, "k", "v", 1));
  ASSERT_TRUE(writer->Flush(1s));
  cluster().ResumeClient("a");
  ASSERT_TRUE(a->Poll(batch_, {}, 0ms));
  EXPECT_EQ(batch_.records.size(), 1u) << "a zombie reads what is another's";
  EXPECT_EQ(on_a.lost, 0);
  clock_.Advance(1s);
  ASSERT_TRUE(a->Poll(batch_, {}, 0ms));
  EXPECT_EQ(on_a.lost, 1);
  EXPECT_TRUE(batch_.records.empty());
}

TEST_F(RulesTest, StreamPoint10ALateEndOfATransactionTearsTheNextOfTheSameEpoch) {
  for (const bool recreate : {false, true}) {
    SimCluster cluster(1, clock_, FaultPlan().At({Fault::kUnknownTwice, Step::kCommit}));
    ASSERT_TRUE(cluster.CreateTopics({{.name = "t"}}));
    auto log = cluster.NewClient("p");
    auto producer = Producer(*log, "id", 60s);
    Open(*producer, "first");
    EXPECT_EQ(producer->Commit(1s), CommitOutcome::kUnknown);
    if (recreate) producer = Producer(*log, "id", 60s);
    Open(*producer, "half");
    clock_.Advance(2s);
    EXPECT_EQ(cluster.ReadCommitted("t").size(), recreate ? 1u : 2u);
  }
}

TEST_F(RulesTest, ACommitOfUnknownOutcomeIsAppliedOrNotOrLater) {
  const struct {
    Fault fault;
    bool now, later;
  } cases[] = {{Fault::kUnknownApplied, true, true},
               {Fault::kUnknownLost, false, false},
               {Fault::kUnknownDelayed, false, true}};
  for (const auto& c : cases) {
    SCOPED_TRACE(ToString(c.fault));
    SimCluster cluster(1, clock_, FaultPlan().At({c.fault, Step::kCommit}));
    ASSERT_TRUE(cluster.CreateTopics({{.name = "t"}}));
    auto log = cluster.NewClient("p");
    auto producer = Producer(*log, "id", 60s);
    Open(*producer, "v");
    EXPECT_EQ(producer->Commit(1s), CommitOutcome::kUnknown);
    EXPECT_EQ(cluster.ReadCommitted("t").size(), c.now ? 1u : 0u);
    clock_.Advance(3s);
    EXPECT_EQ(cluster.ReadCommitted("t").size(), c.later ? 1u : 0u);
  }
}

TEST_F(RulesTest, LateMarkersHoldReadersAndOffsetsButNotTheCommitter) {
  Make(FaultPlan().At({Fault::kMarkersLate, Step::kCommit}));
  auto log = cluster().NewClient("p");
  Nobody on;
  auto consumer = std::move(log->NewConsumer(Config("i"), on)).value();
  Join(*consumer, on);
  auto producer = Producer(*log, "id");
  Open(*producer, "v");
  ASSERT_TRUE(producer->SendOffsets({{{"t", 1}, 3, "m"}}, on.metadata));
  EXPECT_EQ(producer->Commit(1s), CommitOutcome::kCommitted);
  EXPECT_EQ(Committed("t"), Strings{});
  const auto pending = consumer->Committed({{"t", 1}});
  ASSERT_FALSE(pending);
  EXPECT_EQ(pending.error().disposition, Disposition::kRetry);
  clock_.Advance(2s);
  EXPECT_EQ(Committed("t"), (Strings{"v"}));
  EXPECT_EQ(consumer->Committed({{"t", 1}})->at({"t", 1})->next_offset, 3);
}

TEST_F(RulesTest, AProcessThatIsCutOffRetriesAndItsCommitIsUnknown) {
  Make();
  auto log = cluster().NewClient("p");
  Nobody on;
  auto consumer = std::move(log->NewConsumer(Config("i"), on)).value();
  Join(*consumer, on);
  auto producer = Producer(*log, "id");
  Open(*producer, "v");
  cluster().Unreachable("p", 3s);
  const auto polled = consumer->Poll(batch_, {}, 0ms);
  ASSERT_FALSE(polled);
  EXPECT_EQ(polled.error().code, errors::kUnreachable);
  EXPECT_EQ(polled.error().disposition, Disposition::kRetry);
  EXPECT_FALSE(log->Partitions("t"));
  EXPECT_EQ(producer->Commit(1s), CommitOutcome::kUnknown);
  EXPECT_EQ(Committed("t"), Strings{});
  clock_.Advance(3s);
  EXPECT_TRUE(consumer->Poll(batch_, {}, 0ms));
  EXPECT_EQ(on.lost + on.revoked, 0) << "three seconds end no session of six";
  EXPECT_TRUE(log->Partitions("t"));
}

TEST_F(RulesTest, AnAbortThatNobodyConfirmsIsFatal) {
  Make();
  auto log = cluster().NewClient("p");
  auto producer = Producer(*log, "id");
  Open(*producer, "v");
  cluster().Unreachable("", 1s);
  const auto aborted = producer->Abort(1s);
  ASSERT_FALSE(aborted);
  EXPECT_EQ(aborted.error().disposition, Disposition::kFatal);
}

TEST_F(RulesTest, ADeadProcessHasNoEffectAndSaysSo) {
  Make(FaultPlan().At({Fault::kCrashAfter, Step::kCommit}));
  Strings dead;
  cluster().OnCrash([&](const std::string& name) { dead.push_back(name); });
  auto log = cluster().NewClient("p");
  auto producer = Producer(*log, "id");
  Open(*producer, "committed");
  (void)producer->Commit(1s);  // its answer reaches nobody
  EXPECT_FALSE(cluster().Alive("p"));
  EXPECT_EQ(dead, (Strings{"p"}));
  EXPECT_EQ(Committed("t"), (Strings{"committed"}));
  EXPECT_FALSE(producer->Begin());
  EXPECT_FALSE(log->NewReader({}));
  const auto next = cluster().NewClient("p");
  EXPECT_TRUE(cluster().Alive("p"));
  EXPECT_TRUE(next->Partitions("t"));
  EXPECT_FALSE(log->Partitions("t")) << "the old incarnation came back to life";
}

TEST_F(RulesTest, AWriterLosesWhatLaysInItAndTellsWhatItCannotKnow) {
  for (const bool applied : {false, true}) {
    SimCluster cluster(1, clock_,
                       FaultPlan().At({applied ? Fault::kUnknownApplied : Fault::kUnknownLost,
                                       Step::kWriterPoll}));
    ASSERT_TRUE(cluster.CreateTopics({{.name = "t"}}));
    auto log = cluster.NewClient("w");
    auto writer = std::move(log->NewWriter("w")).value();
    ASSERT_TRUE(writer->Send("t", 0, "k", "v", 1));
    EXPECT_TRUE(cluster.ReadCommitted("t").empty());
    const auto polled = writer->Poll(0ms);
    ASSERT_FALSE(polled);
    EXPECT_EQ(polled.error().disposition, Disposition::kRetry);
    EXPECT_EQ(cluster.ReadCommitted("t").size(), applied ? 1u : 0u);
    const auto again = writer->Send("t", 0, "k", "v", 1);
    ASSERT_FALSE(again) << "useless: recreate";
    EXPECT_EQ(again.error().disposition, Disposition::kFatal);
  }
}

TEST_F(RulesTest, AFullWriterRefusesUntilPolled) {
  Make({}, {.writer_queue_max = 2});
  auto log = cluster().NewClient("w");
  auto writer = std::move(log->NewWriter("w")).value();
  ASSERT_TRUE(writer->Send("t", 0, "k", "1", 1));
  ASSERT_TRUE(writer->Send("t", 0, "k", "2", 1));
  const auto full = writer->Send("t", 0, "k", "3", 1);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, errors::kQueueFull);
  EXPECT_EQ(*writer->Poll(0ms), 2u);
  EXPECT_EQ(*writer->Send("t", 0, "k", "3", 1), 3u);
}

TEST_F(RulesTest, StreamPoint6GroupOffsetsCanBeForgottenOrWrong) {
  Make();
  auto log = cluster().NewClient("p");
  Nobody on;
  auto consumer = std::move(log->NewConsumer(Config("i"), on)).value();
  Join(*consumer, on);
  ASSERT_TRUE(consumer->Commit({{{"t", 0}, 5, "m"}}));
  EXPECT_EQ(cluster().CommittedOffsets("g").size(), 1u);
  cluster().ForgetOffsets("g");
  EXPECT_EQ(consumer->Committed({{"t", 0}})->at({"t", 0}), std::nullopt);
  cluster().ForceOffset("g", {"t", 0}, {99, "ahead"});
  EXPECT_EQ(consumer->Committed({{"t", 0}})->at({"t", 0})->next_offset, 99);
}

TEST_F(RulesTest, StreamPoint8AStaleMarkerOutlivesTombstonesAndResurrectsADocument) {
  Make({}, {.delete_retention_ms = 3'600'000});
  auto log = cluster().NewClient("w");
  auto writer = std::move(log->NewWriter("w")).value();
  const auto write = [&](std::string_view key, std::optional<std::string_view> value) {
    ASSERT_TRUE(writer->Send("c", 0, key, value, clock_.NowMs()));
    ASSERT_TRUE(writer->Flush(1s));
  };
  write("erased", "document");  // offset 0: a store's copy is as old as this, its marker 1
  write("erased", std::nullopt);
  write("other", "x");
  cluster().Clean();
  EXPECT_EQ(cluster().ReadAll("c").size(), 2u) << "the tombstone is kept for delete.retention.ms";
  clock_.Advance(3'599'999ms);
  cluster().Clean();
  EXPECT_EQ(cluster().ReadAll("c").size(), 2u);
  clock_.Advance(1ms);
  cluster().Clean();
  // Replay from the marker meets no tombstone: only wiping the store is safe.
  const auto left = cluster().ReadCommitted("c");
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].key, "other");
  EXPECT_EQ(left[0].offset, 2) << "offsets don't move";
  EXPECT_EQ(cluster().Offsets({"c", 0}, true).begin, 0) << "the log's start doesn't show it";
}

TEST_F(RulesTest, RetentionRaisesTheStartOfTheLog) {
  Make({}, {.cleaner_interval = 1s, .retention_ms = 60'000});
  auto log = cluster().NewClient("w");
  auto writer = std::move(log->NewWriter("w")).value();
  ASSERT_TRUE(writer->Send("t", 0, "k", "old", clock_.NowMs()));
  ASSERT_TRUE(writer->Flush(1s));
  clock_.Advance(60s);
  ASSERT_TRUE(writer->Send("t", 0, "k", "new", clock_.NowMs()));
  ASSERT_TRUE(writer->Flush(1s));
  EXPECT_EQ(cluster().Offsets({"t", 0}, true).begin, 0);
  clock_.Advance(1s);
  EXPECT_EQ(cluster().Offsets({"t", 0}, true).begin, 1);
  EXPECT_EQ(Committed("t"), (Strings{"new"}));
}

TEST(PartitionLogTest, CompactionKeepsTheNewestCommittedBelowTheLastStableOffset) {
  PartitionLog log;
  log.Append(-1, "a", "1", 0);
  log.Append(-1, "b", "1", 0);
  log.Append(7, "a", "aborted", 0);
  log.AppendMarker(7, false, 0);
  log.Append(-1, "a", "2", 0);
  log.Append(8, "b", "open", 0);
  log.Append(-1, "a", "3", 0);  // committed, but behind an open transaction
  log.Append(-1, "z", "active segment", 0);
  log.Compact(0, 1000);
  std::vector<std::int64_t> offsets;
  for (const auto& e : log.entries()) offsets.push_back(e.offset);
  EXPECT_EQ(offsets, (std::vector<std::int64_t>{1, 3, 4, 5, 6, 7}));
  EXPECT_EQ(log.LastStableOffset(), 5);
  std::int64_t position = 0;
  EXPECT_EQ(log.Next(position, true)->offset, 1);
  position = 5;
  EXPECT_EQ(log.Next(position, true), nullptr);
  EXPECT_EQ(position, 5);
}

TEST(FaultsTest, EveryPointHasANameOfItsOwnAndEveryFaultAPlace) {
  std::set<std::string> names;
  std::set<Fault> faults;
  std::set<Step> steps;
  for (const auto& point : AllFaultPoints()) {
    names.insert(ToString(point));
    faults.insert(point.fault);
    steps.insert(point.step);
  }
  EXPECT_EQ(names.size(), AllFaultPoints().size());
  EXPECT_EQ(faults.size(), static_cast<std::size_t>(kFaults));
  EXPECT_EQ(steps.size(), static_cast<std::size_t>(kSteps));
  EXPECT_EQ(ToString(FaultPoint{Fault::kCrashAfter, Step::kCommit}), "crash_after x commit");
}

// The steps that simulation_test.cc doesn't walk: a caller that gets the fault's answer goes on.
TEST_F(RulesTest, EveryFaultAtTheOtherStepsIsSurvivable) {
  int struck = 0;
  for (const auto& point : AllFaultPoints()) {
    SCOPED_TRACE(ToString(point));
    SimCluster cluster(1, clock_, FaultPlan().At(point, 1, "x"));
    ASSERT_TRUE(cluster.CreateTopics({{.name = "t"}}));
    std::size_t delivered = 0;
    for (int turn = 0; turn < 200 && delivered == 0; ++turn) {
      clock_.Advance(100ms);
      if (cluster.Alive("x")) cluster.KillClient("x");
      auto log = cluster.NewClient("x");
      auto writer = log->NewWriter("w");
      auto reader = log->NewReader({});
      Nobody on;
      auto consumer = log->NewConsumer({.group = "g", .instance = "i", .topics = {"t"}}, on);
      if (!writer || !reader || !consumer) continue;
      if (!(*writer)->Send("t", 0, "k", "v", 1) || !(*writer)->Flush(1s)) continue;
      for (int i = 0; i < 3; ++i) (void)(*consumer)->Poll(batch_, {}, 0ms);
      if (!(*consumer)->Offsets({"t", 0}, true) || !(*consumer)->Commit({{{"t", 0}, 1, ""}}))
        continue;
      (*consumer)->Close();
      if (!cluster.Alive("x") || !(*reader)->Assign({{{"t", 0}, 0}})) continue;
      if (!(*reader)->Poll(batch_, {}, 0ms)) continue;
      delivered = batch_.records.size();
    }
    EXPECT_GE(delivered, 1u);
    struck += cluster.faults().Fired(point.fault) > 0 ? 1 : 0;
  }
  EXPECT_GE(struck, 30);
}

}  // namespace
}  // namespace textback::log::sim
