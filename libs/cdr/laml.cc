#include "cdr/laml.h"

#include <array>

#include "base/ascii.h"
#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

enum Field : std::size_t {
  kAnsweredBy,
  kAnsweredTime,
  kCallDuration,
  kCallInitiatedAt,
  kCallSid,
  kCallStatus,
  kCallbackSource,
  kDialBridged,
  kDialCallDuration,
  kDialCallSid,
  kDialCallStatus,
  kDirection,
  kEndTime,
  kForwardedFrom,
  kFrom,
  kHangupCause,
  kHangupSource,
  kParentCallSid,
  kSequenceNumber,
  kShakenStir,
  kSipResponseCode,
  kStirVerstat,
  kTextbackCaller,
  kTextbackLine,
  kTimestamp,
  kTo,
  kFields
};

// In the order of Field.
constexpr std::array<std::string_view, kFields> kNames = {"AnsweredBy",
                                                          "AnsweredTime",
                                                          "CallDuration",
                                                          "CallInitiatedAt",
                                                          "CallSid",
                                                          "CallStatus",
                                                          "CallbackSource",
                                                          "DialBridged",
                                                          "DialCallDuration",
                                                          "DialCallSid",
                                                          "DialCallStatus",
                                                          "Direction",
                                                          "EndTime",
                                                          "ForwardedFrom",
                                                          "From",
                                                          "HangupCause",
                                                          "HangupSource",
                                                          "ParentCallSid",
                                                          "SequenceNumber",
                                                          "ShakenStirAttestation",
                                                          "SipResponseCode",
                                                          "StirVerstat",
                                                          kCallerField,
                                                          kLineField,
                                                          "Timestamp",
                                                          "To"};

constexpr std::array<std::string_view, 2> kAnswered = {"completed", "answered"};
constexpr std::array<std::string_view, 5> kUnanswered = {"busy", "no-answer", "failed", "canceled",
                                                         "cancelled"};
constexpr std::array<std::string_view, 3> kBefore = {"queued", "initiated", "ringing"};

std::string_view ProviderOf(LamlDialect dialect) {
  switch (dialect) {
    case LamlDialect::kTwilio:
      return "twilio";
    case LamlDialect::kSignalwire:
      return "signalwire";
    case LamlDialect::kTelnyx:
      return "telnyx";
  }
  TB_UNREACHABLE();
}

// twilio.com/docs/voice/answering-machine-detection; UNSPECIFIED: not asked for, or not known.
v1::AnsweredBy WhoIs(std::string_view answered_by) {
  if (SameWord(answered_by, "human")) return v1::ANSWERED_BY_PERSON;
  if (StartsWithWord(answered_by, "machine")) return v1::ANSWERED_BY_VOICEMAIL;
  if (SameWord(answered_by, "fax")) return v1::ANSWERED_BY_IVR;
  return v1::ANSWERED_BY_UNSPECIFIED;
}

// "TN-Validation-Passed-A" (Twilio), "A" (Telnyx): ATIS-1000074.
v1::Attestation AttestationOf(std::string_view verstat, std::string_view letter) {
  constexpr std::string_view kPassed = "TN-Validation-Passed-";
  if (StartsWithWord(verstat, kPassed)) letter = verstat.substr(kPassed.size(), 1);
  if (StartsWithWord(verstat, "No-TN-Validation")) return v1::ATTESTATION_NONE;
  if (letter == "A") return v1::ATTESTATION_A;
  if (letter == "B") return v1::ATTESTATION_B;
  if (letter == "C") return v1::ATTESTATION_C;
  return v1::ATTESTATION_UNSPECIFIED;
}

Result<std::unique_ptr<Adapter>> NewLaml(LamlDialect dialect, const FormatConfig& config) {
  TB_ASSIGN_OR_RETURN(auto time, WebhookTime::Make(config.zone));
  return std::unique_ptr<Adapter>(std::make_unique<LamlAdapter>(dialect, std::move(time)));
}

}  // namespace

