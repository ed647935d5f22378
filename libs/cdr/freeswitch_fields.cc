// How FreeSWITCH names what a leg is made of; what it means is in freeswitch.cc.
#include <algorithm>
#include <charconv>

#include "cdr/freeswitch.h"

namespace textback::cdr {
namespace {

using Field = FreeswitchField;
using ProfileField = FreeswitchProfileField;

template <class Value>
struct Named {
  std::string_view name;
  Value value;
};

constexpr Named<Field> kVariables[] = {
    {"DIALSTATUS", Field::kDialStatus},
    {"answer_epoch", Field::kAnswer},
    {"answer_uepoch", Field::kAnswerUs},
    {"billmsec", Field::kBillMs},
    {"billsec", Field::kBillSec},
    {"bridge_epoch", Field::kBridge},
    {"bridge_hangup_cause", Field::kBridgeCause},
    {"bridge_uepoch", Field::kBridgeUs},
    {"bridge_uuid", Field::kSignalBond},
    {"call_direction", Field::kCallDirection},
    {"call_uuid", Field::kCallUuid},
    {"caller_destination", Field::kCallerDestination},
    {"cc_agent_bridged", Field::kCcAgentBridged},
    {"cc_member_session_uuid", Field::kCcMemberSession},
    {"cc_queue", Field::kCcQueue},
    {"cc_queue_answered_epoch", Field::kCcAnswered},
    {"cc_side", Field::kCcSide},
    {"channel_cid_flipped", Field::kCidFlipped},
    {"channel_name", Field::kChannelName},
    {"dialed_user", Field::kDialedUser},
    {"direction", Field::kDirection},
    {"effective_caller_id_number", Field::kEffectiveNumber},
    {"end_epoch", Field::kEnd},
    {"end_uepoch", Field::kEndUs},
    {"ent_originate_aleg_uuid", Field::kEntOriginateAleg},
    {"fifo_bridge_uuid", Field::kFifoBridge},
    {"fifo_role", Field::kFifoRole},
    {"fifo_status", Field::kFifoStatus},
    {"hangup_cause", Field::kHangupCause},
    {"last_app", Field::kLastApp},
    {"last_arg", Field::kLastArg},
    {"last_bridge_hangup_cause", Field::kLastBridgeCause},
    {"last_bridge_proto_specific_hangup_cause", Field::kLastBridgeProtoCause},
    {"last_bridge_role", Field::kLastBridgeRole},
    {"loopback_leg", Field::kLoopbackLeg},
    {"originate_disposition", Field::kOriginateDisposition},
    {"originating_leg_uuid", Field::kOriginatingLeg},
    {"origination_caller_id_number", Field::kOriginationNumber},
    {"originator", Field::kOriginator},
    {"other_loopback_from_uuid", Field::kOtherLoopbackFrom},
    {"privacy_hide_number", Field::kHideNumber},
    {"progress_epoch", Field::kProgress},
    {"progress_media_epoch", Field::kProgressMedia},
    {"progress_media_uepoch", Field::kProgressMediaUs},
    {"progress_uepoch", Field::kProgressUs},
    {"proto_specific_hangup_cause", Field::kProtoCause},
    {"signal_bond", Field::kSignalBond},
    {"sip_Privacy", Field::kPrivacy},
    {"sip_Remote-Party-ID", Field::kRemotePartyId},
    {"sip_auth_username", Field::kAuthUsername},
    {"sip_from_user", Field::kFromUser},
    {"sip_gateway", Field::kGateway},
    {"sip_gateway_name", Field::kGateway},
    {"sip_h_Privacy", Field::kPrivacy},
    {"sip_reason", Field::kSipReason},
    {"sip_req_user", Field::kReqUser},
    {"sofia_profile_name", Field::kSofiaProfile},
    {"start_epoch", Field::kStart},
    {"start_uepoch", Field::kStartUs},
    {"user_name", Field::kUserName},
    {"uuid", Field::kUuid},
    {"voicemail_message_len", Field::kVoicemailLength},
};

constexpr Named<Field> kHeaders[] = {
    {"Call-Direction", Field::kDirection},
    {"Caller-Channel-Answered-Time", Field::kAnswerUs},
    {"Caller-Channel-Bridged-Time", Field::kBridgeUs},
    {"Caller-Channel-Created-Time", Field::kStartUs},
    {"Caller-Channel-Hangup-Time", Field::kEndUs},
    {"Caller-Channel-Progress-Media-Time", Field::kProgressMediaUs},
    {"Caller-Channel-Progress-Time", Field::kProgressUs},
    {"Caller-Privacy-Hide-Number", Field::kHideNumber},
    {"Channel-Call-UUID", Field::kCallUuid},
    {"Channel-Name", Field::kChannelName},
    {"Hangup-Cause", Field::kHangupCause},
    {"Other-Type", Field::kOtherType},
    {"Unique-ID", Field::kUuid},
};

constexpr Named<ProfileField> kProfileHeaders[] = {
    {"Caller-ANI", ProfileField::kAni},
    {"Caller-Caller-ID-Name", ProfileField::kCallerName},
    {"Caller-Caller-ID-Number", ProfileField::kCallerNumber},
    {"Caller-Context", ProfileField::kContext},
    {"Caller-Destination-Number", ProfileField::kDestination},
    {"Caller-RDNIS", ProfileField::kRdnis},
    {"Other-Leg-Caller-ID-Name", ProfileField::kOriginatorName},
    {"Other-Leg-Caller-ID-Number", ProfileField::kOriginatorNumber},
    {"Other-Leg-Destination-Number", ProfileField::kOriginatorDestination},
    {"Other-Leg-Unique-ID", ProfileField::kOriginatorUuid},
};

constexpr Named<ProfileField> kProfileNames[] = {
    {"ani", ProfileField::kAni},
    {"caller_id_name", ProfileField::kCallerName},
    {"caller_id_number", ProfileField::kCallerNumber},
    {"context", ProfileField::kContext},
    {"destination_number", ProfileField::kDestination},
    {"rdnis", ProfileField::kRdnis},
    {"uuid", ProfileField::kUuid},
};

constexpr Named<ProfileField> kOriginatorNames[] = {
    {"caller_id_name", ProfileField::kOriginatorName},
    {"caller_id_number", ProfileField::kOriginatorNumber},
    {"destination_number", ProfileField::kOriginatorDestination},
    {"uuid", ProfileField::kOriginatorUuid},
};

constexpr Named<Field> kTimeNames[] = {
    {"answered_time", Field::kAnswerUs},
    {"bridged_time", Field::kBridgeUs},
    {"created_time", Field::kStartUs},
    {"hangup_time", Field::kEndUs},
    {"progress_media_time", Field::kProgressMediaUs},
    {"progress_time", Field::kProgressUs},
};

// Names to fields, made at compile time: a document has some 200 variables, nearly all of no use.
template <class Value, std::size_t n>
class NameTable {
 public:
  constexpr explicit NameTable(const Named<Value> (&names)[n]) {
    for (const auto& name : names) {
      std::size_t at = Hash(name.name);
      while (!slots_[at].name.empty()) at = (at + 1) % kSlots;
      slots_[at] = name;
    }
  }
  constexpr const Value* Find(std::string_view name) const {
    if (name.empty()) return nullptr;
    for (std::size_t at = Hash(name); !slots_[at].name.empty(); at = (at + 1) % kSlots) {
      if (slots_[at].name == name) return &slots_[at].value;
    }
    return nullptr;
  }

