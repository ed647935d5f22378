// What goes wrong: starts that can't succeed say so and end; a broker that is away is waited for;
// records that nobody can read are parked with their reason, and nothing else is lost.
#include <gmock/gmock.h>

#include <algorithm>

#include "base/clock.h"
#include "e2e/outcome.h"
#include "e2e/site.h"
#include "e2e/workload.h"
#include "kafka/broker_process.h"
#include "textback/v1/dead_letter.pb.h"
#include "textback/v1/decision.pb.h"

namespace textback::tests {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr auto kDeadline = 60s;
constexpr std::size_t kCalls = 2'000;
constexpr int kUsage = 2;
constexpr int kEnvironment = 3;

TEST(BadStarts, ConfigurationErrorsAreNamedByLine) {
  Site site("127.0.0.1:1");
  const std::string file = site.WriteConfig("broken.yaml",
                                            "data_folder: /nowhere\n"
                                            "htp: {}\n"
                                            "decide: {threads: 0}\n");
  Process worker({TEXTBACK_WORKER, "--config", file}, site.folder() + "/broken.log");
  EXPECT_EQ(worker.Wait(kDeadline), kUsage);
  EXPECT_THAT(worker.Log(), AllOf(HasSubstr(file + ":2"), HasSubstr("htp"), HasSubstr(file + ":3"),
                                  HasSubstr("threads")));
}

TEST(BadStarts, MissingTopicIsNamedWithTheCommandThatMakesIt) {
  Site site(BrokerProcess::Shared().bootstrap());
  auto specs = pipeline::Specs(site.topics(), site.options().plan);
  std::erase_if(specs, [&](const auto& spec) { return spec.name == site.topics().jobs; });
  site.CreateTopics(specs);
  site.StartWorker();
  EXPECT_EQ(site.worker().Wait(kDeadline), kEnvironment);
  EXPECT_THAT(site.worker().Log(),
              AllOf(HasSubstr(site.topics().jobs), HasSubstr("textback topics create")));
}

TEST(BadStarts, ProductionModeRefusesWhatVoidsTheGuarantee) {
  SiteOptions options;
  options.kafka_extra = ", production: true";
  Site site(BrokerProcess::Shared().bootstrap(), options);
  site.CreateTopics();
  site.StartWorker();
  EXPECT_EQ(site.worker().Wait(kDeadline), kEnvironment);
  EXPECT_THAT(site.worker().Log(),
              AllOf(HasSubstr("min.insync.replicas voids the guarantee"),
                    HasSubstr(site.topics().calls + " (1)"),
                    HasSubstr("replication factor voids the guarantee"),
                    HasSubstr(site.topics().decide_changelog + " (1)"),
                    HasSubstr("transaction.state.log.min.isr voids the guarantee"),
                    HasSubstr("not_for_production")));
}

TEST(BadStarts, UnequalPartitionCountsAreNamed) {
  Site site(BrokerProcess::Shared().bootstrap());
  auto specs = pipeline::Specs(site.topics(), site.options().plan);
  for (auto& spec : specs) {
    if (spec.name == site.topics().inbound) spec.partitions = 3;
  }
  site.CreateTopics(specs);
  site.StartWorker();
  EXPECT_EQ(site.worker().Wait(kDeadline), kEnvironment);
  EXPECT_THAT(site.worker().Log(), AllOf(HasSubstr(site.topics().inbound + " has 3 partitions"),
                                         HasSubstr(site.topics().calls)));
}

// The broker is away at the start, and again in the middle of the work.
TEST(BadStarts, BrokerThatIsAwayIsWaitedForAndNothingIsLost) {
  BrokerProcess broker;
  Site site(broker.bootstrap());
  const Workload calls = MakeWorkload(kCalls, site.options().plan.partitions);
  site.CreateTopics();
  PutTenants(site.log(), site.topics(), calls);
  PutRecords(site.log(), site.topics(), calls);
  ASSERT_TRUE(BrokerProcess::Control("stop --dir " + broker.dir()));

  site.StartAll();
  ASSERT_TRUE(Until(kDeadline, [&] {
    return site.worker().Log().find("waiting for the log") != std::string::npos &&
           site.dispatcher().Log().find("waiting for the log") != std::string::npos;
  })) << site.Logs();
  ASSERT_TRUE(BrokerProcess::Control("restart --dir " + broker.dir()));
  Outcome outcome(site.log(), site.topics());
  ASSERT_TRUE(Until(kDeadline, [&] {
    outcome.Poll();
    return outcome.decided() > 0;
  })) << site.Logs();
  ASSERT_TRUE(BrokerProcess::Control("kill --dir " + broker.dir()));
  ASSERT_TRUE(BrokerProcess::Control("restart --dir " + broker.dir()));
  // A broker that crashed may take a member for its own predecessor and fence it: it joins again.
  ASSERT_TRUE(Until(kDeadline, [&] { return outcome.Complete(calls); }))
      << outcome.decided() << " of " << calls.calls << site.Logs();
  site.StopAll();
  ExpectTextsOnce(outcome, site.smsc().TakenTexts());
  ExpectCountsAddUp(ReadCounts(site.log(), site.topics()), calls);
}

v1::CallRecord Plain(const std::string& id) {
  const std::int64_t now_ms = SystemClock().NowMs();
  v1::CallRecord record;
  record.set_record_id(id);
  record.mutable_calling()->set_number("+12125550123");
  record.mutable_called()->set_number("+12125550100");
  record.set_started_at_ms(now_ms - 25'000);
  record.set_ended_at_ms(now_ms);
  record.set_ring_ms(24'000);
  return record;
}

TEST(BadInput, IsParkedWithItsReasonAndNothingElseIsLost) {
  SiteOptions options;
  options.plan = {.partitions = 1, .decision_partitions = 1};
  Site site(BrokerProcess::Shared().bootstrap(), options);
  auto specs = pipeline::Specs(site.topics(), site.options().plan);
  for (auto& spec : specs) {
    if (spec.name == site.topics().cdrs) spec.settings["max.message.bytes"] = "11534336";
  }
  site.CreateTopics(specs);
  v1::Tenant tenant;
  tenant.set_tenant("garage");
  tenant.set_name("Garage");
  tenant.set_active(true);
  tenant.add_lines()->set_msisdn("+12125550100");
  tenant.mutable_sender()->set_kind(v1::Address::KIND_E164);
  tenant.mutable_sender()->set_value("+12125550100");
  tenant.set_template_text("Sorry we missed you.");
  site.Put(tenant);

  site.Feed(Plain("before"));
  const std::string whole = Plain("cut").SerializeAsString();
  site.FeedRaw("k", whole.substr(0, whole.size() - 3));
  site.FeedRaw("k", std::string("\0\0\0\0\7", 5) + whole);  // a registry's header, not configured
  site.FeedRaw("k", std::string(10 * 1024 * 1024, 'x'));
  site.FeedRaw("k", "");
  auto utf8 = Plain("utf8");
  std::string bytes = utf8.SerializeAsString();
  bytes.replace(bytes.find("utf8"), 4, "\xff\xfe\xff\xfe");
  site.FeedRaw("k", bytes);
  auto seconds = Plain("seconds");
  seconds.set_started_at_ms(seconds.started_at_ms() / 1'000);
  seconds.set_ended_at_ms(seconds.ended_at_ms() / 1'000);
  site.Feed(seconds);
  auto future = Plain("future");
  future.set_ended_at_ms(future.ended_at_ms() + 10LL * 365 * 24 * 3'600 * 1'000);
  site.Feed(future);
  auto letters = Plain("letters");
  letters.mutable_calling()->set_number("no number at all");
  letters.mutable_called()->set_number("neither");
  site.Feed(letters);
  site.Feed(Plain("after"));
  site.FlushFeed();

  site.StartWorker();
  Topic decisions(site.log(), site.topics().decisions);
  Topic parked(site.log(), site.topics().deadletter);
  ASSERT_TRUE(Until(kDeadline, [&] { return decisions.Poll().size() >= 2; })) << site.Logs();
  site.StopAll();
  ASSERT_TRUE(decisions.ReadToEnd(kDeadline) && parked.ReadToEnd(kDeadline));

  std::map<std::string, int> reasons;
  for (const auto& letter : parked.Parsed<v1::DeadLetter>()) {
    ++reasons[letter.reason()];
    EXPECT_EQ(letter.coordinates().topic(), site.topics().cdrs);
    EXPECT_FALSE(letter.message().empty());
    EXPECT_LE(letter.value().size(), 64U * 1024);
  }
  EXPECT_THAT(reasons, UnorderedElementsAre(Pair("protobuf_malformed", 2),
                                            Pair("value_too_large", 1), Pair("value_missing", 1),
                                            Pair("invalid_utf8", 1), Pair("time_absurd", 2)));
  EXPECT_EQ(decisions.entries().size(), 2U);  // before and after
  const auto counts = ReadCounts(site.log(), site.topics()).intake;
  EXPECT_EQ(counts.messages, 10U);
  EXPECT_EQ(counts.records, 10U);
  EXPECT_EQ(counts.deadletter, 2 * 7U);
  // "before" and "after" on the called side; letters are nobody's.
  EXPECT_EQ(counts.handed_on, 2U);
  EXPECT_EQ(2 * counts.records, counts.not_tenant + counts.deadletter + counts.handed_on);
}

}  // namespace
}  // namespace textback::tests
