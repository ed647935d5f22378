// Groups: assignment, rebalance, static membership, offsets without transactions.
#include <algorithm>

#include "log/errors.h"
#include "log_conformance/conformance.h"

namespace textback::log::conformance {

using namespace std::chrono_literals;

void LinkGroups() {}

namespace {

using Strings = std::vector<std::string>;
using Indices = std::set<std::int32_t>;

// Opens and polls until the log refuses for good; the error.
std::optional<Error> Refusal(LogFixture& fixture, Member& member) {
  std::optional<Error> error;
  bool open = false;
  fixture.Until(
      [&] {
        const auto status = open ? member.Poll() : member.Open();
        if (status) {
          open = true;
        } else if (status.error().disposition != Disposition::kRetry) {
          error = status.error();
        }
        return error.has_value();
      },
      20s);
  return error;
}

}  // namespace

TEST_P(LogConformance, AHeaderComesWithItsRecordAndWithNoOther) {
  const auto topic = Topic("headers");
  auto writer = log().NewWriter("headers");
  ASSERT_TRUE(writer);
  const auto first = (*writer)->SendWith({kHeader, "one"}, topic, 0, "k", "v1", 1);
  if (!can().keeps_headers) {
    ASSERT_FALSE(first) << "a header would be lost";
    EXPECT_EQ(first.error().disposition, Disposition::kFatal);
    GTEST_SKIP() << "this log keeps no headers";
  }
  ASSERT_TRUE(first);
  ASSERT_TRUE((*writer)->Send(topic, 0, "k", "v2", 2));
  ASSERT_TRUE((*writer)->SendWith({kHeader, ""}, topic, 0, "k", "v3", 3));
  ASSERT_TRUE((*writer)->SendWith({"conformance-header", "one"}, topic, 0, "k", std::nullopt, 4));
  ASSERT_TRUE((*writer)->Flush(30s));
  Member member(fixture(), 0, "m", GroupOf(fixture().Unique("g"), "i", {topic}));
  ASSERT_TRUE(member.Open());
  ASSERT_TRUE(fixture().Until([&] {
    EXPECT_TRUE(member.Poll());
    return member.seen.size() >= 4;
  }));
  EXPECT_EQ(member.seen[0].header, "one");
  EXPECT_EQ(member.seen[0].value, "v1");
  EXPECT_EQ(member.seen[1].header, std::nullopt);
  EXPECT_EQ(member.seen[2].header, "") << "an empty header is not an absent one";
  EXPECT_EQ(member.seen[3].header, std::nullopt) << "names are case-sensitive";
  EXPECT_EQ(member.seen[3].value, std::nullopt);
}

TEST_P(LogConformance, AMemberAloneGetsEverythingInOrder) {
  const auto topic = Topic("alone", 2);
  Produce(topic, 0, {"a", "b", "c"});
  Produce(topic, 1, {"x", "y"});
  Member member(fixture(), 0, "m", GroupOf(fixture().Unique("g"), "i", {topic}));
  ASSERT_TRUE(member.Open());
  ASSERT_TRUE(Settle({&member}, topic, {2}));
  ASSERT_TRUE(fixture().Until([&] { return member.Poll() && member.seen.size() >= 5; }));
  Strings zero, one;
  for (const auto& r : member.seen) (r.partition == 0 ? zero : one).push_back(*r.value);
  EXPECT_EQ(zero, (Strings{"a", "b", "c"}));
  EXPECT_EQ(one, (Strings{"x", "y"}));
  EXPECT_TRUE(member.metadata.valid());
  EXPECT_EQ(member.consumer().Metadata().generation, member.metadata.generation);
  member.Close();
}

TEST_P(LogConformance, AssignedPartitionsStandIdleUntilResumedAndAfterPause) {
  const auto topic = Topic("idle", 2);
  Produce(topic, 0, {"a", "b", "c"});
  Produce(topic, 1, {"x"});
  Member member(fixture(), 0, "m", GroupOf(fixture().Unique("g"), "i", {topic}));
  member.resume = false;
  ASSERT_TRUE(member.Open());
  ASSERT_TRUE(Settle({&member}, topic, {2}));
  fixture().Pass(500ms, [&] { EXPECT_TRUE(member.Poll()); });
  EXPECT_TRUE(member.seen.empty()) << "read from a partition without a position";
  // A position of the caller's choice; the other stays idle.
  ASSERT_TRUE(member.consumer().Resume({topic, 0}, 1));
  ASSERT_TRUE(fixture().Until([&] { return member.Poll() && member.seen.size() >= 2; }));
  EXPECT_EQ(member.Values(), (Strings{"b", "c"}));
  // Paused: nothing, whatever was buffered.
  ASSERT_TRUE(member.consumer().Pause({topic, 0}));
  Produce(topic, 0, {"d"});
  fixture().Pass(500ms, [&] { EXPECT_TRUE(member.Poll()); });
  EXPECT_EQ(member.seen.size(), 2u);
  // Resume moves back as well.
  ASSERT_TRUE(member.consumer().Resume({topic, 0}, 0));
  ASSERT_TRUE(fixture().Until([&] { return member.Poll() && member.seen.size() >= 6; }));
  EXPECT_EQ(member.Values(), (Strings{"b", "c", "a", "b", "c", "d"}));
  member.Close();
}

TEST_P(LogConformance, ResumeMovesARunningPartitionAndBufferedRecordsAreDropped) {
  const auto topic = Topic("rewind");
  Strings values;
  for (int i = 0; i < 50; ++i) values.push_back(std::to_string(i));
  Produce(topic, 0, values);
  Member member(fixture(), 0, "m", GroupOf(fixture().Unique("g"), "i", {topic}));
  ASSERT_TRUE(member.Open());
  ASSERT_TRUE(Settle({&member}, topic, {1}));
  Batch batch;
  ASSERT_TRUE(fixture().Until([&] {
    EXPECT_TRUE(member.consumer().Poll(batch, {.records_max = 5}, fixture().wait()));
    return !batch.records.empty();
  }));
  EXPECT_EQ(batch.records[0].offset, 0);
  // As after an aborted transaction: from the first offset again.
  ASSERT_TRUE(member.consumer().Resume({topic, 0}, 2));
  ASSERT_TRUE(fixture().Until([&] { return member.Poll() && member.seen.size() >= 48; }));
  ASSERT_EQ(member.seen.size(), 48u);
  EXPECT_EQ(member.seen[0].offset, 2);
  EXPECT_EQ(member.seen[47].offset, 49);
  member.Close();
}

TEST_P(LogConformance, ResumeOfAPartitionThatIsNotAssignedHasNoEffect) {
  const auto topic = Topic("others");
  const auto foreign = Topic("foreign");
  Produce(foreign, 0, {"not ours"});
  Member member(fixture(), 0, "m", GroupOf(fixture().Unique("g"), "i", {topic}));
  ASSERT_TRUE(member.Open());
  ASSERT_TRUE(Settle({&member}, topic, {1}));
  EXPECT_TRUE(member.consumer().Resume({foreign, 0}, 0));
  fixture().Pass(300ms, [&] { EXPECT_TRUE(member.Poll()); });
  EXPECT_TRUE(member.seen.empty());
  member.Close();
}

TEST_P(LogConformance, StreamPoint2RangesOfTheAnchorAndTheOtherInputsFollow) {
  const auto anchor = Topic("anchor", 5);
  const auto other = Topic("other", 5);
  const auto group = fixture().Unique("g");
  Member a(fixture(), 0, "a", GroupOf(group, "a", {anchor, other}));
  Member b(fixture(), 1, "b", GroupOf(group, "b", {anchor, other}));
  ASSERT_TRUE(a.Open());
  ASSERT_TRUE(b.Open());
  ASSERT_TRUE(Settle({&a, &b}, anchor, {3, 2}));
  EXPECT_EQ(a.Indices(anchor), (Indices{0, 1, 2}));
  EXPECT_EQ(b.Indices(anchor), (Indices{3, 4}));
  EXPECT_EQ(a.Indices(other), a.Indices(anchor));
  EXPECT_EQ(b.Indices(other), b.Indices(anchor));
  EXPECT_EQ(a.metadata.generation, b.metadata.generation);
  // The followers are really read.
  Produce(other, 4, {"to b"});
  ASSERT_TRUE(fixture().Until([&] { return a.Poll() && b.Poll() && !b.seen.empty(); }));
  EXPECT_EQ(b.Values(), (Strings{"to b"}));
  a.Close();
  b.Close();
}

TEST_P(LogConformance, StreamPoint2ARollingUpgradeThatAddsAnInputKeepsIndicesTogether) {
  const auto anchor = Topic("anchor", 4);
  const auto second = Topic("second", 4);
  const auto added = Topic("added", 4);
  const auto group = fixture().Unique("g");
  Member old_build(fixture(), 0, "old", GroupOf(group, "a", {anchor, second}));
  Member new_build(fixture(), 1, "new", GroupOf(group, "b", {anchor, second, added}));
  ASSERT_TRUE(old_build.Open());
  ASSERT_TRUE(new_build.Open());
  ASSERT_TRUE(Settle({&old_build, &new_build}, anchor, {2, 2}));
  EXPECT_EQ(old_build.Indices(second), old_build.Indices(anchor));
  EXPECT_EQ(new_build.Indices(second), new_build.Indices(anchor));
  EXPECT_EQ(new_build.Indices(added), new_build.Indices(anchor));
  EXPECT_TRUE(old_build.Indices(added).empty());
  old_build.Close();
  new_build.Close();
}

TEST_P(LogConformance, StreamPoint2UnequalPartitionCountsAreRefused) {
  const auto anchor = Topic("anchor", 4);
  const auto other = Topic("other", 3);
  Member member(fixture(), 0, "m", GroupOf(fixture().Unique("g"), "i", {anchor, other}));
  const auto error = Refusal(fixture(), member);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->disposition, Disposition::kFatal);
  EXPECT_EQ(error->code, errors::kPartitionMismatch);
  EXPECT_NE(error->message.find(other), std::string::npos) << error->message;
}

