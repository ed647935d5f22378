#include "pipeline/parts.h"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace textback::pipeline {
namespace {

constexpr std::chrono::milliseconds kAskAgain{500};

}  // namespace

Status AwaitTopics(const Surroundings& around, const std::vector<std::string>& topics,
                   const std::function<bool()>& stop) {
  std::mutex mutex;
  std::condition_variable never;
  for (const auto& topic : topics) {
    while (true) {
      if (stop()) return RetryError("stopped", "stopped while waiting for the log");
      const auto partitions = around.log.Partitions(topic);
      if (partitions) break;
      if (partitions.error().disposition != Disposition::kRetry) {
        Error error = partitions.error();
        if (error.code == "topic_missing")
          error.message += "; `textback topics create` makes the topics";
        return error;
      }
      around.notices.Warn("waiting for the log", partitions.error());
      std::unique_lock lock(mutex);
      never.wait_for(lock, kAskAgain);
    }
  }
  return Ok();
}

shard::ShardConfig MakeShardConfig(const CommonConfig& common, const RoleConfig& role,
                                   std::string_view name, int thread, const std::string& changelog,
                                   const Topics& topics) {
  shard::ShardConfig config;
  config.role = std::string(name);
  // The prefix stands for a generation of topics, so groups and transactional ids follow it.
  config.app = common.prefix.substr(0, common.prefix.find_last_not_of('.') + 1);
  config.instance = common.instance;
  config.thread = thread;
  config.changelog_topic = changelog;
  config.deadletter_topic = topics.deadletter;
  config.records_max = role.records_max;
  config.gather_interval = std::chrono::milliseconds(role.gather_ms);
  config.transaction_timeout = std::chrono::milliseconds(role.transaction_timeout_ms);
  config.session_timeout = std::chrono::milliseconds(role.session_timeout_ms);
  config.source_timeout = std::chrono::milliseconds(role.source_timeout_ms);
  config.accept_lost_records = role.accept_lost_records;
  return config;
}

Result<std::unique_ptr<store::RocksDbStoreSet>> OpenStores(const Surroundings& around,
                                                           const CommonConfig& common,
                                                           const RoleConfig& role,
                                                           std::string_view name,
                                                           const std::string& changelog) {
  store::RocksDbStoreOptions options;
  options.folder = common.data_folder + "/state";
  options.role = std::string(name);
  options.topic_prefix = common.prefix;
  TB_ASSIGN_OR_RETURN(options.partition_count, around.log.Partitions(changelog));
  options.memory = store::SplitMemory(role.memory_bytes);
  options.flush_entries = static_cast<std::size_t>(role.flush_entries);
  return store::RocksDbStoreSet::Create(around.clock, options);
}

}  // namespace textback::pipeline
