// Tenants as decide uses them: checked, defaulted, compiled; and all of them at one version.
//
// A Snapshot is immutable and shared: SnapshotBuilder (one thread) takes updates from the tenants
// topic and makes snapshots; each shard swaps its shared_ptr between batches, so that a batch sees
// one policy. A tenant that doesn't pass ValidateTenant is kept as inactive under the version that
// said so: what a restart would read from the compacted topic, so that decisions don't depend on
// when a process started. Nobody is texted under a policy that nobody checked.
//
// Which line belongs to which tenant is intake's question (its line table); a Tenant knows its own
// lines, for the gate own_line and for the merge field {line_name}.
//
// Threads: Tenant and Snapshot: immutable, any. SnapshotBuilder: one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/msisdn.h"
#include "base/result.h"
#include "cdr/number_table.h"
#include "policy/limits.h"
#include "text/keywords.h"
#include "text/text_template.h"
#include "textback/v1/inbound_message.pb.h"
#include "textback/v1/tenant.pb.h"

namespace textback::policy {

struct Problem {
  std::string field;    // "lines[2].msisdn"
  std::string message;  // what it is, and what was expected
};

// Empty: the tenant can be served. `horizon_ms` is Limits.horizon_ms.
std::vector<Problem> ValidateTenant(const v1::Tenant& tenant,
                                    std::int64_t horizon_ms = Limits{}.horizon_ms);

class Tenant {
 public:
  // Always succeeds; a tenant with problems comes out inactive.
  static std::shared_ptr<const Tenant> Compile(const v1::Tenant& tenant, std::int64_t version,
                                               const std::vector<Problem>& problems);

  const std::string& id() const { return id_; }
  std::int64_t version() const { return version_; }  // its offset in the tenants topic
  bool active() const { return active_; }
  const v1::Address& sender() const { return sender_; }
  const std::string& template_name() const { return template_name_; }
  std::int64_t min_ring_ms() const { return min_ring_ms_; }
  std::int64_t max_age_ms() const { return max_age_ms_; }
  std::int64_t text_ttl_ms() const { return text_ttl_ms_; }
  std::int64_t delay_ms() const { return delay_ms_; }
  const v1::TextLimit& limit_pair() const { return limit_pair_; }
  const v1::TextLimit& limit_customer() const { return limit_customer_; }
  std::uint32_t priority() const { return priority_; }
  v1::Job::UnknownPolicy unknown_policy() const { return unknown_policy_; }
  // What a STOP to this tenant blocks.
  const v1::Scope& opt_out_scope() const { return opt_out_scope_; }

  bool Texts(v1::Verdict verdict) const {
    return verdict >= 0 && verdict < 64 && (text_verdicts_ >> verdict & 1U) != 0;
  }
  bool ivr_counts_as_missed() const { return ivr_counts_as_missed_; }
  bool HasLine(std::uint64_t msisdn_bits) const { return FindLine(msisdn_bits) != nullptr; }

  // The tenant's own lists, and where it texts to.
  bool Blocks(Msisdn caller) const { return callers_.Find(caller) == kBlockedCaller; }
  bool Knows(Msisdn caller) const { return callers_.Find(caller) == kKnownCaller; }
  bool MayText(Msisdn customer) const {
    return text_prefixes_.empty() || text_prefixes_.Find(customer) != 0;
  }
  // Score from which a caller is a nuisance; 0: nobody is.
  std::uint32_t nuisance() const { return nuisance_; }

  // The first text for a call to `line`.
  Result<std::string> RenderFirstText(std::uint64_t line_bits) const;
  Result<std::string> RenderReply(v1::TextJob::Purpose purpose) const;
  // STOP, START, HELP in the built-in words and the tenant's own.
  text::Keyword MatchKeyword(std::string_view message) const {
    return text::MatchKeyword(message, &keywords_);
  }

 private:
  struct OwnLine {
    std::uint64_t bits = 0;
    std::string name;
  };
  static constexpr cdr::NumberTable::Value kBlockedCaller = 1;
  static constexpr cdr::NumberTable::Value kKnownCaller = 2;

