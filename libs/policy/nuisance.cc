#include "policy/nuisance.h"

#include <algorithm>
#include <array>

namespace textback::policy {
namespace {

using state::v1::Call;

constexpr std::size_t kManyLines = 20;

std::uint32_t PointsOfRing(std::int64_t ring_ms) {
  if (ring_ms < 2 * kSecondMs) return 40;
  return ring_ms < 6 * kSecondMs ? 20 : 0;
}

std::uint32_t PointsOfFanOut(std::size_t lines) {
  if (lines >= kManyLines) return 60;
  if (lines >= 10) return 40;
  return lines >= 5 ? 20 : 0;
}

bool IsInbound(const Call& call) {
  return call.verdict() != v1::VERDICT_OUTBOUND &&
         call.pending().side() != v1::Served::SIDE_ORIGINATING;
}

// Distinct lines called in the window that ends with `call`, which is decided by now; counting
// stops at kManyLines. Not those that wait: which of them are known already depends on how late the
// timers run.
std::size_t LinesCalled(const Document& document, const Call& call) {
  std::array<std::uint64_t, kManyLines> seen{};
  std::size_t lines = 0;
  for (const auto& other : document.calls()) {
    const std::int64_t before_ms = Minus(call.event_ms(), other.event_ms());
    if (before_ms < 0 || before_ms >= kFanOutWindowMs || !other.decided() || !IsInbound(other))
      continue;
    const auto end = seen.begin() + static_cast<std::ptrdiff_t>(lines);
    if (std::find(seen.begin(), end, other.parties()) != end) continue;
    seen[lines] = other.parties();
    if (++lines == kManyLines) break;
  }
  return lines;
}

class Signs {
 public:
  explicit Signs(v1::Decision& decision) : decision_(decision) {}
  void Add(const char* name, std::int64_t value, std::uint32_t points) {
    if (points == 0) return;
    auto& sign = *decision_.add_nuisance();
    sign.set_name(name);
    sign.set_value(value);
    sign.set_points(points);
    score_ += points;
  }
  std::uint32_t score() const { return std::min(score_, kNuisanceMax); }

 private:
  v1::Decision& decision_;
  std::uint32_t score_ = 0;
};

void AddAttestation(const state::v1::PendingCall& pending, Signs& signs) {
  switch (pending.attestation()) {
    case v1::ATTESTATION_B:
      signs.Add("attestation_b", 1, 5);
      break;
    case v1::ATTESTATION_C:
      signs.Add("attestation_c", 1, 20);
      break;
    default: {
      const bool nobody = pending.attestation() == v1::ATTESTATION_NONE ||
                          (pending.attestation() == v1::ATTESTATION_UNSPECIFIED &&
                           pending.verification() == v1::VERIFICATION_NONE);
      signs.Add("unsigned", 1, nobody ? 10 : 0);
    }
  }
  const bool failed = pending.verification() == v1::VERIFICATION_FAILED;
  signs.Add("verification_failed", 1, failed ? 40 : 0);
}

}  // namespace

std::uint32_t ScoreCaller(const Document& document, const Call& call, v1::Decision& decision) {
  const auto& pending = call.pending();
  Signs signs(decision);
  AddAttestation(pending, signs);
  signs.Add("spam_likelihood", pending.spam_likelihood(), pending.spam_likelihood() * 60 / 100);
  const bool gave_up =
      call.verdict() == v1::VERDICT_ABANDONED || call.verdict() == v1::VERDICT_SHORT_RING;
  if (gave_up && pending.ring_ms() > 0)
    signs.Add("short_ring", pending.ring_ms(), PointsOfRing(pending.ring_ms()));
  const std::size_t lines = LinesCalled(document, call);
  signs.Add("fan_out", static_cast<std::int64_t>(lines), PointsOfFanOut(lines));
  return signs.score();
}

bool IsKnownContact(const Document& document, const Tenant& tenant, Msisdn caller) {
  return tenant.Knows(caller) ||
         std::any_of(document.pairs().begin(), document.pairs().end(), [&](const auto& pair) {
           return pair.tenant() == tenant.id() && (pair.rung_ms() > 0 || pair.reply_ms() > 0);
         });
}

}  // namespace textback::policy
