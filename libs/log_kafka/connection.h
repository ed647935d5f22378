// How to reach a Kafka cluster, and the librdkafka settings that textback's guarantees rest on.
//
// The mapping is plain functions from our configuration to (name, value) pairs, so that it can be
// read, tested and printed without a broker. Operators may add only settings that concern the way
// to the broker (security, addresses, back-off): all others decide about correctness and are ours.
//
// Threads: values and pure functions. A LogSink is called from librdkafka's own threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "log/log.h"

namespace textback::log_kafka {

enum class Severity : std::uint8_t { kError, kWarning, kInfo, kDebug };

// One line of librdkafka's, without newline; any thread, also while clients are being destroyed.
// Must not call back into the log.
using LogSink = std::function<void(Severity severity, std::string_view line)>;

struct ConnectionConfig {
  std::string bootstrap_servers;  // "host:port,host:port"
  std::string client_id = "textback";
  // Passed through if on the list (IsPassable): TLS, mTLS, PLAIN over TLS, addresses, back-off.
  std::map<std::string, std::string> extra;
  // Largest record that producers take (log::errors::kRecordTooLarge above it). Not more than the
  // brokers' message.max.bytes: there the same record would fail its whole transaction.
  std::int32_t message_bytes_max = 1'000'000;
  // Fetched ahead of Poll, per consumer: at least two seconds of its rate, since librdkafka lets a
  // full queue stall the next fetch by up to one second.
  std::int32_t fetch_queue_records = 200'000;
  std::int32_t fetch_queue_kib = 64 * 1024;
  // For one question to the brokers (metadata, offsets) before it is kRetry.
  std::chrono::milliseconds request_timeout{5'000};
  // Of topics that Admin::Create makes; -1: the brokers' default.
  std::int16_t replication_factor = -1;
  LogSink log_sink;  // empty: dropped
};

// In the order in which they are set.
using Settings = std::vector<std::pair<std::string, std::string>>;

bool IsPassable(std::string_view name);  // may stand in ConnectionConfig::extra
bool IsSecret(std::string_view name);    // its value is never logged nor put in an Error

// kFatal with the configuration key at fault: an empty address, a setting that isn't passable, an
// out-of-range limit, a password that would cross the network in clear.
Status Validate(const ConnectionConfig& config);

Settings ConsumerSettings(const ConnectionConfig& connection, const log::ConsumerConfig& consumer);
Settings ReaderSettings(const ConnectionConfig& connection, bool read_committed);
Settings TransactionalSettings(const ConnectionConfig& connection,
                               const log::TransactionalConfig& producer);
Settings WriterSettings(const ConnectionConfig& connection, std::string_view name);

// For a person: "name=value" lines, secrets as ***.
std::string Describe(const Settings& settings);

}  // namespace textback::log_kafka
