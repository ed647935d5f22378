#include "e2e/topic.h"

#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "e2e/process.h"

namespace textback::tests {
namespace {

using namespace std::chrono_literals;

constexpr auto kBrokerTime = 60s;

}  // namespace

Follower::Follower(log::Log& log, std::string topic) : topic_(std::move(topic)) {
  partitions_ = log.Partitions(topic_).value();
  reader_ = log.NewReader({.read_committed = true}).value();
  std::vector<std::pair<log::TopicPartition, std::int64_t>> starts;
  for (std::int32_t i = 0; i < partitions_; ++i) starts.push_back({{topic_, i}, 0});
  const auto status = reader_->Assign(starts);
  EXPECT_TRUE(status) << status.error().message;
}

void Follower::Poll(const Take& take) {
  const auto status = reader_->Poll(batch_, {}, 0ms);
  if (!status) {
    EXPECT_EQ(status.error().disposition, Disposition::kRetry) << status.error().message;
    return;
  }
  for (const auto& record : batch_.records) take(record);
}

bool Follower::ReadToEnd(std::chrono::milliseconds limit, const Take& take) {
  std::map<std::int32_t, std::int64_t> ends;
  for (std::int32_t i = 0; i < partitions_; ++i) {
    const bool known = Until(limit, [&] {
      const auto range = reader_->Offsets({topic_, i}, /*read_committed=*/true);
      if (range) ends[i] = range->end;
      return range.has_value();
    });
    if (!known) return false;
  }
  return Until(limit, [&] {
    Poll(take);
    for (const auto& [partition, end] : ends) {
      const auto position = reader_->Position({topic_, partition});
      if (!position || *position < end) return false;
    }
    return true;
  });
}

void Topic::Keep(const log::Record& record) {
  entries_.push_back({record.partition, record.offset, std::string(record.key),
                      std::string(record.value.value_or(std::string_view()))});
}

const std::vector<Entry>& Topic::Poll() {
  follower_.Poll([this](const log::Record& record) { Keep(record); });
  return entries_;
}

bool Topic::ReadToEnd(std::chrono::milliseconds limit) {
  return follower_.ReadToEnd(limit, [this](const log::Record& record) { Keep(record); });
}

Feed::Feed(log::Log& log) : writer_(log.NewWriter("e2e").value()) {}

void Feed::Write(std::string_view topic, std::string_view key, std::string_view value,
                 std::int64_t at_ms) {
  const bool sent = Until(kBrokerTime, [&] {
    const auto number = writer_->Send(topic, std::nullopt, key, value, at_ms);
    if (number) return true;
    EXPECT_EQ(number.error().disposition, Disposition::kRetry) << number.error().message;
    (void)writer_->Poll(10ms);
    return false;
  });
  ASSERT_TRUE(sent) << topic;
}

void Feed::Flush() {
  const auto status = writer_->Flush(kBrokerTime);
  ASSERT_TRUE(status) << status.error().message;
}

}  // namespace textback::tests
