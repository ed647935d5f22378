// The rows behind cause.h: one per (namespace, value), each with the clause that it was read from.
#pragma once

#include <string_view>

#include "cdr/cause.h"
#include "textback/v1/call_record.pb.h"
#include "textback/v1/decision.pb.h"

namespace textback::cdr {

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
