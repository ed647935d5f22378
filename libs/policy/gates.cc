#include "policy/gates.h"

#include <algorithm>
#include <string>

#include "base/msisdn.h"
#include "cdr/cause.h"
#include "cdr/number_plan.h"
#include "policy/machine.h"
#include "policy/names.h"
#include "policy/nuisance.h"

namespace textback::policy {
namespace {

using state::v1::Call;
using state::v1::PendingCall;

// What one gate found.
struct Answer {
  bool stop = false;
  std::optional<std::int64_t> value;
  std::optional<std::int64_t> limit;
  std::string_view detail;  // of the document, tenant or record: as they live
};

// As cdr::RingFactsOf, of all records of a call.
cdr::RingFacts RingFactsOf(const PendingCall& pending) {
  cdr::RingFacts facts{.rang = pending.rang()};
  const std::int64_t begin =
      pending.ringing_at_ms() > 0 ? pending.ringing_at_ms() : pending.started_at_ms();
  if (pending.has_said_ring_ms()) {
    facts.ring_ms = pending.said_ring_ms();
  } else if (begin > 0 && pending.released_at_ms() > 0) {
    facts.ring_ms = std::max(Minus(pending.released_at_ms(), begin), std::int64_t{0});
  }
  return facts;
}

// What a leg that proves nothing about the whole call leaves: see decide.h.
Reading FinalReading(const Call& call) {
  const Reading reading = ReadingOf(call);
  if (IsFinal(reading) || reading.verdict == v1::VERDICT_NOT_A_CALL) return reading;
  const bool proven = call.pending().over() || call.pending().leg_risk();
  if (!proven || reading.verdict == v1::VERDICT_CONTINUES ||
      reading.verdict == v1::VERDICT_UNSPECIFIED) {
    return {v1::VERDICT_UNRESOLVED, v1::ANSWERED_BY_UNSPECIFIED, false};
  }
  return reading;
}

class Gatekeeper {
 public:
  Gatekeeper(Machine& m, const Call& call, v1::Decision& decision)
      : m_(m),
        call_(call),
        pending_(call.pending()),
        decision_(decision),
        tenant_(m.snapshot.Find(call.pending().tenant())) {}

  // Fills in gates and reason. True: text, and body() is it.
  bool Run() {
    const bool active = tenant_ != nullptr && tenant_->active();
    if (!IsMiss()) {
      decision_.set_reason(active ? v1::REASON_NOT_MISSED : v1::REASON_TENANT_INACTIVE);
      return false;
    }
    for (const auto reason : kGateOrder) {
      auto& gate = *decision_.add_gates();
      gate.set_name(std::string(ReasonName(reason)));
      if (decision_.reason() != v1::REASON_UNSPECIFIED) {
        gate.set_outcome(v1::Gate::OUTCOME_SKIPPED);
        continue;
      }
      const Answer answer = Ask(reason);
      if (answer.value) gate.set_value(*answer.value);
      if (answer.limit) gate.set_limit(*answer.limit);
      if (!answer.detail.empty()) gate.set_detail(std::string(answer.detail));
      gate.set_outcome(answer.stop ? v1::Gate::OUTCOME_STOP : v1::Gate::OUTCOME_PASS);
      if (answer.stop) decision_.set_reason(reason);
    }
    return decision_.reason() == v1::REASON_UNSPECIFIED;
  }

  const Tenant& tenant() const { return *tenant_; }
  std::string& body() { return body_; }
  std::int64_t not_before_ms() const { return Plus(m_.now(), tenant_->delay_ms()); }
  std::int64_t expires_ms() const { return Plus(pending_.ended_at_ms(), tenant_->text_ttl_ms()); }

 private:
  bool IsMiss() const {
    const auto verdict = decision_.verdict();
    if (tenant_ == nullptr || !tenant_->active()) return IsMissedByDefault(verdict);
    if (verdict == v1::VERDICT_ANSWERED && decision_.answered_by() == v1::ANSWERED_BY_IVR) {
      return tenant_->ivr_counts_as_missed();
    }
    return tenant_->Texts(verdict);
  }

