// The log port's conformance suite against a real broker.
#include "log_conformance/conformance.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "kafka/broker_process.h"
#include "log_kafka/kafka_log.h"

namespace textback::tests {
namespace {

using namespace std::chrono_literals;

class KafkaFixture final : public log::conformance::LogFixture {
 public:
  log::conformance::Capabilities capabilities() const override {
    log::conformance::Capabilities can;
    can.commits_show_late = true;
    return can;
  }

  log::Log& Process(int i) override {
    auto& process = processes_.at(static_cast<std::size_t>(i));
    if (process == nullptr) {
      log_kafka::ConnectionConfig connection;
      connection.bootstrap_servers = BrokerProcess::Shared().bootstrap();
      connection.client_id = "p" + std::to_string(i);
      // TEXTBACK_KAFKA_DEBUG=cgrp,eos: librdkafka's own log, on stderr.
      if (const char* const debug = std::getenv("TEXTBACK_KAFKA_DEBUG"); debug != nullptr) {
        connection.extra["debug"] = debug;
        connection.log_sink = [this](log_kafka::Severity, std::string_view line) {
          std::fprintf(stderr, "%lld %.*s\n", static_cast<long long>(clock_.NowMs()),
                       static_cast<int>(line.size()), line.data());
        };
      }
      process = log_kafka::NewKafkaLog(std::move(connection)).value();
    }
    return *process;
  }

  // Destroyed without Close or Abort: nothing is said to the coordinators.
  void Crash(std::unique_ptr<log::Consumer> consumer) override { consumer.reset(); }
  void Crash(std::unique_ptr<log::TransactionalProducer> producer) override { producer.reset(); }

  bool Trim(const log::TopicPartition& partition, std::int64_t offset) override {
    return BrokerProcess::Control("trim --port " + BrokerProcess::Shared().port() + " --topic " +
                                  partition.topic + " --partition " +
                                  std::to_string(partition.partition) + " --before " +
                                  std::to_string(offset));
  }

  std::chrono::milliseconds wait() const override { return 20ms; }
  std::chrono::milliseconds session() const override { return 3s; }
  MonoTime Now() const override { return clock_.Mono(); }
  void Step() override { poll(nullptr, 0, 5); }

  std::string Unique(std::string_view stem) override {
    static int count = 0;
    std::string name(stem);
    name += "-" + std::to_string(++count);
    return name;
  }

 private:
  SystemClock clock_;
  std::array<std::unique_ptr<log::Log>, 3> processes_;
};

}  // namespace
}  // namespace textback::tests

TEXTBACK_LOG_CONFORMANCE(Kafka, [] { return std::make_unique<textback::tests::KafkaFixture>(); });
