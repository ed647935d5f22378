// smsc.yaml: how the simulated SMSC listens and misbehaves.
#pragma once

#include <cstdint>
#include <string>

#include "config/reader.h"
#include "smsc/smsc_core.h"

namespace textback::smsc {

struct SmscConfig {
  std::string address = "127.0.0.1";
  std::uint16_t port = 2775;
  std::uint64_t seed = 1;
  std::string record_file;  // "": none
  SmscOptions options;
};

void ReadSmscConfig(config::Map& map, SmscConfig& config);

}  // namespace textback::smsc
