// Missed calls whose callers can't be texted, for people to call back: `callbacks`.
#include "policy/machine.h"

namespace textback::policy {
namespace {

// Who may not or can't be texted, and may well want to be called. Not: who calls too much or is no
// customer (blocked, nuisance, flood), and who has had a text or an answer.
bool MayWantACall(v1::Reason reason) {
  switch (reason) {
    case v1::REASON_WITHHELD:
    case v1::REASON_NOT_TEXTABLE:
    case v1::REASON_OWN_LINE:
    case v1::REASON_TENANT_LINE:
    case v1::REASON_FOREIGN:
    case v1::REASON_UNDELIVERABLE:
    case v1::REASON_OPTED_OUT:
      return true;
    default:
      return false;
  }
}

}  // namespace

void OfferCallback(Machine& m, const v1::Decision& decision) {
  if (!MayWantACall(decision.reason())) return;
  auto& callback = *m.effects.callbacks.Add();
  callback.set_call_id(decision.call_id());
  callback.set_tenant(decision.tenant());
  callback.set_line(decision.line());
  callback.set_customer(decision.customer());
  callback.set_verdict(decision.verdict());
  callback.set_reason(decision.reason());
  callback.set_ended_at_ms(decision.ended_at_ms());
  callback.set_now_ms(decision.now_ms());
  callback.set_source(decision.source());
  if (decision.reason() == v1::REASON_UNDELIVERABLE)
    callback.set_error(m.document.no_texts().error());
}

void OfferCallback(Machine& m, const state::v1::Call& call, const v1::Status& undelivered) {
  auto& callback = *m.effects.callbacks.Add();
  callback.set_call_id(KeyOf(call).ToCallId());
  callback.set_tenant(call.text().tenant());
  callback.set_customer(std::string(m.moment.key));
  callback.set_verdict(call.verdict());
  callback.set_reason(v1::REASON_UNDELIVERABLE);
  callback.set_ended_at_ms(call.event_ms());
  callback.set_now_ms(m.now());
  callback.set_job_id(undelivered.job_id());
  callback.set_error(undelivered.error());
}

}  // namespace textback::policy
