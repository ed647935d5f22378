// The runtime over the simulated log, point by point: names are those of exactly-once.md, "Between
// Kafka and the state store".
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shard/shard_test_world.h"
#include "textback/v1/dead_letter.pb.h"

namespace textback::shard::test {
namespace {

using log::sim::Fault;
using log::sim::FaultPlan;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Pair;
using testing::UnorderedElementsAre;

class Visit final : public store::Store::Visitor {
 public:
  void OnDocument(std::string_view key, const store::Document& document) override {
    documents[std::string(key)] = document;
  }
  std::map<std::string, store::Document> documents;
};

// What a partition's stopped store holds, with the changelog from its marker on top.
std::map<std::string, store::Document> Restored(World& world, Node& node, std::int32_t partition) {
  auto store = std::move(node.disk.Open(partition)).value();
  Visit visit;
  EXPECT_TRUE(store->ForEach(visit));
  const std::int64_t from = store->FlushedMarker() ? store->FlushedMarker()->changelog_offset : 0;
  for (const auto& record : world.cluster.ReadCommitted("state")) {
    if (record.partition != partition || record.offset < from) continue;
    if (record.value) {
      visit.documents[record.key] = store::DecodeDocument(*record.value).value();
    } else {
      visit.documents.erase(record.key);
    }
  }
  return visit.documents;
}

void ExpectSame(const std::map<std::string, store::Document>& a,
                const std::map<std::string, store::Document>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [key, document] : a) {
    const auto it = b.find(key);
    ASSERT_NE(it, b.end()) << key;
    EXPECT_EQ(document.bytes, it->second.bytes) << key;
    EXPECT_EQ(document.next_due_ms, it->second.next_due_ms) << key;
  }
}

TEST(Shard, ARecordBecomesOutputDocumentAndEffectOnce) {
  World world;
  Node& node = world.Make("a");
  world.Write("calls", "k", "1");
  world.Write("calls", "k", "2");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 2; }));
  world.Run(5);
  EXPECT_THAT(world.Committed("out"), ElementsAre("k:1", "k:2"));
  EXPECT_THAT(node.counter.executed, ElementsAre("k:1", "k:2"));
  EXPECT_EQ(world.Replayed(world.PartitionFor("k")).at("k").bytes, "2");
  EXPECT_TRUE(node.counter.discarded.empty());
}

TEST(Shard, NothingIsDoneWhereNothingHappens) {
  World world;
  Node& node = world.Make("a");
  ASSERT_TRUE(world.Until([&] { return world.AllRunning(); }));
  world.Run(50);
  EXPECT_EQ(node.events.committed, 0);
}

TEST(StreamPoint1, EachPartitionHasItsOwnStoreAndTime) {
  World world(4);
  Node& node = world.Make("a");
  for (int p = 0; p < 4; ++p) world.Write("calls", world.KeyIn(p), "x");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 4; }));
  node.shard->Stop();
  for (int p = 0; p < 4; ++p) {
    const auto documents = Restored(world, node, p);
    EXPECT_EQ(documents.size(), 2u);  // its own key's, and its state
    EXPECT_TRUE(documents.contains(world.KeyIn(p)));
    EXPECT_TRUE(documents.contains(std::string(kStateKey)));
  }
}

TEST(StreamPoint2, InputsOfUnequalPartitionCountsAreRefused) {
  World world;
  log::TopicSpec spec;
  spec.name = "odd";
  spec.partitions = 3;
  ASSERT_TRUE(world.cluster.CreateTopics({spec}));
  world.config.inputs.push_back({"odd"});
  Node& node = world.Make("a");
  world.Run(2);
  ASSERT_FALSE(node.last);
  EXPECT_EQ(node.last.error().disposition, Disposition::kFatal);
  EXPECT_EQ(node.last.error().code, "partition_mismatch");
  EXPECT_THAT(node.last.error().message, HasSubstr("odd has 3 partitions"));
}

TEST(StreamPoint2, ACoPartitionedOutputOfAnotherCountIsRefused) {
  World world;
  world.config.outputs = {{"out", PartitionRule::kSameIndex}};
  Node& node = world.Make("a");
  world.Run(2);
  ASSERT_FALSE(node.last);
  EXPECT_EQ(node.last.error().code, "partition_mismatch");
}

