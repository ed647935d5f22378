#include "log_kafka/handle.h"

#include <array>

#include "log/errors.h"
#include "log_kafka/translate.h"
#include "log_kafka/tsan_threads.h"

namespace textback::log_kafka {
namespace {

Severity SeverityOf(int syslog_level) {
  if (syslog_level <= 3) return Severity::kError;
  if (syslog_level == 4) return Severity::kWarning;
  return syslog_level <= 6 ? Severity::kInfo : Severity::kDebug;
}

struct ConfDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using ConfPtr = std::unique_ptr<rd_kafka_conf_t, ConfDeleter>;

Status Apply(const Settings& settings, rd_kafka_conf_t* conf) {
  std::array<char, 512> reason{};
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason.data(), reason.size()) ==
        RD_KAFKA_CONF_OK) {
      continue;
    }
    // librdkafka's reason quotes the value.
    const std::string why = IsSecret(name) ? "its value is refused" : reason.data();
    return FatalError(log::errors::kClient,
                      "kafka.settings." + name + ": " + why + "; correct or remove it");
  }
  return Ok();
}

}  // namespace

Result<std::shared_ptr<Handle>> Handle::New(Kind kind, const Settings& settings,
                                            std::shared_ptr<const ConnectionConfig> connection,
                                            Events* events) {
  LinkTsanThreads();
  ConfPtr conf(rd_kafka_conf_new());
  TB_RETURN_IF_ERROR(Apply(settings, conf.get()));
  std::shared_ptr<Handle> handle(new Handle(std::move(connection), events));
  rd_kafka_conf_set_opaque(conf.get(), handle.get());
  rd_kafka_conf_set_log_cb(conf.get(), &Handle::LogCallback);
  rd_kafka_conf_set_error_cb(conf.get(), &Handle::ErrorCallback);
  if (kind == Kind::kConsumer && events != nullptr) {
    rd_kafka_conf_set_rebalance_cb(conf.get(), &Handle::RebalanceCallback);
  }
  if (kind == Kind::kReportingProducer) {
    rd_kafka_conf_set_dr_msg_cb(conf.get(), &Handle::DeliveryCallback);
  }
  std::array<char, 512> reason{};
  const auto type = kind == Kind::kConsumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER;
  handle->client_ = rd_kafka_new(type, conf.get(), reason.data(), reason.size());
  if (handle->client_ == nullptr) {
    return FatalError(log::errors::kClient, std::string("a Kafka client can't be made: ") +
                                                reason.data() +
                                                "; see kafka.settings and the files it names");
  }
  static_cast<void>(conf.release());  // the client's now
  if (kind == Kind::kConsumer) {
    rd_kafka_poll_set_consumer(handle->client_);
  }
  return handle;
}

Handle::~Handle() {
  if (client_ != nullptr) {
    // Who wants a consumer to leave its group in order has closed it by now.
    rd_kafka_destroy_flags(client_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
}

void Handle::Detach() {
  events_ = nullptr;
  if (rd_kafka_type(client_) == RD_KAFKA_CONSUMER) {
    rd_kafka_consumer_close(client_);
  }
}

void Handle::LogCallback(const rd_kafka_t* client, int level, const char* facility,
                         const char* text) {
  if (client == nullptr) {
    return;  // before the client is complete: New returns the reason
  }
  const auto* self = static_cast<const Handle*>(rd_kafka_opaque(client));
  if (self->connection_->log_sink) {
    std::string line = std::string(rd_kafka_name(client)) + " " + facility + " " + text;
    self->connection_->log_sink(SeverityOf(level), line);
  }
}

void Handle::ErrorCallback(rd_kafka_t*, int code, const char* reason, void* self) {
  static_cast<Handle*>(self)->OnError(static_cast<rd_kafka_resp_err_t>(code), reason);
}

void Handle::RebalanceCallback(rd_kafka_t* client, rd_kafka_resp_err_t code,
                               rd_kafka_topic_partition_list_t* partitions, void* self) {
  if (Events* const events = static_cast<Handle*>(self)->events_; events != nullptr) {
    events->OnRebalance(code, partitions);
  } else {
    rd_kafka_assign(client, nullptr);  // detached
  }
}

void Handle::DeliveryCallback(rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
  if (Events* const events = static_cast<Handle*>(self)->events_; events != nullptr) {
    events->OnDelivery(*message);
  }
}

void Handle::OnError(rd_kafka_resp_err_t code, const char* reason) {
  if (code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
      code == RD_KAFKA_RESP_ERR__TIMED_OUT) {
    disconnects_.fetch_add(1, std::memory_order_relaxed);
  }
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    const std::scoped_lock lock(mutex_);
    error_ = Fatal("talking");
  } else if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
             code == RD_KAFKA_RESP_ERR__AUTHENTICATION) {
    const std::scoped_lock lock(mutex_);
    error_ = ErrorOf(code, "talking", reason);
  }
}

std::optional<Error> Handle::TakeError() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(error_, std::nullopt);
}

std::optional<Error> Handle::Fatal(std::string_view doing) const {
  std::array<char, 512> reason{};
  const rd_kafka_resp_err_t code = rd_kafka_fatal_error(client_, reason.data(), reason.size());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    return std::nullopt;
  }
  return ToFatal(code, doing, brokers(), reason.data());
}

Error Handle::ErrorOf(rd_kafka_resp_err_t code, std::string_view doing,
                      std::string_view detail) const {
  return ToError(code, doing, brokers(), detail);
}

}  // namespace textback::log_kafka
