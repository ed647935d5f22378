// The group coordinator of the simulated broker: membership, generations, committed offsets.
//
// The classic protocol, as Kafka 3.x runs it:
//
//            join of a new member, loss of one          all have joined, or the time is over
//   Empty ───────────────────────────────▶ Preparing ───────────────────────────────▶ Completing
//     ▲                                     ▲     ▲                                       │
//     │ the last member goes                │     └─────── a member joins or goes ────────┤
//     └────────────────────────────────── Stable ◀──────── the leader hands in the ranges ┘
//
// - Eager: a member told of a rebalance gives up all that it has and joins again (KIP-429 calls
// this
//   the old way; cooperative-sticky is out, exactly-once.md).
// - A session ends session_timeout after the last heartbeat. A live process heartbeats by itself
//   until max_poll_interval after its last poll (KIP-62); a paused, killed or cut-off one doesn't.
// - Static members (KIP-345): one that comes back under its instance gets a new member id, the old
//   one is fenced; in a stable group its assignment and the generation stay, so nobody else
//   notices. Closing doesn't leave. A static member that misses a rebalance keeps its place until
//   its session ends; a dynamic one is removed.
// - Ranges: per topic, members in the order of instance (or member id), the first ones get one
// more.
// - Offsets of a transaction are checked against member and generation, in any state of the group,
//   and never against the assignment (KIP-447; stream point 3). They are pending until the
//   transaction's marker; a fetch that asks for stable offsets is refused meanwhile.
//
// Threads: none; owned by Broker. `now` is the caller's, and never goes back.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "log/log.h"

namespace textback::log::sim {

enum class GroupAnswer : std::uint8_t {
  kOk,
  kRebalance,          // REBALANCE_IN_PROGRESS: join again
  kUnknownMember,      // UNKNOWN_MEMBER_ID: evicted
  kIllegalGeneration,  // ILLEGAL_GENERATION: the group went on without this member
  kFencedInstance,     // FENCED_INSTANCE_ID: another holds the instance
};
std::string_view ToString(GroupAnswer answer);

struct JoinRequest {
  std::string group;
  std::string member;               // "": never joined, or evicted
  std::string instance;             // "": dynamic
  std::string owner;                // the process
  std::vector<std::string> topics;  // subscribed: of co-partitioned inputs the anchor alone
  std::chrono::milliseconds session_timeout{6'000};
  std::chrono::milliseconds max_poll_interval{60'000};
};

struct Membership {
  GroupAnswer answer = GroupAnswer::kOk;
  bool ready = false;  // the assignment holds
  std::int32_t generation = -1;
  std::vector<TopicPartition> assignment;
};

struct GroupView {  // for tests
  std::int32_t generation = 0;
  std::map<std::string, std::vector<TopicPartition>> members;  // by member id
};

using Offsets = std::map<TopicPartition, CommittedOffset>;

class GroupCoordinator {
 public:
  using PartitionsOf = std::function<std::int32_t(const std::string& topic)>;
  explicit GroupCoordinator(PartitionsOf partitions) : partitions_(std::move(partitions)) {}

  // Membership, asked by clients. The member's id.
  std::string Join(const JoinRequest& request, MonoTime now);
  // How far the join that `member` asked for has got; the leader's question completes it.
  Membership Ask(const std::string& group, const std::string& member, const std::string& instance);
  GroupAnswer Heartbeat(const std::string& group, const std::string& member,
                        const std::string& instance, std::int32_t generation) const;
  void Polled(const std::string& group, const std::string& member, MonoTime now);
  void Leave(const std::string& group, const std::string& member, MonoTime now);
  // This member's object is gone: no heartbeats any more.
  void Gone(const std::string& group, const std::string& member, MonoTime now);

  // A process stops and resumes, without knowing.
  void Freeze(const std::string& owner, MonoTime now);
  void Unfreeze(const std::string& owner, MonoTime now);
  // Faults: its members are evicted; its groups rebalance; a phantom takes its instances.
  void Evict(const std::string& owner, MonoTime now);
  void Rebalance(const std::string& owner, MonoTime now);
  void Usurp(const std::string& owner, MonoTime now);

  // Offsets.
  GroupAnswer Check(const GroupMetadata& metadata, bool transactional) const;
  void Commit(const std::string& group, const std::vector<OffsetCommit>& offsets);
  void CommitPending(std::int64_t producer, const std::string& group,
                     const std::vector<OffsetCommit>& offsets);
  void EndPending(std::int64_t producer, const std::string& group, bool commit);
  bool Pending(const std::string& group, const TopicPartition& partition) const;
  Offsets& offsets(const std::string& group) { return groups_[group].offsets; }

  // Time: the next moment at which something happens by itself, and its happening.
  std::optional<MonoTime> NextEvent() const;
  void RunAt(MonoTime now);

  GroupView View(const std::string& group) const;

 private:
  enum class State : std::uint8_t { kEmpty, kPreparing, kCompleting, kStable };
  struct Member {
    std::string instance;
    std::string owner;
    std::vector<std::string> topics;
    std::chrono::milliseconds session_timeout{0};
    std::chrono::milliseconds max_poll_interval{0};
    MonoTime polled{};               // heartbeats go on until max_poll_interval after this
    MonoTime floor{};                // the coordinator counts the session from here at least
    std::optional<MonoTime> frozen;  // the last heartbeat of a process that stands still
    bool gone = false;               // never thaws
    bool awaiting = false;           // has joined, waits for the others
    std::int32_t generation = -1;    // of its last join
    std::vector<TopicPartition> assignment;
    MonoTime Expiry() const;
  };
  struct Group {
    State state = State::kEmpty;
    std::int32_t generation = 0;
    std::map<std::string, Member> members;  // by id
    std::string leader;
    MonoTime deadline{};  // of the rebalance being prepared
    Offsets offsets;
    std::map<std::int64_t, Offsets> pending;  // by producer
  };

  std::string NewMemberId(const JoinRequest& request);
  static std::string HolderOf(const Group& group, const std::string& instance);
  void Prepare(Group& group, MonoTime now);
  void TryComplete(Group& group, MonoTime now, bool deadline_over);
  void Assign(Group& group) const;
  void AssignTopic(Group& group, const std::string& topic) const;
  void Remove(Group& group, const std::string& member, MonoTime now);
  void RemoveAll(const std::string& owner, MonoTime now);
  bool Replace(Group& group, const std::string& old_id, const std::string& new_id,
               const JoinRequest& request, MonoTime now);

  const PartitionsOf partitions_;
  std::map<std::string, Group> groups_;
  std::uint64_t members_made_ = 0;
};

}  // namespace textback::log::sim
