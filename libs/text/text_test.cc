#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "text/gsm0338.h"
#include "text/segment.h"
#include "text/text_template.h"
#include "text/ucs2.h"
#include "text/utf8.h"

namespace textback::text {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string Bytes(std::string_view hex) { return *FromHex(hex); }

std::string Repeat(std::string_view what, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += what;
  return out;
}

// ---- alphabets -------------------------------------------------------------------------------

TEST(GsmTest, TheTablesByHand) {
  const struct {
    std::string_view text;
    std::string_view hex;
  } cases[] = {
      {"@£$¥èéùìòÇ\nØø\rÅå", "000102030405060708090a0b0c0d0e0f"},
      {"Δ_ΦΓΛΩΠΨΣΘΞ", "101112131415161718191a"},
      {"ÆæßÉ !\"#¤%&'()", "1c1d1e1f20212223242526272829"},
      {"09:;<=>?¡AZÄÖÑÜ§", "30393a3b3c3d3e3f40415a5b5c5d5e5f"},
      {"¿azäöñüà", "60617a7b7c7d7e7f"},
      {"\f^{}\\[~]|€", "1b0a1b141b281b291b2f1b3c1b3d1b3e1b401b65"},
      {"", ""},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(ToHex(EncodeGsm(c.text).value_or("none")), c.hex) << c.text;
    EXPECT_EQ(DecodeGsm(Bytes(c.hex)), c.text);
  }
}

TEST(GsmTest, EverySeptetComesBack) {
  for (int i = 0; i < 128; ++i) {
    if (i == kGsmEscape) continue;
    const std::string octet(1, static_cast<char>(i));
    EXPECT_EQ(EncodeGsm(DecodeGsm(octet)), octet) << i;
  }
}

TEST(GsmTest, RefusesWhatIsNotInTheAlphabet) {
  for (const char* text :
       {"ç", "`", "á", "ê", "’", "\t", "\x1b", "\x01", "日", "😀", "\u00a0", "\xff", "a\xc3"}) {
    EXPECT_EQ(EncodeGsm(text), std::nullopt) << text;
  }
}

TEST(GsmTest, DecodesAnything) {
  EXPECT_EQ(DecodeGsm(Bytes("1b41")), "A");     // unknown extension: the default table's
  EXPECT_EQ(DecodeGsm(Bytes("411b")), "A ");    // ESC at the end
  EXPECT_EQ(DecodeGsm(Bytes("1b1b41")), " A");  // double ESC: a space
  EXPECT_EQ(DecodeGsm(Bytes("41801bff")), "A\ufffd\ufffd");
}

TEST(NearGsmTest, PunctuationOnly) {
  const struct {
    std::string_view text;
    std::string_view near;
  } cases[] = {
      {"We’re “open” – call…", "We're \"open\" - call..."},
      {"‘a’ ‚b‛ „c‟ «d» ‹e›", "'a' 'b' \"c\" \"d\" 'e'"},
      {"1\u00a0000\u202f€", "1 000 €"},
      {"a\u200bb\ufeffc\u00add", "abcd"},
      {"it`s 5′ 6″ − • a\tb", "it's 5' 6\" - - a b"},
      {"ça é 日", "ça é 日"},  // letters never change
      {"\xff’", "\xff’"},
  };
  for (const auto& c : cases) EXPECT_EQ(NearGsm(c.text), c.near);
}

TEST(Ucs2Test, BigEndianWithPairs) {
  EXPECT_EQ(ToHex(*EncodeUcs2("Aé日😀")), "004100e965e5d83dde00");
  EXPECT_EQ(DecodeUcs2(Bytes("004100e965e5d83dde00")), "Aé日😀");
  EXPECT_EQ(EncodeUcs2("\xed\xa0\x80"), std::nullopt);
}

TEST(Ucs2Test, DecodesAnything) {
  EXPECT_EQ(DecodeUcs2(Bytes("d83d")), "\ufffd");       // a lone high surrogate at the end
  EXPECT_EQ(DecodeUcs2(Bytes("d83d0041")), "\ufffdA");  // and before a letter
  EXPECT_EQ(DecodeUcs2(Bytes("d83dd83dde00")), "\ufffd😀");
  EXPECT_EQ(DecodeUcs2(Bytes("de000041")), "\ufffdA");  // a lone low one
  EXPECT_EQ(DecodeUcs2(Bytes("004100")), "A\ufffd");    // an odd octet
}

TEST(Latin1Test, Decodes) { EXPECT_EQ(DecodeLatin1(Bytes("41e9ff80")), "Aéÿ\u0080"); }

TEST(Utf8Test, RoundTripAtEveryLengthsEnds) {
  for (const char32_t c : {U'\0', U'\x7f', U'\x80', U'\u07ff', U'\u0800', U'\ud7ff', U'\ue000',
                           U'\uffff', U'\U00010000', U'\U0010ffff'}) {
    std::string text;
    AppendUtf8(text, c);
    EXPECT_TRUE(IsUtf8(text));
    std::string_view rest = text;
    EXPECT_EQ(NextCodePoint(rest), c);
    EXPECT_TRUE(rest.empty());
  }
  EXPECT_EQ(Utf8Prefix("aé日", 6), "aé日");
  EXPECT_EQ(Utf8Prefix("aé日", 5), "aé");
  EXPECT_EQ(Utf8Prefix("aé日", 2), "a");
  EXPECT_EQ(Utf8Prefix("日", 0), "");
}

// ---- segments --------------------------------------------------------------------------------

TEST(SegmentTest, CountsAtTheBoundaries) {
  const struct {
    std::string text;
    int data_coding;
    std::size_t parts;
    std::size_t units;
  } cases[] = {
      {"a", 0, 1, 1},
      {Repeat("a", 160), 0, 1, 160},
      {Repeat("a", 161), 0, 2, 161},
      {Repeat("a", 306), 0, 2, 306},
      {Repeat("a", 307), 0, 3, 307},
      {Repeat("a", 158) + "€", 0, 1, 160},
      {Repeat("a", 159) + "€", 0, 2, 161},
      {Repeat("€", 76) + "a" + Repeat("€", 76), 0, 2, 305},  // 76 pairs and one fill a part
      {Repeat("€", 153), 0, 3, 306},                         // 152 septets, 152, 2
      {"日" + Repeat("a", 69), 8, 1, 70},
      {"日" + Repeat("a", 70), 8, 2, 71},
      {"日" + Repeat("a", 133), 8, 2, 134},
      {"日" + Repeat("a", 134), 8, 3, 135},
      {Repeat("😀", 35), 8, 1, 70},
      {Repeat("😀", 36), 8, 2, 72},
      {Repeat("😀", 67), 8, 3, 134},  // 66 units, 66, 2
      {Repeat("a", 153 * 8), 0, 8, 1224},
      {"日" + Repeat("a", 67 * 8 - 1), 8, 8, 536},
  };
  for (const auto& c : cases) {
    const auto segments = Segment(c.text);
    ASSERT_TRUE(segments) << c.text;
    EXPECT_EQ(segments->data_coding, c.data_coding) << c.text;
    EXPECT_THAT(segments->parts, SizeIs(c.parts)) << c.text;
    EXPECT_EQ(segments->units, c.units) << c.text;
  }
}

TEST(SegmentTest, NeverSplitsAPair) {
  for (std::size_t before = 145; before < 160; ++before) {
    const auto segments = Segment(Repeat("a", before) + Repeat("€", 20));
    ASSERT_TRUE(segments);
    for (const auto& part : segments->parts) {
      EXPECT_NE(part.back(), kGsmEscape) << before;
      EXPECT_LE(part.size(), 153u);
    }
  }
  for (std::size_t before = 60; before < 75; ++before) {
    const std::string text = Repeat("a", before) + Repeat("😀", 20);
    const auto segments = Segment(text);
    ASSERT_TRUE(segments);
    std::string together;
    for (const auto& part : segments->parts) {
      EXPECT_LE(part.size(), 134u);
      together += DecodeUcs2(part);  // a split pair would decode to U+FFFD
    }
    EXPECT_EQ(together, text);
  }
}

TEST(SegmentTest, NeverSplitsWhatAReaderSeesAsOne) {
  const std::string family = "👨‍👩‍👧";  // 8 units
  const auto segments = Segment(Repeat("a", 62) + family + Repeat("b", 10));
  ASSERT_TRUE(segments);
  ASSERT_THAT(segments->parts, SizeIs(2));
  EXPECT_EQ(DecodeUcs2(segments->parts[0]), Repeat("a", 62));
  EXPECT_EQ(DecodeUcs2(segments->parts[1]), family + Repeat("b", 10));
  const auto accent = Segment(Repeat("a", 66) + "e\u0301" + Repeat("b", 10));
  ASSERT_TRUE(accent);
  EXPECT_EQ(DecodeUcs2(accent->parts[0]), Repeat("a", 66));
  // One longer than a part is cut all the same, though not inside a surrogate pair.
  const std::string monster = "a" + Repeat("\U000E0100", 100);
  const auto cut = Segment(monster);
  ASSERT_TRUE(cut);
  std::string together;
  for (const auto& part : cut->parts) together += DecodeUcs2(part);
  EXPECT_EQ(together, monster);
}

TEST(SegmentTest, NearSubstitutionOnlyWhereItHelps) {
  EXPECT_EQ(Segment("We’re open")->data_coding, kDataCodingGsm);
  EXPECT_EQ(Segment("We’re open")->parts[0], "We're open");
  EXPECT_EQ(Segment("We’re open", {.near_substitution = false})->data_coding, kDataCodingUcs2);
  EXPECT_EQ(DecodeUcs2(Segment("We’re 日")->parts[0]), "We’re 日");
  EXPECT_EQ(Segment("\u200b")->data_coding, kDataCodingUcs2);
}

TEST(SegmentTest, RefusesWithAReason) {
  EXPECT_EQ(Segment("").error().code, "text_empty");
  EXPECT_EQ(Segment("\xff").error().code, "text_not_utf8");
  EXPECT_EQ(Segment(Repeat("a", 153 * 8 + 1)).error().code, "text_too_long");
  EXPECT_EQ(Segment(Repeat("€", 76 * 8 + 1)).error().code,
            "text_too_long");  // fits only by splitting pairs
  EXPECT_EQ(Segment(Repeat("日", 67 * 8 + 1)).error().code, "text_too_long");
  EXPECT_EQ(Segment(Repeat("😀", 33 * 8 + 1)).error().code, "text_too_long");
  EXPECT_THAT(Segment(Repeat("a", 161), {.parts_max = 1}).error().message,
              HasSubstr("161 GSM units"));
  EXPECT_THAT(Segment(Repeat("a", 153 * 255), {.parts_max = 255})->parts, SizeIs(255));
}

// ---- templates -------------------------------------------------------------------------------

constexpr std::string_view kFields[] = {"business", "line_name"};

std::string ErrorOf(std::string_view text) {
  const auto parsed = TextTemplate::Parse(text, kFields);
  return parsed ? "" : parsed.error().message;
}

TEST(TemplateTest, RendersFieldsAndBraces) {
  const auto parsed = TextTemplate::Parse("{{Hi}}, {business}{business}\n{{{line_name}}}", kFields);
  ASSERT_TRUE(parsed);
  const std::string_view values[] = {"Bright {line_name}", "Shop"};
  EXPECT_EQ(*parsed->Render(values), "{Hi}, Bright {line_name}Bright {line_name}\n{Shop}");
  EXPECT_TRUE(parsed->Uses(0));
  EXPECT_TRUE(parsed->Uses(1));
  EXPECT_FALSE(TextTemplate::Parse("x {business}", kFields)->Uses(1));
}

TEST(TemplateTest, ErrorsNameThePlace) {
  EXPECT_EQ(ErrorOf("Hé {bussiness}"),
            "character 4: unknown field {bussiness}; expected one of {business}, {line_name}");
  EXPECT_EQ(ErrorOf("{}"),
            "character 1: unknown field {}; expected one of {business}, {line_name}");
  EXPECT_EQ(ErrorOf("{ business }"),
            "character 1: unknown field { business }; expected one of {business}, {line_name}");
  EXPECT_EQ(ErrorOf("a {business"), "character 3: a { without its }; write {{ for a brace");
  EXPECT_EQ(ErrorOf("a {bus{iness}"), "character 3: a { without its }; write {{ for a brace");
  EXPECT_EQ(ErrorOf("{{{"), "character 3: a { without its }; write {{ for a brace");
  EXPECT_EQ(ErrorOf("{business} }x"), "character 12: a } without its {; write }} for a brace");
  EXPECT_EQ(ErrorOf("{{{business}}"), "character 13: a } without its {; write }} for a brace");
  EXPECT_THAT(ErrorOf("a\tb"), HasSubstr("character 2: a control character"));
  EXPECT_THAT(ErrorOf("\xff"), HasSubstr("isn't UTF-8"));
  EXPECT_THAT(ErrorOf(""), HasSubstr("empty"));
  EXPECT_EQ(ErrorOf(Repeat("a", 1600)), "");
  EXPECT_THAT(ErrorOf(Repeat("a", 1601)), HasSubstr("at most 1600"));
}

TEST(TemplateTest, TheResultIsBounded) {
  const std::string long_value = Repeat("é", 500);
  const std::string_view values[] = {long_value, ""};
  const auto fits = TextTemplate::Parse(Repeat("a", 1440) + "{business}", kFields);
  EXPECT_EQ(fits->LongestBytes(), 1600u);
  EXPECT_THAT(*fits->Render(values), SizeIs(1600));
  const auto over = TextTemplate::Parse(Repeat("a", 1441) + "{business}", kFields);
  EXPECT_EQ(over->LongestBytes(), 1601u);
  EXPECT_EQ(over->Render(values).error().code, "text_too_long");
  EXPECT_EQ(TextTemplate::Parse("{line_name} \n", kFields)->Render(values).error().code,
            "text_empty");
}

TEST(CleanValueTest, OneLineOfPlainText) {
  const struct {
    std::string_view value;
    std::string_view clean;
  } cases[] = {
      {"  Ann\t \r\nLee \u00a0", "Ann Lee"},
      {std::string_view("a\0b\x1b[31mc\x7f", 10), "ab[31mc"},
      {"\u202eevil\u202c \u2066x\u2069", "evil x"},
      {"\ufeffa\u200bb\u2028c", "ab c"},
      {"a\xff\xc3(b", "a(b"},
      {"👨‍👩‍👧 Zoë", "👨‍👩‍👧 Zoë"},
      {" \n ", ""},
      {"", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(CleanValue(c.value), c.clean);
  EXPECT_THAT(CleanValue(Repeat("é", 81)), SizeIs(160));
  EXPECT_THAT(CleanValue("a" + Repeat("é", 81)), SizeIs(159));
  EXPECT_THAT(CleanValue(Repeat("a", 159) + " b"), SizeIs(159));
}

}  // namespace
}  // namespace textback::text
