#include "smpp/submit_port.h"

#include "base/assert.h"

namespace textback::smpp {

std::string_view ToString(SubmitKind kind) {
  switch (kind) {
    case SubmitKind::kAccepted:
      return "accepted";
    case SubmitKind::kRejected:
      return "rejected";
    case SubmitKind::kTemporary:
      return "temporary";
    case SubmitKind::kThrottled:
      return "throttled";
    case SubmitKind::kUnknown:
      return "unknown";
    case SubmitKind::kNotSentLease:
      return "not_sent_lease";
    case SubmitKind::kNotSentExpired:
      return "not_sent_expired";
    case SubmitKind::kNotSentLost:
      return "not_sent_lost";
    case SubmitKind::kInvalid:
      return "invalid";
  }
  TB_UNREACHABLE();
}

std::string_view ToString(UnknownReason reason) {
  switch (reason) {
    case UnknownReason::kNone:
      return "none";
    case UnknownReason::kResponseTimeout:
      return "response_timeout";
    case UnknownReason::kConnectionLost:
      return "connection_lost";
  }
  TB_UNREACHABLE();
}

bool KnownNotTaken(SubmitKind kind) {
  return kind != SubmitKind::kAccepted && kind != SubmitKind::kUnknown;
}

}  // namespace textback::smpp
