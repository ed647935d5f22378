// Asterisk's queue log: what happened to a caller in a queue, one record an event.
//
//   1789992000|1789991990.7|support|NONE|ENTERQUEUE||07700900123|1
//   time      |callid      |queue  |agent|event    |parameters …
//
// Lines of the file queue_log, or of its table (queue_log_realtime) under psql's header line with
// the columns time, callid, queuename, agent, event and data or data1 to data5. Times are seconds
// since 1970, or local times of the configured zone. callid is the uniqueid of the caller's channel
// and joins; NONE, REALTIME and MANAGER are no calls.
//
// What an event proves (docs.asterisk.org, "Queue Logs"; apps/app_queue.c):
//
//   CONNECT, COMPLETEAGENT, COMPLETECALLER, TRANSFER, BLINDTRANSFER, ATTENDEDTRANSFER
//                     an agent talked with the caller; COMPLETE… also that the call is over
//   ABANDON           the caller hung up before: queue_abandon, and the call is over
//   EXITWITHTIMEOUT, EXITWITHKEY, EXITEMPTY, JOINEMPTY, WITHDRAW, and of Wazo FULL, CLOSED,
//   LEAVEEMPTY, DIVERT_…
//                     the caller left the queue, or wasn't let in, without an agent; the call goes
//                     on in the dialplan, where somebody may yet take it: not over
//   ENTERQUEUE        who calls
//   DID               what was dialled (FreePBX)
//   RINGNOANSWER, RINGCANCELED, AGENTDUMP, SYSCOMPAT, …
//                     an agent's phone; the caller still waits (leg_only)
//   ADDMEMBER, PAUSE, AGENTLOGIN, …
//                     no call
//
// Only ENTERQUEUE names the caller and only DID the line: alone, these records reach nobody's
// document (docs/sources/asterisk.md says what to use instead).
//
// There is no record_id: it is made from the line. Threads: one at a time.
#pragma once

#include <memory>

#include "cdr/adapter.h"

namespace textback::cdr {

// Of the options, zone and latin1_fallback count. kFatal ("config_invalid"): unknown zone.
Result<std::unique_ptr<Adapter>> NewAsteriskQueueLog(const AsteriskOptions& options);

}  // namespace textback::cdr
