#include "cdr/vonage.h"

#include <array>

#include "base/ascii.h"
#include "cdr/reasons.h"
#include "cdr/webhook_adapter.h"

namespace textback::cdr {
namespace {

enum Field : std::size_t {
  kCallUuid,
  kConversation,
  kDirection,
  kDuration,
  kEndTime,
  kFrom,
  kSipCode,
  kStartTime,
  kStatus,
  kTextbackCaller,
  kTextbackLine,
  kTimestamp,
  kTo,
  kUuid,
  kFields
};

// In the order of Field.
constexpr std::array<std::string_view, kFields> kNames = {
    "call_uuid", "conversation_uuid", "direction",  "duration", "end_time",
    "from",      "sip_code",          "start_time", "status",   kCallerField,
    kLineField,  "timestamp",         "to",         "uuid"};

constexpr std::string_view kProvider = "vonage";
constexpr std::array<std::string_view, 6> kUnanswered = {"busy",     "timeout", "unanswered",
                                                         "rejected", "failed",  "cancelled"};

class Vonage final : public WebhookAdapter {
 public:
  explicit Vonage(WebhookTime time)
      : WebhookAdapter(std::move(time), "must be a time such as 2020-01-01T12:00:00.000Z", kNames) {
  }

 private:
  Result<bool> Fill(const ValueContext& context, v1::CallRecord& record) override {
    const auto status = body()[kStatus];
    const auto leg = body()[kUuid].empty() ? body()[kCallUuid] : body()[kUuid];
    if (status.empty()) {
      if (leg.empty() && body()[kConversation].empty())
        return DeadLetterError(reasons::kFieldMissing,
                               "there is neither status nor uuid: this is no voice event");
      return false;
    }
    if (leg.empty()) return DeadLetterError(reasons::kFieldMissing, "there is no uuid");
    if (IsOneOf(status, {"answered", "disconnected"})) return false;
    FillIds(leg, record);
    FillParties(record);
    TB_ASSIGN_OR_RETURN(auto event, Time(kTimestamp));
    if (!event) event = ArrivalMs(context);
    if (!event) return NoTime(kNames[kTimestamp]);
    if (SameWord(status, "started")) {
      record.set_leg_only(true);
      record.set_started_at_ms(*event);
    } else if (SameWord(status, "ringing")) {
      record.set_leg_only(true);
      record.set_ringing_at_ms(*event);
    } else if (IsOneOf(status, {"human", "machine"})) {
      record.set_answered_by(SameWord(status, "human") ? v1::ANSWERED_BY_PERSON
                                                       : v1::ANSWERED_BY_VOICEMAIL);
      record.set_answered_at_ms(*event);
    } else {
      TB_RETURN_IF_ERROR(FillEnd(status, *event, record));
    }
    return true;
  }

  void FillIds(std::string_view leg, v1::CallRecord& record) const {
    const std::string call(body()[kConversation].empty() ? leg : body()[kConversation]);
    record.set_call_id(call);
    record.set_join_key(call);
    record.set_leg_id(std::string(leg));
    record.set_record_id(RecordIdOf(leg, body()[kStatus], {}));
    record.set_record_type(std::string(body()[kDirection].substr(0, 32)));
  }

  void FillParties(v1::CallRecord& record) const {
    SetNumber(body()[kFrom], *record.mutable_calling());
    SetNumber(body()[kTo], *record.mutable_called());
    if (IsInbound()) {
      record.set_direction(v1::DIRECTION_INBOUND);
      return;
    }
    if (SameWord(body()[kDirection], "outbound")) record.set_direction(v1::DIRECTION_OUTBOUND);
    SetHints(body()[kTextbackLine], body()[kTextbackCaller], record);
  }

  Status FillEnd(std::string_view status, std::int64_t event, v1::CallRecord& record) const {
    TB_ASSIGN_OR_RETURN(const auto start, Time(kStartTime));
    TB_ASSIGN_OR_RETURN(const auto end, Time(kEndTime));
    record.set_ended_at_ms(end ? *end : event);
    record.set_call_over(IsInbound());
    record.set_reason_text(std::string(status));
    if (SameWord(status, "completed")) {
      record.set_answered_by(IsInbound() ? v1::ANSWERED_BY_IVR : v1::ANSWERED_BY_UNKNOWN);
      if (start && *start <= record.ended_at_ms()) record.set_answered_at_ms(*start);
      if (body()[kDuration].empty()) return Ok();
      const auto talk = DurationMs(body()[kDuration]);
      if (!talk) return body().Bad(kDuration, "must be a number of seconds");
      if (*talk > 0) record.set_talk_ms(*talk);
      return Ok();
    }
    if (!IsOneOf(status, kUnanswered))
      return body().Bad(kStatus,
                        "must be started, ringing, answered, completed, busy, timeout, unanswered, "
                        "rejected, failed, cancelled, human, machine or disconnected");
    AddProviderCause(kProvider, status, record);
    AddSipStatus(body()[kSipCode], record);
    return Ok();
  }

  bool IsInbound() const { return SameWord(body()[kDirection], "inbound"); }
};

}  // namespace

Result<std::unique_ptr<Adapter>> NewVonage(const FormatConfig& config) {
  TB_ASSIGN_OR_RETURN(auto time, WebhookTime::Make(config.zone));
  return std::unique_ptr<Adapter>(std::make_unique<Vonage>(std::move(time)));
}

}  // namespace textback::cdr
