#include "dispatch/outbox.h"

#include <algorithm>
#include <limits>

#include "base/hash.h"

namespace textback::dispatch {
namespace {

using state::v1::Outbox;
using state::v1::OutboxJob;

bool SameScope(const v1::Scope& a, const v1::Scope& b) {
  return a.kind() == b.kind() && a.tenant() == b.tenant() && a.sender() == b.sender();
}

}  // namespace

std::uint64_t JobHash(std::string_view job_id) { return StableHash64(job_id, 0x6a6f62); }

bool Covers(const v1::Scope& scope, const v1::Job& job) {
  switch (scope.kind()) {
    case v1::Scope::KIND_ALL:
      return true;
    case v1::Scope::KIND_SENDER:
      return scope.sender() == job.sender().value();
    default:
      return scope.tenant() == job.tenant();
  }
}

bool PassesBlocks(const v1::Job& job) {
  return job.text().purpose() == v1::TextJob::PURPOSE_OPT_OUT_CONFIRMATION ||
         job.text().purpose() == v1::TextJob::PURPOSE_HELP;
}

bool IsBlocked(const Outbox& outbox, const v1::Job& job) {
  if (PassesBlocks(job)) return false;
  return std::any_of(outbox.blocks().begin(), outbox.blocks().end(),
                     [&](const v1::Scope& scope) { return Covers(scope, job); });
}

bool AddBlock(Outbox& outbox, const v1::Scope& scope) {
  for (const auto& existing : outbox.blocks()) {
    if (SameScope(existing, scope)) return false;
  }
  *outbox.add_blocks() = scope;
  return true;
}

bool RemoveBlock(Outbox& outbox, const v1::Scope& scope) {
  auto& blocks = *outbox.mutable_blocks();
  const auto end = std::remove_if(blocks.begin(), blocks.end(), [&](const v1::Scope& existing) {
    return SameScope(existing, scope);
  });
  if (end == blocks.end()) return false;
  blocks.erase(end, blocks.end());
  return true;
}

bool Knows(const Outbox& outbox, std::string_view job_id) {
  if (FindJob(outbox, job_id)) return true;
  const std::uint64_t hash = JobHash(job_id);
  return std::any_of(outbox.closed().begin(), outbox.closed().end(),
                     [&](const auto& closed) { return closed.job_hash() == hash; });
}

std::optional<int> FindJob(const Outbox& outbox, std::string_view job_id) {
  for (int i = 0; i < outbox.jobs_size(); ++i) {
    if (outbox.jobs(i).job().job_id() == job_id) return i;
  }
  return std::nullopt;
}

void CloseJob(Outbox& outbox, int index) {
  const auto& job = outbox.jobs(index).job();
  auto* closed = outbox.add_closed();
  closed->set_job_hash(JobHash(job.job_id()));
  closed->set_expires_ms(job.expires_ms());
  outbox.mutable_jobs()->DeleteSubrange(index, 1);
}

bool HasOpenIntent(const Outbox& outbox) {
  return std::any_of(outbox.jobs().begin(), outbox.jobs().end(),
                     [](const OutboxJob& job) { return job.phase() == OutboxJob::PHASE_INTENT; });
}

std::optional<int> NextToSend(const Outbox& outbox, std::int64_t now_ms) {
  if (HasOpenIntent(outbox)) return std::nullopt;
  std::optional<int> best;
  for (int i = 0; i < outbox.jobs_size(); ++i) {
    const auto& entry = outbox.jobs(i);
    if (entry.phase() != OutboxJob::PHASE_QUEUED || entry.next_attempt_ms() > now_ms) continue;
    if (!best || entry.job().priority() > outbox.jobs(*best).job().priority()) best = i;
  }
  return best;
}

std::optional<std::int64_t> ForgetClosed(Outbox& outbox, std::int64_t now_ms,
                                         std::int64_t keep_ms) {
  std::optional<std::int64_t> dropped;
  auto& closed = *outbox.mutable_closed();
  const auto end = std::remove_if(closed.begin(), closed.end(), [&](const auto& entry) {
    if (entry.expires_ms() + keep_ms > now_ms) return false;
    dropped = std::max(dropped.value_or(entry.expires_ms()), entry.expires_ms());
    return true;
  });
  closed.erase(end, closed.end());
  return dropped;
}

std::int64_t NextDue(const Outbox& outbox, std::int64_t keep_ms) {
  std::int64_t due = std::numeric_limits<std::int64_t>::max();
  const bool open = HasOpenIntent(outbox);
  for (const auto& entry : outbox.jobs()) {
    switch (entry.phase()) {
      case OutboxJob::PHASE_QUEUED:
        // While an intent is open its outcome wakes the document; only the expiry can't wait.
        due = std::min(due, entry.job().expires_ms());
        if (!open) due = std::min(due, entry.next_attempt_ms());
        break;
      case OutboxJob::PHASE_INTENT:
        due = std::min(due, entry.resolve_after_ms());
        break;
      case OutboxJob::PHASE_UNKNOWN:
        due = std::min(due, entry.unknown_until_ms());
        break;
      default:
        break;
    }
  }
  for (const auto& closed : outbox.closed()) due = std::min(due, closed.expires_ms() + keep_ms);
  return due;
}

bool IsSpent(const Outbox& outbox) {
  return outbox.jobs().empty() && outbox.blocks().empty() && outbox.closed().empty();
}

}  // namespace textback::dispatch
