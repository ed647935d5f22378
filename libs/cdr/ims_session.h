// What an IMS node says of a session, in a charging record (TS 32.298, 5.1.3) or in an Rf
// accounting request (TS 32.299), and how that becomes a CallRecord. Both say the same in two
// encodings.
//
// - Whose side. Role-of-Node says whether the node serves the caller or the called party. Every
// node
//   on the way writes its own record; they share the IMS charging identifier (ICID). The caller's
//   side ends when the call ends, and so does the application server's, which is where forwarding
//   is decided: these say call_over. The called side's proxies and the nodes that only route
//   (I-CSCF, BGCF, MRFC, …) don't: a leg that was cancelled after 20 s may have been forwarded.
// - Parties. Requested-Party-Address is whom the caller called first, Called-Party-Address the
//   request's last target, Called-Asserted-Identity who answered. On the called side the
//   subscription is the served line. A contact's address ("sip:…@10.0.0.5") is nobody's number.
// - Withheld: a From of "anonymous" (RFC 3323, 4.1.1.3; TS 24.607): the asserted identity is in the
//   records all the same, and never used then.
// - Cause-Code: 0 and below are kinds of success, 1 to 3 failures without a SIP status, others the
//   SIP status (TS 32.299, 7.2.35). A Reason header (RFC 3326) with a Q.850 cause is clearer.
//
// Threads: any.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cdr/known_numbers.h"
#include "textback/v1/call_record.pb.h"

namespace textback::cdr {

// Node-Functionality (TS 32.299, 7.2.111).
enum class ImsNode : std::uint8_t {
  kScscf = 0,
  kPcscf = 1,
  kIcscf = 2,
  kMrfc = 3,
  kMgcf = 4,
  kBgcf = 5,
  kAs = 6,
  kIbcf = 7,
  kEcscf = 11,
  kTrf = 13,
  kTf = 14,
  kAtcf = 15,
  kUnknown = 255,
};

enum class ImsRole : std::uint8_t { kUnknown, kOriginating, kTerminating };

struct ImsSession {
  static constexpr std::size_t kReasonsMax = 4;

  ImsNode node = ImsNode::kUnknown;
  ImsRole role = ImsRole::kUnknown;
  std::string_view method;  // "INVITE", "BYE"; empty: not said
  // URIs; of a list the best (BetterParty).
  std::string_view calling;
  std::string_view called;
  std::string_view requested;
  std::string_view asserted;
  std::string_view subscription;  // E.164
  std::string_view from;          // the header as it was
  std::optional<std::int64_t> code;
  std::array<std::string_view, kReasonsMax> reasons;
  std::size_t reason_count = 0;
  std::string_view icid;
  std::string_view session_id;

  std::optional<std::int64_t> started_at_ms;
  std::optional<std::int64_t> answered_at_ms;
  std::optional<std::int64_t> ended_at_ms;
  bool answered = false;  // also where no time says so
  bool open = false;      // the session goes on

  void AddReason(std::string_view reason) {
    if (reason_count < kReasonsMax) reasons[reason_count++] = reason;
  }
};

// An id as text, the same from all sources of a network: as it is, or hexadecimal where it isn't
// printable; what is too long becomes its hash.
std::string PrintableId(std::string_view icid);

// Of two addresses of one party the one that says more: a tel: URI, a sip: URI with a number.
std::string_view BetterParty(std::string_view a, std::string_view b);

// The number or name in a URI: "tel:+4420…;phone-context=…", "\"B\" <sip:+4420…@host;user=phone>".
std::string_view UserOfUri(std::string_view uri);

// Whether the method sets up or ends a call; SMS, registrations and subscriptions have others.
bool IsCallMethod(std::string_view method);

void FillFromIms(const ImsSession& session, const KnownNumbers& voicemail_pilots,
                 v1::CallRecord& record);

}  // namespace textback::cdr
