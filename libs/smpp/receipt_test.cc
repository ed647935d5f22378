// Receipts as vendors send them. Shapes, not numbers, are from the field: addresses and ids are
// made up.
#include "smpp/receipt.h"

#include <gtest/gtest.h>

#include <string>

namespace textback::smpp {
namespace {

// 2026-11-22T09:30:00Z and 09:30:15Z
constexpr std::int64_t kMinute = 1'795'339'800'000;
constexpr std::int64_t kSecond = kMinute + 15'000;

MessageSm Dlr(std::string_view text, std::string_view tlvs = {}) {
  MessageSm m;
  m.esm_class = 0x04;
  m.short_message = text;
  m.tlvs = tlvs;
  return m;
}

TEST(ReceiptTest, TextOfManyVendors) {
  const struct {
    const char* text;
    const char* id;
    DeliveryState state;
    const char* error;
    std::int64_t done_ms;  // 0: none
  } cases[] = {
      // Appendix B.
      {"id:0123456789 sub:001 dlvrd:001 submit date:2611220929 done date:2611220930 stat:DELIVRD "
       "err:000 "
       "text:Sorry we missed you",
       "0123456789", DeliveryState::kDelivered, "000", kMinute},
      // With seconds, no text.
      {"id:8a3f-22 sub:001 dlvrd:000 submit date:261122092900 done date:261122093015 stat:UNDELIV "
       "err:01B",
       "8a3f-22", DeliveryState::kUndeliverable, "01B", kSecond},
      // Four-digit years.
      {"id:77 submit date:20261122092900 done date:20261122093015 stat:EXPIRED err:034 text:", "77",
       DeliveryState::kExpired, "034", kSecond},
      {"id:77 submit date:202611220929 done date:202611220930 stat:DELETED", "77",
       DeliveryState::kDeleted, "", kMinute},
      // Upper case, other order, spaces after colons, underscores.
      {"ID: 1A2B STAT: ACCEPTD ERR: 0 SUBMIT_DATE: 2611220929 DONE_DATE: 2611220930 SUB: 1 DLVRD: "
       "0 TEXT: hi",
       "1A2B", DeliveryState::kAccepted, "0", kMinute},
      {"stat:REJECTD id:9 donedate:2611220930 err:5", "9", DeliveryState::kRejected, "5", kMinute},
      {"id:9  sub:001  dlvrd:001\tdone-date:2611220930\r\nstat:delivrd  err:000", "9",
       DeliveryState::kDelivered, "000", kMinute},
      // Commas, quotes, long words.
      {"id:\"abc\",stat:Delivered,err:0", "abc", DeliveryState::kDelivered, "0", 0},
      {"id:x stat:UNDELIVERABLE err:000", "x", DeliveryState::kUndeliverable, "000", 0},
      {"id:x stat:FAILED", "x", DeliveryState::kUndeliverable, "", 0},
      {"id:x stat:BUFFERED", "x", DeliveryState::kEnroute, "", 0},
      {"id:x stat:ENROUTE", "x", DeliveryState::kEnroute, "", 0},
      {"id:x stat:UNKNOWN", "x", DeliveryState::kUnknown, "", 0},
      {"id:x stat:8", "x", DeliveryState::kRejected, "", 0},
      // What no list has, dates that aren't any, an error longer than the limit.
      {"id:x stat:PURPLE done date:2613220930 err:12345678901234567", "x",
       DeliveryState::kUnspecified, "1234567890123456", 0},
      {"id:x stat:DELIVRD done date:today", "x", DeliveryState::kDelivered, "", 0},
      // The message's own text can't overrule, nor can a second value.
      {"id:1 stat:DELIVRD err:000 text:id:2 stat:REJECTD err:9", "1", DeliveryState::kDelivered,
       "000", 0},
      {"id:1 id:2 stat:DELIVRD stat:REJECTD", "1", DeliveryState::kDelivered, "", 0},
      {"id:1 text:err:9 stat:DELIVRD", "1", DeliveryState::kDelivered, "", 0},
      // Words that only end in a key.
      {"grid:5 id:1 prestat:REJECTD stat:DELIVRD", "1", DeliveryState::kDelivered, "", 0},
  };
  for (const auto& c : cases) {
    const auto receipt = ParseReceipt(Dlr(c.text));
    ASSERT_TRUE(receipt) << c.text;
    EXPECT_EQ(receipt->message_id, c.id) << c.text;
    EXPECT_EQ(receipt->state, c.state) << c.text;
    EXPECT_EQ(receipt->error, c.error) << c.text;
    EXPECT_EQ(receipt->done_ms.value_or(0), c.done_ms) << c.text;
  }
}

TEST(ReceiptTest, TlvsWin) {
  // receipted_message_id "ABC", message_state 5, network_error_code type 3 code 34, user
  // reference 7.
  const std::string tlvs(
      "\x00\x1e\x00\x04"
      "ABC\0"
      "\x04\x27\x00\x01\x05"
      "\x04\x23\x00\x03\x03\x00\x22"
      "\x02\x04\x00\x02\x00\x07",
      8 + 5 + 7 + 6);
  const auto receipt = ParseReceipt(Dlr("id:1 stat:DELIVRD err:000 done date:2611220930", tlvs));
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->message_id, "ABC");
  EXPECT_EQ(receipt->state, DeliveryState::kUndeliverable);
  EXPECT_EQ(receipt->error, "34");
  EXPECT_EQ(receipt->done_ms, kMinute);
  EXPECT_EQ(receipt->user_message_reference, 7);
  // Without any text, and with values out of range, which don't count.
  EXPECT_EQ(ParseReceipt(Dlr("", tlvs))->message_id, "ABC");
  const std::string bad_state("\x04\x27\x00\x01\x09", 5);
  EXPECT_EQ(ParseReceipt(Dlr("id:1 stat:DELIVRD", bad_state))->state, DeliveryState::kDelivered);
}

TEST(ReceiptTest, WhatIsAReceiptAndWhatIsAPersonsMessage) {
  MessageSm m = Dlr("id:1 stat:DELIVRD");
  EXPECT_TRUE(IsReceipt(m));
  m.esm_class = 0x20;
  EXPECT_TRUE(IsReceipt(m)) << "intermediate notification";
  m.esm_class = 0x00;
  EXPECT_FALSE(IsReceipt(m)) << "anybody can text \"id:1 stat:DELIVRD\"";
  m.esm_class = 0x08;
  EXPECT_FALSE(IsReceipt(m)) << "delivery acknowledgement of a person";
  const std::string tlvs(
      "\x00\x1e\x00\x02"
      "A\0",
      6);
  m.esm_class = 0x00;
  m.tlvs = tlvs;
  EXPECT_TRUE(IsReceipt(m));
}

TEST(ReceiptTest, NothingToJoinByIsNoReceipt) {
  EXPECT_FALSE(ParseReceipt(Dlr("")));
  EXPECT_FALSE(ParseReceipt(Dlr("stat:DELIVRD err:000")));
  EXPECT_FALSE(ParseReceipt(Dlr("id: stat:DELIVRD")));
  const std::string reference("\x02\x04\x00\x02\x00\x07", 6);
  ASSERT_TRUE(ParseReceipt(Dlr("", reference)));
}

TEST(ReceiptTest, Ucs2PayloadUdhAndOffset) {
  const std::string ascii = "id:5 stat:DELIVRD done date:2611221130";
  std::string ucs2;
  for (const char c : ascii) ucs2 += {'\0', c};
  MessageSm m = Dlr(ucs2);
  m.data_coding = 8;
  const auto receipt = ParseReceipt(m, 120);
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->message_id, "5");
  EXPECT_EQ(receipt->done_ms, kMinute);
  MessageSm with_udh = Dlr("\x02\x70\x01id:6 stat:EXPIRED");
  with_udh.esm_class = 0x44;
  EXPECT_EQ(ParseReceipt(with_udh)->message_id, "6");
  with_udh.short_message = "\x7f";
  EXPECT_FALSE(ParseReceipt(with_udh)) << "a header longer than the payload";
}

TEST(ReceiptTest, IdsAreBounded) {
  const std::string text = "id:" + std::string(129, '7') + " stat:DELIVRD";
  EXPECT_EQ(ParseReceipt(Dlr(text))->message_id, std::string(128, '7'));
}

TEST(ReceiptTest, FormatsTheTextOfAppendixB) {
  ReceiptText text;
  text.message_id = "7a";
  text.submit_ms = kMinute - 60'000;
  text.done_ms = kSecond;
  text.text = "Sorry we missed your call";
  EXPECT_EQ(
      FormatReceiptText(text),
      "id:7a sub:001 dlvrd:001 submit date:2611220929 done date:2611220930 stat:DELIVRD err:000 "
      "text:Sorry we missed your");
  text.state = DeliveryState::kUndeliverable;
  text.error = "021";
  text.text = {};
  EXPECT_EQ(FormatReceiptText(text),
            "id:7a sub:001 dlvrd:000 submit date:2611220929 done date:2611220930 stat:UNDELIV "
            "err:021 text:");
}

}  // namespace
}  // namespace textback::smpp
