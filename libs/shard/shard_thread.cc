#include "shard/shard_thread.h"

#include <utility>

#include "base/thread_name.h"

namespace textback::shard {

ShardThread::ShardThread(std::unique_ptr<Shard> shard, std::chrono::milliseconds wait,
                         std::function<void(const Status&)> ended,
                         std::function<void(const Shard&)> stepped)
    : shard_(std::move(shard)),
      wait_(wait),
      ended_(std::move(ended)),
      stepped_(std::move(stepped)),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

ShardThread::~ShardThread() {
  RequestStop();
  if (thread_.joinable()) thread_.join();
}

void ShardThread::Run(const std::stop_token& stop) {
  SetThreadName(shard_->name());
  while (!stop.stop_requested() && status_) {
    status_ = shard_->Step(wait_);
    if (status_ && stepped_) stepped_(*shard_);
    // No broker: nothing inside Step waits.
    if (const auto idle = shard_->idle(); status_ && idle.count() > 0) {
      std::unique_lock lock(mutex_);
      idle_.wait_for(lock, stop, idle, [] { return false; });
    }
  }
  if (status_) shard_->Stop();
  if (ended_) ended_(status_);
}

Status ShardThread::Join() {
  if (thread_.joinable()) thread_.join();
  return status_;
}

}  // namespace textback::shard
