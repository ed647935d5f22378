// Webhooks of Telnyx: call control (JSON), and TeXML callbacks (laml.h), told apart by the
// envelope.
//
// Source: developers.telnyx.com/api-reference/callbacks/call-hangup, call-bridged, and their kin.
//
// - The envelope is data.payload; API v1 has payload alone, and call_hangup for call.hangup.
// - call.hangup is a leg's end. It has no direction (only call.initiated does), so the line table
//   decides; call_session_id joins the legs. Each end is marked as the call's, since a dialled
//   leg's parties aren't the line's; but for one that the application gave textback_line, which
//   isn't the caller's own.
// - hangup_cause: originator_cancel: the caller gave up, after end_time - start_time. timeout and
//   no_answer: it rang out. normal_clearing and time_limit: it was answered, perhaps by the
//   application alone (by ivr); call.bridged says that two parties were connected.
// - sip_hangup_cause, where it is a failure, stands behind hangup_cause; "unspecified" is none.
// - call.machine.detection.ended: machine is a mailbox. Other events: no record.
//
// Threads: one at a time.
#pragma once

#include <memory>

#include "cdr/adapter.h"

namespace textback::cdr {

// kFatal ("config_invalid"): no such zone.
Result<std::unique_ptr<Adapter>> NewTelnyx(const FormatConfig& config);

}  // namespace textback::cdr
