#include "intake/line_table.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>

#include "base/random.h"

namespace textback::intake {
namespace {

Msisdn Number(std::uint64_t n) {
  return Msisdn::FromE164("+1212555" + std::to_string(10'000'000 + n)).value();
}

TEST(LineTable, AnEmptyOneKnowsNobody) {
  const LineTable table({}, {}, 7);
  EXPECT_EQ(table.TenantOf(Number(0)), "");
  EXPECT_EQ(table.TenantOf(Msisdn()), "");
  EXPECT_EQ(table.version(), 7);
  EXPECT_EQ(table.size(), 0U);
}

TEST(LineTable, FindsWhatAMapFinds) {
  for (const std::size_t count : {1U, 6U, 7U, 8U, 1'000U, 100'000U}) {
    Random random(count);
    std::map<Msisdn, std::uint32_t> model;
    while (model.size() < count) {
      model.emplace(Number(random.Below(count * 4)), static_cast<std::uint32_t>(random.Below(3)));
    }
    const LineTable table({"a", "b", "c"}, {model.begin(), model.end()}, 1);
    EXPECT_EQ(table.size(), count);
    for (std::uint64_t n = 0; n < count * 4; ++n) {
      const auto it = model.find(Number(n));
      const std::string expected =
          it == model.end() ? "" : std::string(1, static_cast<char>('a' + it->second));
      ASSERT_EQ(table.TenantOf(Number(n)), expected) << n << " of " << count;
    }
  }
}

// What is promised per line; and look-ups end, also in a table of consecutive numbers.
TEST(LineTable, TakesAtMostSixteenBytesALine) {
  constexpr std::uint64_t kLines = 300'000;
  std::vector<std::pair<Msisdn, std::uint32_t>> lines;
  for (std::uint64_t n = 0; n < kLines; ++n) lines.emplace_back(Number(n), 0);
  const LineTable table({"one"}, lines, 1);
  EXPECT_LE(table.bytes(), kLines * 16);
  std::size_t found = 0;
  for (std::uint64_t n = 0; n < kLines * 2; ++n) found += table.TenantOf(Number(n)).empty() ? 0 : 1;
  EXPECT_EQ(found, kLines);
}

}  // namespace
}  // namespace textback::intake
