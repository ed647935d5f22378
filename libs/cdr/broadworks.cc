#include "cdr/broadworks.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.h"
#include "base/bytes.h"
#include "cdr/local_time.h"
#include "cdr/reasons.h"
#include "cdr/xml.h"
#include "text/ucs2.h"

namespace textback::cdr {
namespace {

enum Field : std::size_t {
  kAnswerIndicator,
  kAnswerTime,
  kCalledNumber,
  kCallingNumber,
  kCallingPresentation,
  kDate,
  kDirection,
  kEventCounter,
  kLocalCallId,
  kNetworkCallId,
  kOriginalCalledNumber,
  kRedirectingNumber,
  kRelatedCallId,
  kRelatedCallIdReason,
  kReleaseTime,
  kReleasingParty,
  kStartTime,
  kSystemId,
  kTerminationCause,
  kType,
  kUserNumber,
  kFields
};

// In the order of Field.
constexpr std::array<std::string_view, kFields> kNames = {
    "answerIndicator",
    "answerTime",
    "calledNumber",
    "callingNumber",
    "callingPresentationIndicator",
    "date",
    "direction",
    "eventCounter",
    "localCallId",
    "networkCallID",
    "originalCalledNumber",
    "redirectingNumber",
    "relatedCallId",
    "relatedCallIdReason",
    "releaseTime",
    "releasingParty",
    "startTime",
    "systemId",
    "terminationCause",
    "type",
    "userNumber",
};

// kFields: none of them. Lengths tell nearly all apart.
std::size_t FieldOf(std::string_view name) {
  for (std::size_t i = 0; i < kFields; ++i) {
    if (kNames[i].size() == name.size() && kNames[i] == name) return i;
  }
  return kFields;
}

constexpr std::size_t kFieldBytesMax = 1024;
constexpr std::int64_t kDayMs = 86'400'000;

// "<!DOCTYPE broadWorksCDR>" says nothing that a reader needs; the XML reader refuses all of them,
// since others define entities. What stands before it is the declaration.
std::string_view WithoutDoctype(std::string_view document) {
  constexpr std::string_view kDoctype = "<!DOCTYPE broadWorksCDR>";
  if (document.starts_with("<cdrData")) return document;  // the usual value
  const auto root = document.find("<broadWorksCDR");
  const auto at = document.find(kDoctype);
  return at != std::string_view::npos && at < root ? document.substr(at + kDoctype.size())
                                                   : document;
}

// "20160419210006.813", UTC.
std::optional<std::int64_t> ReadTime(const LocalTime& utc, std::string_view text) {
  if (text.size() < 14) return std::nullopt;
  // As LocalTime reads it: "2016-04-19 21:00:06.813".
  constexpr std::string_view kBetween = "-- ::";  // after the year, month, day, hour and minute
  std::array<char, 32> iso;
  std::size_t size = 0;
  for (std::size_t i = 0; i < 14; ++i) {
    if (i >= 4 && i % 2 == 0) iso[size++] = kBetween[i / 2 - 2];
    iso[size++] = text[i];
  }
  const auto rest = text.substr(14, 7);
  if (rest.size() != text.size() - 14) return std::nullopt;
  for (const char c : rest) iso[size++] = c;
  const auto read = utc.Read({iso.data(), size});
  if (!read) return std::nullopt;
  return read->early;
}

v1::Party::Presentation PresentationOf(std::string_view word) {
  // Anonymous-Name hides the name alone.
  if (IsOneOf(word, {"Public", "Public-Network-Provided", "Anonymous-Name"}))
    return v1::Party::PRESENTATION_ALLOWED;
  if (IsOneOf(word, {"Anonymous", "Anonymous-URI", "Anonymous-Unavailable"}))
    return v1::Party::PRESENTATION_RESTRICTED;
  if (SameWord(word, "Unavailable")) return v1::Party::PRESENTATION_UNAVAILABLE;
  return v1::Party::PRESENTATION_UNSPECIFIED;
}

// A half that was offered to one of several: what became of it isn't what became of the call.
bool IsOffer(std::string_view reason) {
  return IsOneOf(reason, {"Hunt Group", "Call Center", "Call Queue", "Simultaneous Ring Personal",
                          "Simultaneous Ring", "Sequential Ring", "Shared Call Appearance",
                          "BroadWorks Anywhere", "Route Point"});
}

class Broadworks final : public Adapter {
 public:
  explicit Broadworks(LocalTime utc) : utc_(std::move(utc)) {}

