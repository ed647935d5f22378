// Which ends of a call are a tenant's, and what that makes of the record: the step of intake that
// replay needs too.
//
// A record between two tenants is one call for each: it is served twice.
//
// Thread safety: pure functions of their arguments.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "intake/line_table.h"
#include "textback/v1/call_record.pb.h"

namespace textback::intake {

struct Ends {
  std::string_view terminating;  // the called line's tenant; empty: nobody's. As LineTable's
  const v1::Party* called;       // of the record: the party whose line that is
  std::string_view originating;  // the calling line's tenant
};

Ends FindEnds(const v1::CallRecord& record, const LineTable& lines);

// Fills in `served` for one side. `line`: the tenant's number.
void SetServed(v1::CallRecord& record, v1::Served::Side side, std::string_view tenant,
               const std::string& line, std::int64_t lines_version);

}  // namespace textback::intake
