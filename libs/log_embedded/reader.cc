// Reader and Writer: what needs no group and no transaction.
#include "log/errors.h"
#include "log_embedded/clients.h"

namespace textback::log_embedded {

Status Reader::Assign(const std::vector<std::pair<log::TopicPartition, std::int64_t>>& positions) {
  fetcher_.Clear();
  for (const auto& [partition, offset] : positions)
    TB_RETURN_IF_ERROR(fetcher_.Start(partition, offset));
  return Ok();
}

Status Reader::Poll(log::Batch& batch, const log::PollLimits& limits,
                    std::chrono::milliseconds wait) {
  batch.Clear();
  TB_RETURN_IF_ERROR(fetcher_.Poll(batch, limits));
  if (!batch.records.empty() || wait.count() <= 0) return Ok();
  {
    std::unique_lock lock(core_->mutex);
    core_->changed.wait_for(lock, wait, [this] { return fetcher_.Ready(); });
  }
  return fetcher_.Poll(batch, limits);
}

Result<std::int64_t> Reader::Position(const log::TopicPartition& partition) {
  const auto position = fetcher_.Position(partition);
  if (position) return *position;
  return FatalError(log::errors::kInvalidState, "the position of " + partition.topic + "-" +
                                                    std::to_string(partition.partition) +
                                                    " was asked for, but it isn't assigned");
}

Result<log::Consumer::Range> Reader::Offsets(const log::TopicPartition& partition,
                                             bool /*read_committed*/) {
  TB_ASSIGN_OR_RETURN(const Topic* const topic, core_->NeedPartition(partition));
  return core_->Offsets(*topic, partition.partition);
}

// --- Writer ----------------------------------------------------------------------------------

Result<std::uint64_t> Writer::Send(std::string_view topic, std::optional<std::int32_t> partition,
                                   std::string_view key, std::optional<std::string_view> value,
                                   std::int64_t timestamp_ms) {
  if (failed_) return *failed_;
  if (outbox_.bytes() >= core_->options.transaction_bytes_max) TB_RETURN_IF_ERROR(Write());
  TB_RETURN_IF_ERROR(outbox_.Add(topic, partition, key, value, timestamp_ms));
  return ++sent_;
}

Result<std::uint64_t> Writer::Poll(std::chrono::milliseconds /*wait*/) {
  TB_RETURN_IF_ERROR(Write());
  return durable_;
}

Status Writer::Flush(std::chrono::milliseconds /*timeout*/) { return Write(); }

Status Writer::Write() {
  if (failed_) return *failed_;
  if (outbox_.empty()) return Ok();
  const std::lock_guard commit(core_->commit_mutex);
  auto written = core_->Append(outbox_.Take(), {});
  if (!written) {
    failed_ = written.error();
    return *failed_;
  }
  durable_ = sent_;
  return Ok();
}

}  // namespace textback::log_embedded
