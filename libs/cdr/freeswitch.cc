#include "cdr/freeswitch.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/bytes.h"
#include "cdr/cause_table.h"
#include "cdr/normalise.h"
#include "cdr/reasons.h"

namespace textback::cdr {
namespace {

using Field = FreeswitchField;
using ProfileField = FreeswitchProfileField;

constexpr std::size_t kContextsMax = 64;
constexpr std::int64_t kBillSecMax = std::int64_t{1} << 40;  // what is absurd, the decoder refuses

bool HasWord(std::string_view text, std::string_view word) {
  return !std::ranges::search(text, word, {}, ToLower, ToLower).empty();
}

// switch_true(): the words that FreeSWITCH itself takes for yes.
bool IsTrue(std::string_view value) {
  static constexpr std::string_view kYes[] = {"true", "yes",    "on",      "enable", "enabled",
                                              "t",    "active", "allowed", "1"};
  return IsOneOf(value, kYes);
}

// What protobuf may take for text, whatever bytes a caller's name has.
std::string Text(std::string_view bytes) {
  std::string text(bytes);
  if (!IsUtf8(text)) {
    for (char& c : text) {
      if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    }
  }
  return text;
}

std::int64_t Positive(std::string_view value) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  return error == std::errc() ? std::max<std::int64_t>(number, 0) : 0;
}

// "sip:486" -> "486"; empty for anything else.
std::string_view SipStatus(std::string_view proto_cause) {
  constexpr std::string_view kScheme = "sip:";
  if (!proto_cause.starts_with(kScheme)) return {};
  const auto status = proto_cause.substr(kScheme.size());
  const bool digits = status.size() == 3 &&
                      std::ranges::all_of(status, [](char c) { return c >= '0' && c <= '9'; });
  return digits ? status : std::string_view();
}

// Of `Reason: SIP;cause=200;text=…` (RFC 3326), whatever spaces stand in it.
std::string_view ReasonCause(std::string_view reason) {
  constexpr std::string_view kCause = "cause=";
  const auto at = reason.find(kCause);
  if (at == std::string_view::npos) return {};
  const auto value = reason.substr(at + kCause.size());
  return value.substr(0, std::min(value.find_first_not_of("0123456789"), value.size()));
}

// What a bridge ends with when the other side never answered.
bool IsUnansweredCause(std::string_view cause) {
  static constexpr std::string_view kCauses[] = {
      "ORIGINATOR_CANCEL", "NO_ANSWER",          "NO_USER_RESPONSE",
      "USER_BUSY",         "BUSY_EVERYWHERE",    "CALL_REJECTED",
      "DECLINE",           "SUBSCRIBER_ABSENT",  "USER_NOT_REGISTERED",
      "PROGRESS_TIMEOUT",  "UNALLOCATED_NUMBER", "NO_ROUTE_DESTINATION",
      "LOSE_RACE"};
  return IsOneOf(cause, kCauses);
}

bool IsDigits(std::string_view text, std::size_t least) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return text.size() >= least &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }) &&
         text.find_first_not_of('0') != std::string_view::npos;
}

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

Result<FreeswitchProfile> FreeswitchProfile::Parse(std::string_view text) {
  FreeswitchProfile profile;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (text.empty()) return profile;
    const auto word = text.substr(0, std::min(text.find(' '), text.size()));
    text.remove_prefix(word.size());
    const auto equals = std::min(word.find('='), word.size());
    const auto key = word.substr(0, equals);
    auto names = word.substr(std::min(equals + 1, word.size()));
    if ((key != "inbound" && key != "outbound") || names.empty()) {
      return FatalError("config_invalid", "profile: \"" + std::string(word.substr(0, 64)) +
                                              "\" must be inbound=CONTEXT,… or outbound=CONTEXT,…");
    }
    auto& contexts = key == "inbound" ? profile.inbound : profile.outbound;
    while (!names.empty()) {
      const auto comma = std::min(names.find(','), names.size());
      contexts.emplace_back(names.substr(0, comma));
      names.remove_prefix(std::min(comma + 1, names.size()));
    }
    if (contexts.size() > kContextsMax) {
      return FatalError("config_invalid", "profile: at most " + std::to_string(kContextsMax) +
                                              " contexts are allowed");
    }
  }
}

