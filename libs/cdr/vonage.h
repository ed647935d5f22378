// Events of Vonage's (Nexmo's) Voice API, as JSON or, with event_method GET, as a query.
//
// Source: developer.vonage.com/voice/voice-api/webhook-reference, "Event webhook".
//
// - A call's legs share conversation_uuid, which joins them; uuid is the leg's. Only `human` and
//   `machine` name it call_uuid.
// - A leg with direction inbound is the caller's own: its end is the call's. `completed` there says
//   that the application answered (by ivr), on an outbound leg that somebody did.
// - timeout: it rang out. busy. cancelled: the originator gave up; the times since `started` or
//   `ringing` tell whether that was a short ring. unanswered: "unreachable or declined": no_answer
//   if it rang, else unreachable. rejected, failed: the network's; sip_code beside them, where it
//   is one, says more.
// - started, ringing: a record that says only since when (leg_only). answered, disconnected: none;
//   neither have recordings, inputs, transfers and errors, which have no status.
// - Numbers have neither "+" nor a prefix: country code and number.
//
// Threads: one at a time.
#pragma once

#include <memory>

#include "cdr/adapter.h"

namespace textback::cdr {

// kFatal ("config_invalid"): no such zone.
Result<std::unique_ptr<Adapter>> NewVonage(const FormatConfig& config);

}  // namespace textback::cdr
