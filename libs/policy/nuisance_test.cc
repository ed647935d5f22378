// What makes a caller a nuisance, at each step of each sign, and who is never one.
#include "policy/nuisance.h"

#include <gtest/gtest.h>

#include <functional>

#include "policy/explain.h"
#include "policy/test_support.h"

namespace textback::policy {
namespace {

using namespace testing;

// The caller gave up after so long.
v1::CallRecord GaveUp(std::int64_t ring_ms, std::string_view id = "r1") {
  auto record = Record(id, kTen - 2'000, "abandoned");
  record.set_ring_ms(ring_ms);
  return record;
}

std::string Line(int n) { return "+121255501" + std::to_string(10 + n); }

// The caller has called this many other lines, the last of them `ago_ms` before the record's end.
void CallLines(World& world, int lines, std::int64_t ago_ms = 1'000) {
  for (int i = 0; i < lines; ++i) {
    auto tenant = Garage();
    tenant.set_tenant("tenant" + std::to_string(i));
    tenant.clear_lines();
    tenant.add_lines()->set_msisdn(Line(i));
    world.Set(tenant);
    auto record = Record("before" + std::to_string(i), kTen - 2'000 - ago_ms, "answered");
    record.mutable_served()->set_tenant(tenant.tenant());
    record.mutable_served()->set_line(Line(i));
    world.Call(record);
  }
}

struct Case {
  const char* name;
  std::uint32_t score;
  std::function<void(World&, v1::CallRecord&)> arrange;
};

const Case kCases[] = {
    {"nothing", 0, [](World&, v1::CallRecord&) {}},
    {"full attestation", 0,
     [](World&, v1::CallRecord& r) { r.set_attestation(v1::ATTESTATION_A); }},
    {"partial attestation", 5,
     [](World&, v1::CallRecord& r) { r.set_attestation(v1::ATTESTATION_B); }},
    {"gateway attestation", 20,
     [](World&, v1::CallRecord& r) { r.set_attestation(v1::ATTESTATION_C); }},
    {"no attestation, and nothing to verify: once", 10,
     [](World&, v1::CallRecord& r) {
       r.set_attestation(v1::ATTESTATION_NONE);
       r.set_verification(v1::VERIFICATION_NONE);
     }},
    {"nothing to verify", 10,
     [](World&, v1::CallRecord& r) { r.set_verification(v1::VERIFICATION_NONE); }},
    {"verified", 0, [](World&, v1::CallRecord& r) { r.set_verification(v1::VERIFICATION_PASSED); }},
    {"a wrong signature", 40,
     [](World&, v1::CallRecord& r) { r.set_verification(v1::VERIFICATION_FAILED); }},
    {"the network is half sure", 30, [](World&, v1::CallRecord& r) { r.set_spam_likelihood(50); }},
    {"the network is sure", 60, [](World&, v1::CallRecord& r) { r.set_spam_likelihood(100); }},
    {"more than sure", 60, [](World&, v1::CallRecord& r) { r.set_spam_likelihood(4'000'000'000); }},
    {"gave up just before six seconds", 20, [](World&, v1::CallRecord& r) { r = GaveUp(5'999); }},
    {"gave up after six seconds", 0, [](World&, v1::CallRecord& r) { r = GaveUp(6'000); }},
    {"nobody answered for five seconds", 0,
     [](World&, v1::CallRecord& r) { r.set_ring_ms(5'000); }},
    {"the fourth line", 0, [](World& w, v1::CallRecord&) { CallLines(w, 3); }},
    {"the fifth line", 20, [](World& w, v1::CallRecord&) { CallLines(w, 4); }},
    {"the tenth line", 40, [](World& w, v1::CallRecord&) { CallLines(w, 9); }},
    {"the twentieth line", 60, [](World& w, v1::CallRecord&) { CallLines(w, 19); }},
    {"the thirtieth line", 60, [](World& w, v1::CallRecord&) { CallLines(w, 29); }},
    {"the twentieth line just within the window", 60,
     [](World& w, v1::CallRecord&) { CallLines(w, 19, kFanOutWindowMs - 1); }},
    {"the twentieth line, the others a window ago", 0,
     [](World& w, v1::CallRecord&) { CallLines(w, 19, kFanOutWindowMs); }},
    {"the same line again and again", 0,
     [](World& w, v1::CallRecord&) {
       for (int i = 0; i < 30; ++i)
         w.Call(Record("again" + std::to_string(i), kTen - 3'000, "busy"));
       w.document.clear_texts();
     }},
    {"lines that rang the caller", 0,
     [](World& w, v1::CallRecord&) {
       CallLines(w, 19);
       for (auto& call : *w.document.mutable_calls()) call.set_verdict(v1::VERDICT_OUTBOUND);
     }},
    {"all at once is no more than a hundred", 100,
     [](World& w, v1::CallRecord& r) {
       r = GaveUp(5'000);
       r.set_spam_likelihood(100);
       r.set_verification(v1::VERIFICATION_FAILED);
       CallLines(w, 4);
     }},
};

TEST(NuisanceTest, EachSignHasItsPoints) {
  for (const auto& c : kCases) {
    World world;
    auto record = Record("r1", kTen - 2'000);
    c.arrange(world, record);
    const auto& effects = world.Call(record);
    ASSERT_EQ(effects.decisions.size(), 1) << c.name;
    const auto& decision = effects.decisions[0];
    std::uint32_t points = 0;
    for (const auto& sign : decision.nuisance()) points += sign.points();
    EXPECT_EQ(std::min(points, 100U), c.score) << c.name << "\n" << decision.ShortDebugString();
    EXPECT_EQ(decision.reason(),
              c.score >= kNuisanceDefault ? v1::REASON_NUISANCE : v1::REASON_UNSPECIFIED)
        << c.name;
  }
}

// A backlog, in which later calls are known already, decides as live traffic does.
TEST(NuisanceTest, CallsThatStillWaitAreNotCounted) {
  World world;
  CallLines(world, 18);
  for (int i = 18; i < 29; ++i) {
    auto leg =
        Leg("leg" + std::to_string(i), "j" + std::to_string(i), kTen - 2'000, "no_answer", 60'000);
    leg.mutable_served()->set_line(Line(i));
    world.Call(leg);
  }
  const auto decision = world.Call(Record("r1", kTen - 2'000)).decisions[0];
  ASSERT_EQ(decision.nuisance_size(), 1);
  EXPECT_EQ(decision.nuisance(0).value(), 19);
}

TEST(NuisanceTest, ASingleVeryShortRingIsTextedWhereTheTenantWantsIt) {
  World world;
  auto tenant = Garage();
  tenant.add_text_verdicts(v1::VERDICT_SHORT_RING);
  world.Set(tenant);
  auto record = Record("r1", kTen - 2'000, "short_ring");
  record.set_ring_ms(1'999);
  const auto decision = world.Call(record).decisions[0];
  EXPECT_EQ(decision.verdict(), v1::VERDICT_SHORT_RING);
  EXPECT_EQ(decision.reason(), v1::REASON_UNSPECIFIED);
  ASSERT_EQ(decision.nuisance_size(), 1);
  EXPECT_EQ(decision.nuisance(0).name(), "short_ring");
  EXPECT_EQ(decision.nuisance(0).points(), 40U);
}

TEST(NuisanceTest, TheThresholdIsTheTenants) {
  for (const auto& [threshold, reason] : {std::pair{40U, v1::REASON_NUISANCE},
                                          {41U, v1::REASON_UNSPECIFIED},
                                          {0U, v1::REASON_UNSPECIFIED}}) {
    World world;
    auto tenant = Garage();
    tenant.set_nuisance(threshold);
    world.Set(tenant);
    auto record = Record("r1", kTen - 2'000);
    record.set_verification(v1::VERIFICATION_FAILED);
    const auto decision = world.Call(record).decisions[0];
    EXPECT_EQ(decision.reason(), reason) << threshold;
    EXPECT_EQ(decision.nuisance_size(), threshold == 0 ? 0 : 1) << threshold;
  }
}

v1::CallRecord Spam(std::string_view id = "spam") {
  auto record = Record(id, kTen - 2'000);
  record.set_spam_likelihood(100);
  return record;
}

const v1::Gate& NuisanceGate(const v1::Decision& decision) {
  for (const auto& gate : decision.gates()) {
    if (gate.name() == "nuisance") return gate;
  }
  return v1::Gate::default_instance();
}

TEST(NuisanceTest, KnownContactsPass) {
  World listed;
  auto tenant = Garage();
  tenant.add_known_callers("+12125550*");
  listed.Set(tenant);
  const auto decision = listed.Call(Spam()).decisions[0];
  EXPECT_EQ(decision.action(), v1::ACTION_TEXT);
  EXPECT_EQ(NuisanceGate(decision).detail(), "known_contact");
  EXPECT_EQ(NuisanceGate(decision).value(), 60);

  World rung;
  auto out = Record("out", kTen - kDayMs, "answered");
  out.set_answered_by(v1::ANSWERED_BY_PERSON);
  out.set_answered_at_ms(kTen - kDayMs - 5'000);
  out.mutable_served()->set_side(v1::Served::SIDE_ORIGINATING);
  rung.now = kTen - kDayMs;
  rung.Call(out);
  rung.now = kTen;
  EXPECT_EQ(rung.Call(Spam()).decisions[0].action(), v1::ACTION_TEXT);

  World replied;
  replied.Inbound(Message("m1", "thanks, tomorrow at nine", kTen - kDayMs));
  EXPECT_EQ(replied.Call(Spam()).decisions[0].action(), v1::ACTION_TEXT);
}

TEST(NuisanceTest, WhoOnlyCalledOrSaidStopOrKnowsAnotherTenantIsNoKnownContact) {
  World called;
  called.now = kTen - kDayMs;
  called.Call(Record("in", kTen - kDayMs, "answered"));
  called.now = kTen;
  EXPECT_EQ(called.Call(Spam()).decisions[0].reason(), v1::REASON_NUISANCE);

  World stopped;
  stopped.Inbound(Message("m1", "STOP", kTen - kDayMs));
  stopped.document.clear_opt_outs();
  EXPECT_EQ(stopped.Call(Spam()).decisions[0].reason(), v1::REASON_NUISANCE);

  World other;
  auto& pair = *other.document.add_pairs();
  pair.set_tenant("bakery");
  pair.set_reply_ms(kTen - kDayMs);
  pair.set_keep_ms(kTen + kDayMs);
  EXPECT_EQ(other.Call(Spam()).decisions[0].reason(), v1::REASON_NUISANCE);

  World forgotten;
  forgotten.now = kTen - forgotten.limits.pair_memory_ms;
  forgotten.Inbound(Message("m1", "thanks", forgotten.now));
  forgotten.now = kTen;
  EXPECT_EQ(forgotten.Call(Spam()).decisions[0].reason(), v1::REASON_NUISANCE);
}

TEST(NuisanceTest, TheOrderOfACallsRecordsChangesNothing) {
  auto first = Leg("l1", "j", kTen - 5'000, "no_answer", 1'000);
  first.set_attestation(v1::ATTESTATION_C);
  first.set_call_over(true);
  first.mutable_reach()->set_block_list("a");
  first.mutable_reach()->set_block_always(true);
  auto second = Leg("l2", "j", kTen - 5'000, "no_answer", 1'000);
  second.set_attestation(v1::ATTESTATION_A);
  second.set_verification(v1::VERIFICATION_FAILED);
  second.set_spam_likelihood(10);
  second.mutable_reach()->set_block_list("b");
  second.mutable_reach()->set_carrier("North");
  std::string decided[2];
  for (const bool turned : {false, true}) {
    World world;
    world.Call(turned ? second : first);
    world.Call(turned ? first : second);
    ASSERT_EQ(world.document.calls_size(), 1);
    const auto& pending = world.document.calls(0).pending();
    EXPECT_EQ(pending.attestation(), v1::ATTESTATION_C);
    EXPECT_EQ(pending.verification(), v1::VERIFICATION_FAILED);
    EXPECT_EQ(pending.spam_likelihood(), 10U);
    EXPECT_EQ(pending.reach().block_list(), "a");
    EXPECT_TRUE(pending.reach().block_always());
    EXPECT_EQ(pending.reach().carrier(), "North");
    const auto& effects = world.Timer(kTen);
    ASSERT_EQ(effects.decisions.size(), 1);
    EXPECT_EQ(effects.decisions[0].reason(), v1::REASON_BLOCKED);
    decided[turned ? 1 : 0] = effects.decisions[0].SerializeAsString();
  }
  EXPECT_EQ(decided[0], decided[1]);
}

TEST(NuisanceTest, ItIsExplained) {
  World world;
  auto record = GaveUp(4'000);
  record.set_verification(v1::VERIFICATION_FAILED);
  const auto decision = world.Call(record).decisions[0];
  EXPECT_EQ(ExplainInBrief(decision),
            "No text: the caller looks like a robot or a fraud (score 60, limit 60): the number's "
            "signature is wrong (40), it rang 4 s and the caller gave up (20).");
  const std::string whole = Explain(decision, {}, {});
  EXPECT_NE(whole.find("  nuisance: STOPPED, value 60, limit 60\n"), std::string::npos) << whole;
  EXPECT_NE(whole.find("  sign of a nuisance: the number's signature is wrong, 40 points\n"),
            std::string::npos)
      << whole;
}

}  // namespace
}  // namespace textback::policy
