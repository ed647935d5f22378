#include "cdr/webhook_call.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "cdr/decoder.h"
#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

// ANONYMOUS, RESTRICTED, BLOCKED, PRIVATE; UNKNOWN, UNAVAILABLE on the keys of a telephone (ITU-T
// E.161): what gateways that must give digits put in place of a withheld number.
constexpr std::array<std::string_view, 4> kKeypadRestricted = {"266696687", "7378742833", "2562533",
                                                               "7748283"};
constexpr std::array<std::string_view, 2> kKeypadUnavailable = {"8656696", "86282452253"};

// Fewer digits are an extension or a short code.
constexpr std::size_t kBareDigitsMin = 7;

}  // namespace

Result<WebhookTime> WebhookTime::Make(std::string_view zone) {
  TB_ASSIGN_OR_RETURN(auto local, LocalTime::Make(zone));
  return WebhookTime(std::move(local));
}

WebhookTime::WebhookTime(LocalTime zone) : zone_(std::move(zone)) {
  iso_.kind = mapping::TimeFormat::Kind::kIso;
  rfc2822_.kind = mapping::TimeFormat::Kind::kPattern;
  const auto problem = mapping::CompilePattern("%a, %d %b %Y %T %z", rfc2822_.steps);
  TB_ASSERT(problem.empty());
}

std::optional<std::int64_t> WebhookTime::Read(std::string_view text) const {
  if (text.empty()) return std::nullopt;
  const auto read = mapping::ReadTime(IsDigit(text.front()) ? iso_ : rfc2822_, zone_, text);
  if (!read || read->early <= 0) return std::nullopt;
  return read->early;
}

std::optional<std::int64_t> ArrivalMs(const ValueContext& context) {
  if (context.produced_ms > 0) return context.produced_ms;
  if (context.file_written_ms > 0) return context.file_written_ms;
  return std::nullopt;
}

void SetNumber(std::string_view number, v1::Party& party) {
  number = Trimmed(number);
  party.set_number(number.data(), number.size());
  const auto digits = number.starts_with('+') ? number.substr(1) : number;
  if (IsOneOf(digits, kKeypadRestricted)) {
    party.set_presentation(v1::Party::PRESENTATION_RESTRICTED);
    party.set_number_type(v1::Party::NUMBER_TYPE_NETWORK_SPECIFIC);
  } else if (IsOneOf(digits, kKeypadUnavailable)) {
    party.set_presentation(v1::Party::PRESENTATION_UNAVAILABLE);
    party.set_number_type(v1::Party::NUMBER_TYPE_NETWORK_SPECIFIC);
  } else if (digits.size() >= kBareDigitsMin && std::ranges::all_of(digits, IsDigit)) {
    party.set_number_type(v1::Party::NUMBER_TYPE_INTERNATIONAL);
  }
}

std::optional<std::int64_t> DurationMs(std::string_view seconds) {
  std::int64_t value = 0;
  const auto* const end = seconds.data() + seconds.size();
  const auto [at, error] = std::from_chars(seconds.data(), end, value);
  if (error != std::errc() || at != end || value < 0 || value > kDurationMaxMs / 1000)
    return std::nullopt;
  return value * 1000;
}

void AddProviderCause(std::string_view provider, std::string_view word, v1::CallRecord& record) {
  auto& cause = *record.add_causes();
  cause.set_namespace_(v1::Cause::NAMESPACE_PROVIDER);
  auto& value = *cause.mutable_value();
  value.assign(provider).append("/").append(word);
  if (value.size() > kCauseValueBytesMax) {
    value.resize(kCauseValueBytesMax);
    while (!IsUtf8(value)) value.pop_back();
  }
}

void AddSipStatus(std::string_view status, v1::CallRecord& record) {
  const bool failure = status.size() == 3 && status[0] >= '3' && status[0] <= '6' &&
                       IsDigit(status[1]) && IsDigit(status[2]);
  if (!failure) return;
  auto& cause = *record.add_causes();
  cause.set_namespace_(v1::Cause::NAMESPACE_SIP);
  cause.set_value(status.data(), status.size());
}

void SetHints(std::string_view line, std::string_view caller, v1::CallRecord& record) {
  if (line.empty() || caller.empty()) return;
  SetNumber(line, *record.mutable_original_called());
  record.mutable_calling()->Clear();
  SetNumber(caller, *record.mutable_calling());
  record.set_direction(v1::DIRECTION_INBOUND);
}

std::string RecordIdOf(std::string_view call, std::string_view event, std::string_view number) {
  std::string id;
  id.reserve(call.size() + event.size() + number.size() + 2);
  id.append(call).append(":").append(event);
  if (!number.empty()) id.append(":").append(number);
  if (id.size() > kIdBytesMax) return Hex64(StableHash64(id)) + Hex64(StableHash64(id, 1));
  return id;
}

Error NoTime(std::string_view field) {
  return DeadLetterError(reasons::kTimeMissing,
                         "the callback has no " + std::string(field) +
                             ", and it isn't known when it arrived: produce it with a timestamp");
}

}  // namespace textback::cdr
