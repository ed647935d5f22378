// Both stores against a model: std::map and a changelog, driven by a seed.
//
// The changelog is the authority. Invariant 5 (architecture.md): store + replay from its marker =
// the committed state, byte for byte, whatever was flushed, evicted, moved or killed in between.
// A failure prints its seed; TEXTBACK_SEED=<n> repeats it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "base/clock.h"
#include "base/random.h"
#include "store/memory_store.h"
#include "store/store_test_world.h"

namespace textback::store {
namespace {

constexpr std::int64_t kStart = 1'700'000'000'000;

// One partition with its model and its changelog.
class Model {
 public:
  struct Entry {
    std::string key;
    std::optional<std::string> value;
  };

  explicit Model(Random random) : random_(random) {}

  std::vector<Change> MakeBatch(std::int64_t now_ms) {
    std::vector<Change> changes;
    std::set<std::string> taken;
    const std::uint64_t n = 1 + random_.Below(60);
    for (std::uint64_t i = 0; i < n; ++i) {
      std::string key = Key();
      if (!taken.insert(key).second) continue;  // once per batch
      Change change{key, std::nullopt};
      if (!random_.Chance(0.2)) change.document = MakeDocument(now_ms);
      Commit(change);
      changes.push_back(std::move(change));
    }
    return changes;
  }

  std::string Key() { return "+1212555" + std::to_string(random_.Below(700)); }
  std::int64_t next_offset() const { return static_cast<std::int64_t>(changelog_.size()); }
  const std::vector<Entry>& changelog() const { return changelog_; }
  const std::map<std::string, Document>& documents() const { return documents_; }

  std::vector<std::pair<std::int64_t, std::string>> Timers() const {
    std::vector<std::pair<std::int64_t, std::string>> timers;
    for (const auto& [key, document] : documents_) {
      if (document.next_due_ms != kNeverDue) timers.emplace_back(document.next_due_ms, key);
    }
    std::sort(timers.begin(), timers.end());
    return timers;
  }

