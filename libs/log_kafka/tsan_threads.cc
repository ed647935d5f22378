// C11 threads over POSIX threads, for ThreadSanitizer only.
//
// librdkafka makes its threads, locks and conditions with <threads.h>. ThreadSanitizer intercepts
// pthread_* alone: a thread from thrd_create has no state in it and crashes at its first access,
// and an mtx_t orders nothing in its eyes. These definitions, in the program, take precedence over
// the C library's. glibc's mtx_t, cnd_t and once_flag are its pthread types under another name,
// which the static_asserts below check as far as sizes tell.
//
// Nothing of it is compiled in any other preset.
#include "log_kafka/tsan_threads.h"

#if defined(__SANITIZE_THREAD__)

#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>

namespace {

static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t));
static_assert(sizeof(cnd_t) >= sizeof(pthread_cond_t));
static_assert(sizeof(once_flag) == sizeof(pthread_once_t));
static_assert(sizeof(thrd_t) == sizeof(pthread_t));

pthread_mutex_t* Mutex(mtx_t* mutex) { return reinterpret_cast<pthread_mutex_t*>(mutex); }
pthread_cond_t* Condition(cnd_t* condition) { return reinterpret_cast<pthread_cond_t*>(condition); }

int ToThrd(int error) {
  switch (error) {
    case 0:
      return thrd_success;
    case ENOMEM:
      return thrd_nomem;
    case ETIMEDOUT:
      return thrd_timedout;
    case EBUSY:
      return thrd_busy;
    default:
      return thrd_error;
  }
}

struct Start {
  thrd_start_t function;
  void* argument;
};

void* Run(void* opaque) {
  auto* start = static_cast<Start*>(opaque);
  const Start copy = *start;
  delete start;
  return reinterpret_cast<void*>(static_cast<std::intptr_t>(copy.function(copy.argument)));
}

}  // namespace

extern "C" {

int thrd_create(thrd_t* thread, thrd_start_t function, void* argument) {
  auto* start = new Start{function, argument};
  const int error = pthread_create(thread, nullptr, &Run, start);
  if (error != 0) {
    delete start;
  }
  return error == EAGAIN ? thrd_nomem : ToThrd(error);
}

int thrd_join(thrd_t thread, int* result) {
  void* value = nullptr;
  const int error = pthread_join(thread, &value);
  if (error == 0 && result != nullptr) {
    *result = static_cast<int>(reinterpret_cast<std::intptr_t>(value));
  }
  return ToThrd(error);
}

thrd_t thrd_current() { return pthread_self(); }

int mtx_init(mtx_t* mutex, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(
      &attributes, (type & mtx_recursive) != 0 ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
  const int error = pthread_mutex_init(Mutex(mutex), &attributes);
  pthread_mutexattr_destroy(&attributes);
  return ToThrd(error);
}

int mtx_lock(mtx_t* mutex) { return ToThrd(pthread_mutex_lock(Mutex(mutex))); }
int mtx_trylock(mtx_t* mutex) { return ToThrd(pthread_mutex_trylock(Mutex(mutex))); }
int mtx_unlock(mtx_t* mutex) { return ToThrd(pthread_mutex_unlock(Mutex(mutex))); }
void mtx_destroy(mtx_t* mutex) { pthread_mutex_destroy(Mutex(mutex)); }

int cnd_init(cnd_t* condition) { return ToThrd(pthread_cond_init(Condition(condition), nullptr)); }
int cnd_signal(cnd_t* condition) { return ToThrd(pthread_cond_signal(Condition(condition))); }
int cnd_broadcast(cnd_t* condition) { return ToThrd(pthread_cond_broadcast(Condition(condition))); }
void cnd_destroy(cnd_t* condition) { pthread_cond_destroy(Condition(condition)); }
int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return ToThrd(pthread_cond_wait(Condition(condition), Mutex(mutex)));
}
int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const struct timespec* until) {
  return ToThrd(pthread_cond_timedwait(Condition(condition), Mutex(mutex), until));
}

void call_once(once_flag* flag, void (*function)(void)) {
  pthread_once(reinterpret_cast<pthread_once_t*>(flag), function);
}

}  // extern "C"

namespace textback::log_kafka {
void LinkTsanThreads() {}
}  // namespace textback::log_kafka

#endif
