#include "log_sim/client.h"

#include "log/errors.h"
#include "log_sim/consumer.h"
#include "log_sim/producer.h"

namespace textback::log::sim {
namespace {

Error MissingTopic(std::string_view topic) {
  return FatalError(errors::kTopicMissing, "no topic " + std::string(topic) + ": create it first");
}

class SimAdmin final : public Admin {
 public:
  SimAdmin(Broker& broker, std::shared_ptr<Process> process)
      : broker_(broker), process_(std::move(process)) {}

  Result<std::map<std::string, std::optional<TopicInfo>>> Describe(
      const std::vector<std::string>& topics) override {
    const Call call(broker_, *process_, Step::kAdmin);
    if (call.stop()) return *call.stop();
    if (call.cut_off()) return UnreachableError(*process_);
    std::map<std::string, std::optional<TopicInfo>> infos;
    for (const auto& name : topics) infos[name] = DescribeOne(name);
    return infos;
  }

  Status Create(const std::vector<TopicSpec>& topics) override {
    const Call call(broker_, *process_, Step::kAdmin);
    if (call.stop()) return *call.stop();
    if (call.cut_off()) return UnreachableError(*process_);
    for (const auto& spec : topics) TB_RETURN_IF_ERROR(broker_.Create(spec));
    return Ok();
  }

  Result<std::optional<std::string>> BrokerSetting(std::string_view name) override {
    const Call call(broker_, *process_, Step::kAdmin);
    if (call.stop()) return *call.stop();
    if (call.cut_off()) return UnreachableError(*process_);
    const auto& options = broker_.options();
    std::optional<std::string> value;
    if (name == "transaction.abort.timed.out.transaction.cleanup.interval.ms") {
      value = std::to_string(options.abort_check_interval.count());
    } else if (name == "message.max.bytes") {
      value = std::to_string(options.record_bytes_max);
    }
    return value;
  }

 private:
  std::optional<TopicInfo> DescribeOne(const std::string& name) {
    const Topic* topic = broker_.FindTopic(name);
    if (!topic) return std::nullopt;
    TopicInfo info{name, topic->spec.partitions, topic->spec.settings};
    info.settings["cleanup.policy"] = topic->spec.compact ? "compact" : "delete";
    const std::int64_t retention_ms = topic->spec.retention_ms;
    info.settings["retention.ms"] =
        std::to_string(retention_ms >= 0 ? retention_ms : broker_.options().retention_ms);
    return info;
  }

  Broker& broker_;
  const std::shared_ptr<Process> process_;
};

}  // namespace

Status SimLog::CheckTopics(const ConsumerConfig& config) {
  std::optional<std::int32_t> anchor;
  for (const auto& name : config.topics) {
    const Topic* topic = broker_.FindTopic(name);
    if (!topic) return MissingTopic(name);
    const std::int32_t partitions = topic->spec.partitions;
    if (!anchor) anchor = partitions;
    if (!config.co_partitioned || partitions == *anchor) continue;
    return FatalError(errors::kPartitionMismatch, name + " has " + std::to_string(partitions) +
                                                      " partitions, but " + config.topics[0] +
                                                      " has " + std::to_string(*anchor) +
                                                      ": inputs of one shard need the same number");
  }
  return Ok();
}

Result<std::unique_ptr<Consumer>> SimLog::NewConsumer(const ConsumerConfig& config,
                                                      RebalanceListener& listener) {
  const Call call(broker_, *process_, Step::kAdmin);
  if (call.stop()) return *call.stop();
  if (call.cut_off()) return UnreachableError(*process_);
  if (config.topics.empty() || config.group.empty() || config.session_timeout.count() <= 0 ||
      config.max_poll_interval < config.session_timeout) {
    return FatalError(errors::kInvalidState,
                      "a consumer needs a group, topics, a session time-out, and a poll interval "
                      "that isn't shorter");
  }
  TB_RETURN_IF_ERROR(CheckTopics(config));
  return std::unique_ptr<Consumer>(new SimConsumer(broker_, process_, config, listener));
}

Result<std::unique_ptr<TransactionalProducer>> SimLog::NewTransactionalProducer(
    const TransactionalConfig& config) {
  if (!process_->alive) return DeadError(*process_);
  return std::unique_ptr<TransactionalProducer>(new SimProducer(broker_, process_, config));
}

Result<std::unique_ptr<Reader>> SimLog::NewReader(const ReaderConfig& config) {
  if (!process_->alive) return DeadError(*process_);
  return std::unique_ptr<Reader>(new SimReader(broker_, process_, config));
}

Result<std::unique_ptr<Writer>> SimLog::NewWriter(std::string_view) {
  if (!process_->alive) return DeadError(*process_);
  return std::unique_ptr<Writer>(new SimWriter(broker_, process_));
}

Result<std::unique_ptr<Admin>> SimLog::NewAdmin() {
  if (!process_->alive) return DeadError(*process_);
  return std::unique_ptr<Admin>(new SimAdmin(broker_, process_));
}

Result<std::int32_t> SimLog::Partitions(std::string_view topic) {
  const Call call(broker_, *process_, Step::kAdmin);
  if (call.stop()) return *call.stop();
  if (call.cut_off()) return UnreachableError(*process_);
  const Topic* found = broker_.FindTopic(topic);
  if (!found) return MissingTopic(topic);
  return found->spec.partitions;
}

}  // namespace textback::log::sim
