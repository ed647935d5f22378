// CallRecord as protobuf: the format that costs least.
//
// A value that doesn't parse is looked at a second time to say what is wrong: text that isn't UTF-8
// (with the field's name), or bytes that are cut or no CallRecord.
#pragma once

#include <memory>

#include "cdr/adapter.h"

namespace textback::cdr {

std::unique_ptr<Adapter> NewProtobufAdapter();

}  // namespace textback::cdr