LamlAdapter::LamlAdapter(LamlDialect dialect, WebhookTime time)
    : WebhookAdapter(std::move(time), "must be a time as in RFC 2822 or ISO 8601", kNames),
      dialect_(dialect) {}

Result<bool> LamlAdapter::Fill(const ValueContext& context, v1::CallRecord& record) {
  if (body()[kCallSid].empty())
    return DeadLetterError(reasons::kFieldMissing,
                           "there is no CallSid: this is no voice callback");
  if (body()[kCallStatus].empty() && body()[kDialCallStatus].empty()) {
    // Recordings, gathers and the like name the call and say nothing of its end.
    return false;
  }
  FillIds(record);
  FillParties(record);
  TB_ASSIGN_OR_RETURN(const bool any,
                      body()[kDialCallStatus].empty() ? FillLeg(record) : FillDialled(record));
  if (!any) return false;
  record.set_attestation(AttestationOf(body()[kStirVerstat], body()[kShakenStir]));
  TB_RETURN_IF_ERROR(FillTimes(!record.leg_only(), context, record));
  return true;
}

// The answer to <Dial>.
Result<bool> LamlAdapter::FillDialled(v1::CallRecord& record) {
  const auto status = body()[kDialCallStatus];
  const bool caller_gone =
      IsOneOf(body()[kCallStatus], kAnswered) || IsOneOf(body()[kCallStatus], kUnanswered);
  record.set_call_over(caller_gone);
  record.set_record_type("dial");
  record.set_leg_id(std::string(body()[kDialCallSid]));
  record.set_record_id(RecordIdOf(body()[kCallSid], "dial", body()[kDialCallSid]));
  if (IsOneOf(status, kAnswered)) {
    if (SameWord(body()[kDialBridged], "false")) {
      AddProviderCause(ProviderOf(dialect_), "not-bridged", record);
    } else {
      TB_RETURN_IF_ERROR(FillAnswered(kDialCallDuration, v1::ANSWERED_BY_UNKNOWN, record));
    }
    return true;
  }
  if (!IsOneOf(status, kUnanswered))
    return body().Bad(kDialCallStatus,
                      "must be completed, answered, busy, no-answer, failed or canceled");
  FillCauses(status, record);
  return true;
}

Result<bool> LamlAdapter::FillLeg(v1::CallRecord& record) {
  const auto status = body()[kCallStatus];
  const bool child = !body()[kParentCallSid].empty();
  record.set_record_type(child ? "child leg" : "leg");
  record.set_record_id(RecordIdOf(body()[kCallSid], status, body()[kSequenceNumber]));
  if (IsOneOf(status, {"in-progress", "answered"})) return false;
  if (IsOneOf(status, kBefore)) {
    record.set_leg_only(true);
    return dialect_ != LamlDialect::kTelnyx;  // there the end says when the call began
  }
  record.set_call_over(!child);
  if (SameWord(status, "completed")) {
    const bool inbound = record.direction() == v1::DIRECTION_INBOUND && !child;
    TB_RETURN_IF_ERROR(FillAnswered(
        kCallDuration, inbound ? v1::ANSWERED_BY_IVR : v1::ANSWERED_BY_UNKNOWN, record));
    return true;
  }
  if (!IsOneOf(status, kUnanswered))
    return body().Bad(
        kCallStatus,
        "must be queued, initiated, ringing, in-progress, completed, busy, no-answer, "
        "failed or canceled");
  FillCauses(status, record);
  return true;
}

void LamlAdapter::FillIds(v1::CallRecord& record) const {
  const auto parent = body()[kParentCallSid];
  const std::string call(parent.empty() ? body()[kCallSid] : parent);
  record.set_call_id(call);
  record.set_join_key(call);
  record.set_leg_id(std::string(body()[kCallSid]));
}

// A number's own status callback at SignalWire; any other has a Direction.
bool LamlAdapter::IsNumbersOwn() const {
  return dialect_ == LamlDialect::kSignalwire && body()[kDirection].empty() &&
         body()[kParentCallSid].empty();
}

