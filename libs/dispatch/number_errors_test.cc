#include "dispatch/number_errors.h"

#include <gtest/gtest.h>

namespace textback::dispatch {
namespace {

v1::Receipt Receipt(v1::DeliveryState state, const char* error) {
  v1::Receipt receipt;
  receipt.set_state(state);
  receipt.set_error(error);
  return receipt;
}

TEST(NumberErrorsTest, TheUsualOnes) {
  const NumberErrors errors;
  for (const char* yes : {"ESME_RINVDSTADR", "1", "001", "11", "011"})
    EXPECT_TRUE(errors.Has(yes)) << yes;
  for (const char* no : {"", "0", "000", "ESME_RSUBMITFAIL", "27", "111", "10", "0x00000001"})
    EXPECT_FALSE(errors.Has(no)) << no;
}

TEST(NumberErrorsTest, AReceiptMustSayThatTheTextWontArrive) {
  const NumberErrors errors;
  EXPECT_TRUE(errors.Has(Receipt(v1::DELIVERY_STATE_UNDELIVERABLE, "001")));
  EXPECT_TRUE(errors.Has(Receipt(v1::DELIVERY_STATE_REJECTED, "11")));
  EXPECT_FALSE(errors.Has(Receipt(v1::DELIVERY_STATE_DELIVERED, "1")));
  EXPECT_FALSE(errors.Has(Receipt(v1::DELIVERY_STATE_EXPIRED, "1")));
  EXPECT_FALSE(errors.Has(Receipt(v1::DELIVERY_STATE_UNDELIVERABLE, "27")));
}

TEST(NumberErrorsTest, AnAccountHasItsOwn) {
  const NumberErrors errors({"0x0000040a", "0099"});
  EXPECT_TRUE(errors.Has("0x0000040a"));
  EXPECT_TRUE(errors.Has("99"));
  EXPECT_FALSE(errors.Has("1"));
  EXPECT_FALSE(NumberErrors(std::vector<std::string>()).Has("ESME_RINVDSTADR"));
}

}  // namespace
}  // namespace textback::dispatch
