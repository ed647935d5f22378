#include "log_kafka/cluster.h"

#include "log/errors.h"
#include "log_kafka/translate.h"

namespace textback::log_kafka {
namespace {

struct TopicDeleter {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};
using TopicPtr = std::unique_ptr<rd_kafka_topic_t, TopicDeleter>;

struct MetadataDeleter {
  void operator()(const rd_kafka_metadata_t* metadata) const {
    rd_kafka_metadata_destroy(metadata);
  }
};
using MetadataPtr = std::unique_ptr<const rd_kafka_metadata_t, MetadataDeleter>;

// `topic` null: brokers only.
Result<MetadataPtr> AskMetadata(Handle& handle, rd_kafka_topic_t* topic, int timeout_ms,
                                std::string_view doing) {
  rd_kafka_poll(handle.get(), 0);
  const rd_kafka_metadata_t* metadata = nullptr;
  const rd_kafka_resp_err_t code = rd_kafka_metadata(handle.get(), 0, topic, &metadata, timeout_ms);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_poll(handle.get(), 0);
    if (auto error = handle.TakeError()) {  // says more than "timed out"
      return std::move(*error);
    }
    return handle.ErrorOf(code, doing);
  }
  return MetadataPtr(metadata);
}

}  // namespace

Result<Handle*> Cluster::Query(bool read_committed) {
  const std::scoped_lock lock(mutex_);
  auto& handle = query_[read_committed ? 1 : 0];
  if (handle == nullptr) {
    TB_ASSIGN_OR_RETURN(handle,
                        Handle::New(Kind::kConsumer, ReaderSettings(*connection_, read_committed),
                                    connection_, nullptr));
  }
  return handle.get();
}

Result<std::int32_t> Cluster::Partitions(std::string_view topic) {
  {
    const std::scoped_lock lock(mutex_);
    if (const auto known = partitions_.find(topic); known != partitions_.end()) {
      return known->second;
    }
  }
  const std::string name(topic);
  TB_ASSIGN_OR_RETURN(const auto count, AskPartitions(name));
  if (!count) {
    return ToError(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "looking for topic " + name,
                   connection_->bootstrap_servers);
  }
  const std::scoped_lock lock(mutex_);
  partitions_.emplace(name, *count);
  return *count;
}

Result<std::optional<std::int32_t>> Cluster::AskPartitions(const std::string& topic) {
  TB_ASSIGN_OR_RETURN(const auto layout, AskLayout(topic));
  return layout ? std::optional(layout->partitions) : std::nullopt;
}

Result<std::optional<Cluster::Layout>> Cluster::AskLayout(const std::string& topic) {
  TB_ASSIGN_OR_RETURN(Handle* const handle, Query(true));
  const std::string doing = "asking for the partitions of topic " + topic;
  const TopicPtr local(rd_kafka_topic_new(handle->get(), topic.c_str(), nullptr));
  if (local == nullptr) {
    return handle->ErrorOf(RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, doing,
                           "not a name that a topic can have");
  }
  TB_ASSIGN_OR_RETURN(const MetadataPtr metadata,
                      AskMetadata(*handle, local.get(), timeout_ms(), doing));
  if (metadata->topic_cnt != 1) {
    return handle->ErrorOf(RD_KAFKA_RESP_ERR__TIMED_OUT, doing, "the answer doesn't name it");
  }
  const rd_kafka_metadata_topic_t& found = metadata->topics[0];
  if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
      found.err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) {
    return std::optional<Layout>();
  }
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR &&
      found.err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
    return handle->ErrorOf(found.err, doing);
  }
  Layout layout{.partitions = found.partition_cnt};
  for (int i = 0; i < found.partition_cnt; ++i) {
    const int replicas = found.partitions[i].replica_cnt;
    layout.replicas = i == 0 ? replicas : std::min(layout.replicas, replicas);
  }
  return std::optional(layout);
}

Result<std::int32_t> Cluster::CheckTopics(const std::vector<std::string>& topics, bool equal) {
  std::int32_t anchor = 0;
  for (const auto& topic : topics) {
    TB_ASSIGN_OR_RETURN(const std::int32_t count, Partitions(topic));
    if (&topic == topics.data()) {
      anchor = count;
    }
    if (equal && count != anchor) {
      return FatalError(log::errors::kPartitionMismatch,
                        "topic " + topic + " has " + std::to_string(count) + " partitions and " +
                            topics[0] + " has " + std::to_string(anchor) + " at Kafka " +
                            connection_->bootstrap_servers +
                            "; they are read together, partition by partition: create " + topic +
                            " anew with " + std::to_string(anchor));
    }
  }
  return anchor;
}

Result<log::Consumer::Range> Cluster::Offsets(const log::TopicPartition& partition,
                                              bool read_committed) {
  TB_ASSIGN_OR_RETURN(const std::int32_t count, Partitions(partition.topic));
  const std::string doing =
      "reading the offsets of " + partition.topic + "[" + std::to_string(partition.partition) + "]";
  if (partition.partition < 0 || partition.partition >= count) {
    return ToError(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, doing, connection_->bootstrap_servers,
                   "the topic has " + std::to_string(count) + " partitions");
  }
  TB_ASSIGN_OR_RETURN(Handle* const handle, Query(read_committed));
  rd_kafka_poll(handle->get(), 0);
  log::Consumer::Range range;
  const rd_kafka_resp_err_t code =
      rd_kafka_query_watermark_offsets(handle->get(), partition.topic.c_str(), partition.partition,
                                       &range.begin, &range.end, timeout_ms());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return handle->ErrorOf(code, doing);
  }
  return range;
}

Result<std::int32_t> Cluster::AnyBroker() {
  TB_ASSIGN_OR_RETURN(Handle* const handle, Query(true));
  TB_ASSIGN_OR_RETURN(const MetadataPtr metadata,
                      AskMetadata(*handle, nullptr, timeout_ms(), "looking for a broker"));
  if (metadata->broker_cnt < 1) {
    return handle->ErrorOf(RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, "looking for a broker");
  }
  return metadata->brokers[0].id;
}

}  // namespace textback::log_kafka
