// The whole pipeline in one process on the embedded log: what `textback run` is.
//
// Small sites can stay on it. Every part is the one that runs on Kafka; only the log differs.
//
// Threads: the owner's, and those of the parts. Lifetime: what Open gets outlives it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "log_embedded/embedded_log.h"
#include "pipeline/dispatcher.h"
#include "pipeline/file_feed.h"
#include "pipeline/worker.h"

namespace textback::pipeline {

class AllInOne {
 public:
  struct Outside {
    Clock& clock;
    telemetry::Registry& registry;
    telemetry::Health& health;
    telemetry::Log& notices;
    std::function<void(const Error&)> on_end;
    std::uint64_t seed = 0;
  };
  // Opens the log and makes its topics. kFatal: the folder is in use, or its topics have other
  // partition counts than the configuration.
  static Result<std::unique_ptr<AllInOne>> Open(const RunConfig& config, const Outside& outside);
  ~AllInOne();  // Stop()

  // For what must be in the log before the parts start, and for watching.
  log::Log& log() { return *log_; }

  Status Start();
  void Stop();

 private:
  AllInOne(const RunConfig& config, const Outside& outside);
  void RunMaintenance();

  const RunConfig config_;
  const Outside outside_;
  std::unique_ptr<log_embedded::EmbeddedLog> log_;
  std::unique_ptr<Worker> worker_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::vector<std::unique_ptr<FileFeed>> feeds_;
  std::atomic<bool> stopping_{false};
  std::thread maintenance_;
};

}  // namespace textback::pipeline
