// Inside the embedded log: what it makes for others. Contracts, threads and errors: log/log.h.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "log_embedded/core.h"
#include "log_embedded/fetcher.h"
#include "log_embedded/outbox.h"

namespace textback::log_embedded {

class Reader final : public log::Reader {
 public:
  explicit Reader(std::shared_ptr<Core> core) : core_(core), fetcher_(std::move(core)) {}
  Status Assign(
      const std::vector<std::pair<log::TopicPartition, std::int64_t>>& positions) override;
  Status Poll(log::Batch& batch, const log::PollLimits& limits,
              std::chrono::milliseconds wait) override;
  Result<std::int64_t> Position(const log::TopicPartition& partition) override;
  Result<log::Consumer::Range> Offsets(const log::TopicPartition& partition,
                                       bool read_committed) override;

 private:
  const std::shared_ptr<Core> core_;
  Fetcher fetcher_;
};

class Writer final : public log::Writer {
 public:
  explicit Writer(std::shared_ptr<Core> core) : core_(std::move(core)), outbox_(*core_) {}
  Result<std::uint64_t> Send(std::string_view topic, std::optional<std::int32_t> partition,
                             std::string_view key, std::optional<std::string_view> value,
                             std::int64_t timestamp_ms) override;
  Result<std::uint64_t> Poll(std::chrono::milliseconds wait) override;
  Status Flush(std::chrono::milliseconds timeout) override;

 private:
  Status Write();
  const std::shared_ptr<Core> core_;
  Outbox outbox_;
  std::uint64_t sent_ = 0;
  std::uint64_t durable_ = 0;
  std::optional<Error> failed_;
};

class Producer final : public log::TransactionalProducer {
 public:
  Producer(std::shared_ptr<Core> core, log::TransactionalConfig config)
      : core_(std::move(core)), config_(std::move(config)), outbox_(*core_) {}
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
  enum class State : std::uint8_t { kNew, kIdle, kOpen, kFenced, kDead };
  struct Fence {
    std::string group;
    std::string member;
    std::int32_t generation = -1;
  };
  Status Refuse(Error error);
  Status Need(State state, const char* call);
  bool OwnsId() const;                   // with the core's mutex held
  bool Holds(const Fence& fence) const;  // with the core's mutex held
  void Drop();

  const std::shared_ptr<Core> core_;
  const log::TransactionalConfig config_;
  Outbox outbox_;
  std::map<GroupOffset, log::CommittedOffset> offsets_;
  std::vector<Fence> fences_;
  State state_ = State::kNew;
  std::uint64_t epoch_ = 0;
  std::string last_error_;
};

class Consumer final : public log::Consumer {
 public:
  // Checks the topics.
  static Result<std::unique_ptr<log::Consumer>> Make(std::shared_ptr<Core> core,
                                                     const log::ConsumerConfig& config,
                                                     log::RebalanceListener& listener);
  Consumer(std::shared_ptr<Core> core, log::ConsumerConfig config,
           log::RebalanceListener& listener);
  ~Consumer() override;

  Status Poll(log::Batch& batch, const log::PollLimits& limits,
              std::chrono::milliseconds wait) override;
  Status Resume(const log::TopicPartition& partition, std::int64_t offset) override;
  Status Pause(const log::TopicPartition& partition) override;
  Result<std::map<log::TopicPartition, std::optional<log::CommittedOffset>>> Committed(
      const std::vector<log::TopicPartition>& partitions) override;
  Status Commit(const std::vector<log::OffsetCommit>& offsets) override;
  Result<Range> Offsets(const log::TopicPartition& partition, bool read_committed) override;
  Result<std::int64_t> Position(const log::TopicPartition& partition) override;
  log::GroupMetadata Metadata() const override;
  void Close() override;

 private:
  // Does what the group asks of this member now; runs the listener without a lock held.
  Status ServeGroup();
  Group::Standing Look();
  void JoinGroup();
  void GiveUp();
  void Take();
  void Lose();
  Error Fenced() const;
  std::int32_t CountOf(const std::string& topic) const;  // with the core's mutex held

  const std::shared_ptr<Core> core_;
  const log::ConsumerConfig config_;
  log::RebalanceListener& listener_;
  Fetcher fetcher_;
  std::string member_;
  std::string seat_;
  std::set<log::TopicPartition> held_;
  std::int32_t generation_ = -1;
  bool joined_ = false;
  bool fenced_ = false;
  bool closed_ = false;
};

class Admin final : public log::Admin {
 public:
  explicit Admin(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  Result<std::map<std::string, std::optional<log::TopicInfo>>> Describe(
      const std::vector<std::string>& topics) override;
  Status Create(const std::vector<log::TopicSpec>& topics) override;
  Result<std::optional<std::string>> BrokerSetting(std::string_view name) override;

 private:
  const std::shared_ptr<Core> core_;
};

}  // namespace textback::log_embedded
