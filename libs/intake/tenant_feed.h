// Follows the tenants topic and keeps the line table that intake looks numbers up in.
//
// Nothing may be dropped as "no tenant's" before the tenants are known (exactly-once.md, document
// point 7): Lines() is null until then (table_feed.h). Readers take the newest table between
// batches. Its version is the offset up to which it has read.
//
// The table is a function of the topic's content alone, so that all instances agree however long
// they run. Hence:
// - a tenant whose newest record is no good is out, also if an older one was good;
// - of two tenants that claim a line, the one whose current record stands first in the topic has
//   it. The other is told (OnLineRefused) and goes without that line.
//
// Threads and errors: as TableFeed; Lines on any.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "intake/events.h"
#include "intake/line_table.h"
#include "intake/table_feed.h"
#include "textback/v1/tenant.pb.h"

namespace textback::intake {

// Where intake takes its line table from.
class LineSource {
 public:
  virtual ~LineSource() = default;
  // The newest table; null: not known yet.
  virtual std::shared_ptr<const LineTable> Lines() const = 0;
};

inline constexpr std::size_t kTenantsMax = 1'000'000;
inline constexpr std::size_t kLinesMax = 50'000'000;

class TenantFeed final : public TableFeed, public LineSource {
 public:
  // All arguments outlive the feed.
  TenantFeed(log::Log& log, Clock& clock, TableFeedConfig config, IntakeEvents& events);

  std::shared_ptr<const LineTable> Lines() const override;

 private:
  struct Claim {
    std::int64_t offset;  // of the tenant's current record
    std::vector<Msisdn> lines;
  };

  void Clear() override;
  void Apply(const log::Record& record) override;
  void Publish() override;
  void OnRetry(const Error& why, std::chrono::milliseconds wait) override {
    events_.OnRetry(why, wait);
  }

  IntakeEvents& events_;

  std::size_t lines_ = 0;
  std::unordered_map<std::string, Claim> claims_;

  mutable std::mutex mutex_;
  std::shared_ptr<const LineTable> table_;  // guarded by mutex_
};

// Whether intake can use a tenant: its id, and the form of its lines. (The policy in it is
// decide's.) kDeadLetter ("tenant_invalid"), with what is wrong.
Result<std::vector<Msisdn>> CheckTenant(std::string_view key, const v1::Tenant& tenant);

}  // namespace textback::intake
