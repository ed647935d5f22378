// What both kinds of producer share: handles of topics, and handing a record to librdkafka.
//
// Threads: the producer's.
#pragma once

#include <librdkafka/rdkafka.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "log/log.h"
#include "log_kafka/cluster.h"

namespace textback::log_kafka {

// One producer's topics. Destroy it before the producer.
class TopicTable {
 public:
  TopicTable(std::shared_ptr<Cluster> cluster, rd_kafka_t* producer)
      : cluster_(std::move(cluster)), producer_(producer) {}

  struct Entry {
    rd_kafka_topic_t* topic = nullptr;
    std::int32_t partitions = 0;
  };
  // Asks the cluster the first time: a record for a topic that doesn't exist is refused here,
  // instead of failing its whole transaction half a minute later.
  Result<Entry> Find(std::string_view topic);
  // Find, and the partition exists.
  Result<rd_kafka_topic_t*> Find(std::string_view topic, std::int32_t partition);

 private:
  struct Deleter {
    void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
  };
  struct Slot {
    std::unique_ptr<rd_kafka_topic_t, Deleter> topic;
    std::int32_t partitions = 0;
  };
  const std::shared_ptr<Cluster> cluster_;
  rd_kafka_t* const producer_;
  std::map<std::string, Slot, std::less<>> topics_;
};

// Copies key and value into librdkafka's message: one allocation for all three, and no
// memory of ours whose end a delivery report would have to tell.
rd_kafka_resp_err_t Produce(rd_kafka_t* producer, rd_kafka_topic_t* topic, std::int32_t partition,
                            std::string_view key, std::optional<std::string_view> value,
                            std::int64_t timestamp_ms, void* opaque,
                            const log::Header* header = nullptr);

}  // namespace textback::log_kafka
