#include "intake/served.h"

namespace textback::intake {
namespace {

std::string_view TenantOf(const v1::Party& party, const LineTable& lines) {
  if (party.e164().empty()) return {};
  const auto number = Msisdn::FromE164(party.e164());
  return number ? lines.TenantOf(*number) : std::string_view();
}

}  // namespace

Ends FindEnds(const v1::CallRecord& record, const LineTable& lines) {
  // Of a forwarded call the served party is the one that was called first (Q.763 3.39).
  Ends ends{{}, &record.called(), TenantOf(record.calling(), lines)};
  for (const auto* party : {&record.original_called(), &record.redirecting(), &record.called()}) {
    ends.terminating = TenantOf(*party, lines);
    ends.called = party;
    if (!ends.terminating.empty()) break;
  }
  return ends;
}

void SetServed(v1::CallRecord& record, v1::Served::Side side, std::string_view tenant,
               const std::string& line, std::int64_t lines_version) {
  auto& served = *record.mutable_served();
  served.Clear();
  served.set_side(side);
  served.set_tenant(tenant.data(), tenant.size());
  served.set_line(line);
  served.set_lines_version(lines_version);
  if (side == v1::Served::SIDE_ORIGINATING) {
    served.set_customer(record.called().e164());
    return;
  }
  const auto presentation = record.calling().presentation();
  served.set_withheld(presentation == v1::Party::PRESENTATION_RESTRICTED);
  if (presentation != v1::Party::PRESENTATION_RESTRICTED &&
      presentation != v1::Party::PRESENTATION_UNAVAILABLE) {
    served.set_customer(record.calling().e164());
  }
}

}  // namespace textback::intake
