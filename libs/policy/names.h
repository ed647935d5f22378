// The words of the contract's enums: "no_answer", "limit_pair". The same in JSON, metrics and
// gates.
//
// Thread safety: all calls from any thread. Views live as long as the process.
#pragma once

#include <optional>
#include <string_view>

#include "textback/v1/decision.pb.h"

namespace textback::policy {

// "unspecified" for values that this build doesn't know.
std::string_view VerdictName(v1::Verdict verdict);
std::string_view ReasonName(v1::Reason reason);
std::string_view ActionName(v1::Action action);
std::string_view AnsweredByName(v1::AnsweredBy answered_by);

std::optional<v1::Reason> ReasonFromName(std::string_view name);

}  // namespace textback::policy
