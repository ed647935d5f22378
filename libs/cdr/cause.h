// What one call record says happened: its verdict, who took the call, and the rule that read it.
//
// A pure function over a table. A cause has a namespace: the same number means different things in
// SIP, Q.850, FreeSWITCH and 3GPP, so they are never folded into one (docs: 603 is "decline" in
// SIP, and FreeSWITCH's own USER_CHALLENGE). Evidence is weighed in this order:
//   1. not a call at all;
//   2. answered: an answer time, talk time, who answered, or a cause that says so. Whatever else is
//      written, somebody (or something) talked to the caller;
//   3. taken on another leg (Q.850 26, SIP "Call completed elsewhere"): nobody is owed a text;
//   4. a leg or partial that only leads on: `continues`;
//   5. the causes, best first. A vague one (SIP 480, Q.850 31, …) gives way to a clear one later in
//      the list, because gateways write the vague one when they can't map the clear one.
// A call that a tenant's line made is `outbound`, with answered_by saying whether it was taken.
//
// Ringing. An abandoned call counts as missed only if it rang for min_ring_ms. Where the source
// tells neither ring_ms nor ringing_at_ms, set-up to release stands in for it: it is an upper
// bound, so what is shorter certainly was a short ring. Without any times it is a short ring: when
// in doubt, no text.
//
// Threads: any. Never fails: what no row knows is `unresolved`, which is never texted.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "textback/v1/call_record.pb.h"
#include "textback/v1/decision.pb.h"

namespace textback::cdr {

inline constexpr std::int64_t kMinRingMsDefault = 3'000;

// How a cause is read for a call that wasn't answered. Numbers are stored in state: never reused.
enum class Reading : std::uint8_t {
  kVerdict = 0,       // as the row says
  kCallerGaveUp = 1,  // abandoned, or short_ring (see "Ringing")
  kNoResponse = 2,    // no_answer once it rang, else unreachable
  kRefused = 3,       // declined; network_failure where the location is a network
  kRangOut = 4,   // no_answer; short_ring where even set-up to release is shorter than min_ring_ms
  kAnswered = 5,  // says that the call was answered
  kCallerGaveUpUntimed = 6,  // abandoned; short_ring where another record tells so short a ringing
};

// What is known of the ringing: of one record, or of all records of a call together.
struct RingFacts {
  bool rang = false;                    // it says that there was ringing, or how long
  std::optional<std::int64_t> ring_ms;  // see "Ringing"; nullopt: no times at all
};

struct Classification {
  v1::Verdict verdict = v1::VERDICT_UNRESOLVED;
  v1::AnsweredBy answered_by = v1::ANSWERED_BY_UNSPECIFIED;  // not answered, or not said
  std::string_view rule;  // "q850.19": static; the row of the table, for Evidence.rule
  Reading reading = Reading::kVerdict;  // with ReadRinging: what further facts may change
};

Classification Classify(const v1::CallRecord& record, std::int64_t min_ring_ms);

// Answer time, talk time, answered_by, or a cause that says so.
bool IsAnswered(const v1::CallRecord& record);

// How long it rang, as far as the record tells (see "Ringing"); nullopt: no times at all.
std::optional<std::int64_t> RingMs(const v1::CallRecord& record);

RingFacts RingFactsOf(const v1::CallRecord& record);

// The verdict of a reading that depends on the ringing, under these facts; `otherwise` for others.
// Events tell of ringing and of the end in separate records: decide asks again with the facts of
// them all.
v1::Verdict ReadRinging(Reading reading, const RingFacts& facts, std::int64_t min_ring_ms,
                        v1::Verdict otherwise);

// Of the record: Decision.verdict's words, "no_answer"; nullopt for any other.
std::optional<v1::Verdict> VerdictOfWord(std::string_view word);
std::string_view WordOf(v1::Verdict verdict);

}  // namespace textback::cdr
