#include "cdr/sip_acc.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/ascii.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "cdr/decoder.h"
#include "cdr/framing.h"
#include "cdr/local_time.h"
#include "cdr/normalise.h"
#include "cdr/reasons.h"
#include "cdr/sip_acc_row.h"

namespace textback::cdr::sip {
namespace {

constexpr std::size_t kJoinKeyPlainMax = 120;
constexpr std::size_t kIdPartsMax = 48;  // of a record id, after the Call-ID

// The user part of "Ann" <sip:+44…@host;user=phone>, sip:…, or a bare number.
std::string_view UserOf(std::string_view text) {
  if (const auto open = text.rfind('<'); open != std::string_view::npos)
    text = text.substr(open + 1, text.find('>', open) - open - 1);
  for (const std::string_view scheme : {"sip:", "sips:", "tel:"}) {
    if (text.size() > scheme.size() && SameWord(text.substr(0, scheme.size()), scheme)) {
      text.remove_prefix(scheme.size());
      break;
    }
  }
  return Trimmed(text.substr(0, text.find_first_of("@;")));
}
Error Missing(std::string_view name) {
  return DeadLetterError(reasons::kFieldMissing, "no " + std::string(name) + " in the record");
}

// RFC 8606, 4: isup-cause-location of a Reason header.
v1::Cause::Location LocationOf(std::string_view word) {
  if (word == "U") return v1::Cause::LOCATION_USER;
  if (word == "LPN" || word == "LN") return v1::Cause::LOCATION_LOCAL_NETWORK;
  if (word == "TN") return v1::Cause::LOCATION_TRANSIT_NETWORK;
  if (word == "RLN" || word == "RPN") return v1::Cause::LOCATION_REMOTE_NETWORK;
  if (word == "INTL") return v1::Cause::LOCATION_INTERNATIONAL_NETWORK;
  return v1::Cause::LOCATION_UNSPECIFIED;
}

struct ReasonValue {
  std::string_view protocol;
  std::string_view cause;
  std::string_view location;
};

// RFC 3326, 2. Several values are divided by commas; a comma or semicolon may stand in quotes.
template <typename Each>
void ForEachReason(std::string_view header, Each each) {
  constexpr int kValuesMax = 4;
  for (int n = 0; n < kValuesMax && !header.empty(); ++n) {
    ReasonValue value;
    bool quoted = false;
    bool first = true;
    std::size_t from = 0;
    std::size_t at = 0;
    for (;; ++at) {
      const bool end = at >= header.size();
      const char c = end ? ',' : header[at];
      if (c == '"') quoted = !quoted;
      if (!end && (quoted || (c != ';' && c != ','))) continue;
      const auto part = Trimmed(header.substr(from, at - from));
      const auto equals = part.find('=');
      const auto name = Trimmed(part.substr(0, equals));
      if (first) {
        value.protocol = name;
      } else if (equals != std::string_view::npos) {
        if (SameWord(name, "cause")) value.cause = Trimmed(part.substr(equals + 1));
        if (SameWord(name, "location")) value.location = Trimmed(part.substr(equals + 1));
      }
      first = false;
      from = at + 1;
      if (end || c == ',') break;
    }
    header.remove_prefix(std::min(at + 1, header.size()));
    each(value);
  }
}
class SipAcc final : public Adapter {
 public:
  SipAcc(LocalTime time, Profile profile) : time_(std::move(time)), reader_(std::move(profile)) {}

  void Decode(std::string_view value, const ValueContext& /*context*/, Decoded& out) override {
    // Most messages hold one record.
    if (!value.empty() && value.find('\n') == std::string_view::npos && value.front() != '[' &&
        value.front() != ' ' && value.back() != '\r') {
      return DecodeOne(value, out);
    }
    FileSplitter pieces(Framing::kJsonOrLines, value);
    std::size_t count = 0;
    while (true) {
      const auto next = pieces.Next();
      if (!next || !*next) break;
      if (++count > kRecordsPerValueMax) {
        out.Reject(DeadLetterError(reasons::kTooManyRecords,
                                   "more than " + std::to_string(kRecordsPerValueMax) +
                                       " records in one value; these are the rest"),
                   value.substr(pieces.offset()));
        return;
      }
      DecodeOne(**next, out);
    }
    if (count == 0)
      out.Reject(DeadLetterError(reasons::kValueMissing, "the value has no record"), value);
  }

 private:
  void DecodeOne(std::string_view piece, Decoded& out) {
    auto& record = out.Add(piece);
    auto status = reader_.Read(piece);
    if (status) status = Fill(record);
    if (status) return;
    out.DropLast();
    out.Reject(std::move(status).error(), piece);
  }
  // --- meaning

