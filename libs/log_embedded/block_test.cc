#include "log_embedded/block.h"

#include <gtest/gtest.h>

namespace textback::log_embedded {
namespace {

TEST(Block, IsWrittenByteForByteAsTheLayoutSays) {
  BlockBuilder builder;
  builder.Add(0, 1, "k", "v");
  builder.Add(3, -2, "", std::nullopt);
  builder.Add(200, 0, "ab", "");
  const Block block = builder.Finish(1'000, 300, 0x0102030405060708);
  EXPECT_EQ(ToHex(block.bytes),
            "01"
            "0000012c"
            "00000003"
            "0102030405060708"
            "00"
            "02"
            "01"
            "6b"
            "02"
            "76"
            "03"
            "03"
            "00"
            "00"
            "c801"
            "00"
            "02"
            "6162"
            "01");
  EXPECT_EQ(block.base, 1'000);
  EXPECT_EQ(block.next, 1'300);
  EXPECT_EQ(builder.count(), 0U) << "the builder isn't empty";
}

TEST(Block, IsReadBack) {
  BlockBuilder builder;
  builder.Add(0, 1'700'000'000'000, "k", "v");
  builder.Add(1, -5, "", std::nullopt);
  builder.Add(7, 0, std::string("\0\xff", 2), "");
  Block written = builder.Finish(50, 10, 99);
  const auto block = ParseBlock(50, written.bytes);
  ASSERT_TRUE(block);
  EXPECT_EQ(block->next, 60);
  EXPECT_EQ(block->appended_ms, 99);
  BlockCursor cursor(*block);
  auto record = cursor.Next();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->offset, 50);
  EXPECT_EQ(record->timestamp_ms, 1'700'000'000'000);
  EXPECT_EQ(record->key, "k");
  EXPECT_EQ(record->value, "v");
  record = cursor.Next();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->timestamp_ms, -5);
  EXPECT_EQ(record->value, std::nullopt);
  record = cursor.Next();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->offset, 57);
  EXPECT_EQ(record->key.size(), 2U);
  EXPECT_EQ(record->value, "");
  EXPECT_FALSE(cursor.Next());
  EXPECT_FALSE(cursor.broken());
}

TEST(Block, CutAnywhereIsNoticed) {
  BlockBuilder builder;
  builder.Add(0, 1, "key", "value");
  builder.Add(1, 1, "key", "value");
  const Block whole = builder.Finish(0, 2, 0);
  for (std::size_t n = 0; n < whole.bytes.size(); ++n) {
    const auto block = ParseBlock(0, whole.bytes.substr(0, n));
    if (!block) continue;
    BlockCursor cursor(*block);
    while (cursor.Next()) {
    }
    EXPECT_TRUE(cursor.broken()) << n;
  }
}

TEST(Block, RefusesOffsetsOutsideOfItsSpan) {
  BlockBuilder builder;
  builder.Add(2, 1, "k", "v");
  const Block block = builder.Finish(0, 2, 0);
  BlockCursor cursor(block);
  EXPECT_FALSE(cursor.Next());
  EXPECT_TRUE(cursor.broken());
}

}  // namespace
}  // namespace textback::log_embedded