TEST(StreamPoint2, AllInputsOfAnIndexAreReadByOneMember) {
  World world(4);
  world.Make("a");
  world.Make("b");
  ASSERT_TRUE(world.Until([&] { return world.AllRunning(); }));
  for (int p = 0; p < 4; ++p) {
    world.Write("calls", world.KeyIn(p), "c");
    world.Write("stops", world.KeyIn(p), "s");
  }
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 8; }));
  for (int p = 0; p < 4; ++p) EXPECT_EQ(world.Replayed(p).at(world.KeyIn(p)).bytes, "2");
}

TEST(StreamPoint3, AZombieCommitsNothing) {
  World world;
  Node& zombie = world.Make("a");
  ASSERT_TRUE(world.Until([&] { return world.AllRunning(); }));
  world.Pause(zombie);
  Node& successor = world.Make("b");
  ASSERT_TRUE(world.Until([&] { return world.Running(successor) == 2; }));
  world.Write("calls", "k", "1");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  // It wakes, has a local event to commit, and doesn't know yet that it has been replaced.
  zombie.local.Push(world.PartitionFor("k"), "stale");
  world.Resume(zombie);
  world.Run(200);
  EXPECT_THAT(world.Committed("out"), ElementsAre("k:1"));
  EXPECT_THAT(zombie.counter.executed, ElementsAre());
}

TEST(StreamPoint3, ATransactionWithoutRecordsSendsOffsetsToo) {
  World world;
  Node& node = world.Make("a");
  ASSERT_TRUE(world.Until([&] { return world.AllRunning(); }));
  EXPECT_TRUE(world.cluster.CommittedOffsets(world.config.group()).empty());
  node.local.Push(1, "only");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  const auto offsets = world.cluster.CommittedOffsets(world.config.group());
  ASSERT_TRUE(offsets.contains({"calls", 1}));
  EXPECT_EQ(offsets.at({"calls", 1}).next_offset, 0);
}

TEST(StreamPoint4, ASuccessorOfTheSameNameEndsTheDeadOwnersTransaction) {
  World killed(2, 7, FaultPlan().At({Fault::kCrashBefore, log::sim::Step::kCommit}, 1, "a"));
  Node& first = killed.Make("a");
  killed.Write("calls", "k", "1");
  ASSERT_TRUE(killed.Until([&] { return !killed.cluster.Alive("a"); }));
  EXPECT_EQ(killed.cluster.OpenTransactions(), 1u);
  killed.Kill(first);
  killed.Boot(first);
  ASSERT_TRUE(killed.Until([&] { return killed.Committed("out").size() == 1; }, 100));  // 2 s
  EXPECT_THAT(killed.Committed("out"), ElementsAre("k:1"));
}

TEST(StreamPoint5, RestoringReachesTheEndPastAbortedEntriesAndNeverStopsOthers) {
  World world(4);
  world.config.restore_records_max = 1;  // a step restores one entry
  Node& node = world.Make("a");
  for (int i = 0; i < 30; ++i) world.Write("calls", world.KeyIn(0, i), std::to_string(i));
  for (int p = 1; p < 4; ++p) world.Write("calls", world.KeyIn(p), "x");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 33; }));
  world.Kill(node);
  for (int p = 0; p < 4; ++p) ASSERT_TRUE(node.disk.Wipe(p));
  world.Boot(node);
  ASSERT_TRUE(world.Until([&] { return world.Running(node) == 3; }));
  const auto partitions = node.shard->partitions();
  ASSERT_EQ(partitions[0].phase, Phase::kRestoring);
  EXPECT_LT(partitions[0].restored, partitions[0].to_restore);
  world.Write("calls", world.KeyIn(1), "while restoring");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 34; }, 10));
  EXPECT_EQ(node.shard->partitions()[0].phase, Phase::kRestoring);
  ASSERT_TRUE(world.Until([&] { return world.Running(node) == 4; }));
  EXPECT_GT(node.events.restore_steps, 30);
  world.Write("calls", world.KeyIn(0), "after");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 35; }));
  EXPECT_EQ(world.Replayed(0).at(world.KeyIn(0)).bytes, "2");
}

TEST(StreamPoint6, ForgottenGroupOffsetsAreTakenFromTheChangelog) {
  World world;
  Node& node = world.Make("a");
  world.Write("calls", "k", "1");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  world.Kill(node);
  world.cluster.ForgetOffsets(world.config.group());
  world.Boot(node);
  world.Write("calls", "k", "2");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 2; }));
  world.Run(10);
  EXPECT_THAT(world.Committed("out"), ElementsAre("k:1", "k:2"));
  EXPECT_GE(node.events.notices["group_behind_state"], 1);
}

