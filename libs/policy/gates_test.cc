// Every gate at its boundary, and one step to either side.
#include "policy/gates.h"

#include <gtest/gtest.h>

#include <functional>

#include "policy/names.h"
#include "policy/test_support.h"

namespace textback::policy {
namespace {

using namespace testing;

struct Case {
  const char* name;
  v1::Reason expected;  // UNSPECIFIED: a text goes
  std::function<void(World&, v1::CallRecord&)> arrange;
};

void Retenant(World& world, const std::function<void(v1::Tenant&)>& change) {
  auto tenant = Garage();
  change(tenant);
  world.Set(tenant);
}

void Remember(World& world, const char* tenant, std::int64_t at_ms) {
  auto& text = *world.document.add_texts();
  text.set_tenant(tenant);
  text.set_at_ms(at_ms);
  text.set_keep_ms(at_ms + kLimitWindowMaxMs);
}

void Talked(World& world, std::int64_t at_ms) {
  auto& pair = *world.document.add_pairs();
  pair.set_tenant("garage");
  pair.set_talk_ms(at_ms);
  pair.set_keep_ms(at_ms + kDayMs);
}

void OptOut(World& world, v1::Scope::Kind kind, const char* tenant, const char* sender) {
  auto& out = *world.document.add_opt_outs();
  out.set_kind(kind);
  out.set_tenant(tenant);
  out.set_sender(sender);
}

void TakesNoTexts(World& world, std::int64_t keep_ms) {
  auto& learnt = *world.document.mutable_no_texts();
  learnt.set_error("1");
  learnt.set_at_ms(kTen - kDayMs);
  learnt.set_keep_ms(keep_ms);
}

void EndAt(v1::CallRecord& record, std::int64_t ended_ms) {
  record.set_ended_at_ms(ended_ms);
  record.set_ringing_at_ms(ended_ms - 10'000);
  record.set_started_at_ms(ended_ms - 12'000);
}

const Case kCases[] = {
    {"a plain miss", v1::REASON_UNSPECIFIED, [](World&, v1::CallRecord&) {}},

    {"tenant gone", v1::REASON_TENANT_INACTIVE,
     [](World& w, v1::CallRecord&) {
       w.builder.Apply("garage", std::nullopt, ++w.version);
       w.snapshot = w.builder.Build();
     }},
    {"tenant switched off", v1::REASON_TENANT_INACTIVE,
     [](World& w, v1::CallRecord&) { Retenant(w, [](auto& t) { t.set_active(false); }); }},
    {"tenant faulty", v1::REASON_TENANT_INACTIVE,
     [](World& w, v1::CallRecord&) { Retenant(w, [](auto& t) { t.set_priority(3); }); }},

    {"verdict not asked for", v1::REASON_NOT_MISSED,
     [](World& w, v1::CallRecord&) {
       Retenant(w, [](auto& t) { t.add_text_verdicts(v1::VERDICT_BUSY); });
     }},
    {"short ring by default", v1::REASON_NOT_MISSED,
     [](World&, v1::CallRecord& r) { r.mutable_causes(0)->set_value("short_ring"); }},
    {"short ring asked for", v1::REASON_UNSPECIFIED,
     [](World& w, v1::CallRecord& r) {
       Retenant(w, [](auto& t) { t.add_text_verdicts(v1::VERDICT_SHORT_RING); });
       r.mutable_causes(0)->set_value("short_ring");
     }},
    {"a menu by default", v1::REASON_NOT_MISSED,
     [](World&, v1::CallRecord& r) { r.set_answered_by(v1::ANSWERED_BY_IVR); }},
    {"a menu that counts as missed", v1::REASON_UNSPECIFIED,
     [](World& w, v1::CallRecord& r) {
       Retenant(w, [](auto& t) { t.set_ivr_counts_as_missed(true); });
       r.set_answered_by(v1::ANSWERED_BY_IVR);
     }},
    {"voicemail", v1::REASON_UNSPECIFIED,
     [](World&, v1::CallRecord& r) { r.set_answered_by(v1::ANSWERED_BY_VOICEMAIL); }},
    {"blocked by the network's analytics", v1::REASON_NOT_MISSED,
     [](World&, v1::CallRecord& r) { r.mutable_causes(0)->set_value("blocked"); }},

    {"max_age exactly", v1::REASON_UNSPECIFIED,
     [](World&, v1::CallRecord& r) { EndAt(r, kTen - 15 * kMinuteMs); }},
    {"max_age and a millisecond", v1::REASON_STALE,
     [](World&, v1::CallRecord& r) { EndAt(r, kTen - 15 * kMinuteMs - 1); }},
    {"freshness counts from the end of ringing, not of the mailbox's talk", v1::REASON_STALE,
     [](World&, v1::CallRecord& r) {
       EndAt(r, kTen - 1'000);
       r.set_answered_at_ms(kTen - 15 * kMinuteMs - 1);
       r.set_answered_by(v1::ANSWERED_BY_VOICEMAIL);
     }},

    {"own line", v1::REASON_OWN_LINE,
     [](World& w, v1::CallRecord& r) {
       w.key = kSecondLine;
       r.mutable_served()->set_customer(std::string(kSecondLine));
     }},
    {"another tenant's line, by intake's table", v1::REASON_TENANT_LINE,
     [](World&, v1::CallRecord& r) { r.mutable_reach()->set_tenant("bakery"); }},
    {"an own line that only intake's table knows", v1::REASON_OWN_LINE,
     [](World&, v1::CallRecord& r) { r.mutable_reach()->set_tenant("garage"); }},

    {"withheld", v1::REASON_WITHHELD,
     [](World& w, v1::CallRecord& r) {
       w.key = std::string(kLine) + ":r1";
       r.mutable_served()->clear_customer();
       r.mutable_served()->set_withheld(true);
     }},
    {"no number at all", v1::REASON_NOT_TEXTABLE,
     [](World& w, v1::CallRecord& r) {
       w.key = std::string(kLine) + ":r1";
       r.mutable_served()->clear_customer();
     }},
    {"a fixed line by its range", v1::REASON_NOT_TEXTABLE,
     [](World& w, v1::CallRecord& r) {
       w.key = "+442079460018";
       r.mutable_served()->set_customer(w.key);
     }},
    {"a mobile by its range", v1::REASON_UNSPECIFIED,
     [](World& w, v1::CallRecord& r) {
       w.key = "+447700900123";
       r.mutable_served()->set_customer(w.key);
     }},
    {"a fixed line by the network's word", v1::REASON_NOT_TEXTABLE,
     [](World&, v1::CallRecord& r) { r.set_caller_line_type(v1::LINE_TYPE_FIXED); }},
    {"a ported number by the network's word", v1::REASON_UNSPECIFIED,
     [](World& w, v1::CallRecord& r) {
       w.key = "+442079460018";
       r.mutable_served()->set_customer(w.key);
       r.set_caller_line_type(v1::LINE_TYPE_MOBILE);
     }},

    {"a fixed line by the operator's plan", v1::REASON_NOT_TEXTABLE,
     [](World&, v1::CallRecord& r) { r.mutable_reach()->set_line_type(v1::LINE_TYPE_FIXED); }},
    {"ported to a mobile by the operator's list", v1::REASON_UNSPECIFIED,
     [](World& w, v1::CallRecord& r) {
       w.key = "+442079460018";
       r.mutable_served()->set_customer(w.key);
       r.mutable_reach()->set_line_type(v1::LINE_TYPE_MOBILE);
     }},
    {"the network's word comes before the operator's plan", v1::REASON_UNSPECIFIED,
     [](World&, v1::CallRecord& r) {
       r.set_caller_line_type(v1::LINE_TYPE_MOBILE);
       r.mutable_reach()->set_line_type(v1::LINE_TYPE_FIXED);
     }},
    {"fixed or mobile is not known, so the next one is asked", v1::REASON_NOT_TEXTABLE,
     [](World& w, v1::CallRecord& r) {
       w.key = "+442079460018";
       r.mutable_served()->set_customer(w.key);
       r.set_caller_line_type(v1::LINE_TYPE_FIXED_OR_MOBILE);
       r.mutable_reach()->set_line_type(v1::LINE_TYPE_FIXED_OR_MOBILE);
     }},
    {"fixed or mobile, and nobody knows better", v1::REASON_UNSPECIFIED,
     [](World&, v1::CallRecord& r) {
       r.mutable_reach()->set_line_type(v1::LINE_TYPE_FIXED_OR_MOBILE);
     }},
    {"a roaming number", v1::REASON_NOT_TEXTABLE,
     [](World&, v1::CallRecord& r) { r.mutable_reach()->set_line_type(v1::LINE_TYPE_ROAMING); }},
    {"an emergency service", v1::REASON_NOT_TEXTABLE,
     [](World&, v1::CallRecord& r) { r.mutable_reach()->set_line_type(v1::LINE_TYPE_EMERGENCY); }},

    {"begins with another prefix", v1::REASON_FOREIGN,
     [](World& w, v1::CallRecord&) {
       Retenant(w, [](auto& t) {
         t.add_text_prefixes("+44");
         t.add_text_prefixes("+1213");
       });
     }},
    {"begins with one of the prefixes", v1::REASON_UNSPECIFIED,
     [](World& w, v1::CallRecord&) {
       Retenant(w, [](auto& t) {
         t.add_text_prefixes("+44");
         t.add_text_prefixes("+1212");
       });
     }},

    {"the network said that it takes no texts", v1::REASON_UNDELIVERABLE,
     [](World& w, v1::CallRecord&) { TakesNoTexts(w, kTen + 1); }},
    {"what the network said is believed no longer", v1::REASON_UNSPECIFIED,
     [](World& w, v1::CallRecord&) { TakesNoTexts(w, kTen); }},

    {"on a block list", v1::REASON_BLOCKED,
     [](World&, v1::CallRecord& r) { r.mutable_reach()->set_block_list("operator"); }},
    {"on a block list, and known to the tenant", v1::REASON_UNSPECIFIED,
     [](World& w, v1::CallRecord& r) {
       r.mutable_reach()->set_block_list("operator");
       Retenant(w, [](auto& t) { t.add_known_callers(std::string(kCustomer)); });
     }},
    {"on a block list for all, and known to the tenant", v1::REASON_BLOCKED,
     [](World& w, v1::CallRecord& r) {
       r.mutable_reach()->set_block_list("operator");
       r.mutable_reach()->set_block_always(true);
       Retenant(w, [](auto& t) { t.add_known_callers(std::string(kCustomer)); });
     }},
    {"blocked by the tenant", v1::REASON_BLOCKED,
     [](World& w, v1::CallRecord&) {
       Retenant(w, [](auto& t) { t.add_blocked_callers(std::string(kCustomer)); });
     }},
    {"blocked by the tenant with all that begin alike", v1::REASON_BLOCKED,
     [](World& w, v1::CallRecord&) {
       Retenant(w, [](auto& t) { t.add_blocked_callers("+1212555*"); });
     }},
    {"the tenant blocks a range and knows one of it", v1::REASON_UNSPECIFIED,
     [](World& w, v1::CallRecord&) {
       Retenant(w, [](auto& t) {
         t.add_blocked_callers("+1212555*");
         t.add_known_callers(std::string(kCustomer));
       });
     }},
    {"the tenant blocks whom it rang", v1::REASON_BLOCKED,
     [](World& w, v1::CallRecord&) {
       Retenant(w, [](auto& t) { t.add_blocked_callers(std::string(kCustomer)); });
       auto& pair = *w.document.add_pairs();
       pair.set_tenant("garage");
       pair.set_rung_ms(kTen - kDayMs);
       pair.set_keep_ms(kTen + kDayMs);
     }},

    {"opted out of this tenant", v1::REASON_OPTED_OUT,
     [](World& w, v1::CallRecord&) { OptOut(w, v1::Scope::KIND_TENANT, "garage", ""); }},
    {"opted out of another tenant", v1::REASON_UNSPECIFIED,
     [](World& w, v1::CallRecord&) { OptOut(w, v1::Scope::KIND_TENANT, "bakery", ""); }},
    {"opted out of the sender", v1::REASON_OPTED_OUT,
     [](World& w, v1::CallRecord&) { OptOut(w, v1::Scope::KIND_SENDER, "x", "12125550109"); }},
    {"opted out of another sender", v1::REASON_UNSPECIFIED,
     [](World& w, v1::CallRecord&) { OptOut(w, v1::Scope::KIND_SENDER, "x", "12125550108"); }},
    {"opted out of everything", v1::REASON_OPTED_OUT,
     [](World& w, v1::CallRecord&) { OptOut(w, v1::Scope::KIND_ALL, "x", "y"); }},

    {"flood until now", v1::REASON_UNSPECIFIED,
     [](World& w, v1::CallRecord&) { w.document.set_flood_until_ms(kTen); }},
    {"flood beyond now", v1::REASON_FLOOD,
     [](World& w, v1::CallRecord&) { w.document.set_flood_until_ms(kTen + 1); }},

    {"talked at the moment the miss ended", v1::REASON_UNSPECIFIED,
     [](World& w, v1::CallRecord& r) { Talked(w, r.ended_at_ms()); }},
    {"talked after the miss", v1::REASON_OVERTAKEN,
     [](World& w, v1::CallRecord& r) { Talked(w, r.ended_at_ms() + 1); }},

    {"a text within the pair's window", v1::REASON_LIMIT_PAIR,
     [](World& w, v1::CallRecord&) { Remember(w, "garage", kTen - kDayMs + 1); }},
    {"a text exactly a window ago", v1::REASON_UNSPECIFIED,
     [](World& w, v1::CallRecord&) { Remember(w, "garage", kTen - kDayMs); }},
    {"a text of another tenant", v1::REASON_UNSPECIFIED,
     [](World& w, v1::CallRecord&) { Remember(w, "bakery", kTen - 1); }},
    {"four texts of others", v1::REASON_UNSPECIFIED,
     [](World& w, v1::CallRecord&) {
       for (int i = 0; i < 4; ++i) Remember(w, "bakery", kTen - kDayMs + 1);
     }},
    {"five texts of others", v1::REASON_LIMIT_CUSTOMER,
     [](World& w, v1::CallRecord&) {
       for (int i = 0; i < 5; ++i) Remember(w, "bakery", kTen - kDayMs + 1);
     }},
    {"more texts than can be remembered", v1::REASON_LIMIT_CUSTOMER,
     [](World& w, v1::CallRecord&) {
       w.limits.texts_max = 2;
       for (int i = 0; i < 2; ++i) Remember(w, "bakery", kTen - 2 * kDayMs);
     }},

    {"could go a millisecond before it expires", v1::REASON_UNSPECIFIED,
     [](World& w, v1::CallRecord& r) {
       Retenant(w, [](auto& t) { t.set_text_ttl_ms(60'000); });
       EndAt(r, kTen - 59'999);
     }},
    {"could go only when it has expired", v1::REASON_EXPIRED,
     [](World& w, v1::CallRecord& r) {
       Retenant(w, [](auto& t) { t.set_text_ttl_ms(60'000); });
       EndAt(r, kTen - 60'000);
     }},
    {"the delay counts", v1::REASON_EXPIRED,
     [](World& w, v1::CallRecord& r) {
       Retenant(w, [](auto& t) {
         t.set_text_ttl_ms(60'000);
         t.set_delay_ms(30'000);
       });
       EndAt(r, kTen - 30'000);
     }},
};

TEST(GatesTest, EachStopsAtItsBoundary) {
  for (const auto& c : kCases) {
    World world;
    auto record = Record("r1", kTen - 2'000);
    c.arrange(world, record);
    const auto& effects = world.Call(record);
    ASSERT_EQ(effects.decisions.size(), 1) << c.name;
    const auto& decision = effects.decisions[0];
    EXPECT_EQ(decision.reason(), c.expected) << c.name << ": " << ReasonName(decision.reason());
    EXPECT_EQ(effects.jobs.size(), c.expected == v1::REASON_UNSPECIFIED ? 1 : 0) << c.name;
    EXPECT_EQ(decision.action(),
              c.expected == v1::REASON_UNSPECIFIED ? v1::ACTION_TEXT : v1::ACTION_SUPPRESS);
  }
}

TEST(GatesTest, TheFirstThatStopsIsTheReasonAndTheRestAreSkipped) {
  World world;
  OptOut(world, v1::Scope::KIND_ALL, "", "");
  auto record = Record("r1", kTen - 15 * kMinuteMs - 1);
  const auto& decision = world.Call(record).decisions[0];
  ASSERT_EQ(decision.gates_size(), static_cast<int>(kGateOrder.size()));
  for (int i = 0; i < decision.gates_size(); ++i) {
    EXPECT_EQ(decision.gates(i).name(), ReasonName(kGateOrder[static_cast<std::size_t>(i)]));
    EXPECT_EQ(decision.gates(i).outcome(), i < 2    ? v1::Gate::OUTCOME_PASS
                                           : i == 2 ? v1::Gate::OUTCOME_STOP
                                                    : v1::Gate::OUTCOME_SKIPPED);
  }
  EXPECT_EQ(decision.gates(2).value(), 15 * kMinuteMs + 1);
  EXPECT_EQ(decision.gates(2).limit(), 15 * kMinuteMs);
}

TEST(GatesTest, AnEmittedTextCountsWhateverBecomesOfIt) {
  World world;
  const auto decision = world.Call(Record("r1", kTen - 2'000)).decisions[0];
  v1::Status status;
  status.set_kind(v1::Status::KIND_UNKNOWN);
  status.set_job_id(decision.job_id());
  status.set_call_id(decision.call_id());
  world.StatusOf(status);
  const auto& second = world.Call(Record("r2", kTen - 1'000));
  EXPECT_EQ(second.decisions[0].reason(), v1::REASON_LIMIT_PAIR);
}

TEST(GatesTest, DelayAndPriorityComeFromTheTenant) {
  World world;
  Retenant(world, [](auto& t) {
    t.set_delay_ms(20'000);
    t.set_priority(2);
    t.set_unknown_policy(v1::Job::UNKNOWN_POLICY_RESEND_ONCE);
    t.set_template_text("{line_name} of {business}");
    t.set_template_name("short");
  });
  const auto& effects = world.Call(Record("r1", kTen - 2'000));
  ASSERT_EQ(effects.jobs.size(), 1);
  EXPECT_EQ(effects.jobs[0].not_before_ms(), kTen + 20'000);
  EXPECT_EQ(effects.jobs[0].priority(), 2u);
  EXPECT_EQ(effects.jobs[0].unknown_policy(), v1::Job::UNKNOWN_POLICY_RESEND_ONCE);
  EXPECT_EQ(effects.jobs[0].text().body(), "Workshop of Smith's Garage");
  EXPECT_EQ(effects.decisions[0].template_name(), "short");
}

TEST(NamesTest, AreTheContractsWords) {
  EXPECT_EQ(VerdictName(v1::VERDICT_QUEUE_ABANDON), "queue_abandon");
  EXPECT_EQ(ReasonName(v1::REASON_LIMIT_PAIR), "limit_pair");
  EXPECT_EQ(ActionName(v1::ACTION_SUPPRESS), "suppress");
  EXPECT_EQ(AnsweredByName(v1::ANSWERED_BY_IVR), "ivr");
  EXPECT_EQ(ReasonName(static_cast<v1::Reason>(999)), "unspecified");
  EXPECT_EQ(ReasonFromName("opted_out"), v1::REASON_OPTED_OUT);
  EXPECT_EQ(ReasonFromName("opted out"), std::nullopt);
}

}  // namespace
}  // namespace textback::policy
