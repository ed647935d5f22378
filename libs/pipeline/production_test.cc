#include "pipeline/production.h"

#include <gmock/gmock.h>

namespace textback::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FakeAdmin final : public log::Admin {
 public:
  Result<std::map<std::string, std::optional<log::TopicInfo>>> Describe(
      const std::vector<std::string>& names) override {
    std::map<std::string, std::optional<log::TopicInfo>> found;
    for (const auto& name : names) {
      const auto it = topics.find(name);
      found[name] = it == topics.end() ? std::nullopt : std::optional(it->second);
    }
    return found;
  }
  Status Create(const std::vector<log::TopicSpec>&) override { return Ok(); }
  Result<std::optional<std::string>> BrokerSetting(std::string_view name) override {
    const auto it = broker.find(std::string(name));
    return it == broker.end() ? std::nullopt : std::optional(it->second);
  }
  std::map<std::string, log::TopicInfo> topics;
  std::map<std::string, std::string> broker;
};

constexpr char kDay[] = "86400000";

class ProductionTest : public ::testing::Test {
 protected:
  ProductionTest() {
    const std::map<std::string, std::string> safe = {{"unclean.leader.election.enable", "false"},
                                                     {"min.insync.replicas", "2"},
                                                     {"cleanup.policy", "delete"},
                                                     {"retention.ms", kDay},
                                                     {"retention.bytes", "-1"},
                                                     {"max.message.bytes", "1000000"}};
    admin.topics[names.calls] = {names.calls, 8, safe, 3};
    admin.topics[names.decide_changelog] = {names.decide_changelog, 8, safe, 3};
    auto& changelog = admin.topics[names.decide_changelog].settings;
    changelog["cleanup.policy"] = "compact";
    changelog["delete.retention.ms"] = kDay;
    admin.topics["switch.cdrs"] = {"switch.cdrs", 8, safe, 3};
    admin.broker = {{"transaction.state.log.replication.factor", "3"},
                    {"transaction.state.log.min.isr", "2"},
                    {"offsets.topic.replication.factor", "3"}};
  }
  std::vector<std::string> Findings() {
    const auto found =
        CheckProduction(admin, names, {names.calls, names.decide_changelog, "switch.cdrs"});
    EXPECT_TRUE(found);
    std::vector<std::string> lines;
    for (const auto& finding : *found) lines.push_back(ToString(finding));
    return lines;
  }
  std::string& Of(const std::string& topic, const std::string& setting) {
    return admin.topics[topic].settings[setting];
  }

  const Topics names;
  FakeAdmin admin;
};

TEST_F(ProductionTest, ASafeClusterPasses) { EXPECT_THAT(Findings(), IsEmpty()); }

// What `topics create` makes is no finding: tables are compacted, all else is deleted.
TEST_F(ProductionTest, EachTopicMayBeCleanedAsItIsMade) {
  std::vector<std::string> topics;
  for (const auto& spec : Specs(names, TopicPlan())) {
    topics.push_back(spec.name);
    auto settings = admin.topics[names.calls].settings;
    settings["cleanup.policy"] = spec.compact ? "compact" : "delete";
    settings["delete.retention.ms"] = kDay;
    admin.topics[spec.name] = {spec.name, spec.partitions, settings, 3};
  }
  const auto found = CheckProduction(admin, names, topics);
  ASSERT_TRUE(found);
  for (const auto& finding : *found) ADD_FAILURE() << ToString(finding);
}

TEST_F(ProductionTest, EachSettingThatVoidsThePromiseIsNamed) {
  const struct {
    std::string topic, setting, value;
  } cases[] = {
      {names.calls, "unclean.leader.election.enable", "true"},
      {"switch.cdrs", "unclean.leader.election.enable", "true"},
      {names.calls, "min.insync.replicas", "1"},
      {names.calls, "cleanup.policy", "compact"},
      {names.calls, "retention.ms", "86399999"},
      {names.calls, "retention.bytes", "1073741824"},
      {names.calls, "max.message.bytes", "999999"},
      {names.decide_changelog, "cleanup.policy", "compact,delete"},
      {names.decide_changelog, "delete.retention.ms", "86399999"},
  };
  for (const auto& c : cases) {
    const std::string before = std::exchange(Of(c.topic, c.setting), c.value);
    EXPECT_THAT(Findings(),
                ElementsAre(HasSubstr(c.topic + ": " + c.setting + " is " + c.value + ", needed")));
    Of(c.topic, c.setting) = before;
  }
  for (const auto& [setting, value] : admin.broker) {
    const std::string before = std::exchange(admin.broker[setting], "1");
    EXPECT_THAT(Findings(), ElementsAre(HasSubstr("the brokers: " + setting + " is 1")));
    admin.broker[setting] = before;
  }
}

TEST_F(ProductionTest, TooFewReplicasAreNamed) {
  admin.topics[names.calls].replicas = 2;
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("replication factor is 2, needed 3")));
}

TEST_F(ProductionTest, KeptForEverIsLongEnough) {
  Of(names.calls, "retention.ms") = "-1";
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(ProductionTest, WhatALogDoesNotTellIsNotJudged) {
  admin.broker.clear();
  for (auto& [name, topic] : admin.topics) {
    topic.settings.clear();
    topic.replicas = 0;
  }
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(ProductionTest, AnOperatorsOwnInputMayBeKeptAsItIs) {
  Of("switch.cdrs", "retention.ms") = "3600000";
  Of("switch.cdrs", "retention.bytes") = "1073741824";
  EXPECT_THAT(Findings(), IsEmpty());
}

}  // namespace
}  // namespace textback::pipeline
