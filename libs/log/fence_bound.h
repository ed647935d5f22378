// How often a member may be fenced and join its group again.
//
// A fence needn't mean that another process runs under the name: a broker that crashed may have
// lost the answer to a static member's join, and then takes the member for its own predecessor. So
// one that is fenced joins again; that fences whoever else holds the name. Two processes of one
// name would do so in turn for ever, committing in between: so it is bounded in time, and one of
// them ends.
//
// Threads: one.
#pragma once

#include <chrono>
#include <deque>

#include "base/clock.h"

namespace textback::log {

class FenceBound {
 public:
  static constexpr std::size_t kFencesMax = 8;
  static constexpr std::chrono::seconds kWindow{60};

  // Fenced now. False: more than kFencesMax times within kWindow, so don't join again.
  bool MayJoinAgain(MonoTime now) {
    fences_.push_back(now);
    while (now - fences_.front() > kWindow) fences_.pop_front();
    return fences_.size() <= kFencesMax;
  }

 private:
  std::deque<MonoTime> fences_;
};

}  // namespace textback::log
