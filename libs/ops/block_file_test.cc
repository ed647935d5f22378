#include "ops/block_file.h"

#include <gtest/gtest.h>

namespace textback::ops {
namespace {

TEST(BlockFileTest, NumbersPrefixesAndNotes) {
  const auto entries = ReadBlockList(
      "\xef\xbb\xbfnumber,note\r\n"
      "# seen in March\r\n"
      "\r\n"
      "+15550100123\r\n"
      "15550100*, \"robocalls, \"\"again\"\"\"\n"
      "\"+15550100123\",twice",
      "list.csv");
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_EQ((*entries)[0].number(), "+15550100123");
  EXPECT_EQ((*entries)[0].note(), "twice");
  EXPECT_EQ((*entries)[1].number(), "+15550100*");
  EXPECT_EQ((*entries)[1].note(), "robocalls, \"again\"");
}

TEST(BlockFileTest, EachProblemIsToldWithItsLine) {
  const auto entries = ReadBlockList(
      "+15550100123\n01234\n+1555 0100\n+15550100124," + std::string(257, 'n') + "\n", "list.csv");
  ASSERT_FALSE(entries);
  EXPECT_EQ(entries.error().code, "config_invalid");
  for (const char* problem : {"list.csv:2: expected a number", "list.csv:3: expected a number",
                              "list.csv:4: a note has at most 256 bytes"}) {
    EXPECT_NE(entries.error().message.find(problem), std::string::npos) << entries.error().message;
  }
  std::string many;
  for (int i = 0; i < 25; ++i) many += "x\n";
  const auto message = ReadBlockList(many, "list.csv").error().message;
  EXPECT_NE(message.find("list.csv: and 5 more"), std::string::npos) << message;
  EXPECT_EQ(message.find("list.csv:21:"), std::string::npos) << message;
}

TEST(BlockFileTest, AnEmptyListIsAList) { EXPECT_TRUE(ReadBlockList("", "list.csv")->empty()); }

}  // namespace
}  // namespace textback::ops
