// What the parts of Decide share: its arguments, gathered. Private to this library.
#pragma once

#include "policy/decide.h"
#include "policy/ids.h"
#include "policy/verdict.h"

namespace textback::policy {

struct Machine {
  Document& document;
  const Moment& moment;
  const Snapshot& snapshot;
  const Limits& limits;
  Effects& effects;

  std::int64_t now() const { return moment.now_ms; }
  std::int64_t horizon_end(std::int64_t event_ms) const {
    return Plus(std::max(moment.now_ms, event_ms), limits.horizon_ms);
  }
};

// call.cc
void OnCallRecord(Machine& m, const v1::CallRecord& record);
// Decides waiting calls in the order of their deadlines: those due, and those that wait for
// nothing.
void SettleDue(Machine& m, std::int64_t due_ms);

// gates.cc: makes the one Decision of a call, and its text. Clears call.pending.
void DecideCall(Machine& m, state::v1::Call& call);

// inbound.cc
void OnInbound(Machine& m, const v1::InboundMessage& message);
void OnStatus(Machine& m, const v1::Status& status);
bool IsOptedOut(const Document& document, const Tenant& tenant);

// texts.cc
state::v1::Pair& PairOf(Machine& m, std::string_view tenant);
// Withdraws the call's text if it may still be unsent. Returns its job id, else "".
std::string CancelText(Machine& m, state::v1::Call& call, std::string_view reason);
// Somebody of the tenant and the customer talked at `event_ms`: texts on their way are pointless.
void NoteTalk(Machine& m, std::string_view tenant, std::int64_t event_ms);

inline CallKey KeyOf(const state::v1::Call& call) { return {call.id_high(), call.id_low()}; }
inline Reading ReadingOf(const state::v1::Call& call) {
  return {call.verdict(), call.answered_by(), call.over_verdict()};
}

}  // namespace textback::policy
