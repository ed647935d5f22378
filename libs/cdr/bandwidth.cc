#include "cdr/bandwidth.h"

#include <array>

#include "base/ascii.h"
#include "cdr/reasons.h"
#include "cdr/webhook_adapter.h"

namespace textback::cdr {
namespace {

enum Field : std::size_t {
  kAnswerTime,
  kCallId,
  kCallState,
  kCause,
  kDirection,
  kEndTime,
  kErrorMessage,
  kEventTime,
  kEventType,
  kFrom,
  kParentCallId,
  kStartTime,
  kTextbackCaller,
  kTextbackLine,
  kTime,
  kTo,
  kFields
};

// In the order of Field.
constexpr std::array<std::string_view, kFields> kNames = {
    "answerTime",   "callId",    "callState", "cause", "direction",    "endTime",
    "errorMessage", "eventTime", "eventType", "from",  "parentCallId", "startTime",
    kCallerField,   kLineField,  "time",      "to"};

constexpr std::string_view kProvider = "bandwidth";

class Bandwidth final : public WebhookAdapter {
 public:
  explicit Bandwidth(WebhookTime time)
      : WebhookAdapter(std::move(time), "must be a time such as 2019-06-20T15:54:22.234Z", kNames) {
  }

 private:
  Result<bool> Fill(const ValueContext& context, v1::CallRecord& record) override {
    const auto event = body()[kEventType];
    if (event.empty() || body()[kCallId].empty())
      return DeadLetterError(reasons::kFieldMissing,
                             "there is no eventType or no callId: this is no voice webhook");
    const bool version1 = SameWord(event, "hangup");
    if (!version1 && !IsOneOf(event, {"disconnect", "transferComplete", "transferDisconnect"}))
      return false;
    if (body()[kCause].empty()) return DeadLetterError(reasons::kFieldMissing, "there is no cause");
    FillIds(record);
    FillParties(record);
    TB_RETURN_IF_ERROR(FillTimes(context, record));
    record.set_call_over(version1 || (SameWord(event, "disconnect") && !IsDialledLeg()));
    record.set_reason_text(
        std::string(body()[kErrorMessage].empty() ? body()[kCause] : body()[kErrorMessage]));
    if (version1) {
      FillOutcomeOfVersion1(record);
    } else {
      TB_RETURN_IF_ERROR(FillOutcome(event, record));
    }
    return true;
  }

  bool IsDialledLeg() const { return !body()[kParentCallId].empty(); }

  void FillIds(v1::CallRecord& record) const {
    const std::string call(IsDialledLeg() ? body()[kParentCallId] : body()[kCallId]);
    record.set_call_id(call);
    record.set_join_key(call);
    record.set_leg_id(std::string(body()[kCallId]));
    // A call may be transferred several times.
    record.set_record_id(RecordIdOf(body()[kCallId], body()[kEventType],
                                    SameWord(body()[kEventType], "transferComplete")
                                        ? body()[kEventTime]
                                        : std::string_view()));
    record.set_record_type(std::string(body()[kEventType]));
  }

  void FillParties(v1::CallRecord& record) const {
    SetNumber(body()[kFrom], *record.mutable_calling());
    SetNumber(body()[kTo], *record.mutable_called());
    if (IsDialledLeg()) {
      SetHints(body()[kTextbackLine], body()[kTextbackCaller], record);
      return;
    }
    if (SameWord(body()[kDirection], "inbound")) record.set_direction(v1::DIRECTION_INBOUND);
    if (SameWord(body()[kDirection], "outbound")) record.set_direction(v1::DIRECTION_OUTBOUND);
  }

  Status FillOutcome(std::string_view event, v1::CallRecord& record) const {
    if (SameWord(event, "transferComplete")) {
      if (SameWord(body()[kCause], "hangup")) {
        record.set_answered_by(v1::ANSWERED_BY_UNKNOWN);
      } else {
        AddProviderCause(kProvider, body()[kCause], record);
      }
      return Ok();
    }
    TB_ASSIGN_OR_RETURN(const auto answer, Time(kAnswerTime));
    if (!answer) {
      AddProviderCause(kProvider, body()[kCause], record);
      return Ok();
    }
    record.set_answered_at_ms(*answer);
    record.set_answered_by(record.direction() == v1::DIRECTION_INBOUND && !IsDialledLeg()
                               ? v1::ANSWERED_BY_IVR
                               : v1::ANSWERED_BY_UNKNOWN);
    return Ok();
  }

  void FillOutcomeOfVersion1(v1::CallRecord& record) const {
    if (SameWord(body()[kCause], "NORMAL_CLEARING")) {
      record.set_answered_by(v1::ANSWERED_BY_UNKNOWN);
      return;
    }
    auto& cause = *record.add_causes();
    cause.set_namespace_(v1::Cause::NAMESPACE_FREESWITCH);
    cause.set_value(std::string(body()[kCause]));
  }

  Status FillTimes(const ValueContext& context, v1::CallRecord& record) const {
    TB_ASSIGN_OR_RETURN(const auto start, Time(kStartTime));
    TB_ASSIGN_OR_RETURN(auto end, Time(kEndTime));
    for (const Field field : {kEventTime, kTime}) {
      if (end) break;
      TB_ASSIGN_OR_RETURN(end, Time(field));
    }
    if (!end) end = ArrivalMs(context);
    if (!end) return NoTime(kNames[kEndTime]);
    record.set_ended_at_ms(*end);
    // What startTime is of in transferComplete is the whole call: no measure of the ringing.
    if (start && *start <= *end && !SameWord(body()[kEventType], "transferComplete"))
      record.set_started_at_ms(*start);
    return Ok();
  }
};

}  // namespace

Result<std::unique_ptr<Adapter>> NewBandwidth(const FormatConfig& config) {
  TB_ASSIGN_OR_RETURN(auto time, WebhookTime::Make(config.zone));
  return std::unique_ptr<Adapter>(std::make_unique<Bandwidth>(std::move(time)));
}

}  // namespace textback::cdr
