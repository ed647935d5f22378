// SmppMessagePort and InboundBridge over a scripted SubmitPort and a scripted log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <deque>

#include "dispatch/inbound_bridge.h"
#include "dispatch/smpp_message_port.h"
#include "smpp/tlv.h"
#include "textback/v1/inbound_message.pb.h"
#include "textback/v1/receipt.pb.h"

namespace textback::dispatch {
namespace {

using smpp::SubmitKind;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FakeSubmitPort final : public smpp::SubmitPort {
 public:
  bool TrySubmit(smpp::SubmitRequest&& request) override {
    if (submitted.size() >= room) return false;
    submitted.push_back(std::move(request));
    return true;
  }
  std::size_t TrySubmitBatch(std::vector<smpp::SubmitRequest>& requests) override {
    std::size_t n = 0;
    while (n < requests.size() && TrySubmit(std::move(requests[n]))) ++n;
    return n;
  }
  std::size_t Drain(std::vector<smpp::SubmitOutcome>& out, std::size_t max, milliseconds) override {
    std::size_t n = 0;
    for (; n < max && !outcomes.empty(); ++n) {
      out.push_back(std::move(outcomes.front()));
      outcomes.pop_front();
    }
    return n;
  }
  std::size_t DrainDelivered(std::vector<smpp::Delivered>& out, std::size_t max,
                             milliseconds) override {
    std::size_t n = 0;
    for (; n < max && !delivered.empty(); ++n) {
      out.push_back(std::move(delivered.front()));
      delivered.pop_front();
    }
    return n;
  }
  void Respond(std::uint64_t handle, smpp::CommandStatus status) override {
    responses.emplace_back(handle, status);
  }
  std::size_t WindowCapacity() const override { return 10; }
  smpp::PortHealth Health() const override {
    smpp::PortHealth health;
    health.binds.push_back({.name = "b1", .state = "bound", .bound = bound});
    return health;
  }
  void Abort() override {}

  void Answer(std::size_t index, SubmitKind kind, std::string id = "") {
    smpp::SubmitOutcome outcome;
    outcome.token = submitted.at(index).token;
    outcome.kind = kind;
    outcome.message_id = std::move(id);
    outcome.bind = "b1";
    outcomes.push_back(std::move(outcome));
  }
  // A deliver_sm as the client hands it on.
  void Deliver(std::uint64_t handle, std::string_view from, std::string_view text,
               std::uint8_t esm_class = 0, std::uint8_t ton = smpp::kTonInternational) {
    smpp::Delivered in;
    in.handle = handle;
    in.bind = "b1";
    in.received_ms = 1'790'000'000'000;
    in.storage = std::make_unique<char[]>(from.size() + text.size());
    std::memcpy(in.storage.get(), from.data(), from.size());
    std::memcpy(in.storage.get() + from.size(), text.data(), text.size());
    in.message.source = {ton, 1, {in.storage.get(), from.size()}};
    in.message.destination = {1, 1, "12125550100"};
    in.message.esm_class = esm_class;
    in.message.short_message = {in.storage.get() + from.size(), text.size()};
    if (smpp::IsReceipt(in.message)) in.receipt = smpp::ParseReceipt(in.message);
    delivered.push_back(std::move(in));
  }

  std::size_t room = 100;
  bool bound = true;
  std::vector<smpp::SubmitRequest> submitted;
  std::deque<smpp::SubmitOutcome> outcomes;
  std::deque<smpp::Delivered> delivered;
  std::vector<std::pair<std::uint64_t, smpp::CommandStatus>> responses;
};

Message Text(std::string body) {
  Message message;
  message.token = 77;
  message.recipient = "+12125550123";
  message.sender.set_kind(v1::Address::KIND_E164);
  message.sender.set_value("+12125550100");
  message.body = std::move(body);
  message.concat_reference = 0x1234;
  message.expires_ms = 5;
  return message;
}

class SmppMessagePortTest : public ::testing::Test {
 protected:
  std::vector<MessageOutcome> Outcomes(std::size_t shard = 1) {
    std::vector<MessageOutcome> out;
    port.Drain(shard, 100, out);
    return out;
  }
  FakeSubmitPort submit;
  SmppMessagePort port{{}, submit, 2};
};

TEST_F(SmppMessagePortTest, ShortTextIsOnePart) {
  ASSERT_TRUE(port.TrySend(1, Text("Sorry we missed your call.")));
  ASSERT_EQ(submit.submitted.size(), 1u);
  EXPECT_EQ(submit.submitted[0].destination.digits, "12125550123");
  EXPECT_EQ(submit.submitted[0].short_message, "Sorry we missed your call.");
  EXPECT_EQ(submit.submitted[0].esm_class, 0);
  EXPECT_EQ(submit.submitted[0].user_message_reference, 0x1234);
  submit.Answer(0, SubmitKind::kAccepted, "00AB");
  EXPECT_THAT(Outcomes(0), IsEmpty()) << "another shard's outcome";
  const auto outcomes = Outcomes();
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].token, 77u);
  EXPECT_EQ(outcomes[0].parts, 1u);
  EXPECT_EQ(outcomes[0].outcomes[0].message_id, "00AB");
  EXPECT_EQ(outcomes[0].outcomes[0].message_id_key, "ab");
}

