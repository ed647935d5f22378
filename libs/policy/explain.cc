#include "policy/explain.h"

#include <array>
#include <chrono>
#include <cstdio>

#include "base/msisdn.h"
#include "policy/limits.h"
#include "policy/names.h"

namespace textback::policy {
namespace {

// "1.2", "3": at most one decimal.
std::string Tenths(std::int64_t value, std::int64_t unit) {
  const std::int64_t tenths = (value / unit) * 10 + (value % unit) * 10 / unit;
  std::string words = std::to_string(tenths / 10);
  if (tenths % 10 != 0) words += "." + std::to_string(tenths % 10);
  return words;
}

std::string Count(std::int64_t n, std::string_view what) {
  return std::to_string(n) + " " + std::string(what) + (n == 1 ? "" : "s");
}

const v1::Gate* StoppedAt(const v1::Decision& decision) {
  for (const auto& gate : decision.gates()) {
    if (gate.outcome() == v1::Gate::OUTCOME_STOP) return &gate;
  }
  return nullptr;
}

std::string LineTypeInWords(std::int64_t type) {
  switch (type) {
    case v1::LINE_TYPE_FIXED:
      return "a fixed line";
    case v1::LINE_TYPE_TOLL_FREE:
      return "a freephone number";
    case v1::LINE_TYPE_PREMIUM:
      return "a premium-rate number";
    case v1::LINE_TYPE_SHORT_CODE:
      return "a short code";
    case v1::LINE_TYPE_ROAMING:
      return "a roaming number, lent for one call";
    case v1::LINE_TYPE_EMERGENCY:
      return "an emergency service's";
    default:
      return "no number that takes texts";
  }
}

std::string NotMissed(const v1::Decision& d) {
  std::string words = VerdictInWords(d.verdict(), d.answered_by());
  if (d.verdict() != v1::VERDICT_SHORT_RING) return words;
  return "the caller hung up after " + DurationInWords(d.ring_ms()) +
         " of ringing, sooner than counts as a missed call";
}

std::string InParentheses(const std::string& detail) {
  return detail.empty() ? std::string() : " (" + detail + ")";
}

std::string SignInWords(const v1::NuisanceSign& sign) {
  if (sign.name() == "unsigned") return "nobody vouches for the number";
  if (sign.name() == "attestation_b")
    return "the network vouches for the caller but not the number";
  if (sign.name() == "attestation_c") return "a gateway passed the call on and vouches for nothing";
  if (sign.name() == "verification_failed") return "the number's signature is wrong";
  if (sign.name() == "spam_likelihood")
    return "the network thinks it unwanted with " + std::to_string(sign.value()) + " %";
  if (sign.name() == "short_ring")
    return "it rang " + DurationInWords(sign.value()) + " and the caller gave up";
  if (sign.name() == "fan_out") {
    return "it called " + Count(sign.value(), "line") + " within 10 minutes";
  }
  return sign.name();
}

// "the caller looks like … (score 80, limit 60): it called 21 lines within 10 minutes (60), …"
std::string NuisanceInWords(const v1::Decision& d, std::int64_t score, std::int64_t threshold) {
  std::string words = "the caller looks like a robot or a fraud (score " + std::to_string(score) +
                      ", limit " + std::to_string(threshold) + ")";
  for (int i = 0; i < d.nuisance_size(); ++i) {
    words += (i == 0 ? ": " : ", ") + SignInWords(d.nuisance(i)) + " (" +
             std::to_string(d.nuisance(i).points()) + ")";
  }
  return words;
}

// Why a gate stopped the text, with its numbers.
std::string Stopped(v1::Reason reason, const v1::Gate& gate) {
  const std::int64_t value = gate.value();
  const std::int64_t limit = gate.limit();
  switch (reason) {
    case v1::REASON_STALE:
      return "the record came " + DurationInWords(value) + " after the call, later than the " +
             DurationInWords(limit) + " within which a text makes sense";
    case v1::REASON_OVERTAKEN:
      return "the two talked with each other " + DurationInWords(value) + " after the missed call";
    case v1::REASON_FLOOD:
      return "this number has called more often than anybody who wants to be called back (" +
             Count(value, "call") + " remembered, limit " + std::to_string(limit) + ")";
    case v1::REASON_WITHHELD:
      return "the caller withheld the number, so there is nobody to text";
    case v1::REASON_NOT_TEXTABLE:
      return "the caller's number is " + LineTypeInWords(value) + ", which takes no texts";
    case v1::REASON_OWN_LINE:
      return "the call came from one of the business's own lines";
    case v1::REASON_BLOCKED:
      if (gate.detail() == "tenant") return "the business has blocked the number";
      return "the number is on a block list of the operator" + InParentheses(gate.detail());
    case v1::REASON_TENANT_LINE:
      return "the call came from a line of another business that textback serves";
    case v1::REASON_FOREIGN:
      return "the caller's number begins with none of the prefixes that the business texts";
    case v1::REASON_UNDELIVERABLE:
      return "the network said " + DurationInWords(value) +
             " before that this number takes no texts" + InParentheses(gate.detail());
    case v1::REASON_OPTED_OUT:
      return "the customer has replied STOP and gets no texts";
    case v1::REASON_NO_CONSENT:
      return "there is no consent to text this customer";
    case v1::REASON_LIMIT_PAIR:
      return "the customer has had " + Count(value, "text") +
             " from this business in the limit's window (limit " + std::to_string(limit) + ")";
    case v1::REASON_LIMIT_CUSTOMER:
      return "the customer has had " + Count(value, "text") +
             " from all businesses together in the limit's window (limit " + std::to_string(limit) +
             ")";
    case v1::REASON_LIMIT_TENANT:
      return "the business has used up its texts (" + std::to_string(value) + " of " +
             std::to_string(limit) + ")";
    case v1::REASON_LIMIT_PREFIX:
      return "too many texts have gone to numbers of this range (" + std::to_string(value) +
             ", limit " + std::to_string(limit) + ")";
    case v1::REASON_LIMIT_OPERATOR:
      return "the operator's limit on texts is reached (" + std::to_string(value) + " of " +
             std::to_string(limit) + ")";
    case v1::REASON_QUIET_HOURS:
      return "it is quiet hours where the customer is";
    case v1::REASON_CLOSED_POLICY:
      return "the business sends no texts while it is closed";
    case v1::REASON_EXPIRED:
      return "the text could only have gone " + DurationInWords(value) +
             " after the call, when it is worth nothing any more (limit " + DurationInWords(limit) +
             ")";
    case v1::REASON_TEMPLATE_ERROR:
      return "the business's template can't be made into a text: check it with `textback tenants "
             "validate`";
    case v1::REASON_TENANT_INACTIVE:
      return "the business is switched off, unknown, or its settings have errors";
    default:
      return "";
  }
}

std::string StatusInWords(const v1::Status& status) {
  std::string words;
  switch (status.kind()) {
    case v1::Status::KIND_SENT:
      words = "the network took the text";
      break;
    case v1::Status::KIND_RECEIPT:
      switch (status.state()) {
        case v1::DELIVERY_STATE_DELIVERED:
          words = "the text was delivered";
          break;
        case v1::DELIVERY_STATE_ENROUTE:
        case v1::DELIVERY_STATE_ACCEPTED:
          words = "the text is on its way";
          break;
        default:
          words = "the text was not delivered";
      }
      break;
    case v1::Status::KIND_UNKNOWN:
      words = "nobody knows whether the network took the text; it is not sent again by itself";
      break;
    case v1::Status::KIND_EXPIRED:
      words = "the text had not gone by its expiry and was dropped";
      break;
    case v1::Status::KIND_REJECTED:
      words = "the network refused the text";
      break;
    case v1::Status::KIND_CANCELLED:
      words = "the text was withdrawn before it went";
      break;
    case v1::Status::KIND_BLOCKED:
      words = "the customer had replied STOP before the text went";
      break;
    case v1::Status::KIND_UNMATCHED_RECEIPT:
      words = "a receipt came that fits no known text";
      break;
    case v1::Status::KIND_PROVEN:
      words = "a receipt proved that the text had gone";
      break;
    default:
      words = "something became of the text that this version doesn't know";
  }
  if (!status.error().empty()) words += " (" + status.error() + ")";
  if (status.parts() > 1 && status.part() > 0) {
    words += ", part " + std::to_string(status.part()) + " of " + std::to_string(status.parts());
  }
  return words;
}

std::string OutcomeInWords(v1::Gate::Outcome outcome) {
  switch (outcome) {
    case v1::Gate::OUTCOME_PASS:
      return "passed";
    case v1::Gate::OUTCOME_STOP:
      return "STOPPED";
    default:
      return "not asked";
  }
}

std::string Sentence(std::string words) {
  if (!words.empty() && words[0] >= 'a' && words[0] <= 'z') {
    words[0] = static_cast<char>(words[0] - 'a' + 'A');
  }
  return words + ".";
}

std::string CallInWords(const v1::Decision& d, const ExplainOptions& options) {
  std::string customer = "somebody";
  if (!d.customer().empty()) {
    customer = options.show_numbers ? d.customer() : MaskAddress(d.customer());
  }
  const std::string line = options.show_numbers ? d.line() : MaskAddress(d.line());
  std::string words = "Call " + d.call_id() + ": ";
  words += d.side() == v1::Served::SIDE_ORIGINATING
               ? line + " (" + d.tenant() + ") called " + customer
               : customer + " called " + line + " (" + d.tenant() + ")";
  words += ", ended " + TimeInWords(d.ended_at_ms());
  if (d.ring_ms() > 0) words += ", rang " + DurationInWords(d.ring_ms());
  return words + ".";
}

void AppendGates(const v1::Decision& d, std::string& out) {
  if (d.gates().empty()) return;
  out += "Asked:\n";
  for (const auto& gate : d.gates()) {
    out += "  " + gate.name() + ": " + OutcomeInWords(gate.outcome());
    if (gate.has_value()) out += ", value " + std::to_string(gate.value());
    if (gate.has_limit()) out += ", limit " + std::to_string(gate.limit());
    if (!gate.detail().empty()) out += ", " + gate.detail();
    out += "\n";
  }
  for (const auto& sign : d.nuisance()) {
    out +=
        "  sign of a nuisance: " + SignInWords(sign) + ", " + Count(sign.points(), "point") + "\n";
  }
}

void AppendEvidence(const v1::Decision& d, std::string& out) {
  if (d.evidence().empty()) return;
  out += "Records:\n";
  for (const auto& evidence : d.evidence()) {
    out += "  " + evidence.record_id();
    if (evidence.has_coordinates()) {
      const auto& at = evidence.coordinates();
      out += " (" + at.topic() + "/" + std::to_string(at.partition()) + " at " +
             std::to_string(at.offset()) + ")";
    }
    out += " says " + std::string(VerdictName(evidence.verdict())) + " by rule " + evidence.rule() +
           "\n";
  }
  if (d.evidence_dropped() > 0) out += "  and " + std::to_string(d.evidence_dropped()) + " more\n";
}

}  // namespace

std::string DurationInWords(std::int64_t ms) {
  if (ms < 0) return "0 s";
  if (ms < kMinuteMs) return Tenths(ms, kSecondMs) + " s";
  if (ms < kHourMs) return Tenths(ms, kMinuteMs) + " min";
  if (ms < 3 * kDayMs) return Tenths(ms, kHourMs) + " h";
  return Tenths(ms, kDayMs) + " days";
}

std::string TimeInWords(std::int64_t ms) {
  // Year 9999; also keeps the calendar's arithmetic in range.
  constexpr std::int64_t kLast = 253'402'300'799'999;
  if (ms < 0 || ms > kLast) return std::to_string(ms) + " ms";
  const std::chrono::sys_days day{std::chrono::days{ms / kDayMs}};
  const std::chrono::year_month_day date{day};
  const std::int64_t rest = ms % kDayMs;
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d:%02d.%03d UTC",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(rest / kHourMs),
                static_cast<int>(rest / kMinuteMs % 60), static_cast<int>(rest / kSecondMs % 60),
                static_cast<int>(rest % kSecondMs));
  return text.data();
}

