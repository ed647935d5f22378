#include "cdr/cause.h"

#include <algorithm>
#include <array>

#include "cdr/cause_table.h"

namespace textback::cdr {
namespace {

struct VerdictWord {
  std::string_view word;
  v1::Verdict verdict;
  std::string_view rule;
};

// Decision.verdict's words, as a source writes them in the namespace TEXTBACK.
constexpr VerdictWord kVerdictWords[] = {
    {"answered", v1::VERDICT_ANSWERED, "textback.answered"},
    {"no_answer", v1::VERDICT_NO_ANSWER, "textback.no_answer"},
    {"busy", v1::VERDICT_BUSY, "textback.busy"},
    {"unreachable", v1::VERDICT_UNREACHABLE, "textback.unreachable"},
    {"declined", v1::VERDICT_DECLINED, "textback.declined"},
    {"abandoned", v1::VERDICT_ABANDONED, "textback.abandoned"},
    {"short_ring", v1::VERDICT_SHORT_RING, "textback.short_ring"},
    {"voicemail", v1::VERDICT_VOICEMAIL, "textback.voicemail"},
    {"queue_abandon", v1::VERDICT_QUEUE_ABANDON, "textback.queue_abandon"},
    {"answered_elsewhere", v1::VERDICT_ANSWERED_ELSEWHERE, "textback.answered_elsewhere"},
    {"blocked", v1::VERDICT_BLOCKED, "textback.blocked"},
    {"network_failure", v1::VERDICT_NETWORK_FAILURE, "textback.network_failure"},
    {"wrong_number", v1::VERDICT_WRONG_NUMBER, "textback.wrong_number"},
    {"outbound", v1::VERDICT_OUTBOUND, "textback.outbound"},
    {"not_a_call", v1::VERDICT_NOT_A_CALL, "textback.not_a_call"},
    {"continues", v1::VERDICT_CONTINUES, "textback.continues"},
    {"unresolved", v1::VERDICT_UNRESOLVED, "textback.unresolved"},
};

const VerdictWord* FindWord(std::string_view word) {
  const auto* it = std::ranges::find(kVerdictWords, word, &VerdictWord::word);
  return it == std::end(kVerdictWords) ? nullptr : it;
}

const VerdictWord* SourcesVerdict(const v1::CallRecord& record) {
  for (const auto& cause : record.causes()) {
    if (cause.namespace_() == v1::Cause::NAMESPACE_TEXTBACK) return FindWord(cause.value());
  }
  return nullptr;
}

bool FromNetwork(v1::Cause::Location location) {
  return location != v1::Cause::LOCATION_UNSPECIFIED && location != v1::Cause::LOCATION_USER;
}

bool Rang(const v1::CallRecord& record) {
  return record.has_ringing_at_ms() || record.ring_ms() > 0;
}

// "Voicemail" and "queue" in the source's own verdict tell who answered, where answered_by doesn't.
v1::AnsweredBy WhoAnswered(const v1::CallRecord& record) {
  if (record.answered_by() != v1::ANSWERED_BY_UNSPECIFIED) return record.answered_by();
  if (const auto* word = SourcesVerdict(record)) {
    if (word->verdict == v1::VERDICT_VOICEMAIL) return v1::ANSWERED_BY_VOICEMAIL;
    if (word->verdict == v1::VERDICT_QUEUE_ABANDON) return v1::ANSWERED_BY_QUEUE;
  }
  return v1::ANSWERED_BY_UNKNOWN;
}

Classification Answered(v1::AnsweredBy by) {
  switch (by) {
    case v1::ANSWERED_BY_VOICEMAIL:
      return {v1::VERDICT_VOICEMAIL, by, "answered.voicemail"};
    case v1::ANSWERED_BY_QUEUE:
      return {v1::VERDICT_QUEUE_ABANDON, by, "answered.queue"};
    case v1::ANSWERED_BY_IVR:
      return {v1::VERDICT_ANSWERED, by, "answered.ivr"};
    case v1::ANSWERED_BY_PERSON:
      return {v1::VERDICT_ANSWERED, by, "answered.person"};
    default:
      return {v1::VERDICT_ANSWERED, v1::ANSWERED_BY_UNKNOWN, "answered"};
  }
}

bool ElsewhereSays(const v1::CallRecord& record) {
  if (record.answered_elsewhere()) return true;
  if (const auto* word = SourcesVerdict(record))
    return word->verdict == v1::VERDICT_ANSWERED_ELSEWHERE;
  return std::ranges::any_of(record.causes(), [](const v1::Cause& cause) {
    const auto* row = FindCause(cause.namespace_(), cause.value());
    return row != nullptr && row->verdict == v1::VERDICT_ANSWERED_ELSEWHERE;
  });
}

Classification Read(const CauseRow& row, const v1::Cause& cause, const v1::CallRecord& record,
                    std::int64_t min_ring_ms) {
  v1::Verdict verdict = ReadRinging(row.reading, RingFactsOf(record), min_ring_ms, row.verdict);
  if (row.reading == Reading::kRefused) {
    verdict = FromNetwork(cause.location()) ? v1::VERDICT_NETWORK_FAILURE : v1::VERDICT_DECLINED;
  }
  return {verdict, v1::ANSWERED_BY_UNSPECIFIED, row.rule, row.reading};
}

Classification FromCauses(const v1::CallRecord& record, std::int64_t min_ring_ms) {
  std::optional<Classification> vague;
  for (const auto& cause : record.causes()) {
    const auto* row = FindCause(cause.namespace_(), cause.value());
    if (row == nullptr) continue;
    const auto read = Read(*row, cause, record, min_ring_ms);
    if (!row->vague) return read;
    if (!vague) vague = read;
  }
  if (vague) return *vague;
  return {v1::VERDICT_UNRESOLVED, v1::ANSWERED_BY_UNSPECIFIED,
          record.causes().empty() ? "no_cause" : "unknown_cause"};
}

Classification ClassifyTerminating(const v1::CallRecord& record, std::int64_t min_ring_ms) {
  if (IsAnswered(record)) return Answered(WhoAnswered(record));
  const auto* word = SourcesVerdict(record);
  if (ElsewhereSays(record)) {
    return {v1::VERDICT_ANSWERED_ELSEWHERE, v1::ANSWERED_BY_UNSPECIFIED, "answered_elsewhere"};
  }
  if (record.leg_only()) return {v1::VERDICT_CONTINUES, v1::ANSWERED_BY_UNSPECIFIED, "leg_only"};
  if (record.partial_open())
    return {v1::VERDICT_CONTINUES, v1::ANSWERED_BY_UNSPECIFIED, "partial_open"};
  if (word != nullptr) {
    v1::AnsweredBy by = v1::ANSWERED_BY_UNSPECIFIED;
    if (word->verdict == v1::VERDICT_VOICEMAIL) by = v1::ANSWERED_BY_VOICEMAIL;
    if (word->verdict == v1::VERDICT_QUEUE_ABANDON) by = v1::ANSWERED_BY_QUEUE;
    return {word->verdict, by, word->rule};
  }
  return FromCauses(record, min_ring_ms);
}

}  // namespace

bool IsAnswered(const v1::CallRecord& record) {
  if (record.answered_at_ms() > 0 || record.talk_ms() > 0) return true;
  if (record.answered_by() != v1::ANSWERED_BY_UNSPECIFIED) return true;
  const auto* word = SourcesVerdict(record);
  if (word != nullptr) return word->verdict == v1::VERDICT_ANSWERED;
  return std::ranges::any_of(record.causes(), [](const v1::Cause& cause) {
    const auto* row = FindCause(cause.namespace_(), cause.value());
    return row != nullptr && row->reading == Reading::kAnswered;
  });
}

std::optional<std::int64_t> RingMs(const v1::CallRecord& record) {
  if (record.has_ring_ms()) return std::max<std::int64_t>(record.ring_ms(), 0);
  const std::int64_t end =
      record.answered_at_ms() > 0 ? record.answered_at_ms() : record.ended_at_ms();
  const std::int64_t begin =
      record.has_ringing_at_ms() ? record.ringing_at_ms() : record.started_at_ms();
  if (end <= 0 || begin <= 0) return std::nullopt;
  return std::max<std::int64_t>(end - begin, 0);
}

RingFacts RingFactsOf(const v1::CallRecord& record) { return {Rang(record), RingMs(record)}; }

v1::Verdict ReadRinging(Reading reading, const RingFacts& facts, std::int64_t min_ring_ms,
                        v1::Verdict otherwise) {
  switch (reading) {
    case Reading::kCallerGaveUp:
      return facts.ring_ms.value_or(0) >= min_ring_ms ? v1::VERDICT_ABANDONED
                                                      : v1::VERDICT_SHORT_RING;
    case Reading::kNoResponse:
      return facts.rang ? v1::VERDICT_NO_ANSWER : v1::VERDICT_UNREACHABLE;
    case Reading::kRangOut:
      return facts.ring_ms.value_or(min_ring_ms) >= min_ring_ms ? v1::VERDICT_NO_ANSWER
                                                                : v1::VERDICT_SHORT_RING;
    case Reading::kCallerGaveUpUntimed:
      return facts.ring_ms.value_or(min_ring_ms) >= min_ring_ms ? v1::VERDICT_ABANDONED
                                                                : v1::VERDICT_SHORT_RING;
    case Reading::kVerdict:
    case Reading::kRefused:
    case Reading::kAnswered:
      return otherwise;
  }
  return otherwise;
}

Classification Classify(const v1::CallRecord& record, std::int64_t min_ring_ms) {
  if (record.not_a_call())
    return {v1::VERDICT_NOT_A_CALL, v1::ANSWERED_BY_UNSPECIFIED, "not_a_call"};
  if (record.served().side() == v1::Served::SIDE_ORIGINATING) {
    const auto by = IsAnswered(record) ? WhoAnswered(record) : v1::ANSWERED_BY_UNSPECIFIED;
    return {v1::VERDICT_OUTBOUND, by, "originating"};
  }
  return ClassifyTerminating(record, min_ring_ms);
}

std::optional<v1::Verdict> VerdictOfWord(std::string_view word) {
  const auto* found = FindWord(word);
  if (found == nullptr) return std::nullopt;
  return found->verdict;
}

std::string_view WordOf(v1::Verdict verdict) {
  const auto* it = std::ranges::find(kVerdictWords, verdict, &VerdictWord::verdict);
  return it == std::end(kVerdictWords) ? std::string_view("unspecified") : it->word;
}

}  // namespace textback::cdr
