#include "cdr/form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace textback::cdr {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

using Pairs = std::vector<std::pair<std::string, std::string>>;

// The views are read at the end: all must still stand then.
Pairs Read(std::string_view text) {
  std::string storage;
  FormReader reader(text, storage);
  std::vector<std::pair<std::string_view, std::string_view>> views;
  while (true) {
    const auto more = reader.Next();
    EXPECT_TRUE(more) << text << ": " << more.error().message;
    if (!more || !*more) break;
    views.emplace_back(reader.name(), reader.value());
  }
  return {views.begin(), views.end()};
}

std::string Fault(std::string_view text) {
  std::string storage;
  FormReader reader(text, storage);
  while (true) {
    const auto more = reader.Next();
    if (!more) return more.error().code + ": " + more.error().message;
    if (!*more) return "";
  }
}

TEST(Form, ReadsPairs) {
  EXPECT_THAT(Read(""), IsEmpty());
  EXPECT_THAT(Read("a=1"), ElementsAre(Pair("a", "1")));
  EXPECT_THAT(Read("a=1&b=2"), ElementsAre(Pair("a", "1"), Pair("b", "2")));
  EXPECT_THAT(Read("&&a=1&&"), ElementsAre(Pair("a", "1")));
  EXPECT_THAT(Read("a&b=&=c"), ElementsAre(Pair("a", ""), Pair("b", ""), Pair("", "c")));
  EXPECT_THAT(Read("a=b=c"), ElementsAre(Pair("a", "b=c"))) << "the first = ends the name";
}

TEST(Form, Decodes) {
  EXPECT_THAT(Read("From=%2B447700900123&t=12%3a00+Z&a+b%5B%5D=%25"),
              ElementsAre(Pair("From", "+447700900123"), Pair("t", "12:00 Z"), Pair("a b[]", "%")));
  EXPECT_THAT(Read("a=%26%3D&b=x"), ElementsAre(Pair("a", "&="), Pair("b", "x")));
  EXPECT_THAT(Read("n=M%C3%BCller&raw=M\xc3\xbcller&s=2016-01-01 00:00:00"),
              ElementsAre(Pair("n", "M\xc3\xbcller"), Pair("raw", "M\xc3\xbcller"),
                          Pair("s", "2016-01-01 00:00:00")));
  EXPECT_THAT(Read("a=%00"), ElementsAre(Pair("a", std::string(1, '\0'))))
      << "an encoded control character is the sender's";
}

TEST(Form, GivesARepeatedNameAgain) {
  EXPECT_THAT(Read("user%5B%5D=1&user[]=2"), ElementsAre(Pair("user[]", "1"), Pair("user[]", "2")));
}

TEST(Form, TellsWhereItIsDamaged) {
  EXPECT_EQ(Fault("a=1&b=%4"),
            "form_malformed: \"%\" without two hexadecimal digits after it at offset 6");
  EXPECT_THAT(Fault("a=%"), HasSubstr("at offset 2"));
  EXPECT_THAT(Fault("a=%zz"), HasSubstr("at offset 2"));
  EXPECT_THAT(Fault("a=%4g"), HasSubstr("at offset 2"));
  EXPECT_THAT(Fault("%x=1"), HasSubstr("at offset 0"));
  EXPECT_EQ(Fault("a=1\nb=2"), "form_malformed: a control character at offset 3");
  EXPECT_THAT(Fault("a=%41\x7f"), HasSubstr("a control character at offset 5"));
}

TEST(Form, HasLimits) {
  const std::string value(kFormBytesMax - 2, 'x');
  EXPECT_THAT(Read("a=" + value), ElementsAre(Pair("a", value)));
  EXPECT_THAT(Fault("a=" + value + "x"),
              HasSubstr("more than 65536 bytes: no more are read at offset 65536"));
  std::string many;
  for (std::size_t i = 0; i < kFormPairsMax; ++i) many += "a&";
  EXPECT_EQ(Read(many).size(), kFormPairsMax);
  EXPECT_THAT(Fault(many + "a"), HasSubstr("more than 512 fields at offset 1024"));
}

TEST(Form, GivesNothingAfterAnError) {
  const std::string too_long(kFormBytesMax + 1, 'x');
  for (const std::string_view text : {std::string_view("a=%&b=1"), std::string_view(too_long)}) {
    std::string storage;
    FormReader reader(text, storage);
    EXPECT_FALSE(reader.Next());
    const auto after = reader.Next();
    ASSERT_TRUE(after);
    EXPECT_FALSE(*after);
  }
}

}  // namespace
}  // namespace textback::cdr
