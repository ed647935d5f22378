// A thread that steps a shard until it is told to stop, or the shard ends by itself.
//
//   ShardThread thread(std::move(shard), 20ms, [&](const Status& why) { wake_main(why); });
//   …
//   thread.RequestStop();
//   const Status why = thread.Join();
//
// A stop in good order gives the partitions back. A shard that ended with an error doesn't get to:
// what was open is dropped, as by a crash, and Join says why; the process is to exit (3 for kFatal,
// see the services), so that its supervisor starts it anew.
//
// Threads: construct, RequestStop and Join from one thread. Lifetime: what
// the shard borrows outlives Join.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "base/result.h"
#include "shard/shard.h"

namespace textback::shard {

class ShardThread {
 public:
  // `wait`: how long a Step may wait for records; local events wait as long at worst. `ended` is
  // called on the thread with why it ended (Ok after a requested stop) when it has nothing more to
  // do; `stepped` after each Step that went well.
  ShardThread(std::unique_ptr<Shard> shard, std::chrono::milliseconds wait,
              std::function<void(const Status&)> ended = {},
              std::function<void(const Shard&)> stepped = {});
  // Stops and joins.
  ~ShardThread();

  void RequestStop() { thread_.request_stop(); }
  // Ok after a requested stop, else what ended the shard. Idempotent.
  Status Join();
  std::string name() const { return shard_->name(); }
  // For a watchdog.
  Heartbeat& heartbeat() { return shard_->heartbeat(); }

 private:
  void Run(const std::stop_token& stop);

  std::unique_ptr<Shard> shard_;
  const std::chrono::milliseconds wait_;
  std::function<void(const Status&)> ended_;
  std::function<void(const Shard&)> stepped_;
  Status status_ = Ok();
  std::mutex mutex_;
  std::condition_variable_any idle_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace textback::shard