void FreeswitchApps::Add(std::string_view app, std::string_view arguments) {
  static constexpr std::string_view kQueues[] = {"callcenter", "fifo"};
  static constexpr std::string_view kMachines[] = {"ivr",
                                                   "playback",
                                                   "play_and_get_digits",
                                                   "play_and_detect_speech",
                                                   "say",
                                                   "speak",
                                                   "phrase",
                                                   "endless_playback",
                                                   "loop_playback",
                                                   "read",
                                                   "echo",
                                                   "delay_echo",
                                                   "gentones",
                                                   "playfsv",
                                                   "play_fsv",
                                                   "park",
                                                   "wait_for_silence"};
  static constexpr std::string_view kOthers[] = {
      "lua",       "javascript", "python", "perl",    "socket",    "rayo",      "conference",
      "httapi",    "erlang",     "java",   "managed", "bridge",    "intercept", "att_xfer",
      "three_way", "valet_park", "rxfax",  "txfax",   "eavesdrop", "soft_hold", "kz_bridge"};
  if (SameWord(app, "voicemail")) {
    // "check …" is the box's owner listening.
    (arguments.starts_with("check") ? machine : voicemail) = true;
  } else if (IsOneOf(app, kQueues)) {
    queue = true;
  } else if (IsOneOf(app, kMachines)) {
    machine = true;
  } else if (IsOneOf(app, kOthers)) {
    // FusionPBX's mailbox is a script.
    (SameWord(app, "lua") && HasWord(arguments, "voicemail") ? voicemail : other) = true;
  }
}

struct FreeswitchLeg::Times {
  std::int64_t started = 0;  // 0: not said
  std::int64_t progress = 0;
  std::int64_t answered = 0;
  std::int64_t bridged = 0;
  std::int64_t ended = 0;
  bool tells_progress = false;
};

Result<FreeswitchLeg::Times> FreeswitchLeg::ReadTimes(const char* bad_value) const {
  std::optional<Error> bad;
  const auto number = [&bad, bad_value, this](Field field) -> std::int64_t {
    const auto text = (*this)[field];
    if (text.empty()) return 0;
    std::int64_t value = 0;
    const char* last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, value);
    if (error == std::errc() && end == last && value >= 0) return value;
    if (!bad) {
      bad = DeadLetterError(bad_value, std::string(FreeswitchNameOf(field)) +
                                           " must be a whole number, not \"" +
                                           Text(text.substr(0, 40)) + "\"");
    }
    return 0;
  };
  const auto ms = [&number](Field micros, Field seconds) {
    const std::int64_t us = number(micros);
    if (us > 0) return us / 1'000;
    constexpr std::int64_t kSecondsMax = std::int64_t{1} << 40;
    return std::min(number(seconds), kSecondsMax) * 1'000;
  };
  Times times;
  times.started = ms(Field::kStartUs, Field::kStart);
  times.progress = ms(Field::kProgressUs, Field::kProgress);
  if (times.progress == 0) times.progress = ms(Field::kProgressMediaUs, Field::kProgressMedia);
  times.answered = ms(Field::kAnswerUs, Field::kAnswer);
  times.bridged = ms(Field::kBridgeUs, Field::kBridge);
  times.ended = ms(Field::kEndUs, Field::kEnd);
  times.tells_progress = !(*this)[Field::kProgress].empty() || !(*this)[Field::kProgressUs].empty();
  if (bad) return std::move(*bad);
  return times;
}

bool FreeswitchLeg::IsLoopback() const {
  return !(*this)[Field::kLoopbackLeg].empty() ||
         (*this)[Field::kChannelName].starts_with("loopback/");
}

std::string_view FreeswitchLeg::Parent() const {
  const auto own = (*this)[Field::kUuid];
  for (const Field field : {Field::kEntOriginateAleg, Field::kOriginatingLeg, Field::kOriginator,
                            Field::kCcMemberSession, Field::kFifoBridge}) {
    const auto parent = (*this)[field];
    // The one who waits in a queue may carry its own agent's.
    if (field == Field::kCcMemberSession && (*this)[Field::kCcSide] == "member") continue;
    if (field == Field::kFifoBridge && (*this)[Field::kFifoRole] == "caller") continue;
    if (!parent.empty() && parent != own) return parent;
  }
  // In an event "the other leg" is the originator only if it says so; in a caller profile always.
  const auto other_type = (*this)[Field::kOtherType];
  if (other_type.empty() || SameWord(other_type, "originator")) {
    const auto parent = profiles_[oldest_][ProfileField::kOriginatorUuid];
    if (!parent.empty() && parent != own) return parent;
  }
  // Joined by uuid_bridge after both were made.
  if ((*this)[Field::kDirection] == "outbound" && (*this)[Field::kLastBridgeRole] == "originatee") {
    const auto bond = (*this)[Field::kSignalBond];
    if (bond != own) return bond;
  }
  return {};
}

