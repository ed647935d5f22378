// textback-bench-lines [LINES]: builds intake's line table of so many lines (default 10 M) and
// looks numbers up, half of them nobody's. Prints one JSON object; times are this thread's CPU
// time.
#include "intake/line_table.h"

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string_view>
#include <utility>
#include <vector>

#include "base/msisdn.h"
#include "base/random.h"

namespace {

using textback::Msisdn;

constexpr std::uint64_t kFirst = 12'125'550'100;  // what follows need not exist to be looked up
constexpr std::size_t kLookUps = 5'000'000;
constexpr std::size_t kTenants = 1'000;

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

Msisdn Number(std::uint64_t n) { return *Msisdn::FromE164("+" + std::to_string(kFirst + n)); }

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t lines = 10'000'000;
  if (argc > 1) {
    const std::string_view text = argv[1];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), lines);
    if (error != std::errc() || end != text.data() + text.size() || lines == 0) {
      std::fputs("usage: textback-bench-lines [LINES]\n", stderr);
      return 2;
    }
  }
  std::vector<std::string> tenants;
  for (std::size_t i = 0; i < kTenants; ++i) tenants.push_back("tenant-" + std::to_string(i));
  std::vector<std::pair<Msisdn, std::uint32_t>> rows;
  rows.reserve(lines);
  for (std::uint64_t n = 0; n < lines; ++n) {
    rows.emplace_back(Number(2 * n), static_cast<std::uint32_t>(n % kTenants));
  }
  textback::Random random(1);
  std::vector<Msisdn> asked;
  asked.reserve(kLookUps);
  for (std::size_t i = 0; i < kLookUps; ++i) asked.push_back(Number(random.Below(2 * lines)));

  const double begin = CpuSeconds();
  const textback::intake::LineTable table(std::move(tenants), rows, 1);
  const double built = CpuSeconds();
  std::size_t found = 0;
  for (const Msisdn number : asked) found += table.TenantOf(number).empty() ? 0 : 1;
  const double done = CpuSeconds();
  std::printf(
      "{\"lines\":%zu,\"bytes_per_line\":%.1f,\"build_seconds\":%.2f,\"lookup_ns\":%.0f,\"found\":%"
      "zu}\n",
      table.size(), static_cast<double>(table.bytes()) / static_cast<double>(table.size()),
      built - begin, (done - built) / kLookUps * 1e9, found);
  // Half of the numbers are lines: a table that loses some would be fast, too.
  return found > kLookUps / 2 - kLookUps / 50 && found < kLookUps / 2 + kLookUps / 50 ? 0 : 1;
}
