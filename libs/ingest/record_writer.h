// The log side of an ingester: records and the positions behind them, in one transaction.
//
//   Open: the transactional id is the ingester's name, so that its start fences an older process of
//   that name and ends what that one had open. Only then the end of the positions is asked for, and
//   all up to it is read back, committed records alone.
//
//        Open           Send           Commit
//   closed ──▶ idle ──────────▶ begun ────────▶ idle
//     ▲                           │
//     └── fenced, unknown ────────┴─ aborted ─▶ idle
//
// After an outcome that nobody knows the producer is destroyed: the next Open reads what became of
// it (exactly-once.md, stream point 10).
//
// Threads: one. Errors: kRetry: later; kDeadLetter: this record can't be sent, the transaction goes
// on; kYield: another process runs under the name; kFatal: a topic is missing, or a newer build
// wrote the positions.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "ingest/config.h"
#include "ingest/position.h"
#include "log/log.h"

namespace textback::ingest {

using Positions = std::map<FileKey, Position>;

class RecordWriter {
 public:
  // All outlive the object.
  RecordWriter(log::Log& log, const Clock& clock, const IngestConfig& config)
      : log_(log), clock_(clock), config_(config) {}

  bool is_open() const { return producer_ != nullptr; }
  Result<Positions> Open();
  void Close() { producer_.reset(); }

  // A record of `path`, whose records keep their order.
  Status Send(std::string_view path, std::string_view value);
  // What can't be sent or isn't a record, with its place in the file.
  Status SendDeadLetter(std::string_view path, std::uint64_t offset, std::string_view value,
                        const Error& why);
  Status SendPosition(const FileKey& key, const Position& position);
  Status SendForgotten(const FileKey& key);

  bool begun() const { return begun_; }
  // kRetry: aborted, or not known: is_open() tells which.
  Status Commit();
  void Abort();

 private:
  Result<std::int32_t> PartitionsOfOwn(std::string_view topic);
  Result<Positions> ReadBack();
  Status Begin();
  Status Checked(Status status);

  log::Log& log_;
  const Clock& clock_;
  const IngestConfig& config_;
  std::int32_t partitions_ = 0;
  std::int32_t deadletter_partitions_ = 0;
  std::int32_t positions_partition_ = 0;
  std::unique_ptr<log::TransactionalProducer> producer_;
  bool begun_ = false;
};

}  // namespace textback::ingest
