// Records, readers, writers and topics: what holds without groups and transactions.
#include <map>

#include "base/hash.h"
#include "log/errors.h"
#include "log_conformance/conformance.h"

namespace textback::log::conformance {

using namespace std::chrono_literals;

void LinkRecords() {}

namespace {

using Strings = std::vector<std::string>;

}  // namespace

TEST_P(LogConformance, RecordsComeBackInTheOrderTheyWereSent) {
  const auto topic = Topic("order");
  Strings values;
  for (int i = 0; i < 200; ++i) values.push_back("v" + std::to_string(i));
  Produce(topic, 0, values);
  const auto all = ReadAll({topic, 0});
  ASSERT_EQ(all.size(), values.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].value, values[i]);
    EXPECT_EQ(all[i].offset, static_cast<std::int64_t>(i));
    EXPECT_EQ(all[i].topic, topic);
    EXPECT_EQ(all[i].partition, 0);
  }
}

TEST_P(LogConformance, KeysTimestampsTombstonesAndEmptyValuesAreKept) {
  const auto topic = Topic("shapes");
  auto writer = log().NewWriter("shapes");
  ASSERT_TRUE(writer);
  const std::string binary("\0\xff\n", 3);
  ASSERT_TRUE((*writer)->Send(topic, 0, binary, "v", 1'700'000'000'123));
  ASSERT_TRUE((*writer)->Send(topic, 0, "k", std::nullopt, 2));
  ASSERT_TRUE((*writer)->Send(topic, 0, "k", "", 3));
  ASSERT_TRUE((*writer)->Send(topic, 0, "", binary, 4));
  ASSERT_TRUE((*writer)->Flush(30s));
  const auto all = ReadAll({topic, 0});
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].key, binary);
  EXPECT_EQ(all[0].timestamp_ms, 1'700'000'000'123);
  EXPECT_EQ(all[1].value, std::nullopt) << "a tombstone came back as a value";
  ASSERT_TRUE(all[2].value) << "an empty value came back as a tombstone";
  EXPECT_EQ(*all[2].value, "");
  EXPECT_EQ(all[3].key, "");
  EXPECT_EQ(all[3].value, binary);
}

TEST_P(LogConformance, KeysGoToThePartitionThatMurmur2Says) {
  const auto topic = Topic("murmur", 7);
  auto writer = log().NewWriter("murmur");
  ASSERT_TRUE(writer);
  for (int i = 0; i < 50; ++i) {
    const auto key = "+1212555010" + std::to_string(i);
    ASSERT_TRUE((*writer)->Send(topic, std::nullopt, key, "v", 1));
  }
  ASSERT_TRUE((*writer)->Flush(30s));
  std::size_t seen = 0;
  for (std::int32_t p = 0; p < 7; ++p) {
    for (const auto& r : ReadAll({topic, p})) {
      ++seen;
      EXPECT_EQ(PartitionOf(r.key, 7), p) << r.key;
    }
  }
  EXPECT_EQ(seen, 50u);
}

TEST_P(LogConformance, ABatchHoldsAtMostTheRecordsAllowed) {
  const auto topic = Topic("limit");
  Produce(topic, 0, {"a", "b", "c", "d", "e", "f", "g"});
  auto reader = log().NewReader({});
  ASSERT_TRUE(reader);
  ASSERT_TRUE((*reader)->Assign({{{topic, 0}, 0}}));
  Batch batch;
  Strings values;
  ASSERT_TRUE(fixture().Until([&] {
    EXPECT_TRUE((*reader)->Poll(batch, {.records_max = 3, .bytes_max = 1 << 20}, fixture().wait()));
    EXPECT_LE(batch.records.size(), 3u);
    for (const auto& r : batch.records) values.emplace_back(*r.value);
    return values.size() >= 7;
  }));
  EXPECT_EQ(values, (Strings{"a", "b", "c", "d", "e", "f", "g"}));
}