  void Decode(std::string_view value, const ValueContext& /*context*/, Decoded& out) override {
    XmlReader reader(WithoutDoctype(value));
    bool root_seen = false;
    std::size_t records = 0;
    while (true) {
      auto event = reader.Next();
      if (!event) return out.Reject(std::move(event).error(), value);
      if (*event == XmlEvent::kDone) return;
      if (*event != XmlEvent::kStart) continue;
      if (reader.name() == "cdrData") {
        if (++records > kRecordsPerValueMax) {
          return out.Reject(DeadLetterError(reasons::kTooManyRecords,
                                            "more than " + std::to_string(kRecordsPerValueMax) +
                                                " cdrData in one value"),
                            value);
        }
        auto status = ReadFields(reader);
        if (!status) return out.Reject(std::move(status).error(), value);
        Emit(value, out);
      } else if (root_seen || reader.name() != "broadWorksCDR") {
        return out.Reject(DeadLetterError(reasons::kXmlBadValue,
                                          "expected broadWorksCDR with cdrData in it, not \"" +
                                              std::string(reader.name().substr(0, 64)) + "\""),
                          value);
      }
      root_seen = true;
    }
  }

 private:
  // To the end of the cdrData that has just started.
  Status ReadFields(XmlReader& reader) {
    for (auto& field : fields_) field.clear();
    const std::size_t outside = reader.depth() - 1;
    std::size_t current = kFields;  // the element whose text comes; kFields: none of ours
    while (true) {
      TB_ASSIGN_OR_RETURN(const auto event, reader.Next());
      switch (event) {
        case XmlEvent::kStart: {
          // A field stands once; a later one of its name is a service's own detail.
          current = FieldOf(reader.name());
          if (current != kFields && !fields_[current].empty()) current = kFields;
          break;
        }
        case XmlEvent::kText:
          if (current == kFields) break;
          if (reader.is_cdata()) {
            fields_[current].append(reader.text());
          } else {
            AppendXmlText(reader.text(), fields_[current]);
          }
          if (fields_[current].size() > kFieldBytesMax)
            return DeadLetterError(reasons::kFieldTooLong,
                                   std::string(kNames[current]) + " has more than " +
                                       std::to_string(kFieldBytesMax) + " bytes");
          break;
        case XmlEvent::kEnd:
          current = kFields;
          if (reader.depth() == outside) {
            for (auto& field : fields_) Tidy(field);
            return Ok();
          }
          break;
        case XmlEvent::kDone:
          return Ok();
      }
    }
  }

  static void Tidy(std::string& text) {
    constexpr std::string_view kSpace = " \t\r\n";
    text.erase(text.find_last_not_of(kSpace) + 1);
    text.erase(0, text.find_first_not_of(kSpace));
    if (!IsUtf8(text)) text = text::DecodeLatin1(text);
  }

  const std::string& Get(Field field) const { return fields_[field]; }

  void Emit(std::string_view bytes, Decoded& out) {
    const auto& type = Get(kType);
    if (IsOneOf(type, {"Start", "End"})) return;  // of the file or the server
    auto& record = out.Add(bytes);
    if (auto status = Fill(type, record); !status) {
      out.DropLast();
      auto error = std::move(status).error();
      error.message += " (eventCounter " + Get(kEventCounter).substr(0, 32) + ")";
      out.Reject(std::move(error), bytes);
    }
  }

  Status Fill(std::string_view type, v1::CallRecord& record) const {
    if (!IsOneOf(type, {"Normal", "Long Duration", "Failover", "Interim"})) {
      return DeadLetterError(reasons::kRecordType,
                             "type \"" + std::string(type.substr(0, 40)) +
                                 "\" is none of Normal, Long Duration, Failover, Start, End");
    }
    if (Get(kEventCounter).empty() || Get(kSystemId).empty())
      return DeadLetterError(reasons::kFieldMissing, "recordId has no eventCounter or systemId");
    record.set_record_id(Get(kEventCounter) + "@" + Get(kSystemId) + ":" + Get(kDate));
    record.set_call_id(Get(kNetworkCallId));
    record.set_leg_id(Get(kLocalCallId));
    record.set_join_key(Get(kRelatedCallId).empty() ? Get(kLocalCallId) : Get(kRelatedCallId));
    FillParties(record);
    TB_RETURN_IF_ERROR(FillOutcome(record));
    FillCause(record);
    if (IsOneOf(type, {"Long Duration", "Interim"})) {
      record.set_partial_open(true);
    } else if (SameWord(type, "Failover") && !record.has_ended_at_ms()) {
      record.set_leg_only(true);  // how it ended is lost
    } else if (!Get(kRelatedCallId).empty() && IsOffer(Get(kRelatedCallIdReason))) {
      record.set_leg_only(true);
    } else if (!IsForwardingHalf()) {
      record.set_call_over(true);
    }
    return Ok();
  }