 private:
  Document MakeDocument(std::int64_t now_ms) {
    Document document;
    document.bytes.assign(random_.Below(80), static_cast<char>(random_.Below(256)));
    if (random_.Chance(0.8)) document.next_due_ms = now_ms + random_.Between(-500, 5'000);
    return document;
  }
  void Commit(const Change& change) {
    if (change.document) {
      documents_.insert_or_assign(change.key, *change.document);
      changelog_.push_back({change.key, EncodeDocument(*change.document)});
    } else {
      documents_.erase(change.key);
      changelog_.push_back({change.key, std::nullopt});
    }
  }

  Random random_;
  std::map<std::string, Document> documents_;
  std::vector<Entry> changelog_;
};

class Collect final : public Store::Visitor {
 public:
  void OnDocument(std::string_view key, const Document& document) override {
    keys.emplace_back(key);
    documents.emplace(key, document);
  }
  std::vector<std::string> keys;
  std::map<std::string, Document> documents;
};

void ExpectSame(const std::map<std::string, Document>& got,
                const std::map<std::string, Document>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (const auto& [key, document] : want) {
    const auto found = got.find(key);
    ASSERT_NE(found, got.end()) << key;
    ASSERT_EQ(EncodeDocument(found->second), EncodeDocument(document)) << key;
  }
}

// Replays the changelog in pieces, each key once a piece, as a restore does.
void Replay(Store& store, const Model& model, Random& random) {
  auto at =
      static_cast<std::size_t>(store.FlushedMarker() ? store.FlushedMarker()->changelog_offset : 0);
  const auto& log = model.changelog();
  while (at < log.size()) {
    std::map<std::string, std::optional<Document>> piece;
    const std::size_t end = std::min(log.size(), at + 1 + random.Below(200));
    for (; at < end; ++at) {
      std::optional<Document> document;
      if (log[at].value) {
        auto decoded = DecodeDocument(*log[at].value);
        ASSERT_TRUE(decoded);
        document = *std::move(decoded);
      }
      piece.insert_or_assign(log[at].key, std::move(document));
    }
    std::vector<Change> changes;
    for (auto& [key, document] : piece) changes.push_back({key, std::move(document)});
    const auto applied = store.Apply(std::move(changes), static_cast<std::int64_t>(at));
    ASSERT_TRUE(applied) << applied.error().message;
  }
}

void CheckTimers(Store& store, const Model& model, std::int64_t now_ms, std::size_t max) {
  const auto timers = model.Timers();
  std::vector<DueTimer> due;
  ASSERT_TRUE(store.Due(now_ms, max, due));
  std::size_t expected = 0;
  while (expected < timers.size() && expected < max && timers[expected].first <= now_ms) ++expected;
  ASSERT_EQ(due.size(), expected);
  for (std::size_t i = 0; i < due.size(); ++i) {
    ASSERT_EQ(due[i].due_ms, timers[i].first);
    ASSERT_EQ(due[i].key, timers[i].second);
  }
  const auto next = store.NextDue();
  ASSERT_TRUE(next);
  ASSERT_EQ(*next, timers.empty() ? kNeverDue : timers.front().first);
}

void CheckAll(Store& store, const Model& model) {
  Collect all;
  ASSERT_TRUE(store.ForEach(all));
  ASSERT_TRUE(std::is_sorted(all.keys.begin(), all.keys.end()));
  ASSERT_EQ(all.keys.size(), all.documents.size()) << "a key came twice";
  ExpectSame(all.documents, model.documents());
}

void CheckOne(Store& store, const Model& model, const std::string& key) {
  const auto got = store.Get(key);
  ASSERT_TRUE(got) << got.error().message;
  const auto want = model.documents().find(key);
  if (want == model.documents().end()) {
    ASSERT_EQ(*got, nullptr) << key;
  } else {
    ASSERT_NE(*got, nullptr) << key;
    ASSERT_EQ(EncodeDocument(**got), EncodeDocument(want->second)) << key;
  }
}

class StoreModelTest : public testing::TestWithParam<TestWorldFactory> {};

// One seed: batches, reads, timers, flushes, restarts with and without a flush.
void RunSeed(const TestWorldFactory& factory, std::uint64_t seed) {
  SCOPED_TRACE("TEXTBACK_SEED=" + std::to_string(seed));
  Random random(seed);
  ManualClock clock(kStart);
  const auto world = factory.make(clock, seed);
  Model model(random.Fork());
  auto store = world->Open();
  for (int step = 0; step < 250; ++step) {
    clock.Advance(std::chrono::milliseconds(random.Below(100)));
    const std::uint64_t what = random.Below(100);
    if (what < 45) {
      for (int i = 0; i < 20; ++i) CheckOne(*store, model, model.Key());
      auto changes = model.MakeBatch(clock.NowMs());
      const auto applied = store->Apply(std::move(changes), model.next_offset());
      ASSERT_TRUE(applied) << applied.error().message;
    } else if (what < 65) {
      for (int i = 0; i < 20; ++i) CheckOne(*store, model, model.Key());
    } else if (what < 85) {
      CheckTimers(*store, model, clock.NowMs(), 1 + random.Below(300));
    } else if (what < 90) {
      ASSERT_TRUE(store->Flush());
      ASSERT_EQ(store->FlushedMarker()->changelog_offset, model.next_offset());
      ASSERT_EQ(store->FlushedMarker()->flushed_at_ms, clock.NowMs());
    } else if (what < 93) {
      CheckAll(*store, model);
    } else {
      if (random.Chance(0.3)) {
        ASSERT_TRUE(store->Flush());
      }
      store = world->Restart(std::move(store), random.Chance(0.5));
      Replay(*store, model, random);
      CheckAll(*store, model);
      CheckTimers(*store, model, clock.NowMs(), 1 + random.Below(300));
    }
    if (testing::Test::HasFatalFailure()) return;
  }
  CheckAll(*store, model);
  CheckTimers(*store, model, std::numeric_limits<std::int64_t>::max() - 1, 10'000);
}

TEST_P(StoreModelTest, KeepsTheCommittedStateByteForByte) {
  if (const char* seed = std::getenv("TEXTBACK_SEED")) {
    RunSeed(GetParam(), std::strtoull(seed, nullptr, 10));
    return;
  }
  for (std::uint64_t seed = 1; seed <= GetParam().seeds && !HasFailure(); ++seed) {
    RunSeed(GetParam(), seed);
  }
}

TEST_P(StoreModelTest, ForgetsARemovedDocumentAlsoOnDisk) {
  ManualClock clock(kStart);
  const auto world = GetParam().make(clock, 1);
  auto store = world->Open();
  ASSERT_TRUE(store->Apply({{"a", Document{"1", kStart + 5}}, {"b", Document{"2", kNeverDue}}}, 2));
  ASSERT_TRUE(store->Flush());
  ASSERT_TRUE(store->Apply({{"a", std::nullopt}}, 3));
  EXPECT_EQ(*store->Get("a"), nullptr);
  EXPECT_EQ(*store->NextDue(), kNeverDue);
  ASSERT_TRUE(store->Flush());
  store = world->Restart(std::move(store), false);
  EXPECT_EQ(store->FlushedMarker()->changelog_offset, 3);
  EXPECT_EQ(*store->Get("a"), nullptr);
  ASSERT_NE(*store->Get("b"), nullptr);
  EXPECT_EQ(*store->NextDue(), kNeverDue);
}

TEST_P(StoreModelTest, HasNoMarkerBeforeTheFirstFlushAndAfterAWipe) {
  ManualClock clock(kStart);
  const auto world = GetParam().make(clock, 1);
  auto store = world->Open();
  EXPECT_EQ(store->FlushedMarker(), std::nullopt);
  ASSERT_TRUE(store->Apply({{"a", Document{"1", 7}}}, 1));
  EXPECT_EQ(store->FlushedMarker(), std::nullopt);
  ASSERT_TRUE(store->Flush());
  ASSERT_TRUE(store->FlushedMarker());
  EXPECT_FALSE(world->set().Wipe(0)) << "wiped under an open store";
  store.reset();
  ASSERT_TRUE(world->set().Wipe(0));
  store = world->Open();
  EXPECT_EQ(store->FlushedMarker(), std::nullopt);
  EXPECT_EQ(*store->Get("a"), nullptr);
  EXPECT_EQ(*store->NextDue(), kNeverDue);
}

TEST_P(StoreModelTest, IsOpenedOnceOnly) {
  ManualClock clock(kStart);
  const auto world = GetParam().make(clock, 1);
  const auto store = world->Open();
  const auto second = world->set().Open(0);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "store_in_use");
  EXPECT_EQ(second.error().disposition, Disposition::kFatal);
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreModelTest, testing::ValuesIn(TestWorlds()),
                         [](const auto& world) { return world.param.name; });

}  // namespace
}  // namespace textback::store
