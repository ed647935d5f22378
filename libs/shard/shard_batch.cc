// One batch of a shard: decide, commit, apply. See shard.h.
#include <algorithm>

#include "base/assert.h"
#include "base/planted.h"
#include "log/errors.h"
#include "shard/shard.h"
#include "shard/timer_gate.h"

namespace textback::shard {

using log::CommitOutcome;

namespace {

// What a commit's outcome is taken for: what it is, unless a bug is planted.
CommitOutcome Believed(CommitOutcome outcome) {
  const bool abort = outcome == CommitOutcome::kAborted && Planted(Bug::kAbortIsCommitted);
  const bool unknown = outcome == CommitOutcome::kUnknown && Planted(Bug::kUnknownIsCommitted);
  const bool fenced = outcome == CommitOutcome::kFenced && Planted(Bug::kFencedIsCommitted);
  if (abort || unknown || fenced) return CommitOutcome::kCommitted;
  if (outcome == CommitOutcome::kUnknown && Planted(Bug::kUnknownIsAborted))
    return CommitOutcome::kAborted;
  return outcome;
}

// For Bug::kStoreBeforeCommit.
std::vector<store::Change> CopyOfChanges(Work& work) {
  std::vector<store::Change> changes;
  work.ForEachChanged([&](const Work::Entry& entry) {
    store::Change& change = changes.emplace_back();
    change.key = entry.key;
    if (entry.change == Work::Entry::Change::kWritten)
      change.document = store::Document{entry.bytes, entry.due_ms};
  });
  return changes;
}

}  // namespace

Status Shard::RunBatch() {
  if (partitions_.empty()) {
    ClearGathered();
    return Ok();
  }
  if (!MetadataIsCurrent()) {
    // The group has moved on; its callback is on its way. Whatever we did would be refused (point
    // 3).
    const bool had_records = gathered_used_ > 0;
    ClearGathered();
    for (auto& [index, p] : partitions_) {
      if (p->phase == Phase::kRunning && p->resumed) Rewind(*p);
    }
    if (had_records) events_.OnAborted(BatchFigures(), errors::kMetadataChanged);
    return Ok();
  }
  heartbeat_.Enter(Doing::kDeciding);
  processor_.OnBatchStart();
  figures_ = BatchFigures();
  GroupRecords();
  const MonoTime begin = clock_.Mono();
  std::vector<Partition*> touched;
  // Each partition is the first in its turn: what the processor has little of (TimerCapacity) isn't
  // always the same one's.
  std::vector<Partition*> in_turn;
  for (auto& [index, p] : partitions_) in_turn.push_back(p.get());
  std::rotate(in_turn.begin(),
              in_turn.begin() + static_cast<std::ptrdiff_t>(first_in_turn_++ % in_turn.size()),
              in_turn.end());
  for (Partition* p : in_turn) {
    if (p->phase != Phase::kRunning || !p->resumed) continue;
    if (auto decided = Decide(*p); !decided) {
      Drop(*p);
      TB_RETURN_IF_ERROR(Handle(*p, decided.error()));
    } else if (p->work.touched()) {
      touched.push_back(p);
    } else {
      Drop(*p);
    }
  }
  figures_.decide_time = clock_.Mono() - begin;
  const Status status = touched.empty() ? Ok() : Commit(touched);
  ClearGathered();
  return status;
}

void Shard::GroupRecords() {
  const std::string* topic = nullptr;  // neighbours are mostly of one partition
  std::size_t input = 0;
  Partition* partition = nullptr;
  for (std::size_t i = 0; i < gathered_used_; ++i) {
    for (const log::Record& record : gathered_[i]->records) {
      if (!topic || record.topic != *topic) {
        const auto it = std::find(topics_.begin(), topics_.end(), record.topic);
        TB_ASSERT(it != topics_.end());
        topic = &*it;
        input = static_cast<std::size_t>(it - topics_.begin());
      }
      if (!partition || partition->index != record.partition) {
        const auto it = partitions_.find(record.partition);
        partition = it == partitions_.end() ? nullptr : it->second.get();
      }
      if (!partition) continue;
      partition->records.push_back(
          {input, record.partition, record.offset, record.timestamp_ms, record.key, record.value});
    }
  }
}

void Shard::DrainLocal() {
  if (!local_) return;
  drained_.clear();
  local_->Drain(config_.local_events_max, drained_);
  for (auto& event : drained_) {
    const auto it = partitions_.find(event->partition);
    if (it == partitions_.end() || it->second->phase == Phase::kHalted) {
      events_.OnLocalEventsDropped(event->partition, 1);
      continue;
    }
    it->second->local.push_back(std::move(event));
    if (it->second->local.size() <= config_.local_events_max + it->second->local_in_batch) continue;
    it->second->local.pop_back();
    events_.OnLocalEventsDropped(it->first, 1);
  }
}

Status Shard::Decide(Partition& p) {
  const std::int64_t now_ms = clock_.NowMs();
  p.timers_left = false;
  if (p.local.empty() && p.records.empty()) {
    TB_ASSIGN_OR_RETURN(const std::int64_t next_due, p.store->NextDue());
    if (next_due > std::max(now_ms, p.state.now_ms)) return Ok();
  }
  p.work.Begin(*p.store, p.state, now_ms);
  TB_RETURN_IF_ERROR(RunLocal(p));
  TB_RETURN_IF_ERROR(RunRecords(p));
  return RunTimers(p);
}

Status Shard::RunLocal(Partition& p) {
  p.local_in_batch = std::min(p.local.size(), config_.local_events_max);
  for (std::size_t i = 0; i < p.local_in_batch; ++i) {
    p.work.BeginCall();
    TB_RETURN_IF_ERROR(p.work.EndCall(processor_.OnLocal(p.work, *p.local[i])));
  }
  return Ok();
}

Status Shard::RunRecords(Partition& p) {
  for (const InputRecord& record : p.records) {
    // Where a log hands out again what it has handed out before.
    if (record.offset < p.work.next().positions[record.input]) continue;
    p.work.CountRecord();
    p.work.BeginCall();
    const Status status = p.work.EndCall(processor_.OnRecord(p.work, record));
    if (!status) {
      if (status.error().disposition != Disposition::kDeadLetter) return status;
      p.work.DeadLetter(record, status.error());
    }
    p.work.SetPosition(record.input, record.offset + 1);
    p.progress[record.input].last_timestamp_ms = record.timestamp_ms;
  }
  return Ok();
}

Status Shard::RunTimers(Partition& p) {
  TB_ASSIGN_OR_RETURN(const std::int64_t next_due, p.store->NextDue());
  if (next_due > p.work.now_ms()) return Ok();
  const std::size_t capacity = std::min(config_.timers_max, processor_.TimerCapacity(p.index));
  if (capacity == 0) {
    p.timers_wait = true;
    return Ok();
  }
  TB_ASSIGN_OR_RETURN(const TimerBound bound,
                      RefreshBound(config_, clock_, *consumer_, p, p.work.next(), next_due));
  if (next_due > bound.up_to_ms) {
    p.timers_wait = true;
    events_.OnTimersHeld(p.index, next_due, bound.up_to_ms, bound.held_by);
    return Ok();
  }
  TB_RETURN_IF_ERROR(p.store->Due(bound.up_to_ms, capacity, due_));
  p.timers_left = due_.size() == capacity;
  // This batch may have moved some; the order is that of the documents as they are now.
  for (auto& timer : due_) timer.due_ms = p.work.DueOf(timer.key, timer.due_ms);
  std::sort(due_.begin(), due_.end(), [](const store::DueTimer& a, const store::DueTimer& b) {
    return a.due_ms != b.due_ms ? a.due_ms < b.due_ms : a.key < b.key;
  });
  for (const auto& timer : due_) {
    // Moved before the loop, or by an earlier timer of it.
    if (p.work.DueOf(timer.key, timer.due_ms) > bound.up_to_ms) continue;
    if (processor_.TimerCapacity(p.index) == 0) break;
    TB_RETURN_IF_ERROR(FireTimer(p, timer));
  }
  return Ok();
}

Status Shard::FireTimer(Partition& p, const store::DueTimer& timer) {
  const std::int64_t due_ms = p.work.DueOf(timer.key, timer.due_ms);
  p.work.BeginCall();
  TB_RETURN_IF_ERROR(p.work.EndCall(processor_.OnTimer(p.work, timer.key, due_ms)));
  TB_ASSERT(p.work.DueOf(timer.key, timer.due_ms) !=
            due_ms);  // it would fire for ever: see processor.h
  ++figures_.timers;
  return Ok();
}

void Shard::CountFigures(const std::vector<Partition*>& partitions) {
  figures_.partitions = partitions.size();
  figures_.bytes = gathered_bytes_;
  std::int64_t oldest_ms = clock_.NowMs();
  for (const Partition* p : partitions) {
    figures_.records += p->records.size();
    figures_.local_events += p->local_in_batch;
    figures_.outputs += p->work.outputs().size();
    figures_.documents += p->work.changes();
    figures_.dead_letters += p->work.parked().size();
    if (!p->records.empty()) oldest_ms = std::min(oldest_ms, p->records.front().timestamp_ms);
  }
  figures_.record_age_ms = clock_.NowMs() - oldest_ms;
}

Status Shard::Commit(const std::vector<Partition*>& partitions) {
  for (Partition* p : partitions) {
    ++p->work.next().transactions;
    if (Planted(Bug::kStoreBeforeCommit))
      TB_RETURN_IF_ERROR(p->store->Apply(CopyOfChanges(p->work), p->restart_offset));
    if (Planted(Bug::kEffectsBeforeCommit)) processor_.Execute(p->index, p->work.TakeEffects());
  }
  const MonoTime begin = clock_.Mono();
  const Transactor::End end = transactor_.Run(partitions, metadata_);
  figures_.commit_time = clock_.Mono() - begin;
  CountFigures(partitions);
  Status status = Ok();
  switch (Believed(end.outcome)) {
    case CommitOutcome::kCommitted:
      return AfterCommitted(partitions);
    case CommitOutcome::kAborted:
      status = AfterAborted(partitions, end);
      break;
    case CommitOutcome::kFenced:
      return AfterFenced(partitions, end);
    case CommitOutcome::kUnknown:
      AfterUnknown(partitions, end);
      break;
  }
  RewindAllWithoutProducer();
  return status;
}

Status Shard::AfterCommitted(const std::vector<Partition*>& partitions) {
  clients_.Reset();
  client_failures_ = 0;
  fenced_ = 0;
  heartbeat_.Enter(Doing::kApplying);
  const MonoTime begin = clock_.Mono();
  Status worst = Ok();
  for (Partition* p : partitions) {
    // All of them: each has effects that are real now.
    if (auto applied = ApplyCommitted(*p); !applied && worst) worst = std::move(applied);
  }
  figures_.apply_time = clock_.Mono() - begin;
  events_.OnCommitted(figures_);
  return worst;
}

Status Shard::ApplyCommitted(Partition& p) {
  auto effects = p.work.TakeEffects();
  std::vector<store::Change> changes;
  changes.reserve(p.work.changes() + 1);
  p.work.ForEachChanged([&](Work::Entry& entry) {
    store::Change& change = changes.emplace_back();
    change.key = entry.key;
    if (entry.change == Work::Entry::Change::kWritten) {
      change.document = store::Document{std::move(entry.bytes), entry.due_ms};
    }
  });
  for (std::size_t i = 0; i < p.work.next().tallies.size(); ++i) {
    const std::int64_t before = i < p.state.tallies.size() ? p.state.tallies[i] : 0;
    const std::int64_t delta = p.work.next().tallies[i] - before;
    if (delta == 0) continue;
    events_.OnTally(names_[i], delta);
    events_.OnTotal(p.index, names_[i], p.work.next().tallies[i]);
  }
  p.state = std::move(p.work.next());
  changes.push_back(StateChange(p));
  p.work.Clear();
  p.local.erase(p.local.begin(), p.local.begin() + static_cast<std::ptrdiff_t>(p.local_in_batch));
  p.local_in_batch = 0;
  p.backoff.Reset();
  p.failing_since.reset();
  if (p.restart_candidate) p.restart_offset = std::max(p.restart_offset, *p.restart_candidate);
  p.restart_candidate.reset();
  p.restart_behind = true;
  const Status applied = p.store->Apply(std::move(changes), p.restart_offset);
  if (!effects.empty()) {
    heartbeat_.Enter(Doing::kExecuting);
    processor_.Execute(p.index, std::move(effects));
    heartbeat_.Enter(Doing::kApplying);
  }
  if (!applied) {
    // It lacks what is committed: never flush it again, lest its marker say otherwise.
    Reopen(p);
    p.store.reset();
    return Handle(p, applied.error());
  }
  AskRestartOffset(p);
  return Ok();
}

// See "Where the markers come from" in shard.h.
void Shard::AskRestartOffset(Partition& p) {
  const MonoTime now = clock_.Mono();
  if (now - p.restart_asked_at < config_.marker_interval) return;
  p.restart_asked_at = now;
  const auto range = restorer_.Offsets(p.changelog, /*read_committed=*/true);
  if (range) p.restart_candidate = range->end;
}

Status Shard::AfterAborted(const std::vector<Partition*>& partitions, const Transactor::End& end) {
  events_.OnAborted(figures_, end.why->code);
  Notice(Severity::kWarn, end.why->code, nullptr,
         "A transaction was aborted and runs again: " + end.why->message);
  for (Partition* p : partitions) {
    Drop(*p);
    if (!Planted(Bug::kNoRewind)) Rewind(*p);
    if (end.culprit == p->index) Halt(*p, *end.why);
  }
  if (end.why->disposition == Disposition::kFatal) return ClientFailed("producer", *end.why);
  return Ok();
}

Status Shard::AfterFenced(const std::vector<Partition*>& partitions, const Transactor::End& end) {
  for (Partition* p : partitions) Drop(*p);
  return Fenced(*end.why);
}

// Stream point 10. Whether it is in the log is found out by replaying the changelog's tail, once
// the new producer has ended whatever was open.
void Shard::AfterUnknown(const std::vector<Partition*>& partitions, const Transactor::End& end) {
  events_.OnUnknown(figures_);
  Notice(Severity::kWarn, end.why->code, nullptr,
         "A commit's outcome is unknown; its partitions are read back from the changelog: " +
             end.why->message);
  for (Partition* p : partitions) {
    p->uncertain = p->work.next().transactions;
    CountFailure(*p);
    Drop(*p);
    Reopen(*p);
  }
}

void Shard::Drop(Partition& p) {
  auto effects = p.work.TakeEffects();
  if (!effects.empty()) processor_.Discard(p.index, std::move(effects));
  p.work.Clear();
}

Status Shard::Handle(Partition& p, const Error& error) {
  switch (error.disposition) {
    case Disposition::kRetry:
      Notice(Severity::kWarn, error.code, &p,
             "A batch is undone and comes again: " + error.message);
      if (p.phase == Phase::kRunning) {
        Rewind(p);
      } else {
        Reopen(p);
        BackOff(p);
      }
      return Ok();
    case Disposition::kRebuild:
      return Rebuild(p, error);
    case Disposition::kDeadLetter:
      Halt(p, Error{Disposition::kFatal, errors::kNotParkable,
                    "a timer or local event was refused as if it were a record (" + error.code +
                        "): " + error.message});
      return Ok();
    case Disposition::kYield:
      return error;
    case Disposition::kFatal:
      break;
  }
  const bool closes = error.code == errors::kStateFormat ||
                      error.code == errors::kChangelogFormat || error.code == errors::kStateAhead ||
                      error.code == errors::kRecordsLost;
  if (!closes) return error;
  Halt(p, error);
  return Ok();
}

void Shard::Rewind(Partition& p) {
  PauseInputs(p);
  p.records.clear();
  BackOff(p);
}

void Shard::RewindAllWithoutProducer() {
  if (transactor_.ready()) return;
  for (auto& [index, p] : partitions_) {
    if (p->phase == Phase::kRunning && p->resumed) PauseInputs(*p);
  }
}

void Shard::PauseInputs(Partition& p) {
  if (p.resumed && consumer_) {
    for (const auto& input : p.inputs) {
      if (auto paused = consumer_->Pause(input); !paused) {
        // Its records come all the same and are passed over: the partition isn't resumed.
        Notice(Severity::kWarn, paused.error().code, &p,
               "Pausing failed: " + paused.error().message);
      }
    }
  }
  p.resumed = false;
  for (auto& progress : p.progress) {
    const auto asked_at = progress.asked_at;
    progress = InputProgress{};  // what was read but undone isn't read
    progress.asked_at = asked_at;
  }
}

}  // namespace textback::shard
