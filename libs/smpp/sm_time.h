// The time format of SMPP 3.4 (7.1.1) for validity_period and schedule_delivery_time:
// YYMMDDhhmmsstnnp, where p is '+' or '-' (absolute, nn quarters of an hour from UTC) or 'R'
// (relative to the SMSC's own clock).
//
// Relative is what we prefer to send: it needs no agreement of two clocks and no time zone.
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace textback::smpp {

// 16 characters, no NUL; a value, so that a PDU's string_view can point at it.
struct SmTime {
  char text[17] = {};
  std::string_view view() const { return text; }
};

inline constexpr std::int64_t kRelativeSecondsMax =
    28 * 86'400;  // days above a month are ambiguous

// Whole seconds, rounded down, so that what it says never lies after what was asked. Relative is
// capped at kRelativeSecondsMax. Requires seconds ≥ 0 / a time of the years 2000 to 2099.
SmTime RelativeTime(std::int64_t seconds);
SmTime AbsoluteTime(std::int64_t utc_ms);

// Milliseconds since 1970 UTC of either form; relative ones are counted from `now_ms` (a month as
// 30 days, a year as 365). nullopt for what isn't in the format. YY counts from 2000.
std::optional<std::int64_t> ParseSmTime(std::string_view text, std::int64_t now_ms);

}  // namespace textback::smpp
