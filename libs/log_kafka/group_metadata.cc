#include "log_kafka/group_metadata.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "log_kafka/translate.h"

namespace textback::log_kafka {
namespace {

struct MetadataDeleter {
  void operator()(rd_kafka_consumer_group_metadata_t* metadata) const {
    rd_kafka_consumer_group_metadata_destroy(metadata);
  }
};
using MetadataPtr = std::unique_ptr<rd_kafka_consumer_group_metadata_t, MetadataDeleter>;

std::string Serialise(const rd_kafka_consumer_group_metadata_t& metadata) {
  void* bytes = nullptr;
  std::size_t size = 0;
  const ErrorPtr error(rd_kafka_consumer_group_metadata_write(&metadata, &bytes, &size));
  if (error != nullptr) {
    return {};
  }
  std::string copy(static_cast<const char*>(bytes), size);
  rd_kafka_mem_free(nullptr, bytes);
  return copy;
}

}  // namespace

std::optional<std::int32_t> GenerationOf(const rd_kafka_consumer_group_metadata_t& metadata,
                                         const std::string& group, const std::string& member,
                                         const std::string& instance) {
  const auto known = [&](std::int32_t generation) {
    const MetadataPtr made(rd_kafka_consumer_group_metadata_new_with_genid(
        group.c_str(), generation, member.c_str(), instance.c_str()));
    return made == nullptr ? std::string() : Serialise(*made);
  };
  constexpr std::int32_t kPattern = 0x01020304;
  const std::string zero = known(0);
  const std::string pattern = known(kPattern);
  const std::string real = Serialise(metadata);
  if (real.empty() || zero.size() != real.size() || pattern.size() != real.size()) {
    return std::nullopt;
  }
  const auto at = static_cast<std::size_t>(std::ranges::mismatch(zero, pattern).in1 - zero.begin());
  std::int32_t generation = 0;
  if (at + sizeof(generation) > real.size()) {
    return std::nullopt;
  }
  std::memcpy(&generation, real.data() + at, sizeof(generation));
  if (std::memcmp(pattern.data() + at, &kPattern, sizeof(kPattern)) != 0) {
    generation =
        static_cast<std::int32_t>(__builtin_bswap32(static_cast<std::uint32_t>(generation)));
  }
  // The proof: an object made with what was read has the very same bytes.
  return known(generation) == real ? std::optional(generation) : std::nullopt;
}

log::GroupMetadata Capture(rd_kafka_t* consumer, const std::string& group,
                           const std::string& instance) {
  log::GroupMetadata result;
  result.group = group;
  MetadataPtr metadata(rd_kafka_consumer_group_metadata(consumer));
  char* const member = rd_kafka_memberid(consumer);
  if (member != nullptr) {
    result.member = member;
    rd_kafka_mem_free(consumer, member);
  }
  if (metadata == nullptr || result.member.empty()) {
    return result;
  }
  result.generation = GenerationOf(*metadata, group, result.member, instance).value_or(-1);
  result.native =
      std::shared_ptr<rd_kafka_consumer_group_metadata_t>(metadata.release(), MetadataDeleter());
  return result;
}

const rd_kafka_consumer_group_metadata_t* NativeOf(const log::GroupMetadata& metadata) {
  return static_cast<const rd_kafka_consumer_group_metadata_t*>(metadata.native.get());
}

}  // namespace textback::log_kafka