TEST_P(LogConformance, InputsThatAreNotCoPartitionedMayHaveAnyCounts) {
  const auto one = Topic("one", 1);
  const auto three = Topic("three", 3);
  auto config = GroupOf(fixture().Unique("g"), "i", {one, three});
  config.co_partitioned = false;
  Member member(fixture(), 0, "m", config);
  ASSERT_TRUE(member.Open());
  ASSERT_TRUE(Settle({&member}, three, {3}));
  EXPECT_EQ(member.Indices(one), (Indices{0}));
  Produce(one, 0, {"1"});
  Produce(three, 2, {"3"});
  ASSERT_TRUE(fixture().Until([&] { return member.Poll() && member.seen.size() >= 2; }));
  member.Close();
}

TEST_P(LogConformance, AMissingInputIsFatalAndNamed) {
  const auto missing = fixture().Unique("missing");
  Member member(fixture(), 0, "m", GroupOf(fixture().Unique("g"), "i", {missing}));
  const auto error = Refusal(fixture(), member);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->disposition, Disposition::kFatal);
  EXPECT_EQ(error->code, errors::kTopicMissing);
  EXPECT_NE(error->message.find(missing), std::string::npos) << error->message;
}

TEST_P(LogConformance, StreamPoint11RevokedComesBeforeAnybodyElsesAssigned) {
  const auto topic = Topic("handover", 4);
  const auto group = fixture().Unique("g");
  Strings journal;
  Member a(fixture(), 0, "a", GroupOf(group, "a", {topic}), &journal);
  Member b(fixture(), 1, "b", GroupOf(group, "b", {topic}), &journal);
  ASSERT_TRUE(a.Open());
  ASSERT_TRUE(Settle({&a}, topic, {4}));
  const auto before = a.metadata;
  ASSERT_TRUE(b.Open());
  ASSERT_TRUE(Settle({&a, &b}, topic, {2, 2}));
  EXPECT_NE(a.metadata.generation, before.generation) << "the generation fences";
  EXPECT_EQ(a.losses, 0) << "a member that polls is asked, not robbed";
  for (const auto p : {2, 3}) {
    const auto of = topic + "-" + std::to_string(p);
    const auto revoked = std::find(journal.begin(), journal.end(), "a revoked " + of);
    const auto assigned = std::find(journal.begin(), journal.end(), "b assigned " + of);
    ASSERT_NE(revoked, journal.end());
    ASSERT_NE(assigned, journal.end());
    EXPECT_LT(revoked - journal.begin(), assigned - journal.begin());
  }
  a.Close();
  b.Close();
}

