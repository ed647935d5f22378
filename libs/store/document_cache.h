// Write-back cache of one store's committed documents: found by key, evicted by CLOCK.
//
// A document is *dirty* from the moment it is put until MarkClean: then the disk does not have it,
// and it is never evicted. Keys known to be absent are cached too: a customer's first call asks for
// a document that isn't there, and writes it a moment later.
//
// Memory is counted per entry as it is allocated (strings' heap blocks, the entry, its share of
// the index) and reported to a Budget that all stores of a set share.
//
// Thread safety: none; one per store. A Cached lives until it is evicted: that is, until Evict.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "store/budget.h"
#include "store/store.h"

namespace textback::store {

struct Cached {
  // What the disk holds for this key: unknown after a blind write (a restore reads nothing).
  enum class OnDisk : std::uint8_t { kUnknown, kAbsent, kPresent };

  std::string key;
  Document document;                     // meaningful while `exists`
  std::int64_t disk_due_ms = kNeverDue;  // kPresent: the due time in the disk's timer index
  OnDisk on_disk = OnDisk::kUnknown;
  bool exists = false;
  bool dirty = false;
  bool referenced = false;  // CLOCK's second chance
};

class DocumentCache {
 public:
  // Both outlive the cache. `dirty` counts the dirty part of `all`.
  DocumentCache(Budget& all, Budget& dirty);
  ~DocumentCache();
  DocumentCache(const DocumentCache&) = delete;
  DocumentCache& operator=(const DocumentCache&) = delete;

  // nullptr: not cached. Find counts as a use for CLOCK, Peek doesn't.
  Cached* Find(std::string_view key);
  const Cached* Peek(std::string_view key) const;

  // What was read from the disk; nullptr document: absent there. Requires: not cached.
  Cached& InsertClean(std::string_view key, std::optional<Document> document);
  // A committed change. `entry`: what Find returned for this key.
  Cached& Put(Cached* entry, Change change);

  // All dirty entries, in no order.
  const std::vector<Cached*>& dirty() const { return dirty_entries_; }
  // The disk has them all now.
  void MarkAllClean();

  // Frees some clean entry that wasn't used lately. False: none found within a bounded sweep.
  bool EvictOne();

  std::size_t size() const { return ring_.size(); }
  std::size_t bytes() const { return bytes_; }
  std::size_t dirty_bytes() const { return dirty_bytes_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const {
      return absl::Hash<std::string_view>{}(key);
    }
    std::size_t operator()(const std::unique_ptr<Cached>& e) const { return (*this)(e->key); }
  };
  struct Equal {
    using is_transparent = void;
    static std::string_view Key(std::string_view key) { return key; }
    static std::string_view Key(const std::unique_ptr<Cached>& e) { return e->key; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return Key(a) == Key(b);
    }
  };

  Cached& Insert(std::string key);
  void Account(const Cached& entry, std::size_t before, bool was_dirty);

  Budget& all_budget_;
  Budget& dirty_budget_;
  absl::flat_hash_set<std::unique_ptr<Cached>, Hash, Equal> index_;
  std::vector<Cached*> ring_;
  std::vector<Cached*> dirty_entries_;
  std::size_t hand_ = 0;
  std::size_t bytes_ = 0;
  std::size_t dirty_bytes_ = 0;
};

}  // namespace textback::store
