#include "intake/line_table.h"

#include "base/assert.h"
#include "base/uint128.h"

namespace textback::intake {
namespace {

// MurmurHash3's finalizer: numbers of one range differ in a few low digits only.
std::uint64_t Mix(std::uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  return x ^ (x >> 33);
}

}  // namespace

LineTable::LineTable(std::vector<std::string> tenants,
                     const std::vector<std::pair<Msisdn, std::uint32_t>>& lines,
                     std::int64_t version)
    : tenants_(std::move(tenants)), size_(lines.size()), version_(version) {
  buckets_ = lines.size() * 100 / (78 * kBucket) + 1;
  keys_.resize(buckets_ * kBucket);
  owners_.resize(buckets_ * kBucket);
  for (const auto& [number, owner] : lines) {
    TB_ASSERT(!number.empty() && owner < tenants_.size());
    std::size_t at = BucketOf(number.bits()) * kBucket;
    while (keys_[at] != 0) {
      TB_ASSERT(keys_[at] != number.bits());
      at = at + 1 == keys_.size() ? 0 : at + 1;
    }
    keys_[at] = number.bits();
    owners_[at] = owner;
  }
}

std::size_t LineTable::BucketOf(std::uint64_t bits) const {
  return static_cast<std::size_t>((static_cast<Uint128>(Mix(bits)) * buckets_) >> 64);
}

std::string_view LineTable::TenantOf(Msisdn number) const {
  if (number.empty()) return {};
  const std::uint64_t bits = number.bits();
  // Ends: at most 78 % of the slots are taken, and there is at least one bucket.
  for (std::size_t at = BucketOf(bits) * kBucket; keys_[at] != 0;) {
    if (keys_[at] == bits) return tenants_[owners_[at]];
    at = at + 1 == keys_.size() ? 0 : at + 1;
  }
  return {};
}

}  // namespace textback::intake
