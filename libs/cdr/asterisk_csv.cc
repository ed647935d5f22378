#include "cdr/asterisk_csv.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/ascii.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "cdr/asterisk_text.h"
#include "cdr/local_time.h"
#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

enum Column : std::size_t {
  kAccountCode,
  kSrc,
  kDst,
  kDContext,
  kClid,
  kChannel,
  kDstChannel,
  kLastApp,
  kLastData,
  kStart,
  kAnswer,
  kEnd,
  kDuration,
  kBillSec,
  kDisposition,
  kAmaFlags,
  kUniqueId,
  kUserField,
  kLinkedId,
  kPeerAccount,
  kSequence,
  kColumns
};

constexpr std::array<std::string_view, kColumns> kNames = {
    "accountcode", "src",      "dst",      "dcontext",  "clid",     "channel",     "dstchannel",
    "lastapp",     "lastdata", "start",    "answer",    "end",      "duration",    "billsec",
    "disposition", "amaflags", "uniqueid", "userfield", "linkedid", "peeraccount", "sequence"};

// newcdrcolumns=yes in cdr.conf: peeraccount, linkedid and sequence follow userfield (cdr_csv.c).
constexpr std::size_t kNewColumns = 3;
constexpr std::size_t kColumnsMax = 64;
constexpr std::int64_t kSecondsMsMax = 100'000'000'000;
constexpr std::int64_t kProducedSlackMs = 60'000;  // clocks of the PBX and of the producer differ

v1::AnsweredBy WhoAnswered(std::string_view app, std::string_view dst_channel) {
  const auto by = WhoIsApplication(app);
  // VoiceMail's own row, wherever a party B went before.
  if (by == v1::ANSWERED_BY_VOICEMAIL) return by;
  // A party B is a phone; or an outside number's mailbox, or what a Local channel leads to.
  if (!dst_channel.empty() || by == v1::ANSWERED_BY_UNSPECIFIED) return v1::ANSWERED_BY_UNKNOWN;
  return by;
}

class AsteriskCsv final : public Adapter {
 public:
  AsteriskCsv(const AsteriskOptions& options, LocalTime time,
              std::array<std::optional<std::size_t>, kColumns> places)
      : column_count_(options.columns.size()),
        new_columns_too_(options.columns == AsteriskOptions().columns),
        latin1_fallback_(options.latin1_fallback),
        time_(std::move(time)),
        places_(places) {}

  void Decode(std::string_view value, const ValueContext& context, Decoded& out) override {
    std::size_t lines = 0;
    while (const auto line = NextLine(value)) {
      if (++lines > kRecordsPerValueMax) {
        out.Reject(
            DeadLetterError(reasons::kTooManyRecords,
                            "more than " + std::to_string(kRecordsPerValueMax) +
                                " lines in one value; these are the rest"),
            {line->data(), static_cast<std::size_t>(value.data() + value.size() - line->data())});
        return;
      }
      if (auto status = DecodeLine(*line, context, out); !status)
        out.Reject(std::move(status).error(), *line);
    }
    if (lines == 0)
      out.Reject(DeadLetterError(reasons::kValueMissing, "the value has no line"), value);
  }

 private:
  std::string_view Field(Column column) const {
    const auto place = places_[column];
    return place && *place < count_ ? line_[*place] : std::string_view();
  }

  // Not just any three more: a wrong linkedid would join strangers' calls.
  bool HasNewColumns() const {
    return new_columns_too_ && count_ == column_count_ + kNewColumns &&
           UniqueIdMs(Field(kLinkedId)) && SecondsToMs(Field(kSequence));
  }

  Status DecodeLine(std::string_view raw, const ValueContext& context, Decoded& out) {
    const auto text = AsUtf8(raw, latin1_fallback_, converted_);
    if (!text) {
      return DeadLetterError(reasons::kInvalidUtf8,
                             "the line is not UTF-8 (latin1_fallback would read it as ISO 8859-1)");
    }
    const auto count = line_.Split(*text);
    if (!count)
      return DeadLetterError(reasons::kCsvUnfinished,
                             "the line ends inside a quoted field: it was cut");
    count_ = *count;
    if (count_ != column_count_ && !HasNewColumns()) {
      return DeadLetterError(reasons::kCsvColumns,
                             "the line has " + std::to_string(count_) + " columns, " +
                                 std::to_string(column_count_) + " are configured");
    }
    auto& record = out.Add(raw);
    auto status = Fill(raw, context, record);
    if (!status) out.DropLast();
    return status;
  }