  const OwnLine* FindLine(std::uint64_t bits) const;
  void CompileCallers(const v1::Tenant& tenant);
  void CompileLimits(const v1::Tenant& tenant);
  Result<std::string> Render(const std::optional<text::TextTemplate>& which,
                             std::string_view line_name) const;

  std::string id_;
  std::int64_t version_ = 0;
  bool active_ = false;
  std::string business_;
  std::string contact_;
  v1::Address sender_;
  std::string template_name_;
  std::optional<text::TextTemplate> first_text_;
  std::optional<text::TextTemplate> stop_reply_;
  std::optional<text::TextTemplate> start_reply_;
  std::optional<text::TextTemplate> help_reply_;
  text::ExtraKeywords keywords_;
  std::uint64_t text_verdicts_ = 0;  // bit n: Verdict n
  bool ivr_counts_as_missed_ = false;
  std::int64_t min_ring_ms_ = 0;
  std::int64_t max_age_ms_ = 0;
  std::int64_t text_ttl_ms_ = 0;
  std::int64_t delay_ms_ = 0;
  v1::TextLimit limit_pair_;
  v1::TextLimit limit_customer_;
  std::uint32_t priority_ = 1;
  v1::Job::UnknownPolicy unknown_policy_ = v1::Job::UNKNOWN_POLICY_DROP;
  v1::Scope opt_out_scope_;
  std::vector<OwnLine> lines_;  // sorted by bits
  cdr::NumberTable callers_;
  cdr::NumberTable text_prefixes_;
  std::uint32_t nuisance_ = 0;
};

// Lets maps of strings be asked with views.
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
};

// Sender addresses as they are compared: digits without "+" for numbers, since networks write
// recipients either way; other addresses as they are.
std::string NormaliseAddress(std::string_view address);

class Snapshot {
 public:
  using Tenants =
      std::unordered_map<std::string, std::shared_ptr<const Tenant>, StringHash, std::equal_to<>>;

  // nullptr: no such tenant.
  const Tenant* Find(std::string_view tenant) const;
  // Those with this sender, in order of id. Empty: none.
  const std::vector<const Tenant*>& TenantsOfSender(std::string_view address) const;

  // Offset in the tenants topic of the last update in it; -1: none yet.
  std::int64_t version() const { return version_; }
  // The longest window of any tenant's limits: how long a text must be remembered.
  std::int64_t longest_window_ms() const { return longest_window_ms_; }
  std::size_t size() const { return tenants_.size(); }

 private:
  friend class SnapshotBuilder;
  std::int64_t version_ = -1;
  std::int64_t longest_window_ms_ = 0;
  Tenants tenants_;
  std::unordered_map<std::string, std::vector<const Tenant*>, StringHash, std::equal_to<>>
      by_sender_;
};

class SnapshotBuilder {
 public:
  explicit SnapshotBuilder(std::int64_t horizon_ms = Limits{}.horizon_ms)
      : horizon_ms_(horizon_ms) {}

  // What the tenants topic says at `offset`: nullopt removes the tenant. An offset that isn't
  // greater than the last changes nothing (a repeat). Returns what was wrong: then it is inactive.
  std::vector<Problem> Apply(std::string_view tenant_id, const std::optional<v1::Tenant>& tenant,
                             std::int64_t offset);

  // The same object until something changes. O(tenants) after a change: call once per batch of
  // updates, not per update.
  std::shared_ptr<const Snapshot> Build();

 private:
  std::int64_t horizon_ms_;
  Snapshot::Tenants tenants_;
  std::int64_t version_ = -1;
  std::shared_ptr<const Snapshot> built_;
};

// Where a shard gets its policy. Current() is called between batches on the shard's thread; it is
// nullptr until the tenants have been read up to the high watermark of the start.
class SnapshotSource {
 public:
  virtual ~SnapshotSource() = default;
  virtual std::shared_ptr<const Snapshot> Current() = 0;
};

}  // namespace textback::policy
