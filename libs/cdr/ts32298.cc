#include "cdr/ts32298.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "cdr/ber.h"
#include "cdr/ber_file.h"
#include "cdr/decoder.h"
#include "cdr/ims_session.h"
#include "cdr/known_numbers.h"
#include "cdr/reasons.h"
#include "cdr/ts32298_tags.h"
#include "cdr/ts32298_values.h"

namespace textback::cdr {
namespace {

using ts32298::Field;
using ts32298::Kind;
using ts32298::RecordMap;

constexpr std::uint32_t kTapTransferBatch = 1;
constexpr std::uint32_t kChoiceMax = 127;
constexpr std::size_t kCallReferenceMin = 3;  // octets
constexpr std::size_t kElementsMax = 4'096;   // of one record, or of one list in it

// causeForTerm, TS 32.298 5.1.5.1.
constexpr std::int64_t kPartial = 1;
constexpr std::int64_t kPartialReestablishment = 2;

// causeForRecordClosing, TS 32.298 5.1.3.1: a time limit, a change of service or the operator
// closed the record, not the session.
constexpr std::int64_t kTimeLimit = 3;
constexpr std::int64_t kManagementIntervention = 5;

// SS-Codes, TS 29.002, 17.7.5.
constexpr std::uint8_t kClir = 0x12;
constexpr std::uint8_t kCfu = 0x21;
constexpr std::uint8_t kCallDeflection = 0x24;
constexpr std::uint8_t kCfb = 0x29;
constexpr std::uint8_t kCfnry = 0x2a;
constexpr std::uint8_t kCfnrc = 0x2b;

// Q.850 and TS 24.008 alike.
constexpr std::string_view kNormalClearing = "16";

struct Services {
  bool clir = false;
  bool forwarding = false;
  std::string_view forward_cause;  // Q.850; empty: unconditional, deflected or none
};

struct Call {
  Services services;
  std::optional<std::int64_t> seizure;
  std::optional<std::int64_t> alerting;
  std::optional<std::int64_t> answer;
  std::optional<std::int64_t> release;
  std::optional<std::int64_t> duration_s;
  std::int64_t cause_for_term = -1;
};

class Ts32298 final : public Adapter {
 public:
  Ts32298(const ts32298::Profile& profile, KnownNumbers pilots, KnownNumbers roaming)
      : profile_(&profile), pilots_(std::move(pilots)), roaming_(std::move(roaming)) {
    for (const auto records : profile.records) {
      for (const auto& map : records) {
        auto& shape = shapes_[map.choice];
        shape.map = &map;
        for (const auto& tag : map.fields) {
          if (shape.fields.size() <= tag.tag) shape.fields.resize(tag.tag + 1, Field::kNone);
          shape.fields[tag.tag] = tag.field;
        }
      }
    }
  }

  void Decode(std::string_view value, const ValueContext& /*context*/, Decoded& out) override {
    value_ = value;
    BerFile file(value);
    std::size_t records = 0;
    while (true) {
      auto next = file.Next();
      if (!next) return out.Reject(std::move(next).error(), value);
      if (!*next) break;
      if (++records > kRecordsPerValueMax) {
        return out.Reject(DeadLetterError(reasons::kTooManyRecords,
                                          "more than " + std::to_string(kRecordsPerValueMax) +
                                              " records in one value"),
                          value);
      }
      auto& record = out.Add(**next);
      if (auto status = ReadRecord(**next, record); !status) {
        out.DropLast();
        out.Reject(std::move(status).error(), **next);
      }
    }
    if (records == 0)
      out.Reject(DeadLetterError(reasons::kRecordType, "there is no record in it"), value);
  }

 private:
  struct Shape {
    const RecordMap* map = nullptr;
    std::vector<Field> fields;  // by tag
  };

  Error Malformed(std::string_view problem, const char* at) const {
    return DeadLetterError(reasons::kBerMalformed, "byte " + std::to_string(at - value_.data()) +
                                                       ": " + std::string(problem));
  }
  Error Bad(Field field, std::string_view why) const {
    return DeadLetterError(
        reasons::kBerBadValue,
        std::string(shape_->map->name) + "." + std::string(NameOf(field)) + " " + std::string(why));
  }

