#include "cdr/sip_acc.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/bytes.h"
#include "base/hash.h"
#include "cdr/framing.h"
#include "cdr/local_time.h"
#include "cdr/normalise.h"
#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

using simdjson::dom::element;

enum Field : std::size_t {
  kMethod,
  kFromTag,
  kToTag,
  kCallId,
  kCode,
  kReason,
  kTime,
  kAt,
  kInviteAt,
  kRingingAt,
  kSrcUser,
  kDstOuser,
  kDstUser,
  kPai,
  kPrivacy,
  kDiversion,
  kReasonHeader,
  kAnsweredBy,
  kCreated,
  kSetupTime,
  kCallStart,
  kDuration,
  kMsDuration,
  kAnswerTime,
  kEvent,
  kFields
};

struct Name {
  std::string_view name;
  Field field;
};

// acc's own names (acc README 6.21-6.27 and its syslog's), our extras, CGRateS's evapi names.
constexpr Name kNames[] = {
    {"method", kMethod},
    {"from_tag", kFromTag},
    {"to_tag", kToTag},
    {"callid", kCallId},
    {"call_id", kCallId},
    {"sip_code", kCode},
    {"code", kCode},
    {"sip_reason", kReason},
    {"reason", kReason},
    {"time", kTime},
    {"timestamp", kTime},
    {"at", kAt},
    {"invite_at", kInviteAt},
    {"ringing_at", kRingingAt},
    {"src_user", kSrcUser},
    {"dst_ouser", kDstOuser},
    {"dst_user", kDstUser},
    {"pai", kPai},
    {"privacy", kPrivacy},
    {"diversion", kDiversion},
    {"reason_hdr", kReasonHeader},
    {"answered_by", kAnsweredBy},
    {"created", kCreated},
    {"setuptime", kSetupTime},
    {"call_start_time", kCallStart},
    {"duration", kDuration},
    {"ms_duration", kMsDuration},
    {"cgr_answertime", kAnswerTime},
    {"cgr_duration", kDuration},
    {"cgr_account", kSrcUser},
    {"cgr_destination", kDstUser},
    {"cgr_disconnectcause", kCode},
    {"event", kEvent},
};

constexpr std::array kDefaultColumns = {kMethod, kFromTag, kToTag, kCallId, kCode, kReason, kTime};
constexpr std::size_t kColumnsMax = 64;
constexpr std::size_t kJoinKeyPlainMax = 120;
constexpr std::int64_t kDurationMaxMs = std::int64_t{100'000'000} * 1'000;

std::optional<Field> FieldOf(std::string_view name) {
  const auto* found = std::ranges::find(kNames, name, &Name::name);
  if (found == std::end(kNames)) return std::nullopt;
  return found->field;
}

constexpr char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool SameWord(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::ranges::equal(a, b, {}, Lower, Lower);
}

bool IsOneOf(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [word](std::string_view w) { return SameWord(word, w); });
}

std::string_view Trim(std::string_view text) {
  const auto from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

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
  return Trim(text.substr(0, text.find_first_of("@;")));
}

// What a row's form says of its place in the call.
enum class RowKind : std::uint8_t { kTransaction, kMissed, kCdr };

class Row {
 public:
  void Clear() { values_.fill({}); }
  std::string_view operator[](Field field) const { return values_[field]; }
  bool Has(Field field) const { return !values_[field].empty(); }
  // acc writes words for a variable that is not set.
  void Set(Field field, std::string_view value) {
    values_[field] = value == "<null>" || value == "n/a" ? std::string_view() : value;
  }

  RowKind kind = RowKind::kTransaction;

 private:
  std::array<std::string_view, kFields> values_;
};

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
      const auto part = Trim(header.substr(from, at - from));
      const auto equals = part.find('=');
      const auto name = Trim(part.substr(0, equals));
      if (first) {
        value.protocol = name;
      } else if (equals != std::string_view::npos) {
        if (SameWord(name, "cause")) value.cause = Trim(part.substr(equals + 1));
        if (SameWord(name, "location")) value.location = Trim(part.substr(equals + 1));
      }
      first = false;
      from = at + 1;
      if (end || c == ',') break;
    }
    header.remove_prefix(std::min(at + 1, header.size()));
    each(value);
  }
}

