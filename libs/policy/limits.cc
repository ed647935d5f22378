#include "policy/limits.h"

#include <string_view>

namespace textback::policy {
namespace {

// Sums of a time and a few durations must stay far from the ends of 64 bits.
constexpr std::int64_t kDurationMax = 400 * kDayMs;

}  // namespace

std::vector<std::string> ValidateLimits(const Limits& limits) {
  std::vector<std::string> problems;
  const auto duration = [&](std::string_view name, std::int64_t value, std::int64_t least) {
    if (value < least || value > kDurationMax) {
      problems.push_back(std::string(name) + " is " + std::to_string(value) + " ms: expected " +
                         std::to_string(least) + " to " + std::to_string(kDurationMax));
    }
  };
  const auto count = [&](std::string_view name, std::size_t value, std::size_t most) {
    if (value < 1 || value > most) {
      problems.push_back(std::string(name) + " is " + std::to_string(value) + ": expected 1 to " +
                         std::to_string(most));
    }
  };
  duration("horizon_ms", limits.horizon_ms, kMinuteMs);
  duration("future_max_ms", limits.future_max_ms, 0);
  duration("open_wait_ms", limits.open_wait_ms, kSecondMs);
  duration("settle_max_ms", limits.settle_max_ms, 0);
  duration("confirmation_ttl_ms", limits.confirmation_ttl_ms, kSecondMs);
  duration("pair_memory_ms", limits.pair_memory_ms, 0);
  duration("undeliverable_memory_ms", limits.undeliverable_memory_ms, 0);
  // A call must be decided before it may be forgotten.
  if (limits.open_wait_ms > limits.horizon_ms || limits.settle_max_ms > limits.horizon_ms) {
    problems.push_back("open_wait_ms and settle_max_ms must not be longer than horizon_ms");
  }
  count("calls_max", limits.calls_max, 10'000);
  count("ids_per_call_max", limits.ids_per_call_max, 10'000);
  count("evidence_max", limits.evidence_max, 16);
  count("inbound_max", limits.inbound_max, 10'000);
  count("others_max", limits.others_max, 10'000);
  count("texts_max", limits.texts_max, 10'000);
  count("pairs_max", limits.pairs_max, 10'000);
  count("opt_outs_max", limits.opt_outs_max, 10'000);
  count("replies_max", limits.replies_max, 1'000);
  count("help_replies_max", limits.help_replies_max, 1'000);
  return problems;
}

}  // namespace textback::policy
