#include "telemetry/log.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <thread>

#include "base/assert.h"
#include "base/bounded_queue.h"
#include "telemetry/json_text.h"

namespace textback::telemetry {
namespace {

constexpr std::size_t kValueMax = 1024;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsKey(std::string_view key) {
  // "message" becomes "detail" in JSON; these three have no other name to go by.
  if (key == "time" || key == "level" || key == "part") return false;
  return !key.empty() && key.size() <= 32 && key[0] >= 'a' && key[0] <= 'z' &&
         std::all_of(key.begin(), key.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || IsDigit(c) || c == '_'; });
}

// Hides the last four digits of each "+" with seven or more digits after it.
std::string MaskNumbersIn(std::string_view text) {
  constexpr std::size_t kDigitsLeast = 7;
  constexpr std::size_t kHidden = 4;
  std::string out(text);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] != '+') continue;
    std::size_t end = i + 1;
    while (end < out.size() && IsDigit(out[end])) ++end;
    const bool masked = end < out.size() && out[end] == '*';  // by Msisdn or Address
    if (!masked && end - i - 1 >= kDigitsLeast)
      std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(end - kHidden), kHidden, '*');
    i = end - 1;
  }
  return out;
}

std::string ValueOf(std::string_view value) {
  if (value.size() <= kValueMax) return MaskNumbersIn(value);
  std::size_t end = kValueMax;
  while (end > kValueMax - 4 && (static_cast<unsigned char>(value[end]) & 0xc0) == 0x80) --end;
  // Masked before it is cut: a number across the cut would show digits that belong hidden.
  return MaskNumbersIn(value).substr(0, end) + "…";
}

bool IsPlain(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
  });
}

