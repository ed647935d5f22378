// Stores without a disk, for tests and simulation, that lose what a real one would lose.
//
// Each partition has a "disk" (documents and marker as of the last flush) inside the set, which
// outlives the Store. A Store that is destroyed without Flush loses what was not flushed; Crash()
// also leaves, as a kill in mid-flush does, some documents that are newer than the marker, chosen
// by the seed. Replay of the changelog from FlushedMarker() must mend both: a caller that gets
// this wrong fails here first.
//
// Errors: as store.h; after an error other than from Open the store stays failed until opened
// anew, as RocksDB does after a background error.
//
// Threads: Open, Wipe and each Store as in store.h. Faults and Crash(): while no store is in use.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "base/random.h"
#include "store/store.h"

namespace textback::store {

struct MemoryStoreOptions {
  std::uint64_t seed = 1;
  // Apply flushes after this many changes since the marker.
  std::size_t flush_entries = 1'000;
  // How likely Crash() catches a store in the middle of a flush.
  double crash_in_flush = 0.5;
  // How likely any one call fails as an unreadable disk does (kRebuild).
  double io_error = 0;
};

class MemoryStoreSet final : public StoreSet {
 public:
  // `clock` outlives the set.
  MemoryStoreSet(const Clock& clock, const MemoryStoreOptions& options);
  ~MemoryStoreSet() override;

  Result<std::unique_ptr<Store>> Open(std::int32_t partition) override;
  Status Wipe(std::int32_t partition) override;

  // Kill -9 of the process: every open Store is dead from now on (each call fails, kFatal), its
  // unflushed documents are gone but for those that a flush in progress had written.
  void Crash();
  // The next call on this partition's Store that could touch a disk fails with `error`.
  void FailNext(std::int32_t partition, Error error);
  // While full, flushes fail (kFatal, store_disk_full) and keep what was flushed before.
  void SetDiskFull(bool full);
  void SetIoErrors(double chance);
  // What a restart would find.
  std::map<std::string, Document, std::less<>> OnDisk(std::int32_t partition) const;

 private:
  struct Shared;
  struct Disk;
  class MemoryStore;
  std::shared_ptr<Shared> shared_;
};

}  // namespace textback::store
