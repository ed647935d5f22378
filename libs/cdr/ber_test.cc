#include "cdr/ber.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace textback::cdr {
namespace {

std::string Hex(std::string_view hex) {
  std::string bytes;
  int high = -1;
  for (const char c : hex) {
    if (c == ' ') continue;
    const int digit = c <= '9' ? c - '0' : c - 'A' + 10;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<char>(high << 4 | digit));
      high = -1;
    }
  }
  return bytes;
}

// "class.tag[c]=content in hex", joined by spaces; "!problem" where it stopped.
std::string Shown(std::string_view bytes) {
  BerReader reader(bytes);
  BerElement element;
  std::string out;
  while (reader.Next(element)) {
    if (!out.empty()) out += ' ';
    out += std::to_string(static_cast<int>(element.tag_class)) + "." + std::to_string(element.tag) +
           (element.constructed ? "c=" : "=");
    for (const char c : element.content) {
      constexpr std::string_view kDigits = "0123456789ABCDEF";
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[static_cast<unsigned char>(c) & 15];
    }
  }
  if (!reader.problem().empty()) out.append(out.empty() ? "!" : " !").append(reader.problem());
  return out;
}

TEST(BerTest, Elements) {
  struct Case {
    const char* hex;
    const char* shown;
  };
  for (const auto& c : std::vector<Case>{
           {"", ""},
           {"80 00", "2.0="},
           {"80 01 05 81 01 06", "2.0=05 2.1=06"},
           {"A1 03 80 01 01", "2.1c=800101"},
           {"80 81 02 01 02", "2.0=0102"},
           {"80 84 00 00 00 01 07", "2.0=07"},  // leading zeros: 8.1.3.5 allows them
           {"9F 1F 01 07", "2.31=07"},
           {"9F 3F 00", "2.63="},
           {"BF 81 00 02 05 00", "2.128c=0500"},
           {"5F 81 44 01 41", "1.196=41"},
           {"DF FF FF FF 7F 00", "3.268435455="},
           {"A1 80 80 01 01 00 00 82 00", "2.1c=800101 2.2="},
           // An indefinite length in another; a definite one that ends in zeros.
           {"A1 80 A2 80 80 01 01 00 00 A3 02 00 00 00 00", "2.1c=A2808001010000A3020000"},
       }) {
    EXPECT_EQ(Shown(Hex(c.hex)), c.shown) << c.hex;
  }
}

TEST(BerTest, Refused) {
  struct Case {
    const char* hex;
    const char* shown;
  };
  for (const auto& c : std::vector<Case>{
           {"80", "!cut short"},
           {"9F", "!cut short"},
           {"9F 81", "!cut short"},
           {"9F 1F", "!cut short"},
           {"80 82 01", "!cut short"},
           {"80 01", "!longer than what holds it"},
           {"80 01 05 A1 03 80 01", "2.0=05 !longer than what holds it"},
           {"08 88 FF FF FF FF FF FF FF FF 00 00", "!longer than what holds it"},
           {"80 88 FF FF FF FF FF FF FF FF", "!longer than what holds it"},
           {"80 89 00 00 00 00 00 00 00 00 01 07", "!a length of more than 8 octets"},
           {"80 FF 00", "!a length of more than 8 octets"},
           {"80 80 00 00", "!a primitive of indefinite length"},
           {"00 00", "!end-of-contents octets where nothing is open"},
           {"80 00 00 00", "2.0= !end-of-contents octets where nothing is open"},
           {"9F 80 1F 00", "!a tag number with leading zeros"},
           {"9F 1E 00", "!a small tag number in the long form"},
           {"9F 81 80 80 80 00 00", "!a tag number above 2^28"},
           {"A1 80 80 01 01", "!cut short"},
           {"A1 80 80 01 01 00", "!cut short"},
       }) {
    EXPECT_EQ(Shown(Hex(c.hex)), c.shown) << c.hex;
  }
}

TEST(BerTest, DepthOfIndefiniteLengths) {
  for (const int depth : {BerReader::kDepthMax, BerReader::kDepthMax + 1}) {
    std::string bytes;
    for (int i = 0; i < depth; ++i) bytes += Hex("A1 80");
    for (int i = 0; i < depth; ++i) bytes += Hex("00 00");
    BerReader reader(bytes);
    BerElement element;
    EXPECT_EQ(reader.Next(element), depth <= BerReader::kDepthMax) << depth;
    EXPECT_EQ(reader.problem().empty(), depth <= BerReader::kDepthMax) << depth;
  }
}

TEST(BerTest, EveryCutIsNoticed) {
  const auto whole = Hex("BF 3F 80 80 01 3F A6 80 80 03 61 62 63 00 00 8B 01 05 00 00");
  ASSERT_EQ(Shown(whole), "2.63c=80013FA680800361626300008B0105");
  for (std::size_t size = 1; size < whole.size(); ++size) {
    BerReader reader(std::string_view(whole).substr(0, size));
    BerElement element;
    EXPECT_FALSE(reader.Next(element)) << size;
    EXPECT_FALSE(reader.problem().empty()) << size;
    EXPECT_EQ(reader.at(), whole.data()) << size;
  }
}

