#include "smsc/smsc_core.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "smpp/framer.h"

namespace textback::smsc {
namespace {

using smpp::CommandId;
using std::chrono::milliseconds;

struct Heard {
  std::uint32_t command_id = 0;
  std::uint32_t status = 0;
  std::uint32_t sequence = 0;
  std::string body;
};

class Counter final : public SmscObserver {
 public:
  void OnTaken(const TakenSubmit& submit) override { ids.emplace_back(submit.message_id); }
  std::vector<std::string> ids;
};

class SmscCoreTest : public ::testing::Test {
 protected:
  SmscCore& Core() {
    if (!core_) core_.emplace(options, clock, 1, &counter);
    return *core_;
  }
  SmscCore::ConnectionId Bind(CommandId kind = CommandId::kBindTransceiver,
                              std::string_view system_id = "textback",
                              std::uint32_t want = smpp::ESME_ROK) {
    const auto id = *Core().Open();
    std::string pdu;
    EXPECT_EQ(smpp::EncodeBind(pdu, kind, 1, {.system_id = system_id, .password = "secret"}),
              smpp::ESME_ROK);
    Core().Receive(id, pdu);
    const auto heard = Hear(id);
    EXPECT_EQ(heard.size(), 1u);
    if (!heard.empty()) {
      EXPECT_EQ(heard[0].status, want);
    }
    return id;
  }
  void Submit(SmscCore::ConnectionId id, std::uint32_t sequence, std::string_view text = "hello") {
    std::string pdu;
    smpp::MessageSm message;
    message.source = {1, 1, "12125550100"};
    message.destination = {1, 1, "12125550123"};
    message.registered_delivery = smpp::kReceiptAlways;
    message.short_message = text;
    ASSERT_EQ(smpp::EncodeMessage(pdu, CommandId::kSubmitSm, sequence, message), smpp::ESME_ROK);
    Core().Receive(id, pdu);
  }
  void Acknowledge(SmscCore::ConnectionId id, std::uint32_t sequence,
                   std::uint32_t status = smpp::ESME_ROK) {
    std::string pdu;
    ASSERT_EQ(smpp::EncodeMessageResp(pdu, CommandId::kDeliverSmResp, status, sequence, {}),
              smpp::ESME_ROK);
    Core().Receive(id, pdu);
  }
  void Pass(std::int64_t ms) {
    clock.Advance(milliseconds(ms));
    Core().Tick();
  }
  std::vector<Heard> Hear(SmscCore::ConnectionId id) {
    const std::string output = Core().TakeOutput(id);
    std::vector<Heard> heard;
    std::string_view rest = output;
    smpp::Frame frame;
    while (smpp::NextFrame(rest, frame) == smpp::FrameStatus::kFrame) {
      heard.push_back({frame.header.command_id, frame.header.command_status,
                       frame.header.sequence_number, std::string(frame.body)});
      rest.remove_prefix(frame.header.command_length);
    }
    EXPECT_TRUE(rest.empty());
    return heard;
  }

  SmscOptions options;
  ManualClock clock{1'790'000'000'000};
  Counter counter;

 private:
  std::optional<SmscCore> core_;
};

TEST_F(SmscCoreTest, TakesAnswersAndSendsAReceiptThatNamesTheMessage) {
  const auto id = Bind();
  Submit(id, 2);
  auto heard = Hear(id);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].command_id, 0x80000004u);
  EXPECT_EQ(heard[0].sequence, 2u);
  ASSERT_EQ(counter.ids.size(), 1u);
  EXPECT_EQ(heard[0].body, counter.ids[0] + std::string(1, '\0'));
  Pass(1000);
  heard = Hear(id);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].command_id, 0x00000005u);
  smpp::MessageSm receipt;
  ASSERT_EQ(smpp::DecodeMessage(heard[0].body, receipt), smpp::ESME_ROK);
  const auto parsed = smpp::ParseReceipt(receipt);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->message_id, counter.ids[0]);
  EXPECT_EQ(receipt.source.digits, "12125550123");
  Acknowledge(id, heard[0].sequence);
  EXPECT_EQ(Core().stats().receipts_acknowledged, 1u);
}

TEST_F(SmscCoreTest, BytesInAnyPiecesGiveTheSame) {
  const auto id = Bind();
  std::string pdu;
  smpp::EncodeHeaderOnly(pdu, CommandId::kEnquireLink, smpp::ESME_ROK, 9);
  for (const char byte : pdu + pdu) Core().Receive(id, std::string_view(&byte, 1));
  EXPECT_EQ(Hear(id).size(), 2u);
}

TEST_F(SmscCoreTest, AnswersWaitForTheirDelay) {
  options.response_delay_ms = {10, 10};
  const auto id = Bind();
  Submit(id, 2);
  EXPECT_TRUE(Hear(id).empty());
  Pass(9);
  EXPECT_TRUE(Hear(id).empty());
  Pass(1);
  EXPECT_EQ(Hear(id).size(), 1u);
}

TEST_F(SmscCoreTest, LostResponseIsStillTaken) {
  options.lose_response = 1;
  const auto id = Bind();
  Submit(id, 2);
  EXPECT_TRUE(Hear(id).empty());
  EXPECT_EQ(counter.ids.size(), 1u);
}

