// The way back from json.h: one JSON object, as our programs print it, into its message.
//
// Thread safety: pure functions.
#pragma once

#include <google/protobuf/message.h>

#include <string_view>

#include "base/result.h"

namespace textback::ops {

// kFatal ("json_invalid"): what stands where, and what was expected. A field that the message
// doesn't have is refused.
Status FromJson(std::string_view json, google::protobuf::Message& message);

}  // namespace textback::ops
