// Topics and settings.
//
// Threads: any.
#pragma once

#include <memory>

#include "log/log.h"
#include "log_kafka/cluster.h"

namespace textback::log_kafka {

class KafkaAdmin final : public log::Admin {
 public:
  explicit KafkaAdmin(std::shared_ptr<Cluster> cluster) : cluster_(std::move(cluster)) {}

  Result<std::map<std::string, std::optional<log::TopicInfo>>> Describe(
      const std::vector<std::string>& topics) override;
  // Returns when the topics can be used; each with the brokers' default replication unless
  // ConnectionConfig::replication_factor says otherwise.
  Status Create(const std::vector<log::TopicSpec>& topics) override;
  Result<std::optional<std::string>> BrokerSetting(std::string_view name) override;

 private:
  Status AwaitUsable(const log::TopicSpec& topic);

  const std::shared_ptr<Cluster> cluster_;
};

}  // namespace textback::log_kafka
