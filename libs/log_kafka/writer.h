// Idempotent writes, at least once: what was sent is durable up to a number that Poll returns.
//
// Partitions acknowledge on their own, so acknowledgements come out of order; the number moves only
// over an unbroken run of them. A send that failed for good breaks the run for ever: the writer is
// then to be replaced, and everything after the number sent again.
//
// Threads: one at a time.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "log/log.h"
#include "log_kafka/cluster.h"
#include "log_kafka/sending.h"

namespace textback::log_kafka {

class KafkaWriter final : public log::Writer, private Events {
 public:
  static Result<std::unique_ptr<KafkaWriter>> New(std::shared_ptr<Cluster> cluster,
                                                  std::string_view name);
  ~KafkaWriter() override;

  Result<std::uint64_t> Send(std::string_view topic, std::optional<std::int32_t> partition,
                             std::string_view key, std::optional<std::string_view> value,
                             std::int64_t timestamp_ms) override;
  Result<std::uint64_t> SendWith(const log::Header& header, std::string_view topic,
                                 std::optional<std::int32_t> partition, std::string_view key,
                                 std::optional<std::string_view> value,
                                 std::int64_t timestamp_ms) override;
  Result<std::uint64_t> Poll(std::chrono::milliseconds wait) override;
  Status Flush(std::chrono::milliseconds timeout) override;

 private:
  explicit KafkaWriter(std::shared_ptr<Cluster> cluster) : cluster_(std::move(cluster)) {}
  void OnDelivery(const rd_kafka_message_t& message) override;
  Result<std::uint64_t> DoSend(const log::Header* header, std::string_view topic,
                               std::optional<std::int32_t> partition, std::string_view key,
                               std::optional<std::string_view> value, std::int64_t timestamp_ms);
  Error Broken() const;

  const std::shared_ptr<Cluster> cluster_;
  std::shared_ptr<Handle> handle_;
  std::unique_ptr<TopicTable> topics_;
  std::uint64_t durable_ = 0;      // all up to here
  std::deque<bool> acknowledged_;  // of the sends after it; the last is the newest
  std::optional<Error> failure_;   // the first
};

}  // namespace textback::log_kafka
