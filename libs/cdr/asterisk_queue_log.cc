#include "cdr/asterisk_queue_log.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "cdr/asterisk_text.h"
#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

enum Column : std::size_t { kTime, kCallId, kQueue, kAgent, kEvent, kData, kColumns };
constexpr std::array<std::string_view, kColumns> kNames = {"time",  "callid", "queuename",
                                                           "agent", "event",  "data"};

constexpr std::size_t kParametersMax = 16;
constexpr std::size_t kFieldsMax = kData + kParametersMax;
constexpr std::int64_t kSecondsMsMax = std::int64_t{7} * 24 * 60 * 60 * 1'000;

enum class Kind : std::uint8_t {
  kEnters,    // url, caller, position
  kDialled,   // what was dialled
  kWaits,     // an agent's phone; the caller stays
  kConnects,  // seconds in the queue, …
  kTalked,    // ends: seconds in the queue, of talk
  kMovedOn,   // transferred by the agent
  kAbandons,  // position, position at first, seconds in the queue
  kLeaves,    // the same, if any
  kNoCall,
};

struct EventRow {
  std::string_view name;
  Kind kind;
};

constexpr EventRow kEvents[] = {
    {"ENTERQUEUE", Kind::kEnters},
    {"DID", Kind::kDialled},
    {"CONNECT", Kind::kConnects},
    {"RINGNOANSWER", Kind::kWaits},
    {"RINGCANCELED", Kind::kWaits},
    {"AGENTDUMP", Kind::kWaits},
    {"SYSCOMPAT", Kind::kWaits},
    {"COMPLETEAGENT", Kind::kTalked},
    {"COMPLETECALLER", Kind::kTalked},
    {"TRANSFER", Kind::kMovedOn},
    {"BLINDTRANSFER", Kind::kMovedOn},
    {"ATTENDEDTRANSFER", Kind::kMovedOn},
    {"ABANDON", Kind::kAbandons},
    {"EXITWITHTIMEOUT", Kind::kLeaves},
    {"EXITWITHKEY", Kind::kLeaves},
    {"EXITEMPTY", Kind::kLeaves},
    {"JOINEMPTY", Kind::kLeaves},
    {"WITHDRAW", Kind::kLeaves},
    {"FULL", Kind::kLeaves},
    {"CLOSED", Kind::kLeaves},
    {"LEAVEEMPTY", Kind::kLeaves},
    {"DIVERT_CA_RATIO", Kind::kLeaves},
    {"DIVERT_HOLDTIME", Kind::kLeaves},
    {"ADDMEMBER", Kind::kNoCall},
    {"REMOVEMEMBER", Kind::kNoCall},
    {"PAUSE", Kind::kNoCall},
    {"PAUSEALL", Kind::kNoCall},
    {"PAUSEREASON", Kind::kNoCall},
    {"UNPAUSE", Kind::kNoCall},
    {"UNPAUSEALL", Kind::kNoCall},
    {"PENALTY", Kind::kNoCall},
    {"RINGINUSE", Kind::kNoCall},
    {"AGENTLOGIN", Kind::kNoCall},
    {"AGENTLOGOFF", Kind::kNoCall},
    {"AGENTCALLBACKLOGIN", Kind::kNoCall},
    {"AGENTCALLBACKLOGOFF", Kind::kNoCall},
    {"CONFIGRELOAD", Kind::kNoCall},
    {"QUEUESTART", Kind::kNoCall},
};

bool IsCall(std::string_view callid) {
  return !callid.empty() && !IsOneOf(callid, {"NONE", "REALTIME", "MANAGER"});
}

// Others are the dialplan's own (application QueueLog): about a call, or not.
Kind KindOf(std::string_view event, std::string_view callid) {
  if (!IsCall(callid)) return Kind::kNoCall;
  const auto* row =
      std::ranges::find_if(kEvents, [event](const EventRow& e) { return SameWord(e.name, event); });
  return row == std::end(kEvents) ? Kind::kWaits : row->kind;
}

class AsteriskQueueLog final : public Adapter {
 public:
  AsteriskQueueLog(const AsteriskOptions& options, AsteriskTime time)
      : latin1_fallback_(options.latin1_fallback), time_(std::move(time)) {}