TEST_P(LogConformance, TheRecordThatPassesTheByteLimitIsTheLast) {
  const auto topic = Topic("bytes");
  const std::string large(1000, 'x');
  Produce(topic, 0, {large, large, large, large});
  auto reader = log().NewReader({});
  ASSERT_TRUE(reader);
  ASSERT_TRUE((*reader)->Assign({{{topic, 0}, 0}}));
  Batch batch;
  std::size_t seen = 0;
  ASSERT_TRUE(fixture().Until([&] {
    EXPECT_TRUE((*reader)->Poll(batch, {.records_max = 100, .bytes_max = 1500}, fixture().wait()));
    EXPECT_LE(batch.records.size(), 2u);
    std::size_t bytes = 0;
    for (const auto& r : batch.records) bytes += r.key.size() + r.value->size();
    EXPECT_EQ(batch.bytes, bytes);
    seen += batch.records.size();
    return seen >= 4;
  }));
  EXPECT_EQ(seen, 4u);
  // One record larger than the limit is still taken, or it could never be.
  ASSERT_TRUE((*reader)->Assign({{{topic, 0}, 3}}));
  ASSERT_TRUE(fixture().Until([&] {
    EXPECT_TRUE((*reader)->Poll(batch, {.records_max = 100, .bytes_max = 10}, fixture().wait()));
    return !batch.records.empty();
  }));
  EXPECT_EQ(batch.records.size(), 1u);
}

