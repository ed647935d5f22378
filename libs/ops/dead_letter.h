// A dead letter goes back to the topic that it came from, as it was: key, value, and the header
// that named its source, without which another source might read it.
//
// Threads: the writer's.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "log/log.h"
#include "textback/v1/dead_letter.pb.h"

namespace textback::ops {

// Waits while the writer's queue is full. Durable once the writer says so. Any error: not sent.
// `letter` must hold its value whole.
Status SendAgain(log::Writer& writer, const v1::DeadLetter& letter, std::int64_t now_ms);

}  // namespace textback::ops
