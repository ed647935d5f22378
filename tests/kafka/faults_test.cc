// The log port while its broker crashes, or was never there.
#include <gmock/gmock.h>

#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "kafka/broker_process.h"
#include "log/errors.h"
#include "log_kafka/kafka_log.h"

namespace textback::tests {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Strings = std::vector<std::string>;

constexpr int kTransactions = 30;

std::unique_ptr<log::Log> LogAt(const std::string& bootstrap, std::chrono::milliseconds timeout) {
  log_kafka::ConnectionConfig connection;
  connection.bootstrap_servers = bootstrap;
  connection.request_timeout = timeout;
  return log_kafka::NewKafkaLog(std::move(connection)).value();
}

// All that is committed, up to what was the end when asked.
Strings ReadAll(log::Log& log, const log::TopicPartition& partition, MonoTime deadline) {
  const SystemClock clock;
  Strings values;
  const auto reader = log.NewReader({}).value();
  Result<log::Consumer::Range> range = reader->Offsets(partition, false);
  while (!range && clock.Mono() < deadline) {
    range = reader->Offsets(partition, false);
  }
  EXPECT_TRUE(range && reader->Assign({{partition, 0}}));
  log::Batch batch;
  while (range && reader->Position(partition).value() < range->end && clock.Mono() < deadline) {
    (void)reader->Poll(batch, {}, 100ms);  // the broker may be away for a while
    for (const auto& record : batch.records) values.emplace_back(record.value.value());
  }
  EXPECT_LT(clock.Mono(), deadline);
  return values;
}

// Follows a topic of one partition across rebalances.
class Follower final : public log::RebalanceListener {
 public:
  Follower(log::Log& log, log::ConsumerConfig config)
      : log_(log), config_(std::move(config)), consumer_(log.NewConsumer(config_, *this).value()) {}

  void Poll() {
    if (!consumer_) {
      auto made = log_.NewConsumer(config_, *this);
      if (!made) return;
      consumer_ = std::move(made).value();
    }
    // kRetry while the broker is away. One that crashed may take a member for its own successor and
    // fence it (kYield): then it is made anew, as a supervisor would.
    const auto polled = consumer_->Poll(batch_, {}, 50ms);
    if (!polled && polled.error().disposition != Disposition::kRetry) {
      consumer_.reset();
      return;
    }
    for (const auto& record : batch_.records) {
      values.emplace_back(record.value.value());
      next_ = record.offset + 1;
    }
    for (const auto& partition : fresh_) {
      EXPECT_TRUE(consumer_->Resume(partition, next_));
    }
    fresh_.clear();
  }
  void OnAssigned(const std::vector<log::TopicPartition>& partitions,
                  const log::GroupMetadata&) override {
    fresh_ = partitions;
  }
  void OnRevoked(const std::vector<log::TopicPartition>&) override { fresh_.clear(); }
  void OnLost(const std::vector<log::TopicPartition>&) override { fresh_.clear(); }

  Strings values;

 private:
  log::Log& log_;
  const log::ConsumerConfig config_;
  std::unique_ptr<log::Consumer> consumer_;
  std::vector<log::TopicPartition> fresh_;
  std::int64_t next_ = 0;
  log::Batch batch_;
};

// Writes 0, 1, 2 ... one a transaction. Whatever a commit leaves open, it looks up in the log.
class Sequence {
 public:
  Sequence(log::Log& log, log::TopicPartition target, MonoTime deadline)
      : log_(log), target_(std::move(target)), deadline_(deadline) {}

  std::size_t next() const { return next_; }

  void Step() {
    if (producer_ == nullptr && !Recreate()) return;
    if (!producer_->Begin() ||
        !producer_->Send(target_.topic, target_.partition, "", std::to_string(next_), 1)) {
      if (!producer_->Abort(2s)) producer_.reset();
      return;
    }
    switch (producer_->Commit(2s)) {
      case log::CommitOutcome::kCommitted:
        ++next_;
        break;
      case log::CommitOutcome::kAborted:
        break;
      case log::CommitOutcome::kFenced:
      case log::CommitOutcome::kUnknown:
        producer_.reset();
    }
  }

 private:
  bool Recreate() {
    producer_ = log_.NewTransactionalProducer({"sequence", 3s}).value();
    if (!producer_->Init(2s)) {
      producer_.reset();
      return false;
    }
    next_ = ReadAll(log_, target_, deadline_).size();
    return true;
  }

  log::Log& log_;
  const log::TopicPartition target_;
  const MonoTime deadline_;
  std::unique_ptr<log::TransactionalProducer> producer_;
  std::size_t next_ = 0;
};

TEST(KafkaFaultsTest, EachTransactionCountsOnceAcrossABrokersCrash) {
  const SystemClock clock;
  const MonoTime deadline = clock.Mono() + 90s;
  BrokerProcess broker;
  const auto log = LogAt(broker.bootstrap(), 5s);
  ASSERT_TRUE(log->NewAdmin().value()->Create({{.name = "sequence", .partitions = 1}}));
  const log::TopicPartition target{"sequence", 0};
  Follower follower(*log, {.group = "follower", .instance = "one", .topics = {"sequence"}});
  Sequence sequence(*log, target, deadline);
  std::thread crash;
  while (sequence.next() < kTransactions && clock.Mono() < deadline) {
    sequence.Step();
    follower.Poll();
    if (sequence.next() == kTransactions / 3 && !crash.joinable()) {
      crash = std::thread([&] {
        EXPECT_TRUE(BrokerProcess::Control("kill --dir " + broker.dir()));
        EXPECT_TRUE(BrokerProcess::Control("restart --dir " + broker.dir()));
      });
    }
  }
  ASSERT_TRUE(crash.joinable());
  crash.join();
  Strings expected;
  for (int i = 0; i < kTransactions; ++i) expected.push_back(std::to_string(i));
  EXPECT_EQ(ReadAll(*log, target, deadline), expected);
  while (follower.values.size() < kTransactions && clock.Mono() < deadline) follower.Poll();
  EXPECT_EQ(follower.values, expected);
}

TEST(KafkaFaultsTest, AMissingBrokerIsNamedAndWorthARetry) {
  const auto log = LogAt("127.0.0.1:1", 300ms);
  const auto partitions = log->Partitions("textback.calls");
  ASSERT_FALSE(partitions);
  EXPECT_EQ(partitions.error().disposition, Disposition::kRetry);
  EXPECT_EQ(partitions.error().code, log::errors::kUnreachable);
  EXPECT_THAT(partitions.error().message, HasSubstr("127.0.0.1:1"));
  const auto producer = log->NewTransactionalProducer({"nobody"}).value();
  const auto ready = producer->Init(300ms);
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().disposition, Disposition::kRetry);
  EXPECT_NE(producer->LastError(), "");
}

}  // namespace
}  // namespace textback::tests
