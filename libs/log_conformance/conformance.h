// One suite for every implementation of the log port: what log/log.h promises, as tests.
//
// An implementation derives a LogFixture and says, once, in its own test program:
//
//   TEXTBACK_LOG_CONFORMANCE(Sim, [] { return std::make_unique<SimFixture>(); });
//
// and links textback::log_conformance (TEST_DEPS). A fixture lives for one test; the cluster behind
// it may live longer, since all names of topics, groups and ids are made with Unique().
//
// Nothing sleeps: a test waits with Until(), whose step is virtual time or a short blocking call,
// whichever the implementation has. Tests whose names begin with StreamPoint show that point of
// exactly-once.md ("Between Kafka and the state store").
//
// Threads: everything on the test's thread.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "log/log.h"

namespace textback::log::conformance {

// Where an implementation is honestly different from the broker. A flag may only make it stricter,
// or leave out what cannot happen in one process; a test whose ground is missing is skipped.
struct Capabilities {
  // Stream point 3: a transaction without offsets commits although the group has moved on. False:
  // such a commit is refused (kFenced), which is safer than the broker.
  bool zombie_commits_without_offsets = true;
  // A member that neither polls nor heartbeats loses its partitions after its session.
  bool sessions_expire = true;
  // The coordinator aborts a transaction that is open for longer than its time-out.
  bool transactions_time_out = true;
  // An open transaction shows: it holds back the last stable offset, and Committed() refuses
  // (kRetry) while offsets are pending. False: a transaction reaches the log only when it commits.
  bool open_transactions_show = true;
  // Commit returns when the outcome is certain; what it committed shows to readers of committed
  // records a moment later, when the coordinator has written its markers. False: at once.
  bool commits_show_late = false;
  // Records may carry headers. False: none comes in, and a send with one is refused.
  bool keeps_headers = true;
  // Markers of transactions take an offset, so that consecutive transactions leave gaps.
  bool markers_take_offsets = true;
};

class LogFixture {
 public:
  virtual ~LogFixture() = default;

  virtual Capabilities capabilities() const { return {}; }

  // The log of process `i` of the cluster (0, 1, 2), made on first use. An implementation that has
  // only one process may return the same for all.
  virtual Log& Process(int i) = 0;

  // As kill -9 of the process that holds it: no goodbye to the group, no abort, nothing sent. What
  // it had open stays open at the broker until a time-out or a successor ends it.
  virtual void Crash(std::unique_ptr<Consumer> consumer) = 0;
  virtual void Crash(std::unique_ptr<TransactionalProducer> producer) = 0;

  // Drops the records before `offset`, as retention would. False: can't.
  virtual bool Trim(const TopicPartition& /*partition*/, std::int64_t /*offset*/) { return false; }

  // Creates topics and returns when every process can use them.
  virtual Status CreateTopics(const std::vector<TopicSpec>& topics);

  // How long a Poll of a test may wait: 0 where time is virtual.
  virtual std::chrono::milliseconds wait() const = 0;
  // The session time-out (and poll interval) for members that a test lets die.
  virtual std::chrono::milliseconds session() const { return std::chrono::seconds(6); }
  virtual MonoTime Now() const = 0;
  // Lets a little time pass: advances a virtual clock by some 50 ms, or makes a short blocking
  // call.
  virtual void Step() = 0;

  // Steps until `condition` holds; false when `budget` is over.
  bool Until(const std::function<bool()>& condition,
             std::chrono::milliseconds budget = std::chrono::seconds(60));
  // Lets at least `time` pass, calling `meanwhile` at each step.
  void Pass(std::chrono::milliseconds time, const std::function<void()>& meanwhile = {});

  // A name that no other test has used on this cluster.
  virtual std::string Unique(std::string_view stem) = 0;
};

// Makes a test's fixture.
struct FixtureFactory {
  explicit FixtureFactory(std::function<std::unique_ptr<LogFixture>()> f) : make(std::move(f)) {}
  std::function<std::unique_ptr<LogFixture>()> make;
  // The names of tests are made of this; left alone, gtest would print addresses.
  friend void PrintTo(const FixtureFactory&, std::ostream* out) { *out << "Log"; }
};

// A record that owns its bytes.
struct Seen {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;
  std::string key;
  std::optional<std::string> value;
  std::optional<std::string> header;  // the one of the name kHeader; a Member reads it
};

inline constexpr char kHeader[] = "conformance-Header";

// A consumer and its listener, driven by hand. Resumes what it is given at the committed offset, or
// at the log's start, unless `resume` is false.
class Member final : public RebalanceListener {
 public:
  // `journal`, if not null, gets "<name> assigned|revoked|lost <topic>-<partition>" lines.
  Member(LogFixture& fixture, int process, std::string name, ConsumerConfig config,
         std::vector<std::string>* journal = nullptr);