TEST_P(LogConformance, StreamPoint11WhatIsCommittedWhileRevokedIsWhereTheNextOwnerStarts) {
  const auto topic = Topic("last-moment", 2);
  const auto group = fixture().Unique("g");
  Produce(topic, 1, {"done", "next"});
  Member a(fixture(), 0, "a", GroupOf(group, "a", {topic}));
  Member b(fixture(), 1, "b", GroupOf(group, "b", {topic}));
  ASSERT_TRUE(a.Open());
  ASSERT_TRUE(Settle({&a}, topic, {2}));
  a.on_revoked = [&] { EXPECT_TRUE(a.consumer().Commit({{{topic, 1}, 1, "tally"}})); };
  ASSERT_TRUE(b.Open());
  ASSERT_TRUE(Settle({&a, &b}, topic, {1, 1}));
  ASSERT_TRUE(fixture().Until([&] { return a.Poll() && b.Poll() && !b.seen.empty(); }));
  EXPECT_EQ(b.Values(), (Strings{"next"}));
  a.on_revoked = {};
  a.Close();
  b.Close();
}

TEST_P(LogConformance, StreamPoint12AStaticMemberThatRestartsDisturbsNobody) {
  const auto topic = Topic("restart", 4);
  const auto group = fixture().Unique("g");
  Member a(fixture(), 0, "a", GroupOf(group, "a", {topic}));
  Member b(fixture(), 1, "b", GroupOf(group, "b", {topic}));
  ASSERT_TRUE(a.Open());
  ASSERT_TRUE(b.Open());
  ASSERT_TRUE(Settle({&a, &b}, topic, {2, 2}));
  const auto a_held = a.Indices(topic);
  const int b_assignments = b.assignments;
  const auto b_generation = b.metadata.generation;
  a.Crash();
  Member again(fixture(), 0, "a2", GroupOf(group, "a", {topic}));
  ASSERT_TRUE(again.Open());
  const MonoTime from = fixture().Now();
  ASSERT_TRUE(Settle({&again, &b}, topic, {2, 2}));
  EXPECT_LT(fixture().Now() - from, fixture().session()) << "it waited for its own session to end";
  EXPECT_EQ(again.Indices(topic), a_held);
  fixture().Pass(500ms, [&] { EXPECT_TRUE(again.Poll() && b.Poll()); });
  EXPECT_EQ(b.assignments, b_assignments);
  EXPECT_EQ(b.revocations, 0);
  EXPECT_EQ(b.consumer().Metadata().generation, b_generation);
  again.Close();
  b.Close();
}