TEST(StreamPoint6, GroupOffsetsBehindAreTakenFromTheChangelog) {
  World world;
  Node& node = world.Make("a");
  const std::int32_t p = world.PartitionFor("k");
  for (int i = 0; i < 5; ++i) world.Write("calls", "k", std::to_string(i));
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 5; }));
  world.Kill(node);
  world.cluster.ForceOffset(world.config.group(), {"calls", p}, {1, ""});
  world.Boot(node);
  ASSERT_TRUE(world.Until([&] { return world.AllRunning(); }));
  world.Run(10);
  EXPECT_EQ(world.Committed("out").size(), 5u);
  EXPECT_GE(node.events.notices["group_behind_state"], 1);
}

TEST(StreamPoint6, GroupOffsetsAheadHaltThatPartitionAlone) {
  World world;
  Node& node = world.Make("a");
  for (int p = 0; p < 2; ++p) {
    for (int i = 0; i < 3; ++i) world.Write("calls", world.KeyIn(p), std::to_string(i));
  }
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 6; }));
  node.shard->Stop();
  node.shard.reset();
  for (int i = 0; i < 3; ++i) world.Write("calls", world.KeyIn(0), "skipped");
  world.cluster.ForceOffset(world.config.group(), {"calls", 0}, {5, ""});
  world.Boot(node);
  world.Write("calls", world.KeyIn(1), "goes on");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 7; }));
  world.Run(50);
  EXPECT_EQ(world.Committed("out").size(), 7u);
  EXPECT_THAT(node.events.halted, ElementsAre(Pair(0, "group_ahead_of_state")));
  EXPECT_EQ(node.shard->partitions()[0].halted_by, "group_ahead_of_state");
  EXPECT_THAT(node.events.log, HasSubstr("restore the changelog topic"));
  EXPECT_TRUE(node.last);
}

TEST(StreamPoint6, InputDeletedUnreadHaltsUnlessTheLossIsAccepted) {
  World world(1);
  Node& node = world.Make("a");
  world.Write("calls", "k", "1");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  node.shard->Stop();
  node.shard.reset();
  for (int i = 0; i < 4; ++i) world.Write("calls", "k", "lost");
  world.Write("calls", "k", "2");
  world.cluster.Trim({"calls", 0}, 5);
  world.Boot(node);
  ASSERT_TRUE(world.Until([&] { return !node.events.halted.empty(); }));
  EXPECT_EQ(node.events.halted[0], "records_lost");
  node.shard->Stop();
  world.config.accept_lost_records = true;
  world.Boot(node);
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 2; }));
  EXPECT_THAT(world.Committed("out"), ElementsAre("k:1", "k:2"));
  EXPECT_EQ(node.events.notices["records_lost"], 2);
}

TEST(StreamPoint7, OneWholeDocumentPerKeyAndBatch) {
  World world(1);
  Node& node = world.Make("a");
  for (int i = 0; i < 10; ++i) world.Write("calls", "k", std::to_string(i));
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 10; }));
  const auto changelog = world.cluster.ReadCommitted("state");
  ASSERT_EQ(changelog.size(), 2u);  // the document and the state
  EXPECT_EQ(changelog[0].key, "k");
  EXPECT_EQ(store::DecodeDocument(*changelog[0].value)->bytes, "10");
  EXPECT_EQ(changelog[1].key, kStateKey);
  EXPECT_EQ(node.events.last.documents, 1u);
  EXPECT_EQ(node.events.last.records, 10u);
}

TEST(StreamPoint7, AnErasedDocumentIsATombstone) {
  World world(1);
  world.Make("a");
  world.Write("calls", "k", "1");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  world.Write("calls", "k", "gone 2");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 2; }));
  EXPECT_FALSE(world.Replayed(0).contains("k"));
  world.Write("calls", "k", "3");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 3; }));
  EXPECT_EQ(world.Replayed(0).at("k").bytes, "1");
}

