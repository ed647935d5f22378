#include "log_kafka/admin.h"

#include <array>
#include <chrono>

#include "log/errors.h"
#include "log_kafka/translate.h"

namespace textback::log_kafka {
namespace {

struct ResourceDeleter {
  void operator()(rd_kafka_ConfigResource_t* resource) const {
    rd_kafka_ConfigResource_destroy(resource);
  }
};
using ResourcePtr = std::unique_ptr<rd_kafka_ConfigResource_t, ResourceDeleter>;

struct OptionsDeleter {
  void operator()(rd_kafka_AdminOptions_t* options) const {
    rd_kafka_AdminOptions_destroy(options);
  }
};
using OptionsPtr = std::unique_ptr<rd_kafka_AdminOptions_t, OptionsDeleter>;

struct NewTopicDeleter {
  void operator()(rd_kafka_NewTopic_t* topic) const { rd_kafka_NewTopic_destroy(topic); }
};
using NewTopicPtr = std::unique_ptr<rd_kafka_NewTopic_t, NewTopicDeleter>;

OptionsPtr OptionsFor(const Handle& handle, rd_kafka_admin_op_t operation, int timeout_ms) {
  OptionsPtr options(rd_kafka_AdminOptions_new(handle.get(), operation));
  std::array<char, 256> reason{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout_ms, reason.data(),
                                            reason.size());
  return options;
}

Result<EventPtr> Await(Handle& handle, rd_kafka_queue_t* queue, int timeout_ms,
                       const std::string& doing) {
  // A second more than the request has: it reports its own time-out.
  EventPtr event(rd_kafka_queue_poll(queue, timeout_ms + 1'000));
  if (event == nullptr) {
    return handle.ErrorOf(RD_KAFKA_RESP_ERR__TIMED_OUT, doing);
  }
  if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* const detail = rd_kafka_event_error_string(event.get());
    return handle.ErrorOf(code, doing, detail == nullptr ? "" : detail);
  }
  return event;
}

Result<std::map<std::string, std::string>> ReadSettings(Handle& handle,
                                                        rd_kafka_ResourceType_t type,
                                                        const std::string& name, int timeout_ms) {
  const std::string doing = "reading the settings of " + name;
  const ResourcePtr resource(rd_kafka_ConfigResource_new(type, name.c_str()));
  const OptionsPtr options = OptionsFor(handle, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout_ms);
  const QueuePtr queue(rd_kafka_queue_new(handle.get()));
  rd_kafka_ConfigResource_t* asked = resource.get();
  rd_kafka_DescribeConfigs(handle.get(), &asked, 1, options.get(), queue.get());
  TB_ASSIGN_OR_RETURN(const EventPtr event, Await(handle, queue.get(), timeout_ms, doing));
  std::size_t count = 0;
  const auto* const result = rd_kafka_event_DescribeConfigs_result(event.get());
  const rd_kafka_ConfigResource_t** const found =
      rd_kafka_DescribeConfigs_result_resources(result, &count);
  std::map<std::string, std::string> settings;
  for (std::size_t i = 0; i < count; ++i) {
    if (const auto code = rd_kafka_ConfigResource_error(found[i]);
        code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      const char* const detail = rd_kafka_ConfigResource_error_string(found[i]);
      return handle.ErrorOf(code, doing, detail == nullptr ? "" : detail);
    }
    std::size_t entries = 0;
    const rd_kafka_ConfigEntry_t** const entry =
        rd_kafka_ConfigResource_configs(found[i], &entries);
    for (std::size_t e = 0; e < entries; ++e) {
      if (const char* const value = rd_kafka_ConfigEntry_value(entry[e]); value != nullptr) {
        settings.emplace(rd_kafka_ConfigEntry_name(entry[e]), value);
      }
    }
  }
  return settings;
}

Result<NewTopicPtr> ToNewTopic(const Handle& handle, const log::TopicSpec& spec,
                               std::int16_t replication_factor) {
  std::array<char, 256> reason{};
  NewTopicPtr topic(rd_kafka_NewTopic_new(spec.name.c_str(), spec.partitions, replication_factor,
                                          reason.data(), reason.size()));
  if (topic == nullptr) {
    return handle.ErrorOf(RD_KAFKA_RESP_ERR__INVALID_ARG, "creating topic " + spec.name,
                          reason.data());
  }
  std::map<std::string, std::string> settings = spec.settings;
  if (spec.compact) {
    settings.emplace("cleanup.policy", "compact");
  }
  if (spec.retention_ms >= 0) {
    settings.emplace("retention.ms", std::to_string(spec.retention_ms));
  }
  for (const auto& [name, value] : settings) {
    rd_kafka_NewTopic_set_config(topic.get(), name.c_str(), value.c_str());
  }
  return topic;
}

}  // namespace

Result<std::map<std::string, std::optional<log::TopicInfo>>> KafkaAdmin::Describe(
    const std::vector<std::string>& topics) {
  std::map<std::string, std::optional<log::TopicInfo>> result;
  TB_ASSIGN_OR_RETURN(Handle* const handle, cluster_->Query(true));
  for (const auto& topic : topics) {
    TB_ASSIGN_OR_RETURN(const auto layout, cluster_->AskLayout(topic));
    auto& slot = result[topic];
    if (!layout) {
      continue;
    }
    TB_ASSIGN_OR_RETURN(auto settings, ReadSettings(*handle, RD_KAFKA_RESOURCE_TOPIC, topic,
                                                    cluster_->timeout_ms()));
    slot = log::TopicInfo{topic, layout->partitions, std::move(settings), layout->replicas};
  }
  return result;
}

Status KafkaAdmin::Create(const std::vector<log::TopicSpec>& topics) {
  if (topics.empty()) {
    return Ok();
  }
  TB_ASSIGN_OR_RETURN(Handle* const handle, cluster_->Query(true));
  std::vector<NewTopicPtr> owned;
  std::vector<rd_kafka_NewTopic_t*> asked;
  for (const auto& topic : topics) {
    TB_ASSIGN_OR_RETURN(auto made,
                        ToNewTopic(*handle, topic, cluster_->connection()->replication_factor));
    asked.push_back(made.get());
    owned.push_back(std::move(made));
  }
  const OptionsPtr options =
      OptionsFor(*handle, RD_KAFKA_ADMIN_OP_CREATETOPICS, cluster_->timeout_ms());
  const QueuePtr queue(rd_kafka_queue_new(handle->get()));
  rd_kafka_CreateTopics(handle->get(), asked.data(), asked.size(), options.get(), queue.get());
  TB_ASSIGN_OR_RETURN(const EventPtr event,
                      Await(*handle, queue.get(), cluster_->timeout_ms(), "creating topics"));
  std::size_t count = 0;
  const rd_kafka_topic_result_t** const results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto code = rd_kafka_topic_result_error(results[i]);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      const char* const detail = rd_kafka_topic_result_error_string(results[i]);
      return handle->ErrorOf(
          code, std::string("creating topic ") + rd_kafka_topic_result_name(results[i]),
          detail == nullptr ? "" : detail);
    }
  }
  for (const auto& topic : topics) {
    TB_RETURN_IF_ERROR(AwaitUsable(topic));
  }
  return Ok();
}

