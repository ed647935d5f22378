// The whole way on a real broker: a missed call becomes one text; STOP ends it.
#include <gmock/gmock.h>

#include "base/clock.h"
#include "e2e/site.h"
#include "kafka/broker_process.h"
#include "textback/v1/decision.pb.h"
#include "textback/v1/job.pb.h"
#include "textback/v1/status.pb.h"

namespace textback::tests {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Field;
using ::testing::Property;
using ::testing::SizeIs;

constexpr auto kDeadline = 30s;
constexpr char kLine[] = "+12125550100";
constexpr char kCustomer[] = "+12125550123";

v1::Tenant Garage() {
  v1::Tenant tenant;
  tenant.set_tenant("garage");
  tenant.set_name("Garage");
  tenant.set_active(true);
  tenant.add_lines()->set_msisdn(kLine);
  tenant.mutable_sender()->set_kind(v1::Address::KIND_E164);
  tenant.mutable_sender()->set_value(kLine);
  tenant.set_template_text("Hi, this is {business}. Sorry we missed you.");
  tenant.mutable_limit_pair()->set_texts(10);
  tenant.mutable_limit_pair()->set_window_ms(24 * 60 * 60 * 1000);
  return tenant;
}

v1::CallRecord Missed(const std::string& id) {
  const std::int64_t now_ms = SystemClock().NowMs();
  v1::CallRecord record;
  record.set_record_id(id);
  record.mutable_calling()->set_number(kCustomer);
  record.mutable_called()->set_number(kLine);
  record.set_started_at_ms(now_ms - 25'000);
  record.set_ended_at_ms(now_ms);
  record.set_ring_ms(24'000);
  auto* cause = record.add_causes();
  cause->set_namespace_(v1::Cause::NAMESPACE_Q850);
  cause->set_value("19");
  return record;
}

TEST(FirstText, MissedCallTextsOnceAndStopEndsIt) {
  Site site(BrokerProcess::Shared().bootstrap());
  site.CreateTopics();
  site.Put(Garage());
  site.StartAll();
  Topic decisions(site.log(), site.topics().decisions);
  Topic jobs(site.log(), site.topics().jobs);
  Topic status(site.log(), site.topics().status);

  site.Feed(Missed("call-1"));
  site.FlushFeed();
  ASSERT_TRUE(Until(kDeadline, [&] { return !site.smsc().TakenTexts().empty(); })) << site.Logs();
  const auto first = site.smsc().TakenTexts().front();
  EXPECT_EQ(first.from, "12125550100");
  EXPECT_EQ(first.to, "12125550123");
  EXPECT_EQ(first.Words(), "Hi, this is Garage. Sorry we missed you.");
  EXPECT_TRUE(Until(kDeadline, [&] {
    status.Poll();
    const auto all = status.Parsed<v1::Status>();
    return ::testing::Value(all,
                            AllOf(Contains(Property(&v1::Status::kind, v1::Status::KIND_SENT)),
                                  Contains(Property(&v1::Status::kind, v1::Status::KIND_RECEIPT))));
  })) << site.Logs();

  site.smsc().Text(kCustomer, kLine, "STOP");
  ASSERT_TRUE(Until(kDeadline, [&] { return site.smsc().TakenTexts().size() >= 2; }))
      << site.Logs();
  const auto confirmation = site.smsc().TakenTexts().back();
  EXPECT_EQ(confirmation.to, "12125550123");
  EXPECT_EQ(confirmation.Words(), "You won't get more texts from Garage. Reply START to undo.");
  ASSERT_TRUE(jobs.ReadToEnd(kDeadline));
  EXPECT_THAT(jobs.Parsed<v1::Job>(), Contains(Property(&v1::Job::has_block, true)));

  site.Feed(Missed("call-2"));
  site.FlushFeed();
  ASSERT_TRUE(Until(kDeadline, [&] { return decisions.Poll().size() >= 2; })) << site.Logs();
  const auto second = decisions.Parsed<v1::Decision>().back();
  EXPECT_EQ(second.verdict(), v1::VERDICT_NO_ANSWER);
  EXPECT_EQ(second.action(), v1::ACTION_SUPPRESS);
  EXPECT_EQ(second.reason(), v1::REASON_OPTED_OUT);

  site.StopAll();
  ASSERT_TRUE(jobs.ReadToEnd(kDeadline) && status.ReadToEnd(kDeadline));
  EXPECT_EQ(site.smsc().TakenTexts().size(), 2U) << site.Logs();
  EXPECT_THAT(jobs.Parsed<v1::Job>(), SizeIs(3));  // text, block, confirmation
  EXPECT_FALSE(decisions.broken() || jobs.broken() || status.broken());
}

}  // namespace
}  // namespace textback::tests
