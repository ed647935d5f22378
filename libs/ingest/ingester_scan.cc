// What the folders hold now: which file is which, what is new, and what has gone. See ingester.h.
#include <algorithm>
#include <set>

#include "ingest/ingester.h"

namespace textback::ingest {
namespace {

constexpr std::chrono::seconds kCopySearch{60};  // for the copy of a file that was truncated
constexpr int kScanShare = 10;                   // at most one tenth of the time goes into scans

std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

// "cdr.csv" for cdr.csv.1, cdr.csv-20261126 and cdr-20261126.csv: tools that rotate keep the stem.
bool MayBeCopyOf(const std::string& path, const std::string& original) {
  const auto stem_end = original.find('.', original.rfind('/') + 1);
  return FolderOf(path) == FolderOf(original) && path.starts_with(original.substr(0, stem_end));
}

}  // namespace

void Ingester::Scan() {
  const auto began = clock_.Mono();
  auto listing = patterns_.List();
  for (const auto& error : listing.errors) events_.OnFileError(error);
  // A folder that can't be listed doesn't mean that its files are gone.
  if (listing.errors.empty()) {
    for (auto& [key, tracked] : files_) tracked.present = false;
  }
  // Of two names of one file the one that a pattern covers.
  std::ranges::stable_partition(listing.files, &SeenFile::matches);
  std::set<FileId> seen_ids;
  std::vector<const SeenFile*> unknown;
  for (const auto& seen : listing.files) {
    if (!seen_ids.insert(seen.stat.file).second) continue;
    if (const auto key = LatestOf(seen.stat.file)) {
      SeeKnown(files_.at(*key), seen);
    } else {
      unknown.push_back(&seen);
    }
  }
  std::ranges::stable_sort(unknown, {},
                           [](const SeenFile* seen) { return seen->stat.modified_ns; });
  for (const auto* seen : unknown) seen->matches ? SeeUnknown(*seen) : SeeBeside(*seen);
  if (listing.errors.empty()) SeeMissing(listing.folders);
  ForgetOld();
  std::erase_if(lost_, [&](const auto& lost) { return began - lost.second > kCopySearch; });
  const auto took = clock_.Mono() - began;
  scan_at_ =
      clock_.Mono() + std::max<std::chrono::nanoseconds>(config_.scan_interval, took * kScanShare);
}

std::optional<FileKey> Ingester::LatestOf(const FileId& file) const {
  const auto behind = files_.upper_bound(FileKey{file, UINT32_MAX});
  if (behind == files_.begin()) return std::nullopt;
  const auto& key = std::prev(behind)->first;
  return key.file == file ? std::optional(key) : std::nullopt;
}

void Ingester::SeeKnown(Tracked& tracked, const SeenFile& seen) {
  const bool changed =
      tracked.size != seen.stat.size || tracked.modified_ns != seen.stat.modified_ns;
  tracked.present = true;
  tracked.matches = seen.matches;
  tracked.path = seen.path;
  if (changed) {
    tracked.size = seen.stat.size;
    tracked.modified_ns = seen.stat.modified_ns;
    tracked.changed_at = clock_.Mono();
    // While it isn't held open its inode may have been given to another.
    if (!tracked.file) tracked.proven = false;
  }
  if (tracked.gone()) {
    if (seen.matches || seen.stat.size > tracked.position.offset)
      Revive({seen.stat.file, LatestOf(seen.stat.file)->generation}, tracked);
    return;
  }
  if (seen.matches) {
    tracked.rotation_told = false;
  } else if (!tracked.rotation_told) {
    tracked.rotation_told = true;
    tracked.changed_at = clock_.Mono();  // its writer may need a moment to let go of it
    events_.OnRotated(tracked.position.path, tracked.path);
  }
}

void Ingester::SeeUnknown(const SeenFile& seen) {
  if (!MakeRoom()) {
    events_.OnFileError(
        RetryError("too_many_files", seen.path + " isn't read: more than " +
                                         std::to_string(config_.files_max) +
                                         " files are there, move those away that are finished"));
    return;
  }
  const FileKey key{seen.stat.file, 0};
  const auto file = InputFile::Open(seen.path);
  if (!file) return events_.OnFileError(file.error());
  const auto stat = file->Stat();
  if (!stat || stat->file != seen.stat.file) return;  // the name has been taken: at the next scan
  const auto twin = twins_.Find(
      *file, [this](const FileKey& other) -> const Position& { return files_.at(other).position; });
  if (!twin) return events_.OnFileError(twin.error());
  if (!*twin) {
    Track(key, seen, Position{.path = seen.path});
  } else if (files_.at(**twin).gone() || !files_.at(**twin).present) {
    TakeOver(**twin, key, seen);
  } else if (copies_.size() < config_.files_max && copies_.insert(seen.path).second) {
    events_.OnCopy(seen.path, files_.at(**twin).path);
  }
}

// copytruncate: what was unread of a truncated file stands in its copy alone.
void Ingester::SeeBeside(const SeenFile& seen) {
  const bool looked_for = std::ranges::any_of(lost_, [&](const auto& lost) {
    const auto& position = files_.at(lost.first).position;
    return seen.stat.size >= position.offset && MayBeCopyOf(seen.path, position.path);
  });
  if (!looked_for || !MakeRoom()) return;
  const auto file = InputFile::Open(seen.path);
  if (!file) return;  // no pattern names it: nobody said that it may be read
  const auto twin = twins_.Find(
      *file, [this](const FileKey& other) -> const Position& { return files_.at(other).position; });
  if (twin && *twin && lost_.contains(**twin)) TakeOver(**twin, {seen.stat.file, 0}, seen);
}

// Positions of the same name may be of other folders, which aren't looked at now.
void Ingester::SeeMissing(const std::set<std::string>& folders) {
  std::vector<FileKey> missing;
  for (auto& [key, tracked] : files_) {
    if (tracked.present || tracked.gone() || !folders.contains(FolderOf(tracked.path))) continue;
    if (!tracked.file) {
      missing.push_back(key);
    } else if (!tracked.rotation_told) {
      tracked.rotation_told = true;
      tracked.changed_at = clock_.Mono();
      events_.OnRotated(tracked.path, "");
    }
  }
  for (const auto& key : missing) MarkGone(key, files_.at(key));
}

Ingester::Tracked& Ingester::Track(const FileKey& key, const SeenFile& seen, Position position) {
  auto& tracked = files_[key];
  tracked.proven = position.offset == 0;
  tracked.position = std::move(position);
  tracked.path = seen.path;
  tracked.matches = seen.matches;
  tracked.present = true;
  tracked.size = seen.stat.size;
  tracked.modified_ns = seen.stat.modified_ns;
  tracked.changed_at = clock_.Mono();
  tracked.sequence = next_sequence_++;
  forgotten_.erase(key);
  scanned_anew_ = true;
  return tracked;
}

void Ingester::TakeOver(const FileKey& from, const FileKey& to, const SeenFile& seen) {
  auto position = files_.at(from).position;
  position.gone_at_ms = 0;
  events_.OnCopyTakesOver(seen.path, position.offset);
  Forget(from);
  auto& tracked = Track(to, seen, std::move(position));
  twins_.Add(to, tracked.position);
  dirty_.insert(to);
}

void Ingester::Forget(const FileKey& key) {
  auto& tracked = files_.at(key);
  CloseFile(tracked);
  twins_.Remove(key, tracked.position);
  lost_.erase(key);
  dirty_.erase(key);
  if (tracked.position.offset > 0) forgotten_.insert(key);
  files_.erase(key);
}

// Its position is kept: it may come back, or as a copy.
void Ingester::MarkGone(const FileKey& key, Tracked& tracked) {
  if (tracked.position.offset == 0 && !tracked.pending) return Forget(key);
  CloseFile(tracked);
  tracked.unfinished = false;
  tracked.position.gone_at_ms = clock_.NowMs();
  if (tracked.pending) tracked.pending->gone_at_ms = tracked.position.gone_at_ms;
  dirty_.insert(key);
}

void Ingester::Revive(const FileKey& key, Tracked& tracked) {
  tracked.position.gone_at_ms = 0;
  tracked.proven = false;
  tracked.read_size = 0;
  tracked.changed_at = clock_.Mono();
  dirty_.insert(key);
}

void Ingester::ForgetOld() {
  const auto before_ms = clock_.NowMs() - config_.forget_after.count();
  std::vector<FileKey> old;
  for (const auto& [key, tracked] : files_) {
    if (tracked.gone() && tracked.position.gone_at_ms <= before_ms) old.push_back(key);
  }
  for (const auto& key : old) Forget(key);
}

// Of the files that are gone the oldest may be forgotten early.
bool Ingester::MakeRoom() {
  if (files_.size() < config_.files_max) return true;
  const std::pair<const FileKey, Tracked>* oldest = nullptr;
  for (const auto& entry : files_) {
    if (!entry.second.gone()) continue;
    if (oldest == nullptr ||
        entry.second.position.gone_at_ms < oldest->second.position.gone_at_ms) {
      oldest = &entry;
    }
  }
  if (oldest == nullptr) return false;
  Forget(FileKey(oldest->first));
  return true;
}

}  // namespace textback::ingest
