// Partitions come and go: assignment, restore, cross-check, release. See shard.h.
#include <algorithm>

#include "base/assert.h"
#include "base/planted.h"
#include "log/errors.h"
#include "shard/shard.h"

namespace textback::shard {

using log::CommitOutcome;

// ---- the group's callbacks

void Shard::OnAssigned(const std::vector<log::TopicPartition>& partitions,
                       const log::GroupMetadata& metadata) {
  if (abandoned_) return;
  metadata_ = metadata;
  for (const auto& assigned : partitions) {
    if (assigned.topic != topics_[0]) continue;  // the others come with the anchor's
    auto& partition = partitions_[assigned.partition];
    if (!partition)
      partition = std::make_unique<Partition>(config_, names_, assigned.partition, clock_.Mono());
  }
}

void Shard::OnRevoked(const std::vector<log::TopicPartition>& partitions) {
  if (!abandoned_) Release(partitions, /*owned=*/true);
}

void Shard::OnLost(const std::vector<log::TopicPartition>& partitions) {
  if (!abandoned_ && !Planted(Bug::kLostPartitionsKept)) Release(partitions, /*owned=*/false);
}

void Shard::Release(const std::vector<log::TopicPartition>& gone, bool owned) {
  std::vector<Partition*> leaving;
  for (const auto& partition : gone) {
    const auto it = partitions_.find(partition.partition);
    if (partition.topic == topics_[0] && it != partitions_.end())
      leaving.push_back(it->second.get());
  }
  if (owned) SettleMarkers(leaving);
  for (Partition* p : leaving) {
    PurgeGathered(p->index);
    restorer_.Remove(*p);
    StopProcessor(*p);
    DropLocal(*p);
    // What is in the store is committed, so it may be flushed by whomever; the marker says no more
    // than is known.
    if (p->store) {
      if (auto flushed = p->store->Flush(); !flushed) {
        Notice(Severity::kWarn, flushed.error().code, p,
               "The store wasn't flushed; its next start replays more: " + flushed.error().message);
      }
    }
    partitions_.erase(p->index);
  }
}

void Shard::GiveUpAll() {
  std::vector<log::TopicPartition> all;
  for (const auto& [index, p] : partitions_) {
    Drop(*p);
    all.push_back({topics_[0], index});
  }
  Release(all, /*owned=*/false);
}

// One more transaction, with nothing but the fence: once it has committed, the changelog up to the
// end asked for before is known to be ours, and the next start has next to nothing to replay.
void Shard::SettleMarkers(const std::vector<Partition*>& partitions) {
  std::vector<Partition*> behind;
  for (Partition* p : partitions) {
    if (p->phase != Phase::kRunning || !p->restart_behind || !transactor_.ready()) continue;
    const auto range = restorer_.Offsets(p->changelog, /*read_committed=*/true);
    if (!range) continue;
    p->restart_candidate = range->end;
    p->work.Begin(*p->store, p->state, clock_.NowMs());
    ++p->work.next().transactions;
    behind.push_back(p);
  }
  if (behind.empty()) return;
  const bool committed = transactor_.Run(behind, metadata_).outcome == CommitOutcome::kCommitted;
  for (Partition* p : behind) {
    if (committed) {
      p->state = std::move(p->work.next());
      p->restart_offset = std::max(p->restart_offset, *p->restart_candidate);
      p->restart_behind = false;
    }
    p->restart_candidate.reset();
    p->work.Clear();
    if (!committed) continue;
    std::vector<store::Change> changes;
    changes.push_back(StateChange(*p));
    if (!p->store->Apply(std::move(changes), p->restart_offset)) p->store.reset();
  }
  RewindAllWithoutProducer();
}

// ---- opening

Status Shard::StartSome() {
  if (!transactor_.ready()) return Ok();
  std::size_t left = config_.starts_per_step;
  for (auto& [index, p] : partitions_) {
    if (p->phase != Phase::kOpening || !p->backoff.Ready(clock_)) continue;
    if (left-- == 0) break;
    if (auto opened = Open(*p); !opened) TB_RETURN_IF_ERROR(Handle(*p, opened.error()));
  }
  return Ok();
}

// Steps 2 to 4 of the start, in the order that shard.h gives reasons for.
Status Shard::Open(Partition& p) {
  TB_ASSIGN_OR_RETURN(const auto committed, consumer_->Committed(p.inputs));
  p.group.clear();
  for (const auto& input : p.inputs) {
    const auto it = committed.find(input);
    p.group.push_back(it == committed.end() ? std::nullopt : it->second);
  }
  TB_ASSIGN_OR_RETURN(
      const auto changelog,
      restorer_.Offsets(p.changelog, /*read_committed=*/Planted(Bug::kRestoreToLastStable)));
  // After a commit of unknown outcome the store is still here, and whole up to restart_offset.
  if (p.store && (p.restart_offset < changelog.begin || p.restart_offset > changelog.end))
    p.store.reset();
  const bool kept = p.store != nullptr;
  if (!kept) TB_RETURN_IF_ERROR(OpenStore(p, changelog));
  p.replay_begin = kept && Planted(Bug::kTailNotReadBack) ? changelog.end : p.restart_offset;
  p.replay_end = changelog.end;
  p.phase = Phase::kRestoring;
  restorer_.Add(p);
  return Ok();
}

Status Shard::OpenStore(Partition& p, const log::Consumer::Range& changelog) {
  std::string_view problem;
  auto opened = stores_.Open(p.index);
  if (opened) {
    p.store = std::move(opened).value();
    problem = MarkerProblem(p, changelog);
    if (problem.empty()) {
      p.restart_offset = p.store->FlushedMarker()->changelog_offset;
      return Ok();
    }
  } else if (opened.error().disposition == Disposition::kRebuild) {
    problem = opened.error().code;
  } else {
    return std::move(opened).error();
  }
  TB_RETURN_IF_ERROR(WipeStore(p, problem));
  TB_ASSIGN_OR_RETURN(p.store, stores_.Open(p.index));
  p.restart_offset = Planted(Bug::kWipedNotRestored) ? changelog.end : changelog.begin;
  return Ok();
}

std::string_view Shard::MarkerProblem(const Partition& p,
                                      const log::Consumer::Range& changelog) const {
  const auto marker = p.store->FlushedMarker();
  // A kill in the very first flush leaves documents without a marker: of unknown age, so not
  // usable.
  if (!marker) return "store_new";
  if (marker->changelog_offset < changelog.begin) return "marker_below_log";
  if (marker->changelog_offset > changelog.end) return "marker_beyond_log";
  if (marker->changelog_offset == changelog.end)
    return {};  // nothing was written since, at whatever age
  const std::int64_t age_ms = clock_.NowMs() - marker->flushed_at_ms;
  return age_ms > config_.changelog_delete_retention.count() / 2 ? "marker_too_old"
                                                                 : std::string_view();
}

Status Shard::WipeStore(Partition& p, std::string_view why) {
  p.store.reset();
  TB_RETURN_IF_ERROR(stores_.Wipe(p.index));
  if (why == "store_new") return Ok();
  events_.OnStoreWiped(p.index, why);
  Notice(Severity::kWarn, why, &p, "The store is wiped and restored from the changelog.");
  return Ok();
}

// ---- restoring

Status Shard::RestoreSome() {
  if (restorer_.idle() || !reader_.Ready(clock_)) return Ok();
  heartbeat_.Enter(Doing::kRestoring);
  std::vector<Restorer::Outcome> done;
  const Status stepped = restorer_.Step(done);
  for (auto& [p, restored] : done) {
    const bool whole = restored.has_value();
    Status status = whole ? Start(*p) : std::move(restored);
    if (status) continue;
    Reopen(*p);
    // A piece of it wasn't applied: the next try opens it anew, from its marker.
    if (!whole) p->store.reset();
    TB_RETURN_IF_ERROR(Handle(*p, status.error()));
  }
  if (stepped) {
    reader_.Reset();
    return Ok();
  }
  reader_.Fail(config_, clock_, random_);
  const Error& error = stepped.error();
  if (error.disposition == Disposition::kFatal && reader_.failures() > config_.client_failures_max)
    return error;
  Notice(Severity::kWarn, error.code, nullptr,
         "Reading the changelog failed and goes on: " + error.message);
  return Ok();
}

// Steps 5 and 6: the store is whole. May this partition run, and from where?
Status Shard::Start(Partition& p) {
  p.restart_offset = std::max(p.restart_offset, p.replay_position);
  p.restart_candidate.reset();
  p.restart_behind = false;
  TB_ASSIGN_OR_RETURN(const store::Document* document, p.store->Get(kStateKey));
  p.state = NewState(topics_);
  if (document) {
    TB_ASSIGN_OR_RETURN(p.state, ParseState(document->bytes, topics_, names_));
  }
  TB_RETURN_IF_ERROR(CrossCheck(p));
  SettleUncertain(p);
  p.phase = Phase::kRunning;
  p.backoff.Reset();
  p.started_ms = std::max(p.state.now_ms, clock_.NowMs());
  p.started = true;
  processor_.OnPartitionStarted(p.index);
  events_.OnPartitionRunning(p.index, clock_.Mono() - p.assigned_at);
  for (std::size_t i = 0; i < p.state.tallies.size(); ++i) {
    events_.OnTotal(p.index, names_[i], p.state.tallies[i]);
  }
  return Ok();
}

Status Shard::CrossCheck(Partition& p) {
  for (std::size_t i = 0; i < p.inputs.size(); ++i) {
    const auto& group = p.group[i];
    if (Planted(Bug::kGroupIsTheAuthority))
      p.state.positions[i] = group ? group->next_offset : kNoPosition;
    const std::int64_t state = p.state.positions[i];
    if (group && group->next_offset > state) {
      return FatalError(
          errors::kStateAhead,
          "the group " + config_.group() + " has committed offset " +
              std::to_string(group->next_offset) + " of " + topics_[i] +
              ", but the changelog knows of " +
              (state == kNoPosition ? std::string("none") : std::to_string(state)) +
              ": another program used this group, or the changelog lost its end. Nothing is "
              "decided "
              "on half a memory: restore the changelog topic, or reset the group's offset");
    }
    if (state != kNoPosition && (!group || group->next_offset < state)) {
      Notice(Severity::kWarn, "group_behind_state", &p,
             "The group's offset of " + topics_[i] + " is " +
                 (group ? std::to_string(group->next_offset) : std::string("missing")) +
                 "; going on from the changelog's, " + std::to_string(state));
    }
    TB_RETURN_IF_ERROR(CheckPosition(p, i));
  }
  return Ok();
}

// Is the position still (and already) in the log?
Status Shard::CheckPosition(Partition& p, std::size_t input) {
  std::int64_t& position = p.state.positions[input];
  TB_ASSIGN_OR_RETURN(const auto range,
                      consumer_->Offsets(p.inputs[input], /*read_committed=*/false));
  if (position == kNoPosition) {
    position = range.begin;
    return Ok();
  }
  const std::string where = topics_[input] + "-" + std::to_string(p.index);
  if (position > range.end) {
    return FatalError(errors::kStateAhead,
                      where + " ends at " + std::to_string(range.end) + ", but " +
                          std::to_string(position) +
                          " records of it are decided: the topic was made anew or has lost its "
                          "end; restore it, or start with a new group and changelog");
  }
  if (position >= range.begin) return Ok();
  const std::string lost = where + " begins at " + std::to_string(range.begin) +
                           ", but it was read up to " + std::to_string(position) +
                           " only: " + std::to_string(range.begin - position) +
                           " records were deleted unread";
  if (!config_.accept_lost_records) {
    return FatalError(
        errors::kRecordsLost,
        lost +
            "; set accept_lost_records to go on without them, and give the topic more retention");
  }
  Notice(Severity::kError, errors::kRecordsLost, &p, lost + "; going on without them");
  position = range.begin;
  return Ok();
}

// Did the transaction count whose commit nobody could confirm? Its local events come again if not.
void Shard::SettleUncertain(Partition& p) {
  if (!p.uncertain) return;
  const bool committed = p.state.transactions >= *p.uncertain;
  if (committed)
    p.local.erase(p.local.begin(), p.local.begin() + static_cast<std::ptrdiff_t>(p.local_in_batch));
  p.local_in_batch = 0;
  p.uncertain.reset();
  Notice(Severity::kInfo, "outcome_known", &p,
         committed ? "The transaction of unknown outcome has committed."
                   : "The transaction of unknown outcome was aborted and runs again.");
}

// ---- going back

void Shard::StopProcessor(Partition& p) {
  if (!p.started) return;
  p.started = false;
  processor_.OnPartitionStopped(p.index);
  events_.OnPartitionStopped(p.index);
}

void Shard::Reopen(Partition& p) {
  PauseInputs(p);
  restorer_.Remove(p);
  StopProcessor(p);
  p.records.clear();
  p.phase = Phase::kOpening;
}

Status Shard::Rebuild(Partition& p, const Error& error) {
  p.rebuilds = p.rebuilt_at == p.state.positions ? p.rebuilds + 1 : 1;
  p.rebuilt_at = p.state.positions;
  if (p.rebuilds > config_.rebuilds_max) {
    Halt(p, Error{Disposition::kFatal, errors::kRebuildLoop,
                  "rebuilt " + std::to_string(config_.rebuilds_max) +
                      " times at the same place, and it fails again (" + error.code +
                      "): " + error.message});
    return Ok();
  }
  Reopen(p);
  BackOff(p);
  Notice(Severity::kWarn, error.code, &p, "Local state is suspect: " + error.message);
  return WipeStore(p, error.code);
}

void Shard::Halt(Partition& p, const Error& error) {
  PauseInputs(p);
  restorer_.Remove(p);
  StopProcessor(p);
  DropLocal(p);
  p.records.clear();
  p.phase = Phase::kHalted;
  p.halted_by = error.code;
  p.store.reset();  // not flushed: its marker stands
  events_.OnPartitionHalted(p.index, error.code);
  Notice(
      Severity::kError, error.code, &p,
      "This partition stands still, the others run on. It is tried again at the next assignment: " +
          error.message);
}

void Shard::DropLocal(Partition& p) {
  if (!p.local.empty()) events_.OnLocalEventsDropped(p.index, p.local.size());
  p.local.clear();
  p.local_in_batch = 0;
  p.uncertain.reset();
}

store::Change Shard::StateChange(const Partition& p) {
  scratch_.clear();
  AppendState(p.state, topics_, names_, scratch_);
  return {std::string(kStateKey), store::Document{scratch_, store::kNeverDue}};
}

Status Shard::FlushWithState(Partition& p) {
  std::vector<store::Change> changes;
  changes.push_back(StateChange(p));
  TB_RETURN_IF_ERROR(p.store->Apply(std::move(changes), p.restart_offset));
  return p.store->Flush();
}

}  // namespace textback::shard
