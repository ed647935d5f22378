// Who may still commit: owners of transactional ids, generations of groups, time-outs.
#include "log/errors.h"
#include "log_conformance/conformance.h"

namespace textback::log::conformance {

using namespace std::chrono_literals;

void LinkFencing() {}

namespace {

using Strings = std::vector<std::string>;

// Sends offsets and commits, as a shard does; a refusal at either place is the answer.
CommitOutcome CommitWithOffsets(TransactionalProducer& producer, const OffsetCommit& offset,
                                const GroupMetadata& metadata) {
  const auto sent = producer.SendOffsets({offset}, metadata);
  if (!sent && sent.error().disposition == Disposition::kYield) return CommitOutcome::kFenced;
  if (!sent) return CommitOutcome::kUnknown;
  return producer.Commit(20s);
}

}  // namespace

TEST_P(LogConformance, StreamPoint4ANewOwnerOfATransactionalIdFencesTheOld) {
  const auto topic = Topic("owner");
  const auto id = fixture().Unique("tx");
  auto old_owner = NewProducer(id, 0);
  ASSERT_TRUE(old_owner);
  OpenTransaction(*old_owner, topic, 0, {"old"});
  auto new_owner = NewProducer(id, 1);
  ASSERT_TRUE(new_owner);
  EXPECT_EQ(Commit(*old_owner), CommitOutcome::kFenced) << old_owner->LastError();
  EXPECT_NE(old_owner->LastError(), "");
  OpenTransaction(*new_owner, topic, 0, {"new"});
  EXPECT_EQ(Commit(*new_owner), CommitOutcome::kCommitted) << new_owner->LastError();
  EXPECT_EQ(ReadValues({topic, 0}), (Strings{"new"}));
  // Fenced for good.
  const auto begun = old_owner->Begin();
  EXPECT_TRUE(!begun || Commit(*old_owner) == CommitOutcome::kFenced);
}

TEST_P(LogConformance, StreamPoint4InitOfTheSuccessorEndsADeadOwnersTransaction) {
  const auto topic = Topic("successor");
  const auto id = fixture().Unique("tx");
  auto dead = NewProducer(id, 0);
  ASSERT_TRUE(dead);
  OpenTransaction(*dead, topic, 0, {"torn"});
  if (can().open_transactions_show) {
    ASSERT_TRUE(fixture().Until([&] { return Ends({topic, 0}, false).end == 1; }));
  }
  fixture().Crash(std::move(dead));
  Produce(topic, 0, {"waiting"});
  if (can().open_transactions_show) {
    EXPECT_EQ(Ends({topic, 0}, true).end, 0) << "readers wait for the dead owner";
  }
  const MonoTime from = fixture().Now();
  auto successor = NewProducer(id, 1);
  ASSERT_TRUE(successor);
  const auto end = Ends({topic, 0}, false).end;
  ASSERT_TRUE(fixture().Until([&] { return Ends({topic, 0}, true).end >= end; }));
  EXPECT_LT(fixture().Now() - from, 30s) << "it waited for the transaction's time-out";
  EXPECT_EQ(ReadValues({topic, 0}), (Strings{"waiting"}));
}

TEST_P(LogConformance, StreamPoint4TheCoordinatorAbortsADeadOwnersTransactionAfterItsTimeOut) {
  if (!can().transactions_time_out) GTEST_SKIP() << "transactions don't time out here";
  const auto topic = Topic("time-out");
  auto dead = NewProducer(fixture().Unique("tx"), 0, 2s);
  ASSERT_TRUE(dead);
  OpenTransaction(*dead, topic, 0, {"torn"});
  ASSERT_TRUE(fixture().Until([&] { return Ends({topic, 0}, false).end == 1; }));
  fixture().Crash(std::move(dead));
  Produce(topic, 0, {"waiting"});
  EXPECT_EQ(ReadValues({topic, 0}), Strings{});
  ASSERT_TRUE(fixture().Until([&] { return Ends({topic, 0}, true).end >= 3; }));
  EXPECT_EQ(ReadValues({topic, 0}), (Strings{"waiting"}));
}

TEST_P(LogConformance, StreamPoint4AnOwnerThatOversleepsItsTimeOutDoesNotCommit) {
  if (!can().transactions_time_out) GTEST_SKIP() << "transactions don't time out here";
  const auto topic = Topic("overslept");
  auto slow = NewProducer(fixture().Unique("tx"), 0, 2s);
  ASSERT_TRUE(slow);
  OpenTransaction(*slow, topic, 0, {"too late"});
  ASSERT_TRUE(fixture().Until([&] { return Ends({topic, 0}, false).end == 1; }));
  ASSERT_TRUE(fixture().Until([&] { return Ends({topic, 0}, true).end >= 2; }));
  EXPECT_NE(Commit(*slow), CommitOutcome::kCommitted);
  EXPECT_EQ(ReadValues({topic, 0}), Strings{});
}

TEST_P(LogConformance, StreamPoint3ZombieWithoutOffsetsCommitsAndWithOffsetsIsFenced) {
  if (!can().sessions_expire) GTEST_SKIP() << "sessions don't expire here";
  const auto input = Topic("input", 2);
  const auto output = Topic("output");
  const auto group = fixture().Unique("g");
  Member zombie(fixture(), 0, "zombie", GroupOf(group, "a", {input}));
  Member successor(fixture(), 1, "successor", GroupOf(group, "b", {input}));
  ASSERT_TRUE(zombie.Open());
  ASSERT_TRUE(successor.Open());
  ASSERT_TRUE(Settle({&zombie, &successor}, input, {1, 1}));
  auto producer = NewProducer(fixture().Unique("tx"));
  ASSERT_TRUE(producer);
  // The zombie sleeps; the group moves on.
  ASSERT_TRUE(Settle({&successor}, input, {2}));
  OpenTransaction(*producer, output, 0, {"without offsets"});
  const auto unfenced = Commit(*producer);
  Strings visible;
  if (can().zombie_commits_without_offsets) {
    EXPECT_EQ(unfenced, CommitOutcome::kCommitted) << producer->LastError();
    visible.push_back("without offsets");
  } else {
    EXPECT_EQ(unfenced, CommitOutcome::kFenced) << producer->LastError();
  }
  EXPECT_EQ(ReadValues({output, 0}), visible);
  // With offsets, and the metadata of its own time: refused.
  auto fresh = NewProducer(fixture().Unique("tx"));
  ASSERT_TRUE(fresh);
  OpenTransaction(*fresh, output, 0, {"with offsets"});
  EXPECT_EQ(CommitWithOffsets(*fresh, {{input, 0}, 1, ""}, zombie.metadata), CommitOutcome::kFenced)
      << fresh->LastError();
  EXPECT_EQ(CommittedOf(successor.consumer(), {input, 0}), std::nullopt);
  // Destroying or aborting is all that is left; either way nothing shows.
  (void)fresh->Abort(20s);
  EXPECT_EQ(ReadValues({output, 0}), visible);
  // The successor commits with its own.
  auto good = NewProducer(fixture().Unique("tx"), 1);
  ASSERT_TRUE(good);
  OpenTransaction(*good, output, 0, {"successor"});
  EXPECT_EQ(CommitWithOffsets(*good, {{input, 0}, 1, ""}, successor.metadata),
            CommitOutcome::kCommitted)
      << good->LastError();
  visible.push_back("successor");
  EXPECT_EQ(ReadValues({output, 0}), visible);
  successor.Close();
}

TEST_P(LogConformance, StreamPoint3MetadataOfAnEarlierGenerationIsFenced) {
  const auto input = Topic("input", 2);
  const auto output = Topic("output");
  const auto group = fixture().Unique("g");
  Member a(fixture(), 0, "a", GroupOf(group, "a", {input}));
  ASSERT_TRUE(a.Open());
  ASSERT_TRUE(Settle({&a}, input, {2}));
  const auto captured = a.metadata;
  auto producer = NewProducer(fixture().Unique("tx"));
  ASSERT_TRUE(producer);
  OpenTransaction(*producer, output, 0, {"current"});
  EXPECT_EQ(CommitWithOffsets(*producer, {{input, 0}, 1, ""}, captured), CommitOutcome::kCommitted)
      << producer->LastError();
  Member b(fixture(), 1, "b", GroupOf(group, "b", {input}));
  ASSERT_TRUE(b.Open());
  ASSERT_TRUE(Settle({&a, &b}, input, {1, 1}));
  OpenTransaction(*producer, output, 0, {"stale"});
  EXPECT_EQ(CommitWithOffsets(*producer, {{input, 1}, 1, ""}, captured), CommitOutcome::kFenced)
      << producer->LastError();
  (void)producer->Abort(20s);
  EXPECT_EQ(ReadValues({output, 0}), (Strings{"current"}));
  EXPECT_EQ(CommittedOf(b.consumer(), {input, 1}), std::nullopt);
  a.Close();
  b.Close();
}

TEST_P(LogConformance, StreamPoint3MetadataOfAReplacedStaticMemberIsFenced) {
  const auto input = Topic("input");
  const auto output = Topic("output");
  const auto group = fixture().Unique("g");
  Member first(fixture(), 0, "first", GroupOf(group, "same", {input}));
  ASSERT_TRUE(first.Open());
  ASSERT_TRUE(Settle({&first}, input, {1}));
  Member second(fixture(), 1, "second", GroupOf(group, "same", {input}));
  ASSERT_TRUE(second.Open());
  ASSERT_TRUE(Settle({&second}, input, {1}));
  // The generation is the same: it is the member that differs.
  auto producer = NewProducer(fixture().Unique("tx"));
  ASSERT_TRUE(producer);
  OpenTransaction(*producer, output, 0, {"replaced"});
  EXPECT_EQ(CommitWithOffsets(*producer, {{input, 0}, 1, ""}, first.metadata),
            CommitOutcome::kFenced)
      << producer->LastError();
  (void)producer->Abort(20s);
  EXPECT_EQ(ReadValues({output, 0}), Strings{});
  first.Close();
  second.Close();
}

TEST_P(LogConformance, StreamPoint3OffsetsNeedMetadataOfAMember) {
  const auto input = Topic("input");
  auto producer = NewProducer(fixture().Unique("tx"));
  ASSERT_TRUE(producer);
  ASSERT_TRUE(producer->Begin());
  EXPECT_EQ(CommitWithOffsets(*producer, {{input, 0}, 1, ""}, GroupMetadata{}),
            CommitOutcome::kFenced)
      << "metadata of no member has generation -1, which the broker itself would let pass";
}

TEST_P(LogConformance, StreamPoint3UnchangedOffsetsFenceJustAsWell) {
  const auto input = Topic("input");
  const auto output = Topic("output");
  const auto group = fixture().Unique("g");
  Member first(fixture(), 0, "first", GroupOf(group, "same", {input}));
  ASSERT_TRUE(first.Open());
  ASSERT_TRUE(Settle({&first}, input, {1}));
  auto producer = NewProducer(fixture().Unique("tx"));
  ASSERT_TRUE(producer);
  // A transaction of timers alone: the same offset twice.
  for (const auto* value : {"timer 1", "timer 2"}) {
    OpenTransaction(*producer, output, 0, {value});
    EXPECT_EQ(CommitWithOffsets(*producer, {{input, 0}, 0, ""}, first.metadata),
              CommitOutcome::kCommitted)
        << producer->LastError();
  }
  Member second(fixture(), 1, "second", GroupOf(group, "same", {input}));
  ASSERT_TRUE(second.Open());
  ASSERT_TRUE(Settle({&second}, input, {1}));
  OpenTransaction(*producer, output, 0, {"timer 3"});
  EXPECT_EQ(CommitWithOffsets(*producer, {{input, 0}, 0, ""}, first.metadata),
            CommitOutcome::kFenced)
      << producer->LastError();
  (void)producer->Abort(20s);
  EXPECT_EQ(ReadValues({output, 0}), (Strings{"timer 1", "timer 2"}));
  first.Close();
  second.Close();
}

TEST_P(LogConformance, StreamPoint3TheBrokerDoesNotCheckWhoseThePartitionsAre) {
  const auto input = Topic("input", 2);
  const auto group = fixture().Unique("g");
  Member a(fixture(), 0, "a", GroupOf(group, "a", {input}));
  Member b(fixture(), 1, "b", GroupOf(group, "b", {input}));
  ASSERT_TRUE(a.Open());
  ASSERT_TRUE(b.Open());
  ASSERT_TRUE(Settle({&a, &b}, input, {1, 1}));
  auto producer = NewProducer(fixture().Unique("tx"));
  ASSERT_TRUE(producer);
  ASSERT_TRUE(producer->Begin());
  EXPECT_EQ(CommitWithOffsets(*producer, {{input, 1}, 1, ""}, a.metadata),
            CommitOutcome::kCommitted)
      << "the shard itself must drop what was revoked: " << producer->LastError();
  EXPECT_EQ(CommittedOf(b.consumer(), {input, 1})->next_offset, 1);
  a.Close();
  b.Close();
}

TEST_P(LogConformance, StreamPoint11ATransactionCommittedWhileRevokedCounts) {
  const auto input = Topic("input", 2);
  const auto output = Topic("output");
  const auto group = fixture().Unique("g");
  Member a(fixture(), 0, "a", GroupOf(group, "a", {input}));
  Member b(fixture(), 1, "b", GroupOf(group, "b", {input}));
  ASSERT_TRUE(a.Open());
  ASSERT_TRUE(Settle({&a}, input, {2}));
  auto producer = NewProducer(fixture().Unique("tx"));
  ASSERT_TRUE(producer);
  OpenTransaction(*producer, output, 0, {"in flight"});
  int committed = 0;
  a.on_revoked = [&] {
    if (committed++ > 0) return;
    EXPECT_EQ(CommitWithOffsets(*producer, {{input, 1}, 1, ""}, a.metadata),
              CommitOutcome::kCommitted)
        << producer->LastError();
  };
  ASSERT_TRUE(b.Open());
  ASSERT_TRUE(Settle({&a, &b}, input, {1, 1}));
  EXPECT_EQ(committed, 1);
  EXPECT_EQ(ReadValues({output, 0}), (Strings{"in flight"}));
  EXPECT_EQ(CommittedOf(b.consumer(), {input, 1})->next_offset, 1);
  a.on_revoked = {};
  a.Close();
  b.Close();
}

}  // namespace textback::log::conformance
