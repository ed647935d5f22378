#include "smpp/status.h"

#include "base/assert.h"

namespace textback::smpp {

std::string_view StatusName(CommandStatus status) {
#define TB_STATUS(name) \
  case name:            \
    return #name
  switch (status) {
    TB_STATUS(ESME_ROK);
    TB_STATUS(ESME_RINVMSGLEN);
    TB_STATUS(ESME_RINVCMDLEN);
    TB_STATUS(ESME_RINVCMDID);
    TB_STATUS(ESME_RINVBNDSTS);
    TB_STATUS(ESME_RALYBND);
    TB_STATUS(ESME_RINVPRTFLG);
    TB_STATUS(ESME_RINVREGDLVFLG);
    TB_STATUS(ESME_RSYSERR);
    TB_STATUS(ESME_RINVSRCADR);
    TB_STATUS(ESME_RINVDSTADR);
    TB_STATUS(ESME_RINVMSGID);
    TB_STATUS(ESME_RBINDFAIL);
    TB_STATUS(ESME_RINVPASWD);
    TB_STATUS(ESME_RINVSYSID);
    TB_STATUS(ESME_RCANCELFAIL);
    TB_STATUS(ESME_RREPLACEFAIL);
    TB_STATUS(ESME_RMSGQFUL);
    TB_STATUS(ESME_RINVSERTYP);
    TB_STATUS(ESME_RINVNUMDESTS);
    TB_STATUS(ESME_RINVDLNAME);
    TB_STATUS(ESME_RINVDESTFLAG);
    TB_STATUS(ESME_RINVSUBREP);
    TB_STATUS(ESME_RINVESMCLASS);
    TB_STATUS(ESME_RCNTSUBDL);
    TB_STATUS(ESME_RSUBMITFAIL);
    TB_STATUS(ESME_RINVSRCTON);
    TB_STATUS(ESME_RINVSRCNPI);
    TB_STATUS(ESME_RINVDSTTON);
    TB_STATUS(ESME_RINVDSTNPI);
    TB_STATUS(ESME_RINVSYSTYP);
    TB_STATUS(ESME_RINVREPFLAG);
    TB_STATUS(ESME_RINVNUMMSGS);
    TB_STATUS(ESME_RTHROTTLED);
    TB_STATUS(ESME_RINVSCHED);
    TB_STATUS(ESME_RINVEXPIRY);
    TB_STATUS(ESME_RINVDFTMSGID);
    TB_STATUS(ESME_RX_T_APPN);
    TB_STATUS(ESME_RX_P_APPN);
    TB_STATUS(ESME_RX_R_APPN);
    TB_STATUS(ESME_RQUERYFAIL);
    TB_STATUS(ESME_RINVOPTPARSTREAM);
    TB_STATUS(ESME_ROPTPARNOTALLWD);
    TB_STATUS(ESME_RINVPARLEN);
    TB_STATUS(ESME_RMISSINGOPTPARAM);
    TB_STATUS(ESME_RINVOPTPARAMVAL);
    TB_STATUS(ESME_RDELIVERYFAILURE);
    TB_STATUS(ESME_RUNKNOWNERR);
    default:
      return {};
  }
#undef TB_STATUS
}

std::string StatusText(CommandStatus status) {
  if (const auto name = StatusName(status); !name.empty()) return std::string(name);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "0x";
  for (int shift = 28; shift >= 0; shift -= 4) text.push_back(kDigits[status >> shift & 0xf]);
  return text;
}

StatusClass Classify(CommandStatus status) {
  switch (status) {
    case ESME_ROK:
      return StatusClass::kOk;
    case ESME_RTHROTTLED:
    case ESME_RMSGQFUL:
      return StatusClass::kThrottled;
    case ESME_RSYSERR:
    case ESME_RX_T_APPN:
    case ESME_RINVBNDSTS:
      return StatusClass::kTemporary;
    default:
      return StatusClass::kPermanent;
  }
}

std::string_view ToString(StatusClass status_class) {
  switch (status_class) {
    case StatusClass::kOk:
      return "ok";
    case StatusClass::kThrottled:
      return "throttled";
    case StatusClass::kTemporary:
      return "temporary";
    case StatusClass::kPermanent:
      return "permanent";
  }
  TB_UNREACHABLE();
}

}  // namespace textback::smpp
