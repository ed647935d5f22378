#include "policy/verdict.h"

#include <limits>
#include <tuple>

namespace textback::policy {
namespace {

constexpr int kTalk = 0;
constexpr int kBlocked = 2;
constexpr int kMissed = 5;
constexpr int kFailed = 6;
constexpr int kMachine = 7;
constexpr int kContinues = 10;
constexpr int kNothing = 11;

auto OrderOf(const Reading& reading) {
  const int by = reading.answered_by == v1::ANSWERED_BY_UNSPECIFIED
                     ? std::numeric_limits<int>::max()
                     : static_cast<int>(reading.answered_by);
  return std::tuple(ClassOf(reading), reading.over ? 0 : 1, static_cast<int>(reading.verdict), by,
                    static_cast<int>(reading.cause));
}

}  // namespace

int ClassOf(const Reading& reading) {
  switch (reading.verdict) {
    case v1::VERDICT_ANSWERED:
      return reading.answered_by == v1::ANSWERED_BY_IVR ||
                     reading.answered_by == v1::ANSWERED_BY_QUEUE
                 ? kMachine
                 : kTalk;
    case v1::VERDICT_ANSWERED_ELSEWHERE:
      return 1;
    case v1::VERDICT_BLOCKED:
      return kBlocked;
    case v1::VERDICT_VOICEMAIL:
      return 3;
    case v1::VERDICT_QUEUE_ABANDON:
      return 4;
    case v1::VERDICT_NO_ANSWER:
    case v1::VERDICT_BUSY:
    case v1::VERDICT_UNREACHABLE:
    case v1::VERDICT_DECLINED:
    case v1::VERDICT_ABANDONED:
    case v1::VERDICT_SHORT_RING:
      return kMissed;
    case v1::VERDICT_NETWORK_FAILURE:
    case v1::VERDICT_WRONG_NUMBER:
      return kFailed;
    case v1::VERDICT_OUTBOUND:
      return 8;
    case v1::VERDICT_NOT_A_CALL:
      return 9;
    case v1::VERDICT_CONTINUES:
      return kContinues;
    default:
      return kNothing;
  }
}

bool Stronger(const Reading& a, const Reading& b) { return OrderOf(a) < OrderOf(b); }

bool IsTalk(const Reading& reading) { return ClassOf(reading) == kTalk; }

bool IsFinal(const Reading& reading) { return ClassOf(reading) <= kBlocked; }

bool IsMissedByDefault(v1::Verdict verdict) {
  switch (verdict) {
    case v1::VERDICT_NO_ANSWER:
    case v1::VERDICT_BUSY:
    case v1::VERDICT_UNREACHABLE:
    case v1::VERDICT_DECLINED:
    case v1::VERDICT_ABANDONED:
    case v1::VERDICT_VOICEMAIL:
    case v1::VERDICT_QUEUE_ABANDON:
      return true;
    default:
      return false;
  }
}

bool MayBeTexted(v1::Verdict verdict) {
  return IsMissedByDefault(verdict) || verdict == v1::VERDICT_SHORT_RING ||
         verdict == v1::VERDICT_NETWORK_FAILURE;
}

Reading Amend(const Reading& decided, const Reading& late) {
  const int late_class = ClassOf(late);
  if (late_class >= kContinues) return decided;
  if (ClassOf(decided) == kNothing) return late.over || IsFinal(late) ? late : decided;
  // Among misses the first decision stands: consumers need no news that busy was no_answer.
  return late_class < ClassOf(decided) ? late : decided;
}

}  // namespace textback::policy
