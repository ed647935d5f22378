// The rows behind cause.h: one per (namespace, value), each with what it means and the clause that
// it was read from. docs/causes.md is made of them (cause_table_test.cc), and `textback inspect
// --explain` quotes them.
//
// Threads: any; all is static.
#pragma once

#include <span>
#include <string_view>

#include "cdr/cause.h"
#include "textback/v1/call_record.pb.h"
#include "textback/v1/decision.pb.h"

namespace textback::cdr {

struct CauseRow {
  std::string_view value;  // as written by the source; names are compared without regard to case
  Reading reading;
  v1::Verdict verdict;  // for kVerdict
  bool vague;           // gives way to a clearer cause of the same record
  std::string_view rule;
  std::string_view title;   // the standard's or the maker's words, as short as they can be
  std::string_view source;  // document and clause; empty: the group's
};

struct CauseGroup {
  v1::Cause::Namespace space;  // several groups may share one
  std::string_view title;
  std::string_view source;  // document and clause, of the rows that name none
  bool numbers;             // values are compared without leading zeros
  std::span<const CauseRow> rows;
};

std::span<const CauseGroup> CauseGroups();

inline std::string_view SourceOf(const CauseGroup& group, const CauseRow& row) {
  return row.source.empty() ? group.source : row.source;
}

// nullptr: no such row.
const CauseRow* FindCause(v1::Cause::Namespace space, std::string_view value);

// What Evidence.rule stands for, rules that read no cause ("leg_only") among them. Of a rule that
// isn't known, as of a later version, all is empty.
struct RuleTitle {
  std::string_view rule;
  std::string_view title;
  std::string_view source;  // document and clause; empty: none but docs
};
RuleTitle TitleOfRule(std::string_view rule);

}  // namespace textback::cdr
