#include "cdr/ts32298_values.h"

#include <array>
#include <charconv>

#include "cdr/decoder.h"

namespace textback::cdr {
namespace {

v1::Party::NumberType TypeOf(const BcdNumber& number) {
  constexpr std::uint8_t kUnknownPlan = 0;
  constexpr std::uint8_t kE164 = 1;
  constexpr std::uint8_t kNationalPlan = 8;
  if (number.plan != kUnknownPlan && number.plan != kE164 && number.plan != kNationalPlan)
    return v1::Party::NUMBER_TYPE_NETWORK_SPECIFIC;
  switch (number.type) {
    case 0:
      return v1::Party::NUMBER_TYPE_UNSPECIFIED;
    case 1:
      return v1::Party::NUMBER_TYPE_INTERNATIONAL;
    case 2:
      return v1::Party::NUMBER_TYPE_NATIONAL;
    case 4:
      return v1::Party::NUMBER_TYPE_SUBSCRIBER;
    default:
      return v1::Party::NUMBER_TYPE_NETWORK_SPECIFIC;
  }
}

}  // namespace

void SetPresentation(const BcdNumber& number, v1::Party& party) {
  if (!number.has_presentation) return;
  switch (number.presentation) {
    case 0:
      party.set_presentation(v1::Party::PRESENTATION_ALLOWED);
      break;
    case 2:
      party.set_presentation(v1::Party::PRESENTATION_UNAVAILABLE);
      break;
    default:  // 3 is reserved: read as the stricter
      party.set_presentation(v1::Party::PRESENTATION_RESTRICTED);
  }
  constexpr std::array kScreening = {
      v1::Party::SCREENING_USER_NOT_VERIFIED, v1::Party::SCREENING_USER_VERIFIED_PASSED,
      v1::Party::SCREENING_USER_VERIFIED_FAILED, v1::Party::SCREENING_NETWORK_PROVIDED};
  party.set_screening(kScreening[number.screening]);
}

void SetParty(const Number& number, v1::CallRecord& record, PartyOf mutable_party) {
  if (!number.present) return;
  auto& party = *(record.*mutable_party)();
  party.set_number(number.digits().data(), number.digits().size());
  party.set_number_type(TypeOf(number.bcd));
  SetPresentation(number.bcd, party);
}

void AppendHex(std::string& out, std::string_view octets) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::size_t at = out.size();
  out.resize(at + octets.size() * 2);
  for (const char c : octets) {
    out[at++] = kHex[static_cast<std::uint8_t>(c) >> 4];
    out[at++] = kHex[static_cast<std::uint8_t>(c) & 15];
  }
}

void AddCause(v1::Cause::Namespace space, std::string_view value, v1::CallRecord& record,
              v1::Cause::Location location) {
  if (record.causes_size() >= kCausesMax) return;
  auto& cause = *record.add_causes();
  cause.set_namespace_(space);
  cause.set_value(value.data(), value.size());
  cause.set_location(location);
}

void AddCause(v1::Cause::Namespace space, std::int64_t value, v1::CallRecord& record,
              v1::Cause::Location location) {
  std::array<char, 24> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  AddCause(space, std::string_view(text.data(), static_cast<std::size_t>(end - text.data())),
           record, location);
}

v1::Cause::Location LocationOf(std::int64_t location) {
  switch (location) {
    case 0:
      return v1::Cause::LOCATION_USER;
    case 1:
    case 2:
      return v1::Cause::LOCATION_LOCAL_NETWORK;
    case 3:
      return v1::Cause::LOCATION_TRANSIT_NETWORK;
    case 4:
    case 5:
      return v1::Cause::LOCATION_REMOTE_NETWORK;
    case 7:
      return v1::Cause::LOCATION_INTERNATIONAL_NETWORK;
    default:
      return v1::Cause::LOCATION_UNSPECIFIED;
  }
}

ImsNode NodeOf(std::uint32_t choice) {
  switch (choice) {
    case 63:
      return ImsNode::kScscf;
    case 64:
      return ImsNode::kPcscf;
    case 65:
      return ImsNode::kIcscf;
    case 66:
      return ImsNode::kMrfc;
    case 67:
      return ImsNode::kMgcf;
    case 68:
      return ImsNode::kBgcf;
    case 69:
      return ImsNode::kAs;
    case 70:
      return ImsNode::kEcscf;
    case 82:
      return ImsNode::kIbcf;
    case 89:
      return ImsNode::kTrf;
    case 90:
      return ImsNode::kTf;
    case 91:
      return ImsNode::kAtcf;
    default:
      return ImsNode::kUnknown;
  }
}

}  // namespace textback::cdr
