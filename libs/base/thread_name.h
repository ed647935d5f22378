// What a thread is called in top, perf and a debugger.
//
// Threads: names the calling one. The kernel keeps 15 bytes; what is longer is cut.
#pragma once

#include <string_view>

namespace textback {

void SetThreadName(std::string_view name);

}  // namespace textback
