// The rules of one customer's outbox, without I/O: which job may go, which must not, what is next.
//
// Phases of a job (state/v1/outbox.proto):
//
//            not_before, turn, capacity          outcome: accepted, rejected
//   QUEUED ------------------------------> INTENT ------------------------------> closed
//     ^  |  expired, cancelled, blocked      |  |
//     |  +------------------------> closed   |  | outcome unknown; or the owner is gone and
//     |     known not sent                   |  | resolve_after_ms has come
//     +--------------------------------------+  v
//     ^      policy: resend once              UNKNOWN ----> closed: proven (a receipt of its own)
//     +-----------------------------------------+---------> closed: unknown_until_ms, policy drop
//
// One intent is open for a customer at a time, the most urgent first: so texts keep their order,
// and the confirmation of a STOP goes after all that was intended before it (dispatcher point 4).
//
// A customer's blocks stay for ever. Closed jobs are remembered until their expiry plus
// `closed_keep_ms`, then ForgetThrough makes later repeats late.
//
// Thread safety: none; works on the document of one transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "textback/state/v1/outbox.pb.h"
#include "textback/v1/job.pb.h"

namespace textback::dispatch {

// Hash of a job id as `closed` remembers it.
std::uint64_t JobHash(std::string_view job_id);

// Whether `scope` covers a text of this tenant and sender.
bool Covers(const v1::Scope& scope, const v1::Job& job);

// Confirmations of an opt-out and answers to HELP go out although the customer is blocked.
bool PassesBlocks(const v1::Job& job);
bool IsBlocked(const state::v1::Outbox& outbox, const v1::Job& job);

// False: it was there already.
bool AddBlock(state::v1::Outbox& outbox, const v1::Scope& scope);
// Removes every block that `scope` names. False: there was none.
bool RemoveBlock(state::v1::Outbox& outbox, const v1::Scope& scope);

bool Knows(const state::v1::Outbox& outbox, std::string_view job_id);
std::optional<int> FindJob(const state::v1::Outbox& outbox, std::string_view job_id);
// Moves jobs[index] to `closed`.
void CloseJob(state::v1::Outbox& outbox, int index);
bool HasOpenIntent(const state::v1::Outbox& outbox);

// The queued job that may go at `now_ms`: highest priority, then first come. nullopt: none, or an
// intent is open.
std::optional<int> NextToSend(const state::v1::Outbox& outbox, std::int64_t now_ms);

// Drops closed jobs whose expiry plus `keep_ms` has come; returns the greatest expiry dropped, or
// nullopt.
std::optional<std::int64_t> ForgetClosed(state::v1::Outbox& outbox, std::int64_t now_ms,
                                         std::int64_t keep_ms);

// When the document must be looked at again; store::kNeverDue's value if never.
std::int64_t NextDue(const state::v1::Outbox& outbox, std::int64_t keep_ms);

// Nothing in it can matter any more: erase it.
bool IsSpent(const state::v1::Outbox& outbox);

}  // namespace textback::dispatch
