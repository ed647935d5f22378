// Questions to the cluster that need no group and no transaction: partition counts, offsets.
//
// One per Log, shared by all that the Log makes. It keeps two librdkafka clients, made when first
// asked: a read_committed one gives a partition's last stable offset as its end, a read_uncommitted
// one the high watermark (KAFKA-10167).
//
// Threads: any.
// Errors: kRetry when no broker answers within request_timeout; kFatal "topic_missing".
#pragma once

#include <librdkafka/rdkafka.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/log.h"
#include "log_kafka/connection.h"
#include "log_kafka/handle.h"

namespace textback::log_kafka {

class Cluster {
 public:
  explicit Cluster(std::shared_ptr<const ConnectionConfig> connection)
      : connection_(std::move(connection)) {}

  const std::shared_ptr<const ConnectionConfig>& connection() const { return connection_; }
  int timeout_ms() const { return static_cast<int>(connection_->request_timeout.count()); }

  // Of a topic that exists; remembered, since counts never change.
  Result<std::int32_t> Partitions(std::string_view topic);
  // Asks the brokers each time; nullopt: no such topic.
  Result<std::optional<std::int32_t>> AskPartitions(const std::string& topic);
  struct Layout {
    std::int32_t partitions = 0;
    std::int32_t replicas = 0;  // least of its partitions'
  };
  Result<std::optional<Layout>> AskLayout(const std::string& topic);
  // kFatal unless all exist and, with `equal`, have the same number of partitions.
  Result<std::int32_t> CheckTopics(const std::vector<std::string>& topics, bool equal);
  Result<log::Consumer::Range> Offsets(const log::TopicPartition& partition, bool read_committed);
  // A broker that is up, for questions about its settings.
  Result<std::int32_t> AnyBroker();
  // For admin calls. Lives as long as this object.
  Result<Handle*> Query(bool read_committed);

 private:
  const std::shared_ptr<const ConnectionConfig> connection_;
  std::mutex mutex_;  // both below; never held while waiting for a broker
  std::shared_ptr<Handle> query_[2];
  std::map<std::string, std::int32_t, std::less<>> partitions_;
};

}  // namespace textback::log_kafka