std::string VerdictInWords(v1::Verdict verdict, v1::AnsweredBy answered_by) {
  switch (verdict) {
    case v1::VERDICT_ANSWERED:
      return answered_by == v1::ANSWERED_BY_IVR ? "a menu or announcement took the call"
                                                : "the call was answered";
    case v1::VERDICT_NO_ANSWER:
      return "it rang and nobody answered";
    case v1::VERDICT_BUSY:
      return "the line was busy";
    case v1::VERDICT_UNREACHABLE:
      return "the line could not be reached";
    case v1::VERDICT_DECLINED:
      return "the call was declined";
    case v1::VERDICT_ABANDONED:
      return "the caller gave up while it rang";
    case v1::VERDICT_SHORT_RING:
      return "the caller hung up after a short ring";
    case v1::VERDICT_VOICEMAIL:
      return "the call went to voicemail";
    case v1::VERDICT_QUEUE_ABANDON:
      return "the caller waited in the queue and no agent answered";
    case v1::VERDICT_ANSWERED_ELSEWHERE:
      return "a colleague took the call on another phone";
    case v1::VERDICT_BLOCKED:
      return "the call was blocked as unwanted";
    case v1::VERDICT_NETWORK_FAILURE:
      return "the network failed to put the call through";
    case v1::VERDICT_WRONG_NUMBER:
      return "the number dialled was wrong or incomplete";
    case v1::VERDICT_OUTBOUND:
      return answered_by == v1::ANSWERED_BY_UNSPECIFIED
                 ? "the business made the call itself, and it was not answered"
                 : "the business made the call itself";
    case v1::VERDICT_NOT_A_CALL:
      return "it was no voice call";
    case v1::VERDICT_CONTINUES:
      return "the call went on elsewhere";
    default:
      return "the records don't say for certain how the call ended";
  }
}

