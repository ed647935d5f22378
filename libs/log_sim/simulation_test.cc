// The simulated log against a small exactly-once copier: two processes move records from one topic
// to another while everything fails that can. A correct copier must deliver each record once, in
// order; one that breaks a rule of exactly-once.md must be caught. The second half is what shows
// that the faults bite.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "log_sim/sim_log.h"

namespace textback::log::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::int32_t kPartitions = 3;
constexpr int kRecordsPerPartition = 12;

// Rules that a copier may break on purpose.
struct Sins {
  bool offsets_apart = false;           // commits offsets after the transaction, not in it
  bool keeps_unknown_producer = false;  // takes an unknown commit for an abort (stream point 10)
};

// One incarnation of a process. Step() does one call's worth, so that anything may happen between.
class Copier final : public RebalanceListener {
 public:
  Copier(SimCluster& cluster, std::string name, Sins sins)
      : name_(std::move(name)), sins_(sins), log_(cluster.NewClient(name_)) {}

  // False: this process must be restarted.
  bool Step() {
    switch (phase_) {
      case Phase::kPoll:
        return StepPoll();
      case Phase::kSend:
        return StepSend();
      case Phase::kOffsets:
        return StepOffsets();
      case Phase::kCommit:
        return StepCommit();
    }
    return false;
  }

  void OnAssigned(const std::vector<TopicPartition>& partitions, const GroupMetadata& m) override {
    metadata_ = m;
    waiting_.insert(partitions.begin(), partitions.end());
    assigned_ = waiting_;
  }
  void OnRevoked(const std::vector<TopicPartition>&) override { Forget(); }
  void OnLost(const std::vector<TopicPartition>&) override { Forget(); }

 private:
  enum class Phase { kPoll, kSend, kOffsets, kCommit };

  void Forget() {
    assigned_.clear();
    waiting_.clear();
  }

  static bool Survivable(const Error& error) { return error.disposition == Disposition::kRetry; }

  // The clients, as far as they are there. A producer comes before any offset is read: Init ends
  // what the last one left open.
  Status Prepare() {
    if (!consumer_) {
      ConsumerConfig config;
      config.group = "copiers";
      config.instance = name_;
      config.topics = {"in"};
      TB_ASSIGN_OR_RETURN(consumer_, log_->NewConsumer(config, *this));
    }
    if (!producer_) {
      TB_ASSIGN_OR_RETURN(auto producer, log_->NewTransactionalProducer({"tx-" + name_, 4s}));
      TB_RETURN_IF_ERROR(producer->Init(1s));
      producer_ = std::move(producer);
    }
    return Ok();
  }

  Status Position() {
    if (waiting_.empty()) return Ok();
    TB_ASSIGN_OR_RETURN(const auto committed,
                        consumer_->Committed({waiting_.begin(), waiting_.end()}));
    for (const auto& [partition, offset] : committed) {
      TB_RETURN_IF_ERROR(consumer_->Resume(partition, offset ? offset->next_offset : 0));
    }
    waiting_.clear();
    return Ok();
  }

  bool StepPoll() {
    auto status = Prepare();
    if (status) status = consumer_->Poll(batch_, {.records_max = 3}, 0ms);
    if (status && batch_.records.empty()) status = Position();
    if (!status) return Survivable(status.error());
    if (batch_.records.empty()) return true;
    // Read from the old position although it is to be asked for again: not ours to use.
    std::erase_if(batch_.records, [&](const Record& r) {
      const TopicPartition from{std::string(r.topic), r.partition};
      return waiting_.contains(from) || !assigned_.contains(from);
    });
    if (batch_.records.empty()) return Pause();
    phase_ = Phase::kSend;
    return true;
  }

  bool Pause() {
    for (const auto& p : waiting_) (void)consumer_->Pause(p);
    return true;
  }

  bool StepSend() {
    if (!producer_->Begin()) return Drop();
    for (const auto& r : batch_.records) {
      if (!producer_->Send("out", r.partition, r.key, r.value, r.timestamp_ms)) return Drop();
    }
    phase_ = sins_.offsets_apart ? Phase::kCommit : Phase::kOffsets;
    return true;
  }

  std::vector<OffsetCommit> Done() const {
    std::map<TopicPartition, std::int64_t> next;
    for (const auto& r : batch_.records) next[{std::string(r.topic), r.partition}] = r.offset + 1;
    std::vector<OffsetCommit> commits;
    for (const auto& [partition, offset] : next) commits.push_back({partition, offset, ""});
    return commits;
  }

  bool StepOffsets() {
    const auto sent = producer_->SendOffsets(Done(), metadata_);
    phase_ = Phase::kCommit;
    if (sent) return true;
    if (!Survivable(sent.error()) || !producer_->Abort(1s)) return Drop();
    return Rewind();
  }

