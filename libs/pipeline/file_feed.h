// Files that `textback run` follows into its log, on a thread of their own.
//
// Threads: the owner's, and one. Lifetime: what the constructor gets outlives it.
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "ingest/ingester.h"
#include "pipeline/ingest_metrics.h"
#include "pipeline/parts.h"

namespace textback::pipeline {

class FileFeed {
 public:
  // kFatal ("usage"): the files' names.
  static Result<std::unique_ptr<FileFeed>> Make(const ingest::IngestConfig& config,
                                                const Surroundings& around);
  ~FileFeed();  // Stop()

  void Start();
  void Stop();

 private:
  explicit FileFeed(const Surroundings& around);
  void Run();

  const Surroundings around_;
  IngestMetrics metrics_;
  std::unique_ptr<ingest::Ingester> ingester_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace textback::pipeline