  bool Has(Field field) const { return Content(field).data() != nullptr; }
  std::string_view Content(Field field) const { return contents_[static_cast<std::size_t>(field)]; }

  Status ReadRecord(std::string_view bytes, v1::CallRecord& record) {
    BerReader reader(bytes);
    BerElement choice;
    if (!reader.Next(choice)) {
      return Malformed(bytes.empty() ? "an empty record" : reader.problem(), bytes.data());
    }
    TB_RETURN_IF_ERROR(FindShape(choice));
    TB_RETURN_IF_ERROR(ReadFields(choice.content));
    const auto& map = *shape_->map;
    if (!Has(Field::kRecordType)) {
      return DeadLetterError(reasons::kFieldMissing, std::string(map.name) + " has no recordType");
    }
    const auto type = BerInteger(Content(Field::kRecordType));
    if (type != map.record_type) {
      return DeadLetterError(
          reasons::kRecordType,
          "CHOICE tag [" + std::to_string(map.choice) + "] is " + std::string(map.name) +
              " in profile " + std::string(profile_->name) + ", but its recordType is " +
              (type ? std::to_string(*type) : std::string("unreadable")) + ", not " +
              std::to_string(map.record_type) +
              ": does the switch need another profile, or is it another format?");
    }
    record.set_reason_text(map.name.data(), map.name.size());
    if (map.kind == Kind::kIms) return ReadIms(record);
    return ReadCall(record);
  }

  Status FindShape(const BerElement& choice) {
    if (choice.Is(BerClass::kApplication, kTapTransferBatch)) {
      return DeadLetterError(reasons::kRecordType,
                             "TAP3 or NRTRDE, not TS 32.298: what visited networks send comes too "
                             "late to text");
    }
    shape_ = choice.tag <= kChoiceMax ? &shapes_[choice.tag] : nullptr;
    if (choice.tag_class != BerClass::kContext || !choice.constructed || shape_ == nullptr ||
        shape_->map == nullptr) {
      constexpr std::array<std::string_view, 4> kClasses = {"UNIVERSAL ", "APPLICATION ", "",
                                                            "PRIVATE "};
      return DeadLetterError(reasons::kRecordType,
                             "tag [" +
                                 std::string(kClasses[static_cast<std::size_t>(choice.tag_class)]) +
                                 std::to_string(choice.tag) + "] is no record of profile " +
                                 std::string(profile_->name));
    }
    return Ok();
  }

  Status ReadFields(std::string_view content) {
    contents_.fill({});
    BerReader reader(content);
    BerElement element;
    std::size_t elements = 0;
    while (reader.Next(element)) {
      if (++elements > kElementsMax)
        return Malformed("more than 4096 fields", element.bytes.data());
      if (element.tag_class != BerClass::kContext || element.tag >= shape_->fields.size()) continue;
      const auto field = shape_->fields[element.tag];
      if (field == Field::kNone) continue;
      if (Has(field)) return Bad(field, "stands there twice");
      if (element.constructed != ts32298::IsConstructed(field))
        return Bad(field, element.constructed ? "is constructed" : "is primitive");
      contents_[static_cast<std::size_t>(field)] = element.content;
    }
    if (!reader.problem().empty()) return Malformed(reader.problem(), reader.at());
    return Ok();
  }

  // --- values ---

  Status ReadTime(Field field, std::optional<std::int64_t>& time) const {
    if (!Has(field)) return Ok();
    time = ReadTimeStamp(Content(field));
    if (!time) return Bad(field, "is no time of 9 octets");
    return Ok();
  }

  Status ReadInteger(Field field, std::optional<std::int64_t>& number) const {
    if (!Has(field)) return Ok();
    number = BerInteger(Content(field));
    if (!number) return Bad(field, "is no number of 1 to 8 octets");
    return Ok();
  }

