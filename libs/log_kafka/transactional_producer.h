// Atomic writes with offsets, over librdkafka's transactional producer.
//
//   new ──Init──▶ ready ──Begin──▶ open ──Commit──▶ ready
//                   ▲               │ error that needs an abort
//                   └────Abort──── doomed
//   any ──fenced, fatal, time-out of Commit or Abort──▶ dead
//
// kRetry from Begin, Send or SendOffsets means: Abort, rewind, go on with this producer.
// A Commit or Abort during which a connection broke may have left a late EndTxn in some socket,
// which could end the *next* transaction of the same epoch. Begin then makes a new client first,
// whose Init raises the epoch (exactly-once.md, stream point 10).
//
// Threads: one at a time.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "log/log.h"
#include "log_kafka/cluster.h"
#include "log_kafka/sending.h"
#include "log_kafka/translate.h"

namespace textback::log_kafka {

class KafkaTransactionalProducer final : public log::TransactionalProducer {
 public:
  static Result<std::unique_ptr<KafkaTransactionalProducer>> New(
      std::shared_ptr<Cluster> cluster, const log::TransactionalConfig& config);
  ~KafkaTransactionalProducer() override;

  Status Init(std::chrono::milliseconds timeout) override;
  Status Begin() override;
  Status Send(std::string_view topic, std::int32_t partition, std::string_view key,
              std::optional<std::string_view> value, std::int64_t timestamp_ms) override;
  Status SendOffsets(const std::vector<log::OffsetCommit>& offsets,
                     const log::GroupMetadata& metadata) override;
  log::CommitOutcome Commit(std::chrono::milliseconds timeout) override;
  Status Abort(std::chrono::milliseconds timeout) override;
  std::string LastError() const override { return last_error_; }

 private:
  enum class State : unsigned char { kNew, kReady, kOpen, kDoomed, kDead };
  using Deadline = std::chrono::steady_clock::time_point;

  KafkaTransactionalProducer(std::shared_ptr<Cluster> cluster, log::TransactionalConfig config)
      : cluster_(std::move(cluster)), config_(std::move(config)) {}
  Status Open();
  Status Start(Deadline deadline);
  Status Finish(Deadline deadline);
  Status Expect(State state, const char* doing);
  // Moves to doomed or dead as `error` demands, and says what the caller is to do.
  Error Fail(const ErrorPtr& error, const std::string& doing);
  Error Fail(Error error, State next);
  Error SendFailed(rd_kafka_resp_err_t code, std::string_view topic, std::int32_t partition);
  log::CommitOutcome AbortInstead(Deadline deadline);
  std::string Named(const char* doing) const;

  const std::shared_ptr<Cluster> cluster_;
  const log::TransactionalConfig config_;
  std::shared_ptr<Handle> handle_;
  std::unique_ptr<TopicTable> topics_;
  State state_ = State::kNew;
  bool renew_ = false;   // make a new client before the next transaction
  bool fenced_ = false;  // why it is doomed or dead
  std::string last_error_;
};

}  // namespace textback::log_kafka
