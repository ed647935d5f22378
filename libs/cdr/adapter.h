// From the bytes of one message to call records: one Adapter per format, and what it fills.
//
// An adapter only reads its format. Limits, times, numbers and ids are the same for all formats and
// live in decoder.h, which is what intake and the CLI call.
//
// A value holds one record, or several (lines of CSV). Each stands alone: one that can't be read is
// rejected with its reason, and its neighbours go on. Nothing vanishes: every record in a value is
// either in `records` or in `rejected`.
//
// Threads: an Adapter and a Decoded belong to one thread at a time (adapters keep parse buffers).
#pragma once

#include <google/protobuf/arena.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "textback/v1/call_record.pb.h"

namespace textback::cdr {

inline constexpr std::size_t kValueBytesMax = 1024 * 1024;
inline constexpr std::size_t kRecordsPerValueMax = 10'000;

// What decoding brought, and the memory behind it. Reuse one per thread; pointers live until Clear.
class Decoded {
 public:
  struct Item {
    v1::CallRecord* record;
    std::string_view bytes;  // what it was made from: the value, or its line
    // Among the value's records, rejected ones too, from 0: the same whenever the value is read,
    // also when a neighbour is rejected only today.
    std::int32_t place;
  };
  struct Rejected {
    Error error;  // kDeadLetter; code from reasons.h
    std::string_view bytes;
  };

  Decoded();
  void Clear();
  v1::CallRecord& Add(std::string_view bytes);
  void DropLast() { items.pop_back(); }  // the record last added turned out to be none
  // Bytes of the input that its message quotes are made printable.
  void Reject(Error error, std::string_view bytes);

  std::vector<Item> items;
  std::vector<Rejected> rejected;

 private:
  std::unique_ptr<char[]> first_block_;
  google::protobuf::Arena arena_;
};

// Where and when the value was read, for what the bytes alone leave open.
struct ValueContext {
  std::int64_t now_ms = 0;
  std::int64_t produced_ms = 0;  // the message's timestamp; 0: not known
  // Of a file, which has no messages: when it was last written; 0: not known. Stands in for the
  // arrival of callbacks that carry no time.
  std::int64_t file_written_ms = 0;
};

class Adapter {
 public:
  virtual ~Adapter() = default;
  // `value` outlives `out`'s use of it.
  virtual void Decode(std::string_view value, const ValueContext& context, Decoded& out) = 0;
};

struct AsteriskOptions {
  // The columns of a line, in order. Names as Asterisk's CDR() function has them; "-" is a column
  // to skip. start, end and disposition are needed.
  std::vector<std::string> columns = {
      "accountcode", "src",     "dst",         "dcontext", "clid",     "channel",
      "dstchannel",  "lastapp", "lastdata",    "start",    "answer",   "end",
      "duration",    "billsec", "disposition", "amaflags", "uniqueid", "userfield"};
  // Of start, answer and end: IANA name; empty: the format's. cdr.conf usegmtime=yes is UTC.
  std::string zone;
  bool latin1_fallback = false;  // a line that isn't UTF-8 is read as ISO 8859-1
};

struct FormatConfig {
  std::string adapter = "protobuf";  // a name of source_kind.h, or protobuf
  // The value begins with Confluent's wire format: magic 0, schema id and, for protobuf, the
  // message's indexes in its file.
  bool confluent_header = false;
  // The indexes that CallRecord has in the registered schema; empty: as in call_record.proto.
  std::vector<int> message_indexes;
  bool ignore_unknown_fields = false;  // JSON: skip a field that CallRecord doesn't have
  AsteriskOptions asterisk;
  std::string zone = "UTC";              // of times that carry none: IANA name
  std::string mapping;                   // csv, json, form: the text of a mapping file (mapping.h)
  std::string mapping_file = "mapping";  // its name, for errors
  std::string profile;  // a vendor's or release's variant of the format; empty: the standard's
  // Mobile networks: numbers that only a mailbox takes, and what roaming numbers (MSRN) begin with.
  std::vector<std::string> voicemail_pilots;
  std::vector<std::string> roaming_prefixes;
};

// kFatal ("config_invalid"): no such adapter, a header with a format that has none, a time zone or
// column that doesn't exist.
Result<std::unique_ptr<Adapter>> NewAdapter(const FormatConfig& config);

}  // namespace textback::cdr
