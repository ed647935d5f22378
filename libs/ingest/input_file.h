// A file that is open for reading, and the folder listings that lead to it.
//
// Nothing is mapped: a file that is truncated while it is read must give fewer bytes, not a signal.
//
// Threads: one at a time. Errors: kRetry ("file_unreadable", "folder_unreadable"), naming the path:
// permissions and network file systems come back.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ingest/position.h"

namespace textback::ingest {

struct FileStat {
  FileId file;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
};

class InputFile {
 public:
  static Result<InputFile> Open(const std::string& path);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;
  ~InputFile();

  Result<FileStat> Stat() const;
  // Into `out`, at most `bytes` from `offset` on; fewer at the file's end.
  Status ReadAt(std::uint64_t offset, std::size_t bytes, std::string& out) const;
  // Of what stands before `offset` now.
  Result<Fingerprint> FingerprintAt(std::uint64_t offset) const;

 private:
  InputFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}

  int descriptor_ = -1;
  std::string path_;  // for errors
};

// One regular file of a folder, as it was listed.
struct SeenFile {
  std::string path;
  FileStat stat;
  bool matches = false;  // a pattern; else it only lies beside one that does
};

// What is to be read: files, folders (all files in them) and globs in the last part of a path.
// Names that begin with a dot are left out unless a pattern has the dot: that is how tools name a
// file which they are still copying.
class FilePatterns {
 public:
  // kFatal ("usage"): an empty pattern, or one with a wildcard in a folder's name.
  static Result<FilePatterns> Make(const std::vector<std::string>& patterns);

  struct Listing {
    std::vector<SeenFile> files;    // by path; also what lies beside: renamed files are among it
    std::set<std::string> folders;  // each with a slash at its end
    std::vector<Error> errors;      // what couldn't be listed; a missing file is none
  };
  Listing List() const;

 private:
  struct Pattern {
    std::string folder;
    std::string name;  // a glob
  };
  std::vector<Pattern> patterns_;
};

}  // namespace textback::ingest