  Status Fill(std::string_view raw, const ValueContext& context, v1::CallRecord& record) {
    const bool answered = SameWord(Field(kDisposition), "ANSWERED");
    if (Field(kDisposition).empty()) return Bad(kDisposition, "must not be empty");
    TB_RETURN_IF_ERROR(FillTimes(answered, context, record));
    FillIds(raw, record);
    FillParties(record);
    if (answered && IsClosingHangup()) {
      record.clear_answered_at_ms();
      record.clear_ring_ms();
      record.clear_talk_ms();
      record.set_leg_only(true);
      return Ok();
    }
    auto* cause = record.add_causes();
    cause->set_namespace_(v1::Cause::NAMESPACE_ASTERISK);
    cause->set_value(std::string(Field(kDisposition)));
    if (answered) {
      record.set_answered_by(WhoAnswered(Field(kLastApp), Field(kDstChannel)));
    } else if (SameWord(Field(kLastApp), "Queue") && !Field(kAnswer).empty()) {
      // An agent's phone that didn't take it, of a caller whom the queue had answered before. There
      // need be no row of the queue itself.
      record.set_answered_by(v1::ANSWERED_BY_QUEUE);
    }
    record.set_reason_text(std::string(Field(kDisposition)));
    if (!Field(kLastApp).empty())
      record.mutable_reason_text()->append(" in ").append(Field(kLastApp));
    return Ok();
  }

  // cdr.c makes a row of its own for what the dialplan runs after a Dial or Queue that failed.
  // Where a menu had taken the call up before, the row of the closing Hangup() says ANSWERED, for
  // no time.
  bool IsClosingHangup() const {
    return SameWord(Field(kLastApp), "Hangup") && Field(kDstChannel).empty() &&
           Seconds(kDuration).value_or(0) == 0;
  }

  void FillIds(std::string_view raw, v1::CallRecord& record) const {
    const auto unique = Field(kUniqueId);
    const auto linked = Field(kLinkedId).empty() ? unique : Field(kLinkedId);
    record.set_call_id(std::string(linked));
    record.set_leg_id(std::string(Field(kChannel)));
    record.set_join_key(std::string(linked));
    record.set_call_over(!unique.empty() && unique == linked);
    std::string id(unique);
    id += ':';
    if (Field(kSequence).empty()) {
      id += Hex64(StableHash64(raw));
    } else {
      id += Field(kSequence);
    }
    record.set_record_id(std::move(id));
  }

  void FillParties(v1::CallRecord& record) const {
    const auto clid = ReadCallerId(Field(kClid));
    SetCaller(Field(kSrc).empty() ? clid.number : Field(kSrc), clid.name,
              *record.mutable_calling());
    record.mutable_called()->set_number(std::string(Field(kDst)));
  }

  Status FillTimes(bool answered, const ValueContext& context, v1::CallRecord& record) const {
    const auto start = time_.Read(Field(kStart));
    if (!start) return Bad(kStart, "must be a time such as 2026-03-29 01:30:00");
    const auto end = time_.Read(Field(kEnd));
    if (!end) return Bad(kEnd, "must be a time such as 2026-03-29 01:30:00");
    const auto duration = Seconds(kDuration);
    if (!duration) return Bad(kDuration, "must be a number of seconds");
    const auto billsec = Seconds(kBillSec);
    if (!billsec) return Bad(kBillSec, "must be a number of seconds");
    const auto [started, ended] = Choose(*start, *end, *duration, context.produced_ms);
    record.set_started_at_ms(started);
    record.set_ended_at_ms(ended);
    if (!answered) return Ok();
    if (!Field(kAnswer).empty()) {
      const auto answer = time_.Read(Field(kAnswer));
      if (!answer) return Bad(kAnswer, "must be empty, or a time such as 2026-03-29 01:30:00");
      // Of the two readings the one within the call.
      const std::int64_t at = answer->early >= started ? answer->early : answer->late;
      record.set_answered_at_ms(at);
      if (at >= started) record.set_ring_ms(at - started);
    }
    if (places_[kBillSec]) record.set_talk_ms(*billsec);
    return Ok();
  }

