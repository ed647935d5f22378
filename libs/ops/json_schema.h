// The JSON Schema (draft 2020-12) of what json.h writes of a message: made from the .proto, so that
// it can't differ from the contract. docs/schema/ holds one per output; a test compares.
//
// Thread safety: pure functions.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>

namespace textback::ops {

std::string JsonSchema(const google::protobuf::Descriptor& message, std::string_view title);

}  // namespace textback::ops
