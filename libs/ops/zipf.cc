#include "ops/zipf.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"

namespace textback::ops {

Zipf::Zipf(std::uint64_t ranks, double exponent) : ranks_(ranks), exponent_(exponent) {
  TB_ASSERT(ranks >= 1 && exponent >= 0);
  low_ = Integral(1.5) - 1;
  high_ = Integral(static_cast<double>(ranks) + 0.5);
  squeeze_ = 2 - InverseIntegral(Integral(2.5) - Density(2));
}

// The integral of x^-exponent from 1 to x.
double Zipf::Integral(double x) const {
  if (exponent_ == 1) return std::log(x);
  return (std::pow(x, 1 - exponent_) - 1) / (1 - exponent_);
}

double Zipf::InverseIntegral(double y) const {
  if (exponent_ == 1) return std::exp(y);
  return std::pow(y * (1 - exponent_) + 1, 1 / (1 - exponent_));
}

double Zipf::Density(double x) const { return std::pow(x, -exponent_); }

std::uint64_t Zipf::Draw(Random& random) const {
  if (exponent_ == 0) return random.Below(ranks_);
  while (true) {
    const double u = high_ + random.Unit() * (low_ - high_);
    const double x = InverseIntegral(u);
    const double k = std::clamp(std::round(x), 1.0, static_cast<double>(ranks_));
    if (k - x <= squeeze_ || u >= Integral(k + 0.5) - Density(k))
      return static_cast<std::uint64_t>(k) - 1;
  }
}

}  // namespace textback::ops