  void Decode(std::string_view value, const ValueContext& /*context*/, Decoded& out) override {
    for (std::size_t i = 0; i < kColumns; ++i) places_[i] = i;
    columns_ = 0;
    std::size_t lines = 0;
    bool first = true;
    while (const auto line = NextLine(value)) {
      if (IsTableFrame(*line)) continue;
      if (std::exchange(first, false) && ReadHeader(*line)) continue;
      if (++lines > kRecordsPerValueMax) {
        return out.Reject(
            DeadLetterError(reasons::kTooManyRecords,
                            "more than " + std::to_string(kRecordsPerValueMax) +
                                " lines in one value; these are the rest"),
            {line->data(), static_cast<std::size_t>(value.data() + value.size() - line->data())});
      }
      if (auto status = DecodeLine(*line, out); !status)
        out.Reject(std::move(status).error(), *line);
    }
    if (lines == 0)
      out.Reject(DeadLetterError(reasons::kValueMissing, "the value has no event"), value);
  }

 private:
  // The columns of a table, if the line is its header: all names must be there.
  bool ReadHeader(std::string_view line) {
    if (line.find("callid") == std::string_view::npos) return false;
    const std::size_t count = fields_.SplitPadded(line, kFieldsMax + 1);
    std::array<std::size_t, kColumns> places;
    for (std::size_t c = 0; c < kColumns; ++c) {
      std::size_t at = 0;
      while (at < count && fields_[at] != kNames[c] && !(c == kData && fields_[at] == "data1") &&
             !(c == kQueue && fields_[at] == "queue"))
        ++at;
      if (at == count || count > kFieldsMax) return false;
      places[c] = at;
    }
    places_ = places;
    columns_ = count;
    return true;
  }

  std::string_view Field(Column column) const { return fields_[places_[column]]; }
  // Of the event's parameters, from 0; empty: it has fewer.
  std::string_view Parameter(std::size_t i) const {
    return places_[kData] + i < count_ ? fields_[places_[kData] + i] : std::string_view();
  }

  Status DecodeLine(std::string_view raw, Decoded& out) {
    const auto text = AsUtf8(raw, latin1_fallback_, converted_);
    if (!text) {
      return DeadLetterError(reasons::kInvalidUtf8,
                             "the line is not UTF-8 (latin1_fallback would read it as ISO 8859-1)");
    }
    // Column data of older tables has all parameters, with '|' between.
    const bool open = columns_ == 0 || places_[kData] + 1 == columns_;
    count_ = fields_.SplitPadded(*text, open ? kFieldsMax : columns_);
    const std::size_t needed = columns_ == 0 ? kEvent + 1 : columns_;
    if (open ? count_ < needed : count_ != needed) {
      return DeadLetterError(
          reasons::kTextMalformed,
          "the line has " + std::to_string(count_) + " fields, " +
              (columns_ != 0 ? std::to_string(columns_) + " are in the header line"
                             : "time|callid|queue|agent|event at least are needed"));
    }
    auto& record = out.Add(raw);
    auto status = Fill(record);
    if (!status) out.DropLast();
    return status;
  }

  Status Fill(v1::CallRecord& record) {
    const auto callid = Field(kCallId);
    const auto event = Field(kEvent);
    if (event.empty()) return Bad("event", event, "must not be empty");
    const auto began = UniqueIdMs(callid);
    const auto at = time_.Read(Field(kTime), began);
    if (!at) {
      return Bad("time", Field(kTime),
                 "must be seconds since 1970, or a time such as 2026-03-29 01:30:00");
    }
    at_ms_ = *at;
    const Kind kind = KindOf(event, callid);
    record.set_reason_text(std::string(event) + " in queue " + std::string(Field(kQueue)));
    if (!SameWord(Field(kAgent), "NONE") && !Field(kAgent).empty())
      record.mutable_reason_text()->append(" at ").append(Field(kAgent));
    if (kind == Kind::kNoCall) {
      record.set_not_a_call(true);
      record.set_started_at_ms(at_ms_);
      return Ok();
    }
    record.set_call_id(std::string(callid));
    record.set_join_key(std::string(callid));
    return FillCall(kind, event, record);
  }

