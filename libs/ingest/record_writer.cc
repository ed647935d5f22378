#include "ingest/record_writer.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "log/errors.h"
#include "textback/v1/dead_letter.pb.h"

namespace textback::ingest {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kDeadLetterValueMax = 64 * 1024;  // textback.v1.DeadLetter.value
constexpr milliseconds kInitTimeout{10'000};
constexpr milliseconds kReadWait{200};
constexpr milliseconds kReadBackTimeout{60'000};  // an open transaction of another holds it up

}  // namespace

Result<Positions> RecordWriter::Open() {
  Close();
  begun_ = false;
  TB_ASSIGN_OR_RETURN(partitions_, log_.Partitions(config_.topic));
  TB_ASSIGN_OR_RETURN(deadletter_partitions_, PartitionsOfOwn(config_.deadletter_topic));
  TB_ASSIGN_OR_RETURN(const auto positions_partitions, PartitionsOfOwn(config_.positions_topic));
  positions_partition_ = PartitionOf(config_.name, positions_partitions);
  TB_ASSIGN_OR_RETURN(auto producer,
                      log_.NewTransactionalProducer(
                          {.transactional_id = config_.positions_topic + "." + config_.name,
                           .transaction_timeout = config_.transaction_timeout}));
  TB_RETURN_IF_ERROR(producer->Init(kInitTimeout));
  TB_ASSIGN_OR_RETURN(auto positions, ReadBack());
  producer_ = std::move(producer);
  return positions;
}

Result<std::int32_t> RecordWriter::PartitionsOfOwn(std::string_view topic) {
  auto partitions = log_.Partitions(topic);
  if (partitions || partitions.error().code != log::errors::kTopicMissing) return partitions;
  return FatalError(
      log::errors::kTopicMissing,
      "topic " + std::string(topic) + " is missing: `textback topics create` makes it");
}

Result<Positions> RecordWriter::ReadBack() {
  const log::TopicPartition source{config_.positions_topic, positions_partition_};
  TB_ASSIGN_OR_RETURN(const auto reader, log_.NewReader({.read_committed = true}));
  // Others' open transactions may lie before ours: the end is that of all records.
  TB_ASSIGN_OR_RETURN(const auto range, reader->Offsets(source, /*read_committed=*/false));
  TB_RETURN_IF_ERROR(reader->Assign({{source, range.begin}}));
  Positions positions;
  log::Batch batch;
  const auto give_up_at = clock_.Mono() + kReadBackTimeout;
  while (true) {
    TB_ASSIGN_OR_RETURN(const auto position, reader->Position(source));
    if (position >= range.end) return positions;
    if (clock_.Mono() > give_up_at) {
      return RetryError(log::errors::kTimedOut,
                        "the positions on " + source.topic + " can't be read to their end");
    }
    TB_RETURN_IF_ERROR(reader->Poll(batch, {}, kReadWait));
    for (const auto& record : batch.records) {
      const auto key = ParseKey(config_.name, record.key);
      if (!key || record.offset >= range.end) continue;
      positions.erase(*key);
      if (!record.value) continue;
      TB_ASSIGN_OR_RETURN(auto read, ParsePosition(*record.value));
      positions.emplace(*key, std::move(read));
    }
  }
}

Status RecordWriter::Begin() {
  if (begun_) return Ok();
  TB_RETURN_IF_ERROR(Checked(producer_->Begin()));
  begun_ = true;
  return Ok();
}

// What leaves the producer of no use closes it.
Status RecordWriter::Checked(Status status) {
  if (!status && status.error().disposition != Disposition::kRetry &&
      status.error().disposition != Disposition::kDeadLetter) {
    Close();
  }
  return status;
}

Status RecordWriter::Send(std::string_view path, std::string_view value) {
  TB_RETURN_IF_ERROR(Begin());
  return Checked(
      producer_->Send(config_.topic, PartitionOf(path, partitions_), {}, value, clock_.NowMs()));
}

Status RecordWriter::SendDeadLetter(std::string_view path, std::uint64_t offset,
                                    std::string_view value, const Error& why) {
  TB_RETURN_IF_ERROR(Begin());
  v1::DeadLetter letter;
  // Where it would have gone: `textback deadletter retry` sends it there.
  letter.mutable_coordinates()->set_topic(config_.topic);
  letter.mutable_coordinates()->set_partition(PartitionOf(path, partitions_));
  letter.mutable_coordinates()->set_offset(static_cast<std::int64_t>(offset));
  letter.set_role("ingest");
  letter.set_source(config_.name);
  letter.set_reason(why.code);
  letter.set_message(IsUtf8(why.message) ? why.message : "(not UTF-8) 0x" + ToHex(why.message));
  letter.set_value(std::string(value.substr(0, kDeadLetterValueMax)));
  letter.set_value_size(value.size());
  letter.set_at_ms(clock_.NowMs());
  const std::string key = std::string(path) + "/" + std::to_string(offset);
  return Checked(producer_->Send(config_.deadletter_topic, PartitionOf(key, deadletter_partitions_),
                                 key, letter.SerializeAsString(), clock_.NowMs()));
}

Status RecordWriter::SendPosition(const FileKey& key, const Position& position) {
  TB_RETURN_IF_ERROR(Begin());
  return Checked(producer_->Send(config_.positions_topic, positions_partition_,
                                 KeyOf(config_.name, key), Encode(position), clock_.NowMs()));
}

Status RecordWriter::SendForgotten(const FileKey& key) {
  TB_RETURN_IF_ERROR(Begin());
  return Checked(producer_->Send(config_.positions_topic, positions_partition_,
                                 KeyOf(config_.name, key), std::nullopt, clock_.NowMs()));
}

Status RecordWriter::Commit() {
  const auto outcome = producer_->Commit(config_.transaction_timeout);
  begun_ = false;
  if (outcome == log::CommitOutcome::kCommitted) return Ok();
  auto why = producer_->LastError();
  switch (outcome) {
    case log::CommitOutcome::kAborted:
      return RetryError("ingest_aborted", std::move(why));
    case log::CommitOutcome::kFenced:
      Close();
      return YieldError(log::errors::kFenced,
                        "another process ingests under the name " + config_.name +
                            ", so this one ends (or it stood still for longer "
                            "than its transaction may take: start it again): " +
                            why);
    default:
      Close();
      return RetryError("ingest_outcome_unknown", std::move(why));
  }
}

void RecordWriter::Abort() {
  if (begun_ && producer_ != nullptr && !producer_->Abort(config_.transaction_timeout)) Close();
  begun_ = false;
}

}  // namespace textback::ingest
