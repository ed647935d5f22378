// Reads what is new of the files into the transaction. See ingester.h.
#include <algorithm>

#include "base/assert.h"
#include "ingest/ingester.h"

namespace textback::ingest {
namespace {

constexpr std::size_t kHeadBytes = std::size_t{64} << 10;  // in which a header line ends

bool IsReadWhole(cdr::Framing framing) {
  return framing == cdr::Framing::kBer || framing == cdr::Framing::kWhole;
}

bool IsOfFile(const Error& error) { return error.code == "file_unreadable"; }

}  // namespace

bool Ingester::BudgetIsSpent() const {
  return records_ + parked_ >= config_.records_max || bytes_ >= config_.bytes_max;
}

// Files that had the same path follow one another: what was renamed ends before its successor
// begins. Among the others each is the first in its turn.
Status Ingester::ReadFiles() {
  std::map<std::string_view, std::vector<std::pair<std::uint64_t, FileKey>>> by_path;
  for (const auto& [key, tracked] : files_) {
    if (tracked.gone()) continue;
    const bool at_end = tracked.size == tracked.position.offset ||
                        (tracked.size == tracked.read_size && tracked.present && tracked.matches);
    if (!tracked.file && tracked.proven && at_end) continue;
    by_path[tracked.position.path].emplace_back(tracked.sequence, key);
  }
  std::vector<std::vector<std::pair<std::uint64_t, FileKey>>> groups;
  groups.reserve(by_path.size());
  for (auto& [path, group] : by_path) groups.push_back(std::move(group));
  if (groups.empty()) return Ok();
  std::ranges::rotate(groups,
                      groups.begin() + static_cast<std::ptrdiff_t>(turn_++ % groups.size()));
  for (auto& group : groups) {
    std::ranges::sort(group);
    for (const auto& [sequence, key] : group) {
      if (BudgetIsSpent()) return Ok();
      bool more = false;
      auto& tracked = files_.at(key);
      if (auto status = ReadFile(key, tracked, more); !status) {
        if (!IsOfFile(status.error())) return status;
        events_.OnFileError(status.error());
        CloseFile(tracked);
      }
      if (more) break;
    }
  }
  return Ok();
}

Status Ingester::ReadFile(const FileKey& key, Tracked& tracked, bool& more) {
  TB_ASSIGN_OR_RETURN(const bool is_open, EnsureOpen(key, tracked));
  if (!is_open) return Ok();
  TB_ASSIGN_OR_RETURN(const auto stat, tracked.file->Stat());
  if (stat.size != tracked.size || stat.modified_ns != tracked.modified_ns) {
    tracked.size = stat.size;
    tracked.modified_ns = stat.modified_ns;
    tracked.changed_at = clock_.Mono();
  }
  if (!tracked.proven) {
    TB_ASSIGN_OR_RETURN(const bool proven, Proves(tracked));
    if (!proven) return Restart(key, tracked);
  }
  if (tracked.size < tracked.position.offset) return Restart(key, tracked);
  if (tracked.size != tracked.position.offset && tracked.size != tracked.read_size) {
    TB_RETURN_IF_ERROR(IsReadWhole(config_.framing) ? ReadWhole(key, tracked, more)
                                                    : ReadGrowing(key, tracked, more));
    return Ok();
  }
  return AtEnd(key, tracked);
}

Result<bool> Ingester::EnsureOpen(const FileKey& key, Tracked& tracked) {
  if (tracked.file) return true;
  if (!tracked.present) return false;
  if (open_ >= config_.open_max) {
    waits_for_slot_ = true;
    return false;
  }
  // Without a byte that was produced nothing proves what a file was before it was renamed.
  if (!tracked.matches && tracked.position.offset == 0) return false;
  TB_ASSIGN_OR_RETURN(auto file, InputFile::Open(tracked.path));
  TB_ASSIGN_OR_RETURN(const auto stat, file.Stat());
  if (stat.file != key.file) return false;  // the name has been taken: the next scan tells
  tracked.file = std::move(file);
  ++open_;
  return true;
}

void Ingester::CloseFile(Tracked& tracked) {
  if (!tracked.file) return;
  tracked.file.reset();
  --open_;
  slot_freed_ = true;
}

// Whether the file holds before the position what was produced.
Result<bool> Ingester::Proves(Tracked& tracked) {
  TB_ASSIGN_OR_RETURN(const auto stat, tracked.file->Stat());
  if (stat.size < tracked.position.offset) return false;
  TB_ASSIGN_OR_RETURN(const auto fingerprint, tracked.file->FingerprintAt(tracked.position.offset));
  tracked.proven = tracked.position.offset == 0 || fingerprint == tracked.position.fingerprint;
  return tracked.proven;
}

Status Ingester::Restart(const FileKey& key, Tracked& tracked) {
  if (!tracked.matches || !tracked.present) {
    Forget(key);  // the inode is a stranger's now
    return Ok();
  }
  events_.OnTruncated(tracked.path, tracked.position.offset);
  TB_ASSERT(!tracked.pending);
  auto& fresh = files_[FileKey{key.file, key.generation + 1}];
  fresh.position.path = tracked.position.path;
  fresh.path = tracked.path;
  fresh.matches = fresh.present = fresh.proven = true;
  fresh.file = std::move(tracked.file);
  fresh.size = tracked.size;
  fresh.modified_ns = tracked.modified_ns;
  fresh.changed_at = clock_.Mono();
  fresh.sequence = next_sequence_++;
  tracked.file.reset();
  MarkGone(key, tracked);
  lost_[key] = clock_.Mono();
  scan_at_ = {};
  scanned_anew_ = true;
  return Ok();
}

Status Ingester::ReadGrowing(const FileKey& key, Tracked& tracked, bool& more) {
  TB_RETURN_IF_ERROR(tracked.file->ReadAt(tracked.position.offset, config_.read_bytes, chunk_));
  // After the bytes, so that a truncation before them shows.
  TB_ASSIGN_OR_RETURN(const bool proven, Proves(tracked));
  if (!proven) return Restart(key, tracked);
  if (tracked.position.in_oversized) return SkipOversized(key, tracked, more);
  return TakeChunk(key, tracked, more);
}

Status Ingester::SkipOversized(const FileKey& key, Tracked& tracked, bool& more) {
  auto position = tracked.position;
  const auto newline = chunk_.find('\n');
  position.in_oversized = newline == std::string::npos;
  position.offset += position.in_oversized ? chunk_.size() : newline + 1;
  more = true;
  return Advance(key, tracked, std::move(position));
}

Status Ingester::TakeChunk(const FileKey& key, Tracked& tracked, bool& more) {
  auto position = tracked.position;
  const auto begin = position.offset;
  const bool chunk_full = chunk_.size() == config_.read_bytes;
  if (begin > 0) TB_RETURN_IF_ERROR(tracked.file->ReadAt(0, kHeadBytes, head_));
  auto splitter = begin == 0 ? cdr::FileSplitter(config_.framing, chunk_)
                             : cdr::FileSplitter::Resumed(config_.framing, head_, chunk_);
  std::size_t taken = 0;
  bool unfinished = false;
  more = true;
  while (!BudgetIsSpent()) {
    TB_ASSIGN_OR_RETURN(const auto value, splitter.Next());
    if (!value || splitter.open()) {
      more = chunk_full;
      unfinished = value.has_value();
      break;
    }
    TB_RETURN_IF_ERROR(Send(tracked, begin + splitter.offset(), *value));
    taken = splitter.end();
  }
  const std::string_view rest = std::string_view(chunk_).substr(taken);
  if (!more && unfinished && rest.size() <= config_.record_bytes_max) {
    tracked.unfinished = true;
  } else if (unfinished && (taken == 0 || rest.size() > config_.record_bytes_max)) {
    TB_RETURN_IF_ERROR(ParkOversized(tracked, begin + taken, rest));
    taken = chunk_.size();
    position.in_oversized = true;
    more = true;
  } else if (more && taken == 0) {
    taken = chunk_.size();  // all of it blank, or between records
  } else {
    tracked.unfinished = false;
  }
  tracked.read_size = more ? 0 : begin + chunk_.size();
  if (taken == 0) return Ok();
  position.offset = begin + taken;
  return Advance(key, tracked, std::move(position));
}

Status Ingester::ReadWhole(const FileKey& key, Tracked& tracked, bool& more) {
  if (config_.follow && clock_.Mono() - tracked.changed_at < config_.settle) return Ok();
  if (tracked.size > config_.whole_file_bytes_max) {
    tracked.read_size = tracked.size;
    events_.OnFileError(RetryError(
        "file_too_large", tracked.path + " has " + std::to_string(tracked.size) +
                              " bytes; at most " + std::to_string(config_.whole_file_bytes_max) +
                              " are read as a whole"));
    return Ok();
  }
  TB_RETURN_IF_ERROR(tracked.file->ReadAt(0, tracked.size, chunk_));
  TB_ASSIGN_OR_RETURN(const auto stat, tracked.file->Stat());
  if (stat.size != tracked.size || stat.modified_ns != tracked.modified_ns) return Ok();
  auto position = tracked.position;
  cdr::FileSplitter splitter(config_.framing, chunk_);
  while (true) {
    more = BudgetIsSpent();
    if (more) break;
    const auto value = splitter.Next();
    if (!value) {
      const auto rest = std::string_view(chunk_).substr(position.offset);
      TB_RETURN_IF_ERROR(Park(tracked, position.offset, rest, value.error()));
    }
    if (!value || !*value) {
      position.offset = chunk_.size();
      break;
    }
    if (splitter.offset() < tracked.position.offset) continue;
    TB_RETURN_IF_ERROR(Send(tracked, splitter.offset(), **value));
    position.offset = splitter.offset() + (*value)->size();
  }
  if (position.offset == tracked.position.offset) return Ok();
  return Advance(key, tracked, std::move(position));
}

Status Ingester::Send(const Tracked& tracked, std::uint64_t offset, std::string_view value) {
  if (value.size() > config_.record_bytes_max) return ParkOversized(tracked, offset, value);
  auto sent = writer_.Send(tracked.position.path, value);
  if (!sent && sent.error().disposition == Disposition::kDeadLetter)
    return Park(tracked, offset, value, sent.error());
  TB_RETURN_IF_ERROR(std::move(sent));
  ++records_;
  bytes_ += value.size();
  return Ok();
}

Status Ingester::Park(const Tracked& tracked, std::uint64_t offset, std::string_view value,
                      const Error& why) {
  Error told = why;
  told.message = tracked.path + ", byte " + std::to_string(offset) + ": " + told.message;
  events_.OnDeadLetter(tracked.path, told);
  TB_RETURN_IF_ERROR(writer_.SendDeadLetter(tracked.position.path, offset, value, told));
  ++parked_;
  bytes_ += value.size();
  return Ok();
}

Status Ingester::ParkOversized(const Tracked& tracked, std::uint64_t offset,
                               std::string_view value) {
  return Park(tracked, offset, value,
              DeadLetterError("ingest_record_too_large",
                              "a record of more than " + std::to_string(config_.record_bytes_max) +
                                  " bytes, or one without an end"));
}

// The records before `position` are in the transaction: from here on an error must abort it.
Status Ingester::Advance(const FileKey& key, Tracked& tracked, Position position) {
  auto fingerprint = tracked.file->FingerprintAt(position.offset);
  if (!fingerprint) return RetryError("ingest_file_lost", std::move(fingerprint).error().message);
  position.fingerprint = *fingerprint;
  if (!tracked.opening_told) events_.OnOpened(tracked.path, tracked.position.offset);
  tracked.opening_told = true;
  tracked.pending = std::move(position);
  moved_.insert(key);
  return Ok();
}

// Nothing is left to read for now.
Status Ingester::AtEnd(const FileKey& key, Tracked& tracked) {
  const auto quiet = clock_.Mono() - tracked.changed_at;
  if (tracked.matches && tracked.present) {
    if (!config_.follow || quiet > config_.idle_close || open_ >= config_.open_max)
      CloseFile(tracked);
    return Ok();
  }
  if (quiet < config_.rotate_wait) return Ok();
  if (tracked.unfinished) return ParkUnfinished(key, tracked);
  events_.OnFinished(tracked.path, tracked.position.offset);
  MarkGone(key, tracked);
  return Ok();
}

// Nobody will write the end of a record in a file that was rotated away.
Status Ingester::ParkUnfinished(const FileKey& key, Tracked& tracked) {
  auto position = tracked.position;
  TB_RETURN_IF_ERROR(tracked.file->ReadAt(position.offset, config_.record_bytes_max, chunk_));
  TB_RETURN_IF_ERROR(Park(tracked, position.offset, chunk_,
                          DeadLetterError("ingest_record_cut",
                                          "the file was rotated away and its last record has no "
                                          "end")));
  position.offset += chunk_.size();
  tracked.unfinished = false;
  return Advance(key, tracked, std::move(position));
}

}  // namespace textback::ingest
