// Voice webhooks of Bandwidth: version 2 (BXML) as JSON or, by GET, as a query; and version 1's
// hangup event, whose records may still be in archives.
//
// Sources: dev.bandwidth.com/docs/voice/webhooks (disconnect, transferComplete,
// transferDisconnect); old.dev.bandwidth.com/ap-docs/bxml/callBacks/hangup.html.
//
// - disconnect is a call's end. An answerTime there says that the application answered (by ivr for
//   a call that came in). Without it the cause tells: timeout, busy, cancel, rejected; hangup is
//   the caller's, before anything answered.
// - transferComplete tells, on the caller's own leg, what became of <Transfer>: hangup means that
//   somebody was reached. Not over: the application goes on with the caller.
// - transferDisconnect is one dialled leg's end (parentCallId joins it); answerTime says whether it
//   was answered. `cancel` there: the caller gave up or another phone of a group took it.
// - Causes are an open list: one that isn't known is unresolved.
// - Version 1 writes callState=completed for every end; its cause is FreeSWITCH's word, and
//   NORMAL_CLEARING a hang-up after an answer (ORIGINATOR_CANCEL is the one before).
// - Other events (initiate, answer, gather, dtmf, recordings, …): no record.
//
// Threads: one at a time.
#pragma once

#include <memory>

#include "cdr/adapter.h"

namespace textback::cdr {

// kFatal ("config_invalid"): no such zone.
Result<std::unique_ptr<Adapter>> NewBandwidth(const FormatConfig& config);

}  // namespace textback::cdr
