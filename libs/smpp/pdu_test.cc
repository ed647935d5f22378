// Every PDU against bytes written out by hand from the standard's tables, in both directions. The
// expected values are literals: a wrong constant of ours can't agree with itself.
#include "smpp/pdu.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/bytes.h"
#include "smpp/sm_time.h"

namespace textback::smpp {
namespace {

std::string Hex(std::string text) {
  std::erase(text, ' ');
  const auto bytes = FromHex(text);
  EXPECT_TRUE(bytes) << text;
  return bytes.value_or("");
}

std::string_view Body(std::string_view pdu) { return pdu.substr(16); }

const std::string kSubmitSm =
    Hex("0000004f 00000004 00000000 00000005"
        "00"                                   // service_type
        "05 00 544558544241434b00"             // source: alphanumeric TEXTBACK
        "01 01 313231323535353031303100"       // destination: 12125550101
        "00 00 00"                             // esm_class, protocol_id, priority_flag
        "00"                                   // schedule_delivery_time
        "30303030303031303030303030303052 00"  // validity_period: 000000100000000R, ten hours
        "01 00 00 00"       // registered_delivery, replace, data_coding, default id
        "05 48656c6c6f"     // Hello
        "0204 0002 002a");  // user_message_reference 42

MessageSm TheMessage(const std::string& tlvs) {
  MessageSm m;
  m.source = {5, 0, "TEXTBACK"};
  m.destination = {1, 1, "12125550101"};
  m.validity_period = "000000100000000R";
  m.registered_delivery = 1;
  m.short_message = "Hello";
  m.tlvs = tlvs;
  return m;
}

TEST(PduTest, SubmitSmBothWays) {
  std::string tlvs, out;
  AppendTlvU16(tlvs, Tag::kUserMessageReference, 42);
  ASSERT_EQ(EncodeMessage(out, CommandId::kSubmitSm, 5, TheMessage(tlvs)), 0u);
  EXPECT_EQ(ToHex(out), ToHex(kSubmitSm));

  MessageSm m;
  ASSERT_EQ(DecodeMessage(Body(kSubmitSm), m, Limits::kStandard), 0u);
  EXPECT_EQ(m.service_type, "");
  EXPECT_EQ(m.source.ton, 5);
  EXPECT_EQ(m.source.npi, 0);
  EXPECT_EQ(m.source.digits, "TEXTBACK");
  EXPECT_EQ(m.destination.ton, 1);
  EXPECT_EQ(m.destination.npi, 1);
  EXPECT_EQ(m.destination.digits, "12125550101");
  EXPECT_EQ(m.esm_class, 0);
  EXPECT_EQ(m.validity_period, "000000100000000R");
  EXPECT_EQ(m.registered_delivery, 1);
  EXPECT_EQ(m.data_coding, 0);
  EXPECT_EQ(m.short_message, "Hello");
  EXPECT_EQ(m.Payload(), "Hello");
  EXPECT_EQ(FindTlvNumber(m.tlvs, Tag::kUserMessageReference), 42u);
}

TEST(PduTest, DeliverSmWithEveryFieldSet) {
  const std::string pdu =
      Hex("00000037 00000005 00000000 7fffffff"
          "434d5400"          // service_type CMT
          "02 08 343400"      // source
          "03 09 353500"      // destination
          "44 11 03"          // esm_class: UDHI and receipt; protocol_id; priority
          "00 00"             // schedule, validity
          "10 01 08 07"       // registered, replace, data_coding UCS-2, default id
          "04 0041 00e4"      // two UCS-2 characters
          "0427 0001 02"      // message_state DELIVERED
          "1403 0002 beef");  // a vendor's tag
  MessageSm m;
  ASSERT_EQ(DecodeMessage(Body(pdu), m, Limits::kStandard), 0u);
  EXPECT_EQ(m.service_type, "CMT");
  EXPECT_EQ(m.source.ton, 2);
  EXPECT_EQ(m.source.npi, 8);
  EXPECT_EQ(m.source.digits, "44");
  EXPECT_EQ(m.destination.ton, 3);
  EXPECT_EQ(m.destination.npi, 9);
  EXPECT_EQ(m.destination.digits, "55");
  EXPECT_EQ(m.esm_class, 0x44);
  EXPECT_TRUE(m.udhi());
  EXPECT_EQ(m.esm_class & kEsmTypeMask, kEsmDeliveryReceipt);
  EXPECT_EQ(m.protocol_id, 0x11);
  EXPECT_EQ(m.priority_flag, 3);
  EXPECT_EQ(m.registered_delivery, 0x10);
  EXPECT_EQ(m.replace_if_present_flag, 1);
  EXPECT_EQ(m.data_coding, 8);
  EXPECT_EQ(m.sm_default_msg_id, 7);
  EXPECT_EQ(ToHex(m.short_message), "004100e4");
  EXPECT_EQ(FindTlvNumber(m.tlvs, Tag::kMessageState), 2u);

  std::string out;
  ASSERT_EQ(EncodeMessage(out, CommandId::kDeliverSm, 0x7fffffff, m), 0u);
  EXPECT_EQ(ToHex(out), ToHex(pdu)) << "an unknown TLV passes through";
}

TEST(PduTest, PayloadComesFromTheTlvWhenShortMessageIsEmpty) {
  std::string tlvs, out;
  const std::string text(300, 'x');
  AppendTlv(tlvs, Tag::kMessagePayload, text);
  MessageSm m = TheMessage(tlvs);
  m.short_message = {};
  ASSERT_EQ(EncodeMessage(out, CommandId::kSubmitSm, 1, m), 0u);
  MessageSm decoded;
  ASSERT_EQ(DecodeMessage(Body(out), decoded), 0u);
  EXPECT_EQ(decoded.Payload(), text);
}

TEST(PduTest, BindsBothWays) {
  struct Case {
    CommandId id;
    const char* hex_id;
  };
  for (const Case& c :
       {Case{CommandId::kBindReceiver, "00000001"}, Case{CommandId::kBindTransmitter, "00000002"},
        Case{CommandId::kBindTransceiver, "00000009"}}) {
    const std::string expected = Hex("00000027 " + std::string(c.hex_id) +
                                     " 00000000 00000001"
                                     "7465787400"        // system_id text
                                     "73336300"          // password
                                     "564d4100"          // system_type VMA
                                     "34 01 01"          // interface_version, addr_ton, addr_npi
                                     "5e34342e2a2400");  // address_range ^44.*$
    std::string out;
    ASSERT_EQ(EncodeBind(out, c.id, 1, {"text", "s3c", "VMA", 0x34, {1, 1, "^44.*$"}}), 0u);
    EXPECT_EQ(ToHex(out), ToHex(expected));
    Bind bind;
    ASSERT_EQ(DecodeBind(Body(out), bind, Limits::kStandard), 0u);
    EXPECT_EQ(bind.system_id, "text");
    EXPECT_EQ(bind.password, "s3c");
    EXPECT_EQ(bind.system_type, "VMA");
    EXPECT_EQ(bind.interface_version, 0x34);
    EXPECT_EQ(bind.address.digits, "^44.*$");
  }
}

TEST(PduTest, BindRespWithAndWithoutWhatSmscsLeaveOut) {
  std::string tlvs, out;
  AppendTlvU8(tlvs, Tag::kScInterfaceVersion, 0x34);
  ASSERT_EQ(EncodeBindResp(out, CommandId::kBindTransceiverResp, 0, 1, {"smsc", tlvs}), 0u);
  EXPECT_EQ(ToHex(out), ToHex(Hex("0000001a 80000009 00000000 00000001 736d736300 0210 0001 34")));
  BindResp resp;
  ASSERT_EQ(DecodeBindResp(Body(out), resp), 0u);
  EXPECT_EQ(resp.system_id, "smsc");
  EXPECT_EQ(FindTlvNumber(resp.tlvs, Tag::kScInterfaceVersion), 0x34u);
  ASSERT_EQ(DecodeBindResp("", resp), 0u);
  EXPECT_EQ(resp.system_id, "");
  ASSERT_EQ(DecodeBindResp("smsc", resp), 0u);
  EXPECT_EQ(resp.system_id, "smsc");
}

TEST(PduTest, ResponsesBothWays) {
  std::string out;
  ASSERT_EQ(EncodeMessageResp(out, CommandId::kSubmitSmResp, 0, 2, {"7A0001", {}}), 0u);
  EXPECT_EQ(ToHex(out), ToHex(Hex("00000017 80000004 00000000 00000002 37413030303100")));
  out.clear();
  ASSERT_EQ(EncodeMessageResp(out, CommandId::kSubmitSmResp, 0x58, 3, {"ignored", {}}), 0u);
  EXPECT_EQ(ToHex(out), ToHex(Hex("00000010 80000004 00000058 00000003")))
      << "4.4.2: no body on error";
  out.clear();
  ASSERT_EQ(EncodeMessageResp(out, CommandId::kDeliverSmResp, 0, 4, {}), 0u);
  EXPECT_EQ(ToHex(out), ToHex(Hex("00000011 80000005 00000000 00000004 00")));
  MessageResp resp;
  ASSERT_EQ(DecodeMessageResp("", resp), 0u);
  EXPECT_EQ(resp.message_id, "");
  ASSERT_EQ(DecodeMessageResp("no-nul", resp), 0u);
  EXPECT_EQ(resp.message_id, "no-nul");
  ASSERT_EQ(DecodeMessageResp(std::string(128, 'a') + '\0', resp), 0u) << "lenient: 129 octets";
  EXPECT_EQ(DecodeMessageResp(std::string(129, 'a') + '\0', resp), 0x0cu);
  EXPECT_EQ(DecodeMessageResp(std::string(65, 'a') + '\0', resp, Limits::kStandard), 0x0cu);
  ASSERT_EQ(DecodeMessageResp(std::string(64, 'a') + '\0', resp, Limits::kStandard), 0u);
}

TEST(PduTest, HeaderOnlyPdus) {
  const struct {
    CommandId id;
    std::uint32_t status;
    const char* hex;
  } cases[] = {
      {CommandId::kGenericNack, 0x03, "00000010800000000000000300000009"},
      {CommandId::kUnbind, 0, "00000010000000060000000000000009"},
      {CommandId::kUnbindResp, 0, "00000010800000060000000000000009"},
      {CommandId::kEnquireLink, 0, "00000010000000150000000000000009"},
      {CommandId::kEnquireLinkResp, 0, "00000010800000150000000000000009"},
      {CommandId::kDataSmResp, 0x64, "00000010800001030000006400000009"},
  };
  for (const auto& c : cases) {
    std::string out;
    EncodeHeaderOnly(out, c.id, c.status, 9);
    EXPECT_EQ(ToHex(out), c.hex);
  }
}

TEST(PduTest, DataSmBothWays) {
  const std::string pdu =
      Hex("0000002a 00000103 00000000 0000000b"
          "00 0101343400 0101353500 00 01 00"
          "0424 0002 6869 0204 0002 0001");
  std::string tlvs, out;
  AppendTlv(tlvs, Tag::kMessagePayload, "hi");
  AppendTlvU16(tlvs, Tag::kUserMessageReference, 1);
  DataSm m{"", {1, 1, "44"}, {1, 1, "55"}, 0, 1, 0, tlvs};
  ASSERT_EQ(EncodeDataSm(out, 11, m), 0u);
  EXPECT_EQ(ToHex(out), ToHex(pdu));
  DataSm decoded;
  ASSERT_EQ(DecodeDataSm(Body(out), decoded, Limits::kStandard), 0u);
  EXPECT_EQ(decoded.destination.digits, "55");
  EXPECT_EQ(decoded.registered_delivery, 1);
  EXPECT_EQ(FindTlv(decoded.tlvs, Tag::kMessagePayload), "hi");
}

TEST(PduTest, EncodingRefusesWhatTheStandardForbidsAndAppendsNothing) {
  struct Case {
    const char* what;
    std::uint32_t status;
    void (*change)(MessageSm&);
  };
  static const std::string kLong(300, '1');
  const Case cases[] = {
      {"service_type of 6", 0x15, [](MessageSm& m) { m.service_type = "123456"; }},
      {"source of 21", 0x0a,
       [](MessageSm& m) { m.source.digits = std::string_view(kLong).substr(0, 21); }},
      {"destination of 21", 0x0b,
       [](MessageSm& m) { m.destination.digits = std::string_view(kLong).substr(0, 21); }},
      {"NUL in an address", 0x0b,
       [](MessageSm& m) { m.destination.digits = std::string_view("1\0", 2); }},
      {"time of 15", 0x61, [](MessageSm& m) { m.schedule_delivery_time = "00000010000000R"; }},
      {"validity of 17", 0x62, [](MessageSm& m) { m.validity_period = "0000001000000000R"; }},
      {"message of 255", 0x01,
       [](MessageSm& m) { m.short_message = std::string_view(kLong).substr(0, 255); }},
  };
  for (const Case& c : cases) {
    MessageSm m = TheMessage("");
    c.change(m);
    std::string out = "before";
    EXPECT_EQ(EncodeMessage(out, CommandId::kSubmitSm, 1, m), c.status) << c.what;
    EXPECT_EQ(out, "before") << c.what;
  }
  MessageSm largest = TheMessage("");
  largest.service_type = "12345";
  largest.source.digits = std::string_view(kLong).substr(0, 20);
  largest.destination.digits = std::string_view(kLong).substr(0, 20);
  largest.schedule_delivery_time = largest.validity_period;
  largest.short_message = std::string_view(kLong).substr(0, 254);
  std::string out;
  EXPECT_EQ(EncodeMessage(out, CommandId::kSubmitSm, 1, largest), 0u);
  EXPECT_EQ(out.size(), 16u + 6 + 2 * (2 + 21) + 3 + 17 + 17 + 5 + 254);
  const std::string too_many_tlvs(64 * 1024, '\0');
  largest.tlvs = too_many_tlvs;
  EXPECT_EQ(EncodeMessage(out, CommandId::kSubmitSm, 1, largest), 0x01u);
}

TEST(PduTest, EveryTruncationOfABodyIsAnErrorOrAWholePrefix) {
  const std::string_view body = Body(kSubmitSm);
  const std::size_t mandatory = body.size() - 6;  // without the TLV
  for (std::size_t cut = 0; cut < body.size(); ++cut) {
    // A copy of exactly this size, so that AddressSanitizer sees a read beyond it.
    const std::string part(body.substr(0, cut));
    MessageSm m;
    const CommandStatus status = DecodeMessage(part, m);
    if (cut < mandatory) {
      EXPECT_EQ(status, 0x02u) << cut;
    } else {
      EXPECT_EQ(status, cut == mandatory ? 0u : 0xc0u) << cut;
    }
  }
}

TEST(PduTest, DecodingAnswersWithTheFieldsStatus) {
  const std::string rest_after_service = Hex("0101313200 0101313200 000000 0000 00000000 00");
  MessageSm m;
  EXPECT_EQ(DecodeMessage("12345" + std::string(1, '\0') + rest_after_service, m), 0u);
  EXPECT_EQ(DecodeMessage("123456" + std::string(1, '\0') + rest_after_service, m), 0x15u);
  const auto with_source = [](std::size_t digits) {
    return Hex("00 0101") + std::string(digits, '1') + Hex("00 0101313200 000000 0000 00000000 00");
  };
  EXPECT_EQ(DecodeMessage(with_source(20), m, Limits::kStandard), 0u);
  EXPECT_EQ(DecodeMessage(with_source(21), m, Limits::kStandard), 0x0au);
  EXPECT_EQ(DecodeMessage(with_source(64), m), 0u);
  EXPECT_EQ(DecodeMessage(with_source(65), m), 0x0au);
  const auto with_message = [](std::size_t size) {
    return Hex("00 0101313200 0101313200 000000 0000 00000000") + static_cast<char>(size) +
           std::string(size, 'x');
  };
  EXPECT_EQ(DecodeMessage(with_message(254), m, Limits::kStandard), 0u);
  EXPECT_EQ(DecodeMessage(with_message(255), m, Limits::kStandard), 0x01u);
  EXPECT_EQ(DecodeMessage(with_message(255), m), 0u);
}

TEST(TlvTest, NumbersStringsAndBrokenOnes) {
  const std::string tlvs =
      Hex("001e 0004 31324100"
          "001e 0001 39"
          "0423 0003 030022"
          "0030 0000"
          "020c 0002 0102");
  EXPECT_TRUE(TlvsWellFormed(tlvs));
  EXPECT_EQ(FindTlvString(tlvs, Tag::kReceiptedMessageId), "12A")
      << "the first counts, its NUL doesn't";
  EXPECT_EQ(FindTlvNumber(tlvs, Tag::kNetworkErrorCode), 0x030022u);
  EXPECT_EQ(FindTlvNumber(tlvs, Tag::kMsMsgWaitFacilities), std::nullopt) << "no octets, no number";
  EXPECT_EQ(FindTlvNumber(tlvs, Tag::kSarMsgRefNum), 0x0102u);
  EXPECT_EQ(FindTlv(tlvs, Tag::kMessagePayload), std::nullopt);
  for (std::size_t cut = 1; cut < 8; ++cut)
    EXPECT_FALSE(TlvsWellFormed(tlvs.substr(0, cut))) << cut;
  std::string out;
  AppendTlvString(out, Tag::kReceiptedMessageId, "12A");
  EXPECT_EQ(ToHex(out), "001e000431324100");
}

TEST(StatusTest, NamesAndClasses) {
  EXPECT_EQ(StatusText(0x58), "ESME_RTHROTTLED");
  EXPECT_EQ(StatusText(0x0b), "ESME_RINVDSTADR");
  EXPECT_EQ(StatusText(0x40a), "0x0000040a");
  EXPECT_EQ(Classify(0), StatusClass::kOk);
  EXPECT_EQ(Classify(0x58), StatusClass::kThrottled);
  EXPECT_EQ(Classify(0x14), StatusClass::kThrottled);
  EXPECT_EQ(Classify(0x08), StatusClass::kTemporary);
  EXPECT_EQ(Classify(0x64), StatusClass::kTemporary);
  EXPECT_EQ(Classify(0x04), StatusClass::kTemporary);
  EXPECT_EQ(Classify(0x0b), StatusClass::kPermanent);
  EXPECT_EQ(Classify(0xff), StatusClass::kPermanent);
  EXPECT_EQ(Classify(0x40a), StatusClass::kPermanent);
}

TEST(SequenceTest, WrapsAtTheStandardsLimit) {
  EXPECT_EQ(NextSequence(1), 2u);
  EXPECT_EQ(NextSequence(0x7ffffffe), 0x7fffffffu);
  EXPECT_EQ(NextSequence(0x7fffffff), 1u);
}

TEST(SmTimeTest, RelativeRoundsDownAndIsCapped) {
  EXPECT_EQ(RelativeTime(0).view(), "000000000000000R");
  EXPECT_EQ(RelativeTime(59).view(), "000000000059000R");
  EXPECT_EQ(RelativeTime(86'400 + 2 * 3'600 + 3 * 60 + 4).view(), "000001020304000R");
  EXPECT_EQ(RelativeTime(28 * 86'400 + 1).view(), "000028000000000R");
  EXPECT_EQ(ParseSmTime("000001020304000R", 1'000), 1'000 + (86'400 + 7'384) * 1'000);
}

TEST(SmTimeTest, AbsoluteIsUtc) {
  // 2026-11-22T09:30:15.250Z
  constexpr std::int64_t kAt = 1'795'339'815'250;
  EXPECT_EQ(AbsoluteTime(kAt).view(), "261122093015000+");
  EXPECT_EQ(ParseSmTime("261122093015000+", 0), kAt - 250);
  EXPECT_EQ(ParseSmTime("261122093015204+", 0), kAt - 50 - 3'600'000) << "tenths; 4 quarters east";
  EXPECT_EQ(ParseSmTime("261122093015004-", 0), kAt - 250 + 3'600'000);
  for (const char* bad :
       {"", "2611220930150000", "261322093015000+", "26112209301500+", "2611x2093015000+",
        "261122243015000+", "261122093015049+", "260230093015000+"}) {
    EXPECT_EQ(ParseSmTime(bad, 0), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace textback::smpp
