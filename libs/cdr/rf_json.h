// Rf accounting requests of IMS nodes (TS 32.260, TS 32.299) as JSON: what a charging trigger
// function writes where a Diameter peer would be, and what mediation makes of the AVPs.
//
// Read are the AVPs by their names, whether nested as in Diameter (Service-Information,
// IMS-Information, Event-Type, Time-Stamps), inside "event" (Clearwater), or flat; in any case,
// with or without hyphens ("Role-Of-Node", "roleOfNode"). Enumerated values are numbers or names
// ("EVENT_RECORD", "TERMINATING_ROLE"). Other members are skipped.
//
// What a request means (TS 32.260, 5.2.2):
// - EVENT (1): a request that didn't lead to a session: INVITE with its final status in Cause-Code.
// - START (2): the session was answered. INTERIM (3): it goes on. STOP (4): it ended; whatever
//   Cause-Code says, it had been answered.
// - What each node's record proves, and parties and causes: ims_session.h.
//
// Times are seconds since 1970 (Clearwater), since 1900 (Diameter's Time, RFC 6733 4.3.1; told
// apart because 2000 in the one is 2070 in the other), or RFC 3339 text; …-Timestamp-Fraction are
// milliseconds. A node whose clock was never set says 1970: its times are put 30 years later, where
// they are valid and long past, so that the verdict is read and nothing is ever sent for it.
//
// Errors: json_malformed, json_bad_value (with the AVP's name), field_missing: no
// Accounting-Record-Type; record_type: one that RFC 6733 doesn't have.
//
// Threads: as Adapter.
#pragma once

#include <memory>

#include "cdr/adapter.h"

namespace textback::cdr {

// kFatal ("config_invalid"): a pilot or prefix that is no number.
Result<std::unique_ptr<Adapter>> NewRfJson(const FormatConfig& config);

}  // namespace textback::cdr
