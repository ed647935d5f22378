#include "pipeline/intake_metrics.h"

#include <algorithm>

namespace textback::pipeline {

struct IntakeMetrics::Handles {
  explicit Handles(telemetry::Registry& r)
      : messages(r.GetCounter("textback_intake_messages_total", "Messages read from the inputs.")),
        records(r.GetCounter("textback_intake_records_total", "Call records in them.")),
        not_tenant(r.GetCounter("textback_intake_sides_total", "Sides of records by class.",
                                {{"class", "not_tenant"}})),
        deadletter(r.GetCounter("textback_intake_sides_total", "Sides of records by class.",
                                {{"class", "deadletter"}})),
        handed_on(r.GetCounter("textback_intake_sides_total", "Sides of records by class.",
                               {{"class", "handed_on"}})),
        ids_made(
            r.GetCounter("textback_intake_ids_made_total", "Records without an id of their own.")),
        expired(r.GetCounter("textback_intake_records_expired_total",
                             "Records that the log dropped before they were read.")),
        retries(r.GetCounter("textback_intake_retries_total",
                             "Calls to the log that failed and were tried again.")),
        tenants_refused(
            r.GetCounter("textback_intake_tenants_refused_total", "Tenants that can't be used.")),
        lines_refused(
            r.GetCounter("textback_intake_lines_refused_total", "Lines that another tenant has.")),
        block_entries_refused(r.GetCounter("textback_intake_block_entries_refused_total",
                                           "Entries of block lists that can't be used.")),
        block_entries(r.GetGauge("textback_intake_block_entries",
                                 "Numbers and prefixes on the block lists.")),
        tenants(r.GetGauge("textback_intake_tenants", "Tenants known.")),
        lines(r.GetGauge("textback_intake_lines", "Lines known.")),
        record_age(r.GetGauge(
            "textback_intake_record_age_seconds",
            "Age of the oldest record of the last batch: now less when it was produced.")) {}
  telemetry::Counter &messages, &records, &not_tenant, &deadletter, &handed_on, &ids_made, &expired,
      &retries;
  telemetry::Counter &tenants_refused, &lines_refused, &block_entries_refused;
  telemetry::Gauge &block_entries, &tenants, &lines, &record_age;
};

IntakeMetrics::IntakeMetrics(telemetry::Registry& registry, telemetry::Log& log)
    : registry_(registry), log_(log), handles_(std::make_unique<Handles>(registry)) {}
IntakeMetrics::~IntakeMetrics() = default;

void IntakeMetrics::OnLines(std::size_t tenants, std::size_t lines, std::int64_t version) {
  handles_->tenants.Set(static_cast<double>(tenants));
  handles_->lines.Set(static_cast<double>(lines));
  log_.Info("line table made", {{"tenants", tenants}, {"lines", lines}, {"version", version}});
}

void IntakeMetrics::OnTenantRefused(std::string_view tenant, const Error& why) {
  handles_->tenants_refused.Add();
  log_.Error("tenant refused, its calls are nobody's", why, {{"tenant", tenant}});
}

void IntakeMetrics::OnLineRefused(std::string_view line, std::string_view tenant,
                                  std::string_view owner) {
  handles_->lines_refused.Add();
  log_.Error("line refused, another tenant has it",
             {{"line", line}, {"tenant", tenant}, {"owner", owner}});
}

void IntakeMetrics::OnBlocked(std::size_t entries, std::int64_t version) {
  handles_->block_entries.Set(static_cast<double>(entries));
  log_.Info("block list made", {{"entries", entries}, {"version", version}});
}

void IntakeMetrics::OnBlockRefused(std::string_view number, const Error& why) {
  handles_->block_entries_refused.Add();
  log_.Error("entry of a block list refused, it blocks nobody", why, {{"number", number}});
}

void IntakeMetrics::OnBatch(const intake::Tallies& delta, std::int64_t oldest_age_ms) {
  handles_->messages.Add(delta.messages);
  handles_->records.Add(delta.records);
  handles_->not_tenant.Add(delta.not_tenant);
  handles_->deadletter.Add(delta.deadletter);
  handles_->handed_on.Add(delta.handed_on);
  handles_->record_age.Set(std::max(0.0, static_cast<double>(oldest_age_ms) / 1000));
}

void IntakeMetrics::OnIdsMade(std::uint64_t count) { handles_->ids_made.Add(count); }

void IntakeMetrics::OnDeadLetter(std::string_view source, const Error& why) {
  registry_
      .GetCounter("textback_intake_dead_letters_total", "Records parked, by reason.",
                  {{"reason", why.code}})
      .Add();
  log_.Warn("record parked in the dead letters", why, {{"source", source}});
}

void IntakeMetrics::OnRecordsExpired(const log::TopicPartition& partition, std::int64_t from,
                                     std::int64_t to) {
  handles_->expired.Add(static_cast<std::uint64_t>(std::max<std::int64_t>(0, to - from)));
  log_.Error(
      "records were deleted by retention before they were read",
      {{"topic", partition.topic}, {"partition", partition.partition}, {"from", from}, {"to", to}});
}

void IntakeMetrics::OnTalliesLost(const log::TopicPartition& partition) {
  log_.Warn("the committed offset carries no counts, counting starts at zero",
            {{"topic", partition.topic}, {"partition", partition.partition}});
}

void IntakeMetrics::OnRetry(const Error& why, std::chrono::milliseconds wait) {
  handles_->retries.Add();
  log_.Warn("intake waits and tries again", why, {{"wait_ms", wait.count()}});
}

void IntakeMetrics::OnRewind(const Error& why) {
  handles_->retries.Add();
  log_.Warn("intake goes back to its committed offsets", why);
}

}  // namespace textback::pipeline
