#include <gtest/gtest.h>

#include <set>

#include "base/bounded_queue.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/msisdn.h"
#include "base/planted.h"
#include "base/random.h"
#include "base/result.h"

namespace textback {
namespace {

using namespace std::chrono_literals;

TEST(Murmur2Test, AgreesWithTheJavaClient) {
  // Vectors of org.apache.kafka.common.utils.UtilsTest.testMurmur2.
  EXPECT_EQ(static_cast<std::int32_t>(Murmur2("21")), -973932308);
  EXPECT_EQ(static_cast<std::int32_t>(Murmur2("foobar")), -790332482);
  EXPECT_EQ(static_cast<std::int32_t>(Murmur2("a-little-bit-long-string")), -985981536);
  EXPECT_EQ(static_cast<std::int32_t>(Murmur2("a-little-bit-longer-string")), -1486304829);
  EXPECT_EQ(static_cast<std::int32_t>(Murmur2("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8")),
            -58897971);
  EXPECT_EQ(static_cast<std::int32_t>(Murmur2("abc")), 479470107);
}

TEST(StableHash64Test, ValuesAreFixedForever) {
  // State on disk depends on these: a change of them is a change of the state's version.
  EXPECT_EQ(Hex64(StableHash64("")), Hex64(StableHash64("", 0)));
  EXPECT_EQ(Hex64(StableHash64("a")), "8c8d7bb7c19a4346");
  EXPECT_EQ(Hex64(StableHash64("12345678")), "eac61d347bfc6ccb");
  EXPECT_EQ(Hex64(StableHash64("0123456789abcdef0")), "44c834b9d17bf6c0");
  EXPECT_NE(StableHash64("a"), StableHash64("a", 1));
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 10000; ++i) seen.insert(StableHash64("record-" + std::to_string(i)));
  EXPECT_EQ(seen.size(), 10000u);
}

TEST(MsisdnTest, TakesE164AndNothingElse) {
  EXPECT_EQ(Msisdn::FromE164("+15550100001")->ToE164(), "+15550100001");
  EXPECT_EQ(Msisdn::FromE164("+15550100001")->digits(), 11);
  EXPECT_TRUE(Msisdn::FromE164("+12345"));
  EXPECT_TRUE(Msisdn::FromE164("+123456789012345"));
  for (const char* bad : {"", "+", "+1234", "+1234567890123456", "15550100001", "+05550100",
                          "+1555o100001", "+1 5550100"}) {
    EXPECT_FALSE(Msisdn::FromE164(bad)) << bad;
  }
}

TEST(MsisdnTest, BitsRoundTrip) {
  const auto number = *Msisdn::FromE164("+442079460000");
  EXPECT_EQ(Msisdn::FromBits(number.bits()), number);
  EXPECT_FALSE(Msisdn::FromBits(0));
  EXPECT_FALSE(Msisdn::FromBits(std::uint64_t{4} << 60 | 1234));
  EXPECT_FALSE(Msisdn::FromBits(std::uint64_t{6} << 60 | 12345));
}

TEST(MsisdnTest, MasksTheLastFour) {
  EXPECT_EQ(Msisdn::FromE164("+15550100001")->Masked(), "+1555010****");
  EXPECT_EQ(MaskAddress("abc"), "***");
}

TEST(ByteReaderTest, StopsAtTheEnd) {
  ByteReader reader(std::string_view("\x00\x01\xff", 3));
  EXPECT_EQ(reader.U16(), 1);
  EXPECT_FALSE(reader.U16());
  EXPECT_EQ(reader.U8(), 0xff);
  EXPECT_FALSE(reader.U8());
}

TEST(ByteReaderTest, VarintIsAtMostTenBytes) {
  EXPECT_EQ(ByteReader(std::string_view("\xac\x02", 2)).Varint(), 300u);
  EXPECT_FALSE(ByteReader(std::string(11, '\x80')).Varint());
}

TEST(Utf8Test, RefusesWhatRfc3629Refuses) {
  EXPECT_TRUE(IsUtf8("gr\xc3\xbc\xc3\x9f dich \xf0\x9f\x91\x8b"));
  for (const char* bad :
       {"\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80", "\xff"})
    EXPECT_FALSE(IsUtf8(bad));
}

TEST(HexTest, RoundTrips) {
  EXPECT_EQ(ToHex(std::string_view("\x00\x7f\xff", 3)), "007fff");
  EXPECT_EQ(FromHex("007FfF"), std::string("\x00\x7f\xff", 3));
  EXPECT_FALSE(FromHex("0"));
  EXPECT_FALSE(FromHex("zz"));
}

TEST(BoundedQueueTest, RefusesWhenFull) {
  BoundedQueue<int> queue(2);
  EXPECT_TRUE(queue.TryPush(1));
  EXPECT_TRUE(queue.TryPush(2));
  EXPECT_FALSE(queue.TryPush(3));
  std::vector<int> out;
  EXPECT_EQ(queue.Drain(out, 10), 2u);
  EXPECT_EQ(out, (std::vector<int>{1, 2}));
  queue.Close();
  EXPECT_FALSE(queue.TryPush(4));
}

TEST(ManualClockTest, WallJumpsDontMoveMonotonicTime) {
  ManualClock clock(1000);
  clock.Advance(1500us);
  clock.Advance(500us);
  EXPECT_EQ(clock.NowMs(), 1002);
  clock.JumpWallTo(5);
  EXPECT_EQ(clock.Mono(), MonoTime(2ms));
}

TEST(RandomTest, SameSeedSameNumbers) {
  Random a(7), b(7);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.Next(), b.Next());
  for (int i = 0; i < 1000; ++i) {
    const auto v = a.Between(-3, 3);
    EXPECT_TRUE(v >= -3 && v <= 3);
  }
}

TEST(PlantedTest, NoneIsPlantedUnlessAskedFor) {
  std::set<std::string_view> names;
  for (const auto& planted : kPlantedBugs) {
    EXPECT_FALSE(Planted(planted.bug)) << planted.name;
    EXPECT_TRUE(names.insert(planted.name).second) << planted.name;
    EXPECT_EQ(FindPlantedBug(planted.name), &planted);
  }
  EXPECT_EQ(FindPlantedBug("no such"), nullptr);
  Plant(Bug::kNoLease);
  EXPECT_EQ(Planted(Bug::kNoLease), kBugsCanBePlanted);
  EXPECT_FALSE(Planted(Bug::kNoExpiry));
  Plant(std::nullopt);
  EXPECT_FALSE(Planted(Bug::kNoLease));
}

}  // namespace
}  // namespace textback
