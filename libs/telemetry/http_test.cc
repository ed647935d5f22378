#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "telemetry/http_server.h"

namespace textback::telemetry {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// ---- parser and health: no socket ------------------------------------------------------------

TEST(HttpRequestTest, TakesGetAndHeadOnly) {
  const struct {
    std::string_view head;
    HttpParse parsed;
  } cases[] = {
      {"GET / HTTP/1.1\r\n\r\n", HttpParse::kComplete},
      {"HEAD /metrics HTTP/1.0\r\nHost: a\r\n\r\n", HttpParse::kComplete},
      {"GET /a HTTP/1.1\r\nX: y:z\r\n\r\nrest", HttpParse::kComplete},
      {"GET / HTTP/1.1\r\n\r", HttpParse::kMore},
      {"", HttpParse::kMore},
      {"POST / HTTP/1.1\r\n\r\n", HttpParse::kNotAllowed},
      {"\r\n\r\n", HttpParse::kBad},
      {"GET\r\n\r\n", HttpParse::kBad},
      {"GET / HTTP/2.0\r\n\r\n", HttpParse::kBad},
      {"GET http://a/ HTTP/1.1\r\n\r\n", HttpParse::kBad},
      {"GET /  HTTP/1.1\r\n\r\n", HttpParse::kBad},
      {"GET /\x01 HTTP/1.1\r\n\r\n", HttpParse::kBad},
      {"GET / HTTP/1.1\r\nno colon\r\n\r\n", HttpParse::kBad},
      {"GET / HTTP/1.1\r\n: x\r\n\r\n", HttpParse::kBad},
      {"GET / HTTP/1.1\r\na b: x\r\n\r\n", HttpParse::kBad},
      {"\x16\x03\x01\x02\x01\r\n\r\n", HttpParse::kBad},
  };
  for (const auto& c : cases) {
    HttpRequest request;
    EXPECT_EQ(ParseHttpHead(c.head, request), c.parsed) << c.head;
  }
}

TEST(HttpRequestTest, SplitsPathAndQuery) {
  HttpRequest request;
  ASSERT_EQ(ParseHttpHead("HEAD /a?b=c?d HTTP/1.1\r\naCCept: text/plain, application/json\r\n\r\n",
                          request),
            HttpParse::kComplete);
  EXPECT_EQ(request.path, "/a");
  EXPECT_EQ(request.query, "b=c?d");
  EXPECT_TRUE(request.head);
  EXPECT_TRUE(request.wants_json);
}

TEST(HealthTest, ReadyWhenAllChecksAre) {
  ManualClock clock;
  Health health(clock);
  EXPECT_TRUE(health.Report().ready);
  auto& broker = health.Add("broker");
  auto& restore = health.Add("restore");
  broker.Ready();
  EXPECT_EQ(health.Report().ToText(true), "not ready\nbroker: ok\nrestore: starting\n");
  EXPECT_EQ(health.Report().ToText(false), "healthy\nbroker: ok\nrestore: ok\n");
  restore.NotReady("partition 3 at \"40\" %");
  EXPECT_EQ(health.Report().ToJson(true),
            "{\"ready\":false,\"checks\":[{\"name\":\"broker\",\"ok\":true,\"reason\":\"\"},"
            "{\"name\":\"restore\",\"ok\":false,\"reason\":\"partition 3 at \\\"40\\\" %\"}]}\n");
  restore.Ready();
  EXPECT_TRUE(health.Report().ready);
  restore.Broken("disk full");
  restore.Ready();  // too late
  EXPECT_FALSE(health.Report().healthy);
  EXPECT_FALSE(health.Report().ready);
  EXPECT_EQ(health.Report().ToText(false), "not healthy\nbroker: ok\nrestore: disk full\n");
}

TEST(HealthTest, AThreadThatHangsIsFound) {
  ManualClock clock;
  Health health(clock);
  auto& shard = health.Add("shard", 5s);
  shard.Ready();
  clock.Advance(5s);
  EXPECT_TRUE(health.Report().healthy);
  clock.Advance(1ms);
  EXPECT_FALSE(health.Report().healthy);
  EXPECT_EQ(health.Report().ToText(false), "not healthy\nshard: no sign of life for 5001 ms\n");
  shard.Beat();
  EXPECT_TRUE(health.Report().ready);
}

// ---- server, over loopback -------------------------------------------------------------------

class Client {
 public:
  explicit Client(int port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
    const timeval limit{20, 0};  // a server that never answers fails the test instead of hanging it
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool Send(std::string_view bytes) const {
    return connected_ && ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                             static_cast<ssize_t>(bytes.size());
  }
  // All until the server closes; "timed out" if it doesn't.
  std::string ReadAll() const {
    std::string all;
    char buffer[4096];
    ssize_t n = 0;
    while ((n = ::recv(fd_, buffer, sizeof(buffer), 0)) > 0)
      all.append(buffer, static_cast<std::size_t>(n));
    return n == 0 || errno == ECONNRESET ? all : "timed out";
  }
  std::string Get(std::string_view head) const {
    EXPECT_TRUE(Send(head));
    return ReadAll();
  }

 private:
  int fd_;
  bool connected_ = false;
};

struct HttpServerTest : ::testing::Test {
  std::unique_ptr<HttpServer> Start(HttpOptions options = {}) {
    options.address = "127.0.0.1";
    options.port = 0;
    auto server = HttpServer::Start(options, StandardPages(registry, health), clock);
    EXPECT_TRUE(server);
    return std::move(server).value();
  }
  ManualClock clock;
  Registry registry;
  Health health{clock};
};

TEST_F(HttpServerTest, ServesThePages) {
  registry.GetCounter("textback_a_b_total", "x").Add(7);
  auto& check = health.Add("broker");
  const auto server = Start();
  EXPECT_GT(server->port(), 0);
  const auto metrics = Client(server->port()).Get("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(
      metrics,
      StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(metrics, HasSubstr("\r\n\r\n# HELP textback_a_b_total x\n# TYPE textback_a_b_total "
                                 "counter\ntextback_a_b_total 7\n"));
  EXPECT_THAT(
      Client(server->port()).Get("GET /readyz HTTP/1.1\r\n\r\n"),
      AllOf(StartsWith("HTTP/1.1 503 "), EndsWith("\r\n\r\nnot ready\nbroker: starting\n")));
  EXPECT_THAT(Client(server->port()).Get("GET /healthz HTTP/1.1\r\n\r\n"),
              StartsWith("HTTP/1.1 200 "));
  check.Ready();
  EXPECT_THAT(Client(server->port()).Get("GET /readyz?format=json HTTP/1.1\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("application/json"),
                    HasSubstr("{\"ready\":true")));
  EXPECT_THAT(Client(server->port()).Get("HEAD / HTTP/1.1\r\n\r\n"),
              EndsWith("Connection: close\r\n\r\n"));
  EXPECT_THAT(Client(server->port()).Get("GET /other HTTP/1.1\r\n\r\n"),
              StartsWith("HTTP/1.1 404 "));
}

TEST_F(HttpServerTest, RefusesGarbage) {
  const auto server = Start({.head_bytes_max = 64});
  const Client client(server->port());
  EXPECT_THAT(client.Get(std::string("\0\xff\r\n\r\n", 6)), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Client(server->port()).Get("DELETE / HTTP/1.1\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, HEAD")));
  EXPECT_THAT(Client(server->port()).Get("GET /" + std::string(64, 'a')),
              StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, ASlowPeerIsClosedAndOthersAreServedMeanwhile) {
  const auto server = Start({.connections_max = 2, .timeout = 10s});
  const Client slow(server->port());
  EXPECT_TRUE(slow.Send("GET / HT"));
  EXPECT_THAT(Client(server->port()).Get("GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  clock.Advance(10s);
  server->Wake();
  EXPECT_EQ(slow.ReadAll(), "");
}

TEST_F(HttpServerTest, ConnectionsBeyondTheLimitWaitTheirTurn) {
  std::vector<MonoTime> served;  // written by the server's thread, read after it has ended
  const auto handler = [&](const HttpRequest&) -> HttpResponse {
    served.push_back(clock.Mono());
    return {};
  };
  auto started = HttpServer::Start(
      {.address = "127.0.0.1", .port = 0, .connections_max = 1, .timeout = 10s}, handler, clock);
  ASSERT_TRUE(started);
  auto server = std::move(started).value();
  const Client first(server->port());
  EXPECT_THAT(first.Get("GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  // Answered, but not closed by its client: it holds its place until the time-out.
  const Client second(server->port());
  EXPECT_TRUE(second.Send("GET / HTTP/1.1\r\n\r\n"));
  clock.Advance(10s);
  server->Wake();
  EXPECT_THAT(second.ReadAll(), StartsWith("HTTP/1.1 200 "));
  server.reset();
  EXPECT_THAT(served, ::testing::ElementsAre(MonoTime{}, MonoTime{} + 10s));
}

TEST_F(HttpServerTest, AnAddressInUseIsAnError) {
  const auto server = Start();
  HttpOptions same{.address = "127.0.0.1", .port = server->port()};
  const auto second = HttpServer::Start(same, StandardPages(registry, health), clock);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "http_listen");
  EXPECT_THAT(second.error().message, HasSubstr("is another instance running?"));
  same.address = "localhost";
  EXPECT_THAT(HttpServer::Start(same, StandardPages(registry, health), clock).error().message,
              HasSubstr("numeric address"));
}

}  // namespace
}  // namespace textback::telemetry