void LamlAdapter::FillParties(v1::CallRecord& record) const {
  SetNumber(body()[kFrom], *record.mutable_calling());
  SetNumber(body()[kTo], *record.mutable_called());
  if (!body()[kForwardedFrom].empty())
    SetNumber(body()[kForwardedFrom], *record.mutable_redirecting());
  if (!body()[kParentCallSid].empty()) {
    SetHints(body()[kTextbackLine], body()[kTextbackCaller], record);
  } else if (SameWord(body()[kDirection], "inbound") || IsNumbersOwn()) {
    record.set_direction(v1::DIRECTION_INBOUND);
  } else if (StartsWithWord(body()[kDirection], "outbound")) {
    record.set_direction(v1::DIRECTION_OUTBOUND);
  }
}

Status LamlAdapter::FillAnswered(std::size_t duration_field, v1::AnsweredBy by,
                                 v1::CallRecord& record) const {
  const auto who = WhoIs(body()[kAnsweredBy]);
  record.set_answered_by(who == v1::ANSWERED_BY_UNSPECIFIED ? by : who);
  if (body()[duration_field].empty()) return Ok();
  const auto talk = DurationMs(body()[duration_field]);
  if (!talk) return body().Bad(duration_field, "must be a number of seconds");
  if (*talk > 0) record.set_talk_ms(*talk);
  return Ok();
}

void LamlAdapter::FillCauses(std::string_view status, v1::CallRecord& record) const {
  // Telnyx says in HangupCause what its callback's CallStatus folds together.
  if (dialect_ == LamlDialect::kTelnyx && !body()[kHangupCause].empty() &&
      !SameWord(body()[kHangupCause], "normal_clearing")) {
    AddProviderCause("telnyx", body()[kHangupCause], record);
    if (SameWord(body()[kHangupSource], "callee"))
      record.mutable_causes(0)->set_location(v1::Cause::LOCATION_USER);
  }
  AddProviderCause(ProviderOf(dialect_), status, record);
  if (SameWord(status, "failed")) AddSipStatus(body()[kSipResponseCode], record);
  auto& reason = *record.mutable_reason_text();
  reason = status;
  if (!body()[kSipResponseCode].empty()) reason.append(", SIP ").append(body()[kSipResponseCode]);
}

// `over`: the event is an end; else something begins to ring.
Status LamlAdapter::FillTimes(bool over, const ValueContext& context,
                              v1::CallRecord& record) const {
  TB_ASSIGN_OR_RETURN(auto event, Time(kTimestamp));
  TB_ASSIGN_OR_RETURN(const auto end, Time(kEndTime));
  TB_ASSIGN_OR_RETURN(const auto answer, Time(kAnsweredTime));
  TB_ASSIGN_OR_RETURN(auto start, Time(kCallInitiatedAt));
  if (event && IsNumbersOwn()) {
    start = event;
    event = *start + record.talk_ms();  // at least; it isn't said how long it rang
  }
  if (!event) event = ArrivalMs(context);
  if (!event) return NoTime(kNames[kTimestamp]);
  if (!over) {
    if (SameWord(body()[kCallStatus], "ringing") && !body()[kParentCallSid].empty()) {
      record.set_ringing_at_ms(*event);
    } else {
      record.set_started_at_ms(*event);
    }
    return Ok();
  }
  record.set_ended_at_ms(end ? *end : *event);
  if (start && *start <= record.ended_at_ms()) record.set_started_at_ms(*start);
  if (record.answered_by() == v1::ANSWERED_BY_UNSPECIFIED) return Ok();
  if (answer) {
    record.set_answered_at_ms(*answer);
  } else if (record.has_talk_ms()) {
    record.set_answered_at_ms(record.ended_at_ms() - record.talk_ms());
  }
  return Ok();
}

Result<std::unique_ptr<Adapter>> NewTwilio(const FormatConfig& config) {
  return NewLaml(LamlDialect::kTwilio, config);
}

Result<std::unique_ptr<Adapter>> NewSignalwire(const FormatConfig& config) {
  return NewLaml(LamlDialect::kSignalwire, config);
}

}  // namespace textback::cdr
