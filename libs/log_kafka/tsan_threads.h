// See tsan_threads.cc.
#pragma once

namespace textback::log_kafka {

#if defined(__SANITIZE_THREAD__)
void LinkTsanThreads();  // makes the linker take the shim in
#else
inline void LinkTsanThreads() {}
#endif

}  // namespace textback::log_kafka
