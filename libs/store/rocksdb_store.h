// Documents on RocksDB behind a write-back cache: the store that runs in production.
//
// Why a cache of documents above RocksDB's own: a customer's document changes many times between
// two flushes, and RocksDB's memtable would pay for each (60 % of the CPU, measured;
// performance.md). Here only the last version of each is written, sorted, without a write-ahead
// log; the changelog is the durability in between.
//
// On disk, per partition, one RocksDB in <folder>/<role>-<partition>, one column family:
//   'i'                          identity: who owns this folder (text, one "name=value" a line)
//   'm'                          marker: version (1), changelog offset (8), flushed at ms (8),
//   big-endian 'd' key                      document as in the changelog (EncodeDocument) 't' due
//   (8, big-endian, sign bit inverted) key    timer index, no value
// A flush writes one sorted table file of its own (documents, marker, timers), syncs it and has
// RocksDB take it in, which is one entry of its manifest: a kill leaves all of a flush or nothing.
// Through a memtable the same cost two to three times the CPU (docs/performance.md).
//
// Memory: MemorySplit. Threads: Open and Wipe from any; each Store on one at a time.
// Errors: errors.h. After any error of RocksDB the Store stays failed: what it holds can't be told.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "base/clock.h"
#include "store/store.h"

namespace textback::store {

// All memory of a set's stores together. Budget.h says how strictly the first two hold; a batch
// being applied comes on top.
struct MemorySplit {
  std::size_t documents_bytes;    // documents cached, dirty or clean
  std::size_t dirty_bytes;        // of these, not yet flushed: reaching it forces a flush
  std::size_t timers_bytes;       // timers in memory; those due later are on disk alone
  std::size_t block_cache_bytes;  // RocksDB's, with index and filter blocks charged to it
};
// Documents 5/8 (half of which may be dirty), timers 1/8, block cache 1/4.
MemorySplit SplitMemory(std::size_t memory_bytes);

struct RocksDbStoreOptions {
  std::string folder;        // created if it isn't there
  std::string role;          // "decide", "dispatch", ...
  std::string topic_prefix;  // with the topics' generation: names the changelog this mirrors
  std::int32_t partition_count = 0;

  MemorySplit memory = SplitMemory(std::size_t{1} << 30);
  // Changes since the marker, over all stores, after which a store flushes: the length of a
  // restore.
  std::size_t flush_entries = 500'000;
  // A store also flushes when its marker is this old; keeps the marker far from delete.retention.ms
  // where little happens.
  std::chrono::milliseconds flush_interval = std::chrono::minutes(10);
};

class RocksDbStoreSet final : public StoreSet {
 public:
  // kFatal (store_folder_unusable): the folder can't be created. `clock` outlives the set; the
  // Stores may outlive it.
  static Result<std::unique_ptr<RocksDbStoreSet>> Create(const Clock& clock,
                                                         RocksDbStoreOptions options);
  ~RocksDbStoreSet() override;

  Result<std::unique_ptr<Store>> Open(std::int32_t partition) override;
  Status Wipe(std::int32_t partition) override;

  // Bytes of documents cached over all stores, for metrics.
  std::size_t documents_bytes() const;

  struct Shared;  // what the stores of a set share; rocksdb_store_impl.h

 private:
  explicit RocksDbStoreSet(std::shared_ptr<Shared> shared);
  std::shared_ptr<Shared> shared_;
};

}  // namespace textback::store
