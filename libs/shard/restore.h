// Brings stores up to the committed state by replaying the changelog, for all restoring partitions
// of a shard at once, a bounded piece at a time, while others run.
//
// The end to reach is the log's end from a *read_uncommitted* view: a read_committed one returns
// the last stable offset, which stops short of a transaction that has yet to be resolved (stream
// point 5, KAFKA-10167). The replay itself is read_committed. A position is reached also past
// aborted entries and markers (Reader::Position).
//
// Changelog entries are whole documents, so replaying what the store has already does no harm.
//
// Threads: the shard's. Errors: of one partition: handed out with it; of the reader: Step's status.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "log/log.h"
#include "shard/config.h"
#include "shard/events.h"
#include "shard/partition.h"

namespace textback::shard {

class Restorer {
 public:
  // All outlive the restorer.
  Restorer(log::Log& log, const ShardConfig& config, ShardEvents& events)
      : log_(log), config_(config), events_(events) {}

  // First and next offset of a changelog partition; committed only, or all.
  Result<log::Consumer::Range> Offsets(const log::TopicPartition& changelog, bool read_committed);

  // Replays partition.changelog from replay_begin to replay_end into its store. The partition
  // stays where it is until it is finished, failed or removed.
  void Add(Partition& partition);
  void Remove(const Partition& partition);
  bool idle() const { return partitions_.empty(); }

  struct Outcome {
    Partition* partition = nullptr;
    Status status = Ok();
  };
  // One piece; says which partitions are done with (and removed). An error means that the reader
  // failed: it is made anew by the next call.
  Status Step(std::vector<Outcome>& done);

 private:
  Status EnsureReader();
  Status Assign();
  Status StepReader(std::vector<Outcome>& done);
  // Applies the batch's entries of one partition.
  Status ApplyPiece(Partition& partition, const std::vector<const log::Record*>& records);
  void Finish(std::map<std::int32_t, Partition*>::iterator it, Status status,
              std::vector<Outcome>& done);
  // After the reader found a position below its log's start: who is it?
  Status BlameTrimmed(std::vector<Outcome>& done);

  log::Log& log_;
  const ShardConfig& config_;
  ShardEvents& events_;
  std::unique_ptr<log::Reader> reader_;
  std::map<std::int32_t, Partition*> partitions_;
  bool assigned_ = false;  // the reader's assignment is that of partitions_
  log::Batch batch_;
};

}  // namespace textback::shard
