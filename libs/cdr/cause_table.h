// The rows behind cause.h: one per (namespace, value), each with the clause that it was read from.
#pragma once

#include <cstdint>
#include <string_view>

#include "textback/v1/call_record.pb.h"
#include "textback/v1/decision.pb.h"

namespace textback::cdr {

// How a row is read for a call that wasn't answered.
enum class Reading : std::uint8_t {
  kVerdict,       // as the row says
  kCallerGaveUp,  // abandoned, or short_ring (cause.h, "Ringing")
  kNoResponse,    // no_answer once it rang, else unreachable
  kRefused,       // declined; network_failure where the location is a network
  kRangOut,       // no_answer; short_ring where even set-up to release is shorter than min_ring_ms
  kAnswered,      // says that the call was answered
};

struct CauseRow {
  v1::Cause::Namespace space;
  std::string_view value;  // as written by the source; names in upper case
  Reading reading;
  v1::Verdict verdict;  // for kVerdict
  bool vague;           // gives way to a clearer cause of the same record
  std::string_view rule;
};

// nullptr: no such row. Names are compared without regard to case; numbers without leading zeros.
const CauseRow* FindCause(v1::Cause::Namespace space, std::string_view value);

}  // namespace textback::cdr
