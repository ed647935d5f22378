#include "log_kafka/sending.h"

#include <array>

#include "log_kafka/translate.h"

namespace textback::log_kafka {

Result<TopicTable::Entry> TopicTable::Find(std::string_view topic) {
  if (const auto known = topics_.find(topic); known != topics_.end()) {
    return Entry{known->second.topic.get(), known->second.partitions};
  }
  TB_ASSIGN_OR_RETURN(const std::int32_t partitions, cluster_->Partitions(topic));
  const std::string name(topic);
  Slot slot;
  slot.topic.reset(rd_kafka_topic_new(producer_, name.c_str(), nullptr));
  slot.partitions = partitions;
  if (slot.topic == nullptr) {
    return ToError(rd_kafka_last_error(), "opening topic " + name,
                   cluster_->connection()->bootstrap_servers);
  }
  const auto added = topics_.emplace(name, std::move(slot)).first;
  return Entry{added->second.topic.get(), partitions};
}

Result<rd_kafka_topic_t*> TopicTable::Find(std::string_view topic, std::int32_t partition) {
  TB_ASSIGN_OR_RETURN(const Entry entry, Find(topic));
  if (partition < 0 || partition >= entry.partitions) {
    return ToError(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
                   "sending to " + std::string(topic) + "[" + std::to_string(partition) + "]",
                   cluster_->connection()->bootstrap_servers,
                   "the topic has " + std::to_string(entry.partitions) + " partitions");
  }
  return entry.topic;
}

rd_kafka_resp_err_t Produce(rd_kafka_t* producer, rd_kafka_topic_t* topic, std::int32_t partition,
                            std::string_view key, std::optional<std::string_view> value,
                            std::int64_t timestamp_ms, void* opaque, const log::Header* header) {
  static char empty[1] = {0};  // an empty value is not a tombstone: librdkafka tells by the pointer
  std::array<rd_kafka_vu_t, 8> fields{};
  fields[0].vtype = RD_KAFKA_VTYPE_RKT;
  fields[0].u.rkt = topic;
  fields[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  fields[1].u.i32 = partition;
  fields[2].vtype = RD_KAFKA_VTYPE_VALUE;
  if (value) {
    fields[2].u.mem.ptr = value->empty() ? empty : const_cast<char*>(value->data());
    fields[2].u.mem.size = value->size();
  }
  fields[3].vtype = RD_KAFKA_VTYPE_KEY;
  if (!key.empty()) {
    fields[3].u.mem.ptr = const_cast<char*>(key.data());
    fields[3].u.mem.size = key.size();
  }
  fields[4].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
  fields[4].u.i64 = timestamp_ms;
  fields[5].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  fields[5].u.i = RD_KAFKA_MSG_F_COPY;
  fields[6].vtype = RD_KAFKA_VTYPE_OPAQUE;
  fields[6].u.ptr = opaque;
  std::size_t count = 7;
  std::string name;  // librdkafka takes it with an end, and copies it
  if (header != nullptr) {
    name = header->name;
    fields[count].vtype = RD_KAFKA_VTYPE_HEADER;
    fields[count].u.header.name = name.c_str();
    fields[count].u.header.val = header->value.empty() ? empty : header->value.data();
    fields[count].u.header.size = static_cast<std::int64_t>(header->value.size());
    ++count;
  }
  const ErrorPtr error(rd_kafka_produceva(producer, fields.data(), count));
  return error == nullptr ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_error_code(error.get());
}

}  // namespace textback::log_kafka