  Status Fill(v1::CallRecord& record) {
    if (!row_.Has(kCallId)) return Missing("callid");
    FillIds(record);
    FillParties(record);
    if (row_.kind == RowKind::kCdr) return FillCdr(record);
    if (!row_.Has(kMethod)) return Missing("method");
    TB_ASSIGN_OR_RETURN(const int code, Code());
    TB_ASSIGN_OR_RETURN(const auto at, TimeOf(row_.Has(kAt) ? kAt : kTime));
    if (!at) return Missing("time");
    record.set_reason_text(std::string(row_[kMethod]) + " " + std::string(row_[kCode]) + " " +
                           std::string(row_[kReason]));
    const auto method = row_[kMethod];
    if (SameWord(method, "INVITE")) return FillInvite(code, *at, record);
    if (SameWord(method, "CANCEL")) return FillCancel(code, *at, record);
    record.set_ended_at_ms(*at);
    if (SameWord(method, "ACK") && code >= 200 && code < 300) {
      record.clear_ended_at_ms();
      record.set_answered_at_ms(*at);
      return FillAnsweredBy(record);
    }
    if (IsOneOf(method, {"BYE", "ACK", "PRACK", "UPDATE", "INFO", "REFER", "NOTIFY"})) {
      record.set_leg_only(true);
      return Ok();
    }
    if (IsOneOf(method, {"MESSAGE", "REGISTER", "SUBSCRIBE", "PUBLISH", "OPTIONS"})) {
      record.set_not_a_call(true);
      return Ok();
    }
    return DeadLetterError(reasons::kRecordType, "method \"" + std::string(method.substr(0, 32)) +
                                                     "\" is none of RFC 3261 and its extensions");
  }

  void FillIds(v1::CallRecord& record) const {
    const auto id = row_[kCallId];
    std::string key(id.substr(0, std::min(id.size(), kJoinKeyPlainMax)));
    if (id.size() > kJoinKeyPlainMax) key = Hex64(StableHash64(id)) + Hex64(StableHash64(id, 1));
    // Without the microseconds two rows may look alike; then the row's bytes are its id.
    if (row_.Has(kAt) && key.size() + kIdPartsMax <= kIdBytesMax &&
        row_[kMethod].size() + row_[kCode].size() + row_[kAt].size() < kIdPartsMax - 3) {
      constexpr std::string_view kKinds = "tmc";
      std::string& own = *record.mutable_record_id();
      own.reserve(key.size() + kIdPartsMax);
      own.append(key).append(1, ':').append(row_[kAt]).append(1, ':').append(row_[kMethod]);
      own.append(1, kKinds[static_cast<std::size_t>(row_.kind)]).append(row_[kCode]);
    }
    record.set_call_id(key);
    record.set_join_key(std::move(key));
    if (row_[kToTag].size() <= kJoinKeyPlainMax) record.set_leg_id(std::string(row_[kToTag]));
  }

  void FillParties(v1::CallRecord& record) const {
    const auto from = UserOf(row_[kSrcUser]);
    const auto asserted = UserOf(row_[kPai]);
    auto& calling = *record.mutable_calling();
    calling.set_number(std::string(asserted.empty() ? from : asserted));
    // RFC 3323, 4.2; RFC 3325, 7: what asks for privacy. An anonymous From says it as well.
    auto presentation = PresentationOfWord(from);
    auto privacy = row_[kPrivacy];
    while (!privacy.empty()) {
      const auto end = privacy.find_first_of(";,");
      if (IsOneOf(Trimmed(privacy.substr(0, end)), {"id", "user", "header", "full"}))
        presentation = v1::Party::PRESENTATION_RESTRICTED;
      privacy.remove_prefix(end == std::string_view::npos ? privacy.size() : end + 1);
    }
    calling.set_presentation(presentation);
    const auto dialled = UserOf(row_.Has(kDstOuser) ? row_[kDstOuser] : row_[kDstUser]);
    const auto target = UserOf(row_[kDstUser]);
    const auto forwarder = UserOf(row_[kDiversion]);
    if (forwarder.empty()) {
      record.mutable_called()->set_number(std::string(dialled));
      return;
    }
    record.mutable_redirecting()->set_number(std::string(forwarder));
    record.mutable_called()->set_number(std::string(target.empty() ? dialled : target));
    // Forwarded here: the dialled number is the one that forwards (RFC 5806).
    if (dialled != target) record.mutable_original_called()->set_number(std::string(dialled));
  }

  Status FillRinging(v1::CallRecord& record) const {
    TB_ASSIGN_OR_RETURN(const auto invited, TimeOf(kInviteAt));
    if (invited) record.set_started_at_ms(*invited);
    TB_ASSIGN_OR_RETURN(const auto ringing, TimeOf(kRingingAt));
    if (ringing) record.set_ringing_at_ms(*ringing);
    // The configuration writes both or none: with a start alone it never rang.
    if (invited && !ringing) record.set_ring_ms(0);
    return Ok();
  }

