#include "cdr/source_kind.h"

#include <algorithm>

#include "cdr/asterisk_cel.h"
#include "cdr/asterisk_csv.h"
#include "cdr/asterisk_queue_log.h"
#include "cdr/bandwidth.h"
#include "cdr/broadworks.h"
#include "cdr/freeswitch_adapters.h"
#include "cdr/json_adapter.h"
#include "cdr/laml.h"
#include "cdr/mapped.h"
#include "cdr/mapping.h"
#include "cdr/plivo.h"
#include "cdr/rf_json.h"
#include "cdr/sip_acc.h"
#include "cdr/telnyx.h"
#include "cdr/ts32298.h"
#include "cdr/vonage.h"

namespace textback::cdr {
namespace {

constexpr auto kLegEnd = v1::SettleProfile::EMITS_LEG_END;
constexpr auto kCallEnd = v1::SettleProfile::EMITS_CALL_END;
constexpr auto kEvents = v1::SettleProfile::EMITS_EVENTS;

AsteriskOptions AsteriskOf(const FormatConfig& config) {
  auto options = config.asterisk;
  if (options.zone.empty()) options.zone = config.zone;
  return options;
}

constexpr SourceKind kKinds[] = {
    // A channel's row is written when the channel ends; the caller's own comes last.
    {"asterisk-cdr", "Asterisk cdr_csv or cdr_custom", Framing::kLines, kLegEnd, 3'000,
     [](const FormatConfig& config) { return NewAsteriskCsv(AsteriskOf(config)); }},
    // The caller's HANGUP or LINKEDID_END ends the call; other channels' events come with it.
    {"asterisk-cel", "Asterisk CEL: cel_custom, tables, AMI as JSON", Framing::kLinesMaybeHeaded,
     kEvents, 3'000, [](const FormatConfig& config) { return NewAsteriskCel(AsteriskOf(config)); }},
    // The caller's hang-up or the end of the talk; who leaves a queue otherwise stays in the PBX.
    {"asterisk-queue-log", "Asterisk queue_log, as file or table", Framing::kLinesMaybeHeaded,
     kEvents, 3'000,
     [](const FormatConfig& config) { return NewAsteriskQueueLog(AsteriskOf(config)); }},
    // A half of a call each, written as it ends; a group's and its members' come together.
    {"broadworks", "BroadWorks accounting files (XML)", Framing::kXmlRecords, kLegEnd, 5'000,
     [](const FormatConfig& /*config*/) -> Result<std::unique_ptr<Adapter>> {
       return NewBroadworks();
     }},
    // Lines, unless the mapping says that the file begins with a header line: FramingOf.
    {"csv", "any CSV by a mapping file", Framing::kLines, kCallEnd, 0, &NewMappedCsv},
    // A document a leg; the caller's own says that the call is over, and comes last or nearly so.
    {"freeswitch-xml", "FreeSWITCH mod_xml_cdr", Framing::kXml, kLegEnd, 3'000, NewFreeswitchXml},
    {"freeswitch-json", "FreeSWITCH mod_json_cdr, or its events as JSON", Framing::kJson, kLegEnd,
     3'000, NewFreeswitchJson},
    {"freeswitch-event", "FreeSWITCH events CHANNEL_HANGUP_COMPLETE as text", Framing::kBlocks,
     kLegEnd, 3'000, NewFreeswitchEvent},
    // One line a call (legs "a").
    {"freeswitch-csv", "FreeSWITCH mod_cdr_csv, template example", Framing::kLines, kCallEnd, 0,
     NewFreeswitchCsv},
    // A failed branch's row may come half a minute before the transaction's last, which alone says
    // that the call is over.
    {"kamailio-acc", "Kamailio acc, acc_json, evapi", Framing::kJsonOrLines, kEvents, 1'000,
     NewSipAcc},
    {"opensips-acc", "OpenSIPS acc and its events", Framing::kJsonOrLines, kEvents, 1'000,
     NewSipAcc},
    // Files: a forwarded leg's record, or the customer's next call, may stand in another switch's,
    // which is minutes away. Decided once every switch has come 5 minutes past the call.
    {"3gpp", "3GPP TS 32.298 records in BER, also in TS 32.297 files", Framing::kBer, kLegEnd,
     1'500'000, NewTs32298, 300'000},
    // Callbacks of telephony providers: the caller's own leg says that the call is over; its
    // callback and those of the legs dialled for it overtake each other by a second or two.
    {"twilio", "Twilio voice callbacks", Framing::kWebhooks, kEvents, 5'000, NewTwilio},
    {"signalwire", "SignalWire (LaML, cXML) voice callbacks", Framing::kWebhooks, kEvents, 5'000,
     NewSignalwire},
    {"telnyx", "Telnyx call control webhooks and TeXML callbacks", Framing::kWebhooks, kEvents,
     5'000, NewTelnyx},
    {"vonage", "Vonage (Nexmo) voice events", Framing::kWebhooks, kEvents, 5'000, NewVonage},
    {"plivo", "Plivo voice callbacks", Framing::kWebhooks, kEvents, 5'000, NewPlivo},
    {"bandwidth", "Bandwidth voice webhooks", Framing::kWebhooks, kEvents, 5'000, NewBandwidth},
    {"3gpp-rf", "Rf accounting requests of IMS nodes as JSON", Framing::kJson, kLegEnd, 3'000,
     NewRfJson},
    {"form", "any form by a mapping file", Framing::kWebhooks, kEvents, 5'000, NewMappedForm},
    {"json", "CallRecord as JSON, or any JSON by a mapping file", Framing::kJson, kCallEnd, 0,
     [](const FormatConfig& config) -> Result<std::unique_ptr<Adapter>> {
       if (!config.mapping.empty()) return NewMappedJson(config);
       return NewJsonAdapter(config.ignore_unknown_fields);
     }},
};

}  // namespace

std::span<const SourceKind> SourceKinds() { return kKinds; }

const SourceKind* FindSourceKind(std::string_view name) {
  if (name == "asterisk_csv") name = "asterisk-cdr";  // its name before there were others
  const auto* found = std::ranges::find(kKinds, name, &SourceKind::name);
  return found == std::end(kKinds) ? nullptr : found;
}

Framing FramingOf(const SourceKind& kind, const FormatConfig& config) {
  if (kind.name != "csv") return kind.framing;
  const auto plan = mapping::Compile(config.mapping, config.mapping_file, config.zone);
  return plan && (*plan)->csv.header ? Framing::kHeadedLines : kind.framing;
}

v1::SettleProfile SettleOf(const SourceKind& kind) {
  v1::SettleProfile profile;
  profile.set_emits(kind.emits);
  profile.set_settle_ms(kind.settle_ms);
  profile.set_past_end_ms(kind.past_end_ms);
  return profile;
}

}  // namespace textback::cdr
