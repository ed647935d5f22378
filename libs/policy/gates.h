// The questions asked before a text goes out, always in this order. The first that says stop gives
// the decision its reason; those after it are recorded as skipped.
//
//   gate              stops when                                        value        limit
//   tenant_inactive   the tenant is gone, switched off or faulty
//   not_missed        the verdict is not among the tenant's
//   stale             the end of ringing is longer ago than max_age     age, ms      max_age
//   own_line          the customer is a line of the same tenant
//   tenant_line       the customer is a line of another tenant
//   withheld          the caller withheld the number
//   not_textable      no E.164 number, or a fixed, freephone … line     line type
//   foreign           the number begins with none of text_prefixes
//   undeliverable     the network said that the number takes no texts   ms ago       its memory
//   blocked           the tenant, or a list of the operator, blocks it
//   opted_out         STOP stands for this tenant, sender or everything
//   flood             more calls than are remembered one by one         decided ones calls_max
//   nuisance          the caller's signs add up (nuisance.h)            score        nuisance
//   overtaken         the two talked after the miss                     ms after it  0
//   limit_pair        texts of this tenant to this customer             texts        limit
//   limit_customer    texts of all tenants to this customer             texts        limit
//   template_error    the text can't be made
//   expired           it could not go before text_ttl is over           ms           text_ttl
//
// What kind of line a number is: the first that knows says it, of the record (the network's word on
// this call), the operator's number plan and ported-number list (looked up by intake, Reach), and
// the numbering plan that is built in. What can be mobile or fixed is not known, and doesn't stop a
// text. What the network said about earlier texts is a question of its own: undeliverable.
//
// Limits count jobs when they are emitted: a text whose outcome is unknown counts, as does one that
// was withdrawn. Windows are half open: a text exactly window_ms ago doesn't count any more.
//
// A block list of the operator doesn't stop a text to a known contact (nuisance.h), unless the
// entry says so; the tenant's own list always does.
//
// A verdict that the tenant doesn't text has no gates, so that decisions on answered calls, most of
// all, stay small. "The two talked" means any line of the tenant, in either direction: whoever
// got through to the business needs no "sorry we missed you".
#pragma once

#include <array>

#include "textback/v1/decision.pb.h"

namespace textback::policy {

inline constexpr std::array kGateOrder = {
    v1::REASON_TENANT_INACTIVE, v1::REASON_NOT_MISSED,     v1::REASON_STALE,
    v1::REASON_OWN_LINE,        v1::REASON_TENANT_LINE,    v1::REASON_WITHHELD,
    v1::REASON_NOT_TEXTABLE,    v1::REASON_FOREIGN,        v1::REASON_UNDELIVERABLE,
    v1::REASON_BLOCKED,         v1::REASON_OPTED_OUT,      v1::REASON_FLOOD,
    v1::REASON_NUISANCE,        v1::REASON_OVERTAKEN,      v1::REASON_LIMIT_PAIR,
    v1::REASON_LIMIT_CUSTOMER,  v1::REASON_TEMPLATE_ERROR, v1::REASON_EXPIRED};

}  // namespace textback::policy
