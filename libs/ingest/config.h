// What an ingester is told, with all its limits.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "cdr/adapter.h"
#include "cdr/framing.h"

namespace textback::ingest {

struct IngestConfig {
  std::string name;  // whose positions they are; one process at a time runs under it
  std::vector<std::string> patterns;
  cdr::Framing framing = cdr::Framing::kLines;
  std::string topic;
  std::string deadletter_topic;
  std::string positions_topic;
  bool follow = false;

  std::chrono::milliseconds scan_interval{1'000};  // for new, renamed and removed files
  std::chrono::milliseconds settle{5'000};  // BER: a file that hasn't changed for so long is whole
  std::chrono::milliseconds rotate_wait{5'000};  // a renamed or removed file that says no more
  std::chrono::milliseconds idle_close{300'000};
  std::chrono::milliseconds transaction_timeout{10'000};
  std::chrono::milliseconds forget_after{std::chrono::hours(7 * 24)};  // a file that is gone

  // Of one transaction; what passes the second is still taken.
  std::size_t records_max = 50'000;
  std::size_t bytes_max = std::size_t{16} << 20;
  std::size_t record_bytes_max = cdr::kValueBytesMax;
  std::size_t read_bytes = std::size_t{4} << 20;              // of one file at a time
  std::size_t whole_file_bytes_max = std::size_t{256} << 20;  // BER files are read as a whole
  std::size_t files_max = 100'000;                            // known ones, about 300 bytes each
  std::size_t open_max = 256;
};

}  // namespace textback::ingest
