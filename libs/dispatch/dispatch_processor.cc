#include "dispatch/dispatch_processor.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "base/msisdn.h"
#include "base/planted.h"
#include "dispatch/outbox.h"
#include "textback/v1/submission.pb.h"

namespace textback::dispatch {

using state::v1::Outbox;
using state::v1::OutboxJob;

// What this process knows of an intent that it has handed to the port.
struct DispatchProcessor::OpenIntent {
  std::int32_t partition = 0;
  std::string key;
  std::optional<MessageOutcome> outcome;  // kept until the document says the same
  std::optional<MonoTime> orphan_until;   // its partition is gone: dropped then
};

struct DispatchProcessor::SendEffect final : shard::Effect {
  std::string key;
  Message message;
};

// The transaction that closed this intent has committed.
struct DispatchProcessor::SettledEffect final : shard::Effect {
  std::uint64_t intent = 0;
};

struct DispatchProcessor::OutcomeEvent final : shard::LocalEvent {
  std::uint64_t intent = 0;
};

struct DispatchProcessor::Document {
  std::string key;
  bool stored = false;
  Outbox outbox;
};

namespace {

constexpr std::uint32_t kDocumentVersion = 1;
constexpr std::size_t kJobIdBytesMax = 128;
// Beyond the time when a document looks at its intent: restoring a partition takes a while.
constexpr std::chrono::seconds kDiscardedKeep{60};
constexpr std::size_t kBodyBytesMax = 1600;

std::string_view TallyOf(v1::Status::Kind kind) {
  switch (kind) {
    case v1::Status::KIND_SENT:
      return "job_sent";
    case v1::Status::KIND_UNKNOWN:
      return "job_unknown";
    case v1::Status::KIND_EXPIRED:
      return "job_expired";
    case v1::Status::KIND_REJECTED:
      return "job_rejected";
    case v1::Status::KIND_CANCELLED:
      return "job_cancelled";
    case v1::Status::KIND_BLOCKED:
      return "job_blocked";
    default:
      TB_UNREACHABLE();
  }
}

std::optional<Error> Refusal(const v1::Job& job, std::string_view key) {
  const auto bad = [](std::string code, std::string message) {
    return DeadLetterError(std::move(code), std::move(message));
  };
  if (job.job_id().empty() || job.job_id().size() > kJobIdBytesMax) {
    return bad("job_id_invalid", "job_id must have 1 to 128 bytes");
  }
  if (!Msisdn::FromE164(job.customer()) || job.customer() != key) {
    return bad("job_customer_invalid", "customer must be E.164 and the message's key");
  }
  switch (job.body_case()) {
    case v1::Job::kText:
      if (job.text().body().empty() || job.text().body().size() > kBodyBytesMax) {
        return bad("job_body_invalid", "text.body must have 1 to 1600 bytes");
      }
      if (job.sender().value().empty()) return bad("job_sender_missing", "sender.value is empty");
      if (job.expires_ms() <= 0)
        return bad("job_expiry_missing", "expires_ms must be set on a text");
      return std::nullopt;
    case v1::Job::kBlock:
    case v1::Job::kUnblock:
    case v1::Job::kCancel:
      return std::nullopt;
    case v1::Job::BODY_NOT_SET:
      break;
  }
  return bad("job_body_missing", "one of text, block, unblock and cancel must be set");
}

}  // namespace

DispatchProcessor::DispatchProcessor(const DispatchConfig& config, MessagePort& port,
                                     IntentBudget& budget, const Clock& clock,
                                     std::uint64_t random_seed, DispatchEvents* events)
    : config_(config),
      port_(port),
      budget_(budget),
      clock_(clock),
      events_(events != nullptr ? events : &no_events_),
      random_(random_seed) {
  TB_ASSERT(config.incarnation != 0);
}

DispatchProcessor::~DispatchProcessor() {
  for (std::size_t i = 0; i < open_.size(); ++i) budget_.Release();
}

Status DispatchProcessor::OnRecord(shard::Context& context, const shard::InputRecord& record) {
  return record.input == kJobs ? OnJob(context, record) : OnUnmatchedReceipt(context, record);
}

Status DispatchProcessor::OnJob(shard::Context& context, const shard::InputRecord& record) {
  v1::Job job;
  if (!record.value ||
      !job.ParseFromArray(record.value->data(), static_cast<int>(record.value->size()))) {
    return DeadLetterError("job_unreadable", "expected a textback.v1.Job");
  }
  if (auto refusal = Refusal(job, record.key)) return *std::move(refusal);
  TB_ASSIGN_OR_RETURN(auto document, Load(context, record.key));
  switch (job.body_case()) {
    case v1::Job::kText:
      TakeText(context, document, std::move(job));
      break;
    case v1::Job::kBlock:
      TakeBlock(context, document, job);
      break;
    case v1::Job::kUnblock:
      context.Count("job_unblock");
      RemoveBlock(document.outbox, job.unblock().scope());
      break;
    case v1::Job::kCancel:
      TakeCancel(context, document, job);
      break;
    case v1::Job::BODY_NOT_SET:
      TB_UNREACHABLE();
  }
  Advance(context, document);
  Save(context, document);
  return Ok();
}

void DispatchProcessor::TakeText(shard::Context& context, Document& document, v1::Job&& job) {
  if (job.expires_ms() <= context.forgotten_through_ms()) {
    context.Count("job_late");
    return;
  }
  if (Knows(document.outbox, job.job_id())) {
    context.Count("job_repeated");
    return;
  }
  context.Count("job_text");
  job.set_expires_ms(std::min(job.expires_ms(), context.now_ms() + config_.lifetime_max_ms));
  const bool full = document.outbox.jobs_size() >= config_.jobs_per_customer_max;
  auto* entry = document.outbox.add_jobs();
  entry->set_phase(OutboxJob::PHASE_QUEUED);
  entry->set_next_attempt_ms(std::max(job.not_before_ms(), context.now_ms()));
  entry->set_not_closed_since_ms(context.now_ms());
  *entry->mutable_job() = std::move(job);
  const int index = document.outbox.jobs_size() - 1;
  if (full) {
    Close(context, document, index, v1::Status::KIND_REJECTED, "customer_outbox_full");
  } else if (IsBlocked(document.outbox, document.outbox.jobs(index).job())) {
    Close(context, document, index, v1::Status::KIND_BLOCKED, "opted_out");
  }
}

void DispatchProcessor::TakeBlock(shard::Context& context, Document& document, const v1::Job& job) {
  context.Count("job_block");
  if (!Planted(Bug::kBlockForgotten)) AddBlock(document.outbox, job.block().scope());
  // Nothing new is intended from here on. What is intended already is written within its lease or
  // never.
  for (int i = document.outbox.jobs_size() - 1; i >= 0 && !Planted(Bug::kBlockSparesQueued); --i) {
    const auto& entry = document.outbox.jobs(i);
    if (entry.phase() == OutboxJob::PHASE_QUEUED && IsBlocked(document.outbox, entry.job())) {
      Close(context, document, i, v1::Status::KIND_BLOCKED, "opted_out");
    }
  }
}

void DispatchProcessor::TakeCancel(shard::Context& context, Document& document,
                                   const v1::Job& job) {
  context.Count("job_cancel");
  const auto index = FindJob(document.outbox, job.cancel().job_id());
  if (index && document.outbox.jobs(*index).phase() == OutboxJob::PHASE_QUEUED) {
    Close(context, document, *index, v1::Status::KIND_CANCELLED, job.cancel().reason());
  } else {
    context.Count("job_cancel_too_late");
  }
}

Status DispatchProcessor::OnUnmatchedReceipt(shard::Context& context,
                                             const shard::InputRecord& record) {
  v1::Status status;
  if (!record.value ||
      !status.ParseFromArray(record.value->data(), static_cast<int>(record.value->size()))) {
    return DeadLetterError("status_unreadable", "expected a textback.v1.Status");
  }
  if (status.kind() != v1::Status::KIND_UNMATCHED_RECEIPT) return Ok();
  TB_ASSIGN_OR_RETURN(auto document, Load(context, record.key));
  // Its own, if exactly one text that nobody knows about went to this customer from this sender.
  std::optional<int> candidate;
  for (int i = 0; i < document.outbox.jobs_size(); ++i) {
    const auto& entry = document.outbox.jobs(i);
    // An intent whose owner is gone will be unknown: its receipt may come before its time to be.
    const bool orphan =
        entry.phase() == OutboxJob::PHASE_INTENT && entry.incarnation() != config_.incarnation;
    if (entry.phase() != OutboxJob::PHASE_UNKNOWN && !orphan) continue;
    if (status.account() != port_.account()) continue;
    if (!status.sender().empty() && status.sender() != entry.job().sender().value()) continue;
    if (status.has_user_message_reference()) {
      if (status.user_message_reference() != entry.concat_reference()) continue;
    } else if (status.at_ms() < entry.intended_ms()) {
      continue;
    }
    if (candidate) {
      context.Count("receipt_ambiguous");
      return Ok();
    }
    candidate = i;
  }
  if (!candidate) return Ok();
  auto& entry = *document.outbox.mutable_jobs(*candidate);
  context.Count("job_proven");
  if (entry.phase() == OutboxJob::PHASE_INTENT) {
    Close(context, document, *candidate, v1::Status::KIND_SENT, "");
  } else {
    context.Count("job_unknown", -1);
    context.Count("job_sent");
    Publish(context, entry, v1::Status::KIND_PROVEN, "");
    CloseJob(document.outbox, *candidate);
  }
  Advance(context, document);
  Save(context, document);
  return Ok();
}

Status DispatchProcessor::OnTimer(shard::Context& context, std::string_view key,
                                  std::int64_t /*due_ms*/) {
  TB_ASSIGN_OR_RETURN(auto document, Load(context, key));
  Advance(context, document);
  Save(context, document);
  return Ok();
}

Status DispatchProcessor::OnLocal(shard::Context& context, const shard::LocalEvent& event) {
  const auto& outcome_event = static_cast<const OutcomeEvent&>(event);
  const auto open = open_.find(outcome_event.intent);
  if (open == open_.end()) return Ok();  // settled by a timer after a rebuild
  TB_ASSIGN_OR_RETURN(auto document, Load(context, open->second.key));
  Advance(context, document);
  Save(context, document);
  return Ok();
}

void DispatchProcessor::Advance(shard::Context& context, Document& document) {
  const std::int64_t now_ms = context.now_ms();
  Outbox& outbox = document.outbox;
  for (int i = outbox.jobs_size() - 1; i >= 0; --i) {
    if (outbox.jobs(i).phase() == OutboxJob::PHASE_INTENT) ResolveIntent(context, document, i);
  }
  for (int i = outbox.jobs_size() - 1; i >= 0; --i) {
    const auto& entry = outbox.jobs(i);
    if (entry.phase() == OutboxJob::PHASE_QUEUED && entry.job().expires_ms() <= now_ms) {
      Close(context, document, i, v1::Status::KIND_EXPIRED, "");
    } else if (entry.phase() == OutboxJob::PHASE_UNKNOWN && entry.unknown_until_ms() <= now_ms) {
      const bool resend = entry.job().unknown_policy() == v1::Job::UNKNOWN_POLICY_RESEND_ONCE &&
                          !entry.resent() && !IsBlocked(outbox, entry.job()) &&
                          entry.job().expires_ms() > now_ms;
      if (resend) {
        auto& again = *outbox.mutable_jobs(i);
        context.Count("job_unknown", -1);
        context.Count("job_resent");
        again.set_resent(true);
        again.set_phase(OutboxJob::PHASE_QUEUED);
        again.set_next_attempt_ms(now_ms);
      } else {
        CloseJob(outbox, i);  // counted when it became unknown
      }
    }
  }
  if (const auto index = NextToSend(outbox, now_ms)) {
    if (port_.Ready() && budget_.TryAcquire()) {
      Intend(context, document, *index);
    } else {
      Postpone(document, now_ms);
    }
  }
  if (const auto forgotten = ForgetClosed(outbox, now_ms, config_.closed_keep_ms))
    context.ForgetThrough(*forgotten);
}

void DispatchProcessor::Postpone(Document& document, std::int64_t now_ms) {
  const std::int64_t pause = port_.Ready() ? config_.capacity_retry_ms : config_.port_down_retry_ms;
  // Spread, so that a full window's documents don't all come back in one batch.
  const auto spread =
      static_cast<std::int64_t>(random_.Below(static_cast<std::uint64_t>(pause) + 1));
  for (auto& entry : *document.outbox.mutable_jobs()) {
    if (entry.phase() != OutboxJob::PHASE_QUEUED) continue;
    entry.set_next_attempt_ms(std::max(entry.next_attempt_ms(), now_ms + pause + spread));
  }
}

void DispatchProcessor::ResolveIntent(shard::Context& context, Document& document, int index) {
  auto& entry = *document.outbox.mutable_jobs(index);
  if (entry.incarnation() != config_.incarnation) {
    if (Planted(Bug::kIntentsNotRestored)) return CloseJob(document.outbox, index);
    if (entry.resolve_after_ms() > context.now_ms()) return;
    if (Planted(Bug::kUnknownResent)) return Requeue(context, entry, false);
    BecomeUnknown(context, document, index, "owner_gone");
    return;
  }
  const auto open = open_.find(entry.intent());
  if (open == open_.end()) {
    if (discarded_.count(entry.intent()) != 0) {
      Requeue(context, entry, false);
      // Blocked while nobody knew whether the intent had been committed.
      if (IsBlocked(document.outbox, entry.job())) {
        Close(context, document, index, v1::Status::KIND_BLOCKED, "opted_out");
      }
    } else if (entry.resolve_after_ms() <= context.now_ms()) {
      BecomeUnknown(context, document, index, "outcome_lost");
    }
    return;
  }
  if (open->second.outcome) {
    auto settled = std::make_unique<SettledEffect>();
    settled->intent = entry.intent();
    context.AfterCommit(std::move(settled));
    ApplyOutcome(context, document, index, *open->second.outcome);
    return;
  }
  // The port still owes an outcome; it brings the document back.
  entry.set_resolve_after_ms(
      std::max(entry.resolve_after_ms(), context.now_ms() + config_.resolve_grace_ms));
}

void DispatchProcessor::ApplyOutcome(shard::Context& context, Document& document, int index,
                                     const MessageOutcome& outcome) {
  auto& entry = *document.outbox.mutable_jobs(index);
  if (outcome.parts != 0) entry.set_parts(outcome.parts);
  const PartOutcome* unknown = nullptr;
  const PartOutcome* rejected = nullptr;
  const PartOutcome* expired = nullptr;
  bool refused = false;
  for (const auto& part : outcome.outcomes) {
    switch (part.result) {
      case PartResult::kAccepted: {
        entry.add_parts_accepted(part.part);
        events_->OnAccepted(
            part.responded_ms - part.submitted_ms,
            part.submitted_ms - std::max(entry.job().created_ms(), entry.job().not_before_ms()));
        v1::Submission submission;
        submission.set_job_id(entry.job().job_id());
        submission.set_tenant(entry.job().tenant());
        submission.set_customer(entry.job().customer());
        submission.set_sender(entry.job().sender().value());
        submission.set_account(port_.account());
        submission.set_message_id(part.message_id);
        submission.set_message_id_key(part.message_id_key);
        submission.set_part(part.part);
        submission.set_parts(outcome.parts);
        submission.set_submitted_ms(part.submitted_ms);
        submission.set_responded_ms(part.responded_ms);
        submission.set_bind(part.bind);
        context.Emit(kSubmissions, port_.account() + "|" + part.message_id_key,
                     submission.SerializeAsString());
        break;
      }
      case PartResult::kRejected:
        rejected = rejected ? rejected : &part;
        break;
      case PartResult::kUnknown:
        unknown = unknown ? unknown : &part;
        break;
      case PartResult::kExpired:
        expired = expired ? expired : &part;
        break;
      case PartResult::kTryLater:
        refused = true;
        break;
      case PartResult::kNotSent:
        break;
    }
  }
  std::sort(entry.mutable_parts_accepted()->begin(), entry.mutable_parts_accepted()->end());
  if (unknown != nullptr && !Planted(Bug::kUnknownIsNotSent)) {
    BecomeUnknown(context, document, index, unknown->error);
  } else if (rejected != nullptr) {
    Close(context, document, index, v1::Status::KIND_REJECTED, rejected->error);
  } else if (outcome.parts != 0 && entry.parts_accepted_size() == static_cast<int>(outcome.parts)) {
    Close(context, document, index, v1::Status::KIND_SENT, "");
  } else if (expired != nullptr) {
    Close(context, document, index, v1::Status::KIND_EXPIRED, "");
  } else {
    Requeue(context, entry, refused);
    if (IsBlocked(document.outbox, entry.job())) {
      Close(context, document, index, v1::Status::KIND_BLOCKED, "opted_out");
    }
  }
}

void DispatchProcessor::BecomeUnknown(shard::Context& context, Document& document, int index,
                                      std::string_view why) {
  auto& entry = *document.outbox.mutable_jobs(index);
  entry.set_phase(OutboxJob::PHASE_UNKNOWN);
  entry.set_unknown_until_ms(context.now_ms() + config_.receipt_window_ms);
  context.Count("job_unknown");
  Publish(context, entry, v1::Status::KIND_UNKNOWN, why);
}

void DispatchProcessor::Requeue(shard::Context& context, OutboxJob& entry, bool refused) {
  entry.set_phase(OutboxJob::PHASE_QUEUED);
  std::int64_t pause = config_.retry_min_ms;
  for (std::uint32_t i = 1; i < entry.attempts() && pause < config_.retry_max_ms; ++i) pause *= 2;
  pause = std::min(pause, config_.retry_max_ms);
  // Full jitter in the upper half: refused texts must not come back as one burst.
  pause = pause / 2 +
          static_cast<std::int64_t>(random_.Below(static_cast<std::uint64_t>(pause / 2) + 1));
  entry.set_next_attempt_ms(context.now_ms() + pause);
  context.Count(refused ? "intent_refused" : "intent_not_sent");
}

void DispatchProcessor::Intend(shard::Context& context, Document& document, int index) {
  auto& entry = *document.outbox.mutable_jobs(index);
  const auto& job = entry.job();
  const std::uint64_t intent = static_cast<std::uint64_t>(config_.shard) << 48 | ++next_intent_;
  entry.set_phase(OutboxJob::PHASE_INTENT);
  entry.set_attempts(entry.attempts() + 1);
  entry.set_incarnation(config_.incarnation);
  entry.set_intent(intent);
  entry.set_intended_ms(context.now_ms());
  entry.set_resolve_after_ms(context.now_ms() + config_.lease_ms + config_.resolve_grace_ms);
  if (Planted(Bug::kResolvedEarly)) entry.set_resolve_after_ms(context.now_ms() + 1);
  if (entry.concat_reference() == 0) {
    entry.set_concat_reference(static_cast<std::uint32_t>(JobHash(job.job_id()) & 0xffff) | 1U);
  }
  auto effect = std::make_unique<SendEffect>();
  effect->key = document.key;
  Message& message = effect->message;
  message.token = intent;
  message.recipient = job.customer();
  message.sender = job.sender();
  message.body = job.text().body();
  message.concat_reference = entry.concat_reference();
  message.parts_done.assign(entry.parts_accepted().begin(), entry.parts_accepted().end());
  // From now on, not from Execute: the time that the commit takes is part of the lease.
  message.lease_deadline = clock_.Mono() + std::chrono::milliseconds(config_.lease_ms);
  message.expires_ms = job.expires_ms();
  if (Planted(Bug::kNoLease)) message.lease_deadline = MonoTime::max();
  if (Planted(Bug::kNoExpiry)) message.expires_ms = std::numeric_limits<std::int64_t>::max();
  context.AfterCommit(std::move(effect));
}

void DispatchProcessor::Close(shard::Context& context, Document& document, int index,
                              v1::Status::Kind kind, std::string_view error) {
  context.Count(TallyOf(kind));
  Publish(context, document.outbox.jobs(index), kind, error);
  CloseJob(document.outbox, index);
}

void DispatchProcessor::Publish(shard::Context& context, const OutboxJob& entry,
                                v1::Status::Kind kind, std::string_view error) {
  v1::Status status;
  status.set_kind(kind);
  status.set_job_id(entry.job().job_id());
  status.set_tenant(entry.job().tenant());
  status.set_customer(entry.job().customer());
  status.set_sender(entry.job().sender().value());
  status.set_error(std::string(error));
  status.set_parts(entry.parts());
  status.set_account(port_.account());
  status.set_at_ms(context.now_ms());
  status.set_call_id(entry.job().call_id());
  status.set_takes_no_texts(kind == v1::Status::KIND_REJECTED && config_.number_errors.Has(error));
  context.Emit(kStatusOut, entry.job().customer(), status.SerializeAsString());
}

void DispatchProcessor::Execute(std::int32_t partition,
                                std::vector<std::unique_ptr<shard::Effect>> effects) {
  for (auto& effect : effects) {
    if (auto* settled = dynamic_cast<SettledEffect*>(effect.get())) {
      const auto open = open_.find(settled->intent);
      if (open == open_.end()) continue;
      if (open->second.orphan_until) --orphans_;
      open_.erase(open);
      budget_.Release();
      continue;
    }
    auto& send = dynamic_cast<SendEffect&>(*effect);
    const std::uint64_t intent = send.message.token;
    auto& open = open_[intent];
    open.partition = partition;
    open.key = std::move(send.key);
    if (!port_.TrySend(config_.shard, std::move(send.message))) {
      MessageOutcome refused;
      refused.token = intent;
      refused.outcomes.push_back({.part = 1, .result = PartResult::kNotSent});
      drained_.push_back(std::move(refused));
    }
  }
}

MonoTime DispatchProcessor::ResolvedBy() const {
  return clock_.Mono() + std::chrono::milliseconds(config_.lease_ms + config_.resolve_grace_ms);
}

void DispatchProcessor::Discard(std::int32_t /*partition*/,
                                std::vector<std::unique_ptr<shard::Effect>> effects) {
  // A settled one stays open, and is settled again by the document's next look.
  for (const auto& effect : effects) {
    const auto* send = dynamic_cast<const SendEffect*>(effect.get());
    if (send == nullptr) continue;
    budget_.Release();
    discarded_.insert(send->message.token);
    discarded_order_.emplace_back(ResolvedBy() + kDiscardedKeep, send->message.token);
  }
}

void DispatchProcessor::OnBatchStart() {
  events_->OnBatchStart();
  const MonoTime now = clock_.Mono();
  housekeeping_ = 0;
  if (now >= housekeeping_at_) {
    housekeeping_ = config_.housekeeping_timers_max;
    housekeeping_at_ = now + std::chrono::milliseconds(config_.housekeeping_ms);
  }
  while (!discarded_order_.empty() && (discarded_order_.front().first <= now ||
                                       discarded_order_.size() > 16 * budget_.limit())) {
    discarded_.erase(discarded_order_.front().second);
    discarded_order_.pop_front();
  }
  if (orphans_ == 0) return;
  for (auto it = open_.begin(); it != open_.end();) {
    if (it->second.orphan_until && *it->second.orphan_until <= now) {
      it = open_.erase(it);
      budget_.Release();
      --orphans_;
    } else {
      ++it;
    }
  }
}

std::size_t DispatchProcessor::TimerCapacity(std::int32_t /*partition*/) {
  // A text that waits for an intent is put off by a write, so they aren't all looked at each time.
  // Some are: what has expired, and what a dead process left, stands behind them in the queue.
  const std::size_t open = budget_.open();
  const std::size_t free = port_.Ready() && open < budget_.limit() ? budget_.limit() - open : 0;
  return std::max(free, housekeeping_);
}

void DispatchProcessor::OnPartitionStopped(std::int32_t partition) {
  // The next owner waits for the grace, then calls these UNKNOWN. Should it be this process again,
  // what it still knows is used; after the grace nothing of it may be believed.
  for (auto& [intent, open] : open_) {
    if (open.partition != partition || open.orphan_until) continue;
    open.orphan_until = ResolvedBy();
    ++orphans_;
  }
}

void DispatchProcessor::Drain(std::size_t max,
                              std::vector<std::unique_ptr<shard::LocalEvent>>& out) {
  if (drained_.size() < max) port_.Drain(config_.shard, max - drained_.size(), drained_);
  for (auto& outcome : drained_) {
    const auto open = open_.find(outcome.token);
    if (open == open_.end()) continue;  // an orphan's, too late
    TB_ASSERT(!open->second.outcome);
    open->second.outcome = std::move(outcome);
    auto event = std::make_unique<OutcomeEvent>();
    event->partition = open->second.partition;
    event->intent = open->first;
    out.push_back(std::move(event));
  }
  drained_.clear();
}

Result<DispatchProcessor::Document> DispatchProcessor::Load(shard::Context& context,
                                                            std::string_view key) {
  Document document;
  document.key = std::string(key);
  TB_ASSIGN_OR_RETURN(const auto bytes, context.Read(key));
  document.stored = bytes.has_value();
  if (bytes) {
    if (!document.outbox.ParseFromArray(bytes->data(), static_cast<int>(bytes->size())) ||
        document.outbox.version() != kDocumentVersion) {
      return RebuildError(
          "outbox_unreadable",
          "an outbox document can't be read: its partition is restored from the changelog");
    }
  }
  return document;
}

void DispatchProcessor::Save(shard::Context& context, Document& document) {
  if (IsSpent(document.outbox)) {
    if (document.stored) context.Erase(document.key);
    return;
  }
  document.outbox.set_version(kDocumentVersion);
  context.Write(document.key, document.outbox.SerializeAsString(),
                NextDue(document.outbox, config_.closed_keep_ms));
}

}  // namespace textback::dispatch
