// ClientPool over real sockets on loopback, against an SMSC that the test plays octet by octet.
// Waits are for conditions, with a deadline; nothing sleeps.
#include "smpp/client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace textback::smpp {
namespace {

using namespace std::chrono_literals;

constexpr int kDeadlineMs = 20'000;

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

struct Received {
  std::uint32_t id = 0;
  std::uint32_t status = 0;
  std::uint32_t sequence = 0;
  std::string body;
};

// One accepted connection, blocking with a deadline. A value of id 0 is its end.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}
  Peer(Peer&& other) noexcept : fd_(std::exchange(other.fd_, -1)), in_(std::move(other.in_)) {}
  ~Peer() { Close(); }
  void Close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void Send(const std::string& bytes) {
    ASSERT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  Received Next() {
    for (;;) {
      if (in_.size() >= 4) {
        ByteReader reader(in_);
        const std::uint32_t length = *reader.U32();
        if (in_.size() >= length) {
          Received pdu{*reader.U32(), *reader.U32(), *reader.U32(), in_.substr(16, length - 16)};
          in_.erase(0, length);
          return pdu;
        }
      }
      if (!Readable()) return {};
      char buffer[65'536];
      const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
      reset_ = n < 0 && errno == ECONNRESET;
      if (n <= 0) return {};
      in_.append(buffer, static_cast<std::size_t>(n));
    }
  }
  // Answers the bind, and gives its command_id.
  std::uint32_t AcceptBind() {
    const Received bind = Next();
    Send(Pdu(bind.id | 0x80000000u, 0, bind.sequence, std::string("smsc\0", 5)));
    return bind.id;
  }
  bool reset() const { return reset_; }

 private:
  bool Readable() const {
    pollfd p{fd_, POLLIN, 0};
    return ::poll(&p, 1, kDeadlineMs) == 1;
  }
  int fd_;
  bool reset_ = false;
  std::string in_;
};

class Smsc {
 public:
  Smsc() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(fd_, 16), 0);
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~Smsc() { ::close(fd_); }
  std::uint16_t port() const { return port_; }
  Peer Accept() {
    pollfd p{fd_, POLLIN, 0};
    EXPECT_EQ(::poll(&p, 1, kDeadlineMs), 1) << "nobody connected";
    const int fd = ::accept(fd_, nullptr, nullptr);
    const int on = 1;
    EXPECT_EQ(::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
    return Peer(fd);
  }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

class ClientTest : public ::testing::Test {
 protected:
  PoolConfig Config(std::size_t binds = 1) {
    PoolConfig config;
    config.host = "127.0.0.1";
    config.port = smsc_.port();
    config.reconnect_min = 1ms;
    config.reconnect_max = 20ms;
    for (std::size_t i = 0; i < binds; ++i) {
      SessionConfig bind;
      bind.name = "bind-" + std::to_string(i);
      bind.system_id = "text";
      bind.password = "s3c";
      bind.unbind_timeout = 200ms;
      config.binds.push_back(bind);
    }
    return config;
  }
  void StartPool(PoolConfig config) {
    pool_ = std::move(ClientPool::Create(std::move(config), clock_, 1)).value();
    pool_->Start();
  }
  SubmitRequest Request(std::uint64_t token) const {
    SubmitRequest r;
    r.token = token;
    r.source = {5, 0, "TEXTBACK"};
    r.destination = {1, 1, "12125550101"};
    r.short_message = "Hello";
    r.lease_deadline = clock_.Mono() + 60s;
    return r;
  }
  std::vector<SubmitOutcome> Await(std::size_t n) {
    std::vector<SubmitOutcome> out;
    while (out.size() < n &&
           pool_->Drain(out, n - out.size(), std::chrono::milliseconds(kDeadlineMs)) > 0) {
    }
    EXPECT_EQ(out.size(), n);
    return out;
  }

  SystemClock clock_;
  Smsc smsc_;
  std::unique_ptr<ClientPool> pool_;
};

TEST_F(ClientTest, SubmitsAndHandsBackTheAnswers) {
  StartPool(Config());
  Peer peer = smsc_.Accept();
  EXPECT_EQ(peer.AcceptBind(), 9u);
  ASSERT_TRUE(pool_->TrySubmit(Request(7)));
  const Received submit = peer.Next();
  EXPECT_EQ(submit.id, 4u);
  peer.Send(Pdu(0x80000004, 0, submit.sequence, std::string("id1\0", 4)));
  const auto outcomes = Await(1);
  EXPECT_EQ(outcomes[0].token, 7u);
  EXPECT_EQ(outcomes[0].kind, SubmitKind::kAccepted);
  EXPECT_EQ(outcomes[0].message_id, "id1");
  EXPECT_EQ(outcomes[0].bind, "bind-0");
  const PortHealth health = pool_->Health();
  EXPECT_TRUE(health.AnyBound());
  EXPECT_EQ(health.open, 0u);
}

TEST_F(ClientTest, ABatchLargerThanTheWindowGoesThroughWhole) {
  PoolConfig config = Config();
  config.binds[0].window = 16;
  StartPool(std::move(config));
  Peer peer = smsc_.Accept();
  peer.AcceptBind();
  std::vector<SubmitRequest> requests;
  for (std::uint64_t token = 0; token < 1'000; ++token) requests.push_back(Request(token));
  ASSERT_EQ(pool_->TrySubmitBatch(requests), 1'000u);
  std::size_t open = 0, most = 0;
  std::vector<std::uint32_t> unanswered;
  for (int i = 0; i < 1'000; ++i) {
    unanswered.push_back(peer.Next().sequence);
    most = std::max(most, ++open);
    // Answer as late as the window's refill lets us: at 14 of 16 something new must come.
    if (open < 14 && i < 990) continue;
    for (const std::uint32_t sequence : unanswered) {
      peer.Send(Pdu(0x80000004, 0, sequence, std::string("x\0", 2)));
    }
    unanswered.clear();
    open = 0;
  }
  std::map<std::uint64_t, int> seen;
  for (const SubmitOutcome& outcome : Await(1'000)) {
    EXPECT_EQ(outcome.kind, SubmitKind::kAccepted);
    ++seen[outcome.token];
  }
  EXPECT_EQ(seen.size(), 1'000u) << "each once";
  EXPECT_LE(most, 16u);
}

TEST_F(ClientTest, RefusesMoreThanItHolds) {
  PoolConfig config = Config();
  config.open_max = 3;
  pool_ = std::move(ClientPool::Create(std::move(config), clock_, 1)).value();
  std::vector<SubmitRequest> requests;
  for (std::uint64_t token = 0; token < 5; ++token) requests.push_back(Request(token));
  EXPECT_EQ(pool_->TrySubmitBatch(requests), 3u);
  SubmitRequest one = Request(9);
  EXPECT_FALSE(pool_->TrySubmit(std::move(one)));
  EXPECT_EQ(one.short_message, "Hello") << "untouched";
  pool_->Stop();
  for (const SubmitOutcome& outcome : Await(3)) EXPECT_EQ(outcome.kind, SubmitKind::kNotSentLost);
  EXPECT_FALSE(pool_->TrySubmit(std::move(one))) << "stopped";
}

TEST_F(ClientTest, ALostConnectionIsUnknownAndTheRestGoesToTheNext) {
  PoolConfig config = Config();
  config.binds[0].window = 2;
  StartPool(std::move(config));
  std::vector<SubmitRequest> requests;
  for (std::uint64_t token = 0; token < 3; ++token) requests.push_back(Request(token));
  {
    Peer peer = smsc_.Accept();
    peer.AcceptBind();
    ASSERT_EQ(pool_->TrySubmitBatch(requests), 3u);
    EXPECT_EQ(peer.Next().id, 4u);
    EXPECT_EQ(peer.Next().id, 4u);
  }
  for (const SubmitOutcome& outcome : Await(2)) {
    EXPECT_EQ(outcome.kind, SubmitKind::kUnknown);
    EXPECT_EQ(outcome.reason, UnknownReason::kConnectionLost);
    EXPECT_LT(outcome.token, 2u);
  }
  Peer peer = smsc_.Accept();
  peer.AcceptBind();
  const Received submit = peer.Next();
  EXPECT_EQ(submit.id, 4u);
  peer.Send(Pdu(0x80000004, 0x0b, submit.sequence));
  const auto outcomes = Await(1);
  EXPECT_EQ(outcomes[0].token, 2u);
  EXPECT_EQ(outcomes[0].kind, SubmitKind::kRejected);
}

TEST_F(ClientTest, BindsShareTheQueueAndTakeOverFromEachOther) {
  PoolConfig config = Config(2);
  config.binds[0].window = 1;
  config.binds[1].window = 1;
  StartPool(std::move(config));
  Peer first = smsc_.Accept();
  Peer second = smsc_.Accept();
  first.AcceptBind();
  second.AcceptBind();
  ASSERT_TRUE(pool_->TrySubmit(Request(1)));
  ASSERT_TRUE(pool_->TrySubmit(Request(2)));
  const Received one = first.Next();
  const Received two = second.Next();
  EXPECT_EQ(one.id, 4u);
  EXPECT_EQ(two.id, 4u);
  ASSERT_TRUE(pool_->TrySubmit(Request(3)));
  first.Close();
  EXPECT_EQ(Await(1)[0].kind, SubmitKind::kUnknown);
  second.Send(Pdu(0x80000004, 0, two.sequence));
  const Received three = second.Next();
  EXPECT_EQ(three.id, 4u);
  second.Send(Pdu(0x80000004, 0, three.sequence));
  for (const SubmitOutcome& outcome : Await(2)) EXPECT_EQ(outcome.kind, SubmitKind::kAccepted);
}

TEST_F(ClientTest, ALeaseEndsInTheQueueWithNobodyBound) {
  StartPool(Config());
  Peer peer = smsc_.Accept();  // never answers the bind
  SubmitRequest request = Request(1);
  request.lease_deadline = clock_.Mono() + 50ms;
  ASSERT_TRUE(pool_->TrySubmit(std::move(request)));
  EXPECT_EQ(Await(1)[0].kind, SubmitKind::kNotSentLease);
}

TEST_F(ClientTest, MessagesInAreAnsweredWhenTheOwnerSaysSo) {
  StartPool(Config());
  Peer peer = smsc_.Accept();
  peer.AcceptBind();
  const std::string mo = *FromHex(
      "00"
      "0101313200"
      "0101353500"
      "000000"
      "0000"
      "00000000"
      "026869");
  peer.Send(Pdu(0x5, 0, 70, mo) + Pdu(0x5, 0, 71, mo));
  std::vector<Delivered> delivered;
  while (delivered.size() < 2 &&
         pool_->DrainDelivered(delivered, 2, std::chrono::milliseconds(kDeadlineMs)) > 0) {
  }
  ASSERT_EQ(delivered.size(), 2u);
  EXPECT_EQ(delivered[0].message.Payload(), "hi");
  EXPECT_EQ(delivered[1].bind, "bind-0");
  pool_->Respond(delivered[1].handle, 0);
  pool_->Respond(delivered[0].handle, 0x64);
  Received resp = peer.Next();
  EXPECT_EQ(resp.id, 0x80000005u);
  EXPECT_EQ(resp.sequence, 71u);
  resp = peer.Next();
  EXPECT_EQ(resp.sequence, 70u);
  EXPECT_EQ(resp.status, 0x64u);
}

TEST_F(ClientTest, MessagesThatNobodyDrainsStayWithTheSmsc) {
  PoolConfig config = Config();
  config.delivered_max = 1;
  StartPool(std::move(config));
  Peer peer = smsc_.Accept();
  peer.AcceptBind();
  const std::string mo = *FromHex(
      "00"
      "0101313200"
      "0101353500"
      "000000"
      "0000"
      "00000000"
      "026869");
  peer.Send(Pdu(0x5, 0, 70, mo) + Pdu(0x5, 0, 71, mo));
  const Received refused = peer.Next();
  EXPECT_EQ(refused.sequence, 71u);
  EXPECT_EQ(refused.status, 0x64u);
}

TEST_F(ClientTest, RefusedBindsComeBackAndSayWhy) {
  StartPool(Config());
  for (int i = 0; i < 3; ++i) {
    Peer peer = smsc_.Accept();
    const Received bind = peer.Next();
    peer.Send(Pdu(0x80000009, 0x0d, bind.sequence));
    EXPECT_EQ(peer.Next().id, 0u) << "closed";
  }
  Peer peer = smsc_.Accept();
  const PortHealth health = pool_->Health();
  EXPECT_THAT(health.binds[0].last_error, ::testing::HasSubstr("ESME_RBINDFAIL"));
  EXPECT_THAT(health.binds[0].last_error, ::testing::Not(::testing::HasSubstr("s3c")));
  EXPECT_FALSE(health.AnyBound());
  peer.AcceptBind();
  ASSERT_TRUE(pool_->TrySubmit(Request(1)));
  EXPECT_EQ(peer.Next().id, 4u);
}

TEST_F(ClientTest, StopUnbindsAfterTheAnswers) {
  StartPool(Config());
  Peer peer = smsc_.Accept();
  peer.AcceptBind();
  ASSERT_TRUE(pool_->TrySubmit(Request(1)));
  const Received submit = peer.Next();
  std::thread stopper([this] { pool_->Stop(); });
  peer.Send(Pdu(0x80000004, 0, submit.sequence, std::string("a\0", 2)));
  const Received unbind = peer.Next();
  EXPECT_EQ(unbind.id, 6u);
  peer.Send(Pdu(0x80000006, 0, unbind.sequence));
  stopper.join();
  EXPECT_EQ(Await(1)[0].kind, SubmitKind::kAccepted);
  EXPECT_EQ(peer.Next().id, 0u);
  EXPECT_FALSE(peer.reset());
}

TEST_F(ClientTest, AbortResetsAndSettlesEverything) {
  PoolConfig config = Config();
  config.binds[0].window = 1;
  StartPool(std::move(config));
  Peer peer = smsc_.Accept();
  peer.AcceptBind();
  ASSERT_TRUE(pool_->TrySubmit(Request(1)));
  ASSERT_TRUE(pool_->TrySubmit(Request(2)));
  EXPECT_EQ(peer.Next().id, 4u);
  pool_->Abort();
  EXPECT_FALSE(pool_->TrySubmit(Request(3)));
  std::map<std::uint64_t, SubmitKind> kinds;
  for (const SubmitOutcome& outcome : Await(2)) kinds[outcome.token] = outcome.kind;
  EXPECT_EQ(kinds[1], SubmitKind::kUnknown);
  EXPECT_EQ(kinds[2], SubmitKind::kNotSentLost);
  EXPECT_EQ(peer.Next().id, 0u);
  EXPECT_TRUE(peer.reset()) << "SO_LINGER 0: what the kernel held is gone";
}

TEST_F(ClientTest, APeerThatStopsReadingFillsNothingButItsWindow) {
  // The peer reads nothing: the kernel's buffers fill, the rest stays in the queue until its lease
  // ends, and each request is settled once.
  PoolConfig config = Config();
  config.binds[0].window = 65'536;
  config.open_max = 60'000;
  StartPool(std::move(config));
  Peer peer = smsc_.Accept();
  peer.AcceptBind();
  const MonoTime lease = clock_.Mono() + 300ms;
  std::vector<SubmitRequest> requests;
  for (std::uint64_t token = 0; token < 60'000; ++token) {
    SubmitRequest request = Request(token);
    request.short_message = std::string(254, 'x');
    request.lease_deadline = lease;
    requests.push_back(std::move(request));
  }
  ASSERT_EQ(pool_->TrySubmitBatch(requests), 60'000u);
  // Those that wait for room come back by themselves; then the connection goes.
  std::vector<SubmitOutcome> out;
  pool_->Drain(out, 60'000, std::chrono::milliseconds(kDeadlineMs));
  EXPECT_FALSE(out.empty());
  for (const SubmitOutcome& outcome : out) EXPECT_EQ(outcome.kind, SubmitKind::kNotSentLease);
  peer.Close();
  std::map<std::uint64_t, int> seen;
  for (const SubmitOutcome& outcome : Await(60'000 - out.size())) ++seen[outcome.token];
  for (const SubmitOutcome& outcome : out) ++seen[outcome.token];
  EXPECT_EQ(seen.size(), 60'000u);
}

TEST_F(ClientTest, SubmittersOnSeveralThreads) {
  StartPool(Config(2));
  Peer peers[] = {smsc_.Accept(), smsc_.Accept()};
  std::vector<std::thread> threads;
  for (Peer& peer : peers) {
    peer.AcceptBind();
    threads.emplace_back([&peer] {
      for (Received pdu = peer.Next(); pdu.id != 0; pdu = peer.Next()) {
        peer.Send(
            Pdu(pdu.id | 0x80000000u, 0, pdu.sequence, pdu.id == 4 ? std::string("m\0", 2) : ""));
      }
    });
  }
  std::vector<std::thread> submitters;
  for (std::uint64_t t = 0; t < 3; ++t) {
    submitters.emplace_back([this, t] {
      for (std::uint64_t i = 0; i < 300; ++i) EXPECT_TRUE(pool_->TrySubmit(Request(t * 1'000 + i)));
    });
  }
  std::map<std::uint64_t, int> seen;
  for (const SubmitOutcome& outcome : Await(900)) ++seen[outcome.token];
  EXPECT_EQ(seen.size(), 900u);
  for (std::thread& thread : submitters) thread.join();
  pool_->Stop();
  for (std::thread& thread : threads) thread.join();
  std::uint64_t submits = 0;
  for (const SessionStats& stats : pool_->Stats()) submits += stats.submits;
  EXPECT_EQ(submits, 900u);
}

TEST(PoolConfigTest, SaysWhatIsWrong) {
  const struct {
    const char* word;
    void (*change)(PoolConfig&);
  } cases[] = {
      {"host", [](PoolConfig& c) { c.host.clear(); }},
      {"port", [](PoolConfig& c) { c.port = 0; }},
      {"binds", [](PoolConfig& c) { c.binds.clear(); }},
      {"twice", [](PoolConfig& c) { c.binds.push_back(c.binds[0]); }},
      {"window", [](PoolConfig& c) { c.binds[0].window = 0; }},
      {"window", [](PoolConfig& c) { c.binds[0].window = 65'537; }},
      {"deliver_window", [](PoolConfig& c) { c.binds[0].deliver_window = 0; }},
      {"ESME_RINVPASWD", [](PoolConfig& c) { c.binds[0].password = std::string(65, 'p'); }},
      {"time-out", [](PoolConfig& c) { c.binds[0].response_timeout = 0ms; }},
      {"reconnect", [](PoolConfig& c) { c.reconnect_max = 0ms; }},
      {"queue", [](PoolConfig& c) { c.open_max = 0; }},
  };
  for (const auto& c : cases) {
    PoolConfig config;
    config.host = "127.0.0.1";
    config.binds.resize(1);
    config.binds[0].name = "a";
    ASSERT_TRUE(Validate(config));
    c.change(config);
    const Status status = Validate(config);
    ASSERT_FALSE(status) << c.word;
    EXPECT_EQ(status.error().code, "bad_smpp_config");
    EXPECT_THAT(status.error().message, ::testing::HasSubstr(c.word));
    EXPECT_THAT(status.error().message, ::testing::Not(::testing::HasSubstr("ppp")))
        << "no password";
  }
}

}  // namespace
}  // namespace textback::smpp
