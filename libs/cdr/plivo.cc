#include "cdr/plivo.h"

#include <array>

#include "base/ascii.h"
#include "cdr/reasons.h"
#include "cdr/webhook_adapter.h"

namespace textback::cdr {
namespace {

enum Field : std::size_t {
  kAnswerTime,
  kCallStatus,
  kCallUuid,
  kDialAction,
  kDialALegUuid,
  kDialBLegDuration,
  kDialBLegFrom,
  kDialBLegHangupCause,
  kDialBLegHangupCode,
  kDialBLegTo,
  kDialBLegUuid,
  kDialHangupCause,
  kDialStatus,
  kDirection,
  kDuration,
  kEndTime,
  kEvent,
  kForwardedFrom,
  kFrom,
  kHangupCause,
  kHangupCauseCode,
  kHangupCauseName,
  kHangupSource,
  kStartTime,
  kTextbackCaller,
  kTextbackLine,
  kTo,
  kFields
};

// In the order of Field.
constexpr std::array<std::string_view, kFields> kNames = {"AnswerTime",
                                                          "CallStatus",
                                                          "CallUUID",
                                                          "DialAction",
                                                          "DialALegUUID",
                                                          "DialBLegDuration",
                                                          "DialBLegFrom",
                                                          "DialBLegHangupCause",
                                                          "DialBLegHangupCauseCode",
                                                          "DialBLegTo",
                                                          "DialBLegUUID",
                                                          "DialHangupCause",
                                                          "DialStatus",
                                                          "Direction",
                                                          "Duration",
                                                          "EndTime",
                                                          "Event",
                                                          "ForwardedFrom",
                                                          "From",
                                                          "HangupCause",
                                                          "HangupCauseCode",
                                                          "HangupCauseName",
                                                          "HangupSource",
                                                          "StartTime",
                                                          kCallerField,
                                                          kLineField,
                                                          "To"};

constexpr std::string_view kProvider = "plivo";
constexpr std::array<std::string_view, 6> kUnanswered = {"busy",      "failed", "timeout",
                                                         "no-answer", "cancel", "canceled"};

bool IsFinal(std::string_view status) {
  return SameWord(status, "completed") || IsOneOf(status, kUnanswered);
}

class Plivo final : public WebhookAdapter {
 public:
  explicit Plivo(WebhookTime time)
      : WebhookAdapter(std::move(time), "must be a time such as 2016-10-26 18:51:45", kNames) {}

 private:
  Result<bool> Fill(const ValueContext& context, v1::CallRecord& record) override {
    const auto call = body()[kDialALegUuid].empty() ? body()[kCallUuid] : body()[kDialALegUuid];
    if (call.empty())
      return DeadLetterError(reasons::kFieldMissing,
                             "there is neither CallUUID nor DialALegUUID: what it says belongs to "
                             "no call");
    record.set_call_id(std::string(call));
    record.set_join_key(std::string(call));
    record.set_record_type(std::string(body()[kEvent].substr(0, 32)));
    if (!body()[kDialStatus].empty()) {
      TB_RETURN_IF_ERROR(FillDialled(call, record));
    } else if (SameWord(body()[kEvent], "DialHangup") || SameWord(body()[kDialAction], "hangup")) {
      TB_RETURN_IF_ERROR(FillDialledLeg(record));
    } else if (!body()[kEvent].empty() && !SameWord(body()[kEvent], "Hangup")) {
      return false;
    } else {
      TB_ASSIGN_OR_RETURN(const bool end, FillHangup(record));
      if (!end) return false;
    }
    TB_RETURN_IF_ERROR(FillTimes(context, record));
    return true;
  }

  // The answer to <Dial>.
  Status FillDialled(std::string_view call, v1::CallRecord& record) {
    record.set_leg_id(std::string(body()[kDialBLegUuid]));
    record.set_record_id(RecordIdOf(call, "dial", body()[kDialBLegUuid]));
    record.set_call_over(IsFinal(body()[kCallStatus]));
    FillParties(record);
    const auto status = body()[kDialStatus];
    if (SameWord(status, "completed")) {
      record.set_answered_by(v1::ANSWERED_BY_UNKNOWN);
      return Ok();
    }
    if (!IsOneOf(status, kUnanswered))
      return body().Bad(kDialStatus, "must be completed, busy, failed, timeout or no-answer");
    AddProviderCause(kProvider, status, record);
    AddFreeswitchCause(kDialHangupCause, record);
    return Ok();
  }

