// The customer's document: reading, writing, forgetting.
//
// Exact forgetting (exactly-once.md, document point 2): a call is dropped from the document only by
// raising `forgotten_through_ms` to its event time, so that whatever comes of it later is known to
// be late. A document is erased only when nothing in it can matter any more and now is `horizon`
// past what it had forgotten; then the partition's forgotten_through takes over. So the partition's
// never passes now - horizon.
//
// Threads: none; pure functions of their arguments.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "base/result.h"
#include "policy/limits.h"
#include "textback/state/v1/customer.pb.h"

namespace textback::policy {

using Document = state::v1::CustomerDocument;

inline constexpr std::uint32_t kDocumentVersion = 1;
inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// Times in records and documents may be absurd: sums stop at the ends instead of overflowing.
constexpr std::int64_t Plus(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? std::numeric_limits<std::int64_t>::max()
               : std::numeric_limits<std::int64_t>::min();
}
constexpr std::int64_t Minus(std::int64_t a, std::int64_t b) {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return b < 0 ? std::numeric_limits<std::int64_t>::max()
               : std::numeric_limits<std::int64_t>::min();
}

// kRebuild: the bytes are no document. kFatal: written by a newer version of this program.
Status ParseDocument(std::string_view bytes, Document& document);

// Drops what now has outlived. Calls that still wait for their verdict stay.
void Forget(Document& document, std::int64_t now_ms);

// Keeps the newest `max` of a list of remembered ids.
template <class Repeated>
void KeepNewest(Repeated& list, std::size_t max) {
  const int over = list.size() - static_cast<int>(max);
  if (over > 0) list.erase(list.begin(), list.begin() + over);
}

// Nothing in it but what it has forgotten, and that long ago: the document can go.
bool MayErase(const Document& document, std::int64_t now_ms, std::int64_t horizon_ms);

// The waiting call whose turn is next, by deadline; nullptr: none waits.
const state::v1::Call* FirstWaiting(const Document& document);
state::v1::Call* FirstWaiting(Document& document);

// A call may be settled early by what is known of nodes that write files.
bool WaitsForNodes(const Document& document);

// When the document must be looked at again: the deadline of the first waiting call, or when it may
// be settled early; else when
// everything but opt-outs has expired (one timer, not one per entry); kNever.
std::int64_t NextDue(const Document& document, std::int64_t horizon_ms);

}  // namespace textback::policy
