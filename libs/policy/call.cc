// From a call record to its call's entry: checks, dedupe, joining of legs, deadlines, amendments.
#include <algorithm>
#include <string>

#include "base/msisdn.h"
#include "base/planted.h"
#include "cdr/cause.h"
#include "policy/machine.h"

namespace textback::policy {
namespace {

using state::v1::Call;
using state::v1::PendingCall;

constexpr std::size_t kIdBytesMax = 128;
// Whether all nodes have come far enough is looked at no more often.
constexpr std::int64_t kCheckMs = 10 * kSecondMs;

std::int64_t GreatestTime(const v1::CallRecord& r) {
  return std::max({r.ended_at_ms(), r.answered_at_ms(), r.ringing_at_ms(), r.started_at_ms()});
}

std::int64_t LeastTime(const v1::CallRecord& r) {
  return std::min({r.ended_at_ms(), r.answered_at_ms(), r.ringing_at_ms(), r.started_at_ms()});
}

std::int64_t RingEndMs(const v1::CallRecord& r) {
  return r.answered_at_ms() > 0 ? r.answered_at_ms() : EventMs(r);
}

// Intake has checked all this; but `calls` is a topic, and others can write there.
std::optional<Error> Check(const Machine& m, const v1::CallRecord& r) {
  const auto& served = r.served();
  if (served.tenant().empty() || served.side() == v1::Served::SIDE_UNSPECIFIED) {
    return DeadLetterError("not_served",
                           "served.tenant and served.side say whose call it is: only intake may "
                           "write to this topic");
  }
  if (!Msisdn::FromE164(served.line())) {
    return DeadLetterError("bad_line", "served.line is no E.164 number");
  }
  const bool has_number = !served.customer().empty() && !served.withheld();
  const std::string_view key = m.moment.key;
  // Without a number the key is the line, a separator and the call (contract: `calls`).
  const std::string& call = r.join_key().empty() ? r.record_id() : r.join_key();
  if (has_number ? served.customer() != key || !Msisdn::FromE164(served.customer())
                 : !key.starts_with(served.line()) || !key.ends_with(call)) {
    return DeadLetterError("key_mismatch",
                           "the key must be the customer's number, or the line and the join key "
                           "where there is none: the record is in the wrong partition");
  }
  if (r.record_id().empty() || r.record_id().size() > kIdBytesMax ||
      r.join_key().size() > kIdBytesMax) {
    return DeadLetterError("bad_id", "record_id must have 1 to 128 bytes, join_key at most 128");
  }
  if (EventMs(r) <= 0 || LeastTime(r) < 0) {
    return DeadLetterError("bad_time", "a record needs a time, and none before 1970");
  }
  if (GreatestTime(r) > Plus(m.now(), m.limits.future_max_ms)) {
    return DeadLetterError("future_time",
                           "a time lies further ahead than future_max_ms allows: the "
                           "source's clock or zone is wrong");
  }
  return std::nullopt;
}

bool Contains(const google::protobuf::RepeatedField<std::uint64_t>& ids, std::uint64_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

void RememberOutsideOfCalls(Machine& m, std::uint64_t coordinates) {
  if (coordinates == 0) return;
  auto& seen = *m.document.add_others();
  seen.set_id(coordinates);
  seen.set_forget_ms(Plus(m.now(), m.limits.horizon_ms));
  KeepNewest(*m.document.mutable_others(), m.limits.others_max);
  m.effects.changed = true;
}

bool WasRedelivered(const Document& document, std::uint64_t coordinates) {
  if (coordinates == 0 || Planted(Bug::kRedeliveriesCount)) return false;
  for (const auto& call : document.calls()) {
    if (Contains(call.coordinates(), coordinates)) return true;
  }
  return std::any_of(document.others().begin(), document.others().end(),
                     [&](const auto& seen) { return seen.id() == coordinates; });
}

Call* FindByRecord(Document& document, std::uint64_t record) {
  for (auto& call : *document.mutable_calls()) {
    if (Contains(call.records(), record)) return &call;
  }
  return nullptr;
}

Call* FindByKey(Document& document, const CallKey& key) {
  for (auto& call : *document.mutable_calls()) {
    if (call.id_low() == key.low && call.id_high() == key.high) return &call;
    for (const auto& joined : call.joined()) {
      if (joined.key() == key.low) return &call;
    }
  }
  return nullptr;
}

// Over the cap (document point 5): the oldest call goes, decided first if it was waiting, and what
// it spoke for is forgotten from now on. Until it would have expired the customer is in flood mode.
void MakeRoom(Machine& m) {
  auto& calls = *m.document.mutable_calls();
  while (static_cast<std::size_t>(calls.size()) > m.limits.calls_max) {
    const auto oldest =
        std::min_element(calls.begin(), calls.end(),
                         [](const auto& a, const auto& b) { return a.event_ms() < b.event_ms(); });
    m.document.set_flood_until_ms(std::max(m.document.flood_until_ms(), oldest->forget_ms()));
    if (!oldest->decided()) DecideCall(m, *oldest);
    m.document.set_forgotten_through_ms(
        std::max(m.document.forgotten_through_ms(), oldest->event_ms()));
    calls.erase(oldest);
  }
}

// How a source's records end a call: see the table in decide.h.
bool SpeaksForTheCall(const v1::CallRecord& r, v1::Verdict verdict) {
  if (verdict == v1::VERDICT_CONTINUES) return false;
  return r.call_over() || r.join_key().empty() ||
         r.settle().emits() == v1::SettleProfile::EMITS_CALL_END;
}

// Of all records so far, so that their order changes nothing.
void SetDeadline(const Machine& m, const Reading& combined, PendingCall& pending) {
  // A leg of a ring group ends long before the call; one that nothing follows is never texted, so
  // waiting for the call's end costs no text.
  const bool needs_an_end = pending.events() || (pending.legs_follow() && !pending.leg_risk());
  const bool open = combined.verdict == v1::VERDICT_CONTINUES || (needs_an_end && !pending.over());
  const std::int64_t wait =
      open ? std::max(pending.settle_ms(), m.limits.open_wait_ms) : pending.settle_ms();
  pending.set_due_ms(Plus(pending.ended_at_ms(), wait));
  pending.set_at_once(IsFinal(combined) ||
                      (pending.over() && !open && wait == 0 && !pending.legs_follow()));
  if (pending.at_once()) pending.set_due_ms(pending.ended_at_ms());
  const bool by_nodes = !open && !pending.at_once() && pending.past_end_ms() < pending.settle_ms();
  pending.set_check_ms(by_nodes ? Plus(pending.ended_at_ms(), pending.past_end_ms()) : 0);
}

// All nodes have written records that end well after the call. Not before they are known.
bool IsSettledByNodes(const Machine& m, const PendingCall& pending, std::int64_t due_ms) {
  const auto& nodes = m.moment.nodes;
  return pending.check_ms() != 0 && pending.check_ms() <= due_ms &&
         Plus(nodes.known_since_ms, pending.settle_ms()) <= due_ms &&
         nodes.ended_through_ms >= Plus(pending.ended_at_ms(), pending.past_end_ms());
}

// Half of what is missing: so a call is looked at a few times only, and not much too late.
void CheckLater(const Machine& m, std::int64_t due_ms, PendingCall& pending) {
  if (pending.check_ms() == 0 || pending.check_ms() > due_ms) return;
  const std::int64_t settled_ms = Plus(pending.ended_at_ms(), pending.past_end_ms());
  const std::int64_t missing_ms = std::clamp<std::int64_t>(
      settled_ms - m.moment.nodes.ended_through_ms, 0, pending.past_end_ms());
  pending.set_check_ms(Plus(due_ms, std::max(kCheckMs, missing_ms / 2)));
}

void FillEvidence(const v1::CallRecord& r, const cdr::Classification& read,
                  v1::Evidence& evidence) {
  if (r.has_coordinates()) *evidence.mutable_coordinates() = r.coordinates();
  evidence.set_record_id(r.record_id());
  evidence.set_rule(std::string(read.rule));
  evidence.set_verdict(read.verdict);
}

// What one record says of a call that waits.
void Fill(const Machine& m, const v1::CallRecord& r, const cdr::Classification& read,
          const Reading& reading, PendingCall& pending) {
  const auto& served = r.served();
  pending.set_tenant(served.tenant());
  pending.set_line(served.line());
  pending.set_source(r.source());
  pending.set_side(served.side());
  pending.set_withheld(served.withheld());
  pending.set_no_number(served.customer().empty());
  pending.set_lines_version(served.lines_version());
  pending.set_caller_line_type(r.caller_line_type());
  TakeReach(r, pending);

  const auto& settle = r.settle();
  pending.set_settle_ms(std::clamp<std::int64_t>(settle.settle_ms(), 0, m.limits.settle_max_ms));
  // Without the nodes' progress the call waits to the end: as if they had to come so far.
  const std::int64_t past_end_ms = settle.past_end_ms() > 0 ? settle.past_end_ms() : kNever;
  pending.set_past_end_ms(std::min(past_end_ms, pending.settle_ms()));
  pending.set_leg_risk(settle.accept_leg_risk());
  pending.set_events(settle.emits() == v1::SettleProfile::EMITS_EVENTS);
  pending.set_legs_follow(settle.emits() == v1::SettleProfile::EMITS_LEG_END &&
                          !r.join_key().empty());

  pending.set_over(reading.over);
  pending.set_started_at_ms(r.started_at_ms());
  pending.set_ended_at_ms(EventMs(r));
  pending.set_rang(cdr::RingFactsOf(r).rang);
  pending.set_ringing_at_ms(r.ringing_at_ms());
  if (r.has_ring_ms()) pending.set_said_ring_ms(std::max<std::int64_t>(r.ring_ms(), 0));
  pending.set_released_at_ms(r.ended_at_ms());
  pending.set_ring_end_ms(RingEndMs(r));
  pending.set_ring_ms(cdr::RingMs(r).value_or(0));
  FillEvidence(r, read, *pending.add_evidence());
}

// A record of a call that is decided already. The decision stands; who follows it is told.
void MergeDecided(Machine& m, const v1::CallRecord& r, const cdr::Classification& read,
                  const Reading& reading, Call& call) {
  const Reading before = ReadingOf(call);
  const Reading after = Amend(before, reading);
  if (after.verdict == before.verdict && ClassOf(after) == ClassOf(before)) return;
  Take(after, call);
  auto& amendment = *m.effects.amendments.Add();
  amendment.set_call_id(KeyOf(call).ToCallId());
  amendment.set_tenant(r.served().tenant());
  if (!r.served().withheld()) amendment.set_customer(r.served().customer());
  amendment.set_previous_verdict(before.verdict);
  amendment.set_verdict(after.verdict);
  amendment.set_answered_by(after.answered_by);
  amendment.set_now_ms(m.now());
  amendment.set_source(r.source());
  FillEvidence(r, read, *amendment.mutable_evidence());
  if (IsFinal(after) && call.has_text()) {
    amendment.set_false_text(true);
    amendment.set_cancelled_job_id(CancelText(m, call, "not_missed"));
  }
}

bool Talked(const Reading& reading) {
  if (IsTalk(reading)) return true;
  return reading.verdict == v1::VERDICT_OUTBOUND &&
         (reading.answered_by == v1::ANSWERED_BY_PERSON ||
          reading.answered_by == v1::ANSWERED_BY_UNKNOWN);
}

void Join(Machine& m, const v1::CallRecord& r, std::uint64_t record, std::uint64_t coordinates) {
  const Tenant* tenant = m.snapshot.Find(r.served().tenant());
  const auto read =
      cdr::Classify(r, tenant != nullptr ? tenant->min_ring_ms() : cdr::kMinRingMsDefault);
  const Reading reading{read.verdict, read.answered_by, SpeaksForTheCall(r, read.verdict),
                        read.reading};
  const CallKey key = CallKeyOf(r);
  Call* call = FindByKey(m.document, key);
  if (call == nullptr) {
    call = FindByParties(m, r);
    if (call != nullptr) AddKey(*call, key.low, OriginHash(r));
  }
  const bool first = call == nullptr;
  if (first) {
    call = m.document.add_calls();
    call->set_id_high(key.high);
    call->set_id_low(key.low);
    call->set_parties(PartiesHash(r));
    call->set_origin(OriginHash(r));
  }
  TakeSpan(r, *call);
  Remember(*call->mutable_records(), record, m.limits.ids_per_call_max);
  Remember(*call->mutable_coordinates(), coordinates, m.limits.ids_per_call_max);
  call->set_forget_ms(std::max(call->forget_ms(), m.horizon_end(EventMs(r))));
  if (call->decided()) {
    MergeDecided(m, r, read, reading, *call);
  } else {
    if (first) {
      Fill(m, r, read, reading, *call->mutable_pending());
      Take(reading, *call);
    } else {
      PendingCall further;
      Fill(m, r, read, reading, further);
      MergeWaiting(m, reading, further, *call);
    }
    JoinWaiting(m, *call);
    SetDeadline(m, ReadingOf(*call), *call->mutable_pending());
  }
  if (Talked(reading)) NoteTalk(m, r.served().tenant(), EventMs(r));
  if (Talked(reading) && reading.verdict == v1::VERDICT_OUTBOUND)
    NoteRung(m, r.served().tenant(), EventMs(r));
  m.effects.record_class = first ? RecordClass::kOpened : RecordClass::kMerged;
  m.effects.changed = true;
  MakeRoom(m);
}

}  // namespace

void OnCallRecord(Machine& m, const v1::CallRecord& record) {
  const std::uint64_t coordinates = CoordinatesHash(record);
  if (WasRedelivered(m.document, coordinates)) {
    m.effects.record_class = RecordClass::kRedelivered;
    return;
  }
  if (auto error = Check(m, record)) {
    m.effects.record_class = RecordClass::kDeadLetter;
    // Under a wrong key there must be no document, not even to remember this.
    if (error->code != "key_mismatch" && error->code != "not_served" && error->code != "bad_line") {
      RememberOutsideOfCalls(m, coordinates);
    }
    m.effects.error = std::move(error);
    return;
  }
  const std::uint64_t id = RecordHash(record);
  if (Call* call = FindByRecord(m.document, id)) {
    m.effects.record_class = RecordClass::kDuplicate;
    Remember(*call->mutable_coordinates(), coordinates, m.limits.ids_per_call_max);
    // As long as any other record: intake may hand this one on again, and that is no second one.
    call->set_forget_ms(std::max(call->forget_ms(), m.horizon_end(EventMs(record))));
    m.effects.changed = true;
    return;
  }
  const std::int64_t forgotten =
      std::max(m.document.forgotten_through_ms(), m.moment.partition_forgotten_through_ms);
  if (EventMs(record) <= forgotten) {
    m.effects.record_class = RecordClass::kLate;
    RememberOutsideOfCalls(m, coordinates);
    return;
  }
  Join(m, record, id, coordinates);
}

void SettleDue(Machine& m, std::int64_t due_ms) {
  while (Call* next = FirstWaiting(m.document)) {
    auto& pending = *next->mutable_pending();
    if (pending.due_ms() > due_ms && !pending.at_once() && !IsSettledByNodes(m, pending, due_ms)) {
      return CheckLater(m, due_ms, pending);
    }
    DecideCall(m, *next);
    m.effects.changed = true;
  }
}

}  // namespace textback::policy