  Answer Ask(v1::Reason reason) {
    switch (reason) {
      case v1::REASON_TENANT_INACTIVE:
        return {tenant_ == nullptr || !tenant_->active(), {}, {}};
      case v1::REASON_NOT_MISSED:
        return {};  // asked before
      case v1::REASON_STALE:
        return Stale();
      case v1::REASON_OWN_LINE:
        return {customer_ && (tenant_->HasLine(customer_->bits()) ||
                              pending_.reach().tenant() == pending_.tenant())};
      case v1::REASON_TENANT_LINE:
        return {customer_ && !pending_.reach().tenant().empty()};
      case v1::REASON_WITHHELD:
        return {pending_.withheld(), {}, {}};
      case v1::REASON_NOT_TEXTABLE:
        return NotTextable();
      case v1::REASON_FOREIGN:
        return {!tenant_->MayText(*customer_)};
      case v1::REASON_UNDELIVERABLE:
        return Undeliverable();
      case v1::REASON_BLOCKED:
        return Blocked();
      case v1::REASON_OPTED_OUT:
        return {IsOptedOut(m_.document, *tenant_), {}, {}};
      case v1::REASON_FLOOD:
        return {m_.document.flood_until_ms() > m_.now(), DecidedCalls(),
                static_cast<std::int64_t>(m_.limits.calls_max)};
      case v1::REASON_NUISANCE:
        return Nuisance();
      case v1::REASON_OVERTAKEN:
        return Overtaken();
      case v1::REASON_LIMIT_PAIR:
        return Limit(tenant_->limit_pair(), true);
      case v1::REASON_LIMIT_CUSTOMER:
        return Limit(tenant_->limit_customer(), false);
      case v1::REASON_TEMPLATE_ERROR:
        return TemplateError();
      case v1::REASON_EXPIRED: {
        const std::int64_t after = Minus(not_before_ms(), pending_.ended_at_ms());
        return {after >= tenant_->text_ttl_ms(), after, tenant_->text_ttl_ms()};
      }
      default:
        TB_UNREACHABLE();
    }
  }

  // Not all calls: how many later ones wait already depends on how late the timers run.
  std::int64_t DecidedCalls() const {
    return std::count_if(m_.document.calls().begin(), m_.document.calls().end(),
                         [](const Call& call) { return call.decided(); });
  }

  Answer Stale() const {
    const std::int64_t age = Minus(m_.now(), pending_.ring_end_ms());
    return {age > tenant_->max_age_ms(), age, tenant_->max_age_ms()};
  }

  v1::LineType LineType() const {
    const v1::LineType said[] = {pending_.side() == v1::Served::SIDE_TERMINATING
                                     ? pending_.caller_line_type()
                                     : v1::LINE_TYPE_UNSPECIFIED,
                                 pending_.reach().line_type()};
    for (const auto type : said) {
      if (cdr::SaysWhich(type)) return type;
    }
    return cdr::NumberPlan::BuiltIn().KindOf(*customer_);
  }

  // From here on there is a customer.
  Answer NotTextable() const {
    if (!customer_) return {true};
    const auto type = LineType();
    return {!cdr::Textable(type), type};
  }

  Answer Undeliverable() const {
    if (!m_.document.has_no_texts()) return {};
    const auto& learnt = m_.document.no_texts();
    return {true, Minus(m_.now(), learnt.at_ms()), m_.limits.undeliverable_memory_ms,
            learnt.error()};
  }

  Answer Blocked() const {
    if (tenant_->Blocks(*customer_)) return {.stop = true, .detail = "tenant"};
    const auto& reach = pending_.reach();
    if (reach.block_list().empty()) return {};
    const bool spared = !reach.block_always() && IsKnownContact(m_.document, *tenant_, *customer_);
    return {.stop = !spared, .detail = reach.block_list()};
  }

  Answer Nuisance() {
    const std::int64_t threshold = tenant_->nuisance();
    if (threshold == 0) return {};
    const std::int64_t score = ScoreCaller(m_.document, call_, decision_);
    if (score == 0) return {};
    if (score >= threshold && IsKnownContact(m_.document, *tenant_, *customer_))
      return {false, score, threshold, "known_contact"};
    return {score >= threshold, score, threshold};
  }

  Answer Overtaken() const {
    for (const auto& pair : m_.document.pairs()) {
      if (pair.tenant() != pending_.tenant() || pair.talk_ms() <= pending_.ended_at_ms()) continue;
      return {true, Minus(pair.talk_ms(), pending_.ended_at_ms()), 0};
    }
    return {};
  }

  Answer Limit(const v1::TextLimit& limit, bool pair_only) const {
    std::int64_t texts = 0;
    for (const auto& text : m_.document.texts()) {
      if (pair_only && text.tenant() != pending_.tenant()) continue;
      if (Plus(text.at_ms(), limit.window_ms()) > m_.now()) ++texts;
    }
    const std::int64_t most = limit.texts();
    // A document that can't remember one more text can't count it either.
    const bool full = static_cast<std::size_t>(m_.document.texts_size()) >= m_.limits.texts_max;
    return {texts >= most || (full && !pair_only), texts, most};
  }

  Answer TemplateError() {
    const auto line = Msisdn::FromE164(pending_.line());
    auto rendered = tenant_->RenderFirstText(line ? line->bits() : 0);
    if (!rendered) return {true, {}, {}};
    body_ = std::move(rendered).value();
    return {};
  }

