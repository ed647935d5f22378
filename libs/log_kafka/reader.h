// Reads partitions without joining a group: restore, tenants, explain.
//
// Threads: one at a time.
#pragma once

#include <memory>

#include "log/log.h"
#include "log_kafka/cluster.h"
#include "log_kafka/pump.h"

namespace textback::log_kafka {

class KafkaReader final : public log::Reader {
 public:
  static Result<std::unique_ptr<KafkaReader>> New(std::shared_ptr<Cluster> cluster,
                                                  const log::ReaderConfig& config);

  ~KafkaReader() override { handle_->Detach(); }
  KafkaReader(const KafkaReader&) = delete;
  KafkaReader& operator=(const KafkaReader&) = delete;

  Status Assign(
      const std::vector<std::pair<log::TopicPartition, std::int64_t>>& positions) override;
  Status Poll(log::Batch& batch, const log::PollLimits& limits,
              std::chrono::milliseconds wait) override;
  Result<std::int64_t> Position(const log::TopicPartition& partition) override;
  Result<log::Consumer::Range> Offsets(const log::TopicPartition& partition,
                                       bool read_committed) override;

 private:
  KafkaReader(std::shared_ptr<Cluster> cluster, std::shared_ptr<Handle> handle)
      : cluster_(std::move(cluster)), handle_(std::move(handle)), pump_(handle_) {}

  const std::shared_ptr<Cluster> cluster_;
  const std::shared_ptr<Handle> handle_;
  Pump pump_;
  std::vector<log::TopicPartition> assigned_;
};

}  // namespace textback::log_kafka
