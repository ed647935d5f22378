#include "shard/shard.h"

#include <algorithm>

#include "base/assert.h"
#include "log/errors.h"

namespace textback::shard {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

Shard::Shard(ShardConfig config, const ShardParts& parts)
    : config_(std::move(config)),
      log_(parts.log),
      stores_(parts.stores),
      processor_(parts.processor),
      events_(parts.events),
      clock_(parts.clock),
      local_(parts.local),
      random_(parts.seed),
      heartbeat_(parts.clock, parts.events),
      transactor_(parts.log, config_, names_, heartbeat_),
      restorer_(parts.log, config_, parts.events) {
  for (const auto& input : config_.inputs) topics_.push_back(input.topic);
}

Shard::~Shard() {
  abandoned_ = true;
  // Effects of a batch that never committed aren't anybody's.
  for (auto& [index, partition] : partitions_) partition->work.TakeEffects();
}

Status Shard::Step(milliseconds wait) {
  TB_ASSERT(!stopped_);
  heartbeat_.BeginTurn();
  if (heartbeat_.TakeRestart()) Restart();
  Status status = StepOnce(wait);
  if (status) {
    EndTurn();
  } else {
    for (auto& [index, partition] : partitions_) Drop(*partition);
    heartbeat_.Rest();
  }
  return status;
}

Status Shard::StepOnce(milliseconds wait) {
  TB_RETURN_IF_ERROR(EnsureClients());
  if (!consumer_) return Ok();
  TB_RETURN_IF_ERROR(StartSome());
  TB_RETURN_IF_ERROR(RestoreSome());
  ResumeReady();
  TB_RETURN_IF_ERROR(Poll(wait));
  if (!consumer_ || !transactor_.ready() || !BatchIsReady()) return Ok();
  TB_RETURN_IF_ERROR(RunBatch());
  return consumer_ ? Housekeep() : Ok();
}

milliseconds Shard::idle() const {
  if (consumer_) return milliseconds(0);
  return std::chrono::ceil<milliseconds>(clients_.Left(clock_));
}

Status Shard::CheckTopics() {
  TB_RETURN_IF_ERROR(Validate(config_));
  TB_ASSIGN_OR_RETURN(const std::int32_t partitions, log_.Partitions(config_.inputs[0].topic));
  std::vector<std::string> others(topics_.begin() + 1, topics_.end());
  others.push_back(config_.changelog_topic);
  for (const auto& topic : others) {
    TB_ASSIGN_OR_RETURN(const std::int32_t count, log_.Partitions(topic));
    if (count == partitions) continue;
    return FatalError(log::errors::kPartitionMismatch,
                      "topic " + topic + " has " + std::to_string(count) + " partitions, but " +
                          config_.inputs[0].topic + ", with which it is co-partitioned, has " +
                          std::to_string(partitions) + ": create it anew with as many");
  }
  return transactor_.CheckTopics(partitions);
}

// The producer first (stream point 5). Without one the consumer is still polled, or the group would
// take us for dead.
Status Shard::EnsureClients() {
  if (!clients_.Ready(clock_)) return Ok();
  if (!topics_checked_) {
    if (auto checked = CheckTopics(); !checked) {
      if (checked.error().disposition != Disposition::kRetry) return checked;
      return ClientFailed("topics", checked.error());
    }
    topics_checked_ = true;
  }
  if (auto ready = transactor_.Ensure(); !ready) return ClientFailed("producer", ready.error());
  if (consumer_) return Ok();
  log::ConsumerConfig consumer;
  consumer.group = config_.group();
  consumer.instance = config_.member();
  consumer.topics = topics_;
  consumer.session_timeout = config_.session_timeout;
  consumer.max_poll_interval = config_.max_poll_interval;
  auto made = log_.NewConsumer(consumer, *this);
  if (!made) return ClientFailed("consumer", made.error());
  consumer_ = std::move(made).value();
  return Ok();
}

// A client couldn't be made, or broke: it is made anew after a back-off. What can't be transient,
// and what fails over and over, ends the shard.
Status Shard::ClientFailed(std::string_view what, const Error& error) {
  clients_.Fail(config_, clock_, random_);
  log_away_ = true;
  const bool transient = error.disposition == Disposition::kRetry;
  if (!transient) ++client_failures_;
  const bool hopeless =
      error.code == log::errors::kTopicMissing || error.code == log::errors::kPartitionMismatch ||
      error.code == log::errors::kAuthentication || error.code == log::errors::kCorrupt;
  if (!transient && (hopeless || client_failures_ > config_.client_failures_max)) return error;
  Notice(Severity::kWarn, error.code, nullptr,
         "The " + std::string(what) + " failed and is made anew: " + error.message);
  return Ok();
}

// The group's generation is over, or our name or transactional id has a new owner: another process,
// or a broker that crashed has lost track. Both clients are made anew: the group then hands out
// what is really ours.
Status Shard::Fenced(const Error& why) {
  events_.OnFenced();
  Notice(Severity::kWarn, why.code, nullptr, "Fenced; all partitions are given up: " + why.message);
  LeaveGroup();
  ++fenced_;
  if (fences_.MayJoinAgain(clock_.Mono()) && fenced_ <= config_.client_failures_max) return Ok();
  return YieldError(
      errors::kFencedTooOften,
      "member " + config_.member() + " was fenced too often, " + std::to_string(fenced_) +
          " times since its last commit: another process runs under the same name, stop one of "
          "them");
}

// What a watchdog asks for: everything anew but the process.
void Shard::Restart() {
  if (!consumer_) return;  // about to be made anew in any case
  Notice(Severity::kWarn, errors::kWatchdog, nullptr,
         "The watchdog restarts the shard; all partitions are given up");
  LeaveGroup();
}

void Shard::LeaveGroup() {
  GiveUpAll();
  consumer_->Close();
  consumer_.reset();
  // Whoever held the name meanwhile can't commit any more once it is initialised again (step 1).
  transactor_.Destroy();
  clients_.Fail(config_, clock_, random_);
}

void Shard::ResumeReady() {
  if (!transactor_.ready()) return;
  for (auto& [index, p] : partitions_) {
    if (p->phase != Phase::kRunning || p->resumed || !p->backoff.Ready(clock_)) continue;
    p->resumed = true;
    PurgeGathered(index);
    for (std::size_t i = 0; i < p->inputs.size() && p->resumed; ++i) {
      p->progress[i].end.reset();
      if (consumer_->Resume(p->inputs[i], p->state.positions[i])) continue;
      p->resumed = false;
      BackOff(*p);
    }
  }
}

// Until when is there nothing to do but to wait for records?
milliseconds Shard::PollWait(milliseconds wait) {
  const auto at_most = [&](std::chrono::nanoseconds left) {
    wait = std::clamp(std::chrono::ceil<milliseconds>(left), milliseconds(0), wait);
  };
  if (!transactor_.ready()) {
    at_most(clients_.Left(clock_));
    return wait;
  }
  if (!restorer_.idle()) at_most(reader_.Left(clock_));
  if (gathered_used_ > 0) at_most(gathered_since_ + config_.gather_interval - clock_.Mono());
  for (const auto& [index, p] : partitions_) {
    if (p->phase == Phase::kOpening || (p->phase == Phase::kRunning && !p->resumed)) {
      at_most(p->backoff.Left(clock_));
    }
    if (p->phase != Phase::kRunning || !p->resumed) continue;
    if (!p->local.empty() || p->timers_left) at_most(milliseconds(0));
    const auto next_due = p->store->NextDue();
    if (!next_due || *next_due == kNeverDue) continue;
    const std::int64_t now_ms = std::max(p->state.now_ms, clock_.NowMs());
    // A due one that is held back is looked at again when more of the inputs may be known.
    at_most(*next_due > now_ms ? milliseconds(std::min<std::int64_t>(*next_due - now_ms, 3'600'000))
                               : config_.progress_interval);
  }
  return wait;
}

Status Shard::Poll(milliseconds wait) {
  DrainLocal();
  wait = PollWait(wait);
  if (gathered_used_ == gathered_.size()) gathered_.push_back(std::make_unique<log::Batch>());
  log::Batch& batch = *gathered_[gathered_used_];
  const log::PollLimits limits{config_.records_max - gathered_records_,
                               config_.bytes_max - gathered_bytes_};
  heartbeat_.Enter(restorer_.idle() ? Doing::kPolling : Doing::kRestoring);
  const Status polled = consumer_->Poll(batch, limits, wait);
  if (!polled) return HandlePollError(polled.error());
  if (batch.records.empty()) return Ok();
  if (gathered_used_ == 0) gathered_since_ = clock_.Mono();
  ++gathered_used_;
  gathered_records_ += batch.records.size();
  gathered_bytes_ += batch.bytes;
  return Ok();
}

Status Shard::HandlePollError(const Error& error) {
  switch (error.disposition) {
    case Disposition::kRetry:
      log_away_ = true;
      Notice(Severity::kWarn, error.code, nullptr, "Polling failed and goes on: " + error.message);
      return Ok();
    case Disposition::kRebuild:
      // Some position isn't in the log any more. Opening them anew finds out whose, and what it
      // means.
      Notice(Severity::kWarn, error.code, nullptr, "An input lost its place: " + error.message);
      ClearGathered();
      for (auto& [index, p] : partitions_) {
        if (p->phase == Phase::kRunning) Reopen(*p);
      }
      return Ok();
    case Disposition::kYield:
      return Fenced(error);
    case Disposition::kDeadLetter:
    case Disposition::kFatal:
      break;
  }
  GiveUpAll();
  consumer_.reset();
  return ClientFailed("consumer", error);
}

bool Shard::BatchIsReady() const {
  if (gathered_used_ == 0) return true;
  return gathered_records_ >= config_.records_max || gathered_bytes_ >= config_.bytes_max ||
         gathered_used_ >= config_.gather_polls_max ||
         clock_.Mono() - gathered_since_ >= config_.gather_interval;
}

void Shard::ClearGathered() {
  for (std::size_t i = 0; i < gathered_used_; ++i) gathered_[i]->Clear();
  gathered_used_ = 0;
  gathered_records_ = 0;
  gathered_bytes_ = 0;
  for (auto& [index, p] : partitions_) p->records.clear();
}

// Records polled before a rewind or a revocation will come again, here or elsewhere.
void Shard::PurgeGathered(std::int32_t partition) {
  for (std::size_t i = 0; i < gathered_used_; ++i) {
    auto& records = gathered_[i]->records;
    gathered_records_ -=
        std::erase_if(records, [&](const log::Record& r) { return r.partition == partition; });
  }
}

bool Shard::MetadataIsCurrent() const {
  const log::GroupMetadata now = consumer_->Metadata();
  return metadata_.valid() && now.valid() && now.group == metadata_.group &&
         now.member == metadata_.member && now.generation == metadata_.generation;
}

// What costs a call to the broker or a flush, and is needed seldom: one partition at a time.
Status Shard::Housekeep() {
  const auto parts = static_cast<std::int64_t>(std::max<std::size_t>(1, partitions_.size()));
  if (clock_.Mono() - housekept_ < config_.lag_interval / parts) return Ok();
  housekept_ = clock_.Mono();
  auto it = partitions_.lower_bound(housekeep_next_);
  if (it == partitions_.end()) it = partitions_.begin();
  if (it == partitions_.end()) return Ok();
  housekeep_next_ = it->first + 1;
  Partition& p = *it->second;
  if (p.phase != Phase::kRunning) return Ok();
  for (std::size_t i = 0; i < p.inputs.size(); ++i) {
    const auto range = consumer_->Offsets(p.inputs[i], /*read_committed=*/true);
    if (range)
      events_.OnLag(i, p.index, std::max<std::int64_t>(0, range->end - p.state.positions[i]));
  }
  // The store of a quiet partition would look too old one day, and be wiped.
  const auto marker = p.store->FlushedMarker();
  const std::int64_t age_ms = marker ? clock_.NowMs() - marker->flushed_at_ms : 0;
  if (age_ms < config_.changelog_delete_retention.count() / 8) return Ok();
  if (auto flushed = FlushWithState(p); !flushed) return Handle(p, flushed.error());
  return Ok();
}

void Shard::BackOff(Partition& p) {
  p.backoff.Fail(config_, clock_, random_);
  CountFailure(p);
}

void Shard::CountFailure(Partition& p) {
  p.failed_at = clock_.Mono();
  if (!p.failing_since) p.failing_since = p.failed_at;
}

// Tells the watchdog what this turn has seen.
void Shard::EndTurn() {
  const MonoTime now = clock_.Mono();
  std::optional<MonoTime> failing;
  std::optional<MonoTime> timers;
  const auto take_older = [](std::optional<MonoTime>& oldest, std::optional<MonoTime> other) {
    if (other && (!oldest || *other < *oldest)) oldest = other;
  };
  const bool log_away = std::exchange(log_away_, false);
  for (auto& [index, p] : partitions_) {
    // Who waits for the log is not failing.
    if (log_away) {
      p->failing_since.reset();
      p->timer_since.reset();
      continue;
    }
    WatchFailures(*p, now);
    WatchTimers(*p, now);
    take_older(failing, p->failing_since);
    take_older(timers, p->timer_since);
  }
  heartbeat_.EndTurn(failing, timers);
}

// One failure, then nothing to do: no commit will ever clear it. Work that fails over and over does
// so again within a back-off, a commit and an abort; twice that is allowed.
void Shard::WatchFailures(Partition& p, MonoTime now) const {
  const auto close = 2 * (config_.backoff_max + 2 * config_.call_timeout);
  if (p.phase == Phase::kHalted || now - p.failed_at > close) p.failing_since.reset();
}

void Shard::WatchTimers(Partition& p, MonoTime now) const {
  const bool waits = std::exchange(p.timers_wait, false);
  const bool runs = p.phase == Phase::kRunning && p.resumed;
  std::int64_t next_due = kNeverDue;
  if (const auto next = runs && !waits ? p.store->NextDue() : Result<std::int64_t>(kNeverDue); next)
    next_due = *next;
  if (next_due == kNeverDue || next_due > std::max(p.state.now_ms, clock_.NowMs())) {
    p.timer_since.reset();
  } else if (!p.timer_since || p.timer_due_ms != next_due) {
    p.timer_since = now;
    p.timer_due_ms = next_due;
  }
}

void Shard::Notice(Severity severity, std::string_view code, const Partition* partition,
                   std::string text) {
  text += " role=" + config_.role + " member=" + config_.member();
  if (partition) text += " partition=" + std::to_string(partition->index);
  events_.OnNotice(severity, code, text);
}

std::vector<Shard::PartitionStatus> Shard::partitions() const {
  std::vector<PartitionStatus> all;
  for (const auto& [index, p] : partitions_) {
    all.push_back({index, p->phase, p->halted_by, p->replay_position - p->replay_begin,
                   p->replay_end - p->replay_begin, p->local.size()});
  }
  return all;
}

void Shard::Stop() {
  if (stopped_) return;
  stopped_ = true;
  ClearGathered();
  if (consumer_) consumer_->Close();
  // A consumer that couldn't say goodbye leaves partitions here.
  GiveUpAll();
  consumer_.reset();
  transactor_.Destroy();
  heartbeat_.Rest();
}

}  // namespace textback::shard
