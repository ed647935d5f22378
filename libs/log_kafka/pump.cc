#include "log_kafka/pump.h"

#include <algorithm>
#include <utility>

#include "log_kafka/translate.h"

namespace textback::log_kafka {

class Pump::Messages final : public log::Batch::Owner {
 public:
  explicit Messages(std::shared_ptr<Handle> handle) : handle_(std::move(handle)) {}
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;
  ~Messages() override {
    for (rd_kafka_message_t* message : messages_) {
      rd_kafka_message_destroy(message);
    }
  }
  void Add(rd_kafka_message_t* message) { messages_.push_back(message); }

 private:
  const std::shared_ptr<Handle> handle_;  // goes after them
  std::vector<rd_kafka_message_t*> messages_;
};

void Pump::Run(const log::TopicPartition& partition, std::int64_t offset) {
  const auto [entry, added] = positions_.try_emplace(partition);
  if (!added && entry->second.next == offset) {
    return;
  }
  entry->second.next = offset;
  changed_ = true;
}

void Pump::Halt(const log::TopicPartition& partition) {
  if (positions_.erase(partition) > 0) {
    last_ = nullptr;
    changed_ = true;
  }
}

void Pump::Forget() {
  positions_.clear();
  last_ = nullptr;
  pending_.reset();
  changed_ = false;
  forgotten_ = true;
}

std::optional<std::int64_t> Pump::Position(const log::TopicPartition& partition) const {
  const auto found = positions_.find(partition);
  return found == positions_.end() ? std::nullopt : std::optional(found->second.next);
}

Status Pump::Apply() {
  if (!changed_) {
    return Ok();
  }
  const ListPtr list(rd_kafka_topic_partition_list_new(static_cast<int>(positions_.size())));
  for (const auto& [partition, state] : positions_) {
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition)
        ->offset = state.next;
  }
  const rd_kafka_resp_err_t code = rd_kafka_assign(handle_->get(), list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (auto fatal = handle_->Fatal("assigning partitions")) {
      return std::move(*fatal);
    }
    return handle_->ErrorOf(code, "assigning partitions");
  }
  changed_ = false;
  last_ = nullptr;
  return Ok();
}

Status Pump::Poll(log::Batch& batch, const log::PollLimits& limits,
                  std::chrono::milliseconds wait) {
  batch.Clear();
  if (pending_) {
    return *std::exchange(pending_, std::nullopt);
  }
  TB_RETURN_IF_ERROR(Apply());
  forgotten_ = false;
  auto owner = std::make_unique<Messages>(handle_);
  auto timeout_ms = static_cast<int>(std::clamp<std::int64_t>(wait.count(), 0, 60'000));
  while (batch.records.size() < limits.records_max && batch.bytes < limits.bytes_max) {
    rd_kafka_message_t* const message = rd_kafka_consumer_poll(handle_->get(), timeout_ms);
    if (message == nullptr) {
      break;
    }
    const Taken taken = Take(message, *owner, batch);
    if (taken == Taken::kError || forgotten_) {
      break;
    }
    if (taken != Taken::kNothing) {
      timeout_ms = 0;  // only what is here already
    }
  }
  if (forgotten_) {  // a rebalance came in between: these are another member's to process now
    batch.Clear();
    return Ok();
  }
  if (!batch.records.empty()) {
    batch.owners.push_back(std::move(owner));
    return Ok();
  }
  if (!pending_) {
    pending_ = handle_->TakeError();
  }
  if (pending_) {
    return *std::exchange(pending_, std::nullopt);
  }
  return Ok();
}

Pump::Taken Pump::Take(rd_kafka_message_t* message, Messages& owner, log::Batch& batch) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const Taken taken = TakeEvent(*message);
    rd_kafka_message_destroy(message);
    return taken;
  }
  Partition* const partition = Find(*message);
  if (partition == nullptr || message->offset < partition->next) {
    rd_kafka_message_destroy(message);  // fetched before a change of assignment
    return Taken::kNothing;
  }
  partition->next = message->offset + 1;
  owner.Add(message);
  log::Record record;
  record.topic = last_name_;
  record.partition = message->partition;
  record.offset = message->offset;
  record.timestamp_ms = rd_kafka_message_timestamp(message, nullptr);
  record.key = {static_cast<const char*>(message->key), message->key_len};
  if (message->payload != nullptr) {
    record.value.emplace(static_cast<const char*>(message->payload), message->len);
  }
  record.native = message;
  batch.bytes += message->key_len + message->len;
  batch.records.push_back(record);
  return Taken::kRecord;
}

Pump::Taken Pump::TakeEvent(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    Partition* const partition = Find(message);
    if (partition == nullptr) {
      return Taken::kNothing;
    }
    partition->next = std::max(partition->next, message.offset);
    return Taken::kEnd;
  }
  // Said in passing: the rebalance that follows, or the client's own retry, is what counts.
  if (message.err == RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED || IsTransient(message.err)) {
    return Taken::kNothing;
  }
  pending_ = ErrorFrom(message);
  return Taken::kError;
}

Error Pump::ErrorFrom(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR__FATAL) {
    if (auto fatal = handle_->Fatal("polling")) {
      return std::move(*fatal);
    }
  }
  std::string doing = "polling";
  if (message.rkt != nullptr) {
    const log::TopicPartition partition{rd_kafka_topic_name(message.rkt), message.partition};
    doing += " " + partition.topic + "[" + std::to_string(partition.partition) + "]";
    if (const auto position = Position(partition)) {
      doing += " at offset " + std::to_string(*position);
    }
    if (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
      Halt(partition);  // as librdkafka has done: until somebody says where to go on
    }
  }
  const char* const detail = rd_kafka_message_errstr(&message);
  return handle_->ErrorOf(message.err, doing, detail == nullptr ? "" : detail);
}

Pump::Partition* Pump::Find(const rd_kafka_message_t& message) {
  if (last_ != nullptr && message.rkt == last_topic_ && message.partition == last_partition_) {
    return last_;
  }
  if (message.rkt == nullptr) {
    return nullptr;
  }
  const auto found = positions_.find({rd_kafka_topic_name(message.rkt), message.partition});
  if (found == positions_.end()) {
    return nullptr;
  }
  last_topic_ = message.rkt;
  last_partition_ = message.partition;
  last_ = &found->second;
  last_name_ = rd_kafka_topic_name(message.rkt);
  return last_;
}

}  // namespace textback::log_kafka
