#include "pipeline/policy_feed.h"

#include <gtest/gtest.h>

#include "log_sim/sim_log.h"
#include "textback/v1/tenant.pb.h"

namespace textback::pipeline {
namespace {

using namespace std::chrono_literals;

class PolicyFeedTest : public testing::Test {
 protected:
  PolicyFeedTest() {
    EXPECT_TRUE(
        cluster_.CreateTopics({{.name = "tenants", .partitions = 1, .compact = true}}).has_value());
    writer_ = std::move(operator_->NewWriter("operator")).value();
  }

  void Put(const std::string& id, bool active = true) {
    v1::Tenant tenant;
    tenant.set_tenant(id);
    tenant.set_active(active);
    Send(id, tenant.SerializeAsString());
  }
  void Send(const std::string& id, const std::optional<std::string>& value) {
    ASSERT_TRUE(writer_->Send("tenants", 0, id, value, clock_.NowMs()));
    ASSERT_TRUE(writer_->Flush(1s));
  }
  void Run(int seconds = 5) {
    for (int i = 0; i < seconds; ++i) {
      ASSERT_TRUE(feed_.Step(0ms));
      clock_.Advance(1s);
    }
  }

  bool Said(std::string_view what) {
    for (const auto& line : lines_.lines()) {
      if (line.find(what) != std::string::npos) return true;
    }
    return false;
  }

  ManualClock clock_{1'790'000'000'000};
  log::sim::SimCluster cluster_{1, clock_, {}, {.delete_retention_ms = 1'000}};
  std::unique_ptr<log::Log> operator_ = cluster_.NewClient("operator");
  std::unique_ptr<log::Log> client_ = cluster_.NewClient("worker");
  std::unique_ptr<log::Writer> writer_;
  telemetry::MemorySink lines_;
  telemetry::Log notices_{clock_, lines_, {.part = "worker"}};
  PolicyFeed feed_{*client_, clock_, notices_, "tenants", 86'400'000};
};

TEST_F(PolicyFeedTest, IsNullUntilTheEndAtStartIsReadAndFollowsThen) {
  Put("garage");
  Put("salon");
  EXPECT_EQ(feed_.Current(), nullptr);
  Run();
  ASSERT_NE(feed_.Current(), nullptr);
  EXPECT_EQ(feed_.Current()->size(), 2U);
  Send("salon", std::nullopt);
  Run();
  EXPECT_EQ(feed_.Current()->size(), 1U);
}

TEST_F(PolicyFeedTest, ATenantThatCannotBeReadIsInactive) {
  Send("garage", "no tenant");
  Run();
  ASSERT_NE(feed_.Current(), nullptr);
  EXPECT_TRUE(Said("tenant refused"));
}

// While it can't read, a tenant is deleted, and the cleaner takes the tombstone too: nothing later
// than its position says so.
TEST_F(PolicyFeedTest, AfterAnErrorItReadsAnew) {
  Put("garage");
  Put("salon");
  Run();
  ASSERT_EQ(feed_.Current()->size(), 2U);
  cluster_.Unreachable("worker", 10s);
  ASSERT_TRUE(feed_.Step(0ms));
  EXPECT_TRUE(Said("tenants can't be read now"));
  Send("garage", std::nullopt);
  Put("salon");
  cluster_.Clean();  // sees the tombstone
  clock_.Advance(2s);
  cluster_.Clean();
  for (const auto& record : cluster_.ReadAll("tenants")) ASSERT_NE(record.key, "garage");
  EXPECT_EQ(feed_.Current()->size(), 2U) << "the last that is known stands";
  Run(15);
  EXPECT_EQ(feed_.Current()->size(), 1U);
}

}  // namespace
}  // namespace textback::pipeline
