#include "simulation/plan.h"

#include <algorithm>
#include <cstdio>

#include "base/assert.h"
#include "base/random.h"
#include "textback/v1/call_record.pb.h"

namespace textback::simulation {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::size_t kRecordsMin = 400;
constexpr int kTwinsMax = 60;  // numbers for fiction end
// How often each node of a source of files writes one.
constexpr std::int64_t kFileEveryMs[] = {4'000, 7'000};
static_assert(std::size(kFileEveryMs) == kNodes);

std::string Numbered(const char* prefix, int n, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%s%0*d", prefix, digits, n);
  return text;
}

v1::Tenant NewTenant(const std::string& id, const std::vector<std::string>& lines,
                     const std::string& sender) {
  v1::Tenant tenant;
  tenant.set_tenant(id);
  tenant.set_name("The " + id);
  tenant.set_active(true);
  for (const auto& number : lines) tenant.add_lines()->set_msisdn(number);
  tenant.mutable_sender()->set_kind(v1::Address::KIND_E164);
  tenant.mutable_sender()->set_value(sender);
  tenant.set_template_text("Hi, this is {business}. Sorry we missed you. Reply STOP to end.");
  tenant.set_contact(lines.front());
  tenant.set_max_age_ms(40'000);
  tenant.set_text_ttl_ms(20'000);
  tenant.mutable_limit_pair()->set_texts(1);
  tenant.mutable_limit_pair()->set_window_ms(100'000);
  tenant.mutable_limit_customer()->set_texts(3);
  tenant.mutable_limit_customer()->set_window_ms(100'000);
  return tenant;
}

// Each has something of its own: a shared sender, scopes, two parts, a delay, resending, no
// service.
std::vector<v1::Tenant> MakeTenants() {
  std::vector<v1::Tenant> all;
  all.push_back(NewTenant("garage", {"+12125550100", "+12125550101"}, "+12125550109"));
  all.push_back(NewTenant("dentist", {"+12125550110"}, "+12125550119"));
  all.push_back(NewTenant("clinic", {"+12125550115"}, "+12125550119"));
  all.back().set_opt_out_scope(v1::Scope::KIND_SENDER);
  all.push_back(NewTenant("salon", {"+442079460100"}, "+442079460109"));
  all.back().set_template_text(
      "Hello from {business}. We are sorry that nobody could take your call just now: all of us "
      "had "
      "scissors in their hands. Answer this text with a day and a time that suit you, and we will "
      "call you back to fix it. Reply STOP to end.");
  all.back().mutable_limit_pair()->set_texts(2);
  all.back().set_delay_ms(8'000);
  all.back().set_text_ttl_ms(40'000);
  all.push_back(NewTenant("plumber", {"+12125550130"}, "+12125550139"));
  all.back().set_unknown_policy(v1::Job::UNKNOWN_POLICY_RESEND_ONCE);
  all.back().set_text_ttl_ms(90'000);
  all.back().set_delay_ms(2'000);
  all.push_back(NewTenant("hotel", {"+12125550140", "+12125550141"}, "+12125550149"));
  all.back().set_opt_out_scope(v1::Scope::KIND_ALL);
  all.back().set_text_ttl_ms(12'000);
  all.back().mutable_limit_customer()->set_texts(2);
  all.push_back(NewTenant("florist", {"+12125550150"}, "+12125550159"));
  all.back().set_active(false);
  return all;
}

class Generator {
 public:
  // Mixed: a multiple of SplitMix64's increment would make each seed's plan its neighbour's, one
  // draw on.
  explicit Generator(std::uint64_t seed) : random_(Random(seed).Next()) {
    plan_.seed = seed;
    plan_.chaos_ms = random_.Between(120'000, 180'000);
    constexpr double kChances[] = {0, 0.00001, 0.00005, 0.0002};
    plan_.fault_chance = kChances[random_.Below(4)];
    plan_.decide_processes = 2 + random_.Below(2);
    plan_.echo_reference = random_.Chance(0.5);
    plan_.tenants = MakeTenants();
    for (int i = 0; i < 30; ++i) customers_.push_back(Numbered("+1646555", 100 + i, 4));
    for (int i = 0; i < 8; ++i) customers_.push_back(Numbered("+44770090", 100 + i, 4));
    for (int i = 0; i < 2; ++i) customers_.push_back(Numbered("+493023125", 100 + i, 3));
  }

  Plan Make() {
    MakeFirstFiles();
    while (plan_.records.size() < kRecordsMin + plan_.seed % 60) MakeCall();
    for (int i = 0; i < 8; ++i) MakeJunk();
    MakeTexts();
    MakeBlows();
    constexpr std::size_t kBatches[] = {20, 60, 400};
    plan_.records_max = kBatches[random_.Below(3)];
    const auto earlier = [](const auto& a, const auto& b) { return a.at_ms < b.at_ms; };
    std::stable_sort(plan_.records.begin(), plan_.records.end(), earlier);
    std::stable_sort(plan_.texts.begin(), plan_.texts.end(), earlier);
    std::stable_sort(plan_.blows.begin(), plan_.blows.end(), earlier);
    return std::move(plan_);
  }

 private:
  const std::string& AnyCustomer() {
    // Some call much more often than others.
    const std::size_t n = random_.Chance(0.4) ? 6 : customers_.size();
    return customers_[random_.Below(n)];
  }
  const v1::Tenant& AnyTenant() { return plan_.tenants[random_.Below(plan_.tenants.size())]; }
  std::string AnyLine() {
    const auto& tenant = AnyTenant();
    return tenant
        .lines(static_cast<int>(random_.Below(static_cast<std::uint64_t>(tenant.lines_size()))))
        .msisdn();
  }

  struct Kind {
    const char* word;
    v1::Verdict verdict;
  };
  const Kind& AnyKind() {
    static constexpr Kind kKinds[] = {{"no_answer", v1::VERDICT_NO_ANSWER},
                                      {"no_answer", v1::VERDICT_NO_ANSWER},
                                      {"busy", v1::VERDICT_BUSY},
                                      {"unreachable", v1::VERDICT_UNREACHABLE},
                                      {"declined", v1::VERDICT_DECLINED},
                                      {"answered", v1::VERDICT_ANSWERED},
                                      {"abandoned", v1::VERDICT_ABANDONED},
                                      {"short_ring", v1::VERDICT_SHORT_RING},
                                      {"answered_elsewhere", v1::VERDICT_ANSWERED_ELSEWHERE}};
    return kKinds[random_.Below(std::size(kKinds))];
  }

  // So that every node is known from the beginning; of nobody's lines.
  void MakeFirstFiles() {
    for (std::size_t source = 0; source < Sources().size(); ++source) {
      if (!Sources()[source].of_files()) continue;
      for (std::size_t node = 0; node < kNodes; ++node) {
        v1::CallRecord record;
        record.set_record_id("first-" + NodeName(node));
        record.mutable_called()->set_number("+12125550198");
        record.mutable_calling()->set_number("+12125550199");
        record.set_node(NodeName(node));
        record.set_ended_at_ms(kStartMs);
        Put(static_cast<std::int64_t>(node), source, record.SerializeAsString());
      }
    }
  }

  // One call through two switches, by a customer who calls this once only: whatever the two records
  // say, they are one call.
  void MakeTwins() {
    v1::CallRecord call;
    call.mutable_called()->set_number(AnyLine());
    call.mutable_calling()->set_number(Numbered("+1646555", 130 + twins_++, 4));
    const int number = ++calls_;
    const std::size_t first = random_.Below(Sources().size());
    const std::size_t second = (first + 1 + random_.Below(Sources().size() - 1)) % Sources().size();
    const std::int64_t begin_ms = kStartMs + random_.Between(5'000, plan_.chaos_ms - 20'000);
    for (const std::size_t source : {first, second}) {
      v1::CallRecord record = call;
      record.set_record_id("r" + std::to_string(number) + "-" + std::to_string(source) + "-twin");
      if (source == first && random_.Chance(0.5))
        record.set_join_key("call-" + std::to_string(number));
      MakeLeg(record, source, begin_ms + random_.Between(-700, 700), true, false, 0, AnyKind());
      Truth& truth = plan_.truth[record.record_id()];
      truth.twin = number;
      truth.alone = false;
    }
  }

  void MakeCall() {
    if (twins_ < kTwinsMax && random_.Chance(0.06)) return MakeTwins();
    v1::CallRecord call;
    call.mutable_called()->set_number(random_.Chance(0.1) ? "+12125550199" : AnyLine());
    call.mutable_calling()->set_number(AnyCustomer());
    if (random_.Chance(0.05)) call.mutable_calling()->set_number(AnyLine());  // both are tenants
    if (random_.Chance(0.07)) std::swap(*call.mutable_calling(), *call.mutable_called());
    const bool withheld = random_.Chance(0.05);
    if (withheld) call.mutable_calling()->set_presentation(v1::Party::PRESENTATION_RESTRICTED);
    const std::size_t source = random_.Below(Sources().size());
    const auto emits = Sources()[source].config.settle.emits();
    const bool one = emits == v1::SettleProfile::EMITS_CALL_END || random_.Chance(0.3);
    const int legs = one ? 1 : static_cast<int>(random_.Between(1, 3));
    const int number = ++calls_;
    if (!one || random_.Chance(0.5)) call.set_join_key("call-" + std::to_string(number));
    // Hours late, or with a clock that runs ahead: by the times in the record, not by arrival.
    std::int64_t shift = 0;
    if (random_.Chance(0.06)) shift = -random_.Between(kHourMs, 12 * kHourMs);
    if (random_.Chance(0.02)) shift = random_.Between(kHourMs / 2, 2 * kHourMs);
    const std::int64_t begin = random_.Between(0, plan_.chaos_ms - 20'000);
    for (int leg = 1; leg <= legs; ++leg) {
      v1::CallRecord record = call;
      record.set_record_id("r" + std::to_string(number) + "-" + std::to_string(leg));
      MakeLeg(record, source, kStartMs + begin + shift, leg == legs, withheld, shift, AnyKind());
    }
    if (random_.Chance(0.1)) MakeStop(call, begin + random_.Between(5'000, 12'000), number);
    if (random_.Chance(0.1)) MakeCallBack(call, begin + random_.Between(500, 6'000), number);
  }

  // Has had enough, perhaps before the call is decided.
  void MakeStop(const v1::CallRecord& call, std::int64_t at_ms, int number) {
    for (const auto& tenant : plan_.tenants) {
      for (const auto& line : tenant.lines()) {
        if (line.msisdn() != call.called().number()) continue;
        ScriptedText text;
        text.at_ms = at_ms;
        text.message.set_inbound_id("mo-stop-" + std::to_string(number));
        text.message.set_customer(call.calling().number());
        text.message.set_recipient(tenant.sender().value());
        text.message.set_text("STOP");
        text.message.set_received_at_ms(kStartMs + at_ms);
        text.message.set_account("sim");
        plan_.texts.push_back(std::move(text));
      }
    }
  }

  // Somebody of the tenant calls back at once, and they talk.
  void MakeCallBack(const v1::CallRecord& call, std::int64_t begin, int number) {
    v1::CallRecord back;
    *back.mutable_calling() = call.called();
    back.mutable_called()->set_number(call.calling().number());
    back.set_record_id("r" + std::to_string(number) + "-back");
    MakeLeg(back, 1, kStartMs + begin, true, false, 0, {"answered", v1::VERDICT_ANSWERED});
  }

  void MakeLeg(v1::CallRecord& record, std::size_t source, std::int64_t begin_ms, bool last,
               bool withheld, std::int64_t shift, const Kind& kind) {
    const std::int64_t ring = random_.Between(500, 9'000);
    const std::int64_t talk =
        kind.verdict == v1::VERDICT_ANSWERED ? random_.Between(1'000, 8'000) : 0;
    const std::int64_t ended = begin_ms + ring + talk;
    record.set_started_at_ms(begin_ms);
    record.set_ringing_at_ms(begin_ms);
    if (talk > 0) {
      record.set_answered_at_ms(begin_ms + ring);
      record.set_talk_ms(talk);
      record.set_answered_by(v1::ANSWERED_BY_PERSON);
    }
    record.set_ended_at_ms(ended);
    auto* cause = record.add_causes();
    cause->set_namespace_(v1::Cause::NAMESPACE_TEXTBACK);
    cause->set_value(kind.word);
    record.set_call_over(last && random_.Chance(0.75));
    const auto& settle = Sources()[source].config.settle;
    plan_.truth[record.record_id()] = {kind.verdict,
                                       record.call_over() || record.join_key().empty() ||
                                           settle.emits() == v1::SettleProfile::EMITS_CALL_END,
                                       settle.accept_leg_risk(),
                                       withheld,
                                       record.join_key().empty(),
                                       ended};
    std::int64_t at = ended - shift - kStartMs + random_.Between(0, 2'000);
    if (random_.Chance(0.06)) at += random_.Between(5'000, 40'000);  // out of order
    if (Sources()[source].of_files()) {
      const std::size_t node = random_.Below(kNodes);
      record.set_node(NodeName(node));
      at += kFileEveryMs[node] - at % kFileEveryMs[node];  // with the file
    }
    Put(at, source, record.SerializeAsString());
    while (random_.Chance(0.12))
      Put(at + random_.Between(0, 20'000), source, record.SerializeAsString());
    // Again when its call may be forgotten: it must not be decided anew.
    if (random_.Chance(0.04))
      Put(at + random_.Between(60'000, 120'000), source, record.SerializeAsString());
  }

  void Put(std::int64_t at_ms, std::size_t source, std::string value) {
    // A feed's keys mean nothing.
    plan_.records.push_back({std::min(at_ms, plan_.chaos_ms), source,
                             std::to_string(random_.Below(1'000)), std::move(value)});
  }

  void MakeJunk() {
    std::string value;
    for (auto n = random_.Below(40); n > 0; --n) value.push_back(static_cast<char>(random_.Next()));
    Put(random_.Between(0, plan_.chaos_ms), random_.Below(Sources().size()), std::move(value));
  }

  void MakeTexts() {
    static constexpr const char* kWords[] = {"STOP", "STOP", "stop.", "START", "HELP", "tomorrow?"};
    for (int i = 0; i < 40; ++i) {
      ScriptedText text;
      text.at_ms = random_.Between(5'000, plan_.chaos_ms);
      auto& message = text.message;
      message.set_inbound_id("mo-" + std::to_string(i));
      message.set_customer(AnyCustomer());
      message.set_recipient(AnyTenant().sender().value());
      message.set_text(kWords[random_.Below(std::size(kWords))]);
      message.set_received_at_ms(kStartMs + text.at_ms);
      message.set_account("sim");
      plan_.texts.push_back(text);
      if (random_.Chance(0.2)) {
        text.at_ms += random_.Between(0, 5'000);
        plan_.texts.push_back(text);
      }
      if (!random_.Chance(0.3)) continue;  // thinks better of it
      text.at_ms += random_.Between(3'000, 15'000);
      message.set_inbound_id("mo-start-" + std::to_string(i));
      message.set_text("START");
      message.set_received_at_ms(kStartMs + text.at_ms);
      plan_.texts.push_back(text);
    }
  }

  void MakeBlows() {
    const auto blow = [&](Blow::Kind kind, std::int64_t least, std::int64_t most) {
      plan_.blows.push_back({random_.Between(15'000, plan_.chaos_ms), kind, random_.Below(1'000),
                             random_.Between(least, most)});
    };
    for (auto n = random_.Between(3, 7); n > 0; --n) blow(Blow::Kind::kKill, 100, 5'000);
    for (auto n = random_.Between(1, 2); n > 0; --n) blow(Blow::Kind::kKill, 8'000, 14'000);
    for (auto n = random_.Between(0, 3); n > 0; --n) blow(Blow::Kind::kPause, 1'000, 15'000);
    for (auto n = random_.Between(0, 2); n > 0; --n) blow(Blow::Kind::kRestart, 100, 12'000);
    for (auto n = random_.Between(0, 2); n > 0; --n) blow(Blow::Kind::kDiskError, 500, 3'000);
    for (auto n = random_.Between(0, 2); n > 0; --n) blow(Blow::Kind::kCutOff, 500, 10'000);
    blow(Blow::Kind::kNetworkDown, 8'000, 25'000);
    // Away for longer than the session: process 2 is the first of decide, and its group rebalances.
    plan_.blows.push_back({random_.Between(25'000, plan_.chaos_ms - 30'000), Blow::Kind::kKill, 2,
                           random_.Between(9'000, 14'000)});
    blow(Blow::Kind::kInboundSlow, 5'000, 20'000);
    if (random_.Chance(0.3)) blow(Blow::Kind::kOffsetsGone, 500, 5'000);
  }

  Random random_;
  Plan plan_;
  std::vector<std::string> customers_;
  int calls_ = 0;
  int twins_ = 0;
};

Source NewSource(const std::string& name, std::int32_t partitions, v1::SettleProfile::Emits emits,
                 std::int64_t settle_ms, bool leg_risk, std::int64_t past_end_ms = 0) {
  Source source;
  source.topic = "textback.cdrs." + name;
  source.partitions = partitions;
  source.config.name = name;
  source.config.settle.set_emits(emits);
  source.config.settle.set_settle_ms(settle_ms);
  source.config.settle.set_accept_leg_risk(leg_risk);
  source.config.settle.set_past_end_ms(past_end_ms);
  return source;
}

}  // namespace

const std::vector<Source>& Sources() {
  static const auto* const kSources = new std::vector<Source>{
      NewSource("pbx", 3, v1::SettleProfile::EMITS_LEG_END, 3'000, false),
      NewSource("sbc", 2, v1::SettleProfile::EMITS_CALL_END, 0, false),
      NewSource("hunt", 1, v1::SettleProfile::EMITS_LEG_END, 2'000, true),
      NewSource("msc", 2, v1::SettleProfile::EMITS_CALL_END, 25'000, false, 2'000)};
  return *kSources;
}

std::string NodeName(std::size_t node) { return "msc-" + std::to_string(node + 1); }

Plan MakePlan(std::uint64_t seed) { return Generator(seed).Make(); }

std::vector<std::string> MachineNames(const Plan& plan) {
  std::vector<std::string> names{"intake-0", "intake-1"};
  for (std::size_t i = 0; i < plan.decide_processes; ++i) {
    names.push_back("decide-" + std::to_string(i));
  }
  for (const char* name : {"dispatch-0", "dispatch-1", "track-0"}) names.emplace_back(name);
  return names;
}

policy::Limits DecideLimits() {
  policy::Limits limits;
  limits.horizon_ms = 60'000;
  limits.open_wait_ms = 40'000;
  limits.settle_max_ms = 40'000;
  limits.confirmation_ttl_ms = 30'000;
  limits.pair_memory_ms = 90'000;
  limits.undeliverable_memory_ms = 20'000;
  TB_ASSERT(policy::ValidateLimits(limits).empty());
  return limits;
}

dispatch::DispatchConfig DispatchTimes() {
  dispatch::DispatchConfig config;
  config.receipt_window_ms = 60'000;
  config.closed_keep_ms = 90'000;
  config.retry_max_ms = 8'000;
  config.jobs_per_customer_max = 16;
  return config;
}

dispatch::TrackConfig TrackTimes() {
  dispatch::TrackConfig config;
  config.unmatched_after_ms = 30'000;
  config.receipt_window_ms = 90'000;
  config.final_keep_ms = 60'000;
  return config;
}

}  // namespace textback::simulation
