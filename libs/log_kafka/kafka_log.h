// The log port on a Kafka cluster. All else in this folder serves these two functions.
//
// Threads: as log/log.h says.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "log/log.h"
#include "log_kafka/connection.h"

namespace textback::log_kafka {

// Doesn't wait for a broker. kFatal "log_config": see Validate.
Result<std::unique_ptr<log::Log>> NewKafkaLog(ConnectionConfig connection);

// Brokers look for transactions past their time-out only this often, and readers of committed
// records wait meanwhile (exactly-once.md, stream point 4). Returns what to tell the operator where
// that is longer than `interval_max`; nullopt where all is well or the broker doesn't say.
Result<std::optional<std::string>> CheckAbortInterval(
    log::Admin& admin, std::chrono::milliseconds interval_max = std::chrono::seconds(2));

}  // namespace textback::log_kafka