std::string ExplainInBrief(const v1::Decision& d) {
  if (d.action() == v1::ACTION_TEXT) {
    return "Text asked for: " + VerdictInWords(d.verdict(), d.answered_by()) + ".";
  }
  if (d.action() == v1::ACTION_DEFER) {
    return "Text put off: " + VerdictInWords(d.verdict(), d.answered_by()) + ".";
  }
  if (d.reason() == v1::REASON_NOT_MISSED) return "No text: " + NotMissed(d) + ".";
  const v1::Gate* gate = StoppedAt(d);
  const v1::Gate& stopped = gate != nullptr ? *gate : v1::Gate::default_instance();
  const std::string why = d.reason() == v1::REASON_NUISANCE
                              ? NuisanceInWords(d, stopped.value(), stopped.limit())
                              : Stopped(d.reason(), stopped);
  if (why.empty()) return "No text, for a reason that this version doesn't know.";
  return "No text: " + why + ".";
}

std::string Explain(const v1::Decision& d, const std::vector<v1::Amendment>& amendments,
                    const std::vector<v1::Status>& statuses, const ExplainOptions& options) {
  std::string out = ExplainInBrief(d) + "\n" + CallInWords(d, options) + "\n";
  out += Sentence("verdict " + std::string(VerdictName(d.verdict())) + ": " +
                  VerdictInWords(d.verdict(), d.answered_by())) +
         "\n";
  out += "Decided " + TimeInWords(d.now_ms()) + " under policy version " +
         std::to_string(d.policy_version()) + ", line table " + std::to_string(d.lines_version()) +
         ".\n";
  if (!d.job_id().empty()) out += "Job " + d.job_id() + ", template " + d.template_name() + ".\n";
  AppendGates(d, out);
  AppendEvidence(d, out);
  for (const auto& a : amendments) {
    out += TimeInWords(a.now_ms()) + ": a later record says that " +
           VerdictInWords(a.verdict(), a.answered_by());
    if (a.false_text()) {
      out += a.cancelled_job_id().empty() ? "; the text had gone, or could not be held back"
                                          : "; the text was asked back";
    }
    out += ".\n";
  }
  for (const auto& s : statuses) out += TimeInWords(s.at_ms()) + ": " + StatusInWords(s) + ".\n";
  return out;
}

}  // namespace textback::policy
