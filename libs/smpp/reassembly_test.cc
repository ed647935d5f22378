#include "smpp/reassembly.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace textback::smpp {
namespace {

using ::testing::ElementsAre;

MessageSm Mo(std::string_view payload, bool udhi = true) {
  MessageSm m;
  m.esm_class = udhi ? 0x40 : 0;
  m.short_message = payload;
  return m;
}

TEST(UdhTest, ReadsBothReferencesAndSar) {
  auto data = ParseUserData(Mo(std::string_view("\x05\x00\x03\x2a\x02\x01hello", 11)));
  ASSERT_TRUE(data.concat);
  EXPECT_EQ(data.concat->reference, 0x2a);
  EXPECT_EQ(data.concat->total, 2);
  EXPECT_EQ(data.concat->part, 1);
  EXPECT_EQ(data.text, "hello");
  // A port element first, then a 16-bit reference.
  data = ParseUserData(
      Mo(std::string_view("\x0c\x05\x04\x00\x50\x00\x50\x08\x04\x01\x02\x03\x03x", 14)));
  ASSERT_TRUE(data.concat);
  EXPECT_EQ(data.concat->reference, 0x0102);
  EXPECT_EQ(data.concat->part, 3);
  EXPECT_EQ(data.text, "x");
  MessageSm sar = Mo("plain", false);
  const std::string tlvs("\x02\x0c\x00\x02\x00\x09\x02\x0e\x00\x01\x02\x02\x0f\x00\x01\x02", 16);
  sar.tlvs = tlvs;
  data = ParseUserData(sar);
  ASSERT_TRUE(data.concat);
  EXPECT_EQ(data.concat->reference, 9);
  EXPECT_EQ(data.concat->part, 2);
  EXPECT_EQ(data.text, "plain");
}

TEST(UdhTest, BrokenHeadersLoseNoText) {
  const struct {
    std::string_view payload;
    std::string_view text;
  } cases[] = {
      {"", ""},
      {std::string_view("\x05\x00\x03\x2a\x02", 5),
       std::string_view("\x05\x00\x03\x2a\x02", 5)},              // too short
      {std::string_view("\x05\x00\x03\x2a\x02\x01", 6), ""},      // a header alone
      {std::string_view("\x05\x00\x09\x2a\x02\x01hi", 8), "hi"},  // element beyond the header
      {std::string_view("\x00hi", 3), "hi"},                      // empty header
  };
  for (const auto& c : cases) EXPECT_EQ(ParseUserData(Mo(c.payload)).text, c.text);
  for (const std::string_view bad :
       {std::string_view("\x05\x00\x03\x2a\x02\x00hi", 8),     // part 0
        std::string_view("\x05\x00\x03\x2a\x02\x03hi", 8),     // part 3 of 2
        std::string_view("\x05\x00\x03\x2a\x00\x01hi", 8),     // of none
        std::string_view("\x05\x00\x03\x2a\x01\x01hi", 8)}) {  // 1 of 1
    const auto data = ParseUserData(Mo(bad));
    EXPECT_FALSE(data.concat);
    EXPECT_EQ(data.text, "hi");
  }
}

TEST(BuildPartsTest, OneSegmentHasNoHeaderSeveralDo) {
  SubmitRequest base;
  base.token = 100;
  base.data_coding = 8;
  base.destination = {1, 1, "12125550101"};
  auto one = BuildParts(base, {"hello"}, 7).value();
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].short_message, "hello");
  EXPECT_EQ(one[0].esm_class, 0);
  auto two = BuildParts(base, {"aa", "b"}, 0xfe).value();
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[0].short_message, std::string("\x05\x00\x03\xfe\x02\x01"
                                              "aa",
                                              8));
  EXPECT_EQ(two[1].short_message, std::string("\x05\x00\x03\xfe\x02\x02"
                                              "b",
                                              7));
  EXPECT_EQ(two[1].esm_class, 0x40);
  EXPECT_EQ(two[1].token, 101u);
  EXPECT_EQ(two[1].data_coding, 8);
  EXPECT_EQ(two[1].destination.digits, "12125550101");
}

TEST(BuildPartsTest, Bounds) {
  const SubmitRequest base;
  EXPECT_FALSE(BuildParts(base, {}, 0));
  EXPECT_TRUE(BuildParts(base, {std::string(254, 'x')}, 0));
  EXPECT_FALSE(BuildParts(base, {std::string(255, 'x')}, 0));
  EXPECT_TRUE(BuildParts(base, {std::string(248, 'x'), "y"}, 0));
  EXPECT_FALSE(BuildParts(base, {std::string(249, 'x'), "y"}, 0));
  EXPECT_EQ(BuildParts(base, std::vector<std::string>(255, "x"), 0).value().size(), 255u);
  EXPECT_EQ(BuildParts(base, std::vector<std::string>(256, "x"), 0).error().code, "bad_segments");
}

