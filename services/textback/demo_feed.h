// What the demo puts in: a PBX's records as if they were written now, and a generated load.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "log/log.h"

namespace textback::cli {

// The calls of a Master.csv: lines with the same uniqueid are one call, in the order of the file.
// kFatal ("config_invalid"): names the line.
Result<std::vector<std::vector<std::string>>> ReadCalls(const std::string& path);

// The line with its times moved so that it ends at `end_ms`; its uniqueid gets `suffix`, so that
// the demo can be run again on the same data.
std::string MoveTo(std::string_view line, std::int64_t end_ms, std::string_view suffix);

// Writes one message and waits until it is durable.
Status WriteNow(log::Writer& writer, std::string_view topic, std::string_view key,
                std::string_view value, std::int64_t now_ms);

}  // namespace textback::cli