TEST_F(SmppMessagePortTest, LongTextIsDoneWhenAllPartsAre) {
  ASSERT_TRUE(port.TrySend(1, Text(std::string(200, 'x'))));
  ASSERT_EQ(submit.submitted.size(), 2u);
  EXPECT_EQ(submit.submitted[1].esm_class & 0x40, 0x40);
  EXPECT_EQ(submit.submitted[1].short_message.substr(0, 6),
            std::string("\x05\x00\x03\x34\x02\x02", 6));
  submit.Answer(1, SubmitKind::kAccepted, "2");
  EXPECT_THAT(Outcomes(), IsEmpty());
  submit.Answer(0, SubmitKind::kThrottled);
  const auto outcomes = Outcomes();
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].outcomes[0].result, PartResult::kTryLater);
  EXPECT_EQ(outcomes[0].outcomes[1].result, PartResult::kAccepted);
}

TEST_F(SmppMessagePortTest, PartsThatAreDoneAreNotSentAgain) {
  auto message = Text(std::string(200, 'x'));
  message.parts_done = {1};
  ASSERT_TRUE(port.TrySend(1, std::move(message)));
  ASSERT_EQ(submit.submitted.size(), 1u);
  EXPECT_EQ(submit.submitted[0].short_message[5], '\x02');
}

TEST_F(SmppMessagePortTest, WhatHasNoRoomIsKnownNotSent) {
  submit.room = 1;
  ASSERT_TRUE(port.TrySend(1, Text(std::string(200, 'x'))));
  submit.Answer(0, SubmitKind::kAccepted, "1");
  const auto outcomes = Outcomes();
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].outcomes[0].result, PartResult::kAccepted);
  EXPECT_EQ(outcomes[0].outcomes[1].result, PartResult::kNotSent);
}

TEST_F(SmppMessagePortTest, TextThatCannotBeEncodedIsRejectedNotLost) {
  ASSERT_TRUE(port.TrySend(1, Text(std::string(1600, 'x'))));
  auto bad = Text("hello");
  bad.sender.set_value("nobody");
  ASSERT_TRUE(port.TrySend(1, std::move(bad)));
  const auto outcomes = Outcomes();
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_EQ(outcomes[0].outcomes[0].result, PartResult::kRejected);
  EXPECT_EQ(outcomes[0].outcomes[0].error, "text_too_long");
  EXPECT_EQ(outcomes[1].outcomes[0].error, "bad_address");
}

// A text intended while the process ends would be unknown, though it was never written.
TEST_F(SmppMessagePortTest, ClosedItAsksForNothingNewAndEndsWhatIsOpen) {
  EXPECT_TRUE(port.Ready());
  ASSERT_TRUE(port.TrySend(1, Text("Sorry.")));
  port.Close();
  EXPECT_FALSE(port.Ready());
  submit.Answer(0, SubmitKind::kAccepted, "1");
  EXPECT_EQ(Outcomes().size(), 1u);
}

TEST_F(SmppMessagePortTest, LateAnswersAreLeftToTheReceipt) {
  ASSERT_TRUE(port.TrySend(1, Text("hello")));
  submit.Answer(0, SubmitKind::kUnknown);
  submit.Answer(0, SubmitKind::kAccepted, "1");
  submit.outcomes.back().late = true;
  const auto outcomes = Outcomes();
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].outcomes[0].result, PartResult::kUnknown);
}

