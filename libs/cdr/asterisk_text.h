// What Asterisk's CDR, CEL and queue log have in common as text: fields, times, applications.
//
// Threads: functions: any; the classes: one at a time.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cdr/local_time.h"
#include "textback/v1/call_record.pb.h"

namespace textback::cdr {

// One line cut into fields; storage is kept from line to line. Quoting is RFC 4180's, but a line
// ends at its newline also inside quotes: Asterisk writes none in a field.
class AsteriskFields {
 public:
  // How many fields stand in `line`; nullopt: it ends inside a quoted one.
  std::optional<std::size_t> Split(std::string_view line, char separator = ',');
  // Separator '|', padding, no quotes (psql and the queue log): the last of `at_most` takes the
  // rest of the line.
  std::size_t SplitPadded(std::string_view line, std::size_t at_most);
  std::string_view operator[](std::size_t i) const { return fields_[i]; }

 private:
  std::string& Next();
  static bool Quoted(std::string_view text, std::size_t& at, std::string& field);

  std::vector<std::string> fields_;
  std::size_t count_ = 0;
};

// The next line of a value, without its end; nullopt: no more. Empty lines are left out.
std::optional<std::string_view> NextLine(std::string_view& rest);

// What psql prints around a table: the line under the header line, "(16 rows)"; or an empty line.
bool IsTableFrame(std::string_view line);

// The line as UTF-8: itself, or made from ISO 8859-1 in `storage` if that is allowed; nullopt.
std::optional<std::string_view> AsUtf8(std::string_view line, bool latin1_fallback,
                                       std::string& storage);

// Whole seconds with an optional fraction, as milliseconds: "1335310195.513823"; nullopt: not that,
// or more than 12 digits.
std::optional<std::int64_t> SecondsToMs(std::string_view text);

// A uniqueid or linkedid holds the second in which its channel was made: "1335310195.7", and
// "leeds-1335310195.7" with systemname in asterisk.conf. In ms; nullopt: some other id.
std::optional<std::int64_t> UniqueIdMs(std::string_view id);

// Times as CEL and the queue log write them: seconds since 1970, or a date and time in the
// configured zone, or with an offset of its own ("-04", "+0530", "+01:00", "Z").
class AsteriskTime {
 public:
  // kFatal ("config_invalid"): no such zone on this machine.
  static Result<AsteriskTime> Make(std::string_view zone);
  // `not_before_ms`: of a local time that came twice, the first reading that isn't earlier.
  std::optional<std::int64_t> Read(std::string_view text,
                                   std::optional<std::int64_t> not_before_ms) const;

 private:
  AsteriskTime(LocalTime local, LocalTime utc) : local_(std::move(local)), utc_(std::move(utc)) {}
  LocalTime local_;
  LocalTime utc_;
};

// Who talks to a caller on whose channel the PBX runs `app`: VOICEMAIL, QUEUE, IVR; UNSPECIFIED for
// an application that doesn't say (Dial, Hangup, Stasis, …).
v1::AnsweredBy WhoIsApplication(std::string_view app);

// With the presentation that a word for a withheld number in place of the name gives.
void SetCaller(std::string_view number, std::string_view name, v1::Party& calling);

struct CallerId {
  std::string_view name;
  std::string_view number;
};
CallerId ReadCallerId(std::string_view clid);  // "Workshop" <02079460000>

}  // namespace textback::cdr
