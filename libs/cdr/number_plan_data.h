// The generated tables behind number_plan.h, as text. Not for other files.
#pragma once

#include <string_view>

namespace textback::cdr::number_plan_data {

// "region calling-code trunk international lengths;", where "-" is none and lengths is hexadecimal.
// Ordered by region.
std::string_view Regions();
// "calling-code lengths;" of every calling code, also those of no region (800, 883 …).
std::string_view CallingCodes();
// "prefix kind;": the longest prefix of a number decides. M mobile, F fixed, X either, T freephone,
// P premium, V other (VoIP, personal, pager, shared cost), which texts may reach.
std::string_view Prefixes();

}  // namespace textback::cdr::number_plan_data
