#include "log_embedded/outbox.h"

#include "base/hash.h"
#include "log/errors.h"

namespace textback::log_embedded {

Status Outbox::Add(std::string_view topic, std::optional<std::int32_t> partition,
                   std::string_view key, std::optional<std::string_view> value,
                   std::int64_t timestamp_ms) {
  const std::size_t size = key.size() + (value ? value->size() : 0);
  if (size > core_.options.record_bytes_max) {
    return DeadLetterError(log::errors::kRecordTooLarge,
                           "a record for " + std::string(topic) + " has " + std::to_string(size) +
                               " bytes, the log takes " +
                               std::to_string(core_.options.record_bytes_max));
  }
  if (last_topic_ == nullptr || *last_topic_->name != topic) {
    TB_ASSIGN_OR_RETURN(last_topic_, core_.NeedTopic(topic));
  }
  const auto partitions = static_cast<std::int32_t>(last_topic_->partitions.size());
  const std::int32_t index = partition.value_or(PartitionOf(key, partitions));
  if (index < 0 || index >= partitions) {
    return FatalError(log::errors::kTopicMissing,
                      std::string(topic) + " has no partition " + std::to_string(index));
  }
  Open& open = open_[{last_topic_->id, index}];
  open.appendix.topic = last_topic_;
  open.appendix.partition = index;
  open.builder.Add(static_cast<std::uint32_t>(open.appendix.records - open.block_base),
                   timestamp_ms, key, value);
  ++open.appendix.records;
  bytes_ += size + kRecordOverhead;
  if (open.builder.bytes() >= kBlockBytes) FinishBlock(open);
  return Ok();
}

void Outbox::FinishBlock(Open& open) {
  const std::int64_t next = open.appendix.records;
  open.appendix.blocks.push_back(open.builder.Finish(
      open.block_base, static_cast<std::uint32_t>(next - open.block_base), core_.clock.NowMs()));
  open.block_base = next;
}

std::vector<Appendix> Outbox::Take() {
  std::vector<Appendix> taken;
  taken.reserve(open_.size());
  for (auto& [key, open] : open_) {
    if (open.builder.count() > 0) FinishBlock(open);
    taken.push_back(std::move(open.appendix));
  }
  Clear();
  return taken;
}

void Outbox::Clear() {
  open_.clear();
  bytes_ = 0;
}

}  // namespace textback::log_embedded
