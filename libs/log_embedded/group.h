// A consumer group of the embedded log: membership, generations, range assignment. No I/O, no lock,
// no clock: the Core's mutex guards it, `now` is passed in.
//
//              Join, Expire, Leave                    all rejoined
//   stable ───────────────────────────▶ rebalancing ────────────────▶ stable, generation + 1
//                                          │    ▲
//                                          └────┘ Join, Expire, Leave
//
// In a rebalance each member gives up what it has at its own next poll (so it can still commit),
// and rejoins. Nobody gets anything before all have: revoked always comes before assigned. A seat
// whose member is away (closed or destroyed, but static) rejoins by itself and keeps its share
// until its session ends; a new member of that instance takes the seat in the same generation.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "log/log.h"

namespace textback::log_embedded {

class Group {
 public:
  struct Terms {
    std::vector<std::string> subscribed;  // the anchor, or every topic where not co-partitioned
    std::chrono::milliseconds session{0};
    std::chrono::milliseconds poll_interval{0};
    bool is_static = false;
    bool operator==(const Terms&) const = default;
  };

  // What a member has to do at its poll.
  enum class Standing : std::uint8_t {
    kFenced,    // another member has its seat
    kUnknown,   // it was silent for too long (or never joined): what it had is lost
    kGiveUp,    // a rebalance has begun: revoke, then Rejoin
    kWait,      // for the others to rejoin
    kAssigned,  // a new assignment is ready: Adopt
    kSettled,
  };

  using PartitionCount = std::function<std::int32_t(const std::string& topic)>;

  // Calls that can change what Holds() compares; the caller holds the Core's commit mutex, too.
  void Join(const std::string& seat, const std::string& member, const Terms& terms, MonoTime now);
  void Leave(const std::string& seat, const std::string& member);
  void ExpireSilent(MonoTime now);
  // Ends the rebalance if everybody has rejoined.
  void TryComplete(const PartitionCount& count);

  bool AnySilent(MonoTime now) const;
  bool ReadyToComplete() const;
  Standing StandingOf(const std::string& seat, const std::string& member) const;
  void Seen(const std::string& seat, const std::string& member, MonoTime now);
  void Rejoin(const std::string& seat);
  // Takes the assignment of this generation.
  std::vector<log::TopicPartition> Adopt(const std::string& seat);
  // Closed or destroyed: the seat's session runs from `now`.
  void GoAway(const std::string& seat, const std::string& member, MonoTime now);

  // May `member` commit as of `generation`?
  bool Holds(const std::string& member, std::int32_t generation) const;
  std::int32_t generation() const { return generation_; }

 private:
  struct Member {
    std::string id;
    Terms terms;
    MonoTime seen;
    bool away = false;
    bool rejoined = false;
    std::int32_t adopted = -1;  // the generation whose assignment it has taken
    std::vector<log::TopicPartition> assigned;
  };
  static bool Silent(const Member& member, MonoTime now);
  void StartRebalance();
  void Assign(const PartitionCount& count);

  std::map<std::string, Member> seats_;  // by static instance, or member id; in order of assignment
  std::int32_t generation_ = 0;
  bool rebalancing_ = false;
};

}  // namespace textback::log_embedded