  // Of the readings of start and end, the pair that agrees best with the duration; of equals the
  // latest that was over when the record was produced, and without that knowledge the earliest.
  static std::pair<std::int64_t, std::int64_t> Choose(const Instants& start, const Instants& end,
                                                      std::int64_t duration_ms,
                                                      std::int64_t produced_ms) {
    std::pair<std::int64_t, std::int64_t> best{start.early, end.early};
    const auto error = [duration_ms](const auto& pair) {
      const std::int64_t off = std::abs(pair.second - pair.first - duration_ms);
      return off <= 2'000 ? 0 : off;
    };
    for (const std::int64_t s : {start.early, start.late}) {
      for (const std::int64_t e : {end.early, end.late}) {
        const std::pair<std::int64_t, std::int64_t> pair{s, e};
        const bool later_fits =
            produced_ms > 0 && e <= produced_ms + kProducedSlackMs && e > best.second;
        if (error(pair) < error(best) || (error(pair) == error(best) && later_fits)) best = pair;
      }
    }
    return best;
  }

  // Milliseconds; 0 where the column is absent or empty. Whole seconds, or with a fraction
  // (cdr_custom with the option f).
  std::optional<std::int64_t> Seconds(Column column) const {
    const auto text = Field(column);
    if (text.empty()) return 0;
    const auto ms = SecondsToMs(text);
    return ms && *ms <= kSecondsMsMax ? ms : std::nullopt;
  }

  Error Bad(Column column, std::string_view expected) const {
    return DeadLetterError(reasons::kCsvBadValue,
                           "column " + std::string(kNames[column]) + " " + std::string(expected) +
                               ", not \"" + std::string(Field(column).substr(0, 40)) + "\"");
  }

  std::size_t column_count_;
  bool new_columns_too_;  // kNewColumns may follow
  bool latin1_fallback_;
  LocalTime time_;
  std::array<std::optional<std::size_t>, kColumns> places_;
  AsteriskFields line_;
  std::size_t count_ = 0;  // of line_
  std::string converted_;
};

}  // namespace

Result<std::unique_ptr<Adapter>> NewAsteriskCsv(const AsteriskOptions& options) {
  TB_ASSIGN_OR_RETURN(auto time, LocalTime::Make(options.zone));
  if (options.columns.size() > kColumnsMax) {
    return FatalError("config_invalid",
                      "asterisk.columns: at most " + std::to_string(kColumnsMax) + " are allowed");
  }
  std::array<std::optional<std::size_t>, kColumns> places;
  for (std::size_t i = 0; i < options.columns.size(); ++i) {
    const auto& name = options.columns[i];
    if (name == "-") continue;
    const auto* known = std::ranges::find(kNames, name);
    if (known == kNames.end()) {
      return FatalError("config_invalid",
                        "asterisk.columns: \"" + name +
                            "\" is no column: use the names of CDR(), or - to skip one");
    }
    auto& place = places[static_cast<std::size_t>(known - kNames.begin())];
    if (place)
      return FatalError("config_invalid", "asterisk.columns: \"" + name + "\" stands twice");
    place = i;
  }
  for (const Column needed : {kStart, kEnd, kDisposition}) {
    if (!places[needed]) {
      return FatalError("config_invalid",
                        "asterisk.columns: \"" + std::string(kNames[needed]) + "\" is needed");
    }
  }
  if (options.columns == AsteriskOptions().columns) {
    places[kPeerAccount] = options.columns.size();
    places[kLinkedId] = options.columns.size() + 1;
    places[kSequence] = options.columns.size() + 2;
  }
  return std::unique_ptr<Adapter>(std::make_unique<AsteriskCsv>(options, std::move(time), places));
}

}  // namespace textback::cdr
