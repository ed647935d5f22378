#include "log_sim/groups.h"

#include <algorithm>

#include "base/assert.h"

namespace textback::log::sim {

std::string_view ToString(GroupAnswer answer) {
  switch (answer) {
    case GroupAnswer::kOk:
      return "ok";
    case GroupAnswer::kRebalance:
      return "rebalance in progress";
    case GroupAnswer::kUnknownMember:
      return "unknown member id";
    case GroupAnswer::kIllegalGeneration:
      return "illegal generation";
    case GroupAnswer::kFencedInstance:
      return "fenced instance id";
  }
  return "?";
}

MonoTime GroupCoordinator::Member::Expiry() const {
  const MonoTime beat = frozen ? *frozen : polled + max_poll_interval;
  return std::max(beat, floor) + session_timeout;
}

std::string GroupCoordinator::NewMemberId(const JoinRequest& request) {
  return (request.instance.empty() ? "consumer" : request.instance) + "-" +
         std::to_string(++members_made_);
}

std::string GroupCoordinator::HolderOf(const Group& group, const std::string& instance) {
  if (instance.empty()) return "";
  for (const auto& [id, member] : group.members) {
    if (member.instance == instance) return id;
  }
  return "";
}

// A static member is back under a new id. True: the group stays as it is.
bool GroupCoordinator::Replace(Group& group, const std::string& old_id, const std::string& new_id,
                               const JoinRequest& request, MonoTime now) {
  auto node = group.members.extract(old_id);
  node.key() = new_id;
  Member& member = node.mapped();
  const bool same = member.topics == request.topics;
  member.owner = request.owner;
  member.topics = request.topics;
  member.session_timeout = request.session_timeout;
  member.max_poll_interval = request.max_poll_interval;
  member.polled = now;
  member.floor = now;
  member.frozen.reset();
  member.gone = false;
  member.awaiting = false;
  if (group.leader == old_id) group.leader = new_id;
  const bool unchanged =
      group.state == State::kStable && same && member.generation == group.generation;
  group.members.insert(std::move(node));
  return unchanged;
}

std::string GroupCoordinator::Join(const JoinRequest& request, MonoTime now) {
  Group& group = groups_[request.group];
  std::string id = request.member;
  const std::string holder = HolderOf(group, request.instance);
  if (!holder.empty() && holder != id) {
    id = NewMemberId(request);
    if (Replace(group, holder, id, request, now)) return id;
  } else if (id.empty() || !group.members.contains(id)) {
    id = NewMemberId(request);
    Member member;
    member.instance = request.instance;
    member.owner = request.owner;
    member.topics = request.topics;
    member.session_timeout = request.session_timeout;
    member.max_poll_interval = request.max_poll_interval;
    group.members.emplace(id, std::move(member));
  }
  if (group.state != State::kPreparing) Prepare(group, now);
  Member& member = group.members.at(id);
  member.polled = now;
  member.floor = now;
  member.awaiting = true;
  TryComplete(group, now, false);
  return id;
}

void GroupCoordinator::Prepare(Group& group, MonoTime now) {
  group.state = State::kPreparing;
  std::chrono::milliseconds longest{0};
  for (auto& [id, member] : group.members) {
    member.awaiting = false;
    longest = std::max(longest, member.max_poll_interval);
  }
  group.deadline = now + longest;
}

void GroupCoordinator::TryComplete(Group& group, MonoTime now, bool deadline_over) {
  TB_ASSERT(group.state == State::kPreparing);
  if (deadline_over) {
    std::erase_if(group.members, [](const auto& entry) {
      return !entry.second.awaiting && entry.second.instance.empty();
    });
  }
  if (group.members.empty()) {
    ++group.generation;
    group.state = State::kEmpty;
    return;
  }
  std::string first_joined;
  bool all = true;
  for (const auto& [id, member] : group.members) {
    if (!member.awaiting) all = false;
    if (member.awaiting && first_joined.empty()) first_joined = id;
  }
  if (!all && !deadline_over) return;
  if (first_joined.empty()) {  // only absent static members: wait for them, or for their sessions
    std::chrono::milliseconds longest{0};
    for (const auto& [id, member] : group.members) {
      longest = std::max(longest, member.max_poll_interval);
    }
    group.deadline = now + longest;
    return;
  }
  ++group.generation;
  group.state = State::kCompleting;
  const auto leader = group.members.find(group.leader);
  if (leader == group.members.end() || !leader->second.awaiting) group.leader = first_joined;
  for (auto& [id, member] : group.members) {
    if (!member.awaiting) continue;
    member.awaiting = false;
    member.generation = group.generation;
    member.floor = now;
    member.assignment.clear();
  }
}

Membership GroupCoordinator::Ask(const std::string& group_name, const std::string& member_id,
                                 const std::string& instance) {
  Group& group = groups_[group_name];
  const auto it = group.members.find(member_id);
  if (it == group.members.end()) {
    const bool taken = !HolderOf(group, instance).empty();
    return {taken ? GroupAnswer::kFencedInstance : GroupAnswer::kUnknownMember, false, -1, {}};
  }
  Member& member = it->second;
  if (group.state == State::kPreparing) {
    return {member.awaiting ? GroupAnswer::kOk : GroupAnswer::kRebalance, false, -1, {}};
  }
  if (member.generation != group.generation)
    return {GroupAnswer::kIllegalGeneration, false, -1, {}};
  if (group.state == State::kCompleting && member_id == group.leader) {
    Assign(group);
    group.state = State::kStable;
  }
  if (group.state != State::kStable) return {};
  return {GroupAnswer::kOk, true, group.generation, member.assignment};
}

void GroupCoordinator::Assign(Group& group) const {
  std::set<std::string> topics;
  for (auto& [id, member] : group.members) {
    member.assignment.clear();
    topics.insert(member.topics.begin(), member.topics.end());
  }
  for (const auto& topic : topics) AssignTopic(group, topic);
}

void GroupCoordinator::AssignTopic(Group& group, const std::string& topic) const {
  std::vector<std::pair<std::string, Member*>> subscribers;
  for (auto& [id, member] : group.members) {
    if (std::find(member.topics.begin(), member.topics.end(), topic) == member.topics.end())
      continue;
    subscribers.emplace_back(member.instance.empty() ? id : member.instance, &member);
  }
  std::sort(subscribers.begin(), subscribers.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  const auto count = static_cast<std::int32_t>(subscribers.size());
  const std::int32_t partitions = partitions_(topic);
  std::int32_t next = 0;
  for (std::int32_t i = 0; i < count; ++i) {
    const std::int32_t share = partitions / count + (i < partitions % count ? 1 : 0);
    auto& assignment = subscribers[static_cast<std::size_t>(i)].second->assignment;
    for (std::int32_t p = 0; p < share; ++p) assignment.push_back({topic, next++});
  }
}

GroupAnswer GroupCoordinator::Heartbeat(const std::string& group_name, const std::string& member_id,
                                        const std::string& instance,
                                        std::int32_t generation) const {
  const auto found = groups_.find(group_name);
  if (found == groups_.end()) return GroupAnswer::kUnknownMember;
  const Group& group = found->second;
  const auto it = group.members.find(member_id);
  if (it == group.members.end()) {
    return HolderOf(group, instance).empty() ? GroupAnswer::kUnknownMember
                                             : GroupAnswer::kFencedInstance;
  }
  if (generation != group.generation) return GroupAnswer::kIllegalGeneration;
  return group.state == State::kPreparing ? GroupAnswer::kRebalance : GroupAnswer::kOk;
}

void GroupCoordinator::Polled(const std::string& group, const std::string& member, MonoTime now) {
  const auto it = groups_[group].members.find(member);
  if (it != groups_[group].members.end()) it->second.polled = now;
}

void GroupCoordinator::Remove(Group& group, const std::string& member, MonoTime now) {
  if (group.members.erase(member) == 0) return;
  if (group.members.empty()) {
    ++group.generation;
    group.state = State::kEmpty;
  } else if (group.state == State::kPreparing) {
    TryComplete(group, now, false);
  } else {
    Prepare(group, now);
  }
}

void GroupCoordinator::Leave(const std::string& group, const std::string& member, MonoTime now) {
  Remove(groups_[group], member, now);
}

void GroupCoordinator::Gone(const std::string& group, const std::string& member, MonoTime now) {
  const auto it = groups_[group].members.find(member);
  if (it == groups_[group].members.end()) return;
  if (!it->second.frozen)
    it->second.frozen = std::min(now, it->second.polled + it->second.max_poll_interval);
  it->second.gone = true;
}

void GroupCoordinator::Freeze(const std::string& owner, MonoTime now) {
  for (auto& [name, group] : groups_) {
    for (auto& [id, member] : group.members) {
      if (member.owner != owner || member.frozen) continue;
      member.frozen = std::min(now, member.polled + member.max_poll_interval);
    }
  }
}

void GroupCoordinator::Unfreeze(const std::string& owner, MonoTime now) {
  for (auto& [name, group] : groups_) {
    for (auto& [id, member] : group.members) {
      if (member.owner != owner || !member.frozen || member.gone) continue;
      member.frozen.reset();
      if (now <= member.polled + member.max_poll_interval) member.floor = now;
    }
  }
}

void GroupCoordinator::RemoveAll(const std::string& owner, MonoTime now) {
  for (auto& [name, group] : groups_) {
    std::vector<std::string> ids;
    for (const auto& [id, member] : group.members) {
      if (member.owner == owner) ids.push_back(id);
    }
    for (const auto& id : ids) Remove(group, id, now);
  }
}

void GroupCoordinator::Evict(const std::string& owner, MonoTime now) { RemoveAll(owner, now); }

void GroupCoordinator::Rebalance(const std::string& owner, MonoTime now) {
  for (auto& [name, group] : groups_) {
    const bool concerned = std::any_of(group.members.begin(), group.members.end(),
                                       [&](const auto& m) { return m.second.owner == owner; });
    if (concerned && group.state != State::kPreparing) Prepare(group, now);
  }
}

void GroupCoordinator::Usurp(const std::string& owner, MonoTime now) {
  for (auto& [name, group] : groups_) {
    std::vector<std::pair<std::string, JoinRequest>> victims;
    for (const auto& [id, member] : group.members) {
      if (member.owner != owner || member.instance.empty()) continue;
      victims.push_back({id,
                         {name, "", member.instance, "phantom", member.topics,
                          member.session_timeout, member.max_poll_interval}});
    }
    for (const auto& [id, request] : victims) {
      const std::string phantom = Join(request, now);
      Gone(name, phantom, now);
    }
  }
}

GroupAnswer GroupCoordinator::Check(const GroupMetadata& metadata, bool transactional) const {
  const auto found = groups_.find(metadata.group);
  if (found == groups_.end()) return GroupAnswer::kUnknownMember;
  const Group& group = found->second;
  if (!group.members.contains(metadata.member)) return GroupAnswer::kUnknownMember;
  if (metadata.generation != group.generation) return GroupAnswer::kIllegalGeneration;
  if (!transactional && group.state == State::kCompleting) return GroupAnswer::kRebalance;
  return GroupAnswer::kOk;
}

void GroupCoordinator::Commit(const std::string& group, const std::vector<OffsetCommit>& offsets) {
  for (const auto& o : offsets) groups_[group].offsets[o.source] = {o.next_offset, o.metadata};
}

void GroupCoordinator::CommitPending(std::int64_t producer, const std::string& group,
                                     const std::vector<OffsetCommit>& offsets) {
  auto& pending = groups_[group].pending[producer];
  for (const auto& o : offsets) pending[o.source] = {o.next_offset, o.metadata};
}

void GroupCoordinator::EndPending(std::int64_t producer, const std::string& group_name,
                                  bool commit) {
  Group& group = groups_[group_name];
  const auto it = group.pending.find(producer);
  if (it == group.pending.end()) return;
  if (commit) {
    for (const auto& [partition, offset] : it->second) group.offsets[partition] = offset;
  }
  group.pending.erase(it);
}

bool GroupCoordinator::Pending(const std::string& group, const TopicPartition& partition) const {
  const auto it = groups_.find(group);
  if (it == groups_.end()) return false;
  return std::any_of(it->second.pending.begin(), it->second.pending.end(),
                     [&](const auto& entry) { return entry.second.contains(partition); });
}

std::optional<MonoTime> GroupCoordinator::NextEvent() const {
  std::optional<MonoTime> next;
  const auto consider = [&](MonoTime t) { next = next ? std::min(*next, t) : t; };
  for (const auto& [name, group] : groups_) {
    if (group.state == State::kPreparing) consider(group.deadline);
    for (const auto& [id, member] : group.members) {
      if (!member.awaiting) consider(member.Expiry());
    }
  }
  return next;
}

void GroupCoordinator::RunAt(MonoTime now) {
  for (auto& [name, group] : groups_) {
    std::vector<std::string> expired;
    for (const auto& [id, member] : group.members) {
      if (!member.awaiting && member.Expiry() <= now) expired.push_back(id);
    }
    for (const auto& id : expired) {
      // An earlier removal may have completed a join, which starts sessions anew.
      const auto it = group.members.find(id);
      if (it != group.members.end() && it->second.Expiry() <= now) Remove(group, id, now);
    }
    if (group.state == State::kPreparing && group.deadline <= now) TryComplete(group, now, true);
  }
}

GroupView GroupCoordinator::View(const std::string& group) const {
  GroupView view;
  const auto it = groups_.find(group);
  if (it == groups_.end()) return view;
  view.generation = it->second.generation;
  for (const auto& [id, member] : it->second.members) view.members[id] = member.assignment;
  return view;
}

}  // namespace textback::log::sim
