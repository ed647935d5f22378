// Asterisk's channel event log: one record an event, in any of the shapes in which it is written.
//
// - Lines of CSV by cel_custom: the 20 columns of its sample mapping, or configured ones. Under a
//   header line (a value, or a file, that begins with one) the columns are the header's.
// - Tables with '|' and padding under a header line, as psql prints table cel (cel_pgsql,
// cel_odbc).
// - JSON, one event a line: cel_custom with format=json (since 22), or AMI's event CEL as a client
//   library gives it. Names of fields are read in any case and with or without '_'.
//
// What one event proves (Asterisk's CEL specification, docs.asterisk.org; main/cel.c). The caller's
// own channel is the one whose uniqueid is the linkedid; its events carry the caller (ani, num) and
// what was dialled (dnid, at CHAN_START also exten), others don't, so intake can route the caller's
// own channel alone, and only that one proves anything:
//
//   CHAN_START               who calls whom, and when
//   ANSWER                   the PBX took the channel up, in the words of the application that did:
//                            Dial: somebody answered; VoiceMail, Queue: that; any other: a menu or
//                            an announcement. Without an application's name: nothing
//   BRIDGE_ENTER, _START     somebody else is in the bridge: answered. Nobody (field peer empty),
//   or BRIDGE_EXIT, _END        music (holding_bridge): nothing CONF_ENTER APP_START, APP_END
//   VoiceMail, Queue, Playback, …: who talks to the caller HANGUP                   the call is
//   over. extra says why: dialstatus first, then hangupcause.
//                            dialstatus ANSWER: answered. No extra: the disposition NO ANSWER
//   LINKEDID_END             the call is over, on whichever channel
//   WAZO_USER_BLOCKED_CALL   blocked. Other events of Wazo's dialplan tell the direction
//
// All else leads on (leg_only). No event says that a phone rings: set-up to release stands in.
// hangupcause 26 of a called channel proves nothing: Dial's option c and Queue's option C write it
// for a caller who gave up.
//
// started_at_ms is the second in the linkedid, where that is plausible, so that each event alone
// tells how long the call has lasted. join_key = linkedid. There is no record_id: it is made from
// the line.
//
// Threads: one at a time.
#pragma once

#include <memory>

#include "cdr/adapter.h"

namespace textback::cdr {

// `options.columns` as for CDRs by default means CEL's own default. kFatal ("config_invalid"):
// unknown zone or column, one twice, or one that is needed missing (eventtype, eventtime, uniqueid,
// linkedid).
Result<std::unique_ptr<Adapter>> NewAsteriskCel(const AsteriskOptions& options);

}  // namespace textback::cdr
