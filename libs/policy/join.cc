// Records of one call that share no join key, told by their parties and times: see decide.h.
#include <algorithm>
#include <tuple>

#include "base/planted.h"
#include "policy/machine.h"

namespace textback::policy {
namespace {

using state::v1::Call;
using state::v1::PendingCall;

// Of one call: as many switches or networks as it may pass.
constexpr int kJoinedKeysMax = 8;

struct Span {
  std::int64_t begin_ms = 0;
  std::int64_t end_ms = 0;
  bool forwarded = false;
};

Span SpanOf(const v1::CallRecord& r) {
  const std::int64_t end = EventMs(r);
  std::int64_t begin = end;
  for (const std::int64_t ms : {r.started_at_ms(), r.ringing_at_ms(), r.answered_at_ms()}) {
    begin = LeastSaid(begin, ms);
  }
  return {begin, end, !r.original_called().number().empty() || !r.redirecting().number().empty()};
}

Span SpanOf(const Call& call) { return {call.started_ms(), call.event_ms(), call.forwarded()}; }

bool Follows(const Span& forwarded, const Span& before, std::int64_t skew_ms) {
  const std::int64_t gap = Minus(forwarded.begin_ms, before.end_ms);
  return forwarded.forwarded && gap >= -skew_ms && gap <= skew_ms;
}

bool IsWithin(const Span& moment, const Span& call, std::int64_t skew_ms) {
  return moment.begin_ms == moment.end_ms && moment.end_ms >= call.begin_ms &&
         moment.end_ms <= Plus(call.end_ms, skew_ms);
}

bool AreOneCall(const Span& a, const Span& b, std::int64_t skew_ms) {
  const std::int64_t overlap =
      Minus(std::min(a.end_ms, b.end_ms), std::max(a.begin_ms, b.begin_ms));
  if (overlap > skew_ms) return true;
  const std::int64_t apart = Minus(a.begin_ms, b.begin_ms);
  if (apart >= -skew_ms && apart <= skew_ms) return true;
  return Follows(a, b, skew_ms) || Follows(b, a, skew_ms) || IsWithin(a, b, skew_ms) ||
         IsWithin(b, a, skew_ms);
}

// A leg that says that it goes on, and the forwarded leg that begins where it ends. A switch may
// give the two a key each: TS 32.298's callReference is that of a leg.
bool GoesOnAs(bool goes_on, const Span& leg, const Span& next, std::int64_t skew_ms) {
  return goes_on && !leg.forwarded && Follows(next, leg, skew_ms);
}

// Of events most say that the call goes on, under a key that its other events have too.
bool GoesOn(const Call& call) {
  return !call.decided() && !call.pending().events() &&
         ReadingOf(call).verdict == v1::VERDICT_CONTINUES;
}

bool GoesOn(const v1::CallRecord& r) {
  return r.leg_only() && r.settle().emits() == v1::SettleProfile::EMITS_LEG_END;
}

// Of two keys that one source gave, it says itself that they are two calls.
bool HasKeyOf(const Call& call, std::uint64_t origin) {
  return call.origin() == origin ||
         std::any_of(call.joined().begin(), call.joined().end(),
                     [&](const auto& joined) { return joined.origin() == origin; });
}

// What waits in `from` goes into `into`: the record that opened it was a further one of `into`.
void Absorb(Machine& m, const Call& from, Call& into) {
  MergeWaiting(m, ReadingOf(from), from.pending(), into);
  for (const auto id : from.records()) {
    Remember(*into.mutable_records(), id, m.limits.ids_per_call_max);
  }
  for (const auto id : from.coordinates()) {
    Remember(*into.mutable_coordinates(), id, m.limits.ids_per_call_max);
  }
  into.set_event_ms(std::max(into.event_ms(), from.event_ms()));
  into.set_forget_ms(std::max(into.forget_ms(), from.forget_ms()));
  into.set_started_ms(LeastSaid(into.started_ms(), from.started_ms()));
  into.set_forwarded(into.forwarded() || from.forwarded());
  AddKey(into, from.id_low(), from.origin());
  for (const auto& joined : from.joined()) AddKey(into, joined.key(), joined.origin());
  ++m.effects.absorbed;
}

bool ShareASource(const Call& a, const Call& b) {
  if (a.origin() != 0 && HasKeyOf(b, a.origin())) return true;
  return std::any_of(a.joined().begin(), a.joined().end(),
                     [&](const auto& joined) { return HasKeyOf(b, joined.origin()); });
}

}  // namespace

// Commutative and associative, so that the order of a call's records changes nothing.
void MergeWaiting(const Machine& m, const Reading& reading, const PendingCall& from, Call& call) {
  PendingCall& into = *call.mutable_pending();
  if (Stronger(reading, ReadingOf(call))) Take(reading, call);
  into.set_lines_version(std::max(into.lines_version(), from.lines_version()));
  into.set_caller_line_type(TheMoreCareful(into.caller_line_type(), from.caller_line_type()));
  MergeReach(from, into);
  into.set_settle_ms(std::max(into.settle_ms(), from.settle_ms()));
  into.set_past_end_ms(std::max(into.past_end_ms(), from.past_end_ms()));
  into.set_leg_risk(into.leg_risk() || from.leg_risk());
  into.set_events(into.events() || from.events());
  into.set_legs_follow(into.legs_follow() || from.legs_follow());
  into.set_over(into.over() || from.over());
  into.set_started_at_ms(LeastSaid(into.started_at_ms(), from.started_at_ms()));
  into.set_ended_at_ms(std::max(into.ended_at_ms(), from.ended_at_ms()));
  into.set_rang(into.rang() || from.rang());
  into.set_ringing_at_ms(LeastSaid(into.ringing_at_ms(), from.ringing_at_ms()));
  if (from.has_said_ring_ms()) {
    into.set_said_ring_ms(std::max(into.said_ring_ms(), from.said_ring_ms()));
  }
  into.set_released_at_ms(std::max(into.released_at_ms(), from.released_at_ms()));
  into.set_ring_end_ms(std::max(into.ring_end_ms(), from.ring_end_ms()));
  into.set_ring_ms(std::max(into.ring_ms(), from.ring_ms()));
  into.set_evidence_dropped(into.evidence_dropped() + from.evidence_dropped());
  for (const auto& evidence : from.evidence()) {
    if (static_cast<std::size_t>(into.evidence_size()) < m.limits.evidence_max) {
      *into.add_evidence() = evidence;
    } else {
      into.set_evidence_dropped(into.evidence_dropped() + 1);
    }
  }
}

void TakeSpan(const v1::CallRecord& r, Call& call) {
  const Span span = SpanOf(r);
  call.set_started_ms(LeastSaid(call.started_ms(), span.begin_ms));
  call.set_event_ms(std::max(call.event_ms(), span.end_ms));
  if (span.forwarded) call.set_forwarded(true);
}

void AddKey(Call& call, std::uint64_t key, std::uint64_t origin) {
  // Beyond the limit its further records are found by parties and time, or stand alone.
  if (origin == 0 || call.joined_size() >= kJoinedKeysMax) return;
  auto& joined = *call.add_joined();
  joined.set_key(key);
  joined.set_origin(origin);
}

// A call that waits can still be decided with what the record says; of those, the first.
Call* FindByParties(Machine& m, const v1::CallRecord& r) {
  if (m.limits.join_skew_ms <= 0 || Planted(Bug::kPartiesIgnored)) return nullptr;
  const std::uint64_t parties = PartiesHash(r);
  const std::uint64_t origin = OriginHash(r);
  const Span span = SpanOf(r);
  Call* found = nullptr;
  for (auto& call : *m.document.mutable_calls()) {
    if (found != nullptr && (call.decided() || !found->decided())) continue;
    if (call.parties() != parties) continue;
    const Span other = SpanOf(call);
    const bool keys_tell = origin != 0 && HasKeyOf(call, origin);
    if (GoesOnAs(GoesOn(r), span, other, m.limits.join_skew_ms) ||
        GoesOnAs(GoesOn(call), other, span, m.limits.join_skew_ms) ||
        (!keys_tell && AreOneCall(span, other, m.limits.join_skew_ms))) {
      found = &call;
    }
  }
  return found;
}

// What the newest record of `call` shows to be the same call as others that wait.
void JoinWaiting(Machine& m, Call& call) {
  if (m.limits.join_skew_ms <= 0) return;
  auto& calls = *m.document.mutable_calls();
  for (auto other = calls.begin(); other != calls.end();) {
    const Span a = SpanOf(call);
    const Span b = SpanOf(*other);
    const bool candidate =
        &*other != &call && !other->decided() && other->parties() == call.parties();
    const bool one = GoesOnAs(GoesOn(call), a, b, m.limits.join_skew_ms) ||
                     GoesOnAs(GoesOn(*other), b, a, m.limits.join_skew_ms) ||
                     (!ShareASource(*other, call) && AreOneCall(a, b, m.limits.join_skew_ms));
    if (!candidate || !one) {
      ++other;
      continue;
    }
    Absorb(m, *other, call);
    calls.erase(other);
    other = calls.begin();  // the call spans more now
  }
}

}  // namespace textback::policy
