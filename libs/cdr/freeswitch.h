// What FreeSWITCH says of a channel when it is over, read alike from mod_xml_cdr, mod_json_cdr,
// CHANNEL_HANGUP_COMPLETE and mod_cdr_csv: the same variables in four notations.
//
// A record is one channel's (a leg's). The rules, in the order in which they are asked:
//
// Leg. A called leg names the leg that it was made for: originating_leg_uuid, originator,
//   ent_originate_aleg_uuid, cc_member_session_uuid (callcenter), fifo_bridge_uuid (fifo), the
//   originator in its caller profile, or Other-Type: originator in an event (mod_json_cdr tells a
//   b-leg by that profile, too). That uuid is the call's join key; a caller's leg has its own. The
//   end of the caller's leg is the end of the call (call_over); a called leg is leg_only, unless it
//   talked (answered and bridged) or proves that another leg did (LOSE_RACE, PICKED_OFF).
//   Legs of mod_loopback are never more than a leg.
// Answered. answer_epoch alone says so; then who:
//   - bridged (bridge_epoch): a person if a local user or a queue's agent was dialled, else unknown
//     (an outside number may be a mailbox);
//   - else a mailbox, a queue, a menu, by the applications that ran. cc_* and fifo_* of a caller
//     whom no agent took: queue;
//   - else, if it tried to reach somebody and failed, the switch answered and nobody did: the
//   record
//     says no answer, and the causes of the attempt.
// Causes. By name, never by FreeSWITCH's number (above 127 they collide with SIP's): hangup_cause,
//   last_bridge_hangup_cause, originate_disposition, bridge_hangup_cause, DIALSTATUS, then
//   "sip:486". SUCCESS and sip:200 say nothing of a call that wasn't answered (early media makes a
//   "bridge"). CALL_REJECTED for a 401, 403 or 407 is the network's refusal.
// Rang. progress_epoch (180), else progress_media_epoch (183), of which 0 means never: ring_ms 0.
// Direction. `direction` is the switch's view of the leg (inbound: it came to the switch), so:
//   1. the configured contexts (FreeswitchProfile);
//   2. call_direction, which dialplans set: inbound, outbound; local is neither;
//   3. a leg that the switch made for nobody (originate): outbound;
//   4. a leg of an authenticated user (user_name, sip_auth_username): outbound, or not said if it
//      dialled a local user (dialed_user);
//   5. a leg from a gateway, the context "public" or the SIP profile "external": inbound;
//   6. else not said: the line table decides.
// Parties. The oldest caller profile has the caller and the number first dialled (a FusionPBX
//   dialplan also leaves it in caller_destination); the newest has the last target, and in rdnis
//   who sent it there.
// Withheld. privacy_hide_number, Caller-Privacy-Hide-Number, a Privacy header, Remote-Party-ID with
//   privacy=full or number, or "anonymous" for a number or name.
//
// Values are url-encoded unless switched off (encode-values): %XX is decoded wherever it stands.
//
// Sources: signalwire/freeswitch (switch_channel.c, switch_ivr.c, mod_json_cdr.c, mod_callcenter.c,
// mod_fifo.c) and its variable catalogue, developer.signalwire.com/freeswitch.
// Threads: one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cdr/adapter.h"

namespace textback::cdr {

// FormatConfig.profile: words such as "inbound=public,from-pstn outbound=default" (contexts).
struct FreeswitchProfile {
  std::vector<std::string> inbound;
  std::vector<std::string> outbound;