// A writer whose sends become durable, or fail, when the test says so.
class FakeLog final : public log::Log {
 public:
  struct Sent {
    std::string topic, key, value;
  };
  struct State {
    std::vector<Sent> sent;
    std::uint64_t durable = 0;
    bool failing = false;
    int writers = 0;
  };
  class FakeWriter final : public log::Writer {
   public:
    explicit FakeWriter(State& state) : state_(state), first_(state.sent.size()) {}
    Result<std::uint64_t> Send(std::string_view topic, std::optional<std::int32_t>,
                               std::string_view key, std::optional<std::string_view> value,
                               std::int64_t) override {
      if (state_.failing) return RetryError("log_unreachable", "no broker");
      state_.sent.push_back({std::string(topic), std::string(key), std::string(*value)});
      return state_.sent.size() - first_;
    }
    Result<std::uint64_t> Poll(milliseconds) override {
      if (state_.failing) return RetryError("log_unreachable", "no broker");
      return state_.durable < first_ ? 0 : state_.durable - first_;
    }
    Status Flush(milliseconds) override { return Ok(); }

   private:
    State& state_;
    std::size_t first_;
  };

  Result<std::unique_ptr<log::Writer>> NewWriter(std::string_view) override {
    ++state.writers;
    return std::unique_ptr<log::Writer>(std::make_unique<FakeWriter>(state));
  }
  Result<std::unique_ptr<log::Consumer>> NewConsumer(const log::ConsumerConfig&,
                                                     log::RebalanceListener&) override {
    return FatalError("unused", "");
  }
  Result<std::unique_ptr<log::TransactionalProducer>> NewTransactionalProducer(
      const log::TransactionalConfig&) override {
    return FatalError("unused", "");
  }
  Result<std::unique_ptr<log::Reader>> NewReader(const log::ReaderConfig&) override {
    return FatalError("unused", "");
  }
  Result<std::unique_ptr<log::Admin>> NewAdmin() override { return FatalError("unused", ""); }
  Result<std::int32_t> Partitions(std::string_view) override { return 4; }

  State state;
};

class InboundBridgeTest : public ::testing::Test {
 protected:
  void Step() { ASSERT_TRUE(bridge.Step(milliseconds(0))); }
  FakeSubmitPort submit;
  FakeLog log;
  ManualClock clock{1'790'000'000'000};
  InboundBridge bridge{{}, submit, log, clock};
};

TEST_F(InboundBridgeTest, TextIsAnsweredOnlyWhenItIsDurable) {
  submit.Deliver(5, "12125550123", "STOP");
  Step();
  ASSERT_EQ(log.state.sent.size(), 1u);
  EXPECT_EQ(log.state.sent[0].topic, "textback.inbound");
  EXPECT_EQ(log.state.sent[0].key, "+12125550123");
  EXPECT_THAT(submit.responses, IsEmpty());
  log.state.durable = 1;
  Step();
  EXPECT_THAT(submit.responses, ElementsAre(std::pair<std::uint64_t, smpp::CommandStatus>(5, 0)));
  v1::InboundMessage inbound;
  ASSERT_TRUE(inbound.ParseFromString(log.state.sent[0].value));
  EXPECT_EQ(inbound.text(), "STOP");
  EXPECT_EQ(inbound.recipient(), "+12125550100");
}

