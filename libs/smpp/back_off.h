// How long to wait before the next attempt to connect: doubling from `min` to `max`, each drawn
// between half of it and all of it, so that the binds of a fleet don't come back in step.
//
// Thread safety: none.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/assert.h"
#include "base/random.h"

namespace textback::smpp {

class BackOff {
 public:
  using Milliseconds = std::chrono::milliseconds;
  BackOff(Milliseconds min, Milliseconds max) : min_(min), max_(max), next_(min) {
    TB_ASSERT(min.count() > 0 && max >= min);
  }
  Milliseconds Next(Random& random) {
    const Milliseconds step = next_;
    next_ = std::min(max_, next_ * 2);
    return Milliseconds(random.Between((step.count() + 1) / 2, step.count()));
  }
  // Go to the longest wait at once: refused credentials don't get better by hammering.
  void Max() { next_ = max_; }
  void Reset() { next_ = min_; }

 private:
  const Milliseconds min_;
  const Milliseconds max_;
  Milliseconds next_;
};

}  // namespace textback::smpp
