// command_status values of SMPP 3.4 (5.1.3), their names, and what a sender does about each.
//
// A status is a plain number: peers send values that no list has (vendors own 0x400 to 0x4ff).
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace textback::smpp {

using CommandStatus = std::uint32_t;

inline constexpr CommandStatus ESME_ROK = 0x00;
inline constexpr CommandStatus ESME_RINVMSGLEN = 0x01;
inline constexpr CommandStatus ESME_RINVCMDLEN = 0x02;
inline constexpr CommandStatus ESME_RINVCMDID = 0x03;
inline constexpr CommandStatus ESME_RINVBNDSTS = 0x04;
inline constexpr CommandStatus ESME_RALYBND = 0x05;
inline constexpr CommandStatus ESME_RINVPRTFLG = 0x06;
inline constexpr CommandStatus ESME_RINVREGDLVFLG = 0x07;
inline constexpr CommandStatus ESME_RSYSERR = 0x08;
inline constexpr CommandStatus ESME_RINVSRCADR = 0x0a;
inline constexpr CommandStatus ESME_RINVDSTADR = 0x0b;
inline constexpr CommandStatus ESME_RINVMSGID = 0x0c;
inline constexpr CommandStatus ESME_RBINDFAIL = 0x0d;
inline constexpr CommandStatus ESME_RINVPASWD = 0x0e;
inline constexpr CommandStatus ESME_RINVSYSID = 0x0f;
inline constexpr CommandStatus ESME_RCANCELFAIL = 0x11;
inline constexpr CommandStatus ESME_RREPLACEFAIL = 0x13;
inline constexpr CommandStatus ESME_RMSGQFUL = 0x14;
inline constexpr CommandStatus ESME_RINVSERTYP = 0x15;
inline constexpr CommandStatus ESME_RINVNUMDESTS = 0x33;
inline constexpr CommandStatus ESME_RINVDLNAME = 0x34;
inline constexpr CommandStatus ESME_RINVDESTFLAG = 0x40;
inline constexpr CommandStatus ESME_RINVSUBREP = 0x42;
inline constexpr CommandStatus ESME_RINVESMCLASS = 0x43;
inline constexpr CommandStatus ESME_RCNTSUBDL = 0x44;
inline constexpr CommandStatus ESME_RSUBMITFAIL = 0x45;
inline constexpr CommandStatus ESME_RINVSRCTON = 0x48;
inline constexpr CommandStatus ESME_RINVSRCNPI = 0x49;
inline constexpr CommandStatus ESME_RINVDSTTON = 0x50;
inline constexpr CommandStatus ESME_RINVDSTNPI = 0x51;
inline constexpr CommandStatus ESME_RINVSYSTYP = 0x53;
inline constexpr CommandStatus ESME_RINVREPFLAG = 0x54;
inline constexpr CommandStatus ESME_RINVNUMMSGS = 0x55;
inline constexpr CommandStatus ESME_RTHROTTLED = 0x58;
inline constexpr CommandStatus ESME_RINVSCHED = 0x61;
inline constexpr CommandStatus ESME_RINVEXPIRY = 0x62;
inline constexpr CommandStatus ESME_RINVDFTMSGID = 0x63;
inline constexpr CommandStatus ESME_RX_T_APPN = 0x64;
inline constexpr CommandStatus ESME_RX_P_APPN = 0x65;
inline constexpr CommandStatus ESME_RX_R_APPN = 0x66;
inline constexpr CommandStatus ESME_RQUERYFAIL = 0x67;
inline constexpr CommandStatus ESME_RINVOPTPARSTREAM = 0xc0;
inline constexpr CommandStatus ESME_ROPTPARNOTALLWD = 0xc1;
inline constexpr CommandStatus ESME_RINVPARLEN = 0xc2;
inline constexpr CommandStatus ESME_RMISSINGOPTPARAM = 0xc3;
inline constexpr CommandStatus ESME_RINVOPTPARAMVAL = 0xc4;
inline constexpr CommandStatus ESME_RDELIVERYFAILURE = 0xfe;
inline constexpr CommandStatus ESME_RUNKNOWNERR = 0xff;

// "ESME_RTHROTTLED"; "" for a value that the standard doesn't name.
std::string_view StatusName(CommandStatus status);
// The name, else the number as "0x0000040a". For logs and Status.error.
std::string StatusText(CommandStatus status);

// What a non-zero submit_sm_resp asks of the sender. In each but kOk the message was not taken.
enum class StatusClass : std::uint8_t {
  kOk,
  kThrottled,  // slow down, then submit again: ESME_RTHROTTLED, ESME_RMSGQFUL
  kTemporary,  // submit again later: ESME_RSYSERR, ESME_RX_T_APPN, ESME_RINVBNDSTS
  kPermanent,  // the same message would be refused again
};
// By the standard's meaning. Vendors' codes and ESME_RUNKNOWNERR are permanent unless a profile
// (client.h) says otherwise: repeating what we don't understand is how floods start.
StatusClass Classify(CommandStatus status);
std::string_view ToString(StatusClass status_class);

}  // namespace textback::smpp
