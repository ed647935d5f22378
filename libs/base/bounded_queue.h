// Where threads meet: a queue with a fixed capacity. A full queue refuses; it never blocks a
// producer and never grows, so that memory follows from the configuration.
//
// Thread safety: all calls from any thread. Close() wakes every waiter.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace textback {

template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) { TB_ASSERT(capacity > 0); }

  // False, and `item` untouched, when full or closed.
  bool TryPush(T&& item) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_ || items_.size() >= capacity_) return false;
      items_.push_back(std::move(item));
    }
    ready_.notify_one();
    return true;
  }

  // Appends up to `max` items to `out`, waiting up to `wait` for the first one. Returns how many.
  std::size_t Drain(std::vector<T>& out, std::size_t max, std::chrono::milliseconds wait = {}) {
    std::unique_lock lock(mutex_);
    if (wait.count() > 0)
      ready_.wait_for(lock, wait, [this] { return closed_ || !items_.empty(); });
    std::size_t n = 0;
    for (; n < max && !items_.empty(); ++n) {
      out.push_back(std::move(items_.front()));
      items_.pop_front();
    }
    return n;
  }

  void Close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }
  std::size_t capacity() const { return capacity_; }

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<T> items_;
  bool closed_ = false;
};

}  // namespace textback
