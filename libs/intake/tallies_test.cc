#include "intake/tallies.h"

#include <gtest/gtest.h>

#include <limits>

namespace textback::intake {
namespace {

TEST(Tallies, SurviveTheMetadata) {
  const Progress progress{{1, 22, 333, 4'444, std::numeric_limits<std::uint64_t>::max()},
                          1'790'000'000'000};
  EXPECT_EQ(EncodeProgress(progress), "tb1 1 22 333 4444 18446744073709551615 1790000000000");
  EXPECT_EQ(DecodeProgress(EncodeProgress(progress)), progress);
  EXPECT_EQ(DecodeProgress(EncodeProgress({})), Progress());
}

TEST(Tallies, ForeignMetadataIsNotOurs) {
  for (const char* text :
       {"", "tb1", "tb2 1 2 3 4 5 6", "tb1 1 2 3 4 5", "tb1 1 2 3 4 5 6 7", "tb1 1 2 3 4 5 6 ",
        "tb1 1 2 3 4 5 -6", "tb1 1 2 x 4 5 6", "tb1  1 2 3 4 5 6",
        "tb1 1 2 3 4 5 18446744073709551615", "tb1 1 2 3 4 99999999999999999999 6"}) {
    EXPECT_FALSE(DecodeProgress(text)) << text;
  }
}

TEST(Tallies, AddAndSubtract) {
  Tallies sum{1, 2, 3, 4, 5};
  sum += {10, 20, 30, 40, 50};
  EXPECT_EQ(sum, (Tallies{11, 22, 33, 44, 55}));
  EXPECT_EQ(sum - (Tallies{10, 20, 30, 40, 50}), (Tallies{1, 2, 3, 4, 5}));
}

}  // namespace
}  // namespace textback::intake
