#include "pipeline/metrics.h"

#include <algorithm>
#include <cctype>

namespace textback::pipeline {
namespace {

double Seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

// "VERDICT_NO_ANSWER" -> "no_answer"
std::string Word(std::string_view name, std::string_view prefix) {
  std::string word(name.substr(prefix.size()));
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return word;
}

std::string_view WordOf(policy::RecordClass record_class) {
  switch (record_class) {
    case policy::RecordClass::kNone:
      return "none";
    case policy::RecordClass::kOpened:
      return "opened";
    case policy::RecordClass::kMerged:
      return "merged";
    case policy::RecordClass::kDuplicate:
      return "duplicate";
    case policy::RecordClass::kLate:
      return "late";
    case policy::RecordClass::kRedelivered:
      return "redelivered";
    case policy::RecordClass::kDeadLetter:
      return "deadletter";
  }
  TB_UNREACHABLE();
}

}  // namespace

struct ShardMetrics::Handles {
  Handles(telemetry::Registry& r, const telemetry::Labels& role)
      : records(r.GetCounter("textback_shard_records_total", "Records in committed transactions.",
                             role)),
        timers(r.GetCounter("textback_shard_timers_total",
                            "Timers fired in committed transactions.", role)),
        outputs(r.GetCounter("textback_shard_outputs_total",
                             "Records written in committed transactions.", role)),
        documents(r.GetCounter("textback_shard_documents_total",
                               "Documents written in committed transactions.", role)),
        dead_letters(r.GetCounter("textback_shard_dead_letters_total",
                                  "Records parked in the dead letters.", role)),
        local_dropped(r.GetCounter("textback_shard_local_events_dropped_total",
                                   "Outcomes whose partition had gone.", role)),
        committed(r.GetCounter("textback_shard_transactions_total",
                               "Transactions by how they ended.",
                               {{"role", role[0].second}, {"end", "committed"}})),
        aborted(r.GetCounter("textback_shard_transactions_total", "Transactions by how they ended.",
                             {{"role", role[0].second}, {"end", "aborted"}})),
        unknown(r.GetCounter("textback_shard_transactions_total", "Transactions by how they ended.",
                             {{"role", role[0].second}, {"end", "unknown"}})),
        fenced(r.GetCounter("textback_shard_transactions_total", "Transactions by how they ended.",
                            {{"role", role[0].second}, {"end", "fenced"}})),
        stores_wiped(r.GetCounter("textback_store_wipes_total",
                                  "Stores wiped and restored from the changelog.", role)),
        lag(r.GetGauge("textback_shard_lag_records",
                       "Records in the log that are not consumed yet.", role)),
        record_age(r.GetGauge("textback_shard_record_age_seconds",
                              "Age of the oldest record of the last transaction, when it ended.",
                              role)),
        running(r.GetGauge("textback_shard_partitions_running", "Partitions at work.", role)),
        halted(r.GetGauge("textback_shard_partitions_halted",
                          "Partitions that stand still until someone acts.", role)),
        restoring(r.GetGauge("textback_store_restore_pending_records",
                             "Changelog records still to be replayed.", role)),
        timers_held(r.GetGauge("textback_shard_timers_held_seconds",
                               "How far due timers are ahead of the inputs that they wait for.",
                               role)),
        commit_seconds(r.GetHistogram("textback_shard_commit_seconds",
                                      "From begin to the end of a transaction.",
                                      telemetry::LatencyBuckets(), role)),
        restore_seconds(r.GetHistogram("textback_store_restore_seconds",
                                       "From a partition's assignment until it runs.",
                                       {0.01, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300}, role)),
        commit_batch(commit_seconds),
        restore_batch(restore_seconds) {}

