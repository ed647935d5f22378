// The limit that everything is held against: read a topic and parse its CallRecords, nothing else.
// Usage: textback-bench-parse BROKERS TOPIC. Prints one JSON object.
#include <sys/resource.h>

#include <cstdio>
#include <vector>

#include "base/clock.h"
#include "log_kafka/kafka_log.h"
#include "textback/v1/call_record.pb.h"

namespace textback {
namespace {

double CpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Status Run(const char* brokers, const char* topic) {
  TB_ASSIGN_OR_RETURN(auto log, log_kafka::NewKafkaLog({.bootstrap_servers = brokers}));
  TB_ASSIGN_OR_RETURN(const auto partitions, log->Partitions(topic));
  TB_ASSIGN_OR_RETURN(auto reader, log->NewReader({.read_committed = true}));
  std::vector<std::pair<log::TopicPartition, std::int64_t>> positions;
  std::int64_t records = 0;
  for (std::int32_t partition = 0; partition < partitions; ++partition) {
    TB_ASSIGN_OR_RETURN(const auto range, reader->Offsets({topic, partition}, true));
    positions.emplace_back(log::TopicPartition{topic, partition}, range.begin);
    records += range.end - range.begin;
  }
  TB_RETURN_IF_ERROR(reader->Assign(positions));
  const SystemClock clock;
  const MonoTime begin = clock.Mono();
  const double cpu = CpuSeconds();
  log::Batch batch;
  std::int64_t parsed = 0;
  std::int64_t bad = 0;
  v1::CallRecord record;
  while (parsed + bad < records) {
    TB_RETURN_IF_ERROR(reader->Poll(batch, {}, std::chrono::milliseconds(100)));
    for (const auto& message : batch.records) {
      const bool ok =
          message.value &&
          record.ParseFromArray(message.value->data(), static_cast<int>(message.value->size()));
      ++(ok ? parsed : bad);
    }
  }
  const double seconds = std::chrono::duration<double>(clock.Mono() - begin).count();
  std::printf("{\"records\":%lld,\"bad\":%lld,\"seconds\":%.3f,\"cpu_seconds\":%.3f}\n",
              static_cast<long long>(parsed), static_cast<long long>(bad), seconds,
              CpuSeconds() - cpu);
  return Ok();
}

}  // namespace
}  // namespace textback

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: textback-bench-parse BROKERS TOPIC\n");
    return 2;
  }
  if (auto status = textback::Run(argv[1], argv[2]); !status) {
    std::fprintf(stderr, "textback-bench-parse: %s\n", status.error().message.c_str());
    return 3;
  }
  return 0;
}
