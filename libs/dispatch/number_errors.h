// Errors of an SMSC account that say, for good, that a number takes no texts: it is not in use, a
// fixed line, or without the service. What they mean is told to decide (Status.takes_no_texts),
// which texts that number no more for a while.
//
// Errors of a message, an account or an hour are none of these: a phone that is off (GSM 27), full
// (20), barred for now (13).
//
// Usual:
//   ESME_RINVDSTADR  submit_sm_resp: invalid destination address (SMPP 3.4, 5.1.3)
//   1                receipt: unknown subscriber (MAP error, TS 29.002 17.6.6)
//   11               receipt: teleservice not provisioned (likewise)
// Receipts carry the network's code in decimal, where the SMSC passes it on (network_error_code,
// SMPP 3.4, 5.3.2.31); a code of the SMSC's own (err:, appendix B) can mean anything, so the list
// is configuration of the account.
//
// Thread safety: a value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "textback/v1/receipt.pb.h"

namespace textback::dispatch {

class NumberErrors {
 public:
  static std::vector<std::string> Usual() { return {"ESME_RINVDSTADR", "1", "11"}; }

  explicit NumberErrors(const std::vector<std::string>& errors = Usual());

  // Of a refusal: Status.error.
  bool Has(std::string_view error) const;
  // Of a receipt: only one that says that the text won't arrive.
  bool Has(const v1::Receipt& receipt) const;

 private:
  std::vector<std::string> errors_;
};

}  // namespace textback::dispatch