TEST(StreamPoint8, StorePlusReplayFromItsMarkerIsTheCommittedState) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    World world(2, seed);
    Node& node = world.Make("a");
    for (int i = 0; i < 120; ++i)
      world.Write("calls", "key" + std::to_string(i % 37), std::to_string(i));
    ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() > 20 + seed * 9; }));
    world.Kill(node);  // flushed every 20 changes, and half of the time in mid-flush
    for (int p = 0; p < 2; ++p) ExpectSame(Restored(world, node, p), world.Replayed(p));
    world.Boot(node);
    ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 120; }));
    node.shard->Stop();
    for (int p = 0; p < 2; ++p) ExpectSame(Restored(world, node, p), world.Replayed(p));
  }
}

TEST(StreamPoint8, ACleanStopLeavesNextToNothingToReplay) {
  World world(1);
  Node& node = world.Make("a");
  for (int i = 0; i < 100; ++i) world.Write("calls", "key" + std::to_string(i), "x");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 100; }));
  node.shard->Stop();
  node.shard.reset();
  auto store = std::move(node.disk.Open(0)).value();
  const auto end = world.cluster.Offsets({"state", 0}, true).end;
  EXPECT_GE(store->FlushedMarker()->changelog_offset, end - 2);  // the settling transaction's own
}

TEST(StreamPoint8, AMarkerOlderThanHalfTheDeleteRetentionIsNotTrusted) {
  World world(1);
  Node& node = world.Make("a");
  world.Write("calls", "k", "1");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  node.shard->Stop();
  world.clock.Advance(std::chrono::hours(13));
  world.Boot(node);
  world.Write("calls", "k", "2");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 2; }));
  EXPECT_THAT(node.events.wiped, ElementsAre(Pair(0, "marker_too_old")));
  EXPECT_EQ(world.Replayed(0).at("k").bytes, "2");
}

TEST(StreamPoint8, AQuietPartitionsMarkerIsKeptFresh) {
  World world(1);
  world.config.changelog_delete_retention = 60s;
  world.config.lag_interval = 1s;
  Node& node = world.Make("a");
  world.Write("calls", "k", "1");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  for (int i = 0; i < 600; ++i) world.Tick(200ms);
  world.Kill(node);
  world.Boot(node);
  ASSERT_TRUE(world.Until([&] { return world.AllRunning(); }));
  EXPECT_TRUE(node.events.wiped.empty());
  EXPECT_GT(node.events.lags, 0);
}

TEST(StreamPoint8, AMarkerOutsideTheChangelogIsNotTrusted) {
  World world(1);
  Node& node = world.Make("a");
  world.Write("calls", "k", "1");
  world.Write("calls", "l", "1");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 2; }));
  world.Write("calls", "k", "2");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 3; }));
  node.shard->Stop();
  const auto end = world.cluster.Offsets({"state", 0}, true).end;
  {
    auto store = std::move(node.disk.Open(0)).value();
    ASSERT_TRUE(store->Apply({}, end + 1'000));
    ASSERT_TRUE(store->Flush());
  }
  world.Boot(node);
  ASSERT_TRUE(world.Until([&] { return world.AllRunning(); }));
  EXPECT_THAT(node.events.wiped, ElementsAre(Pair(0, "marker_beyond_log")));
}

TEST(StreamPoint8, AnUnreadableStoreIsWipedAndRestored) {
  World world(1);
  Node& node = world.Make("a");
  world.Write("calls", "k", "1");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  node.disk.FailNext(0, RebuildError("store_io", "a sector can't be read"));
  world.Write("calls", "k", "2");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 2; }));
  world.Write("calls", "k", "3");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 3; }));
  EXPECT_THAT(node.events.wiped, ElementsAre(Pair(0, "store_io")));
  EXPECT_EQ(world.Replayed(0).at("k").bytes, "3");
}

TEST(StreamPoint8, AFullDiskEndsTheShardAndLosesNothing) {
  World world(1);
  Node& node = world.Make("a");
  ASSERT_TRUE(world.Until([&] { return world.AllRunning(); }));
  node.disk.SetDiskFull(true);
  for (int i = 0; i < 60; ++i) world.Write("calls", "key" + std::to_string(i), "x");
  ASSERT_TRUE(world.Until([&] { return !node.last; }));
  EXPECT_EQ(node.last.error().code, "store_disk_full");
  node.shard->Stop();
  node.disk.SetDiskFull(false);
  world.Boot(node);
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 60; }));
  world.Run(10);
  for (const auto& [text, n] : world.CountsOf("out")) EXPECT_EQ(n, 1) << text;
  node.shard->Stop();
  ExpectSame(Restored(world, node, 0), world.Replayed(0));
}

