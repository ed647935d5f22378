// What only the embedded log does: restart, retention, compaction, limits, threads, a real kill -9.
#include "log_embedded/embedded_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstring>
#include <set>
#include <thread>

#include "base/random.h"
#include "log/errors.h"
#include "log_embedded/test_folder.h"

namespace textback::log_embedded {
namespace {

namespace errors = log::errors;
using log::CommitOutcome;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kNow = 1'700'000'000'000;
constexpr milliseconds kNoWait{0};

std::unique_ptr<EmbeddedLog> Open(const Clock& clock, EmbeddedLogOptions options) {
  auto log = EmbeddedLog::Open(clock, std::move(options));
  if (!log) ADD_FAILURE() << log.error().message;
  return *std::move(log);
}

void Create(log::Log& log, const std::string& name, bool compact = false,
            std::int32_t partitions = 1, std::map<std::string, std::string> settings = {}) {
  log::TopicSpec spec;
  spec.name = name;
  spec.partitions = partitions;
  spec.compact = compact;
  spec.settings = std::move(settings);
  ASSERT_TRUE((*log.NewAdmin())->Create({spec}));
}

void Write(log::Log& log, const std::string& topic, const std::string& key,
           std::optional<std::string_view> value) {
  const auto writer = *log.NewWriter("test");
  ASSERT_TRUE(writer->Send(topic, 0, key, value, 1));
  const auto flushed = writer->Flush(kNoWait);
  ASSERT_TRUE(flushed) << flushed.error().message;
}

struct Line {
  std::int64_t offset;
  std::string text;  // "key=value", "key" for a tombstone
  bool operator==(const Line&) const = default;
};

std::vector<Line> ReadAll(log::Log& log, const std::string& topic, std::int32_t partition = 0) {
  std::vector<Line> lines;
  const auto reader = *log.NewReader({});
  const auto range = *reader->Offsets({topic, partition}, true);
  EXPECT_TRUE(reader->Assign({{{topic, partition}, range.begin}}));
  log::Batch batch;
  while (*reader->Position({topic, partition}) < range.end) {
    const auto polled = reader->Poll(batch, {.records_max = 7, .bytes_max = 1 << 20}, kNoWait);
    EXPECT_TRUE(polled) << polled.error().message;
    if (!polled) break;
    for (const auto& r : batch.records) {
      lines.push_back(
          {r.offset, std::string(r.key) + (r.value ? "=" + std::string(*r.value) : "")});
    }
  }
  return lines;
}

class NoListener final : public log::RebalanceListener {
 public:
  void OnAssigned(const std::vector<log::TopicPartition>& partitions,
                  const log::GroupMetadata& now) override {
    for (const auto& p : partitions) held.insert(p);
    metadata = now;
  }
  void OnRevoked(const std::vector<log::TopicPartition>& partitions) override {
    for (const auto& p : partitions) held.erase(p);
  }
  void OnLost(const std::vector<log::TopicPartition>& partitions) override {
    OnRevoked(partitions);
  }
  std::set<log::TopicPartition> held;
  log::GroupMetadata metadata;
};

log::ConsumerConfig GroupOf(const std::string& instance, std::vector<std::string> topics) {
  log::ConsumerConfig config;
  config.group = "g";
  config.instance = instance;
  config.topics = std::move(topics);
  return config;
}

TEST(EmbeddedLog, IsAllThereAfterARestart) {
  const TestFolder folder;
  ManualClock clock(kNow);
  {
    const auto log = Open(clock, {.folder = folder.path()});
    Create(*log, "input", false, 2);
    Create(*log, "changelog", true, 2, {{"delete.retention.ms", "1000"}});
    NoListener listener;
    const auto consumer = *log->NewConsumer(GroupOf("i", {"input"}), listener);
    log::Batch batch;
    ASSERT_TRUE(consumer->Poll(batch, {}, kNoWait));
    const auto producer = *log->NewTransactionalProducer({"tx"});
    ASSERT_TRUE(producer->Init(kNoWait));
    ASSERT_TRUE(producer->Begin());
    ASSERT_TRUE(producer->Send("changelog", 1, "k", "document", 5));
    ASSERT_TRUE(producer->SendOffsets({{{"input", 1}, 42, "tally"}}, listener.metadata));
    ASSERT_EQ(producer->Commit(kNoWait), CommitOutcome::kCommitted);
    ASSERT_TRUE(producer->Begin());
    ASSERT_TRUE(producer->Send("changelog", 1, "k", "never", 5));  // dies with the process
  }
  const auto log = Open(clock, {.folder = folder.path()});
  EXPECT_EQ(*log->Partitions("input"), 2);
  const auto info = (*(*log->NewAdmin())->Describe({"changelog"})).at("changelog");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->settings.at("delete.retention.ms"), "1000");
  EXPECT_THAT(ReadAll(*log, "changelog", 1), ElementsAre(Line{0, "k=document"}));
  NoListener listener;
  const auto consumer = *log->NewConsumer(GroupOf("i", {"input"}), listener);
  const auto committed = *consumer->Committed({{"input", 0}, {"input", 1}});
  EXPECT_EQ(committed.at({"input", 0}), std::nullopt);
  ASSERT_TRUE(committed.at({"input", 1}));
  EXPECT_EQ(committed.at({"input", 1})->next_offset, 42);
  EXPECT_EQ(committed.at({"input", 1})->metadata, "tally");
  Write(*log, "input", "k", "v");
  EXPECT_THAT(ReadAll(*log, "input"), ElementsAre(Line{0, "k=v"}));
}

TEST(EmbeddedLog, IsOpenedOnceAndOnlyInItsOwnFolder) {
  const TestFolder folder;
  ManualClock clock(kNow);
  const auto log = Open(clock, {.folder = folder.path()});
  const auto second = EmbeddedLog::Open(clock, {.folder = folder.path()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().disposition, Disposition::kFatal);
  EXPECT_EQ(second.error().code, errors::kInUse);
  EXPECT_FALSE(EmbeddedLog::Open(clock, {.folder = "/proc/no/such/folder"}));
}

TEST(EmbeddedLog, ReadsWhatItsMemoryNoLongerHolds) {
  const TestFolder folder;
  ManualClock clock(kNow);
  const auto log =
      Open(clock, {.folder = folder.path(), .sync = Sync::kInterval, .tail_bytes = 500});
  Create(*log, "t");
  const auto writer = *log->NewWriter("w");
  std::vector<Line> want;
  for (int i = 0; i < 500; ++i) {
    const std::string value =
        std::to_string(i) + std::string(static_cast<std::size_t>(i % 50), 'x');
    ASSERT_TRUE(writer->Send("t", 0, "k", value, i));
    want.push_back({i, "k=" + value});
    if (i % 3 == 0) {
      ASSERT_TRUE(writer->Poll(kNoWait));
    }
  }
  ASSERT_TRUE(writer->Flush(kNoWait));
  EXPECT_EQ(ReadAll(*log, "t"), want);
}

TEST(EmbeddedLog, RetentionByTimeDropsWholeSegmentsAndMovesTheBeginning) {
  const TestFolder folder;
  ManualClock clock(kNow);
  const auto log = Open(clock, {.folder = folder.path(), .segment_bytes = 1});
  Create(*log, "t", false, 1, {{"retention.ms", "1000"}});
  Write(*log, "t", "a", "old");
  clock.Advance(milliseconds(600));
  Write(*log, "t", "b", "younger");
  ASSERT_TRUE(log->Maintain(kNow + 1'000));
  EXPECT_EQ(ReadAll(*log, "t").size(), 2U) << "dropped at its age, not beyond";
  ASSERT_TRUE(log->Maintain(kNow + 1'001));
  EXPECT_THAT(ReadAll(*log, "t"), ElementsAre(Line{1, "b=younger"}));
  const auto reader = *log->NewReader({});
  ASSERT_TRUE(reader->Assign({{{"t", 0}, 0}}));
  log::Batch batch;
  EXPECT_EQ(reader->Poll(batch, {}, kNoWait).error().code, errors::kOffsetOutOfRange);
  ASSERT_TRUE(log->Maintain(kNow + 10'000));
  EXPECT_EQ(ReadAll(*log, "t").size(), 0U);
  EXPECT_EQ((*reader->Offsets({"t", 0}, true)).end, 2) << "offsets never start over";
  EXPECT_EQ(log->stats().bytes, 0);
  Write(*log, "t", "c", "next");
  EXPECT_THAT(ReadAll(*log, "t"), ElementsAre(Line{2, "c=next"}));
}

TEST(EmbeddedLog, RetentionIsRememberedAcrossARestart) {
  const TestFolder folder;
  ManualClock clock(kNow);
  {
    const auto log = Open(clock, {.folder = folder.path(), .segment_bytes = 1});
    Create(*log, "t");
    for (int i = 0; i < 4; ++i) Write(*log, "t", "k", std::to_string(i));
    ASSERT_TRUE(log->DeleteRecords({"t", 0}, 4));
  }
  const auto log = Open(clock, {.folder = folder.path()});
  const auto range = *(*log->NewReader({}))->Offsets({"t", 0}, true);
  EXPECT_EQ(range.begin, 4);
  EXPECT_EQ(range.end, 4);
}

TEST(EmbeddedLog, RetentionByBytesKeepsAtLeastSoMuch) {
  const TestFolder folder;
  ManualClock clock(kNow);
  const auto log = Open(clock, {.folder = folder.path(), .segment_bytes = 1});
  Create(*log, "t", false, 1, {{"retention.bytes", "2500"}});
  for (int i = 0; i < 10; ++i) Write(*log, "t", "k", std::string(1'000, 'x'));
  ASSERT_TRUE(log->Maintain(kNow));
  EXPECT_EQ(ReadAll(*log, "t").size(), 3U);
  EXPECT_GE(log->stats().bytes, 2'500);
}

TEST(EmbeddedLog, RefusesCommitsOverItsDiskLimitUntilThereIsRoom) {
  const TestFolder folder;
  ManualClock clock(kNow);
  const auto log =
      Open(clock, {.folder = folder.path(), .segment_bytes = 1, .disk_bytes_max = 5'000});
  Create(*log, "t", false, 1, {{"retention.ms", "1000"}});
  const auto producer = *log->NewTransactionalProducer({"tx"});
  ASSERT_TRUE(producer->Init(kNoWait));
  const auto commit = [&] {
    EXPECT_TRUE(producer->Begin());
    EXPECT_TRUE(producer->Send("t", 0, "k", std::string(1'000, 'x'), 1));
    return producer->Commit(kNoWait);
  };
  int committed = 0;
  while (committed < 100 && commit() == CommitOutcome::kCommitted) ++committed;
  EXPECT_EQ(committed, 5);
  EXPECT_EQ(commit(), CommitOutcome::kAborted);
  EXPECT_THAT(producer->LastError(), HasSubstr("disk_bytes_max"));
  const auto writer = *log->NewWriter("w");
  ASSERT_TRUE(writer->Send("t", 0, "k", "v", 1));
  EXPECT_EQ(writer->Poll(kNoWait).error().disposition, Disposition::kRetry);
  EXPECT_EQ(ReadAll(*log, "t").size(), 5U) << "what was refused is in the log";
  ASSERT_TRUE(log->Maintain(kNow + 2'000));
  EXPECT_EQ(commit(), CommitOutcome::kCommitted);
}

TEST(EmbeddedLog, RefusesATransactionThatIsTooLarge) {
  const TestFolder folder;
  ManualClock clock(kNow);
  const auto log = Open(clock, {.folder = folder.path(), .transaction_bytes_max = 1'000});
  Create(*log, "t");
  const auto producer = *log->NewTransactionalProducer({"tx"});
  ASSERT_TRUE(producer->Init(kNoWait));
  ASSERT_TRUE(producer->Begin());
  ASSERT_TRUE(producer->Send("t", 0, "k", std::string(1'000, 'x'), 1));
  const auto refused = producer->Send("t", 0, "k", "v", 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().disposition, Disposition::kFatal);
  EXPECT_THAT(refused.error().message, HasSubstr("transaction_bytes_max"));
  EXPECT_TRUE(producer->Abort(kNoWait));
  // A writer writes instead.
  const auto writer = *log->NewWriter("w");
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(writer->Send("t", 0, "k", std::string(500, 'x'), 1));
  ASSERT_TRUE(writer->Flush(kNoWait));
  EXPECT_EQ(ReadAll(*log, "t").size(), 10U);
}

// Against a model: after any number of rounds the log holds what superseded nothing, in order, and
// replaying it gives the same state as replaying all that was written.
TEST(EmbeddedLog, CompactionKeepsTheLastOfEachKey) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const TestFolder folder;
    ManualClock clock(kNow);
    Random random(seed);
    EmbeddedLogOptions options{.folder = folder.path(),
                               .sync = Sync::kInterval,
                               .tail_bytes = seed % 3 == 0 ? 5'000U : 0U,
                               .segment_bytes = 2'000,
                               .delete_retention_ms = 1'000,
                               .compaction_keys_max = seed % 2 == 0 ? 10U : 1'000U};
    auto log = Open(clock, options);
    Create(*log, "c", true);
    std::map<std::string, std::string> model;
    std::map<std::int64_t, Line> written;
    for (int round = 0; round < 30; ++round) {
      auto writer = *log->NewWriter("w");
      for (int i = 0; i < 60; ++i) {
        const auto key = "k" + std::to_string(random.Below(40));
        const auto offset = static_cast<std::int64_t>(written.size());
        if (random.Chance(0.2)) {
          model.erase(key);
          written[offset] = {offset, key};
          ASSERT_TRUE(writer->Send("c", 0, key, std::nullopt, 1));
        } else {
          const std::string value = std::to_string(offset) + std::string(random.Below(100), 'x');
          model[key] = value;
          written[offset] = {offset, key + "=" + value};
          ASSERT_TRUE(writer->Send("c", 0, key, value, 1));
        }
        if (random.Chance(0.1)) {
          ASSERT_TRUE(writer->Poll(kNoWait));
        }
      }
      ASSERT_TRUE(writer->Flush(kNoWait));
      clock.Advance(milliseconds(random.Below(500)));
      ASSERT_TRUE(log->Maintain(clock.NowMs()));
      if (random.Chance(0.2)) {
        writer.reset();
        log.reset();
        log = Open(clock, options);
      }
      std::map<std::string, std::string> replayed;
      std::int64_t last = -1;
      for (const auto& line : ReadAll(*log, "c")) {
        ASSERT_GT(line.offset, last);
        last = line.offset;
        ASSERT_EQ(line.text, written[line.offset].text);
        const auto equals = line.text.find('=');
        if (equals == std::string::npos) {
          replayed.erase(line.text);
        } else {
          replayed[line.text.substr(0, equals)] = line.text.substr(equals + 1);
        }
      }
      ASSERT_EQ(replayed, model) << "round " << round;
    }
    EXPECT_LT(ReadAll(*log, "c").size(), written.size() / 2);
  }
}

TEST(EmbeddedLog, TombstonesCanBeReadForTheirRetention) {
  const TestFolder folder;
  ManualClock clock(kNow);
  const auto log = Open(
      clock,
      {.folder = folder.path(), .tail_bytes = 0, .segment_bytes = 1, .delete_retention_ms = 1'000});
  Create(*log, "c", true);
  Write(*log, "c", "gone", "1");
  Write(*log, "c", "gone", std::nullopt);
  Write(*log, "c", "stays", "1");
  Write(*log, "c", "open", "1");  // the open segment
  ASSERT_TRUE(log->Maintain(kNow + 1'000));
  EXPECT_THAT(ReadAll(*log, "c"),
              ElementsAre(Line{1, "gone"}, Line{2, "stays=1"}, Line{3, "open=1"}));
  Write(*log, "c", "more", std::string(500, 'x'));  // so that there is enough to clean
  Write(*log, "c", "open", "2");
  ASSERT_TRUE(log->Maintain(kNow + 1'001));
  const auto lines = ReadAll(*log, "c");
  EXPECT_THAT(lines, testing::Not(testing::Contains(Line{1, "gone"})));
  EXPECT_THAT(lines, testing::Contains(Line{2, "stays=1"}));
}

// Producers, readers, group members and maintenance at once: each value arrives once, in order.
TEST(EmbeddedLog, ServesSeveralThreads) {
  const TestFolder folder;
  SystemClock clock;
  const auto log = Open(clock, {.folder = folder.path(),
                                .sync = Sync::kInterval,
                                .tail_bytes = 10'000,
                                .segment_bytes = 4'000});
  Create(*log, "in", false, 4);
  Create(*log, "out", false, 4);
  constexpr int kRecords = 2'000;
  std::atomic<bool> done{false};
  std::atomic<int> moved{0};
  const auto produce = [&] {
    const auto writer = *log->NewWriter("w");
    for (int i = 0; i < kRecords; ++i) {
      ASSERT_TRUE(writer->Send("in", i % 4, "k", std::to_string(i), i));
      if (i % 37 == 0) {
        ASSERT_TRUE(writer->Poll(kNoWait));
      }
    }
    ASSERT_TRUE(writer->Flush(kNoWait));
  };
  // A shard in small: reads, writes, commits offsets; starts anew from the committed ones when
  // told.
  const auto shard = [&](const std::string& name) {
    NoListener listener;
    const auto consumer = *log->NewConsumer(GroupOf(name, {"in"}), listener);
    const auto producer = *log->NewTransactionalProducer({name});
    ASSERT_TRUE(producer->Init(kNoWait));
    std::int32_t generation = -1;
    log::Batch batch;
    while (!done) {
      ASSERT_TRUE(consumer->Poll(batch, {.records_max = 50}, milliseconds(5)));
      if (listener.metadata.generation != generation) {
        generation = listener.metadata.generation;
        const auto offsets =
            *consumer->Committed(std::vector(listener.held.begin(), listener.held.end()));
        for (const auto& [partition, offset] : offsets) {
          ASSERT_TRUE(consumer->Resume(partition, offset ? offset->next_offset : 0));
        }
        continue;
      }
      if (batch.records.empty()) continue;
      ASSERT_TRUE(producer->Begin());
      std::map<log::TopicPartition, std::int64_t> next;
      for (const auto& r : batch.records) {
        ASSERT_TRUE(producer->Send("out", r.partition, r.key, *r.value, r.timestamp_ms));
        next[{"in", r.partition}] = r.offset + 1;
      }
      std::vector<log::OffsetCommit> offsets;
      for (const auto& [partition, offset] : next) offsets.push_back({partition, offset, ""});
      if (!producer->SendOffsets(offsets, listener.metadata)) {
        ASSERT_EQ(producer->Commit(kNoWait), CommitOutcome::kFenced);
        continue;
      }
      if (producer->Commit(kNoWait) == CommitOutcome::kCommitted) {
        if ((moved += static_cast<int>(batch.records.size())) >= kRecords) done = true;
      }
    }
    consumer->Close();
  };
  std::vector<std::thread> threads;
  threads.emplace_back(produce);
  threads.emplace_back(shard, "a");
  threads.emplace_back(shard, "b");
  threads.emplace_back([&] {
    while (!done) ASSERT_TRUE(log->Maintain(clock.NowMs()));
  });
  for (auto& thread : threads) thread.join();
  for (std::int32_t p = 0; p < 4; ++p) {
    const auto lines = ReadAll(*log, "out", p);
    ASSERT_EQ(lines.size(), static_cast<std::size_t>(kRecords / 4));
    for (std::size_t i = 0; i < lines.size(); ++i) {
      ASSERT_EQ(lines[i].text, "k=" + std::to_string(static_cast<int>(i) * 4 + p));
    }
  }
}

TEST(EmbeddedLog, ASleepingPollIsWokenByARecord) {
  const TestFolder folder;
  SystemClock clock;
  const auto log = Open(clock, {.folder = folder.path()});
  Create(*log, "t");
  const auto reader = *log->NewReader({});
  ASSERT_TRUE(reader->Assign({{{"t", 0}, 0}}));
  std::thread late([&] { Write(*log, "t", "k", "v"); });
  log::Batch batch;
  const MonoTime begin = clock.Mono();
  ASSERT_TRUE(reader->Poll(batch, {}, std::chrono::minutes(5)));
  EXPECT_EQ(batch.records.size(), 1U);
  EXPECT_LT(clock.Mono() - begin, std::chrono::minutes(1));
  late.join();
}

// --- kill -9 ---------------------------------------------------------------------------------

constexpr char kKillFolder[] = "TEXTBACK_TEST_KILL_FOLDER";
constexpr char kKillPipe[] = "TEXTBACK_TEST_KILL_PIPE";

// The child: transactions over two partitions with offsets, and maintenance, for ever. Transaction
// n writes n to both and commits offset n; n goes to the pipe when it has been committed.
TEST(EmbeddedLogKilled, DISABLED_Child) {
  const char* folder = std::getenv(kKillFolder);
  ASSERT_NE(folder, nullptr) << "started by EmbeddedLogKilled.IsAPrefixOfWhatWasCommitted only";
  const int out = std::atoi(std::getenv(kKillPipe));
  SystemClock clock;
  const auto log = Open(clock, {.folder = folder, .sync = Sync::kInterval, .segment_bytes = 2'000});
  Create(*log, "in");
  Create(*log, "a");
  Create(*log, "b", true);
  NoListener listener;
  const auto consumer = *log->NewConsumer(GroupOf("i", {"in"}), listener);
  log::Batch batch;
  ASSERT_TRUE(consumer->Poll(batch, {}, kNoWait));
  const auto producer = *log->NewTransactionalProducer({"tx"});
  ASSERT_TRUE(producer->Init(kNoWait));
  const auto committed = (*consumer->Committed({{"in", 0}})).at({"in", 0});
  for (std::int64_t n = committed ? committed->next_offset + 1 : 1;; ++n) {
    if (!producer->Begin() || !producer->Send("a", 0, "k", std::to_string(n), n) ||
        !producer->Send("b", 0, "k" + std::to_string(n % 10), std::to_string(n), n) ||
        !producer->SendOffsets({{{"in", 0}, n, ""}}, listener.metadata) ||
        producer->Commit(kNoWait) != CommitOutcome::kCommitted) {
      std::abort();
    }
    if (write(out, &n, sizeof n) != sizeof n) std::abort();
    if (n % 50 == 0 && !log->Maintain(clock.NowMs())) std::abort();
  }
}

std::int64_t RunAndKill(const std::string& folder, std::size_t commits) {
  std::array<int, 2> out{};
  EXPECT_EQ(pipe(out.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    setenv(kKillPipe, std::to_string(out[1]).c_str(), 1);
    setenv(kKillFolder, folder.c_str(), 1);
    execl("/proc/self/exe", "log", "--gtest_filter=EmbeddedLogKilled.DISABLED_Child",
          "--gtest_also_run_disabled_tests", "--gtest_brief=1", nullptr);
    _exit(127);
  }
  close(out[1]);
  std::string bytes;
  std::array<char, 512> buffer{};
  bool killed = false;
  for (;;) {
    const ssize_t n = read(out[0], buffer.data(), buffer.size());
    if (n <= 0) break;
    bytes.append(buffer.data(), static_cast<std::size_t>(n));
    if (!killed && bytes.size() / sizeof(std::int64_t) >= commits) {
      kill(child, SIGKILL);
      killed = true;
    }
  }
  close(out[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(killed && WIFSIGNALED(status)) << "the child ended by itself";
  std::int64_t last = 0;
  const std::size_t n = bytes.size() / sizeof last;
  if (n > 0) std::memcpy(&last, bytes.data() + (n - 1) * sizeof last, sizeof last);
  return last;
}

TEST(EmbeddedLogKilled, IsAPrefixOfWhatWasCommitted) {
  const TestFolder folder;
  ManualClock clock(kNow);
  Random random(11);
  for (int round = 0; round < 5; ++round) {
    const std::int64_t told = RunAndKill(folder.path(), 20 + random.Below(200));
    const auto log = Open(clock, {.folder = folder.path()});
    NoListener listener;
    const auto consumer = *log->NewConsumer(GroupOf("i", {"in"}), listener);
    const auto committed = (*consumer->Committed({{"in", 0}})).at({"in", 0});
    ASSERT_TRUE(committed);
    // All that was told, and at most the one that was under way.
    ASSERT_GE(committed->next_offset, told);
    ASSERT_LE(committed->next_offset, told + 1);
    const auto a = ReadAll(*log, "a");
    ASSERT_EQ(a.size(), static_cast<std::size_t>(committed->next_offset));
    for (std::size_t i = 0; i < a.size(); ++i)
      ASSERT_EQ(a[i], (Line{static_cast<std::int64_t>(i), "k=" + std::to_string(i + 1)}));
    std::map<std::string, std::string> last;
    for (const auto& line : ReadAll(*log, "b"))
      last[line.text.substr(0, line.text.find('='))] = line.text;
    for (std::int64_t n = committed->next_offset; n > committed->next_offset - 10; --n) {
      const auto key = "k" + std::to_string(n % 10);
      ASSERT_EQ(last[key], key + "=" + std::to_string(n));
    }
  }
}

}  // namespace
}  // namespace textback::log_embedded
