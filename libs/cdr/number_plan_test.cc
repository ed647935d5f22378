// Checks the compiled plan against libphonenumber, and rewrites it: UPDATE_NUMBER_PLAN=1.
#include "cdr/number_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <phonenumbers/phonenumberutil.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

#include "base/random.h"
#include "cdr/number_plan_data.h"

namespace textback::cdr {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

const PhoneNumberUtil& Library() { return *PhoneNumberUtil::GetInstance(); }

PhoneNumber Number(int calling_code, const std::string& national) {
  PhoneNumber number;
  number.set_country_code(calling_code);
  number.set_national_number(std::stoull(national));
  const std::size_t zeros = std::min(national.find_first_not_of('0'), national.size() - 1);
  if (zeros > 0) {
    number.set_italian_leading_zero(true);
    number.set_number_of_leading_zeros(static_cast<int>(zeros));
  }
  return number;
}

// The table's letter for a number that the library thinks valid; 0 otherwise.
char Letter(const PhoneNumber& number) {
  switch (Library().GetNumberType(number)) {
    case PhoneNumberUtil::MOBILE:
      return 'M';
    case PhoneNumberUtil::FIXED_LINE:
      return 'F';
    case PhoneNumberUtil::FIXED_LINE_OR_MOBILE:
      return 'X';
    case PhoneNumberUtil::TOLL_FREE:
      return 'T';
    case PhoneNumberUtil::PREMIUM_RATE:
      return 'P';
    case PhoneNumberUtil::UNKNOWN:
      return 0;
    default:
      return 'V';
  }
}

std::uint32_t Lengths(int calling_code) {
  std::uint32_t lengths = 0;
  const int code_digits = static_cast<int>(std::to_string(calling_code).size());
  for (int n = 2; n <= Msisdn::kDigitsMax - code_digits; ++n) {
    if (n + code_digits < Msisdn::kDigitsMin) continue;
    const auto number = Number(calling_code, std::string(static_cast<std::size_t>(n), '2'));
    if (Library().IsPossibleNumberWithReason(number) == PhoneNumberUtil::IS_POSSIBLE)
      lengths |= 1U << n;
  }
  return lengths;
}

// What lies under a prefix, found by asking about numbers drawn at random: each node takes the
// letter that most of its children have, and only what differs from it is written below it.
class Survey {
 public:
  Survey(int calling_code, std::uint32_t lengths)
      : code_(calling_code), lengths_(lengths), random_(2024) {}

  std::string Run() {
    Node root = Visit("");
    std::string out;
    Write(root, std::to_string(code_), 0, out);
    return out;
  }

 private:
  static constexpr std::size_t kAlwaysDeep = 3;  // digits that are split whatever the samples say
  static constexpr std::size_t kDeepest = 6;
  static constexpr int kSamples = 10;

  struct Node {
    char letter = 0;
    std::map<char, Node> children;
  };

  std::set<char> Sample(const std::string& prefix) {
    std::set<char> letters;
    for (std::size_t n = 2; n <= Msisdn::kDigitsMax; ++n) {
      if ((lengths_ >> n & 1) == 0 || n < prefix.size()) continue;
      for (int i = 0; i < kSamples; ++i) {
        std::string national = prefix;
        while (national.size() < n) national.push_back(static_cast<char>('0' + random_.Below(10)));
        if (const char letter = Letter(Number(code_, national)); letter != 0)
          letters.insert(letter);
      }
    }
    return letters;
  }

  Node Visit(const std::string& prefix) {
    Node node;
    const auto letters = Sample(prefix);
    if (prefix.size() >= kAlwaysDeep && letters.size() <= 1) {
      if (letters.size() == 1) node.letter = *letters.begin();
      return node;
    }
    if (prefix.size() == kDeepest) {
      // Still mixed: where fixed and mobile numbers share a block, nobody can tell.
      node.letter = letters.contains('M') || letters.contains('X') ? 'X' : *letters.rbegin();
      return node;
    }
    std::map<char, int> votes;
    for (char digit = '0'; digit <= '9'; ++digit) {
      Node child = Visit(prefix + digit);
      if (child.letter == 0) continue;
      ++votes[child.letter];
      node.children.emplace(digit, std::move(child));
    }
    for (const auto& [letter, count] : votes) {
      if (node.letter == 0 || count > votes[node.letter]) node.letter = letter;
    }
    return node;
  }

  static void Write(const Node& node, const std::string& prefix, char inherited, std::string& out) {
    if (node.letter != 0 && node.letter != inherited) out += prefix + ' ' + node.letter + ';';
    for (const auto& [digit, child] : node.children) {
      Write(child, prefix + digit, node.letter, out);
    }
  }

