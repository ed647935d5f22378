// A mapping file compiled: what is done to one record, without a name or a YAML node left in it.
//
// A record's columns or paths are slots, numbered when the mapping is read. Reading a record means
// filling the slots (mapped_csv.cc, mapped_json.cc) and then running a RecordPlan over them
// (mapping_run.cc). Nothing is looked up by name per record but JSON's own keys.
//
// Threads: immutable once made; any.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cdr/local_time.h"
#include "textback/v1/call_record.pb.h"

namespace textback::cdr::mapping {

using Slot = std::uint16_t;
inline constexpr std::size_t kSlotsMax = 4096;

struct Cell {
  std::string_view text;     // empty: absent
  bool json_number = false;  // its notation is lost: leading zeros, "+"
};
using Row = std::span<const Cell>;

// Of one condition: `slot` against values (lower case).
struct Test {
  enum class Kind : std::uint8_t { kIs, kIsNot, kPrefix, kAbove, kBelow, kPresent, kAbsent };
  Slot slot = 0;
  Kind kind = Kind::kIs;
  std::vector<std::string> values;
  double bound = 0;  // of kAbove and kBelow
};
// Any of the alternatives, each of which is all of its tests. Empty: always.
using When = std::vector<std::vector<Test>>;

enum class Otherwise : std::uint8_t { kKeep, kDrop, kRefuse, kValue };

// Where a text comes from, and what is made of it, in this order.
struct Text {
  std::string key;                 // "fields.started_at": for errors
  std::vector<Slot> first;         // the first that isn't empty
  std::vector<Slot> all;           // or all of them, joined; none if one is empty
  std::vector<std::string> names;  // of the slots, for errors
  std::string joiner = ":";
  std::string constant;
  std::string after;   // what follows it
  std::string before;  // what stands before it
  std::vector<std::string> strip;
  std::string prefix;
  std::vector<std::pair<std::string, std::string>> words;  // lower case, sorted
  Otherwise otherwise = Otherwise::kKeep;
  std::string otherwise_value;
  When when;
  bool required = false;
};

enum class Unit : std::uint8_t { kSeconds, kTenMs, kMs, kUs, kNs, kMinutes, kClock, kDuration };
struct Duration {
  Text text;
  Unit unit = Unit::kSeconds;
};

// One step of a pattern: a letter of strptime, or a literal character.
struct PatternStep {
  bool literal = false;
  char what = 0;
};
struct TimeFormat {
  enum class Kind : std::uint8_t {
    kEpochSeconds,
    kEpochMs,
    kEpochUs,
    kEpochNs,
    kGregorianSeconds,
    kIso,
    kPattern
  };
  Kind kind = Kind::kIso;
  std::vector<PatternStep> steps;
  std::string name;  // as configured, for errors
};
struct Time {
  Text text;
  TimeFormat format;
  std::shared_ptr<const LocalTime> zone;  // of times that carry none
  std::optional<Duration> plus;
  std::optional<Duration> minus;
};

struct Party {
  Text number;
  bool json_number = false;  // a number in JSON is accepted
  std::optional<Text> presentation;
  std::optional<Text> number_type;
  std::optional<Text> screening;
};

struct Cause {
  v1::Cause::Namespace space = v1::Cause::NAMESPACE_UNSPECIFIED;
  Text value;
  std::optional<Text> location;
};

// What each field of CallRecord is made of: alternatives, the first that gives something counts
// (causes: each that gives one is added; flags: any).
enum class TextField : std::uint8_t { kRecordId, kCallId, kLegId, kJoinKey, kReasonText, kCount };
enum class PartyField : std::uint8_t {
  kCalling,
  kCalled,
  kConnected,
  kOriginalCalled,
  kRedirecting,
  kCount
};
enum class TimeField : std::uint8_t { kStarted, kRinging, kAnswered, kEnded, kCount };
enum class DurationField : std::uint8_t { kRing, kTalk, kCount };
enum class EnumField : std::uint8_t {
  kDirection,
  kAnsweredBy,
  kAttestation,
  kLineType,
  kVerification,
  kCount
};
enum class NumberField : std::uint8_t { kPartialNumber, kSpamLikelihood, kCount };
enum class FlagField : std::uint8_t {
  kCallOver,
  kLegOnly,
  kPartialOpen,
  kAnsweredElsewhere,
  kNotACall,
  kCount
};

template <class Field, class Plan>
using Plans = std::vector<std::pair<Field, Plan>>;

struct RecordPlan {
  std::string name;
  When when;
  bool skip = false;
  std::vector<std::string> names;  // CSV without a header line: its columns; empty: not said
  Plans<TextField, Text> texts;
  Plans<PartyField, Party> parties;
  Plans<TimeField, Time> times;
  Plans<DurationField, Duration> durations;
  Plans<EnumField, Text> enums;
  Plans<FlagField, Text> flags;
  std::vector<Cause> causes;
  Plans<NumberField, Text> numbers;
};

// The trie of all paths of a mapping for JSON.
struct PathNode {
  struct Child {
    std::string key;           // of an object
    std::optional<int> index;  // or of an array; negative: from its end
    std::uint32_t node = 0;
  };
  std::vector<Child> children;
  std::optional<Slot> slot;
};

struct Csv {
  char delimiter = ',';
  std::optional<char> quote = '"';
  bool header = false;               // each value begins with the names of its columns
  std::vector<std::string> columns;  // header: those that the mapping reads
  std::vector<bool> optional;        // header: may be missing
  bool extra_columns = false;        // more than were named are skipped
  bool missing_columns = false;      // fewer: the rest is empty
  std::string comment;               // lines that begin with it are skipped
  bool latin1 = false;
};

struct Plan {
  bool json = false;
  bool form = false;  // csv.columns are its fields' names
  Csv csv;
  std::vector<PathNode> paths;    // [0]: the root; of a record
  std::vector<PathNode> shared;   // of the document around it ("$."), if `each` is used
  std::vector<std::string> each;  // keys down to the array whose elements are the records
  std::size_t slots = 0;
  std::vector<std::string> none;    // texts that mean nothing
  std::vector<RecordPlan> records;  // the first whose `when` holds
};

// `row` has plan.slots cells. Which of plan.records it is; kDeadLetter: none of them.
Result<const RecordPlan*> Select(const Plan& plan, Row row);
Status Fill(const Plan& plan, const RecordPlan& kind, Row row, v1::CallRecord& record);

// Milliseconds since 1970; 0: written as "no time". Two readings in the hour that comes twice.
// nullopt: no such time.
std::optional<Instants> ReadTime(const TimeFormat& format, const LocalTime& zone,
                                 std::string_view text);
std::optional<std::int64_t> ReadDuration(Unit unit, std::string_view text);
// "" or what is wrong with the pattern.
std::string CompilePattern(std::string_view pattern, std::vector<PatternStep>& steps);

// The number of a name without its enum's prefix, in any case; -1: none. `zero` is the name of 0.
int EnumNumber(const google::protobuf::EnumDescriptor& type, std::string_view word);

}  // namespace textback::cdr::mapping
