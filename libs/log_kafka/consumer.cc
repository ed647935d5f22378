#include "log_kafka/consumer.h"

#include <cstring>

#include "log/errors.h"
#include "log_kafka/group_metadata.h"
#include "log_kafka/offsets.h"
#include "log_kafka/translate.h"

namespace textback::log_kafka {

Result<std::unique_ptr<KafkaConsumer>> KafkaConsumer::New(std::shared_ptr<Cluster> cluster,
                                                          const log::ConsumerConfig& config,
                                                          log::RebalanceListener& listener) {
  if (config.group.empty() || config.instance.empty() || config.topics.empty()) {
    return FatalError(log::errors::kInvalidState,
                      "a consumer needs a group, an instance and at least one topic");
  }
  std::unique_ptr<KafkaConsumer> consumer(new KafkaConsumer(std::move(cluster), config, listener));
  TB_RETURN_IF_ERROR(consumer->Open());
  return consumer;
}

Status KafkaConsumer::Open() {
  TB_RETURN_IF_ERROR(cluster_->CheckTopics(config_.topics, config_.co_partitioned));
  TB_ASSIGN_OR_RETURN(
      handle_, Handle::New(Kind::kConsumer, ConsumerSettings(*cluster_->connection(), config_),
                           cluster_->connection(), this));
  pump_ = std::make_unique<Pump>(handle_);
  const std::size_t subscribed = config_.co_partitioned ? 1 : config_.topics.size();
  const ListPtr topics(rd_kafka_topic_partition_list_new(static_cast<int>(subscribed)));
  for (std::size_t i = 0; i < subscribed; ++i) {
    rd_kafka_topic_partition_list_add(topics.get(), config_.topics[i].c_str(),
                                      RD_KAFKA_PARTITION_UA);
  }
  const rd_kafka_resp_err_t code = rd_kafka_subscribe(handle_->get(), topics.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return handle_->ErrorOf(code, "joining group " + config_.group);
  }
  return Ok();
}

KafkaConsumer::~KafkaConsumer() {
  if (handle_ != nullptr && !closed_) {
    handle_->Detach();
  }
}

Status KafkaConsumer::CheckOpen() const {
  if (closed_) {
    return FatalError(log::errors::kInvalidState,
                      "the consumer of group " + config_.group + " is closed");
  }
  return Ok();
}

Status KafkaConsumer::Poll(log::Batch& batch, const log::PollLimits& limits,
                           std::chrono::milliseconds wait) {
  batch.Clear();
  TB_RETURN_IF_ERROR(CheckOpen());
  return pump_->Poll(batch, limits, wait);
}

// librdkafka parses a message's headers the first time it is asked for them.
std::optional<std::string_view> KafkaConsumer::HeaderOf(const log::Record& record,
                                                        const std::string& name) const {
  rd_kafka_headers_t* headers = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  if (rd_kafka_message_headers(static_cast<const rd_kafka_message_t*>(record.native), &headers) !=
          RD_KAFKA_RESP_ERR_NO_ERROR ||
      rd_kafka_header_get_last(headers, name.c_str(), &value, &size) !=
          RD_KAFKA_RESP_ERR_NO_ERROR) {
    return std::nullopt;
  }
  return std::string_view(static_cast<const char*>(value), value == nullptr ? 0 : size);
}

Status KafkaConsumer::Resume(const log::TopicPartition& partition, std::int64_t offset) {
  TB_RETURN_IF_ERROR(CheckOpen());
  if (offset < 0) {
    return FatalError(log::errors::kInvalidState,
                      "no partition can be resumed at offset " + std::to_string(offset));
  }
  if (assigned_.contains(partition)) {
    pump_->Run(partition, offset);
  }
  return Ok();
}

Status KafkaConsumer::Pause(const log::TopicPartition& partition) {
  TB_RETURN_IF_ERROR(CheckOpen());
  pump_->Halt(partition);
  return Ok();
}

Result<std::map<log::TopicPartition, std::optional<log::CommittedOffset>>> KafkaConsumer::Committed(
    const std::vector<log::TopicPartition>& partitions) {
  TB_RETURN_IF_ERROR(CheckOpen());
  return ReadCommitted(*handle_, config_.group, partitions, cluster_->timeout_ms());
}

Status KafkaConsumer::Commit(const std::vector<log::OffsetCommit>& offsets) {
  TB_RETURN_IF_ERROR(CheckOpen());
  for (const auto& offset : offsets) {
    if (!assigned_.contains(offset.source)) {
      return handle_->ErrorOf(RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST,
                              "committing " + offset.source.topic + "[" +
                                  std::to_string(offset.source.partition) + "]");
    }
  }
  if (!Metadata().valid()) {
    return handle_->ErrorOf(RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST,
                            "committing offsets of group " + config_.group);
  }
  return WriteCommitted(*handle_, config_.group, offsets, cluster_->timeout_ms());
}

Result<log::Consumer::Range> KafkaConsumer::Offsets(const log::TopicPartition& partition,
                                                    bool read_committed) {
  TB_RETURN_IF_ERROR(CheckOpen());
  return cluster_->Offsets(partition, read_committed);
}

Result<std::int64_t> KafkaConsumer::Position(const log::TopicPartition& partition) {
  if (const auto position = pump_->Position(partition)) {
    return *position;
  }
  return RetryError(
      log::errors::kInvalidState,
      partition.topic + "[" + std::to_string(partition.partition) + "] has not been resumed");
}

log::GroupMetadata KafkaConsumer::Metadata() const {
  if (closed_ || !metadata_.valid() || IsLost()) {
    return {config_.group, {}, -1, nullptr};
  }
  return metadata_;
}

bool KafkaConsumer::IsLost() const {
  return rd_kafka_assignment_lost(handle_->get()) != 0 ||
         rd_kafka_fatal_error(handle_->get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR;
}

void KafkaConsumer::OnRebalance(rd_kafka_resp_err_t code,
                                rd_kafka_topic_partition_list_t* partitions) {
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !closed_) {
    OnAssign(*partitions);
  } else {
    OnRevoke();
  }
  rd_kafka_yield(handle_->get());  // Poll is to return and start what the listener resumed
}

void KafkaConsumer::OnAssign(const rd_kafka_topic_partition_list_t& partitions) {
  std::vector<log::TopicPartition> share;
  for (int i = 0; i < partitions.cnt; ++i) {
    const rd_kafka_topic_partition_t& given = partitions.elems[i];
    if (!config_.co_partitioned) {
      share.push_back({given.topic, given.partition});
      continue;
    }
    for (const auto& topic : config_.topics) {
      share.push_back({topic, given.partition});
    }
  }
  assigned_ = {share.begin(), share.end()};
  pump_->Forget();
  // Nothing is fetched yet, but the group is told that its share has been taken.
  const ListPtr none(rd_kafka_topic_partition_list_new(0));
  rd_kafka_assign(handle_->get(), none.get());
  metadata_ = Capture(handle_->get(), config_.group, config_.instance);
  listener_.OnAssigned(share, metadata_);
}

void KafkaConsumer::OnRevoke() {
  const std::vector<log::TopicPartition> share(assigned_.begin(), assigned_.end());
  if (!share.empty()) {
    // The lost flag is cleared by assign(), so a generation that has moved on tells it too.
    const bool lost =
        IsLost() ||
        Capture(handle_->get(), config_.group, config_.instance).generation != metadata_.generation;
    if (lost) {
      metadata_ = {};
      listener_.OnLost(share);
    } else {
      listener_.OnRevoked(share);
    }
  }
  assigned_.clear();
  metadata_ = {};
  pump_->Forget();
  rd_kafka_assign(handle_->get(), nullptr);
}

void KafkaConsumer::Close() {
  if (closed_ || handle_ == nullptr) {
    return;
  }
  rd_kafka_consumer_close(handle_->get());
  if (!assigned_.empty()) {  // closed without having been asked to revoke: fenced
    const std::vector<log::TopicPartition> share(assigned_.begin(), assigned_.end());
    assigned_.clear();
    metadata_ = {};
    listener_.OnLost(share);
  }
  pump_->Forget();
  closed_ = true;
}

}  // namespace textback::log_kafka
