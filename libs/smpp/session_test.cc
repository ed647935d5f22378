// Binding, submitting, losing the connection, time-outs: every path of the session core, with no
// socket and no wait. What the session says is compared with hex.
#include "smpp/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/bytes.h"
#include "smpp/session_test_rig.h"

namespace textback::smpp {
namespace {

using namespace std::chrono_literals;
using namespace smpp::testing;
using ::testing::ElementsAre;

// --- Binding ------------------------------------------------------------------------------------

TEST(SessionBindTest, EachModeItsCommand) {
  const struct {
    BindMode mode;
    const char* hex;
  } cases[] = {{BindMode::kReceiver, "0000001e00000001"},
               {BindMode::kTransmitter, "0000001e00000002"},
               {BindMode::kTransceiver, "0000001e00000009"}};
  for (const auto& c : cases) {
    SessionConfig config;
    config.mode = c.mode;
    Rig rig(config);
    rig.session.Connected(rig.now());
    EXPECT_EQ(rig.session.state(), SessionState::kBinding);
    // system_id, password, system_type, version, ton, npi, range
    EXPECT_EQ(ToHex(rig.Flush()), std::string(c.hex) +
                                      "0000000000000001"
                                      "7465787400"
                                      "73336300"
                                      "00"
                                      "34"
                                      "0000"
                                      "00");
  }
}

TEST(SessionBindTest, NothingIsSubmittedBeforeItIsBound) {
  Rig rig;
  rig.Submit(1);
  rig.session.Connected(rig.now());
  EXPECT_EQ(rig.Flush().size(), 30u);
  EXPECT_EQ(rig.queue.size(), 1u);
  rig.Give(Pdu(0x80000009, 0, 1));  // no body at all: some SMSCs
  EXPECT_EQ(rig.session.state(), SessionState::kBound);
  EXPECT_EQ(rig.Flush().size(), kSubmitBytes);
  EXPECT_TRUE(rig.queue.empty());
}

TEST(SessionBindTest, RefusedNackedTimedOut) {
  for (const bool nack : {false, true}) {
    Rig rig;
    rig.session.Connected(rig.now());
    rig.Flush();
    rig.Give(Pdu(nack ? 0x80000000 : 0x80000009, 0x0e, 1));
    EXPECT_EQ(rig.session.end_reason(), EndReason::kBindRefused);
    EXPECT_EQ(rig.session.end_status(), 0x0eu);
  }
  Rig rig;
  rig.session.Connected(rig.now());
  rig.Flush();
  EXPECT_EQ(rig.session.NextDeadline(), rig.now().mono + 10s);
  rig.Pass(10s - 1ns);
  rig.Tick();
  EXPECT_FALSE(rig.session.ended());
  rig.Pass(1ns);
  rig.Tick();
  EXPECT_EQ(rig.session.end_reason(), EndReason::kBindTimeout);
  EXPECT_EQ(rig.Flush(), "");
  rig.session.Disconnected(rig.now(), EndReason::kTransport, rig.events);
  EXPECT_EQ(rig.session.end_reason(), EndReason::kBindTimeout) << "the first reason counts";
  EXPECT_EQ(rig.session.state(), SessionState::kClosed);
}

TEST(SessionBindTest, AReceiverNeverSubmits) {
  SessionConfig config;
  config.mode = BindMode::kReceiver;
  Rig rig(config);
  rig.Submit(1);
  rig.session.Connected(rig.now());
  rig.Flush();
  rig.Give(Pdu(0x80000001, 0, 1));
  EXPECT_EQ(rig.session.state(), SessionState::kBound);
  EXPECT_EQ(rig.Flush(), "");
}

// --- Submitting ---------------------------------------------------------------------------------

TEST(SessionSubmitTest, AnswersInAnyOrderFindTheirRequests) {
  Rig rig;
  rig.BindUp();
  for (std::uint64_t token = 10; token < 14; ++token) rig.Submit(token);
  EXPECT_EQ(rig.Flush().size(), 4 * kSubmitBytes) << "one write for all";
  EXPECT_EQ(rig.session.outstanding(), 4u);
  rig.Pass(7ms);
  rig.Resp(4, 0, "c3");
  ASSERT_EQ(rig.events.outcomes.size(), 1u);
  const SubmitOutcome& first = rig.events.outcomes[0];
  EXPECT_EQ(first.token, 12u);
  EXPECT_EQ(first.kind, SubmitKind::kAccepted);
  EXPECT_EQ(first.message_id, "c3");
  EXPECT_EQ(first.bind, "bind-1");
  EXPECT_EQ(first.responded_ms - first.submitted_ms, 7);
  EXPECT_EQ(first.latency_us, 7'000);
  rig.events.Clear();
  rig.Resp(2, 0x0b);
  rig.Resp(5, 0x08);
  rig.Resp(3, 0x40a);
  EXPECT_THAT(rig.Outcomes(), ElementsAre("10 rejected", "13 temporary", "11 rejected"));
  rig.Resp(3);
  rig.Resp(99);
  EXPECT_TRUE(rig.events.outcomes.empty()) << "answered already, never asked";
  EXPECT_EQ(rig.session.stats().unmatched_responses, 2u);
  EXPECT_EQ(rig.session.outstanding(), 0u);
}

TEST(SessionSubmitTest, TheWindowIsNeverExceededAndRefillsInBatches) {
  SessionConfig config;
  config.window = 16;
  Rig rig(config);
  rig.BindUp();
  for (std::uint64_t token = 0; token < 40; ++token) rig.Submit(token);
  EXPECT_EQ(rig.Flush().size(), 16 * kSubmitBytes);
  rig.Resp(2);
  EXPECT_EQ(rig.Flush(), "") << "an eighth of the window isn't free yet";
  rig.Resp(3);
  EXPECT_EQ(rig.Flush().size(), 2 * kSubmitBytes);
  EXPECT_EQ(rig.session.outstanding(), 16u);
}

TEST(SessionSubmitTest, APduThatNobodyAnswersDoesntBlockTheRing) {
  SessionConfig config;
  config.window = 2;  // a ring of four
  Rig rig(config);
  rig.BindUp();
  rig.Submit(1);
  rig.Flush();
  for (std::uint64_t token = 2; token < 40; ++token) {
    rig.Submit(token);
    const std::string sent = rig.Flush();
    ASSERT_EQ(sent.size(), kSubmitBytes);
    ByteReader reader(std::string_view(sent).substr(12));
    rig.Resp(*reader.U32());
    ASSERT_THAT(rig.Outcomes(), ElementsAre(std::to_string(token) + " accepted"));
  }
  rig.Resp(2);
  EXPECT_THAT(rig.Outcomes(), ElementsAre("1 accepted"));
}

TEST(SessionSubmitTest, LeaseAndExpiryAtTheirBoundaries) {
  Rig rig;
  rig.BindUp();
  const MonoTime at = rig.now().mono;
  const std::int64_t wall = rig.now().wall_ms;
  rig.Submit(1, at);                           // over now
  rig.Submit(2, at + 1ns);                     // not yet
  rig.Submit(3, MonoTime::max(), wall + 999);  // no whole second left
  rig.Submit(4, MonoTime::max(), wall + 1'000);
  rig.Submit(5, MonoTime::max(), -1);
  EXPECT_FALSE(rig.Flush().empty());
  EXPECT_THAT(rig.Outcomes(),
              ElementsAre("1 not_sent_lease", "3 not_sent_expired", "5 not_sent_expired"));
  EXPECT_EQ(rig.session.outstanding(), 2u);
}

TEST(SessionSubmitTest, ValidityEndsByTheExpiry) {
  const struct {
    ValidityForm form;
    std::int64_t left_ms;
    const char* expected;  // "" for none
  } cases[] = {{ValidityForm::kRelative, 90'999, "000000000130000R"},
               {ValidityForm::kRelative, 1'000, "000000000001000R"},
               {ValidityForm::kAbsolute, 90'999, "261122103130000+"},
               {ValidityForm::kNone, 1, ""}};
  for (const auto& c : cases) {
    SessionConfig config;
    config.profile.validity = c.form;
    Rig rig(config);
    rig.BindUp();
    rig.Submit(1, MonoTime::max(), rig.now().wall_ms + c.left_ms);
    const std::string sent = rig.Flush();
    ASSERT_FALSE(sent.empty());
    MessageSm m;
    ASSERT_EQ(DecodeMessage(std::string_view(sent).substr(16), m), 0u);
    EXPECT_EQ(m.validity_period, c.expected);
  }
}

TEST(SessionSubmitTest, WhatCantBeEncodedIsInvalidAndHoldsUpNothing) {
  Rig rig;
  rig.BindUp();
  rig.Submit(1);
  SubmitRequest bad;
  bad.token = 2;
  bad.short_message = std::string(255, 'x');
  rig.queue.Push(std::move(bad));
  rig.Submit(3);
  EXPECT_EQ(rig.Flush().size(), 2 * kSubmitBytes);
  ASSERT_EQ(rig.events.outcomes.size(), 1u);
  EXPECT_EQ(rig.events.outcomes[0].command_status, 0x01u);
  EXPECT_THAT(rig.Outcomes(), ElementsAre("2 invalid"));
}

TEST(SessionSubmitTest, UserMessageReferenceUnlessTheProfileForbidsTlvs) {
  for (const bool send : {true, false}) {
    SessionConfig config;
    config.profile.send_user_message_reference = send;
    Rig rig(config);
    rig.BindUp();
    SubmitRequest r;
    r.destination = {1, 1, "12125550101"};
    r.user_message_reference = 0x1234;
    rig.queue.Push(std::move(r));
    const std::string hex = ToHex(rig.Flush());
    EXPECT_EQ(hex.ends_with("020400021234"), send);
  }
}

// --- What is known when the connection goes
// -------------------------------------------------------

TEST(SessionLossTest, ForEveryByteCountTheTransportTook) {
  // Three submits; the transport takes n bytes, then the connection is lost. A PDU is unknown only
  // if its last byte was taken; one begun is not sent; one not begun is still in the queue.
  for (std::size_t n = 0; n <= 3 * kSubmitBytes; ++n) {
    Rig rig;
    rig.BindUp();
    for (std::uint64_t token = 1; token <= 3; ++token) rig.Submit(token);
    rig.Take(n);
    const std::size_t whole = n / kSubmitBytes;
    const bool begun = n % kSubmitBytes != 0;
    EXPECT_EQ(rig.session.outstanding(), whole + begun) << n;
    rig.session.Disconnected(rig.now(), EndReason::kTransport, rig.events);
    std::vector<std::string> expected;
    for (std::size_t i = 1; i <= whole; ++i) expected.push_back(std::to_string(i) + " unknown");
    if (begun) expected.push_back(std::to_string(whole + 1) + " not_sent_lost");
    for (const SubmitOutcome& o : rig.events.outcomes) {
      EXPECT_EQ(o.reason == UnknownReason::kConnectionLost, o.kind == SubmitKind::kUnknown);
    }
    EXPECT_EQ(rig.Outcomes(), expected) << n;
    EXPECT_EQ(rig.queue.size(), 3 - whole - begun) << n;
    EXPECT_EQ(rig.session.outstanding(), 0u);
  }
}

TEST(SessionLossTest, ForEverySplitTheBytesOnTheWireAreTheSame) {
  Rig whole;
  whole.BindUp();
  for (std::uint64_t token = 1; token <= 3; ++token) whole.Submit(token);
  const std::string expected = whole.Flush();
  for (std::size_t n = 0; n <= expected.size(); ++n) {
    Rig rig;
    rig.BindUp();
    for (std::uint64_t token = 1; token <= 3; ++token) rig.Submit(token);
    std::string sent = rig.Take(n);
    sent += rig.Take(1);
    sent += rig.Flush();
    EXPECT_EQ(ToHex(sent), ToHex(expected)) << n;
    for (std::uint32_t sequence = 2; sequence <= 4; ++sequence) rig.Resp(sequence);
    EXPECT_THAT(rig.Outcomes(), ElementsAre("1 accepted", "2 accepted", "3 accepted"));
  }
}

TEST(SessionLossTest, ControlPdusGoBetweenAPduBegunAndTheNext) {
  Rig rig;
  rig.BindUp();
  rig.Submit(1);
  rig.Submit(2);
  std::string sent = rig.Take(20);
  rig.Give(Pdu(0x15, 0, 900));
  sent += rig.Flush();
  ASSERT_EQ(sent.size(), 2 * kSubmitBytes + 16);
  EXPECT_EQ(ToHex(sent.substr(kSubmitBytes, 16)), "00000010800000150000000000000384");
}

TEST(SessionLossTest, ALeaseThatEndsInsideAPduEndsTheConnection) {
  Rig rig;
  rig.BindUp();
  rig.Submit(1, rig.now().mono + 5s);
  rig.Take(20);
  rig.Pass(5s - 1ns);
  EXPECT_FALSE(rig.session.PrepareWrite(rig.now(), rig.queue, rig.events).empty());
  rig.session.Wrote(0, rig.now(), rig.queue);
  rig.Pass(1ns);
  EXPECT_EQ(rig.Flush(), "") << "not one byte after the lease";
  EXPECT_EQ(rig.session.end_reason(), EndReason::kLeaseEndedMidPdu);
  rig.session.Disconnected(rig.now(), EndReason::kTransport, rig.events);
  EXPECT_THAT(rig.Outcomes(), ElementsAre("1 not_sent_lease"));
}

TEST(SessionLossTest, ALeaseThatEndsBeforeItsFirstByteIsSeenAtTheNextWrite) {
  Rig rig;
  rig.BindUp();
  rig.Submit(1);
  rig.Submit(2, rig.now().mono + 5s);
  rig.Submit(3);
  rig.Take(10);  // the transport is full; 2 and 3 go back
  EXPECT_EQ(rig.queue.size(), 2u);
  rig.Pass(5s);
  EXPECT_EQ(rig.Flush().size(), 2 * kSubmitBytes - 10);
  EXPECT_THAT(rig.Outcomes(), ElementsAre("2 not_sent_lease"));
}

TEST(SessionLossTest, ReconnectsWithACleanWindow) {
  Rig rig;
  rig.BindUp();
  rig.Submit(1);
  rig.Flush();
  rig.session.Disconnected(rig.now(), EndReason::kTransport, rig.events);
  EXPECT_THAT(rig.Outcomes(), ElementsAre("1 unknown"));
  rig.session.Connected(rig.now());
  const std::string bind = rig.Flush();
  ByteReader reader(std::string_view(bind).substr(12));
  const std::uint32_t sequence = *reader.U32();
  rig.Give(Pdu(0x80000009, 0, sequence));
  EXPECT_EQ(rig.session.state(), SessionState::kBound);
  rig.Resp(2);
  EXPECT_EQ(rig.session.stats().unmatched_responses, 1u)
      << "an answer of the last connection isn't one";
}

// --- Time-outs
// ------------------------------------------------------------------------------------

TEST(SessionTimeTest, EnquireLinkAfterSilenceAndItsTimeout) {
  Rig rig;
  rig.BindUp();
  EXPECT_EQ(rig.session.NextDeadline(), rig.now().mono + 30s);
  rig.Pass(30s - 1ns);
  rig.Tick();
  EXPECT_EQ(rig.Flush(), "");
  rig.Pass(1ns);
  rig.Tick();
  EXPECT_EQ(ToHex(rig.Flush()), "00000010000000150000000000000002");
  EXPECT_EQ(rig.session.NextDeadline(), rig.now().mono + 10s);
  rig.Pass(10s - 1ns);
  rig.Tick();
  EXPECT_FALSE(rig.session.ended());
  rig.Give(Pdu(0x80000015, 0, 2));
  rig.Pass(1ns);
  rig.Tick();
  EXPECT_FALSE(rig.session.ended()) << "answered";
  rig.Pass(30s);
  rig.Tick();
  EXPECT_EQ(rig.Flush().size(), 16u);
  rig.Pass(10s);
  rig.Tick();
  EXPECT_EQ(rig.session.end_reason(), EndReason::kNoEnquireLinkResp);
}

TEST(SessionTimeTest, AnAnswerThatDoesntComeIsUnknownAndAProbeGoesOut) {
  Rig rig;
  rig.BindUp();
  rig.Submit(1);
  rig.Flush();
  EXPECT_EQ(rig.session.NextDeadline(), rig.now().mono + 30s);
  rig.Pass(30s - 1ns);
  rig.Give(Pdu(0x15, 0, 7));  // the peer lives
  rig.Flush();
  rig.Tick();
  EXPECT_THAT(rig.Outcomes(), ElementsAre());
  rig.Pass(1ns);
  rig.Tick();
  ASSERT_EQ(rig.events.outcomes.size(), 1u);
  EXPECT_EQ(rig.events.outcomes[0].reason, UnknownReason::kResponseTimeout);
  EXPECT_THAT(rig.Outcomes(), ElementsAre("1 unknown"));
  rig.Submit(2);
  EXPECT_EQ(ToHex(rig.Flush()), "00000010000000150000000000000003")
      << "suspect: the probe, no submit";
  rig.Give(Pdu(0x80000015, 0, 3));
  EXPECT_EQ(rig.Flush().size(), kSubmitBytes);
  rig.Resp(2, 0, "late");
  EXPECT_THAT(rig.Outcomes(), ElementsAre("1 accepted late"));
  rig.Resp(2);
  EXPECT_THAT(rig.Outcomes(), ElementsAre()) << "once";
  EXPECT_EQ(rig.session.outstanding(), 1u);
}

TEST(SessionTimeTest, SubmitsThatNobodyAnswersEndTheSession) {
  Rig rig;
  rig.BindUp();
  for (std::uint64_t token = 1; token <= 5; ++token) rig.Submit(token);
  rig.Flush();
  rig.Pass(30s);
  rig.Tick();
  EXPECT_EQ(rig.session.end_reason(), EndReason::kNoSubmitSmResp);
  rig.session.Disconnected(rig.now(), EndReason::kTransport, rig.events);
  EXPECT_THAT(rig.Outcomes(),
              ElementsAre("1 unknown", "2 unknown", "3 unknown", "4 unknown", "5 unknown"));
}

TEST(SessionTimeTest, ThrottlingPausesDoublesAndForgets) {
  Rig rig;
  rig.BindUp();
  rig.Submit(1);
  rig.Submit(2);
  rig.Flush();
  rig.Resp(2, 0x58);
  rig.Resp(3, 0x14);
  EXPECT_THAT(rig.Outcomes(), ElementsAre("1 throttled", "2 throttled"));
  EXPECT_TRUE(rig.session.throttled());
  EXPECT_EQ(rig.session.stats().throttle_pauses, 1u) << "one window, one pause";
  rig.Submit(3);
  EXPECT_EQ(rig.session.NextDeadline(), rig.now().mono + 100ms);
  rig.Pass(100ms - 1ns);
  rig.Tick();
  EXPECT_EQ(rig.Flush(), "");
  rig.Pass(1ns);
  rig.Tick();
  EXPECT_EQ(rig.Flush().size(), kSubmitBytes);
  rig.Resp(4, 0x58);
  EXPECT_EQ(rig.session.NextDeadline(), rig.now().mono + 200ms) << "doubled";
  rig.Pass(200ms);
  rig.Submit(4);
  EXPECT_EQ(rig.Flush().size(), kSubmitBytes) << "a write needs no Tick before it";
  rig.Resp(5);
  rig.Submit(5);
  rig.Flush();
  rig.Resp(6, 0x58);
  EXPECT_EQ(rig.session.NextDeadline(), rig.now().mono + 100ms) << "one was taken: from the start";
}

}  // namespace
}  // namespace textback::smpp
