#include "smpp/sm_time.h"

#include <algorithm>
#include <chrono>

#include "base/assert.h"

namespace textback::smpp {
namespace {

namespace chr = std::chrono;

void Put2(char* at, std::int64_t value) {
  at[0] = static_cast<char>('0' + value / 10 % 10);
  at[1] = static_cast<char>('0' + value % 10);
}

// Two digits, or -1.
int Get2(std::string_view text, std::size_t at) {
  const int high = text[at] - '0';
  const int low = text[at + 1] - '0';
  if (high < 0 || high > 9 || low < 0 || low > 9) return -1;
  return high * 10 + low;
}

}  // namespace

SmTime RelativeTime(std::int64_t seconds) {
  TB_ASSERT(seconds >= 0);
  seconds = std::min(seconds, kRelativeSecondsMax);
  SmTime time;
  Put2(time.text, 0);
  Put2(time.text + 2, 0);
  Put2(time.text + 4, seconds / 86'400);
  Put2(time.text + 6, seconds / 3'600 % 24);
  Put2(time.text + 8, seconds / 60 % 60);
  Put2(time.text + 10, seconds % 60);
  time.text[12] = '0';
  Put2(time.text + 13, 0);
  time.text[15] = 'R';
  return time;
}

SmTime AbsoluteTime(std::int64_t utc_ms) {
  const chr::sys_time<chr::milliseconds> at{chr::milliseconds(utc_ms)};
  const auto day = chr::floor<chr::days>(at);
  const chr::year_month_day date(day);
  const auto second = chr::floor<chr::seconds>(at - day).count();
  const int year = static_cast<int>(date.year());
  TB_ASSERT(year >= 2000 && year <= 2099);
  SmTime time;
  Put2(time.text, year - 2000);
  Put2(time.text + 2, static_cast<unsigned>(date.month()));
  Put2(time.text + 4, static_cast<unsigned>(date.day()));
  Put2(time.text + 6, second / 3'600);
  Put2(time.text + 8, second / 60 % 60);
  Put2(time.text + 10, second % 60);
  time.text[12] = '0';
  Put2(time.text + 13, 0);
  time.text[15] = '+';
  return time;
}

std::optional<std::int64_t> ParseSmTime(std::string_view text, std::int64_t now_ms) {
  if (text.size() != 16) return std::nullopt;
  const int year = Get2(text, 0), month = Get2(text, 2), day = Get2(text, 4);
  const int hour = Get2(text, 6), minute = Get2(text, 8), second = Get2(text, 10);
  const int tenth = text[12] - '0', quarters = Get2(text, 13);
  const char kind = text[15];
  if (std::min({year, month, day, hour, minute, second, tenth, quarters}) < 0 || tenth > 9) {
    return std::nullopt;
  }
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const std::int64_t of_day =
      (hour * 3'600 + minute * 60 + second) * std::int64_t{1'000} + tenth * 100;
  if (kind == 'R') {
    return now_ms + (year * 365 + month * 30 + day) * std::int64_t{86'400'000} + of_day;
  }
  const chr::year_month_day date(chr::year(2000 + year), chr::month(static_cast<unsigned>(month)),
                                 chr::day(static_cast<unsigned>(day)));
  if ((kind != '+' && kind != '-') || !date.ok() || quarters > 48) return std::nullopt;
  const std::int64_t local =
      chr::sys_days(date).time_since_epoch().count() * std::int64_t{86'400'000} + of_day;
  const std::int64_t offset = quarters * std::int64_t{900'000};
  return kind == '+' ? local - offset : local + offset;
}

}  // namespace textback::smpp
