#include "cdr/source_kind.h"

#include <algorithm>

#include "cdr/asterisk_csv.h"
#include "cdr/json_adapter.h"
#include "cdr/rf_json.h"
#include "cdr/ts32298.h"

namespace textback::cdr {
namespace {

constexpr auto kLegEnd = v1::SettleProfile::EMITS_LEG_END;
constexpr auto kCallEnd = v1::SettleProfile::EMITS_CALL_END;

constexpr SourceKind kKinds[] = {
    // A channel's row is written when the channel ends; the caller's own comes last.
    {"asterisk-cdr", "Asterisk cdr_csv or cdr_custom", Framing::kLines, kLegEnd, 3'000,
     [](const FormatConfig& config) {
       auto options = config.asterisk;
       if (options.zone.empty()) options.zone = config.zone;
       return NewAsteriskCsv(options);
     }},
    // A forwarded leg's record may stand in another switch's file. Longer waits would make texts
    // stale: 15 minutes after the call, by default.
    {"3gpp", "3GPP TS 32.298 records in BER, also in TS 32.297 files", Framing::kBer, kLegEnd,
     300'000, NewTs32298},
    {"3gpp-rf", "Rf accounting requests of IMS nodes as JSON", Framing::kJson, kLegEnd, 3'000,
     NewRfJson},
    {"json", "CallRecord as JSON, or any JSON by a mapping file", Framing::kJson, kCallEnd, 0,
     [](const FormatConfig& config) -> Result<std::unique_ptr<Adapter>> {
       return NewJsonAdapter(config.ignore_unknown_fields);
     }},
};

}  // namespace

std::span<const SourceKind> SourceKinds() { return kKinds; }

const SourceKind* FindSourceKind(std::string_view name) {
  const auto* found = std::ranges::find(kKinds, name, &SourceKind::name);
  return found == std::end(kKinds) ? nullptr : found;
}

v1::SettleProfile SettleOf(const SourceKind& kind) {
  v1::SettleProfile profile;
  profile.set_emits(kind.emits);
  profile.set_settle_ms(kind.settle_ms);
  return profile;
}

}  // namespace textback::cdr
