#include "smpp/address.h"

#include <gtest/gtest.h>

#include "smpp/message_id.h"
#include "smpp/profile.h"

namespace textback::smpp {
namespace {

TEST(AddressTest, WhatOperatorsWrite) {
  const struct {
    const char* text;
    Address address;
  } cases[] = {
      {"+12125550101", {1, 1, "12125550101"}},
      {"+442079460000", {1, 1, "442079460000"}},
      {"555", {3, 0, "555"}},
      {"12345678", {3, 0, "12345678"}},
      {"TEXTBACK", {5, 0, "TEXTBACK"}},
      {"A.B & C-1'!", {5, 0, "A.B & C-1'!"}},
  };
  for (const auto& c : cases) EXPECT_EQ(ParseAddress(c.text).value(), c.address) << c.text;
  for (const char* bad :
       {"", "55", "123456789", "+1", "TWELVE_CHARS", "....", "caf\xc3\xa9", "a\tb"}) {
    const auto address = ParseAddress(bad);
    ASSERT_FALSE(address) << bad;
    EXPECT_EQ(address.error().code, "bad_address");
  }
}

TEST(AddressTest, E164OfWhatSmscsSend) {
  const auto number = Msisdn::FromE164("+12125550101");
  EXPECT_EQ(ToE164({1, 1, "12125550101"}), number);
  EXPECT_EQ(ToE164({0, 0, "12125550101"}), number);
  EXPECT_EQ(ToE164({0, 1, "+12125550101"}), number);
  EXPECT_EQ(ToE164({1, 1, "0012125550101"}), number);
  EXPECT_EQ(ToE164({0, 1, "55501"}), std::nullopt) << "a short code";
  EXPECT_EQ(ToE164({0, 1, "1234567"}), std::nullopt);
  EXPECT_TRUE(ToE164({0, 1, "12345678"}));
  EXPECT_EQ(ToE164({2, 1, "2125550101"}), std::nullopt) << "national";
  EXPECT_EQ(ToE164({5, 0, "TEXTBACK"}), std::nullopt);
  EXPECT_EQ(ToE164({1, 1, ""}), std::nullopt);
  EXPECT_EQ(ToE164({1, 1, "1212555010112345"}), std::nullopt) << "16 digits";
}

TEST(MessageIdTest, KeysMeet) {
  using enum MessageIdForm;
  // Hex in the response, decimal in the receipt, and the reverse.
  EXPECT_EQ(MessageIdKey("1F", kHex), MessageIdKey("31", kDecimal));
  EXPECT_EQ(MessageIdKey("0000001f", kHex), MessageIdKey("0031", kDecimal));
  EXPECT_EQ(MessageIdKey("0x1F", kHex), "1f");
  EXPECT_EQ(MessageIdKey("0", kHex), MessageIdKey("000", kDecimal));
  // 2^64 - 1 and 2^128 - 1.
  EXPECT_EQ(MessageIdKey("18446744073709551615", kDecimal), "ffffffffffffffff");
  EXPECT_EQ(MessageIdKey("340282366920938463463374607431768211455", kDecimal),
            std::string(32, 'f'));
  // Beyond 128 bits, or not a number: the same fallback on both sides.
  EXPECT_EQ(MessageIdKey("340282366920938463463374607431768211456", kDecimal),
            "340282366920938463463374607431768211456");
  EXPECT_EQ(MessageIdKey("00XYZ-9", kHex), MessageIdKey("xyz-9", kDecimal));
  EXPECT_EQ(MessageIdKey("0x", kHex), "x");
  // Case and zeros; but not for kExact.
  EXPECT_EQ(MessageIdKey(" 000A1b ", kCaseless), "a1b");
  EXPECT_EQ(MessageIdKey("000", kCaseless), "0");
  EXPECT_EQ(MessageIdKey(" 000A1b ", kExact), "000A1b");
  EXPECT_EQ(MessageIdKey("  ", kCaseless), "");
  EXPECT_EQ(MessageIdKey("", kHex), "");
}

TEST(MessageIdTest, Words) {
  for (const char* word : {"exact", "caseless", "hex", "decimal"}) {
    EXPECT_EQ(ToString(*ParseMessageIdForm(word)), word);
  }
  EXPECT_EQ(ParseMessageIdForm("Hex"), std::nullopt);
}

TEST(ProfileTest, VendorsStatusesAreItsOwn) {
  SmscProfile profile;
  EXPECT_EQ(profile.Classify(0x402), StatusClass::kPermanent);
  profile.throttled_statuses = {0x402, 0x0};
  profile.temporary_statuses = {0xff};
  EXPECT_EQ(profile.Classify(0x402), StatusClass::kThrottled);
  EXPECT_EQ(profile.Classify(0xff), StatusClass::kTemporary);
  EXPECT_EQ(profile.Classify(0x0), StatusClass::kOk);
  EXPECT_EQ(profile.Classify(0x58), StatusClass::kThrottled);
}

}  // namespace
}  // namespace textback::smpp