TEST_P(LogConformance, ViewsOfABatchLiveUntilItIsPolledIntoAgain) {
  const auto topic = Topic("views");
  Produce(topic, 0, {"one", "two"});
  Batch batch;
  {
    auto reader = log().NewReader({});
    ASSERT_TRUE(reader);
    ASSERT_TRUE((*reader)->Assign({{{topic, 0}, 0}}));
    ASSERT_TRUE(fixture().Until([&] {
      EXPECT_TRUE((*reader)->Poll(batch, {}, fixture().wait()));
      return !batch.records.empty();
    }));
    Produce(topic, 0, {std::string(100'000, 'z')});
    EXPECT_EQ(*batch.records[0].value, "one");
    EXPECT_EQ(batch.records[0].topic, topic);
    batch.Clear();
  }
  EXPECT_TRUE(batch.records.empty());
  EXPECT_EQ(batch.bytes, 0u);
}

TEST_P(LogConformance, AReaderStartsWhereItIsToldAndMovesWhenAssignedAgain) {
  const auto topic = Topic("start", 2);
  Produce(topic, 0, {"a", "b", "c"});
  Produce(topic, 1, {"x", "y"});
  auto reader = log().NewReader({});
  ASSERT_TRUE(reader);
  ASSERT_TRUE((*reader)->Assign({{{topic, 0}, 1}, {{topic, 1}, 1}}));
  std::map<std::int32_t, Strings> values;
  Batch batch;
  const auto poll_until = [&](std::size_t count) {
    values.clear();
    std::size_t seen = 0;
    return fixture().Until([&] {
      EXPECT_TRUE((*reader)->Poll(batch, {}, fixture().wait()));
      for (const auto& r : batch.records) values[r.partition].emplace_back(*r.value);
      seen += batch.records.size();
      return seen >= count;
    });
  };
  ASSERT_TRUE(poll_until(3));
  EXPECT_EQ(values[0], (Strings{"b", "c"}));
  EXPECT_EQ(values[1], (Strings{"y"}));
  ASSERT_TRUE((*reader)->Assign({{{topic, 0}, 0}}));
  ASSERT_TRUE(poll_until(3));
  EXPECT_EQ(values[0], (Strings{"a", "b", "c"}));
  EXPECT_EQ(values.count(1), 0u) << "a partition that is no longer assigned was read";
}

TEST_P(LogConformance, AReaderWaitsAtTheEndAndThenReadsOn) {
  const auto topic = Topic("tail");
  auto reader = log().NewReader({});
  ASSERT_TRUE(reader);
  ASSERT_TRUE((*reader)->Assign({{{topic, 0}, 0}}));
  Batch batch;
  ASSERT_TRUE((*reader)->Poll(batch, {}, fixture().wait()));
  EXPECT_TRUE(batch.records.empty());
  Produce(topic, 0, {"late"});
  ASSERT_TRUE(fixture().Until([&] {
    EXPECT_TRUE((*reader)->Poll(batch, {}, fixture().wait()));
    return !batch.records.empty();
  }));
  EXPECT_EQ(*batch.records[0].value, "late");
}

TEST_P(LogConformance, OffsetsAreTheFirstAndTheNext) {
  const auto topic = Topic("ends", 2);
  EXPECT_EQ(Ends({topic, 1}, true).begin, 0);
  EXPECT_EQ(Ends({topic, 1}, true).end, 0);
  Produce(topic, 1, {"a", "b", "c"});
  for (const bool committed : {true, false}) {
    EXPECT_EQ(Ends({topic, 1}, committed).begin, 0);
    EXPECT_EQ(Ends({topic, 1}, committed).end, 3);
  }
  EXPECT_EQ(Ends({topic, 0}, true).end, 0);
}

TEST_P(LogConformance, APositionBelowTheStartOfTheLogIsForTheRebuilder) {
  const auto topic = Topic("trimmed");
  Produce(topic, 0, {"a", "b", "c", "d"});
  if (!fixture().Trim({topic, 0}, 2)) GTEST_SKIP() << "this log can't be trimmed by a test";
  EXPECT_EQ(Ends({topic, 0}, true).begin, 2);
  EXPECT_EQ(Ends({topic, 0}, true).end, 4);
  auto reader = log().NewReader({});
  ASSERT_TRUE(reader);
  ASSERT_TRUE((*reader)->Assign({{{topic, 0}, 1}}));
  Batch batch;
  Status polled = Ok();
  ASSERT_TRUE(fixture().Until([&] {
    polled = (*reader)->Poll(batch, {}, fixture().wait());
    EXPECT_TRUE(batch.records.empty()) << "a gap was jumped in silence";
    return !polled || !batch.records.empty();
  }));
  ASSERT_FALSE(polled);
  EXPECT_EQ(polled.error().disposition, Disposition::kRebuild);
  EXPECT_EQ(polled.error().code, errors::kOffsetOutOfRange);
  EXPECT_EQ(ReadAll({topic, 0}, true, 2).size(), 2u);
}

TEST_P(LogConformance, APositionBeyondTheEndOfTheLogIsForTheRebuilderToo) {
  const auto topic = Topic("beyond");
  Produce(topic, 0, {"a"});
  auto reader = log().NewReader({});
  ASSERT_TRUE(reader);
  ASSERT_TRUE((*reader)->Assign({{{topic, 0}, 50}}));
  Batch batch;
  Status polled = Ok();
  ASSERT_TRUE(fixture().Until([&] {
    polled = (*reader)->Poll(batch, {}, fixture().wait());
    return !polled;
  }));
  EXPECT_EQ(polled.error().disposition, Disposition::kRebuild);
  EXPECT_EQ(polled.error().code, errors::kOffsetOutOfRange);
}

TEST_P(LogConformance, AWriterNumbersItsSendsAndSaysHowManyAreDurable) {
  const auto topic = Topic("durable");
  auto writer = log().NewWriter("durable");
  ASSERT_TRUE(writer);
  for (std::uint64_t i = 1; i <= 5; ++i) {
    const auto sent = (*writer)->Send(topic, 0, "k", "v", 1);
    ASSERT_TRUE(sent);
    EXPECT_EQ(*sent, i);
  }
  std::uint64_t durable = 0;
  ASSERT_TRUE(fixture().Until([&] {
    const auto polled = (*writer)->Poll(fixture().wait());
    EXPECT_TRUE(polled);
    EXPECT_GE(*polled, durable) << "went back";
    EXPECT_LE(*polled, 5u);
    durable = *polled;
    return durable == 5;
  }));
  EXPECT_EQ(Ends({topic, 0}, true).end, 5);
  // Each writer counts for itself.
  auto other = log().NewWriter("durable");
  ASSERT_TRUE(other);
  EXPECT_EQ(*(*other)->Send(topic, 0, "k", "v", 1), 1u);
  ASSERT_TRUE((*other)->Flush(30s));
  EXPECT_EQ(*(*other)->Poll(0ms), 1u);
}

TEST_P(LogConformance, ARecordThatNoBrokerTakesIsADeadLetterAndHarmsNothing) {
  const auto topic = Topic("large");
  auto writer = log().NewWriter("large");
  ASSERT_TRUE(writer);
  const auto refused = (*writer)->Send(topic, 0, "k", std::string(64 << 20, 'x'), 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().disposition, Disposition::kDeadLetter);
  EXPECT_EQ(refused.error().code, errors::kRecordTooLarge);
  EXPECT_EQ(*(*writer)->Send(topic, 0, "k", "small", 1), 1u) << "a refused send was numbered";
  ASSERT_TRUE((*writer)->Flush(30s));
  EXPECT_EQ(ReadValues({topic, 0}), (Strings{"small"}));
}

TEST_P(LogConformance, CreatingATopicAgainIsFineUnlessItsPartitionsDiffer) {
  auto admin = log().NewAdmin();
  ASSERT_TRUE(admin);
  TopicSpec spec;
  spec.name = fixture().Unique("again");
  spec.partitions = 3;
  ASSERT_TRUE(fixture().CreateTopics({spec}));
  EXPECT_TRUE((*admin)->Create({spec}));
  spec.partitions = 4;
  const auto refused = (*admin)->Create({spec});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().disposition, Disposition::kFatal);
  EXPECT_EQ(refused.error().code, errors::kPartitionMismatch);
}

TEST_P(LogConformance, DescribeTellsPartitionsSettingsAndWhatIsMissing) {
  auto admin = log().NewAdmin();
  ASSERT_TRUE(admin);
  TopicSpec compacted;
  compacted.name = fixture().Unique("compacted");
  compacted.partitions = 3;
  compacted.compact = true;
  compacted.settings["delete.retention.ms"] = "86400000";
  TopicSpec kept;
  kept.name = fixture().Unique("kept");
  kept.retention_ms = 3'600'000;
  ASSERT_TRUE(fixture().CreateTopics({compacted, kept}));
  const auto missing = fixture().Unique("missing");
  std::map<std::string, std::optional<TopicInfo>> infos;
  ASSERT_TRUE(fixture().Until([&] {
    auto described = (*admin)->Describe({compacted.name, kept.name, missing});
    if (!described) return false;
    infos = std::move(described).value();
    return infos[compacted.name] && infos[kept.name];
  }));
  EXPECT_EQ(infos[compacted.name]->partitions, 3);
  EXPECT_EQ(infos[compacted.name]->settings["cleanup.policy"], "compact");
  EXPECT_EQ(infos[compacted.name]->settings["delete.retention.ms"], "86400000");
  EXPECT_EQ(infos[kept.name]->partitions, 1);
  EXPECT_EQ(infos[kept.name]->settings["cleanup.policy"], "delete");
  EXPECT_EQ(infos[kept.name]->settings["retention.ms"], "3600000");
  EXPECT_EQ(infos.count(missing), 1u);
  EXPECT_FALSE(infos[missing]);
}

TEST_P(LogConformance, PartitionsOfATopicAreKnownAndAMissingTopicIsFatal) {
  const auto topic = Topic("counted", 5);
  const auto known = log().Partitions(topic);
  ASSERT_TRUE(known) << known.error().message;
  EXPECT_EQ(*known, 5);
  const auto missing = log().Partitions(fixture().Unique("absent"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().disposition, Disposition::kFatal);
  EXPECT_EQ(missing.error().code, errors::kTopicMissing);
}

TEST_P(LogConformance, StreamPoint4TheAbortCheckIntervalCanBeRead) {
  auto admin = log().NewAdmin();
  ASSERT_TRUE(admin);
  const auto interval =
      (*admin)->BrokerSetting("transaction.abort.timed.out.transaction.cleanup.interval.ms");
  ASSERT_TRUE(interval) << interval.error().message;
  if (*interval) {
    EXPECT_GT(std::stol(**interval), 0);
  } else {
    EXPECT_FALSE(can().transactions_time_out) << "a coordinator with time-outs, but no interval";
  }
  const auto unknown = (*admin)->BrokerSetting("no.such.setting");
  ASSERT_TRUE(unknown) << unknown.error().message;
  EXPECT_EQ(*unknown, std::nullopt);
}

}  // namespace textback::log::conformance
