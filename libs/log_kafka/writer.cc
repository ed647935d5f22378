#include "log_kafka/writer.h"

#include <algorithm>

#include "base/hash.h"
#include "log/errors.h"
#include "log_kafka/translate.h"

namespace textback::log_kafka {

Result<std::unique_ptr<KafkaWriter>> KafkaWriter::New(std::shared_ptr<Cluster> cluster,
                                                      std::string_view name) {
  std::unique_ptr<KafkaWriter> writer(new KafkaWriter(cluster));
  TB_ASSIGN_OR_RETURN(writer->handle_, Handle::New(Kind::kReportingProducer,
                                                   WriterSettings(*cluster->connection(), name),
                                                   cluster->connection(), writer.get()));
  writer->topics_ = std::make_unique<TopicTable>(std::move(cluster), writer->handle_->get());
  return writer;
}

KafkaWriter::~KafkaWriter() {
  if (handle_ != nullptr) {
    handle_->Detach();
    rd_kafka_purge(handle_->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING);
  }
}

Result<std::uint64_t> KafkaWriter::Send(std::string_view topic,
                                        std::optional<std::int32_t> partition, std::string_view key,
                                        std::optional<std::string_view> value,
                                        std::int64_t timestamp_ms) {
  return DoSend(nullptr, topic, partition, key, value, timestamp_ms);
}

Result<std::uint64_t> KafkaWriter::SendWith(const log::Header& header, std::string_view topic,
                                            std::optional<std::int32_t> partition,
                                            std::string_view key,
                                            std::optional<std::string_view> value,
                                            std::int64_t timestamp_ms) {
  return DoSend(&header, topic, partition, key, value, timestamp_ms);
}

Result<std::uint64_t> KafkaWriter::DoSend(const log::Header* header, std::string_view topic,
                                          std::optional<std::int32_t> partition,
                                          std::string_view key,
                                          std::optional<std::string_view> value,
                                          std::int64_t timestamp_ms) {
  if (failure_) {
    return Broken();
  }
  TB_ASSIGN_OR_RETURN(const auto entry, topics_->Find(topic));
  const std::int32_t chosen = partition ? *partition : PartitionOf(key, entry.partitions);
  TB_ASSIGN_OR_RETURN(rd_kafka_topic_t* const handle, topics_->Find(topic, chosen));
  const std::uint64_t number = durable_ + acknowledged_.size() + 1;
  const rd_kafka_resp_err_t code =
      Produce(handle_->get(), handle, chosen, key, value, timestamp_ms,
              // A number that librdkafka hands back, never a place.
              // NOLINTNEXTLINE(performance-no-int-to-ptr)
              reinterpret_cast<void*>(static_cast<std::uintptr_t>(number)), header);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const std::string doing =
        "sending to " + std::string(topic) + "[" + std::to_string(chosen) + "]";
    if (auto fatal = handle_->Fatal(doing)) {
      failure_ = std::move(fatal);
      return Broken();
    }
    return handle_->ErrorOf(code, doing);
  }
  acknowledged_.push_back(false);
  return number;
}

void KafkaWriter::OnDelivery(const rd_kafka_message_t& message) {
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (!failure_) {
      failure_ = handle_->ErrorOf(message.err, "writing to " +
                                                   std::string(rd_kafka_topic_name(message.rkt)) +
                                                   "[" + std::to_string(message.partition) + "]");
    }
    return;
  }
  const auto number =
      static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(message._private));
  TB_ASSERT(number > durable_ && number - durable_ <= acknowledged_.size());
  acknowledged_[static_cast<std::size_t>(number - durable_ - 1)] = true;
  while (!acknowledged_.empty() && acknowledged_.front()) {
    acknowledged_.pop_front();
    ++durable_;
  }
}

// Whatever broke it, what is to be done is the same: all after `durable_` again, with a new writer.
Error KafkaWriter::Broken() const {
  return RetryError(failure_->code, failure_->message + "; sends after number " +
                                        std::to_string(durable_) +
                                        " are repeated with a new writer");
}

Result<std::uint64_t> KafkaWriter::Poll(std::chrono::milliseconds wait) {
  rd_kafka_poll(handle_->get(),
                static_cast<int>(std::clamp<std::int64_t>(wait.count(), 0, 60'000)));
  if (failure_) {
    return Broken();
  }
  return durable_;
}

Status KafkaWriter::Flush(std::chrono::milliseconds timeout) {
  const rd_kafka_resp_err_t code = rd_kafka_flush(
      handle_->get(), static_cast<int>(std::clamp<std::int64_t>(timeout.count(), 0, 600'000)));
  if (failure_) {
    return Broken();
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (auto down = handle_->TakeError()) {
      return std::move(*down);
    }
    return handle_->ErrorOf(code, "waiting for " + std::to_string(acknowledged_.size()) + " sends");
  }
  return Ok();
}

}  // namespace textback::log_kafka
