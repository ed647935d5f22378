#include "log_kafka/connection.h"

#include <gmock/gmock.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <memory>

namespace textback::log_kafka {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ConnectionConfig Connection() {
  ConnectionConfig connection;
  connection.bootstrap_servers = "kafka-1:9092,kafka-2:9092";
  return connection;
}

log::ConsumerConfig Member() {
  log::ConsumerConfig consumer;
  consumer.group = "decide";
  consumer.instance = "host-1-0";
  consumer.topics = {"calls", "inbound"};
  return consumer;
}

// What librdkafka would use: the last of a name wins.
std::string ValueOf(const Settings& settings, std::string_view name) {
  std::string value = "(unset)";
  for (const auto& [key, set] : settings) {
    if (key == name) value = set;
  }
  return value;
}

// Also tells when a name doesn't exist in the installed version.
std::string RefusalByLibrary(const Settings& settings) {
  const std::unique_ptr<rd_kafka_conf_t, void (*)(rd_kafka_conf_t*)> conf(rd_kafka_conf_new(),
                                                                          &rd_kafka_conf_destroy);
  char reason[512];
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), reason, sizeof(reason)) !=
        RD_KAFKA_CONF_OK) {
      return reason;
    }
  }
  return "";
}

TEST(ConnectionTest, EverySettingIsKnownToLibrdkafka) {
  EXPECT_EQ(RefusalByLibrary(ConsumerSettings(Connection(), Member())), "");
  EXPECT_EQ(RefusalByLibrary(ReaderSettings(Connection(), true)), "");
  EXPECT_EQ(RefusalByLibrary(ReaderSettings(Connection(), false)), "");
  EXPECT_EQ(RefusalByLibrary(TransactionalSettings(Connection(), {"decide-host-1-0"})), "");
  EXPECT_EQ(RefusalByLibrary(WriterSettings(Connection(), "intake")), "");
}

TEST(ConnectionTest, AConsumerOwnsItsOffsetsAndReadsCommittedRecords) {
  const Settings settings = ConsumerSettings(Connection(), Member());
  const Settings expected = {
      {"bootstrap.servers", "kafka-1:9092,kafka-2:9092"},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", "error"},
      {"isolation.level", "read_committed"},
      {"check.crcs", "true"},
      {"socket.nagle.disable", "true"},
      {"partition.assignment.strategy", "range"},
      {"group.id", "decide"},
      {"group.instance.id", "host-1-0"},
      {"session.timeout.ms", "6000"},
      {"heartbeat.interval.ms", "1500"},
      {"max.poll.interval.ms", "60000"},
  };
  for (const auto& [name, value] : expected) {
    EXPECT_EQ(ValueOf(settings, name), value) << name;
  }
}

TEST(ConnectionTest, PollIntervalIsNeverShorterThanTheSession) {
  log::ConsumerConfig consumer = Member();
  consumer.max_poll_interval = std::chrono::seconds(1);  // librdkafka refuses such a client
  EXPECT_EQ(ValueOf(ConsumerSettings(Connection(), consumer), "max.poll.interval.ms"), "6000");
}

TEST(ConnectionTest, ReadersOfBothIsolations) {
  EXPECT_EQ(ValueOf(ReaderSettings(Connection(), true), "isolation.level"), "read_committed");
  EXPECT_EQ(ValueOf(ReaderSettings(Connection(), false), "isolation.level"), "read_uncommitted");
  EXPECT_EQ(ValueOf(ReaderSettings(Connection(), true), "enable.partition.eof"), "true");
}

TEST(ConnectionTest, ProducersAreIdempotentAndCompress) {
  for (const Settings& settings : {TransactionalSettings(Connection(), {"decide-host-1-0"}),
                                   WriterSettings(Connection(), "intake")}) {
    EXPECT_EQ(ValueOf(settings, "enable.idempotence"), "true");
    EXPECT_EQ(ValueOf(settings, "acks"), "all");
    EXPECT_EQ(ValueOf(settings, "compression.codec"), "lz4");
    EXPECT_EQ(ValueOf(settings, "socket.nagle.disable"), "true");
    EXPECT_EQ(ValueOf(settings, "message.max.bytes"), "1000000");
  }
  const Settings transactional =
      TransactionalSettings(Connection(), {"decide-host-1-0", std::chrono::seconds(3)});
  EXPECT_EQ(ValueOf(transactional, "transactional.id"), "decide-host-1-0");
  EXPECT_EQ(ValueOf(transactional, "transaction.timeout.ms"), "3000");
  EXPECT_EQ(ValueOf(transactional, "retry.backoff.ms"), "20");
}

