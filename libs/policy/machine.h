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

// join.cc
// The call whose record it is by parties and time; nullptr: none.
state::v1::Call* FindByParties(Machine& m, const v1::CallRecord& record);
// Into a call that waits: what one more record, or another waiting call of the same parties, says.
void MergeWaiting(const Machine& m, const Reading& reading, const state::v1::PendingCall& from,
                  state::v1::Call& call);
// A further join key of the call.
void AddKey(state::v1::Call& call, std::uint64_t key, std::uint64_t origin);
void TakeSpan(const v1::CallRecord& record, state::v1::Call& call);
// Joins to `call` the waiting calls that its records so far show to be one with it.
void JoinWaiting(Machine& m, state::v1::Call& call);

// reach.cc: what intake and the network said of the caller.
void TakeReach(const v1::CallRecord& record, state::v1::PendingCall& pending);
// Commutative and associative: of several records the one that speaks against a text counts.
void MergeReach(const state::v1::PendingCall& from, state::v1::PendingCall& into);
v1::LineType TheMoreCareful(v1::LineType a, v1::LineType b);
// The network's word on whether the customer's number takes texts.
void OnDeliveryNews(Machine& m, const v1::Status& status);

// callback.cc: the call goes to the people who may call back, if its caller can't be texted.
void OfferCallback(Machine& m, const v1::Decision& decision);
void OfferCallback(Machine& m, const state::v1::Call& call, const v1::Status& undelivered);

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
// Somebody of the tenant got through to the customer, or had a reply: they know each other.
void NoteRung(Machine& m, std::string_view tenant, std::int64_t event_ms);
void NoteReply(Machine& m, std::string_view tenant);

inline CallKey KeyOf(const state::v1::Call& call) { return {call.id_high(), call.id_low()}; }
inline Reading ReadingOf(const state::v1::Call& call) {
  return {call.verdict(), call.answered_by(), call.over_verdict(),
          static_cast<cdr::Reading>(call.pending().cause_reading())};
}

inline void Take(const Reading& reading, state::v1::Call& call) {
  call.set_verdict(reading.verdict);
  call.set_answered_by(reading.answered_by);
  call.set_over_verdict(reading.over);
  if (call.has_pending()) {
    call.mutable_pending()->set_cause_reading(static_cast<std::uint32_t>(reading.cause));
  }
}

inline void Remember(google::protobuf::RepeatedField<std::uint64_t>& ids, std::uint64_t id,
                     std::size_t max) {
  if (id == 0) return;
  ids.Add(id);
  KeepNewest(ids, max);
}

// The time that a record speaks of: a function of the record alone, so that repeats agree.
inline std::int64_t EventMs(const v1::CallRecord& r) {
  if (r.has_ended_at_ms()) return r.ended_at_ms();
  if (r.has_answered_at_ms()) return r.answered_at_ms();
  if (r.has_ringing_at_ms()) return r.ringing_at_ms();
  return r.started_at_ms();
}

// The earlier of two times of which 0 means that it is not said.
inline std::int64_t LeastSaid(std::int64_t a, std::int64_t b) {
  if (a <= 0 || b <= 0) return std::max(a, b);
  return std::min(a, b);
}

}  // namespace textback::policy
