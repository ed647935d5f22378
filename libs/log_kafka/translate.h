// What librdkafka's and the broker's error codes mean to the caller of the log port.
//
// One table, so that a code has one disposition wherever it turns up; the few places where a call's
// own state matters more (a commit that can't be confirmed) decide before they ask here.
//
// Threads: pure functions.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace textback::log_kafka {

// `doing` says what was tried, with names: "reading offsets of textback.calls[3]".
Error ToError(rd_kafka_resp_err_t code, std::string_view doing, std::string_view brokers,
              std::string_view detail = {});

// The client can't be used any more: fenced (kYield) or broken (kFatal, "log_client": recreate it).
Error ToFatal(rd_kafka_resp_err_t code, std::string_view doing, std::string_view brokers,
              std::string_view detail);

bool IsTransient(rd_kafka_resp_err_t code);  // ToError gives kRetry

struct ErrorDeleter {
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
};
using ErrorPtr = std::unique_ptr<rd_kafka_error_t, ErrorDeleter>;  // null: success

struct ListDeleter {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
};
using ListPtr = std::unique_ptr<rd_kafka_topic_partition_list_t, ListDeleter>;

struct QueueDeleter {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};
using QueuePtr = std::unique_ptr<rd_kafka_queue_t, QueueDeleter>;

struct EventDeleter {
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
};
using EventPtr = std::unique_ptr<rd_kafka_event_t, EventDeleter>;

}  // namespace textback::log_kafka
