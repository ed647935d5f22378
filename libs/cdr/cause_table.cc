#include "cdr/cause_table.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "base/ascii.h"

namespace textback::cdr {
namespace {

constexpr auto kQ850 = v1::Cause::NAMESPACE_Q850;
constexpr auto kSip = v1::Cause::NAMESPACE_SIP;
constexpr auto kAsterisk = v1::Cause::NAMESPACE_ASTERISK;
constexpr auto kFreeswitch = v1::Cause::NAMESPACE_FREESWITCH;
constexpr auto k3gpp = v1::Cause::NAMESPACE_3GPP;
constexpr auto kMap = v1::Cause::NAMESPACE_MAP;
constexpr auto kGsm0408 = v1::Cause::NAMESPACE_GSM0408;
constexpr auto kIms = v1::Cause::NAMESPACE_IMS;
constexpr auto kProvider = v1::Cause::NAMESPACE_PROVIDER;

constexpr auto kUnresolved = v1::VERDICT_UNRESOLVED;

constexpr CauseRow Says(v1::Cause::Namespace space, std::string_view value, v1::Verdict verdict,
                        std::string_view rule) {
  return {space, value, Reading::kVerdict, verdict, false, rule};
}
constexpr CauseRow Vague(v1::Cause::Namespace space, std::string_view value, v1::Verdict verdict,
                         std::string_view rule) {
  return {space, value, Reading::kVerdict, verdict, true, rule};
}
constexpr CauseRow Read(v1::Cause::Namespace space, std::string_view value, Reading reading,
                        std::string_view rule) {
  return {space, value, reading, kUnresolved, false, rule};
}
constexpr CauseRow ReadVague(v1::Cause::Namespace space, std::string_view value, Reading reading,
                             std::string_view rule) {
  return {space, value, reading, kUnresolved, true, rule};
}

// ITU-T Q.850 (10/2018), 2.2.7: definitions of cause values.
constexpr CauseRow kQ850Rows[] = {
    Says(kQ850, "1", v1::VERDICT_WRONG_NUMBER, "q850.1"),  // unallocated (unassigned) number
    Says(kQ850, "2", v1::VERDICT_NETWORK_FAILURE,
         "q850.2"),                                        // no route to specified transit network
    Says(kQ850, "3", v1::VERDICT_WRONG_NUMBER, "q850.3"),  // no route to destination
    // Normal call clearing. Without an answer it is the caller who cleared; vague, because
    // FreeSWITCH and gateways also write it for calls that the dialplan ended.
    ReadVague(kQ850, "16", Reading::kCallerGaveUp, "q850.16_unanswered"),
    Says(kQ850, "17", v1::VERDICT_BUSY, "q850.17"),          // user busy
    Read(kQ850, "18", Reading::kNoResponse, "q850.18"),      // no user responding
    Says(kQ850, "19", v1::VERDICT_NO_ANSWER, "q850.19"),     // no answer from user (user alerted)
    Says(kQ850, "20", v1::VERDICT_UNREACHABLE, "q850.20"),   // subscriber absent
    Read(kQ850, "21", Reading::kRefused, "q850.21"),         // call rejected
    Says(kQ850, "22", v1::VERDICT_WRONG_NUMBER, "q850.22"),  // number changed
    Says(kQ850, "23", v1::VERDICT_CONTINUES, "q850.23"),     // redirection to new destination
    Says(kQ850, "24", v1::VERDICT_BLOCKED,
         "q850.24"),  // call rejected due to feature (RFC 5079: anonymity)
    Says(kQ850, "25", v1::VERDICT_NETWORK_FAILURE, "q850.25"),     // exchange routing error
    Says(kQ850, "26", v1::VERDICT_ANSWERED_ELSEWHERE, "q850.26"),  // non-selected user clearing
    Says(kQ850, "27", v1::VERDICT_UNREACHABLE, "q850.27"),         // destination out of order
    Says(kQ850, "28", v1::VERDICT_WRONG_NUMBER, "q850.28"),        // invalid number format
    Says(kQ850, "29", v1::VERDICT_NETWORK_FAILURE, "q850.29"),     // facility rejected
    Vague(kQ850, "31", kUnresolved, "q850.31"),                    // normal, unspecified
    Says(kQ850, "34", v1::VERDICT_NETWORK_FAILURE, "q850.34"),     // no circuit/channel available
    Says(kQ850, "38", v1::VERDICT_NETWORK_FAILURE, "q850.38"),     // network out of order
    Says(kQ850, "41", v1::VERDICT_NETWORK_FAILURE, "q850.41"),     // temporary failure
    Says(kQ850, "42", v1::VERDICT_NETWORK_FAILURE, "q850.42"),     // switching equipment congestion
    Says(kQ850, "43", v1::VERDICT_NETWORK_FAILURE, "q850.43"),     // access information discarded
    Says(kQ850, "44", v1::VERDICT_NETWORK_FAILURE, "q850.44"),  // requested circuit not available
    Says(kQ850, "47", v1::VERDICT_NETWORK_FAILURE, "q850.47"),  // resource unavailable, unspecified
    Says(kQ850, "50", v1::VERDICT_NETWORK_FAILURE, "q850.50"),  // requested facility not subscribed
    Says(kQ850, "55", v1::VERDICT_BLOCKED, "q850.55"),          // incoming calls barred within CUG
    Says(kQ850, "57", v1::VERDICT_NETWORK_FAILURE, "q850.57"),  // bearer capability not authorized
    Says(kQ850, "58", v1::VERDICT_NETWORK_FAILURE, "q850.58"),  // bearer capability not available
    Says(kQ850, "63", v1::VERDICT_NETWORK_FAILURE,
         "q850.63"),  // service not available, unspecified
    Says(kQ850, "65", v1::VERDICT_NETWORK_FAILURE, "q850.65"),  // bearer capability not implemented
    Says(kQ850, "79", v1::VERDICT_NETWORK_FAILURE, "q850.79"),  // service not implemented
    Says(kQ850, "87", v1::VERDICT_BLOCKED, "q850.87"),          // user not member of CUG
    Says(kQ850, "88", v1::VERDICT_NETWORK_FAILURE, "q850.88"),  // incompatible destination
    Says(kQ850, "102", v1::VERDICT_NETWORK_FAILURE, "q850.102"),   // recovery on timer expiry
    Vague(kQ850, "111", v1::VERDICT_NETWORK_FAILURE, "q850.111"),  // protocol error, unspecified
    Vague(kQ850, "127", v1::VERDICT_NETWORK_FAILURE, "q850.127"),  // interworking, unspecified
};

// RFC 3261, 21, and where named another. The mapping to causes is RFC 3398, 8.2.6.1.
constexpr CauseRow kSipRows[] = {
    Read(kSip, "200", Reading::kAnswered, "sip.200"),
    Says(kSip, "300", v1::VERDICT_CONTINUES, "sip.300"),  // 21.3: redirection
    Says(kSip, "301", v1::VERDICT_CONTINUES, "sip.301"),
    Says(kSip, "302", v1::VERDICT_CONTINUES, "sip.302"),
    Says(kSip, "305", v1::VERDICT_CONTINUES, "sip.305"),
    Says(kSip, "380", v1::VERDICT_CONTINUES, "sip.380"),
    Vague(kSip, "400", v1::VERDICT_NETWORK_FAILURE, "sip.400"),
    Says(kSip, "401", v1::VERDICT_NETWORK_FAILURE, "sip.401"),
    Says(kSip, "403", v1::VERDICT_NETWORK_FAILURE, "sip.403"),  // forbidden: the network's refusal
    Says(kSip, "404", v1::VERDICT_WRONG_NUMBER, "sip.404"),
    Says(kSip, "407", v1::VERDICT_NETWORK_FAILURE, "sip.407"),
    Read(kSip, "408", Reading::kNoResponse, "sip.408"),  // request timeout
    Says(kSip, "410", v1::VERDICT_WRONG_NUMBER, "sip.410"),
    Says(kSip, "428", v1::VERDICT_BLOCKED, "sip.428"),  // RFC 8224, 6.2.2: use Identity header
    Says(kSip, "433", v1::VERDICT_BLOCKED, "sip.433"),  // RFC 5079: anonymity disallowed
    Says(kSip, "436", v1::VERDICT_BLOCKED, "sip.436"),  // RFC 8224, 6.2.2: bad identity info
    Says(kSip, "437", v1::VERDICT_BLOCKED, "sip.437"),  // RFC 8224, 6.2.2: unsupported credential
    Says(kSip, "438", v1::VERDICT_BLOCKED, "sip.438"),  // RFC 8224, 6.2.2: invalid Identity header
    // Temporarily unavailable: written for Q.850 18, 19 and 20 alike.
    ReadVague(kSip, "480", Reading::kNoResponse, "sip.480"),
    // RFC 3398, 8.2.6.1: both are 25, exchange routing error. The call went in circles.
    Says(kSip, "482", v1::VERDICT_NETWORK_FAILURE, "sip.482"),  // loop detected
    Says(kSip, "483", v1::VERDICT_NETWORK_FAILURE, "sip.483"),  // too many hops
    Says(kSip, "484", v1::VERDICT_WRONG_NUMBER, "sip.484"),
    Says(kSip, "486", v1::VERDICT_BUSY, "sip.486"),
    Read(kSip, "487", Reading::kCallerGaveUp, "sip.487"),  // terminated by CANCEL (RFC 3261, 9.2)
    Says(kSip, "488", v1::VERDICT_NETWORK_FAILURE, "sip.488"),
    Says(kSip, "500", v1::VERDICT_NETWORK_FAILURE, "sip.500"),
    Says(kSip, "502", v1::VERDICT_UNREACHABLE,
         "sip.502"),  // RFC 3398, 7.2.4.1: from 27, out of order
    Says(kSip, "503", v1::VERDICT_NETWORK_FAILURE, "sip.503"),
    Says(kSip, "504", v1::VERDICT_NETWORK_FAILURE, "sip.504"),
    Says(kSip, "600", v1::VERDICT_BUSY, "sip.600"),
    Read(kSip, "603", Reading::kRefused, "sip.603"),
    Says(kSip, "604", v1::VERDICT_WRONG_NUMBER, "sip.604"),
    Says(kSip, "606", v1::VERDICT_NETWORK_FAILURE, "sip.606"),
    Says(kSip, "607", v1::VERDICT_BLOCKED, "sip.607"),  // RFC 8197: unwanted
    Says(kSip, "608", v1::VERDICT_BLOCKED, "sip.608"),  // RFC 8688: rejected by an intermediary
    // No status: the caller's CANCEL, of a record that doesn't know since when it rang.
    Read(kSip, "CANCEL", Reading::kCallerGaveUpUntimed, "sip.cancel"),
};

// Asterisk: CDR dispositions (ast_cdr_disp2str), the words of DIALSTATUS (application Dial), and
// what CEL adds (asterisk_cel.h).
constexpr CauseRow kAsteriskRows[] = {
    Read(kAsterisk, "ANSWER", Reading::kAnswered, "asterisk.answer"),
    Read(kAsterisk, "ANSWERED", Reading::kAnswered, "asterisk.answered"),
    Says(kAsterisk, "BUSY", v1::VERDICT_BUSY, "asterisk.busy"),
    Read(kAsterisk, "CANCEL", Reading::kCallerGaveUp, "asterisk.cancel"),
    Says(kAsterisk, "CHANUNAVAIL", v1::VERDICT_UNREACHABLE, "asterisk.chanunavail"),
    Says(kAsterisk, "CONGESTION", v1::VERDICT_NETWORK_FAILURE, "asterisk.congestion"),
    Says(kAsterisk, "DONTCALL", v1::VERDICT_BLOCKED,
         "asterisk.dontcall"),  // the callee's privacy choice
    Says(kAsterisk, "FAILED", v1::VERDICT_NETWORK_FAILURE, "asterisk.failed"),
    // Cause 3 from the PBX itself: a phone that isn't registered. Dial reads it so, too
    // (app_dial.c, handle_cause: no route and unregistered make CHANUNAVAIL).
    Says(kAsterisk, "HANGUPCAUSE 3", v1::VERDICT_UNREACHABLE, "asterisk.hangupcause_3"),
    Says(kAsterisk, "INVALIDARGS", v1::VERDICT_NETWORK_FAILURE, "asterisk.invalidargs"),
    // The disposition covers the caller's hang-up as well (CANCEL is merged into it).
    Read(kAsterisk, "NO ANSWER", Reading::kRangOut, "asterisk.no_answer"),
    Says(kAsterisk, "NOANSWER", v1::VERDICT_NO_ANSWER,
         "asterisk.noanswer"),  // DIALSTATUS: the timeout passed
    Says(kAsterisk, "TORTURE", v1::VERDICT_BLOCKED,
         "asterisk.torture"),  // the callee's privacy choice
    Says(kAsterisk, "WAZO_USER_BLOCKED_CALL", v1::VERDICT_BLOCKED,
         "asterisk.wazo_user_blocked_call"),  // the callee's list of blocked numbers
};

// FreeSWITCH: switch_cause_table (switch_channel.c), by name; its numbers above 127 collide with
// SIP's.
constexpr CauseRow kFreeswitchRows[] = {
    Says(kFreeswitch, "ALLOTTED_TIMEOUT", v1::VERDICT_NO_ANSWER, "freeswitch.allotted_timeout"),
    Says(kFreeswitch, "ATTENDED_TRANSFER", v1::VERDICT_CONTINUES, "freeswitch.attended_transfer"),
    Says(kFreeswitch, "BLIND_TRANSFER", v1::VERDICT_CONTINUES, "freeswitch.blind_transfer"),
    Says(kFreeswitch, "BAD_IDENTITY_INFO", v1::VERDICT_BLOCKED, "freeswitch.bad_identity_info"),
    Vague(kFreeswitch, "BEARERCAPABILITY_NOTAUTH", v1::VERDICT_NETWORK_FAILURE,
          "freeswitch.bearercapability_notauth"),
    Vague(kFreeswitch, "BEARERCAPABILITY_NOTAVAIL", v1::VERDICT_NETWORK_FAILURE,
          "freeswitch.bearercapability_notavail"),
    Says(kFreeswitch, "BUSY_EVERYWHERE", v1::VERDICT_BUSY, "freeswitch.busy_everywhere"),
    Read(kFreeswitch, "CALL_REJECTED", Reading::kRefused, "freeswitch.call_rejected"),
    Says(kFreeswitch, "CHANNEL_UNACCEPTABLE", v1::VERDICT_NETWORK_FAILURE,
         "freeswitch.channel_unacceptable"),
    Read(kFreeswitch, "DECLINE", Reading::kRefused, "freeswitch.decline"),
    Vague(kFreeswitch, "CHAN_NOT_IMPLEMENTED", v1::VERDICT_NETWORK_FAILURE,
          "freeswitch.chan_not_implemented"),
    Vague(kFreeswitch, "CRASH", v1::VERDICT_NETWORK_FAILURE, "freeswitch.crash"),
    Says(kFreeswitch, "DESTINATION_OUT_OF_ORDER", v1::VERDICT_UNREACHABLE,
         "freeswitch.destination_out_of_order"),
    Says(kFreeswitch, "DOES_NOT_EXIST_ANYWHERE", v1::VERDICT_WRONG_NUMBER,
         "freeswitch.does_not_exist_anywhere"),
    Says(kFreeswitch, "EXCHANGE_ROUTING_ERROR", v1::VERDICT_NETWORK_FAILURE,
         "freeswitch.exchange_routing_error"),
    Says(kFreeswitch, "FACILITY_NOT_SUBSCRIBED", v1::VERDICT_NETWORK_FAILURE,
         "freeswitch.facility_not_subscribed"),
    Says(kFreeswitch, "FACILITY_REJECTED", v1::VERDICT_NETWORK_FAILURE,
         "freeswitch.facility_rejected"),
    Says(kFreeswitch, "GATEWAY_DOWN", v1::VERDICT_NETWORK_FAILURE, "freeswitch.gateway_down"),
    Says(kFreeswitch, "INCOMING_CALL_BARRED", v1::VERDICT_BLOCKED,
         "freeswitch.incoming_call_barred"),
    Says(kFreeswitch, "INCOMPATIBLE_DESTINATION", v1::VERDICT_NETWORK_FAILURE,
         "freeswitch.incompatible_destination"),
    Says(kFreeswitch, "INTERWORKING", v1::VERDICT_NETWORK_FAILURE, "freeswitch.interworking"),
    Says(kFreeswitch, "INVALID_GATEWAY", v1::VERDICT_NETWORK_FAILURE, "freeswitch.invalid_gateway"),
    Says(kFreeswitch, "INVALID_IDENTITY", v1::VERDICT_BLOCKED, "freeswitch.invalid_identity"),
    Says(kFreeswitch, "INVALID_NUMBER_FORMAT", v1::VERDICT_WRONG_NUMBER,
         "freeswitch.invalid_number_format"),
    Says(kFreeswitch, "INVALID_PROFILE", v1::VERDICT_NETWORK_FAILURE, "freeswitch.invalid_profile"),
    Says(kFreeswitch, "INVALID_URL", v1::VERDICT_NETWORK_FAILURE, "freeswitch.invalid_url"),
    Says(kFreeswitch, "LOSE_RACE", v1::VERDICT_ANSWERED_ELSEWHERE, "freeswitch.lose_race"),
    // uuid_kill and the like: an operator or a program ended it.
    Vague(kFreeswitch, "MANAGER_REQUEST", kUnresolved, "freeswitch.manager_request"),
    Vague(kFreeswitch, "MANDATORY_IE_MISSING", v1::VERDICT_NETWORK_FAILURE,
          "freeswitch.mandatory_ie_missing"),
    Says(kFreeswitch, "MEDIA_TIMEOUT", v1::VERDICT_NETWORK_FAILURE, "freeswitch.media_timeout"),
    Says(kFreeswitch, "NETWORK_OUT_OF_ORDER", v1::VERDICT_NETWORK_FAILURE,
         "freeswitch.network_out_of_order"),
    Says(kFreeswitch, "NORMAL_CIRCUIT_CONGESTION", v1::VERDICT_NETWORK_FAILURE,
         "freeswitch.normal_circuit_congestion"),
    // Also what a dialplan gives that refuses a toll-fraud scan: no text without a clearer cause.
    Vague(kFreeswitch, "NORMAL_CLEARING", kUnresolved, "freeswitch.normal_clearing_unanswered"),
    Says(kFreeswitch, "NORMAL_TEMPORARY_FAILURE", v1::VERDICT_NETWORK_FAILURE,
         "freeswitch.normal_temporary_failure"),
    Vague(kFreeswitch, "NORMAL_UNSPECIFIED", kUnresolved, "freeswitch.normal_unspecified"),
    Says(kFreeswitch, "NO_ANSWER", v1::VERDICT_NO_ANSWER, "freeswitch.no_answer"),
    Says(kFreeswitch, "NO_IDENTITY", v1::VERDICT_BLOCKED, "freeswitch.no_identity"),
    Says(kFreeswitch, "NO_ROUTE_DESTINATION", v1::VERDICT_WRONG_NUMBER,
         "freeswitch.no_route_destination"),
    Read(kFreeswitch, "NO_USER_RESPONSE", Reading::kNoResponse, "freeswitch.no_user_response"),
    Says(kFreeswitch, "NO_ROUTE_TRANSIT_NET", v1::VERDICT_NETWORK_FAILURE,
         "freeswitch.no_route_transit_net"),
    Says(kFreeswitch, "NUMBER_CHANGED", v1::VERDICT_WRONG_NUMBER, "freeswitch.number_changed"),
    Read(kFreeswitch, "ORIGINATOR_CANCEL", Reading::kCallerGaveUp, "freeswitch.originator_cancel"),
    Says(kFreeswitch, "OUTGOING_CALL_BARRED", v1::VERDICT_BLOCKED,
         "freeswitch.outgoing_call_barred"),
    Says(kFreeswitch, "PICKED_OFF", v1::VERDICT_ANSWERED_ELSEWHERE, "freeswitch.picked_off"),
    Vague(kFreeswitch, "PROTOCOL_ERROR", v1::VERDICT_NETWORK_FAILURE, "freeswitch.protocol_error"),
    Says(kFreeswitch, "PROGRESS_TIMEOUT", v1::VERDICT_UNREACHABLE, "freeswitch.progress_timeout"),
    Says(kFreeswitch, "RECOVERY_ON_TIMER_EXPIRE", v1::VERDICT_NETWORK_FAILURE,
         "freeswitch.recovery_on_timer_expire"),
    Says(kFreeswitch, "REDIRECTION_TO_NEW_DESTINATION", v1::VERDICT_CONTINUES,
         "freeswitch.redirection_to_new_destination"),
    Says(kFreeswitch, "REJECT_ALL", v1::VERDICT_DECLINED, "freeswitch.reject_all"),
    Says(kFreeswitch, "REQUESTED_CHAN_UNAVAIL", v1::VERDICT_NETWORK_FAILURE,
         "freeswitch.requested_chan_unavail"),
    Says(kFreeswitch, "SERVICE_NOT_IMPLEMENTED", v1::VERDICT_NETWORK_FAILURE,
         "freeswitch.service_not_implemented"),
    Says(kFreeswitch, "SERVICE_UNAVAILABLE", v1::VERDICT_NETWORK_FAILURE,
         "freeswitch.service_unavailable"),
    Says(kFreeswitch, "STALE_DATE", v1::VERDICT_BLOCKED, "freeswitch.stale_date"),
    Says(kFreeswitch, "SUBSCRIBER_ABSENT", v1::VERDICT_UNREACHABLE, "freeswitch.subscriber_absent"),
    Says(kFreeswitch, "SWITCH_CONGESTION", v1::VERDICT_NETWORK_FAILURE,
         "freeswitch.switch_congestion"),
    Vague(kFreeswitch, "SYSTEM_SHUTDOWN", v1::VERDICT_NETWORK_FAILURE,
          "freeswitch.system_shutdown"),
    Says(kFreeswitch, "UNALLOCATED_NUMBER", v1::VERDICT_WRONG_NUMBER,
         "freeswitch.unallocated_number"),
    Says(kFreeswitch, "UNSUPPORTED_CERTIFICATE", v1::VERDICT_BLOCKED,
         "freeswitch.unsupported_certificate"),
    Says(kFreeswitch, "UNWANTED", v1::VERDICT_BLOCKED, "freeswitch.unwanted"),
    Says(kFreeswitch, "USER_BUSY", v1::VERDICT_BUSY, "freeswitch.user_busy"),
    Vague(kFreeswitch, "USER_CHALLENGE", v1::VERDICT_NETWORK_FAILURE, "freeswitch.user_challenge"),
    Says(kFreeswitch, "USER_NOT_REGISTERED", v1::VERDICT_UNREACHABLE,
         "freeswitch.user_not_registered"),
};

// TS 32.298, 5.1.5.0 (causeForTerm). An answer time decides first; diagnostics come as Q.850.
constexpr CauseRow k3gppRows[] = {
    Vague(k3gpp, "0", kUnresolved, "3gpp.0"),           // normal release
    Says(k3gpp, "1", v1::VERDICT_CONTINUES, "3gpp.1"),  // partial record
    Says(k3gpp, "2", v1::VERDICT_CONTINUES, "3gpp.2"),  // partial record, call re-establishment
    Vague(k3gpp, "3", kUnresolved, "3gpp.3"),           // unsuccessful call attempt
    Vague(k3gpp, "4", v1::VERDICT_NETWORK_FAILURE, "3gpp.4"),  // abnormal end of a stable call
    Says(k3gpp, "5", v1::VERDICT_BLOCKED, "3gpp.5"),           // CAMEL initiated call release
};

// TS 29.002, 17.6.6: error codes, as gsm0902MapErrorValue in diagnostics. What the HLR or the
// visited MSC answered when the called subscriber was asked for.
constexpr CauseRow kMapRows[] = {
    Says(kMap, "1", v1::VERDICT_WRONG_NUMBER, "map.1"),       // unknownSubscriber
    Says(kMap, "3", v1::VERDICT_NETWORK_FAILURE, "map.3"),    // unknownMSC
    Says(kMap, "5", v1::VERDICT_UNREACHABLE, "map.5"),        // unidentifiedSubscriber: VLR lost it
    Says(kMap, "8", v1::VERDICT_NETWORK_FAILURE, "map.8"),    // roamingNotAllowed
    Says(kMap, "9", v1::VERDICT_NETWORK_FAILURE, "map.9"),    // illegalSubscriber
    Says(kMap, "10", v1::VERDICT_NETWORK_FAILURE, "map.10"),  // bearerServiceNotProvisioned
    Says(kMap, "11", v1::VERDICT_NETWORK_FAILURE, "map.11"),  // teleserviceNotProvisioned
    Says(kMap, "12", v1::VERDICT_NETWORK_FAILURE, "map.12"),  // illegalEquipment
    Says(kMap, "13", v1::VERDICT_BLOCKED, "map.13"),          // callBarred: incoming calls barred
    Says(kMap, "14", v1::VERDICT_NETWORK_FAILURE, "map.14"),  // forwardingViolation
    Says(kMap, "15", v1::VERDICT_BLOCKED, "map.15"),          // cug-Reject
    Says(kMap, "21", v1::VERDICT_NETWORK_FAILURE, "map.21"),  // facilityNotSupported
    Says(kMap, "27", v1::VERDICT_UNREACHABLE, "map.27"),      // absentSubscriber
    Vague(kMap, "34", v1::VERDICT_NETWORK_FAILURE, "map.34"),  // systemFailure
    Vague(kMap, "35", v1::VERDICT_NETWORK_FAILURE, "map.35"),  // dataMissing
    Vague(kMap, "36", v1::VERDICT_NETWORK_FAILURE, "map.36"),  // unexpectedDataValue
    Says(kMap, "39", v1::VERDICT_NETWORK_FAILURE, "map.39"),   // noRoamingNumberAvailable
    Says(kMap, "44", v1::VERDICT_WRONG_NUMBER, "map.44"),      // numberChanged
    Says(kMap, "45", v1::VERDICT_BUSY, "map.45"),              // busySubscriber
    Says(kMap, "46", v1::VERDICT_NO_ANSWER, "map.46"),         // noSubscriberReply
    Vague(kMap, "47", v1::VERDICT_NETWORK_FAILURE, "map.47"),  // forwardingFailed
    Vague(kMap, "48", v1::VERDICT_NETWORK_FAILURE, "map.48"),  // or-NotAllowed
};

// TS 24.008, 10.5.4.11 and annex H: cause values between the mobile and its MSC (gsm0408Cause). The
// numbers are Q.850's as far as both have them.
constexpr CauseRow kGsm0408Rows[] = {
    Says(kGsm0408, "1", v1::VERDICT_WRONG_NUMBER, "gsm0408.1"),     // unassigned number
    Says(kGsm0408, "3", v1::VERDICT_WRONG_NUMBER, "gsm0408.3"),     // no route to destination
    Says(kGsm0408, "6", v1::VERDICT_NETWORK_FAILURE, "gsm0408.6"),  // channel unacceptable
    Says(kGsm0408, "8", v1::VERDICT_BLOCKED, "gsm0408.8"),          // operator determined barring
    ReadVague(kGsm0408, "16", Reading::kCallerGaveUp, "gsm0408.16_unanswered"),  // normal clearing
    Says(kGsm0408, "17", v1::VERDICT_BUSY, "gsm0408.17"),                        // user busy
    Read(kGsm0408, "18", Reading::kNoResponse, "gsm0408.18"),         // no user responding
    Says(kGsm0408, "19", v1::VERDICT_NO_ANSWER, "gsm0408.19"),        // user alerting, no answer
    Read(kGsm0408, "21", Reading::kRefused, "gsm0408.21"),            // call rejected
    Says(kGsm0408, "22", v1::VERDICT_WRONG_NUMBER, "gsm0408.22"),     // number changed
    Says(kGsm0408, "24", v1::VERDICT_BLOCKED, "gsm0408.24"),          // rejected by a feature
    Says(kGsm0408, "25", v1::VERDICT_NETWORK_FAILURE, "gsm0408.25"),  // pre-emption
    Says(kGsm0408, "26", v1::VERDICT_ANSWERED_ELSEWHERE,
         "gsm0408.26"),                                               // non selected user clearing
    Says(kGsm0408, "27", v1::VERDICT_UNREACHABLE, "gsm0408.27"),      // destination out of order
    Says(kGsm0408, "28", v1::VERDICT_WRONG_NUMBER, "gsm0408.28"),     // invalid number format
    Says(kGsm0408, "29", v1::VERDICT_NETWORK_FAILURE, "gsm0408.29"),  // facility rejected
    Vague(kGsm0408, "31", kUnresolved, "gsm0408.31"),                 // normal, unspecified
    Says(kGsm0408, "34", v1::VERDICT_NETWORK_FAILURE, "gsm0408.34"),  // no circuit available
    Says(kGsm0408, "38", v1::VERDICT_NETWORK_FAILURE, "gsm0408.38"),  // network out of order
    Says(kGsm0408, "41", v1::VERDICT_NETWORK_FAILURE, "gsm0408.41"),  // temporary failure
    Says(kGsm0408, "42", v1::VERDICT_NETWORK_FAILURE, "gsm0408.42"),  // congestion
    Says(kGsm0408, "44", v1::VERDICT_NETWORK_FAILURE, "gsm0408.44"),  // channel not available
    Says(kGsm0408, "47", v1::VERDICT_NETWORK_FAILURE, "gsm0408.47"),  // resources unavailable
    Says(kGsm0408, "55", v1::VERDICT_BLOCKED, "gsm0408.55"),  // incoming calls barred within CUG
    Says(kGsm0408, "57", v1::VERDICT_NETWORK_FAILURE, "gsm0408.57"),  // bearer not authorized
    Says(kGsm0408, "58", v1::VERDICT_NETWORK_FAILURE, "gsm0408.58"),  // bearer not available
    Says(kGsm0408, "63", v1::VERDICT_NETWORK_FAILURE, "gsm0408.63"),  // service not available
    Says(kGsm0408, "68", v1::VERDICT_NETWORK_FAILURE, "gsm0408.68"),  // ACM reached its maximum
    Says(kGsm0408, "79", v1::VERDICT_NETWORK_FAILURE, "gsm0408.79"),  // not implemented
    Says(kGsm0408, "87", v1::VERDICT_BLOCKED, "gsm0408.87"),          // user not member of CUG
    Says(kGsm0408, "88", v1::VERDICT_NETWORK_FAILURE,
         "gsm0408.88"),                                                  // incompatible destination
    Says(kGsm0408, "102", v1::VERDICT_NETWORK_FAILURE, "gsm0408.102"),   // timer expiry
    Vague(kGsm0408, "111", v1::VERDICT_NETWORK_FAILURE, "gsm0408.111"),  // protocol error
    Vague(kGsm0408, "127", v1::VERDICT_NETWORK_FAILURE, "gsm0408.127"),  // interworking
};

// TS 32.298, 5.1.3.1: causeForRecordClosing; and TS 32.299, 7.2.35: the Cause-Codes that are no SIP
// status, as "cause-code/…". Successes (0 and below) need no row.
constexpr CauseRow kImsRows[] = {
    Vague(kIms, "0", kUnresolved, "ims.0"),           // service delivery ended successfully
    Vague(kIms, "1", kUnresolved, "ims.1"),           // unsuccessful service delivery
    Says(kIms, "3", v1::VERDICT_CONTINUES, "ims.3"),  // time limit: a partial record
    Says(kIms, "4", v1::VERDICT_CONTINUES, "ims.4"),  // service change
    Says(kIms, "5", v1::VERDICT_CONTINUES, "ims.5"),  // management intervention
    Vague(kIms, "cause-code/1", v1::VERDICT_NETWORK_FAILURE, "ims.unspecified_error"),
    Vague(kIms, "cause-code/2", kUnresolved, "ims.unsuccessful_setup"),
    Vague(kIms, "cause-code/3", v1::VERDICT_NETWORK_FAILURE, "ims.internal_error"),
};

// Telephony providers (CPaaS), with the provider's name before the word. Answered calls need no
// row: adapters say who answered.
constexpr CauseRow kProviderRows[] = {
    // twilio.com/docs/voice/api/call-resource, "Call Status Values"; SipResponseCode, behind it, is
    // clearer than `failed`. `no-answer` covers the caller who hung up while it rang.
    Says(kProvider, "twilio/busy", v1::VERDICT_BUSY, "twilio.busy"),
    Read(kProvider, "twilio/no-answer", Reading::kRangOut, "twilio.no_answer"),
    Vague(kProvider, "twilio/failed", v1::VERDICT_NETWORK_FAILURE, "twilio.failed"),
    Read(kProvider, "twilio/canceled", Reading::kCallerGaveUp, "twilio.canceled"),
    Read(kProvider, "twilio/cancelled", Reading::kCallerGaveUp, "twilio.canceled"),
    // <Dial> with DialBridged=false: picked up, and not connected to the caller.
    Says(kProvider, "twilio/not-bridged", v1::VERDICT_NO_ANSWER, "twilio.not_bridged"),
    Says(kProvider, "signalwire/busy", v1::VERDICT_BUSY, "signalwire.busy"),
    Read(kProvider, "signalwire/no-answer", Reading::kRangOut, "signalwire.no_answer"),
    Vague(kProvider, "signalwire/failed", v1::VERDICT_NETWORK_FAILURE, "signalwire.failed"),
    Read(kProvider, "signalwire/canceled", Reading::kCallerGaveUp, "signalwire.canceled"),
    Read(kProvider, "signalwire/cancelled", Reading::kCallerGaveUp, "signalwire.canceled"),
    // <Dial> with DialBridged=false: picked up, and not connected to the caller.
    Says(kProvider, "signalwire/not-bridged", v1::VERDICT_NO_ANSWER, "signalwire.not_bridged"),
    Says(kProvider, "telnyx/busy", v1::VERDICT_BUSY, "telnyx.busy"),
    Read(kProvider, "telnyx/no-answer", Reading::kRangOut, "telnyx.no_answer"),
    Vague(kProvider, "telnyx/failed", v1::VERDICT_NETWORK_FAILURE, "telnyx.failed"),
    Read(kProvider, "telnyx/canceled", Reading::kCallerGaveUp, "telnyx.canceled"),
    Read(kProvider, "telnyx/cancelled", Reading::kCallerGaveUp, "telnyx.canceled"),
    // <Dial> with DialBridged=false: picked up, and not connected to the caller.
    Says(kProvider, "telnyx/not-bridged", v1::VERDICT_NO_ANSWER, "telnyx.not_bridged"),
    // developers.telnyx.com, callHangup: hangup_cause.
    Read(kProvider, "telnyx/call_rejected", Reading::kRefused, "telnyx.call_rejected"),
    Says(kProvider, "telnyx/no_answer", v1::VERDICT_NO_ANSWER, "telnyx.no_answer_cause"),
    Vague(kProvider, "telnyx/not_found", v1::VERDICT_WRONG_NUMBER, "telnyx.not_found"),
    Read(kProvider, "telnyx/originator_cancel", Reading::kCallerGaveUp, "telnyx.originator_cancel"),
    Says(kProvider, "telnyx/timeout", v1::VERDICT_NO_ANSWER, "telnyx.timeout"),
    Vague(kProvider, "telnyx/unspecified", kUnresolved, "telnyx.unspecified"),
    Says(kProvider, "telnyx/user_busy", v1::VERDICT_BUSY, "telnyx.user_busy"),
    // developer.vonage.com, Voice API webhook reference: status. sip_code stands behind it.
    Says(kProvider, "vonage/busy", v1::VERDICT_BUSY, "vonage.busy"),
    Read(kProvider, "vonage/cancelled", Reading::kCallerGaveUp, "vonage.cancelled"),
    Vague(kProvider, "vonage/failed", v1::VERDICT_NETWORK_FAILURE, "vonage.failed"),
    Vague(kProvider, "vonage/rejected", v1::VERDICT_NETWORK_FAILURE, "vonage.rejected"),
    Says(kProvider, "vonage/timeout", v1::VERDICT_NO_ANSWER, "vonage.timeout"),
    // "unreachable, or the recipient declined".
    ReadVague(kProvider, "vonage/unanswered", Reading::kNoResponse, "vonage.unanswered"),
    // docs.plivo.com: CallStatus and DialStatus; and .../troubleshooting/hangup-causes by number.
    Says(kProvider, "plivo/busy", v1::VERDICT_BUSY, "plivo.busy"),
    Read(kProvider, "plivo/cancel", Reading::kCallerGaveUp, "plivo.cancel"),
    Read(kProvider, "plivo/canceled", Reading::kCallerGaveUp, "plivo.cancel"),
    Vague(kProvider, "plivo/failed", v1::VERDICT_NETWORK_FAILURE, "plivo.failed"),
    Read(kProvider, "plivo/no-answer", Reading::kRangOut, "plivo.no_answer"),
    Read(kProvider, "plivo/timeout", Reading::kRangOut, "plivo.timeout"),
    Vague(kProvider, "plivo/0", kUnresolved, "plivo.0"),        // unknown
    Vague(kProvider, "plivo/1000", kUnresolved, "plivo.1000"),  // cancelled by an API request
    Says(kProvider, "plivo/1010", v1::VERDICT_NETWORK_FAILURE, "plivo.1010"),  // out of credits
    Says(kProvider, "plivo/1020", v1::VERDICT_NETWORK_FAILURE, "plivo.1020"),  // too many dials
    Says(kProvider, "plivo/2000", v1::VERDICT_WRONG_NUMBER, "plivo.2000"),  // invalid destination
    Says(kProvider, "plivo/2010", v1::VERDICT_UNREACHABLE, "plivo.2010"),   // out of service
    Says(kProvider, "plivo/2020", v1::VERDICT_UNREACHABLE, "plivo.2020"),   // not registered
    Says(kProvider, "plivo/2030", v1::VERDICT_NETWORK_FAILURE, "plivo.2030"),     // country barred
    Says(kProvider, "plivo/2040", v1::VERDICT_NETWORK_FAILURE, "plivo.2040"),     // number barred
    Says(kProvider, "plivo/2060", v1::VERDICT_NETWORK_FAILURE, "plivo.2060"),     // loop detected
    Says(kProvider, "plivo/9000", v1::VERDICT_ANSWERED_ELSEWHERE, "plivo.9000"),  // lost race
    // dev.bandwidth.com/docs/voice/webhooks/disconnect: cause, of what wasn't answered.
    Vague(kProvider, "bandwidth/account-limit", v1::VERDICT_NETWORK_FAILURE,
          "bandwidth.account_limit"),
    Vague(kProvider, "bandwidth/application-error", v1::VERDICT_NETWORK_FAILURE,
          "bandwidth.application_error"),
    Says(kProvider, "bandwidth/busy", v1::VERDICT_BUSY, "bandwidth.busy"),
    Vague(kProvider, "bandwidth/callback-error", v1::VERDICT_NETWORK_FAILURE,
          "bandwidth.callback_error"),
    Read(kProvider, "bandwidth/cancel", Reading::kCallerGaveUp, "bandwidth.cancel"),
    Vague(kProvider, "bandwidth/error", v1::VERDICT_NETWORK_FAILURE, "bandwidth.error"),
    Read(kProvider, "bandwidth/hangup", Reading::kCallerGaveUp, "bandwidth.hangup_unanswered"),
    Vague(kProvider, "bandwidth/invalid-bxml", v1::VERDICT_NETWORK_FAILURE,
          "bandwidth.invalid_bxml"),
    Vague(kProvider, "bandwidth/node-capacity-exceeded", v1::VERDICT_NETWORK_FAILURE,
          "bandwidth.node_capacity_exceeded"),
    Says(kProvider, "bandwidth/rejected", v1::VERDICT_DECLINED, "bandwidth.rejected"),
    Says(kProvider, "bandwidth/timeout", v1::VERDICT_NO_ANSWER, "bandwidth.timeout"),
    Vague(kProvider, "bandwidth/unknown", kUnresolved, "bandwidth.unknown"),
};

std::string_view WithoutLeadingZeros(std::string_view value) {
  const std::size_t at = value.find_first_not_of('0');
  if (at == std::string_view::npos) return value.empty() ? value : value.substr(0, 1);
  return value.substr(at);
}

template <std::size_t n>
const CauseRow* FindIn(const CauseRow (&rows)[n], std::string_view value) {
  for (const CauseRow& row : rows) {
    if (SameWord(row.value, value)) return &row;
  }
  return nullptr;
}

}  // namespace

const CauseRow* FindCause(v1::Cause::Namespace space, std::string_view value) {
  switch (space) {
    case v1::Cause::NAMESPACE_Q850:
      return FindIn(kQ850Rows, WithoutLeadingZeros(value));
    case v1::Cause::NAMESPACE_SIP:
      return FindIn(kSipRows, WithoutLeadingZeros(value));
    case v1::Cause::NAMESPACE_ASTERISK:
      return FindIn(kAsteriskRows, value);
    case v1::Cause::NAMESPACE_FREESWITCH:
      return FindIn(kFreeswitchRows, value);
    case v1::Cause::NAMESPACE_3GPP:
      return FindIn(k3gppRows, WithoutLeadingZeros(value));
    case v1::Cause::NAMESPACE_MAP:
      return FindIn(kMapRows, WithoutLeadingZeros(value));
    case v1::Cause::NAMESPACE_GSM0408:
      return FindIn(kGsm0408Rows, WithoutLeadingZeros(value));
    case v1::Cause::NAMESPACE_IMS:
      return FindIn(kImsRows, WithoutLeadingZeros(value));
    case v1::Cause::NAMESPACE_PROVIDER:
      return FindIn(kProviderRows, value);
    default:
      return nullptr;
  }
}

}  // namespace textback::cdr