bool FreeswitchLeg::AgentTook() const {
  return IsTrue((*this)[Field::kCcAgentBridged]) || Positive((*this)[Field::kCcAnswered]) > 0 ||
         SameWord((*this)[Field::kFifoStatus], "TALKING") ||
         SameWord((*this)[Field::kFifoStatus], "DONE");
}

v1::AnsweredBy FreeswitchLeg::AnsweredBy(bool bridged, bool made_by_switch) const {
  const bool queued = !(*this)[Field::kCcQueue].empty() || !(*this)[Field::kFifoRole].empty();
  if (queued && AgentTook()) return v1::ANSWERED_BY_PERSON;
  if (bridged) {
    return queued || !(*this)[Field::kDialedUser].empty() ? v1::ANSWERED_BY_PERSON
                                                          : v1::ANSWERED_BY_UNKNOWN;
  }
  if (made_by_switch) return v1::ANSWERED_BY_UNKNOWN;  // the far end did: whoever it is
  FreeswitchApps apps = apps_;
  apps.Add((*this)[Field::kLastApp], (*this)[Field::kLastArg]);
  if (apps.voicemail || !(*this)[Field::kVoicemailLength].empty()) return v1::ANSWERED_BY_VOICEMAIL;
  if (apps.queue || queued) return v1::ANSWERED_BY_QUEUE;
  if (apps.other || !apps.machine) return v1::ANSWERED_BY_UNKNOWN;
  return v1::ANSWERED_BY_IVR;
}

bool FreeswitchLeg::AttemptFailed() const {
  const auto disposition = (*this)[Field::kOriginateDisposition];
  const auto bridge = (*this)[Field::kLastBridgeCause].empty() ? (*this)[Field::kBridgeCause]
                                                               : (*this)[Field::kLastBridgeCause];
  return IsUnansweredCause(disposition) || IsUnansweredCause(bridge);
}

v1::Direction FreeswitchLeg::DirectionOf(const FreeswitchProfile& profile, bool called_leg) const {
  const auto context = profiles_[oldest_][ProfileField::kContext];
  if (!called_leg && (*this)[Field::kDirection] != "outbound") {
    if (Contains(profile.inbound, context)) return v1::DIRECTION_INBOUND;
    if (Contains(profile.outbound, context)) return v1::DIRECTION_OUTBOUND;
  }
  const auto set = (*this)[Field::kCallDirection];
  if (set == "inbound") return v1::DIRECTION_INBOUND;
  if (set == "outbound") return v1::DIRECTION_OUTBOUND;
  if (set == "local" || called_leg) return v1::DIRECTION_UNSPECIFIED;
  if ((*this)[Field::kDirection] == "outbound") return v1::DIRECTION_OUTBOUND;
  if (!(*this)[Field::kUserName].empty() || !(*this)[Field::kAuthUsername].empty()) {
    return (*this)[Field::kDialedUser].empty() ? v1::DIRECTION_OUTBOUND : v1::DIRECTION_UNSPECIFIED;
  }
  if (!(*this)[Field::kGateway].empty() || context == "public" ||
      (*this)[Field::kSofiaProfile] == "external") {
    return v1::DIRECTION_INBOUND;
  }
  return v1::DIRECTION_UNSPECIFIED;
}

v1::Party::Presentation FreeswitchLeg::PresentationOf(bool called_leg) const {
  const auto& oldest = profiles_[oldest_];
  if (IsTrue((*this)[Field::kHideNumber])) return v1::Party::PRESENTATION_RESTRICTED;
  // RFC 3323, 4.2, and RFC 3325, 9.3: priv-values of the Privacy header.
  for (const std::string_view word : {"id", "user", "header", "full"}) {
    if (HasWord((*this)[Field::kPrivacy], word)) return v1::Party::PRESENTATION_RESTRICTED;
  }
  const auto remote = (*this)[Field::kRemotePartyId];
  for (const std::string_view word : {"privacy=full", "privacy=number", "privacy=yes"}) {
    if (HasWord(remote, word)) return v1::Party::PRESENTATION_RESTRICTED;
  }
  const std::string_view own[] = {oldest[ProfileField::kCallerName],
                                  oldest[ProfileField::kCallerNumber], (*this)[Field::kFromUser],
                                  (*this)[Field::kEffectiveNumber]};
  const std::string_view originators[] = {oldest[ProfileField::kOriginatorName],
                                          oldest[ProfileField::kOriginatorNumber]};
  auto presentation = v1::Party::PRESENTATION_UNSPECIFIED;
  const auto look = [&presentation](std::string_view word) {
    const auto said = PresentationOfWord(word);
    if (said == v1::Party::PRESENTATION_RESTRICTED) presentation = said;
  };
  if (called_leg) std::ranges::for_each(originators, look);
  if (!called_leg || originators[1].empty()) std::ranges::for_each(own, look);
  return presentation;
}

