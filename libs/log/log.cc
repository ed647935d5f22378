#include "log/log.h"

#include "log/errors.h"

namespace textback::log {

Result<std::uint64_t> Writer::SendWith(const Header& header, std::string_view /*topic*/,
                                       std::optional<std::int32_t> /*partition*/,
                                       std::string_view /*key*/,
                                       std::optional<std::string_view> /*value*/,
                                       std::int64_t /*timestamp_ms*/) {
  return FatalError(errors::kInvalidState, "this log keeps no headers, and the record has \"" +
                                               std::string(header.name) + "\": write it to Kafka");
}

}  // namespace textback::log
