// Documents of one partition: the committed state that a shard decides on.
//
// One Store per partition index and role, used from its shard's thread only. All stores of a
// process share one block cache, one write-buffer budget and one document-cache budget (StoreSet),
// so that memory is one number of the configuration.
//
// The invariant (exactly-once.md, "The store"): store + replay of the changelog from
// FlushedMarker() = committed state. Only committed documents come in (Apply is called after the
// commit). Between flushes they live in a write-back cache; a flush writes the dirty ones sorted,
// with the marker, without a write-ahead log. A kill loses what was not flushed, or, where a store
// can't do both at once, leaves documents newer than the marker; the replay mends both, because
// changelog entries are whole documents.
//
// A timer is not a record of its own: each document has `next_due_ms`, and the store finds those
// due.
//
// Errors: kRebuild: the store can't be trusted or read (I/O error, corruption, another partition's
// folder): wipe and restore. kFatal: the disk is full or the folder can't be used at all: says
// which.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace textback::store {

inline constexpr std::int64_t kNeverDue = std::numeric_limits<std::int64_t>::max();

struct Document {
  std::string bytes;
  std::int64_t next_due_ms = kNeverDue;
};

// One committed change: nullopt removes.
struct Change {
  std::string key;
  std::optional<Document> document;
};

// How far the store on disk has come.
struct Marker {
  std::int64_t changelog_offset = 0;  // replay starts here
  std::int64_t flushed_at_ms = 0;     // wall time, for the check against delete.retention.ms
};

struct DueTimer {
  std::string key;
  std::int64_t due_ms = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  // The committed document; valid until the next non-const call. nullptr: none.
  virtual Result<const Document*> Get(std::string_view key) = 0;

  // Takes what one transaction committed (or a piece of the changelog in a restore). A key may come
  // once. `changelog_next_offset` is the first changelog offset not contained. May flush.
  virtual Status Apply(std::vector<Change> changes, std::int64_t changelog_next_offset) = 0;

  // `out` (cleared first) gets up to `max` documents with next_due_ms <= `now_ms`, in order of
  // (due, key). Committed state only.
  virtual Status Due(std::int64_t now_ms, std::size_t max, std::vector<DueTimer>& out) = 0;
  // The least next_due_ms, kNeverDue if none.
  virtual Result<std::int64_t> NextDue() = 0;

  // Writes all that is dirty; then FlushedMarker() is the last Apply's offset.
  virtual Status Flush() = 0;
  // nullopt: nothing was ever flushed; restore from the changelog's beginning.
  virtual std::optional<Marker> FlushedMarker() const = 0;

  // Every document, in key order, for checks and tools. Flushed or not.
  class Visitor {
   public:
    virtual ~Visitor() = default;
    virtual void OnDocument(std::string_view key, const Document& document) = 0;
  };
  virtual Status ForEach(Visitor& visitor) = 0;

  struct Stats {
    std::size_t documents_cached = 0;
    std::size_t bytes_cached = 0;
    std::size_t documents_dirty = 0;
    std::size_t timers_near = 0;
    std::uint64_t flushes = 0;
    std::uint64_t cache_hits = 0;
    std::uint64_t cache_misses = 0;
  };
  virtual Stats stats() const = 0;
};

// Opens the stores of one role. Any thread; each Store then belongs to one.
class StoreSet {
 public:
  virtual ~StoreSet() = default;
  // A folder that belongs to another role, partition or topic generation is kFatal
  // ("store_of_another_partition"): nothing is wiped by mistake.
  virtual Result<std::unique_ptr<Store>> Open(std::int32_t partition) = 0;
  // Removes all of it. The Store must have been destroyed.
  virtual Status Wipe(std::int32_t partition) = 0;
};

// A document as a changelog value: version (1 byte, 1), next_due_ms (8 bytes, big-endian, two's
// complement), bytes. A tombstone stands for a removed one.
std::string EncodeDocument(const Document& document);
// The same, appended to `out`: for a writer that reuses one buffer.
void AppendDocument(std::string_view bytes, std::int64_t next_due_ms, std::string& out);
Result<Document> DecodeDocument(std::string_view value);

}  // namespace textback::store
