#include "intake/tenant_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "log/errors.h"
#include "log_sim/sim_log.h"

namespace textback::intake {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

Msisdn Number(const char* text) { return Msisdn::FromE164(text).value(); }

class Heard final : public IntakeEvents {
 public:
  void OnTenantRefused(std::string_view tenant, const Error& why) override {
    refused.push_back(std::string(tenant) + ": " + why.message);
  }
  void OnLineRefused(std::string_view line, std::string_view tenant,
                     std::string_view owner) override {
    lines.push_back(std::string(line) + " " + std::string(tenant) + " " + std::string(owner));
  }
  void OnRetry(const Error&, std::chrono::milliseconds) override { ++retries; }
  std::vector<std::string> refused;
  std::vector<std::string> lines;
  int retries = 0;
};

class TenantFeedTest : public testing::Test {
 protected:
  TenantFeedTest() {
    EXPECT_TRUE(cluster_.CreateTopics(
        {{.name = "tenants", .partitions = 1, .compact = true}, {.name = "two", .partitions = 2}}));
    operator_ = cluster_.NewClient("operator");
    client_ = cluster_.NewClient("worker");
    owner_ = std::move(operator_->NewWriter("operator")).value();
    writer_ = owner_.get();
  }

  void Put(const std::string& id, std::vector<std::string> lines) {
    v1::Tenant tenant;
    tenant.set_tenant(id);
    for (auto& line : lines) tenant.add_lines()->set_msisdn(std::move(line));
    PutRaw(id, tenant.SerializeAsString());
  }
  void PutRaw(const std::string& key, std::optional<std::string> value) {
    ASSERT_TRUE(writer_->Send("tenants", 0, key, value, clock_.NowMs()));
    ASSERT_TRUE(writer_->Flush(1s));
  }
  void Run(TenantFeed& feed) {
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(feed.Step(0ms));
      clock_.Advance(1s);
    }
  }

  ManualClock clock_{1'790'000'000'000};
  log::sim::SimCluster cluster_{1, clock_};
  std::unique_ptr<log::Log> operator_;
  std::unique_ptr<log::Log> client_;
  log::Writer* writer_ = nullptr;
  std::unique_ptr<log::Writer> owner_;
  Heard heard_;
};

TEST_F(TenantFeedTest, IsNullUntilTheEndAtStartIsRead) {
  Put("leeds", {"+442079460000"});
  TenantFeed feed(*client_, clock_, {.topic = "tenants"}, heard_);
  EXPECT_EQ(feed.Lines(), nullptr);
  Run(feed);
  ASSERT_NE(feed.Lines(), nullptr);
  EXPECT_EQ(feed.Lines()->TenantOf(Number("+442079460000")), "leeds");
  EXPECT_EQ(feed.Lines()->version(), 1);
}

TEST_F(TenantFeedTest, AnEmptyTopicIsAnEmptyTable) {
  TenantFeed feed(*client_, clock_, {.topic = "tenants"}, heard_);
  Run(feed);
  ASSERT_NE(feed.Lines(), nullptr);
  EXPECT_EQ(feed.Lines()->size(), 0U);
  EXPECT_EQ(feed.Lines()->version(), 0);
}

TEST_F(TenantFeedTest, FollowsChanges) {
  Put("leeds", {"+442079460000", "+442079460001"});
  TenantFeed feed(*client_, clock_, {.topic = "tenants"}, heard_);
  Run(feed);
  const auto old = feed.Lines();
  Put("leeds", {"+442079460001"});
  Put("york", {"+442079460000"});
  Run(feed);
  EXPECT_EQ(feed.Lines()->TenantOf(Number("+442079460000")), "york");
  EXPECT_EQ(feed.Lines()->version(), 3);
  EXPECT_EQ(old->TenantOf(Number("+442079460000")), "leeds") << "a snapshot in use doesn't change";
  PutRaw("york", std::nullopt);
  Run(feed);
  EXPECT_EQ(feed.Lines()->TenantOf(Number("+442079460000")), "");
  EXPECT_TRUE(heard_.lines.empty());
}

TEST_F(TenantFeedTest, TheFirstInTheTopicHasAContestedLine) {
  Put("leeds", {"+442079460000"});
  Put("york", {"+442079460000", "+442079460001"});
  TenantFeed feed(*client_, clock_, {.topic = "tenants"}, heard_);
  Run(feed);
  EXPECT_EQ(feed.Lines()->TenantOf(Number("+442079460000")), "leeds");
  EXPECT_EQ(feed.Lines()->TenantOf(Number("+442079460001")), "york");
  EXPECT_THAT(heard_.lines, ElementsAre("+44207946**** york leeds"));
  // An instance that starts later agrees with one that has followed.
  Put("leeds", {"+442079460000"});
  Run(feed);
  TenantFeed late(*client_, clock_, {.topic = "tenants"}, heard_);
  Run(late);
  EXPECT_EQ(late.Lines()->TenantOf(Number("+442079460000")),
            feed.Lines()->TenantOf(Number("+442079460000")));
}

TEST_F(TenantFeedTest, KeepsBadTenantsOut) {
  Put("leeds", {"+442079460000"});
  Put("york", {"02079460001"});
  PutRaw("hull", "\xff\xff");
  v1::Tenant other;
  other.set_tenant("bath");
  PutRaw("wells", other.SerializeAsString());
  Put("Upper", {});
  Put("leeds", {"nonsense"});
  TenantFeed feed(*client_, clock_, {.topic = "tenants"}, heard_);
  Run(feed);
  EXPECT_EQ(feed.Lines()->size(), 0U) << "a tenant whose newest record is bad is out";
  ASSERT_EQ(heard_.refused.size(), 5U);
  EXPECT_THAT(heard_.refused[0], testing::HasSubstr("E.164"));
  EXPECT_THAT(heard_.refused[2], testing::HasSubstr("bath"));
}

TEST_F(TenantFeedTest, RefusesATopicOfSeveralPartitionsOrNone) {
  TenantFeed two(*client_, clock_, {.topic = "two"}, heard_);
  EXPECT_EQ(two.Step(0ms).error().code, log::errors::kPartitionMismatch);
  TenantFeed none(*client_, clock_, {.topic = "none"}, heard_);
  EXPECT_EQ(none.Step(0ms).error().code, log::errors::kTopicMissing);
}

TEST_F(TenantFeedTest, TriesAgainWhereNoBrokerAnswers) {
  Put("leeds", {"+442079460000"});
  cluster_.Unreachable("worker", 3s);
  TenantFeed feed(*client_, clock_, {.topic = "tenants"}, heard_);
  ASSERT_TRUE(feed.Step(0ms));
  EXPECT_EQ(heard_.retries, 1);
  EXPECT_EQ(feed.Lines(), nullptr);
  Run(feed);
  Run(feed);
  ASSERT_NE(feed.Lines(), nullptr);
  EXPECT_EQ(feed.Lines()->TenantOf(Number("+442079460000")), "leeds");
}

}  // namespace
}  // namespace textback::intake
