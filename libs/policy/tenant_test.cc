#include "policy/tenant.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "policy/ids.h"
#include "policy/test_support.h"

namespace textback::policy {
namespace {

using namespace testing;

struct Case {
  const char* name;
  const char* field;  // nullptr: fine
  void (*change)(v1::Tenant&);
};

const Case kCases[] = {
    {"as it is", nullptr, [](v1::Tenant&) {}},
    {"no id", "tenant", [](v1::Tenant& t) { t.clear_tenant(); }},
    {"id of 64", nullptr, [](v1::Tenant& t) { t.set_tenant(std::string(64, 'a')); }},
    {"id of 65", "tenant", [](v1::Tenant& t) { t.set_tenant(std::string(65, 'a')); }},
    {"id with capitals", "tenant", [](v1::Tenant& t) { t.set_tenant("Garage"); }},
    {"no name", "name", [](v1::Tenant& t) { t.clear_name(); }},
    {"no lines", "lines", [](v1::Tenant& t) { t.clear_lines(); }},
    {"no lines, inactive", nullptr,
     [](v1::Tenant& t) {
       t.clear_lines();
       t.set_active(false);
     }},
    {"line without plus", "lines[1].msisdn",
     [](v1::Tenant& t) { t.mutable_lines(1)->set_msisdn("12125550101"); }},
    {"line twice", "lines[1].msisdn",
     [](v1::Tenant& t) { t.mutable_lines(1)->set_msisdn(t.lines(0).msisdn()); }},
    {"no sender", "sender.kind", [](v1::Tenant& t) { t.clear_sender(); }},
    {"short code of 3", nullptr,
     [](v1::Tenant& t) {
       t.mutable_sender()->set_kind(v1::Address::KIND_SHORT_CODE);
       t.mutable_sender()->set_value("123");
     }},
    {"short code of 2", "sender.value",
     [](v1::Tenant& t) {
       t.mutable_sender()->set_kind(v1::Address::KIND_SHORT_CODE);
       t.mutable_sender()->set_value("12");
     }},
    {"short code of 9", "sender.value",
     [](v1::Tenant& t) {
       t.mutable_sender()->set_kind(v1::Address::KIND_SHORT_CODE);
       t.mutable_sender()->set_value("123456789");
     }},
    {"letters of 11 with a link", nullptr,
     [](v1::Tenant& t) {
       t.mutable_sender()->set_kind(v1::Address::KIND_ALPHANUMERIC);
       t.mutable_sender()->set_value("SmithGarage");
       t.set_template_text("Sorry we missed you. No more of these: https://example.com/stop");
     }},
    {"letters of 12", "sender.value",
     [](v1::Tenant& t) {
       t.mutable_sender()->set_kind(v1::Address::KIND_ALPHANUMERIC);
       t.mutable_sender()->set_value("SmithsGarage");
       t.set_template_text("Sorry we missed you. No more of these: https://example.com/stop");
     }},
    {"letters, and no way to stop", "template_text",
     [](v1::Tenant& t) {
       t.mutable_sender()->set_kind(v1::Address::KIND_ALPHANUMERIC);
       t.mutable_sender()->set_value("Garage");
     }},
    {"letters, and the contact to stop by", nullptr,
     [](v1::Tenant& t) {
       t.mutable_sender()->set_kind(v1::Address::KIND_ALPHANUMERIC);
       t.mutable_sender()->set_value("Garage");
       t.set_template_text("Sorry we missed you. To opt out call {contact}");
     }},
    {"letters, and a contact that is empty", "template_text",
     [](v1::Tenant& t) {
       t.mutable_sender()->set_kind(v1::Address::KIND_ALPHANUMERIC);
       t.mutable_sender()->set_value("Garage");
       t.set_template_text("Sorry we missed you. To opt out call {contact}");
       t.clear_contact();
     }},
    {"no template", "template_text", [](v1::Tenant& t) { t.clear_template_text(); }},
    {"unknown field", "template_text", [](v1::Tenant& t) { t.set_template_text("{bussiness}"); }},
    {"open brace", "template_text", [](v1::Tenant& t) { t.set_template_text("{business"); }},
    {"8 parts of a text", nullptr,
     [](v1::Tenant& t) { t.set_template_text(std::string(8 * 153, 'a')); }},
    {"9 parts of a text", "template_text",
     [](v1::Tenant& t) { t.set_template_text(std::string(8 * 153 + 1, 'a')); }},
    {"stop reply with an unknown field", "stop_reply",
     [](v1::Tenant& t) { t.set_stop_reply("{x}"); }},
    {"start reply", "start_reply", [](v1::Tenant& t) { t.set_start_reply("{x}"); }},
    {"help reply", "help_reply", [](v1::Tenant& t) { t.set_help_reply("{x}"); }},
    {"no contact", nullptr, [](v1::Tenant& t) { t.clear_contact(); }},
    {"answered calls", "text_verdicts[1]",
     [](v1::Tenant& t) {
       t.add_text_verdicts(v1::VERDICT_BUSY);
       t.add_text_verdicts(v1::VERDICT_ANSWERED);
     }},
    {"blocked calls", "text_verdicts[0]",
     [](v1::Tenant& t) { t.add_text_verdicts(v1::VERDICT_BLOCKED); }},
    {"a verdict of the future", "text_verdicts[0]",
     [](v1::Tenant& t) { t.add_text_verdicts(static_cast<v1::Verdict>(99)); }},
    {"short rings", nullptr, [](v1::Tenant& t) { t.add_text_verdicts(v1::VERDICT_SHORT_RING); }},
    {"negative ring", "min_ring_ms", [](v1::Tenant& t) { t.set_min_ring_ms(-1); }},
    {"max_age of the horizon", nullptr, [](v1::Tenant& t) { t.set_max_age_ms(26 * kHourMs); }},
    {"max_age beyond the horizon", "max_age_ms",
     [](v1::Tenant& t) { t.set_max_age_ms(26 * kHourMs + 1); }},
    {"ttl of a day", nullptr, [](v1::Tenant& t) { t.set_text_ttl_ms(kDayMs); }},
    {"ttl of more", "text_ttl_ms", [](v1::Tenant& t) { t.set_text_ttl_ms(kDayMs + 1); }},
    {"delay just under the ttl", nullptr,
     [](v1::Tenant& t) { t.set_delay_ms(30 * kMinuteMs - 1); }},
    {"delay of the ttl", "delay_ms", [](v1::Tenant& t) { t.set_delay_ms(30 * kMinuteMs); }},
    {"priority 3", "priority", [](v1::Tenant& t) { t.set_priority(3); }},
    {"limit of no texts", "limit_pair.texts",
     [](v1::Tenant& t) { t.mutable_limit_pair()->set_window_ms(kDayMs); }},
    {"limit of 51", "limit_customer.texts",
     [](v1::Tenant& t) {
       t.mutable_limit_customer()->set_texts(51);
       t.mutable_limit_customer()->set_window_ms(kDayMs);
     }},
    {"window of more than 31 days", "limit_pair.window_ms",
     [](v1::Tenant& t) {
       t.mutable_limit_pair()->set_texts(1);
       t.mutable_limit_pair()->set_window_ms(31 * kDayMs + 1);
     }},
    {"keyword of nothing", "keywords", [](v1::Tenant& t) { t.mutable_keywords()->add_stop("!"); }},
    {"callers of all kinds", nullptr,
     [](v1::Tenant& t) {
       t.add_blocked_callers("+1212555*");
       t.add_blocked_callers("+12125550142");
       t.add_known_callers("+12125550143");
       t.add_text_prefixes("+1");
       t.set_nuisance(100);
     }},
    {"a blocked caller without a plus", "blocked_callers[1]",
     [](v1::Tenant& t) {
       t.add_blocked_callers("+12125550142");
       t.add_blocked_callers("12125550142");
     }},
    {"a known caller that is a name", "known_callers[0]",
     [](v1::Tenant& t) { t.add_known_callers("Mum"); }},
    {"a caller both known and blocked", "known_callers[0]",
     [](v1::Tenant& t) {
       t.add_blocked_callers("+12125550142");
       t.add_known_callers("+12125550142");
     }},
    {"10,000 blocked callers", nullptr,
     [](v1::Tenant& t) {
       for (int i = 0; i < 10'000; ++i) t.add_blocked_callers("+1212555" + std::to_string(i) + "*");
     }},
    {"10,001 blocked callers", "blocked_callers",
     [](v1::Tenant& t) {
       for (int i = 0; i < 10'001; ++i) t.add_blocked_callers("+1212555" + std::to_string(i) + "*");
     }},
    {"a prefix without a plus", "text_prefixes[0]",
     [](v1::Tenant& t) { t.add_text_prefixes("44"); }},
    {"a prefix with a star", "text_prefixes[0]",
     [](v1::Tenant& t) { t.add_text_prefixes("+44*"); }},
    {"a score that nobody has", "nuisance", [](v1::Tenant& t) { t.set_nuisance(101); }},
    {"unknown scope", "opt_out_scope",
     [](v1::Tenant& t) { t.set_opt_out_scope(static_cast<v1::Scope::Kind>(9)); }},
    {"unknown policy", "unknown_policy",
     [](v1::Tenant& t) { t.set_unknown_policy(static_cast<v1::Job::UnknownPolicy>(9)); }},
};

TEST(TenantTest, ProblemsNameTheirField) {
  for (const auto& c : kCases) {
    auto tenant = Garage();
    c.change(tenant);
    const auto problems = ValidateTenant(tenant);
    if (c.field == nullptr) {
      EXPECT_TRUE(problems.empty())
          << c.name << ": " << problems[0].field << " " << problems[0].message;
      continue;
    }
    ASSERT_EQ(problems.size(), 1u) << c.name;
    EXPECT_EQ(problems[0].field, c.field) << c.name << ": " << problems[0].message;
    EXPECT_FALSE(problems[0].message.empty()) << c.name;
  }
}

TEST(TenantTest, AllProblemsAreToldAtOnce) { EXPECT_GE(ValidateTenant(v1::Tenant()).size(), 4u); }

TEST(TenantTest, DefaultsAreFilledIn) {
  World world;
  const Tenant& tenant = *world.snapshot->Find("garage");
  EXPECT_TRUE(tenant.active());
  EXPECT_EQ(tenant.min_ring_ms(), 3'000);
  EXPECT_EQ(tenant.max_age_ms(), 15 * kMinuteMs);
  EXPECT_EQ(tenant.text_ttl_ms(), 30 * kMinuteMs);
  EXPECT_EQ(tenant.limit_pair().texts(), 1u);
  EXPECT_EQ(tenant.limit_customer().texts(), 5u);
  EXPECT_EQ(tenant.limit_customer().window_ms(), kDayMs);
  EXPECT_EQ(tenant.template_name(), "first_text");
  EXPECT_EQ(tenant.priority(), 1u);
  EXPECT_EQ(tenant.opt_out_scope().kind(), v1::Scope::KIND_TENANT);
  EXPECT_TRUE(tenant.Texts(v1::VERDICT_VOICEMAIL));
  EXPECT_FALSE(tenant.Texts(v1::VERDICT_SHORT_RING));
  EXPECT_FALSE(tenant.Texts(v1::VERDICT_ANSWERED));
  EXPECT_FALSE(tenant.Texts(static_cast<v1::Verdict>(64)));
  EXPECT_FALSE(tenant.Texts(static_cast<v1::Verdict>(-1)));
}

TEST(SnapshotTest, TakesUpdatesInOrderAndIgnoresRepeats) {
  SnapshotBuilder builder;
  EXPECT_EQ(builder.Build()->version(), -1);
  auto tenant = Garage();
  EXPECT_TRUE(builder.Apply("garage", tenant, 5).empty());
  const auto first = builder.Build();
  EXPECT_EQ(first->version(), 5);
  EXPECT_EQ(first->Find("garage")->version(), 5);
  EXPECT_EQ(builder.Build(), first);

  tenant.set_active(false);
  builder.Apply("garage", tenant, 5);  // read again after a restart
  EXPECT_TRUE(builder.Build()->Find("garage")->active());
  builder.Apply("garage", tenant, 6);
  EXPECT_FALSE(builder.Build()->Find("garage")->active());
  EXPECT_TRUE(first->Find("garage")->active());  // who holds it still sees it

  builder.Apply("garage", std::nullopt, 7);
  EXPECT_EQ(builder.Build()->Find("garage"), nullptr);
  EXPECT_EQ(builder.Build()->version(), 7);
}

TEST(SnapshotTest, AFaultyTenantIsInactiveAndSaysWhy) {
  SnapshotBuilder builder;
  EXPECT_EQ(builder.Apply("other-id", Garage(), 1).at(0).field, "tenant");
  EXPECT_FALSE(builder.Build()->Find("other-id")->active());
}

TEST(SnapshotTest, RemembersTheLongestWindow) {
  SnapshotBuilder builder;
  auto tenant = Garage();
  tenant.mutable_limit_customer()->set_texts(3);
  tenant.mutable_limit_customer()->set_window_ms(7 * kDayMs);
  builder.Apply("garage", tenant, 1);
  EXPECT_EQ(builder.Build()->longest_window_ms(), 7 * kDayMs);
  tenant.mutable_limit_customer()->set_window_ms(INT64_MAX);
  builder.Apply("garage", tenant, 2);
  EXPECT_EQ(builder.Build()->longest_window_ms(), kLimitWindowMaxMs);
}

TEST(LimitsTest, DefaultsAreUsableAndNonsenseIsNot) {
  EXPECT_TRUE(ValidateLimits(Limits{}).empty());
  Limits limits;
  limits.calls_max = 0;
  limits.horizon_ms = INT64_MAX;
  limits.future_max_ms = -1;
  EXPECT_EQ(ValidateLimits(limits).size(), 3u);
  limits = Limits{};
  limits.open_wait_ms = limits.horizon_ms + 1;
  EXPECT_EQ(ValidateLimits(limits).size(), 1u);
}

TEST(IdsTest, AreFixedForEver) {
  // State, jobs and explain depend on them: another value is another version of the state.
  auto record = Record("r1", kTen);
  record.mutable_coordinates()->set_offset(42);
  EXPECT_EQ(CallKeyOf(record).ToCallId(), "ae4b26fdc5295de4faaea1ae6e3f6f35");
  record.set_join_key("j1");
  EXPECT_EQ(CallKeyOf(record).ToCallId(), "9ba166225fffc4f91e40b0efbb533033");
  EXPECT_EQ(JobId("garage", "c", "first_text"), "5230e11556b758177a3eaf5192d24cf4");
  EXPECT_EQ(RecordHash(record), 12859776412576074265ULL);
  EXPECT_EQ(CoordinatesHash(record), 13830302680504028936ULL);
  record.mutable_coordinates()->set_place(1);
  EXPECT_NE(CoordinatesHash(record), 13830302680504028936ULL) << "of one message, but another";
  record.clear_coordinates();
  EXPECT_EQ(CoordinatesHash(record), 0u);
}

TEST(IdsTest, TellPartsApart) {
  EXPECT_NE(JobId("ab", "c", "x"), JobId("a", "bc", "x"));
  auto a = Record("r1", kTen);
  auto b = a;
  b.set_source("other");
  EXPECT_NE(CallKeyOf(a), CallKeyOf(b));  // stands alone: its source names it
  a.set_join_key("j");
  b.set_join_key("j");
  EXPECT_EQ(CallKeyOf(a), CallKeyOf(b));  // one call, told by two sources
  b.mutable_served()->set_tenant("bakery");
  EXPECT_NE(CallKeyOf(a), CallKeyOf(b));
}

}  // namespace
}  // namespace textback::policy
