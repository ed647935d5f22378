// How people write durations and sizes in configuration, and how we write them back.
//
// Durations: whole numbers with a unit, largest unit first: "500ms", "5s", "1h30m", "2d". Sizes:
// one whole number with a unit: "512B", "64KiB", "64MiB", "4GiB", "1TiB". A bare number is refused:
// whether 30 is seconds or milliseconds is the mistake that these exist to prevent.
//
// Thread safety: pure functions. nullopt: not in this form, or too large for 63 bits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace textback::config {

std::optional<std::int64_t> ParseDurationMs(std::string_view text);
std::string FormatDurationMs(std::int64_t ms);  // the shortest form: 5400000 -> "1h30m", 0 -> "0ms"

std::optional<std::int64_t> ParseSizeBytes(std::string_view text);
std::string FormatSizeBytes(std::int64_t bytes);  // exact: 65536 -> "64KiB", 1000 -> "1000B"

}  // namespace textback::config
