#include "store/memory_store.h"

#include <set>
#include <utility>

#include "base/planted.h"
#include "store/errors.h"

namespace textback::store {
namespace {

Error DiskFull() {
  return FatalError(
      errors::kDiskFull,
      "the (simulated) disk is full: nothing is lost, free some space and start again");
}

}  // namespace

// What survives a crash, and who is attached to it.
struct MemoryStoreSet::Disk {
  std::map<std::string, Document, std::less<>> documents;
  std::optional<Marker> marker;
  MemoryStore* open = nullptr;
};

struct MemoryStoreSet::Shared {
  Shared(const Clock& c, const MemoryStoreOptions& o) : clock(c), options(o), random(o.seed) {}

  const Clock& clock;
  mutable std::mutex mutex;  // everything below
  MemoryStoreOptions options;
  Random random;
  bool disk_full = false;
  std::map<std::int32_t, Disk> disks;
};

class MemoryStoreSet::MemoryStore final : public Store {
 public:
  // Takes a copy of the disk as its committed state.
  MemoryStore(std::shared_ptr<Shared> shared, std::int32_t partition, const Disk& disk)
      : shared_(std::move(shared)),
        partition_(partition),
        documents_(disk.documents),
        marker_(disk.marker),
        applied_offset_(disk.marker ? disk.marker->changelog_offset : 0) {
    for (const auto& [key, document] : documents_) AddTimer(key, document.next_due_ms);
  }

  ~MemoryStore() override {
    const std::lock_guard lock(shared_->mutex);
    Disk& disk = shared_->disks[partition_];
    if (disk.open == this) disk.open = nullptr;
  }

  Result<const Document*> Get(std::string_view key) override {
    TB_RETURN_IF_ERROR(Check());
    const auto found = documents_.find(key);
    if (found == documents_.end()) {
      ++stats_.cache_misses;
      return static_cast<const Document*>(nullptr);
    }
    ++stats_.cache_hits;
    return &found->second;
  }

  Status Apply(std::vector<Change> changes, std::int64_t changelog_next_offset) override {
    TB_RETURN_IF_ERROR(Check());
    for (Change& change : changes) {
      dirty_.insert(change.key);
      Put(std::move(change));
    }
    entries_since_marker_ += changes.size();
    applied_offset_ = changelog_next_offset;
    return entries_since_marker_ >= flush_entries() ? Flush() : Ok();
  }

  Status Due(std::int64_t now_ms, std::size_t max, std::vector<DueTimer>& out) override {
    TB_RETURN_IF_ERROR(Check());
    out.clear();
    for (const auto& [due_ms, key] : timers_) {
      if (due_ms > now_ms || out.size() >= max) break;
      out.push_back({key, due_ms});
    }
    return Ok();
  }

  Result<std::int64_t> NextDue() override {
    TB_RETURN_IF_ERROR(Check());
    return timers_.empty() ? kNeverDue : timers_.begin()->first;
  }

  Status Flush() override {
    TB_RETURN_IF_ERROR(Check());
    const std::lock_guard lock(shared_->mutex);
    if (shared_->disk_full) {
      failed_ = DiskFull();
      return *failed_;
    }
    Disk& disk = shared_->disks[partition_];
    for (const auto& key : dirty_) WriteThrough(disk, key);
    dirty_.clear();
    entries_since_marker_ = 0;
    marker_ = Marker{applied_offset_, shared_->clock.NowMs()};
    disk.marker = marker_;
    ++stats_.flushes;
    return Ok();
  }

  std::optional<Marker> FlushedMarker() const override { return marker_; }

  Status ForEach(Visitor& visitor) override {
    TB_RETURN_IF_ERROR(Check());
    for (const auto& [key, document] : documents_) visitor.OnDocument(key, document);
    return Ok();
  }

  Stats stats() const override {
    Stats stats = stats_;
    stats.documents_cached = documents_.size();
    for (const auto& [key, document] : documents_) {
      stats.bytes_cached += key.size() + document.bytes.size();
    }
    stats.documents_dirty = dirty_.size();
    stats.timers_near = timers_.size();
    return stats;
  }

  // With the set's mutex held.
  void FailNext(Error error) { next_error_ = std::move(error); }

  // With the set's mutex held: dies, maybe in the middle of a flush.
  void Crash(Disk& disk, Random& random, double in_flush) {
    if (random.Chance(in_flush)) {
      const double kept = random.Unit();
      for (const auto& key : dirty_) {
        if (random.Chance(kept)) WriteThrough(disk, key);
      }
      if (Planted(Bug::kMarkerBeforeDocuments))
        disk.marker = Marker{applied_offset_, shared_->clock.NowMs()};
    }
    failed_ = FatalError(errors::kCrashed, "this store belongs to a process that was killed");
    disk.open = nullptr;
  }

