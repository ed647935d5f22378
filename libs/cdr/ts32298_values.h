// From the values in records of TS 32.298 to those of a CallRecord.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cdr/ber.h"
#include "cdr/ims_session.h"
#include "textback/v1/call_record.pb.h"

namespace textback::cdr {

// A number of a record while it is sorted out whose it is.
struct Number {
  bool present = false;
  BcdNumber bcd;
  std::string_view digits() const { return bcd.digits.view(); }
};

using PartyOf = v1::Party* (v1::CallRecord::*)();

// Nothing for a number that isn't there.
void SetParty(const Number& number, v1::CallRecord& record, PartyOf mutable_party);
// From octet 3a; nothing without one.
void SetPresentation(const BcdNumber& number, v1::Party& party);

void AppendHex(std::string& out, std::string_view octets);

// Nothing once the record has as many as it may.
void AddCause(v1::Cause::Namespace space, std::string_view value, v1::CallRecord& record,
              v1::Cause::Location location = v1::Cause::LOCATION_UNSPECIFIED);
void AddCause(v1::Cause::Namespace space, std::int64_t value, v1::CallRecord& record,
              v1::Cause::Location location = v1::Cause::LOCATION_UNSPECIFIED);

// Q.850, 2.2.3.
v1::Cause::Location LocationOf(std::int64_t location);

// By the tag in the CHOICE of IMS records.
ImsNode NodeOf(std::uint32_t choice);

}  // namespace textback::cdr
