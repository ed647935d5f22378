#include "log_kafka/kafka_log.h"

#include <gmock/gmock.h>

#include "log/errors.h"

namespace textback::log_kafka {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Broker final : public log::Admin {
 public:
  explicit Broker(Result<std::optional<std::string>> answer) : answer_(std::move(answer)) {}
  Result<std::map<std::string, std::optional<log::TopicInfo>>> Describe(
      const std::vector<std::string>&) override {
    return std::map<std::string, std::optional<log::TopicInfo>>();
  }
  Status Create(const std::vector<log::TopicSpec>&) override { return Ok(); }
  Result<std::optional<std::string>> BrokerSetting(std::string_view name) override {
    EXPECT_EQ(name, "transaction.abort.timed.out.transaction.cleanup.interval.ms");
    return answer_;
  }

 private:
  const Result<std::optional<std::string>> answer_;
};

TEST(CheckAbortIntervalTest, OnlyALongIntervalIsWorthATelling) {
  struct Case {
    std::optional<std::string> setting;
    bool told;
  };
  for (const auto& [setting, told] :
       {Case{"10000", true}, Case{"2001", true}, Case{"2000", false}, Case{"1000", false},
        Case{"soon", false}, Case{"", false}, Case{std::nullopt, false}}) {
    Broker broker{Result<std::optional<std::string>>(setting)};
    const auto checked = CheckAbortInterval(broker);
    ASSERT_TRUE(checked);
    EXPECT_EQ(checked->has_value(), told) << setting.value_or("(none)");
    if (told) {
      EXPECT_THAT(**checked,
                  AllOf(HasSubstr("cleanup.interval.ms"), HasSubstr(*setting), HasSubstr("2000")));
    }
  }
}

TEST(CheckAbortIntervalTest, ErrorsPassThrough) {
  Broker broker{Result<std::optional<std::string>>(RetryError("log_unreachable", "no"))};
  const auto checked = CheckAbortInterval(broker);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().disposition, Disposition::kRetry);
}

TEST(KafkaLogTest, AWrongConfigurationIsRefusedAtOnce) {
  const auto made = NewKafkaLog(ConnectionConfig{});
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("kafka.bootstrap_servers"));
}

TEST(KafkaLogTest, AnUnreadableKeyIsNamedWithoutItsPassword) {
  ConnectionConfig connection;
  connection.bootstrap_servers = "127.0.0.1:1";
  connection.extra = {{"security.protocol", "ssl"},
                      {"ssl.key.location", "/nonexistent/key.pem"},
                      {"ssl.key.password", "hunter2"}};
  const auto log = NewKafkaLog(connection);
  ASSERT_TRUE(log);
  const auto writer = (*log)->NewWriter("intake");
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().disposition, Disposition::kFatal);
  EXPECT_THAT(writer.error().message,
              AllOf(HasSubstr("ssl.key.location"), ::testing::Not(HasSubstr("hunter2"))));
}

}  // namespace
}  // namespace textback::log_kafka
