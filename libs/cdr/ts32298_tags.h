// Which tag is which field, per record type and per vendor's or release's profile of TS 32.298.
//
// Vendors move tags: what is [1], a terminating call, in the standard is an originating one in some
// vendors' files, and the parties would swap without a sound. So every profile is a table here, and
// a record is read only if its CHOICE tag and the recordType inside agree with one row.
//
// A roaming number (MSRN, MTRF) is in no table: it is nobody's number, and what isn't read can't
// become a party.
//
// Threads: constant.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace textback::cdr::ts32298 {

enum class Field : std::uint8_t {
  kNone,
  kRecordType,
  // Circuit-switched records (CSChargingDataTypes)
  kServedMsisdn,
  kCallingNumber,
  kCalledNumber,
  kTranslatedNumber,
  kConnectedNumber,
  kOriginalCalledNumber,
  kRedirectingNumber,
  kBasicService,
  kSupplServices,
  kSeizureTime,
  kAlertingTime,
  kAnswerTime,
  kReleaseTime,
  kEventTime,
  kCallDuration,
  kCauseForTerm,
  kDiagnostics,
  kCauseLocation,
  kCallReference,
  kSequenceNumber,
  kNetworkCallReference,
  kMscAddress,
  kRecordingEntity,
  kIcid,
  // IMS records (IMSChargingDataTypes)
  kSipMethod,
  kRoleOfNode,
  kSessionId,
  kCallingParties,
  kCalledParty,
  kRequestedParty,
  kRequestedParties,
  kCalledAsserted,
  kSubscriptions,
  kFromAddress,
  kRequestTime,
  kStartTime,
  kEndTime,
  kOpeningTime,
  kClosureTime,
  kRequestMs,
  kStartMs,
  kEndMs,
  kRecordSequence,
  kCauseForClosing,
  kReasonCode,
  kReasonHeaders,
  kIsupCause,
  kFields
};

// As the standard writes it: "callingNumber".
std::string_view NameOf(Field field);
// Whether it is encoded with elements inside.
bool IsConstructed(Field field);

struct TagOf {
  std::uint32_t tag;
  Field field;
};

// How a record is read.
enum class Kind : std::uint8_t {
  kMoCall,      // the caller's MSC; with a call forwarding service it is the forwarder's
  kForwarding,  // a forwarded leg: served is the forwarder, callingNumber the caller
  kMtCall,      // the called subscriber's MSC
  kRoaming,     // the gateway's leg to a roaming number: served is the called subscriber
  kGateway,     // a trunk: calls in, calls out, transit
  kTermCamel,   // the gateway's, where CAMEL ran for the called subscriber
  kHandover,    // SRVCC: goes on with a call that IMS set up
  kNotACall,    // SMS, supplementary services, location
  kIms,
};

struct RecordMap {
  std::uint32_t choice;      // tag in the CHOICE of records
  std::int64_t record_type;  // recordType inside
  Kind kind;
  std::string_view name;
  std::span<const TagOf> fields;
};

struct Profile {
  std::string_view name;
  std::string_view title;
  // Calls, other events, IMS; no CHOICE tag stands in two of them.
  std::array<std::span<const RecordMap>, 3> records;
};

std::span<const Profile> Profiles();
// nullptr: none of that name. Empty: the standard's.
const Profile* FindProfile(std::string_view name);

inline constexpr std::uint32_t kTagMax = 1023;  // of the tags in the tables

}  // namespace textback::cdr::ts32298
