#include "intake/block_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "log/errors.h"
#include "log_sim/sim_log.h"

namespace textback::intake {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Msisdn Number(const char* text) { return Msisdn::FromE164(text).value(); }

class Heard final : public IntakeEvents {
 public:
  void OnBlocked(std::size_t count, std::int64_t) override { entries = count; }
  void OnBlockRefused(std::string_view number, const Error& why) override {
    refused.push_back(std::string(number) + ": " + why.message);
  }
  void OnRetry(const Error&, std::chrono::milliseconds) override { ++retries; }
  std::size_t entries = 0;
  std::vector<std::string> refused;
  int retries = 0;
};

class BlockFeedTest : public testing::Test {
 protected:
  BlockFeedTest() {
    EXPECT_TRUE(cluster_.CreateTopics({{.name = "blocklist", .partitions = 1, .compact = true},
                                       {.name = "two", .partitions = 2}}));
    operator_ = cluster_.NewClient("operator");
    client_ = cluster_.NewClient("worker");
    writer_ = std::move(operator_->NewWriter("operator")).value();
  }

  void Put(const std::string& number, const std::string& list = "operator", bool always = false) {
    v1::BlockEntry entry;
    entry.set_number(number);
    entry.set_list(list);
    entry.set_always(always);
    PutRaw(number, entry.SerializeAsString());
  }
  void PutRaw(const std::string& key, std::optional<std::string> value) {
    ASSERT_TRUE(writer_->Send("blocklist", 0, key, value, clock_.NowMs()));
    ASSERT_TRUE(writer_->Flush(1s));
  }
  void Run(BlockFeed& feed) {
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(feed.Step(0ms));
      clock_.Advance(1s);
    }
  }
  static std::string ListOf(const BlockFeed& feed, const char* number) {
    const auto* list = feed.Blocked()->Find(Number(number));
    return list == nullptr ? "" : list->name + (list->always ? "!" : "");
  }

  ManualClock clock_{1'790'000'000'000};
  log::sim::SimCluster cluster_{1, clock_};
  std::unique_ptr<log::Log> operator_;
  std::unique_ptr<log::Log> client_;
  std::unique_ptr<log::Writer> writer_;
  Heard heard_;
};

TEST_F(BlockFeedTest, IsNullUntilTheEndAtStartIsReadAndThenFollows) {
  Put("+447700900123");
  BlockFeed feed(*client_, clock_, {.topic = "blocklist"}, heard_);
  EXPECT_EQ(feed.Blocked(), nullptr);
  Run(feed);
  ASSERT_NE(feed.Blocked(), nullptr);
  EXPECT_EQ(ListOf(feed, "+447700900123"), "operator");
  EXPECT_EQ(ListOf(feed, "+447700900124"), "");
  EXPECT_EQ(feed.Blocked()->version(), 1);
  const auto before = feed.Blocked();
  Put("+4477009002*", "regulator", true);
  Put("+447700900124", "regulator");
  PutRaw("+447700900123", std::nullopt);
  Run(feed);
  EXPECT_EQ(ListOf(feed, "+447700900123"), "");
  EXPECT_EQ(ListOf(feed, "+447700900124"), "regulator");
  EXPECT_EQ(ListOf(feed, "+447700900299"), "regulator!");
  EXPECT_EQ(heard_.entries, 2u);
  EXPECT_NE(before->Find(Number("+447700900123")), nullptr) << "who holds a table keeps it";
}

TEST_F(BlockFeedTest, ANarrowerPrefixComesBeforeAWiderOne) {
  Put("+4477009*", "wide");
  Put("+44770090012*", "narrow");
  Put("+447700900123", "own");
  BlockFeed feed(*client_, clock_, {.topic = "blocklist"}, heard_);
  Run(feed);
  EXPECT_EQ(ListOf(feed, "+447700900130"), "wide");
  EXPECT_EQ(ListOf(feed, "+447700900124"), "narrow");
  EXPECT_EQ(ListOf(feed, "+447700900123"), "own");
}

TEST_F(BlockFeedTest, AnEmptyTopicBlocksNobody) {
  BlockFeed feed(*client_, clock_, {.topic = "blocklist"}, heard_);
  Run(feed);
  ASSERT_NE(feed.Blocked(), nullptr);
  EXPECT_EQ(feed.Blocked()->size(), 0u);
}

TEST_F(BlockFeedTest, ABadEntryBlocksNobodyAndIsTold) {
  Put("+447700900123");
  PutRaw("+447700900123", "\xff\xff");
  Put("07700900124");
  Put("+447700900125", "Upper Case");
  v1::BlockEntry other;
  other.set_number("+447700900126");
  other.set_list("operator");
  PutRaw("+447700900127", other.SerializeAsString());
  BlockFeed feed(*client_, clock_, {.topic = "blocklist"}, heard_);
  Run(feed);
  EXPECT_EQ(feed.Blocked()->size(), 0u);
  ASSERT_EQ(heard_.refused.size(), 4u);
  EXPECT_THAT(heard_.refused[0], HasSubstr("+44770090****: the record is no"));
  EXPECT_THAT(heard_.refused[1], HasSubstr("is no number"));
  EXPECT_THAT(heard_.refused[2], HasSubstr("a list's name"));
  EXPECT_THAT(heard_.refused[3], HasSubstr("the record's key is not its number"));
}

TEST_F(BlockFeedTest, RefusesATopicOfSeveralPartitionsAndTriesAgainWhereNoBrokerAnswers) {
  BlockFeed two(*client_, clock_, {.topic = "two"}, heard_);
  EXPECT_EQ(two.Step(0ms).error().code, log::errors::kPartitionMismatch);
  Put("+447700900123");
  cluster_.Unreachable("worker", 3s);
  BlockFeed feed(*client_, clock_, {.topic = "blocklist"}, heard_);
  ASSERT_TRUE(feed.Step(0ms));
  EXPECT_EQ(heard_.retries, 1);
  EXPECT_EQ(feed.Blocked(), nullptr);
  Run(feed);
  Run(feed);
  EXPECT_EQ(ListOf(feed, "+447700900123"), "operator");
}

}  // namespace
}  // namespace textback::intake
