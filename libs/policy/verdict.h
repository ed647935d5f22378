// How the verdicts of a call's records make one verdict, whatever the order they came in.
//
// Each record's reading has a place in one total order; the first of all wins. Since it is a
// minimum, permuting or repeating the legs of a call changes nothing (tested as a property).
//
//   class  verdict                                  because
//   0      answered (by a person, or not said who)  somebody talked: nothing else matters
//   1      answered_elsewhere                       a colleague took it
//   2      blocked                                  the call was unwanted: never text
//   3      voicemail                                where the call ended up after it had rung
//   4      queue_abandon                            likewise
//   5      no_answer, busy, unreachable, declined,  a miss; of several the one that speaks for the
//          abandoned, short_ring                    whole call, else the lowest enum value
//   6      network_failure, wrong_number            only if no leg got further
//   7      answered by ivr or queue alone           a machine talked: a miss of a leg says more
//   8      outbound                                 nothing was missed
//   9      not_a_call
//   10     continues                                never a verdict of its own
//   11     unresolved, unspecified
//
// Sources: Q.850 cause 26 and RFC 3326 (answered elsewhere), RFC 8688 and 5079 (blocked),
// TS 32.298 causeForRecClosing (continues).
//
// Thread safety: pure functions.
#pragma once

#include "cdr/cause.h"
#include "textback/v1/decision.pb.h"

namespace textback::policy {

struct Reading {
  v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;
  v1::AnsweredBy answered_by = v1::ANSWERED_BY_UNSPECIFIED;
  bool over = false;  // the record speaks for the whole call, not only for a leg
  cdr::Reading cause = cdr::Reading::kVerdict;  // how the verdict was read: see cdr::ReadRinging
};

int ClassOf(const Reading& reading);

// Whether `a` says more about the call than `b`. A strict total order over distinct readings.
bool Stronger(const Reading& a, const Reading& b);

// Somebody, or something that a caller takes for somebody, talked.
bool IsTalk(const Reading& reading);
// A further leg can't turn it into a miss any more.
bool IsFinal(const Reading& reading);

// The kinds that a policy may text: the defaults, and those that must be asked for.
bool IsMissedByDefault(v1::Verdict verdict);
bool MayBeTexted(v1::Verdict verdict);

// What a decided call's verdict becomes when a late record says `late`; the same if it changes
// nothing. An unresolved call takes a late miss only from a record that speaks for the whole call.
Reading Amend(const Reading& decided, const Reading& late);

}  // namespace textback::policy
