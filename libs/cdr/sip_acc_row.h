// One row of a SIP proxy's accounting, cut into fields whatever its form (sip_acc.h lists the
// forms).
//
// Only reads: what a row means is sip_acc.cc's.
//
// Threads: one at a time. A Row's views point into the input or into its reader, until the next
// Read.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace textback::cdr::sip {

enum Field : std::size_t {
  kMethod,
  kFromTag,
  kToTag,
  kCallId,
  kCode,
  kReason,
  kTime,
  kAt,
  kInviteAt,
  kRingingAt,
  kSrcUser,
  kDstOuser,
  kDstUser,
  kPai,
  kPrivacy,
  kDiversion,
  kReasonHeader,
  kAnsweredBy,
  kCreated,
  kSetupTime,
  kCallStart,
  kDuration,
  kMsDuration,
  kAnswerTime,
  kEvent,
  kFields
};

// The first of a field's names.
std::string_view NameOf(Field field);

// What a row's form says of its place in the call.
enum class RowKind : std::uint8_t { kTransaction, kMissed, kCdr };

class Row {
 public:
  void Clear() { values_.fill({}); }
  std::string_view operator[](Field field) const { return values_[field]; }
  bool Has(Field field) const { return !values_[field].empty(); }
  // acc writes words for a variable that is not set.
  void Set(Field field, std::string_view value) {
    values_[field] = value == "<null>" || value == "n/a" ? std::string_view() : value;
  }

  RowKind kind = RowKind::kTransaction;

 private:
  std::array<std::string_view, kFields> values_;
};

struct Profile {
  std::optional<RowKind> kind;  // of rows whose form leaves it open, and of missed rows
  std::vector<std::optional<Field>> columns;
};

// kFatal ("config_invalid"): see sip_acc.h.
Result<Profile> ReadProfile(std::string_view text);

class RowReader {
 public:
  explicit RowReader(Profile profile);
  ~RowReader();
  // `piece` isn't empty. kDeadLetter: it has none of the forms, or is damaged.
  Status Read(std::string_view piece);
  const Row& row() const { return row_; }

 private:
  struct Parser;
  Status ReadJson(std::string_view text);
  Status ReadEvent(std::string_view event);
  Status ReadSyslog(std::string_view text);
  Status ReadColumns(std::string_view line, char separator);
  // The field at `at`, which is moved to the separator after it.
  Result<std::string_view> Quoted(std::string_view line, std::size_t& at, std::size_t column);

  Profile profile_;
  std::unique_ptr<Parser> parser_;
  Row row_;
  std::string numbers_;  // JSON numbers as text
  std::string unquoted_;
};

}  // namespace textback::cdr::sip
