// What an ingester tells its owner, for metrics and the log. Nothing here is called per record.
//
// Threads: called on the thread that steps the ingester; implementations don't block.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace textback::ingest {

class IngestEvents {
 public:
  virtual ~IngestEvents() = default;
  // Positions have been read back: so many files are known.
  virtual void OnStarted(std::size_t /*files*/) {}
  virtual void OnOpened(std::string_view /*path*/, std::uint64_t /*offset*/) {}
  // It is no longer where the patterns look; it is read to its end.
  virtual void OnRotated(std::string_view /*path*/, std::string_view /*now*/) {}
  virtual void OnFinished(std::string_view /*path*/, std::uint64_t /*offset*/) {}
  // It no longer holds what was read of it; read from its beginning.
  virtual void OnTruncated(std::string_view /*path*/, std::uint64_t /*offset*/) {}
  // It isn't read: it holds what another file holds, which is read.
  virtual void OnCopy(std::string_view /*path*/, std::string_view /*original*/) {}
  // What was left unread of a truncated file is read from its copy.
  virtual void OnCopyTakesOver(std::string_view /*path*/, std::uint64_t /*offset*/) {}
  virtual void OnFileError(const Error& /*why*/) {}
  virtual void OnDeadLetter(std::string_view /*path*/, const Error& /*why*/) {}
  // One transaction; `behind`: bytes of the known files that aren't read yet.
  virtual void OnCommitted(std::uint64_t /*records*/, std::uint64_t /*bytes*/,
                           std::uint64_t /*behind*/) {}
  // Nothing of it is on the log; it is read again.
  virtual void OnAborted(const Error& /*why*/) {}
};

}  // namespace textback::ingest
