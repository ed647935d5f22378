// A group member's identity in one generation, from a librdkafka consumer.
//
// librdkafka hands out the generation only inside an opaque object (no accessor up to 2.14). It is
// read by comparison: objects that we make with the same names and known generations are serialised
// beside the real one; where they differ the generation stands. No layout is assumed, so another
// version of the library can at worst make it unreadable, which is an invalid generation and never
// a wrong one.
//
// Threads: pure functions, but Capture asks the consumer's own thread and waits for it.
#pragma once

#include <librdkafka/rdkafka.h>

#include <optional>
#include <string>

#include "log/log.h"

namespace textback::log_kafka {

// Invalid (generation -1) if the consumer is no member now.
log::GroupMetadata Capture(rd_kafka_t* consumer, const std::string& group,
                           const std::string& instance);

// nullopt: not readable, or the names aren't its own.
std::optional<std::int32_t> GenerationOf(const rd_kafka_consumer_group_metadata_t& metadata,
                                         const std::string& group, const std::string& member,
                                         const std::string& instance);

// What SendOffsets needs of a captured one; null if it isn't ours.
const rd_kafka_consumer_group_metadata_t* NativeOf(const log::GroupMetadata& metadata);

}  // namespace textback::log_kafka
