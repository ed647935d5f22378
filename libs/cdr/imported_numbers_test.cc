#include "cdr/imported_numbers.h"

#include <gtest/gtest.h>

#include <sstream>

namespace textback::cdr {
namespace {

Result<std::shared_ptr<const ImportedNumbers>> Read(const std::string& plan,
                                                    const std::string& ported = "number,type\n") {
  std::istringstream plan_text(plan);
  std::istringstream ported_text(ported);
  return ReadImportedNumbers({&plan_text, "plan.csv"}, {&ported_text, "ported.csv"});
}

std::string Problem(const std::string& plan, const std::string& ported = "number,type\n") {
  const auto numbers = Read(plan, ported);
  return numbers ? "none" : numbers.error().message;
}

TEST(ImportedNumbersTest, PortedBeforeRangesAndWhatItLeavesOpenIsTheRanges) {
  const auto numbers = Read(
      "\xef\xbb\xbf# as of today\r\n"
      "Carrier, prefix ,TYPE,remark\r\n"
      "North,+447700900,mobile,\"a, b\"\r\n"
      "\r\n"
      "\"South \"\"S\"\" & Co\",442079460,fixed,\r\n"
      "North,+4477009009,roaming,\r\n",
      "number,type,carrier\n+447700900123,fixed,West\n447700900124,,West\n+442079460018,mobile,\n");
  ASSERT_TRUE(numbers) << numbers.error().message;
  const struct {
    const char* number;
    v1::LineType type;
    const char* carrier;
  } cases[] = {
      {"+447700900122", v1::LINE_TYPE_MOBILE, "North"},
      {"+447700900123", v1::LINE_TYPE_FIXED, "West"},
      {"+447700900124", v1::LINE_TYPE_MOBILE, "West"},
      {"+447700900900", v1::LINE_TYPE_ROAMING, "North"},
      {"+442079460017", v1::LINE_TYPE_FIXED, "South \"S\" & Co"},
      {"+442079460018", v1::LINE_TYPE_MOBILE, "South \"S\" & Co"},
      {"+12125550100", v1::LINE_TYPE_UNSPECIFIED, ""},
  };
  for (const auto& c : cases) {
    const auto line = (*numbers)->Find(*Msisdn::FromE164(c.number));
    EXPECT_EQ(line.type, c.type) << c.number;
    EXPECT_EQ(line.carrier, c.carrier) << c.number;
  }
  EXPECT_EQ((*numbers)->ranges(), 3u);
  EXPECT_EQ((*numbers)->ported(), 3u);
}

TEST(ImportedNumbersTest, FromOneNumberToAnother) {
  const auto numbers = Read("first,last,type\n+442079460100,+442079460199,fixed\n");
  ASSERT_TRUE(numbers) << numbers.error().message;
  EXPECT_EQ((*numbers)->Find(*Msisdn::FromE164("+442079460199")).type, v1::LINE_TYPE_FIXED);
  EXPECT_EQ((*numbers)->Find(*Msisdn::FromE164("+442079460200")).type, v1::LINE_TYPE_UNSPECIFIED);
}

TEST(ImportedNumbersTest, EachProblemIsToldWithItsLine) {
  const std::pair<std::string, const char*> plans[] = {
      {"", "plan.csv:1: the file is empty"},
      {"# nothing\n", "plan.csv:1: the file is empty"},
      {"prefix,carrier\n", "plan.csv:1: expected the columns prefix and type"},
      {"prefix,first,last,type\n", "plan.csv:1: expected the columns"},
      {"first,type\n", "plan.csv:1: expected the columns"},
      {"prefix,type,type\n", "plan.csv:1: the column type stands twice"},
      {"prefix,type\n+4477009,cellular\n", "plan.csv:2: \"cellular\" is no type"},
      {"prefix,type\n\n07700,mobile\n", "plan.csv:3: \"07700\" is no beginning of numbers"},
      {"prefix,type\n+4477009\n", "plan.csv:2: 1 fields, none for the column type"},
      {"prefix,type\n\"+4477009,mobile\n", "plan.csv:2: a quote isn't closed"},
      {"prefix,type\n\"+4477009\"x,mobile\n", "plan.csv:2: a quote isn't closed"},
      {"prefix,type\n+4477009,mobile\n#\n+4477009,fixed\n",
       "plan.csv:4: the range contradicts line 2"},
      {"first,last,type\n+447700900200,+447700900100,mobile\n", "plan.csv:2: \"+447700900200\" to"},
      {"prefix,type\n" + std::string(kNumberLineBytesMax + 1, '1') + "\n",
       "plan.csv:2: 4097 bytes"},
      {"prefix,type,carrier\n+4477009,mobile," + std::string(65, 'c') + "\n",
       "plan.csv:2: the carrier must have"},
  };
  for (const auto& [plan, problem] : plans) {
    EXPECT_TRUE(Problem(plan).starts_with(problem)) << Problem(plan) << "\nexpected " << problem;
  }
  EXPECT_TRUE(Problem("prefix,type\n", "number,type\n123,mobile\n")
                  .starts_with("ported.csv:2: \"123\" is no number"));
  EXPECT_TRUE(
      Problem("prefix,type\n", "number\n").starts_with("ported.csv:1: expected the columns"));
}

TEST(ImportedNumbersTest, MoreKindsThanCanBeToldApart) {
  std::string plan = "prefix,type,carrier\n";
  const auto add = [&](int i) {
    plan += "+44770090" + std::to_string(1000 + i) + ",mobile,c" + std::to_string(i) + "\n";
  };
  for (int i = 0; i < NumberTable::kValueMax; ++i) add(i);
  EXPECT_EQ(Problem(plan), "none");
  add(NumberTable::kValueMax);
  EXPECT_TRUE(Problem(plan).starts_with("plan.csv:1025: more than 1023"));
}

TEST(ImportedNumbersTest, TheVersionFollowsTheBytes) {
  const auto version = [](const std::string& plan) { return (*Read(plan))->version(); };
  EXPECT_EQ(version("prefix,type\n+44770,mobile\n"), version("prefix,type\n+44770,mobile\n"));
  EXPECT_NE(version("prefix,type\n+44770,mobile\n"), version("prefix,type\n+44770,fixed\n"));
  EXPECT_NE(version("prefix,type\n"), 0u);
}

TEST(ImportedNumbersTest, WithoutFilesNothingIsKnown) {
  const auto numbers = ReadImportedNumbers({}, {});
  ASSERT_TRUE(numbers);
  EXPECT_EQ((*numbers)->Find(*Msisdn::FromE164("+447700900123")).type, v1::LINE_TYPE_UNSPECIFIED);
}

}  // namespace
}  // namespace textback::cdr
