// Transactional producer and writer of the simulated log. Private to log_sim; made by client.cc.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "log_sim/broker.h"

namespace textback::log::sim {

struct Outgoing {
  TopicPartition partition;
  std::string key;
  std::optional<std::string> value;
  std::int64_t timestamp_ms = 0;
  std::optional<std::pair<std::string, std::string>> header;
};

// Forgiving where a real client would refuse to go on after kUnknown: a shard that keeps a producer
// it should have destroyed must be found out by what it does to the log (stream point 10).
class SimProducer final : public TransactionalProducer {
 public:
  SimProducer(Broker& broker, std::shared_ptr<Process> process, TransactionalConfig config)
      : broker_(broker), process_(std::move(process)), config_(std::move(config)) {}

  Status Init(std::chrono::milliseconds timeout) override;
  Status Begin() override;
  Status Send(std::string_view topic, std::int32_t partition, std::string_view key,
              std::optional<std::string_view> value, std::int64_t timestamp_ms) override;
  Status SendOffsets(const std::vector<OffsetCommit>& offsets,
                     const GroupMetadata& metadata) override;
  CommitOutcome Commit(std::chrono::milliseconds timeout) override;
  Status Abort(std::chrono::milliseconds timeout) override;
  std::string LastError() const override { return last_error_; }

 private:
  enum class State : std::uint8_t {
    kNew,      // before Init
    kReady,    // no transaction
    kOpen,     // in one
    kRefused,  // in one that the group refused: it can only be aborted
    kFenced,   // another owner: for good
  };

  Status DoSendOffsets(const Call& call, const std::vector<OffsetCommit>& offsets,
                       const GroupMetadata& metadata);
  CommitOutcome DoCommit(const Call& call);
  CommitOutcome EndCommit(const Call& call);
  Status DoAbort(const Call& call);
  Status CheckOpen() const;
  void Push();
  void Usurp(const Call& call);
  Status Keep(Status status);
  CommitOutcome Outcome(CommitOutcome outcome, std::string error);
  Error FencedError() const;

  Broker& broker_;
  const std::shared_ptr<Process> process_;
  const TransactionalConfig config_;
  State state_ = State::kNew;
  ProducerIdentity identity_;
  bool touched_ = false;  // the coordinator knows of the transaction
  std::vector<Outgoing> pending_;
  std::string last_error_;
};

class SimWriter final : public Writer {
 public:
  SimWriter(Broker& broker, std::shared_ptr<Process> process)
      : broker_(broker), process_(std::move(process)) {}

  Result<std::uint64_t> Send(std::string_view topic, std::optional<std::int32_t> partition,
                             std::string_view key, std::optional<std::string_view> value,
                             std::int64_t timestamp_ms) override;
  Result<std::uint64_t> SendWith(const Header& header, std::string_view topic,
                                 std::optional<std::int32_t> partition, std::string_view key,
                                 std::optional<std::string_view> value,
                                 std::int64_t timestamp_ms) override;
  Result<std::uint64_t> Poll(std::chrono::milliseconds wait) override;
  Status Flush(std::chrono::milliseconds timeout) override;

 private:
  Status Deliver(const Call& call);

  Broker& broker_;
  const std::shared_ptr<Process> process_;
  std::deque<Outgoing> pending_;
  std::uint64_t sent_ = 0;
  std::uint64_t durable_ = 0;
  bool useless_ = false;
};

}  // namespace textback::log::sim
