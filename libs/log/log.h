// The log: ordered, partitioned, transactional streams, and all that textback needs of Kafka.
//
// One port, three implementations: Kafka (log_kafka/), embedded (log_embedded/: durable, one
// process, no broker) and simulated (log_sim/: virtual time, seeded faults). One conformance suite
// (log_conformance/conformance.h) runs against all three; comments below that say "the broker" hold
// for each.
//
// Names: a *consumer* is a member of a group; a *transactional producer* writes atomically, with
// offsets; a *reader* reads without a group (restore, tenants, explain); a *writer* is idempotent
// but not transactional (intake, MO and receipts, CLI).
//
// Partitioning is murmur2 of the key (base/hash.h) wherever a caller doesn't name a partition.
//
// Threads: Log and Admin: any. Every other object belongs to one thread at a time.
// Errors: Disposition says what to do; `code` is one of the words in errors.h.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace textback::log {

struct TopicPartition {
  std::string topic;
  std::int32_t partition = 0;
  auto operator<=>(const TopicPartition&) const = default;
};

// A pair that a record may carry beside key and value. Names are case-sensitive.
struct Header {
  std::string_view name;
  std::string_view value;
};

// One message. Views live until the Batch that holds it is cleared or polled into again.
struct Record {
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;          // when it was produced (CreateTime)
  std::string_view key;                   // empty: none
  std::optional<std::string_view> value;  // nullopt: tombstone
  const void* native = nullptr;           // the log's own, for Consumer::HeaderOf
};

// What a poll brought, and the memory behind it. Reuse one per thread.
class Batch {
 public:
  // Implementations keep what the views point into.
  class Owner {
   public:
    virtual ~Owner() = default;
  };

  void Clear() {
    records.clear();
    owners.clear();
    bytes = 0;
  }

  std::vector<Record> records;  // per partition in offset order
  std::size_t bytes = 0;        // keys and values
  std::vector<std::unique_ptr<Owner>> owners;
};

struct PollLimits {
  std::size_t records_max = 10'000;
  std::size_t bytes_max = 16 * 1024 * 1024;  // the record that passes it is still taken
};

// Identity of a member in one generation of its group. Captured when partitions are assigned; a
// transaction that sends offsets with it is refused once the group has moved on (exactly-once.md,
// stream point 3). Opaque to callers but for equality.
struct GroupMetadata {
  std::string group;
  std::string member;
  std::int32_t generation = -1;
  // Adapter's own handle (librdkafka's rd_kafka_consumer_group_metadata_t).
  std::shared_ptr<const void> native;
  bool valid() const { return generation >= 0; }
};

struct OffsetCommit {
  TopicPartition source;
  std::int64_t next_offset = 0;  // the first offset NOT done
  std::string metadata;          // at most 4096 bytes (the broker's offset.metadata.max.bytes)
};

struct CommittedOffset {
  std::int64_t next_offset = 0;
  std::string metadata;
};

// Called from inside Consumer::Poll or Close, never from another thread.
class RebalanceListener {
 public:
  virtual ~RebalanceListener() = default;
  // These are this member's now, and stand idle until Consumer::Resume gives each a position.
  virtual void OnAssigned(const std::vector<TopicPartition>& partitions,
                          const GroupMetadata& metadata) = 0;
  // About to go to another member: the last moment to commit for them.
  virtual void OnRevoked(const std::vector<TopicPartition>& partitions) = 0;
  // Already another member's: never commit anything for them.
  virtual void OnLost(const std::vector<TopicPartition>& partitions) = 0;
};

