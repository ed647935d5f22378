#include "log_embedded/embedded_log.h"

#include "log_embedded/clients.h"

namespace textback::log_embedded {

// --- EmbeddedLog -----------------------------------------------------------------------------

Result<std::unique_ptr<EmbeddedLog>> EmbeddedLog::Open(const Clock& clock,
                                                       EmbeddedLogOptions options) {
  TB_ASSIGN_OR_RETURN(auto core, Core::Open(clock, std::move(options)));
  return std::unique_ptr<EmbeddedLog>(new EmbeddedLog(std::move(core)));
}

EmbeddedLog::EmbeddedLog(std::shared_ptr<Core> core) : core_(std::move(core)) {}
EmbeddedLog::~EmbeddedLog() = default;

Result<std::unique_ptr<log::Consumer>> EmbeddedLog::NewConsumer(const log::ConsumerConfig& config,
                                                                log::RebalanceListener& listener) {
  return Consumer::Make(core_, config, listener);
}

Result<std::unique_ptr<log::TransactionalProducer>> EmbeddedLog::NewTransactionalProducer(
    const log::TransactionalConfig& config) {
  return std::unique_ptr<log::TransactionalProducer>(std::make_unique<Producer>(core_, config));
}

Result<std::unique_ptr<log::Reader>> EmbeddedLog::NewReader(const log::ReaderConfig& /*config*/) {
  // Nothing uncommitted is ever in the log: both isolations are one.
  return std::unique_ptr<log::Reader>(std::make_unique<Reader>(core_));
}

Result<std::unique_ptr<log::Writer>> EmbeddedLog::NewWriter(std::string_view /*name*/) {
  return std::unique_ptr<log::Writer>(std::make_unique<Writer>(core_));
}

Result<std::unique_ptr<log::Admin>> EmbeddedLog::NewAdmin() {
  return std::unique_ptr<log::Admin>(std::make_unique<Admin>(core_));
}

Result<std::int32_t> EmbeddedLog::Partitions(std::string_view topic) {
  TB_ASSIGN_OR_RETURN(const Topic* const found, core_->NeedTopic(topic));
  return static_cast<std::int32_t>(found->partitions.size());
}

Status EmbeddedLog::Maintain(std::int64_t now_ms) { return core_->Maintain(now_ms); }

Status EmbeddedLog::DeleteRecords(const log::TopicPartition& partition, std::int64_t offset) {
  TB_ASSIGN_OR_RETURN(Topic* const topic, core_->NeedPartition(partition));
  return core_->DeleteRecords(*topic, partition.partition, offset);
}

EmbeddedLog::Stats EmbeddedLog::stats() const {
  const std::lock_guard lock(core_->mutex);
  return core_->stats;
}

// --- Admin -----------------------------------------------------------------------------------

Result<std::map<std::string, std::optional<log::TopicInfo>>> Admin::Describe(
    const std::vector<std::string>& topics) {
  std::map<std::string, std::optional<log::TopicInfo>> infos;
  for (const auto& name : topics) {
    auto& info = infos[name];
    if (const Topic* topic = core_->FindTopic(name)) {
      info = log::TopicInfo{name, static_cast<std::int32_t>(topic->partitions.size()),
                            topic->settings};
    }
  }
  return infos;
}

Status Admin::Create(const std::vector<log::TopicSpec>& topics) {
  for (const auto& spec : topics) TB_RETURN_IF_ERROR(core_->CreateTopic(spec));
  return Ok();
}

Result<std::optional<std::string>> Admin::BrokerSetting(std::string_view /*name*/) {
  return std::optional<std::string>();
}

}  // namespace textback::log_embedded