// SMPP 3.4, 5.2.5. Somebody's STOP counts in whatever form their network writes their number.
TEST_F(InboundBridgeTest, SourcesOfEachTypeOfNumber) {
  const struct {
    std::string country;
    std::uint8_t ton;
    std::string digits, customer;  // "": unreadable
  } cases[] = {
      {"GB", smpp::kTonInternational, "447700900123", "+447700900123"},
      {"GB", smpp::kTonNational, "7700900123", "+447700900123"},
      {"GB", smpp::kTonNational, "07700900123", "+447700900123"},
      {"US", smpp::kTonNational, "2125550123", "+12125550123"},
      {"", smpp::kTonNational, "2125550123", ""},
      {"GB", smpp::kTonUnknown, "447700900123", "+447700900123"},
      {"GB", smpp::kTonUnknown, "+447700900123", "+447700900123"},
      {"GB", smpp::kTonUnknown, "00447700900123", "+447700900123"},
      {"GB", smpp::kTonUnknown, "80000", ""},  // a short code
      {"GB", smpp::kTonNetworkSpecific, "80000", ""},
      {"GB", smpp::kTonAlphanumeric, "GARAGE", ""},
  };
  for (const auto& c : cases) {
    FakeSubmitPort from;
    FakeLog to;
    InboundConfig config;
    config.country = c.country;
    InboundBridge national(config, from, to, clock);
    from.Deliver(5, c.digits, "STOP", 0, c.ton);
    ASSERT_TRUE(national.Step(milliseconds(0)));
    SCOPED_TRACE(c.country + " " + c.digits + " ton " + std::to_string(c.ton));
    EXPECT_EQ(national.stats().unreadable, c.customer.empty() ? 1U : 0U);
    ASSERT_EQ(to.state.sent.size(), c.customer.empty() ? 0U : 1U);
    for (const auto& sent : to.state.sent) EXPECT_EQ(sent.key, c.customer);
  }
}

TEST_F(InboundBridgeTest, RepeatCarriesTheSameIdAndOtherWordsDont) {
  submit.Deliver(5, "12125550123", "STOP");
  submit.Deliver(6, "12125550123", "STOP");
  submit.Deliver(7, "12125550123", "START");
  Step();
  std::vector<std::string> ids;
  for (const auto& sent : log.state.sent) {
    v1::InboundMessage inbound;
    ASSERT_TRUE(inbound.ParseFromString(sent.value));
    ids.push_back(inbound.inbound_id());
  }
  EXPECT_EQ(ids[0], ids[1]);
  EXPECT_NE(ids[0], ids[2]);
}

TEST_F(InboundBridgeTest, ReceiptIsKeyedByAccountAndNormalisedId) {
  submit.Deliver(5, "12125550123",
                 "id:00AB sub:001 dlvrd:001 submit date:2611220900 done date:2611220901 "
                 "stat:DELIVRD err:000 text:",
                 0x04);
  Step();
  ASSERT_EQ(log.state.sent.size(), 1u);
  EXPECT_EQ(log.state.sent[0].topic, "textback.receipts");
  EXPECT_EQ(log.state.sent[0].key, "smsc|ab");
  v1::Receipt receipt;
  ASSERT_TRUE(receipt.ParseFromString(log.state.sent[0].value));
  EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(receipt.recipient(), "+12125550123");
}

TEST_F(InboundBridgeTest, WhatTheLogRefusesIsRefusedToTheSmscAndComesAgain) {
  submit.Deliver(5, "12125550123", "STOP");
  submit.Deliver(6, "12125550123", "HELP");
  log.state.failing = true;
  EXPECT_FALSE(bridge.Step(milliseconds(0)));
  ASSERT_EQ(submit.responses.size(), 2u);
  for (const auto& [handle, status] : submit.responses) EXPECT_EQ(status, 0x64u);
  log.state.failing = false;
  submit.Deliver(7, "12125550123", "STOP");
  Step();
  EXPECT_EQ(log.state.sent.size(), 1u);
  EXPECT_EQ(log.state.writers, 2);
}

TEST_F(InboundBridgeTest, PartsAreJoinedAndTheLastOneIsHeld) {
  submit.Deliver(5, "12125550123", std::string("\x05\x00\x03\x07\x02\x02", 6) + "world", 0x40);
  Step();
  EXPECT_THAT(log.state.sent, IsEmpty());
  EXPECT_EQ(submit.responses.size(), 1u);
  submit.Deliver(6, "12125550123", std::string("\x05\x00\x03\x07\x02\x01", 6) + "hello ", 0x40);
  Step();
  ASSERT_EQ(log.state.sent.size(), 1u);
  EXPECT_EQ(submit.responses.size(), 1u);
  v1::InboundMessage inbound;
  ASSERT_TRUE(inbound.ParseFromString(log.state.sent[0].value));
  EXPECT_EQ(inbound.text(), "hello world");
  EXPECT_FALSE(inbound.truncated());
  log.state.durable = 1;
  Step();
  EXPECT_EQ(submit.responses.size(), 2u);
}

}  // namespace
}  // namespace textback::dispatch
