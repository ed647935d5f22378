#include "log_kafka/reader.h"

#include <algorithm>

#include "log/errors.h"
#include "log_kafka/translate.h"

namespace textback::log_kafka {

Result<std::unique_ptr<KafkaReader>> KafkaReader::New(std::shared_ptr<Cluster> cluster,
                                                      const log::ReaderConfig& config) {
  TB_ASSIGN_OR_RETURN(
      auto handle,
      Handle::New(Kind::kConsumer, ReaderSettings(*cluster->connection(), config.read_committed),
                  cluster->connection(), nullptr));
  return std::unique_ptr<KafkaReader>(new KafkaReader(std::move(cluster), std::move(handle)));
}

Status KafkaReader::Assign(
    const std::vector<std::pair<log::TopicPartition, std::int64_t>>& positions) {
  for (const auto& [partition, offset] : positions) {
    TB_ASSIGN_OR_RETURN(const std::int32_t count, cluster_->Partitions(partition.topic));
    if (partition.partition < 0 || partition.partition >= count || offset < 0) {
      return handle_->ErrorOf(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
                              "reading " + partition.topic + "[" +
                                  std::to_string(partition.partition) + "] from offset " +
                                  std::to_string(offset),
                              "the topic has " + std::to_string(count) + " partitions");
    }
  }
  for (const auto& old : assigned_) {
    if (std::ranges::find(positions, old, &std::pair<log::TopicPartition, std::int64_t>::first) ==
        positions.end()) {
      pump_.Halt(old);
    }
  }
  assigned_.clear();
  for (const auto& [partition, offset] : positions) {
    pump_.Run(partition, offset);
    assigned_.push_back(partition);
  }
  return Ok();
}

Status KafkaReader::Poll(log::Batch& batch, const log::PollLimits& limits,
                         std::chrono::milliseconds wait) {
  return pump_.Poll(batch, limits, wait);
}

Result<std::int64_t> KafkaReader::Position(const log::TopicPartition& partition) {
  if (const auto position = pump_.Position(partition)) {
    return *position;
  }
  return FatalError(
      log::errors::kInvalidState,
      partition.topic + "[" + std::to_string(partition.partition) + "] is not being read");
}

Result<log::Consumer::Range> KafkaReader::Offsets(const log::TopicPartition& partition,
                                                  bool read_committed) {
  return cluster_->Offsets(partition, read_committed);
}

}  // namespace textback::log_kafka
