#include "pipeline/parts.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

#include "pipeline/production.h"

namespace textback::pipeline {
namespace {

constexpr std::chrono::milliseconds kAskAgain{500};

// Asks again and again while the log can't be reached.
Status Await(const Surroundings& around, std::string_view what, const std::function<bool()>& stop,
             const std::function<Status()>& ask) {
  std::mutex mutex;
  std::condition_variable never;
  while (!stop()) {
    Status status = ask();
    if (status || status.error().disposition != Disposition::kRetry) return status;
    around.notices.Warn(what, status.error());
    std::unique_lock lock(mutex);
    never.wait_for(lock, kAskAgain);
  }
  return RetryError("stopped", "stopped while waiting for the log");
}

}  // namespace

Status AwaitTopics(const Surroundings& around, const std::vector<std::string>& topics,
                   const std::function<bool()>& stop) {
  for (const auto& topic : topics) {
    TB_RETURN_IF_ERROR(Await(around, "waiting for the log", stop, [&]() -> Status {
      const auto partitions = around.log.Partitions(topic);
      if (partitions) return Ok();
      Error error = partitions.error();
      if (error.code == "topic_missing")
        error.message += "; `textback topics create` makes the topics";
      return error;
    }));
  }
  return Ok();
}

Status AwaitSafeCluster(const Surroundings& around, const CommonConfig& common,
                        const std::vector<std::string>& topics, const std::function<bool()>& stop) {
  std::vector<ProductionFinding> findings;
  TB_RETURN_IF_ERROR(Await(around, "waiting for the cluster's settings", stop, [&]() -> Status {
    TB_ASSIGN_OR_RETURN(const auto admin, around.log.NewAdmin());
    TB_ASSIGN_OR_RETURN(findings, CheckProduction(*admin, Topics(common.prefix), topics));
    return Ok();
  }));
  if (findings.empty()) return Ok();
  if (!common.production) {
    around.notices.Warn(
        "the cluster's settings void the guarantee; `textback topics verify --production` lists "
        "them",
        {{"settings", std::to_string(findings.size())}});
    return Ok();
  }
  // A line for each setting: the log holds back what says the same again.
  std::map<std::string, std::pair<std::string, const ProductionFinding*>> by_setting;
  for (const auto& finding : findings) {
    auto& [where, first] = by_setting[finding.setting];
    where += (where.empty() ? "" : ", ") + finding.where + " (" + finding.found + ")";
    first = &finding;
  }
  for (const auto& [setting, found] : by_setting) {
    around.notices.Warn(setting + " voids the guarantee",
                        {{"of", found.first}, {"needed", found.second->needed}});
  }
  return FatalError("not_for_production",
                    "kafka.production is set, and " + std::to_string(findings.size()) +
                        " settings of the cluster void the guarantee (docs/guarantees.md): the "
                        "lines before this one name them");
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

std::unique_ptr<Watchdog> MakeWatchdog(const Surroundings& around, const CommonConfig& common) {
  return std::make_unique<Watchdog>(
      common.watchdog, Watchdog::Parts{around.clock, around.registry, around.notices, around.on_end,
                                       Watchdog::LeaveProcess});
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
