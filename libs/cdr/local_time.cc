#include "cdr/local_time.h"

#include <date/tz.h>

#include <exception>

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

}  // namespace

struct LocalTime::Zone {
  const date::time_zone* zone;
};

LocalTime::LocalTime(std::unique_ptr<Zone> zone) : zone_(std::move(zone)) {}
LocalTime::~LocalTime() = default;
LocalTime::LocalTime(LocalTime&&) noexcept = default;
LocalTime& LocalTime::operator=(LocalTime&&) noexcept = default;

Result<LocalTime> LocalTime::Make(std::string_view zone) {
  try {
    return LocalTime(std::make_unique<Zone>(Zone{date::locate_zone(std::string(zone))}));
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
  const auto info = zone_->zone->get_info(*local);
  const auto at = [&local](const date::sys_info& offset) {
    return (local->time_since_epoch() - std::chrono::milliseconds(offset.offset)).count();
  };
  const std::int64_t early = at(info.first);
  return Instants{early, info.result == date::local_info::ambiguous ? at(info.second) : early};
}

}  // namespace textback::cdr