TEST_P(LogConformance, ASecondMemberOfTheSameInstanceFencesTheFirst) {
  const auto topic = Topic("twins");
  const auto group = fixture().Unique("g");
  Member first(fixture(), 0, "first", GroupOf(group, "same", {topic}));
  ASSERT_TRUE(first.Open());
  ASSERT_TRUE(Settle({&first}, topic, {1}));
  Member second(fixture(), 1, "second", GroupOf(group, "same", {topic}));
  ASSERT_TRUE(second.Open());
  ASSERT_TRUE(Settle({&second}, topic, {1}));
  Status fenced = Ok();
  ASSERT_TRUE(fixture().Until([&] {
    EXPECT_TRUE(second.Poll());
    fenced = first.Poll();
    return !fenced && fenced.error().disposition != Disposition::kRetry;
  }));
  EXPECT_EQ(fenced.error().disposition, Disposition::kYield);
  EXPECT_EQ(fenced.error().code, errors::kFenced);
  first.Close();
  // Its going away takes nothing from the second.
  fixture().Pass(500ms, [&] { EXPECT_TRUE(second.Poll()); });
  EXPECT_EQ(second.Indices(topic), (Indices{0}));
  second.Close();
}

TEST_P(LogConformance, StreamPoint11ASilentMemberLosesItsPartitionsAndIsTold) {
  if (!can().sessions_expire) GTEST_SKIP() << "sessions don't expire here";
  const auto topic = Topic("silent", 2);
  const auto group = fixture().Unique("g");
  Member a(fixture(), 0, "a", GroupOf(group, "a", {topic}));
  Member b(fixture(), 1, "b", GroupOf(group, "b", {topic}));
  ASSERT_TRUE(a.Open());
  ASSERT_TRUE(b.Open());
  ASSERT_TRUE(Settle({&a, &b}, topic, {1, 1}));
  const int revocations = a.revocations;
  ASSERT_TRUE(Settle({&b}, topic, {2})) << "nobody took over";
  // It wakes, and must hear "lost" (or that it is fenced), never "revoked": too late to commit.
  bool yielded = false;
  ASSERT_TRUE(fixture().Until([&] {
    const auto polled = a.Poll();
    yielded = !polled && polled.error().disposition == Disposition::kYield;
    EXPECT_TRUE(b.Poll());
    return yielded || a.losses > 0;
  }));
  EXPECT_EQ(a.revocations, revocations);
  a.Close();
  b.Close();
}

