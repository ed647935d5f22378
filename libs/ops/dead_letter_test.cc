#include "ops/dead_letter.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "log/errors.h"

namespace textback::ops {
namespace {

// Keeps what is sent; the next sends and polls fail as told.
class FakeWriter final : public log::Writer {
 public:
  struct Sent {
    std::string header;
    std::string topic;
    std::string key;
    std::string value;
    std::int64_t at_ms;
    bool operator==(const Sent&) const = default;
  };

  Result<std::uint64_t> Send(std::string_view topic, std::optional<std::int32_t> partition,
                             std::string_view key, std::optional<std::string_view> value,
                             std::int64_t timestamp_ms) override {
    return Keep("", topic, partition, key, value, timestamp_ms);
  }
  Result<std::uint64_t> SendWith(const log::Header& header, std::string_view topic,
                                 std::optional<std::int32_t> partition, std::string_view key,
                                 std::optional<std::string_view> value,
                                 std::int64_t timestamp_ms) override {
    return Keep(std::string(header.name) + ": " + std::string(header.value), topic, partition, key,
                value, timestamp_ms);
  }
  Result<std::uint64_t> Poll(std::chrono::milliseconds) override {
    ++polls;
    if (poll_fails) return RetryError(log::errors::kTimedOut, "lost");
    return sent.size();
  }
  Status Flush(std::chrono::milliseconds) override { return Ok(); }

  std::vector<Sent> sent;
  std::deque<Error> send_errors;
  bool poll_fails = false;
  int polls = 0;

 private:
  Result<std::uint64_t> Keep(std::string header, std::string_view topic,
                             std::optional<std::int32_t> partition, std::string_view key,
                             std::optional<std::string_view> value, std::int64_t timestamp_ms) {
    EXPECT_FALSE(partition) << "the key chooses";
    if (!send_errors.empty()) {
      auto error = send_errors.front();
      send_errors.pop_front();
      return error;
    }
    sent.push_back({std::move(header), std::string(topic), std::string(key), std::string(*value),
                    timestamp_ms});
    return sent.size();
  }
};

v1::DeadLetter Letter() {
  v1::DeadLetter letter;
  letter.mutable_coordinates()->set_topic("cdrs");
  letter.set_key("k");
  letter.set_value("v");
  return letter;
}

TEST(DeadLetter, GoesBackAsItWas) {
  FakeWriter writer;
  ASSERT_TRUE(SendAgain(writer, Letter(), 17));
  EXPECT_EQ(writer.sent, (std::vector<FakeWriter::Sent>{{"", "cdrs", "k", "v", 17}}));
}

TEST(DeadLetter, KeepsTheHeaderThatNamedItsSource) {
  FakeWriter writer;
  auto letter = Letter();
  letter.set_source_header("origin");
  letter.set_source_header_value("pbx");
  ASSERT_TRUE(SendAgain(writer, letter, 17));
  letter.clear_source_header_value();  // the header was there, and empty
  ASSERT_TRUE(SendAgain(writer, letter, 18));
  EXPECT_EQ(writer.sent, (std::vector<FakeWriter::Sent>{{"origin: pbx", "cdrs", "k", "v", 17},
                                                        {"origin: ", "cdrs", "k", "v", 18}}));
}

TEST(DeadLetter, AFullQueueIsWaitedFor) {
  FakeWriter writer;
  writer.send_errors.assign(2, RetryError(log::errors::kQueueFull, "full"));
  ASSERT_TRUE(SendAgain(writer, Letter(), 17));
  EXPECT_EQ(writer.sent.size(), 1u);
  EXPECT_EQ(writer.polls, 2);
}

TEST(DeadLetter, WhatCannotBeSentIsSaid) {
  FakeWriter writer;
  writer.send_errors = {FatalError(log::errors::kTopicMissing, "no topic cdrs")};
  const auto refused = SendAgain(writer, Letter(), 17);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, log::errors::kTopicMissing);
  writer.send_errors = {RetryError(log::errors::kQueueFull, "full")};
  writer.poll_fails = true;
  const auto lost = SendAgain(writer, Letter(), 17);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, log::errors::kTimedOut);
  EXPECT_TRUE(writer.sent.empty());
}

}  // namespace
}  // namespace textback::ops