  Status FillCall(Kind kind, std::string_view event, v1::CallRecord& record) {
    switch (kind) {
      case Kind::kEnters:
        record.mutable_calling()->set_number(std::string(Parameter(1)));
        break;
      case Kind::kDialled:
        record.mutable_called()->set_number(std::string(Parameter(0)));
        break;
      case Kind::kConnects: {
        TB_ASSIGN_OR_RETURN(const auto waited, Seconds(event, Parameter(0)));
        Talked(at_ms_ - waited, at_ms_, record);
        return Ok();
      }
      case Kind::kTalked:
        return Talk(event, 0, record);
      case Kind::kMovedOn:
        // ATTENDEDTRANSFER by LINK has two channels before them, and the position behind.
        return Talk(event, SameWord(Parameter(0), "LINK") ? 3 : 2, record);
      case Kind::kAbandons:
      case Kind::kLeaves: {
        TB_ASSIGN_OR_RETURN(const auto waited, Seconds(event, WaitOf(event)));
        record.set_started_at_ms(at_ms_ - waited);
        record.set_ended_at_ms(at_ms_);
        record.set_answered_by(v1::ANSWERED_BY_QUEUE);
        record.set_call_over(kind == Kind::kAbandons);
        return Ok();
      }
      default:
        break;
    }
    record.set_started_at_ms(at_ms_);
    record.set_leg_only(true);
    return Ok();
  }

  // EXITWITHKEY has the key first; Wazo's own events and JOINEMPTY have nothing.
  std::string_view WaitOf(std::string_view event) const {
    return Parameter(SameWord(event, "EXITWITHKEY") ? 3 : 2);
  }

  // Seconds in the queue stand at `first`, seconds of talk behind.
  Status Talk(std::string_view event, std::size_t first, v1::CallRecord& record) {
    TB_ASSIGN_OR_RETURN(const auto waited, Seconds(event, Parameter(first)));
    TB_ASSIGN_OR_RETURN(const auto talked, Seconds(event, Parameter(first + 1)));
    Talked(at_ms_ - talked - waited, at_ms_ - talked, record);
    record.set_talk_ms(talked);
    record.set_ended_at_ms(at_ms_);
    record.set_call_over(event.starts_with("COMPLETE") || event.starts_with("complete"));
    return Ok();
  }

  static void Talked(std::int64_t started_ms, std::int64_t answered_ms, v1::CallRecord& record) {
    record.set_started_at_ms(started_ms);
    record.set_answered_at_ms(answered_ms);
    record.set_answered_by(v1::ANSWERED_BY_PERSON);
  }

  // In milliseconds; nothing is 0.
  static Result<std::int64_t> Seconds(std::string_view event, std::string_view text) {
    if (text.empty()) return std::int64_t{0};
    const auto ms = SecondsToMs(text);
    if (!ms || *ms > kSecondsMsMax) return Bad(event, text, "must have seconds, at most a week's,");
    return *ms;
  }

  static Error Bad(std::string_view what, std::string_view text, std::string_view expected) {
    return DeadLetterError(reasons::kTextBadValue, std::string(what.substr(0, 40)) + " " +
                                                       std::string(expected) + " not \"" +
                                                       std::string(text.substr(0, 40)) + "\"");
  }

  bool latin1_fallback_;
  AsteriskTime time_;
  std::array<std::size_t, kColumns> places_{};
  std::size_t columns_ = 0;  // of the header line; 0: there is none

  AsteriskFields fields_;
  std::size_t count_ = 0;
  std::string converted_;
  std::int64_t at_ms_ = 0;
};

}  // namespace

Result<std::unique_ptr<Adapter>> NewAsteriskQueueLog(const AsteriskOptions& options) {
  TB_ASSIGN_OR_RETURN(auto time, AsteriskTime::Make(options.zone));
  return std::unique_ptr<Adapter>(std::make_unique<AsteriskQueueLog>(options, std::move(time)));
}

}  // namespace textback::cdr
