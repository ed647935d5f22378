// What the I/O thread hands to others: batches in, batches out, one lock for each. Not bounded by
// itself: what may be in it is bounded by the caller (client.h says how), since a settled outcome
// can't be refused.
//
// Thread safety: all calls from any thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <iterator>
#include <mutex>
#include <vector>

namespace textback::smpp {

template <class T>
class Mailbox {
 public:
  // Moves all of `batch` in, leaving it empty.
  void Append(std::vector<T>& batch) {
    if (batch.empty()) return;
    {
      const std::lock_guard lock(mutex_);
      if (taken_ == items_.size()) {
        items_.clear();
        taken_ = 0;
        items_.swap(batch);
      } else {
        items_.insert(items_.end(), std::make_move_iterator(batch.begin()),
                      std::make_move_iterator(batch.end()));
      }
    }
    batch.clear();
    ready_.notify_all();
  }

  // Appends up to `max` to `out`, waiting up to `wait` for the first. Returns how many.
  std::size_t Drain(std::vector<T>& out, std::size_t max, std::chrono::milliseconds wait) {
    std::unique_lock lock(mutex_);
    if (wait.count() > 0) ready_.wait_for(lock, wait, [this] { return taken_ < items_.size(); });
    const std::size_t n = std::min(max, items_.size() - taken_);
    const auto begin = items_.begin() + static_cast<std::ptrdiff_t>(taken_);
    out.insert(out.end(), std::make_move_iterator(begin),
               std::make_move_iterator(begin + static_cast<std::ptrdiff_t>(n)));
    taken_ += n;
    return n;
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size() - taken_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::vector<T> items_;
  std::size_t taken_ = 0;  // at the front, moved out already
};

}  // namespace textback::smpp
