// What intake's tables and the network say of the caller: taken from a call's records, and learnt
// from what becomes of texts.
#include <algorithm>
#include <tuple>

#include "cdr/number_plan.h"
#include "policy/machine.h"

namespace textback::policy {
namespace {

using state::v1::PendingCall;

// How much each speaks against the caller.
int Doubt(v1::Attestation attestation) {
  switch (attestation) {
    case v1::ATTESTATION_A:
      return 1;
    case v1::ATTESTATION_B:
      return 2;
    case v1::ATTESTATION_NONE:
      return 3;
    case v1::ATTESTATION_C:
      return 4;
    default:
      return 0;
  }
}

int Doubt(v1::Verification verification) {
  switch (verification) {
    case v1::VERIFICATION_PASSED:
      return 1;
    case v1::VERIFICATION_NONE:
      return 2;
    case v1::VERIFICATION_FAILED:
      return 3;
    default:
      return 0;
  }
}

void MergeReach(const v1::Reach& from, v1::Reach& into) {
  into.set_line_type(TheMoreCareful(into.line_type(), from.line_type()));
  into.set_carrier(std::max(into.carrier(), from.carrier()));
  into.set_numbers_version(std::max(into.numbers_version(), from.numbers_version()));
  into.set_tenant(std::max(into.tenant(), from.tenant()));
  if (std::tuple(from.block_always(), std::string_view(from.block_list())) >
      std::tuple(into.block_always(), std::string_view(into.block_list()))) {
    into.set_block_list(from.block_list());
    into.set_block_always(from.block_always());
  }
  into.set_blocklist_version(std::max(into.blocklist_version(), from.blocklist_version()));
}

}  // namespace

// Records may disagree on it: one that forbids a text counts, whichever came first.
v1::LineType TheMoreCareful(v1::LineType a, v1::LineType b) {
  const auto rank = [](v1::LineType type) {
    return std::tuple(type == v1::LINE_TYPE_UNSPECIFIED, cdr::Textable(type), type);
  };
  return rank(a) < rank(b) ? a : b;
}

void TakeReach(const v1::CallRecord& record, PendingCall& pending) {
  if (record.served().side() != v1::Served::SIDE_TERMINATING) return;
  const auto& reach = record.reach();
  // Most callers are on no list of anybody's: their documents needn't say so.
  if (reach.line_type() != v1::LINE_TYPE_UNSPECIFIED || !reach.tenant().empty() ||
      !reach.block_list().empty()) {
    *pending.mutable_reach() = reach;
  }
  pending.set_attestation(record.attestation());
  pending.set_verification(record.verification());
  pending.set_spam_likelihood(std::min(record.spam_likelihood(), 100U));
}

void MergeReach(const PendingCall& from, PendingCall& into) {
  if (from.has_reach()) MergeReach(from.reach(), *into.mutable_reach());
  if (Doubt(from.attestation()) > Doubt(into.attestation()))
    into.set_attestation(from.attestation());
  if (Doubt(from.verification()) > Doubt(into.verification()))
    into.set_verification(from.verification());
  into.set_spam_likelihood(std::max(into.spam_likelihood(), from.spam_likelihood()));
}

void OnDeliveryNews(Machine& m, const v1::Status& status) {
  if (status.kind() == v1::Status::KIND_RECEIPT && status.state() == v1::DELIVERY_STATE_DELIVERED &&
      m.document.has_no_texts()) {
    m.document.clear_no_texts();
    m.effects.changed = true;
  }
  if (!status.takes_no_texts() || m.limits.undeliverable_memory_ms == 0) return;
  auto& learnt = *m.document.mutable_no_texts();
  learnt.set_error(status.error());
  learnt.set_at_ms(m.now());
  learnt.set_keep_ms(Plus(m.now(), m.limits.undeliverable_memory_ms));
  m.effects.changed = true;
  for (auto& call : *m.document.mutable_calls()) {
    if (!call.has_text() || call.text().undelivered() ||
        status.job_id() != JobId(call.text().tenant(), KeyOf(call).ToCallId(), "first_text")) {
      continue;
    }
    call.mutable_text()->set_undelivered(true);
    OfferCallback(m, call, status);
  }
}

}  // namespace textback::policy
