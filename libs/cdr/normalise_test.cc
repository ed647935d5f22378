#include "cdr/normalise.h"

#include <gtest/gtest.h>

#include <string>

namespace textback::cdr {
namespace {

Normaliser For(std::string country, std::vector<NumberRule> rules = {}, bool bare = false) {
  auto made = Normaliser::Make({std::move(country), std::move(rules), bare});
  return std::move(made).value();
}

std::string E164(const Normaliser& n, std::string_view text,
                 v1::Party::NumberType type = v1::Party::NUMBER_TYPE_UNSPECIFIED) {
  const auto number = n.ToE164(text, type);
  return number ? number->ToE164() : "none";
}

struct Case {
  const char* country;
  const char* written;
  const char* e164;
};

constexpr Case kCases[] = {
    // International forms, whatever the country
    {"GB", "+442079460000", "+442079460000"},
    {"GB", "+44 20 7946 0000", "+442079460000"},
    {"GB", "+44 (0)20 7946 0000", "+442079460000"},
    {"", "+442079460000", "+442079460000"},
    {"", "442079460000", "none"},
    {"GB", "+12125550100", "+12125550100"},
    {"GB", "0012125550100", "+12125550100"},
    {"US", "011442079460000", "+442079460000"},
    {"DE", "00442079460000", "+442079460000"},
    {"JP", "010442079460000", "+442079460000"},
    {"AU", "0011442079460000", "+442079460000"},
    // National with the trunk prefix
    {"GB", "02079460000", "+442079460000"},
    {"GB", "07700900123", "+447700900123"},
    {"DE", "03023125000", "+493023125000"},
    {"DE", "030 23125-000", "+493023125000"},
    {"US", "12125550100", "+12125550100"},
    {"US", "1-212-555-0100", "+12125550100"},
    {"HU", "0612345678", "+3612345678"},
    // National without one
    {"US", "2125550100", "+12125550100"},
    {"US", "(212) 555-0100", "+12125550100"},
    {"CA", "2125550100", "+12125550100"},
    {"IT", "0612345678", "+390612345678"},
    {"ES", "912345678", "+34912345678"},
    // Own country code without "+"
    {"GB", "442079460000", "+442079460000"},
    {"DE", "493023125000", "+493023125000"},
    {"ES", "34912345678", "+34912345678"},
    // URIs
    {"GB", "sip:+442079460000@pbx.example;user=phone", "+442079460000"},
    {"GB", "SIP:02079460000@pbx.example", "+442079460000"},
    {"GB", "tel:+44-20-7946-0000;phone-context=x", "+442079460000"},
    {"GB", "+442079460000@pbx.example", "+442079460000"},
    // No E.164
    {"GB", "", "none"},
    {"GB", "+", "none"},
    {"GB", "200", "none"},
    {"DE", "200", "none"},
    {"DE", "2000000", "none"},
    {"US", "911", "none"},
    {"US", "5550100", "none"},
    {"GB", "s", "none"},
    {"GB", "test", "none"},
    {"GB", "+44GARAGE", "none"},
    {"GB", "*98", "none"},
    {"GB", "+0442079460000", "none"},
    {"GB", "+4420794600001234567", "none"},
    {"US", "121255501", "none"},
    {"GB", "sip:alice@pbx.example", "none"},
    {"GB", "\xf0\x9f\x93\x9e", "none"},
};

TEST(Normalise, ReadsWhatSwitchesWrite) {
  for (const auto& c : kCases) {
    SCOPED_TRACE(std::string(c.country) + " " + c.written);
    EXPECT_EQ(E164(For(c.country), c.written), c.e164);
  }
}

TEST(Normalise, TakesTheNumberTypeAtItsWord) {
  const auto gb = For("GB");
  EXPECT_EQ(E164(gb, "2079460000", v1::Party::NUMBER_TYPE_NATIONAL), "+442079460000");
  EXPECT_EQ(E164(gb, "02079460000", v1::Party::NUMBER_TYPE_NATIONAL), "+442079460000");
  EXPECT_EQ(E164(gb, "12125550100", v1::Party::NUMBER_TYPE_INTERNATIONAL), "+12125550100");
  EXPECT_EQ(E164(gb, "79460000", v1::Party::NUMBER_TYPE_SUBSCRIBER), "none");
  EXPECT_EQ(E164(gb, "02079460000", v1::Party::NUMBER_TYPE_NETWORK_SPECIFIC), "none");
}

TEST(Normalise, AppliesTheFirstRuleThatFits) {
  const auto n = For("GB", {{"D123", ""}, {"D", "+1"}, {"9,", ""}});
  EXPECT_EQ(E164(n, "D12302079460000"), "+442079460000");
  EXPECT_EQ(E164(n, "D2125550100"), "+12125550100");
  EXPECT_EQ(E164(n, "9,02079460000"), "+442079460000");
  EXPECT_EQ(E164(n, "02079460000"), "+442079460000");
}

TEST(Normalise, BareInternational) {
  EXPECT_EQ(E164(For("GB", {}, true), "12125550100"), "+12125550100");
  EXPECT_EQ(E164(For("", {}, true), "442079460000"), "+442079460000");
  EXPECT_EQ(E164(For("GB", {}, true), "02079460000"), "none");
}

TEST(Normalise, RefusesABadConfiguration) {
  EXPECT_EQ(Normaliser::Make({"UK", {}, false}).error().disposition, Disposition::kFatal);
  EXPECT_FALSE(Normaliser::Make({"gb", {}, false}));
  EXPECT_FALSE(Normaliser::Make({"GB", {{"", "x"}}, false}));
  EXPECT_FALSE(Normaliser::Make({"GB", {{std::string(65, '1'), ""}}, false}));
  EXPECT_FALSE(Normaliser::Make({"GB", {{"1", std::string(16, '1')}}, false}));
  EXPECT_TRUE(Normaliser::Make({"GB", std::vector<NumberRule>(64, {"1", ""}), false}));
  EXPECT_FALSE(Normaliser::Make({"GB", std::vector<NumberRule>(65, {"1", ""}), false}));
}

TEST(Normalise, WordsForAWithheldNumber) {
  using P = v1::Party;
  for (const char* word : {"anonymous", "Anonymous", "RESTRICTED", "private",
                           "sip:anonymous@anonymous.invalid", " withheld "}) {
    EXPECT_EQ(PresentationOfWord(word), P::PRESENTATION_RESTRICTED) << word;
  }
  for (const char* word : {"unknown", "Unavailable"})
    EXPECT_EQ(PresentationOfWord(word), P::PRESENTATION_UNAVAILABLE) << word;
  for (const char* word : {"", "s", "02079460000", "anonymously"}) {
    EXPECT_EQ(PresentationOfWord(word), P::PRESENTATION_UNSPECIFIED) << word;
  }
}

TEST(Normalise, KeepsDigitsOfAWithheldParty) {
  const auto gb = For("GB");
  v1::CallRecord record;
  record.mutable_calling()->set_number("07700900123");
  record.mutable_calling()->set_presentation(v1::Party::PRESENTATION_RESTRICTED);
  record.mutable_called()->set_number("02079460000");
  record.mutable_called()->set_e164("+15550100");  // what a producer wrote here doesn't count
  record.mutable_redirecting()->set_number("anonymous");
  gb.Apply(record);
  EXPECT_EQ(record.calling().e164(), "+447700900123");
  EXPECT_EQ(record.calling().presentation(), v1::Party::PRESENTATION_RESTRICTED);
  EXPECT_EQ(record.called().e164(), "+442079460000");
  EXPECT_EQ(record.redirecting().e164(), "");
  EXPECT_EQ(record.redirecting().presentation(), v1::Party::PRESENTATION_RESTRICTED);
  record.mutable_called()->set_number("nobody");
  gb.Apply(record);
  EXPECT_EQ(record.called().e164(), "");
}

}  // namespace
}  // namespace textback::cdr
