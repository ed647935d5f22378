#include "log_kafka/translate.h"

#include "log/errors.h"

namespace textback::log_kafka {
namespace {

struct Meaning {
  Disposition disposition;
  const char* code;
  const char* advice;  // what a person can do
};

Meaning MeaningOf(rd_kafka_resp_err_t code) {
  using namespace log::errors;
  switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__NODE_UPDATE:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
    case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
      return {Disposition::kRetry, kUnreachable,
              "see that the brokers are up and kafka.bootstrap_servers names them"};
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__RETRY:
    case RD_KAFKA_RESP_ERR__IN_PROGRESS:
    case RD_KAFKA_RESP_ERR__INTR:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS:
    case RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED:
      return {Disposition::kRetry, kTimedOut,
              "it is tried again; if it lasts, look at the brokers' load and replicas"};
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      return {Disposition::kRetry, kQueueFull,
              "the brokers take records more slowly than they come"};
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      return {Disposition::kFatal, kTopicMissing,
              "create the topic, or correct its name in the configuration"};
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      return {Disposition::kRebuild, kOffsetOutOfRange,
              "the log no longer holds this offset: state is rebuilt; if it recurs, raise the "
              "topic's retention"};
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
      return {Disposition::kYield, kFenced,
              "another instance owns this now; if it recurs, see that no two processes have the "
              "same instance name"};
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      return {Disposition::kDeadLetter, kRecordTooLarge,
              "raise the topic's max.message.bytes and kafka.message_bytes_max together, if such "
              "records are legitimate"};
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
    case RD_KAFKA_RESP_ERR_SECURITY_DISABLED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return {Disposition::kFatal, kAuthentication,
              "see kafka.settings (security.protocol, sasl.*, ssl.*) and the brokers' ACLs for "
              "this client"};
    case RD_KAFKA_RESP_ERR__STATE:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR__CONFLICT:
    case RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS:
      return {Disposition::kFatal, kInvalidState,
              "a call came out of order: the process stops rather than guess"};
    default:
      return {Disposition::kFatal, kClient, "the client is to be recreated"};
  }
}

std::string Compose(rd_kafka_resp_err_t code, std::string_view doing, std::string_view brokers,
                    std::string_view detail, const char* advice) {
  std::string text(doing);
  text.append(" at Kafka ").append(brokers).append(": ");
  text.append(detail.empty() ? std::string_view(rd_kafka_err2str(code)) : detail);
  text.append(" (").append(rd_kafka_err2name(code)).append("); ").append(advice);
  return text;
}

}  // namespace

Error ToError(rd_kafka_resp_err_t code, std::string_view doing, std::string_view brokers,
              std::string_view detail) {
  const Meaning meaning = MeaningOf(code);
  return {meaning.disposition, meaning.code, Compose(code, doing, brokers, detail, meaning.advice)};
}

Error ToFatal(rd_kafka_resp_err_t code, std::string_view doing, std::string_view brokers,
              std::string_view detail) {
  const Meaning meaning = MeaningOf(code);
  if (meaning.disposition == Disposition::kYield) {
    return ToError(code, doing, brokers, detail);
  }
  return FatalError(log::errors::kClient,
                    Compose(code, doing, brokers, detail,
                            "the client is to be recreated, its state rebuilt from the log"));
}

bool IsTransient(rd_kafka_resp_err_t code) {
  return MeaningOf(code).disposition == Disposition::kRetry;
}

}  // namespace textback::log_kafka
