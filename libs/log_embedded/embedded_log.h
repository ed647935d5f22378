// The log in one process, durable on RocksDB: `textback run` and small sites need no broker.
//
// It keeps what log.h says of the broker; what cannot happen in one process is left out: a
// transaction is buffered by its producer and reaches the log whole at its commit, so nobody ever
// sees, or waits for, an open one, markers take no offsets, and transactions don't time out.
//
// Durability: a commit is one RocksDB write (outputs, offsets) through the write-ahead log. A
// killed process loses nothing that was committed. Sync decides what a power failure may lose; the
// log is always a prefix of what was committed.
//
// Groups live in memory (a restart of the process ends all members); offsets are durable. A member
// that doesn't poll within its max_poll_interval loses its partitions; one that was destroyed
// without Close, or closed with a static instance, does after its session.
//
// Retention runs in Maintain only: call it every few seconds from any one thread. Topic settings
// that are known: retention.ms, retention.bytes (delete topics), delete.retention.ms (compact
// topics), segment.bytes. Ages count from when a record was written to this log.
//
// Threads: EmbeddedLog: any. What it makes: log.h; these may outlive the EmbeddedLog.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "log/log.h"

namespace textback::log_embedded {

class Core;

enum class Sync : std::uint8_t {
  kEachCommit,  // to the disk before a commit returns: survives a power failure
  kInterval,    // with the first commit after sync_interval, and in Maintain; a kill loses nothing
};

struct EmbeddedLogOptions {
  std::string folder;  // created if it isn't there
  Sync sync = Sync::kEachCommit;
  std::chrono::milliseconds sync_interval{200};

  // Larger records are refused (kDeadLetter), as by a broker's message.max.bytes.
  std::size_t record_bytes_max = std::size_t{1} << 20;
  // What one transaction, or a writer between polls, may buffer.
  std::size_t transaction_bytes_max = std::size_t{256} << 20;
  // Latest records of all partitions, kept in memory for their readers.
  std::size_t tail_bytes = std::size_t{64} << 20;
  // RocksDB's block cache with memtables.
  std::size_t cache_bytes = std::size_t{64} << 20;

  // Segments are what retention drops and compaction cleans.
  std::int64_t segment_bytes = std::int64_t{16} << 20;
  // For delete topics that don't say.
  std::int64_t retention_ms = std::int64_t{7} * 24 * 3'600 * 1'000;
  std::int64_t retention_bytes = -1;  // per partition; -1: unlimited
  // For compact topics that don't say: how long a tombstone can be read.
  std::int64_t delete_retention_ms = std::int64_t{24} * 3'600 * 1'000;
  // A compact partition is cleaned once this share of it is new.
  double dirty_ratio = 0.5;
  // Distinct keys that one round of compaction looks at (about 100 bytes each).
  std::size_t compaction_keys_max = 1'000'000;
  // Over this, commits are refused (aborted; a writer's: kRetry) until Maintain has made room.
  std::int64_t disk_bytes_max = std::int64_t{64} << 30;
};

class EmbeddedLog final : public log::Log {
 public:
  // kFatal: the folder is in use, can't be used, is damaged or was written by a later build.
  // `clock` outlives the log and all that it makes.
  static Result<std::unique_ptr<EmbeddedLog>> Open(const Clock& clock, EmbeddedLogOptions options);
  ~EmbeddedLog() override;

  Result<std::unique_ptr<log::Consumer>> NewConsumer(const log::ConsumerConfig& config,
                                                     log::RebalanceListener& listener) override;
  Result<std::unique_ptr<log::TransactionalProducer>> NewTransactionalProducer(
      const log::TransactionalConfig& config) override;
  Result<std::unique_ptr<log::Reader>> NewReader(const log::ReaderConfig& config) override;
  Result<std::unique_ptr<log::Writer>> NewWriter(std::string_view name) override;
  Result<std::unique_ptr<log::Admin>> NewAdmin() override;
  Result<std::int32_t> Partitions(std::string_view topic) override;

  // Drops what is too old or too much, compacts, syncs. Commits go on meanwhile.
  Status Maintain(std::int64_t now_ms);
  // Drops the records before `offset` (Kafka's DeleteRecords).
  Status DeleteRecords(const log::TopicPartition& partition, std::int64_t offset);

  struct Stats {
    std::int64_t bytes = 0;  // records as stored, before RocksDB's compression
    std::uint64_t commits = 0;
    std::uint64_t syncs = 0;
    std::uint64_t records_appended = 0;
    std::uint64_t records_compacted = 0;  // dropped as superseded
    std::uint64_t segments_dropped = 0;   // by retention
  };
  Stats stats() const;

 private:
  explicit EmbeddedLog(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
};

}  // namespace textback::log_embedded
