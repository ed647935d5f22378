#include "ops/fiction.h"

#include <vector>

#include "base/assert.h"

namespace textback::ops {
namespace {

constexpr std::uint64_t kLinesPerCode = 100;  // 555-0100 … 555-0199

// Area codes that could be geographic. Left out: those for special use, where even 555 may mean
// something else: two equal last digits (800, 900, 211), 88X (freephone), 52X (personal), 37X and
// 96X (set aside as blocks); and 246 and 658 (Barbados, Jamaica), where it is a fixed line.
std::vector<int> GeographicCodes() {
  std::vector<int> codes;
  for (int code = 200; code < 1000; ++code) {
    const int middle = code / 10 % 10;
    const int block = code / 10;
    const bool special = middle == 9 || middle == code % 10 || block == 88 || block == 52 ||
                         block == 37 || block == 96 || code == 246 || code == 658;
    if (!special) codes.push_back(code);
  }
  return codes;
}

const std::vector<int>& Codes() {
  static const std::vector<int> codes = GeographicCodes();
  return codes;
}

FictionNumber Write(std::uint64_t national) {
  FictionNumber out;
  for (std::size_t i = out.size(); i-- > 2;) {
    out[i] = static_cast<char>('0' + national % 10);
    national /= 10;
  }
  out[0] = '+';
  out[1] = '1';
  return out;
}

// Neighbours are spread over the area codes, as callers are.
FictionNumber Reserved(std::uint64_t index) {
  const auto& codes = Codes();
  const auto code = static_cast<std::uint64_t>(codes[index % codes.size()]);
  return Write(code * 10'000'000 + 555'0100 + index / codes.size());
}

// Two of the eight N9X blocks a role: 20 area codes, 800 exchanges (2XX … 9XX), 10,000 numbers.
FictionNumber Expansion(std::uint64_t role, std::uint64_t index) {
  const std::uint64_t code_index = index % 20;
  const std::uint64_t rest = index / 20;
  const std::uint64_t code = (2 + 2 * role + code_index / 10) * 100 + 90 + code_index % 10;
  const std::uint64_t exchange = 200 + rest % 800;
  return Write(code * 10'000'000 + exchange * 10'000 + rest / 800);
}

}  // namespace

std::uint64_t FictionCount() { return Codes().size() * kLinesPerCode; }

FictionPool::FictionPool(std::uint64_t customers, std::uint64_t lines)
    : small_(customers <= FictionCount() && lines <= FictionCount() - customers) {
  TB_ASSERT(customers <= kExpansionPerRole && lines <= kExpansionPerRole);
}

FictionNumber FictionPool::Number(FictionRole role, std::uint64_t index) const {
  TB_ASSERT(index < kExpansionPerRole);
  if (role == FictionRole::kStranger || !small_)
    return Expansion(static_cast<std::uint64_t>(role), index);
  // Customers from the front, lines from the back.
  return Reserved(role == FictionRole::kCustomer ? index : FictionCount() - 1 - index);
}

}  // namespace textback::ops
