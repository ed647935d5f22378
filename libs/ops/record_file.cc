#include "ops/record_file.h"

#include <array>
#include <charconv>
#include <chrono>

#include "base/bytes.h"
#include "ops/json.h"

namespace textback::ops {
namespace {

constexpr std::array<std::pair<std::string_view, RecordFormat>, 3> kNames = {{
    {"protobuf", RecordFormat::kProtobuf},
    {"json", RecordFormat::kJson},
    {"asterisk_csv", RecordFormat::kAsteriskCsv},
}};

void AppendVarint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

void AppendPadded(std::string& out, std::int64_t value, std::size_t width) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  const auto size = static_cast<std::size_t>(end - digits.data());
  out.append(size < width ? width - size : 0, '0');
  out.append(digits.data(), size);
}

// "2026-03-29 01:30:00", in quotes.
void AppendTime(std::string& out, std::int64_t ms) {
  using std::chrono::floor;
  const std::chrono::sys_time<std::chrono::milliseconds> at{std::chrono::milliseconds(ms)};
  const auto day = floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::int64_t second = floor<std::chrono::seconds>(at - day).count();
  out.push_back('"');
  AppendPadded(out, static_cast<int>(date.year()), 4);
  out.push_back('-');
  AppendPadded(out, static_cast<unsigned>(date.month()), 2);
  out.push_back('-');
  AppendPadded(out, static_cast<unsigned>(date.day()), 2);
  out.push_back(' ');
  AppendPadded(out, second / 3600, 2);
  out.push_back(':');
  AppendPadded(out, second / 60 % 60, 2);
  out.push_back(':');
  AppendPadded(out, second % 60, 2);
  out.push_back('"');
}

void AppendQuoted(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out += "\",";
}

std::string_view DispositionOf(const v1::CallRecord& record) {
  if (record.has_answered_at_ms()) return "ANSWERED";
  // Not `? … : ""`: that would be a string of its own, gone before it is read.
  const std::string_view cause =
      record.causes_size() > 0 ? std::string_view(record.causes(0).value()) : std::string_view();
  return cause == "17" || cause == "20" || cause == "21" || cause == "486" ? "BUSY" : "NO ANSWER";
}

// The columns of AsteriskOptions::columns.
void AppendCsv(const v1::CallRecord& record, std::string& out) {
  const bool answered = record.has_answered_at_ms();
  const bool voicemail = record.answered_by() == v1::ANSWERED_BY_VOICEMAIL;
  const bool withheld = record.calling().presentation() == v1::Party::PRESENTATION_RESTRICTED;
  const std::int64_t started = record.started_at_ms();
  const std::int64_t ended = record.ended_at_ms();
  const std::string clid =
      withheld ? "\"Anonymous\" <anonymous>" : "<" + record.calling().number() + ">";
  AppendQuoted(out, "");  // accountcode
  AppendQuoted(out, withheld ? "anonymous" : record.calling().number());
  AppendQuoted(out, record.called().number());
  AppendQuoted(out, "from-trunk");
  AppendQuoted(out, clid);
  AppendQuoted(out, "PJSIP/trunk-" + record.record_id());
  AppendQuoted(out, voicemail ? "" : "PJSIP/desk-" + record.record_id());
  AppendQuoted(out, voicemail ? "VoiceMail" : "Dial");
  AppendQuoted(out, voicemail ? "100@default,u" : "PJSIP/desk,30");
  AppendTime(out, started);
  out.push_back(',');
  if (answered) AppendTime(out, record.answered_at_ms());
  out.push_back(',');
  AppendTime(out, ended);
  out.push_back(',');
  // Asterisk takes the difference of whole seconds.
  AppendPadded(out, ended / 1000 - started / 1000, 1);
  out.push_back(',');
  AppendPadded(out, answered ? ended / 1000 - record.answered_at_ms() / 1000 : 0, 1);
  out.push_back(',');
  AppendQuoted(out, DispositionOf(record));
  AppendQuoted(out, "DOCUMENTATION");
  AppendQuoted(out, record.call_over() ? record.call_id() : record.record_id());
  out += "\"\"";  // userfield
}

}  // namespace

std::optional<RecordFormat> FormatOfName(std::string_view name) {
  for (const auto& [word, format] : kNames) {
    if (word == name) return format;
  }
  return std::nullopt;
}

std::string_view NameOf(RecordFormat format) {
  return kNames[static_cast<std::size_t>(format)].first;
}

std::optional<RecordFormat> FormatOfFile(std::string_view path) {
  if (path.ends_with(".pb")) return RecordFormat::kProtobuf;
  if (path.ends_with(".json") || path.ends_with(".jsonl")) return RecordFormat::kJson;
  if (path.ends_with(".csv")) return RecordFormat::kAsteriskCsv;
  return std::nullopt;
}

void AppendRecord(RecordFormat format, const v1::CallRecord& record, std::string& out) {
  switch (format) {
    case RecordFormat::kProtobuf:
      record.AppendToString(&out);
      return;
    case RecordFormat::kJson:
      return AppendJson(out, record);
    case RecordFormat::kAsteriskCsv:
      return AppendCsv(record, out);
  }
  TB_UNREACHABLE();
}

void AppendToFile(RecordFormat format, const v1::CallRecord& record, std::string& out) {
  if (format == RecordFormat::kProtobuf) AppendVarint(out, record.ByteSizeLong());
  AppendRecord(format, record, out);
  if (format != RecordFormat::kProtobuf) out.push_back('\n');
}

Result<std::optional<std::string_view>> RecordFileReader::NextDelimited() {
  if (rest_.empty()) return std::optional<std::string_view>();
  ++number_;
  ByteReader reader(rest_);
  const auto size = reader.Varint();
  const auto value = size ? reader.Bytes(*size) : std::nullopt;
  if (!value) {
    return FatalError("file_damaged", "record " + std::to_string(number_) +
                                          " is cut, or the file isn't protobuf with a length "
                                          "before each record: check --format");
  }
  rest_ = reader.rest();
  return value;
}

Result<std::optional<std::string_view>> RecordFileReader::Next() {
  if (format_ == RecordFormat::kProtobuf) return NextDelimited();
  while (!rest_.empty()) {
    ++number_;
    const std::size_t newline = rest_.find('\n');
    auto line = rest_.substr(0, newline);
    rest_.remove_prefix(newline == std::string_view::npos ? rest_.size() : newline + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (!line.empty()) return std::optional(line);
  }
  return std::optional<std::string_view>();
}

}  // namespace textback::ops