  Status FillInvite(int code, std::int64_t at, v1::CallRecord& record) const {
    TB_RETURN_IF_ERROR(FillRinging(record));
    if (code < 200) {  // acc's early_media
      record.set_leg_only(true);
      if (code >= 180 && !record.has_ringing_at_ms()) record.set_ringing_at_ms(at);
      if (code < 180 && !record.has_started_at_ms()) record.set_started_at_ms(at);
      return Ok();
    }
    if (code < 300) {
      record.clear_ring_ms();
      record.set_answered_at_ms(at);
      AddCause(v1::Cause::NAMESPACE_SIP, "200", {}, record);
      return FillAnsweredBy(record);
    }
    record.set_ended_at_ms(at);
    // Asked for credentials, or sent on (RFC 3261, 21.3, 22.2, 22.3): the same call goes on.
    if (code < 400 || code == 401 || code == 407) {
      record.set_leg_only(true);
    } else {
      record.set_call_over(row_.kind == RowKind::kTransaction);
    }
    if (code == 404 && !row_.Has(kToTag))
      AddCause(v1::Cause::NAMESPACE_TEXTBACK, "unreachable", {}, record);
    if (code == 487) SayAbandoned(record);
    // The proxy's timer for an answer, unless the times show that nothing ever rang.
    if (code == 408 && !KnowsRinging(record) && !row_.Has(kReasonHeader))
      AddCause(v1::Cause::NAMESPACE_TEXTBACK, "no_answer", {}, record);
    AddCauses(std::to_string(code), record);
    return Ok();
  }

  Status FillCancel(int code, std::int64_t at, v1::CallRecord& record) const {
    TB_RETURN_IF_ERROR(FillRinging(record));
    record.set_ended_at_ms(at);
    if (code >= 300) {  // 481: there was nothing to cancel any more
      record.set_leg_only(true);
      return Ok();
    }
    record.set_call_over(true);
    SayAbandoned(record);
    AddCauses("487", record);
    return Ok();
  }

  static bool KnowsRinging(const v1::CallRecord& record) {
    return record.has_started_at_ms() || record.has_ringing_at_ms();
  }

  static void SayAbandoned(v1::CallRecord& record) {
    if (!KnowsRinging(record)) AddCause(v1::Cause::NAMESPACE_SIP, "CANCEL", {}, record);
  }

  Status FillAnsweredBy(v1::CallRecord& record) const {
    const auto by = row_[kAnsweredBy];
    if (by.empty()) return Ok();
    if (SameWord(by, "person")) {
      record.set_answered_by(v1::ANSWERED_BY_PERSON);
    } else if (SameWord(by, "voicemail")) {
      record.set_answered_by(v1::ANSWERED_BY_VOICEMAIL);
    } else if (SameWord(by, "ivr")) {
      record.set_answered_by(v1::ANSWERED_BY_IVR);
    } else if (SameWord(by, "queue")) {
      record.set_answered_by(v1::ANSWERED_BY_QUEUE);
    } else {
      return Bad(kAnsweredBy, "must be person, voicemail, ivr or queue");
    }
    return Ok();
  }

  // A whole call in one record, written when its dialog ends. OpenSIPS: `created` is the INVITE's
  // time, `setuptime` the seconds until the answer. Kamailio's evapi: the answer's time.
  Status FillCdr(v1::CallRecord& record) const {
    TB_ASSIGN_OR_RETURN(const int code, Code());
    TB_ASSIGN_OR_RETURN(const auto seconds, Milliseconds(kDuration));
    TB_ASSIGN_OR_RETURN(const auto created, TimeOf(kCreated));
    TB_ASSIGN_OR_RETURN(const auto setup, Milliseconds(kSetupTime));
    std::optional<std::int64_t> answered;
    for (const Field field : {kAnswerTime, kCallStart}) {
      TB_ASSIGN_OR_RETURN(const auto time, TimeOf(field));
      if (!answered) answered = time;
    }
    if (!answered && created && setup) answered = *created + *setup;
    if (!answered) {
      TB_ASSIGN_OR_RETURN(const auto time, TimeOf(kTime));
      answered = time;
    }
    if (!answered) return Missing("time");
    record.set_reason_text(std::string(row_[kCode]) + " " + std::string(row_[kReason]));
    record.set_call_over(true);
    if (created) record.set_started_at_ms(*created);
    if (code >= 300) {
      record.set_ended_at_ms(*answered + seconds.value_or(0));
      AddCauses(std::to_string(code), record);
      return Ok();
    }
    std::int64_t talk = seconds.value_or(0);
    if (row_.Has(kMsDuration)) {
      std::int64_t ms = 0;
      const auto text = row_[kMsDuration];
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
      if (error != std::errc() || end != text.data() + text.size() || ms < 0 || ms > kDurationMaxMs)
        return Bad(kMsDuration, "must be milliseconds");
      talk = ms;
    }
    record.set_answered_at_ms(*answered);
    record.set_ended_at_ms(*answered + talk);
    record.set_talk_ms(talk);
    AddCause(v1::Cause::NAMESPACE_SIP, "200", {}, record);
    return FillAnsweredBy(record);
  }

