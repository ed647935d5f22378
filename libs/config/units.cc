#include "config/units.h"

#include <array>
#include <charconv>
#include <limits>

#include "base/assert.h"

namespace textback::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array<Unit, 5> kTime = {
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Unit, 5> kSize = {{{"TiB", std::int64_t{1} << 40},
                                        {"GiB", std::int64_t{1} << 30},
                                        {"MiB", std::int64_t{1} << 20},
                                        {"KiB", std::int64_t{1} << 10},
                                        {"B", 1}}};

// Takes one "<digits><letters>" from the front of `text`.
struct Amount {
  std::int64_t number;
  std::string_view unit;
};
std::optional<Amount> TakeAmount(std::string_view& text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  std::size_t end = digits;
  while (end < text.size() && !is_digit(text[end])) ++end;
  Amount amount{0, text.substr(digits, end - digits)};
  const char* const begin = text.data();
  const auto parsed = std::from_chars(begin, begin + digits, amount.number);
  if (digits == 0 || parsed.ec != std::errc{}) return std::nullopt;
  text.remove_prefix(end);
  return amount;
}

std::optional<std::int64_t> Multiply(std::int64_t number, std::int64_t factor) {
  if (number > std::numeric_limits<std::int64_t>::max() / factor) return std::nullopt;
  return number * factor;
}

}  // namespace

std::optional<std::int64_t> ParseDurationMs(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  while (!text.empty()) {
    const auto amount = TakeAmount(text);
    if (!amount) return std::nullopt;
    while (next_unit < kTime.size() && kTime[next_unit].name != amount->unit) ++next_unit;
    if (next_unit == kTime.size()) return std::nullopt;  // unknown, repeated or out of order
    const auto ms = Multiply(amount->number, kTime[next_unit++].factor);
    if (!ms || *ms > std::numeric_limits<std::int64_t>::max() - total) return std::nullopt;
    total += *ms;
  }
  return total;
}

std::string FormatDurationMs(std::int64_t ms) {
  TB_ASSERT(ms >= 0);
  if (ms == 0) return "0ms";
  std::string out;
  for (const auto& unit : kTime) {
    if (ms < unit.factor) continue;
    out += std::to_string(ms / unit.factor) + std::string(unit.name);
    ms %= unit.factor;
  }
  return out;
}

std::optional<std::int64_t> ParseSizeBytes(std::string_view text) {
  const auto amount = TakeAmount(text);
  if (!amount || !text.empty()) return std::nullopt;
  for (const auto& unit : kSize) {
    if (unit.name == amount->unit) return Multiply(amount->number, unit.factor);
  }
  return std::nullopt;
}

std::string FormatSizeBytes(std::int64_t bytes) {
  TB_ASSERT(bytes >= 0);
  for (const auto& unit : kSize) {
    if (bytes >= unit.factor && bytes % unit.factor == 0) {
      return std::to_string(bytes / unit.factor) + std::string(unit.name);
    }
  }
  return "0B";
}

}  // namespace textback::config