void FreeswitchLeg::FillParties(bool called_leg, v1::CallRecord& record) const {
  const auto& oldest = profiles_[oldest_];
  const auto& newest = profiles_[newest_];
  std::string_view caller = oldest[ProfileField::kCallerNumber];
  if (caller.empty()) caller = oldest[ProfileField::kAni];
  // A leg that the switch made shows the number it called for its caller's, once it is flipped.
  if (IsTrue((*this)[Field::kCidFlipped])) {
    caller = (*this)[Field::kOriginationNumber].empty() ? oldest[ProfileField::kAni]
                                                        : (*this)[Field::kOriginationNumber];
  }
  if (called_leg && !oldest[ProfileField::kOriginatorNumber].empty())
    caller = oldest[ProfileField::kOriginatorNumber];
  // A user's own phone is an extension; the number it showed to the world is the line.
  if (record.direction() == v1::DIRECTION_OUTBOUND && !IsDigits(caller, 7) &&
      IsDigits((*this)[Field::kEffectiveNumber], 7)) {
    caller = (*this)[Field::kEffectiveNumber];
  }
  auto& calling = *record.mutable_calling();
  calling.set_number(Text(caller));
  calling.set_presentation(PresentationOf(called_leg));

  const auto last = newest[ProfileField::kDestination];
  record.mutable_called()->set_number(Text(last));
  std::string_view first = (*this)[Field::kCallerDestination];
  if (first.empty() && called_leg) first = oldest[ProfileField::kOriginatorDestination];
  if (first.empty() && !called_leg) {
    first = oldest[ProfileField::kDestination];
    // An event has the newest profile alone.
    if (profiles_seen_ == 0 && newest.index > 1) {
      first = newest.index == 2 ? newest[ProfileField::kRdnis] : (*this)[Field::kReqUser];
    }
  }
  if (!first.empty() && first != last) record.mutable_original_called()->set_number(Text(first));
  const auto redirecting = newest[ProfileField::kRdnis];
  if (!redirecting.empty()) record.mutable_redirecting()->set_number(Text(redirecting));
}

void FreeswitchLeg::FillCauses(v1::CallRecord& record) const {
  const auto add = [&record](v1::Cause::Namespace space, std::string_view value) -> v1::Cause* {
    if (value.empty() || SameWord(value, "SUCCESS") || SameWord(value, "NONE")) return nullptr;
    for (auto& cause : *record.mutable_causes()) {
      if (cause.namespace_() == space && cause.value() == value) return nullptr;
    }
    auto* cause = record.add_causes();
    cause->set_namespace_(space);
    cause->set_value(Text(value));
    return cause;
  };
  const auto last = (*this)[Field::kLastBridgeProtoCause];
  const auto status = SipStatus(last.empty() ? (*this)[Field::kProtoCause] : last);
  const bool refused = status == "401" || status == "403" || status == "407";
  for (const Field field : {Field::kHangupCause, Field::kLastBridgeCause,
                            Field::kOriginateDisposition, Field::kBridgeCause}) {
    auto* cause = add(v1::Cause::NAMESPACE_FREESWITCH, (*this)[field]);
    if (cause != nullptr && refused && cause->value() == "CALL_REJECTED")
      cause->set_location(v1::Cause::LOCATION_REMOTE_NETWORK);
  }
  // The words are Asterisk's (switch_ivr_originate.c sets it for dialplans that came from there).
  if ((*this)[Field::kOriginateDisposition].empty() &&
      !SameWord((*this)[Field::kDialStatus], "ANSWER")) {
    add(v1::Cause::NAMESPACE_ASTERISK, (*this)[Field::kDialStatus]);
  }
  if (!status.starts_with('2')) add(v1::Cause::NAMESPACE_SIP, status);
}