  bool StepCommit() {
    switch (producer_->Commit(1s)) {
      case CommitOutcome::kCommitted:
        if (sins_.offsets_apart) (void)consumer_->Commit(Done());
        phase_ = Phase::kPoll;
        return true;
      case CommitOutcome::kAborted:
        return Rewind();
      case CommitOutcome::kUnknown:
        if (sins_.keeps_unknown_producer) return Rewind();
        return Drop();
      case CommitOutcome::kFenced:
        return Drop();
    }
    return false;
  }

  // The same records again, with this producer.
  bool Rewind() {
    for (auto it = batch_.records.rbegin(); it != batch_.records.rend(); ++it) {
      (void)consumer_->Resume({std::string(it->topic), it->partition}, it->offset);
    }
    phase_ = Phase::kPoll;
    return true;
  }

  // With a new producer, and from what the log says.
  bool Drop() {
    producer_.reset();
    waiting_ = assigned_;
    phase_ = Phase::kPoll;
    return Pause();
  }

  const std::string name_;
  const Sins sins_;
  const std::unique_ptr<Log> log_;
  std::unique_ptr<Consumer> consumer_;
  std::unique_ptr<TransactionalProducer> producer_;
  std::set<TopicPartition> assigned_;
  std::set<TopicPartition> waiting_;  // without a position
  GroupMetadata metadata_;
  Batch batch_;
  Phase phase_ = Phase::kPoll;
};

struct Outcome {
  bool finished = false;
  std::map<std::int32_t, std::vector<std::string>> out;
  std::vector<std::string> trace;
  FaultCounts faults;
  int restarts = 0;
  int pauses = 0;

  // "" if each record was delivered once and in order.
  std::string Fault() const {
    if (!finished) return "not all records were delivered";
    for (std::int32_t p = 0; p < kPartitions; ++p) {
      std::vector<std::string> wanted;
      for (int i = 0; i < kRecordsPerPartition; ++i) wanted.push_back(std::to_string(i));
      const auto got = out.find(p);
      if (got == out.end() || got->second != wanted)
        return "partition " + std::to_string(p) + " differs";
    }
    return "";
  }
};

class World {
 public:
  World(std::uint64_t seed, FaultPlan plan, Sins sins, bool zombies)
      : random_(seed), cluster_(seed, clock_, std::move(plan)), sins_(sins), zombies_(zombies) {
    cluster_.OnTrace([this](std::string_view line) { outcome_.trace.emplace_back(line); });
    EXPECT_TRUE(cluster_.CreateTopics(
        {{.name = "in", .partitions = kPartitions}, {.name = "out", .partitions = kPartitions}}));
    source_ = cluster_.NewClient("source");
    auto writer = source_->NewWriter("source");
    for (std::int32_t p = 0; p < kPartitions; ++p) {
      for (int i = 0; i < kRecordsPerPartition; ++i) {
        const auto sent = (*writer)->Send("in", p, "k", std::to_string(i), i);
        EXPECT_TRUE(sent);
      }
    }
    EXPECT_TRUE((*writer)->Flush(1s));
  }

  Outcome Run() {
    // Faults for a minute, then peace in which all must heal.
    while (clock_.Mono() < MonoTime(10min) && !Done()) {
      if (clock_.Mono() > MonoTime(60s)) cluster_.StopFaults();
      for (auto& slot : slots_) Turn(slot);
      clock_.Advance(std::chrono::milliseconds(random_.Between(1, 200)));
    }
    outcome_.finished = Done();
    // A straggler may still come.
    clock_.Advance(30s);
    for (const auto& r : cluster_.ReadCommitted("out"))
      outcome_.out[r.partition].push_back(*r.value);
    outcome_.faults = cluster_.faults();
    return std::move(outcome_);
  }

 private:
  struct Slot {
    std::string name;
    std::unique_ptr<Copier> copier;
    MonoTime not_before{};
    bool paused = false;
  };

  bool Done() {
    const auto offsets = cluster_.CommittedOffsets("copiers");
    for (std::int32_t p = 0; p < kPartitions; ++p) {
      const auto it = offsets.find({"in", p});
      if (it == offsets.end() || it->second.next_offset < kRecordsPerPartition) return false;
    }
    return true;
  }

