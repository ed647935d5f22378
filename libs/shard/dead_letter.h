// A record that no build of this role can use, as it is parked on the dead-letter topic.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "shard/processor.h"

namespace textback::shard {

inline constexpr std::size_t kDeadLetterValueMax = 64 * 1024;  // textback.v1.DeadLetter.value
inline constexpr std::size_t kDeadLetterKeyMax = 4 * 1024;

// Serialised textback.v1.DeadLetter: coordinates, reason, and the first 64 KiB of the value.
std::string EncodeDeadLetter(std::string_view role, std::string_view topic,
                             const InputRecord& record, const Error& error, std::int64_t at_ms);

}  // namespace textback::shard
