#include "decide/decide_processor.h"

#include <algorithm>
#include <utility>

namespace textback::decide {
namespace {

constexpr std::size_t kKeyBytesMax = 512;

bool Parse(std::string_view bytes, google::protobuf::MessageLite& message) {
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

// The bytes of the record in a CallsEntry that is a record and nothing else, as intake writes it
// (field 1, length-delimited); nullopt: it has to be read as a whole. Read this way one CallRecord
// serves for all: a oneof's message would be made anew for each.
std::optional<std::string_view> RecordIn(std::string_view entry) {
  constexpr char kRecordTag = 1 << 3 | 2;
  constexpr std::size_t kVarintMax = 5;
  if (entry.empty() || entry[0] != kRecordTag) return std::nullopt;
  std::size_t size = 0;
  std::size_t at = 1;
  for (unsigned shift = 0; at < entry.size() && at <= kVarintMax; shift += 7) {
    const auto byte = static_cast<unsigned char>(entry[at++]);
    size |= static_cast<std::size_t>(byte & 0x7fU) << shift;
    if (byte < 0x80) break;
  }
  if (entry.size() - at != size) return std::nullopt;
  return entry.substr(at);
}

bool IsDocumentKey(std::string_view key) {
  return !key.empty() && key.size() <= kKeyBytesMax && !shard::IsReservedKey(key) &&
         key != kNodesKey;
}

// Empty where the record settles no class yet.
std::string_view TallyOf(policy::RecordClass record_class) {
  switch (record_class) {
    case policy::RecordClass::kMerged:
      return "merged";
    case policy::RecordClass::kDuplicate:
      return "duplicate";
    case policy::RecordClass::kLate:
      return "late";
    case policy::RecordClass::kRedelivered:
      return "redelivered";
    case policy::RecordClass::kDeadLetter:  // counted where it is parked
    case policy::RecordClass::kNone:
    case policy::RecordClass::kOpened:
      return {};
  }
  TB_UNREACHABLE();
}

std::string_view TallyOf(const v1::Job& job) {
  switch (job.body_case()) {
    case v1::Job::kText:
      return job.text().purpose() == v1::TextJob::PURPOSE_FIRST_TEXT ? "jobs_text" : "jobs_reply";
    case v1::Job::kBlock:
      return "jobs_block";
    case v1::Job::kUnblock:
      return "jobs_unblock";
    case v1::Job::kCancel:
      return "jobs_cancel";
    case v1::Job::BODY_NOT_SET:
      break;
  }
  TB_UNREACHABLE();
}

std::string_view TallyOf(policy::InboundClass inbound_class) {
  switch (inbound_class) {
    case policy::InboundClass::kStop:
      return "inbound_stop";
    case policy::InboundClass::kStart:
      return "inbound_start";
    case policy::InboundClass::kHelp:
      return "inbound_help";
    case policy::InboundClass::kOther:
      return "inbound_other";
    case policy::InboundClass::kRepeated:
      return "inbound_repeated";
    case policy::InboundClass::kNone:
      return {};
  }
  TB_UNREACHABLE();
}

}  // namespace

DecideProcessor::DecideProcessor(policy::SnapshotSource& source, const policy::Limits& limits,
                                 DecideEvents* events)
    : source_(source), limits_(limits), events_(events != nullptr ? events : &no_events_) {
  TB_ASSERT(policy::ValidateLimits(limits).empty());
}

DecideProcessor::~DecideProcessor() = default;

void DecideProcessor::OnBatchStart() { snapshot_ = source_.Current(); }

Status DecideProcessor::OnRecord(shard::Context& context, const shard::InputRecord& record) {
  // On `calls` a watermark speaks to the partition, under any key: looked at later.
  if (!record.value || (record.input != kCalls && !IsDocumentKey(record.key))) {
    Park(context, record,
         DeadLetterError("bad_key", "a record needs a value and its customer's key"));
    return Ok();
  }
  switch (record.input) {
    case kCalls:
      return OnCalls(context, record);
    case kInbound:
      return OnInbound(context, record);
    case kStatus:
      return OnStatus(context, record);
    default:
      TB_UNREACHABLE();
  }
}

Status DecideProcessor::OnCalls(shard::Context& context, const shard::InputRecord& record) {
  const v1::CallRecord* call = &record_;
  const auto alone = RecordIn(*record.value);
  if (!alone || !Parse(*alone, record_)) {
    if (!Parse(*record.value, entry_) || entry_.body_case() == v1::CallsEntry::BODY_NOT_SET) {
      Park(context, record,
           DeadLetterError("bad_protobuf", "the value is no textback.v1.CallsEntry with a body"));
      return Ok();
    }
    if (entry_.has_watermark()) {
      return OnWatermark(context, entry_.watermark());
    }
    call = &entry_.record();
  }
  if (!IsDocumentKey(record.key)) {
    Park(context, record, DeadLetterError("bad_key", "a call record needs its customer's key"));
    return Ok();
  }
  TB_RETURN_IF_ERROR(Run(context, record.key, policy::Event(call)));
  const auto tally = TallyOf(effects_.record_class);
  if (!tally.empty()) context.Count(tally);
  events_->OnRecordClass(call->source(), effects_.record_class);
  for (std::uint32_t i = 0; i < effects_.absorbed; ++i) {
    context.Count(TallyOf(policy::RecordClass::kMerged));
    events_->OnRecordClass(call->source(), policy::RecordClass::kMerged);
  }
  if (effects_.error) Park(context, record, *effects_.error);
  return Ok();
}

Status DecideProcessor::OnInbound(shard::Context& context, const shard::InputRecord& record) {
  if (!Parse(*record.value, inbound_)) {
    Park(context, record,
         DeadLetterError("bad_protobuf", "the value is no textback.v1.InboundMessage"));
    return Ok();
  }
  TB_RETURN_IF_ERROR(Run(context, record.key, policy::Event(&inbound_)));
  const auto tally = TallyOf(effects_.inbound_class);
  if (!tally.empty()) context.Count(tally);
  events_->OnInbound(effects_.inbound_class);
  if (effects_.error) Park(context, record, *effects_.error);
  return Ok();
}

Status DecideProcessor::OnStatus(shard::Context& context, const shard::InputRecord& record) {
  if (!Parse(*record.value, status_)) {
    Park(context, record, DeadLetterError("bad_protobuf", "the value is no textback.v1.Status"));
    return Ok();
  }
  context.Count("status");
  return Run(context, record.key, policy::Event(&status_));
}

Status DecideProcessor::OnWatermark(shard::Context& context, const v1::Watermark& watermark) {
  context.Count("watermark");
  for (const auto& progress : watermark.sources()) {
    scratch_ = progress.topic();
    scratch_ += '/';
    scratch_ += std::to_string(progress.partition());
    context.Heard(scratch_, progress.low_watermark_ms());
  }
  if (watermark.nodes().empty()) return Ok();
  TB_RETURN_IF_ERROR(ReadNodes(context));
  if (!HearNodes(watermark, nodes_)) return Ok();
  nodes_.set_version(kNodesVersion);
  context.Write(kNodesKey, nodes_.SerializeAsString(), shard::kNeverDue);
  return Ok();
}

Status DecideProcessor::ReadNodes(shard::Context& context) {
  nodes_.Clear();
  TB_ASSIGN_OR_RETURN(const auto stored, context.Read(kNodesKey));
  return stored ? ParseNodes(*stored, nodes_) : Ok();
}

Status DecideProcessor::OnTimer(shard::Context& context, std::string_view key,
                                std::int64_t due_ms) {
  return Run(context, key, policy::Event(policy::TimerEvent{due_ms}));
}

Status DecideProcessor::Run(shard::Context& context, std::string_view key,
                            const policy::Event& event) {
  if (snapshot_ == nullptr) {
    return RetryError("policy_not_ready", "the tenants have not been read yet");
  }
  effects_.Clear();
  document_.Clear();
  TB_ASSIGN_OR_RETURN(const auto stored, context.Read(key));
  if (stored) TB_RETURN_IF_ERROR(policy::ParseDocument(*stored, document_));
  policy::Moment moment{key, context.now_ms(), context.forgotten_through_ms()};
  const auto* timer = std::get_if<policy::TimerEvent>(&event);
  if (timer != nullptr && policy::WaitsForNodes(document_)) {
    TB_RETURN_IF_ERROR(ReadNodes(context));
    moment.nodes = ProgressOf(nodes_, timer->due_ms);
  }
  policy::Decide(document_, event, moment, *snapshot_, limits_, effects_);
  if (!effects_.changed) return Ok();
  std::int64_t now_ms = moment.now_ms;
  if (timer != nullptr) now_ms = std::max(now_ms, timer->due_ms);
  Emit(context, key);
  return Write(context, key, now_ms);
}

Status DecideProcessor::Write(shard::Context& context, std::string_view key, std::int64_t now_ms) {
  if (policy::MayErase(document_, now_ms, limits_.horizon_ms)) {
    // From here on the partition remembers what the document had forgotten.
    if (document_.forgotten_through_ms() > 0) {
      context.ForgetThrough(document_.forgotten_through_ms());
    }
    context.Erase(key);
    return Ok();
  }
  // A string of its own: the context keeps it.
  std::string bytes;
  if (!document_.SerializeToString(&bytes)) {
    return FatalError("document_size",
                      "a customer's document is larger than 2 GiB: the limits of "
                      "decide allow far too much");
  }
  context.Write(key, std::move(bytes), policy::NextDue(document_, limits_.horizon_ms));
  return Ok();
}

void DecideProcessor::Emit(shard::Context& context, std::string_view key) {
  for (const auto& job : effects_.jobs) {
    context.Emit(kJobs, key, job.SerializeAsString());
    context.Count(TallyOf(job));
    events_->OnJob(job);
  }
  for (const auto& decision : effects_.decisions) {
    context.Emit(kDecisions, key, decision.SerializeAsString());
    context.Count("decision");
    events_->OnDecision(decision);
  }
  for (const auto& amendment : effects_.amendments) {
    context.Emit(kAmendments, key, amendment.SerializeAsString());
    context.Count("amendment");
    if (amendment.false_text()) context.Count("false_text");
    events_->OnAmendment(amendment);
  }
  for (const auto& callback : effects_.callbacks) {
    context.Emit(kCallbacks, key, callback.SerializeAsString());
    context.Count("callback");
    events_->OnCallback(callback);
  }
}

void DecideProcessor::Park(shard::Context& context, const shard::InputRecord& record,
                           const Error& error) {
  context.DeadLetter(record, error);
  if (record.input == kCalls) {
    context.Count("deadletter");
  } else {
    context.Count("deadletter_other");
  }
}

}  // namespace textback::decide
