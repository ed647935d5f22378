// What a customer's own messages do.
//
// Whose message it is: the recipient address is a tenant's sender. Where several tenants share it,
// the one that texted this customer last is meant; where none is known to have, all of them are.
//
// STOP   Opt-outs in the document (for ever), then a Block for each, then at most one confirmation:
//        Block and confirmation have the same key, so the dispatcher sees the Block first. A STOP
//        that changes nothing (repeated in another message) is blocked again, which costs nothing,
//        and not confirmed again. A STOP to an address that is no tenant's is kept for that
//        address: the tenant that will have it must respect it.
// START  Undoes the opt-outs that a STOP to the same address made, if they are not newer than it;
//        Unblock, then one reply if anything was undone.
// HELP   One reply, at most help_replies_max within the horizon; none to who has opted out.
// Other  Counted. Conversations are another feature.
//
// All replies together are at most replies_max within the horizon, and none goes later than
// confirmation_ttl_ms after the message. Repeats of a message (inbound_id) do nothing at all.
// Rules: 47 CFR 64.1200(a)(10) and (12) (revocation, one confirmation within five minutes); CTIA
// Messaging Principles 5.1.3 (HELP).
#pragma once

#include "policy/decide.h"

namespace textback::policy {

// The tenants that a message is for, in order of id.
std::vector<const Tenant*> TenantsMeant(const Document& document, const Snapshot& snapshot,
                                        std::string_view recipient);

}  // namespace textback::policy
