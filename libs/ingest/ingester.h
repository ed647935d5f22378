// Files into the log: follows them through rotation and restarts, each record once.
//
// One call of Step:
//
//   open (fence, read positions back) ──▶ scan folders, if due ──▶ read each file that has more
//     ──▶ commit: records and positions in one transaction
//
// - A record is a value of cdr::FileSplitter: what an input with the same format decodes. One whose
//   end isn't there yet waits for it, and its bytes are read again.
// - The position is the authority and stands in the log alone: after a kill, an abort or an outcome
//   that nobody knows, everything behind it is read again, and nothing of it is on the log.
// - Renamed: followed by its inode, whatever it is called now, and read to its end before the file
//   that took its name. One that no pattern covers is let go when it has said nothing for
//   rotate_wait.
// - Truncated, or its inode given to another file: the bytes before the position are others. Read
//   from its beginning. If a copy of what it held lies beside it, the copy is read on from there.
// - Copies of a file that is read aren't read.
// - BER can be taken apart as a whole only: such a file is read when it has stopped changing.
// - What can't be read stays on the list, is told, and holds nothing else up.
//
// Threads: one. Errors of Step: kRetry: call again later, nothing is lost. Any other: this object
// is of no use; kYield: another process has taken the name.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "ingest/config.h"
#include "ingest/events.h"
#include "ingest/input_file.h"
#include "ingest/position.h"
#include "ingest/record_writer.h"
#include "ingest/twins.h"
#include "log/log.h"

namespace textback::ingest {

class Ingester {
 public:
  // All references outlive the object. kFatal ("usage", "config_invalid").
  static Result<std::unique_ptr<Ingester>> Make(log::Log& log, const Clock& clock,
                                                IngestConfig config, IngestEvents& events);
  Ingester(const Ingester&) = delete;
  Ingester& operator=(const Ingester&) = delete;

  struct Report {
    std::uint64_t records = 0;
    bool more = false;  // there is more to do at once
  };
  Result<Report> Step();

  // Files whose last record isn't whole: path and where that begins. Where nothing is followed,
  // it never will be.
  std::vector<std::pair<std::string, std::uint64_t>> Unfinished() const;

 private:
  struct Tracked {
    Position position;                // as committed
    std::optional<Position> pending;  // in the transaction that is open
    std::string path;                 // what it is called now
    bool matches = false;             // a pattern covers that name
    bool present = false;             // the last scan saw it
    bool proven = false;              // since the start it was seen to be the file of the position
    bool unfinished = false;          // what is left at `read_size` is no whole record
    bool rotation_told = false;
    bool opening_told = false;
    std::optional<InputFile> file;
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;
    std::uint64_t read_size = 0;  // up to which there is nothing more to take
    MonoTime changed_at{};
    std::uint64_t sequence = 0;  // in order of appearance

    bool gone() const { return position.gone_at_ms != 0; }
    const Position& next() const { return pending ? *pending : position; }
  };

  Ingester(log::Log& log, const Clock& clock, IngestConfig config, FilePatterns patterns,
           IngestEvents& events);

  Status Open();
  void Reset();
  Result<Report> StepOpen();

  // --- ingester_scan.cc ---
  void Scan();
  void SeeKnown(Tracked& tracked, const SeenFile& seen);
  void SeeUnknown(const SeenFile& seen);
  void SeeBeside(const SeenFile& seen);
  void SeeMissing(const std::set<std::string>& folders);
  void Forget(const FileKey& key);
  void ForgetOld();
  bool MakeRoom();
  Tracked& Track(const FileKey& key, const SeenFile& seen, Position position);
  void TakeOver(const FileKey& from, const FileKey& to, const SeenFile& seen);
  std::optional<FileKey> LatestOf(const FileId& file) const;
  void MarkGone(const FileKey& key, Tracked& tracked);
  void Revive(const FileKey& key, Tracked& tracked);

  // --- ingester_read.cc ---
  Status ReadFiles();
  Status ReadFile(const FileKey& key, Tracked& tracked, bool& more);
  Result<bool> EnsureOpen(const FileKey& key, Tracked& tracked);
  void CloseFile(Tracked& tracked);
  Result<bool> Proves(Tracked& tracked);
  Status Restart(const FileKey& key, Tracked& tracked);
  Status ReadGrowing(const FileKey& key, Tracked& tracked, bool& more);
  Status SkipOversized(const FileKey& key, Tracked& tracked, bool& more);
  Status TakeChunk(const FileKey& key, Tracked& tracked, bool& more);
  Status ReadWhole(const FileKey& key, Tracked& tracked, bool& more);
  Status Send(const Tracked& tracked, std::uint64_t offset, std::string_view value);
  Status Park(const Tracked& tracked, std::uint64_t offset, std::string_view value,
              const Error& why);
  Status ParkOversized(const Tracked& tracked, std::uint64_t offset, std::string_view value);
  Status Advance(const FileKey& key, Tracked& tracked, Position position);
  Status AtEnd(const FileKey& key, Tracked& tracked);
  Status ParkUnfinished(const FileKey& key, Tracked& tracked);
  bool BudgetIsSpent() const;

  Status Commit();
  void Rollback();
  std::uint64_t Behind() const;

  const Clock& clock_;
  const IngestConfig config_;
  const FilePatterns patterns_;
  IngestEvents& events_;
  RecordWriter writer_;

  std::map<FileKey, Tracked> files_;
  Twins twins_;                       // of committed positions
  std::set<FileKey> moved_;           // have a pending position
  std::set<FileKey> dirty_;           // position to be written though nothing was read
  std::set<FileKey> forgotten_;       // to be removed from the log
  std::map<FileKey, MonoTime> lost_;  // truncated of late: their copies are looked for
  std::set<std::string> copies_;      // told once
  std::uint64_t next_sequence_ = 0;
  std::uint64_t turn_ = 0;  // whose turn it is to be read first
  MonoTime scan_at_{};
  bool scanned_anew_ = false;  // the last scan changed what is to be read

  std::uint64_t records_ = 0;  // of the open transaction
  std::uint64_t parked_ = 0;
  std::uint64_t bytes_ = 0;
  std::size_t open_ = 0;
  bool waits_for_slot_ = false;  // in this step a file wasn't opened because too many are
  bool slot_freed_ = false;
  std::string chunk_;
  std::string head_;
};

}  // namespace textback::ingest