  bool IsForwardingHalf() const {
    return SameWord(Get(kDirection), "Originating") && !Get(kRedirectingNumber).empty();
  }

  void FillParties(v1::CallRecord& record) const {
    if (!IsForwardingHalf()) {
      if (SameWord(Get(kDirection), "Originating")) record.set_direction(v1::DIRECTION_OUTBOUND);
      if (SameWord(Get(kDirection), "Terminating")) record.set_direction(v1::DIRECTION_INBOUND);
    } else {
      record.set_direction(v1::DIRECTION_INBOUND);
    }
    auto& calling = *record.mutable_calling();
    calling.set_number(Get(kCallingNumber));
    calling.set_presentation(PresentationOf(Get(kCallingPresentation)));
    const auto& called = Get(kCalledNumber).empty() ? Get(kUserNumber) : Get(kCalledNumber);
    if (!called.empty()) record.mutable_called()->set_number(called);
    if (!Get(kRedirectingNumber).empty())
      record.mutable_redirecting()->set_number(Get(kRedirectingNumber));
    if (!Get(kOriginalCalledNumber).empty()) {
      record.mutable_original_called()->set_number(Get(kOriginalCalledNumber));
    } else if (IsForwardingHalf()) {
      record.mutable_original_called()->set_number(Get(kRedirectingNumber));
    }
  }

  Status FillOutcome(v1::CallRecord& record) const {
    TB_ASSIGN_OR_RETURN(const auto start, Time(kStartTime));
    TB_ASSIGN_OR_RETURN(const auto answer, Time(kAnswerTime));
    TB_ASSIGN_OR_RETURN(const auto release, Time(kReleaseTime));
    if (start) record.set_started_at_ms(*start);
    if (release) record.set_ended_at_ms(*release);
    const auto& indicator = Get(kAnswerIndicator);
    if (IsOneOf(indicator, {"Yes", "Yes-PostRedirection"})) {
      record.set_answered_by(v1::ANSWERED_BY_UNKNOWN);
      if (answer) record.set_answered_at_ms(*answer);
      if (answer && release && *release >= *answer) record.set_talk_ms(*release - *answer);
      if (Get(kRelatedCallIdReason).starts_with("Voice Mail"))
        record.set_answered_by(v1::ANSWERED_BY_VOICEMAIL);
    } else if (!IsOneOf(indicator, {"No", ""})) {
      return Bad(kAnswerIndicator, "must be Yes, Yes-PostRedirection or No");
    }
    return Ok();
  }

  void FillCause(v1::CallRecord& record) const {
    const auto& cause = Get(kTerminationCause);
    if (cause.empty()) return;
    int number = 0;
    const auto [end, error] = std::from_chars(cause.data(), cause.data() + cause.size(), number);
    const bool q850 =
        error == std::errc() && end == cause.data() + cause.size() && number > 0 && number < 128;
    auto& added = *record.add_causes();
    added.set_namespace_(q850 ? v1::Cause::NAMESPACE_Q850 : v1::Cause::NAMESPACE_PROVIDER);
    added.set_value(q850 ? cause : "broadworks/" + cause);
    // releasingParty: local is the user whose record it is.
    if (SameWord(Get(kReleasingParty), "local")) added.set_location(v1::Cause::LOCATION_USER);
    record.set_reason_text("terminationCause " + cause);
    if (!Get(kReleasingParty).empty())
      record.mutable_reason_text()->append(", released by ").append(Get(kReleasingParty));
  }

  Result<std::optional<std::int64_t>> Time(Field field) const {
    if (Get(field).empty()) return std::optional<std::int64_t>();
    const auto ms = ReadTime(utc_, Get(field));
    if (!ms) return Bad(field, "must be a time such as 20160419210006.813");
    if (*ms < kDayMs) return std::optional<std::int64_t>();
    return ms;
  }

  Error Bad(Field field, std::string_view expected) const {
    return DeadLetterError(reasons::kXmlBadValue, std::string(kNames[field]) + " " +
                                                      std::string(expected) + ", not \"" +
                                                      Get(field).substr(0, 40) + "\"");
  }

  LocalTime utc_;
  std::array<std::string, kFields> fields_;
};

}  // namespace

std::unique_ptr<Adapter> NewBroadworks() {
  auto utc = LocalTime::Make("UTC");
  TB_ASSERT(utc.has_value());  // tzdata is a dependency of the program
  return std::make_unique<Broadworks>(std::move(utc).value());
}

}  // namespace textback::cdr
