// What the peer sends, and saying goodbye (session_test.cc has the rest).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/bytes.h"
#include "smpp/session.h"
#include "smpp/session_test_rig.h"

namespace textback::smpp {
namespace {

using namespace std::chrono_literals;
using namespace smpp::testing;
using ::testing::ElementsAre;

// --- What the peer sends
// --------------------------------------------------------------------------

const std::string kMo = *FromHex(
    "00"
    "0101313200"
    "0101353500"
    "000000"
    "0000"
    "00000000"
    "026869");

TEST(SessionDeliverTest, IsAnsweredWhenTheOwnerSaysSo) {
  Rig rig;
  rig.BindUp();
  rig.Give(Pdu(0x5, 0, 77, kMo));
  EXPECT_EQ(rig.Flush(), "");
  ASSERT_EQ(rig.events.delivered.size(), 1u);
  Delivered moved = std::move(rig.events.delivered[0]);
  EXPECT_EQ(moved.message.short_message, "hi");
  EXPECT_EQ(moved.message.source.digits, "12");
  EXPECT_EQ(moved.bind, "bind-1");
  EXPECT_FALSE(moved.receipt);
  EXPECT_TRUE(rig.session.Respond(moved.handle, 0, rig.now()));
  EXPECT_EQ(ToHex(rig.Flush()), "0000001180000005000000000000004d00");
  EXPECT_FALSE(rig.session.Respond(moved.handle, 0, rig.now())) << "nothing is owed";
}

TEST(SessionDeliverTest, ReceiptsAndDataSm) {
  Rig rig;
  rig.BindUp();
  const std::string text = "id:7 stat:DELIVRD";
  rig.Give(Pdu(0x5, 0, 1,
               *FromHex("00"
                        "0101313200"
                        "0101353500"
                        "040000"
                        "0000"
                        "00000000") +
                   static_cast<char>(text.size()) + text));
  rig.Give(Pdu(0x103, 0, 0x80000002,
               *FromHex("00"
                        "0101313200"
                        "0101353500"
                        "000000"
                        "042400026869")));
  rig.Give(Pdu(0x5, 0, 3,
               *FromHex("00"
                        "0101313200"
                        "0101353500"
                        "040000"
                        "0000"
                        "00000000"
                        "00")));
  ASSERT_EQ(rig.events.delivered.size(), 3u);
  ASSERT_TRUE(rig.events.delivered[0].receipt);
  EXPECT_EQ(rig.events.delivered[0].receipt->message_id, "7");
  EXPECT_EQ(rig.events.delivered[1].message.Payload(), "hi");
  ASSERT_TRUE(rig.events.delivered[2].receipt)
      << "a receipt that says nothing is no person's message";
  EXPECT_EQ(rig.events.delivered[2].receipt->message_id, "");
  EXPECT_TRUE(rig.session.Respond(rig.events.delivered[1].handle, 0x64, rig.now()));
  EXPECT_EQ(ToHex(rig.Flush()), "0000001180000103000000648000000200")
      << "its own number, even an illegal one";
}

TEST(SessionDeliverTest, OverTheWindowTheSmscKeepsIt) {
  SessionConfig config;
  config.deliver_window = 1;
  Rig rig(config);
  rig.BindUp();
  rig.Give(Pdu(0x5, 0, 1, kMo) + Pdu(0x5, 0, 2, kMo));
  EXPECT_EQ(rig.events.delivered.size(), 1u);
  EXPECT_EQ(ToHex(rig.Flush()), "00000010800000050000006400000002");
  EXPECT_TRUE(rig.session.Respond(rig.events.delivered[0].handle, 0, rig.now()));
  rig.Give(Pdu(0x5, 0, 3, kMo));
  EXPECT_EQ(rig.events.delivered.size(), 2u);
}

TEST(SessionDeliverTest, AHandleOfAConnectionThatIsGone) {
  Rig rig;
  rig.BindUp();
  rig.Give(Pdu(0x5, 0, 1, kMo));
  rig.session.Disconnected(rig.now(), EndReason::kTransport, rig.events);
  EXPECT_FALSE(rig.session.Respond(rig.events.delivered[0].handle, 0, rig.now()));
  rig.session.Connected(rig.now());
  EXPECT_FALSE(rig.session.Respond(rig.events.delivered[0].handle, 0, rig.now()));
}

TEST(SessionDeliverTest, UnreadableOrOutOfPlaceIsRefused) {
  Rig rig;
  rig.session.Connected(rig.now());
  rig.Flush();
  rig.Give(Pdu(0x5, 0, 1, kMo));
  EXPECT_EQ(ToHex(rig.Flush()), "00000010800000050000000400000001") << "not bound";
  rig.Give(Pdu(0x80000009, 0, 1));
  rig.Give(Pdu(0x5, 0, 2, "123456" + kNul));
  EXPECT_EQ(ToHex(rig.Flush()), "00000010800000050000001500000002") << "service_type";
  SessionConfig config;
  config.mode = BindMode::kTransmitter;
  Rig transmitter(config);
  transmitter.session.Connected(transmitter.now());
  transmitter.Flush();
  transmitter.Give(Pdu(0x80000002, 0, 1));
  transmitter.Give(Pdu(0x5, 0, 3, kMo));
  EXPECT_EQ(ToHex(transmitter.Flush()), "00000010800000050000000400000003");
}

TEST(SessionPeerTest, NacksUnknownCommandsAndBrokenStreams) {
  Rig rig;
  rig.BindUp();
  rig.Submit(1);
  rig.Flush();
  rig.Give(Pdu(0x80000000, 0x03, 0));  // names no PDU
  EXPECT_THAT(rig.Outcomes(), ElementsAre());
  rig.Give(Pdu(0x80000000, 0x03, 2));
  EXPECT_THAT(rig.Outcomes(), ElementsAre("1 rejected"));
  rig.Give(Pdu(0x4, 0, 5, "anything"));  // submit_sm to an ESME
  EXPECT_EQ(ToHex(rig.Flush()), "00000010800000000000000300000005");
  rig.Give(Pdu(0x102, 0, 6));  // alert_notification has no response
  EXPECT_EQ(rig.Flush(), "");
  rig.Give(Pdu(0x15, 0, 8));
  EXPECT_EQ(ToHex(rig.Flush()), "00000010800000150000000000000008");
  rig.Give(*FromHex("0000000f"));
  EXPECT_EQ(rig.session.end_reason(), EndReason::kProtocolError);
}

TEST(SessionPeerTest, EverySplitOfAReadGivesTheSameEvents) {
  const std::string stream = Pdu(0x80000004, 0, 2, "a" + kNul) + Pdu(0x15, 0, 9) +
                             Pdu(0x5, 0, 3, kMo) + Pdu(0x80000004, 0x58, 3);
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    Rig rig;
    rig.BindUp();
    rig.Submit(1);
    rig.Submit(2);
    rig.Flush();
    const std::string first = stream.substr(0, cut);
    const std::size_t consumed = rig.session.Received(first, rig.now(), rig.events);
    rig.Give(first.substr(consumed) + stream.substr(cut));
    EXPECT_THAT(rig.Outcomes(), ElementsAre("1 accepted", "2 throttled")) << cut;
    EXPECT_EQ(rig.events.delivered.size(), 1u);
    EXPECT_EQ(rig.Flush().size(), 16u);
  }
}

TEST(SessionPeerTest, ResponsesThatNobodyReadsEndTheSession) {
  SessionConfig config;
  config.control_bytes_max = 64;
  Rig rig(config);
  rig.BindUp();
  for (std::uint32_t i = 0; i < 4; ++i) rig.Give(Pdu(0x15, 0, i));
  EXPECT_FALSE(rig.session.ended());
  rig.Give(Pdu(0x15, 0, 5));
  EXPECT_EQ(rig.session.end_reason(), EndReason::kPeerNotReading);
}

// --- Unbinding
// ------------------------------------------------------------------------------------

TEST(SessionUnbindTest, WaitsForItsAnswersThenSaysGoodbye) {
  Rig rig;
  rig.BindUp();
  rig.Submit(1);
  rig.Flush();
  rig.Give(Pdu(0x5, 0, 70, kMo));
  rig.session.Unbind(rig.now());
  EXPECT_EQ(rig.session.state(), SessionState::kUnbinding);
  rig.Submit(2);
  EXPECT_EQ(rig.Flush(), "") << "no new submits, no unbind yet";
  rig.Resp(2);
  EXPECT_EQ(rig.Flush(), "");
  rig.session.Respond(rig.events.delivered[0].handle, 0, rig.now());
  EXPECT_EQ(ToHex(rig.Flush()),
            "0000001180000005000000000000004600"
            "00000010000000060000000000000003");
  rig.Give(Pdu(0x80000006, 0, 3));
  EXPECT_EQ(rig.session.end_reason(), EndReason::kUnbound);
}

TEST(SessionUnbindTest, DoesntWaitForever) {
  Rig rig;
  rig.BindUp();
  rig.Submit(1);
  rig.Flush();
  rig.session.Unbind(rig.now());
  EXPECT_EQ(rig.session.NextDeadline(), rig.now().mono + 5s);
  rig.Pass(5s - 1ns);
  rig.Tick();
  EXPECT_EQ(rig.Flush(), "");
  rig.Pass(1ns);
  rig.Tick();
  EXPECT_EQ(rig.Flush().size(), 16u);
  EXPECT_EQ(rig.session.NextDeadline(), rig.now().mono + 5s);
  rig.Pass(5s);
  rig.Tick();
  EXPECT_EQ(rig.session.end_reason(), EndReason::kUnbound);
}

TEST(SessionUnbindTest, ThePeersIsAnsweredWhenOursIsSettled) {
  Rig rig;
  rig.BindUp();
  rig.Submit(1);
  rig.Flush();
  rig.Give(Pdu(0x6, 0, 44));
  EXPECT_EQ(rig.session.state(), SessionState::kUnbinding);
  EXPECT_EQ(rig.Flush(), "");
  rig.Resp(2);
  EXPECT_THAT(rig.Outcomes(), ElementsAre("1 accepted"));
  EXPECT_EQ(rig.session.end_reason(), EndReason::kPeerUnbound);
  EXPECT_EQ(ToHex(rig.Take(1'000)), "0000001080000006000000000000002c");
}

TEST(SessionUnbindTest, ThePeersIsAnsweredAtTheDeadline) {
  Rig rig;
  rig.BindUp();
  rig.Submit(1);
  rig.Flush();
  rig.Give(Pdu(0x6, 0, 44));
  rig.Pass(5s);
  rig.Tick();
  EXPECT_EQ(rig.session.end_reason(), EndReason::kPeerUnbound);
  rig.session.Disconnected(rig.now(), EndReason::kTransport, rig.events);
  EXPECT_THAT(rig.Outcomes(), ElementsAre("1 unknown"));
}

}  // namespace
}  // namespace textback::smpp