struct ConsumerConfig {
  std::string group;
  // Static membership (group.instance.id): a restart within the session gets its partitions back
  // at once. Unique per thread of the cluster.
  std::string instance;
  // topics[0] is the anchor: the group assigns its partitions by range, and the same indices of
  // the others come with it (stream point 2). All must have the same number of partitions.
  // With co_partitioned = false all topics are subscribed, of any partition counts, each alone.
  std::vector<std::string> topics;
  bool co_partitioned = true;
  std::chrono::milliseconds session_timeout{6'000};
  std::chrono::milliseconds max_poll_interval{60'000};
};

class Consumer {
 public:
  virtual ~Consumer() = default;

  // Fills `batch` (cleared first) from resumed partitions with committed records (read_committed),
  // waiting up to `wait` for the first. Runs the group's protocol and the listener.
  // kYield: fenced by another member with the same instance: close. kFatal: recreate.
  virtual Status Poll(Batch& batch, const PollLimits& limits, std::chrono::milliseconds wait) = 0;

  // The last header of this name of a record of the batch, which is read from the record only when
  // it is asked for; nullopt: it has none. Lives as the record's other views. A log that keeps no
  // headers (embedded) has none.
  virtual std::optional<std::string_view> HeaderOf(const Record& /*record*/,
                                                   const std::string& /*name*/) const {
    return std::nullopt;
  }

  // Starts (or moves) an assigned partition at `offset`. Not assigned: no effect.
  virtual Status Resume(const TopicPartition& partition, std::int64_t offset) = 0;
  // Stops fetching; buffered records of it are dropped.
  virtual Status Pause(const TopicPartition& partition) = 0;

  // The group's committed offsets, stable (no pending transaction on them): nullopt where none.
  virtual Result<std::map<TopicPartition, std::optional<CommittedOffset>>> Committed(
      const std::vector<TopicPartition>& partitions) = 0;
  // Without a transaction: intake. Fenced like a transaction's offsets.
  virtual Status Commit(const std::vector<OffsetCommit>& offsets) = 0;

  // First and next offsets; `read_committed` gives the last stable offset as the end.
  struct Range {
    std::int64_t begin = 0;
    std::int64_t end = 0;
  };
  virtual Result<Range> Offsets(const TopicPartition& partition, bool read_committed) = 0;
  // The next offset that Poll may hand out; like Reader::Position it moves over aborted records,
  // gaps and transaction markers once they have been fetched, so that "all that was there has been
  // polled" (position >= an end taken before) becomes true also where a topic's last entry is a
  // marker. Timers wait for that. No call to the broker. Not resumed: kRetry.
  virtual Result<std::int64_t> Position(const TopicPartition& partition) = 0;

  virtual GroupMetadata Metadata() const = 0;
  // Leaves (listener's OnRevoked runs). A static member's partitions wait for its return until the
  // session ends. Idempotent.
  virtual void Close() = 0;
};

struct TransactionalConfig {
  std::string transactional_id;  // app + instance + thread: a new owner fences the old one
  std::chrono::milliseconds transaction_timeout{4'000};
};

// How a call on a transaction ended, for callers that must tell more than ok from not ok.
enum class CommitOutcome : std::uint8_t {
  kCommitted,
  kAborted,  // nothing of it is visible; drop the overlay, rewind, go on with this producer
  kFenced,   // another owner: drop everything of this producer and its partitions
  kUnknown,  // committed or not, nobody can say: destroy the producer, rebuild from the log
};

class TransactionalProducer {
 public:
  virtual ~TransactionalProducer() = default;

  // Once, first: fences older owners of the id and ends their open transaction.
  virtual Status Init(std::chrono::milliseconds timeout) = 0;
  virtual Status Begin() = 0;
  // Buffered; a full buffer is served until there is room. Errors may show only at Commit.
  virtual Status Send(std::string_view topic, std::int32_t partition, std::string_view key,
                      std::optional<std::string_view> value, std::int64_t timestamp_ms) = 0;
  // The fence: refused (kFenced at Commit or kYield here) when `metadata` isn't the group's current
  // one.
  virtual Status SendOffsets(const std::vector<OffsetCommit>& offsets,
                             const GroupMetadata& metadata) = 0;
  virtual CommitOutcome Commit(std::chrono::milliseconds timeout) = 0;
  // kRetry never: an abort that can't be confirmed is kFatal (destroy the producer).
  virtual Status Abort(std::chrono::milliseconds timeout) = 0;
  // Why the last call failed, for the log; "" after success.
  virtual std::string LastError() const = 0;
};

// Reads chosen partitions from chosen offsets, without a group.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual Status Assign(const std::vector<std::pair<TopicPartition, std::int64_t>>& positions) = 0;
  // As Consumer::Poll. A position below the log's start is kRebuild ("offset_out_of_range").
  virtual Status Poll(Batch& batch, const PollLimits& limits, std::chrono::milliseconds wait) = 0;
  // The next offset to be read; moves over aborted records, gaps and transaction markers, so that
  // position >= end is reached also where the log ends in a marker.
  virtual Result<std::int64_t> Position(const TopicPartition& partition) = 0;
  virtual Result<Consumer::Range> Offsets(const TopicPartition& partition, bool read_committed) = 0;
};

struct ReaderConfig {
  bool read_committed = true;
};

// Idempotent, at least once across restarts. Sequence numbers count this writer's sends from 1.
class Writer {
 public:
  virtual ~Writer() = default;
  // kRetry ("queue_full"): call Poll and send again. Without `partition` murmur2 of the key
  // chooses.
  virtual Result<std::uint64_t> Send(std::string_view topic, std::optional<std::int32_t> partition,
                                     std::string_view key, std::optional<std::string_view> value,
                                     std::int64_t timestamp_ms) = 0;
  // As Send, with a header. kFatal: this log keeps none.
  virtual Result<std::uint64_t> SendWith(const Header& header, std::string_view topic,
                                         std::optional<std::int32_t> partition,
                                         std::string_view key,
                                         std::optional<std::string_view> value,
                                         std::int64_t timestamp_ms);
  // Serves deliveries. Every send up to and including the returned number is durable. kRetry: some
  // send failed for good and must be sent again by the caller (the writer is then useless:
  // recreate).
  virtual Result<std::uint64_t> Poll(std::chrono::milliseconds wait) = 0;
  // Waits until all is durable.
  virtual Status Flush(std::chrono::milliseconds timeout) = 0;
};

struct TopicSpec {
  std::string name;
  std::int32_t partitions = 1;
  bool compact = false;
  std::int64_t retention_ms = -1;               // delete topics; -1: the broker's default
  std::map<std::string, std::string> settings;  // further topic settings, the broker's names
};

struct TopicInfo {
  std::string name;
  std::int32_t partitions = 0;
  std::map<std::string, std::string> settings;
  std::int32_t replicas = 0;  // least of its partitions'; 0: the log keeps none
};

class Admin {
 public:
  virtual ~Admin() = default;
  // nullopt: no such topic.
  virtual Result<std::map<std::string, std::optional<TopicInfo>>> Describe(
      const std::vector<std::string>& topics) = 0;
  // Exists already with the same partitions: fine.
  virtual Status Create(const std::vector<TopicSpec>& topics) = 0;
  // A setting of the broker ("transaction.abort.timed.out.transaction.cleanup.interval.ms");
  // nullopt where it has none.
  virtual Result<std::optional<std::string>> BrokerSetting(std::string_view name) = 0;
};

// The factory: one per process.
class Log {
 public:
  virtual ~Log() = default;
  // `listener` outlives the consumer.
  virtual Result<std::unique_ptr<Consumer>> NewConsumer(const ConsumerConfig& config,
                                                        RebalanceListener& listener) = 0;
  virtual Result<std::unique_ptr<TransactionalProducer>> NewTransactionalProducer(
      const TransactionalConfig& config) = 0;
  virtual Result<std::unique_ptr<Reader>> NewReader(const ReaderConfig& config) = 0;
  virtual Result<std::unique_ptr<Writer>> NewWriter(std::string_view name) = 0;
  virtual Result<std::unique_ptr<Admin>> NewAdmin() = 0;
  // Partitions of a topic, for producers; cached, since counts never change. kRetry: not reachable,
  // kFatal ("topic_missing"): no such topic.
  virtual Result<std::int32_t> Partitions(std::string_view topic) = 0;
};

}  // namespace textback::log