  void Turn(Slot& slot) {
    if (clock_.Mono() < slot.not_before) return;
    if (slot.paused) {
      cluster_.ResumeClient(slot.name);
      slot.paused = false;
    }
    if (!slot.copier) slot.copier = std::make_unique<Copier>(cluster_, slot.name, sins_);
    for (auto steps = random_.Between(1, 4); steps > 0; --steps) {
      if (!slot.copier->Step() || !cluster_.Alive(slot.name)) return Restart(slot);
    }
    if (zombies_ && clock_.Mono() < MonoTime(60s) && random_.Chance(0.03)) {
      cluster_.PauseClient(slot.name);
      slot.paused = true;
      slot.not_before = clock_.Mono() + std::chrono::milliseconds(random_.Between(100, 15'000));
      ++outcome_.pauses;
    }
  }

  void Restart(Slot& slot) {
    if (cluster_.Alive(slot.name)) cluster_.KillClient(slot.name);
    slot.copier.reset();
    slot.not_before = clock_.Mono() + std::chrono::milliseconds(random_.Between(0, 9'000));
    ++outcome_.restarts;
  }

  ManualClock clock_{1'700'000'000'000};
  Random random_;
  SimCluster cluster_;
  const Sins sins_;
  const bool zombies_;
  std::unique_ptr<Log> source_;
  Outcome outcome_;
  std::vector<Slot> slots_ = MakeSlots();

  static std::vector<Slot> MakeSlots() {
    std::vector<Slot> slots(2);
    slots[0].name = "copier-a";
    slots[1].name = "copier-b";
    return slots;
  }
};

Outcome Simulate(std::uint64_t seed, FaultPlan plan, Sins sins = {}, bool zombies = true) {
  return World(seed, std::move(plan), sins, zombies).Run();
}

FaultPlan Storm() { return FaultPlan::Everywhere(0.004, UINT64_MAX, {"source"}); }

TEST(SimulationTest, WithoutFaultsEachRecordIsCopiedOnceInOrder) {
  const auto outcome = Simulate(1, {}, {}, false);
  EXPECT_EQ(outcome.Fault(), "");
  EXPECT_EQ(outcome.restarts, 0);
}

TEST(SimulationTest, SameSeedSameTrace) {
  const auto once = Simulate(7, Storm());
  const auto again = Simulate(7, Storm());
  EXPECT_EQ(once.trace, again.trace);
  EXPECT_FALSE(once.trace.empty());
  EXPECT_NE(once.trace, Simulate(8, Storm()).trace);
}

TEST(SimulationTest, EachRecordIsCopiedOnceWhateverFails) {
  FaultCounts all;
  int restarts = 0;
  int pauses = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const auto outcome = Simulate(seed, Storm());
    ASSERT_EQ(outcome.Fault(), "") << "seed " << seed;
    for (const auto& [point, n] : outcome.faults.fired) all.fired[point] += n;
    restarts += outcome.restarts;
    pauses += outcome.pauses;
  }
  // The storm was one.
  EXPECT_GT(restarts, 100);
  EXPECT_GT(pauses, 100);
  for (int f = 0; f < kFaults; ++f) {
    EXPECT_GT(all.Fired(static_cast<Fault>(f)), 0u) << ToString(static_cast<Fault>(f));
  }
}

// Steps that this copier takes; the others belong to writers, readers and administrators, and are
// walked in rules_test.cc.
bool Walked(Step step) {
  static const std::set<Step> kNot = {Step::kCommitOffsets, Step::kOffsets,    Step::kClose,
                                      Step::kReaderPoll,    Step::kWriterSend, Step::kWriterPoll};
  return !kNot.contains(step);
}

TEST(SimulationTest, EveryFaultPointHealsWhereverItStrikes) {
  int struck = 0;
  for (const auto& point : AllFaultPoints()) {
    if (!Walked(point.step)) continue;
    // At its first, second, third … time, until the step isn't reached that often any more.
    for (std::uint64_t nth = 1; nth <= 12; ++nth) {
      // The point needs a client that is a copier: the source takes no such step but kAdmin.
      const auto outcome =
          Simulate(nth, FaultPlan().At(point, nth, "copier-a"), {}, /*zombies=*/false);
      ASSERT_EQ(outcome.Fault(), "") << ToString(point) << " at time " << nth;
      const bool fired = outcome.faults.Fired(point.fault) > 0;
      if (nth == 1 && point.step != Step::kAbort && point.step != Step::kRevoked) {
        EXPECT_TRUE(fired) << ToString(point) << " never struck";
      }
      if (!fired) break;
      ++struck;
    }
  }
  EXPECT_GT(struck, 150);
}

int Caught(Sins sins, std::uint64_t seeds) {
  int caught = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    if (!Simulate(seed, Storm(), sins).Fault().empty()) ++caught;
  }
  return caught;
}

TEST(SimulationTest, StreamPoint7OffsetsApartFromTheTransactionAreCaught) {
  EXPECT_GT(Caught({.offsets_apart = true}, 60), 10);
}

TEST(SimulationTest, StreamPoint10AProducerKeptAfterAnUnknownCommitIsCaught) {
  EXPECT_GT(Caught({.keeps_unknown_producer = true}, 200), 3);
}

}  // namespace
}  // namespace textback::log::sim