  Status ReadNumber(Field field, Number& number) const {
    number.present = Has(field);
    if (!number.present) return Ok();
    if (!ReadBcdNumber(Content(field), number.bcd)) return Bad(field, "is no number in TBCD");
    return Ok();
  }

  // Calls `visit` for every element of a list or CHOICE.
  template <class Visit>
  Status ForEach(std::string_view content, Visit visit) const {
    BerReader reader(content);
    BerElement element;
    std::size_t elements = 0;
    while (reader.Next(element)) {
      if (++elements > kElementsMax)
        return Malformed("more than 4096 elements", element.bytes.data());
      TB_RETURN_IF_ERROR(visit(element));
    }
    if (!reader.problem().empty()) return Malformed(reader.problem(), reader.at());
    return Ok();
  }

  // SEQUENCE OF SEQUENCE { ssCode [0] OCTET STRING (SIZE (1)), ssTime [1] OPTIONAL }
  Status ReadServices(Services& services) const {
    if (!Has(Field::kSupplServices)) return Ok();
    return ForEach(Content(Field::kSupplServices), [&](const BerElement& used) -> Status {
      return ForEach(used.content, [&](const BerElement& part) -> Status {
        if (!part.Is(BerClass::kContext, 0) || part.content.size() != 1) return Ok();
        const auto code = static_cast<std::uint8_t>(part.content[0]);
        if (code == kClir) services.clir = true;
        if (code == kCfb) services.forward_cause = "17";
        if (code == kCfnry) services.forward_cause = "19";
        if (code == kCfnrc) services.forward_cause = "20";
        if (code == kCfu || code == kCallDeflection || code == kCfb || code == kCfnry ||
            code == kCfnrc) {
          services.forwarding = true;
        }
        return Ok();
      });
    });
  }

  // bearerService [2] is data; teleservice [3] has SMS (2x) and fax (6x) besides speech (1x), and
  // voice group calls (9x): TS 29.002, 17.7.10.
  Status ReadBasicService(bool& speech) const {
    speech = true;
    if (!Has(Field::kBasicService)) return Ok();
    return ForEach(Content(Field::kBasicService), [&](const BerElement& service) -> Status {
      if (service.Is(BerClass::kContext, 2)) speech = false;
      if (service.Is(BerClass::kContext, 3) && service.content.size() == 1) {
        const auto group = static_cast<std::uint8_t>(service.content[0]) >> 4;
        if (group == 2 || group == 6) speech = false;
      }
      return Ok();
    });
  }

  Status ReadDiagnostics(v1::CallRecord& record) const {
    if (!Has(Field::kDiagnostics)) return Ok();
    auto location = v1::Cause::LOCATION_UNSPECIFIED;
    if (std::optional<std::int64_t> where; Has(Field::kCauseLocation)) {
      TB_RETURN_IF_ERROR(ReadInteger(Field::kCauseLocation, where));
      location = LocationOf(*where);
    }
    return ForEach(Content(Field::kDiagnostics), [&](const BerElement& cause) -> Status {
      if (cause.tag_class != BerClass::kContext || cause.tag > 2) return Ok();
      const auto value = BerInteger(cause.content);
      if (!value || cause.constructed) return Bad(Field::kDiagnostics, "is no number");
      constexpr std::array kSpaces = {v1::Cause::NAMESPACE_GSM0408, v1::Cause::NAMESPACE_MAP,
                                      v1::Cause::NAMESPACE_Q850};
      AddCause(kSpaces[cause.tag], *value, record, location);
      return Ok();
    });
  }

  // --- circuit-switched records ---

  Status ReadCall(v1::CallRecord& record) {
    Call call;
    TB_RETURN_IF_ERROR(ReadCallTimes(call, record));
    TB_RETURN_IF_ERROR(ReadServices(call.services));
    bool speech = true;
    TB_RETURN_IF_ERROR(ReadBasicService(speech));
    TB_RETURN_IF_ERROR(SetCallParties(call, record));
    SetCallIds(record);
    if (shape_->map->kind == Kind::kNotACall || !speech) {
      record.set_not_a_call(true);
      return Ok();
    }
    std::optional<std::int64_t> number;
    TB_RETURN_IF_ERROR(ReadInteger(Field::kSequenceNumber, number));
    if (number && *number > 0 && *number <= UINT32_MAX)
      record.set_partial_number(static_cast<std::uint32_t>(*number));
    number.reset();
    TB_RETURN_IF_ERROR(ReadInteger(Field::kCauseForTerm, number));
    call.cause_for_term = number.value_or(-1);
    return SetOutcome(call, record);
  }

