// One installation for one test: topics under a prefix of its own, a worker, a dispatcher and a
// simulated SMSC as processes, their configuration and state in a folder that goes away with it.
//
// Nothing starts by itself. Programs listen on ports that the system chose, on loopback.
//
// Threads: one. Errors: what can't be set up fails the test.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/process.h"
#include "e2e/smsc_process.h"
#include "e2e/topic.h"
#include "log/log.h"
#include "pipeline/topics.h"
#include "textback/v1/call_record.pb.h"
#include "textback/v1/tenant.pb.h"

namespace textback::tests {

class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string Write(const std::string& name, std::string_view text) const;

 private:
  std::string path_;
};

// What a test may want different from the services' defaults. Short times, so that a kill is over
// in a second or two.
struct SiteOptions {
  pipeline::TopicPlan plan{.partitions = 2, .decision_partitions = 1};
  std::size_t window = 50;
  std::size_t intent_limit = 200;
  std::string response_timeout = "1s";
  std::string lease = "1s";
  std::string clock_drift = "500ms";
  std::string receipt_window = "1m";  // an unknown text's, for its receipt
  std::string unmatched_after = "8s";
  std::string session_timeout = "3s";
  std::string kafka_extra;   // further keys of the section kafka: ", key: value"
  std::string decide_extra;  // further lines of the section decide, indented by two
  std::string input_extra;   // further lines of the input, indented by six
  std::string smsc_yaml;     // configuration of the SMSC
};

class Site {
 public:
  // `broker`: host:port. Each site's prefix is different.
  Site(std::string broker, SiteOptions options = {});

  log::Log& log() { return *log_; }
  const pipeline::Topics& topics() const { return topics_; }
  const SiteOptions& options() const { return options_; }
  const std::string& folder() const { return folder_.path(); }
  const std::string& broker() const { return broker_; }
  // Where textback-worker and textback-dispatcher keep their state.
  std::string StateOf(std::string_view service) const;

  void CreateTopics();
  void CreateTopics(const std::vector<log::TopicSpec>& specs);
  void Put(const v1::Tenant& tenant);
  // Keyed by the calling number, so that a customer's calls keep their order.
  void Feed(const v1::CallRecord& record);
  void FeedRaw(std::string_view key, std::string_view value);
  void FlushFeed();

  void StartSmsc();  // again: on the same port, going on with the same record
  void StartWorker();
  void StartDispatcher();
  void StartAll();
  // SIGTERM; the exit codes must be 0.
  void StopAll();

  SmscProcess& smsc() { return *smsc_; }
  Process& worker() { return *worker_; }
  Process& dispatcher() { return *dispatcher_; }

  // Of the worker or dispatcher with this number; each has its own name and folder.
  std::string WorkerYaml(int number = 1) const;
  std::string DispatcherYaml(int number = 1) const;
  std::string WriteConfig(const std::string& name, std::string_view yaml) const;

  // For a failure's message: the end of what the services said.
  std::string Logs() const;

 private:
  std::string Common(std::string_view service, int number) const;

  const std::string broker_;
  const SiteOptions options_;
  const pipeline::Topics topics_;
  const TemporaryFolder folder_;
  std::unique_ptr<log::Log> log_;
  std::unique_ptr<tests::Feed> feed_;
  std::unique_ptr<SmscProcess> smsc_;
  std::unique_ptr<Process> worker_, dispatcher_;
};

}  // namespace textback::tests