  int code_;
  std::uint32_t lengths_;
  Random random_;
};

std::string Regions() {
  std::set<std::string> regions;
  Library().GetSupportedRegions(&regions);
  std::string out;
  for (const auto& region : regions) {
    const int code = Library().GetCountryCodeForRegion(region);
    std::string trunk;
    Library().GetNddPrefixForRegion(region, true, &trunk);
    // What the library would dial from there to a number elsewhere, up to its country code.
    const int elsewhere = code == 49 ? 33 : 49;
    std::string dialled;
    Library().FormatOutOfCountryCallingNumber(
        Number(elsewhere, elsewhere == 49 ? "3023125000" : "123456789"), region, &dialled);
    std::string international;
    for (const char c : dialled.substr(0, dialled.find(std::to_string(elsewhere), 1))) {
      if (c >= '0' && c <= '9') international.push_back(c);
    }
    // Several prefixes, one a carrier: the plain "00" is understood where nothing is configured.
    if (dialled[0] == '+') international = "00";
    char line[64];
    std::snprintf(line, sizeof line, "%s %d %s %s %x;", region.c_str(), code,
                  trunk.empty() ? "-" : trunk.c_str(), international.c_str(), Lengths(code));
    out += line;
  }
  return out;
}

void WriteFunction(std::ofstream& out, const char* name, const std::string& text) {
  out << "\nstd::string_view " << name << "() {\n  return";
  constexpr std::size_t kWidth = 2000;  // one source line is allowed to be long: it is data
  for (std::size_t at = 0; at < text.size(); at += kWidth) {
    out << "\n      \"" << text.substr(at, kWidth) << '"';
  }
  out << ";\n}\n";
}

void WriteAnew() {
  std::set<int> codes;
  Library().GetSupportedCallingCodes(&codes);
  std::map<std::string, std::uint32_t> lengths;
  std::string prefixes;
  for (const int code : codes) {
    lengths[std::to_string(code)] = Lengths(code);
    prefixes += Survey(code, Lengths(code)).Run();
  }
  std::string calling_codes;
  for (const auto& [code, mask] : lengths) {
    char line[32];
    std::snprintf(line, sizeof line, "%s %x;", code.c_str(), mask);
    calling_codes += line;
  }
  std::ofstream out(TEXTBACK_SOURCE_DIR "/libs/cdr/number_plan_data.cc");
  out << "// Generated by number_plan_test.cc (UPDATE_NUMBER_PLAN=1) from the metadata of "
         "libphonenumber 8.12,\n"
         "// Copyright The Libphonenumber Authors, Apache License 2.0. Don't edit.\n"
         "// clang-format off\n"
         "#include \"cdr/number_plan_data.h\"\n\nnamespace textback::cdr::number_plan_data {\n";
  WriteFunction(out, "Regions", Regions());
  WriteFunction(out, "CallingCodes", calling_codes);
  WriteFunction(out, "Prefixes", prefixes);
  out << "\n}  // namespace textback::cdr::number_plan_data\n";
  ASSERT_TRUE(out.flush());
}

TEST(NumberPlanData, IsOfTheLibraryAtHand) {
  if (std::getenv("UPDATE_NUMBER_PLAN") != nullptr) {
    WriteAnew();
    FAIL() << "number_plan_data.cc is rewritten: build again, without UPDATE_NUMBER_PLAN";
  }
  EXPECT_EQ(Regions(), number_plan_data::Regions()) << "another libphonenumber: see number_plan.h";
}

Msisdn Of(const char* text) { return Msisdn::FromE164(text).value(); }

TEST(NumberPlan, KnowsCountries) {
  const auto& plan = NumberPlan::BuiltIn();
  const Country* gb = plan.FindCountry("GB");
  ASSERT_NE(gb, nullptr);
  EXPECT_EQ(gb->calling_code, "44");
  EXPECT_EQ(gb->trunk, "0");
  EXPECT_EQ(gb->international, "00");
  const Country* us = plan.FindCountry("US");
  ASSERT_NE(us, nullptr);
  EXPECT_EQ(us->calling_code, "1");
  EXPECT_EQ(us->trunk, "1");
  EXPECT_EQ(us->international, "011");
  EXPECT_EQ(us->lengths, 1U << 10);
  EXPECT_EQ(plan.FindCountry("IT")->trunk, "");
  EXPECT_EQ(plan.FindCountry("JP")->international, "010");
  EXPECT_EQ(plan.FindCountry("HU")->trunk, "06");
  EXPECT_EQ(plan.FindCountry("XX"), nullptr);
  EXPECT_EQ(plan.FindCountry(""), nullptr);
  EXPECT_EQ(plan.FindCountry("gb"), nullptr);
}

TEST(NumberPlan, KnowsLengths) {
  const auto& plan = NumberPlan::BuiltIn();
  EXPECT_TRUE(plan.Possible("12125550100"));
  EXPECT_FALSE(plan.Possible("1212555010"));
  EXPECT_FALSE(plan.Possible("121255501000"));
  EXPECT_TRUE(plan.Possible("442079460000"));
  EXPECT_TRUE(plan.Possible("493023125000"));
  EXPECT_FALSE(plan.Possible("2101234567")) << "210 is nobody's country code";
  EXPECT_FALSE(plan.Possible("44207946000a"));
  EXPECT_FALSE(plan.Possible(""));
  EXPECT_FALSE(plan.Possible("1"));
}

TEST(NumberPlan, KnowsKinds) {
  const auto& plan = NumberPlan::BuiltIn();
  EXPECT_EQ(plan.KindOf(Of("+12125550100")), v1::LINE_TYPE_FIXED_OR_MOBILE);
  EXPECT_EQ(plan.KindOf(Of("+18005550100")), v1::LINE_TYPE_TOLL_FREE);
  EXPECT_EQ(plan.KindOf(Of("+19005550100")), v1::LINE_TYPE_PREMIUM);
  EXPECT_EQ(plan.KindOf(Of("+442079460000")), v1::LINE_TYPE_FIXED);
  EXPECT_EQ(plan.KindOf(Of("+447700900000")), v1::LINE_TYPE_MOBILE);
  EXPECT_EQ(plan.KindOf(Of("+493023125000")), v1::LINE_TYPE_FIXED);
  EXPECT_EQ(plan.KindOf(Of("+4915123456789")), v1::LINE_TYPE_MOBILE);
  EXPECT_EQ(plan.KindOf(Msisdn()), v1::LINE_TYPE_UNSPECIFIED);
}

TEST(NumberPlan, SaysWhatATextCanReach) {
  EXPECT_TRUE(Textable(v1::LINE_TYPE_UNSPECIFIED));
  EXPECT_TRUE(Textable(v1::LINE_TYPE_MOBILE));
  EXPECT_TRUE(Textable(v1::LINE_TYPE_VOIP));
  EXPECT_TRUE(Textable(v1::LINE_TYPE_FIXED_OR_MOBILE));
  EXPECT_FALSE(Textable(v1::LINE_TYPE_FIXED));
  EXPECT_FALSE(Textable(v1::LINE_TYPE_TOLL_FREE));
  EXPECT_FALSE(Textable(v1::LINE_TYPE_PREMIUM));
  EXPECT_FALSE(Textable(v1::LINE_TYPE_SHORT_CODE));
}

// The library's own example of each kind in each region, and numbers drawn at random.
TEST(NumberPlan, AgreesWithTheLibrary) {
  const auto& plan = NumberPlan::BuiltIn();
  const std::map<char, v1::LineType> kinds = {
      {'M', v1::LINE_TYPE_MOBILE},          {'F', v1::LINE_TYPE_FIXED},
      {'X', v1::LINE_TYPE_FIXED_OR_MOBILE}, {'T', v1::LINE_TYPE_TOLL_FREE},
      {'P', v1::LINE_TYPE_PREMIUM},         {'V', v1::LINE_TYPE_VOIP}};
  std::set<std::string> regions;
  Library().GetSupportedRegions(&regions);
  Random random(7);
  int asked = 0;
  int differ = 0;
  int mobile_lost = 0;  // the costly mistake: a mobile that we would refuse to text
  const auto ask = [&](const PhoneNumber& number) {
    const char letter = Letter(number);
    std::string text;
    Library().Format(number, PhoneNumberUtil::E164, &text);
    const auto msisdn = Msisdn::FromE164(text);
    if (letter == 0 || !msisdn) return;
    EXPECT_TRUE(plan.Possible(text.substr(1))) << text;
    ++asked;
    const auto kind = plan.KindOf(*msisdn);
    if (kind != kinds.at(letter)) ++differ;
    if (letter == 'M' && !Textable(kind)) ++mobile_lost;
  };
  for (const auto& region : regions) {
    for (const auto type :
         {PhoneNumberUtil::MOBILE, PhoneNumberUtil::FIXED_LINE, PhoneNumberUtil::TOLL_FREE,
          PhoneNumberUtil::PREMIUM_RATE, PhoneNumberUtil::VOIP}) {
      PhoneNumber example;
      if (!Library().GetExampleNumberForType(region, type, &example)) continue;
      ask(example);
      std::string national;
      Library().GetNationalSignificantNumber(example, &national);
      for (int i = 0; i < 20; ++i) {  // its neighbours: the last digits drawn at random
        std::string drawn = national;
        const std::size_t keep = random.Below(5) + 1;
        for (std::size_t at = std::min(keep, drawn.size()); at < drawn.size(); ++at) {
          drawn[at] = static_cast<char>('0' + random.Below(10));
        }
        ask(Number(Library().GetCountryCodeForRegion(region), drawn));
      }
    }
  }
  EXPECT_GT(asked, 9000);
  // Blocks finer than six digits are kept as "either", which is textable.
  EXPECT_LE(differ, asked * 3 / 100) << "of " << asked;
  EXPECT_LE(mobile_lost, asked / 1000) << "of " << asked;
}

}  // namespace
}  // namespace textback::cdr
