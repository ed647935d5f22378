// What a person watches while the demo runs: each missed call and its text, as they happen.
//
// Reads decisions, jobs and statuses from the log as any other reader would, joins them by job id,
// and writes lines. Knows nothing of the pipeline's inside.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "log/log.h"
#include "pipeline/topics.h"
#include "textback/v1/decision.pb.h"
#include "textback/v1/job.pb.h"
#include "textback/v1/status.pb.h"

namespace textback::cli {

class DemoStory {
 public:
  // `names`: tenant id to business name. `color`: the output is a terminal.
  DemoStory(log::Log& log, const pipeline::Topics& topics, std::map<std::string, std::string> names,
            std::FILE* out, bool color);

  // From the topics' ends on. Call before anything is fed.
  Status Start();
  // Writes what happened since; waits up to `wait` for the first.
  Status Step(std::chrono::milliseconds wait);
  // Counts, without lines: while a load runs.
  void Quiet(bool quiet) { quiet_ = quiet; }

  struct Seen {
    std::uint64_t decisions = 0;
    std::uint64_t texts_asked = 0;  // first texts
    std::uint64_t sent = 0;
    std::uint64_t receipts = 0;
  };
  const Seen& seen() const { return seen_; }
  // The last customer who was texted, and by which sender; "" before the first.
  const std::string& last_customer() const { return last_customer_; }
  const std::string& last_sender() const { return last_sender_; }

 private:
  void OnDecision(const v1::Decision& decision, std::int64_t at_ms);
  void OnJob(const v1::Job& job, std::int64_t at_ms);
  void OnStatus(const v1::Status& status, std::int64_t at_ms);
  void Tell(const v1::Decision& decision);
  std::string NameOf(const std::string& tenant) const;
  std::string Paint(const char* code, const std::string& text) const;

  log::Log& log_;
  const pipeline::Topics topics_;
  const std::map<std::string, std::string> names_;
  std::FILE* const out_;
  const bool color_;
  bool quiet_ = false;
  std::unique_ptr<log::Reader> reader_;
  log::Batch batch_;
  Seen seen_;
  std::string last_customer_;
  std::string last_sender_;
  // A decision and its job come in either order; a job is kept until its receipt. Bounded.
  std::map<std::string, v1::Decision> waiting_;
  std::map<std::string, v1::Job> jobs_;
  std::deque<std::string> job_order_;
};

}  // namespace textback::cli
