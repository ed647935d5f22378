#include "base/clock.h"

#include <time.h>

namespace textback {
namespace {

std::int64_t ReadNs(clockid_t id) {
  timespec t{};
  ::clock_gettime(id, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

std::int64_t SystemClock::NowMs() const { return ReadNs(CLOCK_REALTIME) / 1'000'000; }
MonoTime SystemClock::Mono() const {
  return MonoTime(std::chrono::nanoseconds(ReadNs(CLOCK_BOOTTIME)));
}

}  // namespace textback
