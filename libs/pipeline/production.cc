#include "pipeline/production.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace textback::pipeline {
namespace {

using Settings = std::map<std::string, std::string>;

std::optional<std::int64_t> Number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// What is wrong with one place's settings. A setting that isn't told is not judged.
class Judge {
 public:
  Judge(std::string where, const Settings& settings, std::vector<ProductionFinding>& findings)
      : where_(std::move(where)), settings_(settings), findings_(findings) {}

  void Is(const std::string& setting, std::string_view wanted, std::string_view why) {
    const auto found = settings_.find(setting);
    if (found == settings_.end() || found->second == wanted) return;
    Add(setting, found->second, std::string(wanted) + ": " + std::string(why));
  }
  void AtLeast(const std::string& setting, std::int64_t least, std::string_view why,
               bool unlimited = false) {
    const auto found = settings_.find(setting);
    if (found == settings_.end()) return;
    const auto value = Number(found->second);
    if (value && (*value >= least || (unlimited && *value == -1))) return;
    Add(setting, found->second,
        std::to_string(least) + " at least" + (unlimited ? ", or -1" : "") + ": " +
            std::string(why));
  }
  void Add(std::string setting, std::string found, std::string needed) {
    findings_.push_back({where_, std::move(setting), std::move(found), std::move(needed)});
  }

 private:
  const std::string where_;
  const Settings& settings_;
  std::vector<ProductionFinding>& findings_;
};

void JudgeTopic(const log::TopicInfo& topic, const Topics& ours, const ProductionNeeds& needs,
                std::vector<ProductionFinding>& findings) {
  Judge judge(topic.name, topic.settings, findings);
  if (topic.replicas > 0 && topic.replicas < needs.replicas) {
    judge.Add(
        "replication factor", std::to_string(topic.replicas),
        std::to_string(needs.replicas) + " at least: a machine may die while another restarts");
  }
  judge.Is("unclean.leader.election.enable", "false",
           "a leader that lacks records takes committed decisions back");
  judge.AtLeast("min.insync.replicas", needs.min_insync,
                "what one machine alone has confirmed dies with it");
  const bool changelog = topic.name == ours.decide_changelog ||
                         topic.name == ours.dispatch_changelog ||
                         topic.name == ours.track_changelog;
  const bool table = topic.name == ours.tenants || topic.name == ours.blocklist ||
                     topic.name == ours.ingest_positions;
  if (changelog || table) {
    judge.Is("cleanup.policy", "compact", "it is state: nothing but what is overwritten may go");
    if (changelog) {
      judge.AtLeast("delete.retention.ms", needs.delete_retention_ms,
                    "a store on disk must not miss a tombstone");
    }
  } else if (topic.name.starts_with(ours.prefix)) {
    judge.Is("cleanup.policy", "delete", "each record counts, also of one key");
    judge.AtLeast("retention.ms", needs.retention_ms, "longer than a reader may be away", true);
    judge.Is("retention.bytes", "-1", "what is cut by size may not have been read");
  }
  judge.AtLeast("max.message.bytes", needs.message_bytes, "what kafka.message_max lets us write");
}

Status JudgeBrokers(log::Admin& admin, const ProductionNeeds& needs,
                    std::vector<ProductionFinding>& findings) {
  Settings settings;
  for (const char* name : {"transaction.state.log.replication.factor",
                           "transaction.state.log.min.isr", "offsets.topic.replication.factor"}) {
    TB_ASSIGN_OR_RETURN(auto value, admin.BrokerSetting(name));
    if (value) settings.emplace(name, *std::move(value));
  }
  Judge judge("the brokers", settings, findings);
  constexpr std::string_view kTransactions = "the fate of a transaction must outlive a machine";
  judge.AtLeast("transaction.state.log.replication.factor", needs.replicas, kTransactions);
  judge.AtLeast("transaction.state.log.min.isr", needs.min_insync, kTransactions);
  judge.AtLeast("offsets.topic.replication.factor", needs.replicas,
                "positions and counts must outlive a machine");
  return Ok();
}

}  // namespace

Result<std::vector<ProductionFinding>> CheckProduction(log::Admin& admin, const Topics& topics,
                                                       const std::vector<std::string>& names,
                                                       const ProductionNeeds& needs) {
  TB_ASSIGN_OR_RETURN(const auto described, admin.Describe(names));
  std::vector<ProductionFinding> findings;
  for (const auto& [name, topic] : described) {
    if (topic) JudgeTopic(*topic, topics, needs, findings);
  }
  TB_RETURN_IF_ERROR(JudgeBrokers(admin, needs, findings));
  return findings;
}

std::string ToString(const ProductionFinding& finding) {
  return finding.where + ": " + finding.setting + " is " + finding.found + ", needed " +
         finding.needed;
}

}  // namespace textback::pipeline
