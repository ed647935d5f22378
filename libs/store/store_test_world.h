// The stores under test, each with its way to be restarted or killed. For tests of this library.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/memory_store.h"
#include "store/store.h"

namespace textback::store {

class TestWorld {
 public:
  virtual ~TestWorld() = default;
  virtual StoreSet& set() = 0;
  // Ends the process: orderly without a flush, or in the middle of one. Then opens anew.
  virtual std::unique_ptr<Store> Restart(std::unique_ptr<Store> store, bool killed) = 0;

  std::unique_ptr<Store> Open() {
    auto store = set().Open(0);
    if (!store) ADD_FAILURE() << store.error().message;
    return *std::move(store);
  }
};

struct TestWorldFactory {
  std::string name;
  std::uint64_t seeds = 1;
  std::function<std::unique_ptr<TestWorld>(const Clock&, std::uint64_t seed)> make;
};

std::vector<TestWorldFactory> TestWorlds();

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

}  // namespace textback::store