  Status Open();
  // Polls once, keeps what came in `seen`, resumes what was newly assigned.
  Status Poll();
  void Crash() { fixture_.Crash(std::move(consumer_)); }
  void Close() { consumer_->Close(); }
  Consumer& consumer() { return *consumer_; }
  const std::set<TopicPartition>& assigned() const { return assigned_; }
  // Indices held of `topic`.
  std::set<std::int32_t> Indices(const std::string& topic) const;
  std::vector<std::string> Values() const;

  void OnAssigned(const std::vector<TopicPartition>& partitions,
                  const GroupMetadata& metadata) override;
  void OnRevoked(const std::vector<TopicPartition>& partitions) override;
  void OnLost(const std::vector<TopicPartition>& partitions) override;

  bool resume = true;
  std::vector<Seen> seen;
  GroupMetadata metadata;  // as captured at the last assignment
  int assignments = 0;
  int revocations = 0;
  int losses = 0;
  std::function<void()> on_revoked;  // runs inside OnRevoked

 private:
  void Forget(std::string_view what, const std::vector<TopicPartition>& partitions);
  Status ResumeWaiting();

  LogFixture& fixture_;
  const int process_;
  const std::string name_;
  const ConsumerConfig config_;
  std::vector<std::string>* const journal_;
  std::unique_ptr<Consumer> consumer_;
  std::set<TopicPartition> assigned_;
  std::set<TopicPartition> waiting_;  // assigned, not resumed yet
  Batch batch_;
};

class LogConformance : public ::testing::TestWithParam<FixtureFactory> {
 protected:
  void SetUp() override { fixture_ = GetParam().make(); }

  LogFixture& fixture() { return *fixture_; }
  Log& log(int process = 0) { return fixture_->Process(process); }
  Capabilities can() const { return fixture_->capabilities(); }

  std::string Topic(std::string_view stem, std::int32_t partitions = 1, bool compact = false);
  // Writes and waits until durable. Keys "k<i>".
  void Produce(const std::string& topic, std::int32_t partition,
               const std::vector<std::string>& values);
  // An initialised producer; asserts that it could be made.
  std::unique_ptr<TransactionalProducer> NewProducer(
      const std::string& id, int process = 0,
      std::chrono::milliseconds timeout = std::chrono::seconds(60));
  // Begin, send `values` to topic-partition, send offsets if any. Fails the test on an error.
  void OpenTransaction(TransactionalProducer& producer, const std::string& topic,
                       std::int32_t partition, const std::vector<std::string>& values);
  CommitOutcome Commit(TransactionalProducer& producer);
  // All that a reader sees of a partition from `from`, up to its end for that isolation.
  std::vector<Seen> ReadAll(const TopicPartition& partition, bool read_committed = true,
                            std::int64_t from = 0);
  std::vector<std::string> ReadValues(const TopicPartition& partition, bool read_committed = true);
  Consumer::Range Ends(const TopicPartition& partition, bool read_committed);

  ConsumerConfig GroupOf(const std::string& group, const std::string& instance,
                         std::vector<std::string> topics);
  std::optional<CommittedOffset> CommittedOf(Consumer& consumer, const TopicPartition& partition);
  // Polls all members until each holds as many partitions of `topic` as `sizes` says.
  bool Settle(const std::vector<Member*>& members, const std::string& topic,
              const std::vector<std::size_t>& sizes);

 private:
  std::unique_ptr<LogFixture> fixture_;
};

// Names the objects that hold the tests, so that a linker takes them out of the archive.
void LinkRecords();
void LinkGroups();
void LinkTransactions();
void LinkFencing();
inline int LinkAll() {
  LinkRecords();
  LinkGroups();
  LinkTransactions();
  LinkFencing();
  return 0;
}

}  // namespace textback::log::conformance

#define TEXTBACK_LOG_CONFORMANCE(name, factory)                                                    \
  namespace textback::log::conformance {                                                           \
  [[maybe_unused]] static const int kLinked##name = LinkAll();                                     \
  INSTANTIATE_TEST_SUITE_P(name, LogConformance, ::testing::Values(FixtureFactory(factory)),       \
                           [](const ::testing::TestParamInfo<FixtureFactory>&) { return "Log"; }); \
  }                                                                                                \
  static_assert(true)