  // <Dial callbackUrl>: a dialled leg.
  Status FillDialledLeg(v1::CallRecord& record) {
    record.set_leg_id(std::string(body()[kDialBLegUuid]));
    record.set_record_id(RecordIdOf(record.call_id(), "DialHangup", body()[kDialBLegUuid]));
    SetNumber(body()[kDialBLegFrom].empty() ? body()[kFrom] : body()[kDialBLegFrom],
              *record.mutable_calling());
    SetNumber(body()[kDialBLegTo].empty() ? body()[kTo] : body()[kDialBLegTo],
              *record.mutable_called());
    SetHints(body()[kTextbackLine], body()[kTextbackCaller], record);
    TB_RETURN_IF_ERROR(FillTalk(kDialBLegDuration, record));
    if (record.talk_ms() > 0) {
      record.set_answered_by(v1::ANSWERED_BY_UNKNOWN);
      return Ok();
    }
    AddHangupCode(kDialBLegHangupCode, record);
    AddFreeswitchCause(kDialBLegHangupCause, record);
    return Ok();
  }

  // hangup_url. false: no end.
  Result<bool> FillHangup(v1::CallRecord& record) {
    const auto status = body()[kCallStatus];
    if (status.empty()) {
      return DeadLetterError(reasons::kFieldMissing,
                             "there is none of CallStatus, DialStatus and Event");
    }
    record.set_leg_id(std::string(body()[kCallUuid]));
    record.set_record_id(RecordIdOf(body()[kCallUuid], "hangup", {}));
    FillParties(record);
    if (IsOneOf(status, {"ringing", "in-progress", "early-media", "queued"})) return false;
    record.set_call_over(true);
    if (SameWord(status, "completed")) {
      record.set_answered_by(record.direction() == v1::DIRECTION_INBOUND ? v1::ANSWERED_BY_IVR
                                                                         : v1::ANSWERED_BY_UNKNOWN);
      TB_RETURN_IF_ERROR(FillTalk(kDuration, record));
      return true;
    }
    if (!IsOneOf(status, kUnanswered))
      return body().Bad(kCallStatus,
                        "must be ringing, in-progress, completed, busy, failed, timeout, no-answer "
                        "or cancel");
    AddProviderCause(kProvider, status, record);
    AddHangupCode(kHangupCauseCode, record);
    AddFreeswitchCause(kHangupCause, record);
    return true;
  }

  void FillParties(v1::CallRecord& record) const {
    SetNumber(body()[kFrom], *record.mutable_calling());
    SetNumber(body()[kTo], *record.mutable_called());
    if (!body()[kForwardedFrom].empty())
      SetNumber(body()[kForwardedFrom], *record.mutable_redirecting());
    if (SameWord(body()[kDirection], "inbound")) record.set_direction(v1::DIRECTION_INBOUND);
    if (SameWord(body()[kDirection], "outbound")) record.set_direction(v1::DIRECTION_OUTBOUND);
  }

  Status FillTalk(Field field, v1::CallRecord& record) const {
    if (body()[field].empty()) return Ok();
    const auto talk = DurationMs(body()[field]);
    if (!talk) return body().Bad(field, "must be a number of seconds");
    if (*talk > 0) record.set_talk_ms(*talk);
    return Ok();
  }

  void AddHangupCode(Field field, v1::CallRecord& record) const {
    if (!body()[field].empty()) AddProviderCause(kProvider, body()[field], record);
  }

  // NORMAL_CLEARING says nothing of a leg that nobody answered.
  void AddFreeswitchCause(Field field, v1::CallRecord& record) const {
    const auto cause = body()[field].substr(0, 64);
    record.set_reason_text(
        std::string(body()[kHangupCauseName].empty() ? cause : body()[kHangupCauseName]));
    if (cause.empty()) return;
    auto& added = *record.add_causes();
    added.set_namespace_(v1::Cause::NAMESPACE_FREESWITCH);
    added.set_value(std::string(cause));
  }

  Status FillTimes(const ValueContext& context, v1::CallRecord& record) const {
    TB_ASSIGN_OR_RETURN(const auto start, Time(kStartTime));
    TB_ASSIGN_OR_RETURN(const auto answer, Time(kAnswerTime));
    TB_ASSIGN_OR_RETURN(auto end, Time(kEndTime));
    if (!end) end = ArrivalMs(context);
    if (!end) return NoTime(kNames[kEndTime]);
    record.set_ended_at_ms(*end);
    if (start && *start <= *end) record.set_started_at_ms(*start);
    if (answer && record.answered_by() != v1::ANSWERED_BY_UNSPECIFIED)
      record.set_answered_at_ms(*answer);
    return Ok();
  }
};

}  // namespace

Result<std::unique_ptr<Adapter>> NewPlivo(const FormatConfig& config) {
  TB_ASSIGN_OR_RETURN(auto time, WebhookTime::Make(config.zone));
  return std::unique_ptr<Adapter>(std::make_unique<Plivo>(std::move(time)));
}

}  // namespace textback::cdr
