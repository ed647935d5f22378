// Transactions: atomic visibility, the last stable offset, offsets within a transaction.
#include "log/errors.h"
#include "log_conformance/conformance.h"

namespace textback::log::conformance {

using namespace std::chrono_literals;

void LinkTransactions() {}

namespace {

using Strings = std::vector<std::string>;

}  // namespace

TEST_P(LogConformance, ATransactionShowsWholeOrNotAtAll) {
  const auto topic = Topic("atomic", 2);
  auto producer = NewProducer(fixture().Unique("tx"));
  ASSERT_TRUE(producer);
  OpenTransaction(*producer, topic, 0, {"a", "b"});
  ASSERT_TRUE(producer->Send(topic, 1, "k", "c", 5));
  EXPECT_EQ(ReadValues({topic, 0}), Strings{});
  EXPECT_EQ(ReadValues({topic, 1}), Strings{});
  ASSERT_EQ(Commit(*producer), CommitOutcome::kCommitted) << producer->LastError();
  EXPECT_EQ(ReadValues({topic, 0}), (Strings{"a", "b"}));
  EXPECT_EQ(ReadValues({topic, 1}), (Strings{"c"}));
}

TEST_P(LogConformance, AbortedRecordsStayInvisibleAndPositionsMovePastThem) {
  const auto topic = Topic("aborted");
  auto producer = NewProducer(fixture().Unique("tx"));
  ASSERT_TRUE(producer);
  OpenTransaction(*producer, topic, 0, {"never 1", "never 2"});
  if (can().open_transactions_show) {  // an abort drops what has not been sent yet
    ASSERT_TRUE(fixture().Until([&] { return Ends({topic, 0}, false).end == 2; }));
  }
  ASSERT_TRUE(producer->Abort(20s)) << producer->LastError();
  // ReadAll fails unless the position gets past what was aborted.
  EXPECT_EQ(ReadValues({topic, 0}), Strings{});
  // The producer goes on.
  OpenTransaction(*producer, topic, 0, {"then"});
  ASSERT_EQ(Commit(*producer), CommitOutcome::kCommitted) << producer->LastError();
  EXPECT_EQ(ReadValues({topic, 0}), (Strings{"then"}));
  const auto range = Ends({topic, 0}, true);
  EXPECT_EQ(range.end, Ends({topic, 0}, false).end);
  if (can().markers_take_offsets) {
    EXPECT_EQ(range.end, 5) << "3 records and 2 markers";
  }
}

TEST_P(LogConformance, StreamPoint5APositionPassesAMarkerAtTheEndOfTheLog) {
  const auto topic = Topic("marker");
  auto producer = NewProducer(fixture().Unique("tx"));
  ASSERT_TRUE(producer);
  for (const auto* value : {"a", "b", "c"}) {
    OpenTransaction(*producer, topic, 0, {value});
    ASSERT_EQ(Commit(*producer), CommitOutcome::kCommitted) << producer->LastError();
  }
  auto reader = log().NewReader({});
  ASSERT_TRUE(reader);
  ASSERT_TRUE((*reader)->Assign({{{topic, 0}, 0}}));
  const auto first = (*reader)->Position({topic, 0});
  ASSERT_TRUE(first);
  EXPECT_EQ(*first, 0);
  const auto end = Ends({topic, 0}, false).end;
  Batch batch;
  std::size_t seen = 0;
  ASSERT_TRUE(fixture().Until([&] {
    EXPECT_TRUE((*reader)->Poll(batch, {}, fixture().wait()));
    seen += batch.records.size();
    const auto position = (*reader)->Position({topic, 0});
    return position && *position >= end;
  })) << "a restore would wait for ever";
  EXPECT_EQ(seen, 3u);
}

TEST_P(LogConformance, StreamPoint5TheEndOfAReadCommittedHandleIsTheLastStableOffset) {
  if (!can().open_transactions_show) GTEST_SKIP() << "open transactions aren't in the log";
  const auto topic = Topic("stable");
  Produce(topic, 0, {"before"});
  auto producer = NewProducer(fixture().Unique("tx"));
  ASSERT_TRUE(producer);
  OpenTransaction(*producer, topic, 0, {"open"});
  ASSERT_TRUE(fixture().Until([&] { return Ends({topic, 0}, false).end == 2; }))
      << "the open transaction's record never reached the log";
  Produce(topic, 0, {"after"});
  EXPECT_EQ(Ends({topic, 0}, true).end, 1);
  EXPECT_EQ(Ends({topic, 0}, false).end, 3);
  EXPECT_EQ(ReadValues({topic, 0}), (Strings{"before"})) << "read past an open transaction";
  EXPECT_EQ(ReadValues({topic, 0}, false), (Strings{"before", "open", "after"}));
  ASSERT_EQ(Commit(*producer), CommitOutcome::kCommitted) << producer->LastError();
  ASSERT_TRUE(fixture().Until([&] { return Ends({topic, 0}, true).end >= 3; }));
  EXPECT_EQ(ReadValues({topic, 0}), (Strings{"before", "open", "after"}));
}

TEST_P(LogConformance, InterleavedTransactionsEndEachOnItsOwn) {
  if (!can().open_transactions_show) GTEST_SKIP() << "open transactions aren't in the log";
  const auto topic = Topic("interleaved");
  auto one = NewProducer(fixture().Unique("tx"));
  auto two = NewProducer(fixture().Unique("tx"));
  ASSERT_TRUE(one && two);
  OpenTransaction(*one, topic, 0, {"one"});
  ASSERT_TRUE(fixture().Until([&] { return Ends({topic, 0}, false).end == 1; }));
  OpenTransaction(*two, topic, 0, {"two"});
  ASSERT_EQ(Commit(*two), CommitOutcome::kCommitted) << two->LastError();
  EXPECT_EQ(ReadValues({topic, 0}), Strings{}) << "committed, but behind an open transaction";
  ASSERT_TRUE(one->Abort(20s)) << one->LastError();
  ASSERT_TRUE(fixture().Until([&] { return Ends({topic, 0}, true).end >= 4; }));
  EXPECT_EQ(ReadValues({topic, 0}), (Strings{"two"}));
}

TEST_P(LogConformance, MembersOfAGroupReadOnlyWhatIsCommitted) {
  const auto topic = Topic("committed");
  auto producer = NewProducer(fixture().Unique("tx"));
  ASSERT_TRUE(producer);
  Member member(fixture(), 0, "m", GroupOf(fixture().Unique("g"), "i", {topic}));
  ASSERT_TRUE(member.Open());
  ASSERT_TRUE(Settle({&member}, topic, {1}));
  OpenTransaction(*producer, topic, 0, {"never"});
  ASSERT_TRUE(producer->Abort(20s)) << producer->LastError();
  OpenTransaction(*producer, topic, 0, {"yes"});
  fixture().Pass(500ms, [&] { EXPECT_TRUE(member.Poll()); });
  EXPECT_TRUE(member.seen.empty());
  ASSERT_EQ(Commit(*producer), CommitOutcome::kCommitted) << producer->LastError();
  ASSERT_TRUE(fixture().Until([&] { return member.Poll() && !member.seen.empty(); }));
  EXPECT_EQ(member.Values(), (Strings{"yes"}));
  member.Close();
}

TEST_P(LogConformance, AMembersPositionPassesWhatItIsNotShown) {
  const auto topic = Topic("positions", 2);
  Member member(fixture(), 0, "m", GroupOf(fixture().Unique("g"), "i", {topic}));
  member.resume = false;
  ASSERT_TRUE(member.Open());
  ASSERT_TRUE(Settle({&member}, topic, {2}));
  const auto idle = member.consumer().Position({topic, 0});
  ASSERT_FALSE(idle) << "a position before Resume";
  EXPECT_EQ(idle.error().disposition, Disposition::kRetry);
  ASSERT_TRUE(member.consumer().Resume({topic, 0}, 0));
  EXPECT_EQ(*member.consumer().Position({topic, 0}), 0);
  auto producer = NewProducer(fixture().Unique("tx"));
  ASSERT_TRUE(producer);
  OpenTransaction(*producer, topic, 0, {"yes"});
  ASSERT_EQ(Commit(*producer), CommitOutcome::kCommitted) << producer->LastError();
  OpenTransaction(*producer, topic, 0, {"never"});
  ASSERT_TRUE(producer->Abort(20s)) << producer->LastError();
  const auto end = Ends({topic, 0}, false).end;
  ASSERT_TRUE(fixture().Until([&] {
    EXPECT_TRUE(member.Poll());
    const auto position = member.consumer().Position({topic, 0});
    return position && *position >= end;
  })) << "timers would wait for ever";
  EXPECT_EQ(member.Values(), (Strings{"yes"}));
  member.Close();
}

TEST_P(LogConformance, CallsOutOfOrderAreRefusedAndHarmNothing) {
  const auto topic = Topic("out-of-order");
  auto made = log().NewTransactionalProducer({fixture().Unique("tx"), 60s});
  ASSERT_TRUE(made);
  const auto early = (*made)->Begin();
  ASSERT_FALSE(early) << "Begin before Init";
  EXPECT_EQ(early.error().code, errors::kInvalidState);
  auto producer = NewProducer(fixture().Unique("tx"));
  ASSERT_TRUE(producer);
  const auto outside = producer->Send(topic, 0, "k", "v", 1);
  ASSERT_FALSE(outside) << "Send outside a transaction";
  EXPECT_EQ(outside.error().disposition, Disposition::kFatal);
  EXPECT_EQ(outside.error().code, errors::kInvalidState);
  ASSERT_TRUE(producer->Begin());
  EXPECT_FALSE(producer->Begin()) << "Begin within a transaction";
  ASSERT_TRUE(producer->Send(topic, 0, "k", "v", 1));
  EXPECT_EQ(Commit(*producer), CommitOutcome::kCommitted) << producer->LastError();
  EXPECT_EQ(ReadValues({topic, 0}), (Strings{"v"}));
}

TEST_P(LogConformance, AnEmptyTransactionCommitsAndAborts) {
  auto producer = NewProducer(fixture().Unique("tx"));
  ASSERT_TRUE(producer);
  ASSERT_TRUE(producer->Begin());
  EXPECT_EQ(Commit(*producer), CommitOutcome::kCommitted) << producer->LastError();
  EXPECT_EQ(producer->LastError(), "");
  ASSERT_TRUE(producer->Begin());
  EXPECT_TRUE(producer->Abort(20s)) << producer->LastError();
}

TEST_P(LogConformance, TombstonesAndTimestampsOfATransactionAreKept) {
  const auto topic = Topic("tx-shapes");
  auto producer = NewProducer(fixture().Unique("tx"));
  ASSERT_TRUE(producer);
  ASSERT_TRUE(producer->Begin());
  ASSERT_TRUE(producer->Send(topic, 0, "k", std::nullopt, 1'700'000'000'001));
  ASSERT_TRUE(producer->Send(topic, 0, "k", "", 1'700'000'000'002));
  ASSERT_EQ(Commit(*producer), CommitOutcome::kCommitted) << producer->LastError();
  const auto all = ReadAll({topic, 0});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].value, std::nullopt);
  EXPECT_EQ(all[0].timestamp_ms, 1'700'000'000'001);
  EXPECT_EQ(all[1].value, "");
  EXPECT_EQ(all[1].key, "k");
}

