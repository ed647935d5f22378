// What only the memory store does: lose on purpose.
#include "store/memory_store.h"

#include <gtest/gtest.h>

#include "store/errors.h"

namespace textback::store {
namespace {

TEST(MemoryStore, LosesWhatWasNotFlushed) {
  ManualClock clock(1);
  MemoryStoreSet set(clock, {.crash_in_flush = 0});
  auto store = *set.Open(0);
  ASSERT_TRUE(store->Apply({{"a", Document{"old", 5}}}, 1));
  ASSERT_TRUE(store->Flush());
  ASSERT_TRUE(store->Apply({{"a", Document{"new", 6}}, {"b", Document{"b", 7}}}, 3));
  set.Crash();
  EXPECT_FALSE(store->Get("a"));
  EXPECT_EQ(store->Flush().error().code, errors::kCrashed);
  store.reset();
  store = *set.Open(0);
  EXPECT_EQ((*store->Get("a"))->bytes, "old");
  EXPECT_EQ(*store->Get("b"), nullptr);
  EXPECT_EQ(*store->NextDue(), 5);
  EXPECT_EQ(store->FlushedMarker()->changelog_offset, 1);
}

TEST(MemoryStore, MayKeepDocumentsNewerThanTheMarker) {
  ManualClock clock(1);
  int newer = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    MemoryStoreSet set(clock, {.seed = seed, .crash_in_flush = 1});
    const auto store = *set.Open(0);
    std::vector<Change> changes;
    for (char c = 'a'; c <= 'z'; ++c) changes.push_back({std::string(1, c), Document{"1", 1}});
    ASSERT_TRUE(store->Apply(std::move(changes), 26));
    set.Crash();
    const auto kept = set.OnDisk(0).size();
    newer += kept > 0 && kept < 26 ? 1 : 0;
  }
  EXPECT_GT(newer, 25);
}

TEST(MemoryStore, KeepsWhatWasFlushedWhenTheDiskIsFull) {
  ManualClock clock(1);
  MemoryStoreSet set(clock, {});
  auto store = *set.Open(3);
  ASSERT_TRUE(store->Apply({{"a", Document{"1", 5}}}, 1));
  ASSERT_TRUE(store->Flush());
  ASSERT_TRUE(store->Apply({{"a", Document{"2", 5}}}, 2));
  set.SetDiskFull(true);
  const auto full = store->Flush();
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().disposition, Disposition::kFatal);
  EXPECT_EQ(full.error().code, errors::kDiskFull);
  EXPECT_FALSE(store->Get("a")) << "a failed store answers";
  store.reset();
  set.SetDiskFull(false);
  store = *set.Open(3);
  EXPECT_EQ((*store->Get("a"))->bytes, "1");
}

TEST(MemoryStore, FailsAsToldAndStaysFailed) {
  ManualClock clock(1);
  MemoryStoreSet set(clock, {});
  auto store = *set.Open(0);
  set.FailNext(0, RebuildError(errors::kCorrupt, "told so"));
  EXPECT_EQ(store->NextDue().error().code, errors::kCorrupt);
  EXPECT_EQ(store->Get("a").error().disposition, Disposition::kRebuild);
  store.reset();
  store = *set.Open(0);
  EXPECT_TRUE(store->Get("a"));
  set.SetIoErrors(1);
  EXPECT_EQ(store->Apply({{"a", Document{"1", 5}}}, 1).error().code, errors::kIo);
}

}  // namespace
}  // namespace textback::store