  Machine& m_;
  const Call& call_;
  const PendingCall& pending_;
  v1::Decision& decision_;
  const Tenant* tenant_;
  std::optional<Msisdn> customer_ =
      pending_.withheld() || pending_.no_number() ? std::nullopt : Msisdn::FromE164(m_.moment.key);
  std::string body_;
};

void Describe(const Machine& m, Call& call, v1::Decision& decision) {
  PendingCall& pending = *call.mutable_pending();
  decision.set_call_id(KeyOf(call).ToCallId());
  decision.set_tenant(pending.tenant());
  decision.set_line(pending.line());
  if (!pending.withheld() && !pending.no_number()) {
    decision.set_customer(std::string(m.moment.key));
  }
  decision.set_side(pending.side());
  decision.set_verdict(call.verdict());
  decision.set_answered_by(call.answered_by());
  decision.set_action(v1::ACTION_SUPPRESS);
  decision.set_now_ms(m.now());
  const Tenant* tenant = m.snapshot.Find(pending.tenant());
  decision.set_policy_version(tenant != nullptr ? tenant->version() : m.snapshot.version());
  decision.set_lines_version(pending.lines_version());
  // Whatever order the legs came in, they are told in one.
  if (pending.evidence_size() > 1) {
    std::stable_sort(pending.mutable_evidence()->pointer_begin(),
                     pending.mutable_evidence()->pointer_end(),
                     [](const auto* a, const auto* b) { return a->record_id() < b->record_id(); });
  }
  decision.mutable_evidence()->Swap(pending.mutable_evidence());
  decision.set_evidence_dropped(pending.evidence_dropped());
  decision.set_source(pending.source());
  decision.set_started_at_ms(pending.started_at_ms());
  decision.set_ended_at_ms(pending.ended_at_ms());
  decision.set_ring_ms(pending.ring_ms());
}

// The call is all there: what depended on the ringing is read again.
void ReadRingingOfAll(const Machine& m, Call& call) {
  PendingCall& pending = *call.mutable_pending();
  const auto cause = static_cast<cdr::Reading>(pending.cause_reading());
  if (cause != cdr::Reading::kCallerGaveUp && cause != cdr::Reading::kCallerGaveUpUntimed &&
      cause != cdr::Reading::kNoResponse && cause != cdr::Reading::kRangOut) {
    return;
  }
  const auto facts = RingFactsOf(pending);
  const Tenant* tenant = m.snapshot.Find(pending.tenant());
  call.set_verdict(cdr::ReadRinging(
      cause, facts, tenant != nullptr ? tenant->min_ring_ms() : cdr::kMinRingMsDefault,
      call.verdict()));
  if (facts.ring_ms) pending.set_ring_ms(*facts.ring_ms);
}

void EmitText(Machine& m, Gatekeeper& gates, Call& call, v1::Decision& decision) {
  const Tenant& tenant = gates.tenant();
  decision.set_action(v1::ACTION_TEXT);
  decision.set_template_name(tenant.template_name());
  decision.set_job_id(JobId(tenant.id(), decision.call_id(), "first_text"));
  auto& job = *m.effects.jobs.Add();
  job.set_job_id(decision.job_id());
  job.set_tenant(tenant.id());
  job.set_customer(std::string(m.moment.key));
  *job.mutable_sender() = tenant.sender();
  job.mutable_text()->set_purpose(v1::TextJob::PURPOSE_FIRST_TEXT);
  job.mutable_text()->set_body(std::move(gates.body()));
  job.set_priority(tenant.priority());
  job.set_not_before_ms(gates.not_before_ms());
  job.set_expires_ms(gates.expires_ms());
  job.set_basis("missed_call");
  job.set_call_id(decision.call_id());
  job.set_created_ms(m.now());
  job.set_unknown_policy(tenant.unknown_policy());

  auto& text = *call.mutable_text();
  text.set_tenant(tenant.id());
  text.set_expires_ms(job.expires_ms());
  *text.mutable_sender() = tenant.sender();
  auto& counted = *m.document.add_texts();
  counted.set_tenant(tenant.id());
  counted.set_at_ms(m.now());
  counted.set_keep_ms(Plus(m.now(), m.snapshot.longest_window_ms()));
  auto& pair = PairOf(m, tenant.id());
  pair.set_text_ms(m.now());
  pair.set_keep_ms(std::max(pair.keep_ms(), Plus(m.now(), m.limits.pair_memory_ms)));
}

}  // namespace

void DecideCall(Machine& m, Call& call) {
  ReadRingingOfAll(m, call);
  const Reading reading = FinalReading(call);
  call.set_verdict(reading.verdict);
  call.set_answered_by(reading.answered_by);
  call.set_over_verdict(reading.over);
  call.set_decided(true);
  auto& decision = *m.effects.decisions.Add();
  Describe(m, call, decision);
  Gatekeeper gates(m, call, decision);
  if (gates.Run()) {
    EmitText(m, gates, call, decision);
  } else {
    OfferCallback(m, decision);
  }
  call.clear_pending();
}

}  // namespace textback::policy