TEST(BerTest, Integers) {
  EXPECT_EQ(BerInteger(Hex("00")), 0);
  EXPECT_EQ(BerInteger(Hex("7F")), 127);
  EXPECT_EQ(BerInteger(Hex("80")), -128);
  EXPECT_EQ(BerInteger(Hex("00 80")), 128);
  EXPECT_EQ(BerInteger(Hex("FF")), -1);
  EXPECT_EQ(BerInteger(Hex("7F FF FF FF FF FF FF FF")), INT64_MAX);
  EXPECT_EQ(BerInteger(Hex("80 00 00 00 00 00 00 00")), INT64_MIN);
  EXPECT_EQ(BerInteger(""), std::nullopt);
  EXPECT_EQ(BerInteger(Hex("00 00 00 00 00 00 00 00 01")), std::nullopt);
}

TEST(BerTest, Tbcd) {
  const auto read = [](std::string_view hex) -> std::string {
    TbcdDigits digits;
    return ReadTbcd(Hex(hex), digits) ? std::string(digits.view()) : "refused";
  };
  EXPECT_EQ(read(""), "");
  EXPECT_EQ(read("44 77 00 09 00 10"), "447700900001");
  EXPECT_EQ(read("21 F3"), "123");
  EXPECT_EQ(read("21 FF"), "12");  // a whole octet of filler: written by some
  EXPECT_EQ(read("BA DC 0E"), "*#CDE0");
  EXPECT_EQ(read("F1 22"), "refused");
  EXPECT_EQ(read("FF 22"), "refused");
  EXPECT_EQ(read("2F"), "refused");
  const std::string twenty(20, '\x11');
  TbcdDigits digits;
  EXPECT_TRUE(ReadTbcd(twenty, digits));
  EXPECT_EQ(digits.size, TbcdDigits::kMax);
  EXPECT_FALSE(ReadTbcd(twenty + '\x11', digits));
}

TEST(BerTest, NumbersWithTheirType) {
  BcdNumber number;
  ASSERT_TRUE(ReadBcdNumber(Hex("91 44 77 00 09 00 10"), number));
  EXPECT_EQ(number.type, 1);
  EXPECT_EQ(number.plan, 1);
  EXPECT_FALSE(number.has_presentation);
  EXPECT_EQ(number.digits.view(), "447700900001");

  // Bit 8 of the first octet is 0: presentation and screening follow.
  ASSERT_TRUE(ReadBcdNumber(Hex("11 A1 44 77 00 09 00 10"), number));
  EXPECT_EQ(number.type, 1);
  EXPECT_TRUE(number.has_presentation);
  EXPECT_EQ(number.presentation, 1);
  EXPECT_EQ(number.screening, 1);
  EXPECT_EQ(number.digits.view(), "447700900001");

  ASSERT_TRUE(ReadBcdNumber(Hex("A1 77 00 09 00 10"), number));
  EXPECT_EQ(number.type, 2);
  EXPECT_FALSE(number.has_presentation);
  ASSERT_TRUE(ReadBcdNumber(Hex("01 C3"), number));  // no number: not available
  EXPECT_EQ(number.presentation, 2);
  EXPECT_EQ(number.screening, 3);
  EXPECT_EQ(number.digits.size, 0);

  EXPECT_FALSE(ReadBcdNumber("", number));
  EXPECT_FALSE(ReadBcdNumber(Hex("11"), number));
  EXPECT_FALSE(ReadBcdNumber(Hex("11 21 44"), number));
  EXPECT_FALSE(ReadBcdNumber(Hex("91 F4 77"), number));
}

TEST(BerTest, TimeStamps) {
  // 2026-03-05 10:20:30 at +01:00.
  EXPECT_EQ(ReadTimeStamp(Hex("26 03 05 10 20 30 2B 01 00")), 1'772'702'430'000);
  EXPECT_EQ(ReadTimeStamp(Hex("26 03 05 10 20 30 2D 05 30")), 1'772'725'830'000);
  EXPECT_EQ(ReadTimeStamp(Hex("24 02 29 00 00 00 2B 00 00")), 1'709'164'800'000);
  for (const char* refused :
       {"", "26 03 05 10 20 30", "26 03 05 10 20 30 2B 01", "26 03 05 10 20 30 2B 01 00 00",
        "26 02 29 10 20 30 2B 01 00", "26 13 05 10 20 30 2B 01 00", "26 00 05 10 20 30 2B 01 00",
        "26 03 05 24 20 30 2B 01 00", "26 03 05 10 60 30 2B 01 00", "26 03 05 10 20 61 2B 01 00",
        "26 03 05 10 20 30 20 01 00", "26 03 05 10 20 30 2B 15 00", "26 03 05 10 20 30 2B 01 60",
        "2A 03 05 10 20 30 2B 01 00"}) {
    EXPECT_EQ(ReadTimeStamp(Hex(refused)), std::nullopt) << refused;
  }
}

}  // namespace
}  // namespace textback::cdr
