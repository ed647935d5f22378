#include "cdr/known_numbers.h"

#include <gtest/gtest.h>

namespace textback::cdr {
namespace {

TEST(KnownNumbersTest, NotationsOfOneNumber) {
  EXPECT_TRUE(SameNumber("447700900123", "447700900123"));
  EXPECT_TRUE(SameNumber("+44 7700 900123", "07700900123"));
  EXPECT_TRUE(SameNumber("7700900123", "447700900123"));
  EXPECT_TRUE(SameNumber("1571", "1571"));
  EXPECT_FALSE(SameNumber("571", "1571"));
  EXPECT_FALSE(SameNumber("900123", "447700900123"));  // six digits
  EXPECT_TRUE(SameNumber("0900123", "0900123"));
  EXPECT_FALSE(SameNumber("447700900123", "447700900124"));
  EXPECT_FALSE(SameNumber("", ""));
  EXPECT_FALSE(SameNumber("anonymous", "anonymous"));
}

TEST(KnownNumbersTest, ListsAndPrefixes) {
  const auto known = KnownNumbers::Make("voicemail_pilots", {"+44 7700 900999", "1571"});
  ASSERT_TRUE(known);
  EXPECT_TRUE(known->Has("07700900999"));
  EXPECT_TRUE(known->Has("1571"));
  EXPECT_FALSE(known->Has("7700900998"));
  EXPECT_FALSE(known->Has(""));
  EXPECT_TRUE(known->HasPrefixOf("4477009009991"));
  EXPECT_FALSE(known->HasPrefixOf("447700900"));
  EXPECT_FALSE(KnownNumbers().Has("1571"));
}

TEST(KnownNumbersTest, BadConfiguration) {
  EXPECT_FALSE(KnownNumbers::Make("x", {""}));
  EXPECT_FALSE(KnownNumbers::Make("x", {"sip:vm@example.com"}));
  EXPECT_FALSE(KnownNumbers::Make("x", {std::string(33, '1')}));
  EXPECT_TRUE(KnownNumbers::Make("x", {std::string(32, '1')}));
  EXPECT_FALSE(KnownNumbers::Make("x", std::vector<std::string>(1'001, "1")));
}

}  // namespace
}  // namespace textback::cdr
