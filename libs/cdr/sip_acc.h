// Accounting records of the SIP proxies Kamailio and OpenSIPS (module acc, acc_json, evapi events).
//
// Read, one record a line or a JSON document:
//   {"method":"INVITE","from_tag":…,"callid":…,"sip_code":"486",…}     acc_json, or any JSON of
//   acc's names
//   {"jsonrpc":"2.0","method":"E_ACC_CDR","params":{…}}                OpenSIPS event_jsonrpc and
//   kin
//   {"event":"CGR_CALL_END",…}                                         Kamailio evapi, as CGRateS
//   has it … ACC: transaction answered: timestamp=…;method=INVITE;…           syslog
//   INVITE|from_tag|to_tag|callid|486|Busy here|1789992000             db_flatstore; or CSV, quoted
// Columns are method, from_tag, to_tag, callid, sip_code, sip_reason, time, or those of the
// profile:
//   [final:|missed:][column,column,…]        "-" skips one
// Further names (docs/sources/kamailio.md has the configuration that writes them): at, invite_at,
// ringing_at, src_user, dst_ouser, dst_user, pai, privacy, diversion, reason_hdr, answered_by.
//
// What a row means:
// - A row is a transaction (RFC 3261, 17), not a call: "transaction answered" only says that it
//   ended. Rows of one call share the Call-ID, which is the join key. Tags aren't in it: without
//   detect_direction the callee's BYE has them the other way round, and a missed row may have none.
// - INVITE with 2xx: answered. With 3xx to 6xx: the caller's transaction ended so, and the call
// with
//   it; but for 401, 407 (asked again with credentials) and 3xx, which lead on.
// - Missed rows (syslog "call missed", E_ACC_MISSED_EVENT, profile missed:) are written per failed
//   branch or per serial fork: they say what that leg met and never that the call is over.
//   Profile final: says that each such row is the transaction's last.
// - ACK with 2xx: answered (an ACK to a failure isn't a transaction of its own: RFC
// 3261, 17.1.1.3).
// - BYE, whatever its code: a leg's end (RFC 3261, 15.1.1); proves no verdict without its INVITE.
// - CANCEL: a 200 answers the CANCEL, not the call: the caller gave up. Reason "SIP;cause=200"
//   (RFC 3326): somebody answered elsewhere.
// - 404 without a To tag was given by the proxy's own script: a number of ours that isn't
//   registered. A To tag shows that somebody behind the proxy said it.
// - The caller gave up, or the proxy's timer ran out (408), and nothing tells since when it rang:
//   abandoned, no answer. With invite_at or
//   ringing_at the ringing decides (cause.h).
//
// Times: seconds since 1970, with an optional fraction, or "2026-03-29 01:30:00" in the source's
// zone. `at` is the row's own time to the microsecond and goes before `time`.
// Errors: kDeadLetter with the place; one record's error leaves its neighbours alone.
// Threads: one at a time.
#pragma once

#include <memory>

#include "cdr/adapter.h"

namespace textback::cdr {

// kFatal ("config_invalid"): unknown zone or column in the profile, one twice, method or callid
// missing.
Result<std::unique_ptr<Adapter>> NewSipAcc(const FormatConfig& config);

}  // namespace textback::cdr
