// Owns one librdkafka client and what it says on the side: log lines, and errors that concern no
// call in particular.
//
// Threads: New and the destructor on the owner's thread. Callbacks come on the thread that polls,
// except log lines (librdkafka's threads). The counters may be read from any thread.
// Lifetime: shared, since a Batch may outlive the consumer that filled it, and its messages may not
// outlive the client. Events live until Detach.
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "log_kafka/connection.h"

namespace textback::log_kafka {

// What a client may call while it is being polled. Those not overridden aren't registered for.
class Events {
 public:
  virtual ~Events() = default;
  virtual void OnRebalance(rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*) {}
  virtual void OnDelivery(const rd_kafka_message_t&) {}
};

enum class Kind : unsigned char { kConsumer, kProducer, kReportingProducer };

class Handle {
 public:
  // `events` may be null. kFatal: a setting that librdkafka refuses.
  static Result<std::shared_ptr<Handle>> New(Kind kind, const Settings& settings,
                                             std::shared_ptr<const ConnectionConfig> connection,
                                             Events* events);
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  // Events aren't told anything from now on. A consumer stops fetching and heartbeating but, being
  // a static member, doesn't leave its group: to the group it is as if it had been killed.
  void Detach();

  rd_kafka_t* get() const { return client_; }
  const std::string& brokers() const { return connection_->bootstrap_servers; }

  // Connections lost so far. Rises only while somebody polls this handle.
  std::uint64_t disconnects() const { return disconnects_.load(std::memory_order_relaxed); }
  // Once after all brokers went away or refused our credentials: what to tell the caller.
  std::optional<Error> TakeError();
  // The fatal error that ended this client, if one did.
  std::optional<Error> Fatal(std::string_view doing) const;

  Error ErrorOf(rd_kafka_resp_err_t code, std::string_view doing,
                std::string_view detail = {}) const;

 private:
  Handle(std::shared_ptr<const ConnectionConfig> connection, Events* events)
      : connection_(std::move(connection)), events_(events) {}
  void OnError(rd_kafka_resp_err_t code, const char* reason);
  static void RebalanceCallback(rd_kafka_t* client, rd_kafka_resp_err_t code,
                                rd_kafka_topic_partition_list_t* partitions, void* self);
  static void DeliveryCallback(rd_kafka_t* client, const rd_kafka_message_t* message, void* self);
  static void LogCallback(const rd_kafka_t* client, int level, const char* facility,
                          const char* text);
  static void ErrorCallback(rd_kafka_t* client, int code, const char* reason, void* self);

  const std::shared_ptr<const ConnectionConfig> connection_;
  Events* events_;
  rd_kafka_t* client_ = nullptr;
  std::atomic<std::uint64_t> disconnects_{0};
  std::mutex mutex_;  // a shared query handle is polled by several threads
  std::optional<Error> error_;
};

}  // namespace textback::log_kafka
