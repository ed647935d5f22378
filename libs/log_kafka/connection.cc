#include "log_kafka/connection.h"

#include <algorithm>
#include <array>

namespace textback::log_kafka {
namespace {

constexpr std::array<std::string_view, 33> kPassable = {
    "broker.address.family",
    "broker.address.ttl",
    "client.rack",
    "debug",
    "enable.ssl.certificate.verification",
    "reconnect.backoff.max.ms",
    "reconnect.backoff.ms",
    "sasl.mechanism",
    "sasl.mechanisms",
    "sasl.password",
    "sasl.username",
    "security.protocol",
    "socket.connection.setup.timeout.ms",
    "socket.keepalive.enable",
    "socket.receive.buffer.bytes",
    "socket.send.buffer.bytes",
    "ssl.ca.location",
    "ssl.ca.pem",
    "ssl.certificate.location",
    "ssl.certificate.pem",
    "ssl.cipher.suites",
    "ssl.crl.location",
    "ssl.curves.list",
    "ssl.endpoint.identification.algorithm",
    "ssl.engine.id",
    "ssl.engine.location",
    "ssl.key.location",
    "ssl.key.password",
    "ssl.key.pem",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.providers",
    "ssl.sigalgs.list",
};

constexpr std::array<std::string_view, 4> kSecrets = {
    "sasl.password",
    "ssl.key.password",
    "ssl.key.pem",
    "ssl.keystore.password",
};

std::string ValueOr(const std::map<std::string, std::string>& map, const char* name,
                    const std::string& otherwise) {
  const auto found = map.find(name);
  return found == map.end() ? otherwise : found->second;
}

Error Refused(std::string message) { return FatalError("log_config", std::move(message)); }

Status ValidateSecurity(const std::map<std::string, std::string>& extra) {
  const std::string protocol = ValueOr(extra, "security.protocol", "plaintext");
  if (protocol != "plaintext" && protocol != "ssl" && protocol != "sasl_ssl") {
    return Refused("kafka.settings.security.protocol is '" + protocol +
                   "': use ssl, sasl_ssl, or plaintext inside a trusted network (sasl_plaintext "
                   "would send the "
                   "password in clear)");
  }
  const std::string mechanism =
      ValueOr(extra, "sasl.mechanism", ValueOr(extra, "sasl.mechanisms", ""));
  if (protocol == "sasl_ssl" && mechanism != "PLAIN") {
    return Refused(
        "kafka.settings.sasl.mechanism is '" + mechanism +
        "': use PLAIN over TLS, or mTLS (SCRAM of librdkafka before 2.6.1 fails against Kafka 4)");
  }
  return Ok();
}

Settings Common(const ConnectionConfig& connection, std::string client_id) {
  Settings settings = {
      {"bootstrap.servers", connection.bootstrap_servers},
      {"client.id", std::move(client_id)},
      {"socket.nagle.disable", "true"},
      {"log.connection.close", "false"},  // idle connections end as a matter of course
      // A broker that comes back is to be found within a second, not within ten.
      {"reconnect.backoff.ms", "50"},
      {"reconnect.backoff.max.ms", "1000"},
      {"topic.metadata.refresh.fast.interval.ms", "100"},
  };
  settings.insert(settings.end(), connection.extra.begin(), connection.extra.end());
  return settings;
}

Settings Fetching(const ConnectionConfig& connection, std::string client_id, bool read_committed) {
  Settings settings = Common(connection, std::move(client_id));
  const Settings more = {
      {"isolation.level", read_committed ? "read_committed" : "read_uncommitted"},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", "error"},
      {"allow.auto.create.topics", "false"},
      {"enable.partition.eof", "true"},  // positions move past markers and aborted records by it
      {"check.crcs", "true"},
      {"socket.timeout.ms", "10000"},
      {"queued.min.messages", std::to_string(connection.fetch_queue_records)},
      {"queued.max.messages.kbytes", std::to_string(connection.fetch_queue_kib)},
      // A partition just resumed waits for the fetch under way, which an idle broker holds this
      // long.
      {"fetch.wait.max.ms", "100"},
      {"fetch.error.backoff.ms", "100"},
  };
  settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}

Settings Producing(const ConnectionConfig& connection, std::string client_id) {
  Settings settings = Common(connection, std::move(client_id));
  const Settings more = {
      {"enable.idempotence", "true"},
      {"acks", "all"},
      {"compression.codec", "lz4"},
      {"message.max.bytes", std::to_string(connection.message_bytes_max)},
      {"retry.backoff.ms", "20"},  // AddOffsetsToTxn waits it out in each first transaction
      {"linger.ms", "5"},          // Commit and Flush don't wait for it
      {"batch.num.messages", "10000"},
      {"batch.size", "1000000"},
      {"queue.buffering.max.messages", "500000"},
      {"queue.buffering.max.kbytes", "131072"},
  };
  settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}

}  // namespace

bool IsPassable(std::string_view name) { return std::ranges::binary_search(kPassable, name); }

bool IsSecret(std::string_view name) { return std::ranges::find(kSecrets, name) != kSecrets.end(); }

Status Validate(const ConnectionConfig& config) {
  if (config.bootstrap_servers.empty()) {
    return Refused("kafka.bootstrap_servers is empty: name at least one broker as host:port");
  }
  for (const auto& [name, value] : config.extra) {
    if (!IsPassable(name)) {
      return Refused("kafka.settings." + name +
                     " can't be set: textback's guarantees depend on it, or librdkafka doesn't "
                     "know it; what may be "
                     "set are security.*, sasl.*, ssl.*, socket.*, reconnect.*, broker.address.*, "
                     "client.rack, debug");
    }
  }
  if (config.message_bytes_max < 1'000 || config.message_bytes_max > 100'000'000) {
    return Refused("kafka.message_bytes_max is " + std::to_string(config.message_bytes_max) +
                   ": choose 1000 to 100000000, and not more than the brokers' message.max.bytes");
  }
  if (config.fetch_queue_records < 1 || config.fetch_queue_records > 10'000'000 ||
      config.fetch_queue_kib < 1 || config.fetch_queue_kib > 2'097'151) {
    return Refused(
        "kafka.fetch_queue_records must be 1 to 10000000 and kafka.fetch_queue_kib 1 to 2097151");
  }
  if (config.request_timeout.count() < 100 || config.request_timeout.count() > 300'000) {
    return Refused("kafka.request_timeout must be 100 ms to 5 min");
  }
  return ValidateSecurity(config.extra);
}

Settings ConsumerSettings(const ConnectionConfig& connection, const log::ConsumerConfig& consumer) {
  Settings settings = Fetching(connection, connection.client_id + "-" + consumer.instance, true);
  const auto session_ms = consumer.session_timeout.count();
  const Settings more = {
      {"group.id", consumer.group},
      {"group.instance.id", consumer.instance},
      {"partition.assignment.strategy", "range"},
      {"session.timeout.ms", std::to_string(session_ms)},
      {"heartbeat.interval.ms", std::to_string(std::clamp<long long>(session_ms / 4, 100, 3'000))},
      {"max.poll.interval.ms",
       std::to_string(std::max(consumer.max_poll_interval, consumer.session_timeout).count())},
  };
  settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}

Settings ReaderSettings(const ConnectionConfig& connection, bool read_committed) {
  Settings settings = Fetching(connection, connection.client_id + "-reader", read_committed);
  // librdkafka's assign() asks for a group's name; nothing is ever joined or committed in it.
  settings.emplace_back("group.id", connection.client_id + "-reader");
  return settings;
}

Settings TransactionalSettings(const ConnectionConfig& connection,
                               const log::TransactionalConfig& producer) {
  Settings settings = Producing(connection, connection.client_id + "-" + producer.transactional_id);
  settings.emplace_back("transactional.id", producer.transactional_id);
  settings.emplace_back("transaction.timeout.ms",
                        std::to_string(producer.transaction_timeout.count()));
  return settings;
}

Settings WriterSettings(const ConnectionConfig& connection, std::string_view name) {
  Settings settings = Producing(connection, connection.client_id + "-" + std::string(name));
  settings.emplace_back("message.timeout.ms", "60000");  // then the send has failed for good
  settings.emplace_back("socket.timeout.ms", "10000");
  return settings;
}

std::string Describe(const Settings& settings) {
  std::string text;
  for (const auto& [name, value] : settings) {
    text += name + "=" + (IsSecret(name) ? "***" : value) + "\n";
  }
  return text;
}

}  // namespace textback::log_kafka
