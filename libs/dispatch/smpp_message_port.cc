#include "dispatch/smpp_message_port.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/assert.h"
#include "base/msisdn.h"
#include "smpp/message_id.h"
#include "smpp/udh.h"
#include "text/segment.h"

namespace textback::dispatch {
namespace {

constexpr std::size_t kDrainMax = 4'096;
constexpr unsigned kReadyUses = 64;  // Health() takes a lock: asked once per so many calls

Result<smpp::Address> SenderAddress(const v1::Address& sender) {
  if (sender.kind() == v1::Address::KIND_E164) {
    if (const auto number = Msisdn::FromE164(sender.value())) return smpp::E164Address(*number);
    return DeadLetterError("bad_address", "the sender isn't an E.164 number");
  }
  return smpp::ParseAddress(sender.value());
}

}  // namespace

SmppMessagePort::SmppMessagePort(const SmppMessageConfig& config, smpp::SubmitPort& port,
                                 std::size_t shards)
    : config_(config), port_(port), done_(shards) {}

Result<std::vector<smpp::SubmitRequest>> SmppMessagePort::BuildRequests(
    const Message& message) const {
  smpp::SubmitRequest base;
  TB_ASSIGN_OR_RETURN(base.source, SenderAddress(message.sender));
  const auto recipient = Msisdn::FromE164(message.recipient);
  if (!recipient) return DeadLetterError("bad_address", "the recipient isn't an E.164 number");
  base.destination = smpp::E164Address(*recipient);
  TB_ASSIGN_OR_RETURN(const auto segments,
                      text::Segment(message.body, {.parts_max = config_.parts_max}));
  base.data_coding = segments.data_coding;
  base.registered_delivery = config_.registered_delivery;
  base.lease_deadline = message.lease_deadline;
  base.expires_ms = message.expires_ms;
  if (config_.profile.send_user_message_reference) {
    base.user_message_reference = static_cast<std::uint16_t>(message.concat_reference);
  }
  return smpp::BuildParts(base, segments.parts,
                          static_cast<std::uint8_t>(message.concat_reference & 0xff));
}

bool SmppMessagePort::TrySend(std::size_t shard, Message&& message) {
  auto built = BuildRequests(message);
  const std::lock_guard lock(mutex_);
  MessageOutcome outcome;
  outcome.token = message.token;
  if (!built) {
    outcome.outcomes.push_back(
        {.part = 1, .result = PartResult::kRejected, .error = built.error().code});
    Finish(shard, std::move(outcome));
    return true;
  }
  outcome.parts = static_cast<std::uint32_t>(built->size());
  std::vector<smpp::SubmitRequest> requests;
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t number = 1; number <= outcome.parts; ++number) {
    const auto& done = message.parts_done;
    if (std::find(done.begin(), done.end(), number) != done.end()) continue;
    requests.push_back(std::move((*built)[number - 1]));
    numbers.push_back(number);
  }
  if (requests.empty()) {
    Finish(shard, std::move(outcome));
    return true;
  }
  const std::uint64_t key = next_;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    requests[i].token = next_++;
    parts_.emplace(requests[i].token, Part{key, numbers[i]});
  }
  open_.emplace(key, Open{shard, std::move(outcome), requests.size()});
  const std::size_t count = requests.size();
  const std::size_t taken = port_.TrySubmitBatch(requests);
  for (std::size_t i = taken; i < count; ++i) {
    const auto part = parts_.find(key + i);
    TB_ASSERT(part != parts_.end());
    const Part refused = part->second;
    parts_.erase(part);
    Settle(refused, {.part = refused.number, .result = PartResult::kNotSent});
  }
  return true;
}

void SmppMessagePort::Drain(std::size_t shard, std::size_t max, std::vector<MessageOutcome>& out) {
  const std::lock_guard lock(mutex_);
  while (port_.Drain(drained_, kDrainMax, std::chrono::milliseconds(0)) > 0) {
    for (const auto& outcome : drained_) {
      const auto part = parts_.find(outcome.token);
      if (part == parts_.end()) {
        TB_ASSERT(outcome.late);
        continue;
      }
      const Part settled = part->second;
      parts_.erase(part);
      Settle(settled, Translate(outcome, settled.number));
    }
    drained_.clear();
  }
  auto& done = done_[shard];
  for (; max > 0 && !done.empty(); --max) {
    out.push_back(std::move(done.front()));
    done.pop_front();
  }
}

PartOutcome SmppMessagePort::Translate(const smpp::SubmitOutcome& outcome,
                                       std::uint32_t number) const {
  PartOutcome part;
  part.part = number;
  part.bind = std::string(outcome.bind);
  part.submitted_ms = outcome.submitted_ms;
  part.responded_ms = outcome.responded_ms;
  switch (outcome.kind) {
    case smpp::SubmitKind::kAccepted:
      part.result = PartResult::kAccepted;
      part.message_id = outcome.message_id;
      part.message_id_key = smpp::MessageIdKey(outcome.message_id, config_.profile.response_id);
      break;
    case smpp::SubmitKind::kRejected:
    case smpp::SubmitKind::kInvalid:
      part.result = PartResult::kRejected;
      part.error = smpp::StatusText(outcome.command_status);
      break;
    case smpp::SubmitKind::kTemporary:
    case smpp::SubmitKind::kThrottled:
      part.result = PartResult::kTryLater;
      part.error = smpp::StatusText(outcome.command_status);
      break;
    case smpp::SubmitKind::kUnknown:
      part.result = PartResult::kUnknown;
      part.error = smpp::ToString(outcome.reason);
      break;
    case smpp::SubmitKind::kNotSentExpired:
      part.result = PartResult::kExpired;
      break;
    case smpp::SubmitKind::kNotSentLease:
    case smpp::SubmitKind::kNotSentLost:
      part.result = PartResult::kNotSent;
      break;
  }
  return part;
}

void SmppMessagePort::Settle(const Part& part, PartOutcome outcome) {
  const auto open = open_.find(part.message);
  TB_ASSERT(open != open_.end() && open->second.missing > 0);
  open->second.outcome.outcomes.push_back(std::move(outcome));
  if (--open->second.missing > 0) return;
  Finish(open->second.shard, std::move(open->second.outcome));
  open_.erase(open);
}

void SmppMessagePort::Finish(std::size_t shard, MessageOutcome outcome) {
  std::sort(outcome.outcomes.begin(), outcome.outcomes.end(),
            [](const PartOutcome& a, const PartOutcome& b) { return a.part < b.part; });
  done_.at(shard).push_back(std::move(outcome));
}

bool SmppMessagePort::Ready() const {
  if (closed_) return false;
  const std::lock_guard lock(ready_mutex_);
  if (ready_uses_++ % kReadyUses == 0 || !ready_) ready_ = port_.Health().AnyBound();
  return ready_;
}

}  // namespace textback::dispatch
