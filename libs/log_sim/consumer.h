// Consumer and reader of the simulated log. Private to log_sim; made by client.cc.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "log_sim/broker.h"

namespace textback::log::sim {

// What a consumer and a reader share: positions, and fetching from them.
class Fetcher {
 public:
  explicit Fetcher(Broker& broker) : broker_(broker) {}

  void Set(const TopicPartition& partition, std::int64_t offset) { positions_[partition] = offset; }
  void Clear(const TopicPartition& partition) { positions_.erase(partition); }
  void ClearAll() { positions_.clear(); }
  const std::map<TopicPartition, std::int64_t>& positions() const { return positions_; }
  // Each partition in turn, beginning with another one each time, until a limit is reached.
  Status Fetch(Batch& batch, const PollLimits& limits, bool read_committed);

 private:
  Broker& broker_;
  std::map<TopicPartition, std::int64_t> positions_;
  std::size_t first_ = 0;
};

Result<Consumer::Range> RangeOf(Broker& broker, const TopicPartition& partition,
                                bool read_committed);

// The member's side of the group:
//
//   kOut ──join──▶ kJoining ──all have joined, ranges are there──▶ kMember
//    ▲                │ evicted, fenced, generation passed            │
//    └────────────────┴──── OnRevoked (asked) or OnLost (too late) ───┘
class SimConsumer final : public Consumer {
 public:
  SimConsumer(Broker& broker, std::shared_ptr<Process> process, ConsumerConfig config,
              RebalanceListener& listener);
  ~SimConsumer() override;

  Status Poll(Batch& batch, const PollLimits& limits, std::chrono::milliseconds wait) override;
  std::optional<std::string_view> HeaderOf(const Record& record,
                                           const std::string& name) const override;
  Status Resume(const TopicPartition& partition, std::int64_t offset) override;
  Status Pause(const TopicPartition& partition) override;
  Result<std::map<TopicPartition, std::optional<CommittedOffset>>> Committed(
      const std::vector<TopicPartition>& partitions) override;
  Status Commit(const std::vector<OffsetCommit>& offsets) override;
  Result<Range> Offsets(const TopicPartition& partition, bool read_committed) override;
  Result<std::int64_t> Position(const TopicPartition& partition) override;
  GroupMetadata Metadata() const override;
  void Close() override;

 private:
  enum class State : std::uint8_t { kOut, kJoining, kMember, kFenced, kClosed };

  Status RunGroup();
  Status Heartbeat();
  void Join();
  Status Progress();
  Status Heard(GroupAnswer answer);
  void GiveUp(bool lost);
  Status Fenced();
  void Usurp();

  Broker& broker_;
  const std::shared_ptr<Process> process_;
  const ConsumerConfig config_;
  RebalanceListener& listener_;
  State state_ = State::kOut;
  std::string member_;
  std::int32_t generation_ = -1;
  std::set<TopicPartition> assigned_;
  Fetcher fetcher_;
  MonoTime last_poll_;
  MonoTime next_heartbeat_{};
};

class SimReader final : public Reader {
 public:
  SimReader(Broker& broker, std::shared_ptr<Process> process, ReaderConfig config)
      : broker_(broker), process_(std::move(process)), config_(config), fetcher_(broker) {}
  Status Assign(const std::vector<std::pair<TopicPartition, std::int64_t>>& positions) override;
  Status Poll(Batch& batch, const PollLimits& limits, std::chrono::milliseconds wait) override;
  Result<std::int64_t> Position(const TopicPartition& partition) override;
  Result<Consumer::Range> Offsets(const TopicPartition& partition, bool read_committed) override;

 private:
  Broker& broker_;
  const std::shared_ptr<Process> process_;
  const ReaderConfig config_;
  Fetcher fetcher_;
};

}  // namespace textback::log::sim
