#include "log_embedded/group.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/assert.h"

namespace textback::log_embedded {

bool Group::Silent(const Member& member, MonoTime now) {
  return now - member.seen > (member.away ? member.terms.session : member.terms.poll_interval);
}

void Group::StartRebalance() {
  rebalancing_ = true;
  for (auto& [seat, member] : seats_) {
    // Who holds nothing has nothing to give up.
    member.rejoined = member.away || member.adopted < 0;
  }
}

void Group::Join(const std::string& seat, const std::string& member, const Terms& terms,
                 MonoTime now) {
  const auto found = seats_.find(seat);
  if (found == seats_.end()) {
    seats_[seat] = Member{.id = member, .terms = terms, .seen = now, .assigned = {}};
    StartRebalance();
    return;
  }
  // A static member has come back, or a twin has: the seat is the newcomer's, share and all.
  Member& held = found->second;
  const bool same = held.terms.subscribed == terms.subscribed;
  held.id = member;
  held.terms = terms;
  held.seen = now;
  held.away = false;
  held.adopted = -1;
  held.rejoined = true;
  if (!same) StartRebalance();
}

void Group::Leave(const std::string& seat, const std::string& member) {
  const auto found = seats_.find(seat);
  if (found == seats_.end() || found->second.id != member) return;
  seats_.erase(found);
  StartRebalance();
}

void Group::ExpireSilent(MonoTime now) {
  if (std::erase_if(seats_, [&](const auto& s) { return Silent(s.second, now); }) > 0)
    StartRebalance();
}

bool Group::AnySilent(MonoTime now) const {
  return std::any_of(seats_.begin(), seats_.end(),
                     [&](const auto& s) { return Silent(s.second, now); });
}

bool Group::ReadyToComplete() const {
  return rebalancing_ &&
         std::all_of(seats_.begin(), seats_.end(), [](const auto& s) { return s.second.rejoined; });
}

void Group::TryComplete(const PartitionCount& count) {
  if (!ReadyToComplete()) return;
  rebalancing_ = false;
  ++generation_;
  Assign(count);
}

// Range: of each topic, consecutive indices by order of seats; the first ones get one more.
void Group::Assign(const PartitionCount& count) {
  std::set<std::string> topics;
  for (auto& [seat, member] : seats_) {
    member.assigned.clear();
    member.adopted = -1;
    topics.insert(member.terms.subscribed.begin(), member.terms.subscribed.end());
  }
  for (const auto& topic : topics) {
    std::vector<Member*> members;
    for (auto& [seat, member] : seats_) {
      const auto& subscribed = member.terms.subscribed;
      if (std::find(subscribed.begin(), subscribed.end(), topic) != subscribed.end())
        members.push_back(&member);
    }
    const auto n = static_cast<std::int32_t>(members.size());
    const std::int32_t partitions = count(topic);
    std::int32_t next = 0;
    for (std::int32_t i = 0; i < n; ++i) {
      const std::int32_t share = partitions / n + (i < partitions % n ? 1 : 0);
      for (const std::int32_t end = next + share; next < end; ++next) {
        members[static_cast<std::size_t>(i)]->assigned.push_back({topic, next});
      }
    }
  }
}

Group::Standing Group::StandingOf(const std::string& seat, const std::string& member) const {
  const auto found = seats_.find(seat);
  if (found == seats_.end()) return Standing::kUnknown;
  const Member& held = found->second;
  if (held.id != member) return Standing::kFenced;
  if (rebalancing_) return held.rejoined ? Standing::kWait : Standing::kGiveUp;
  return held.adopted == generation_ ? Standing::kSettled : Standing::kAssigned;
}

void Group::Seen(const std::string& seat, const std::string& member, MonoTime now) {
  const auto found = seats_.find(seat);
  if (found != seats_.end() && found->second.id == member) found->second.seen = now;
}

void Group::Rejoin(const std::string& seat) {
  const auto found = seats_.find(seat);
  if (found != seats_.end()) found->second.rejoined = true;
}

std::vector<log::TopicPartition> Group::Adopt(const std::string& seat) {
  Member& member = seats_.at(seat);
  TB_ASSERT(!rebalancing_);
  member.adopted = generation_;
  return member.assigned;
}

void Group::GoAway(const std::string& seat, const std::string& member, MonoTime now) {
  const auto found = seats_.find(seat);
  if (found == seats_.end() || found->second.id != member) return;
  found->second.away = true;
  found->second.rejoined = true;
  found->second.seen = now;
}

bool Group::Holds(const std::string& member, std::int32_t generation) const {
  return generation >= 0 && generation == generation_ &&
         std::any_of(seats_.begin(), seats_.end(),
                     [&](const auto& s) { return s.second.id == member; });
}

}  // namespace textback::log_embedded
