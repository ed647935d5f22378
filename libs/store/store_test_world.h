// The stores under test, each with its way to end a process. For tests of this library.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "store/memory_store.h"
#include "store/rocksdb_store.h"

namespace textback::store {

// A folder of its own that goes away with the test.
class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "textback_store_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
    path_ = name;
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class TestWorld {
 public:
  virtual ~TestWorld() = default;
  virtual StoreSet& set() = 0;
  // Ends the process without a flush; `killed`: maybe in the middle of one. Then opens anew.
  virtual std::unique_ptr<Store> Restart(std::unique_ptr<Store> store, bool killed) = 0;

  std::unique_ptr<Store> Open() {
    auto store = set().Open(0);
    if (!store) ADD_FAILURE() << store.error().message;
    return *std::move(store);
  }
};

class MemoryWorld final : public TestWorld {
 public:
  MemoryWorld(const Clock& clock, std::uint64_t seed)
      : set_(clock, {.seed = seed, .flush_entries = 200 + seed * 37 % 1'000}) {}
  StoreSet& set() override { return set_; }
  std::unique_ptr<Store> Restart(std::unique_ptr<Store> store, bool killed) override {
    if (killed) set_.Crash();
    store.reset();
    return Open();
  }

 private:
  MemoryStoreSet set_;
};

// Limits so tight that all mechanisms run: eviction, forced flushes, more timers than the window.
class RocksDbWorld final : public TestWorld {
 public:
  RocksDbWorld(const Clock& clock, std::uint64_t seed) {
    auto set = RocksDbStoreSet::Create(
        clock, {.folder = folder_.path(),
                .role = "decide",
                .topic_prefix = "textback",
                .partition_count = 4,
                .memory = {.documents_bytes = 10'000 + seed * 7'001 % 60'000,
                           .dirty_bytes = 5'000 + seed * 5'003 % 30'000,
                           .timers_bytes = 96 * (20 + seed * 13 % 300),
                           .block_cache_bytes = 1 << 20},
                .flush_entries = 100 + seed * 37 % 1'000,
                .flush_interval = std::chrono::seconds(5 + seed % 7)});
    if (!set) ADD_FAILURE() << set.error().message;
    set_ = *std::move(set);
  }
  StoreSet& set() override { return *set_; }
  std::unique_ptr<Store> Restart(std::unique_ptr<Store> store, bool /*killed*/) override {
    store.reset();
    return Open();
  }

 private:
  TestFolder folder_;
  std::unique_ptr<RocksDbStoreSet> set_;
};

struct TestWorldFactory {
  std::string name;
  std::uint64_t seeds = 1;
  std::function<std::unique_ptr<TestWorld>(const Clock&, std::uint64_t seed)> make;
};

inline std::vector<TestWorldFactory> TestWorlds() {
  return {{"memory", 20,
           [](const Clock& clock, std::uint64_t seed) {
             return std::make_unique<MemoryWorld>(clock, seed);
           }},
          {"rocksdb", 12, [](const Clock& clock, std::uint64_t seed) {
             return std::make_unique<RocksDbWorld>(clock, seed);
           }}};
}

}  // namespace textback::store