  static void AddCause(v1::Cause::Namespace space, std::string_view value,
                       std::string_view location, v1::CallRecord& record) {
    auto& cause = *record.add_causes();
    cause.set_namespace_(space);
    cause.set_value(std::string(value.substr(0, 3 * 16)));
    cause.set_location(LocationOf(location));
  }

  // The status and what the Reason header adds. A clear status goes first; the others stand for
  // many causes each (RFC 3398, 7.2.4.1 and 8.2.6.1), of which Q.850's says which.
  void AddCauses(std::string_view code, v1::CallRecord& record) const {
    const bool clear = IsOneOf(code, {"486", "487", "600", "603", "607", "608"});
    if (clear) AddCause(v1::Cause::NAMESPACE_SIP, code, {}, record);
    ForEachReason(row_[kReasonHeader], [&](const ReasonValue& reason) {
      if (reason.cause.empty() || reason.cause.size() > 3) return;
      if (SameWord(reason.protocol, "Q.850"))
        AddCause(v1::Cause::NAMESPACE_Q850, reason.cause, reason.location, record);
      if (SameWord(reason.protocol, "SIP") && reason.cause == "200")
        record.set_answered_elsewhere(true);
    });
    if (clear) {
      // Only a location can change what a clear status means: 603 from a network.
      if (record.causes_size() > 1) record.mutable_causes(0)->set_location(LastLocation(record));
    } else {
      AddCause(v1::Cause::NAMESPACE_SIP, code, {}, record);
    }
  }

  static v1::Cause::Location LastLocation(const v1::CallRecord& record) {
    return record.causes(record.causes_size() - 1).location();
  }

  // --- values

  Error Bad(Field field, std::string_view expected) const {
    return DeadLetterError(reasons::kTextBadValue,
                           "field " + std::string(NameOf(field)) + " " + std::string(expected) +
                               ", not \"" + std::string(row_[field].substr(0, 40)) + "\"");
  }

  Result<int> Code() const {
    const auto text = row_[kCode];
    int code = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
    if (error != std::errc() || end != text.data() + text.size() || code < 100 || code > 699)
      return Bad(kCode, "must be a SIP status, 100 to 699");
    return code;
  }

  // Seconds with an optional fraction, as milliseconds; nullopt: no such text.
  static std::optional<std::int64_t> Decimal(std::string_view text) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + dot, seconds);
    if (dot == 0 || error != std::errc() || end != text.data() + dot || seconds < 0 ||
        seconds > 253'402'300'799) {
      return std::nullopt;
    }
    std::int64_t ms = seconds * 1'000;
    std::int64_t unit = 100;
    for (const char c : text.substr(std::min(dot + 1, text.size()))) {
      if (c < '0' || c > '9') return std::nullopt;
      ms += (c - '0') * unit;
      unit /= 10;
    }
    return ms;
  }

  Result<std::optional<std::int64_t>> Milliseconds(Field field) const {
    if (!row_.Has(field)) return std::optional<std::int64_t>();
    const auto ms = Decimal(row_[field]);
    if (!ms || *ms > kDurationMaxMs) return Bad(field, "must be a number of seconds");
    return ms;
  }

  // nullopt: not said. acc writes 0 or <null> for a variable that isn't set.
  Result<std::optional<std::int64_t>> TimeOf(Field field) const {
    const auto text = row_[field];
    if (text.empty() || text == "0" || text == "<null>" || text == "n/a")
      return std::optional<std::int64_t>();
    if (const auto ms = Decimal(text)) return ms;
    if (const auto local = time_.Read(text)) return std::optional(local->early);
    return Bad(field, "must be seconds since 1970, or a time such as 2026-03-29 01:30:00");
  }

  LocalTime time_;
  RowReader reader_;
  const Row& row_ = reader_.row();
};
}  // namespace
}  // namespace textback::cdr::sip

namespace textback::cdr {

Result<std::unique_ptr<Adapter>> NewSipAcc(const FormatConfig& config) {
  TB_ASSIGN_OR_RETURN(auto time, LocalTime::Make(config.zone));
  TB_ASSIGN_OR_RETURN(auto profile, sip::ReadProfile(config.profile));
  return std::unique_ptr<Adapter>(
      std::make_unique<sip::SipAcc>(std::move(time), std::move(profile)));
}

}  // namespace textback::cdr
