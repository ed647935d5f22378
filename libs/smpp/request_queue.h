// The requests of one pool that no connection has written yet, first in first out: a ring of fixed
// capacity. Sessions read ahead of the front while they encode, and take off only what the
// transport took, so a request is never in two places and never nowhere.
//
// Thread safety: none; the I/O thread's.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "smpp/submit_port.h"

namespace textback::smpp {

class RequestQueue {
 public:
  explicit RequestQueue(std::size_t capacity) : ring_(capacity) { TB_ASSERT(capacity > 0); }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == ring_.size(); }

  // Requires !full().
  void Push(SubmitRequest&& request) {
    TB_ASSERT(!full());
    ring_[Index(size_)] = std::move(request);
    ++size_;
  }
  // The i-th from the front. Requires i < size().
  const SubmitRequest& operator[](std::size_t i) const {
    TB_ASSERT(i < size_);
    return ring_[Index(i)];
  }
  SubmitRequest Pop() {
    TB_ASSERT(size_ > 0);
    SubmitRequest request = std::move(ring_[head_]);
    Drop();
    return request;
  }
  // Takes the front off, unread.
  void Drop() {
    TB_ASSERT(size_ > 0);
    head_ = Index(1);
    --size_;
  }

 private:
  std::size_t Index(std::size_t i) const {
    const std::size_t at = head_ + i;
    return at < ring_.size() ? at : at - ring_.size();
  }
  std::vector<SubmitRequest> ring_;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace textback::smpp
