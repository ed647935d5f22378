// worker.yaml, dispatcher.yaml and run.yaml: one typed schema each, read with places and all errors
// at once.
//
// Every value has a default or is required; every limit has a range; an unknown key is refused. The
// same functions print the reference (--help-config), so that it can't differ.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/reader.h"
#include "config/secret.h"
#include "dispatch/dispatch_processor.h"
#include "dispatch/number_errors.h"
#include "dispatch/track_processor.h"
#include "ingest/config.h"
#include "intake/intake.h"
#include "log_embedded/embedded_log.h"
#include "log_kafka/connection.h"
#include "pipeline/number_files.h"
#include "pipeline/topics.h"
#include "policy/limits.h"
#include "shard/shard_watch.h"
#include "smpp/client.h"

namespace textback::pipeline {

// What looks after the shards (pipeline/watchdog.h).
struct WatchdogConfig {
  bool enabled = true;
  shard::WatchLimits limits;
};

// What both services have.
struct CommonConfig {
  std::string
      instance;  // stable name of this process: its group memberships and transactions hang on it
  std::string prefix = "textback.";
  std::string data_folder;
  std::string http_address = "0.0.0.0";
  int http_port = 9464;
  bool log_json = false;
  WatchdogConfig watchdog;
  log_kafka::ConnectionConfig kafka;
  bool production = false;  // refuse to start where the cluster's settings void the guarantee
};

// How a role's shards run.
struct RoleConfig {
  int threads = 1;
  std::size_t memory_bytes = std::size_t{1} << 30;  // of all its stores together
  std::size_t records_max = 50'000;                 // of one transaction
  std::int64_t gather_ms = 5;
  std::int64_t flush_entries = 500'000;
  std::int64_t transaction_timeout_ms = 4'000;
  std::int64_t session_timeout_ms = 6'000;
  std::int64_t source_timeout_ms = 60'000;
  bool accept_lost_records = false;
};

struct WorkerConfig {
  CommonConfig common;
  bool intake_role = true;
  bool decide_role = true;
  int intake_threads = 1;
  std::int64_t watermark_ms = 1'000;
  std::vector<intake::IntakeInput> inputs;
  NumberFilesConfig numbers;
  RoleConfig decide;
  policy::Limits limits;
};

struct SmscAccountConfig {
  std::string account =
      "smsc";           // message ids belong to it: changing it forgets receipts on their way
  std::string country;  // of national addresses in deliver_sm
  smpp::PoolConfig pool;
  std::size_t parts_max = 8;
  // What says that a number takes no texts: dispatch/number_errors.h.
  std::vector<std::string> number_errors = dispatch::NumberErrors::Usual();
};

struct DispatcherConfig {
  CommonConfig common;
  bool dispatch_role = true;
  bool track_role = true;
  RoleConfig dispatch;
  RoleConfig track;
  SmscAccountConfig smsc;
  std::size_t intent_limit = 0;  // 0: four times the windows' sum
  std::int64_t clock_drift_ms = 2'000;
  dispatch::DispatchConfig outbox;
  dispatch::TrackConfig tracking;
};

// The whole pipeline in one process, on the embedded log (`textback run`).
struct RunConfig {
  WorkerConfig worker;
  DispatcherConfig dispatcher;
  TopicPlan plan;
  log_embedded::EmbeddedLogOptions log;  // folder: data_folder + "/log"
  std::string tenants_file;              // "": tenants are applied by other means
  std::vector<ingest::IngestConfig>
      files;  // followed into inputs' topics; topics of our own: unset
};

void ReadWorkerConfig(config::Map& map, WorkerConfig& config);
void ReadDispatcherConfig(config::Map& map, DispatcherConfig& config);
void ReadRunConfig(config::Map& map, RunConfig& config);

// Reads the file and everything it names. kFatal, one line per error with its place.
Result<WorkerConfig> LoadWorkerConfig(const std::string& path);
Result<DispatcherConfig> LoadDispatcherConfig(const std::string& path);
Result<RunConfig> LoadRunConfig(const std::string& path);

}  // namespace textback::pipeline
