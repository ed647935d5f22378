// Ranks drawn by Zipf's law: P(k) ~ 1 / k^exponent, as few callers make most of the calls.
//
// Rejection inversion (Hörmann & Derflinger, "Rejection-inversion to generate variates from
// monotone discrete distributions", 1996): constant time and memory for any number of ranks.
//
// Thread safety: immutable; any.
#pragma once

#include <cstdint>

#include "base/random.h"

namespace textback::ops {

class Zipf {
 public:
  // exponent 0: uniform. ranks >= 1.
  Zipf(std::uint64_t ranks, double exponent);

  // In [0, ranks): 0 is drawn most.
  std::uint64_t Draw(Random& random) const;

 private:
  double Integral(double x) const;
  double InverseIntegral(double y) const;
  double Density(double x) const;

  std::uint64_t ranks_;
  double exponent_;
  double low_ = 0;
  double high_ = 0;
  double squeeze_ = 0;
};

}  // namespace textback::ops
