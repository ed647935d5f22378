#include "log_kafka/kafka_log.h"

#include <charconv>

#include "log_kafka/admin.h"
#include "log_kafka/cluster.h"
#include "log_kafka/consumer.h"
#include "log_kafka/reader.h"
#include "log_kafka/transactional_producer.h"
#include "log_kafka/writer.h"

namespace textback::log_kafka {
namespace {

template <class Port, class Made>
Result<std::unique_ptr<Port>> As(Result<std::unique_ptr<Made>> made) {
  if (!made) {
    return std::move(made).error();
  }
  return std::unique_ptr<Port>(std::move(made).value());
}

class KafkaLog final : public log::Log {
 public:
  explicit KafkaLog(std::shared_ptr<const ConnectionConfig> connection)
      : cluster_(std::make_shared<Cluster>(std::move(connection))) {}

  Result<std::unique_ptr<log::Consumer>> NewConsumer(const log::ConsumerConfig& config,
                                                     log::RebalanceListener& listener) override {
    return As<log::Consumer>(KafkaConsumer::New(cluster_, config, listener));
  }
  Result<std::unique_ptr<log::TransactionalProducer>> NewTransactionalProducer(
      const log::TransactionalConfig& config) override {
    return As<log::TransactionalProducer>(KafkaTransactionalProducer::New(cluster_, config));
  }
  Result<std::unique_ptr<log::Reader>> NewReader(const log::ReaderConfig& config) override {
    return As<log::Reader>(KafkaReader::New(cluster_, config));
  }
  Result<std::unique_ptr<log::Writer>> NewWriter(std::string_view name) override {
    return As<log::Writer>(KafkaWriter::New(cluster_, name));
  }
  Result<std::unique_ptr<log::Admin>> NewAdmin() override {
    return std::unique_ptr<log::Admin>(std::make_unique<KafkaAdmin>(cluster_));
  }
  Result<std::int32_t> Partitions(std::string_view topic) override {
    return cluster_->Partitions(topic);
  }

 private:
  const std::shared_ptr<Cluster> cluster_;  // what this log makes may outlive it
};

constexpr char kAbortInterval[] = "transaction.abort.timed.out.transaction.cleanup.interval.ms";

}  // namespace

Result<std::unique_ptr<log::Log>> NewKafkaLog(ConnectionConfig connection) {
  TB_RETURN_IF_ERROR(Validate(connection));
  return std::unique_ptr<log::Log>(
      std::make_unique<KafkaLog>(std::make_shared<const ConnectionConfig>(std::move(connection))));
}

Result<std::optional<std::string>> CheckAbortInterval(log::Admin& admin,
                                                      std::chrono::milliseconds interval_max) {
  TB_ASSIGN_OR_RETURN(const auto setting, admin.BrokerSetting(kAbortInterval));
  std::int64_t interval_ms = 0;
  if (!setting ||
      std::from_chars(setting->data(), setting->data() + setting->size(), interval_ms).ec !=
          std::errc() ||
      interval_ms <= interval_max.count()) {
    return std::optional<std::string>();
  }
  return std::optional<std::string>(
      std::string("the brokers' ") + kAbortInterval + " is " + *setting +
      ": after a crash, decisions of the same partitions stand still up to that long; set it to " +
      std::to_string(interval_max.count()) + " on every broker");
}

}  // namespace textback::log_kafka
