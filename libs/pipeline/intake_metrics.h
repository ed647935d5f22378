// What intake and its tenant feed tell, as metrics and log lines. One per intake thread.
#pragma once

#include <memory>

#include "intake/events.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace textback::pipeline {

class IntakeMetrics final : public intake::IntakeEvents {
 public:
  IntakeMetrics(telemetry::Registry& registry, telemetry::Log& log);
  ~IntakeMetrics() override;

  void OnLines(std::size_t tenants, std::size_t lines, std::int64_t version) override;
  void OnTenantRefused(std::string_view tenant, const Error& why) override;
  void OnLineRefused(std::string_view line, std::string_view tenant,
                     std::string_view owner) override;
  void OnBlocked(std::size_t entries, std::int64_t version) override;
  void OnBlockRefused(std::string_view number, const Error& why) override;
  void OnBatch(const intake::Tallies& delta, std::int64_t oldest_age_ms) override;
  void OnIdsMade(std::uint64_t count) override;
  void OnDeadLetter(std::string_view source, const Error& why) override;
  void OnRecordsExpired(const log::TopicPartition& partition, std::int64_t from,
                        std::int64_t to) override;
  void OnTalliesLost(const log::TopicPartition& partition) override;
  void OnRetry(const Error& why, std::chrono::milliseconds wait) override;
  void OnRewind(const Error& why) override;

 private:
  struct Handles;
  telemetry::Registry& registry_;
  telemetry::Log& log_;
  std::unique_ptr<Handles> handles_;
};

}  // namespace textback::pipeline
