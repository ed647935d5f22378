// Charging records of 3GPP networks in BER (TS 32.298): circuit-switched calls and IMS sessions, as
// single records, records one after another, and TS 32.297 files (ber_file.h).
//
// What a record means:
// - answerTime (IMS: serviceDeliveryStartTimeStamp) alone says that it was answered. callDuration
// is
//   mandatory and holds the time of ringing where nobody answered.
// - Each switch on the way writes its view: the caller's MSC (moCall), the gateways and transit
//   exchanges, the gateway's leg to where the subscriber roams (roaming), the called MSC (mtCall),
//   and the MSC that forwards (forwarding). All but partial records end their call; a called leg
//   whose record names a forwarding service (supplServicesUsed) only leads on to the forwarded leg.
// - A forwarded leg is a moCall record whose supplServicesUsed names a forwarding service or whose
//   callingNumber is not the served subscriber's: TS 32.250 has callingNumber in a mobile
//   originated record for forwarding alone. Some vendors write a record type of its own. Served is
//   the forwarder: the line. callingNumber is the caller: the customer. Why it was forwarded (busy,
//   no reply, not reachable) is kept as a Q.850 cause behind what the last leg says.
// - answered by voicemail: the leg's called, translated or connected number is one of the
// operator's
//   voicemail pilots (configuration). An answered forward to anything else is an answered call.
// - Roaming numbers are nobody's. They are not read; a called number in a configured range of
// roaming
//   numbers (a gateway's or transit record has the MSRN as calledNumber) is left out.
// - diagnostics says why, best of all; its CHOICE tag is the cause's namespace.
// - Withheld: octet 3a of callingNumber, or CLIR among the caller's supplServicesUsed.
//
// Join key: the ICID; else networkCallReference with the MSC that gave it (only where CAMEL ran);
// else callReference with the recording entity, if it has 3 octets or more (shorter ones come
// again too soon). Without any the record stands alone.
//
// Errors: ber_malformed (with the byte), ber_bad_value and field_missing (with the field's name),
// record_type: no such CHOICE tag in the profile, recordType and tag disagree, TAP3 and NRTRDE
// (what visited networks send comes too late to text).
//
// Threads: as Adapter.
#pragma once

#include <memory>

#include "cdr/adapter.h"

namespace textback::cdr {

// kFatal ("config_invalid"): an unknown profile, a pilot or prefix that is no number.
Result<std::unique_ptr<Adapter>> NewTs32298(const FormatConfig& config);

}  // namespace textback::cdr
