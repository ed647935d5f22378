// The log::Log of one simulated process. Private to log_sim; made by SimCluster.
#pragma once

#include <memory>

#include "log_sim/broker.h"

namespace textback::log::sim {

class SimLog final : public Log {
 public:
  SimLog(Broker& broker, std::shared_ptr<Process> process)
      : broker_(broker), process_(std::move(process)) {}

  Result<std::unique_ptr<Consumer>> NewConsumer(const ConsumerConfig& config,
                                                RebalanceListener& listener) override;
  Result<std::unique_ptr<TransactionalProducer>> NewTransactionalProducer(
      const TransactionalConfig& config) override;
  Result<std::unique_ptr<Reader>> NewReader(const ReaderConfig& config) override;
  Result<std::unique_ptr<Writer>> NewWriter(std::string_view name) override;
  Result<std::unique_ptr<Admin>> NewAdmin() override;
  Result<std::int32_t> Partitions(std::string_view topic) override;

 private:
  Status CheckTopics(const ConsumerConfig& config);

  Broker& broker_;
  const std::shared_ptr<Process> process_;
};

}  // namespace textback::log::sim
