#include "ops/generator.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/assert.h"
#include "base/bytes.h"

namespace textback::ops {
namespace {

constexpr double kRateMax = 10'000'000;
constexpr std::uint32_t kDisplacedMax = 1'000'000;
// A tenant is one record of the log, at most 1 MiB.
constexpr std::uint64_t kLinesPerTenantMax = 20'000;
constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;
// The two records of a forked call come this far apart.
constexpr std::int64_t kLegAheadMs = 200;

struct Kind {
  v1::Verdict verdict;
  int weight;  // of the missed calls
  v1::Cause::Namespace space;
  const char* cause;
  std::int64_t ring_ms_min;
  std::int64_t ring_ms_max;
};

// How calls are missed, in about the proportions that small businesses see.
constexpr std::array kMissed = {
    Kind{v1::VERDICT_NO_ANSWER, 45, v1::Cause::NAMESPACE_Q850, "19", 15'000, 45'000},
    Kind{v1::VERDICT_ABANDONED, 20, v1::Cause::NAMESPACE_SIP, "487", 3'500, 20'000},
    Kind{v1::VERDICT_BUSY, 15, v1::Cause::NAMESPACE_Q850, "17", 0, 0},
    Kind{v1::VERDICT_UNREACHABLE, 8, v1::Cause::NAMESPACE_Q850, "20", 0, 0},
    Kind{v1::VERDICT_VOICEMAIL, 8, v1::Cause::NAMESPACE_Q850, "16", 15'000, 30'000},
    Kind{v1::VERDICT_DECLINED, 4, v1::Cause::NAMESPACE_Q850, "21", 1'000, 8'000},
};
constexpr Kind kAnswered{v1::VERDICT_ANSWERED, 0, v1::Cause::NAMESPACE_Q850, "16", 2'000, 20'000};

const Kind& DrawMissed(Random& random) {
  int total = 0;
  for (const Kind& kind : kMissed) total += kind.weight;
  auto at = random.Between(0, total - 1);
  for (const Kind& kind : kMissed) {
    at -= kind.weight;
    if (at < 0) return kind;
  }
  TB_UNREACHABLE();
}

void AppendNumber(std::string& out, std::uint64_t value) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

Error Invalid(std::string_view option, std::string_view rule) {
  return FatalError("config_invalid", std::string(option) + " must be " + std::string(rule));
}

bool IsShare(double value) { return value >= 0 && value <= 1; }

}  // namespace

struct Generator::Facts {
  std::uint64_t call = 0;
  std::int64_t ended_ms = 0;
  std::uint64_t line = 0;
  std::uint64_t customer = 0;
  bool missed = false;
  bool outbound = false;
  bool withheld = false;
  bool foreign = false;
  bool forked = false;
  const Kind* kind = nullptr;
  std::int64_t ring_ms = 0;
  std::int64_t talk_ms = 0;
};

Status Validate(const GeneratorOptions& o) {
  if (!(o.rate > 0 && o.rate <= kRateMax)) return Invalid("rate", "above 0, at most 10000000");
  if (o.tenants < 1 || o.tenants > 1'000'000) return Invalid("tenants", "1 to 1000000");
  if (o.lines < o.tenants || o.lines / o.tenants >= kLinesPerTenantMax ||
      o.lines > kExpansionPerRole) {
    return Invalid("lines", "at least one and at most 20000 a tenant, and at most 160000000");
  }
  if (o.customers < 1 || o.customers > kExpansionPerRole)
    return Invalid("customers", "1 to 160000000");
  if (!(o.skew >= 0 && o.skew <= 5)) return Invalid("skew", "0 to 5");
  for (const auto& [name, share] : {std::pair{"missed", o.missed},
                                    {"outbound", o.outbound},
                                    {"withheld", o.withheld},
                                    {"foreign", o.foreign},
                                    {"forked", o.forked},
                                    {"duplicates", o.duplicates},
                                    {"out_of_order", o.out_of_order}}) {
    if (!IsShare(share)) return Invalid(name, "a share from 0 to 1");
  }
  if (o.displaced_max < 1 || o.displaced_max > kDisplacedMax)
    return Invalid("displaced_max", "1 to 1000000");
  if (o.start_ms < 0 || o.start_ms > 100LL * 366 * kDayMs)
    return Invalid("start_ms", "a time after 1970");
  for (const auto& [name, texts] :
       {std::pair{"pair_texts", o.pair_texts}, {"customer_texts", o.customer_texts}}) {
    if (texts < 1 || texts > 50) return Invalid(name, "1 to 50");
  }
  if (o.source.empty() || o.source.size() > 64) return Invalid("source", "1 to 64 characters long");
  return Ok();
}

Result<Generator> Generator::Make(const GeneratorOptions& options) {
  TB_RETURN_IF_ERROR(Validate(options));
  return Generator(options);
}

Generator::Generator(const GeneratorOptions& options)
    : options_(options),
      pool_(options.customers, options.lines),
      zipf_(options.customers, options.skew),
      salt_(Random(options.seed).Next()),
      order_(Random(~options.seed).Fork()),
      id_prefix_(Hex64(salt_).substr(0, 8) + "-") {}

std::int64_t Generator::EndOf(std::uint64_t call) const {
  return options_.start_ms +
         static_cast<std::int64_t>(static_cast<double>(call) * 1000.0 / options_.rate);
}

Generator::Facts Generator::FactsOf(std::uint64_t call) const {
  // Two rounds, so that the streams of neighbouring calls have nothing in common.
  Random random(Random(salt_ ^ (call * 0xd1342543de82ef95ULL)).Next());
  Facts facts;
  facts.call = call;
  facts.ended_ms = EndOf(call);
  facts.customer = zipf_.Draw(random);
  facts.line = random.Below(options_.lines);
  facts.foreign = random.Chance(options_.foreign);
  facts.outbound = random.Chance(options_.outbound);
  facts.missed = random.Chance(options_.missed) && !facts.outbound;
  facts.withheld = random.Chance(options_.withheld) && !facts.outbound;
  facts.forked = random.Chance(options_.forked) && !facts.outbound;
  facts.kind = facts.missed ? &DrawMissed(random) : &kAnswered;
  facts.ring_ms = random.Between(facts.kind->ring_ms_min, facts.kind->ring_ms_max);
  if (facts.kind->verdict == v1::VERDICT_ANSWERED) facts.talk_ms = random.Between(5'000, 300'000);
  if (facts.kind->verdict == v1::VERDICT_VOICEMAIL) facts.talk_ms = random.Between(3'000, 40'000);
  return facts;
}

void Generator::Schedule(Item item) {
  item.made = made_++;
  if (options_.duplicates > 0 && order_.Chance(options_.duplicates)) {
    Item again = item;
    again.repeat = true;
    again.due += 1 + order_.Below(options_.displaced_max);
    again.made = made_++;
    waiting_.push(again);
  }
  if (options_.out_of_order > 0 && order_.Chance(options_.out_of_order)) {
    item.due += 1 + order_.Below(options_.displaced_max);
    ++tallies_.displaced;
  }
  waiting_.push(item);
}

void Generator::MakeCall() {
  const std::uint64_t call = next_call_++;
  ++tallies_.calls;
  if (options_.forked > 0 && FactsOf(call).forked)
    Schedule({.due = position_, .call = call, .leg = true});
  Schedule({.due = position_, .call = call});
}

const v1::CallRecord* Generator::Next() {
  const auto more = [this] { return options_.calls == 0 || next_call_ < options_.calls; };
  while ((waiting_.empty() || waiting_.top().due > position_) && more()) MakeCall();
  if (waiting_.empty()) return nullptr;
  last_ = waiting_.top();
  waiting_.pop();
  ++position_;
  ++tallies_.records;
  if (last_.repeat) ++tallies_.repeats;
  Fill(last_);
  return &record_;
}

FictionNumber Generator::LineNumber(std::uint64_t line) const {
  return pool_.Number(FictionRole::kLine, line);
}

void Generator::FillParties(const Facts& facts) {
  FictionNumber caller = pool_.Number(FictionRole::kCustomer, facts.customer);
  FictionNumber callee = LineNumber(facts.line);
  if (facts.outbound) std::swap(caller, callee);
  if (facts.foreign) {
    // Both ends are strangers; an even and an odd one, so that nobody calls themselves.
    caller = pool_.Number(FictionRole::kStranger, facts.customer / 2 * 2);
    callee = pool_.Number(FictionRole::kStranger, facts.line / 2 * 2 + 1);
  }
  auto& calling = *record_.mutable_calling();
  calling.set_presentation(facts.withheld ? v1::Party::PRESENTATION_RESTRICTED
                                          : v1::Party::PRESENTATION_ALLOWED);
  calling.set_number_type(v1::Party::NUMBER_TYPE_INTERNATIONAL);
  calling.mutable_number()->assign(View(caller));
  auto& called = *record_.mutable_called();
  called.set_number_type(v1::Party::NUMBER_TYPE_INTERNATIONAL);
  called.mutable_number()->assign(View(callee));
}

void Generator::FillOutcome(const Facts& facts) {
  const Kind& kind = *facts.kind;
  record_.set_started_at_ms(facts.ended_ms - facts.talk_ms - facts.ring_ms - 500);
  record_.set_ended_at_ms(facts.ended_ms);
  record_.set_ring_ms(facts.ring_ms);
  if (facts.talk_ms > 0) {
    record_.set_answered_at_ms(facts.ended_ms - facts.talk_ms);
    record_.set_talk_ms(facts.talk_ms);
    record_.set_answered_by(kind.verdict == v1::VERDICT_VOICEMAIL ? v1::ANSWERED_BY_VOICEMAIL
                                                                  : v1::ANSWERED_BY_PERSON);
  }
  auto& cause = *record_.add_causes();
  cause.set_namespace_(kind.space);
  cause.set_value(kind.cause);
  cause.set_location(v1::Cause::LOCATION_USER);
}

// A phone that rang along and did not take the call.
void Generator::FillLeg(const Facts& facts) {
  record_.set_started_at_ms(facts.ended_ms - facts.talk_ms - facts.ring_ms - 500);
  record_.set_ended_at_ms(facts.ended_ms - facts.talk_ms - kLegAheadMs);
  record_.set_ring_ms(std::max<std::int64_t>(facts.ring_ms - kLegAheadMs, 0));
  auto& cause = *record_.add_causes();
  cause.set_namespace_(v1::Cause::NAMESPACE_Q850);
  cause.set_value("19");
  cause.set_location(v1::Cause::LOCATION_USER);
}

void Generator::Fill(const Item& item) {
  const Facts facts = FactsOf(item.call);
  record_.Clear();
  record_.set_source(options_.source);
  auto& id = *record_.mutable_record_id();
  id.assign(id_prefix_);
  AppendNumber(id, item.call);
  record_.set_call_id(id);
  record_.set_join_key(id);
  id.append(item.leg ? "-leg" : "-end");
  record_.set_leg_id(item.leg ? "1" : "0");
  record_.set_call_over(!item.leg);
  FillParties(facts);
  if (item.leg) {
    FillLeg(facts);
  } else {
    FillOutcome(facts);
  }
  // A source writes a record when the call ends, and what is late or repeated when that comes up.
  emitted_ms_ = std::max(emitted_ms_, EndOf(next_call_ - 1));
  if (item.leg || item.repeat) return;
  if (facts.foreign) {
    ++tallies_.foreign;
  } else if (facts.missed) {
    ++tallies_.missed;
  }
}

v1::Tenant Generator::TenantAt(std::uint32_t index) const {
  TB_ASSERT(index < options_.tenants);
  v1::Tenant tenant;
  std::string number = std::to_string(index + 1);
  number.insert(0, number.size() < 6 ? 6 - number.size() : 0, '0');
  tenant.set_tenant("load-" + number);
  tenant.set_name("Business " + std::to_string(index + 1));
  tenant.set_active(true);
  for (std::uint64_t line = index; line < options_.lines; line += options_.tenants)
    tenant.add_lines()->set_msisdn(std::string(View(LineNumber(line))));
  tenant.mutable_sender()->set_kind(v1::Address::KIND_E164);
  tenant.mutable_sender()->set_value(tenant.lines(0).msisdn());
  tenant.set_template_text(
      "Hi, this is {business}. Sorry we missed your call. We will ring you back. STOP to opt out.");
  tenant.mutable_limit_pair()->set_texts(options_.pair_texts);
  tenant.mutable_limit_pair()->set_window_ms(kDayMs);
  tenant.mutable_limit_customer()->set_texts(options_.customer_texts);
  tenant.mutable_limit_customer()->set_window_ms(kDayMs);
  tenant.set_priority(1);
  tenant.set_contact(tenant.lines(0).msisdn());
  return tenant;
}

}  // namespace textback::ops
