// Commands on stdin, one a line, answered with one JSON object a line on stdout:
//
//   text FROM TO WORDS…        a customer's text (MO)
//   set NAME VALUE             throttle, temporary, reject, lose_response, drop_connection,
//                              refuse_bind (fractions), response_delay_ms, rate_max
//   drop                       resets every connection
//   stats                      what it has done so far
#pragma once

#include <string>

#include "smsc/smsc_core.h"

namespace textback::smsc {

// On the server's thread. Never fails: a wrong line gets {"error": …}.
std::string RunCommand(SmscCore& core, const std::string& line);
std::string StatsJson(const SmscCore& core);

}  // namespace textback::smsc
