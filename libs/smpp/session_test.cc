// Every path of the session core, with no socket and no wait. What the peer says is written as hex
// or built octet by octet; what the session says is compared with hex.
#include "smpp/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace textback::smpp {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr std::int64_t kWall = 1'795'339'800'000;

std::string Pdu(std::uint32_t id, std::uint32_t status, std::uint32_t sequence,
                std::string_view body = {}) {
  std::string out;
  AppendU32(out, static_cast<std::uint32_t>(16 + body.size()));
  AppendU32(out, id);
  AppendU32(out, status);
  AppendU32(out, sequence);
  out.append(body);
  return out;
}
const std::string kNul(1, '\0');

// A session, its queue, and a transport that takes as many bytes as it is told.
class Rig {
 public:
  explicit Rig(SessionConfig config = {}) : session(Named(std::move(config))), queue(64) {}

  Now now() const {
    return {MonoTime(mono),
            kWall + std::chrono::duration_cast<std::chrono::milliseconds>(mono).count()};
  }
  void Give(const std::string& bytes) {
    const std::size_t consumed = session.Received(bytes, now(), events);
    EXPECT_EQ(consumed, bytes.size());
  }
  // Writes all there is; returns it.
  std::string Flush() {
    std::string sent;
    for (;;) {
      const std::string_view out = session.PrepareWrite(now(), queue, events);
      if (out.empty()) return sent;
      sent.append(out);
      session.Wrote(out.size(), now(), queue);
    }
  }
  // Offers what there is; the transport takes `n` bytes of it.
  std::string Take(std::size_t n) {
    const std::string out(session.PrepareWrite(now(), queue, events));
    n = std::min(n, out.size());
    session.Wrote(n, now(), queue);
    return out.substr(0, n);
  }
  void Pass(std::chrono::nanoseconds by) { mono += by; }
  void Tick() { session.Tick(now(), events); }
  void BindUp() {
    session.Connected(now());
    Flush();
    Give(Pdu(0x80000009, 0, 1, "smsc" + kNul));
    ASSERT_EQ(session.state(), SessionState::kBound);
  }
  void Submit(std::uint64_t token, MonoTime lease = MonoTime::max(), std::int64_t expires_ms = 0) {
    SubmitRequest r;
    r.token = token;
    r.source = {5, 0, "TEXTBACK"};
    r.destination = {1, 1, "12125550101"};
    r.short_message = "Hello";
    r.lease_deadline = lease;
    r.expires_ms = expires_ms;
    queue.Push(std::move(r));
  }
  void Resp(std::uint32_t sequence, std::uint32_t status = 0, std::string id = "a1") {
    Give(Pdu(0x80000004, status, sequence, status == 0 ? id + kNul : ""));
  }
  std::vector<std::string> Outcomes() {
    std::vector<std::string> words;
    for (const SubmitOutcome& o : events.outcomes) {
      words.push_back(std::to_string(o.token) + " " + std::string(ToString(o.kind)) +
                      (o.late ? " late" : ""));
    }
    events.outcomes.clear();
    return words;
  }

  Session session;
  RequestQueue queue;
  SessionEvents events;
  std::chrono::nanoseconds mono{1h};

 private:
  static SessionConfig Named(SessionConfig config) {
    config.name = "bind-1";
    config.system_id = "text";
    config.password = "s3c";
    return config;
  }
};

constexpr std::size_t kSubmitBytes = 57;  // of Rig::Submit without a validity period

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
