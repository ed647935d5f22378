// FreeSWITCH's records and events in their four notations; what they mean is in freeswitch.h.
//
// A value is one document, event or line. mod_xml_cdr and mod_json_cdr also post them as a form
// with the document in the field `cdr`: that is read, too.
//
// Threads: an Adapter belongs to one thread at a time.
#pragma once

#include <memory>

#include "cdr/adapter.h"

namespace textback::cdr {

// mod_xml_cdr: <cdr> with variables, app_log and callflow; of any age, so without core-uuid and
// channel_data as well.
Result<std::unique_ptr<Adapter>> NewFreeswitchXml(const FormatConfig& config);

// mod_json_cdr, and events as JSON (an object with Event-Name). What FreeSWITCH writes is not
// always JSON: bare nan and inf among the call's statistics, names that aren't UTF-8. Nothing here
// needs them: they are read as 0 and "?".
Result<std::unique_ptr<Adapter>> NewFreeswitchJson(const FormatConfig& config);

// Events as text, "Name: value" with url-encoded values (event socket, text/event-plain), with or
// without the envelope (Content-Length, Content-Type) before them; and as JSON. Only
// CHANNEL_HANGUP_COMPLETE is the end of a channel; any other name is refused (record_type), since
// it means that the subscription is too wide.
Result<std::unique_ptr<Adapter>> NewFreeswitchEvent(const FormatConfig& config);

// mod_cdr_csv, the template "example". It has no leg, no ringing and no application: one line a
// call (legs "a"), its times in config.zone.
Result<std::unique_ptr<Adapter>> NewFreeswitchCsv(const FormatConfig& config);

}  // namespace textback::cdr
