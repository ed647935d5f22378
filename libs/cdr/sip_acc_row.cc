#include "cdr/sip_acc_row.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "base/bytes.h"
#include "cdr/adapter.h"
#include "cdr/reasons.h"

namespace textback::cdr::sip {
namespace {

using simdjson::dom::element;

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
constexpr std::size_t kNumberBytes = 32;

// The names in the order of their lengths, and where each length begins: a look-up compares two or
// three names.
constexpr std::size_t kNameBytesMax = 19;
constexpr auto kByLength = [] {
  auto names = std::to_array(kNames);
  std::ranges::sort(names, {}, [](const Name& name) { return name.name.size(); });
  return names;
}();
constexpr auto kLengthFrom = [] {
  std::array<std::uint8_t, kNameBytesMax + 2> from{};
  for (const Name& name : kByLength) {
    for (std::size_t i = name.name.size() + 1; i < from.size(); ++i) ++from[i];
  }
  return from;
}();
static_assert(kByLength.back().name.size() == kNameBytesMax);

std::optional<Field> FieldOf(std::string_view name) {
  if (name.size() > kNameBytesMax) return std::nullopt;
  for (std::size_t i = kLengthFrom[name.size()]; i < kLengthFrom[name.size() + 1]; ++i) {
    if (kByLength[i].name == name) return kByLength[i].field;
  }
  return std::nullopt;
}

// A string as it is; a number as text, kept in `numbers`, whose capacity suffices; null: empty.
Result<std::string_view> TextOf(std::string_view key, const element& value, std::string& numbers) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return Trimmed(text);
  if (value.is_null()) return std::string_view();
  std::array<char, kNumberBytes> buffer;
  char* const last = buffer.data() + buffer.size();
  std::int64_t whole = 0;
  double number = 0;
  std::to_chars_result written{};
  if (value.get(whole) == simdjson::SUCCESS) {
    written = std::to_chars(buffer.data(), last, whole);
  } else if (value.get(number) == simdjson::SUCCESS && number > -1e12 && number < 1e12) {
    written = std::to_chars(buffer.data(), last, number, std::chars_format::fixed, 6);
  } else {
    return DeadLetterError(reasons::kJsonBadValue,
                           "\"" + std::string(key) + "\" must be a string or a number");
  }
  const std::size_t from = numbers.size();
  const auto size = static_cast<std::size_t>(written.ptr - buffer.data());
  if (from + size > numbers.capacity())
    return DeadLetterError(reasons::kJsonBadValue, "more numbers than a record has fields");
  numbers.append(buffer.data(), size);
  return std::string_view(numbers).substr(from);
}

}  // namespace

std::string_view NameOf(Field field) {
  return std::ranges::find(kNames, field, &Name::field)->name;
}

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
    const auto name = Trimmed(text.substr(0, comma));
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

struct RowReader::Parser {
  simdjson::dom::parser json{kValueBytesMax};
};

RowReader::RowReader(Profile profile)
    : profile_(std::move(profile)), parser_(std::make_unique<Parser>()) {}
RowReader::~RowReader() = default;

Status RowReader::Read(std::string_view piece) {
  row_.Clear();
  row_.kind = profile_.kind.value_or(RowKind::kTransaction);
  if (piece.front() == '{') return ReadJson(piece);
  if (!IsUtf8(piece)) return DeadLetterError(reasons::kInvalidUtf8, "the line is not UTF-8");
  constexpr std::string_view kMark = "ACC: ";
  // acc_json to syslog: a document after the log's own words.
  if (const auto brace = piece.find("{\"");
      brace != std::string_view::npos && piece.back() == '}' &&
      piece.find_first_of("|\"") > brace && piece.find(kMark) > brace) {
    return ReadJson(piece.substr(brace));
  }
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

Status RowReader::ReadJson(std::string_view text) {
  element root;
  const auto error =
      parser_->json.parse(text.data(), text.size(), /*realloc_if_needed=*/true).get(root);
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
    TB_ASSIGN_OR_RETURN(const auto text_of_it, TextOf(key, value, numbers_));
    row_.Set(*field, text_of_it);
  }
  if (event.empty()) event = row_[kEvent];
  return ReadEvent(event);
}

// OpenSIPS acc README 1.9: E_ACC_*; CGRateS's Kamailio route: CGR_CALL_END.
Status RowReader::ReadEvent(std::string_view event) {
  if (event.empty() || event == "E_ACC_EVENT") return Ok();
  if (event == "E_ACC_CDR" || event == "CGR_CALL_END") {
    row_.kind = RowKind::kCdr;
    return Ok();
  }
  if (event == "E_ACC_MISSED_EVENT") {
    row_.kind = profile_.kind.value_or(RowKind::kMissed);
    return Ok();
  }
  return DeadLetterError(reasons::kRecordType, "event \"" + std::string(event.substr(0, 40)) +
                                                   "\" is not about an ended transaction or call");
}

// --- syslog

// "transaction answered: timestamp=…;method=INVITE;…". acc escapes nothing: what follows a
// header-like value and isn't a known name, or comes again, belongs to that value.
Status RowReader::ReadSyslog(std::string_view text) {
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
    if (open) row_.Set(*open, Trimmed({value_from, static_cast<std::size_t>(end - value_from)}));
  };
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t end = std::min(text.find(';', at), text.size());
    const auto piece = text.substr(at, end - at);
    const auto equals = piece.find('=');
    const auto name = Trimmed(piece.substr(0, equals));
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

Status RowReader::ReadColumns(std::string_view line, char separator) {
  unquoted_.clear();
  unquoted_.reserve(line.size());  // views into it stay
  std::size_t column = 0;
  std::size_t at = 0;
  while (true) {
    std::string_view value;
    if (at < line.size() && line[at] == '"' && separator == ',') {
      TB_ASSIGN_OR_RETURN(value, Quoted(line, at, column));
    }
    const std::size_t end = std::min(line.find(separator, at), line.size());
    if (value.empty()) value = line.substr(at, end - at);
    if (column < profile_.columns.size() && profile_.columns[column])
      row_.Set(*profile_.columns[column], Trimmed(value));
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

// RFC 4180: "" is one quote.
Result<std::string_view> RowReader::Quoted(std::string_view line, std::size_t& at,
                                           std::size_t column) {
  const std::size_t from = unquoted_.size();
  while (true) {
    const std::size_t quote = line.find('"', at + 1);
    if (quote == std::string_view::npos) {
      return DeadLetterError(reasons::kCsvUnfinished,
                             "the line ends inside a quoted field, column " +
                                 std::to_string(column + 1) + ": it was cut");
    }
    unquoted_.append(line.substr(at + 1, quote - at - 1));
    at = quote + 1;
    if (at >= line.size() || line[at] != '"') return std::string_view(unquoted_).substr(from);
    unquoted_.push_back('"');
  }
}

}  // namespace textback::cdr::sip
