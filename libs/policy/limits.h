// Bounds of what decide remembers and waits for. Configuration of a role, the same for all tenants.
//
// Thread safety: a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace textback::policy {

inline constexpr std::int64_t kSecondMs = 1000;
inline constexpr std::int64_t kMinuteMs = 60 * kSecondMs;
inline constexpr std::int64_t kHourMs = 60 * kMinuteMs;
inline constexpr std::int64_t kDayMs = 24 * kHourMs;

// The longest window that a tenant's limit may have: how long a text can be remembered at all.
inline constexpr std::int64_t kLimitWindowMaxMs = 31 * kDayMs;

struct Limits {
  // How long a call leaves a trace. Longer than the longest call, and not shorter than any tenant's
  // max_age (exactly-once.md, document point 1).
  std::int64_t horizon_ms = 26 * kHourMs;
  // A record that claims a time this far ahead of now has a broken clock: dead letter.
  std::int64_t future_max_ms = 5 * kMinuteMs;
  // How long a call without an end is waited for: partial records, events without call_over.
  std::int64_t open_wait_ms = 2 * kHourMs;
  // A source's settle_ms above this counts as this.
  std::int64_t settle_max_ms = 12 * kHourMs;
  // Records of one call that share no join key are told by their parties and times; the clocks of
  // two switches may differ by this. 0: only join keys join.
  std::int64_t join_skew_ms = 2 * kSecondMs;
  // A confirmation that could not go within this time of the customer's message doesn't go.
  std::int64_t confirmation_ttl_ms = 5 * kMinuteMs;
  // How long it is remembered which tenant texted last, for replies to a sender that several share,
  // and whom a tenant rang or had a reply from.
  std::int64_t pair_memory_ms = 30 * kDayMs;
  // How long it is believed that a number takes no texts, once the network has said so. 0: never.
  std::int64_t undeliverable_memory_ms = 7 * kDayMs;

  // Calls remembered of one customer within the horizon; one more and the customer is in flood
  // mode.
  std::size_t calls_max = 100;
  // Record ids remembered of one call. Beyond it the oldest are dropped: its repeat counts as
  // merged instead of duplicate, and can't decide again.
  std::size_t ids_per_call_max = 64;
  std::size_t evidence_max = 16;
  // Further ids remembered of one customer: messages; late records and dead letters.
  std::size_t inbound_max = 64;
  std::size_t others_max = 64;
  // Texts that may count against limits at a time. A customer who has had more gets none.
  std::size_t texts_max = 64;
  std::size_t pairs_max = 32;
  // One opt-out more than this becomes one for everything: never is one dropped.
  std::size_t opt_outs_max = 128;
  // Replies (confirmations, HELP) to one customer within the horizon, so that two machines can't
  // keep texting each other.
  std::size_t replies_max = 8;
  std::size_t help_replies_max = 3;
};

// Empty: usable. Else one sentence for each thing that is wrong.
std::vector<std::string> ValidateLimits(const Limits& limits);

}  // namespace textback::policy
