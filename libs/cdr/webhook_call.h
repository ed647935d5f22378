// What the callbacks of all telephony providers (CPaaS) have in common.
//
// A provider's call has two kinds of legs. The caller's own leg ends the call; that it was answered
// says only that the business's application took it (answered by ivr), unless something says that
// a person was connected. The legs that the application dialled say so, or why nobody was.
//
// A dialled leg's callback names neither the line that was called nor, often, the caller, and so
// it can't be told whose call it is. Its callback URL is the application's own: what the program
// that receives it puts into the fields textback_line and textback_caller is taken over
// (docs/sources/webhooks.md).
//
// Threads: functions: any; WebhookTime: immutable, any.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cdr/adapter.h"
#include "cdr/local_time.h"
#include "cdr/mapping_plan.h"
#include "textback/v1/call_record.pb.h"

namespace textback::cdr {

inline constexpr std::string_view kLineField = "textback_line";
inline constexpr std::string_view kCallerField = "textback_caller";

// Times as providers write them: ISO 8601 with or without a zone, or RFC 2822, 3.3.
class WebhookTime {
 public:
  // `zone`: of times that carry none. kFatal ("config_invalid"): not in this machine's tzdata.
  static Result<WebhookTime> Make(std::string_view zone);
  std::optional<std::int64_t> Read(std::string_view text) const;

 private:
  explicit WebhookTime(LocalTime zone);
  LocalTime zone_;
  mapping::TimeFormat iso_;
  mapping::TimeFormat rfc2822_;
};

// When the callback arrived, where it carries no time of its own: the message's timestamp, or when
// the file that holds it was written. nullopt: neither is known.
std::optional<std::int64_t> ArrivalMs(const ValueContext& context);

// A number as providers write it: "+44…", country code and number without "+", "client:joe",
// "sip:…", "anonymous"; and the names for a withheld number typed on a keypad ("+266696687").
void SetNumber(std::string_view number, v1::Party& party);

// Whole seconds; nullopt: something else, or more than a week.
std::optional<std::int64_t> DurationMs(std::string_view seconds);

// "twilio/no-answer"; longer than a cause may be: cut.
void AddProviderCause(std::string_view provider, std::string_view word, v1::CallRecord& record);
// A final SIP status that isn't a success; any other text is left out.
void AddSipStatus(std::string_view status, v1::CallRecord& record);

// Of a dialled leg: the parties of the call that it belongs to, if the application said them.
void SetHints(std::string_view line, std::string_view caller, v1::CallRecord& record);

// Ids joined by ":"; hashed where that would be longer than a record_id may be.
std::string RecordIdOf(std::string_view call, std::string_view event, std::string_view number);

Error NoTime(std::string_view field);

}  // namespace textback::cdr