  Status ReadCallTimes(Call& call, v1::CallRecord& record) const {
    std::optional<std::int64_t> event;
    TB_RETURN_IF_ERROR(ReadTime(Field::kEventTime, event));
    TB_RETURN_IF_ERROR(ReadTime(Field::kSeizureTime, call.seizure));
    TB_RETURN_IF_ERROR(ReadTime(Field::kAlertingTime, call.alerting));
    TB_RETURN_IF_ERROR(ReadTime(Field::kAnswerTime, call.answer));
    TB_RETURN_IF_ERROR(ReadTime(Field::kReleaseTime, call.release));
    TB_RETURN_IF_ERROR(ReadInteger(Field::kCallDuration, call.duration_s));
    if (!call.seizure) call.seizure = event;
    constexpr std::int64_t kDurationMaxS = kDurationMaxMs / 1000;
    if (call.duration_s && (*call.duration_s < 0 || *call.duration_s > kDurationMaxS))
      return Bad(Field::kCallDuration, "is negative or more than a week");
    if (!call.release && call.duration_s) {
      const auto begin = call.answer ? call.answer : call.seizure;
      if (begin) call.release = *begin + *call.duration_s * 1000;
    }
    if (call.seizure) record.set_started_at_ms(*call.seizure);
    if (call.alerting) record.set_ringing_at_ms(*call.alerting);
    if (call.answer) record.set_answered_at_ms(*call.answer);
    if (call.release) record.set_ended_at_ms(*call.release);
    return Ok();
  }

  Status SetCallParties(Call& call, v1::CallRecord& record) {
    TB_RETURN_IF_ERROR(ReadNumber(Field::kServedMsisdn, served_));
    TB_RETURN_IF_ERROR(ReadNumber(Field::kCallingNumber, calling_));
    TB_RETURN_IF_ERROR(ReadNumber(Field::kCalledNumber, called_));
    TB_RETURN_IF_ERROR(ReadNumber(Field::kTranslatedNumber, translated_));
    TB_RETURN_IF_ERROR(ReadNumber(Field::kConnectedNumber, connected_));
    TB_RETURN_IF_ERROR(ReadNumber(Field::kOriginalCalledNumber, original_));
    TB_RETURN_IF_ERROR(ReadNumber(Field::kRedirectingNumber, redirecting_));
    for (auto* number : {&called_, &translated_, &connected_}) {
      if (number->present && roaming_.HasPrefixOf(number->digits())) number->present = false;
    }
    forwarded_ = IsForwarded(call);
    const auto set = [&record](const Number& number, PartyOf mutable_party) {
      SetParty(number, record, mutable_party);
    };
    set(connected_, &v1::CallRecord::mutable_connected);
    switch (shape_->map->kind) {
      case Kind::kMoCall:
      case Kind::kForwarding:
      case Kind::kHandover:
        set(Target(), &v1::CallRecord::mutable_called);
        if (forwarded_) {
          set(calling_, &v1::CallRecord::mutable_calling);
          set(original_.present ? original_ : served_, &v1::CallRecord::mutable_original_called);
          set(served_, &v1::CallRecord::mutable_redirecting);
        } else {
          set(served_.present ? served_ : calling_, &v1::CallRecord::mutable_calling);
          if (calling_.present) SetPresentation(calling_.bcd, *record.mutable_calling());
          if (call.services.clir)
            record.mutable_calling()->set_presentation(v1::Party::PRESENTATION_RESTRICTED);
        }
        break;
      case Kind::kMtCall:
      case Kind::kRoaming:
      case Kind::kNotACall:
        set(calling_, &v1::CallRecord::mutable_calling);
        set(served_, &v1::CallRecord::mutable_called);
        set(original_, &v1::CallRecord::mutable_original_called);
        set(redirecting_, &v1::CallRecord::mutable_redirecting);
        break;
      case Kind::kTermCamel:
        set(calling_, &v1::CallRecord::mutable_calling);
        set(served_.present ? served_ : called_, &v1::CallRecord::mutable_called);
        break;
      case Kind::kGateway:
      case Kind::kIms:
        set(calling_, &v1::CallRecord::mutable_calling);
        set(called_, &v1::CallRecord::mutable_called);
        break;
    }
    return Ok();
  }

