#include "base/hash.h"

#include <bit>
#include <cstring>

#include "base/assert.h"
#include "base/uint128.h"

namespace textback {

std::uint32_t Murmur2(std::string_view bytes) {
  constexpr std::uint32_t kM = 0x5bd1e995;
  const auto length = static_cast<std::uint32_t>(bytes.size());
  std::uint32_t h = 0x9747b28c ^ length;
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t left = bytes.size();
  for (; left >= 4; p += 4, left -= 4) {
    std::uint32_t k = static_cast<std::uint32_t>(p[0]) | static_cast<std::uint32_t>(p[1]) << 8 |
                      static_cast<std::uint32_t>(p[2]) << 16 |
                      static_cast<std::uint32_t>(p[3]) << 24;
    k *= kM;
    k ^= k >> 24;
    k *= kM;
    h *= kM;
    h ^= k;
  }
  if (left >= 3) h ^= static_cast<std::uint32_t>(p[2]) << 16;
  if (left >= 2) h ^= static_cast<std::uint32_t>(p[1]) << 8;
  if (left >= 1) {
    h ^= p[0];
    h *= kM;
  }
  h ^= h >> 13;
  h *= kM;
  h ^= h >> 15;
  return h;
}

std::int32_t PartitionOf(std::string_view key, std::int32_t partitions) {
  TB_ASSERT(partitions > 0);
  return static_cast<std::int32_t>((Murmur2(key) & 0x7fffffffU) %
                                   static_cast<std::uint32_t>(partitions));
}

std::uint64_t StableHash64(std::string_view bytes, std::uint64_t seed) {
  // Multiply-fold over little-endian words, finished by SplitMix64's mixer.
  constexpr std::uint64_t kA = 0x9e3779b97f4a7c15ULL;
  constexpr std::uint64_t kB = 0xe7037ed1a0b428dbULL;
  std::uint64_t h = seed ^ (bytes.size() * kA);
  std::size_t i = 0;
  const auto fold = [](std::uint64_t a, std::uint64_t b) {
    const auto product = static_cast<Uint128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  };
  // Whole words as they lie in memory; the loop below reads any.
  if constexpr (std::endian::native == std::endian::little) {
    for (; i + 8 <= bytes.size(); i += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + i, sizeof word);
      h = fold(h ^ word ^ kA, kB ^ (word >> 32)) + kB;
    }
  }
  for (; i < bytes.size(); i += 8) {
    std::uint64_t word = 0;
    for (std::size_t j = 0; j < 8 && i + j < bytes.size(); ++j) {
      word |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i + j])) << (8 * j);
    }
    h = fold(h ^ word ^ kA, kB ^ (word >> 32)) + kB;
  }
  h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9ULL;
  h = (h ^ (h >> 27)) * 0x94d049bb133111ebULL;
  return h ^ (h >> 31);
}

}  // namespace textback
