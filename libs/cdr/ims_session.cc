#include "cdr/ims_session.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "cdr/decoder.h"
#include "cdr/normalise.h"

namespace textback::cdr {
namespace {

constexpr std::size_t kNumberDigitsMin = 5;  // of a user part that is a number
constexpr std::size_t kShortNumberDigitsMin = 3;
constexpr std::int64_t kSipStatusMin = 300;
constexpr std::int64_t kSipStatusMax = 699;

// 0: something stands there that no number has.
std::size_t DigitsIn(std::string_view user) {
  std::size_t digits = 0;
  for (const char c : user) {
    if (c >= '0' && c <= '9') {
      ++digits;
    } else if (c != '+' && c != '-' && c != '.' && c != '(' && c != ')' && c != '*' && c != '#') {
      return 0;
    }
  }
  return digits;
}

// The order of BetterParty.
int RankOf(std::string_view uri) {
  if (uri.empty()) return 0;
  const auto user = UserOfUri(uri);
  if (DigitsIn(user) < kNumberDigitsMin) return DigitsIn(user) >= kShortNumberDigitsMin ? 2 : 1;
  return user.starts_with('+') ? 5 : StartsWithWord(uri, "tel:") ? 4 : 3;
}

using PartyOf = v1::Party* (v1::CallRecord::*)();

void SetParty(std::string_view uri, v1::CallRecord& record, PartyOf mutable_party) {
  const auto user = UserOfUri(uri).substr(0, kNumberBytesMax);
  if (!user.empty() && IsUtf8(user))
    (record.*mutable_party)()->set_number(user.data(), user.size());
}

void AddCause(v1::Cause::Namespace space, std::string_view value, v1::CallRecord& record) {
  if (record.causes_size() >= kCausesMax) return;
  auto& cause = *record.add_causes();
  cause.set_namespace_(space);
  cause.set_value(value.data(), value.size());
}

// One Reason header, which may hold several values: "Q.850;cause=16;text=\"…\", SIP;cause=200".
// Texts with commas in quotes only cut a text short.
void ReadReason(std::string_view header, bool answered, v1::CallRecord& record) {
  while (!header.empty()) {
    const auto comma = std::min(header.find(','), header.size());
    const auto value = Trimmed(header.substr(0, comma));
    header.remove_prefix(std::min(comma + 1, header.size()));
    const auto semicolon = value.find(';');
    if (semicolon == std::string_view::npos) continue;
    const auto protocol = Trimmed(value.substr(0, semicolon));
    auto parameters = value.substr(semicolon + 1);
    while (!parameters.empty()) {
      const auto end = std::min(parameters.find(';'), parameters.size());
      const auto parameter = Trimmed(parameters.substr(0, end));
      parameters.remove_prefix(std::min(end + 1, parameters.size()));
      if (!StartsWithWord(parameter, "cause=")) continue;
      const auto cause = Trimmed(parameter.substr(6));
      if (cause.empty() || cause.size() > 3 || DigitsIn(cause) != cause.size()) continue;
      if (StartsWithWord(protocol, "q.850")) {
        AddCause(v1::Cause::NAMESPACE_Q850, cause, record);
      } else if (StartsWithWord(protocol, "sip") && cause == "200") {
        // RFC 3326, 2: the call was completed elsewhere.
        if (!answered) record.set_answered_elsewhere(true);
      } else if (StartsWithWord(protocol, "sip")) {
        AddCause(v1::Cause::NAMESPACE_SIP, cause, record);
      }
    }
  }
}

void SetCauses(const ImsSession& session, bool answered, v1::CallRecord& record) {
  for (std::size_t i = 0; i < session.reason_count; ++i)
    ReadReason(session.reasons[i], answered, record);
  if (!session.code || *session.code <= 0) return;
  const auto code = std::to_string(*session.code);
  if (*session.code >= kSipStatusMin && *session.code <= kSipStatusMax) {
    AddCause(v1::Cause::NAMESPACE_SIP, code, record);
  } else if (*session.code < kSipStatusMin) {
    AddCause(v1::Cause::NAMESPACE_IMS, "cause-code/" + code, record);
  }
}

bool OnlyRoutes(ImsNode node) {
  switch (node) {
    case ImsNode::kIcscf:
    case ImsNode::kMrfc:
    case ImsNode::kBgcf:
    case ImsNode::kEcscf:
    case ImsNode::kTrf:
    case ImsNode::kTf:
    case ImsNode::kAtcf:
      return true;
    default:
      return false;
  }
}

void SetParties(const ImsSession& session, v1::CallRecord& record) {
  const bool terminating = session.role == ImsRole::kTerminating;
  auto caller = session.calling;
  if (caller.empty() && session.role == ImsRole::kOriginating) caller = session.subscription;
  SetParty(caller, record, &v1::CallRecord::mutable_calling);
  const auto from = UserOfUri(session.from);
  if (DigitsIn(from) == 0 && PresentationOfWord(from) == v1::Party::PRESENTATION_RESTRICTED)
    record.mutable_calling()->set_presentation(v1::Party::PRESENTATION_RESTRICTED);

  // Who answered is a better name for the target than the contact that it was reached at.
  auto target = session.called;
  if (RankOf(session.asserted) >= RankOf(target)) target = session.asserted;
  if (RankOf(session.requested) > RankOf(target)) target = session.requested;
  if (target.empty() && terminating) target = session.subscription;
  SetParty(target, record, &v1::CallRecord::mutable_called);
  SetParty(session.asserted, record, &v1::CallRecord::mutable_connected);

  const auto first =
      terminating && !session.subscription.empty() ? session.subscription : session.requested;
  const auto user = UserOfUri(first);
  if (DigitsIn(user) >= kShortNumberDigitsMin && !SameNumber(user, record.called().number()))
    SetParty(first, record, &v1::CallRecord::mutable_original_called);
}

}  // namespace

std::string PrintableId(std::string_view id) {
  const bool printable = std::ranges::all_of(id, [](char c) { return c > ' ' && c < '\x7f'; });
  if (!printable) {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string hex;
    for (const char c : id) {
      hex.push_back(kHex[static_cast<std::uint8_t>(c) >> 4]);
      hex.push_back(kHex[static_cast<std::uint8_t>(c) & 15]);
    }
    if (hex.size() <= kIdBytesMax) return hex;
  } else if (id.size() <= kIdBytesMax) {
    return std::string(id);
  }
  return Hex64(StableHash64(id)) + Hex64(StableHash64(id, 1));
}

std::string_view BetterParty(std::string_view a, std::string_view b) {
  return RankOf(b) > RankOf(a) ? b : a;
}

std::string_view UserOfUri(std::string_view uri) {
  // "\"Name\" <sip:…>"
  if (const auto open = uri.find('<'); open != std::string_view::npos) uri.remove_prefix(open + 1);
  uri = Trimmed(uri);
  if (StartsWithWord(uri, "sip:") || StartsWithWord(uri, "tel:")) {
    uri.remove_prefix(4);
  } else if (StartsWithWord(uri, "sips:")) {
    uri.remove_prefix(5);
  }
  std::size_t end = 0;
  while (end < uri.size() && uri[end] != '@' && uri[end] != ';' && uri[end] != '>') ++end;
  return uri.substr(0, end);
}

bool IsCallMethod(std::string_view method) {
  // RFC 3261: what a dialog of a call consists of; PRACK and UPDATE are RFC 3262 and 3311.
  for (const std::string_view call : {"invite", "bye", "cancel", "ack", "prack", "update"}) {
    if (method.size() == call.size() && StartsWithWord(method, call)) return true;
  }
  return method.empty();
}

void FillFromIms(const ImsSession& session, const KnownNumbers& voicemail_pilots,
                 v1::CallRecord& record) {
  if (!session.icid.empty()) {
    record.set_join_key(PrintableId(session.icid));
    record.set_call_id(record.join_key());
  }
  if (!session.session_id.empty()) record.set_leg_id(PrintableId(session.session_id));
  if (session.started_at_ms) record.set_started_at_ms(*session.started_at_ms);
  if (session.ended_at_ms) record.set_ended_at_ms(*session.ended_at_ms);
  SetParties(session, record);
  if (!IsCallMethod(session.method)) {
    record.set_not_a_call(true);
    return;
  }
  if (OnlyRoutes(session.node)) {
    // A media server's answer is an announcement's, and a router's is its neighbour's.
    record.set_leg_only(true);
    return;
  }
  const bool answered = session.answered || session.answered_at_ms.has_value();
  if (session.answered_at_ms) record.set_answered_at_ms(*session.answered_at_ms);
  if (answered) {
    const bool voicemail = voicemail_pilots.Has(record.called().number()) ||
                           voicemail_pilots.Has(record.connected().number());
    record.set_answered_by(voicemail ? v1::ANSWERED_BY_VOICEMAIL : v1::ANSWERED_BY_UNKNOWN);
  }
  SetCauses(session, answered, record);
  record.set_partial_open(session.open);
  record.set_call_over(!session.open &&
                       (session.role == ImsRole::kOriginating || session.node == ImsNode::kAs));
}

}  // namespace textback::cdr
