// How one SMSC differs from the standard and from its neighbours. One value per account, from the
// configuration; further quirks become fields here.
//
// Thread safety: a value; not changed while in use.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "smpp/message_id.h"
#include "smpp/status.h"

namespace textback::smpp {

enum class ValidityForm : std::uint8_t {
  kRelative,  // no agreement of clocks needed
  kAbsolute,  // UTC
  kNone,      // the SMSC refuses any: expires_ms is still kept up to the write
};

struct SmscProfile {
  MessageIdForm response_id = MessageIdForm::kCaseless;  // in submit_sm_resp
  MessageIdForm receipt_id = MessageIdForm::kCaseless;   // in receipts
  ValidityForm validity = ValidityForm::kRelative;
  int receipt_utc_offset_minutes = 0;       // of the dates in a receipt's text
  bool send_user_message_reference = true;  // false for SMSCs that refuse TLVs (3.3)
  // Statuses, mostly vendors' own, that mean "slow down" or "later" here.
  std::vector<CommandStatus> throttled_statuses;
  std::vector<CommandStatus> temporary_statuses;

  StatusClass Classify(CommandStatus status) const {
    const auto has = [status](const std::vector<CommandStatus>& list) {
      return std::find(list.begin(), list.end(), status) != list.end();
    };
    if (status == ESME_ROK) return StatusClass::kOk;
    if (has(throttled_statuses)) return StatusClass::kThrottled;
    if (has(temporary_statuses)) return StatusClass::kTemporary;
    return smpp::Classify(status);
  }
};

}  // namespace textback::smpp