TEST(StreamPoint10, AnAbortedTransactionRunsAgain) {
  World world(1, 1, FaultPlan().At({Fault::kAborted, log::sim::Step::kCommit}, 1, "a"));
  Node& node = world.Make("a");
  ASSERT_TRUE(world.Until([&] { return world.AllRunning(); }));
  world.Write("calls", "k", "1");
  node.local.Push(0, "kept");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 2; }));
  world.Run(10);
  EXPECT_THAT(world.CountsOf("out"), UnorderedElementsAre(Pair("k:1", 1), Pair("local kept", 1)));
  EXPECT_EQ(node.events.aborted, 1);
  EXPECT_FALSE(node.counter.discarded.empty());
  EXPECT_EQ(node.counter.executed.size(), 2u);
}

class UnknownOutcome : public testing::TestWithParam<Fault> {};

TEST_P(UnknownOutcome, StreamPoint10IsFoundInTheChangelog) {
  World world(2, 1, FaultPlan().At({GetParam(), log::sim::Step::kCommit}, 2, "a"));
  Node& node = world.Make("a");
  ASSERT_TRUE(world.Until([&] { return world.AllRunning(); }));
  world.Write("calls", world.KeyIn(0), "1");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  world.Write("calls", world.KeyIn(0), "2");
  world.Write("calls", world.KeyIn(1), "3");
  node.local.Push(0, "once");
  ASSERT_TRUE(world.Until([&] { return node.events.unknown == 1; }));
  world.Write("calls", world.KeyIn(0), "4");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 5; }));
  world.Run(300);  // past any late arrival
  EXPECT_THAT(world.CountsOf("out"),
              UnorderedElementsAre(Pair(world.KeyIn(0) + ":1", 1), Pair(world.KeyIn(0) + ":2", 1),
                                   Pair(world.KeyIn(1) + ":3", 1), Pair(world.KeyIn(0) + ":4", 1),
                                   Pair("local once", 1)));
  EXPECT_EQ(world.Replayed(0).at(world.KeyIn(0)).bytes, "3");
  EXPECT_EQ(node.events.notices["outcome_known"], 2);  // of both partitions
  // Effects of the unknown transaction were never carried out by this process, or by its repetition
  // only.
  std::set<std::string> once(node.counter.executed.begin(), node.counter.executed.end());
  EXPECT_EQ(once.size(), node.counter.executed.size());
  EXPECT_FALSE(node.counter.discarded.empty());
  EXPECT_TRUE(node.events.wiped.empty());  // the store is kept, the tail is replayed
  node.shard->Stop();
  for (int p = 0; p < 2; ++p) ExpectSame(Restored(world, node, p), world.Replayed(p));
}

INSTANTIATE_TEST_SUITE_P(All, UnknownOutcome,
                         testing::Values(Fault::kUnknownApplied, Fault::kUnknownLost,
                                         Fault::kUnknownDelayed, Fault::kUnknownTwice),
                         [](const auto& fault) {
                           std::string name(log::sim::ToString(fault.param));
                           std::erase(name, '_');
                           return name;
                         });

TEST(StreamPoint11, PartitionsMoveWithTheirStateAndNothingTwice) {
  World world(4);
  Node& a = world.Make("a");
  for (int i = 0; i < 40; ++i) world.Write("calls", "key" + std::to_string(i), "1");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 40; }));
  Node& b = world.Make("b");
  ASSERT_TRUE(world.Until([&] { return world.Running(a) == 2 && world.Running(b) == 2; }));
  for (int i = 0; i < 40; ++i) world.Write("calls", "key" + std::to_string(i), "2");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 80; }));
  for (const auto& [text, n] : world.CountsOf("out")) EXPECT_EQ(n, 1) << text;
  for (int p = 0; p < 4; ++p) {
    for (const auto& [key, document] : world.Replayed(p)) {
      if (!IsReservedKey(key)) {
        EXPECT_EQ(document.bytes, "2");
      }
    }
  }
  a.shard->Stop();
  b.shard->Stop();
  EXPECT_TRUE(a.counter.running.empty());
  EXPECT_TRUE(b.counter.running.empty());
}