TEST(ConnectionTest, WhatGuaranteesRestOnCannotBeOverridden) {
  for (const char* name :
       {"enable.auto.commit", "isolation.level", "group.id", "transactional.id", "acks",
        "enable.idempotence", "auto.offset.reset", "partition.assignment.strategy",
        "bootstrap.servers", "plugin.library.paths", "nonsense", ""}) {
    ConnectionConfig connection = Connection();
    connection.extra[name] = "x";
    const auto refused = Validate(connection);
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().disposition, Disposition::kFatal);
    EXPECT_THAT(refused.error().message, HasSubstr(std::string("kafka.settings.") + name));
  }
}

TEST(ConnectionTest, TlsSettingsPassThrough) {
  ConnectionConfig connection = Connection();
  connection.extra = {{"security.protocol", "sasl_ssl"},
                      {"sasl.mechanism", "PLAIN"},
                      {"sasl.username", "textback"},
                      {"sasl.password", "hunter2"},
                      {"ssl.ca.location", "/etc/ssl/certs/ca-certificates.crt"}};
  ASSERT_TRUE(Validate(connection));
  const Settings settings = WriterSettings(connection, "intake");
  EXPECT_EQ(ValueOf(settings, "sasl.password"), "hunter2");
  EXPECT_EQ(ValueOf(settings, "security.protocol"), "sasl_ssl");
}

TEST(ConnectionTest, PasswordsDoNotCrossTheNetworkInClear) {
  ConnectionConfig connection = Connection();
  connection.extra = {{"security.protocol", "sasl_plaintext"}, {"sasl.mechanism", "PLAIN"}};
  EXPECT_FALSE(Validate(connection));
  connection.extra = {{"security.protocol", "sasl_ssl"}, {"sasl.mechanism", "SCRAM-SHA-512"}};
  EXPECT_FALSE(Validate(connection));
  connection.extra = {{"security.protocol", "sasl_ssl"}};
  EXPECT_FALSE(Validate(connection)) << "a mechanism must be named";
  connection.extra = {{"security.protocol", "ssl"}};
  EXPECT_TRUE(Validate(connection));
}

TEST(ConnectionTest, LimitsAreChecked) {
  EXPECT_FALSE(Validate(ConnectionConfig{})) << "no broker named";
  struct Case {
    std::int32_t bytes;
    bool ok;
  };
  for (const auto& [bytes, ok] :
       {Case{999, false}, Case{1'000, true}, Case{100'000'000, true}, Case{100'000'001, false}}) {
    ConnectionConfig connection = Connection();
    connection.message_bytes_max = bytes;
    EXPECT_EQ(Validate(connection).has_value(), ok) << bytes;
  }
  ConnectionConfig connection = Connection();
  connection.fetch_queue_records = 0;
  EXPECT_FALSE(Validate(connection));
  connection = Connection();
  connection.request_timeout = std::chrono::milliseconds(99);
  EXPECT_FALSE(Validate(connection));
}

TEST(ConnectionTest, SecretsAreNotPrinted) {
  ConnectionConfig connection = Connection();
  connection.extra = {{"sasl.username", "textback"},
                      {"sasl.password", "hunter2"},
                      {"ssl.key.password", "hunter3"},
                      {"ssl.key.pem", "hunter4"},
                      {"ssl.keystore.password", "hunter5"}};
  const std::string text = Describe(WriterSettings(connection, "intake"));
  EXPECT_THAT(text, Not(HasSubstr("hunter")));
  EXPECT_THAT(text, HasSubstr("sasl.password=***\n"));
  EXPECT_THAT(text, HasSubstr("sasl.username=textback\n"));
}

TEST(ConnectionTest, TheListIsSortedSoThatItCanBeSearched) {
  for (const char* name :
       {"broker.address.family", "ssl.sigalgs.list", "sasl.mechanisms", "debug"}) {
    EXPECT_TRUE(IsPassable(name)) << name;
  }
}

}  // namespace
}  // namespace textback::log_kafka
