// The one escape that telemetry's JSON and log lines need. Internal to telemetry.
#pragma once

#include <string>
#include <string_view>

namespace textback::telemetry {

// Printable text on one line, fit between JSON's quotes: quotes, backslashes and control characters
// as JSON escapes, and each byte that isn't UTF-8 as the character of its number.
std::string EscapeJson(std::string_view text);

}  // namespace textback::telemetry