  // kFatal ("config_invalid").
  static Result<FreeswitchProfile> Parse(std::string_view text);
};

enum class FreeswitchField : std::uint8_t {
  kUuid,
  kDirection,
  // whose leg it is
  kEntOriginateAleg,
  kOriginatingLeg,
  kOriginator,
  kCcMemberSession,
  kFifoBridge,
  kOtherLoopbackFrom,
  kCallUuid,
  kSignalBond,
  kLastBridgeRole,
  kOtherType,
  kLoopbackLeg,
  // who it is
  kChannelName,
  kSofiaProfile,
  kGateway,
  kUserName,
  kAuthUsername,
  kDialedUser,
  kCallDirection,
  kCallerDestination,
  kReqUser,
  kOriginationNumber,
  kEffectiveNumber,
  kCidFlipped,
  // withheld
  kHideNumber,
  kPrivacy,
  kRemotePartyId,
  kFromUser,
  // why it ended
  kHangupCause,
  kLastBridgeCause,
  kBridgeCause,
  kOriginateDisposition,
  kDialStatus,
  kProtoCause,
  kLastBridgeProtoCause,
  kSipReason,
  // when, microseconds and seconds
  kStartUs,
  kStart,
  kProgressUs,
  kProgress,
  kProgressMediaUs,
  kProgressMedia,
  kAnswerUs,
  kAnswer,
  kBridgeUs,
  kBridge,
  kEndUs,
  kEnd,
  kBillMs,
  kBillSec,
  // what ran
  kLastApp,
  kLastArg,
  kVoicemailLength,
  kCcSide,
  kCcQueue,
  kCcAgentBridged,
  kCcAnswered,
  kFifoRole,
  kFifoStatus,
  kCount
};

// The variable's name; empty: a field that only events have.
std::string_view FreeswitchNameOf(FreeswitchField field);

enum class FreeswitchProfileField : std::uint8_t {
  kCallerName,
  kCallerNumber,
  kAni,
  kRdnis,
  kDestination,
  kContext,
  kUuid,
  kOriginatorNumber,
  kOriginatorName,
  kOriginatorDestination,
  kOriginatorUuid,
  kCount
};

// Applications that ran, as far as they tell who talked to the caller.
struct FreeswitchApps {
  bool voicemail = false;
  bool queue = false;
  bool machine = false;  // menus, announcements
  bool other = false;    // could be anybody: a script, a conference

  void Add(std::string_view app, std::string_view arguments);
};

// One channel's fields as its reader finds them. Kept from record to record for its buffers.
class FreeswitchLeg {
 public:
  using Field = FreeswitchField;
  using ProfileField = FreeswitchProfileField;

  void Clear();

  // A value is decoded into the leg's own buffer where it must be; else it is a slice that must
  // live until Fill. The first value that says something stays: not empty, and not the 0 of a time
  // that an event's newest profile doesn't have.
  void Set(Field field, std::string_view value);
  // By a variable's name ("answer_epoch"), an event's header ("Unique-ID", "variable_uuid") or the
  // name in a caller profile ("ani"); false: of no use.
  bool SetVariable(std::string_view name, std::string_view value);
  bool SetHeader(std::string_view name, std::string_view value);
  // Of the profile begun last; `originator`: of the profile nested in it. Without BeginProfile
  // (events) there is one.
  void BeginProfile(std::string_view index);
  bool SetProfile(std::string_view name, std::string_view value, bool originator);
  bool SetTime(std::string_view name, std::string_view value);
  void SetProfile(ProfileField field, std::string_view value);
  void AddApp(std::string_view app, std::string_view arguments) { apps_.Add(app, arguments); }

  // kDeadLetter: field_missing, or `bad_value` (the format's word) with the variable's name.
  Status Fill(const FreeswitchProfile& profile, const char* bad_value, v1::CallRecord& record);

 private:
  static constexpr auto kFields = static_cast<std::size_t>(Field::kCount);
  static constexpr auto kProfileFields = static_cast<std::size_t>(ProfileField::kCount);
  struct Cell {
    std::string_view value;
    std::string decoded;
    void Set(std::string_view raw);
  };
  struct Profile {
    std::int64_t index = 0;
    std::array<Cell, kProfileFields> cells;
    std::string_view operator[](ProfileField field) const {
      return cells[static_cast<std::size_t>(field)].value;
    }
  };
  struct Times;

  std::string_view operator[](Field field) const {
    return cells_[static_cast<std::size_t>(field)].value;
  }
  std::string_view Parent() const;
  bool IsLoopback() const;
  bool AgentTook() const;
  Result<Times> ReadTimes(const char* bad_value) const;
  v1::Direction DirectionOf(const FreeswitchProfile& profile, bool called_leg) const;
  void FillParties(bool called_leg, v1::CallRecord& record) const;
  v1::Party::Presentation PresentationOf(bool called_leg) const;
  void FillCauses(v1::CallRecord& record) const;
  v1::AnsweredBy AnsweredBy(bool bridged, bool made_by_switch) const;
  bool AttemptFailed() const;

  std::array<Cell, kFields> cells_;
  // The oldest and the newest of its caller profiles, and one being read.
  std::array<Profile, 3> profiles_;
  std::size_t profiles_seen_ = 0;
  std::size_t oldest_ = 0;
  std::size_t newest_ = 0;
  std::size_t current_ = 0;
  FreeswitchApps apps_;
};

}  // namespace textback::cdr
