// Hashes that other programs, or state on disk, depend on. None is for secrets.
#pragma once

#include <cstdint>
#include <string_view>

namespace textback {

// Kafka's murmur2 (org.apache.kafka.common.utils.Utils.murmur2, seed 0x9747b28c), so that any
// producer with the Java client's default partitioner agrees with us.
std::uint32_t Murmur2(std::string_view bytes);

// toPositive(murmur2(key)) % partitions. Requires partitions > 0.
std::int32_t PartitionOf(std::string_view key, std::int32_t partitions);

// 64 bits, stable across builds and machines: identifiers in state and job ids are made of it.
// Changing it is a change of the state's version.
std::uint64_t StableHash64(std::string_view bytes, std::uint64_t seed = 0);

}  // namespace textback
