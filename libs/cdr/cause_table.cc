#include "cdr/cause_table.h"

#include "base/ascii.h"

namespace textback::cdr {
namespace {

constexpr auto kAnsweredElsewhere = v1::VERDICT_ANSWERED_ELSEWHERE;
constexpr auto kBlocked = v1::VERDICT_BLOCKED;
constexpr auto kBusy = v1::VERDICT_BUSY;
constexpr auto kContinues = v1::VERDICT_CONTINUES;
constexpr auto kDeclined = v1::VERDICT_DECLINED;
constexpr auto kNetworkFailure = v1::VERDICT_NETWORK_FAILURE;
constexpr auto kNoAnswer = v1::VERDICT_NO_ANSWER;
constexpr auto kUnreachable = v1::VERDICT_UNREACHABLE;
constexpr auto kUnresolved = v1::VERDICT_UNRESOLVED;
constexpr auto kWrongNumber = v1::VERDICT_WRONG_NUMBER;

constexpr CauseRow Says(std::string_view value, v1::Verdict verdict, std::string_view rule,
                        std::string_view title, std::string_view source = {}) {
  return {value, Reading::kVerdict, verdict, false, rule, title, source};
}
constexpr CauseRow Vague(std::string_view value, v1::Verdict verdict, std::string_view rule,
                         std::string_view title, std::string_view source = {}) {
  return {value, Reading::kVerdict, verdict, true, rule, title, source};
}
constexpr CauseRow Read(std::string_view value, Reading reading, std::string_view rule,
                        std::string_view title, std::string_view source = {}) {
  return {value, reading, kUnresolved, false, rule, title, source};
}
constexpr CauseRow ReadVague(std::string_view value, Reading reading, std::string_view rule,
                             std::string_view title, std::string_view source = {}) {
  return {value, reading, kUnresolved, true, rule, title, source};
}

constexpr CauseRow kQ850Rows[] = {
    Says("1", kWrongNumber, "q850.1", "unallocated (unassigned) number"),
    Says("2", kNetworkFailure, "q850.2", "no route to specified transit network"),
    Says("3", kWrongNumber, "q850.3", "no route to destination"),
    ReadVague("16", Reading::kCallerGaveUp, "q850.16_unanswered",
              "normal call clearing: without an answer it is the caller who cleared"),
    Says("17", kBusy, "q850.17", "user busy"),
    Read("18", Reading::kNoResponse, "q850.18", "no user responding"),
    Says("19", kNoAnswer, "q850.19", "no answer from user (user alerted)"),
    Says("20", kUnreachable, "q850.20", "subscriber absent"),
    Read("21", Reading::kRefused, "q850.21", "call rejected"),
    Says("22", kWrongNumber, "q850.22", "number changed"),
    Says("23", kContinues, "q850.23", "redirection to new destination"),
    Says("24", kBlocked, "q850.24",
         "call rejected due to a feature, such as one against anonymous callers",
         "2.2.7; RFC 5079, 6"),
    Says("25", kNetworkFailure, "q850.25", "exchange routing error"),
    Says("26", kAnsweredElsewhere, "q850.26", "non-selected user clearing: another took the call"),
    Says("27", kUnreachable, "q850.27", "destination out of order"),
    Says("28", kWrongNumber, "q850.28", "invalid number format (address incomplete)"),
    Says("29", kNetworkFailure, "q850.29", "facility rejected"),
    Vague("31", kUnresolved, "q850.31", "normal, unspecified"),
    Says("34", kNetworkFailure, "q850.34", "no circuit/channel available"),
    Says("38", kNetworkFailure, "q850.38", "network out of order"),
    Says("41", kNetworkFailure, "q850.41", "temporary failure"),
    Says("42", kNetworkFailure, "q850.42", "switching equipment congestion"),
    Says("43", kNetworkFailure, "q850.43", "access information discarded"),
    Says("44", kNetworkFailure, "q850.44", "requested circuit/channel not available"),
    Says("47", kNetworkFailure, "q850.47", "resource unavailable, unspecified"),
    Says("50", kNetworkFailure, "q850.50", "requested facility not subscribed"),
    Says("55", kBlocked, "q850.55", "incoming calls barred within the closed user group"),
    Says("57", kNetworkFailure, "q850.57", "bearer capability not authorized"),
    Says("58", kNetworkFailure, "q850.58", "bearer capability not presently available"),
    Says("63", kNetworkFailure, "q850.63", "service or option not available, unspecified"),
    Says("65", kNetworkFailure, "q850.65", "bearer capability not implemented"),
    Says("79", kNetworkFailure, "q850.79", "service or option not implemented, unspecified"),
    Says("87", kBlocked, "q850.87", "user not member of the closed user group"),
    Says("88", kNetworkFailure, "q850.88", "incompatible destination"),
    Says("102", kNetworkFailure, "q850.102", "recovery on timer expiry"),
    Vague("111", kNetworkFailure, "q850.111", "protocol error, unspecified"),
    Vague("127", kNetworkFailure, "q850.127", "interworking, unspecified"),
};

// The mapping to causes is RFC 3398, 8.2.6.1.
constexpr CauseRow kSipRows[] = {
    Read("200", Reading::kAnswered, "sip.200", "OK", "RFC 3261, 21.2.1"),
    Says("300", kContinues, "sip.300", "multiple choices", "RFC 3261, 21.3.1"),
    Says("301", kContinues, "sip.301", "moved permanently", "RFC 3261, 21.3.2"),
    Says("302", kContinues, "sip.302", "moved temporarily", "RFC 3261, 21.3.3"),
    Says("305", kContinues, "sip.305", "use proxy", "RFC 3261, 21.3.4"),
    Says("380", kContinues, "sip.380", "alternative service", "RFC 3261, 21.3.5"),
    Vague("400", kNetworkFailure, "sip.400", "bad request", "RFC 3261, 21.4.1"),
    Says("401", kNetworkFailure, "sip.401", "unauthorized", "RFC 3261, 21.4.2"),
    Says("403", kNetworkFailure, "sip.403", "forbidden: the network's refusal", "RFC 3261, 21.4.4"),
    Says("404", kWrongNumber, "sip.404", "not found", "RFC 3261, 21.4.5"),
    Says("407", kNetworkFailure, "sip.407", "proxy authentication required", "RFC 3261, 21.4.8"),
    Read("408", Reading::kNoResponse, "sip.408", "request timeout", "RFC 3261, 21.4.9"),
    Says("410", kWrongNumber, "sip.410", "gone", "RFC 3261, 21.4.11"),
    Says("428", kBlocked, "sip.428", "use Identity header", "RFC 8224, 6.2.2"),
    Says("433", kBlocked, "sip.433", "anonymity disallowed", "RFC 5079, 5"),
    Says("436", kBlocked, "sip.436", "bad Identity info", "RFC 8224, 6.2.2"),
    Says("437", kBlocked, "sip.437", "unsupported credential", "RFC 8224, 6.2.2"),
    Says("438", kBlocked, "sip.438", "invalid Identity header", "RFC 8224, 6.2.2"),
    ReadVague("480", Reading::kNoResponse, "sip.480",
              "temporarily unavailable: written for Q.850 18, 19 and 20 alike",
              "RFC 3261, 21.4.18; RFC 3398, 7.2.4.1"),
    Says("482", kNetworkFailure, "sip.482", "loop detected: the call went in circles",
         "RFC 3261, 21.4.20; RFC 3398, 8.2.6.1"),
    Says("483", kNetworkFailure, "sip.483", "too many hops: the call went in circles",
         "RFC 3261, 21.4.21; RFC 3398, 8.2.6.1"),
    Says("484", kWrongNumber, "sip.484", "address incomplete", "RFC 3261, 21.4.22"),
    Says("486", kBusy, "sip.486", "busy here", "RFC 3261, 21.4.24"),
    Read("487", Reading::kCallerGaveUp, "sip.487", "request terminated by the caller's CANCEL",
         "RFC 3261, 9.2 and 21.4.25"),
    Says("488", kNetworkFailure, "sip.488", "not acceptable here", "RFC 3261, 21.4.26"),
    Says("500", kNetworkFailure, "sip.500", "server internal error", "RFC 3261, 21.5.1"),
    Says("502", kUnreachable, "sip.502", "bad gateway: what gateways make of Q.850 27",
         "RFC 3261, 21.5.3; RFC 3398, 7.2.4.1"),
    Says("503", kNetworkFailure, "sip.503", "service unavailable", "RFC 3261, 21.5.4"),
    Says("504", kNetworkFailure, "sip.504", "server time-out", "RFC 3261, 21.5.5"),
    Says("600", kBusy, "sip.600", "busy everywhere", "RFC 3261, 21.6.1"),
    Read("603", Reading::kRefused, "sip.603", "decline", "RFC 3261, 21.6.2"),
    Says("604", kWrongNumber, "sip.604", "does not exist anywhere", "RFC 3261, 21.6.3"),
    Says("606", kNetworkFailure, "sip.606", "not acceptable", "RFC 3261, 21.6.4"),
    Says("607", kBlocked, "sip.607", "unwanted", "RFC 8197"),
    Says("608", kBlocked, "sip.608", "rejected by an intermediary", "RFC 8688"),
    Read("CANCEL", Reading::kCallerGaveUpUntimed, "sip.cancel",
         "the caller's CANCEL, of a record that doesn't know since when it rang", "RFC 3261, 9"),
};

// Also what CEL adds (asterisk_cel.h).
constexpr CauseRow kAsteriskRows[] = {
    Read("ANSWER", Reading::kAnswered, "asterisk.answer", "DIALSTATUS: answered"),
    Read("ANSWERED", Reading::kAnswered, "asterisk.answered", "disposition: answered"),
    Says("BUSY", kBusy, "asterisk.busy", "DIALSTATUS and disposition: busy"),
    Read("CANCEL", Reading::kCallerGaveUp, "asterisk.cancel",
         "DIALSTATUS: the caller hung up before an answer"),
    Says("CHANUNAVAIL", kUnreachable, "asterisk.chanunavail",
         "DIALSTATUS: the channel is unavailable, as of a phone that isn't registered"),
    Says("CONGESTION", kNetworkFailure, "asterisk.congestion",
         "DIALSTATUS and disposition: congestion"),
    Says("DONTCALL", kBlocked, "asterisk.dontcall",
         "DIALSTATUS: the callee's privacy choice, \"don't call again\""),
    Says("FAILED", kNetworkFailure, "asterisk.failed", "disposition: the call failed"),
    Says("HANGUPCAUSE 3", kUnreachable, "asterisk.hangupcause_3",
         "cause 3 from the PBX itself: a phone that isn't registered; Dial reads it so, too",
         "app_dial.c, handle_cause"),
    Says("INVALIDARGS", kNetworkFailure, "asterisk.invalidargs",
         "DIALSTATUS: error in the dialplan's arguments"),
    Read("NO ANSWER", Reading::kRangOut, "asterisk.no_answer",
         "disposition: no answer; covers the caller's hang-up as well (CANCEL is merged into it)"),
    Says("NOANSWER", kNoAnswer, "asterisk.noanswer", "DIALSTATUS: the timeout passed"),
    Says("TORTURE", kBlocked, "asterisk.torture",
         "DIALSTATUS: the callee's privacy choice, \"torture\""),
    Says("WAZO_USER_BLOCKED_CALL", kBlocked, "asterisk.wazo_user_blocked_call",
         "Wazo: the callee's list of blocked numbers"),
};

// By name: its numbers above 127 collide with SIP's.
constexpr CauseRow kFreeswitchRows[] = {
    Says("ALLOTTED_TIMEOUT", kNoAnswer, "freeswitch.allotted_timeout",
         "the time allotted to the call passed"),
    Says("ATTENDED_TRANSFER", kContinues, "freeswitch.attended_transfer",
         "the leg was transferred after consultation"),
    Says("BLIND_TRANSFER", kContinues, "freeswitch.blind_transfer",
         "the leg was transferred blindly"),
    Says("BAD_IDENTITY_INFO", kBlocked, "freeswitch.bad_identity_info",
         "SIP 436: bad Identity info"),
    Vague("BEARERCAPABILITY_NOTAUTH", kNetworkFailure, "freeswitch.bearercapability_notauth",
          "Q.850 57: bearer capability not authorized"),
    Vague("BEARERCAPABILITY_NOTAVAIL", kNetworkFailure, "freeswitch.bearercapability_notavail",
          "Q.850 58: bearer capability not presently available"),
    Says("BUSY_EVERYWHERE", kBusy, "freeswitch.busy_everywhere", "SIP 600: busy everywhere"),
    Read("CALL_REJECTED", Reading::kRefused, "freeswitch.call_rejected",
         "Q.850 21: call rejected; SIP 401, 402, 403, 407 and 603"),
    Says("CHANNEL_UNACCEPTABLE", kNetworkFailure, "freeswitch.channel_unacceptable",
         "Q.850 6: channel unacceptable"),
    Read("DECLINE", Reading::kRefused, "freeswitch.decline", "SIP 603: decline"),
    Vague("CHAN_NOT_IMPLEMENTED", kNetworkFailure, "freeswitch.chan_not_implemented",
          "Q.850 66: channel type not implemented; no such endpoint"),
    Vague("CRASH", kNetworkFailure, "freeswitch.crash", "found after the switch had crashed"),
    Says("DESTINATION_OUT_OF_ORDER", kUnreachable, "freeswitch.destination_out_of_order",
         "Q.850 27: destination out of order"),
    Says("DOES_NOT_EXIST_ANYWHERE", kWrongNumber, "freeswitch.does_not_exist_anywhere", "SIP 604"),
    Says("EXCHANGE_ROUTING_ERROR", kNetworkFailure, "freeswitch.exchange_routing_error",
         "Q.850 25: exchange routing error; SIP 482, 483"),
    Says("FACILITY_NOT_SUBSCRIBED", kNetworkFailure, "freeswitch.facility_not_subscribed",
         "Q.850 50: requested facility not subscribed"),
    Says("FACILITY_REJECTED", kNetworkFailure, "freeswitch.facility_rejected",
         "Q.850 29: facility rejected"),
    Says("GATEWAY_DOWN", kNetworkFailure, "freeswitch.gateway_down",
         "the gateway of the dial string is down"),
    Says("INCOMING_CALL_BARRED", kBlocked, "freeswitch.incoming_call_barred",
         "Q.850 54: incoming calls barred"),
    Says("INCOMPATIBLE_DESTINATION", kNetworkFailure, "freeswitch.incompatible_destination",
         "Q.850 88: incompatible destination; SIP 488, 606"),
    Says("INTERWORKING", kNetworkFailure, "freeswitch.interworking",
         "Q.850 127: interworking, unspecified; SIP 413, 414, 416, 420, 421, 423, 505, 513"),
    Says("INVALID_GATEWAY", kNetworkFailure, "freeswitch.invalid_gateway",
         "no gateway of that name"),
    Says("INVALID_IDENTITY", kBlocked, "freeswitch.invalid_identity",
         "SIP 438: invalid Identity header"),
    Says("INVALID_NUMBER_FORMAT", kWrongNumber, "freeswitch.invalid_number_format",
         "Q.850 28: invalid number format; SIP 484"),
    Says("INVALID_PROFILE", kNetworkFailure, "freeswitch.invalid_profile",
         "no SIP profile of that name"),
    Says("INVALID_URL", kNetworkFailure, "freeswitch.invalid_url", "the dial string is no URL"),
    Says("LOSE_RACE", kAnsweredElsewhere, "freeswitch.lose_race",
         "another leg of the fork was answered"),
    Vague("MANAGER_REQUEST", kUnresolved, "freeswitch.manager_request",
          "uuid_kill and the like: an operator or a program ended it"),
    Vague("MANDATORY_IE_MISSING", kNetworkFailure, "freeswitch.mandatory_ie_missing",
          "Q.850 96: mandatory information element is missing"),
    Says("MEDIA_TIMEOUT", kNetworkFailure, "freeswitch.media_timeout", "no media came"),
    Says("NETWORK_OUT_OF_ORDER", kNetworkFailure, "freeswitch.network_out_of_order",
         "Q.850 38: network out of order; SIP 502"),
    Says("NORMAL_CIRCUIT_CONGESTION", kNetworkFailure, "freeswitch.normal_circuit_congestion",
         "Q.850 34: no circuit/channel available"),
    Vague("NORMAL_CLEARING", kUnresolved, "freeswitch.normal_clearing_unanswered",
          "Q.850 16 without an answer; also of a dialplan that refuses a toll-fraud scan: no text "
          "without a clearer cause"),
    Says("NORMAL_TEMPORARY_FAILURE", kNetworkFailure, "freeswitch.normal_temporary_failure",
         "Q.850 41: temporary failure; SIP 400, 481, 500, 503"),
    Vague("NORMAL_UNSPECIFIED", kUnresolved, "freeswitch.normal_unspecified",
          "Q.850 31: normal, unspecified"),
    Says("NO_ANSWER", kNoAnswer, "freeswitch.no_answer", "Q.850 19: no answer"),
    Says("NO_IDENTITY", kBlocked, "freeswitch.no_identity", "SIP 428: use Identity header"),
    Says("NO_ROUTE_DESTINATION", kWrongNumber, "freeswitch.no_route_destination",
         "Q.850 3: no route to destination; SIP 485, 604"),
    Read("NO_USER_RESPONSE", Reading::kNoResponse, "freeswitch.no_user_response",
         "Q.850 18: no user responding; SIP 480"),
    Says("NO_ROUTE_TRANSIT_NET", kNetworkFailure, "freeswitch.no_route_transit_net",
         "Q.850 2: no route to specified transit network"),
    Says("NUMBER_CHANGED", kWrongNumber, "freeswitch.number_changed",
         "Q.850 22: number changed; SIP 410"),
    Read("ORIGINATOR_CANCEL", Reading::kCallerGaveUp, "freeswitch.originator_cancel",
         "the caller hung up before an answer; SIP 487"),
    Says("OUTGOING_CALL_BARRED", kBlocked, "freeswitch.outgoing_call_barred",
         "Q.850 52: outgoing calls barred"),
    Says("PICKED_OFF", kAnsweredElsewhere, "freeswitch.picked_off",
         "another phone picked the call up"),
    Vague("PROTOCOL_ERROR", kNetworkFailure, "freeswitch.protocol_error",
          "Q.850 111: protocol error"),
    Says("PROGRESS_TIMEOUT", kUnreachable, "freeswitch.progress_timeout",
         "no progress from the callee in time"),
    Says("RECOVERY_ON_TIMER_EXPIRE", kNetworkFailure, "freeswitch.recovery_on_timer_expire",
         "Q.850 102: recovery on timer expiry; SIP 408, 504"),
    Says("REDIRECTION_TO_NEW_DESTINATION", kContinues, "freeswitch.redirection_to_new_destination",
         "Q.850 23: redirection to new destination"),
    Says("REJECT_ALL", kDeclined, "freeswitch.reject_all", "the callee rejected all legs"),
    Says("REQUESTED_CHAN_UNAVAIL", kNetworkFailure, "freeswitch.requested_chan_unavail",
         "Q.850 44: requested circuit/channel not available"),
    Says("SERVICE_NOT_IMPLEMENTED", kNetworkFailure, "freeswitch.service_not_implemented",
         "Q.850 79: service not implemented; SIP 406, 415, 501"),
    Says("SERVICE_UNAVAILABLE", kNetworkFailure, "freeswitch.service_unavailable",
         "Q.850 63: service not available; SIP 405"),
    Says("STALE_DATE", kBlocked, "freeswitch.stale_date",
         "SIP 403 \"Stale Date\": a PASSporT too old"),
    Says("SUBSCRIBER_ABSENT", kUnreachable, "freeswitch.subscriber_absent",
         "Q.850 20: subscriber absent"),
    Says("SWITCH_CONGESTION", kNetworkFailure, "freeswitch.switch_congestion",
         "Q.850 42: switching equipment congestion"),
    Vague("SYSTEM_SHUTDOWN", kNetworkFailure, "freeswitch.system_shutdown",
          "the switch was shut down"),
    Says("UNALLOCATED_NUMBER", kWrongNumber, "freeswitch.unallocated_number",
         "Q.850 1: unallocated number; SIP 404"),
    Says("UNSUPPORTED_CERTIFICATE", kBlocked, "freeswitch.unsupported_certificate",
         "SIP 437: unsupported credential"),
    Says("UNWANTED", kBlocked, "freeswitch.unwanted", "SIP 607: unwanted"),
    Says("USER_BUSY", kBusy, "freeswitch.user_busy", "Q.850 17: user busy; SIP 486, 600"),
    Vague("USER_CHALLENGE", kNetworkFailure, "freeswitch.user_challenge",
          "SIP 401, 407: a challenge that nobody met"),
    Says("USER_NOT_REGISTERED", kUnreachable, "freeswitch.user_not_registered",
         "the user has no registration"),
};

// An answer time decides first; diagnostics come as Q.850.
constexpr CauseRow k3gppRows[] = {
    Vague("0", kUnresolved, "3gpp.0", "normal release"),
    Says("1", kContinues, "3gpp.1", "partial record"),
    Says("2", kContinues, "3gpp.2", "partial record, call re-establishment"),
    Vague("3", kUnresolved, "3gpp.3", "unsuccessful call attempt"),
    Vague("4", kNetworkFailure, "3gpp.4", "abnormal end of a stable call"),
    Says("5", kBlocked, "3gpp.5", "CAMEL initiated call release"),
};

// gsm0902MapErrorValue in diagnostics: what the HLR or the visited MSC answered when the called
// subscriber was asked for.
constexpr CauseRow kMapRows[] = {
    Says("1", kWrongNumber, "map.1", "unknownSubscriber"),
    Says("3", kNetworkFailure, "map.3", "unknownMSC"),
    Says("5", kUnreachable, "map.5", "unidentifiedSubscriber: the VLR lost it"),
    Says("8", kNetworkFailure, "map.8", "roamingNotAllowed"),
    Says("9", kNetworkFailure, "map.9", "illegalSubscriber"),
    Says("10", kNetworkFailure, "map.10", "bearerServiceNotProvisioned"),
    Says("11", kNetworkFailure, "map.11", "teleserviceNotProvisioned"),
    Says("12", kNetworkFailure, "map.12", "illegalEquipment"),
    Says("13", kBlocked, "map.13", "callBarred: incoming calls barred"),
    Says("14", kNetworkFailure, "map.14", "forwardingViolation"),
    Says("15", kBlocked, "map.15", "cug-Reject"),
    Says("21", kNetworkFailure, "map.21", "facilityNotSupported"),
    Says("27", kUnreachable, "map.27", "absentSubscriber"),
    Vague("34", kNetworkFailure, "map.34", "systemFailure"),
    Vague("35", kNetworkFailure, "map.35", "dataMissing"),
    Vague("36", kNetworkFailure, "map.36", "unexpectedDataValue"),
    Says("39", kNetworkFailure, "map.39", "noRoamingNumberAvailable"),
    Says("44", kWrongNumber, "map.44", "numberChanged"),
    Says("45", kBusy, "map.45", "busySubscriber"),
    Says("46", kNoAnswer, "map.46", "noSubscriberReply"),
    Vague("47", kNetworkFailure, "map.47", "forwardingFailed"),
    Vague("48", kNetworkFailure, "map.48", "or-NotAllowed"),
};

// gsm0408Cause, between the mobile and its MSC. The numbers are Q.850's as far as both have them.
constexpr CauseRow kGsm0408Rows[] = {
    Says("1", kWrongNumber, "gsm0408.1", "unassigned number"),
    Says("3", kWrongNumber, "gsm0408.3", "no route to destination"),
    Says("6", kNetworkFailure, "gsm0408.6", "channel unacceptable"),
    Says("8", kBlocked, "gsm0408.8", "operator determined barring"),
    ReadVague("16", Reading::kCallerGaveUp, "gsm0408.16_unanswered",
              "normal call clearing: without an answer it is the caller who cleared"),
    Says("17", kBusy, "gsm0408.17", "user busy"),
    Read("18", Reading::kNoResponse, "gsm0408.18", "no user responding"),
    Says("19", kNoAnswer, "gsm0408.19", "user alerting, no answer"),
    Read("21", Reading::kRefused, "gsm0408.21", "call rejected"),
    Says("22", kWrongNumber, "gsm0408.22", "number changed"),
    Says("24", kBlocked, "gsm0408.24", "call rejected due to a feature at the destination"),
    Says("25", kNetworkFailure, "gsm0408.25", "pre-emption"),
    Says("26", kAnsweredElsewhere, "gsm0408.26",
         "non selected user clearing: another took the call"),
    Says("27", kUnreachable, "gsm0408.27", "destination out of order"),
    Says("28", kWrongNumber, "gsm0408.28", "invalid number format"),
    Says("29", kNetworkFailure, "gsm0408.29", "facility rejected"),
    Vague("31", kUnresolved, "gsm0408.31", "normal, unspecified"),
    Says("34", kNetworkFailure, "gsm0408.34", "no circuit/channel available"),
    Says("38", kNetworkFailure, "gsm0408.38", "network out of order"),
    Says("41", kNetworkFailure, "gsm0408.41", "temporary failure"),
    Says("42", kNetworkFailure, "gsm0408.42", "switching equipment congestion"),
    Says("44", kNetworkFailure, "gsm0408.44", "requested circuit/channel not available"),
    Says("47", kNetworkFailure, "gsm0408.47", "resources unavailable, unspecified"),
    Says("55", kBlocked, "gsm0408.55", "incoming calls barred within the closed user group"),
    Says("57", kNetworkFailure, "gsm0408.57", "bearer capability not authorized"),
    Says("58", kNetworkFailure, "gsm0408.58", "bearer capability not presently available"),
    Says("63", kNetworkFailure, "gsm0408.63", "service or option not available, unspecified"),
    Says("68", kNetworkFailure, "gsm0408.68", "ACM equal to or greater than ACMmax"),
    Says("79", kNetworkFailure, "gsm0408.79", "service or option not implemented"),
    Says("87", kBlocked, "gsm0408.87", "user not member of the closed user group"),
    Says("88", kNetworkFailure, "gsm0408.88", "incompatible destination"),
    Says("102", kNetworkFailure, "gsm0408.102", "recovery on timer expiry"),
    Vague("111", kNetworkFailure, "gsm0408.111", "protocol error, unspecified"),
    Vague("127", kNetworkFailure, "gsm0408.127", "interworking, unspecified"),
};

// Successes (0 and below) of Cause-Codes need no row.
constexpr CauseRow kImsClosingRows[] = {
    Vague("0", kUnresolved, "ims.0", "service delivery ended successfully"),
    Vague("1", kUnresolved, "ims.1", "unsuccessful service delivery"),
    Says("3", kContinues, "ims.3", "time limit: a partial record"),
    Says("4", kContinues, "ims.4", "service change: a partial record"),
    Says("5", kContinues, "ims.5", "management intervention: a partial record"),
};

constexpr CauseRow kImsCauseCodeRows[] = {
    Vague("cause-code/1", kNetworkFailure, "ims.unspecified_error", "unspecified error"),
    Vague("cause-code/2", kUnresolved, "ims.unsuccessful_setup", "unsuccessful session set-up"),
    Vague("cause-code/3", kNetworkFailure, "ims.internal_error", "internal error"),
};

// Providers' words come with the provider's name before them. Answered calls need no row: adapters
// say who answered.
constexpr CauseRow kTwilioRows[] = {
    Says("twilio/busy", kBusy, "twilio.busy", "busy"),
    Read("twilio/no-answer", Reading::kRangOut, "twilio.no_answer",
         "no answer; covers the caller who hung up while it rang"),
    Vague("twilio/failed", kNetworkFailure, "twilio.failed",
          "failed; the SIP response behind it is clearer"),
    Read("twilio/canceled", Reading::kCallerGaveUp, "twilio.canceled",
         "cancelled while it was queued or rang"),
    Read("twilio/cancelled", Reading::kCallerGaveUp, "twilio.canceled", "as canceled"),
    Says("twilio/not-bridged", kNoAnswer, "twilio.not_bridged",
         "<Dial> with DialBridged=false: picked up, and not connected to the caller"),
};

constexpr CauseRow kSignalwireRows[] = {
    Says("signalwire/busy", kBusy, "signalwire.busy", "busy"),
    Read("signalwire/no-answer", Reading::kRangOut, "signalwire.no_answer",
         "no answer; covers the caller who hung up while it rang"),
    Vague("signalwire/failed", kNetworkFailure, "signalwire.failed",
          "failed; the SIP response behind it is clearer"),
    Read("signalwire/canceled", Reading::kCallerGaveUp, "signalwire.canceled",
         "cancelled while it was queued or rang"),
    Read("signalwire/cancelled", Reading::kCallerGaveUp, "signalwire.canceled", "as canceled"),
    Says("signalwire/not-bridged", kNoAnswer, "signalwire.not_bridged",
         "<Dial> with DialBridged=false: picked up, and not connected to the caller"),
};

constexpr CauseRow kTelnyxRows[] = {
    Says("telnyx/busy", kBusy, "telnyx.busy", "busy"),
    Read("telnyx/no-answer", Reading::kRangOut, "telnyx.no_answer",
         "no answer; covers the caller who hung up while it rang"),
    Vague("telnyx/failed", kNetworkFailure, "telnyx.failed",
          "failed; the SIP response behind it is clearer"),
    Read("telnyx/canceled", Reading::kCallerGaveUp, "telnyx.canceled",
         "cancelled while it was queued or rang"),
    Read("telnyx/cancelled", Reading::kCallerGaveUp, "telnyx.canceled", "as canceled"),
    Says("telnyx/not-bridged", kNoAnswer, "telnyx.not_bridged",
         "<Dial> with DialBridged=false: picked up, and not connected to the caller"),
    Read("telnyx/call_rejected", Reading::kRefused, "telnyx.call_rejected",
         "hangup_cause: call rejected"),
    Says("telnyx/no_answer", kNoAnswer, "telnyx.no_answer_cause", "hangup_cause: no answer"),
    Vague("telnyx/not_found", kWrongNumber, "telnyx.not_found", "hangup_cause: not found"),
    Read("telnyx/originator_cancel", Reading::kCallerGaveUp, "telnyx.originator_cancel",
         "hangup_cause: the caller hung up before an answer"),
    Says("telnyx/timeout", kNoAnswer, "telnyx.timeout", "hangup_cause: the ringing timed out"),
    Vague("telnyx/unspecified", kUnresolved, "telnyx.unspecified", "hangup_cause: unspecified"),
    Says("telnyx/user_busy", kBusy, "telnyx.user_busy", "hangup_cause: user busy"),
};

constexpr CauseRow kVonageRows[] = {
    Says("vonage/busy", kBusy, "vonage.busy", "busy"),
    Read("vonage/cancelled", Reading::kCallerGaveUp, "vonage.cancelled",
         "cancelled by the originator before an answer"),
    Vague("vonage/failed", kNetworkFailure, "vonage.failed", "failed; sip_code stands behind it"),
    Vague("vonage/rejected", kNetworkFailure, "vonage.rejected",
          "rejected by Vonage or by the carrier before it was connected"),
    Says("vonage/timeout", kNoAnswer, "vonage.timeout", "rang for longer than ringing_timer"),
    ReadVague("vonage/unanswered", Reading::kNoResponse, "vonage.unanswered",
              "unreachable, or the recipient declined"),
};

constexpr CauseRow kPlivoRows[] = {
    Says("plivo/busy", kBusy, "plivo.busy", "busy"),
    Read("plivo/cancel", Reading::kCallerGaveUp, "plivo.cancel",
         "the caller hung up before an answer"),
    Read("plivo/canceled", Reading::kCallerGaveUp, "plivo.cancel", "as cancel"),
    Vague("plivo/failed", kNetworkFailure, "plivo.failed", "failed"),
    Read("plivo/no-answer", Reading::kRangOut, "plivo.no_answer",
         "not answered; covers the caller who hung up while it rang"),
    Read("plivo/timeout", Reading::kRangOut, "plivo.timeout",
         "as no-answer, of callbacks of <Dial>"),
    Vague("plivo/0", kUnresolved, "plivo.0", "unknown"),
    Vague("plivo/1000", kUnresolved, "plivo.1000", "cancelled by an API request"),
    Says("plivo/1010", kNetworkFailure, "plivo.1010", "out of credits"),
    Says("plivo/1020", kNetworkFailure, "plivo.1020", "more simultaneous dials than allowed"),
    Says("plivo/2000", kWrongNumber, "plivo.2000", "invalid destination"),
    Says("plivo/2010", kUnreachable, "plivo.2010", "destination out of service"),
    Says("plivo/2020", kUnreachable, "plivo.2020", "endpoint not registered"),
    Says("plivo/2030", kNetworkFailure, "plivo.2030", "destination country barred"),
    Says("plivo/2040", kNetworkFailure, "plivo.2040", "destination number barred"),
    Says("plivo/2060", kNetworkFailure, "plivo.2060", "loop detected"),
    Says("plivo/9000", kAnsweredElsewhere, "plivo.9000", "lost race: another leg was answered"),
};

constexpr CauseRow kBandwidthRows[] = {
    Vague("bandwidth/account-limit", kNetworkFailure, "bandwidth.account_limit",
          "the account's limit of calls"),
    Vague("bandwidth/application-error", kNetworkFailure, "bandwidth.application_error",
          "the application's error"),
    Says("bandwidth/busy", kBusy, "bandwidth.busy", "busy"),
    Vague("bandwidth/callback-error", kNetworkFailure, "bandwidth.callback_error",
          "a callback of the application failed"),
    Read("bandwidth/cancel", Reading::kCallerGaveUp, "bandwidth.cancel",
         "cancelled before an answer"),
    Vague("bandwidth/error", kNetworkFailure, "bandwidth.error", "error"),
    Read("bandwidth/hangup", Reading::kCallerGaveUp, "bandwidth.hangup_unanswered",
         "one party hung up: without an answer the caller"),
    Vague("bandwidth/invalid-bxml", kNetworkFailure, "bandwidth.invalid_bxml",
          "the application's BXML is invalid"),
    Vague("bandwidth/node-capacity-exceeded", kNetworkFailure, "bandwidth.node_capacity_exceeded",
          "capacity exceeded"),
    Says("bandwidth/rejected", kDeclined, "bandwidth.rejected", "rejected by the callee"),
    Says("bandwidth/timeout", kNoAnswer, "bandwidth.timeout", "rang until the time-out"),
    Vague("bandwidth/unknown", kUnresolved, "bandwidth.unknown", "unknown"),
};

constexpr CauseGroup kGroups[] = {
    {v1::Cause::NAMESPACE_Q850, "Q.850", "ITU-T Q.850 (10/2018), 2.2.7", true, kQ850Rows},
    {v1::Cause::NAMESPACE_SIP, "SIP", "", true, kSipRows},
    {v1::Cause::NAMESPACE_ASTERISK, "Asterisk", "cdr.c, ast_cdr_disp2str; app_dial.c, DIALSTATUS",
     false, kAsteriskRows},
    {v1::Cause::NAMESPACE_FREESWITCH, "FreeSWITCH",
     "switch_channel.c, switch_cause_table; sofia_glue.c, sofia_glue_sip_cause_to_freeswitch",
     false, kFreeswitchRows},
    {v1::Cause::NAMESPACE_3GPP, "3GPP causeForTerm", "TS 32.298, 5.1.5.0", true, k3gppRows},
    {v1::Cause::NAMESPACE_MAP, "MAP errors", "TS 29.002, 17.6.6", true, kMapRows},
    {v1::Cause::NAMESPACE_GSM0408, "Radio interface causes", "TS 24.008, 10.5.4.11 and annex H",
     true, kGsm0408Rows},
    {v1::Cause::NAMESPACE_IMS, "IMS causeForRecordClosing", "TS 32.298, 5.1.3.1", true,
     kImsClosingRows},
    {v1::Cause::NAMESPACE_IMS, "IMS Cause-Code", "TS 32.299, 7.2.35", false, kImsCauseCodeRows},
    {v1::Cause::NAMESPACE_PROVIDER, "Twilio",
     "twilio.com/docs/voice/api/call-resource, \"Call Status Values\"; /docs/voice/twiml/dial",
     false, kTwilioRows},
    {v1::Cause::NAMESPACE_PROVIDER, "SignalWire",
     "developer.signalwire.com, compatibility API: call status, <Dial>", false, kSignalwireRows},
    {v1::Cause::NAMESPACE_PROVIDER, "Telnyx",
     "developers.telnyx.com, TeXML call status; callHangup, hangup_cause", false, kTelnyxRows},
    {v1::Cause::NAMESPACE_PROVIDER, "Vonage",
     "developer.vonage.com, Voice API webhook reference, status", false, kVonageRows},
    {v1::Cause::NAMESPACE_PROVIDER, "Plivo",
     "docs.plivo.com, CallStatus and DialStatus; troubleshooting, hangup causes", false,
     kPlivoRows},
    {v1::Cause::NAMESPACE_PROVIDER, "Bandwidth",
     "dev.bandwidth.com/docs/voice/webhooks/disconnect, cause", false, kBandwidthRows},
};

// Rules that read more than a cause (cause.h, "Evidence is weighed in this order").
constexpr RuleTitle kOtherRules[] = {
    {"not_a_call", "no call at all, as a message or a registration", ""},
    {"originating", "a call that the line made", ""},
    {"answered", "an answer or talk time; the record doesn't say who answered", ""},
    {"answered.person", "answered, by a person", ""},
    {"answered.voicemail", "answered, by a mailbox", ""},
    {"answered.ivr", "answered, by an announcement or a menu", ""},
    {"answered.queue", "answered by a queue, in which nobody took the call", ""},
    {"answered_elsewhere", "another leg took the call", ""},
    {"leg_only", "a leg of which another record tells the end", ""},
    {"partial_open", "a partial record; the call goes on", ""},
    {"no_cause", "not answered, and no cause", ""},
    {"unknown_cause", "not answered, and no row has its causes", ""},
};

std::string_view WithoutLeadingZeros(std::string_view value) {
  const std::size_t at = value.find_first_not_of('0');
  if (at == std::string_view::npos) return value.empty() ? value : value.substr(0, 1);
  return value.substr(at);
}

}  // namespace

std::span<const CauseGroup> CauseGroups() { return kGroups; }

const CauseRow* FindCause(v1::Cause::Namespace space, std::string_view value) {
  for (const CauseGroup& group : kGroups) {
    if (group.space != space) continue;
    const std::string_view sought = group.numbers ? WithoutLeadingZeros(value) : value;
    for (const CauseRow& row : group.rows) {
      if (SameWord(row.value, sought)) return &row;
    }
  }
  return nullptr;
}

RuleTitle TitleOfRule(std::string_view rule) {
  for (const RuleTitle& other : kOtherRules) {
    if (other.rule == rule) return other;
  }
  for (const CauseGroup& group : kGroups) {
    for (const CauseRow& row : group.rows) {
      if (row.rule == rule) return {rule, row.title, SourceOf(group, row)};
    }
  }
  if (rule.starts_with("textback.")) return {rule, "the source's own verdict", ""};
  return {};
}

}  // namespace textback::cdr
