#include "cdr/telnyx.h"

#include <array>

#include "base/ascii.h"
#include "cdr/laml.h"
#include "cdr/reasons.h"
#include "cdr/webhook_body.h"
#include "cdr/webhook_call.h"

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

class Telnyx final : public Adapter {
 public:
  Telnyx(WebhookTime time, WebhookTime texml_time)
      : time_(std::move(time)),
        body_(kNames, kContainers),
        texml_(LamlDialect::kTelnyx, std::move(texml_time)) {}

  void Decode(std::string_view value, const ValueContext& context, Decoded& out) override {
    if (IsTexml(value)) return texml_.Decode(value, context, out);
    auto status = body_.Read(value);
    if (!status) return out.Reject(std::move(status).error(), value);
    auto filled = Fill(context, out.Add(value));
    if (filled && *filled) return;
    out.DropLast();
    if (!filled) out.Reject(std::move(filled).error(), value);
  }

 private:
  // TeXML's callbacks are forms, and JSON has its names: CallSid is in all of them.
  static bool IsTexml(std::string_view value) {
    return !Trimmed(value).starts_with('{') ||
           (value.find("\"event_type\"") == std::string_view::npos &&
            value.find("\"CallSid\"") != std::string_view::npos);
  }

  // false: no record.
  Result<bool> Fill(const ValueContext& context, v1::CallRecord& record) {
    const auto type = body_[kEventType];
    if (type.empty())
      return DeadLetterError(reasons::kFieldMissing,
                             "there is neither event_type nor CallSid: this is no voice webhook");
    const bool hangup = IsEvent(type, "hangup");
    const bool bridged = IsEvent(type, "bridged");
    const bool machine = IsEvent(type, "machine.detection.ended");
    if (!hangup && !bridged && !machine) return false;
    if (body_[kSession].empty() || body_[kLeg].empty())
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
    if (StartsWithWord(body_[kResult], "human")) record.set_answered_by(v1::ANSWERED_BY_PERSON);
    if (StartsWithWord(body_[kResult], "machine"))
      record.set_answered_by(v1::ANSWERED_BY_VOICEMAIL);
    return record.answered_by() != v1::ANSWERED_BY_UNKNOWN;
  }

  void FillIds(v1::CallRecord& record) const {
    record.set_call_id(std::string(body_[kSession]));
    record.set_join_key(std::string(body_[kSession]));
    record.set_leg_id(std::string(body_[kLeg]));
    record.set_record_id(body_[kId].empty()
                             ? RecordIdOf(body_[kLeg], body_[kEventType], body_[kOccurredAt])
                             : std::string(body_[kId]));
    record.set_record_type(std::string(body_[kEventType]));
  }

  void FillParties(v1::CallRecord& record) const {
    SetNumber(body_[kFrom], *record.mutable_calling());
    SetNumber(body_[kTo], *record.mutable_called());
    if (SameWord(body_[kDirection], "incoming")) record.set_direction(v1::DIRECTION_INBOUND);
    if (SameWord(body_[kDirection], "outgoing")) record.set_direction(v1::DIRECTION_OUTBOUND);
    SetHints(body_[kTextbackLine], body_[kTextbackCaller], record);
  }

  Status FillHangup(std::int64_t event, v1::CallRecord& record) const {
    TB_ASSIGN_OR_RETURN(const auto end, Time(kEndTime));
    record.set_ended_at_ms(end ? *end : event);
    record.set_call_over(body_[kTextbackLine].empty());
    const auto cause = body_[kHangupCause];
    if (cause.empty()) return DeadLetterError(reasons::kFieldMissing, "there is no hangup_cause");
    auto& reason = *record.mutable_reason_text();
    reason = cause;
    if (!body_[kHangupSource].empty()) reason.append(", by ").append(body_[kHangupSource]);
    if (IsOneOf(cause, {"normal_clearing", "time_limit"})) {
      record.set_answered_by(v1::ANSWERED_BY_IVR);
      return Ok();
    }
    AddProviderCause(kProvider, cause, record);
    if (SameWord(body_[kHangupSource], "callee"))
      record.mutable_causes(0)->set_location(v1::Cause::LOCATION_USER);
    AddSipStatus(body_[kSipHangupCause], record);
    return Ok();
  }

  // nullopt: not there.
  Result<std::optional<std::int64_t>> Time(Field field) const {
    if (body_[field].empty()) return std::optional<std::int64_t>();
    const auto ms = time_.Read(body_[field]);
    if (!ms) return body_.Bad(field, "must be a time such as 2018-02-02T22:25:27.521992Z");
    return ms;
  }

  WebhookTime time_;
  WebhookBody body_;
  LamlCallback texml_;
};

}  // namespace

Result<std::unique_ptr<Adapter>> NewTelnyx(const FormatConfig& config) {
  TB_ASSIGN_OR_RETURN(auto time, WebhookTime::Make(config.zone));
  TB_ASSIGN_OR_RETURN(auto texml_time, WebhookTime::Make(config.zone));
  return std::unique_ptr<Adapter>(std::make_unique<Telnyx>(std::move(time), std::move(texml_time)));
}

}  // namespace textback::cdr
