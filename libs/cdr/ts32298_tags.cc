#include "cdr/ts32298_tags.h"

#include <algorithm>
#include <array>

namespace textback::cdr::ts32298 {
namespace {

using enum Field;

constexpr std::array<std::string_view, static_cast<std::size_t>(kFields)> kNames = {
    "",
    "recordType",
    "servedMSISDN",
    "callingNumber",
    "calledNumber",
    "translatedNumber",
    "connectedNumber",
    "originalCalledNumber",
    "redirectingNumber",
    "basicService",
    "supplServicesUsed",
    "seizureTime",
    "alertingTime",
    "answerTime",
    "releaseTime",
    "eventTime",
    "callDuration",
    "causeForTerm",
    "diagnostics",
    "causeLocation",
    "callReference",
    "sequenceNumber",
    "networkCallReference",
    "mSCAddress",
    "recordingEntity",
    "iMS-Charging-Identifier",
    "sIP-Method",
    "role-of-Node",
    "session-Id",
    "list-Of-Calling-Party-Address",
    "called-Party-Address",
    "requested-Party-Address",
    "list-of-Requested-Party-Address",
    "list-Of-Called-Asserted-Identity",
    "list-of-subscription-ID",
    "fromAddress",
    "serviceRequestTimeStamp",
    "serviceDeliveryStartTimeStamp",
    "serviceDeliveryEndTimeStamp",
    "recordOpeningTime",
    "recordClosureTime",
    "serviceRequestTimeStampFraction",
    "serviceDeliveryStartTimeStampFraction",
    "serviceDeliveryEndTimeStampFraction",
    "recordSequenceNumber",
    "causeForRecordClosing",
    "serviceReasonReturnCode",
    "listOfReasonHeader",
    "iSUPCause",
};

// --- TS 32.298 V17.9.0, CSChargingDataTypes ---

constexpr TagOf kMoCallTags[] = {
    {0, kRecordType},       {3, kServedMsisdn},
    {4, kCallingNumber},    {5, kCalledNumber},
    {6, kTranslatedNumber}, {7, kConnectedNumber},
    {9, kRecordingEntity},  {14, kBasicService},
    {17, kSupplServices},   {22, kSeizureTime},
    {23, kAnswerTime},      {24, kReleaseTime},
    {25, kCallDuration},    {30, kCauseForTerm},
    {31, kDiagnostics},     {32, kCallReference},
    {33, kSequenceNumber},  {38, kNetworkCallReference},
    {39, kMscAddress},      {76, kIcid},
};
constexpr TagOf kMtCallTags[] = {
    {0, kRecordType},      {3, kServedMsisdn},   {4, kCallingNumber},   {5, kConnectedNumber},
    {6, kRecordingEntity}, {11, kBasicService},  {14, kSupplServices},  {19, kSeizureTime},
    {20, kAnswerTime},     {21, kReleaseTime},   {22, kCallDuration},   {27, kCauseForTerm},
    {28, kDiagnostics},    {29, kCallReference}, {30, kSequenceNumber}, {33, kNetworkCallReference},
    {34, kMscAddress},     {60, kIcid},
};
// [4] is the roaming number.
constexpr TagOf kRoamingTags[] = {
    {0, kRecordType},     {2, kServedMsisdn},    {3, kCallingNumber},         {5, kRecordingEntity},
    {8, kBasicService},   {11, kSupplServices},  {12, kSeizureTime},          {13, kAnswerTime},
    {14, kReleaseTime},   {15, kCallDuration},   {17, kCauseForTerm},         {18, kDiagnostics},
    {19, kCallReference}, {20, kSequenceNumber}, {22, kNetworkCallReference}, {23, kMscAddress},
};
constexpr TagOf kGatewayTags[] = {
    {0, kRecordType},    {1, kCallingNumber}, {2, kCalledNumber},   {3, kRecordingEntity},
    {6, kSeizureTime},   {7, kAnswerTime},    {8, kReleaseTime},    {9, kCallDuration},
    {11, kCauseForTerm}, {12, kDiagnostics},  {13, kCallReference}, {14, kSequenceNumber},
};
constexpr TagOf kTransitTags[] = {
    {0, kRecordType},    {1, kRecordingEntity}, {4, kCallingNumber},  {5, kCalledNumber},
    {7, kSeizureTime},   {8, kAnswerTime},      {9, kReleaseTime},    {10, kCallDuration},
    {12, kCauseForTerm}, {13, kDiagnostics},    {14, kCallReference}, {15, kSequenceNumber},
};
// [5] destinationRoutingAddress: where the IN sent the call; may be a roaming number.
constexpr TagOf kTermCamelTags[] = {
    {0, kRecordType},   {2, kServedMsisdn},   {3, kRecordingEntity}, {8, kNetworkCallReference},
    {9, kMscAddress},   {12, kCalledNumber},  {13, kCallingNumber},  {16, kSeizureTime},
    {17, kAnswerTime},  {18, kReleaseTime},   {19, kCallDuration},   {21, kCauseForTerm},
    {22, kDiagnostics}, {23, kCallReference}, {24, kSequenceNumber}, {4, kEventTime},
};
constexpr TagOf kSrvccTags[] = {
    {0, kRecordType},    {3, kServedMsisdn}, {5, kCalledNumber},   {9, kRecordingEntity},
    {22, kSeizureTime},  {23, kAnswerTime},  {24, kReleaseTime},   {25, kCallDuration},
    {30, kCauseForTerm}, {31, kDiagnostics}, {32, kCallReference}, {33, kSequenceNumber},
    {75, kIcid},
};
// Roaming forwarding: the call follows a subscriber who moved; [5] is the roaming number.
constexpr TagOf kMtrfTags[] = {
    {0, kRecordType},      {3, kServedMsisdn},  {4, kCallingNumber}, {6, kRecordingEntity},
    {9, kBasicService},    {10, kSeizureTime},  {11, kAnswerTime},   {12, kReleaseTime},
    {13, kCallDuration},   {14, kCauseForTerm}, {15, kDiagnostics},  {16, kCallReference},
    {17, kSequenceNumber},
};
constexpr TagOf kMoSmsTags[] = {{0, kRecordType}, {3, kServedMsisdn}, {9, kEventTime}};
constexpr TagOf kMtSmsTags[] = {{0, kRecordType}, {4, kServedMsisdn}, {8, kEventTime}};
constexpr TagOf kMoSmsIwTags[] = {{0, kRecordType}, {4, kEventTime}};
constexpr TagOf kMtSmsGwTags[] = {{0, kRecordType}, {3, kServedMsisdn}, {5, kEventTime}};
constexpr TagOf kSsActionTags[] = {{0, kRecordType}, {3, kServedMsisdn}, {10, kEventTime}};
constexpr TagOf kHlrIntTags[] = {{0, kRecordType}, {2, kServedMsisdn}, {6, kEventTime}};
constexpr TagOf kLocUpdateHlrTags[] = {{0, kRecordType}, {5, kEventTime}};
constexpr TagOf kLocUpdateVlrTags[] = {{0, kRecordType}, {2, kServedMsisdn}, {7, kEventTime}};
constexpr TagOf kEquipmentTags[] = {{0, kRecordType}, {4, kServedMsisdn}, {9, kEventTime}};
constexpr TagOf kLcsTags[] = {{0, kRecordType}, {5, kServedMsisdn}, {10, kEventTime}};
constexpr TagOf kNiLcsTags[] = {{0, kRecordType}, {5, kServedMsisdn}, {12, kEventTime}};

// --- TS 32.298 V17.9.0, IMSChargingDataTypes ---
// The nodes' records share their tags; above 70 each has its own, and none contradicts another. A
// party and a list of parties are the same octets, so [41] is one field for both.

constexpr TagOf kImsTags[] = {
    {0, kRecordType},       {2, kSipMethod},    {3, kRoleOfNode},       {5, kSessionId},
    {6, kCallingParties},   {7, kCalledParty},  {9, kRequestTime},      {10, kStartTime},
    {11, kEndTime},         {12, kOpeningTime}, {13, kClosureTime},     {16, kRecordSequence},
    {17, kCauseForClosing}, {19, kIcid},        {23, kReasonCode},      {31, kSubscriptions},
    {37, kRequestMs},       {38, kStartMs},     {39, kEndMs},           {41, kRequestedParties},
    {42, kCalledAsserted},  {51, kFromAddress}, {55, kReasonHeaders},   {71, kRequestedParty},
    {72, kCalledAsserted},  {82, kIsupCause},   {101, kRequestedParty}, {102, kCalledAsserted},
};

constexpr RecordMap kImsRecords[] = {
    {63, 63, Kind::kIms, "sCSCFRecord", kImsTags}, {64, 64, Kind::kIms, "pCSCFRecord", kImsTags},
    {65, 65, Kind::kIms, "iCSCFRecord", kImsTags}, {66, 66, Kind::kIms, "mRFCRecord", kImsTags},
    {67, 67, Kind::kIms, "mGCFRecord", kImsTags},  {68, 68, Kind::kIms, "bGCFRecord", kImsTags},
    {69, 69, Kind::kIms, "aSRecord", kImsTags},    {70, 70, Kind::kIms, "eCSCFRecord", kImsTags},
    {82, 82, Kind::kIms, "iBCFRecord", kImsTags},  {89, 89, Kind::kIms, "tRFRecord", kImsTags},
    {90, 90, Kind::kIms, "tFRecord", kImsTags},    {91, 91, Kind::kIms, "aTCFRecord", kImsTags},
};

// CS records that no profile changes. termCAMEL is [16] with recordType 17, the others above 16
// differ as well (5.2.2.1).
constexpr RecordMap kEventRecords[] = {
    {6, 6, Kind::kNotACall, "moSMSRecord", kMoSmsTags},
    {7, 7, Kind::kNotACall, "mtSMSRecord", kMtSmsTags},
    {8, 8, Kind::kNotACall, "moSMSIWRecord", kMoSmsIwTags},
    {9, 9, Kind::kNotACall, "mtSMSGWRecord", kMtSmsGwTags},
    {10, 10, Kind::kNotACall, "ssActionRecord", kSsActionTags},
    {11, 11, Kind::kNotACall, "hlrIntRecord", kHlrIntTags},
    {12, 12, Kind::kNotACall, "locUpdateHLRRecord", kLocUpdateHlrTags},
    {13, 13, Kind::kNotACall, "locUpdateVLRRecord", kLocUpdateVlrTags},
    {14, 14, Kind::kNotACall, "commonEquipRecord", kEquipmentTags},
    {17, 23, Kind::kNotACall, "mtLCSRecord", kLcsTags},
    {18, 24, Kind::kNotACall, "moLCSRecord", kLcsTags},
    {19, 25, Kind::kNotACall, "niLCSRecord", kNiLcsTags},
    {22, 99, Kind::kNotACall, "iCSRegisterRecord", kLocUpdateVlrTags},
};

constexpr RecordMap kR17Calls[] = {
    {0, 0, Kind::kMoCall, "moCallRecord", kMoCallTags},
    {1, 1, Kind::kMtCall, "mtCallRecord", kMtCallTags},
    {2, 2, Kind::kRoaming, "roamingRecord", kRoamingTags},
    {3, 3, Kind::kGateway, "incGatewayRecord", kGatewayTags},
    {4, 4, Kind::kGateway, "outGatewayRecord", kGatewayTags},
    {5, 5, Kind::kGateway, "transitRecord", kTransitTags},
    {16, 17, Kind::kTermCamel, "termCAMELRecord", kTermCamelTags},
    {20, 87, Kind::kHandover, "mSCsRVCCRecord", kSrvccTags},
    {21, 88, Kind::kRoaming, "mMTRFRecord", kMtrfTags},
};

// --- Huawei MSC (sigscale/cgf, asn_src/Huawei-CS.asn1) ---
// The standard's tags, and: forwarding records of their own ([100], recordType 100), the time of
// alerting, the number called first, who ended the call, the ICID elsewhere. 96 and 97 are calls
// that a switch makes or takes itself.

constexpr TagOf kHuaweiMoTags[] = {
    {0, kRecordType},       {3, kServedMsisdn},
    {4, kCallingNumber},    {5, kCalledNumber},
    {6, kTranslatedNumber}, {7, kConnectedNumber},
    {9, kRecordingEntity},  {14, kBasicService},
    {17, kSupplServices},   {22, kSeizureTime},
    {23, kAnswerTime},      {24, kReleaseTime},
    {25, kCallDuration},    {30, kCauseForTerm},
    {31, kDiagnostics},     {32, kCallReference},
    {33, kSequenceNumber},  {38, kNetworkCallReference},
    {39, kMscAddress},      {142, kOriginalCalledNumber},
    {202, kAlertingTime},   {251, kIcid},
    {295, kCauseLocation},
};
constexpr TagOf kHuaweiMtTags[] = {
    {0, kRecordType},
    {3, kServedMsisdn},
    {4, kCallingNumber},
    {5, kConnectedNumber},
    {6, kRecordingEntity},
    {11, kBasicService},
    {14, kSupplServices},
    {19, kSeizureTime},
    {20, kAnswerTime},
    {21, kReleaseTime},
    {22, kCallDuration},
    {27, kCauseForTerm},
    {28, kDiagnostics},
    {29, kCallReference},
    {30, kSequenceNumber},
    {33, kNetworkCallReference},
    {34, kMscAddress},
    {142, kOriginalCalledNumber},
    {201, kRedirectingNumber},
    {204, kAlertingTime},
    {251, kIcid},
    {295, kCauseLocation},
};

constexpr RecordMap kHuaweiCalls[] = {
    {0, 0, Kind::kMoCall, "moCallRecord", kHuaweiMoTags},
    {1, 1, Kind::kMtCall, "mtCallRecord", kHuaweiMtTags},
    {2, 2, Kind::kRoaming, "roamingRecord", kRoamingTags},
    {3, 3, Kind::kGateway, "incGatewayRecord", kGatewayTags},
    {4, 4, Kind::kGateway, "outGatewayRecord", kGatewayTags},
    {5, 5, Kind::kGateway, "transitRecord", kTransitTags},
    {16, 17, Kind::kTermCamel, "termCAMELRecord", kTermCamelTags},
    {20, 87, Kind::kHandover, "mSCsRVCCRecord", kSrvccTags},
    {21, 88, Kind::kRoaming, "mtrfCallRecord", kMtrfTags},
    {100, 100, Kind::kForwarding, "forwardCallRecord", kHuaweiMoTags},
};

constexpr Profile kProfiles[] = {
    {"r17",
     "TS 32.298 release 17; its tags are those of releases 5 to 18",
     {kR17Calls, kEventRecords, kImsRecords}},
    {"huawei",
     "Huawei MSC: forwarding records [100], alerting time",
     {kHuaweiCalls, kEventRecords, kImsRecords}},
};

}  // namespace

std::string_view NameOf(Field field) { return kNames[static_cast<std::size_t>(field)]; }

bool IsConstructed(Field field) {
  switch (field) {
    case kBasicService:
    case kSupplServices:
    case kDiagnostics:
    case kCallingParties:
    case kCalledParty:
    case kRequestedParty:
    case kRequestedParties:
    case kCalledAsserted:
    case kSubscriptions:
    case kReasonHeaders:
    case kIsupCause:
      return true;
    default:
      return false;
  }
}

std::span<const Profile> Profiles() { return kProfiles; }

const Profile* FindProfile(std::string_view name) {
  if (name.empty()) return &kProfiles[0];
  const auto* found = std::ranges::find(kProfiles, name, &Profile::name);
  return found == std::end(kProfiles) ? nullptr : found;
}

}  // namespace textback::cdr::ts32298
