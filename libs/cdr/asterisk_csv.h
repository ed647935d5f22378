// Asterisk's CDRs as lines of CSV: cdr_csv's Master.csv (18 columns, or 21 with newcdrcolumns=yes
// in cdr.conf: peeraccount, linkedid, sequence), or cdr_custom with any columns.
//
// What a row means (Asterisk's CDR specification, since 12):
// - A row is one party-A channel's time with one party B. A parallel Dial writes a row per phone:
//   NO ANSWER for the ones that lost, ANSWERED for the one that won. Rows of one call share
//   linkedid (else, those of one caller's channel share uniqueid): that is the join key.
// - A channel's rows are all written when that channel is over. So a row of the channel that began
//   the call (uniqueid = linkedid) says that the call is over; others of it come with it, in any
//   order: the settle profile should wait a moment.
// - `disposition` alone says whether it was answered. NO ANSWER and BUSY rows may carry an answer
//   time, and billsec may exceed duration; then billsec stands.
// - ANSWERED says that the PBX answered. Without a party B it was an application: a mailbox
//   (VoiceMail), a queue that no agent took (Queue), or an announcement (Playback, …).
// - A party B that is a Local channel ("Local/100@ctx-1;1") says no more than that something
//   answered behind it. It counts as answered: the row of its other half (";2") is about an
//   extension, which is no tenant's line, and so tells nobody otherwise.
// - A row of a forwarded call (Local ";2", or after a redirection) may have the forwarder as its
//   source and the target as its destination; the caller's own row has what was dialled.
// - NO ANSWER is also what a caller's hang-up gives. Ringing isn't recorded; see cause.h.
//
// Quoting is RFC 4180's, but a line ends at its newline also inside quotes: Asterisk writes no
// newline in a field, and so a line cut short spoils no other. A line that ends inside a quoted
// field, or with too few columns, was cut: it is rejected.
//
// record_id = uniqueid + ":" + sequence, or + a hash of the row where there is no sequence: the
// same row read twice has the same id.
#pragma once

#include <memory>

#include "cdr/adapter.h"

namespace textback::cdr {

// kFatal ("config_invalid"): unknown zone or column, one twice, or one that is needed missing.
Result<std::unique_ptr<Adapter>> NewAsteriskCsv(const AsteriskOptions& options);

}  // namespace textback::cdr
