// A member of a Kafka consumer group.
//
// Static membership, range assignor, eager rebalancing: when the group changes, librdkafka asks
// from inside Poll to give up everything, then hands out the new share. The group is subscribed to
// the anchor topic alone, and this class adds the same indices of the other topics to the share
// (exactly-once.md, stream point 2). Partitions handed out aren't fetched until Resume.
//
// Threads: one at a time. The listener is called on the thread that is inside Poll or Close.
#pragma once

#include <memory>
#include <set>

#include "log/log.h"
#include "log_kafka/cluster.h"
#include "log_kafka/pump.h"

namespace textback::log_kafka {

class KafkaConsumer final : public log::Consumer, private Events {
 public:
  static Result<std::unique_ptr<KafkaConsumer>> New(std::shared_ptr<Cluster> cluster,
                                                    const log::ConsumerConfig& config,
                                                    log::RebalanceListener& listener);
  ~KafkaConsumer() override;

  Status Poll(log::Batch& batch, const log::PollLimits& limits,
              std::chrono::milliseconds wait) override;
  std::optional<std::string_view> HeaderOf(const log::Record& record,
                                           const std::string& name) const override;
  Status Resume(const log::TopicPartition& partition, std::int64_t offset) override;
  Status Pause(const log::TopicPartition& partition) override;
  Result<std::map<log::TopicPartition, std::optional<log::CommittedOffset>>> Committed(
      const std::vector<log::TopicPartition>& partitions) override;
  Status Commit(const std::vector<log::OffsetCommit>& offsets) override;
  Result<Range> Offsets(const log::TopicPartition& partition, bool read_committed) override;
  Result<std::int64_t> Position(const log::TopicPartition& partition) override;
  log::GroupMetadata Metadata() const override;
  void Close() override;

 private:
  KafkaConsumer(std::shared_ptr<Cluster> cluster, log::ConsumerConfig config,
                log::RebalanceListener& listener)
      : cluster_(std::move(cluster)), config_(std::move(config)), listener_(listener) {}
  Status Open();
  void OnRebalance(rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions) override;
  void OnAssign(const rd_kafka_topic_partition_list_t& partitions);
  void OnRevoke();
  bool IsLost() const;
  Status CheckOpen() const;

  const std::shared_ptr<Cluster> cluster_;
  const log::ConsumerConfig config_;
  log::RebalanceListener& listener_;
  std::shared_ptr<Handle> handle_;
  std::unique_ptr<Pump> pump_;
  std::set<log::TopicPartition> assigned_;
  log::GroupMetadata metadata_;  // captured at assignment; invalid without one
  bool closed_ = false;
};

}  // namespace textback::log_kafka