  telemetry::Counter &records, &timers, &outputs, &documents, &dead_letters, &local_dropped;
  telemetry::Counter &committed, &aborted, &unknown, &fenced, &stores_wiped;
  telemetry::Gauge &lag, &record_age, &running, &halted, &restoring, &timers_held;
  telemetry::Histogram &commit_seconds, &restore_seconds;
  telemetry::HistogramBatch commit_batch, restore_batch;
};

ShardMetrics::ShardMetrics(telemetry::Registry& registry, telemetry::Log& log,
                           std::string_view role, const std::vector<std::string>& inputs)
    : registry_(registry),
      log_(log),
      role_(role),
      inputs_(inputs),
      handles_(std::make_unique<Handles>(registry, telemetry::Labels{{"role", role}})) {}

ShardMetrics::~ShardMetrics() {
  for (const auto& [where, records] : lag_) handles_->lag.Add(-static_cast<double>(records));
  for (const auto& [partition, records] : to_restore_)
    handles_->restoring.Add(-static_cast<double>(records));
  for (const auto& [partition, runs] : running_)
    (runs ? handles_->running : handles_->halted).Add(-1);
}

void ShardMetrics::OnCommitted(const shard::BatchFigures& figures) {
  handles_->committed.Add();
  handles_->records.Add(figures.records);
  handles_->timers.Add(figures.timers);
  handles_->outputs.Add(figures.outputs);
  handles_->documents.Add(figures.documents);
  handles_->dead_letters.Add(figures.dead_letters);
  if (figures.records > 0)
    handles_->record_age.Set(static_cast<double>(figures.record_age_ms) / 1000);
  handles_->commit_batch.Observe(Seconds(figures.commit_time));
  handles_->commit_batch.Publish();
}

void ShardMetrics::OnTally(std::string_view name, std::int64_t delta) {
  // A count taken back (an UNKNOWN that turned out to be sent) has its own name, e.g. job_proven.
  if (delta < 0) return;
  auto it = tallies_.find(name);
  if (it == tallies_.end()) {
    std::string what(name);
    std::replace(what.begin(), what.end(), '.', '_');
    it = tallies_
             .emplace(name, &registry_.GetCounter(
                                "textback_shard_tallies_total",
                                "What committed transactions counted; see docs/metrics.md.",
                                {{"role", role_}, {"what", what}}))
             .first;
  }
  it->second->Add(static_cast<std::uint64_t>(delta));
}

namespace {

// What a text's tally does to the number of texts that wait for an end; 0: it is no such tally.
int OutboxSign(std::string_view name) {
  if (name == "job_text") return 1;
  for (const char* end :
       {"job_sent", "job_unknown", "job_expired", "job_rejected", "job_cancelled", "job_blocked"}) {
    if (name == end) return -1;
  }
  return 0;
}

}  // namespace

DispatchMetrics::DispatchMetrics(telemetry::Registry& registry, telemetry::Log& log,
                                 const std::vector<std::string>& inputs)
    : ShardMetrics(registry, log, "dispatch", inputs),
      outbox_(registry.GetGauge("textback_dispatch_outbox_texts",
                                "Texts that wait for their time, their turn or an outcome.")),
      response_(registry.GetHistogram("textback_dispatch_response_seconds",
                                      "From a submit_sm on the wire to its answer.",
                                      telemetry::LatencyBuckets())),
      waited_(registry.GetHistogram("textback_dispatch_submit_seconds",
                                    "From a text's job, or when it was due, to the wire.",
                                    telemetry::LatencyBuckets())) {}

DispatchMetrics::~DispatchMetrics() {
  while (!totals_.empty()) DispatchMetrics::OnPartitionStopped(totals_.begin()->first);
}

void DispatchMetrics::OnTotal(std::int32_t partition, std::string_view name, std::int64_t total) {
  const int sign = OutboxSign(name);
  if (sign == 0) return;
  auto& totals = totals_[partition];
  auto it = totals.find(name);
  if (it == totals.end()) it = totals.emplace(name, 0).first;
  outbox_.Add(static_cast<double>(sign * (total - it->second)));
  it->second = total;
}

void DispatchMetrics::OnPartitionStopped(std::int32_t partition) {
  ShardMetrics::OnPartitionStopped(partition);
  const auto gone = totals_.find(partition);
  if (gone == totals_.end()) return;
  for (const auto& [name, total] : gone->second) {
    outbox_.Add(static_cast<double>(-OutboxSign(name) * total));
  }
  totals_.erase(gone);
}

void DispatchMetrics::OnAccepted(std::int64_t response_ms, std::int64_t waited_ms) {
  response_.Observe(static_cast<double>(response_ms) / 1000);
  waited_.Observe(static_cast<double>(std::max<std::int64_t>(0, waited_ms)) / 1000);
}

void DispatchMetrics::OnBatchStart() {
  response_.Publish();
  waited_.Publish();
}

void ShardMetrics::OnAborted(const shard::BatchFigures& /*figures*/, std::string_view why) {
  handles_->aborted.Add();
  log_.Warn("transaction aborted, it runs again", {{"role", role_}, {"why", why}});
}

void ShardMetrics::OnUnknown(const shard::BatchFigures& /*figures*/) {
  handles_->unknown.Add();
  log_.Warn("commit of unknown outcome, its partitions are read again from the changelog",
            {{"role", role_}});
}

void ShardMetrics::OnFenced() {
  handles_->fenced.Add();
  log_.Warn("fenced: another process runs these partitions now", {{"role", role_}});
}

void ShardMetrics::OnLag(std::size_t input, std::int32_t partition, std::int64_t records) {
  std::int64_t& last = lag_[{input, partition}];
  handles_->lag.Add(static_cast<double>(records - last));
  last = records;
}

void ShardMetrics::OnTimersHeld(std::int32_t /*partition*/, std::int64_t due_ms,
                                std::int64_t up_to_ms, std::string_view /*held_by*/) {
  if (up_to_ms == shard::kNothingForgotten) return;  // nothing was read yet: nobody knows how far
  handles_->timers_held.Set(std::max(0.0, static_cast<double>(due_ms - up_to_ms) / 1000));
}

void ShardMetrics::OnRestoreProgress(std::int32_t partition, std::int64_t done,
                                     std::int64_t total) {
  std::int64_t& last = to_restore_[partition];
  const std::int64_t left = std::max<std::int64_t>(0, total - done);
  handles_->restoring.Add(static_cast<double>(left - last));
  last = left;
}

void ShardMetrics::OnPartitionRunning(std::int32_t partition,
                                      std::chrono::nanoseconds since_assigned) {
  ShardMetrics::OnPartitionStopped(partition);
  running_[partition] = true;
  handles_->running.Add(1);
  handles_->restore_batch.Observe(Seconds(since_assigned));
  handles_->restore_batch.Publish();
}

void ShardMetrics::OnPartitionStopped(std::int32_t partition) {
  if (const auto it = running_.find(partition); it != running_.end()) {
    (it->second ? handles_->running : handles_->halted).Add(-1);
    running_.erase(it);
  }
  for (std::size_t input = 0; input < inputs_.size(); ++input) {
    if (const auto it = lag_.find({input, partition}); it != lag_.end()) {
      handles_->lag.Add(-static_cast<double>(it->second));
      lag_.erase(it);
    }
  }
  if (const auto it = to_restore_.find(partition); it != to_restore_.end()) {
    handles_->restoring.Add(-static_cast<double>(it->second));
    to_restore_.erase(it);
  }
}

void ShardMetrics::OnPartitionHalted(std::int32_t partition, std::string_view why) {
  ShardMetrics::OnPartitionStopped(partition);
  running_[partition] = false;
  handles_->halted.Add(1);
  log_.Error("partition halted, the others run on",
             {{"role", role_}, {"partition", partition}, {"why", why}});
}

void ShardMetrics::OnStoreWiped(std::int32_t partition, std::string_view why) {
  handles_->stores_wiped.Add();
  log_.Warn("store wiped, it is restored from the changelog",
            {{"role", role_}, {"partition", partition}, {"why", why}});
}

void ShardMetrics::OnLocalEventsDropped(std::int32_t /*partition*/, std::size_t count) {
  handles_->local_dropped.Add(count);
}

void ShardMetrics::OnNotice(shard::Severity severity, std::string_view code,
                            const std::string& text) {
  const std::string sentence = role_ + ": " + std::string(code);
  switch (severity) {
    case shard::Severity::kInfo:
      return log_.Info(sentence, {{"detail", text}});
    case shard::Severity::kWarn:
      return log_.Warn(sentence, {{"detail", text}});
    case shard::Severity::kError:
      return log_.Error(sentence, {{"detail", text}});
  }
}

DecideMetrics::DecideMetrics(telemetry::Registry& registry)
    : registry_(registry),
      amendments_(registry.GetCounter("textback_decide_amendments_total",
                                      "Decisions that a later record amended.")),
      false_texts_(registry.GetCounter("textback_decide_false_texts_total",
                                       "Texts asked for a call that was answered after all.")),
      jobs_(registry.GetCounter("textback_decide_jobs_total",
                                "Jobs for the dispatcher, of all kinds.")),
      callbacks_(registry.GetCounter("textback_decide_callbacks_total",
                                     "Missed calls offered to be called back, since no text goes "
                                     "or went through.")) {
  for (int value = 0; value <= v1::Verdict_MAX; ++value) {
    verdicts_.push_back(&registry.GetCounter(
        "textback_decide_decisions_total", "Decisions by verdict.",
        {{"verdict", Word(v1::Verdict_Name(static_cast<v1::Verdict>(value)), "VERDICT_")}}));
  }
  for (int value = 0; value <= v1::Reason_MAX; ++value) {
    if (!v1::Reason_IsValid(value)) {  // a gap in the numbers
      reasons_.push_back(nullptr);
      continue;
    }
    const std::string word =
        value == 0 ? "none" : Word(v1::Reason_Name(static_cast<v1::Reason>(value)), "REASON_");
    reasons_.push_back(
        &registry.GetCounter("textback_decide_reasons_total",
                             "Decisions by the reason why no text goes out; none: a text goes out.",
                             {{"reason", word}}));
  }
}

void DecideMetrics::OnRecordClass(std::string_view source, policy::RecordClass record_class) {
  const std::string_view word = WordOf(record_class);
  std::string key(source);
  key += '|';
  key += word;
  auto it = classes_.find(key);
  if (it == classes_.end()) {
    it = classes_
             .emplace(std::move(key), &registry_.GetCounter("textback_decide_records_total",
                                                            "Call records by source and class.",
                                                            {{"source", source}, {"class", word}}))
             .first;
  }
  it->second->Add();
}

void DecideMetrics::OnDecision(const v1::Decision& decision) {
  verdicts_.at(static_cast<std::size_t>(decision.verdict()))->Add();
  reasons_.at(static_cast<std::size_t>(decision.reason()))->Add();
}

void DecideMetrics::OnAmendment(const v1::Amendment& amendment) {
  amendments_.Add();
  if (amendment.false_text()) false_texts_.Add();
}

void DecideMetrics::OnJob(const v1::Job& /*job*/) { jobs_.Add(); }

void DecideMetrics::OnCallback(const v1::Callback& /*callback*/) { callbacks_.Add(); }

}  // namespace textback::pipeline