TEST_F(SmscCoreTest, DroppedConnectionHasTakenTheSubmit) {
  options.drop_connection = 1;
  const auto id = Bind();
  Submit(id, 2);
  EXPECT_EQ(Core().ShouldClose(id), SmscCore::Closing::kDrop);
  EXPECT_EQ(counter.ids.size(), 1u);
}

TEST_F(SmscCoreTest, ThrottledIsNotTaken) {
  options.throttle = 1;
  const auto id = Bind();
  Submit(id, 2);
  EXPECT_EQ(Hear(id).at(0).status, 0x58u);
  EXPECT_TRUE(counter.ids.empty());
}

TEST_F(SmscCoreTest, RateIsHeldToTheSecond) {
  options.rate_max = 2;
  const auto id = Bind();
  for (std::uint32_t i = 2; i < 5; ++i) Submit(id, i);
  EXPECT_EQ(counter.ids.size(), 2u);
  clock.Advance(std::chrono::seconds(1));
  Submit(id, 5);
  EXPECT_EQ(counter.ids.size(), 3u);
}

TEST_F(SmscCoreTest, WrongCredentialsAreRefused) {
  options.system_id = "textback";
  options.password = "other";
  const auto id = Bind(CommandId::kBindTransceiver, "textback", 0x0e);
  EXPECT_EQ(Core().ShouldClose(id), SmscCore::Closing::kAfterOutput);
  Bind(CommandId::kBindTransceiver, "somebody", 0x0f);
}

TEST_F(SmscCoreTest, ReceiverMayNotSubmit) {
  const auto id = Bind(CommandId::kBindReceiver);
  Submit(id, 2);
  EXPECT_EQ(Hear(id).at(0).status, 0x04u);
}

TEST_F(SmscCoreTest, TextIsKeptUntilSomebodyTakesIt) {
  ASSERT_TRUE(Core().InjectText("+12125550123", "+12125550100", "STOP"));
  EXPECT_EQ(Core().waiting_deliveries(), 1u);
  const auto id = *Core().Open();
  std::string pdu;
  ASSERT_EQ(smpp::EncodeBind(pdu, CommandId::kBindReceiver, 1, {.system_id = "textback"}),
            smpp::ESME_ROK);
  Core().Receive(id, pdu);
  auto heard = Hear(id);
  ASSERT_EQ(heard.size(), 2u);
  Core().Closed(id);  // not acknowledged: it comes again
  const auto again = *Core().Open();
  Core().Receive(again, pdu);
  heard = Hear(again);
  ASSERT_EQ(heard.size(), 2u);
  Acknowledge(again, heard[1].sequence);
  EXPECT_EQ(Core().stats().texts_acknowledged, 1u);
  EXPECT_EQ(Core().waiting_deliveries(), 0u);
}

TEST_F(SmscCoreTest, UnansweredDeliveryIsRepeated) {
  const auto id = Bind();
  ASSERT_TRUE(Core().InjectText("+12125550123", "+12125550100", "gr\xc3\xbc\xc3\x9f dich"));
  EXPECT_EQ(Hear(id).size(), 1u);
  Pass(options.redeliver_ms - 1);
  EXPECT_TRUE(Hear(id).empty());
  Pass(1);
  const auto heard = Hear(id);
  ASSERT_EQ(heard.size(), 1u);
  smpp::MessageSm message;
  ASSERT_EQ(smpp::DecodeMessage(heard[0].body, message), smpp::ESME_ROK);
  EXPECT_EQ(message.data_coding, 8);
  EXPECT_EQ(ToHex(message.short_message).substr(0, 12), "0067007200fc");
}

TEST_F(SmscCoreTest, GarbageEndsTheConnectionAndNothingElse) {
  const auto id = Bind();
  Core().Receive(id, "GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(Core().ShouldClose(id), SmscCore::Closing::kAfterOutput);
  EXPECT_EQ(Core().stats().malformed, 1u);
}

TEST_F(SmscCoreTest, SameSeedSameFaults) {
  options.throttle = 0.5;
  std::vector<std::uint32_t> first;
  for (int round = 0; round < 2; ++round) {
    SmscCore core(options, clock, 42, nullptr);
    const auto id = *core.Open();
    std::string pdus;
    ASSERT_EQ(smpp::EncodeBind(pdus, CommandId::kBindTransceiver, 1, {.system_id = "a"}),
              smpp::ESME_ROK);
    for (std::uint32_t i = 2; i < 50; ++i) {
      smpp::MessageSm message;
      message.destination = {1, 1, "12125550123"};
      ASSERT_EQ(smpp::EncodeMessage(pdus, CommandId::kSubmitSm, i, message), smpp::ESME_ROK);
    }
    core.Receive(id, pdus);
    std::vector<std::uint32_t> statuses;
    const std::string output = core.TakeOutput(id);
    std::string_view rest = output;
    smpp::Frame frame;
    while (smpp::NextFrame(rest, frame) == smpp::FrameStatus::kFrame) {
      statuses.push_back(frame.header.command_status);
      rest.remove_prefix(frame.header.command_length);
    }
    EXPECT_EQ(statuses.size(), 49u);
    if (round == 0) first = statuses;
    EXPECT_EQ(statuses, first);
  }
}

}  // namespace
}  // namespace textback::smsc
