// What the tests of intake share: a cluster, an operator who produces, and an intake that is made
// anew when it dies.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "intake/intake.h"
#include "log/errors.h"
#include "log_sim/sim_log.h"
#include "textback/v1/calls_entry.pb.h"
#include "textback/v1/dead_letter.pb.h"

namespace textback::intake::test {

using namespace std::chrono_literals;
using log::TopicPartition;
using log::sim::FaultPlan;

inline constexpr std::int64_t kStart = 1'790'000'000'000;
inline constexpr char kLeeds[] = "+442079460000";
inline constexpr char kYork[] = "+442079460001";
inline constexpr char kCaller[] = "+447700900123";

class FixedLines final : public LineSource {
 public:
  std::shared_ptr<const LineTable> Lines() const override { return table; }
  std::shared_ptr<const LineTable> table = std::make_shared<LineTable>(
      std::vector<std::string>{"leeds", "york"},
      std::vector<std::pair<Msisdn, std::uint32_t>>{{*Msisdn::FromE164(kLeeds), 0},
                                                    {*Msisdn::FromE164(kYork), 1}},
      42);
};

// Tables that are known from the second step on, as a feed's.
class FixedReach final : public ReachSource {
 public:
  std::optional<ReachTables> Tables() const override { return tables; }
  std::optional<ReachTables> tables;
};

inline ReachTables Tables(std::int64_t version) {
  std::istringstream plan("prefix,type,carrier\n+447700900,mobile,North\n");
  cdr::NumberTableBuilder builder;
  builder.Add(*Msisdn::FromE164(kCaller), 1);
  cdr::NumberTable blocked;
  EXPECT_FALSE(builder.Build(blocked));
  return {cdr::ReadImportedNumbers({&plan, "plan"}, {}).value(),
          std::make_shared<const BlockTable>(
              std::move(blocked), std::vector<BlockTable::List>{{"regulator", true}}, version)};
}

class Heard final : public IntakeEvents {
 public:
  void OnBatch(const Tallies& delta, std::int64_t) override { counted += delta; }
  void OnDeadLetter(std::string_view, const Error& why) override { reasons.insert(why.code); }
  void OnRecordsExpired(const TopicPartition&, std::int64_t from, std::int64_t to) override {
    expired += to - from;
  }
  void OnTalliesLost(const TopicPartition&) override { ++tallies_lost; }
  void OnRewind(const Error&) override { ++rewinds; }
  void OnRetry(const Error&, std::chrono::milliseconds) override { ++retries; }
  Tallies counted;
  std::set<std::string> reasons;
  std::int64_t expired = 0;
  int tallies_lost = 0;
  int rewinds = 0;
  int retries = 0;
};

inline v1::CallRecord Record(const std::string& id, const std::string& from,
                             const std::string& to) {
  v1::CallRecord record;
  record.set_record_id(id);
  record.set_join_key("join-" + id);
  record.mutable_calling()->set_number(from);
  record.mutable_called()->set_number(to);
  record.set_started_at_ms(kStart - 30'000);
  record.set_ended_at_ms(kStart - 10'000);
  return record;
}

inline IntakeConfig Config() {
  IntakeConfig config;
  config.group = "intake";
  config.instance = "intake-0";
  for (const char* name : {"cdrs", "lines"}) {
    IntakeInput input;
    input.topic = name;
    input.source.name = std::string("src-") + name;
    input.source.format.adapter = std::string(name) == "lines" ? "asterisk_csv" : "protobuf";
    input.source.numbering.country = "GB";
    input.source.settle.set_emits(v1::SettleProfile::EMITS_LEG_END);
    input.source.settle.set_settle_ms(3'000);
    config.inputs.push_back(std::move(input));
  }
  config.calls_topic = "calls";
  config.deadletter_topic = "deadletter";
  config.poll.records_max = 7;
  return config;
}

// A cluster, an operator who produces, and an intake that is made anew when it dies.
class World {
 public:
  explicit World(FaultPlan plan = {}, log::sim::SimOptions options = {}, std::uint64_t seed = 1)
      : cluster(seed, clock, std::move(plan), options) {
    EXPECT_TRUE(cluster.CreateTopics({{.name = "cdrs", .partitions = 2},
                                      {.name = "lines", .partitions = 1},
                                      {.name = "calls", .partitions = 3},
                                      {.name = "deadletter", .partitions = 2}}));
    operator_client_ = cluster.NewClient("operator");
    writer_ = std::move(operator_client_->NewWriter("operator")).value();
  }

  void Put(const std::string& topic, std::int32_t partition,
           const std::optional<std::string>& value) {
    ASSERT_TRUE(writer_->Send(topic, partition, "any", value, clock.NowMs()));
    ASSERT_TRUE(writer_->Flush(1s));
  }
  void PutWith(const log::Header& header, const std::string& value) {
    ASSERT_TRUE(writer_->SendWith(header, "cdrs", 0, "any", value, clock.NowMs()));
    ASSERT_TRUE(writer_->Flush(1s));
  }
  void Put(std::int32_t partition, const v1::CallRecord& record) {
    Put("cdrs", partition, record.SerializeAsString());
  }

  // One step; a dead or refused intake is replaced, as its owner would.
  void Step() {
    if (intake == nullptr) {
      if (!cluster.Alive("worker")) client_ = cluster.NewClient("worker");
      auto made = Intake::Make(*client_, clock, lines, config, heard, reach);
      ASSERT_TRUE(made) << made.error().message;
      intake = std::move(made).value();
    }
    auto status = intake->Step(0ms);
    if (!status || !cluster.Alive("worker")) {
      ++died;
      if (!status) last_error = status.error();
      intake.reset();
    }
    clock.Advance(100ms);
  }
  void Run(int steps) {
    for (int i = 0; i < steps; ++i) Step();
  }

  struct Call {
    std::int32_t partition;
    std::int64_t offset;
    std::string key;
    v1::CallsEntry entry;
  };
  std::vector<Call> Calls(bool watermarks = false) {
    std::vector<Call> out;
    for (const auto& record : cluster.ReadCommitted("calls")) {
      Call call{record.partition, record.offset, record.key, {}};
      EXPECT_TRUE(call.entry.ParseFromString(*record.value));
      if (call.entry.has_record() || watermarks) out.push_back(std::move(call));
    }
    return out;
  }
  std::vector<v1::DeadLetter> DeadLetters() {
    std::vector<v1::DeadLetter> out;
    for (const auto& record : cluster.ReadCommitted("deadletter")) {
      EXPECT_TRUE(out.emplace_back().ParseFromString(*record.value));
    }
    return out;
  }
  Tallies Committed() {
    Tallies sum;
    for (const auto& [source, at] : cluster.CommittedOffsets("intake")) {
      const auto progress = DecodeProgress(at.metadata);
      EXPECT_TRUE(progress) << at.metadata;
      if (progress) sum += progress->tallies;
    }
    return sum;
  }

  ManualClock clock{kStart};
  log::sim::SimCluster cluster;
  FixedLines lines;
  const ReachSource* reach = nullptr;
  IntakeConfig config = Config();
  Heard heard;
  std::unique_ptr<log::Log> operator_client_;
  std::unique_ptr<log::Log> client_;
  std::unique_ptr<log::Writer> writer_;
  std::unique_ptr<Intake> intake;
  int died = 0;
  Error last_error;
};

}  // namespace textback::intake::test
