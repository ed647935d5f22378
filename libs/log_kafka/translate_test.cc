#include "log_kafka/translate.h"

#include <gmock/gmock.h>

#include "log/errors.h"

namespace textback::log_kafka {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(TranslateTest, EachCodeHasItsDisposition) {
  struct Case {
    rd_kafka_resp_err_t code;
    Disposition disposition;
    const char* word;
  };
  for (const auto& [code, disposition, word] : {
           Case{RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, Disposition::kRetry,
                log::errors::kUnreachable},
           Case{RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, Disposition::kRetry,
                log::errors::kUnreachable},
           Case{RD_KAFKA_RESP_ERR__TIMED_OUT, Disposition::kRetry, log::errors::kTimedOut},
           Case{RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT, Disposition::kRetry,
                log::errors::kTimedOut},
           Case{RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, Disposition::kRetry,
                log::errors::kTimedOut},
           Case{RD_KAFKA_RESP_ERR__QUEUE_FULL, Disposition::kRetry, log::errors::kQueueFull},
           Case{RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, Disposition::kFatal,
                log::errors::kTopicMissing},
           Case{RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, Disposition::kRebuild,
                log::errors::kOffsetOutOfRange},
           Case{RD_KAFKA_RESP_ERR__FENCED, Disposition::kYield, log::errors::kFenced},
           Case{RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, Disposition::kYield, log::errors::kFenced},
           Case{RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, Disposition::kYield, log::errors::kFenced},
           Case{RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, Disposition::kYield, log::errors::kFenced},
           Case{RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, Disposition::kYield,
                log::errors::kFenced},
           Case{RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, Disposition::kDeadLetter,
                log::errors::kRecordTooLarge},
           Case{RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, Disposition::kFatal,
                log::errors::kAuthentication},
           Case{RD_KAFKA_RESP_ERR__STATE, Disposition::kFatal, log::errors::kInvalidState},
           Case{RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, Disposition::kFatal,
                log::errors::kClient},
           Case{RD_KAFKA_RESP_ERR_UNKNOWN, Disposition::kFatal, log::errors::kClient},
       }) {
    const Error error = ToError(code, "trying", "kafka-1:9092");
    EXPECT_EQ(error.disposition, disposition) << rd_kafka_err2name(code);
    EXPECT_EQ(error.code, word) << rd_kafka_err2name(code);
    EXPECT_EQ(IsTransient(code), disposition == Disposition::kRetry);
  }
}

TEST(TranslateTest, MessagesTellWhatWhereAndWhatToDo) {
  const Error error = ToError(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                              "looking for topic textback.calls", "kafka-1:9092");
  EXPECT_THAT(error.message,
              AllOf(HasSubstr("textback.calls"), HasSubstr("kafka-1:9092"),
                    HasSubstr("UNKNOWN_TOPIC_OR_PART"), HasSubstr("create the topic")));
  EXPECT_THAT(ToError(RD_KAFKA_RESP_ERR__TIMED_OUT, "x", "y", "librdkafka's own words").message,
              HasSubstr("librdkafka's own words"));
}

TEST(TranslateTest, FatalIsFencedOrRecreate) {
  EXPECT_EQ(ToFatal(RD_KAFKA_RESP_ERR__FENCED, "committing", "b", "d").disposition,
            Disposition::kYield);
  const Error desynchronised = ToFatal(RD_KAFKA_RESP_ERR__INCONSISTENT, "committing", "b", "d");
  EXPECT_EQ(desynchronised.disposition, Disposition::kFatal);
  EXPECT_EQ(desynchronised.code, log::errors::kClient);
  // Whatever would be retried elsewhere isn't, once a client has called it fatal.
  EXPECT_EQ(ToFatal(RD_KAFKA_RESP_ERR__TIMED_OUT, "committing", "b", "d").disposition,
            Disposition::kFatal);
}

}  // namespace
}  // namespace textback::log_kafka
