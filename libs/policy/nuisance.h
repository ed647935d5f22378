// Whether a caller looks like a robot or a fraud: signs that add up to a score from 0 to 100, held
// against the tenant's threshold. Each sign alone has innocent explanations.
//
//   sign                 value                                                  points
//   unsigned             1: nobody vouches for the number                           10
//   attestation_b        1: the caller is known, the number may not be theirs        5
//   attestation_c        1: a gateway passed it on (ATIS-1000074)                   20
//   verification_failed  1: signed, and the signature doesn't hold                  40
//   spam_likelihood      the network's own estimate, 0 … 100               60 % of it
//   short_ring           ms until the caller gave up: under 2 s                     40
//                        under 6 s, one or two rings (wangiri)                      20
//   fan_out              lines called within 10 minutes: 5 and more                 20
//                        10 and more                                                40
//                        20 and more                                                60
//
// Fan-out counts the lines of all tenants, from the calls decided so far that the customer's own
// document remembers. Somebody who phones round for a plumber stays under the default threshold of
// 60 unless other signs join.
//
// Known contacts are no nuisance, whatever the score: those of the tenant's list, whom the tenant
// has rung and got through to, and who have answered a text (within limits.pair_memory_ms).
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>

#include "policy/document.h"
#include "policy/tenant.h"
#include "textback/v1/decision.pb.h"

namespace textback::policy {

inline constexpr std::uint32_t kNuisanceMax = 100;
inline constexpr std::uint32_t kNuisanceDefault = 60;
inline constexpr std::int64_t kFanOutWindowMs = 10 * kMinuteMs;

// Adds the signs of `call`, which is being decided, to the decision; returns the score.
std::uint32_t ScoreCaller(const Document& document, const state::v1::Call& call,
                          v1::Decision& decision);

bool IsKnownContact(const Document& document, const Tenant& tenant, Msisdn caller);

}  // namespace textback::policy
