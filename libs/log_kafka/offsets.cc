#include "log_kafka/offsets.h"

#include <cstring>

#include "log/errors.h"

namespace textback::log_kafka {

Result<ListPtr> ToList(const std::vector<log::OffsetCommit>& offsets) {
  ListPtr list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& offset : offsets) {
    if (offset.metadata.size() > kMetadataBytesMax) {
      return FatalError(log::errors::kInvalidState,
                        "metadata of " + std::to_string(offset.metadata.size()) +
                            " bytes for the offset of " + offset.source.topic + "[" +
                            std::to_string(offset.source.partition) +
                            "]: brokers take 4096 (offset.metadata.max.bytes)");
    }
    rd_kafka_topic_partition_t* const entry = rd_kafka_topic_partition_list_add(
        list.get(), offset.source.topic.c_str(), offset.source.partition);
    entry->offset = offset.next_offset;
    if (!offset.metadata.empty()) {
      entry->metadata =
          rd_kafka_mem_calloc(nullptr, 1, offset.metadata.size());  // the list frees it
      std::memcpy(entry->metadata, offset.metadata.data(), offset.metadata.size());
      entry->metadata_size = offset.metadata.size();
    }
  }
  return list;
}

Result<std::map<log::TopicPartition, std::optional<log::CommittedOffset>>> ReadCommitted(
    Handle& handle, const std::string& group, const std::vector<log::TopicPartition>& partitions,
    int timeout_ms) {
  std::map<log::TopicPartition, std::optional<log::CommittedOffset>> result;
  if (partitions.empty()) {
    return result;
  }
  const std::string doing = "reading the committed offsets of group " + group;
  const ListPtr list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const auto& partition : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition);
  }
  const rd_kafka_resp_err_t code = rd_kafka_committed(handle.get(), list.get(), timeout_ms);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return handle.ErrorOf(code, doing);
  }
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& entry = list->elems[i];
    if (entry.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return handle.ErrorOf(
          entry.err, doing + ", " + entry.topic + "[" + std::to_string(entry.partition) + "]");
    }
    auto& slot = result[{entry.topic, entry.partition}];
    if (entry.offset >= 0) {
      slot = log::CommittedOffset{entry.offset, {}};
      if (entry.metadata != nullptr) {
        slot->metadata.assign(static_cast<const char*>(entry.metadata), entry.metadata_size);
      }
    }
  }
  return result;
}

Status WriteCommitted(Handle& handle, const std::string& group,
                      const std::vector<log::OffsetCommit>& offsets, int timeout_ms) {
  if (offsets.empty()) {
    return Ok();
  }
  const std::string doing = "committing offsets of group " + group;
  TB_ASSIGN_OR_RETURN(const ListPtr list, ToList(offsets));
  // rd_kafka_commit() itself has no time-out.
  const QueuePtr queue(rd_kafka_queue_new(handle.get()));
  rd_kafka_resp_err_t code =
      rd_kafka_commit_queue(handle.get(), list.get(), queue.get(), nullptr, nullptr);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return handle.ErrorOf(code, doing);
  }
  const EventPtr event(rd_kafka_queue_poll(queue.get(), timeout_ms));
  if (event == nullptr) {
    return handle.ErrorOf(RD_KAFKA_RESP_ERR__TIMED_OUT, doing);
  }
  code = rd_kafka_event_error(event.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return handle.ErrorOf(code, doing);
  }
  const rd_kafka_topic_partition_list_t* const done =
      rd_kafka_event_topic_partition_list(event.get());
  for (int i = 0; done != nullptr && i < done->cnt; ++i) {
    if (done->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return handle.ErrorOf(done->elems[i].err, doing);
    }
  }
  return Ok();
}

}  // namespace textback::log_kafka
