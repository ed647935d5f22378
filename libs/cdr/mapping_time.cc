// Times and durations as a mapping describes them.
#include <array>
#include <limits>

#include "base/ascii.h"
#include "cdr/mapping_plan.h"

namespace textback::cdr::mapping {
namespace {

constexpr std::int64_t kSecondMs = 1'000;
constexpr std::int64_t kMinuteMs = 60 * kSecondMs;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;
constexpr std::int64_t kDayMs = 24 * kHourMs;
constexpr std::int64_t kGregorianEpochSeconds = 62'167'219'200;  // 0000-01-01 to 1970-01-01
constexpr std::int64_t kTooMuch = 4'000'000'000'000'000;

// Eats up to `most` digits, at least `least`.
std::optional<std::int64_t> Digits(std::string_view& text, std::size_t least, std::size_t most) {
  std::uint64_t value = 0;  // 19 digits fit
  std::size_t n = 0;
  while (n < most && n < text.size() && IsDigit(text[n]))
    value = value * 10 + static_cast<std::uint64_t>(text[n++] - '0');
  if (n < least || value > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
  text.remove_prefix(n);
  return static_cast<std::int64_t>(value);
}

bool Eat(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// Digits after a point as thousandths; any number of them.
std::int64_t Fraction(std::string_view& text, std::int64_t whole) {
  std::int64_t value = 0;
  std::int64_t unit = whole / 10;
  while (!text.empty() && IsDigit(text.front())) {
    value += (text.front() - '0') * unit;
    unit /= 10;
    text.remove_prefix(1);
  }
  return value;
}

struct Broken {
  std::int64_t year = -1;
  std::int64_t month = 1;
  std::int64_t day = 1;
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  std::int64_t second = 0;
  std::int64_t ms = 0;
  bool twelve = false;  // %I
  std::optional<bool> afternoon;
  std::optional<std::int64_t> offset_ms;
  std::optional<std::int64_t> epoch_ms;
};

bool IsLeap(std::int64_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

// Howard Hinnant's days_from_civil: days since 1970-01-01 in the Gregorian calendar.
std::int64_t DaysSinceEpoch(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

std::optional<Instants> InstantsOf(const Broken& b, const LocalTime& zone) {
  if (b.epoch_ms) return Instants{*b.epoch_ms, *b.epoch_ms};
  // "0000-00-00" of MySQL, "0001-01-01" of Go: no time.
  if (b.year <= 1) return Instants{0, 0};
  constexpr std::array<std::int64_t, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  std::int64_t hour = b.hour;
  if (b.twelve) {
    if (hour < 1 || hour > 12 || !b.afternoon) return std::nullopt;
    hour = hour % 12 + (*b.afternoon ? 12 : 0);
  }
  if (b.month < 1 || b.month > 12 || b.day < 1 || hour > 23 || b.minute > 59 || b.second > 60)
    return std::nullopt;  // 60: a leap second
  const std::int64_t last =
      kDays[static_cast<std::size_t>(b.month - 1)] + (b.month == 2 && IsLeap(b.year) ? 1 : 0);
  if (b.day > last) return std::nullopt;
  const std::int64_t local = DaysSinceEpoch(b.year, b.month, b.day) * kDayMs + hour * kHourMs +
                             b.minute * kMinuteMs + b.second * kSecondMs + b.ms;
  if (!b.offset_ms) return zone.FromLocal(local);
  return Instants{local - *b.offset_ms, local - *b.offset_ms};
}

// "Z", "+0530", "+05:30", "+05".
bool EatOffset(std::string_view& text, Broken& b) {
  if (Eat(text, 'Z') || Eat(text, 'z')) {
    b.offset_ms = 0;
    return true;
  }
  const bool minus = !text.empty() && text.front() == '-';
  if (!Eat(text, '+') && !Eat(text, '-')) return false;
  const auto hours = Digits(text, 2, 2);
  if (!hours || *hours > 15) return false;
  std::int64_t minutes = 0;
  const bool colon = Eat(text, ':');
  if (colon || (!text.empty() && IsDigit(text.front()))) {
    const auto read = Digits(text, 2, 2);
    if (!read || *read > 59) return false;
    minutes = *read;
  }
  const std::int64_t offset = *hours * kHourMs + minutes * kMinuteMs;
  b.offset_ms = minus ? -offset : offset;
  return true;
}

// A word of letters; UTC and its like set the offset, others leave it to the mapping's zone.
bool EatZoneWord(std::string_view& text, Broken& b) {
  std::size_t n = 0;
  while (n < text.size() && ToLower(text[n]) >= 'a' && ToLower(text[n]) <= 'z') ++n;
  if (n == 0) return false;
  const auto word = text.substr(0, n);
  if (word == "UTC" || word == "GMT" || word == "Z") b.offset_ms = 0;
  text.remove_prefix(n);
  return true;
}

bool EatMonth(std::string_view& text, Broken& b) {
  static constexpr std::string_view kNames = "janfebmaraprmayjunjulaugsepoctnovdec";
  if (text.size() < 3) return false;
  const std::array<char, 3> key = {ToLower(text[0]), ToLower(text[1]), ToLower(text[2])};
  const auto at = kNames.find(std::string_view(key.data(), 3));
  if (at == std::string_view::npos || at % 3 != 0) return false;
  b.month = static_cast<std::int64_t>(at / 3) + 1;
  text.remove_prefix(3);
  while (!text.empty() && ToLower(text.front()) >= 'a' && ToLower(text.front()) <= 'z')
    text.remove_prefix(1);  // %B: the whole name
  return true;
}

bool EatWord(std::string_view& text) {
  const auto size = text.size();
  while (!text.empty() && ToLower(text.front()) >= 'a' && ToLower(text.front()) <= 'z')
    text.remove_prefix(1);
  return text.size() < size;
}

bool EatHalf(std::string_view& text, Broken& b) {
  if (text.size() < 2 || ToLower(text[1]) != 'm') return false;
  const char half = ToLower(text[0]);
  if (half != 'a' && half != 'p') return false;
  b.afternoon = half == 'p';
  text.remove_prefix(2);
  return true;
}

bool EatNumber(std::string_view& text, std::size_t most, std::int64_t& into) {
  const auto read = Digits(text, 1, most);
  if (!read) return false;
  into = *read;
  return true;
}

bool EatStep(char what, std::string_view& text, Broken& b) {
  switch (what) {
    case 'Y':
      return EatNumber(text, 4, b.year);
    case 'y':
      if (!EatNumber(text, 2, b.year)) return false;
      b.year += b.year < 70 ? 2000 : 1900;
      return true;
    case 'm':
      return EatNumber(text, 2, b.month);
    case 'd':
    case 'e':
      while (Eat(text, ' ')) {
      }
      return EatNumber(text, 2, b.day);
    case 'I':
      b.twelve = true;
      return EatNumber(text, 2, b.hour);
    case 'H':
      return EatNumber(text, 2, b.hour);
    case 'M':
      return EatNumber(text, 2, b.minute);
    case 'S':
      if (!EatNumber(text, 2, b.second)) return false;
      if (text.size() >= 2 && (text[0] == '.' || text[0] == ',') && IsDigit(text[1])) {
        text.remove_prefix(1);
        b.ms = Fraction(text, kSecondMs);
      }
      return true;
    case 'f':
      b.ms = Fraction(text, kSecondMs);
      return true;
    case 'b':
    case 'B':
      return EatMonth(text, b);
    case 'a':
    case 'A':
      return EatWord(text);
    case 'p':
      return EatHalf(text, b);
    case 'z':
      return EatOffset(text, b);
    case 'Z':
      return EatZoneWord(text, b);
    case 's': {
      std::int64_t seconds = 0;
      if (!EatNumber(text, 11, seconds)) return false;
      b.epoch_ms = seconds * kSecondMs;
      return true;
    }
    default:
      return false;
  }
}

std::optional<Broken> ReadPattern(const std::vector<PatternStep>& steps, std::string_view text) {
  Broken b;
  for (const auto& step : steps) {
    if (!step.literal) {
      if (!EatStep(step.what, text, b)) return std::nullopt;
    } else if (step.what == ' ') {  // any number of spaces, as strptime has it
      while (Eat(text, ' ')) {
      }
    } else if (!Eat(text, step.what)) {
      return std::nullopt;
    }
  }
  if (!text.empty()) return std::nullopt;
  return b;
}

// ISO 8601's extended form, with 'T' or a space, and a zone or none.
std::optional<Broken> ReadIso(std::string_view text) {
  Broken b;
  const auto number = [&text](std::size_t digits, std::int64_t& into) {
    const auto read = Digits(text, digits, digits);
    if (read) into = *read;
    return read.has_value();
  };
  if (!number(4, b.year) || !Eat(text, '-') || !number(2, b.month) || !Eat(text, '-') ||
      !number(2, b.day)) {
    return std::nullopt;
  }
  if (text.empty()) return b;
  if (!Eat(text, 'T') && !Eat(text, ' ') && !Eat(text, 't')) return std::nullopt;
  if (!number(2, b.hour) || !Eat(text, ':') || !number(2, b.minute)) return std::nullopt;
  if (Eat(text, ':')) {
    if (!number(2, b.second)) return std::nullopt;
    if (Eat(text, '.') || Eat(text, ',')) {
      if (text.empty() || !IsDigit(text.front())) return std::nullopt;
      b.ms = Fraction(text, kSecondMs);
    }
  }
  while (Eat(text, ' ')) {
  }
  if (text.empty()) return b;
  if (text == "UTC") {
    b.offset_ms = 0;
    return b;
  }
  if (!EatOffset(text, b) || !text.empty()) return std::nullopt;
  return b;
}

// A number of units of `per_unit_us` microseconds, with a fraction or without -> milliseconds.
std::optional<std::int64_t> Scaled(std::string_view text, std::int64_t unit_ns) {
  const bool minus = Eat(text, '-');
  const auto whole = Digits(text, 1, 19);
  if (!whole) return std::nullopt;
  std::int64_t part_ns = 0;
  if (Eat(text, '.')) part_ns = Fraction(text, unit_ns);
  if (!text.empty()) return std::nullopt;
  constexpr std::int64_t kMsNs = 1'000'000;
  std::int64_t ms = 0;
  if (unit_ns >= kMsNs) {
    if (*whole > kTooMuch / (unit_ns / kMsNs)) return std::nullopt;
    ms = *whole * (unit_ns / kMsNs) + part_ns / kMsNs;
  } else {
    ms = *whole / (kMsNs / unit_ns);
  }
  return minus ? -ms : ms;
}

// "1:02:03.5", "02:03", "3".
std::optional<std::int64_t> Clock(std::string_view text) {
  std::int64_t total = 0;
  for (int part = 0; part < 3; ++part) {
    const auto read = Digits(text, 1, 7);
    if (!read) return std::nullopt;
    total = total * 60 + *read;
    if (!Eat(text, ':')) break;
    if (part == 2) return std::nullopt;
  }
  std::int64_t ms = total * kSecondMs;
  if (Eat(text, '.') || Eat(text, ',')) ms += Fraction(text, kSecondMs);
  if (!text.empty()) return std::nullopt;
  return ms;
}

// "1h2m3.5s", "350ms", "10s": as Go prints durations; a bare number is seconds.
std::optional<std::int64_t> Words(std::string_view text) {
  std::int64_t total_ns = 0;
  constexpr std::int64_t kSecondNs = 1'000'000'000;
  while (!text.empty()) {
    const auto whole = Digits(text, 1, 9);
    if (!whole) return std::nullopt;
    std::int64_t part = 0;  // billionths of the unit
    if (Eat(text, '.')) part = Fraction(text, kSecondNs);
    std::size_t n = 0;
    while (n < text.size() && !IsDigit(text[n]) && text[n] != '.') ++n;
    const auto unit = text.substr(0, n);
    text.remove_prefix(n);
    std::int64_t ns = 0;
    if (unit == "h") {
      ns = 3600 * kSecondNs;
    } else if (unit == "m") {
      ns = 60 * kSecondNs;
    } else if (unit == "s" || (unit.empty() && text.empty())) {
      ns = kSecondNs;
    } else if (unit == "ms") {
      ns = kSecondNs / 1'000;
    } else if (unit == "us" || unit == "\xc2\xb5s") {
      ns = 1'000;
    } else if (unit == "ns") {
      ns = 1;
    } else {
      return std::nullopt;
    }
    if (*whole > kTooMuch * 1'000 / ns) return std::nullopt;
    const std::int64_t add = *whole * ns + static_cast<std::int64_t>(static_cast<double>(part) /
                                                                     1e9 * static_cast<double>(ns));
    if (total_ns > kTooMuch * 1'000 - add) return std::nullopt;
    total_ns += add;
  }
  return total_ns / 1'000'000;
}

}  // namespace

std::string CompilePattern(std::string_view pattern, std::vector<PatternStep>& steps) {
  bool has_year = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      steps.push_back({true, pattern[i]});
      continue;
    }
    const char what = ++i < pattern.size() ? pattern[i] : '\0';
    if (what == '%') {
      steps.push_back({true, '%'});
    } else if (what == 'T') {
      for (const char c : std::string_view("H:M:S")) steps.push_back({c == ':', c});
    } else if (what == 'F') {
      for (const char c : std::string_view("Y-m-d")) steps.push_back({c == '-', c});
      has_year = true;
    } else if (what == '\0' ||
               std::string_view("YymdeHIMSfbBaApzZs").find(what) == std::string_view::npos) {
      return "a pattern may hold %Y %y %m %d %e %b %a %H %I %M %S %f %p %z %Z %s %T %F and %%, not "
             "\"%" +
             std::string(1, what == '\0' ? ' ' : what) + "\"";
    } else {
      steps.push_back({false, what});
      has_year = has_year || what == 'Y' || what == 'y' || what == 's';
    }
  }
  return has_year ? std::string() : "a pattern needs a year (%Y or %y), or %s";
}

namespace {

std::optional<Instants> ReadWritten(const TimeFormat& format, const LocalTime& zone,
                                    std::string_view text) {
  std::optional<std::int64_t> ms;
  switch (format.kind) {
    case TimeFormat::Kind::kEpochSeconds:
      ms = Scaled(text, 1'000'000'000);
      break;
    case TimeFormat::Kind::kEpochMs:
      ms = Scaled(text, 1'000'000);
      break;
    case TimeFormat::Kind::kEpochUs:
      ms = Scaled(text, 1'000);
      break;
    case TimeFormat::Kind::kEpochNs:
      ms = Scaled(text, 1);
      break;
    case TimeFormat::Kind::kGregorianSeconds:
      ms = Scaled(text, 1'000'000'000);
      if (ms && *ms != 0) *ms -= kGregorianEpochSeconds * kSecondMs;
      break;
    case TimeFormat::Kind::kIso: {
      const auto broken = ReadIso(text);
      return broken ? InstantsOf(*broken, zone) : std::nullopt;
    }
    case TimeFormat::Kind::kPattern: {
      const auto broken = ReadPattern(format.steps, text);
      return broken ? InstantsOf(*broken, zone) : std::nullopt;
    }
  }
  if (!ms) return std::nullopt;
  return Instants{*ms, *ms};
}

}  // namespace

std::optional<Instants> ReadTime(const TimeFormat& format, const LocalTime& zone,
                                 std::string_view text) {
  const auto read = ReadWritten(format, zone, text);
  // The first day of 1970 is how switches write that there is no time.
  if (read && read->early >= -kDayMs && read->early < kDayMs) return Instants{0, 0};
  return read;
}

std::optional<std::int64_t> ReadDuration(Unit unit, std::string_view text) {
  switch (unit) {
    case Unit::kSeconds:
      return Scaled(text, 1'000'000'000);
    case Unit::kTenMs:
      return Scaled(text, 10'000'000);
    case Unit::kMs:
      return Scaled(text, 1'000'000);
    case Unit::kUs:
      return Scaled(text, 1'000);
    case Unit::kNs:
      return Scaled(text, 1);
    case Unit::kMinutes:
      return Scaled(text, 60'000'000'000);
    case Unit::kClock:
      return Clock(text);
    case Unit::kDuration:
      return Words(text);
  }
  TB_UNREACHABLE();
}

}  // namespace textback::cdr::mapping