  bool IsForwarded(const Call& call) const {
    if (shape_->map->kind == Kind::kForwarding) return true;
    if (shape_->map->kind != Kind::kMoCall) return false;
    if (call.services.forwarding) return true;
    return served_.present && calling_.present && calling_.bcd.digits.size != 0 &&
           !SameNumber(served_.digits(), calling_.digits());
  }

  // As dialled if that is a whole number, else what the switch made of it: a short code stands for
  // its translation, while a translation often has a routing prefix before the number.
  const Number& Target() const {
    if (!translated_.present) return called_;
    const bool whole = called_.present && (called_.bcd.type == 1 || called_.bcd.type == 2);
    return whole ? called_ : translated_;
  }

  void SetCallIds(v1::CallRecord& record) {
    if (const auto reference = Content(Field::kCallReference); !reference.empty()) {
      id_.clear();
      AppendHex(id_, reference.substr(0, kIdBytesMax / 2));
      record.set_call_id(id_);
    }
    if (BcdNumber switch_number; ReadBcdNumber(Content(Field::kRecordingEntity), switch_number)) {
      const auto digits = switch_number.digits.view();
      record.set_node(digits.data(), digits.size());
    }
    id_.clear();
    if (const auto icid = Content(Field::kIcid); !icid.empty()) {
      record.set_join_key(PrintableId(icid));
    } else if (const auto network = Content(Field::kNetworkCallReference); !network.empty()) {
      id_ = "ncr:";
      AppendHex(id_, network.substr(0, kKeyOctetsMax));
      id_.push_back('@');
      AppendHex(id_, Content(Field::kMscAddress).substr(0, kKeyOctetsMax));
      record.set_join_key(id_);
    } else if (const auto reference = Content(Field::kCallReference);
               reference.size() >= kCallReferenceMin) {
      id_ = "cr:";
      AppendHex(id_, reference.substr(0, kKeyOctetsMax));
      id_.push_back('@');
      AppendHex(id_, Content(Field::kRecordingEntity).substr(0, kKeyOctetsMax));
      record.set_join_key(id_);
    }
  }

  Status SetOutcome(const Call& call, v1::CallRecord& record) {
    if (call.answer) {
      const auto is_pilot = [this](const Number& number) {
        return number.present && pilots_.Has(number.digits());
      };
      if (is_pilot(called_) || is_pilot(translated_) || is_pilot(connected_))
        record.set_answered_by(v1::ANSWERED_BY_VOICEMAIL);
      if (call.duration_s) record.set_talk_ms(*call.duration_s * 1000);
    }
    TB_RETURN_IF_ERROR(ReadDiagnostics(record));
    // Normal clearing without an answer: the caller gave up, whyever the call had been forwarded.
    const bool gave_up =
        !call.answer && !record.causes().empty() && record.causes(0).value() == kNormalClearing;
    if (forwarded_ && !call.services.forward_cause.empty() && !gave_up)
      AddCause(v1::Cause::NAMESPACE_Q850, call.services.forward_cause, record);
    if (call.cause_for_term >= 0) AddCause(v1::Cause::NAMESPACE_3GPP, call.cause_for_term, record);
    record.set_partial_open(call.cause_for_term == kPartial ||
                            call.cause_for_term == kPartialReestablishment);
    const auto kind = shape_->map->kind;
    const bool called_leg = kind == Kind::kMtCall || kind == Kind::kRoaming;
    record.set_leg_only(kind == Kind::kHandover || (called_leg && call.services.forwarding));
    record.set_call_over(!record.partial_open() && !record.leg_only());
    return Ok();
  }