// 2026-11-22T09:53:07.123Z; Gregorian days after Howard Hinnant, "chrono-compatible date
// algorithms".
std::string Timestamp(std::int64_t now_ms) {
  const std::int64_t ms = ((now_ms % 86'400'000) + 86'400'000) % 86'400'000;
  const std::int64_t days = (now_ms - ms) / 86'400'000;
  const std::int64_t z = days + 719'468;
  const std::int64_t era = (z >= 0 ? z : z - 146'096) / 146'097;
  const std::int64_t day_of_era = z - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const std::int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const std::int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  const auto digits = [](std::int64_t value, std::size_t width) {
    std::string text = std::to_string(value);
    return text.size() < width ? std::string(width - text.size(), '0') + text : text;
  };
  return digits(year, 4) + "-" + digits(month, 2) + "-" + digits(day, 2) + "T" +
         digits(ms / 3'600'000, 2) + ":" + digits(ms / 60'000 % 60, 2) + ":" +
         digits(ms / 1000 % 60, 2) + "." + digits(ms % 1000, 3) + "Z";
}

}  // namespace

LogField::LogField(std::string_view key, double value) : key_(key), quote_(!std::isfinite(value)) {
  char text[32];
  value_.assign(text, std::to_chars(text, text + sizeof(text), value).ptr);
}

// ---- FdSink ----------------------------------------------------------------------------------

struct FdSink::Impl {
  Impl(int out, std::size_t lines) : fd(out), queue(lines), thread([this] { Run(); }) {}

  void Run() {
    // Signals are for the main thread; and SIGPIPE of a reader that left must not end the process.
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    std::vector<std::string> batch;
    for (;;) {
      batch.clear();
      const std::size_t n = queue.Drain(batch, 256, std::chrono::milliseconds(500));
      for (const auto& line : batch) {
        if (!Send(line + "\n")) dropped.fetch_add(1, std::memory_order_relaxed);
      }
      if (n == 0 && closing.load(std::memory_order_acquire)) return;
    }
  }

  // Pipes take up to PIPE_BUF bytes at once without blocking whenever poll says they are writable.
  bool Send(std::string_view bytes) {
    constexpr std::size_t kAtOnce = 4096;
    while (!bytes.empty()) {
      pollfd p{fd, POLLOUT, 0};
      const int ready = ::poll(&p, 1, 100);
      if (ready < 0 && errno == EINTR) continue;
      if (ready == 0) {
        if (closing.load(std::memory_order_acquire) && ++idle_polls > 10) return false;
        continue;
      }
      const ssize_t n = ::write(fd, bytes.data(), std::min(bytes.size(), kAtOnce));
      if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (n <= 0) return false;  // nobody is left to tell
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  const int fd;
  BoundedQueue<std::string> queue;
  std::atomic<std::uint64_t> dropped{0};
  std::atomic<bool> closing{false};
  int idle_polls = 0;  // while closing; the writer's own
  std::thread thread;
};

FdSink::FdSink(int fd, std::size_t queue_lines) : impl_(std::make_unique<Impl>(fd, queue_lines)) {}

FdSink::~FdSink() {
  impl_->closing.store(true, std::memory_order_release);
  impl_->queue.Close();
  impl_->thread.join();
}

void FdSink::Write(std::string line) {
  if (!impl_->queue.TryPush(std::move(line)))
    impl_->dropped.fetch_add(1, std::memory_order_relaxed);
}

std::uint64_t FdSink::dropped() const { return impl_->dropped.load(std::memory_order_relaxed); }

// ---- Log -------------------------------------------------------------------------------------

Log::Log(const Clock& clock, LogSink& sink, LogOptions options)
    : clock_(clock), sink_(sink), options_(std::move(options)) {}

Log::~Log() {
  for (const auto& [kind, state] : kinds_) {
    if (state.suppressed > 0) {
      sink_.Write(Line(kind.first, kind.second, {{"suppressed", state.suppressed}}));
    }
  }
}

void Log::Error(std::string_view sentence, const textback::Error& error, Fields fields) {
  WriteError(Level::kError, sentence, error, fields);
}

void Log::Warn(std::string_view sentence, const textback::Error& error, Fields fields) {
  WriteError(Level::kWarn, sentence, error, fields);
}

void Log::WriteError(Level level, std::string_view sentence, const textback::Error& error,
                     Fields fields) {
  std::vector<LogField> all(fields);
  all.emplace_back("code", error.code);
  all.emplace_back("disposition", ToString(error.disposition));
  all.emplace_back("message", error.message);
  Write(level, sentence, std::move(all));
}

void Log::Write(Level level, std::string_view sentence, std::vector<LogField> fields) {
  if (level < options_.least) return;
  // One lock over limit and sink: lines come out in the order of their stamps.
  const std::lock_guard lock(mutex_);
  if (level != Level::kInfo) {
    std::pair key(level, std::string(sentence));
    if (kinds_.size() >= kKindsMax && !kinds_.contains(key)) key.second = "further kinds";
    const MonoTime now = clock_.Mono();
    const auto [it, fresh] = kinds_.try_emplace(std::move(key), Kind{now, 0});
    Kind& kind = it->second;
    if (!fresh && now - kind.written < std::chrono::milliseconds(kEveryMs)) {
      ++kind.suppressed;
      return;
    }
    if (kind.suppressed > 0) fields.emplace_back("suppressed", kind.suppressed);
    kind = {now, 0};
  }
  sink_.Write(Line(level, sentence, fields));
}

std::string Log::Line(Level level, std::string_view sentence,
                      const std::vector<LogField>& fields) const {
  constexpr std::string_view kText[] = {"INFO ", "WARN ", "ERROR"};
  constexpr std::string_view kJson[] = {"info", "warn", "error"};
  const auto index = static_cast<std::size_t>(level);
  const std::string stamp = Timestamp(clock_.NowMs());
  std::string out;
  if (options_.json) {
    out = R"({"time":")" + stamp + R"(","level":")" + std::string(kJson[index]) + R"(","part":")" +
          EscapeJson(options_.part) + R"(","message":")" + EscapeJson(sentence) + '"';
  } else {
    out = stamp + " " + std::string(kText[index]) + " ";
    if (!options_.part.empty()) out += options_.part + ": ";
    out += EscapeJson(sentence);
  }
  for (const auto& field : fields) {
    TB_ASSERT(IsKey(field.key_));
    const std::string value = field.quote_ ? ValueOf(field.value_) : field.value_;
    if (options_.json) {
      // "message" is the sentence's name.
      out += ",\"" + std::string(field.key_ == "message" ? "detail" : field.key_) + "\":";
      out += field.quote_ ? "\"" + EscapeJson(value) + "\"" : value;
    } else {
      out += " " + field.key_ + "=" + (IsPlain(value) ? value : "\"" + EscapeJson(value) + "\"");
    }
  }
  if (options_.json) out += '}';
  return out;
}

}  // namespace textback::telemetry