 private:
  static constexpr std::size_t kSlots = n < 16 ? 64 : 256;  // at most a quarter full
  static_assert(n * 4 <= kSlots);
  static constexpr std::size_t Hash(std::string_view name) {
    const auto at = [name](std::size_t i) {
      return static_cast<std::size_t>(static_cast<unsigned char>(name[i]));
    };
    return (name.size() * 37 + at(0) * 5 + at(name.size() / 2) * 131 + at(name.size() - 1) * 17 +
            at(name.size() / 3) * 59) %
           kSlots;
  }
  std::array<Named<Value>, kSlots> slots_ = {};
};

constexpr NameTable kVariableTable(kVariables);
constexpr NameTable kHeaderTable(kHeaders);
constexpr NameTable kProfileHeaderTable(kProfileHeaders);
constexpr NameTable kProfileTable(kProfileNames);
constexpr NameTable kOriginatorTable(kOriginatorNames);
constexpr NameTable kTimeTable(kTimeNames);

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Profiles are numbered from 1; 0: none of a number's form.
std::int64_t IndexOf(std::string_view text) {
  std::int64_t index = 0;
  std::from_chars(text.data(), text.data() + text.size(), index);
  return std::max<std::int64_t>(index, 0);
}

}  // namespace

std::string_view FreeswitchNameOf(FreeswitchField field) {
  const auto* named = std::ranges::find(kVariables, field, &Named<Field>::value);
  return named == std::end(kVariables) ? std::string_view() : named->name;
}

void FreeswitchLeg::Cell::Set(std::string_view raw) {
  const std::size_t escape = raw.find('%');
  if (escape != std::string_view::npos) {
    decoded.assign(raw.substr(0, escape));
    for (std::size_t i = escape; i < raw.size(); ++i) {
      if (raw[i] == '%' && raw.size() - i > 2 && HexDigit(raw[i + 1]) >= 0 &&
          HexDigit(raw[i + 2]) >= 0) {
        decoded.push_back(static_cast<char>(HexDigit(raw[i + 1]) * 16 + HexDigit(raw[i + 2])));
        i += 2;
      } else {
        decoded.push_back(raw[i]);
      }
    }
    raw = decoded;
  }
  // A variable that was set several times: ARRAY::first|:second.
  constexpr std::string_view kArray = "ARRAY::";
  if (raw.starts_with(kArray)) {
    raw.remove_prefix(kArray.size());
    raw = raw.substr(0, std::min(raw.find("|:"), raw.size()));
  }
  value = raw;
}

void FreeswitchLeg::Clear() {
  for (auto& cell : cells_) cell.value = {};
  for (auto& profile : profiles_) {
    for (auto& cell : profile.cells) cell.value = {};
  }
  profiles_seen_ = oldest_ = newest_ = current_ = 0;
  apps_ = {};
}

void FreeswitchLeg::Set(Field field, std::string_view value) {
  auto& cell = cells_[static_cast<std::size_t>(field)];
  if (!value.empty() && (cell.value.empty() || cell.value == "0")) cell.Set(value);
}

bool FreeswitchLeg::SetVariable(std::string_view name, std::string_view value) {
  const auto* field = kVariableTable.Find(name);
  if (field != nullptr) Set(*field, value);
  return field != nullptr;
}

bool FreeswitchLeg::SetHeader(std::string_view name, std::string_view value) {
  constexpr std::string_view kVariable = "variable_";
  if (name.starts_with(kVariable)) return SetVariable(name.substr(kVariable.size()), value);
  if (name == "Caller-Profile-Index") {
    profiles_[current_].index = IndexOf(value);
    return true;
  }
  if (const auto* field = kHeaderTable.Find(name)) {
    Set(*field, value);
    return true;
  }
  const auto* field = kProfileHeaderTable.Find(name);
  if (field != nullptr) SetProfile(*field, value);
  return field != nullptr;
}

void FreeswitchLeg::BeginProfile(std::string_view index) {
  if (profiles_seen_++ > 0) {
    if (profiles_[current_].index > profiles_[newest_].index) newest_ = current_;
    if (profiles_[current_].index < profiles_[oldest_].index) oldest_ = current_;
    current_ = 0;
    while (current_ == newest_ || current_ == oldest_) ++current_;
  }
  auto& profile = profiles_[current_];
  for (auto& cell : profile.cells) cell.value = {};
  profile.index = IndexOf(index);
}

void FreeswitchLeg::SetProfile(ProfileField field, std::string_view value) {
  auto& cell = profiles_[current_].cells[static_cast<std::size_t>(field)];
  if (cell.value.empty()) cell.Set(value);
}

bool FreeswitchLeg::SetProfile(std::string_view name, std::string_view value, bool originator) {
  const auto* field = originator ? kOriginatorTable.Find(name) : kProfileTable.Find(name);
  if (field != nullptr) SetProfile(*field, value);
  return field != nullptr;
}

bool FreeswitchLeg::SetTime(std::string_view name, std::string_view value) {
  const auto* field = kTimeTable.Find(name);
  if (field != nullptr) Set(*field, value);
  return field != nullptr;
}

}  // namespace textback::cdr