Status FreeswitchLeg::Fill(const FreeswitchProfile& profile, const char* bad_value,
                           v1::CallRecord& record) {
  if (profiles_seen_ > 0) {
    if (profiles_[current_].index > profiles_[newest_].index) newest_ = current_;
    if (profiles_[current_].index < profiles_[oldest_].index) oldest_ = current_;
  }
  if ((*this)[Field::kHangupCause].empty()) {
    return DeadLetterError(reasons::kFieldMissing,
                           "no hangup_cause: this isn't the end of a channel");
  }
  if ((*this)[Field::kUuid].empty())
    cells_[static_cast<std::size_t>(Field::kUuid)].value = profiles_[oldest_][ProfileField::kUuid];
  TB_ASSIGN_OR_RETURN(const auto times, ReadTimes(bad_value));

  const auto uuid = (*this)[Field::kUuid];
  const bool loopback = IsLoopback();
  std::string_view parent = Parent();
  if (parent.empty() && loopback) parent = (*this)[Field::kOtherLoopbackFrom];
  const bool called_leg = loopback || !parent.empty();
  const auto key = parent.empty() ? uuid : parent;
  record.set_record_id(Text(uuid));
  record.set_leg_id(Text(uuid));
  record.set_call_id(Text(key));
  record.set_join_key(Text(key));
  record.set_direction(DirectionOf(profile, called_leg));
  FillParties(called_leg, record);
  FillCauses(record);
  record.set_reason_text(Text((*this)[Field::kHangupCause]));
  if (!(*this)[Field::kLastApp].empty())
    record.mutable_reason_text()->append(" in ").append(Text((*this)[Field::kLastApp]));

  if (times.started > 0) record.set_started_at_ms(times.started);
  if (times.ended > 0) record.set_ended_at_ms(times.ended);
  const auto cause = (*this)[Field::kHangupCause];
  const bool lost = SameWord(cause, "LOSE_RACE") || SameWord(cause, "PICKED_OFF");
  const auto reason = (*this)[Field::kSipReason];
  if (times.answered == 0 && (lost || (reason.starts_with("SIP") && ReasonCause(reason) == "200")))
    record.set_answered_elsewhere(true);
  const bool transferred =
      SameWord(cause, "ATTENDED_TRANSFER") || SameWord(cause, "BLIND_TRANSFER");
  record.set_call_over(!called_leg && !transferred);

  // Documents of 2009 have no bridge_epoch: a bridge that didn't end like an attempt.
  const bool bridged =
      times.bridged > 0 || ((*this)[Field::kBridge].empty() && (*this)[Field::kBridgeUs].empty() &&
                            !(*this)[Field::kSignalBond].empty() && !AttemptFailed());
  bool answered = times.answered > 0;
  if (called_leg) {
    answered = answered && bridged && !loopback;
    record.set_leg_only(!answered);
  }
  const bool made_by_switch = !called_leg && (*this)[Field::kDirection] == "outbound";
  if (answered) {
    const auto by = called_leg && !(*this)[Field::kCcMemberSession].empty()
                        ? v1::ANSWERED_BY_PERSON
                        : AnsweredBy(bridged, made_by_switch);
    // Somebody was to be reached and wasn't: the switch alone answered. A mailbox or queue still
    // counts, since that is where the call ended.
    const bool machine = by == v1::ANSWERED_BY_IVR || by == v1::ANSWERED_BY_UNKNOWN;
    if (!bridged && machine && !made_by_switch && AttemptFailed()) return Ok();
    record.set_answered_by(by);
    record.set_answered_at_ms(times.answered);
    const std::int64_t bill_ms = Positive((*this)[Field::kBillMs]);
    if (bill_ms > 0 || !(*this)[Field::kBillSec].empty()) {
      const std::int64_t seconds = std::min(Positive((*this)[Field::kBillSec]), kBillSecMax);
      record.set_talk_ms(bill_ms > 0 ? bill_ms : seconds * 1'000);
    } else if (times.ended >= times.answered) {
      record.set_talk_ms(times.ended - times.answered);
    }
  }
  // Answered at once by the switch, and then nobody: when it rang isn't said.
  if (!answered && times.answered > 0 && !called_leg) return Ok();
  if (times.progress > 0) record.set_ringing_at_ms(times.progress);
  const std::int64_t until = times.answered > 0 ? times.answered : times.ended;
  if (times.progress > 0 && until >= times.progress) {
    record.set_ring_ms(until - times.progress);
  } else if (times.progress == 0 && times.tells_progress && times.answered == 0) {
    record.set_ring_ms(0);
  }
  return Ok();
}

}  // namespace textback::cdr
