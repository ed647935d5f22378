#include "base/thread_name.h"

#include <pthread.h>

#include <string>

namespace textback {

void SetThreadName(std::string_view name) {
  constexpr std::size_t kNameMax = 15;
  pthread_setname_np(pthread_self(), std::string(name.substr(0, kNameMax)).c_str());
}

}  // namespace textback
