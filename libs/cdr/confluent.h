// Confluent's wire format: a header in front of values whose schema is in a Schema Registry.
//
//   magic 0x00 | schema id, 4 bytes big-endian | protobuf only: message indexes | the value
//
// Message indexes tell which message of the schema's file it is: a zigzag varint count and as many
// zigzag varint indexes; the common [0] is written as the one byte 0 (serdes "wire format" of the
// Confluent documentation). The schema id isn't looked up: the format is known by configuration.
#pragma once

#include <memory>
#include <vector>

#include "cdr/adapter.h"

namespace textback::cdr {

// Takes the header off and hands the rest to `body`. `indexes` empty: those of CallRecord in
// call_record.proto.
std::unique_ptr<Adapter> WithConfluentHeader(std::unique_ptr<Adapter> body, bool protobuf,
                                             std::vector<int> indexes);

}  // namespace textback::cdr
