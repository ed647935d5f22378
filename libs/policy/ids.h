// Identities that state, jobs and people depend on: pure functions of what they name.
//
// All are made of StableHash64. Call and job ids take 128 bits, since a collision would cost a
// text; ids within one customer's document take 64. Changing one of these functions is a change of
// the state's version.
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "textback/v1/call_record.pb.h"
#include "textback/v1/job.pb.h"

namespace textback::policy {

struct CallKey {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool operator==(const CallKey&) const = default;
  std::string ToCallId() const;  // 32 hexadecimal digits: Decision.call_id
};

// The call that a record of the given side belongs to: function of tenant, join key (of source and
// record id where it has none: the record stands alone) and side.
CallKey CallKeyOf(const v1::CallRecord& record);

std::string JobId(std::string_view tenant, std::string_view call_id, std::string_view purpose);

// Of (source, record id, side).
std::uint64_t RecordHash(const v1::CallRecord& record);
// Of (tenant, line, side): calls of one customer that may be one call (policy/decide.h).
std::uint64_t PartiesHash(const v1::CallRecord& record);
// Of (source, node), which tells calls apart itself: by join keys, or by writing one record a call.
// 0: it doesn't.
std::uint64_t OriginHash(const v1::CallRecord& record);
// Of (topic, partition, offset, side). 0: the record has no coordinates.
std::uint64_t CoordinatesHash(const v1::CallRecord& record);
std::uint64_t InboundHash(std::string_view account, std::string_view inbound_id);

}  // namespace textback::policy