MoPart Part(std::uint8_t number, std::uint8_t total, std::string payload, std::uint64_t handle,
            std::uint16_t reference = 1) {
  return {"+12125550101", "55501", {reference, total, number}, 0, std::move(payload), handle};
}

TEST(ReassemblerTest, EveryOrderOfThreePartsAndARepeat) {
  std::vector<std::uint8_t> order = {1, 2, 3};
  do {
    Reassembler reassembler({});
    std::vector<MoMessage> out;
    std::uint64_t handle = 0;
    for (const std::uint8_t number : order) {
      EXPECT_TRUE(out.empty());
      const std::string text(1, static_cast<char>('a' + number));
      reassembler.Add(Part(number, 3, text, ++handle), 1'000, out);
      if (handle == 1) reassembler.Add(Part(number, 3, "repeat", 10), 1'000, out);
    }
    ASSERT_EQ(out.size(), 1u);
    EXPECT_EQ(out[0].payload, "bcd");
    EXPECT_FALSE(out[0].truncated);
    EXPECT_THAT(out[0].handles, ElementsAre(1, 10, 2, 3));
    EXPECT_EQ(reassembler.sets(), 0u);
    EXPECT_EQ(reassembler.bytes(), 0u);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(ReassemblerTest, GivesOutWhatItHasAtTheDeadline) {
  ReassemblyLimits limits;
  limits.wait_ms = 60'000;
  Reassembler reassembler(limits);
  std::vector<MoMessage> out;
  reassembler.Add(Part(3, 3, "C", 1), 1'000, out);
  reassembler.Add(Part(1, 3, "A", 2), 30'000, out);
  reassembler.Expire(60'999, out);
  EXPECT_TRUE(out.empty());
  reassembler.Expire(61'000, out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].payload, "AC");
  EXPECT_TRUE(out[0].truncated);
  EXPECT_EQ(out[0].first_part_ms, 1'000);
  EXPECT_THAT(out[0].handles, ElementsAre(1, 2));
}

TEST(ReassemblerTest, DifferentReferencesAndSendersDontMix) {
  Reassembler reassembler({});
  std::vector<MoMessage> out;
  reassembler.Add(Part(1, 2, "A", 1, 1), 0, out);
  reassembler.Add(Part(2, 2, "b", 2, 2), 0, out);
  MoPart other = Part(2, 2, "c", 3, 1);
  other.source = "+12125550102";
  reassembler.Add(std::move(other), 0, out);
  reassembler.Add(Part(2, 3, "d", 4, 1), 0, out);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(reassembler.sets(), 4u);
  reassembler.Flush(out);
  EXPECT_EQ(out.size(), 4u);
  EXPECT_EQ(reassembler.bytes(), 0u);
}

TEST(ReassemblerTest, BoundsPushOutTheOldest) {
  ReassemblyLimits limits;
  limits.sets_max = 2;
  limits.bytes_max = 10;
  limits.parts_max = 4;
  Reassembler reassembler(limits);
  std::vector<MoMessage> out;
  reassembler.Add(Part(1, 2, "1", 1, 1), 0, out);
  reassembler.Add(Part(1, 2, "2", 2, 2), 0, out);
  EXPECT_TRUE(out.empty());
  reassembler.Add(Part(1, 2, "3", 3, 3), 0, out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].payload, "1");
  EXPECT_TRUE(out[0].truncated);
  out.clear();
  reassembler.Add(Part(1, 3, "123456789", 4, 4), 0, out);
  ASSERT_EQ(out.size(), 1u) << "over sets_max; 10 octets wait, which is the limit";
  reassembler.Add(Part(2, 3, "x", 5, 4), 0, out);
  EXPECT_EQ(out.size(), 2u) << "over bytes_max";
  out.clear();
  reassembler.Add(Part(1, 5, "too many parts", 6, 5), 0, out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_TRUE(out[0].truncated);
  reassembler.Flush(out);
  out.clear();
  for (std::uint64_t i = 0; i < 17; ++i) reassembler.Add(Part(1, 2, "r", 100 + i, 9), 0, out);
  ASSERT_EQ(out.size(), 1u) << "a flood of repeats ends the set";
  EXPECT_EQ(out[0].handles.size(), 17u);
}

}  // namespace
}  // namespace textback::smpp