// A new topic takes a moment to reach all brokers: usable is when each partition answers for its
// end.
Status KafkaAdmin::AwaitUsable(const log::TopicSpec& topic) {
  const auto deadline = std::chrono::steady_clock::now() + cluster_->connection()->request_timeout;
  for (;;) {
    TB_ASSIGN_OR_RETURN(const auto partitions, cluster_->AskPartitions(topic.name));
    if (partitions && *partitions != topic.partitions) {
      return FatalError(log::errors::kPartitionMismatch,
                        "topic " + topic.name + " exists at Kafka " +
                            cluster_->connection()->bootstrap_servers + " with " +
                            std::to_string(*partitions) + " partitions, not " +
                            std::to_string(topic.partitions) +
                            "; counts can't be changed: correct the configuration, " +
                            "or use a topic of another name");
    }
    if (partitions) {
      bool answered = true;
      for (std::int32_t p = 0; p < topic.partitions && answered; ++p) {
        const auto range = cluster_->Offsets({topic.name, p}, true);
        answered = range.has_value();
      }
      if (answered) {
        return Ok();
      }
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      return ToError(RD_KAFKA_RESP_ERR__TIMED_OUT, "waiting for new topic " + topic.name,
                     cluster_->connection()->bootstrap_servers);
    }
  }
}

Result<std::optional<std::string>> KafkaAdmin::BrokerSetting(std::string_view name) {
  TB_ASSIGN_OR_RETURN(Handle* const handle, cluster_->Query(true));
  TB_ASSIGN_OR_RETURN(const std::int32_t broker, cluster_->AnyBroker());
  TB_ASSIGN_OR_RETURN(const auto settings,
                      ReadSettings(*handle, RD_KAFKA_RESOURCE_BROKER, std::to_string(broker),
                                   cluster_->timeout_ms()));
  const auto found = settings.find(std::string(name));
  return found == settings.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace textback::log_kafka
