// BroadWorks (BroadSoft, Cisco): the accounting file's XML, documents of cdrData.
//
// Field names and values: "BroadWorks Accounting Call Detail Record Interface Specification",
// release 23, chapters on the header, basic, centrex and IP modules; Cisco's Webex Calling
// "Detailed Call History", which has the same fields under other names.
//
// What a record is: one user's half of a call. A call to a user is a Terminating record of that
// user; a call between users is an Originating one of the caller and a Terminating one of the
// called.
// - `type` Start and End speak of the file or the server: no record. Long Duration is written while
//   the call goes on: a partial. Failover: the server lost the end of the call. Others are calls.
// - Times are UTC, YYYYMMDDhhmmss.mmm, whatever systemTimeZone and userTimeZone say (they are for
//   display).
// - `answerIndicator` alone says whether it was answered; Yes-PostRedirection: by whoever it was
//   forwarded to. `terminationCause` is Q.850 with leading zeros up to 127, else BroadWorks' own.
// - Withheld is callingPresentationIndicator, never an empty number.
// - An Originating record with a redirectingNumber is the forwarding half of a call that came in:
//   its caller is the caller, and the business didn't place it.
// - Halves of hunt groups, call centers, simultaneous and sequential ringing point to the call they
//   belong to with relatedCallId: alone they prove nothing of the whole call. The others are their
//   call.
//
// The value is a document, or one cdrData element (FileSplitter takes files apart so). Texts that
// aren't UTF-8 are ISO 8859-1, which is what the declaration says. A DOCTYPE that only names the
// root is passed over.
//
// Threads: one at a time.
#pragma once

#include <memory>

#include "cdr/adapter.h"

namespace textback::cdr {

std::unique_ptr<Adapter> NewBroadworks();

}  // namespace textback::cdr