TEST_P(LogConformance, ACrashedMemberIsReplacedWhenItsSessionEnds) {
  if (!can().sessions_expire) GTEST_SKIP() << "sessions don't expire here";
  const auto topic = Topic("crashed", 2);
  const auto group = fixture().Unique("g");
  Member a(fixture(), 0, "a", GroupOf(group, "a", {topic}));
  Member b(fixture(), 1, "b", GroupOf(group, "b", {topic}));
  ASSERT_TRUE(a.Open());
  ASSERT_TRUE(b.Open());
  ASSERT_TRUE(Settle({&a, &b}, topic, {1, 1}));
  a.Crash();
  fixture().Pass(fixture().session() / 4, [&] { EXPECT_TRUE(b.Poll()); });
  EXPECT_EQ(b.Indices(topic).size(), 1u) << "the broker can't know yet";
  ASSERT_TRUE(Settle({&b}, topic, {2}));
  b.Close();
}

TEST_P(LogConformance, CloseRevokesAndAStaticMembersPartitionsWaitForIt) {
  const auto topic = Topic("closed", 2);
  const auto group = fixture().Unique("g");
  Member a(fixture(), 0, "a", GroupOf(group, "a", {topic}));
  Member b(fixture(), 1, "b", GroupOf(group, "b", {topic}));
  ASSERT_TRUE(a.Open());
  ASSERT_TRUE(b.Open());
  ASSERT_TRUE(Settle({&a, &b}, topic, {1, 1}));
  const int revocations = a.revocations;
  a.Close();
  EXPECT_EQ(a.revocations, revocations + 1);
  EXPECT_TRUE(a.assigned().empty());
  a.Close();
  EXPECT_EQ(a.revocations, revocations + 1) << "Close isn't idempotent";
  fixture().Pass(fixture().session() / 4, [&] { EXPECT_TRUE(b.Poll()); });
  EXPECT_EQ(b.Indices(topic), (Indices{1})) << "they wait for the member's return";
  if (can().sessions_expire) {
    EXPECT_TRUE(Settle({&b}, topic, {2}));
  }
  b.Close();
}

TEST_P(LogConformance, CommittedOffsetsCarryTheirMetadata) {
  const auto topic = Topic("offsets", 3);
  Member member(fixture(), 0, "m", GroupOf(fixture().Unique("g"), "i", {topic}));
  ASSERT_TRUE(member.Open());
  ASSERT_TRUE(Settle({&member}, topic, {3}));
  EXPECT_EQ(CommittedOf(member.consumer(), {topic, 0}), std::nullopt);
  const std::string largest(4096, 'm');
  ASSERT_TRUE(member.consumer().Commit({{{topic, 0}, 7, largest}, {{topic, 2}, 0, ""}}));
  const auto zero = CommittedOf(member.consumer(), {topic, 0});
  ASSERT_TRUE(zero);
  EXPECT_EQ(zero->next_offset, 7);
  EXPECT_EQ(zero->metadata, largest);
  const auto two = CommittedOf(member.consumer(), {topic, 2});
  ASSERT_TRUE(two);
  EXPECT_EQ(two->next_offset, 0);
  EXPECT_EQ(two->metadata, "");
  EXPECT_EQ(CommittedOf(member.consumer(), {topic, 1}), std::nullopt);
  // Also backwards: the broker takes what it is told.
  ASSERT_TRUE(member.consumer().Commit({{{topic, 0}, 3, "x"}}));
  EXPECT_EQ(CommittedOf(member.consumer(), {topic, 0})->next_offset, 3);
  member.Close();
}

TEST_P(LogConformance, CommitOfAReplacedMemberIsFenced) {
  const auto topic = Topic("stale-commit");
  const auto group = fixture().Unique("g");
  Member first(fixture(), 0, "first", GroupOf(group, "same", {topic}));
  ASSERT_TRUE(first.Open());
  ASSERT_TRUE(Settle({&first}, topic, {1}));
  ASSERT_TRUE(first.consumer().Commit({{{topic, 0}, 1, ""}}));
  Member second(fixture(), 1, "second", GroupOf(group, "same", {topic}));
  ASSERT_TRUE(second.Open());
  ASSERT_TRUE(Settle({&second}, topic, {1}));
  const auto refused = first.consumer().Commit({{{topic, 0}, 2, ""}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().disposition, Disposition::kYield) << refused.error().message;
  EXPECT_EQ(CommittedOf(second.consumer(), {topic, 0})->next_offset, 1);
  first.Close();
  second.Close();
}

}  // namespace textback::log::conformance
