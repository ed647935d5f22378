// Follows the tenants topic and keeps the line table that intake looks numbers up in.
//
// Nothing may be dropped as "no tenant's" before the tenants are known (exactly-once.md, document
// point 7): Lines() is null until the topic was read up to the end that it had at the start. From
// then on each change makes a new table, at most one per `rebuild_interval`; readers take the
// newest between batches. The table's version is the offset up to which it has read.
//
// The table is a function of the topic's content alone, so that all instances agree however long
// they run. Hence:
// - a tenant whose newest record is no good is out, also if an older one was good;
// - of two tenants that claim a line, the one whose current record stands first in the topic has
//   it. The other is told (OnLineRefused) and goes without that line.
//
//            ┌──────── offset_out_of_range: from the log's start, into a new map ────────┐
//   start ──▶ reading up to the end at start ──▶ following (Lines() not null) ───────────┘
//
// Threads: Step on one thread; Lines on any.
// Errors of Step: kRetry was handled (a later Step tries again); others: stop and say so.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "intake/events.h"
#include "intake/line_table.h"
#include "log/log.h"
#include "textback/v1/tenant.pb.h"

namespace textback::intake {

// Where intake takes its line table from.
class LineSource {
 public:
  virtual ~LineSource() = default;
  // The newest table; null: not known yet.
  virtual std::shared_ptr<const LineTable> Lines() const = 0;
};

struct TenantFeedConfig {
  std::string topic;  // of one partition
  std::chrono::milliseconds rebuild_interval{1'000};
  std::chrono::milliseconds backoff{1'000};
};

inline constexpr std::size_t kTenantsMax = 1'000'000;
inline constexpr std::size_t kLinesMax = 50'000'000;

class TenantFeed final : public LineSource {
 public:
  // All arguments outlive the feed.
  TenantFeed(log::Log& log, Clock& clock, TenantFeedConfig config, IntakeEvents& events);

  Status Step(std::chrono::milliseconds wait);
  std::shared_ptr<const LineTable> Lines() const override;

 private:
  struct Claim {
    std::int64_t offset;  // of the tenant's current record
    std::vector<Msisdn> lines;
  };

  Status Open();
  Status Read(std::chrono::milliseconds wait);
  void Apply(const log::Record& record);
  void Publish();
  Status Handle(Error error);

  log::Log& log_;
  Clock& clock_;
  const TenantFeedConfig config_;
  IntakeEvents& events_;

  std::unique_ptr<log::Reader> reader_;
  log::Batch batch_;
  std::int64_t target_ = 0;    // the end at the start
  std::int64_t position_ = 0;  // applied up to here
  bool caught_up_ = false;
  bool changed_ = false;
  std::size_t lines_ = 0;
  MonoTime rebuild_at_{};
  MonoTime retry_at_{};
  std::unordered_map<std::string, Claim> claims_;

  mutable std::mutex mutex_;
  std::shared_ptr<const LineTable> table_;  // guarded by mutex_
};

// Whether intake can use a tenant: its id, and the form of its lines. (The policy in it is
// decide's.) kDeadLetter ("tenant_invalid"), with what is wrong.
Result<std::vector<Msisdn>> CheckTenant(std::string_view key, const v1::Tenant& tenant);

}  // namespace textback::intake
