#include <array>

#include "base/bytes.h"
#include "cdr/cause_table.h"
#include "cdr/freeswitch_adapters.h"
#include "cdr/local_time.h"
#include "cdr/normalise.h"
#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

// The template "example" of cdr_csv.conf.xml.
enum Column : std::size_t {
  kCallerName,
  kCallerNumber,
  kDestination,
  kContext,
  kStart,
  kAnswer,
  kEnd,
  kDuration,
  kBillSec,
  kHangupCause,
  kUuid,
  kBlegUuid,
  kAccountCode,
  kReadCodec,
  kWriteCodec,
  kColumns
};
constexpr std::array<std::string_view, kColumns> kNames = {
    "caller_id_name", "caller_id_number", "destination_number", "context",    "start_stamp",
    "answer_stamp",   "end_stamp",        "duration",           "billsec",    "hangup_cause",
    "uuid",           "bleg_uuid",        "accountcode",        "read_codec", "write_codec"};

class FreeswitchCsv final : public Adapter {
 public:
  explicit FreeswitchCsv(LocalTime time) : time_(std::move(time)) {}

  void Decode(std::string_view value, const ValueContext& /*context*/, Decoded& out) override {
    if (value.ends_with('\n')) value.remove_suffix(1);
    if (value.ends_with('\r')) value.remove_suffix(1);
    auto& record = out.Add(value);
    if (auto status = Fill(value, record); !status) {
      out.DropLast();
      out.Reject(std::move(status).error(), value);
    }
  }

 private:
  // The template puts quotes around each value and escapes none, so a field ends where a quote is
  // followed by a comma and a quote, or by the line's end.
  Status Split(std::string_view line) {
    std::size_t count = 0;
    while (true) {
      if (!line.starts_with('"'))
        return DeadLetterError(reasons::kCsvUnfinished,
                               "field " + std::to_string(count + 1) + " has no quote before it");
      line.remove_prefix(1);
      const auto next = line.find("\",\"");
      const bool last = next == std::string_view::npos;
      if (last && !line.ends_with('"'))
        return DeadLetterError(reasons::kCsvUnfinished,
                               "the line is cut inside field " + std::to_string(count + 1));
      if (count == kColumns) return OtherColumns();
      fields_[count++] = last ? line.substr(0, line.size() - 1) : line.substr(0, next);
      if (last) break;
      line.remove_prefix(next + 2);
    }
    if (count != kColumns) return OtherColumns();
    return Ok();
  }

  static Error OtherColumns() {
    return DeadLetterError(
        reasons::kCsvColumns,
        "not the " + std::to_string(kColumns) + " columns of mod_cdr_csv's template \"example\"");
  }

  Status Fill(std::string_view line, v1::CallRecord& record) {
    if (!IsUtf8(line)) return DeadLetterError(reasons::kInvalidUtf8, "the line is not UTF-8");
    TB_RETURN_IF_ERROR(Split(line));
    TB_ASSIGN_OR_RETURN(const auto started, Time(kStart));
    TB_ASSIGN_OR_RETURN(const auto answered, Time(kAnswer));
    TB_ASSIGN_OR_RETURN(const auto ended, Time(kEnd));
    const auto uuid = fields_[kUuid];
    record.set_record_id(std::string(uuid));
    record.set_call_id(std::string(uuid));
    record.set_leg_id(std::string(uuid));
    record.set_join_key(std::string(uuid));
    record.set_call_over(true);
    auto& calling = *record.mutable_calling();
    calling.set_number(std::string(fields_[kCallerNumber]));
    calling.set_presentation(PresentationOfWord(fields_[kCallerName]));
    record.mutable_called()->set_number(std::string(fields_[kDestination]));
    if (fields_[kContext] == "public") record.set_direction(v1::DIRECTION_INBOUND);
    if (started > 0) record.set_started_at_ms(started);
    if (ended > 0) record.set_ended_at_ms(ended);
    if (answered > 0) {
      record.set_answered_at_ms(answered);
      record.set_answered_by(v1::ANSWERED_BY_UNKNOWN);
      if (ended >= answered) record.set_talk_ms(ended - answered);
    }
    auto* cause = record.add_causes();
    cause->set_namespace_(v1::Cause::NAMESPACE_FREESWITCH);
    cause->set_value(std::string(fields_[kHangupCause]));
    record.set_reason_text(std::string(fields_[kHangupCause]));
    return Ok();
  }

  // 0: empty.
  Result<std::int64_t> Time(Column column) const {
    const auto text = fields_[column];
    if (text.empty()) return std::int64_t{0};
    const auto time = time_.Read(text);
    if (time) return time->early;
    return DeadLetterError(reasons::kCsvBadValue,
                           std::string(kNames[column]) +
                               " must be a time such as 2026-03-29 01:30:00, not \"" +
                               std::string(text.substr(0, 40)) + "\"");
  }

  LocalTime time_;
  std::array<std::string_view, kColumns> fields_;
};

}  // namespace

Result<std::unique_ptr<Adapter>> NewFreeswitchCsv(const FormatConfig& config) {
  TB_ASSIGN_OR_RETURN(auto time, LocalTime::Make(config.zone));
  return std::unique_ptr<Adapter>(std::make_unique<FreeswitchCsv>(std::move(time)));
}

}  // namespace textback::cdr
