// Moves messages from a librdkafka consumer into Batches, and keeps each partition's position.
//
// What is fetched is said with assign(), always the whole set of running partitions with explicit
// offsets, and never with pause(), resume() or seek(): in librdkafka 2.0.2 those race with messages
// already queued and with rebalances (fixed one by one up to 2.4), whereas assign() puts a barrier
// before everything fetched earlier; we know all positions, so nothing is lost by it. The price is
// that the other partitions' queued messages are fetched again (milliseconds), so changes are
// gathered and applied once, by the next Poll.
//
// Messages are taken one by one: batch consume of 2.0.2 may hand out what a rebalance inside the
// same call has just revoked; one by one costs the same. Payloads aren't copied: a Batch owns
// librdkafka's messages, whose bytes lie in the fetch response.
//
// Threads: the owner's, like the consumer's.
#pragma once

#include <librdkafka/rdkafka.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "log/log.h"
#include "log_kafka/handle.h"

namespace textback::log_kafka {

class Pump {
 public:
  explicit Pump(std::shared_ptr<Handle> handle) : handle_(std::move(handle)) {}

  // Fetches `partition` from `offset` on, from the next Poll.
  void Run(const log::TopicPartition& partition, std::int64_t offset);
  void Halt(const log::TopicPartition& partition);
  // Forgets all partitions, without a word to librdkafka: whoever calls has said or says it.
  void Forget();
  // The next offset that Poll may hand out; nullopt: not running.
  std::optional<std::int64_t> Position(const log::TopicPartition& partition) const;

  // As log::Consumer::Poll. Stops with an empty batch as soon as Forget is called inside of it.
  Status Poll(log::Batch& batch, const log::PollLimits& limits, std::chrono::milliseconds wait);

 private:
  struct Partition {
    std::int64_t next = 0;
  };
  class Messages;
  enum class Taken : unsigned char { kRecord, kNothing, kEnd, kError };

  Status Apply();
  Taken Take(rd_kafka_message_t* message, Messages& owner, log::Batch& batch);
  Taken TakeEvent(const rd_kafka_message_t& message);
  Partition* Find(const rd_kafka_message_t& message);
  Error ErrorFrom(const rd_kafka_message_t& message);

  const std::shared_ptr<Handle> handle_;
  std::map<log::TopicPartition, Partition> positions_;  // running partitions
  bool changed_ = false;                                // positions_ and the assignment differ
  bool forgotten_ = false;                              // Forget was called during this Poll
  // The partition of the last message: the next is mostly of the same.
  const rd_kafka_topic_t* last_topic_ = nullptr;
  std::int32_t last_partition_ = -1;
  Partition* last_ = nullptr;
  std::string_view last_name_;    // librdkafka's, which each message keeps alive
  std::optional<Error> pending_;  // came behind records: told by the next Poll
};

}  // namespace textback::log_kafka