  // --- IMS records ---

  Status ReadIms(v1::CallRecord& record) {
    ImsSession session;
    session.node = NodeOf(shape_->map->choice);
    std::optional<std::int64_t> number;
    TB_RETURN_IF_ERROR(ReadInteger(Field::kRoleOfNode, number));
    if (number) {
      session.role = *number == 0   ? ImsRole::kOriginating
                     : *number == 1 ? ImsRole::kTerminating
                                    : ImsRole::kUnknown;
    }
    session.method = Content(Field::kSipMethod);
    session.from = Content(Field::kFromAddress);
    session.icid = Content(Field::kIcid);
    session.session_id = Content(Field::kSessionId);
    TB_RETURN_IF_ERROR(ReadImsParties(session));
    TB_RETURN_IF_ERROR(ReadImsTimes(session));
    number.reset();
    TB_RETURN_IF_ERROR(ReadInteger(Field::kRecordSequence, number));
    if (number && *number > 0 && *number <= UINT32_MAX)
      record.set_partial_number(static_cast<std::uint32_t>(*number));
    number.reset();
    TB_RETURN_IF_ERROR(ReadInteger(Field::kCauseForClosing, number));
    const auto closing = number;
    session.open = closing && *closing >= kTimeLimit && *closing <= kManagementIntervention;
    if (Has(Field::kReasonCode)) {
      // UTF8String with a number: a SIP status, or TS 32.299's Cause-Code.
      const auto text = Content(Field::kReasonCode);
      std::int64_t code = 0;
      const auto read = std::from_chars(text.data(), text.data() + text.size(), code);
      if (read.ec == std::errc() && read.ptr == text.data() + text.size()) session.code = code;
    }
    if (Has(Field::kReasonHeaders)) {
      TB_RETURN_IF_ERROR(ForEach(Content(Field::kReasonHeaders), [&](const BerElement& header) {
        session.AddReason(header.content);
        return Ok();
      }));
    }
    TB_RETURN_IF_ERROR(ReadIsupCause(record));
    FillFromIms(session, pilots_, record);
    if (closing && !record.not_a_call()) AddCause(v1::Cause::NAMESPACE_IMS, *closing, record);
    return Ok();
  }

  // InvolvedParty: CHOICE { sIP-URI [0], tEL-URI [1], uRN [2], iSDN-E164 [3], externalId [4] }, one
  // or a list of them.
  Status ReadParties(Field field, std::string_view& best) const {
    if (!Has(field)) return Ok();
    return ForEach(Content(field), [&](const BerElement& party) -> Status {
      if (party.constructed) return Bad(field, "is no address");
      if (party.tag != 2 && party.tag != 4) best = BetterParty(best, party.content);
      return Ok();
    });
  }

  Status ReadImsParties(ImsSession& session) const {
    TB_RETURN_IF_ERROR(ReadParties(Field::kCallingParties, session.calling));
    TB_RETURN_IF_ERROR(ReadParties(Field::kCalledParty, session.called));
    TB_RETURN_IF_ERROR(ReadParties(Field::kRequestedParty, session.requested));
    TB_RETURN_IF_ERROR(ReadParties(Field::kRequestedParties, session.requested));
    TB_RETURN_IF_ERROR(ReadParties(Field::kCalledAsserted, session.asserted));
    for (auto* target : {&session.called, &session.requested}) {
      if (roaming_.HasPrefixOf(UserOfUri(*target))) *target = {};
    }
    if (!Has(Field::kSubscriptions)) return Ok();
    // SET { subscriptionIDType [0] ENUMERATED, subscriptionIDData [1] UTF8String }
    return ForEach(Content(Field::kSubscriptions), [&](const BerElement& subscription) -> Status {
      std::optional<std::int64_t> type;
      std::string_view data;
      TB_RETURN_IF_ERROR(ForEach(subscription.content, [&](const BerElement& part) -> Status {
        if (part.Is(BerClass::kContext, 0)) type = BerInteger(part.content);
        if (part.Is(BerClass::kContext, 1)) data = part.content;
        return Ok();
      }));
      constexpr std::int64_t kEndUserE164 = 0;
      if (type == kEndUserE164 && session.subscription.empty()) session.subscription = data;
      return Ok();
    });
  }

