#include "cdr/asterisk_text.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "cdr/normalise.h"
#include "text/ucs2.h"

namespace textback::cdr {
namespace {

constexpr std::size_t kSecondsDigitsMax = 12;
constexpr std::int64_t kMinuteMs = 60'000;

// "-04", "+0530", "+01:00" as minutes; nullopt: no offset.
std::optional<int> OffsetMinutes(std::string_view text) {
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  std::string digits;
  for (const char c : text.substr(1)) {
    if (c == ':' && digits.size() == 2) continue;
    if (!IsDigit(c) || digits.size() == 4) return std::nullopt;
    digits.push_back(c);
  }
  if (digits.size() != 2 && digits.size() != 4) return std::nullopt;
  const auto two = [&digits](std::size_t at) {
    return (digits[at] - '0') * 10 + (digits[at + 1] - '0');
  };
  const int minutes = two(0) * 60 + (digits.size() == 4 ? two(2) : 0);
  return text[0] == '-' ? -minutes : minutes;
}

}  // namespace

std::optional<std::size_t> AsteriskFields::Split(std::string_view line, char separator) {
  count_ = 0;
  std::size_t at = 0;
  while (true) {
    std::string& field = Next();
    if (at < line.size() && line[at] == '"') {
      if (!Quoted(line, at, field)) return std::nullopt;
    }
    // Fields are short, and most are quoted as a whole: no search pays.
    std::size_t end = at;
    while (end < line.size() && line[end] != separator) ++end;
    field.append(line.substr(at, end - at));
    if (end == line.size()) return count_;
    at = end + 1;
  }
}

std::size_t AsteriskFields::SplitPadded(std::string_view line, std::size_t at_most) {
  count_ = 0;
  while (true) {
    const std::size_t end = count_ + 1 == at_most ? line.size() : line.find('|');
    Next().assign(Trimmed(line.substr(0, end)));
    if (end >= line.size()) return count_;
    line.remove_prefix(end + 1);
  }
}

std::string& AsteriskFields::Next() {
  if (count_ == fields_.size()) fields_.emplace_back();
  fields_[count_].clear();
  return fields_[count_++];
}

bool AsteriskFields::Quoted(std::string_view text, std::size_t& at, std::string& field) {
  while (true) {
    const std::size_t quote = text.find('"', ++at);
    if (quote == std::string_view::npos) return false;
    field.append(text.substr(at, quote - at));
    at = quote + 1;
    if (at >= text.size() || text[at] != '"') return true;
    field.push_back('"');  // "" is one quote
  }
}

bool IsTableFrame(std::string_view line) {
  line = Trimmed(line);
  return line.find_first_not_of("-+| \t") == std::string_view::npos ||
         (line.front() == '(' && (line.ends_with(" rows)") || line.ends_with(" row)")));
}

std::optional<std::string_view> NextLine(std::string_view& rest) {
  while (!rest.empty()) {
    const std::size_t newline = rest.find('\n');
    auto line = rest.substr(0, newline);
    rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (!line.empty()) return line;
  }
  return std::nullopt;
}

std::optional<std::string_view> AsUtf8(std::string_view line, bool latin1_fallback,
                                       std::string& storage) {
  if (simdjson::validate_utf8(line.data(), line.size())) return line;
  if (!latin1_fallback) return std::nullopt;
  storage = text::DecodeLatin1(line);
  return storage;
}

std::optional<std::int64_t> SecondsToMs(std::string_view text) {
  const std::size_t dot = std::min(text.find('.'), text.size());
  if (dot == 0 || dot > kSecondsDigitsMax) return std::nullopt;
  std::int64_t ms = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + dot, ms);
  if (error != std::errc() || end != text.data() + dot || ms < 0) return std::nullopt;
  ms *= 1'000;
  std::int64_t unit = 100;
  for (const char c : text.substr(std::min(dot + 1, text.size()))) {
    if (!IsDigit(c)) return std::nullopt;
    ms += (c - '0') * unit;
    unit /= 10;
  }
  return ms;
}

std::optional<std::int64_t> UniqueIdMs(std::string_view id) {
  const std::size_t dash = id.rfind('-');
  if (dash != std::string_view::npos) id.remove_prefix(dash + 1);
  const std::size_t dot = id.find('.');
  // Ten digits until 2286; PJSIP and ARI let an originate choose any other id.
  if (dot != 10 || !std::ranges::all_of(id.substr(dot + 1), IsDigit)) return std::nullopt;
  return SecondsToMs(id.substr(0, dot));
}

Result<AsteriskTime> AsteriskTime::Make(std::string_view zone) {
  TB_ASSIGN_OR_RETURN(auto local, LocalTime::Make(zone));
  TB_ASSIGN_OR_RETURN(auto utc, LocalTime::Make("UTC"));
  return AsteriskTime(std::move(local), std::move(utc));
}

std::optional<std::int64_t> AsteriskTime::Read(std::string_view text,
                                               std::optional<std::int64_t> not_before_ms) const {
  constexpr std::size_t kTimeSize = 19;  // "2026-03-29 01:30:00"
  if (text.size() < kTimeSize || text[4] != '-') return SecondsToMs(text);
  const std::size_t zone = text.find_first_of("+-Z", kTimeSize);
  if (zone != std::string_view::npos) {
    const auto offset = text.substr(zone) == "Z" ? 0 : OffsetMinutes(text.substr(zone));
    const auto at = utc_.Read(text.substr(0, zone));
    if (!offset || !at) return std::nullopt;
    return at->early - *offset * kMinuteMs;
  }
  const auto at = local_.Read(text);
  if (!at) return std::nullopt;
  return not_before_ms && at->early < *not_before_ms ? at->late : at->early;
}

v1::AnsweredBy WhoIsApplication(std::string_view app) {
  if (IsOneOf(app, {"VoiceMail", "MinivmRecord"})) return v1::ANSWERED_BY_VOICEMAIL;
  if (SameWord(app, "Queue")) return v1::ANSWERED_BY_QUEUE;
  if (IsOneOf(app, {"Playback", "BackGround", "BackgroundDetect", "ControlPlayback", "Read",
                    "WaitExten", "Wait", "SayDigits", "SayNumber", "SayAlpha", "Directory",
                    "MusicOnHold", "Playtones", "Milliwatt", "Echo"})) {
    return v1::ANSWERED_BY_IVR;
  }
  return v1::ANSWERED_BY_UNSPECIFIED;
}

void SetCaller(std::string_view number, std::string_view name, v1::Party& calling) {
  calling.set_number(std::string(number));
  // Neither CDR nor CEL has a presentation; a channel with CLIR shows as a name in place of one.
  calling.set_presentation(PresentationOfWord(name));
}

CallerId ReadCallerId(std::string_view clid) {
  CallerId id;
  const std::size_t open = clid.rfind('<');
  if (open != std::string_view::npos && clid.back() == '>')
    id.number = clid.substr(open + 1, clid.size() - open - 2);
  id.name = clid.substr(0, open);
  while (!id.name.empty() && (id.name.back() == ' ' || id.name.back() == '"'))
    id.name.remove_suffix(1);
  while (!id.name.empty() && (id.name.front() == ' ' || id.name.front() == '"'))
    id.name.remove_prefix(1);
  return id;
}

}  // namespace textback::cdr
