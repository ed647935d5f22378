#include "dispatch/track_processor.h"

#include <algorithm>

#include "base/msisdn.h"
#include "base/planted.h"
#include "store/store.h"
#include "textback/v1/status.pb.h"

namespace textback::dispatch {
namespace {

using state::v1::Tracked;
using state::v1::TrackedSubmission;

constexpr std::uint32_t kDocumentVersion = 1;

bool IsFinal(v1::DeliveryState state) {
  switch (state) {
    case v1::DELIVERY_STATE_DELIVERED:
    case v1::DELIVERY_STATE_EXPIRED:
    case v1::DELIVERY_STATE_DELETED:
    case v1::DELIVERY_STATE_UNDELIVERABLE:
    case v1::DELIVERY_STATE_REJECTED:
      return true;
    default:
      return false;
  }
}

Result<Tracked> Load(shard::Context& context, std::string_view key) {
  Tracked tracked;
  TB_ASSIGN_OR_RETURN(const auto bytes, context.Read(key));
  if (bytes && (!tracked.ParseFromArray(bytes->data(), static_cast<int>(bytes->size())) ||
                tracked.version() != kDocumentVersion)) {
    return RebuildError(
        "track_unreadable",
        "a track document can't be read: its partition is restored from the changelog");
  }
  return tracked;
}

template <class Message>
Status Parse(const shard::InputRecord& record, std::string_view what, Message& message) {
  if (!record.value ||
      !message.ParseFromArray(record.value->data(), static_cast<int>(record.value->size()))) {
    return DeadLetterError(std::string(what) + "_unreadable",
                           "expected a textback.v1 message of kind " + std::string(what));
  }
  return Ok();
}

template <class Repeated>
void DropOldest(Repeated& entries, int max) {
  if (entries.size() > max) entries.DeleteSubrange(0, entries.size() - max);
}

}  // namespace

Status TrackProcessor::OnRecord(shard::Context& context, const shard::InputRecord& record) {
  return record.input == kSubmissions ? OnSubmission(context, record) : OnReceipt(context, record);
}

Status TrackProcessor::OnSubmission(shard::Context& context, const shard::InputRecord& record) {
  v1::Submission submission;
  TB_RETURN_IF_ERROR(Parse(record, "submission", submission));
  TB_ASSIGN_OR_RETURN(auto tracked, Load(context, record.key));
  for (const auto& known : tracked.submissions()) {
    if (known.submission().job_id() == submission.job_id() &&
        known.submission().part() == submission.part()) {
      context.Count("submission_repeated");
      return Ok();
    }
  }
  context.Count("submission");
  auto* entry = tracked.add_submissions();
  *entry->mutable_submission() = std::move(submission);
  entry->set_forget_at_ms(context.now_ms() + config_.receipt_window_ms);
  if (tracked.submissions_size() > config_.entries_per_key_max)
    context.Count("submission_crowded_out");
  DropOldest(*tracked.mutable_submissions(), config_.entries_per_key_max);
  // Receipts that came first, in their order.
  for (int i = 0; i < tracked.receipts_size();) {
    const int match = Match(tracked, tracked.receipts(i).receipt());
    if (match < 0) {
      ++i;
      continue;
    }
    context.Count("receipt_early");
    Join(context, *tracked.mutable_submissions(match), tracked.receipts(i).receipt());
    tracked.mutable_receipts()->DeleteSubrange(i, 1);
  }
  Save(context, record.key, tracked);
  return Ok();
}

Status TrackProcessor::OnReceipt(shard::Context& context, const shard::InputRecord& record) {
  v1::Receipt receipt;
  TB_RETURN_IF_ERROR(Parse(record, "receipt", receipt));
  TB_ASSIGN_OR_RETURN(auto tracked, Load(context, record.key));
  context.Count("receipt");
  const int match = Match(tracked, receipt);
  if (match >= 0) {
    Join(context, *tracked.mutable_submissions(match), receipt);
  } else if (!Planted(Bug::kEarlyReceiptsDropped)) {
    for (const auto& waiting : tracked.receipts()) {
      if (waiting.receipt().state() == receipt.state() &&
          waiting.receipt().recipient() == receipt.recipient()) {
        context.Count("receipt_repeated");
        return Ok();
      }
    }
    auto* waiting = tracked.add_receipts();
    *waiting->mutable_receipt() = std::move(receipt);
    waiting->set_unmatched_at_ms(context.now_ms() + config_.unmatched_after_ms);
    if (tracked.receipts_size() > config_.entries_per_key_max) context.Count("receipt_crowded_out");
    DropOldest(*tracked.mutable_receipts(), config_.entries_per_key_max);
  }
  Save(context, record.key, tracked);
  return Ok();
}

int TrackProcessor::Match(const Tracked& tracked, const v1::Receipt& receipt) {
  if (receipt.recipient().empty()) return tracked.submissions_size() == 1 ? 0 : -1;
  for (int i = tracked.submissions_size() - 1; i >= 0; --i) {
    if (tracked.submissions(i).submission().customer() == receipt.recipient()) return i;
  }
  return -1;
}

void TrackProcessor::Join(shard::Context& context, TrackedSubmission& tracked,
                          const v1::Receipt& receipt) const {
  if (tracked.last_state() == receipt.state() || IsFinal(tracked.last_state())) {
    context.Count("receipt_repeated");
    return;
  }
  tracked.set_last_state(receipt.state());
  tracked.set_forget_at_ms(context.now_ms() + (IsFinal(receipt.state())
                                                   ? config_.final_keep_ms
                                                   : config_.receipt_window_ms));
  context.Count("receipt_joined");
  const auto& submission = tracked.submission();
  v1::Status status;
  status.set_kind(v1::Status::KIND_RECEIPT);
  status.set_job_id(submission.job_id());
  status.set_tenant(submission.tenant());
  status.set_customer(submission.customer());
  status.set_sender(submission.sender());
  status.set_state(receipt.state());
  status.set_error(receipt.error());
  status.set_takes_no_texts(config_.number_errors.Has(receipt));
  status.set_part(submission.part());
  status.set_parts(submission.parts());
  status.set_account(submission.account());
  status.set_message_id(submission.message_id());
  status.set_at_ms(receipt.has_done_ms() ? receipt.done_ms() : receipt.received_ms());
  context.Emit(kStatus, submission.customer(), status.SerializeAsString());
}

Status TrackProcessor::OnTimer(shard::Context& context, std::string_view key,
                               std::int64_t /*due_ms*/) {
  TB_ASSIGN_OR_RETURN(auto tracked, Load(context, key));
  const std::int64_t now_ms = context.now_ms();
  for (int i = 0; i < tracked.receipts_size();) {
    if (tracked.receipts(i).unmatched_at_ms() > now_ms) {
      ++i;
      continue;
    }
    const auto& receipt = tracked.receipts(i).receipt();
    context.Count("receipt_unmatched");
    // Without a readable recipient there is no customer to tell: it ends in the count.
    if (Msisdn::FromE164(receipt.recipient())) {
      v1::Status status;
      status.set_kind(v1::Status::KIND_UNMATCHED_RECEIPT);
      status.set_customer(receipt.recipient());
      status.set_sender(receipt.sender());
      status.set_state(receipt.state());
      status.set_error(receipt.error());
      status.set_account(receipt.account());
      status.set_message_id(receipt.message_id());
      status.set_at_ms(receipt.received_ms());
      if (receipt.has_user_message_reference())
        status.set_user_message_reference(receipt.user_message_reference());
      context.Emit(kStatus, receipt.recipient(), status.SerializeAsString());
    }
    tracked.mutable_receipts()->DeleteSubrange(i, 1);
  }
  auto& submissions = *tracked.mutable_submissions();
  submissions.erase(
      std::remove_if(submissions.begin(), submissions.end(),
                     [&](const auto& entry) { return entry.forget_at_ms() <= now_ms; }),
      submissions.end());
  Save(context, key, tracked);
  return Ok();
}

void TrackProcessor::Save(shard::Context& context, std::string_view key,
                          const Tracked& tracked) const {
  if (tracked.submissions().empty() && tracked.receipts().empty()) {
    context.Erase(key);
    return;
  }
  std::int64_t due_ms = store::kNeverDue;
  for (const auto& entry : tracked.submissions()) due_ms = std::min(due_ms, entry.forget_at_ms());
  for (const auto& waiting : tracked.receipts())
    due_ms = std::min(due_ms, waiting.unmatched_at_ms());
  Tracked versioned = tracked;
  versioned.set_version(kDocumentVersion);
  context.Write(key, versioned.SerializeAsString(), due_ms);
}

}  // namespace textback::dispatch
