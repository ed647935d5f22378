// Calls end to end: bytes as a switch writes them, through the production intake and decide over
// the simulated log, in virtual time, to what comes out on the topics.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/assert.h"
#include "cdr/source_kind.h"
#include "decide/decide_processor.h"
#include "intake/intake.h"
#include "log_sim/sim_log.h"
#include "shard/shard.h"
#include "simulation/plan.h"
#include "simulation/process.h"
#include "store/memory_store.h"
#include "textback/v1/calls_entry.pb.h"
#include "textback/v1/job.pb.h"

namespace textback::simulation {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

constexpr char kCdrs[] = "textback.cdrs";
constexpr char kCustomer[] = "+447700900001";
constexpr std::int64_t kCallEndMs = 1'772'702'430'000;  // of the recorded vectors
constexpr int kSettledSeconds = 5'400;                  // longer than any source waits

std::string Vector(const std::string& name) {
  std::ifstream in(std::string(TEXTBACK_SOURCE_DIR) + "/tests/data/cdr/3gpp/" + name,
                   std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  TB_ASSERT(!bytes.str().empty());
  return bytes.str();
}

cdr::SourceConfig Msc() {
  cdr::SourceConfig source;
  source.name = "msc";
  source.format.adapter = "3gpp";
  source.format.voicemail_pilots = {"+447700900999"};
  source.numbering.country = "GB";
  source.settle = cdr::SettleOf(*cdr::FindSourceKind("3gpp"));
  return source;
}

class OneTenant final : public policy::SnapshotSource {
 public:
  std::shared_ptr<const policy::Snapshot> Current() override { return snapshot; }
  std::shared_ptr<const policy::Snapshot> snapshot;
};

// One intake and one decide, with a garage whose line is +447700900100.
class Site {
 public:
  explicit Site(cdr::SourceConfig source, log::sim::FaultPlan faults = {})
      : cluster_(1, clock_, std::move(faults)) {
    std::vector<log::TopicSpec> specs;
    for (const char* topic : kOutputs) specs.push_back({topic, 1});
    for (const char* topic : {kCdrs, topics::kInbound, topics::kStatus}) {
      specs.push_back({topic, 1});
    }
    specs.push_back({topics::kTenants, 1, true});
    specs.push_back({ChangelogOf("decide"), 1, true});
    TB_ASSERT(cluster_.CreateTopics(specs).has_value());
    writer_ = std::move(outside_->NewWriter("outside")).value();
    AddTenant();

    source_ = std::move(source);
    StartIntake();

    shard::ShardConfig decide;
    decide.role = "decide";
    decide.instance = "decide";
    decide.changelog_topic = ChangelogOf("decide");
    decide.deadletter_topic = topics::kDeadletter;
    decide.inputs = {{topics::kCalls}, {topics::kInbound}, {topics::kStatus, false}};
    decide.outputs = {{topics::kJobs},
                      {topics::kDecisions, shard::PartitionRule::kModulo},
                      {topics::kAmendments, shard::PartitionRule::kModulo},
                      {topics::kCallbacks, shard::PartitionRule::kModulo}};
    shard_ = std::make_unique<shard::Shard>(
        std::move(decide), shard::ShardParts{*decide_log_, disk_, processor_, shard_events_, clock_,
                                             nullptr, /*seed=*/1});
    Run(10);
  }

  void Write(const std::string& bytes) { Produce(kCdrs, "", bytes); }
  void Run(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      clock_.Advance(milliseconds(1'000));
      TB_ASSERT(feed_.Step(milliseconds(0)).has_value());
      StepIntake();
      TB_ASSERT(shard_->Step(milliseconds(0)).has_value());
    }
  }

  void RunTo(std::int64_t at_ms) {
    while (clock_.NowMs() < at_ms) Run(1);
  }

  template <typename Message>
  std::vector<Message> Of(const char* topic) {
    std::vector<Message> messages;
    for (const auto& record : cluster_.ReadCommitted(topic)) {
      TB_ASSERT(messages.emplace_back().ParseFromString(std::string(record.value.value_or(""))));
    }
    return messages;
  }
  std::vector<v1::CallRecord> CallRecords() {
    std::vector<v1::CallRecord> records;
    for (auto& entry : Of<v1::CallsEntry>(topics::kCalls)) {
      if (entry.has_record()) records.push_back(std::move(*entry.mutable_record()));
    }
    return records;
  }
  std::vector<v1::Decision> Decisions() { return Of<v1::Decision>(topics::kDecisions); }
  std::vector<v1::Job> Jobs() { return Of<v1::Job>(topics::kJobs); }
  std::size_t DeadLetters() { return cluster_.ReadCommitted(topics::kDeadletter).size(); }
  // Keys and values of these topics, one after the other.
  std::string Bytes(std::initializer_list<const char*> of) {
    std::string bytes;
    for (const char* topic : of) {
      for (const auto& record : cluster_.ReadCommitted(topic)) {
        bytes.append(record.key).append("\n");
        bytes.append(record.value.value_or("")).append("\n");
      }
    }
    return bytes;
  }

  static constexpr std::initializer_list<const char*> kTenantsSee = {
      topics::kJobs, topics::kDecisions, topics::kAmendments, topics::kCallbacks};
  static constexpr std::initializer_list<const char*> kOutputs = {
      topics::kCalls,      topics::kJobs,      topics::kDecisions,
      topics::kAmendments, topics::kCallbacks, topics::kDeadletter};

 private:
  // Dead, it is started again, as its supervisor would.
  void StepIntake() {
    const Status status = intake_->Step(milliseconds(0));
    if (cluster_.Alive("intake")) return TB_ASSERT(status.has_value());
    intake_.reset();
    intake_log_ = cluster_.NewClient("intake");
    StartIntake();
  }
  void StartIntake() {
    intake::IntakeConfig config;
    config.group = kIntakeGroup;
    config.instance = "intake";
    config.inputs = {{kCdrs, source_}};
    config.calls_topic = topics::kCalls;
    config.deadletter_topic = topics::kDeadletter;
    intake_ = intake::Intake::Make(*intake_log_, clock_, feed_, std::move(config), intake_events_)
                  .value();
  }
  void Produce(const char* topic, std::string_view key, const std::string& value) {
    TB_ASSERT(writer_->Send(topic, std::nullopt, key, value, clock_.NowMs()).has_value());
    TB_ASSERT(writer_->Flush(milliseconds(0)).has_value());
  }
  void AddTenant() {
    v1::Tenant tenant;
    tenant.set_tenant("garage");
    tenant.set_name("Smith's Garage");
    tenant.set_active(true);
    tenant.add_lines()->set_msisdn("+447700900100");
    tenant.mutable_sender()->set_kind(v1::Address::KIND_E164);
    tenant.mutable_sender()->set_value("+447700900109");
    tenant.set_template_text("Hi, this is {business}. Sorry we missed you. Reply STOP to end.");
    tenant.set_contact("+447700900100");
    tenant.set_max_age_ms(4 * 3'600'000);
    Produce(topics::kTenants, "garage", tenant.SerializeAsString());
    policy::SnapshotBuilder builder(policy::Limits{}.horizon_ms);
    TB_ASSERT(builder.Apply("garage", tenant, 0).empty());
    policy_.snapshot = builder.Build();
  }

  ManualClock clock_{kCallEndMs + 5'000};
  log::sim::SimCluster cluster_;
  std::unique_ptr<log::Log> outside_ = cluster_.NewClient("outside");
  std::unique_ptr<log::Log> intake_log_ = cluster_.NewClient("intake");
  std::unique_ptr<log::Log> decide_log_ = cluster_.NewClient("decide");
  std::unique_ptr<log::Writer> writer_;
  cdr::SourceConfig source_;
  intake::IntakeEvents intake_events_;
  intake::TenantFeed feed_{*outside_, clock_, {.topic = topics::kTenants}, intake_events_};
  std::unique_ptr<intake::Intake> intake_;
  OneTenant policy_;
  decide::DecideProcessor processor_{policy_, policy::Limits{}};
  store::MemoryStoreSet disk_{clock_, {}};
  shard::NullShardEvents shard_events_;
  std::unique_ptr<shard::Shard> shard_;
};

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kTenMs = 1'772'704'800'000;  // 2026-03-05 10:00 UTC
constexpr int kTwoHours = 7'200;

// A leg of a call of the customer to the garage, as a mediation system writes it.
v1::CallRecord Leg(const std::string& id, std::int64_t begin_ms, std::int64_t end_ms,
                   const std::string& verdict) {
  v1::CallRecord record;
  record.set_record_id(id);
  record.mutable_calling()->set_number(kCustomer);
  record.mutable_called()->set_number("+447700900100");
  record.set_started_at_ms(begin_ms);
  record.set_ringing_at_ms(begin_ms);
  record.set_ended_at_ms(end_ms);
  if (verdict == "answered") record.set_answered_at_ms(begin_ms + 8'000);
  auto& cause = *record.add_causes();
  cause.set_namespace_(v1::Cause::NAMESPACE_TEXTBACK);
  cause.set_value(verdict);
  return record;
}

cdr::SourceConfig Mediation(v1::SettleProfile::Emits emits, std::int64_t settle_ms,
                            std::int64_t past_end_ms) {
  cdr::SourceConfig source;
  source.name = "mediation";
  source.settle.set_emits(emits);
  source.settle.set_settle_ms(settle_ms);
  source.settle.set_past_end_ms(past_end_ms);
  return source;
}

// Missed at 10:00:20; answered at 10:03 in another switch's file. The files come at 10:12 and
// 10:15.
TEST(AcceptanceTest, ACallAnsweredInAnotherNodesLaterFileOvertakesTheText) {
  const auto of_node = [](v1::CallRecord record, const char* node) {
    record.set_node(node);
    return record.SerializeAsString();
  };
  Site site(Mediation(v1::SettleProfile::EMITS_CALL_END, 25 * kMinuteMs, 5 * kMinuteMs));
  // Both switches have been known since half past nine.
  for (const char* node : {"msc-1", "msc-2"}) {
    auto other = Leg(std::string("before-") + node, kTenMs - 31 * kMinuteMs,
                     kTenMs - 31 * kMinuteMs, "no_answer");
    other.mutable_called()->set_number("+447700900777");
    site.RunTo(kTenMs - 30 * kMinuteMs);
    site.Write(of_node(other, node));
  }
  site.RunTo(kTenMs + 12 * kMinuteMs);
  site.Write(of_node(Leg("missed", kTenMs, kTenMs + 20'000, "no_answer"), "msc-1"));
  site.RunTo(kTenMs + 15 * kMinuteMs);
  EXPECT_TRUE(site.Jobs().empty());
  site.Write(of_node(
      Leg("talk", kTenMs + 3 * kMinuteMs - 8'000, kTenMs + 5 * kMinuteMs, "answered"), "msc-2"));
  site.Run(kTwoHours);
  EXPECT_TRUE(site.Jobs().empty());
  ASSERT_EQ(site.Decisions().size(), 2u);
  for (const auto& decision : site.Decisions()) {
    if (decision.verdict() == v1::VERDICT_ANSWERED) continue;
    EXPECT_EQ(decision.verdict(), v1::VERDICT_NO_ANSWER);
    EXPECT_EQ(decision.reason(), v1::REASON_OVERTAKEN);
  }
}

// Leg 1 is cancelled when leg 2 is answered, and tells so at once; leg 2 and the caller's own leg
// tell of the talk two hours later, when it is over.
TEST(AcceptanceTest, AForkOfWhichOneLegIsAnsweredIsNeverTexted) {
  const auto of_fork = [](v1::CallRecord record, bool over) {
    record.set_join_key("fork-1");
    record.set_leg_only(!over);
    record.set_call_over(over);
    return record.SerializeAsString();
  };
  Site site(Mediation(v1::SettleProfile::EMITS_LEG_END, 3'000, 0));
  site.RunTo(kTenMs + 8'000);
  site.Write(of_fork(Leg("leg-1", kTenMs, kTenMs + 8'000, "abandoned"), false));
  site.Run(kTwoHours);
  EXPECT_TRUE(site.Jobs().empty());
  const std::int64_t end_ms = kTenMs + 8'000 + kTwoHours * 1'000LL;
  site.Write(of_fork(Leg("leg-2", kTenMs, end_ms, "answered"), false));
  site.Write(of_fork(Leg("caller", kTenMs, end_ms, "answered"), true));
  site.Run(kTwoHours);
  EXPECT_TRUE(site.Jobs().empty());
  ASSERT_EQ(site.Decisions().size(), 1u);
  const auto amendments = site.Of<v1::Amendment>(topics::kAmendments);
  EXPECT_TRUE(site.Decisions()[0].verdict() == v1::VERDICT_ANSWERED ||
              (amendments.size() == 1 && amendments[0].verdict() == v1::VERDICT_ANSWERED))
      << site.Decisions()[0].ShortDebugString();
}

TEST(AcceptanceTest, ForwardedToVoicemailIsOneDecisionAndOneText) {
  Site site(Msc());
  site.Write(Vector("forward_to_voicemail.ber"));
  site.Run(kSettledSeconds);
  ASSERT_EQ(site.Decisions().size(), 1u);
  EXPECT_EQ(site.Decisions()[0].verdict(), v1::VERDICT_VOICEMAIL)
      << site.Decisions()[0].ShortDebugString();
  EXPECT_EQ(site.Decisions()[0].evidence_size(), 2) << "both records of the one message";
  ASSERT_EQ(site.Jobs().size(), 1u);
  EXPECT_EQ(site.Jobs()[0].customer(), kCustomer);
}

// The worst line of the same: all of the message is handed on twice, and each of its records counts
// once.
TEST(AcceptanceTest, AMessageOfSeveralRecordsIsHandedOnTwiceAndCountsOnce) {
  // It dies between handing on what it has read and committing how far it has come.
  Site site(Msc(),
            log::sim::FaultPlan().At(
                {log::sim::Fault::kCrashBefore, log::sim::Step::kCommitOffsets}, 1, "intake"));
  site.Write(Vector("forward_to_voicemail.ber"));
  site.Run(kSettledSeconds);
  std::map<std::string, int> handed_on;
  for (const auto& record : site.CallRecords()) ++handed_on[record.record_id()];
  ASSERT_EQ(handed_on.size(), 2u);
  for (const auto& [id, times] : handed_on) EXPECT_EQ(times, 2) << id << ": nothing was shown";
  ASSERT_EQ(site.Decisions().size(), 1u);
  EXPECT_EQ(site.Decisions()[0].verdict(), v1::VERDICT_VOICEMAIL);
  EXPECT_EQ(site.Decisions()[0].evidence_size(), 2);
  EXPECT_EQ(site.Jobs().size(), 1u);
}

TEST(AcceptanceTest, AWithheldNumberGetsNoTextAndNoTenantSeesIt) {
  Site site(Msc());
  site.Write(Vector("mt_withheld.ber"));
  site.Run(kSettledSeconds);
  ASSERT_EQ(site.Decisions().size(), 1u);
  EXPECT_EQ(site.Decisions()[0].reason(), v1::REASON_WITHHELD);
  EXPECT_TRUE(site.Jobs().empty());
  EXPECT_THAT(site.Bytes(Site::kTenantsSee), Not(HasSubstr("7700900001")));
}

TEST(AcceptanceTest, TheSameNumberNotWithheldGetsAText) {
  Site site(Msc());
  site.Write(Vector("mt_not_withheld.ber"));
  site.Run(kSettledSeconds);
  ASSERT_EQ(site.Jobs().size(), 1u);
  EXPECT_EQ(site.Jobs()[0].customer(), kCustomer);
  EXPECT_THAT(site.Bytes(Site::kTenantsSee), HasSubstr("7700900001"));
}

TEST(AcceptanceTest, AnAbsentSubscriberIsUnreachableAndItsRoamingNumberIsNowhere) {
  Site site(Msc());
  site.Write(Vector("roaming_absent.ber"));
  site.Run(kSettledSeconds);
  ASSERT_EQ(site.Decisions().size(), 1u);
  EXPECT_EQ(site.Decisions()[0].verdict(), v1::VERDICT_UNREACHABLE);
  ASSERT_EQ(site.Jobs().size(), 1u);
  EXPECT_EQ(site.Jobs()[0].customer(), kCustomer);
  EXPECT_THAT(site.Bytes(Site::kOutputs), Not(HasSubstr("900877")));
}

TEST(AcceptanceTest, ARoutingPrefixIsStrippedByItsRuleOrADeadLetter) {
  auto with_rule = Msc();
  with_rule.numbering.rules = {{"D123", ""}};
  Site site(with_rule);
  site.Write(Vector("mo_routing_prefix.ber"));
  site.Run(kSettledSeconds);
  ASSERT_EQ(site.Decisions().size(), 1u);
  EXPECT_EQ(site.Decisions()[0].line(), "+447700900100");
  EXPECT_EQ(site.DeadLetters(), 0u);

  Site without(Msc());
  without.Write(Vector("mo_routing_prefix.ber"));
  without.Run(kSettledSeconds);
  EXPECT_TRUE(without.Decisions().empty());
  EXPECT_EQ(without.DeadLetters(), 1u);
}

}  // namespace
}  // namespace textback::simulation