 private:
  // What every call does first: dead, told to fail, or unlucky?
  Status Check() {
    if (failed_) return *failed_;
    const std::lock_guard lock(shared_->mutex);
    if (next_error_) {
      failed_ = std::exchange(next_error_, std::nullopt);
      return *failed_;
    }
    if (shared_->options.io_error > 0 && shared_->random.Chance(shared_->options.io_error)) {
      failed_ = RebuildError(errors::kIo, "the (simulated) disk can't be read: restore the store");
      return *failed_;
    }
    return Ok();
  }

  std::size_t flush_entries() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->options.flush_entries;
  }

  void WriteThrough(Disk& disk, const std::string& key) const {
    const auto found = documents_.find(key);
    if (found == documents_.end()) {
      disk.documents.erase(key);
    } else {
      disk.documents.insert_or_assign(key, found->second);
    }
  }

  void AddTimer(const std::string& key, std::int64_t due_ms) {
    if (due_ms != kNeverDue) timers_.emplace(due_ms, key);
  }

  void Put(Change change) {
    const auto found = documents_.find(change.key);
    if (found != documents_.end()) timers_.erase({found->second.next_due_ms, change.key});
    if (!change.document) {
      if (found != documents_.end()) documents_.erase(found);
      return;
    }
    AddTimer(change.key, change.document->next_due_ms);
    documents_.insert_or_assign(std::move(change.key), *std::move(change.document));
  }

  const std::shared_ptr<Shared> shared_;
  const std::int32_t partition_;
  std::map<std::string, Document, std::less<>> documents_;
  std::set<std::pair<std::int64_t, std::string>> timers_;
  std::set<std::string> dirty_;
  std::optional<Marker> marker_;
  std::int64_t applied_offset_ = 0;
  std::size_t entries_since_marker_ = 0;
  std::optional<Error> next_error_;
  std::optional<Error> failed_;
  Stats stats_;
};

MemoryStoreSet::MemoryStoreSet(const Clock& clock, const MemoryStoreOptions& options)
    : shared_(std::make_shared<Shared>(clock, options)) {}
MemoryStoreSet::~MemoryStoreSet() = default;

Result<std::unique_ptr<Store>> MemoryStoreSet::Open(std::int32_t partition) {
  const std::lock_guard lock(shared_->mutex);
  Disk& disk = shared_->disks[partition];
  if (disk.open != nullptr) {
    return FatalError(errors::kInUse,
                      "the store of partition " + std::to_string(partition) + " is open already");
  }
  auto store = std::make_unique<MemoryStore>(shared_, partition, disk);
  disk.open = store.get();
  return std::unique_ptr<Store>(std::move(store));
}

Status MemoryStoreSet::Wipe(std::int32_t partition) {
  const std::lock_guard lock(shared_->mutex);
  Disk& disk = shared_->disks[partition];
  if (disk.open != nullptr) {
    return FatalError(errors::kInUse, "the store of partition " + std::to_string(partition) +
                                          " is open: close it before it is wiped");
  }
  disk = Disk{};
  return Ok();
}

void MemoryStoreSet::Crash() {
  const std::lock_guard lock(shared_->mutex);
  for (auto& [partition, disk] : shared_->disks) {
    if (disk.open != nullptr) {
      disk.open->Crash(disk, shared_->random, shared_->options.crash_in_flush);
    }
  }
}

void MemoryStoreSet::FailNext(std::int32_t partition, Error error) {
  const std::lock_guard lock(shared_->mutex);
  Disk& disk = shared_->disks[partition];
  TB_ASSERT(disk.open != nullptr);
  disk.open->FailNext(std::move(error));
}

void MemoryStoreSet::SetDiskFull(bool full) {
  const std::lock_guard lock(shared_->mutex);
  shared_->disk_full = full;
}

void MemoryStoreSet::SetIoErrors(double chance) {
  const std::lock_guard lock(shared_->mutex);
  shared_->options.io_error = chance;
}

std::map<std::string, Document, std::less<>> MemoryStoreSet::OnDisk(std::int32_t partition) const {
  const std::lock_guard lock(shared_->mutex);
  const auto found = shared_->disks.find(partition);
  return found == shared_->disks.end() ? decltype(found->second.documents){}
                                       : found->second.documents;
}

}  // namespace textback::store