TEST(StreamPoint11, LostPartitionsAreDroppedWithTheirLocalEvents) {
  World world(2);
  Node& a = world.Make("a");
  ASSERT_TRUE(world.Until([&] { return world.AllRunning(); }));
  world.Pause(a);
  world.clock.Advance(10s);  // past the session
  world.Resume(a);
  a.local.Push(0, "too late");
  ASSERT_TRUE(world.Until([&] { return a.events.dropped == 1; }));
  ASSERT_TRUE(world.Until([&] { return world.AllRunning(); }));
  a.local.Push(0, "in time");
  ASSERT_TRUE(world.Until([&] { return world.CountsOf("out").contains("local in time"); }));
  EXPECT_FALSE(world.CountsOf("out").contains("local too late"));
  EXPECT_EQ(a.counter.executed.size(), 1u);
}

TEST(StreamPoint13, OutputsByModuloTouchOnePartition) {
  World world(2);
  world.config.outputs = {{"out", PartitionRule::kModulo}};
  world.Make("a");
  for (int i = 0; i < 20; ++i) world.Write("calls", world.KeyIn(1, i), "x");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 20; }));
  for (const auto& record : world.cluster.ReadCommitted("out")) EXPECT_EQ(record.partition, 1);
}

TEST(StreamPoint13, OutputsByKeyAgreeWithAnyProducer) {
  World world(2);
  world.Make("a");
  for (int i = 0; i < 20; ++i) world.Write("calls", "key" + std::to_string(i), "x");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 20; }));
  for (const auto& record : world.cluster.ReadCommitted("out")) {
    EXPECT_EQ(record.partition, PartitionOf(record.key, 3));
  }
}

TEST(StreamPoint15, TalliesAddUpOverAKill) {
  World world(2);
  Node& node = world.Make("a");
  for (int i = 0; i < 30; ++i)
    world.Write("calls", "key" + std::to_string(i), i % 5 ? "x" : "bad x");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 24; }));
  world.Kill(node);
  world.Boot(node);
  for (int i = 30; i < 60; ++i)
    world.Write("calls", "key" + std::to_string(i), i % 5 ? "x" : "bad x");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 48; }));
  EXPECT_THAT(world.Tallies(),
              UnorderedElementsAre(Pair("runtime.records", 60), Pair("runtime.dead_letters", 12),
                                   Pair("decided", 48)));
}

TEST(StreamPoint15, TotalsAreToldAtTheStartAndAfterEachTransaction) {
  World world(1);
  Node* node = &world.Make("a");
  world.Write("calls", "k", "1");
  world.Write("calls", "k", "2");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 2; }));
  const std::pair decided(0, std::string("decided"));
  EXPECT_EQ(node->events.totals[decided], 2);
  world.Kill(*node);
  node->events.totals.clear();
  world.Boot(*node);
  ASSERT_TRUE(world.Until([&] { return node->events.totals[decided] == 2; }));
  world.Write("calls", "k", "3");
  ASSERT_TRUE(world.Until([&] { return node->events.totals[decided] == 3; }));
}

TEST(ShardErrors, ARefusedRecordIsParkedAndLeavesNothingElse) {
  World world(1);
  Node& node = world.Make("a");
  world.Write("calls", "k", "1");
  world.Write("calls", "k", "bad 2");
  world.Write("calls", "k", "big 3");
  world.Write("calls", "k", "4");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 2; }));
  EXPECT_THAT(world.Committed("out"), ElementsAre("k:1", "k:4"));
  EXPECT_EQ(world.Replayed(0).at("k").bytes, "2");
  EXPECT_THAT(node.counter.executed, ElementsAre("k:1", "k:4"));
  const auto dead = world.Committed("dead");
  ASSERT_EQ(dead.size(), 2u);
  textback::v1::DeadLetter letter;
  ASSERT_TRUE(letter.ParseFromString(dead[0]));
  EXPECT_EQ(letter.reason(), "bad_record");
  EXPECT_EQ(letter.coordinates().topic(), "calls");
  EXPECT_EQ(letter.coordinates().offset(), 1);
  EXPECT_EQ(letter.key(), "k");
  EXPECT_EQ(letter.value(), "bad 2");
  EXPECT_EQ(letter.role(), "test");
  ASSERT_TRUE(letter.ParseFromString(dead[1]));
  EXPECT_EQ(letter.reason(), "value_too_large");
}

