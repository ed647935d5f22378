// What only the adapter does: identity, budgets over several stores, a real kill -9.
#include "store/rocksdb_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <thread>

#include "base/random.h"
#include "store/budget.h"
#include "store/document_cache.h"
#include "store/errors.h"
#include "store/store_test_world.h"

namespace textback::store {
namespace {

using testing::HasSubstr;

RocksDbStoreOptions Options(const std::string& folder) {
  RocksDbStoreOptions options;
  options.folder = folder;
  options.role = "decide";
  options.topic_prefix = "textback";
  options.partition_count = 4;
  options.memory = SplitMemory(std::size_t{8} << 20);
  return options;
}

std::unique_ptr<RocksDbStoreSet> Create(const Clock& clock, RocksDbStoreOptions options) {
  auto set = RocksDbStoreSet::Create(clock, std::move(options));
  if (!set) ADD_FAILURE() << set.error().message;
  return *std::move(set);
}

TEST(Budget, AsksThoseOverTheirShareFirst) {
  Budget budget(800);
  budget.Add(800);
  EXPECT_FALSE(budget.Over(800, 2));  // at the limit
  budget.Add(1);
  EXPECT_TRUE(budget.Over(400, 2));
  EXPECT_FALSE(budget.Over(399, 2));
  budget.Add(99);
  EXPECT_FALSE(budget.Over(399, 2));  // 900 = limit + 1/8
  budget.Add(1);
  EXPECT_TRUE(budget.Over(1, 2));
  EXPECT_FALSE(budget.Over(0, 2));
}

TEST(DocumentCache, GivesUpCleanEntriesOnlyAndCountsEachByte) {
  Budget all(1), dirty(1);
  {
    DocumentCache cache(all, dirty);
    cache.InsertClean("clean", Document{std::string(1'000, 'x'), 1});
    cache.Put(nullptr, {"dirty", Document{std::string(2'000, 'y'), 1}});
    EXPECT_GT(cache.bytes(), 3'000U);
    EXPECT_EQ(all.total(), cache.bytes());
    EXPECT_EQ(dirty.total(), cache.dirty_bytes());
    EXPECT_GT(cache.dirty_bytes(), 2'000U);
    EXPECT_LT(cache.dirty_bytes(), cache.bytes());
    EXPECT_TRUE(cache.EvictOne());
    EXPECT_EQ(cache.Find("clean"), nullptr);
    EXPECT_FALSE(cache.EvictOne());
    cache.Put(cache.Find("dirty"), {"dirty", std::nullopt});  // gone, but the disk doesn't know
    EXPECT_FALSE(cache.EvictOne());
    cache.MarkAllClean();
    EXPECT_EQ(dirty.total(), 0U);
    EXPECT_TRUE(cache.EvictOne());
    EXPECT_EQ(all.total(), 0U);
    cache.Put(nullptr, {"a", Document{"1", 1}});
  }
  EXPECT_EQ(all.total(), 0U);
  EXPECT_EQ(dirty.total(), 0U);
}

TEST(DocumentCache, KeepsWhatIsUsed) {
  Budget all(1), dirty(1);
  DocumentCache cache(all, dirty);
  cache.InsertClean("cold", std::nullopt);
  cache.InsertClean("hot", std::nullopt);
  cache.Find("hot");
  EXPECT_TRUE(cache.EvictOne());
  EXPECT_NE(cache.Peek("hot"), nullptr);
  EXPECT_EQ(cache.Peek("cold"), nullptr);
}

TEST(RocksDbStore, RefusesAFolderOfSomethingElseAndNamesBoth) {
  const TestFolder folder;
  ManualClock clock(1);
  ASSERT_TRUE(Create(clock, Options(folder.path()))->Open(1));

  auto other_topics = Options(folder.path());
  other_topics.topic_prefix = "textback.2";
  auto other_count = Options(folder.path());
  other_count.partition_count = 8;
  for (const auto& options : {other_topics, other_count}) {
    const auto opened = Create(clock, options)->Open(1);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().disposition, Disposition::kFatal);
    EXPECT_EQ(opened.error().code, errors::kAnotherPartition);
    EXPECT_THAT(opened.error().message, HasSubstr("topics=textback partition=1 partitions=4"));
    EXPECT_THAT(opened.error().message,
                HasSubstr("topics=" + options.topic_prefix +
                          " partition=1 partitions=" + std::to_string(options.partition_count)));
  }
  std::filesystem::rename(folder.path() + "/decide-1", folder.path() + "/decide-2");
  const auto moved = Create(clock, Options(folder.path()))->Open(2);
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().code, errors::kAnotherPartition);
  EXPECT_TRUE(std::filesystem::exists(folder.path() + "/decide-2/CURRENT")) << "was wiped";
}

TEST(RocksDbStore, SaysWhenTheFolderCantBeUsed) {
  const TestFolder folder;
  ManualClock clock(1);
  std::ofstream(folder.path() + "/file") << "x";
  const auto set = RocksDbStoreSet::Create(clock, Options(folder.path() + "/file"));
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, errors::kFolder);
  EXPECT_EQ(set.error().disposition, Disposition::kFatal);
}

TEST(RocksDbStore, SaysThatItIsDamaged) {
  const TestFolder folder;
  ManualClock clock(1);
  const auto set = Create(clock, Options(folder.path()));
  {
    const auto store = *set->Open(0);
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(
          store->Apply({{"key" + std::to_string(i), Document{std::string(500, 'x'), i}}}, i + 1));
    }
    ASSERT_TRUE(store->Flush());
  }
  for (const auto& file : std::filesystem::directory_iterator(folder.path() + "/decide-0")) {
    if (file.path().extension() != ".sst") continue;
    std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(20);
    bytes.write("damage", 6);
  }
  const auto opened = set->Open(0);
  const Error error = opened ? (*opened)->Get("key1").error() : opened.error();
  EXPECT_EQ(error.disposition, Disposition::kRebuild) << error.message;
  if (opened) {
    EXPECT_FALSE((*opened)->Get("key99")) << "a damaged store answers";
  }
}

TEST(RocksDbStore, FlushesWhenTheMarkerIsOld) {
  const TestFolder folder;
  ManualClock clock(1'000);
  auto options = Options(folder.path());
  options.flush_interval = std::chrono::seconds(10);
  const auto set = Create(clock, options);
  const auto store = *set->Open(0);
  ASSERT_TRUE(store->Apply({{"a", Document{"1", kNeverDue}}}, 1));
  std::vector<DueTimer> due;
  clock.Advance(std::chrono::milliseconds(9'999));
  ASSERT_TRUE(store->Due(0, 10, due));
  EXPECT_FALSE(store->FlushedMarker());
  clock.Advance(std::chrono::milliseconds(1));
  ASSERT_TRUE(store->Due(0, 10, due));
  ASSERT_TRUE(store->FlushedMarker());
  EXPECT_EQ(store->FlushedMarker()->flushed_at_ms, 11'000);
  EXPECT_EQ(store->stats().documents_dirty, 0U);
}

TEST(RocksDbStore, FindsMoreTimersThanItsWindowHolds) {
  const TestFolder folder;
  ManualClock clock(1);
  auto options = Options(folder.path());
  options.memory.timers_bytes = 1;  // the least window
  const auto set = Create(clock, options);
  auto store = *set->Open(0);
  constexpr int kTimers = 1'000;
  std::vector<Change> changes;
  for (int i = 0; i < kTimers; ++i)
    changes.push_back({"k" + std::to_string(i), Document{"x", (i * 7'919) % kTimers}});
  ASSERT_TRUE(store->Apply(std::move(changes), kTimers));
  for (const bool flushed : {false, true}) {
    if (flushed) {
      ASSERT_TRUE(store->Flush());
    }
    std::vector<DueTimer> due;
    ASSERT_TRUE(store->Due(kTimers, kTimers + 1, due));
    ASSERT_EQ(due.size(), static_cast<std::size_t>(kTimers));
    for (int i = 0; i < kTimers; ++i) EXPECT_EQ(due[static_cast<std::size_t>(i)].due_ms, i);
  }
  // Fire them all, a few at a time, moving each behind all others once.
  std::int64_t last = -1;
  for (int fired = 0; fired < kTimers;) {
    std::vector<DueTimer> due;
    ASSERT_TRUE(store->Due(kTimers, 7, due));
    ASSERT_FALSE(due.empty());
    std::vector<Change> moved;
    for (const auto& timer : due) {
      EXPECT_EQ(timer.due_ms, last + 1);
      last = timer.due_ms;
      moved.push_back({timer.key, Document{"y", kTimers + timer.due_ms + 1}});
      ++fired;
    }
    ASSERT_TRUE(store->Apply(std::move(moved), kTimers + fired));
    EXPECT_LE(store->stats().timers_near, 16U);
    if (fired % 5 == 0) {
      ASSERT_TRUE(store->Flush());
    }
  }
  EXPECT_EQ(*store->NextDue(), kTimers + 1);
}

// Four threads, one store each, one budget: it holds, and each store is right.
TEST(RocksDbStore, KeepsOneBudgetOverStoresOnSeveralThreads) {
  const TestFolder folder;
  ManualClock clock(1);
  auto options = Options(folder.path());
  options.memory = SplitMemory(std::size_t{1} << 20);
  options.flush_entries = 5'000;
  const auto set = Create(clock, options);
  std::atomic<std::size_t> most{0};
  const auto work = [&](std::int32_t partition) {
    auto store = *set->Open(partition);
    Random random(static_cast<std::uint64_t>(partition) + 1);
    std::map<std::string, std::string> model;
    for (int batch = 0; batch < 150; ++batch) {
      std::map<std::string, std::string> changed;
      for (int i = 0; i < 100; ++i) {
        const std::string key = "k" + std::to_string(random.Below(4'000));
        const auto got = store->Get(key);
        ASSERT_TRUE(got) << got.error().message;
        const auto want = model.find(key);
        ASSERT_EQ(*got == nullptr ? "" : (*got)->bytes, want == model.end() ? "" : want->second);
        changed[key] = std::string(100 + random.Below(100), static_cast<char>('a' + batch % 26));
      }
      std::vector<Change> changes;
      for (const auto& [key, bytes] : changed) {
        model[key] = bytes;
        changes.push_back({key, Document{bytes, batch}});
      }
      ASSERT_TRUE(store->Apply(std::move(changes), batch));
      const std::size_t now = set->documents_bytes();
      std::size_t before = most.load();
      while (now > before && !most.compare_exchange_weak(before, now)) {
      }
    }
  };
  std::vector<std::thread> threads;
  for (std::int32_t partition = 0; partition < 4; ++partition)
    threads.emplace_back(work, partition);
  for (auto& thread : threads) thread.join();
  constexpr std::size_t kBatches = 4 * 100 * 600;  // on top of the bound: a batch for each store
  EXPECT_LE(most.load(), options.memory.documents_bytes * 9 / 8 + kBatches);
  EXPECT_EQ(set->documents_bytes(), 0U) << "closed stores still count";
}

// --- kill -9 ---------------------------------------------------------------------------------

constexpr char kKillFolder[] = "TEXTBACK_TEST_KILL_FOLDER";
constexpr char kKillPipe[] = "TEXTBACK_TEST_KILL_PIPE";
constexpr int kKillKeys = 400;

// The changelog of the process that will be killed: entry i, made from i alone.
Change Entry(std::int64_t i) {
  Random random(static_cast<std::uint64_t>(i));
  Change change{"k" + std::to_string(random.Below(kKillKeys)), std::nullopt};
  if (!random.Chance(0.2)) {
    change.document =
        Document{std::to_string(i) + std::string(random.Below(3'000), 'x'), random.Between(0, 99)};
  }
  return change;
}

Status ApplyEntries(Store& store, std::int64_t begin, std::int64_t end) {
  std::map<std::string, std::optional<Document>> last;
  for (std::int64_t i = begin; i < end; ++i) {
    Change change = Entry(i);
    last.insert_or_assign(change.key, std::move(change.document));
  }
  std::vector<Change> changes;
  for (auto& [key, document] : last) changes.push_back({key, std::move(document)});
  return store.Apply(std::move(changes), end);
}

// The child: commits, says so, applies, flushes, for ever. Run by the test below.
TEST(RocksDbStoreKilled, DISABLED_Child) {
  const char* folder = std::getenv(kKillFolder);
  ASSERT_NE(folder, nullptr) << "started by RocksDbStoreKilled.IsMendedByReplay only";
  const int out = std::atoi(std::getenv(kKillPipe));
  ManualClock clock(1);
  auto options = Options(folder);
  options.memory = SplitMemory(1 << 20);
  const auto set = Create(clock, options);
  auto store = *set->Open(0);
  std::int64_t at = store->FlushedMarker() ? store->FlushedMarker()->changelog_offset : 0;
  for (;;) {
    const std::int64_t end = at + 200;
    if (write(out, &end, sizeof end) != sizeof end) std::abort();  // the commit
    if (!ApplyEntries(*store, at, end) || !store->Flush()) std::abort();
    at = end;
  }
}

// Runs the child until `commits` more commits, gives it `spin` more work units, kills it.
// Returns the last offset that it committed.
std::int64_t RunAndKill(const std::string& folder, int commits, std::uint64_t spin) {
  std::array<int, 2> out{};
  EXPECT_EQ(pipe(out.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    setenv(kKillPipe, std::to_string(out[1]).c_str(), 1);
    setenv(kKillFolder, folder.c_str(), 1);
    execl("/proc/self/exe", "store", "--gtest_filter=RocksDbStoreKilled.DISABLED_Child",
          "--gtest_also_run_disabled_tests", "--gtest_brief=1", nullptr);
    _exit(127);
  }
  close(out[1]);
  std::int64_t last = 0;
  std::string bytes;
  std::array<char, 512> buffer{};
  const auto take = [&] {
    const ssize_t n = read(out[0], buffer.data(), buffer.size());
    if (n > 0) bytes.append(buffer.data(), static_cast<std::size_t>(n));
    return n > 0;
  };
  const auto offsets = [&] { return bytes.size() / sizeof last; };
  while (offsets() < static_cast<std::size_t>(commits)) {
    if (!take()) break;
  }
  volatile std::uint64_t turns = 0;
  while (turns < spin) turns = turns + 1;
  kill(child, SIGKILL);
  while (take()) {
  }
  close(out[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
  const std::size_t n = offsets();
  EXPECT_GE(n, static_cast<std::size_t>(commits));
  if (n > 0) std::memcpy(&last, bytes.data() + (n - 1) * sizeof last, sizeof last);
  return last;
}

class Collect final : public Store::Visitor {
 public:
  void OnDocument(std::string_view key, const Document& document) override {
    documents[std::string(key)] = EncodeDocument(document);
  }
  std::map<std::string, std::string> documents;
};

TEST(RocksDbStoreKilled, IsMendedByReplay) {
  const TestFolder folder;
  ManualClock clock(1);
  Random random(7);
  for (int round = 0; round < 6; ++round) {
    const std::int64_t committed = RunAndKill(folder.path(), 3, random.Below(20'000'000));
    std::map<std::string, std::string> want;
    std::vector<std::pair<std::int64_t, std::string>> timers;
    for (std::int64_t i = 0; i < committed; ++i) {
      const Change change = Entry(i);
      if (change.document) {
        want[change.key] = EncodeDocument(*change.document);
      } else {
        want.erase(change.key);
      }
    }
    for (const auto& [key, bytes] : want)
      timers.emplace_back(DecodeDocument(bytes)->next_due_ms, key);
    std::sort(timers.begin(), timers.end());

    const auto set = Create(clock, Options(folder.path()));
    auto store = *set->Open(0);
    const auto marker = store->FlushedMarker();
    const std::int64_t from = marker ? marker->changelog_offset : 0;
    ASSERT_LE(from, committed);
    ASSERT_TRUE(ApplyEntries(*store, from, committed));
    Collect got;
    ASSERT_TRUE(store->ForEach(got));
    ASSERT_EQ(got.documents, want) << "round " << round;
    std::vector<DueTimer> due;
    ASSERT_TRUE(store->Due(1'000, 10'000, due));
    ASSERT_EQ(due.size(), timers.size());
    for (std::size_t i = 0; i < due.size(); ++i) {
      ASSERT_EQ(std::pair(due[i].due_ms, due[i].key), timers[i]);
    }
    ASSERT_TRUE(store->Flush());
  }
}

}  // namespace
}  // namespace textback::store