struct Profile {
  std::optional<RowKind> kind;  // of rows whose form leaves it open, and of missed rows
  std::vector<std::optional<Field>> columns;
};

Result<Profile> ReadProfile(std::string_view text) {
  Profile profile;
  if (const auto colon = text.find(':');
      colon != std::string_view::npos || text == "missed" || text == "final") {
    const auto word = text.substr(0, colon);
    if (word != "missed" && word != "final") {
      return FatalError("config_invalid", "profile: \"" + std::string(word) +
                                              "\" before the colon must be missed or final");
    }
    profile.kind = word == "missed" ? RowKind::kMissed : RowKind::kTransaction;
    text = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  }
  if (text.empty()) {
    profile.columns.assign(kDefaultColumns.begin(), kDefaultColumns.end());
    return profile;
  }
  while (true) {
    const auto comma = text.find(',');
    const auto name = Trim(text.substr(0, comma));
    if (name == "-") {
      profile.columns.emplace_back();
    } else {
      const auto field = FieldOf(name);
      if (!field) {
        return FatalError("config_invalid", "profile: \"" + std::string(name) +
                                                "\" is no column: see docs/sources/kamailio.md, "
                                                "or - to skip one");
      }
      if (std::ranges::find(profile.columns, field) != profile.columns.end())
        return FatalError("config_invalid", "profile: \"" + std::string(name) + "\" stands twice");
      profile.columns.push_back(field);
    }
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  if (profile.columns.size() > kColumnsMax) {
    return FatalError("config_invalid",
                      "profile: at most " + std::to_string(kColumnsMax) + " columns are allowed");
  }
  for (const Field needed : {kMethod, kCallId, kCode, kTime}) {
    if (std::ranges::find(profile.columns, std::optional(needed)) == profile.columns.end() &&
        !(needed == kTime &&
          std::ranges::find(profile.columns, std::optional(kAt)) != profile.columns.end())) {
      return FatalError("config_invalid",
                        "profile: the columns method, callid, sip_code and time "
                        "(or at) are needed");
    }
  }
  return profile;
}

class SipAcc final : public Adapter {
 public:
  SipAcc(LocalTime time, Profile profile)
      : time_(std::move(time)), profile_(std::move(profile)), parser_(kValueBytesMax) {}

  void Decode(std::string_view value, const ValueContext& /*context*/, Decoded& out) override {
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
    row_.Clear();
    row_.kind = profile_.kind.value_or(RowKind::kTransaction);
    auto status = ReadRow(piece);
    if (status) status = Fill(record);
    if (status) return;
    out.DropLast();
    out.Reject(std::move(status).error(), piece);
  }

  Status ReadRow(std::string_view piece) {
    if (piece.front() == '{') return ReadJson(piece);
    if (!IsUtf8(piece)) return DeadLetterError(reasons::kInvalidUtf8, "the line is not UTF-8");
    constexpr std::string_view kMark = "ACC: ";
    const auto columns = piece.front() == '"' ? std::string_view::npos : piece.find('|');
    if (const auto mark = piece.find(kMark); mark != std::string_view::npos && mark < columns)
      return ReadSyslog(piece.substr(mark + kMark.size()));
    if (columns != std::string_view::npos) return ReadColumns(piece, '|');
    if (piece.front() == '"' || piece.find(',') != std::string_view::npos)
      return ReadColumns(piece, ',');
    return DeadLetterError(reasons::kTextMalformed,
                           "the line is no accounting record: neither JSON, nor \"ACC: \" with "
                           "fields, nor columns");
  }

  // --- JSON

  Status ReadJson(std::string_view text) {
    element root;
    const auto error =
        parser_.parse(text.data(), text.size(), /*realloc_if_needed=*/true).get(root);
    if (error == simdjson::UTF8_ERROR)
      return DeadLetterError(reasons::kInvalidUtf8, "the JSON is not UTF-8");
    simdjson::dom::object object;
    if (error != simdjson::SUCCESS || root.get(object) != simdjson::SUCCESS) {
      return DeadLetterError(reasons::kJsonMalformed,
                             std::string("not JSON: ") + simdjson::error_message(error));
    }
    std::string_view event;
    simdjson::dom::object params;
    if (object["params"].get(params) == simdjson::SUCCESS) {
      if (object["method"].get(event) != simdjson::SUCCESS)
        return DeadLetterError(reasons::kJsonBadValue, "\"method\" must be a string");
      object = params;
    }
    numbers_.clear();
    numbers_.reserve(kFields * kNumberBytes);  // views into it stay
    for (const auto [key, value] : object) {
      const auto field = FieldOf(key);
      if (!field) continue;
      if (row_.Has(*field)) {
        return DeadLetterError(reasons::kJsonDuplicateField,
                               "\"" + std::string(key) + "\" says again what is said already");
      }
      TB_RETURN_IF_ERROR(SetJson(key, *field, value));
    }
    if (event.empty()) event = row_[kEvent];
    return ReadEvent(event);
  }

  Status SetJson(std::string_view key, Field field, const element& value) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) {
      row_.Set(field, Trim(text));
      return Ok();
    }
    if (value.is_null()) return Ok();
    std::array<char, kNumberBytes> buffer;
    std::int64_t whole = 0;
    double number = 0;
    std::to_chars_result written{};
    if (value.get(whole) == simdjson::SUCCESS) {
      written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), whole);
    } else if (value.get(number) == simdjson::SUCCESS && number > -1e12 && number < 1e12) {
      written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                              std::chars_format::fixed, 6);
    } else {
      return DeadLetterError(reasons::kJsonBadValue,
                             "\"" + std::string(key) + "\" must be a string or a number");
    }
    const std::size_t size = static_cast<std::size_t>(written.ptr - buffer.data());
    if (numbers_.size() + size > numbers_.capacity())
      return DeadLetterError(reasons::kJsonBadValue, "too many numbers");
    const std::size_t from = numbers_.size();
    numbers_.append(buffer.data(), size);
    row_.Set(field, std::string_view(numbers_).substr(from));
    return Ok();
  }

  // OpenSIPS acc README 1.9: E_ACC_*; CGRateS's Kamailio route: CGR_CALL_END.
  Status ReadEvent(std::string_view event) {
    if (event.empty() || event == "E_ACC_EVENT") return Ok();
    if (event == "E_ACC_CDR" || event == "CGR_CALL_END") {
      row_.kind = RowKind::kCdr;
      return Ok();
    }
    if (event == "E_ACC_MISSED_EVENT") {
      row_.kind = profile_.kind.value_or(RowKind::kMissed);
      return Ok();
    }
    return DeadLetterError(reasons::kRecordType,
                           "event \"" + std::string(event.substr(0, 40)) +
                               "\" is not about an ended transaction or call");
  }

  // --- syslog

  // "transaction answered: timestamp=…;method=INVITE;…". acc escapes nothing: what follows a
  // header-like value and isn't a known name, or comes again, belongs to that value.
  Status ReadSyslog(std::string_view text) {
    const auto colon = text.find(": ");
    if (colon == std::string_view::npos) {
      return DeadLetterError(reasons::kTextMalformed,
                             "after \"ACC: \" there must be what happened and a colon");
    }
    const auto comment = text.substr(0, colon);
    if (SameWord(comment, "call missed")) {
      row_.kind = profile_.kind.value_or(RowKind::kMissed);
    } else if (SameWord(comment, "call ended") || SameWord(comment, "cdr")) {
      row_.kind = RowKind::kCdr;
    }
    text.remove_prefix(colon + 2);
    std::optional<Field> open;
    const char* value_from = nullptr;
    const auto close = [&](const char* end) {
      if (open) row_.Set(*open, Trim({value_from, static_cast<std::size_t>(end - value_from)}));
    };
    std::size_t at = 0;
    while (at <= text.size()) {
      const std::size_t end = std::min(text.find(';', at), text.size());
      const auto piece = text.substr(at, end - at);
      const auto equals = piece.find('=');
      const auto name = Trim(piece.substr(0, equals));
      const bool in_header = open && (*open == kReasonHeader || *open == kDiversion ||
                                      *open == kPai || *open == kReason);
      const auto field = equals == std::string_view::npos ? std::nullopt : FieldOf(name);
      const bool again = field && (row_.Has(*field) || field == open);
      const bool starts = equals != std::string_view::npos && !again && (field || !in_header);
      if (starts) {
        close(text.data() + at - (at > 0 ? 1 : 0));
        open = field;
        value_from = piece.data() + equals + 1;
      }
      at = end + 1;
    }
    close(text.data() + text.size());
    if (row_.Has(kReason) && row_[kReason].ends_with(';'))
      row_.Set(kReason, row_[kReason].substr(0, row_[kReason].size() - 1));
    return Ok();
  }

  // --- columns

  Status ReadColumns(std::string_view line, char separator) {
    unquoted_.clear();
    unquoted_.reserve(line.size());  // views into it stay
    std::size_t column = 0;
    std::size_t at = 0;
    while (true) {
      std::string_view value;
      if (at < line.size() && line[at] == '"' && separator == ',') {
        const std::size_t from = unquoted_.size();
        while (true) {
          const std::size_t quote = line.find('"', at + 1);
          if (quote == std::string_view::npos) {
            return DeadLetterError(reasons::kCsvUnfinished,
                                   "the line ends inside a quoted field, "
                                   "column " +
                                       std::to_string(column + 1) + ": it was cut");
          }
          unquoted_.append(line.substr(at + 1, quote - at - 1));
          at = quote + 1;
          if (at >= line.size() || line[at] != '"') break;
          unquoted_.push_back('"');
        }
        value = std::string_view(unquoted_).substr(from);
      }
      const std::size_t end = std::min(line.find(separator, at), line.size());
      if (value.empty()) value = line.substr(at, end - at);
      if (column < profile_.columns.size() && profile_.columns[column])
        row_.Set(*profile_.columns[column], Trim(value));
      ++column;
      if (end == line.size()) break;
      at = end + 1;
    }
    if (column != profile_.columns.size()) {
      return DeadLetterError(reasons::kCsvColumns, "the line has " + std::to_string(column) +
                                                       " columns, the profile " +
                                                       std::to_string(profile_.columns.size()));
    }
    return Ok();
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
      if (IsOneOf(Trim(privacy.substr(0, end)), {"id", "user", "header", "full"}))
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
    if (code == 408 && !KnowsRinging(record))
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
    if (!KnowsRinging(record)) AddCause(v1::Cause::NAMESPACE_TEXTBACK, "abandoned", {}, record);
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
    const auto* name = std::ranges::find(kNames, field, &Name::field);
    return DeadLetterError(reasons::kTextBadValue,
                           "field " + std::string(name->name) + " " + std::string(expected) +
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

  static constexpr std::size_t kNumberBytes = 32;

  LocalTime time_;
  Profile profile_;
  simdjson::dom::parser parser_;
  Row row_;
  std::string numbers_;
  std::string unquoted_;
};

}  // namespace

Result<std::unique_ptr<Adapter>> NewSipAcc(const FormatConfig& config) {
  TB_ASSIGN_OR_RETURN(auto time, LocalTime::Make(config.zone));
  TB_ASSIGN_OR_RETURN(auto profile, ReadProfile(config.profile));
  return std::unique_ptr<Adapter>(std::make_unique<SipAcc>(std::move(time), std::move(profile)));
}

}  // namespace textback::cdr