TEST(ShardErrors, RetryUndoesTheBatchAndComesAgain) {
  World world(1);
  Node& node = world.Make("a");
  int refusals = 3;
  node.counter.answer = [&](const InputRecord& r) {
    return r.offset == 1 && refusals-- > 0 ? Status(RetryError("not_yet", "later")) : Ok();
  };
  for (int i = 0; i < 3; ++i) world.Write("calls", "k", std::to_string(i));
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 3; }));
  EXPECT_THAT(world.Committed("out"), ElementsAre("k:0", "k:1", "k:2"));
  EXPECT_EQ(node.events.notices["not_yet"], 3);
}

TEST(ShardErrors, RetryHoldsBackOnePartitionAlone) {
  World world(2);
  Node& node = world.Make("a");
  node.counter.answer = [&](const InputRecord& r) {
    return r.partition == 0 ? Status(RetryError("not_yet", "later")) : Ok();
  };
  world.Write("calls", world.KeyIn(0), "stuck");
  for (int i = 0; i < 5; ++i) world.Write("calls", world.KeyIn(1), std::to_string(i));
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 5; }));
}

TEST(ShardErrors, RebuildRestoresAndARepeatedOneHalts) {
  World world(2);
  Node& node = world.Make("a");
  int failures = 1;
  node.counter.answer = [&](const InputRecord& r) {
    return r.partition == 0 && failures-- > 0
               ? Status(RebuildError("document_bad", "can't read it"))
               : Ok();
  };
  world.Write("calls", world.KeyIn(0), "1");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  EXPECT_THAT(node.events.wiped, ElementsAre(Pair(0, "document_bad")));
  failures = 1'000;
  world.Write("calls", world.KeyIn(0), "2");
  world.Write("calls", world.KeyIn(1), "3");
  ASSERT_TRUE(world.Until([&] { return !node.events.halted.empty(); }));
  EXPECT_THAT(node.events.halted, ElementsAre(Pair(0, "rebuilt_too_often")));
  world.Write("calls", world.KeyIn(1), "4");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 3; }));
}

TEST(ShardErrors, FatalEndsTheShard) {
  World world(1);
  Node& node = world.Make("a");
  node.counter.answer = [](const InputRecord&) { return Status(FatalError("no_way", "stop")); };
  world.Write("calls", "k", "1");
  ASSERT_TRUE(world.Until([&] { return !node.last; }));
  EXPECT_EQ(node.last.error().code, "no_way");
  node.shard->Stop();
  EXPECT_TRUE(world.Committed("out").empty());
}

TEST(ShardErrors, AMissingTopicIsSaid) {
  World world(1);
  world.config.deadletter_topic = "nowhere";
  Node& node = world.Make("a");
  world.Run(2);
  ASSERT_FALSE(node.last);
  EXPECT_EQ(node.last.error().code, "topic_missing");
}

TEST(ShardErrors, ABrokerThatIsAwayAtTheStartIsWaitedFor) {
  World world(1);
  Node& node = world.Make("a");
  world.cluster.Unreachable("a", 5s);
  world.Write("calls", "k", "1");
  world.Run(10);
  EXPECT_TRUE(node.last);
  EXPECT_GT(node.shard->idle(), 0ms);
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
}

// A broker that crashed may take a static member for its own predecessor: it joins again.
TEST(ShardErrors, AMemberThatIsFencedOnceGoesOn) {
  World world(1, 1, FaultPlan().At({Fault::kFence, log::sim::Step::kPoll}, 20, "a"));
  Node& node = world.Make("a");
  ASSERT_TRUE(world.Until([&] { return node.events.fenced == 1; }));
  world.Write("calls", "k", "1");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  EXPECT_TRUE(node.last);
}

// They fence each other in turn, committing in between. It ends.
TEST(ShardErrors, OfTwoProcessesWithOneNameOneYields) {
  World world(1);
  Node& first = world.Make("a");
  world.Write("calls", "k", "1");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 1; }));
  Node& second = world.Make("b", "a");
  const MonoTime begin = world.clock.Mono();
  ASSERT_TRUE(world.Until([&] { return !first.last || !second.last; }, 30'000));
  EXPECT_LE(world.clock.Mono() - begin, log::FenceBound::kWindow);
  Node& yielded = first.last ? second : first;
  EXPECT_EQ(yielded.last.error().disposition, Disposition::kYield);
  EXPECT_EQ(yielded.last.error().code, "fenced_too_often");
  EXPECT_TRUE(yielded.counter.running.empty());
  world.Write("calls", "k", "2");
  ASSERT_TRUE(world.Until([&] { return world.Committed("out").size() == 2; }));
}

}  // namespace
}  // namespace textback::shard::test
