#include "cdr/telnyx.h"

#include <array>

#include "base/ascii.h"
#include "cdr/laml.h"
#include "cdr/reasons.h"
#include "cdr/webhook_adapter.h"

namespace textback::cdr {
namespace {

enum Field : std::size_t {
  kDirection,
  kEndTime,
  kEventType,
  kFrom,
  kHangupCause,
  kHangupSource,
  kId,
  kLeg,
  kOccurredAt,
  kResult,
  kSession,
  kSipHangupCause,
  kStartTime,
  kTextbackCaller,
  kTextbackLine,
  kTo,
  kFields
};

// In the order of Field.
constexpr std::array<std::string_view, kFields> kNames = {
    "direction",  "end_time",    "event_type",  "from",   "hangup_cause",    "hangup_source",
    "id",         "call_leg_id", "occurred_at", "result", "call_session_id", "sip_hangup_cause",
    "start_time", kCallerField,  kLineField,    "to"};
constexpr std::array<std::string_view, 2> kContainers = {"data", "payload"};

constexpr std::string_view kProvider = "telnyx";

// "call.hangup" and, in API v1, "call_hangup".
bool IsEvent(std::string_view type, std::string_view name) {
  return type.size() == name.size() + 5 && StartsWithWord(type, "call") &&
         (type[4] == '.' || type[4] == '_') && SameWord(type.substr(5), name);
}

class Telnyx final : public WebhookAdapter {
 public:
  Telnyx(WebhookTime time, WebhookTime texml_time)
      : WebhookAdapter(std::move(time), "must be a time such as 2018-02-02T22:25:27.521992Z",
                       kNames, kContainers),
        texml_(LamlDialect::kTelnyx, std::move(texml_time)) {}

  void Decode(std::string_view value, const ValueContext& context, Decoded& out) override {
    if (IsTexml(value)) return texml_.Decode(value, context, out);
    WebhookAdapter::Decode(value, context, out);
  }

 private:
  // TeXML's callbacks are forms, and JSON has its names: CallSid is in all of them.
  static bool IsTexml(std::string_view value) {
    return !Trimmed(value).starts_with('{') ||
           (value.find("\"event_type\"") == std::string_view::npos &&
            value.find("\"CallSid\"") != std::string_view::npos);
  }

  Result<bool> Fill(const ValueContext& context, v1::CallRecord& record) override {
    const auto type = body()[kEventType];
    if (type.empty())
      return DeadLetterError(reasons::kFieldMissing,
                             "there is neither event_type nor CallSid: this is no voice webhook");
    const bool hangup = IsEvent(type, "hangup");
    const bool bridged = IsEvent(type, "bridged");
    const bool machine = IsEvent(type, "machine.detection.ended");
    if (!hangup && !bridged && !machine) return false;
    if (body()[kSession].empty() || body()[kLeg].empty())
      return DeadLetterError(reasons::kFieldMissing,
                             "there is no call_session_id or no call_leg_id");
    FillIds(record);
    FillParties(record);
    TB_ASSIGN_OR_RETURN(auto event, Time(kOccurredAt));
    if (!event) event = ArrivalMs(context);
    if (!event) return NoTime(kNames[kOccurredAt]);
    TB_ASSIGN_OR_RETURN(const auto start, Time(kStartTime));
    if (start && *start <= *event) record.set_started_at_ms(*start);
    if (hangup) {
      TB_RETURN_IF_ERROR(FillHangup(*event, record));
      return true;
    }
    record.set_answered_at_ms(*event);
    record.set_answered_by(v1::ANSWERED_BY_UNKNOWN);
    if (bridged) return true;
    if (StartsWithWord(body()[kResult], "human")) record.set_answered_by(v1::ANSWERED_BY_PERSON);
    if (StartsWithWord(body()[kResult], "machine"))
      record.set_answered_by(v1::ANSWERED_BY_VOICEMAIL);
    return record.answered_by() != v1::ANSWERED_BY_UNKNOWN;
  }

  void FillIds(v1::CallRecord& record) const {
    record.set_call_id(std::string(body()[kSession]));
    record.set_join_key(std::string(body()[kSession]));
    record.set_leg_id(std::string(body()[kLeg]));
    record.set_record_id(body()[kId].empty()
                             ? RecordIdOf(body()[kLeg], body()[kEventType], body()[kOccurredAt])
                             : std::string(body()[kId]));
    record.set_record_type(std::string(body()[kEventType]));
  }

  void FillParties(v1::CallRecord& record) const {
    SetNumber(body()[kFrom], *record.mutable_calling());
    SetNumber(body()[kTo], *record.mutable_called());
    if (SameWord(body()[kDirection], "incoming")) record.set_direction(v1::DIRECTION_INBOUND);
    if (SameWord(body()[kDirection], "outgoing")) record.set_direction(v1::DIRECTION_OUTBOUND);
    SetHints(body()[kTextbackLine], body()[kTextbackCaller], record);
  }

  Status FillHangup(std::int64_t event, v1::CallRecord& record) const {
    TB_ASSIGN_OR_RETURN(const auto end, Time(kEndTime));
    record.set_ended_at_ms(end ? *end : event);
    record.set_call_over(body()[kTextbackLine].empty());
    const auto cause = body()[kHangupCause];
    if (cause.empty()) return DeadLetterError(reasons::kFieldMissing, "there is no hangup_cause");
    auto& reason = *record.mutable_reason_text();
    reason = cause;
    if (!body()[kHangupSource].empty()) reason.append(", by ").append(body()[kHangupSource]);
    if (IsOneOf(cause, {"normal_clearing", "time_limit"})) {
      record.set_answered_by(v1::ANSWERED_BY_IVR);
      return Ok();
    }
    AddProviderCause(kProvider, cause, record);
    if (SameWord(body()[kHangupSource], "callee"))
      record.mutable_causes(0)->set_location(v1::Cause::LOCATION_USER);
    AddSipStatus(body()[kSipHangupCause], record);
    return Ok();
  }

  LamlAdapter texml_;
};

}  // namespace

Result<std::unique_ptr<Adapter>> NewTelnyx(const FormatConfig& config) {
  TB_ASSIGN_OR_RETURN(auto time, WebhookTime::Make(config.zone));
  TB_ASSIGN_OR_RETURN(auto texml_time, WebhookTime::Make(config.zone));
  return std::unique_ptr<Adapter>(std::make_unique<Telnyx>(std::move(time), std::move(texml_time)));
}

}  // namespace textback::cdr
