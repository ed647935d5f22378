#include "cdr/local_time.h"

#include <date/tz.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <vector>

namespace textback::cdr {
namespace {

// `count` digits at `at`; -1 where something else stands there.
int Digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

std::optional<int> FractionMs(std::string_view text) {
  if (text.empty()) return 0;
  if (text[0] != '.' || text.size() < 2 || text.size() > 7) return std::nullopt;
  int ms = 0;
  int unit = 100;
  for (const char c : text.substr(1)) {
    if (c < '0' || c > '9') return std::nullopt;
    ms += (c - '0') * unit;
    unit /= 10;
  }
  return ms;
}

std::optional<date::local_time<std::chrono::milliseconds>> Parse(std::string_view text) {
  constexpr std::size_t kSize = 19;  // "2026-03-29 01:30:00"
  if (text.size() < kSize || text[4] != '-' || text[7] != '-' ||
      (text[10] != ' ' && text[10] != 'T') || text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  const int year = Digits(text, 0, 4);
  const int month = Digits(text, 5, 2);
  const int day = Digits(text, 8, 2);
  const int hour = Digits(text, 11, 2);
  const int minute = Digits(text, 14, 2);
  const int second = Digits(text, 17, 2);
  const auto ms = FractionMs(text.substr(kSize));
  if (year < 0 || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0 || !ms)
    return std::nullopt;
  const date::year_month_day ymd{date::year(year), date::month(static_cast<unsigned>(month)),
                                 date::day(static_cast<unsigned>(day))};
  if (!ymd.ok() || hour > 23 || minute > 59 || second > 60)
    return std::nullopt;  // 60: a leap second
  return date::local_days(ymd) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + std::chrono::milliseconds(*ms);
}

// A stretch of time with one offset.
struct Span {
  std::int64_t begin_ms;  // UTC
  std::int64_t end_ms;
  std::int64_t offset_ms;
};

// tzdata is slow to ask (rules are searched each time): the years in which calls are read are asked
// once, and outside them the nearest stretch stands for all.
std::vector<Span> SpansOf(const date::time_zone& zone) {
  using std::chrono::milliseconds;
  constexpr auto kFirst = date::sys_days(date::year(1999) / 1 / 1);
  constexpr auto kLast = date::sys_days(date::year(2101) / 1 / 1);
  std::vector<Span> spans;
  date::sys_seconds at = kFirst;
  while (at < kLast) {
    const auto info = zone.get_info(at);
    spans.push_back(
        {milliseconds(at.time_since_epoch()).count(),
         milliseconds(std::min<date::sys_seconds>(info.end, kLast).time_since_epoch()).count(),
         milliseconds(info.offset).count()});
    at = info.end;
  }
  spans.front().begin_ms = std::numeric_limits<std::int64_t>::min() / 2;
  spans.back().end_ms = std::numeric_limits<std::int64_t>::max() / 2;
  return spans;
}

}  // namespace

struct LocalTime::Zone {
  std::vector<Span> spans;
};

LocalTime::LocalTime(std::unique_ptr<Zone> zone) : zone_(std::move(zone)) {}
LocalTime::~LocalTime() = default;
LocalTime::LocalTime(LocalTime&&) noexcept = default;
LocalTime& LocalTime::operator=(LocalTime&&) noexcept = default;

Result<LocalTime> LocalTime::Make(std::string_view zone) {
  try {
    return LocalTime(std::make_unique<Zone>(Zone{SpansOf(*date::locate_zone(std::string(zone)))}));
  } catch (const std::exception& e) {
    return FatalError(
        "config_invalid",
        "time zone \"" + std::string(zone) +
            "\" is not in this machine's tzdata: give an IANA name such as Europe/London (" +
            e.what() + ")");
  }
}

std::optional<Instants> LocalTime::Read(std::string_view text) const {
  const auto local = Parse(text);
  if (!local) return std::nullopt;
  return FromLocal(local->time_since_epoch().count());
}

Instants LocalTime::FromLocal(std::int64_t local_ms) const {
  const auto& spans = zone_->spans;
  // The first stretch that isn't over yet by its own clock; the one after it may have begun too.
  const auto span = std::ranges::upper_bound(spans, local_ms, {},
                                             [](const Span& s) { return s.end_ms + s.offset_ms; });
  if (span == spans.end()) {
    const std::int64_t last = local_ms - spans.back().offset_ms;
    return {last, last};
  }
  const std::int64_t early = local_ms - span->offset_ms;
  if (early < span->begin_ms) {
    // A time that didn't happen: with the offset that held before.
    const std::int64_t before = local_ms - std::prev(span)->offset_ms;
    return {before, before};
  }
  const auto next = std::next(span);
  if (next == spans.end() || local_ms - next->offset_ms < next->begin_ms) return {early, early};
  return {early, local_ms - next->offset_ms};
}

}  // namespace textback::cdr