TEST_P(LogConformance, StreamPoint7OutputsChangelogAndOffsetsAreOneTransaction) {
  const auto input = Topic("input");
  const auto output = Topic("output");
  const auto changelog = Topic("changelog", 1, true);
  Produce(input, 0, {"a", "b"});
  Member member(fixture(), 0, "m", GroupOf(fixture().Unique("g"), "i", {input}));
  ASSERT_TRUE(member.Open());
  ASSERT_TRUE(Settle({&member}, input, {1}));
  ASSERT_TRUE(fixture().Until([&] { return member.Poll() && member.seen.size() >= 2; }));
  auto producer = NewProducer(fixture().Unique("tx"));
  ASSERT_TRUE(producer);
  // Aborted: neither records nor offsets.
  OpenTransaction(*producer, output, 0, {"wrong"});
  ASSERT_TRUE(producer->Send(changelog, 0, "k", "wrong", 1));
  ASSERT_TRUE(producer->SendOffsets({{{input, 0}, 1, "wrong"}}, member.metadata));
  ASSERT_TRUE(producer->Abort(20s)) << producer->LastError();
  EXPECT_EQ(CommittedOf(member.consumer(), {input, 0}), std::nullopt);
  // Committed: all three.
  OpenTransaction(*producer, output, 0, {"out"});
  ASSERT_TRUE(producer->Send(changelog, 0, "k", "document", 1));
  ASSERT_TRUE(producer->SendOffsets({{{input, 0}, 2, "tally=2"}}, member.metadata));
  ASSERT_EQ(Commit(*producer), CommitOutcome::kCommitted) << producer->LastError();
  EXPECT_EQ(ReadValues({output, 0}), (Strings{"out"}));
  EXPECT_EQ(ReadValues({changelog, 0}), (Strings{"document"}));
  const auto committed = CommittedOf(member.consumer(), {input, 0});
  ASSERT_TRUE(committed);
  EXPECT_EQ(committed->next_offset, 2);
  EXPECT_EQ(committed->metadata, "tally=2");
  member.Close();
}

