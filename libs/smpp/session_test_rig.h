// For the tests of the session core: a session, its queue, and a transport that takes as many bytes
// as it is told. Time passes only by Pass().
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "smpp/session.h"

namespace textback::smpp::testing {

using namespace std::chrono_literals;

inline constexpr std::int64_t kWall = 1'795'339'800'000;

inline std::string Pdu(std::uint32_t id, std::uint32_t status, std::uint32_t sequence,
                       std::string_view body = {}) {
  std::string out;
  AppendU32(out, static_cast<std::uint32_t>(16 + body.size()));
  AppendU32(out, id);
  AppendU32(out, status);
  AppendU32(out, sequence);
  out.append(body);
  return out;
}
inline const std::string kNul(1, '\0');

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

inline constexpr std::size_t kSubmitBytes = 57;  // of Rig::Submit without a validity period

}  // namespace textback::smpp::testing
