// textback-bench-store FOLDER [CUSTOMERS]: a store as decide's shard uses it, without a log:
// batches of random customers of (default) 1 M over 8 partitions are read, and their documents put
// back, flushes included. Prints one JSON object; times are this thread's CPU time.
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "store/rocksdb_store.h"

namespace {

using textback::store::Change;
using textback::store::Document;

constexpr std::int32_t kPartitions = 8;
constexpr std::size_t kBatches = 800;
constexpr std::size_t kBatch = 2'500;  // of one partition; all of its customers, if they are fewer
constexpr std::size_t kDocumentBytes = 270;

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::string Key(std::uint64_t n) {
  std::string digits = std::to_string(n);
  return "+155501" + std::string(7 - digits.size(), '0') + digits;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t customers = 1'000'000;
  bool understood = argc == 2 || argc == 3;
  if (argc == 3) {
    const std::string_view text = argv[2];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), customers);
    understood = error == std::errc() && end == text.data() + text.size() && customers > 0 &&
                 customers < 10'000'000;
  }
  if (!understood) {
    std::fputs("usage: textback-bench-store FOLDER [CUSTOMERS]\n", stderr);
    return 2;
  }
  const textback::SystemClock clock;
  textback::store::RocksDbStoreOptions options;
  options.folder = argv[1];
  options.role = "decide";
  options.topic_prefix = "bench.";
  options.partition_count = kPartitions;
  auto set = textback::store::RocksDbStoreSet::Create(clock, options);
  if (!set) {
    std::fprintf(stderr, "%s\n", set.error().message.c_str());
    return 3;
  }
  std::vector<std::unique_ptr<textback::store::Store>> stores;
  for (std::int32_t i = 0; i < kPartitions; ++i) {
    if (!(*set)->Wipe(i)) return 3;  // of an earlier run
    stores.push_back(*(*set)->Open(i));
  }

  textback::Random random(1);
  double get = 0;
  double apply = 0;
  std::size_t found = 0;
  std::size_t put_before = 0;
  std::size_t put = 0;
  std::vector<bool> known(customers);
  for (std::size_t b = 0; b < kBatches; ++b) {
    const std::size_t partition = b % kPartitions;
    textback::store::Store& store = *stores[partition];
    std::vector<Change> changes;
    std::unordered_set<std::uint64_t> drawn;
    while (changes.size() < kBatch && drawn.size() < customers / kPartitions) {
      const std::uint64_t n = random.Below(customers / kPartitions);
      if (!drawn.insert(n).second) continue;
      put_before += known[n * kPartitions + partition] ? 1 : 0;
      known[n * kPartitions + partition] = true;
      changes.push_back({Key(n * kPartitions + partition),
                         Document{std::string(kDocumentBytes, 'x'),
                                  1'900'000'000'000 + static_cast<std::int64_t>(b)}});
    }
    put += changes.size();
    const double begin = CpuSeconds();
    for (const Change& change : changes) {
      const auto document = store.Get(change.key);
      if (!document) return 3;
      if (*document != nullptr) found += (*document)->bytes.back() == 'x' ? 1 : 0;
    }
    const double read = CpuSeconds();
    if (!store.Apply(std::move(changes), static_cast<std::int64_t>(b + 1))) return 3;
    apply += CpuSeconds() - read;
    get += read - begin;
  }
  const auto total = static_cast<double>(put);
  std::printf("{\"documents\":%.0f,\"get_ns\":%.0f,\"apply_ns\":%.0f,\"found\":%zu}\n", total,
              get / total * 1e9, apply / total * 1e9, found);
  // A store that loses some would be fast, too.
  return found == put_before ? 0 : 1;
}