TEST_P(LogConformance, StreamPoint6CommittedNeverTellsAnOffsetThatMayStillChange) {
  if (!can().open_transactions_show) GTEST_SKIP() << "offsets aren't pending here";
  const auto input = Topic("pending");
  Produce(input, 0, {"a", "b"});
  Member member(fixture(), 0, "m", GroupOf(fixture().Unique("g"), "i", {input}));
  ASSERT_TRUE(member.Open());
  ASSERT_TRUE(Settle({&member}, input, {1}));
  ASSERT_TRUE(member.consumer().Commit({{{input, 0}, 1, ""}}));
  auto producer = NewProducer(fixture().Unique("tx"));
  ASSERT_TRUE(producer);
  ASSERT_TRUE(producer->Begin());
  ASSERT_TRUE(producer->SendOffsets({{{input, 0}, 2, ""}}, member.metadata));
  const auto pending = member.consumer().Committed({{input, 0}});
  ASSERT_FALSE(pending) << "told " << pending->at({input, 0})->next_offset;
  EXPECT_EQ(pending.error().disposition, Disposition::kRetry);
  ASSERT_EQ(Commit(*producer), CommitOutcome::kCommitted) << producer->LastError();
  EXPECT_EQ(CommittedOf(member.consumer(), {input, 0})->next_offset, 2);
  member.Close();
}

TEST_P(LogConformance, StreamPoint6OffsetsOfAGroupWithoutAnyAreMissingNotZero) {
  const auto input = Topic("expired", 2);
  Member member(fixture(), 0, "m", GroupOf(fixture().Unique("g"), "i", {input}));
  ASSERT_TRUE(member.Open());
  ASSERT_TRUE(Settle({&member}, input, {2}));
  const auto committed = member.consumer().Committed({{input, 0}, {input, 1}});
  ASSERT_TRUE(committed) << committed.error().message;
  EXPECT_EQ(committed->size(), 2u);
  EXPECT_EQ(committed->at({input, 0}), std::nullopt);
  EXPECT_EQ(committed->at({input, 1}), std::nullopt);
  member.Close();
}

}  // namespace textback::log::conformance
