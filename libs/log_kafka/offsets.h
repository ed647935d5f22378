// Committed offsets, with their metadata, as librdkafka's partition lists.
//
// Threads: as the handle's.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "log/log.h"
#include "log_kafka/handle.h"
#include "log_kafka/translate.h"

namespace textback::log_kafka {

// The broker's offset.metadata.max.bytes, unless raised.
inline constexpr std::size_t kMetadataBytesMax = 4096;

// kFatal where a commit's metadata is longer than kMetadataBytesMax.
Result<ListPtr> ToList(const std::vector<log::OffsetCommit>& offsets);

// Stable ones only: kRetry while a transaction is pending on any of them.
Result<std::map<log::TopicPartition, std::optional<log::CommittedOffset>>> ReadCommitted(
    Handle& handle, const std::string& group, const std::vector<log::TopicPartition>& partitions,
    int timeout_ms);

// Under the handle's membership. kYield: the group has moved on.
Status WriteCommitted(Handle& handle, const std::string& group,
                      const std::vector<log::OffsetCommit>& offsets, int timeout_ms);

}  // namespace textback::log_kafka
