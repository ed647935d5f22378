// Callbacks of Plivo's voice platform: hangup_url, and the action and callbackUrl of <Dial>.
//
// Sources: plivo.com/docs/account/api/application (hangup URL), docs.plivo.com/docs/voice/xml/dial,
// .../use-cases/dial-status-reporting, .../troubleshooting/hangup-causes.
//
// - DialStatus is the answer to <Dial>: it tells whether somebody was reached for the caller. Over
//   only where CallStatus says that the caller has gone, too.
// - DialHangup (callbackUrl) is a dialled leg's end, with causes by FreeSWITCH's names and Plivo's
//   numbers: 9000 is a lost race, so another phone took the call.
// - A hangup of an inbound call is the call's end. `completed` there says that the application
//   answered (by ivr). `busy` says that the application refused it: still a miss for the caller.
// - StartApp, ringing, in-progress: no record, since the end has StartTime.
// - Times carry no zone; UTC unless configured. AnswerTime is empty where nobody answered.
// - Numbers have no "+"; "Anonymous" is a withheld one.
//
// Threads: one at a time.
#pragma once

#include <memory>

#include "cdr/adapter.h"

namespace textback::cdr {

// kFatal ("config_invalid"): no such zone.
Result<std::unique_ptr<Adapter>> NewPlivo(const FormatConfig& config);

}  // namespace textback::cdr
