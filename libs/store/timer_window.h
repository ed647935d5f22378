// The timers of one store that are due soonest, in memory, in order of (due, key).
//
// The window knows every timer that stands before its horizon and none at or after it; those are
// in the disk's index, or belong to dirty documents. It starts empty with the horizon at the
// beginning of time; the store moves the horizon on by adding what the disk holds behind it. Over
// `limit` timers the farthest are forgotten and the horizon moves back to the first of them.
//
// Thread safety: none; one per store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/btree_set.h"
#include "store/store.h"

namespace textback::store {

class TimerWindow {
 public:
  using Position = std::pair<std::int64_t, std::string>;
  using PositionView = std::pair<std::int64_t, std::string_view>;
  struct Less {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return PositionView(a.first, a.second) < PositionView(b.first, b.second);
    }
  };
  using Timers = absl::btree_set<Position, Less>;

  explicit TimerWindow(std::size_t limit) : limit_(limit) {}

  bool Knows(PositionView position) const { return Less{}(position, horizon_); }
  // Timers at or after the horizon are left to the disk.
  void Insert(std::int64_t due_ms, std::string_view key) {
    if (due_ms == kNeverDue || !Knows({due_ms, key})) return;
    timers_.emplace(due_ms, key);
    if (timers_.size() > limit_) Trim(limit_ - limit_ / 4);
  }
  void Erase(std::int64_t due_ms, std::string_view key) {
    if (due_ms == kNeverDue) return;
    const auto found = timers_.find(PositionView(due_ms, key));
    if (found != timers_.end()) timers_.erase(found);
  }
  Timers::const_iterator Erase(Timers::const_iterator at) { return timers_.erase(at); }

  // Everything before `horizon` has been, or is about to be, added with Add.
  void MoveHorizon(Position horizon) { horizon_ = std::move(horizon); }
  // As Insert, but keeps up to `limit` timers this time.
  void Add(std::int64_t due_ms, std::string_view key, std::size_t limit) {
    if (!Knows({due_ms, key})) return;
    timers_.emplace(due_ms, key);
    if (timers_.size() > limit) Trim(limit);
  }

  bool complete() const {
    return horizon_.first == kNeverDue;
  }  // nothing stands behind the horizon
  const Position& horizon() const { return horizon_; }
  const Timers& timers() const { return timers_; }
  std::size_t limit() const { return limit_; }
  void set_limit(std::size_t limit) { limit_ = limit; }

 private:
  void Trim(std::size_t keep) {
    while (timers_.size() > keep) {
      const auto last = std::prev(timers_.end());
      horizon_ = *last;
      timers_.erase(last);
    }
  }

  std::size_t limit_;
  Position horizon_{std::numeric_limits<std::int64_t>::min(), ""};
  Timers timers_;
};

}  // namespace textback::store
