#include "cdr/number_table.h"

#include <gtest/gtest.h>

namespace textback::cdr {
namespace {

Msisdn Number(std::string_view text) { return Msisdn::FromE164(text).value(); }

TEST(NumberTableTest, TheNarrowestRangeDecidesAndItsEndsBelongToIt) {
  NumberTableBuilder builder;
  builder.Add(*RangeOfPrefix("+447700900"), 1, 1);
  builder.Add(*RangeBetween("+447700900200", "+447700900299"), 2, 2);
  builder.Add(*RangeOfPrefix("44770090025"), 3, 3);
  builder.Add(*RangeOfPrefix("+442079460"), 4, 4);
  NumberTable table;
  ASSERT_FALSE(builder.Build(table));
  const std::pair<const char*, int> cases[] = {
      {"+447700899999", 0}, {"+447700900000", 1}, {"+447700900199", 1}, {"+447700900200", 2},
      {"+447700900249", 2}, {"+447700900250", 3}, {"+447700900259", 3}, {"+447700900260", 2},
      {"+447700900299", 2}, {"+447700900300", 1}, {"+447700900999", 1}, {"+447700901000", 0},
      {"+442079460000", 4}, {"+442079460999", 4}, {"+442079461000", 0}, {"+12125550100", 0},
  };
  for (const auto& [number, value] : cases) EXPECT_EQ(table.Find(Number(number)), value) << number;
  EXPECT_EQ(table.ranges(), 4u);
  EXPECT_LE(table.bytes(), 4u * 20u);
}

TEST(NumberTableTest, ANumberOfItsOwnComesBeforeItsRangeAndTheLastOneHolds) {
  NumberTableBuilder builder;
  builder.Add(*RangeOfPrefix("+447700900"), 1, 1);
  builder.Add(Number("+447700900123"), NumberTable::kValueMax);
  builder.Add(Number("+447700900124"), 5);
  builder.Add(Number("+447700900124"), 6);
  NumberTable table;
  ASSERT_FALSE(builder.Build(table));
  EXPECT_EQ(table.Find(Number("+447700900123")), NumberTable::kValueMax);
  EXPECT_EQ(table.OfRange(Number("+447700900123")), 1);
  EXPECT_EQ(table.Find(Number("+447700900124")), 6);
  EXPECT_EQ(table.OfNumber(Number("+447700900122")), 0);
  EXPECT_EQ(table.numbers(), 2u);
  // The same digits with fewer or more of them are other numbers.
  EXPECT_EQ(table.OfNumber(Number("+44770090012")), 0);
  EXPECT_EQ(table.OfNumber(Number("+4477009001230")), 0);
}

TEST(NumberTableTest, RangesThatContradictEachOtherAreTold) {
  NumberTable table;
  NumberTableBuilder crossing;
  crossing.Add(*RangeBetween("+447700900100", "+447700900199"), 1, 7);
  crossing.Add(*RangeBetween("+447700900150", "+447700900250"), 1, 9);
  auto conflict = crossing.Build(table);
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->place, 9u);
  EXPECT_EQ(conflict->other, 7u);

  NumberTableBuilder twice;
  twice.Add(*RangeOfPrefix("+4477009"), 1, 3);
  twice.Add(*RangeOfPrefix("+4477009"), 2, 4);
  NumberTable other;
  conflict = twice.Build(other);
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->place, 4u);

  NumberTableBuilder repeated;
  repeated.Add(*RangeOfPrefix("+4477009"), 1, 3);
  repeated.Add(*RangeOfPrefix("+4477009"), 1, 4);
  NumberTable same;
  EXPECT_FALSE(repeated.Build(same));
  EXPECT_EQ(same.ranges(), 1u);
}

TEST(NumberTableTest, WhatIsNoRange) {
  for (const char* text : {"", "+", "0447", "+44a", "1234567890123456", "+44 77"})
    EXPECT_FALSE(RangeOfPrefix(text)) << text;
  EXPECT_TRUE(RangeOfPrefix("123456789012345"));
  EXPECT_FALSE(RangeBetween("+447700900200", "+447700900199"));
  EXPECT_FALSE(RangeBetween("+447700900200", "+44770090021"));
}

TEST(NumberTableTest, PatternsAreANumberOrABeginning) {
  EXPECT_EQ(ParseNumberPattern("+447700900123")->number, Number("+447700900123"));
  EXPECT_EQ(ParseNumberPattern("+4477009*")->range, *RangeOfPrefix("4477009"));
  EXPECT_TRUE(ParseNumberPattern("+4477009*")->number.empty());
  for (const char* text : {"", "*", "+*", "447700900123", "+4477*9", "+44**", "+0*"})
    EXPECT_FALSE(ParseNumberPattern(text)) << text;
}

TEST(NumberTableTest, AnEmptyTableKnowsNobody) {
  NumberTable table;
  NumberTableBuilder builder;
  ASSERT_FALSE(builder.Build(table));
  EXPECT_TRUE(table.empty());
  EXPECT_EQ(table.Find(Number("+447700900123")), 0);
  EXPECT_EQ(table.Find(Msisdn()), 0);
}

}  // namespace
}  // namespace textback::cdr