  Status ReadImsTimes(ImsSession& session) const {
    const auto read = [&](Field field, Field fraction,
                          std::optional<std::int64_t>& time) -> Status {
      TB_RETURN_IF_ERROR(ReadTime(field, time));
      std::optional<std::int64_t> ms;
      if (fraction != Field::kNone) TB_RETURN_IF_ERROR(ReadInteger(fraction, ms));
      if (time && ms && *ms >= 0 && *ms < 1000) *time += *ms;
      return Ok();
    };
    std::optional<std::int64_t> opening;
    std::optional<std::int64_t> closure;
    TB_RETURN_IF_ERROR(read(Field::kRequestTime, Field::kRequestMs, session.started_at_ms));
    TB_RETURN_IF_ERROR(read(Field::kStartTime, Field::kStartMs, session.answered_at_ms));
    TB_RETURN_IF_ERROR(read(Field::kEndTime, Field::kEndMs, session.ended_at_ms));
    TB_RETURN_IF_ERROR(read(Field::kOpeningTime, Field::kNone, opening));
    TB_RETURN_IF_ERROR(read(Field::kClosureTime, Field::kNone, closure));
    if (!session.started_at_ms) session.started_at_ms = opening;
    // A closure time has no fraction; it isn't before what the record tells.
    if (!session.ended_at_ms && closure) {
      session.ended_at_ms = std::max(*closure, session.started_at_ms.value_or(*closure));
    }
    return Ok();
  }

  // SEQUENCE { iSUPCauseLocation [0] INTEGER, iSUPCauseValue [1] INTEGER, … }
  Status ReadIsupCause(v1::CallRecord& record) const {
    if (!Has(Field::kIsupCause)) return Ok();
    std::optional<std::int64_t> location;
    std::optional<std::int64_t> value;
    TB_RETURN_IF_ERROR(ForEach(Content(Field::kIsupCause), [&](const BerElement& part) -> Status {
      if (part.Is(BerClass::kContext, 0)) location = BerInteger(part.content);
      if (part.Is(BerClass::kContext, 1)) value = BerInteger(part.content);
      return Ok();
    }));
    if (value)
      AddCause(v1::Cause::NAMESPACE_Q850, *value, record, LocationOf(location.value_or(-1)));
    return Ok();
  }

  static constexpr std::size_t kKeyOctetsMax = 24;

  const ts32298::Profile* profile_;
  KnownNumbers pilots_;
  KnownNumbers roaming_;
  std::array<Shape, kChoiceMax + 1> shapes_;

  // Of the record that is being read.
  std::string_view value_;
  const Shape* shape_ = nullptr;
  std::array<std::string_view, static_cast<std::size_t>(Field::kFields)> contents_;
  Number served_, calling_, called_, translated_, connected_, original_, redirecting_;
  bool forwarded_ = false;
  std::string id_;
};

}  // namespace

Result<std::unique_ptr<Adapter>> NewTs32298(const FormatConfig& config) {
  const auto* profile = ts32298::FindProfile(config.profile);
  if (profile == nullptr) {
    std::string names;
    for (const auto& known : ts32298::Profiles())
      names.append(names.empty() ? "" : ", ").append(known.name);
    return FatalError("config_invalid", "profile \"" + config.profile + "\" is none of " + names);
  }
  TB_ASSIGN_OR_RETURN(auto pilots, KnownNumbers::Make("voicemail_pilots", config.voicemail_pilots));
  TB_ASSIGN_OR_RETURN(auto roaming,
                      KnownNumbers::Make("roaming_prefixes", config.roaming_prefixes));
  return std::unique_ptr<Adapter>(
      std::make_unique<Ts32298>(*profile, std::move(pilots), std::move(roaming)));
}

}  // namespace textback::cdr
